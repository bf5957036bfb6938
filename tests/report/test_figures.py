from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from fairgames import FederatedMeanUtility, InputError, Scenario, optimal_alpha, stable_profiles
from fairgames.equilibrium.intervals import StableProfile
from fairgames.mechanism.landscape import Landscape, Piece
from fairgames.mechanism.optimum import Optimum
from fairgames.report.figures import (
    MOST_ROWS,
    contrast_figure,
    curve,
    fit_figure,
    intervals_figure,
    payments_figure,
    solution_figure,
)
from fairgames.report.style import ACCENT, PALETTE, house_style, level_colour, new_figure, save_figure
from fairgames.scenario.users import UserRow, user_rows


def rows(n_rows, **changes):
    fields = {"count": 1, "samples": 5, "level_name": "direct", "standard_error": 0.0, "cost": Fraction(1, 5)}
    return [
        UserRow(**({"name": f"user {place}", "payment": 0.1 * (place + 1), "level": 1 + place % 2} | fields | changes))
        for place in range(n_rows)
    ]


def test_bars_are_the_payments_coloured_by_level():
    (axes,) = payments_figure(rows(3), "Title").axes
    bars = axes.containers[-1]
    assert [bar.get_width() for bar in bars] == pytest.approx([0.1, 0.2, 0.3])
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars] == [level_colour(level) for level in (1, 2, 1)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["user 0", "user 1", "user 2"]
    assert axes.yaxis_inverted()
    (costs,) = [line for line in axes.lines if line.get_marker() == "D"]
    assert costs.get_xdata() == pytest.approx([0.2] * 3)
    assert [text.get_text() for text in axes.texts] == ["0.1000", "0.2000", "0.3000"]
    assert axes.get_title(loc="left") == "Title"


def test_unknown_and_forbidden_costs_have_no_mark():
    for cost in (None, float("inf"), Fraction(0)):
        (axes,) = payments_figure(rows(2, cost=cost), "Title").axes
        assert not [line for line in axes.lines if line.get_marker() == "D"]


def test_estimates_have_error_bars():
    (axes,) = payments_figure(rows(1, standard_error=0.05), "Title").axes
    (whiskers,) = axes.collections
    (segment,) = whiskers.get_segments()
    assert segment[:, 0] == pytest.approx([0.1 - 1.96 * 0.05, 0.1 + 1.96 * 0.05])


def test_negative_payments_lie_left_of_zero():
    (axes,) = payments_figure(rows(1, payment=-0.5), "Title").axes
    assert axes.containers[-1][0].get_width() == -0.5
    assert axes.get_xlim()[0] < -0.5


def test_many_users_are_cut_with_a_word_about_it():
    (axes,) = payments_figure(rows(MOST_ROWS + 5), "Title").axes
    assert len(axes.containers[-1]) == MOST_ROWS
    assert f"(the {MOST_ROWS} best paid of {MOST_ROWS + 5} users)" in axes.get_title(loc="left")


def test_intervals_are_drawn_from_end_to_end(two_users):
    stable = stable_profiles(two_users.utility, two_users.costs)
    (axes,) = intervals_figure(stable, two_users).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["AA", "PA", "AP", "PP"]
    by_alpha = sorted(stable, key=lambda entry: (entry.alpha_from, entry.alpha_to))
    for place, (line, entry) in enumerate(zip(axes.lines, by_alpha, strict=True)):
        assert list(line.get_xdata()) == [float(entry.alpha_from), float(entry.alpha_to)]
        assert list(line.get_ydata()) == [place, place]
    assert "A = absent, P = present" in axes.get_xlabel()


def test_the_alpha_in_question_is_marked(two_users):
    stable = stable_profiles(two_users.utility, two_users.costs)
    (axes,) = intervals_figure(stable, two_users, 0.5).axes
    assert [line.get_xdata()[0] for line in axes.lines if line.get_color() == ACCENT] == [0.5]


def test_a_single_alpha_stays_in_sight(two_users):
    point = StableProfile((0, 0), Fraction(1, 2), Fraction(1, 2), Fraction(0), Fraction(0))
    (axes,) = intervals_figure([point], two_users).axes
    assert axes.lines[0].get_marker() == "|"
    assert list(axes.lines[0].get_xdata()) == [0.5, 0.5]


def test_small_alphas_are_widened_and_it_is_said(two_users):
    small = [StableProfile((0, 0), 0.01 * k, 0.01 * k + 0.005, 1.0, 0.0) for k in range(6)]
    (axes,) = intervals_figure(small, two_users).axes
    assert "square-root scale" in axes.get_xlabel()
    left, middle, right = axes.transData.transform([(0, 0), (0.25, 0), (1, 0)])[:, 0]
    assert middle - left == pytest.approx((right - left) / 2)


def test_a_fit_is_drawn_with_a_point_a_group():
    from fairgames import fit_federated_mean

    data = {"g": ["a", "a", "a", "b", "b"], "v": [1, 2, 3, 7, 9]}
    fit = fit_federated_mean(data, "g", "v")
    (axes,) = fit_figure(fit).axes
    points = axes.containers[0].lines[0]
    assert list(points.get_xdata()) == [3, 2]
    assert list(points.get_ydata()) == [2, 8]
    assert [text.get_text() for text in axes.texts] == ["a", "b"]
    assert axes.get_ylabel() == "mean v (bars: ± 1 standard error)"


def test_of_many_groups_the_unusual_ones_are_named():
    from fairgames import fit_federated_mean

    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    age = rng.normal(size=200)
    values = rng.normal(size=40)[groups] + rng.normal(size=200) + age
    values[groups == 7] += 30
    columns = {"g": [f"school {group}" for group in groups], "v": values, "age": age}
    (axes,) = fit_figure(fit_federated_mean(columns, "g", "v", covariates=["age"])).axes
    named = [text.get_text() for text in axes.texts]
    assert named[0] == "school 7"
    assert len(named) == 6
    assert axes.get_ylabel() == "mean v, adjusted for age (bars: ± 1 standard error)"


def test_the_landscape_marks_the_optimum(two_users):
    optimum = optimal_alpha(two_users.utility, two_users.costs)
    figure = solution_figure(optimum, (), (), two_users)
    (axes,) = figure.axes
    marks = [line for line in axes.lines if line.get_marker() == "o" and line.get_color() == ACCENT]
    assert [(mark.get_xdata()[0], mark.get_ydata()[0]) for mark in marks] == [
        (pytest.approx(3 / 5), pytest.approx(29 / 75))
    ]
    curves = [line for line in axes.lines if to_hex(line.get_color()).upper() == level_colour(2)]
    assert max(np.max(line.get_ydata()) for line in curves) == pytest.approx(29 / 75)


def test_a_solution_has_a_panel_a_question(five_users):
    optimum = optimal_alpha(five_users.utility, five_users.costs)
    stable = stable_profiles(five_users.utility, five_users.costs)
    users = user_rows(five_users, optimum.profile, optimum.payments)
    figure = solution_figure(optimum, users, stable, five_users)
    assert len(figure.axes) == 3
    assert figure.get_suptitle() == "Five users"


def test_of_many_users_the_best_paid_are_drawn_beside_the_search_and_its_bound():
    n_users = MOST_ROWS + 20
    asked = Scenario(FederatedMeanUtility(range(5, 5 + n_users), 1, 9), [0, 0.1, 0.2])
    levels, payments = (
        (2,) * (n_users - 4) + (0,) * 4,
        np.random.default_rng(0).permutation(np.arange(1.0, n_users + 1)),
    )
    landscape = Landscape((Piece(0.25, 0.5, closed_from=True, closed_to=True, terms=(40.0, 0.0, 0.0)),), "best")
    told = {"searched": "some", "profile": levels, "payments": payments, "costs": payments / 2, "landscape": landscape}
    optimum = Optimum(alpha=0.25, value=30.0, utility=40.0, attained=True, upper_bound=33.0, regret=0.0, **told)
    figure = solution_figure(optimum, user_rows(asked, levels, payments), (), asked)
    left, right = figure.axes
    assert [float(line.get_ydata()[0]) for line in left.lines if line.get_linestyle() == "--"] == [33]
    assert "no equilibrium leaves more than 33" in [text.get_text() for text in left.texts]
    assert "that the search met" in left.get_title(loc="left")
    assert [bar.get_width() for bar in right.patches[:MOST_ROWS]] == sorted(payments, reverse=True)[:MOST_ROWS]
    out = np.argsort(payments)[:20]
    staying = sum(user < n_users - 4 for user in out.tolist())
    label = right.get_xlabel().splitlines()[1]
    assert f"{staying} level 2" in label
    assert f"{20 - staying} absent" in label
    assert f"paid {payments[out].sum():.1f}" in label
    figure.canvas.draw()
    assert figure.get_tightbbox().y0 > -0.02


def test_an_infeasible_problem_still_draws(two_users):
    optimum = optimal_alpha(two_users.utility, two_users.costs, min_utility=5)
    assert optimum.infeasible
    assert len(solution_figure(optimum, (), (), two_users).axes) == 1


@pytest.mark.parametrize("terms", [(1.0, 0.0, 0.0), (1.0, -0.1, 0.0), (1.0, 0.2, -0.01)])
def test_curves_follow_the_landscape(terms):
    piece = Piece(0.25, 0.5, closed_from=True, closed_to=True, terms=terms)
    alphas, values = curve(piece)
    assert (alphas[0], alphas[-1]) == (0.25, 0.5)
    assert values == pytest.approx([(1 - a) * (terms[0] + terms[1] / a + terms[2] / a**2) for a in alphas])
    assert len(curve(Piece(0.5, 0.5, closed_from=True, closed_to=True, terms=terms))[0]) == 1


def test_a_curve_from_zero_stays_finite():
    piece = Piece(0.0, 0.5, closed_from=False, closed_to=True, terms=(1.0, 0.1, 0.0))
    assert np.isfinite(curve(piece)[1]).all()


def test_the_first_colours_can_be_told_apart_in_grey():
    # Rec. 709 luma of the colours of the usual three levels.
    luma = [np.dot([0.2126, 0.7152, 0.0722], to_rgb(colour)) for colour in PALETTE[:3]]
    assert min(abs(a - b) for i, a in enumerate(luma) for b in luma[:i]) > 0.02
    assert len(set(PALETTE)) == len(PALETTE)


def test_the_callers_settings_are_left_alone():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with house_style():
        assert mpl.rcParams["axes.spines.top"] is False
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_figures_are_written_and_reproducible(tmp_path, ending):
    paths = [tmp_path / f"{name}.{ending}" for name in "ab"]
    for path in paths:
        save_figure(payments_figure(rows(2), "Title"), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size > 1000


def test_a_figure_that_cannot_be_written_is_refused(tmp_path):
    figure = new_figure(1, 1)
    with pytest.raises(InputError, match=r"--figure: must end in .png, .pdf, .svg"):
        save_figure(figure, tmp_path / "x.gif")
    with pytest.raises(InputError, match="--figure: must name a file in an existing folder"):
        save_figure(figure, tmp_path / "no" / "x.png")
    (tmp_path / "x.png").mkdir()
    with pytest.raises(InputError, match="--figure: cannot be written"):
        save_figure(figure, tmp_path / "x.png")


def test_rules_are_drawn_side_by_side(two_users):
    from fairgames import compare_rules
    from fairgames.report.figures import comparison_figure

    compared = compare_rules(two_users.utility, two_users.costs)
    (axes,) = comparison_figure(compared, "Title").axes
    kept, gained = axes.containers
    assert [bar.get_width() for bar in kept] == pytest.approx([float(one.platform_keeps) for one in compared.outcomes])
    assert [bar.get_width() for bar in gained] == pytest.approx([float(one.users_surplus) for one in compared.outcomes])
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "fair"
    assert "leave one out\nbreaks efficiency" in labels


def test_a_sweep_is_drawn_at_its_values():
    from fairgames import sweep
    from fairgames.report.figures import sweep_figure

    found = sweep(lambda cost: optimal_alpha([[0, "2/3"], ["2/3", 1]], [0, cost]), ["1/10", "2/10", 9], name="cost")
    left, right = sweep_figure(found, "Title").axes
    assert list(left.lines[0].get_xdata()) == [0.1, 0.2, 9.0]
    assert list(left.lines[0].get_ydata()) == pytest.approx([0.2, 0.4, 0.0])
    assert list(right.lines[0].get_ydata()) == pytest.approx([float(one.value) for one in found.optima])
    assert left.get_xlabel() == "cost"


def test_landscapes_are_contrasted_side_by_side(two_users, five_users):
    specs = (two_users, five_users)
    optima = [optimal_alpha(spec.utility, spec.costs) for spec in specs]
    figure = contrast_figure(optima, [spec.title for spec in specs])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Two users", "Five users"]
    for axes, optimum in zip(figure.axes, optima, strict=True):
        (mark,) = [line for line in axes.lines if line.get_color() == ACCENT and line.get_marker() == "o"]
        assert mark.get_ydata()[0] == pytest.approx(float(optimum.value))
