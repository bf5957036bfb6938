import sys

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from fairgames.errors import DataError
from fairgames.fitting.federated_mean import anova, anova_of_groups, reml, summarise

UNBALANCED = [2, 3, 3, 5, 9, 12, 1, 4]


def by_matrices(data):
    """Henderson's method 3 as its definition has it, with projections as dense matrices."""
    X = np.column_stack([np.ones(len(data.values)), data.covariates])
    Z = np.eye(len(data.names))[data.groups]

    def residual_maker(A):
        return np.eye(len(A)) - A @ np.linalg.pinv(A)

    M_x, M_xz = residual_maker(X), residual_maker(np.column_stack([X, Z]))
    y = data.values
    within = y @ M_xz @ y / np.trace(M_xz)
    freedom = np.trace(M_x) - np.trace(M_xz)
    return (y @ M_x @ y - y @ M_xz @ y - freedom * within) / np.trace(Z.T @ M_x @ Z), within


def by_likelihood(data):
    """Restricted maximum likelihood, profiled over the variance ratio, with dense matrices."""
    X = np.column_stack([np.ones(len(data.values)), data.covariates])
    Z = np.eye(len(data.names))[data.groups]
    freedom = len(X) - X.shape[1]

    def fit(ratio):
        V = np.eye(len(X)) + ratio * Z @ Z.T
        XVX = X.T @ np.linalg.solve(V, X)
        residuals = data.values - X @ np.linalg.solve(XVX, X.T @ np.linalg.solve(V, data.values))
        squares = residuals @ np.linalg.solve(V, residuals)
        deviance = freedom * np.log(squares) + np.linalg.slogdet(V)[1] + np.linalg.slogdet(XVX)[1]
        return deviance, squares / freedom

    ratio = minimize_scalar(lambda x: fit(x)[0], bounds=(0, 20), method="bounded", options={"xatol": 1e-11}).x
    return ratio * fit(ratio)[1], fit(ratio)[1]


@pytest.mark.parametrize("slopes", [(), (2.0,), (2.0, -30.0)])
@pytest.mark.parametrize("seed", range(5))
def test_anova_equals_its_definition(simulate, slopes, seed):
    data = simulate(np.random.default_rng(seed), UNBALANCED, 3.0, 5.0, slopes)
    assert anova(data, summarise(data)) == pytest.approx(by_matrices(data), rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_anova_of_groups_equals_anova(simulate, seed):
    data = simulate(np.random.default_rng(seed), UNBALANCED, 3.0, 5.0)
    means = np.array([data.values[data.groups == k].mean() for k in range(8)])
    squares = np.array([((data.values[data.groups == k] - means[k]) ** 2).sum() for k in range(8)])
    assert anova_of_groups(data.samples, means, squares) == pytest.approx(anova(data, summarise(data)), rel=1e-9)


def test_anova_of_groups_takes_many_resamples_at_once():
    rng = np.random.default_rng(0)
    means, squares = rng.normal(size=(3, 4, 8)), rng.random((3, 4, 8))
    between, within = anova_of_groups(UNBALANCED, means, squares)
    assert between.shape == within.shape == (3, 4)
    one = anova_of_groups(UNBALANCED, means[1, 2], squares[1, 2])
    assert (between[1, 2], within[1, 2]) == pytest.approx(one)


@pytest.mark.parametrize(("between", "within"), [(3.0, 5.0), (0.05, 20.0)])
def test_anova_is_unbiased(between, within):
    rng = np.random.default_rng(1)
    n, n_draws = np.array(UNBALANCED), 100_000
    means = rng.normal(scale=np.sqrt(between + within / n), size=(n_draws, len(n)))
    squares = within * rng.chisquare(np.maximum(n - 1, 1e-300), size=(n_draws, len(n)))
    estimates = np.array(anova_of_groups(n, means, squares))
    assert (estimates[0] < 0).any()
    errors = estimates.std(axis=1) / np.sqrt(n_draws)
    assert (np.abs(estimates.mean(axis=1) - [between, within]) < 3 * errors).all()
    assert errors[0] < 0.02 * (between + within)


@pytest.mark.slow
def test_adjusted_anova_is_unbiased(simulate):
    rng = np.random.default_rng(2)
    draws = []
    for _ in range(4000):
        data = simulate(rng, UNBALANCED, 3.0, 5.0, (2.0, -1.0))
        draws.append(anova(data, summarise(data)))
    errors = np.std(draws, axis=0) / np.sqrt(len(draws))
    assert (np.abs(np.mean(draws, axis=0) - [3.0, 5.0]) < 3 * errors).all()


@pytest.mark.parametrize("slopes", [(), (2.0,)])
@pytest.mark.parametrize("seed", range(4))
def test_reml_equals_the_likelihoods_maximum(simulate, slopes, seed):
    pytest.importorskip("statsmodels")
    data = simulate(np.random.default_rng(seed), UNBALANCED, 6.0, 5.0, slopes)
    assert reml(data, summarise(data)) == pytest.approx(by_likelihood(data), rel=1e-4)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_reml_does_not_depend_on_the_unit(simulate, unit):
    pytest.importorskip("statsmodels")
    data = simulate(np.random.default_rng(0), UNBALANCED, 6.0, 5.0)
    scaled = type(data)(data.names, data.groups, data.values * unit, data.covariates, 0)
    expected = np.array(reml(data, summarise(data))) * unit**2
    assert reml(scaled, summarise(scaled)) == pytest.approx(expected, rel=1e-4)


def test_reml_at_its_boundary_is_zero(simulate):
    data = simulate(np.random.default_rng(0), UNBALANCED, 0.0, 5.0)
    means = np.array([data.values[data.groups == k].mean() for k in range(8)])
    flat = type(data)(data.names, data.groups, data.values - means[data.groups], data.covariates, 0)
    assert reml(flat, summarise(flat)) == (0.0, pytest.approx(flat.values.var(ddof=1)))
    assert anova(flat, summarise(flat))[0] < 0


def test_reml_without_statsmodels_says_what_to_install(simulate, monkeypatch):
    data = simulate(np.random.default_rng(0), UNBALANCED, 6.0, 5.0)
    monkeypatch.setitem(sys.modules, "statsmodels.regression.mixed_linear_model", None)
    with pytest.raises(DataError, match=r'pip install "fairgames\[fit\]"'):
        reml(data, summarise(data))
