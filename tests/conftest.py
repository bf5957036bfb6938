"""One way for all property tests: the same cases on every machine, however busy it is."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "everywhere", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("everywhere")
