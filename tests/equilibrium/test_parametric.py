"""Equilibria as functions of a parameter, against enumeration at single games."""

from fractions import Fraction

import numpy as np
import pytest

import fairgames as fg
from fairgames import InputError, SizeError
from fairgames.equilibrium.parametric import parametric_equilibria


def drawn(rng, shape, most, constant=False):
    payoffs = [rng.integers(-most, most + 1, shape).tolist() for _ in range(2)]
    change = [(rng.integers(-most, most + 1, shape) * (not constant)).tolist() for _ in range(2)]
    return payoffs, change


def at(payoffs, change, t):
    return [
        [[Fraction(a) + t * b for a, b in zip(*rows, strict=True)] for rows in zip(start, slope, strict=True)]
        for start, slope in zip(payoffs, change, strict=True)
    ]


def texts(pairs):
    return {tuple(tuple(map(str, side)) for side in pair) for pair in pairs}


def regret(game, strategies):
    A, B = (np.array(payoffs, dtype=object) for payoffs in game)
    x, y = strategies
    return max((A @ y).max() - x @ A @ y, (x @ B).max() - x @ B @ y)


@pytest.mark.parametrize("seed", range(12))
def test_at_every_number_tried_they_are_the_equilibria_of_that_game(seed):
    rng = np.random.default_rng(seed)
    shape = [(2, 2), (2, 3), (3, 3), (4, 3)][seed % 4]
    payoffs, change = drawn(rng, shape, [1, 2, 20][seed % 3], constant=seed % 5 == 0)
    found = parametric_equilibria(payoffs, change, over=(-2, 3))
    critical = [end.fraction for end in found.critical if end.fraction is not None][:8]
    for t in [*(Fraction(int(n), 10) for n in rng.integers(-20, 31, 6)), *critical]:
        game = at(payoffs, change, t)
        here = found.at(t)
        assert texts(one.strategies for one in fg.equilibria(game)) <= texts(here)
        assert all(regret(game, pair) == 0 for pair in here)


def test_ends_that_are_no_rationals_are_told_apart_and_nothing_is_lost_beside_them():
    rng = np.random.default_rng(5)
    seen = 0
    while seen < 4:
        payoffs, change = drawn(rng, (3, 3), 9)
        found = parametric_equilibria(payoffs, change)
        for end in found.critical:
            if end.fraction is not None:
                continue
            seen += 1
            low, high = end.interval
            value = lambda t, terms=end.polynomial: sum(term * t**power for power, term in enumerate(terms))  # noqa: E731
            assert value(low) * value(high) < 0
            assert high - low < Fraction(1, 2**40)
            for t in (low, high):
                assert texts(one.strategies for one in fg.equilibria(at(payoffs, change, t))) == texts(found.at(t))


def test_a_fair_game_is_one_of_them():
    unpaid, paid = (fg.FairGame([[0, "2/3"], ["2/3", 1]], [0, "9/20"], alpha).payoffs for alpha in (0, 1))
    found = parametric_equilibria(unpaid, [after - before for before, after in zip(unpaid, paid, strict=True)])
    assert texts_of_intervals(found.families) >= {
        (Fraction(0), Fraction(27, 40), (0, 0)),
        (Fraction(27, 40), Fraction(9, 10), (0, 1)),
        (Fraction(27, 40), Fraction(9, 10), (1, 0)),
        (Fraction(9, 10), Fraction(1), (1, 1)),
    }


def texts_of_intervals(families):
    found = set()
    for family in families:
        middle = (family.low.interval[0] + family.high.interval[0]) / 2
        strategies = family.strategies(middle)
        if all(set(side) <= {0, 1} for side in strategies):
            found.add((family.low.fraction, family.high.fraction, tuple(int(side[1]) for side in strategies)))
    return found


def test_a_parameter_in_the_first_players_payoff_moves_only_the_second_ones_mixture():
    # Player 2 mixes so that player 1 is indifferent, and the other way round.
    found = parametric_equilibria([[[2, 0], [0, 1]], [[1, 0], [0, 2]]], [[[-1, 0], [0, 0]], [[0, 0], [0, 0]]], (0, 3))
    (mixed,) = [family for family in found.families if family.formulas[0][0] == "2/3"]
    assert mixed.formulas == (("2/3", "1/3"), ("1/(3 - t)", "(2 - t)/(3 - t)"))
    assert (mixed.low.fraction, mixed.high.fraction) == (0, 2)


def test_what_cannot_be_solved_is_refused_before_work_starts():
    game = [[[1, 0], [0, 1]]] * 2
    for change, over, name in (
        ([[[1, 0]]] * 2, (0, 1), "change"),
        (game[:1], (0, 1), "game"),
        (game, (1, 0), "over"),
        (game, (0, "x"), "over"),
    ):
        with pytest.raises(InputError, match=name):
            parametric_equilibria(game, change, over)
    with pytest.raises(InputError, match="two players"):
        parametric_equilibria([np.ones((2, 2, 2))] * 3, [np.ones((2, 2, 2))] * 3)
    with pytest.raises(SizeError, match="pairs of supports"):
        parametric_equilibria([np.ones((9, 9))] * 2, [np.ones((9, 9))] * 2)
