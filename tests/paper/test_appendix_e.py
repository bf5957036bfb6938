"""Appendix E: the nine cells of two users with different costs, with the corrections that its table needs."""

from __future__ import annotations

from fractions import Fraction

import pytest

import fairgames as fg
from fairgames.report.paper.two_users import two_user_mean

ALPHA = Fraction(4, 5)
COSTS = {"above": Fraction(3, 5), "between": Fraction(9, 20), "below": Fraction(1, 5)}
"""Above alpha·gamma_max = 8/15, between it and alpha·gamma_min = 2/5, and below that."""

CELLS = {
    ("above", "above"): {(1, 1)},
    ("above", "between"): {(1, 0)},
    ("above", "below"): {(1, 0)},
    ("between", "above"): {(0, 1)},
    ("between", "between"): {(1, 0), (0, 1), (Fraction(3, 8), Fraction(3, 8))},
    ("between", "below"): {(1, 0)},
    ("below", "above"): {(0, 1)},
    ("below", "between"): {(0, 1)},
    ("below", "below"): {(0, 0)},
}


def cell(*costs):
    return fg.equilibria(fg.FairGame(two_user_mean(), [[0, cost] for cost in costs], ALPHA))


@pytest.mark.parametrize("places", CELLS, ids=" and ".join)
def test_each_cell_has_the_printed_equilibria(places):
    found = cell(*(COSTS[place] for place in places))
    assert {(entry.strategies[0][0], entry.strategies[1][0]) for entry in found} == CELLS[places]


def test_the_mixed_cell_holds_gamma_inverse_of_the_other_user_s_cost():
    first, second = Fraction(9, 20), Fraction(1, 2)
    mixed = [entry.strategies for entry in cell(first, second) if not entry.is_pure]

    def gamma_inverse(level):
        return 6 * level - 3

    assert [(p[0], q[0]) for p, q in mixed] == [(gamma_inverse(second / ALPHA), gamma_inverse(first / ALPHA))]


@pytest.mark.parametrize("user", [0, 1])
def test_equation_25_payoffs_are_those_of_the_game(user):
    costs = [Fraction(9, 20), Fraction(1, 2)]
    game = fg.FairGame(two_user_mean(), [[0, cost] for cost in costs], ALPHA)
    # Phi(2) with users in the order of eq. 10: sharing alone earns 2/3, beside the other 1/2.
    for mine, theirs, paid in ((0, 0, 0), (0, 1, 0), (1, 0, Fraction(2, 3)), (1, 1, Fraction(1, 2))):
        profile = (mine, theirs) if user == 0 else (theirs, mine)
        assert game.payoffs[user][profile] == ALPHA * paid - costs[user] * mine
