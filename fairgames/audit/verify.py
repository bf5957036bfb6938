"""Prove a saved result from the scenario in it: the door behind ``fairgames verify``, for auditors.

Every field of the file gets a verdict: what was asked is asked `again` and compared, and what the answer claims is
proven by brute force (`claims`) or, of many users, checked by fresh `samples`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from fairgames.arguments import public
from fairgames.audit import claims, samples
from fairgames.audit.again import Book, ask_again, at_one_alpha, compare, scale_of
from fairgames.audit.definitions import every_profile, is_listable
from fairgames.errors import FairGamesError, InputError
from fairgames.exactness import as_number, is_exact, to_float
from fairgames.report.json_file import SAVED, read_json, require_form
from fairgames.result import Record, Result, counted
from fairgames.scenario.scenario import Scenario
from fairgames.spec.load import read_scenario

COMMANDS = ("solve", "equilibria", "payments", SAVED)
_HEAD = ("schema", "fairgames", "command", "scenario", "asked")
_SET = "EquilibriumSet"
_MOST_TOLD = 12


@dataclass(frozen=True, eq=False, repr=False)
class Check(Record):
    """Verdict on one field of a result.

    Attributes
    ----------
    field : str
        Its place; the entries of a list, written ``[]``, share one.
    outcome : str
        ``"proven"``: from the definitions, by other code than made it. ``"sampled"``: checked statistically.
        ``"computed again"``: the same computation gives it, to the last digit. ``"not checked"``, or ``"failed"``.
    how : str
        By what means, how surely, or what is wrong.
    """

    field: str
    outcome: str
    how: str


@dataclass(frozen=True, eq=False, repr=False)
class Verification(Result):
    """What an auditor finds in a saved result.

    Attributes
    ----------
    passed : bool
        Whether nothing failed.
    failures : tuple of str
        What does not hold, each with its place in the result.
    checks : tuple of Check
        The verdict on every field.
    """

    passed: bool
    failures: tuple[str, ...]
    checks: tuple[Check, ...]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        proven = sum(check.outcome == "proven" for check in self.checks)
        verdict = "nothing failed" if self.passed else counted(len(self.failures), "failure", "failures")
        title = f"{counted(len(self.checks), 'field', 'fields')} checked, {proven} proven: {verdict}"
        rows = [[check.outcome, check.field, check.how] for check in self.checks if check.outcome != "failed"]
        return title, ("verdict", "field", "how"), [*(["FAILED", "", text] for text in self.failures), *rows]


@public
def verify(data: Mapping[str, Any] | str | PathLike[str], scenario: Scenario | None = None) -> Verification:
    """Prove a saved result again, from the scenario that it holds.

    With up to 12 users and 50,000 profiles, all of them are priced by sums over subsets of users, and every move of
    every user is tried: payments, stability, the optimum and all that follows from them are proven from the
    definitions, by code that shares nothing with what made them but the utility. Equilibria are looked for by another
    solver. Payments of more users are checked by fresh samples. The whole answer is computed again as well, from the
    recorded seed where it samples, and compared field by field: what was changed, added or removed is found.

    Parameters
    ----------
    data : mapping, str or path
        The file that ``--json`` or ``save`` wrote, or what it holds. A set of equilibria as ``to_dict`` gives it holds
        no scenario: then its certificates are rechecked from its payoffs.
    scenario : Scenario, optional
        The auditor's own: where the one in the file differs, each difference is named, and the check fails.

    Returns
    -------
    Verification

    Raises
    ------
    InputError, DataError
        If it is no result, or one that cannot be verified; of a newer version; or a part of one.

    Notes
    -----
    A file whose scenario was changed along with its answer is a true answer to another question: only ``scenario``
    tells.

    Examples
    --------
    >>> import fairgames as fg
    >>> saved = fg.equilibria([[[1, 0], [0, 2]], [[1, 0], [0, 2]]]).to_dict()
    >>> verify(saved).passed
    True
    >>> saved["equilibria"][0]["payoffs"][0] = "2"
    >>> print(verify(saved).failures[1])
    equilibria[0].payoffs: recomputed as ['1', '1'], saved as ['2', '1']
    """
    document: Mapping[str, Any] = data if isinstance(data, Mapping) else read_json(Path(data))
    book = Book()
    try:
        if "schema" in document:
            _check_document(book, dict(document), scenario)
        elif document.get("kind") == _SET:
            _check_set(book, dict(document), scenario)
        else:
            raise InputError("data", "must be a result as --json or save wrote it, or a saved EquilibriumSet")
    except RecursionError:
        raise InputError("data", "must not be nested so deeply, or within itself") from None
    checks = [Check(field, outcome, how) for field, (outcome, how) in book.verdicts.items()]
    checks.sort(key=lambda check: Book.ORDER.index(check.outcome))
    return Verification(not book.failures, tuple(book.failures), tuple(checks))


def _check_set(book: Book, saved: dict[str, Any], scenario: Scenario | None) -> None:
    """Check a bare set of equilibria by its own payoffs."""
    if scenario is not None:
        raise InputError(
            "scenario", "cannot be compared with bare equilibria: verify the file that --json or save wrote"
        )
    claims.prove_certificates(book, "", saved)
    for name in saved:
        book.note(name, "not checked", "the game is taken as it is, no scenario being known")
    if not book.failures:
        claims.prove_complete(book, "", saved)


def _check_document(book: Book, document: dict[str, Any], own: Scenario | None) -> None:
    require_form(document, "data")
    command = document.get("command")
    if command not in COMMANDS:
        raise InputError("data.command", f"must be one of {', '.join(COMMANDS)} to be verified", command)
    for name in _HEAD:
        if name not in document:
            raise InputError(f"data.{name}", "is missing: a part of a result is no result")
    asked = document["asked"]
    if not isinstance(asked, dict):
        raise InputError("data.asked", "must hold what was asked", asked)
    scenario = _scenario_of(book, document, own)
    book.note("schema", "proven", "the form that this version reads")
    for name in ("fairgames", "command"):
        book.note(name, "not checked", "who wrote it")
    for name in asked:
        book.note(f"asked.{name}", "computed again", "what was asked, and is asked again")
    answers = {name: value for name, value in document.items() if name not in _HEAD}
    if _may_have_run_out_of_time(scenario, asked, answers):
        _note_all(book, "", answers)
    elif not _compare_again(book, command, scenario, asked, answers):
        return
    try:
        _prove(book, command, scenario, asked, answers)
    except (FairGamesError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        if not book.failures:
            book.fail(command, f"cannot be read: {type(error).__name__}: {error}")


def _may_have_run_out_of_time(scenario: Scenario, asked: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """Whether a search had a time limit that may have ended it: among many users, or as it says itself."""
    limits = [asked[name] for name in ("timeout", "max_seconds") if asked.get(name) is not None]
    if not limits or not all(isinstance(limit, (int, float, str)) for limit in limits):
        return False
    warnings = [text for part in answers.values() if isinstance(part, dict) for text in part.get("warnings") or ()]
    return not is_listable(scenario) or any(isinstance(text, str) and "was stopped after" in text for text in warnings)


def _note_all(book: Book, place: str, value: Any) -> None:
    """Note that an answer which was found within a time limit need not be found again."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        where = f"{place}[{key}]" if isinstance(key, int) else f"{place}.{key}" if place else key
        _note_all(book, where, inner)
    if not entries:
        book.note(place, "not checked", "found within a time limit, which may end elsewhere next time")


def _compare_again(
    book: Book, command: str, scenario: Scenario, asked: dict[str, Any], answers: dict[str, Any]
) -> bool:
    """Ask again, and compare; False where that cannot be asked."""
    try:
        again = ask_again(command, scenario, asked, answers)
    except (FairGamesError, TypeError, KeyError, AttributeError) as error:
        book.fail("asked", f"cannot be asked again: {error}")
        return False
    skipped = {"agreement"} & answers.keys()
    for name in skipped:
        book.note(name, "not checked", "what other solvers find, and in what time")
    compare(book, "", _without(answers, skipped), _without(again, skipped), scale_of(again))
    return True


def _without(answers: Mapping[str, Any], skipped: set[str]) -> dict[str, Any]:
    return {name: value for name, value in answers.items() if name not in skipped}


def _scenario_of(book: Book, document: Mapping[str, Any], own: Scenario | None) -> Scenario:
    """Read the scenario of a file, and compare it with the auditor's own."""
    text = document["scenario"]
    if text is None:
        if own is None:
            raise InputError("scenario", "is required: this file holds none, since no specification says its utility")
        book.note("scenario", "proven", "the auditor's own")
        return own
    if not isinstance(text, str):
        raise InputError("data.scenario", "must be the text of a specification", text)
    scenario = read_scenario(text, "the scenario in the file")
    if own is None:
        book.note("scenario", "not checked", "the question itself: compare it with --spec")
        return scenario
    differences = list(scenario_differences(scenario, own))
    for difference in differences:
        book.fail("scenario", difference)
    if not differences:
        book.note("scenario", "proven", "the auditor's own, field by field")
    return scenario


def scenario_differences(saved: Scenario, own: Scenario) -> Iterator[str]:
    """Name each difference between the scenario of a file and the auditor's own; the data behind it do not count."""
    if saved.users != own.users or saved.counts != own.counts or saved.levels != own.levels:
        for name in ("users", "counts", "levels"):
            left, right = getattr(saved, name), getattr(own, name)
            if len(left) != len(right):
                yield f"{name}: {len(left)} in the file, {len(right)} in yours"
            told = [(one, two) for one, two in zip(left, right, strict=False) if one != two]
            yield from (f"{name}: {one!r} in the file, {two!r} in yours" for one, two in told[:_MOST_TOLD])
    else:
        yield from _other_numbers(saved, own)
    skipped = {"users", "counts", "levels", "utility", "costs", "choices", "data"}
    for field in dataclasses.fields(own):
        left, right = getattr(saved, field.name), getattr(own, field.name)
        if field.compare and field.name not in skipped and left != right:
            yield f"{field.name}: {left!r} in the file, {right!r} in yours"


def _other_numbers(saved: Scenario, own: Scenario) -> Iterator[str]:
    """Differences of choices, costs and utility between scenarios of the same users and levels."""
    told = 0
    for name, left, right in zip(own.users, saved.choices, own.choices, strict=True):
        if left != right and (told := told + 1) <= _MOST_TOLD:
            yield f"choices of {name}: {saved.level_names(left)} in the file, {own.level_names(right)} in yours"
    if (saved.costs is None) != (own.costs is None):
        yield "costs: only one of the scenarios has any"
    elif saved.costs is not None and own.costs is not None:
        unequal = (saved.costs != own.costs) & ~((saved.costs == np.inf) | (own.costs == np.inf))
        for entry, level in np.argwhere(unequal.astype(bool)).tolist()[:_MOST_TOLD]:
            pair = saved.costs[entry, level], own.costs[entry, level]
            yield f"cost of {own.levels[level]} for {own.users[entry]}: {pair[0]} in the file, {pair[1]} in yours"
    if Scenario(saved.utility, counts=saved.counts) == Scenario(own.utility, counts=own.counts):
        return
    yield from _other_utility(saved, own)


def _other_utility(saved: Scenario, own: Scenario) -> Iterator[str]:
    """Find a profile at which two utilities differ: all profiles, or many drawn at random."""
    shape = own.utility.shape
    if saved.utility.shape != shape:
        yield f"utility: of {len(saved.utility.shape)} users in the file, of {len(shape)} in yours"
        return
    if is_listable(own):
        profiles = np.argwhere(np.ones(shape, dtype=bool))
    else:
        profiles = np.random.default_rng().integers(0, shape, (2_000, len(shape)))
    one, other = (worth.utility.evaluate(profiles.astype(np.intp)) for worth in (saved, own))
    if is_exact(one) and is_exact(other):
        unequal = (one != other).astype(bool)
    else:
        one, other = to_float(one), to_float(other)
        unequal = one != other
    if unequal.any():
        first = int(np.flatnonzero(unequal)[0])
        names = ", ".join(own.level_names(profiles[first].tolist())[:_MOST_TOLD])
        yield f"utility at ({names}): {one[first]} in the file, {other[first]} in yours"
    elif not is_listable(own):
        yield "utility: is made of other numbers than yours, though it agrees at profiles drawn at random"


def _prove(book: Book, command: str, scenario: Scenario, asked: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    """Prove what an answer claims, part by part."""
    priced = cache(every_profile)
    for place, part in answers.items():
        kind = part.get("kind") if isinstance(part, dict) else None
        asks_alone = asked.get("blocs") is None
        if kind == "Optimum" and asks_alone:
            alone = scenario
            if command == "equilibria":
                alone = at_one_alpha(scenario, as_number(asked["alpha"], "asked.alpha"))
            if is_listable(alone) and np.ndim(part["profile"] or [0]) == 1:
                claims.prove_optimum(book, place, part, alone, priced(alone))
            else:
                samples.check_optimum(book, place, part, alone)
        elif kind == _SET and is_listable(scenario) and part["payoffs"] is not None:
            alpha = as_number(asked["alpha"], "asked.alpha")
            claims.prove_equilibria(book, place, part, priced(scenario), alpha)
        elif kind == "Payments":
            _prove_payments(book, place, part, scenario, asked)
        elif place == "stable_profiles" and part is not None and is_listable(scenario):
            claims.prove_stable(book, place, part, priced(scenario), scenario.margin)
    if answers.get("title") == scenario.title:
        book.note("title", "proven", "that of the scenario")


def _prove_payments(
    book: Book, place: str, part: Mapping[str, Any], scenario: Scenario, asked: Mapping[str, Any]
) -> None:
    alpha = None if asked.get("alpha") is None else as_number(asked["alpha"], "asked.alpha")
    given = np.array(asked["profile"], dtype=np.intp)
    if given.ndim == 1 and len(given) == len(scenario.users):
        given = np.repeat(given, scenario.counts) if scenario.n_users <= 1_000_000 else given
    profile = given
    if np.ndim(part["values"]) == 2 and given.ndim == 1:
        profile = np.zeros((len(scenario.utility.type_sizes), len(scenario.levels)), dtype=np.intp)
        np.add.at(profile, (scenario.utility.types, given), 1)
    if claims.prove_payments(book, place, part, scenario, profile, alpha) or alpha is None or given.ndim != 1:
        return
    counts, cells = samples.counts_of(scenario, given)
    first = np.cumsum([0, *scenario.counts[:-1]])
    types = scenario.entry_types
    spots = [(int(types[entry]), level) if profile.ndim == 2 else int(first[entry]) for entry, level in cells]
    samples.check_payments(book, place, part, scenario, counts, cells, spots, float(alpha))
