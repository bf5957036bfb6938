"""Section 5.1, appendix B.4.1 and the caption of Fig. 8."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fairgames.report.paper import two_users
from symbolic.regimes import derive

THIRD = Fraction(1, 3)
COSTS = [Fraction(step, 1000) for step in range(1000)]


@pytest.fixture(scope="module")
def solved():
    return [two_users.mechanism(cost) for cost in COSTS]


@pytest.fixture(scope="module")
def derived():
    return derive(2, ["2/3", 1])


def printed_p(alpha, c):
    if alpha < 3 * c / 2:
        return 1
    return 6 * c / alpha - 3 if alpha <= 2 * c else 0


def printed_utility(alpha, c):
    if alpha < 3 * c / 2:
        return 0
    return 8 * c / alpha - 12 * c**2 / alpha**2 if alpha <= 2 * c else 1


def printed_alpha(c):
    if c < THIRD:
        return 2 * c
    return 6 * c / (3 * c + 2) if c <= 2 * THIRD else 0


def test_equation_97_at_a_thousand_points(solved, derived):
    symbolic = derived.alpha_star.lambdify()
    for found in solved:
        point = two_users.symmetric_point(found)
        assert point.alpha == printed_alpha(point.cost)
        assert abs(float(point.alpha) - float(symbolic(float(point.cost)))) <= 1e-12


def test_equations_95_and_96_at_a_thousand_points(solved, derived):
    symbolic_p, symbolic_utility = derived.p_star.lambdify(), derived.utility_at_p_star.lambdify()
    for number, found in enumerate(solved[1:]):
        c = found.cost
        # Every range of alpha takes its turn, and the optimum itself.
        alpha = min([c, 7 * c / 4, 9 * c / 4, found.alpha or c][number % 4], Fraction(1))
        p = found.p_star(alpha)
        utility = found.expected_utility(p)
        assert p == printed_p(alpha, c)
        assert utility == printed_utility(alpha, c)
        assert abs(float(p) - float(symbolic_p(float(alpha), float(c)))) <= 1e-12
        assert abs(float(utility) - float(symbolic_utility(float(alpha), float(c)))) <= 1e-12


def test_drawn_utility_is_equation_96_at_equation_97(solved):
    for found in solved[1:667]:
        point = two_users.symmetric_point(found)
        assert point.utility == printed_utility(point.alpha, point.cost)
        assert point.paid_to_each == point.alpha * point.utility / 2
        assert point.kept == (1 - point.alpha) * point.utility


@pytest.mark.parametrize("p", [Fraction(step, 7) for step in range(8)])
def test_equations_93_and_94(p, solved):
    assert solved[500].expected_utility(p) == -(p**2) / 3 - 2 * p / 3 + 1
    assert solved[500].gamma(p) == Fraction(1, 2) + p / 6


def test_thresholds_are_the_printed_ones(solved):
    assert solved[1].cost_threshold == THIRD
    assert (solved[1].gamma_min, solved[1].gamma_max) == (Fraction(1, 2), Fraction(2, 3))
    assert solved[1].exit_threshold == Fraction(2, 3)
    assert solved[1].assumptions.hold


def test_three_regimes(solved):
    regimes = ["all"] * 334 + ["mixed"] * 333 + ["none"] * 333
    assert [found.regime for found in solved] == regimes


def test_first_region_utility_is_maximal_and_the_platform_keeps_1_minus_2c(solved):
    for found in solved[1:334]:
        assert (found.utility, found.alpha, found.value) == (1, 2 * found.cost, 1 - 2 * found.cost)
        # Most of the utility stays with the platform at low costs.
        assert found.value > found.alpha * found.utility or found.cost >= Fraction(1, 4)


def test_middle_region_alpha_grows_sublinearly_and_utility_falls(solved):
    middle = solved[334:667]
    alphas = [found.alpha for found in middle]
    steps = np.diff(alphas)
    assert (steps > 0).all()
    assert (np.diff(steps) < 0).all()
    assert (np.diff([found.utility for found in middle]) < 0).all()


@pytest.mark.parametrize("c", [Fraction(1, 20), Fraction(1, 5), Fraction(33, 100)], ids=str)
def test_below_a_third_the_platform_s_value_rises_up_to_alpha_2c(c):
    found = two_users.mechanism(c)
    alphas = [2 * c * Fraction(step, 60) for step in range(1, 61)]
    values = [(1 - alpha) * found.expected_utility(found.p_star(alpha)) for alpha in alphas]
    assert values == sorted(values)
    assert values[-1] == 1 - 2 * c


def meets_equation_24(c):
    """Condition of eq. 24 at every alpha of a grid, with U at p = 0 where the print has U(0)."""
    found = two_users.mechanism(c)
    alphas = [2 * c * Fraction(step, 200) for step in range(200)]
    most = found.expected_utility(0)
    return all((1 - 2 * c) / (1 - alpha) >= found.expected_utility(found.p_star(alpha)) / most for alpha in alphas)


def test_equation_24_gives_a_third():
    assert meets_equation_24(THIRD)
    assert not meets_equation_24(THIRD + Fraction(1, 60))


def test_at_two_thirds_alpha_1_and_alpha_0_tie():
    found = two_users.mechanism(Fraction(2, 3))
    assert found.value == 0
    assert found.alpha in {0, 1}
    # The printed curve reaches 1 there, where the platform keeps nothing either.
    assert printed_alpha(Fraction(2, 3)) == 1


def test_last_region_nobody_is_paid(solved):
    for found in solved[667:]:
        assert (found.alpha, found.utility, found.value) == (0, 0, 0)


def test_above_a_third_the_middle_optimum_beats_1_minus_2c(solved):
    assert all(found.value > 1 - 2 * found.cost for found in solved[334:667])
    assert all(found.value == (2 - 3 * found.cost) ** 2 / 3 for found in solved[334:667])


def test_the_left_out_asymmetric_equilibria_are_better_in_the_middle(solved):
    for found in solved[334:667]:
        best = two_users.best_point(found)
        assert (best.who, best.alpha, best.utility) == (1, 3 * found.cost / 2, Fraction(2, 3))
        assert best.kept == Fraction(2, 3) - found.cost > found.value


def test_outside_the_middle_they_change_nothing(solved):
    for found in [*solved[1:334], *solved[667:]]:
        assert two_users.best_point(found).kept == found.value


def test_curves_hold_the_thresholds_and_are_drawn_as_written(read_rows):
    (plate,) = two_users.fig8()
    rows = read_rows(plate)
    costs = [float(row["cost"]) for row in rows]
    assert min(abs(cost - 1 / 3) for cost in costs) < 1e-9
    for column, name in enumerate(("symmetric", "best")):
        top, bottom = plate.figure.axes[column], plate.figure.axes[2 + column]
        for axes, quantities in ((top, ("alpha",)), (bottom, ("utility", "kept"))):
            drawn = {(round(x, 9), round(y, 9)) for line in axes.lines for x, y in zip(*line.get_data(), strict=True)}
            for quantity in quantities:
                written = {(round(float(row["cost"]), 9), round(float(row[f"{name}_{quantity}"]), 9)) for row in rows}
                assert written <= drawn
