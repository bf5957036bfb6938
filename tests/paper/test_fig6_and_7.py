"""Each sentence of section 4.2 and of the captions of Figs. 6 and 7, on the numbers that are drawn."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import fairgames as fg
from fairgames.report.paper import ten_users
from fairgames.report.paper.ten_users import (
    ALPHA_OF_FIG_6,
    COST_FUNCTIONS,
    COST_KINDS,
    HETEROGENEOUS,
    HOMOGENEOUS,
    PROFILE,
    SAMPLES,
    costs,
    federated_mean,
)


@pytest.fixture(scope="module")
def panels():
    return {"a": ten_users.panel(HOMOGENEOUS), "b": ten_users.panel(HETEROGENEOUS)}


def test_ten_users_have_five_cost_functions_and_some_repeat():
    assert len(COST_FUNCTIONS) == 5
    assert len(COST_KINDS) == 10
    assert set(COST_KINDS) == set(COST_FUNCTIONS)
    assert [SAMPLES[COST_KINDS.index(kind)] for kind in "ABCDE"] == [10, 100, 10, 100, 10]


def test_fig_6_is_an_equilibrium_at_its_alpha(panels):
    stable = {one.profile: one for one in panels["b"].stable}
    assert stable[PROFILE].alpha_from < ALPHA_OF_FIG_6 < stable[PROFILE].alpha_to
    assert (round(stable[PROFILE].alpha_from, 4), round(stable[PROFILE].alpha_to, 4)) == (0.2295, 0.3235)


def test_fig_6_each_star_marks_the_best_choice():
    for one in ten_users.choices():
        assert one.gains[one.level] == max(one.gains)


def test_fig_6_payments_are_those_of_each_deviation():
    for one in ten_users.choices():
        user = COST_KINDS.index(one.kind)
        for level, paid in enumerate(one.payments):
            deviation = tuple(level if i == user else chosen for i, chosen in enumerate(PROFILE))
            expected = fg.fair_payments(federated_mean(HETEROGENEOUS), deviation, ALPHA_OF_FIG_6).values[user]
            assert paid == pytest.approx(expected, abs=1e-12)


def test_fig_6_draws_what_it_writes(read_rows):
    (plate,) = ten_users.fig6()
    rows = read_rows(plate)
    for axes, kind in zip(plate.figure.axes, COST_FUNCTIONS, strict=True):
        paid, cost, star = axes.lines[:3]
        mine = [row for row in rows if row["cost_function"] == kind]
        assert list(paid.get_ydata()) == pytest.approx([float(row["payment"]) for row in mine])
        assert list(cost.get_ydata()) == pytest.approx([float(row["cost"]) for row in mine])
        assert star.get_marker() == "*"
        assert [str(star.get_xdata()[0])] == [row["level"] for row in mine if row["chosen"] == "True"]


def test_fig_7a_both_users_with_100_federate_and_nobody_else(panels):
    optimum = panels["a"].optimum
    assert [level for level, samples in zip(optimum.profile, SAMPLES, strict=True) if samples == 100] == [1, 1]
    assert Counter(optimum.profile) == {0: 8, 1: 2}
    assert optimum.ties == ()
    assert round(optimum.alpha, 5) == 0.00986


def test_fig_7a_collects_most_of_the_data_for_little(panels):
    optimum = panels["a"].optimum
    everything = federated_mean(HOMOGENEOUS)((2,) * 10)
    assert optimum.utility > 0.9 * everything
    assert sum(SAMPLES[user] for user in range(10) if optimum.profile[user]) > sum(SAMPLES) / 2
    assert optimum.alpha < 0.01


def test_fig_7a_lets_them_federate_since_more_would_gain_little(panels):
    levels = list(panels["a"].optimum.profile)
    direct = tuple(2 if level == 1 else level for level in levels)
    assert federated_mean(HOMOGENEOUS)(direct) < 1.05 * panels["a"].optimum.utility


def test_fig_7a_more_alpha_brings_more_users_and_many_direct_ones_but_is_outweighed(panels):
    beyond = [piece for piece in panels["a"].pieces if piece.alpha_from > panels["a"].optimum.alpha]
    assert max(Counter(piece.profile)[2] for piece in beyond) >= 7
    assert max(sum(level > 0 for level in piece.profile) for piece in beyond) == 10
    assert max(piece.value(piece.alpha_from) for piece in beyond) < panels["a"].optimum.value


def test_fig_7b_one_user_stays_out_one_federates_eight_share_directly(panels):
    assert Counter(panels["b"].optimum.profile) == {0: 1, 1: 1, 2: 8}
    assert round(panels["b"].optimum.alpha, 4) == 0.3128


def test_fig_7b_those_two_have_the_highest_costs_of_their_size(panels):
    profile, prices = panels["b"].optimum.profile, costs()
    for user in (profile.index(0), profile.index(1)):
        rivals = [prices[i][2] for i in range(10) if SAMPLES[i] == SAMPLES[user]]
        assert prices[user][2] == max(rivals)


def test_fig_7b_has_the_larger_alpha_and_pays_out_more(panels):
    assert panels["b"].optimum.alpha > 10 * panels["a"].optimum.alpha


def test_fig_7b_collecting_direct_data_is_worth_more_there(panels):
    for one, worthwhile in (("a", False), ("b", True)):
        utility = federated_mean(panels[one].regime)
        gain = utility((2,) * 10) - utility((1,) * 10)
        assert (gain > 0.5 * utility((2,) * 10)) is worthwhile


@pytest.mark.parametrize("one", ["a", "b"])
def test_appendix_d_every_equilibrium_but_the_empty_one_has_a_user_at_level_1(panels, one):
    assert all(price[1] < price[2] for price in costs())
    assert len(panels[one].stable) > 20
    for stable in panels[one].stable:
        assert 1 in stable.profile or not any(stable.profile)


@pytest.mark.parametrize("one", ["a", "b"])
def test_the_black_line_is_the_best_equilibrium_at_every_alpha(panels, one):
    panel = panels[one]
    ends = {float(end) for piece in panel.pieces for end in (piece.alpha_from, piece.alpha_to)}
    between = [sum(pair) / 2 for pair in zip(sorted(ends), sorted(ends)[1:], strict=False)]
    for alpha in [*np.linspace(0, 1, 101).tolist(), *between]:
        here = [entry for entry in panel.stable if entry.alpha_from - 1e-12 <= alpha <= entry.alpha_to + 1e-12]
        best = max((1 - alpha) * entry.utility for entry in here)
        assert panel.optimum.landscape.value(alpha) == pytest.approx(best, abs=1e-9)
        assert best <= panel.optimum.value + 1e-9


@pytest.mark.parametrize("one", ["a", "b"])
def test_no_grid_alpha_beats_the_exact_optimum_and_a_coarse_grid_misses_it(panels, one):
    panel = panels[one]
    grid = [panel.optimum.landscape.value(alpha) for alpha in np.linspace(0, 1, 101)]
    assert max(grid) < panel.optimum.value


def test_fig_7_draws_what_it_writes(panels, read_rows):
    for plate, one in zip(ten_users.fig7(), "ab", strict=True):
        rows = [row for row in read_rows(plate) if row["line"] == "best"]
        every = [row for row in read_rows(plate) if row["line"] == "equilibrium"]
        assert (len(rows), len(every)) == (len(panels[one].pieces), len(panels[one].stable))
        top, bottom = plate.figure.axes
        starts = [line.get_ydata()[0] for line in top.lines if line.get_linewidth() == 2]
        assert starts == pytest.approx([float(row["value_at_alpha_from"]) for row in rows])
        assert [text.get_text() for text in bottom.texts if len(text.get_text()) == 1] == list(COST_KINDS)
        grey = [segment[0][1] for segment in top.collections[0].get_segments()]
        assert grey == pytest.approx([float(row["value_at_alpha_from"]) for row in every])
        marked = [line for line in top.lines if line.get_marker() == "o"]
        assert marked[0].get_xdata()[0] == pytest.approx(panels[one].optimum.alpha)


@pytest.mark.parametrize("one", ["a", "b"])
def test_fig_7_lines_are_true_between_their_ends_on_the_scale_that_is_drawn(panels, one):
    panel = panels[one]
    top = ten_users.draw_panel(panel).axes[0]
    for line in top.lines:
        if line.get_linewidth() == 2 and len(line.get_xdata()) > 1:
            places = np.sqrt(line.get_xdata())
            for place in np.linspace(places[0], places[-1], 41)[1:-1]:
                drawn = np.interp(place, places, line.get_ydata())
                assert drawn == pytest.approx(panel.optimum.landscape.value(place**2), abs=0.05)
    for segment, stable in zip(top.collections[0].get_segments(), panel.stable, strict=True):
        assert segment[:, 1] == pytest.approx((1 - segment[:, 0]) * stable.utility)


def test_fig_7_bars_follow_the_chosen_levels(panels):
    from matplotlib.colors import to_hex

    from fairgames.report.style import level_colour

    bottom = ten_users.draw_panel(panels["b"]).axes[1]
    alpha = float(panels["b"].optimum.alpha) + 1e-3
    for user, level in enumerate(panels["b"].optimum.profile):
        covering = [
            to_hex(bars.get_facecolor()[0]).upper()
            for bars in bottom.collections
            for path in bars.get_paths()
            if path.get_extents().contains(alpha, user)
        ]
        assert covering == [level_colour(level).upper()]
