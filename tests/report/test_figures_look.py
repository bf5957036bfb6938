from __future__ import annotations

import pytest

from fairgames import compare_rules, fit_federated_mean, optimal_alpha, stable_profiles, sweep
from fairgames.report import figures
from fairgames.scenario.users import user_rows

# The style is our own; the plugin would otherwise use matplotlib's classic one when it saves.
COMPARED = {"baseline_dir": "baseline", "tolerance": 2, "style": "default", "savefig_kwargs": {"dpi": 60}}


@pytest.fixture
def solution(five_users):
    """Everything that a solution of five users shows."""
    optimum = optimal_alpha(five_users.utility, five_users.costs)
    users = user_rows(five_users, optimum.profile, optimum.payments)
    stable = stable_profiles(five_users.utility, five_users.costs)
    return optimum, users, stable, five_users


@pytest.mark.mpl_image_compare(filename="solution.png", **COMPARED)
def test_a_solution_looks_as_before(solution):
    return figures.solution_figure(*solution)


@pytest.mark.mpl_image_compare(filename="rules.png", **COMPARED)
def test_rules_look_as_before(two_users):
    return figures.comparison_figure(compare_rules(two_users.utility, two_users.costs), "Two users")


def cut_off(figure):
    """Inches by which anything that is drawn leaves the page."""
    figure.canvas.draw()
    drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    return max(-drawn.x0, -drawn.y0, drawn.x1 - width, drawn.y1 - height)


def drawn_figures(solution):
    optimum, users, stable, spec = solution
    long = [type(user)(**{**vars(user), "name": f"{user.name} of the last year but one"}) for user in users]
    yield "solution", figures.solution_figure(optimum, users, stable, spec)
    yield "landscape alone", figures.solution_figure(optimum, (), (), spec)
    yield "payments alone", figures.payments_figure(long, "Title")
    yield "intervals alone", figures.intervals_figure(stable, spec, 0.5)
    yield "contrast", figures.contrast_figure([optimum, optimum], ["Left", "Right"])
    yield "rules", figures.comparison_figure(compare_rules(spec.utility, spec.costs), "Title")
    data = {"g": ["a", "a", "a", "b", "b"], "v": [1, 2, 3, 7, 9]}
    yield "fit", figures.fit_figure(fit_federated_mean(data, "g", "v"))
    found = sweep(lambda cost: optimal_alpha([[0, "2/3"], ["2/3", 1]], [0, cost]), ["1/10", "3/10"], name="cost")
    yield "sweep", figures.sweep_figure(found, "Title")


def test_nothing_is_cut_off(solution):
    assert {name: round(cut_off(figure), 3) for name, figure in drawn_figures(solution) if cut_off(figure) > 0.02} == {}


def test_a_solution_without_a_landscape_has_room_for_its_legend(solution):
    import dataclasses

    optimum, users, _, spec = solution
    assert cut_off(figures.solution_figure(dataclasses.replace(optimum, landscape=None), users, (), spec)) < 0.02
    narrow = figures.solution_figure(dataclasses.replace(optimum, landscape=None), users, (), spec)
    narrow.set_size_inches(3, 3)
    assert cut_off(narrow) > 0.02


def test_titles_of_the_panels_are_level(solution):
    figure = figures.solution_figure(*solution)
    figure.canvas.draw()
    heights = {round(axes._left_title.get_window_extent().y0) for axes in figure.axes}
    assert len(heights) == 1


def test_few_users_in_a_high_figure_are_bars_and_no_blocks(solution):
    optimum, users, stable, spec = solution
    figure = figures.solution_figure(optimum, users[:2], stable, spec)
    figure.canvas.draw()
    bar = figure.axes[1].containers[-1][0]
    assert bar.get_window_extent().height < 0.5 * figure.dpi
