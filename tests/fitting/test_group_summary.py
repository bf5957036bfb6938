import numpy as np
import pytest

from fairgames.errors import DataError
from fairgames.fitting.federated_mean import summarise
from fairgames.fitting.observations import Observations


def observations(groups, values, *covariates):
    names = tuple(f"g{k}" for k in range(max(groups) + 1))
    columns = np.column_stack([np.empty((len(values), 0)), *covariates])
    return Observations(names, np.array(groups), np.array(values, dtype=float), columns, 0)


@pytest.mark.parametrize("ratio", [0.0, 0.7, 50.0])
def test_regression_is_generalised_least_squares(simulate, ratio):
    data = simulate(np.random.default_rng(3), [2, 5, 1, 9], 3.0, 5.0, (2.0, 1.0))
    summary = summarise(data)
    X, y = data.explaining, data.values - data.values.mean()
    V = np.eye(len(y)) + ratio * (data.groups[:, None] == data.groups)
    expected = np.linalg.solve(X.T @ np.linalg.solve(V, X), X.T @ np.linalg.solve(V, y))
    coefficients, squares = summary.regression(ratio)
    assert coefficients == pytest.approx(expected)
    assert squares == pytest.approx((y - X @ expected) @ np.linalg.solve(V, y - X @ expected))


def test_degrees_of_freedom_count_covariates_where_they_vary():
    rng = np.random.default_rng(0)
    groups = [0, 0, 0, 1, 1, 2, 2, 3, 3, 3]
    of_group = np.array([1.0, 5, 2, 2])[groups]
    summary = summarise(observations(groups, rng.normal(size=10), rng.normal(size=10), of_group))
    assert (summary.n_groups, summary.rank, summary.rank_within) == (4, 3, 1)
    assert (summary.df_within, summary.df_between) == (10 - 4 - 1, 4 - 2)


def test_covariates_of_very_different_size_are_all_counted():
    rng = np.random.default_rng(0)
    groups = [0, 0, 0, 1, 1, 1]
    summary = summarise(observations(groups, rng.normal(size=6), 1e-9 * rng.normal(size=6), 1e9 + rng.normal(size=6)))
    assert summary.rank_within == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (observations([0, 0, 0], [1, 2, 3]), r"at least two groups to compare, got 1: \['g0'\]"),
        (observations([0, 1, 2], [1, 2, 3]), "must have two observations"),
        (observations([0, 0, 1, 1], [1, 1, 3, 3]), "must vary within groups"),
        (observations([0, 0, 1, 1], [1, 1, 1, 1]), "must vary within groups"),
        (observations([0, 0, 1, 1], [1, 2, 3, 4], [7, 7, 7, 7]), "covariates must vary"),
        (observations([0, 0, 1, 1], [1, 2, 3, 4], [1, 2, 4, 3], [2, 4, 8, 6]), "none may be a combination"),
        (observations([0, 0, 1, 1], [1, 2, 3, 4], [1, 1, 4, 4]), "too many covariates"),
        (observations([0, 0, 1], [1, 2, 3], [1, 2, 4]), "too many covariates"),
    ],
)
def test_data_that_do_not_suffice(data, message):
    with pytest.raises(DataError, match=message):
        summarise(data)


def test_no_rows():
    with pytest.raises(DataError, match="at least two groups"):
        summarise(Observations((), np.array([], dtype=int), np.array([]), np.empty((0, 0)), 0))
