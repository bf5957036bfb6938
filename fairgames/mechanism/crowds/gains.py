"""What moving brings users who may all be different: all moves are priced at once, state by state.

What users of each type are paid at a state of very many, and what moving would bring them.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import to_float
from fairgames.mechanism.crowds.game import ScaleGame, State
from fairgames.payments.counts import PresentGroups, present_groups
from fairgames.payments.engines.cubature import cubature_payments
from fairgames.payments.engines.moves import Moves, exact_moves, moves_by_permutations, moves_by_potential
from fairgames.payments.pricing import fair_payments
from fairgames.progress import progress
from fairgames.tolerance import CERTIFICATE_DOUBT, USER_GAIN
from fairgames.utility.base import Utility

Counts = NDArray[np.int64]

_FEW_STATES = 20_000
_FEWEST_SMOOTH_USERS = 50
_MOST_SMOOTH_GROUPS = 8
_MANY_USERS = 20_000
_CROWD = 100


@dataclass(frozen=True, eq=False)
class Shares:
    """Payments at alpha = 1 at one state.

    Attributes
    ----------
    values, errors : ndarray, shape (K, L)
        Payment of one user of each type at each level where there is one, and its standard error.
    utility : float
        Utility of the state.
    resolved : bool
        Whether the payments passed their engine's own check.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    utility: float
    resolved: bool


class TimeIsUpError(Exception):
    """The search has no time left to price a state."""


class Pricing:
    """Payments of one utility at many states; each state is priced once.

    Parameters
    ----------
    utility : Utility
        With float values.
    **effort : object
        Options of `fair_payments` for engines that sample.

    Attributes
    ----------
    stop : float
        Time (`time.monotonic`) from which on no state is priced.
    """

    def __init__(self, utility: Utility, **effort: Any) -> None:
        self.utility = utility
        self.stop = math.inf
        self._effort = effort
        self._known: dict[bytes, Shares] = {}
        self._progress = progress("states priced")

    @property
    def n_priced(self) -> int:
        """Number of states priced so far."""
        return len(self._known)

    def at(self, counts: Counts) -> Shares:
        """Payments at ``counts[type, level]``."""
        key = counts.tobytes()
        if key not in self._known:
            self.require_time()
            self._known[key] = self._priced(counts)
            self._progress.update()
        return self._known[key]

    def require_time(self) -> None:
        """Raise `TimeIsUpError` when it is."""
        if time.monotonic() >= self.stop:
            raise TimeIsUpError

    def utility_at(self, counts: Counts) -> float:
        """Utility of one state, which need not be priced for it."""
        return float(self.utility.evaluate_counts(counts[None])[0])

    def _priced(self, counts: Counts) -> Shares:
        groups = present_groups(self.utility, counts)
        if _by_cubature(groups):
            estimate = cubature_payments(groups, groups.sizes)
            values, errors = groups.spread(estimate.values), groups.spread(estimate.standard_errors)
            return Shares(values, errors, float(estimate.utility), estimate.resolved)
        paid = fair_payments(self.utility, counts, **self._effort)
        return Shares(to_float(paid.values), to_float(paid.standard_errors), float(paid.utility), paid.resolved)


def _by_cubature(groups: PresentGroups) -> bool:
    """Whether a fixed rule prices the state sooner than all its counts do."""
    return (
        groups.utility.smooth
        and 1 < len(groups.sizes) <= _MOST_SMOOTH_GROUPS
        and groups.n_present >= _FEWEST_SMOOTH_USERS
        and groups.n_states > _FEW_STATES
    )


class MovedGains:
    """What moving brings a user, from the payments at the state in which it has moved.

    ``P(n with one user moved) − P(n)`` is the new payment less the old one, for the others stay.

    Parameters
    ----------
    pricing : Pricing
        Where payments come from.
    offered : ndarray of bool, shape (K, L)
        Levels that some user of a type may choose.
    """

    def __init__(self, pricing: Pricing, offered: NDArray[np.bool_]) -> None:
        self.pricing = pricing
        self.offered = offered

    def gain(self, counts: Counts, kind: int, source: int, target: int) -> tuple[float, float]:
        """Payment at alpha = 1 that a user gains by moving, and the standard error of that."""
        before, before_error = self._paid(counts, kind, source)
        moved = counts.copy()
        moved[kind, source] -= 1
        moved[kind, target] += 1
        after, after_error = self._paid(moved, kind, target)
        return after - before, float(np.hypot(before_error, after_error))

    def table(self, counts: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All gains and errors, shape ``(K, L, L)``: NaN where nobody can move."""
        n_kinds, n_levels = counts.shape
        gains, errors = np.full((2, n_kinds, n_levels, n_levels), np.nan)
        for kind, source, target in np.ndindex(gains.shape):
            if source != target and counts[kind, source] and self.offered[kind, source] and self.offered[kind, target]:
                gains[kind, source, target], errors[kind, source, target] = self.gain(counts, kind, source, target)
        return gains, errors

    def shares(self, counts: Counts, wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Payment at alpha = 1 of a user of each type at each wanted level; somebody is put where nobody is."""
        for kind in np.flatnonzero(wanted.any(axis=1)).tolist():
            counts = _occupied(counts, kind, np.flatnonzero(wanted[kind]).tolist())
        return self.pricing.at(counts).values

    def _paid(self, counts: Counts, kind: int, level: int) -> tuple[float, float]:
        if level == 0:
            return 0.0, 0.0
        shares = self.pricing.at(counts)
        return float(shares.values[kind, level]), float(shares.errors[kind, level])


class NearbyGains(MovedGains):
    """What moving brings a user among so many that one more or less does not change what a level is paid.

    One pricing serves all moves: where nobody is at a level, one user is put there. A type of few users,
    and a state in which few are present, are treated as `MovedGains` does.
    """

    def gain(self, counts: Counts, kind: int, source: int, target: int) -> tuple[float, float]:
        """Payment at alpha = 1 that a user gains by moving, and the standard error of that."""
        if counts[kind].sum() < _CROWD or counts[:, 1:].sum() < _MANY_USERS:
            return super().gain(counts, kind, source, target)
        shares = self.pricing.at(_occupied(counts, kind, [source, target]))
        values, errors = shares.values[kind], shares.errors[kind]
        return float(values[target] - values[source]), float(np.hypot(errors[target], errors[source]))

    def table(self, counts: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All gains and errors, shape ``(K, L, L)``: NaN where nobody can move."""
        if counts[:, 1:].sum() < _MANY_USERS:
            return super().table(counts)
        present = counts
        crowds = counts.sum(axis=1) >= _CROWD
        for kind in np.flatnonzero(crowds).tolist():
            present = _occupied(present, kind, np.flatnonzero(self.offered[kind]).tolist())
        shares = self.pricing.at(present)
        gains = shares.values[:, None, :] - shares.values[:, :, None]
        errors = np.hypot(shares.errors[:, None, :], shares.errors[:, :, None])
        for place in np.ndindex(gains.shape):
            kind, source, target = place
            if source == target or not counts[kind, source] or not self.offered[kind, target]:
                gains[place] = errors[place] = np.nan
            elif not crowds[kind]:
                gains[place], errors[place] = self.gain(counts, *place)
        return gains, errors


def _occupied(counts: Counts, kind: int, levels: list[int]) -> Counts:
    """Put a user of a type at each of these levels (0 needs none), taken from where most of them are."""
    counts = counts.copy()
    for level in levels:
        if level and not counts[kind, level]:
            counts[kind, int(np.argmax(counts[kind]))] -= 1
            counts[kind, level] += 1
    return counts


def gains_of(pricing: Pricing, offered: NDArray[np.bool_]) -> MovedGains:
    """Gains for a search: exact ones, unless users are so many that one does not matter."""
    search = NearbyGains if pricing.utility.n_users >= _MANY_USERS else MovedGains
    return search(pricing, offered)


_FEW_PROFILES = 1 << 16
_FEW_INTEGRATED, _FEW_SAMPLED = 8, 30
MOST_DIFFERENT = 5_000


@dataclass(frozen=True)
class Effort:
    """How exactly all moves of a state are priced.

    Attributes
    ----------
    likeness, fineness : float
        Of integrals, as `fairgames.utility.federated_integrals.integrate` takes them.
    error : float
        Most that integrals may be off, as a part of a mean payment.
    seed, replicates, shifts : int
        Of random orders.
    """

    likeness: float
    fineness: float
    error: float
    seed: int = 0
    replicates: int = 4
    shifts: int = 2


ROUGH = Effort(1e-4, 0.25, 5e-2)
SEARCH = Effort(1e-8, 0.4, USER_GAIN)
PROOF = Effort(1e-10, 1.0, USER_GAIN, seed=1, replicates=32, shifts=8)


def of_many_types(utility: Utility) -> bool:
    """Whether users are so different that states are priced user by user."""
    n_types, n_users = len(utility.type_sizes), utility.n_users
    if n_users > MOST_DIFFERENT:
        return False
    everybody = np.zeros((n_types, max(utility.type_levels)), dtype=np.int64)
    everybody[np.arange(n_types), np.array(utility.type_levels) - 1] = utility.type_sizes
    few = _FEW_INTEGRATED if utility.prices_moves(everybody) else _FEW_SAMPLED
    return n_types > few or 2 * n_types > n_users


class UserGains(MovedGains):
    """What moving brings a user, all moves of a state from one pricing.

    Exact payments where there are few profiles, and integrals where they can be computed; else the same
    random orders for all states, so that best replies see one and the same game.

    Parameters
    ----------
    pricing : Pricing
        Of the utility.
    offered : ndarray of bool, shape (K, L)
        Levels that some user of a type may choose.
    """

    def __init__(self, pricing: Pricing, offered: NDArray[np.bool_]) -> None:
        super().__init__(pricing, offered)
        self._moves: dict[tuple[bytes, Effort], Moves] = {}
        self._progress = progress("states priced")

    @property
    def n_priced(self) -> int:
        """Number of states priced so far."""
        return len(self._moves)

    def gain(self, counts: Counts, kind: int, source: int, target: int) -> tuple[float, float]:
        """Payment at alpha = 1 that a user gains by moving, and the standard error of that."""
        gains, errors = self.table(counts)
        return float(gains[kind, source, target]), float(errors[kind, source, target])

    def table(self, counts: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All gains and errors, shape ``(K, L, L)``: NaN where nobody can move."""
        return gains_of_moves(self._priced_with(counts, SEARCH))

    def _priced_with(self, counts: Counts, effort: Effort) -> Moves:
        key = counts.tobytes(), effort
        if key not in self._moves:
            self.pricing.require_time()
            self._moves[key] = price_moves(self.pricing.utility, counts, effort)
            self._progress.update()
        return self._moves[key]


class RoughGains(UserGains):
    """The same, with a thousandth of an error, where that is sooner known: to see where best replies lead.

    Parameters
    ----------
    gains : UserGains
        Where the others come from, and all are kept.
    """

    def __init__(self, gains: UserGains) -> None:
        super().__init__(gains.pricing, gains.offered)
        self._gains = gains

    def table(self, counts: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All gains and errors, shape ``(K, L, L)``: NaN where nobody can move."""
        utility = self.pricing.utility
        if by_profiles(utility) or not utility.prices_moves(counts):
            return self._gains.table(counts)
        return gains_of_moves(self._gains._priced_with(counts, ROUGH))


def gains_of_moves(moves: Moves) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What moving adds to payments, and its standard error, shape ``(K, L, L)``."""
    stays = np.diagonal(moves.values, axis1=1, axis2=2)[:, :, None]
    return moves.values - stays, moves.gain_errors


def by_profiles(utility: Utility) -> bool:
    """Whether there are few profiles."""
    return utility.n_users < _FEW_PROFILES.bit_length() and math.prod(utility.shape) <= _FEW_PROFILES


def price_moves(utility: Utility, counts: Counts, effort: Effort) -> Moves:
    """Price all moves: exactly where there are few profiles, with as little sampling as possible elsewhere."""
    if by_profiles(utility):
        return moves_by_potential(utility, counts)
    if utility.prices_moves(counts):
        for one in (effort, PROOF):
            found = utility.price_moves(counts, fineness=one.fineness, likeness=one.likeness)
            if found.error <= effort.error * found.scale:
                return exact_moves(found.values, found.utility, 0, "integrals")
    return moves_by_permutations(utility, counts, effort.seed, replicates=effort.replicates, shifts=effort.shifts)


@dataclass(frozen=True, eq=False)
class Certificate:
    """All moves at one state, from random orders that no search has seen, and how many errors to allow.

    Attributes
    ----------
    moves : Moves
        Payments.
    reach : float
        That many standard errors cover all gains at once, with the confidence that `CERTIFICATE_DOUBT` leaves.
    n_moves : int
        Number of moves covered.
    """

    moves: Moves
    reach: float
    n_moves: int

    @property
    def estimated(self) -> bool:
        """Whether payments have errors at all."""
        return bool(np.nanmax(self.moves.gain_errors) > 0)

    def most(self) -> NDArray[np.float64]:
        """Most that moving could add to payments, shape ``(K, L, L)``."""
        gains, errors = gains_of_moves(self.moves)
        return gains + self.reach * errors


def certificate(game: ScaleGame, state: State, n_states: int, effort: Effort = PROOF) -> Certificate:
    """Price a state's moves afresh, so that a statement about all of them holds with the confidence of the package.

    Student's quantile is divided among all moves of all ``n_states`` states that are looked at (Bonferroni).
    Payments that are dominated by rare coalitions are not quite normal: then the confidence is only about right.
    """
    from scipy.stats import t

    moves = price_moves(game.utility, game.counts(state), effort)
    allowed = np.isfinite(game.costs)
    n_moves = int(((state > 0).sum(axis=1) * (allowed.sum(axis=1) - 1)).sum())
    doubt = CERTIFICATE_DOUBT / (n_states * max(1, n_moves))
    return Certificate(moves, float(t.ppf(1 - doubt, moves.degrees_of_freedom)), n_moves)
