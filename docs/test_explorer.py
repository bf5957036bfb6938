"""The explorer in a real browser: the same numbers as Python, no request, and every question answered from the page."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import fairgames as fg
from fairgames.explorer.page import game_data, module_text, page, page_data
from fairgames.mechanism.dense import best_potential, best_pure, worst_pure
from fairgames.mechanism.problem import as_problem

AXE = Path(__file__).parent / "_build" / "axe" / "axe.min.js"
SEARCHES = {"best": best_pure, "worst": worst_pure, "potential": best_potential}
SCREENS = [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]
N_CASES = 10_000
PARTS = 4


@pytest.fixture
def opened(browser, tmp_path):
    """Open a page without a network; whatever is asked for or goes wrong is listed."""
    contexts = []

    def opening(text, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
        contexts.append(context)
        shown, troubles = context.new_page(), []
        shown.on("request", lambda request: troubles.append(request.url))
        shown.on("pageerror", lambda error: troubles.append(str(error)))
        shown.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(text, "utf-8")
        shown.goto(path.as_uri())
        assert troubles == [path.as_uri()]
        return shown, troubles

    yield opening
    for context in contexts:
        context.close()


def drawn_case(rng, number):
    """A game with ties, near-ties, negative payments, forbidden levels, margins and limits among them."""
    n_users, n_levels = [(1, 3), (2, 2), (2, 3), (3, 2), (3, 3), (4, 2), (4, 3), (5, 2)][rng.integers(8)]
    shape = (n_levels,) * n_users
    styles = [
        lambda: rng.integers(-4, 9, shape) / 1.0,
        lambda: rng.random(shape) * 10.0 ** rng.integers(-3, 4),
        lambda: np.cumsum(rng.random(shape), axis=0) - 0.2,
        lambda: np.round(rng.random(shape), 1),
    ]
    style = int(rng.integers(4))
    worth = styles[style]()
    worth.flat[0] = 0
    costs = rng.random((n_users, n_levels)) * (np.abs(worth).max() or 1) * rng.random()
    if style == 3:
        costs = np.round(rng.random((n_users, n_levels)), 1)
    costs[rng.random(costs.shape) < 0.08] = math.inf
    costs[:, 0] = 0
    selection = list(SEARCHES)[number % 3]
    limits = {}
    if rng.random() < 0.3 and selection == "best":
        limits["margin"] = float(np.round(rng.random() * 0.2, 2))
    if rng.random() < 0.2:
        limits["budget"] = float(rng.random() * np.abs(worth).max())
    if rng.random() < 0.2:
        limits["min_utility"] = float(rng.random() * np.abs(worth).max() * 0.8)
    if rng.random() < 0.2:
        limits["alpha_range"] = sorted(np.round(rng.random(2), 2).tolist())
    return fg.Scenario(worth, costs, selection=selection, **limits)


COMPARE = """cases => cases.map(({ rows, utility, selection, margin, budget, least, range }) => {
  const model = fx.read({ rows, levels: rows[0].costs.map(String), utility });
  const costs = rows.map(({ costs }) => costs.map((cost) => cost ?? Infinity));
  const { found, optimum } = fx.solve(model, costs, { selection, margin, budget, least, range });
  const levels = (state) => fx.countsAt(model, state).map((spread) => spread.indexOf(1));
  return {
    stable: found.state.map((state, place) => [levels(state), found.lo[place], found.hi[place]]),
    optimum: optimum && [levels(optimum.state), optimum.alpha, optimum.value, optimum.reached],
    alpha: optimum && fx.announced(optimum).alpha,
  };
})"""


def page_of(module):
    names = "read, solve, countsAt, announced, respecified, game"
    shared = f"window.fx = {{ {names} }};"
    return f'<!doctype html><meta charset="utf-8"><script type="module">{module}; {shared}</script>'


@pytest.mark.parametrize("part", range(PARTS))
def test_the_page_finds_what_python_finds(opened, part):
    rng = np.random.default_rng(part)
    scenarios = [drawn_case(rng, number) for number in range(N_CASES // PARTS)]
    shown, _ = opened(page_of(module_text()))
    cases = [game_data(scenario) for scenario in scenarios]
    for scenario, seen in zip(scenarios, shown.evaluate(COMPARE, json.loads(json.dumps(cases))), strict=True):
        stable = fg.stable_profiles(scenario.utility, scenario.costs, margin=scenario.margin)
        assert [one[0] for one in seen["stable"]] == [list(one.profile) for one in stable]
        for (_, low, high), one in zip(seen["stable"], stable, strict=True):
            assert (low, high) == pytest.approx((one.alpha_from, one.alpha_to), rel=1e-9, abs=1e-12)
        problem = as_problem(scenario.utility, scenario.costs, limits=scenario.limits)
        peak = SEARCHES[scenario.selection](problem).peak
        assert (seen["optimum"] is None) == (peak is None)
        if peak is not None:
            profile, alpha, value, reached = seen["optimum"]
            worth = abs(peak.piece.terms[0])
            assert profile == list(peak.piece.profile)
            assert alpha == pytest.approx(peak.alpha, rel=1e-9, abs=1e-12)
            assert value == pytest.approx(peak.value, rel=1e-9, abs=1e-9 * worth)
            assert reached == (peak.approached_from is None)


CLINICS = """
title = "Four clinics"
levels = ["absent", "federated", "direct"]
utility = { kind = "federated-mean", between_variance = 4.0, within_variance = 48.0 }
every_user = { costs = { federated = 0.1, direct = 0.4 } }
users = [
  { name = "Boston", samples = 40 }, { name = "New York", samples = 25 },
  { name = "Austin", samples = 25 }, { name = "Reno", samples = 5 },
]
"""
SLIDER = "input[type=range][aria-label='cost of {} to {}']"


@pytest.fixture
def clinics(tmp_path):
    (tmp_path / "clinics.toml").write_text(CLINICS, "utf-8")
    return fg.load(tmp_path / "clinics.toml")


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_the_page_alone_says_what_to_pay_to_whom_and_how_dear_it_may_become(opened, clinics, width, scheme):
    best = fg.optimal_alpha(clinics)
    shown, troubles = opened(page(clinics), width, scheme)
    answer = shown.locator(".answer").inner_text()
    assert f"alpha = {best.announced.text}" in answer
    first = shown.locator("tbody tr").first.inner_text()
    assert first.startswith(clinics.users[int(np.argmax(best.payments))])
    shown.locator(SLIDER.format(clinics.levels[best.profile[1]], "New York")).focus()
    shown.get_by_text("moves alpha along").wait_for()
    said = shown.locator(".asked").inner_text()
    most = float(said.rsplit(" ", 1)[1].rstrip("."))
    costs = clinics.costs.copy()
    for cost, stays in ((most * 0.999, True), (most * 1.001, False)):
        costs[1, best.profile[1]] = cost
        there = fg.optimal_alpha(clinics.utility, costs).profile[1]
        assert (there >= best.profile[1]) == stays
    assert shown.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert len(troubles) == 1


def test_a_slider_moves_by_keyboard_and_the_address_brings_the_position_back(opened, clinics):
    shown, troubles = opened(page(clinics))
    before = shown.locator(".answer").inner_text()
    slider = shown.locator(SLIDER.format("federated", "Boston"))
    slider.focus()
    for _ in range(30):
        slider.press("PageUp")
    after = shown.locator(".answer").inner_text()
    assert after != before
    assert "Since the last position" in shown.locator(".change").inner_text()
    shown.wait_for_function("() => location.hash.startsWith('#explore?')")
    shown.reload()
    assert shown.locator(".answer").inner_text() == after
    shown.get_by_role("button", name="Back to the start").click()
    assert shown.locator(".answer").inner_text() == before
    assert not [trouble for trouble in troubles if not trouble.startswith("file:")]


def test_a_position_is_saved_as_a_specification_that_gives_the_same_answer(opened, clinics, tmp_path):
    shown, _ = opened(page(clinics))
    shown.get_by_role("button", name="Everybody minds twice as much").click()
    with shown.expect_download() as download:
        shown.get_by_role("button", name="Save as a specification").click()
    download.value.save_as(tmp_path / "moved.toml")
    moved = fg.load(tmp_path / "moved.toml")
    assert [float(cost) for cost in moved.costs[0]] == [0, 0.2, 0.8]
    assert f"alpha = {fg.optimal_alpha(moved).announced.text}" in shown.locator(".answer").inner_text()
    with shown.expect_download() as download:
        shown.get_by_role("button", name="Save the picture").click()
    assert download.value.suggested_filename == "landscape.svg"


def test_what_a_user_does_not_choose_may_be_pinned_left_out_and_compared(opened, clinics):
    shown, _ = opened(page(clinics))
    shown.get_by_role("button", name="Pin this position").click()
    shown.get_by_label("may take part").first.uncheck()
    assert "Against the pinned position" in shown.locator(".change").inner_text()
    assert "Boston" in shown.locator(".change").inner_text()
    costs = clinics.costs.copy()
    costs[0, 1:] = np.inf
    assert f"alpha = {fg.optimal_alpha(clinics.utility, costs).announced.text}" in shown.locator(".answer").inner_text()


def test_entries_of_identical_users_move_by_their_counts(opened):
    utility = fg.FederatedMeanUtility([20, 50], 4, 48, counts=[12, 6])
    scenario = fg.Scenario(utility, [[0, "1/10", "2/5"], [0, "1/5", "1/2"]], ["small", "large"])
    best = fg.optimal_alpha(scenario)
    shown, _ = opened(page(scenario))
    assert f"alpha = {best.announced.text}" in shown.locator(".answer").inner_text()


def test_too_many_states_show_the_answer_and_say_so(opened):
    scenario = fg.Scenario(
        fg.CountUtility([0, *np.sqrt(np.arange(1, 70_001))]), [0, 0.001], ["phones"], counts=[70_000]
    )
    shown, _ = opened(page(scenario))
    assert "The platform does best" in shown.locator(".answer").inner_text()
    assert "too many states" in shown.locator("section").inner_text()


HOSTILE = ["<script>window.broken = 1</script>", "</script><img src=x onerror='window.broken = 1'>", "a\nb\"'`${1}\\"]


def test_names_that_hold_scripts_run_nothing(opened):
    scenario = fg.Scenario(
        [[[0, 1], [1, 2]], [[1, 2], [2, 3]]], [0, "1/2"], HOSTILE, ["absent", "<b onclick='x'>"], title=HOSTILE[1]
    )
    shown, troubles = opened(page(scenario))
    assert shown.evaluate("() => window.broken") is None
    assert HOSTILE[0] in shown.locator("section").inner_text()
    assert len(troubles) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": []}, "at least one user"),
        ({"levels": ["only"]}, "at least two levels"),
        ({"utility": "AAAAAAAA8H8="}, "finite numbers"),
        ({"rows": [{"name": "a", "size": 1, "costs": [0, -1]}]}, "at least 0"),
        ({"rows": [{"name": "a", "size": 1e9, "costs": [0, "1"]}]}, "null where forbidden"),
        ({"margin": math.nan}, "not valid JSON"),
        ({"utility": "AAAAAAAAAAA="}, "must have 4 values"),
    ],
)
def test_a_broken_scenario_shows_the_error(opened, change, said):
    data = game_data(fg.Scenario([[0, 1], [1, 2]], [0, "1/2"])) | change
    text = page(fg.Scenario([[0, 1], [1, 2]], [0, "1/2"]))
    start = text.index('-data">') + len('-data">')
    broken = text[:start] + json.dumps(data) + text[text.index("</script>", start) :]
    shown, _ = opened(broken)
    assert said in shown.get_by_role("alert").inner_text()


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_no_serious_fault(opened, clinics, width, scheme):
    shown, _ = opened(page(clinics), width, scheme)
    shown.evaluate(AXE.read_text("utf-8"))
    found = shown.evaluate("() => axe.run().then((result) => result.violations)")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}] == []


NOTEBOOK = """(data) => {
  const el = document.body.appendChild(document.createElement("div"));
  const held = { data };
  const [get, set] = [(name) => held[name], (name, value) => (held[name] = value)];
  const model = { get, set, save_changes: () => set("saved", true) };
  fx.widget.render({ model, el });
  const [slider] = [...el.shadowRoot.querySelectorAll("input[type=range]")].slice(3);
  slider.value = slider.max;
  slider.dispatchEvent(new Event("input"));
  return { costs: held.costs, saved: held.saved, said: el.shadowRoot.querySelector(".answer").textContent };
}"""


def test_a_notebook_hears_the_costs_of_the_position(opened, clinics):
    module = module_text().replace("export default {", "window.widget = {")
    shown, _ = opened(page_of(module).replace("window.fx = { ", "window.fx = { widget, "))
    answer = shown.evaluate(NOTEBOOK, page_data(clinics))
    assert answer["saved"]
    assert answer["costs"][0][0] == 0
    assert answer["costs"][0][1] > 0.1
    widget = fg.explore(clinics)
    widget.costs = answer["costs"]
    assert f"alpha = {fg.optimal_alpha(widget.scenario).announced.text}" in answer["said"]
