import itertools
import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from fairgames import DPMeanUtility, InputError

INF = math.inf
levels_of_privacy = st.one_of(st.floats(0.01, 100), st.just(INF))


def risk(weights, scale):
    """The Bayes risk of given weights and Laplace scale, as the definition has it."""
    Q = np.full((len(weights), len(weights)), 1 / 12) + np.eye(len(weights)) / 6
    return weights @ Q @ weights - weights.sum() / 6 + 1 / 12 + 2 * scale**2


def best_by_quadratic_programme(eps):
    """Weights and Laplace scale of least risk, ``w_i <= eps_i t``, as a non-negative least squares problem.

    The unknowns are the slack ``eps_i t − w_i`` of each finite level, ``w_i`` itself where there is no
    privacy, and ``t``.
    """
    n = len(eps)
    finite = np.isfinite(eps)
    to_weights = np.column_stack([np.diag(np.where(finite, -1.0, 1.0)), np.where(finite, eps, 0.0)])
    Q = np.full((n, n), 1 / 12) + np.eye(n) / 6
    last = np.zeros(n + 1)
    last[n] = 1
    H = to_weights.T @ Q @ to_weights + 2 * np.outer(last, last)
    linear = to_weights.sum(axis=0) / 6
    R = np.linalg.cholesky(H).T
    z, _ = nnls(R, np.linalg.solve(R.T, linear / 2))
    return to_weights @ z, z[n]


def random_levels(rng, n_users, n_levels=2):
    eps = np.exp(rng.uniform(-3, 5, (n_users, n_levels - 1)))
    eps[rng.random(eps.shape) < 0.2] = INF
    return np.concatenate([np.zeros((n_users, 1)), np.sort(eps, axis=1)], axis=1)


def check_against_quadratic_programme(rng):
    n_users = int(rng.integers(1, 8))
    eps = random_levels(rng, n_users)
    utility = DPMeanUtility(eps)
    profile = tuple(rng.integers(0, 2, n_users).tolist())
    present = np.flatnonzero(profile)
    weights, scale = np.zeros(n_users), 0.0
    if present.size:
        weights[present], scale = best_by_quadratic_programme(eps[present, 1])
    least = risk(np.full(n_users, 1 / (n_users + 2)), 0.0)
    assert utility.weights(profile) == pytest.approx(weights, abs=1e-9)
    assert utility.noise_scale(profile) == pytest.approx(scale, abs=1e-9)
    assert utility.bayes_risk(profile) == pytest.approx(risk(weights, scale), abs=1e-12)
    assert utility(profile) == pytest.approx((1 / 12 - risk(weights, scale)) / (1 / 12 - least), abs=1e-10)


def test_equals_the_quadratic_programme():
    rng = np.random.default_rng(3)
    for _ in range(300):
        check_against_quadratic_programme(rng)


@pytest.mark.slow
def test_equals_the_quadratic_programme_on_thousands_of_cases():
    rng = np.random.default_rng(4)
    for _ in range(5000):
        check_against_quadratic_programme(rng)


def test_two_users_without_privacy():
    third = Fraction(1, 3)
    utility = DPMeanUtility([0, INF], n_users=2)
    assert utility.exact
    assert utility.tensor().tolist() == [[0, 2 * third], [2 * third, 1]]


@pytest.mark.parametrize("eps", [1, "1/2", 7])
def test_two_users_of_one_level_give_the_published_formula(eps):
    e = Fraction(eps)
    utility = DPMeanUtility([0, eps], n_users=2)
    assert utility((1, 0)) == 2 / (3 + 24 / e**2)
    assert utility((1, 1)) == 1 / (1 + 3 / e**2)


def test_saturated_user_gains_nothing_from_less_privacy():
    utility = DPMeanUtility([[0, 2, 2, 2], [0, 7, 8, 100]])
    assert utility((1, 2)) == utility((1, 3)) == Fraction(10, 13)
    assert utility((1, 1)) < Fraction(10, 13)
    assert utility.saturated((1, 2)).tolist() == [False, False]
    assert utility.saturated((1, 3)).tolist() == [False, True]
    assert utility.weights((1, 2)) == pytest.approx(utility.weights((1, 3)))


@pytest.mark.parametrize("n_users", [1, 2, 5])
@pytest.mark.parametrize("eps", [0.3, 4.0, INF])
def test_equal_levels_closed_form(n_users, eps):
    utility = DPMeanUtility([0, eps], n_users=n_users)
    for profile in itertools.product(range(2), repeat=n_users):
        k = sum(profile)
        expected = (n_users + 2) / n_users * k**2 / (k * (k + 2) + 24 / eps**2) if k else 0
        assert float(utility(profile)) == pytest.approx(expected, rel=1e-13)


def test_exact_and_float_values_agree():
    eps = [[0, "1/3", 5], [0, 2, INF], [0, 4, 40], [0, "1/3", 5]]
    utility = DPMeanUtility(eps)
    assert utility.exact
    floats = utility.in_floats()
    assert not floats.exact
    assert floats.types.tolist() == utility.types.tolist() == [0, 1, 2, 0]
    assert floats.tensor() == pytest.approx(utility.tensor().astype(float), rel=1e-14)


def test_in_floats_keeps_a_float_utility():
    utility = DPMeanUtility([0, 0.5], n_users=2)
    assert utility.in_floats() is utility


def test_bayes_risk_and_noise_in_a_simulation():
    rng = np.random.default_rng(11)
    utility = DPMeanUtility([[0.0, 1.0], [0, 4], [0, 60], [0, INF], [0, 3]])
    profile = (1, 1, 1, 1, 0)
    q = rng.random((400_000, 1))
    x = np.where(rng.random((len(q), 5)) < q, 0.5, -0.5)
    estimates = x @ utility.weights(profile) + rng.laplace(scale=utility.noise_scale(profile), size=len(q))
    squares = (estimates - (q[:, 0] - 0.5)) ** 2
    error = squares.std() / math.sqrt(len(q))
    assert abs(squares.mean() - utility.bayes_risk(profile)) < 3 * error
    assert error < 0.01 * utility.bayes_risk(profile)


def test_nobody():
    utility = DPMeanUtility([0, 1.0, INF], n_users=3)
    assert utility((0, 0, 0)) == 0
    assert utility.bayes_risk((0, 0, 0)) == pytest.approx(1 / 12)
    assert utility.noise_scale((0, 0, 0)) == 0
    assert utility.weights((0, 0, 0)).tolist() == [0, 0, 0]
    assert not utility.saturated((0, 0, 0)).any()


def test_no_privacy_needs_no_noise():
    utility = DPMeanUtility([0, 1.0, INF], n_users=3)
    assert utility.noise_scale((0, 2, 2)) == 0
    assert utility.weights((0, 2, 2)) == pytest.approx([0, 1 / 4, 1 / 4])
    assert utility.saturated((0, 2, 2)).tolist() == [False, True, True]
    assert utility((2, 2, 2)) == pytest.approx(1)


@given(st.lists(levels_of_privacy, min_size=1, max_size=6))
def test_every_user_gets_its_privacy(eps):
    utility = DPMeanUtility([[0.0, e] for e in eps])
    profile = [1] * len(eps)
    weights, scale = utility.weights(profile), utility.noise_scale(profile)
    finite = np.isfinite(eps)
    assert (weights[finite] <= np.array(eps)[finite] * scale * (1 + 1e-12)).all()
    assert (weights > 0).all()


@given(st.lists(levels_of_privacy, min_size=1, max_size=5), st.integers(0, 4), st.floats(0, 3))
def test_less_privacy_never_hurts_and_past_saturation_changes_nothing(eps, user, extra):
    user %= len(eps)
    less = list(eps)
    less[user] = eps[user] * math.exp(extra)
    before, after = DPMeanUtility([[0.0, e] for e in eps]), DPMeanUtility([[0.0, e] for e in less])
    profile = [1] * len(eps)
    assert after(profile) >= before(profile) * (1 - 1e-13)
    if before.saturated(profile)[user]:
        assert after(profile) == pytest.approx(before(profile), rel=1e-13)


@given(st.lists(levels_of_privacy, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_permuted_users_permute_the_tensor(eps, random):
    order = list(range(len(eps)))
    random.shuffle(order)
    rows = np.array([[0.0, e / 2, e] for e in eps])
    permuted = DPMeanUtility(rows[order]).tensor()
    assert permuted == pytest.approx(DPMeanUtility(rows).tensor().transpose(order), rel=1e-13)


@pytest.mark.parametrize("rows", [[[0, 1.5, 30], [0, 2, INF]], [[0, "3/2", 30], [0, 2, INF]]])
def test_counts_agree_with_profiles(rows):
    grouped = DPMeanUtility(rows, counts=[3, 2])
    single = DPMeanUtility([rows[0], rows[0], rows[0], rows[1], rows[1]])
    assert grouped.types.tolist() == single.types.tolist() == [0, 0, 0, 1, 1]
    assert grouped.type_sizes == single.type_sizes == (3, 2)
    for profile in itertools.product(range(3), repeat=5):
        counts = np.zeros((2, 3), dtype=int)
        for kind, level in zip(single.types, profile, strict=True):
            counts[kind, level] += 1
        assert grouped(counts) == grouped(profile) == single(profile)
        assert grouped.weights(counts)[single.types, profile] == pytest.approx(single.weights(profile))
        assert np.isnan(grouped.weights(counts)[counts == 0]).all()
        assert not grouped.saturated(counts)[counts == 0].any()
        assert grouped.saturated(counts)[single.types, profile].tolist() == single.saturated(profile).tolist()
        assert grouped.noise_scale(counts) == single.noise_scale(profile)
        assert grouped.bayes_risk(counts) == single.bayes_risk(profile)


def test_real_counts_extend_the_whole_ones():
    utility = DPMeanUtility([[0, 1, INF], [0, 2, 9]], counts=[40, 60])
    states = np.array([[[20, 10, 10], [30, 20, 10]], [[40, 0, 0], [59, 1, 0]], [[40, 0, 0], [60, 0, 0]]])
    assert utility.evaluate_counts(states.astype(float)) == pytest.approx(utility.evaluate_counts(states).astype(float))
    steps = np.repeat(states[:1].astype(float), 21, axis=0)
    steps[:, 1, 2] += np.linspace(0, 1, 21)
    steps[:, 1, 0] -= np.linspace(0, 1, 21)
    values = utility.evaluate_counts(steps)
    assert (np.diff(values) > 0).all()
    assert np.abs(np.diff(values, 2)).max() < 0.01 * np.diff(values).max()


def test_a_million_users_cost_no_memory():
    tracemalloc.start()
    utility = DPMeanUtility([[0.0, 1.0, INF], [0.0, 2.0, INF]], counts=[10**6, 10**7])
    value = utility([[10**6, 0, 0], [10**7 - 5, 3, 2]])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6
    few = DPMeanUtility([0.0, 2.0, INF], n_users=5)((1, 1, 1, 2, 2))
    assert value == pytest.approx(few * (1 + 2 / (11 * 10**6)) / (1 + 2 / 5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epsilons": [0, 1]}, "n_users: must be given"),
        ({"epsilons": [0, 1], "n_users": 0}, "n_users: must be a whole number of at least 1"),
        ({"epsilons": [0, 1], "n_users": 2.0}, "n_users: must be a whole number"),
        ({"epsilons": [0, 1], "n_users": True}, "n_users: must be a whole number"),
        ({"epsilons": [0, 1], "n_users": 2, "counts": [2]}, "counts: needs one row"),
        ({"epsilons": [[0, 1]], "n_users": 2}, "n_users: must be 1"),
        ({"epsilons": [[0, 1], [0, 2]], "counts": [1]}, "counts: must be one whole number"),
        ({"epsilons": [[0, 1], [0, 2]], "counts": [1, 1.5]}, "counts: must be one whole number"),
        ({"epsilons": [[0, 1], [0, 2]], "counts": [1, 0]}, r"counts\[1\]: must be at least 1"),
        ({"epsilons": [0], "n_users": 2}, "at least 2 levels"),
        ({"epsilons": 1, "n_users": 2}, "at least 2 levels"),
        ({"epsilons": np.zeros((0, 2))}, "at least 2 levels"),
        ({"epsilons": [[0, 1], [0]]}, "rectangular"),
        ({"epsilons": [0, math.nan], "n_users": 2}, r"epsilons\[1\]: must be a number, not NaN"),
        ({"epsilons": [1, 2], "n_users": 2}, r"epsilons\[0\]: must be 0"),
        ({"epsilons": [[0, 1], [0.5, 1]]}, r"epsilons\[1, 0\]: must be 0"),
        ({"epsilons": [0, -1], "n_users": 2}, r"epsilons\[1\]: must not fall"),
        ({"epsilons": [0, -INF], "n_users": 2}, r"epsilons\[1\]: must be finite"),
        ({"epsilons": [[0, 1, 2], [0, INF, 1]]}, r"epsilons\[1, 2\]: must not fall"),
        ({"epsilons": [0, 1e101], "n_users": 2}, r"epsilons\[1\]: must be at most 1e100"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError, match=message):
        DPMeanUtility(**arguments)


@pytest.mark.parametrize("method", ["weights", "noise_scale", "bayes_risk", "saturated", "__call__"])
@pytest.mark.parametrize("profile", [(0, 3), (0,), [[1, 1, 1]], [[3, -1, 0]]])
def test_bad_profiles(method, profile):
    with pytest.raises(InputError, match=r"^profile"):
        getattr(DPMeanUtility([0, 1, 2], n_users=2), method)(profile)
