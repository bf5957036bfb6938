"""The explorer in a real browser: the same numbers as Python, no request, and every question answered from the page."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

import fairgames as fg
from fairgames.explorer.page import game_data, module_text, page
from fairgames.mechanism.dense import best_potential, best_pure, worst_pure
from fairgames.mechanism.problem import as_problem

AXE = Path(__file__).parent / "_build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
SEARCHES = {"best": best_pure, "worst": worst_pure, "potential": best_potential}
SCREENS = [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]
N_CASES = 10_000
PARTS = 4


@pytest.fixture(scope="module")
def browser():
    program = next(filter(None, map(shutil.which, ["chromium-headless-shell", "chromium"])), None)
    assert program, "no Chromium on this machine: on Debian, sudo apt-get install chromium-headless-shell"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


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
    return f'<!doctype html><meta charset="utf-8"><script type="module">{module}; window.fx = {{ read, solve, countsAt, announced, respecified, game, breakingCost }};</script>'


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
        peak = SEARCHES[scenario.selection](as_problem(scenario)).peak
        assert (seen["optimum"] is None) == (peak is None)
        if peak is not None:
            profile, alpha, value, reached = seen["optimum"]
            worth = abs(peak.piece.terms[0])
            assert profile == list(peak.piece.profile)
            assert alpha == pytest.approx(peak.alpha, rel=1e-9, abs=1e-12)
            assert value == pytest.approx(peak.value, rel=1e-9, abs=1e-9 * worth)
            assert reached == (peak.approached_from is None)
