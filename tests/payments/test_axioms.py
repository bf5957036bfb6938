import numpy as np
import pytest

from fairgames import (
    DPMeanUtility,
    InputError,
    Payments,
    SizeError,
    TableUtility,
    check_axioms,
    coalition_payments,
    fair_payments,
)
from fairgames.payments.rules import Fair

TABLE = TableUtility([[[0, 1], [2, 4]], [[1, 3], [3, 5]], [[2, 3], [4, 9]]])


def proportional_to_level(utility, profile):
    return np.asarray(profile) / max(1, profile.sum()) * float(utility(profile))


def leave_one_out(utility, profile):
    drops = []
    for user in range(utility.n_users):
        absent = profile.copy()
        absent[user] = 0
        drops.append(utility(profile) - utility(absent))
    return drops


def pay_too_much(utility, profile):
    return 2 * fair_payments(utility, profile).values


def fair_with_falling_alpha(utility, profile):
    return fair_payments(utility, profile, alpha=lambda level: 1 / (1 + abs(float(level)))).values


def fair_by_profile(utility, profile):
    return fair_payments(utility, profile).values * (0.5 if profile[0] else 1)


def fair_at_another_fraction(utility, profile):
    """One fraction within each utility, but another one for the given utility than for the others."""
    return fair_payments(utility, profile, alpha="1/2" if utility is TABLE else 1).values


def asymmetric(utility, profile):
    paid = np.array(fair_payments(utility, profile).values)
    if all(profile):
        paid[0], paid[1] = paid[0] + paid[1], 0
    return paid


@pytest.mark.parametrize("alpha", [0, "1/2", 1])
def test_fair_payments_break_nothing(alpha):
    report = check_axioms(lambda utility, profile: fair_payments(utility, profile, alpha), TABLE)
    assert report.fair
    assert report.broken == ()
    assert report.utilities == 1 + 7


def test_coalition_payments_break_nothing():
    assert check_axioms(coalition_payments, TABLE, axioms="A").fair


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (proportional_to_level, {"symmetry", "null user"}),
        (leave_one_out, {"efficiency"}),
        (pay_too_much, {"efficiency"}),
        (fair_with_falling_alpha, {"additivity"}),
        (fair_by_profile, {"efficiency"}),
        (fair_at_another_fraction, {"efficiency", "additivity"}),
        (asymmetric, {"symmetry", "null user"}),
    ],
)
def test_broken_axioms_are_named(rule, broken):
    assert set(check_axioms(rule, TABLE).broken) == broken


def test_a_witness_can_be_checked_by_hand():
    (witness,) = check_axioms(pay_too_much, TABLE).breaks
    paid = pay_too_much(TABLE, np.array(witness.profile))
    assert witness.axiom == "efficiency"
    assert witness.found == sum(paid)
    assert witness.required == TABLE(witness.profile)
    assert "efficiency breaks at profile" in str(witness)


@pytest.mark.parametrize("share", [0, 0.25, 1])
def test_the_printed_axioms_of_theorem_1_leave_a_family(share):
    """phi_i = lam·Shapley_i, phi_p = (1 − lam)·U obeys A.i–iii as printed; the platform's symmetry rules it out."""

    def divided(utility, profile):
        worth = float(utility(profile))
        users = share * fair_payments(utility, profile).values.astype(float)
        return Payments(values=users, utility=worth, alpha=None, platform=(1 - share) * worth)

    assert check_axioms(divided, TABLE, axioms="A").broken == ("platform symmetry",)


def test_bad_input():
    with pytest.raises(InputError, match="axioms"):
        check_axioms(leave_one_out, TABLE, axioms="C")
    with pytest.raises(InputError, match="one payment for each of 3 users"):
        check_axioms(lambda _utility, _profile: [1.0], TABLE)
    with pytest.raises(InputError, match="not NaN"):
        check_axioms(lambda _utility, _profile: [np.nan] * 3, TABLE)
    with pytest.raises(InputError, match="platform's share"):
        check_axioms(fair_payments, TABLE, axioms="A")
    with pytest.raises(SizeError, match="fewer users"):
        check_axioms(fair_payments, TableUtility(np.zeros((3,) * 9)))
    with pytest.raises(SizeError, match="1,000,000 users"):
        check_axioms(fair_payments, DPMeanUtility([0, 1], n_users=10**6))


@pytest.mark.parametrize("values", [[0, 1], [0, 1, 3], [0.0, 0.5], [0, 0]])
def test_one_user_is_checked_too(values):
    assert check_axioms(Fair(), TableUtility(values)).fair
    nothing = check_axioms(lambda *_: [1], TableUtility([0, 0]))
    assert "null user" in nothing.broken
    with_platform = check_axioms(coalition_payments, TableUtility(values), "A")
    assert with_platform.fair
