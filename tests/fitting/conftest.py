import numpy as np
import pytest

from fairgames.fitting.observations import Observations


@pytest.fixture
def simulate():
    """Make observations of the one-way random effects model with known variances."""

    def make(rng, samples, between, within, slopes=()):
        groups = np.repeat(np.arange(len(samples)), samples)
        covariates = rng.normal(size=(len(groups), len(slopes))) + rng.normal(size=(len(samples), len(slopes)))[groups]
        values = 50 + rng.normal(scale=np.sqrt(between), size=len(samples))[groups]
        values += covariates @ np.array(slopes, dtype=float) + rng.normal(scale=np.sqrt(within), size=len(groups))
        return Observations(tuple(f"g{k}" for k in range(len(samples))), groups, values, covariates, 0)

    return make
