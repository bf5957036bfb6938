"""A scenario that moves: one HTML file, a notebook widget, and what both hand to the ES module beside this file.

Costs enter the users' game only linearly, so the utility at every state is all that a browser needs; it computes the
potential itself (`explorer.js`). ``fairgames explore`` writes `page`; `fairgames.explore` is the widget.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html
import json
import math
from importlib.resources import files
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Number, to_float
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum
from fairgames.report.tables import optimum_sentences
from fairgames.scenario.scenario import Scenario
from fairgames.spec.save import specification_of

MOST_STATES = 60_000
"""States of counts of the entries that a page moves; beyond, it shows the answer as it was computed."""


def page_data(scenario: Scenario) -> dict[str, Any]:
    """Return all that the page needs to know of a scenario, ready for JSON.

    Raises
    ------
    InputError
        If the scenario has no costs.
    """
    data, best = game_data(scenario), optimal_alpha(scenario)
    if data["utility"] is None:
        return data | {"given": {"sentence": " ".join(optimum_sentences(best))}}
    return data | {"mixed": _mixed(best), "spec": _specification(scenario)}


def game_data(scenario: Scenario) -> dict[str, Any]:
    """Return users, costs and limits, and the utility at every state unless there are too many."""
    levels = _levels(scenario)
    states = math.prod(math.comb(n + k - 1, k - 1) for n, k in zip(scenario.counts, levels, strict=True))
    rows = zip(
        scenario.users, scenario.counts, scenario.entry_costs, levels, scenario.entry_types.tolist(), strict=True
    )
    worth = _utilities(scenario) if states <= MOST_STATES else None
    return {
        "title": scenario.title,
        "levels": list(scenario.levels),
        "rows": [
            {
                "name": name,
                "size": count,
                "costs": [float(cost) if math.isfinite(cost) else None for cost in costs[:n_levels].tolist()],
                "link": f"{kind} {costs.tolist()}",
            }
            for name, count, costs, n_levels, kind in rows
        ],
        "utility": None if worth is None else base64.b64encode(worth.astype("<f8").tobytes()).decode(),
        "selection": scenario.selection,
        "margin": float(scenario.margin),
        "budget": _float(scenario.budget),
        "least": _float(scenario.min_utility),
        "range": [float(end) for end in scenario.alpha_range],
        "unit": scenario.unit,
    }


def _levels(scenario: Scenario) -> list[int]:
    starts = np.cumsum(scenario.counts) - scenario.counts
    return [scenario.utility.shape[user] for user in starts.tolist()]


def _float(number: Number | None) -> float | None:
    return None if number is None else float(number)


def _utilities(scenario: Scenario) -> NDArray[np.float64]:
    """Utility at every state, entries in order, the states of each as sorted lists of its users' levels are."""
    if scenario.is_by_user:
        return to_float(scenario.utility.tensor()).reshape(-1)
    types, levels = scenario.entry_types, _levels(scenario)
    spreads = [
        np.array([np.bincount(one, minlength=max(levels)) for one in combinations_with_replacement(range(k), n)])
        for n, k in zip(scenario.counts, levels, strict=True)
    ]
    states = np.zeros((math.prod(map(len, spreads)), len(scenario.utility.type_sizes), max(levels)), dtype=np.intp)
    for entry, places in enumerate(np.indices([len(spread) for spread in spreads]).reshape(len(spreads), -1)):
        states[:, types[entry]] += spreads[entry][places]
    return to_float(scenario.utility.evaluate_counts(states))


def _mixed(best: Optimum) -> dict[str, Any] | None:
    """Where users who mix leave the platform more than any pure choice."""
    if best.strategies is None or best.announced is None:
        return None
    return {"value": float(best.announced.value), "alpha": best.announced.text}


def _specification(scenario: Scenario) -> str | None:
    """Text of a specification in which the page writes the costs of its position; None where there is none."""
    try:
        return specification_of(dataclasses.replace(scenario, data=None), Path())
    except (InputError, SizeError):
        return None


def page(scenario: Scenario) -> str:
    """Write a scenario as one HTML page that needs no network: costs move, and the answer with them."""
    return _PAGE.format(title=html.escape(scenario.title), explorer=element(scenario, link=True))


def element(scenario: Scenario, *, link: bool) -> str:
    """Write a scenario as an element of a page; ``link``: keep its position in the address of that page."""
    # Nothing that a name holds can end the script that holds it.
    data = json.dumps(page_data(scenario), allow_nan=False).replace("<", "\\u003c")
    name = f"explorer-{hashlib.sha256(data.encode()).hexdigest()[:8]}"
    held = f"document.getElementById('{name}-data').textContent"
    return (
        f'<div id="{name}"></div>\n<script type="application/json" id="{name}-data">{data}</script>\n'
        f'<script type="module">\n{module_text()}\n'
        f"mount(document.getElementById('{name}'), {held}, {{ link: {str(link).lower()} }});\n</script>"
    )


def module_text() -> str:
    """Return the ES module that draws it all."""
    return files("fairgames.explorer").joinpath("explorer.js").read_text("utf-8")


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem; }}
</style>
</head>
<body>
<main>
{explorer}
</main>
</body>
</html>
"""
