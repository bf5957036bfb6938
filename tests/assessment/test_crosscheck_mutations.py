"""A wrong coefficient anywhere in a closed form must show."""

from __future__ import annotations

import dataclasses
import functools
from fractions import Fraction

import pytest
import sympy as sp

from fairgames.assessment.crosscheck import two_player as crosscheck_two_groups
from fairgames.assessment.crosscheck.run import AGREES, MISMATCH, all_questions, compare
from symbolic import (
    dp_mean,
    dp_mean_risk,
    federated,
    federated_inputs,
    identical_users,
    payments,
    regimes,
    symmetric,
    symmetric_optimum,
    threshold,
    two_group_regions,
    two_groups,
    two_player,
    two_user_payments,
)
from symbolic.closed_form import RootForm

FACTOR = sp.Rational(8, 7)


def mutants(expression):
    """Every expression with one number, term, bound or exponent changed."""
    if isinstance(expression, sp.MatrixBase):
        for place, entry in enumerate(expression):
            for mutant in mutants(entry):
                entries = list(expression)
                entries[place] = mutant
                yield sp.ImmutableMatrix(*expression.shape, entries)
        return
    if not expression.is_number:
        yield FACTOR * expression
    for mutant in _inner(expression, None):
        if mutant != expression:
            yield mutant


def _inner(node, parent):
    if isinstance(node, sp.Rational):
        yield node + (1 if isinstance(parent, sp.Pow) else FACTOR - 1)
        return
    if isinstance(parent, (sp.Add, sp.core.relational.Relational)):
        yield FACTOR * node
    for place, child in enumerate(node.args):
        if child in (sp.true, sp.false):
            continue
        for mutant in _inner(child, node):
            args = list(node.args)
            args[place] = mutant
            yield node.func(*args)


def survivors(monkeypatch, question, module, name, changed, *, points):
    """The mutants that the question does not notice."""
    (asked,) = (one for one in all_questions(everything=False) if one.quantity == question)
    assert compare(asked, points, 0).verdict == AGREES
    left = []
    count = 0
    for label, function in changed:
        with monkeypatch.context() as patch:
            patch.setattr(module, name, function)
            count += 1
            if compare(asked, points, 0).verdict != MISMATCH:
                left.append(label)
    assert count
    return left


def with_field(result, field):
    """Stand-ins for a derivation whose result has one of its forms changed."""
    form = getattr(result, field)
    for mutant in mutants(form.expression):
        yield mutant, _constant(dataclasses.replace(result, **{field: dataclasses.replace(form, expression=mutant)}))
    if isinstance(form, RootForm):
        # The relation as a whole may be scaled: its root stays where it is.
        for mutant in _inner(form.relation, None):
            changed = dataclasses.replace(form, relation=mutant)
            yield f"root of {mutant}", _constant(dataclasses.replace(result, **{field: changed}))


def _constant(result):
    return lambda *_, **__: result


REGIMES = [
    ("gamma", "gamma(p)"),
    ("expected_utility", "U(p)"),
    ("gamma_min", "gamma_min, gamma_max"),
    ("gamma_max", "gamma_min, gamma_max"),
    ("cost_threshold", "c_th"),
    ("stationarity", "c(p) and alpha(p)"),
    ("alpha_curve", "c(p) and alpha(p)"),
    ("p_star", "p*(alpha)"),
    ("utility_at_p_star", "U(p*(alpha))"),
    ("alpha_star", "alpha*(c)"),
    ("p_at_optimum", "p at the optimum"),
    ("value", "value(c)"),
]


QUICK = ("gamma", "gamma_min", "cost_threshold", "alpha_star")


@pytest.fixture(scope="module")
def derived():
    return functools.cache(regimes.derive)


@pytest.mark.parametrize(
    ("n_users", "field", "question"),
    [
        pytest.param(n_users, *pair, marks=() if n_users == 2 and pair[0] in QUICK else pytest.mark.slow)
        for n_users in (2, 3)
        for pair in REGIMES
    ],
)
def test_every_coefficient_of_the_regimes_counts(monkeypatch, derived, n_users, field, question):
    changed = with_field(derived(n_users), field)
    assert not survivors(monkeypatch, f"{question}, {n_users} users", regimes, "derive", changed, points=2)


@pytest.mark.slow
@pytest.mark.parametrize(("field", "question"), [("p_star", "p*(alpha)"), ("alpha_star", "alpha*(c)")])
def test_every_coefficient_of_a_root_counts(monkeypatch, derived, field, question):
    changed = with_field(derived(4), field)
    assert not survivors(monkeypatch, f"{question}, 4 users", regimes, "derive", changed, points=1)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("users_payment", "payments among {} users"),
        ("platform_payment", "platform's share, {} users"),
        ("coalition_payment", "shares beside the platform, {} users"),
    ],
)
@pytest.mark.parametrize("n_users", [2, 3])
def test_every_coefficient_of_the_payments_counts(monkeypatch, name, question, n_users):
    derive = getattr(payments, name)
    last = (n_users,) if name != "platform_payment" else ()
    expression = derive(payments.coalition_utility(n_users), n_users, *last)

    def standing_in(mutant):
        return lambda utility, n, *user: mutant if user == last else derive(utility, n, *user)

    changed = [(mutant, standing_in(mutant)) for mutant in mutants(expression)]
    assert not survivors(monkeypatch, question.format(n_users), payments, name, changed, points=4)


@pytest.mark.parametrize(
    ("name", "field", "question"),
    [
        ("payment_matrices", "first", "payment matrices of two users"),
        ("payment_matrices", "second", "payment matrices of two users"),
        ("coalition_matrices", "platform", "share matrices of two users"),
        ("coalition_matrices", "first", "share matrices of two users"),
        ("coalition_matrices", "second", "share matrices of two users"),
    ],
)
def test_every_coefficient_of_the_matrices_counts(monkeypatch, name, field, question):
    derive = getattr(two_user_payments, name)
    small = sp.Matrix(2, 2, lambda k, level: sp.Symbol(f"U_{k}{level}", real=True) if k or level else 0)
    result = derive(small)
    changed = [
        (mutant, lambda U, standing=standing: standing() if U.shape == (2, 2) else derive(U))
        for mutant, standing in with_field(result, field)
    ]
    assert not survivors(monkeypatch, question, two_user_payments, name, changed, points=2)


@pytest.mark.slow
def test_every_coefficient_of_the_private_pair_counts(monkeypatch):
    form = dp_mean.pair_utility()
    changed = [(mutant, _constant(dataclasses.replace(form, expression=mutant))) for mutant in mutants(form.expression)]
    assert not survivors(monkeypatch, "private mean, two epsilons", dp_mean, "pair_utility", changed, points=2)


@pytest.mark.parametrize("present", [1, 2, 3])
def test_every_coefficient_of_the_private_mean_counts(monkeypatch, present):
    derive = dp_mean.utility
    form = derive(3, present)

    def standing_in(mutant):
        changed = dataclasses.replace(form, expression=mutant)
        return lambda n, k, *epsilon: changed if k == present and not epsilon else derive(n, k, *epsilon)

    changed = [(mutant, standing_in(mutant)) for mutant in mutants(form.expression)]
    assert not survivors(monkeypatch, "private mean, 3 users", dp_mean, "utility", changed, points=2)


@pytest.mark.parametrize(
    ("name", "question"), [("best_weight", "its weights, 3 users"), ("minimal_risk", "its risk, 3 users")]
)
def test_every_coefficient_of_weights_and_risk_counts(monkeypatch, name, question):
    derive = getattr(dp_mean_risk, name)
    expression = derive(sp.Integer(2))
    changed = [
        (mutant, lambda present, mutant=mutant: mutant if present == 2 else derive(present))
        for mutant in mutants(expression)
    ]
    assert not survivors(monkeypatch, question, dp_mean_risk, name, changed, points=1)


@pytest.mark.parametrize(
    "profile", [pytest.param((0, 2), marks=pytest.mark.slow), pytest.param((2, 1), marks=pytest.mark.slow), (1, 1)]
)
def test_every_coefficient_of_the_federated_estimates_counts(monkeypatch, profile):
    derive = federated.best_estimate
    uniform_aggregate = federated_inputs.uniform_aggregate
    original = {
        (levels, target): derive(levels, target, aggregate=uniform_aggregate(levels) if 1 in levels else None)
        for levels in [(a, b) for a in range(3) for b in range(3) if a or b]
        for target in (1, 2)
    }
    estimate = original[profile, 1]

    def standing_in(changed):
        return lambda levels, target, **_: changed if (levels, target) == (profile, 1) else original[levels, target]

    changed = []
    for mutant in mutants(estimate.error.expression):
        form = dataclasses.replace(estimate.error, expression=mutant)
        changed.append((mutant, standing_in(dataclasses.replace(estimate, error=form))))
    for place, (user, form) in enumerate(estimate.direct):
        for mutant in mutants(form.expression):
            direct = list(estimate.direct)
            direct[place] = (user, dataclasses.replace(form, expression=mutant))
            changed.append((mutant, standing_in(dataclasses.replace(estimate, direct=tuple(direct)))))
    question = "federated errors and weights, uniform aggregate, 2 users"
    assert not survivors(monkeypatch, question, federated, "best_estimate", changed, points=1)


@pytest.mark.parametrize("field", ["payment", "alpha", "value", "paid_at_cost", "price_of_fairness"])
def test_every_coefficient_for_identical_users_counts(monkeypatch, field):
    derive = identical_users.pure_equilibrium

    def standing_in(present, changed):
        return lambda n, k: changed() if (n, k) == (2, present) else derive(n, k)

    question = (
        "price of fairness" if field in ("paid_at_cost", "price_of_fairness") else "k of N share: payment, alpha, value"
    )
    changed = [
        (mutant, standing_in(present, standing))
        for present in (1, 2)
        for mutant, standing in with_field(derive(2, present), field)
    ]
    assert not survivors(monkeypatch, f"{question}, 2 users", identical_users, "pure_equilibrium", changed, points=6)


def test_every_coefficient_of_the_threshold_counts(monkeypatch):
    changed = with_field(threshold.concave_threshold(4), "threshold")
    question = "c_th = U_N - U_(N-1), up to 30 users"
    assert not survivors(monkeypatch, question, threshold, "concave_threshold", changed, points=1)


def test_every_coefficient_of_the_identity_counts(monkeypatch):
    identity = symmetric.gamma_identity(2)
    changed = [(mutant, _constant(sp.Eq(identity.lhs, mutant, evaluate=False))) for mutant in mutants(identity.rhs)]
    assert not survivors(
        monkeypatch, "gamma = U(p)/(N(1 - p)), 2 users", symmetric, "gamma_identity", changed, points=2
    )


@pytest.mark.slow
@pytest.mark.parametrize(("field", "question"), [("value", "value(c_1, c_2)"), ("alpha_star", "alpha*(c_1, c_2)")])
def test_every_coefficient_of_the_region_map_counts(monkeypatch, field, question):
    found = two_group_regions.region_map()
    form = getattr(found, field)
    grid = [Fraction(k, 60) + Fraction(1, 997) for k in range(60)]
    places = [(a, b) for a in grid for b in grid if a <= b and (a < Fraction(1, 2) or b < Fraction(7, 10))]

    def values(expression):
        function = sp.lambdify(form.arguments, expression)
        return [function(float(a), float(b)) for a, b in places]

    original = values(form.expression)
    monkeypatch.setattr(crosscheck_two_groups, "best", functools.cache(crosscheck_two_groups.best))
    # A bound that other bounds imply can move without any effect; those mutants are the same function.
    changed = [(mutant, standing) for mutant, standing in with_field(found, field) if values(mutant) != original]
    assert len(changed) > 20
    left = survivors(monkeypatch, f"{question}, U = (2/3, 1)", two_group_regions, "region_map", changed, points=4)
    assert not left


@pytest.mark.parametrize("field", ["first", "second"])
def test_every_coefficient_of_the_mixed_equilibrium_counts(monkeypatch, field):
    changed = with_field(two_groups.mixed_equilibrium(), field)
    question = "mixed equilibrium, U = (2/3, 1)"
    assert not survivors(monkeypatch, question, two_groups, "mixed_equilibrium", changed, points=2)


@pytest.mark.slow
@pytest.mark.parametrize("field", ["first", "second", "utility", "value"])
def test_every_coefficient_of_the_two_player_families_counts(monkeypatch, field):
    original = two_player.equilibrium_families
    derive = functools.cache(lambda table: original([list(row) for row in table]))

    def standing_in(place):
        def changed(table):
            families = list(derive(tuple(map(tuple, table))))
            options = list(with_field(families[-1], field))
            families[-1] = options[place % len(options)][1]()
            return tuple(families)

        return changed

    changed = [(place, standing_in(place)) for place in range(8)]
    question = "two-player families, 2 x 2 levels: each is an equilibrium"
    assert not survivors(monkeypatch, question, two_player, "equilibrium_families", changed, points=1)


@pytest.mark.parametrize(
    ("module", "name", "question"),
    [
        (threshold, "exact_threshold", "c_th, any utilities, 2 users"),
        (federated, "utility", "federated utility, uniform aggregate, 2 users"),
    ],
)
def test_a_scaled_answer_shows(monkeypatch, module, name, question):
    derive = getattr(module, name)
    changed = [("scaled", lambda *args, **options: FACTOR * derive(*args, **options))]
    assert not survivors(monkeypatch, question, module, name, changed, points=1)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("symmetric_optimum", "optimum, any utilities, 2 users"),
        ("optimum_between_levels", "optimum between two levels, 2 users"),
    ],
)
def test_a_scaled_optimum_shows(monkeypatch, name, question):
    derive = getattr(symmetric_optimum, name)

    def changed(*args):
        found = derive(*args)
        return dataclasses.replace(found, value=FACTOR * found.value)

    assert not survivors(monkeypatch, question, symmetric_optimum, name, [("scaled", changed)], points=1)


def test_a_lost_equilibrium_shows(monkeypatch):
    derive = symmetric.symmetric_equilibria

    def changed(*args):
        return sp.FiniteSet(*sorted(derive(*args))[1:])

    question = "all symmetric equilibria, 2 users"
    assert not survivors(monkeypatch, question, symmetric, "symmetric_equilibria", [("lost", changed)], points=1)
