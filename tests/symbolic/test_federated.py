import random
from itertools import product

import pytest
import sympy as sp

from symbolic import errors, federated, federated_inputs
from symbolic.symbols import r2, s2


def printed(profile, target, V):
    """Weights of eqs. 59-64: (direct weights, aggregate weight), in the paper's notation."""
    direct = [j for j, level in enumerate(profile, 1) if level == 2]
    joined = [j for j, level in enumerate(profile, 1) if level == 1]
    n1, n2 = len(joined), len(direct)
    V0 = sum(V[j - 1] for j in joined) / n1
    harmonic = n2 / sum(1 / V[j - 1] for j in direct)
    scale = n1 + n2 * V0 / harmonic
    level = profile[target - 1]
    Vi = V[target - 1]
    if level == 0:
        return {j: V0 / V[j - 1] / scale for j in direct}, n1 / scale
    if level == 1:
        together = n1 / scale + n2 / scale * s2 / harmonic
        return {j: V0 / V[j - 1] / scale - s2 / V[j - 1] / scale for j in direct}, together
    weights = {j: V0 / V[j - 1] / scale - V0 / V[j - 1] / scale * s2 / Vi for j in direct}
    weights[target] = V0 / Vi / scale + (scale - V0 / Vi) / scale * s2 / Vi
    return weights, n1 / scale - n1 / scale * s2 / Vi


@pytest.mark.parametrize(
    ("profile", "target"),
    [((1, 2, 0), 3), ((1, 1, 2), 1), ((1, 2, 2), 1), ((1, 1, 2), 3), ((1, 2, 2), 3), ((2, 2, 1, 1), 1)],
)
def test_printed_weights_of_proposition_5(profile, target):
    V = federated_inputs.variance_symbols(len(profile))
    estimate = federated.best_estimate(profile, target)
    direct, together = printed(profile, target, V)
    assert sp.simplify(estimate.aggregate.expression - together) == 0
    for user, weight in estimate.direct:
        assert sp.simplify(weight.expression - direct[user]) == 0


@pytest.mark.parametrize(
    "profile", [pytest.param((2, 1, 1), marks=pytest.mark.slow), (2, 2, 1), (1, 1, 0), (2, 2, 0), (2, 1, 0)]
)
def test_errors_in_closed_form_for_any_aggregate(profile):
    n_users = len(profile)
    V = federated_inputs.variance_symbols(n_users)
    joined = [user for user, level in enumerate(profile) if level == 1]
    shares = [sp.S.Zero] * n_users
    if joined:
        free = sp.symbols(f"a1:{len(joined)}", positive=True) if len(joined) > 1 else ()
        for user, share in zip(joined, (*free, 1 - sum(free)), strict=True):
            shares[user] = sp.sympify(share)
    B = sum(shares[user] ** 2 * V[user] for user in joined)
    T = sum(1 / V[user] for user, level in enumerate(profile) if level == 2) + (1 / B if joined else 0)
    for target, level in enumerate(profile, 1):
        Vi, share = V[target - 1], shares[target - 1]
        if level == 0:
            expected = s2 + 1 / T
        elif level == 2:
            lam = (1 - s2 / Vi) / T
            expected = lam + s2 * (1 - (lam + s2) / Vi)
        else:
            lam = (1 - s2 * share / B) / T
            expected = lam + s2 * (1 - (lam + s2 * share) / B * share)
        error = federated.best_estimate(profile, target, aggregate=shares).error.expression
        assert sp.cancel(error - expected) == 0


def test_eq_55_from_the_components():
    """The printed error of proposition 4 equals the variance of the components, at weights adding up to one."""
    n = sp.symbols("n1:5", positive=True)
    V = [r2 / count + s2 for count in n]
    w1, w2 = sp.symbols("w1 w2", real=True)
    w0 = 1 - w1 - w2  # users 1 and 2 direct, 3 and 4 federating
    local = (w1, w2, w0 / 2, w0 / 2)
    inverse = (1 / n[2] + 1 / n[3]) / 2
    for target in (1, 3):
        direct = [w for user, w in ((1, w1), (2, w2)) if user != target]
        others = sum(1 for user in (3, 4) if user != target)
        expected = r2 * (w1**2 / n[0] + w2**2 / n[1] + w0**2 * inverse / 2) + s2 * (
            sum(w**2 for w in direct) + others * w0**2 / 4 + (sum(direct) + others * w0 / 2) ** 2
        )
        assert sp.simplify(federated.squared_error(target, local, V) - expected) == 0


@pytest.mark.parametrize(
    ("profile", "emse", "total"),
    [
        ((2, 2, 2), (0.630435, 0.391304, 0.282609), 10.118027),
        ((1, 1, 1), (0.870370, 0.870370, 0.870370), 7.871229),
        ((1, 1, 2), (0.811321, 0.811321, 0.283019), 9.135145),
        ((2, 1, 1), (0.630769, 0.692308, 0.692308), 8.650985),
    ],
)
def test_published_numbers(profile, emse, total):
    variances = federated_inputs.total_variances((10, 20, 30), 1, 10)
    for target, expected in enumerate(emse, 1):
        error = federated.best_estimate(profile, target, variances, s2=1).error.expression
        assert float(error) == pytest.approx(expected, abs=5e-7)
    assert float(federated.utility(profile, (10, 20, 30), 1, 10)) == pytest.approx(total, abs=5e-7)


def test_no_feasible_weights_do_better():
    generator = random.Random(1)
    variances = federated_inputs.total_variances((10, 20, 30), 1, 10)
    for profile in product((0, 1, 2), repeat=3):
        if not any(profile):
            continue
        shares = federated_inputs.uniform_aggregate(profile)
        best = federated.best_estimate(profile, 1, variances, s2=1).error.expression
        for _ in range(5):
            raw = {user: sp.Rational(generator.randint(-5, 10), 10) for user, level in enumerate(profile) if level == 2}
            rest = 1 - sum(raw.values())
            if 1 in profile:
                local = [raw.get(user, rest * share) for user, share in enumerate(shares)]
            else:
                last = max(raw)
                raw[last] += rest
                local = [raw.get(user, sp.S.Zero) for user in range(3)]
            assert federated.squared_error(1, local, variances, sp.S.One) >= best


def test_weighted_aggregate_with_symbols():
    n1, n2 = sp.symbols("n_1 n_2", positive=True)
    shares = federated_inputs.weighted_aggregate((1, 1), (n1, n2))
    error = federated.best_estimate((1, 1), 1, federated_inputs.total_variances((n1, n2)), shares).error
    joint = r2 / (n1 + n2) + 2 * s2 * n2**2 / (n1 + n2) ** 2
    assert sp.simplify(error.expression - joint) == 0


def test_lone_federating_user_is_worth_as_much_as_direct():
    for profile in ((1, 0), (2, 0)):
        assert float(federated.utility(profile, (100, 1), "1/10", 100)) == pytest.approx(9.0320, abs=5e-5)
    assert float(federated.utility((1, 1), (100, 1), "1/10", 100)) == pytest.approx(2.7527, abs=5e-5)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: federated.best_estimate((0, 0), 1), "profile"),
        (lambda: federated.best_estimate((0, 3), 1), "profile"),
        (lambda: federated.best_estimate((1, 2), 3), "target"),
        (lambda: federated.best_estimate((1, 2), 1, (1,)), "variances"),
        (lambda: federated_inputs.total_variances((10, 0.5)), "samples[1]"),
    ],
)
def test_bad_input(call, argument):
    with pytest.raises(errors.InputError) as caught:
        call()
    assert caught.value.argument == argument
