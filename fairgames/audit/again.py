"""Ask a saved question again, and compare field by field; and the `Book` in which each field gets its verdict.

The computation is that of the first time, bit for bit where it samples (from the recorded seed): it finds what was
changed since. What it may have got wrong itself is for `claims`, by other means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np

from fairgames.assessment.agreement import compare_solvers
from fairgames.assessment.explain import explain_payments, false_names
from fairgames.equilibrium.intervals import stable_profiles
from fairgames.equilibrium.solve import equilibria
from fairgames.errors import InputError, SizeError
from fairgames.exactness import as_number
from fairgames.game.fair_game import FairGame
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.payments.fair import coalition_payments
from fairgames.payments.pricing import fair_payments
from fairgames.report.tables import rows_to_dicts
from fairgames.result import json_ready
from fairgames.scenario.scenario import Scenario
from fairgames.scenario.users import priced_rows
from fairgames.tolerance import RELATIVE

Outcome: TypeAlias = Literal["failed", "proven", "sampled", "computed again", "not checked"]

FREE_TEXT = {"reason", "infeasible"}
"""Fields of words that no computation decides: what they say differs between versions."""


_PRICED = {"profile", "alpha", "engine", "exact", "seed"}
_ASKED = {
    "solve": {"max_seconds"},
    "equilibria": {"alpha", "method", "compare", "timeout", "max_seconds"},
    "payments": {*_PRICED, "unit_value", "explain", "false_names"},
    "Optimum": {"blocs", "engine"},
    "EquilibriumSet": {"alpha", "method", "rationalize"},
}
"""What is asked beside the scenario, by command and by kind of a result that was saved by itself."""


class Book:
    """Verdict on every field of a result; failures stay, and a stronger verdict replaces a weaker one."""

    ORDER = ("failed", "proven", "sampled", "computed again", "not checked")

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.verdicts: dict[str, tuple[Outcome, str]] = {}

    def note(self, place: str, outcome: Outcome, how: str) -> None:
        """Note a verdict; entries of a list share one."""
        field = re.sub(r"(\[\])+(?= |$)", "", re.sub(r"\[\d+\]", "[]", place))
        known = self.verdicts.get(field)
        if known is None or self.ORDER.index(outcome) < self.ORDER.index(known[0]):
            self.verdicts[field] = outcome, how

    def fail(self, place: str, problem: str) -> None:
        """Note that something does not hold."""
        self.failures.append(f"{place}: {problem}")
        self.note(place, "failed", problem)

    def claim(self, place: str, holds: bool, problem: str, how: str, outcome: Outcome = "proven") -> None:
        """Note whether a claim holds."""
        if holds:
            self.note(place, outcome, how)
        else:
            self.fail(place, problem)


def ask_again(command: str, scenario: Scenario, asked: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a saved question once more; JSON-ready.

    Raises
    ------
    InputError, SizeError
        If what was asked is no question.
    """
    answers = {"solve": _solved, "equilibria": _settled, "payments": _priced, "save": _one_result}[command]
    for name in {"timeout", "max_seconds"} & set(asked):
        limit = asked[name]
        if limit is not None and not as_number(limit, f"asked.{name}") > 0:
            raise InputError(f"asked.{name}", "must be above 0", limit)
    kind = command if command != "save" else str(saved.get("result", {}).get("kind"))
    if kind in _ASKED and set(asked) != _ASKED[kind]:
        raise InputError("asked", f"must hold {', '.join(sorted(_ASKED[kind])) or 'nothing'}", sorted(asked))
    found: dict[str, Any] = json.loads(json.dumps(json_ready(answers(scenario, asked, saved))))
    return found


def _solved(scenario: Scenario, _: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, object]:
    try:
        stable = None if saved.get("stable_profiles") is None else stable_profiles(scenario)
    except SizeError:
        stable = None
    listed = stable if stable is None else sorted(stable, key=_most_kept, reverse=True)
    return {"title": scenario.title, "optimum": optimal_alpha(scenario), "stable_profiles": listed}


def _most_kept(stable: Any) -> Any:
    return (1 - (stable.alpha_from if stable.utility >= 0 else stable.alpha_to)) * stable.utility


def _settled(scenario: Scenario, asked: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, object]:
    alpha = as_number(asked.get("alpha"), "asked.alpha")
    head = {"title": scenario.title, "alpha": alpha}
    if "equilibrium" in saved:
        return {**head, "equilibrium": optimal_alpha(at_one_alpha(scenario, alpha))}
    game = FairGame(scenario, alpha=alpha)
    found: dict[str, object] = {**head, "equilibria": equilibria(game, asked.get("method", "auto"))}
    if asked.get("compare"):
        found["agreement"] = compare_solvers(game)
    return found


def at_one_alpha(scenario: Scenario, alpha: Any) -> Scenario:
    """Ask what users settle on at one alpha, without any other limit."""
    free: dict[str, Any] = {"selection": "best", "margin": 0, "budget": None, "min_utility": None}
    return replace(scenario, alpha_range=(alpha, alpha), **free)


def _priced(scenario: Scenario, asked: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, object]:
    money = as_number(asked.get("unit_value"), "asked.unit_value")
    levels = [int(level) for level in asked.get("profile", ())]
    if len(levels) != len(scenario.users):
        raise InputError("asked.profile", f"must have a level for each of {len(scenario.users)} users", levels)
    everybody = np.repeat(levels, scenario.counts)
    profile: Any = everybody
    if np.ndim(saved.get("payments", {}).get("values", [])) == 2:
        profile = np.zeros((len(scenario.utility.type_sizes), len(scenario.levels)), dtype=np.intp)
        np.add.at(profile, (scenario.utility.types, everybody), 1)
    how = {key: asked[key] for key in ("engine", "exact", "seed") if key in asked}
    if asked.get("alpha") is None:
        answer = coalition_payments(scenario.utility, profile)
    else:
        answer = fair_payments(scenario.utility, profile, as_number(asked["alpha"], "asked.alpha"), **how)
    rows = [row.in_money(money) for row in priced_rows(scenario, levels, answer)]
    found: dict[str, object] = {"title": scenario.title, "unit_value": money}
    found |= {"rows": rows_to_dicts(rows), "payments": answer}
    worth: Any = scenario.utility
    alpha: Any = answer.alpha
    if asked.get("explain"):
        found["explanation"] = explain_payments(worth, everybody.tolist(), alpha, money)
    if asked.get("false_names"):
        found["false_names"] = _false_names(scenario, everybody.tolist(), alpha)
    return found


def _false_names(scenario: Scenario, levels: list[int], alpha: Any) -> dict[str, object]:
    found: dict[str, object] = {}
    worth: Any = scenario.utility
    for user, (name, entry) in enumerate(zip(scenario.user_names, scenario.entry_of_user.tolist(), strict=True)):
        samples = None if scenario.samples is None else scenario.samples[entry]
        found[f"{name}: its data twice"] = false_names(worth, levels, user, alpha=alpha)
        if isinstance(samples, int) and samples > 1:
            halves = [samples // 2, samples - samples // 2]
            found[f"{name}: half under each name"] = false_names(worth, levels, user, halves, alpha)
    return found


def _one_result(scenario: Scenario, asked: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, object]:
    kind = saved.get("result", {}).get("kind")
    how = {key: value for key, value in asked.items() if value is not None}
    if kind == "Optimum":
        return {"result": optimal_alpha(scenario, **how)}
    if kind == "EquilibriumSet":
        game = FairGame(scenario, alpha=as_number(how.pop("alpha", None), "asked.alpha"))
        return {"result": equilibria(game, **how)}
    if kind == "Payments":
        if "alpha" not in how:
            return {"result": coalition_payments(scenario, how.get("profile"))}
        return {"result": fair_payments(scenario, **how | {"alpha": as_number(how["alpha"], "asked.alpha")})}
    raise InputError("result.kind", "must be Optimum, EquilibriumSet or Payments to be verified", kind)


def compare(book: Book, place: str, saved: Any, again: Any, scale: float) -> None:
    """Compare what was saved with what was found again; floats of this scale may differ by rounding, which is said."""
    if isinstance(saved, dict) and isinstance(again, dict):
        for key in sorted(saved.keys() | again.keys(), key=str):
            where = f"{place}.{key}" if place else key
            if key not in saved:
                book.fail(where, "is missing")
            elif key not in again:
                book.fail(where, "is not a part of such a result")
            else:
                compare(book, where, saved[key], again[key], scale)
    elif isinstance(saved, list) and isinstance(again, list):
        if len(saved) != len(again):
            book.fail(place, f"has {len(saved)} entries where {len(again)} are found")
        for number, (left, right) in enumerate(zip(saved, again, strict=False)):
            compare(book, f"{place}[{number}]", left, right, scale)
        if not saved:
            book.note(place, "computed again", "the same")
    else:
        _compare_values(book, place, saved, again, scale)


def _compare_values(book: Book, place: str, saved: Any, again: Any, scale: float) -> None:
    words = isinstance(saved, str) and isinstance(again, str) and place.rpartition(".")[2] in FREE_TEXT
    if words:
        book.note(place, "not checked", "free text" + f", which would now read: {again}" * (saved != again))
    elif type(saved) is type(again) and saved == again:
        book.note(place, "computed again", "the same")
    elif isinstance(saved, float) and isinstance(again, float) and abs(saved - again) <= RELATIVE * scale:
        book.note(f"{place} (last digits)", "not checked", f"{saved!r} is {again!r} within rounding")
    else:
        book.fail(place, f"found again as {again}, saved as {saved}")


def scale_of(value: Any) -> float:
    """Size of the utilities in a result: what rounding is measured by."""
    if isinstance(value, dict):
        inside = [value[key] for key in ("utility", "values", "payoffs", "optimum", "result") if key in value]
        return max(map(scale_of, inside), default=0.0)
    if isinstance(value, list):
        return max(map(scale_of, value), default=0.0)
    return abs(value) if isinstance(value, float) else 0.0
