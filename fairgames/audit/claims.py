"""Prove the claims of a result from the definitions: payments, stability, optimality, completeness, and what follows.

Each function takes a part of a saved result, as JSON holds it, and writes its verdicts into a `Book`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from fairgames.audit.again import Book
from fairgames.audit.certificates import set_failures
from fairgames.audit.definitions import (
    EveryProfile,
    Intervals,
    best_without_fairness,
    payments_at,
    payments_beside_platform,
)
from fairgames.equilibrium.normal_form import checked_payoffs
from fairgames.equilibrium.solve import equilibria
from fairgames.exactness import LARGEST_PAYOFF_POWER, Array, Number, as_array, as_number, is_exact, to_float
from fairgames.scenario.limits import Limits
from fairgames.scenario.scenario import Scenario
from fairgames.tolerance import RELATIVE, ROUNDING
from fairgames.utility.profile import expand_counts

MOST_PRESENT = 12
_MOST_ALPHAS = 2_000
_ALPHAS_LISTED = 12
_MOST_SUPPORTS = 100
_MOST_ACTIONS = 14
_ERRORS = 6
_FLOOR = 1e-7
"""A floor in floats holds up to this part of the utility: where it ends, the rounding of payments decides."""
_MOST_COMPARED = 20_000_000


def close(left: Any, right: Any, scale: float) -> bool:
    """Whether numbers agree: rationals in full, floats up to the rounding of what they were computed from."""
    one, other = as_array(left, "saved", allow_inf=True), as_array(right, "found", allow_inf=True)
    if one.shape != other.shape:
        return False
    if is_exact(one) and is_exact(other):
        return bool((one == other).all())
    one, other = to_float(one), to_float(other)
    return bool((np.abs(one - other) <= RELATIVE * scale + 16 * ROUNDING * np.abs(other)).all())


def prove_stable(
    book: Book, place: str, saved: Sequence[Mapping[str, Any]], every: EveryProfile, margin: Number
) -> None:
    """Check that exactly the stable profiles are listed, each with its interval of alpha."""
    may, must = every.both_intervals(margin)
    listed = [every.place_of(entry["profile"]) for entry in saved]
    how = f"each of {len(every.worth):,} profiles and every unilateral move, by subset sums"
    for number, (row, entry) in enumerate(zip(listed, saved, strict=True)):
        where = f"{place}[{number}]"
        book.claim(f"{where}.profile", bool(may.stable[row]), "somebody gains by moving, whatever alpha", how)
        for name, ends in (
            ("alpha_from", (may.alpha_from[row], must.alpha_from[row])),
            ("alpha_to", (must.alpha_to[row], may.alpha_to[row])),
        ):
            end = as_number(entry[name], name)
            low, high = ends if must.stable[row] else (may.alpha_from[row], may.alpha_to[row])
            within = low - _slack(every) <= end <= high + _slack(every)
            book.claim(f"{where}.{name}", bool(within), f"is {low}, saved as {end}", how)
        for name, column in (("utility", every.worth), ("potential", every.potential)):
            book.claim(f"{where}.{name}", close(entry[name], column[row], every.scale), f"is {column[row]}", how)
    missing = sorted(set(np.flatnonzero(must.stable).tolist()) - set(listed))
    if missing or len(set(listed)) < len(listed):
        lost = every.profiles[missing[0]].tolist() if missing else "a repetition"
        book.fail(place, f"{len(missing)} stable profiles are missing or repeated: {lost}")


def _slack(every: EveryProfile) -> float:
    return 0 if every.exact else RELATIVE


class _Case(NamedTuple):
    """What an optimum is proven against."""

    every: EveryProfile
    may: Intervals
    must: Intervals
    limits: Limits
    selection: str


def prove_optimum(book: Book, place: str, saved: Mapping[str, Any], scenario: Scenario, every: EveryProfile) -> None:
    """Check an optimum over all profiles: that it is an equilibrium, its numbers, and that none is better."""
    limits = scenario.limits
    selection = saved["selection"]
    book.claim(f"{place}.selection", selection == scenario.selection, "is not the scenario's", "as the scenario asks")
    margin = limits.margin if selection != "worst" else Fraction(0)
    case = _Case(every, *every.both_intervals(margin), limits, selection)
    if saved["infeasible"] is not None:
        best = _best(case)
        none = best is None or selection != "best"
        how = f"at none of {len(every.worth):,} profiles is there an alpha within the limits"
        if selection == "best":
            book.claim(f"{place}.infeasible", none, f"the platform could keep {best}", how)
        return
    alpha, value, worth = (as_number(saved[name], name) for name in ("alpha", "value", "utility"))
    pure = saved["strategies"] is None
    (_prove_pure if pure else _prove_mixed)(book, place, saved, case, alpha, worth)
    _prove_sums(book, place, saved, every, alpha, value, worth)
    inside = limits.alpha_from - _slack(every) <= alpha <= limits.alpha_to + _slack(every)
    book.claim(
        f"{place}.alpha", bool(inside), "is outside the range of the scenario", "an equilibrium there, every move tried"
    )
    _prove_best(book, place, saved, case, value, pure=pure)
    _prove_piece(book, place, saved, case, alpha)
    if saved["landscape"] is not None:
        _prove_landscape(book, f"{place}.landscape", saved["landscape"], case)


def _prove_pure(book: Book, place: str, saved: Mapping[str, Any], case: _Case, alpha: Number, worth: Number) -> None:
    every = case.every
    row = every.place_of(saved["profile"])
    how = "every unilateral move, payments by subset sums"
    low, high = case.may.alpha_from[row], case.may.alpha_to[row]
    stable = bool(case.may.stable[row]) and bool(low - _slack(every) <= alpha <= high + _slack(every))
    book.claim(f"{place}.profile", stable, f"somebody gains by moving at alpha = {alpha}", how)
    scale = every.scale
    paid = as_number(alpha, "alpha") * every.payments[row]
    book.claim(f"{place}.utility", close(worth, every.worth[row], scale), f"is {every.worth[row]}", "the utility there")
    book.claim(f"{place}.payments", close(saved["payments"], paid, scale), f"are {paid.tolist()}", "by subset sums")
    bears = every.costs[row]
    book.claim(f"{place}.costs", close(saved["costs"], bears, scale), f"are {bears.tolist()}", "from the scenario")
    budget, least = case.limits.budget, case.limits.min_utility
    slack = 0 if every.exact else RELATIVE * scale
    if (budget is not None and alpha * worth > budget + slack) or (least is not None and worth < least - slack):
        book.fail(f"{place}.profile", "breaks the budget or the least utility")
    for number, tie in enumerate(saved["ties"]):
        there = every.place_of(tie)
        holds = bool(case.may.hold_at(alpha)[there]) if every.exact else True
        holds &= close(every.worth[there], every.worth[row], scale)
        book.claim(f"{place}.ties[{number}]", holds, "does not do as well", "the same utility, and stable there")


def _prove_mixed(book: Book, place: str, saved: Mapping[str, Any], case: _Case, alpha: Number, worth: Number) -> None:
    """Check mixed strategies: every action that is played earns what no other exceeds."""
    every, scale = case.every, case.every.scale
    strategies = [as_array(one, "strategies") for one in saved["strategies"]]
    sound = len(strategies) == len(every.choices) and all(
        len(own) == len(levels) and (own >= 0).all() and abs(own.sum() - 1) <= RELATIVE
        for own, levels in zip(strategies, every.choices, strict=True)
    )
    how = "probabilities, and no action earns more, payments by subset sums"
    if not sound:
        book.fail(f"{place}.strategies", "are no probabilities")
        return
    regret, expected_shares = Fraction(0), []
    for user, own in enumerate(strategies):
        earned = _against(every.grid(every.payments[:, user]), strategies, user)
        prices = every.prices[user, list(every.choices[user])]
        payoffs = alpha * earned - prices
        regret = max(regret, payoffs.max() - payoffs @ own)
        expected_shares.append(alpha * (earned @ own))
        expected_cost = own @ prices
        book.claim(
            f"{place}.costs[{user}]",
            close(saved["costs"][user], expected_cost, scale + float(abs(prices).max())),
            f"is {expected_cost}",
            "expected, from the scenario",
        )
    largest = float(max(abs(to_float(every.costs)).max(), scale))
    tolerance = 0 if every.exact and all(map(is_exact, strategies)) and isinstance(alpha, Fraction) else 1e-8 * largest
    book.claim(f"{place}.strategies", bool(regret <= tolerance), f"somebody gains {regret}", how)
    value = _against(every.grid(every.worth), strategies, 0) @ strategies[0]
    book.claim(f"{place}.utility", close(worth, value, scale), f"is {value}", "expected, over all profiles")
    paid = np.array(expected_shares)
    book.claim(
        f"{place}.payments", close(saved["payments"], paid, scale), f"are {paid.tolist()}", "expected, by subset sums"
    )


def _against(tensor: Array, strategies: Sequence[Array], user: int) -> Array:
    """Expectation over everybody's strategy but one user's."""
    for axis in reversed(range(tensor.ndim)):
        if axis != user:
            tensor = np.tensordot(tensor, strategies[axis], axes=(axis, 0))
    return tensor


def _prove_sums(
    book: Book, place: str, saved: Mapping[str, Any], every: EveryProfile, alpha: Number, value: Number, worth: Number
) -> None:
    """Check the numbers that follow from others."""
    borne = sum(as_array(saved["costs"], "costs").tolist())
    most = best_without_fairness(every)
    free = all(0 in levels for levels in every.choices)
    scale = every.scale + float(abs(to_float(every.costs)).sum(axis=1).max())
    fairness = most / value if free and value > (0 if every.exact else RELATIVE * abs(float(worth))) else None
    how = "follows from numbers that are proven"
    for name, number in (
        ("value", (1 - alpha) * worth),
        ("users_surplus", alpha * worth - borne),
        ("welfare", worth - borne),
        ("upper_bound", most),
        ("gap", most - value),
        ("price_of_fairness", fairness),
    ):
        left, size = saved[name], scale if name != "price_of_fairness" else scale / max(abs(float(value)), 1e-300)
        holds = left is number if left is None or number is None else close(left, number, size)
        book.claim(
            f"{place}.{name}",
            bool(holds),
            f"is {number}, saved as {left}",
            how if name != "upper_bound" else f"utility less costs at all {len(every.worth):,} profiles",
        )


def _feasible(case: _Case, intervals: Intervals) -> tuple[Array, Array, Array]:
    """Intervals of alpha on which a profile is an equilibrium within the limits, and which are not empty."""
    limits, worth = case.limits, case.every.worth
    start: Any = limits.alpha_from
    stop: Any = limits.alpha_to
    low, high = np.maximum(intervals.alpha_from, start), np.minimum(intervals.alpha_to, stop)
    if limits.budget is not None:
        rich = (worth > 0).astype(bool)
        high = np.where(rich, np.minimum(high, limits.budget / np.where(rich, worth, 1)), high)
    holds = intervals.stable & (low <= high).astype(bool)
    if limits.min_utility is not None:
        holds &= (worth >= limits.min_utility).astype(bool)
    return low, high, holds


def _best(case: _Case) -> Number | None:
    """Most that the platform keeps at a pure equilibrium within the limits."""
    low, high, holds = _feasible(case, case.must)
    if not holds.any():
        return None
    worth = case.every.worth[holds]
    most: Number = max(((1 - low[holds]) * worth).max(), ((1 - high[holds]) * worth).max())
    return most


def _worst(case: _Case) -> Number | None:
    """Highest floor: the lowest value of all pure equilibria at an alpha, at the best alpha."""
    low, high = (ends[case.must.stable] for ends in case.must[:2])
    worth, limits = case.every.worth[case.must.stable], case.limits
    if len(worth) * len(case.every.worth) > _MOST_COMPARED:
        return None
    ends = sorted({limits.alpha_from, limits.alpha_to, *low.tolist(), *high.tolist()})
    ends = [end for end in ends if limits.alpha_from <= end <= limits.alpha_to]
    floors: list[Number] = []
    for start, middle, stop in [(e, e, e) for e in ends] + [(a, (a + b) / 2, b) for a, b in pairwise(ends)]:
        # Where rounding leaves open who is stable, it leaves the floor open, too.
        if not case.every.exact and (case.may.hold_at(middle) != case.must.hold_at(middle)).any():
            continue
        here = worth[((low <= middle) & (middle <= high)).astype(bool)]
        if not len(here) or (limits.min_utility is not None and here.min() < limits.min_utility):
            continue
        if limits.budget is not None and middle * here.max() > limits.budget:
            continue
        floors.append(
            max((1 - start) * here.min(), (1 - stop) * here.min())
            if limits.budget is None
            else (1 - middle) * here.min()
        )
    return max(floors, default=None)


def _highest_potential(case: _Case) -> Number | None:
    """Most that the platform keeps where a profile maximises the users' potential."""
    every = case.every
    slope, height = every.potential, -every.costs.sum(axis=1)
    low, high, holds = _feasible(case, case.must)
    found: list[Number] = []
    alpha, stop = case.limits.alpha_from, case.limits.alpha_to
    while True:
        level = alpha * slope + height
        top = level.max() - (0 if every.exact else ROUNDING * float(np.abs(level).max()))
        steepest = slope[(level >= top).astype(bool)].max()
        tops = np.flatnonzero((level >= top).astype(bool) & holds).tolist()
        found += [(1 - alpha) * every.worth[row] for row in tops if low[row] <= alpha <= high[row]]
        rising = np.flatnonzero((slope > steepest).astype(bool))
        crossings = (top - alpha * steepest - height[rising]) / (slope[rising] - steepest)
        following = min(crossings.tolist(), default=stop)
        on_top = ((slope == steepest) & (level >= top)).astype(bool) & holds
        for row in np.flatnonzero(on_top).tolist():
            start, end = max(alpha, low[row]), min(following, high[row], stop)
            if start <= end:
                found += [(1 - start) * every.worth[row], (1 - end) * every.worth[row]]
        if not alpha < following < stop:
            return max(found, default=None)
        alpha = following


def _prove_best(book: Book, place: str, saved: Mapping[str, Any], case: _Case, value: Number, *, pure: bool) -> None:
    """Check that no pure equilibrium does better by the platform's selection."""
    every = case.every
    slack = 0 if every.exact and isinstance(value, Fraction) else RELATIVE * max(every.scale, abs(float(value)))
    mixes = len(every.choices) == 2 or "mixed" in saved["searched"] or not pure
    where = f"{place} (none better)"
    book.note(where, "computed again", "by the same search")
    if case.selection == "worst" and mixes:
        return
    bound = {"best": _best, "worst": _worst, "potential": _highest_potential}[case.selection](case)
    if bound is None:
        return
    if case.selection == "worst" and slack:
        slack = _FLOOR * every.scale
    how = f"none of {len(every.worth):,} profiles does better, every one listed"
    fine = bound <= value + slack
    if mixes:
        book.claim(
            where, bool(fine), f"{bound} could be kept", f"{how}; of mixed ones the same search tells", "sampled"
        )
    else:
        book.claim(where, bool(fine), f"{bound} could be kept", how)


def _prove_piece(book: Book, place: str, saved: Mapping[str, Any], case: _Case, alpha: Number) -> None:
    """Check the range of alpha on which the optimum's profile holds, at both of its ends."""
    piece = saved["piece"]
    if piece is None or piece["profile"] is None:
        return
    every, row = case.every, case.every.place_of(piece["profile"])
    start, stop = (as_number(piece[name], name) for name in ("alpha_from", "alpha_to"))
    slack = _slack(every)
    holds = case.may.alpha_from[row] - slack <= start <= alpha + slack and alpha - slack <= stop
    holds = bool(holds) and bool(stop <= case.may.alpha_to[row] + slack)
    for name in ("alpha_from", "alpha_to"):
        book.claim(f"{place}.piece.{name}", holds, "its profile is no equilibrium there", "every move, at both ends")


def _prove_landscape(book: Book, place: str, saved: Mapping[str, Any], case: _Case) -> None:
    """Check the selected equilibrium at every alpha: between the ends of all intervals nothing changes."""
    every, pieces = case.every, saved["pieces"]
    if len(every.choices) == 2:
        _list_all_equilibria(book, place, pieces, case)
        return
    if case.selection == "potential" or any(piece["profile"] is None for piece in pieces):
        return
    ends = {as_number(piece[name], name) for piece in pieces for name in ("alpha_from", "alpha_to")}
    low, high, holds = _feasible(case, case.must)
    ends |= {*low[holds].tolist(), *high[holds].tolist()}
    inner = sorted(end for end in ends if 0 <= end <= 1)
    middles = [(start + stop) / 2 for start, stop in pairwise(inner) if stop - start > 4 * _slack(every)]
    if len(middles) > _MOST_ALPHAS:
        middles = middles[:: len(middles) // _MOST_ALPHAS + 1]
    may_low, may_high, may_hold = _feasible(case, case.may)
    worths = every.worth
    if case.selection == "worst" and (case.limits.budget is not None or case.limits.min_utility is not None):
        return
    for alpha in middles:
        sure = worths[holds & ((low <= alpha) & (alpha <= high)).astype(bool)].tolist()
        likely = worths[may_hold & ((may_low <= alpha) & (alpha <= may_high)).astype(bool)].tolist()
        claimed = _utility_at(pieces, alpha)
        if not _is_chosen(claimed, sure, likely, case):
            book.fail(f"{place}.pieces", f"at alpha = {alpha} the utility is not {claimed}, but among {likely[:5]}")
            return
    for name in ("alpha_from", "alpha_to", "terms", "profile"):
        book.note(f"{place}.pieces[].{name}", "proven", f"at {len(middles):,} alphas, one between any two ends")


def _is_chosen(claimed: Number | None, sure: Sequence[Number], likely: Sequence[Number], case: _Case) -> bool:
    """Whether a utility is the best, or the worst, of those at one alpha, rounding leaving some of them open."""
    if claimed is None or not likely:
        return claimed is None and not sure
    slack = 0 if case.every.exact else RELATIVE * case.every.scale
    sign = 1 if case.selection == "best" else -1
    low = max((sign * one for one in sure), default=None)
    return bool(
        (low is None or low <= sign * claimed + slack) and sign * claimed <= max(sign * one for one in likely) + slack
    )


def _agree(left: Number | None, right: Any, scale: float) -> bool:
    return left is right if left is None or right is None else close(left, right, scale)


def _utility_at(pieces: Sequence[Mapping[str, Any]], alpha: Number) -> Number | None:
    """Utility that a landscape claims at an alpha inside its pieces; None where there is none."""
    for piece in pieces:
        if as_number(piece["alpha_from"], "alpha_from") < alpha < as_number(piece["alpha_to"], "alpha_to"):
            one, linear, square = (as_number(term, "terms") for term in piece["terms"])
            return one + linear / alpha + square / (alpha * alpha)
    return None


def _list_all_equilibria(book: Book, place: str, pieces: Sequence[Mapping[str, Any]], case: _Case) -> None:
    """Let another solver list the equilibria of two players at some alphas, mixed ones too."""
    limits, every = case.limits, case.every
    if limits.margin or sum(map(len, every.choices)) > _MOST_ACTIONS or case.selection == "potential":
        return
    rng = np.random.default_rng(0)
    draws = [Fraction(int(draw), 10**6) for draw in rng.integers(1, 10**6, _ALPHAS_LISTED)]
    alphas = [limits.alpha_from + draw * (limits.alpha_to - limits.alpha_from) for draw in draws]
    worth = every.grid(every.worth)
    choose = max if case.selection == "best" else min
    for alpha in alphas:
        ends = [as_number(piece[name], name) for piece in pieces for name in ("alpha_from", "alpha_to")]
        if any(abs(float(end - alpha)) < 1e-6 for end in ends):
            continue
        found = equilibria(_game_at(every, alpha), "gambit-enummixed")
        fitting, unfit = [], False
        for entry in found.equilibria:
            x, y = entry.strategies
            played = worth[np.ix_(np.flatnonzero(x), np.flatnonzero(y))]
            over = limits.budget is not None and alpha * played.max() > limits.budget
            under = limits.min_utility is not None and played.min() < limits.min_utility
            unfit |= bool(over or under)
            if not (over or under):
                fitting.append(x @ worth @ y)
        expected = choose(fitting) if fitting and not (unfit and case.selection == "worst") else None
        claimed = _utility_at(pieces, alpha)
        if not _agree(claimed, expected, every.scale):
            book.fail(f"{place}.pieces", f"at alpha = {alpha} another solver finds utility {expected}, not {claimed}")
            return
    for name in ("alpha_from", "alpha_to", "terms"):
        book.note(
            f"{place}.pieces[].{name}",
            "sampled",
            f"every equilibrium listed by Gambit at {len(alphas)} alphas drawn at random",
        )


def _game_at(every: EveryProfile, alpha: Number) -> list[Array]:
    return [every.grid(alpha * every.payments[:, user] - every.costs[:, user]) for user in range(len(every.choices))]


def prove_equilibria(book: Book, place: str, saved: Mapping[str, Any], every: EveryProfile, alpha: Number) -> None:
    """Check a set of equilibria: its payoffs, each certificate, every pure one, and that none is missing."""
    changed = float(as_number(saved["rationalized"] or 0, "rationalized"))
    payoffs = _game_at(every, alpha)
    largest = every.scale + float(np.abs(to_float(every.costs)).max()) + changed / RELATIVE
    for user, (given, found) in enumerate(zip(saved["payoffs"], payoffs, strict=True)):
        book.claim(
            f"{place}.payoffs[{user}]",
            close(given, found, largest),
            "are those of another game",
            "alpha times the payments less the costs, payments by subset sums",
        )
    choices = [list(levels) for levels in every.choices]
    book.claim(f"{place}.actions", saved["actions"] == choices, "are not the scenario's", "from the scenario")
    prove_certificates(book, place, saved)
    at_alpha = every.intervals(side=1).hold_at(alpha)
    pure = {tuple(entry["profile"]) for entry in saved["equilibria"] if entry["profile"] is not None}
    lost = [row for row in map(tuple, every.profiles[at_alpha].tolist()) if row not in pure]
    book.claim(
        f"{place}.equilibria",
        not lost,
        f"pure equilibria are missing: {lost[:3]}",
        f"no pure one is missing among {len(every.worth):,} profiles",
    )
    prove_complete(book, place, saved)


def prove_certificates(book: Book, place: str, saved: Mapping[str, Any]) -> None:
    """Check each equilibrium and all that is said of it from the payoffs that were saved."""
    inside = f"{place}." if place else ""
    failures = list(set_failures(dict(saved)))
    for failure in failures:
        book.fail(inside + failure.partition(": ")[0], failure.partition(": ")[2])
    if failures:
        return
    proven = ("strategies", "payoffs", "regret", "supports", "profile", "is_pure", "is_extreme", "is_isolated", "index")
    for name in (*proven, "radius"):
        book.note(f"{inside}equilibria[].{name}", "proven", "from the payoffs again, without a solver")
    for name in ("components", "exact", "digest"):
        book.note(f"{inside}{name}", "proven", "from the payoffs and the strategies")


def prove_complete(book: Book, place: str, saved: Mapping[str, Any]) -> None:
    """Let another solver look for equilibria that are not listed."""
    inside = f"{place}." if place else ""
    tensors = checked_payoffs(saved["payoffs"])
    shape, two = tensors[0].shape, len(tensors) == 2
    small = sum(shape) <= _MOST_ACTIONS if two else np.prod([2.0**size - 1 for size in shape]) <= _MOST_SUPPORTS
    if not (saved["complete"] and small):
        return
    read = partial(as_array, name="strategies", power=LARGEST_PAYOFF_POWER)
    listed = [[to_float(read(own)) for own in entry["strategies"]] for entry in saved["equilibria"]]
    name = "gambit-enummixed" if two else "gambit-enumpoly"
    found = equilibria(tensors, name)
    supports = {tuple(map(tuple, piece["supports"])) for piece in saved["continua"]}
    lost = [
        entry
        for entry in found.equilibria
        if not _is_among([to_float(own) for own in entry.strategies], listed, 1e-6 if two else _BADLY_CONVERGED)
        and entry.supports not in supports
        and entry.is_isolated is not False
    ]
    how = f"{name} finds {len(found)}, all of them listed"
    outcome = "proven" if two else "sampled"
    book.claim(f"{inside}complete", not lost, f"{name} finds another one: {lost[:1]}", how, outcome)  # type: ignore[arg-type]


_BADLY_CONVERGED = 1e-4
"""Of a multiple root a solver in floats finds half of the digits."""


def _is_among(strategies: Sequence[Array], listed: Sequence[Sequence[Array]], near: float) -> bool:
    return any(
        all(bool(np.abs(own - other).max() <= near) for own, other in zip(strategies, one, strict=True))
        for one in listed
    )


def prove_payments(
    book: Book, place: str, saved: Mapping[str, Any], scenario: Scenario, profile: Array, alpha: Number | None
) -> bool:
    """Check the payments of a profile by sums over subsets; False where there are too many users for that."""
    utility = scenario.utility
    levels = profile
    if profile.ndim == 2:
        if utility.n_users > 100_000:
            return False
        levels = expand_counts(profile[None], utility.types)[0]
    if np.count_nonzero(levels) > MOST_PRESENT:
        return False
    worth = utility(levels)
    if alpha is None:
        shares, platform = payments_beside_platform(utility, levels.tolist())
        book.claim(
            f"{place}.platform",
            close(saved["platform"], platform, abs(float(worth))),
            f"is {platform}",
            "by subset sums",
        )
    else:
        shares = alpha * payments_at(utility, levels.tolist())
    if profile.ndim == 2:
        spread = np.zeros(profile.shape, dtype=shares.dtype) + 0 * shares[0]
        spread[utility.types, levels] = shares
        shares = np.where(profile > 0, spread, as_array(saved["values"], "values"))
    scale = max(float(abs(to_float(shares)).max()), abs(float(worth)))
    errors = to_float(as_array(saved["standard_errors"], "standard_errors"))
    if errors.any():
        off = np.abs(to_float(as_array(saved["values"], "values")) - to_float(shares))
        fine, how = bool((off <= _ERRORS * errors + RELATIVE * scale).all()), f"within {_ERRORS} standard errors"
        book.claim(f"{place}.values", fine, f"are {shares.tolist()}", f"{how} of the sums over subsets", "sampled")
    else:
        book.claim(f"{place}.values", close(saved["values"], shares, scale), f"are {shares.tolist()}", "by subset sums")
    book.claim(f"{place}.utility", close(saved["utility"], worth, scale), f"is {worth}", "the utility there")
    return True
