"""Recheck the certificates of a saved set of equilibria, from its payoffs alone and with no solver.

What `equilibrium.solve` wrote is certified (`certify`) and described (`components`) once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from fairgames.equilibrium.certify import Certified, Certifier, numbers_of, repetitions
from fairgames.equilibrium.components import in_order, index_sum, structured
from fairgames.equilibrium.normal_form import NormalForm, checked_payoffs
from fairgames.equilibrium.result import content_digest
from fairgames.equilibrium.solver import Piece, Strategies
from fairgames.errors import InputError
from fairgames.exactness import LARGEST_PAYOFF_POWER, as_array, is_exact
from fairgames.result import json_ready
from fairgames.tolerance import ROUNDING, probability_tolerance


class _Saved(BaseModel):
    """What `EquilibriumSet.to_dict` writes, as far as the check reads it."""

    model_config = ConfigDict(strict=True)
    equilibria: list[dict[str, Any]]
    components: list[Any]
    continua: list[dict[str, Any]]
    complete: bool
    degenerate: bool | None
    exact: bool
    payoffs: list[Any] | None
    actions: list[list[int]]
    player_names: list[str]
    action_labels: list[list[str]]


def set_failures(data: dict[str, Any]) -> Iterator[str]:
    """What does not hold in a set of equilibria as ``to_dict`` writes it, each with its place."""
    try:
        if data.get("digest") != content_digest(data):
            yield "digest: does not fit the content; something was changed after it was saved"
        saved = _Saved.model_validate(data)
        form = _form_of(saved)
        certifier = Certifier(form.payoffs)
        profiles = [
            _profile_of(entry.get("strategies"), f"equilibria[{place}].strategies", form)
            for place, entry in enumerate(saved.equilibria)
        ]
        pieces = [_piece_of(entry, f"continua[{place}]", form) for place, entry in enumerate(saved.continua)]
        equations = [tuple(map(str, entry.get("equations") or ())) for entry in saved.equilibria]
        certified = [(profile, certifier.certify(profile)) for profile in profiles]
    except ValidationError as error:
        for problem in error.errors():
            yield f"{'.'.join(map(str, problem['loc']))}: cannot be read: {problem['msg']}"
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        yield f"cannot be read: {type(error).__name__}: {error}"
    else:
        yield from _differences(saved, form, certifier, certified, pieces, equations)


def _form_of(saved: _Saved) -> NormalForm:
    if saved.payoffs is None:
        raise InputError("payoffs", "must be saved with the result for it to be rechecked")
    form = NormalForm(
        checked_payoffs(saved.payoffs),
        tuple(map(tuple, saved.actions)),
        tuple(saved.player_names),
        tuple(map(tuple, saved.action_labels)),
    )
    for name, entries in (("actions", form.actions), ("action_labels", form.action_labels)):
        if tuple(map(len, entries)) != form.shape:
            raise InputError(name, f"must have {form.shape} entries, as the payoffs do", list(map(len, entries)))
    if len(form.shape) > 2 and saved.degenerate is not None:
        raise InputError("degenerate", "is tested for two players only; for more it is null")
    if len(form.player_names) != len(form.shape):
        raise InputError("player_names", f"must name the {len(form.shape)} players", saved.player_names)
    return form


def _profile_of(saved: Any, name: str, form: NormalForm) -> Strategies:
    """Strategies exactly as they were saved: no auditor says what a solver meant by a small probability."""
    if not isinstance(saved, (list, tuple)) or len(saved) != len(form.shape):
        raise InputError(name, f"must hold the strategies of the {len(form.shape)} players")
    strategies = tuple(as_array(strategy, name, power=LARGEST_PAYOFF_POWER) for strategy in saved)
    for strategy, size in zip(strategies, form.shape, strict=True):
        if strategy.shape != (size,) or strategy.min() < 0 or abs(strategy.sum() - 1) > probability_tolerance(strategy):
            raise InputError(name, "are not probabilities over the actions")
    return strategies


def _piece_of(entry: dict[str, Any], name: str, form: NormalForm) -> Piece:
    """A continuum as it was saved, with the supports of its witnesses."""
    witnesses = tuple(_profile_of(one, f"{name}.witnesses", form) for one in entry.get("witnesses") or [None])
    supports = {tuple(tuple(np.flatnonzero(own).tolist()) for own in witness) for witness in witnesses}
    levels = [[form.actions[user][action] for action in own] for user, own in enumerate(min(supports))]
    if len(supports) > 1 or entry.get("supports") != levels:
        raise InputError(f"{name}.supports", "must be those of its witnesses", entry.get("supports"))
    return Piece(min(supports), int(entry["dimension"]), tuple(entry["equations"]), witnesses)


def _differences(
    saved: _Saved,
    form: NormalForm,
    certifier: Certifier,
    certified: list[Certified],
    pieces: list[Piece],
    equations: list[tuple[str, ...]],
) -> Iterator[str]:
    for place, (_, certificate) in enumerate(certified):
        if not certificate.holds:
            yield f"equilibria[{place}]: somebody gains {certificate.regret} by deviating"
    repeated = repetitions(profile for profile, _ in certified)
    if repeated:
        yield f"equilibria: {repeated} are repetitions"
    ordered = in_order(certified)
    if any(before is not after for before, after in zip(certified, ordered, strict=True)):
        yield "equilibria: are not in order"
    extreme = saved.complete and len(form.shape) == 2
    listed = {numbers_of(profile) for profile, _ in certified}
    strange = [place for place, piece in enumerate(pieces) if not listed.issuperset(map(numbers_of, piece.witnesses))]
    yield from (f"continua[{place}].witnesses: are not among the equilibria" for place in strange)
    alone = zip(certified, equations, strict=True)
    pieces += [Piece((), 0, told, (profile,)) for (profile, _), told in alone if told]
    found, components = structured(
        form, certifier, certified, extreme=extreme, degenerate=saved.degenerate, pieces=pieces
    )
    for place, (entry, (profile, certificate), was) in enumerate(zip(found, certified, saved.equilibria, strict=True)):
        tolerance = 0.0
        if not (certifier.exact and all(map(is_exact, profile))):
            tops = enumerate(own.index(0) for own in certificate.shortfalls)
            tolerance = ROUNDING * max(certifier.weighed(profile, player, top)[0] for player, top in tops)
        for name, value in entry.to_dict().items():
            if name == "radius" and _holds_within(value, was.get(name)):
                continue
            if not _agree(value, was.get(name), tolerance if name in {"payoffs", "regret"} else 0):
                yield f"equilibria[{place}].{name}: recomputed as {value}, saved as {was.get(name)}"
    if json_ready(components) != saved.components:
        yield "components: are not the maximal Nash subsets of these equilibria"
    if saved.exact != (certifier.exact and all(is_exact(strategy) for own, _ in certified for strategy in own)):
        yield f"exact: saved as {saved.exact}, which the numbers are not"
    regular = saved.degenerate is False or len(form.shape) > 2
    if saved.complete and regular and index_sum(found) not in {None, 1}:
        yield f"complete: the indices of the equilibria add up to {index_sum(found)} instead of 1"


def _holds_within(radius: Any, saved: Any) -> bool:
    """Whether a claim is no bolder than what is proven again; the last bit may depend on the machine."""
    return isinstance(radius, float) and isinstance(saved, float) and radius <= 2 * saved


def _agree(left: Any, right: Any, tolerance: float) -> bool:
    if isinstance(left, list) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(
            _agree(own, other, tolerance) for own, other in zip(left, right, strict=True)
        )
    if isinstance(left, float) and isinstance(right, (int, float)):
        return left - tolerance <= right <= left + tolerance
    return bool(left == right)
