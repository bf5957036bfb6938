"""Check payments of too many users for brute force by fresh samples: each user's part in coalitions drawn at random.

A fair payment is the mean of what a user adds to the coalition of those who draw less than a uniform number that it
draws itself (Owen 1972). So every level of a user is priced beside the others, and what a move gains is seen as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.audit.again import Book
from fairgames.exactness import Array, as_array, as_number, to_float
from fairgames.scenario.scenario import Scenario
from fairgames.tolerance import CROWD_GAIN, RELATIVE

_FEWEST, _MOST = 200, 4_000
_MOST_NUMBERS = 200_000_000
_MOST_CELLS = 60
_FALSE_ALARM = 1e-6

Cell = tuple[int, int]
"""An entry, and the level of some of its users."""


def counts_of(scenario: Scenario, profile: Array) -> tuple[NDArray[np.int64], list[Cell]]:
    """Users by type and level, and who is where by entry, from a profile as a result gives it."""
    types, n_levels = scenario.entry_types, len(scenario.levels)
    by_entry = np.zeros((len(scenario.users), n_levels), dtype=np.int64)
    if profile.ndim == 1:
        entries = np.arange(len(profile)) if len(profile) == len(scenario.users) else scenario.entry_of_user
        sizes = scenario.counts if len(profile) == len(scenario.users) else np.ones(len(profile), dtype=int)
        np.add.at(by_entry, (entries, profile), sizes)
    elif len(profile) == len(scenario.users):
        by_entry += profile
    else:
        raise ValueError("profile: has neither a row an entry nor one a user")
    counts = np.zeros((len(scenario.utility.type_sizes), n_levels), dtype=np.int64)
    np.add.at(counts, types, by_entry)
    return counts, [(entry, level) for entry, level in np.argwhere(by_entry).tolist()]


def fresh_payments(
    scenario: Scenario, counts: NDArray[np.int64], cells: list[Cell], rng: np.random.Generator
) -> NDArray[np.float64]:
    """What a user of each cell would be paid at each level, in each of many samples: shape ``(S, cells, L)``."""
    utility, n_levels = scenario.utility.in_floats(), counts.shape[1]
    number = int(np.clip(_MOST_NUMBERS // (len(cells) * n_levels * counts.size), _FEWEST, _MOST))
    found = np.empty((number, len(cells), n_levels))
    # Small coalitions, in which a user counts most, are drawn more often, and weigh less.
    roots = (np.arange(number) + rng.random(number)) / number
    types = scenario.entry_types
    kinds = np.array([types[entry] for entry, _ in cells])
    levels = np.array([level for _, level in cells])
    own = np.arange(len(cells))
    for sample, root in enumerate(roots):
        drawn = rng.binomial(counts, root**2)
        # The user itself is among those drawn from its cell as often as anybody there.
        among = rng.random(len(cells)) * counts[kinds, levels] < drawn[kinds, levels]
        states = np.repeat(drawn[None], len(cells), axis=0)
        states[own, kinds, levels] -= among
        states[:, :, 0] += counts.sum(axis=1) - states.sum(axis=2)
        joined = np.repeat(states[:, None], n_levels, axis=1)
        for level in range(1, n_levels):
            joined[own, level, kinds, level] += 1
            joined[own, level, kinds, 0] -= 1
        worths = utility.evaluate_counts(joined.reshape(-1, *counts.shape)).reshape(len(cells), n_levels)
        found[sample] = 2 * root * (to_float(worths) - to_float(worths)[:, :1])
    return found


def check_optimum(book: Book, place: str, saved: Mapping[str, Any], scenario: Scenario) -> None:
    """Check the payments and the moves of an optimum by fresh samples, and the numbers that follow from others."""
    if saved["infeasible"] is not None or saved["profile"] is None:
        return
    rng = np.random.default_rng()
    profile = np.array(saved["profile"], dtype=np.int64)
    alpha, paid, costs = (to_float(as_array(saved[name], name)) for name in ("alpha", "payments", "costs"))
    errors = (
        np.zeros(paid.shape) if saved["standard_errors"] is None else to_float(as_array(saved["standard_errors"], "x"))
    )
    counts, cells = counts_of(scenario, profile)
    if len(cells) > _MOST_CELLS:
        cells = [cells[one] for one in sorted(rng.choice(len(cells), _MOST_CELLS, replace=False).tolist())]
    drawn = float(alpha) * fresh_payments(scenario, counts, cells, rng)
    limit = _quantile(len(cells) * len(scenario.levels))
    worth = float(as_number(saved["utility"], "utility"))
    room = RELATIVE * abs(worth)
    found = scenario.entry_costs
    precision = []
    for number, (entry, level) in enumerate(cells):
        row = entry if len(profile) == len(scenario.users) else int(np.flatnonzero(scenario.entry_of_user == entry)[0])
        spot = (row, level) if paid.ndim == 2 else row
        mean, error = _mean_and_error(drawn[:, number, level])
        wide = limit * float(np.hypot(error, errors[spot])) + room
        precision.append(wide / max(abs(mean), 1e-300) if level else 0.0)
        name = f"{scenario.users[entry]} ({scenario.levels[level]})"
        if abs(paid[spot] - mean) > wide:
            book.fail(f"{place}.payments", f"of {name} is about {mean:.6g}, saved as {paid[spot]:.6g}")
        if abs(costs[spot] - float(found[entry, level])) > 4 * RELATIVE * max(abs(costs[spot]), abs(worth)):
            book.fail(f"{place}.costs", f"of {name} is {found[entry, level]}, saved as {costs[spot]}")
        for other in scenario.choices[entry]:
            mean, error = _mean_and_error(drawn[:, number, other] - drawn[:, number, level])
            gain = mean - float(found[entry, other] - found[entry, level])
            allowed = CROWD_GAIN * max(abs(float(paid[spot])), float(found[entry, level]), abs(mean))
            if gain > limit * error + allowed + room:
                book.fail(f"{place}.profile", f"{name} gains {gain:.3g} by moving to {scenario.levels[other]}")
    how = (
        f"{len(cells)} users, {len(drawn):,} fresh samples each: a true answer fails once in a million times, "
        f"an error of {100 * float(np.median(precision)):.2g} % of a typical payment is found"
    )
    book.note(f"{place} (none better)", "computed again", "the upper bound: the gap says how much is open")
    for name in ("payments", "profile"):
        book.note(f"{place}.{name}", "sampled", how)
    worth_there = float(scenario.utility.in_floats().evaluate_counts(counts[None])[0])
    near = abs(worth - worth_there) <= 16 * RELATIVE * max(abs(worth), abs(worth_there))
    book.claim(f"{place}.utility", near, f"is {worth_there}, saved as {worth}", "the utility at that profile")
    value = float(as_number(saved["value"], "value"))
    fine = abs(value - (1 - float(alpha)) * worth) <= 16 * RELATIVE * abs(worth)
    book.claim(f"{place}.value", fine, f"is {(1 - float(alpha)) * worth}", "follows from alpha and the utility")


def check_payments(
    book: Book,
    place: str,
    saved: Mapping[str, Any],
    scenario: Scenario,
    counts: NDArray[np.int64],
    cells: list[Cell],
    spots: list[Any],
    alpha: float,
) -> None:
    """Check the payments of one profile by fresh samples; ``spots`` are their places in ``values``."""
    rng = np.random.default_rng()
    paid, errors = (to_float(as_array(saved[name], name)) for name in ("values", "standard_errors"))
    chosen = range(len(cells))
    if len(cells) > _MOST_CELLS:
        chosen = sorted(rng.choice(len(cells), _MOST_CELLS, replace=False).tolist())  # type: ignore[assignment]
    drawn = alpha * fresh_payments(scenario, counts, [cells[one] for one in chosen], rng)
    limit, worth = _quantile(len(chosen)), abs(float(as_number(saved["utility"], "utility")))
    for number, one in enumerate(chosen):
        entry, level = cells[one]
        mean, error = _mean_and_error(drawn[:, number, level])
        if abs(paid[spots[one]] - mean) > limit * float(np.hypot(error, errors[spots[one]])) + RELATIVE * worth:
            book.fail(
                f"{place}.values", f"of {scenario.users[entry]} is about {mean:.6g}, saved as {paid[spots[one]]:.6g}"
            )
    book.note(f"{place}.values", "sampled", f"{len(chosen)} users, {len(drawn):,} fresh samples each")


def _mean_and_error(samples: NDArray[np.float64]) -> tuple[float, float]:
    """Mean over strata, and its standard error: neighbours differ by chance alone, or nearly so."""
    spread = np.diff(samples)
    return float(samples.mean()), float(np.sqrt((spread**2).mean() / 2 / len(samples)))


def _quantile(tests: int) -> float:
    from scipy.stats import norm

    return float(norm.isf(_FALSE_ALARM / (2 * max(tests, 1))))
