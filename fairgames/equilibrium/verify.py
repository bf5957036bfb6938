"""Recheck every certificate of a saved result, from its payoffs alone and with no solver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairgames.equilibrium.certify import Certifier
from fairgames.equilibrium.components import in_order, index_sum, structured
from fairgames.equilibrium.normal_form import NormalForm, checked_payoffs
from fairgames.equilibrium.result import EquilibriumSet, content_digest
from fairgames.equilibrium.screening import screen, well_formed
from fairgames.errors import FairGamesError, InputError
from fairgames.result import Result, counted, json_ready

_KIND = EquilibriumSet.__name__


@dataclass(frozen=True, eq=False, repr=False)
class Verification(Result):
    """What an auditor finds in a saved result.

    Attributes
    ----------
    passed : bool
        Whether nothing failed.
    checked : int
        Number of equilibria whose certificates were recomputed.
    failures : tuple of str
        What does not hold, each with its place in the result.
    """

    passed: bool
    checked: int
    failures: tuple[str, ...]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        verdict = "every certificate holds" if self.passed else counted(len(self.failures), "failure", "failures")
        title = f"{counted(self.checked, 'equilibrium', 'equilibria')} rechecked: {verdict}"
        return title, ("failure",), [[text] for text in self.failures]


def verify_dict(data: Mapping[str, Any]) -> Verification:
    """Recheck a saved `EquilibriumSet`, or every one inside another saved result.

    Payoffs, regrets, supports, indices and components are recomputed from the saved payoff tensors
    and strategies, exactly when these are rational, and compared with what was saved. A digest of
    the whole content reveals any other change. Whether equilibria are *missing* is not rechecked:
    that would take a solver.

    Parameters
    ----------
    data : mapping
        As written by ``EquilibriumSet.to_dict()`` and read back from JSON.

    Returns
    -------
    Verification

    Raises
    ------
    InputError
        If there is no `EquilibriumSet` in ``data``.

    Examples
    --------
    >>> from fairgames.equilibrium.solve import equilibria
    >>> saved = equilibria([[[1, 0], [0, 2]], [[1, 0], [0, 2]]]).to_dict()
    >>> verify_dict(saved).passed
    True
    >>> saved["equilibria"][0]["payoffs"][0] = "2"
    >>> print(verify_dict(saved).failures[1])
    equilibria[0].payoffs: recomputed as ['1', '1'], saved as ['2', '1']
    """
    saved_sets = list(_sets_in(data, ""))
    if not saved_sets:
        raise InputError("result", f"must hold a saved {_KIND} (written by to_dict)")
    checked = 0
    failures: list[str] = []
    for place, saved in saved_sets:
        found = saved.get("equilibria")
        checked += len(found) if isinstance(found, Sequence) else 0
        failures += [f"{place}{failure}" for failure in _failures(saved)]
    return Verification(not failures, checked, tuple(failures))


def _sets_in(data: object, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(data, Mapping):
        if data.get("kind") == _KIND:
            yield place, dict(data)
            return
        for key, value in data.items():
            yield from _sets_in(value, f"{place}{key}.")
    elif isinstance(data, (list, tuple)):
        for position, value in enumerate(data):
            yield from _sets_in(value, f"{place}{position}.")


def _failures(saved: dict[str, Any]) -> Iterator[str]:
    if saved.get("digest") != content_digest(saved):
        yield "digest: does not fit the content; something was changed after it was saved"
    try:
        form = _form_of(saved)
        certifier = Certifier(form.payoffs)
        profiles = [
            well_formed(entry["strategies"], form.shape, exact=certifier.exact) for entry in saved["equilibria"]
        ]
    except (FairGamesError, KeyError, TypeError) as error:
        yield f"cannot be read: {type(error).__name__}: {error}"
        return
    strategies = [profile for profile in profiles if profile is not None]
    for place, profile in enumerate(profiles):
        if profile is None:
            yield f"equilibria[{place}].strategies: are not probabilities over the actions"
    if len(strategies) == len(profiles):
        yield from _differences(saved, form, certifier, strategies)


def _form_of(saved: dict[str, Any]) -> NormalForm:
    if saved["payoffs"] is None:
        raise InputError("payoffs", "must be saved with the result for it to be rechecked")
    form = NormalForm(
        checked_payoffs(saved["payoffs"]),
        tuple(map(tuple, saved["actions"])),
        tuple(saved["player_names"]),
        tuple(map(tuple, saved["action_labels"])),
    )
    for name, entries in (("actions", form.actions), ("action_labels", form.action_labels)):
        if tuple(map(len, entries)) != form.shape:
            raise InputError(name, f"must have {form.shape} entries, as the payoffs do", list(map(len, entries)))
    return form


def _differences(saved: dict[str, Any], form: NormalForm, certifier: Certifier, strategies: list[Any]) -> Iterator[str]:
    certified = [(profile, certifier.certify(profile)) for profile in strategies]
    for place, (_, certificate) in enumerate(certified):
        if not certifier.accepts(certificate):
            yield f"equilibria[{place}]: somebody gains {certificate.regret} by deviating"
    repeated = screen(strategies, form.shape, certifier).repeated
    if repeated:
        yield f"equilibria: {repeated} are repetitions"
    ordered = in_order(certified)
    if any(before is not after for before, after in zip(certified, ordered, strict=True)):
        yield "equilibria: are not in order"
    found, components = structured(
        form, certifier, certified, extreme=saved["complete"], degenerate=saved["degenerate"]
    )
    for place, (entry, was) in enumerate(zip(found, saved["equilibria"], strict=True)):
        for name, value in entry.to_dict().items():
            if not _agree(value, was.get(name), certifier.tolerance):
                yield f"equilibria[{place}].{name}: recomputed as {value}, saved as {was.get(name)}"
    if not _agree(json_ready(components), saved["components"], certifier.tolerance):
        yield "components: are not the maximal Nash subsets of these equilibria"
    if saved["complete"] and saved["degenerate"] is False and index_sum(found) not in {None, 1}:
        yield f"complete: the indices of the equilibria add up to {index_sum(found)} instead of 1"


def _agree(left: Any, right: Any, tolerance: float) -> bool:
    if isinstance(left, list) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(
            _agree(own, other, tolerance) for own, other in zip(left, right, strict=True)
        )
    if isinstance(left, float) and isinstance(right, (int, float)):
        return abs(left - right) <= tolerance
    return bool(left == right)
