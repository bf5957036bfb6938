"""The platform's optimum."""
