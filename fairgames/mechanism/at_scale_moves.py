"""What moving brings users who may all be different: all moves are priced at once, state by state."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.at_scale_game import ScaleGame, State
from fairgames.mechanism.at_scale_shares import MovedGains, Pricing
from fairgames.parallel import counter
from fairgames.payments.federated_moves import MOST_FEDERATING, federated_moves
from fairgames.payments.moves import Moves, moves_by_permutations, moves_by_potential
from fairgames.tolerance import CERTIFICATE_DOUBT
from fairgames.utility.base import Utility
from fairgames.utility.federated_mean import FederatedMeanUtility

Counts = NDArray[np.int64]

_FEW_PROFILES = 1 << 16
_FEW_INTEGRATED, _FEW_SAMPLED = 8, 30
_MOST_USERS = 3_000
_SEARCH_SEED, _CERTIFICATE_SEED = 0, 1
_SEARCH_REPLICATES, _SEARCH_SHIFTS = 4, 2
_CERTIFICATE_REPLICATES, _CERTIFICATE_SHIFTS = 32, 8


def of_many_types(utility: Utility) -> bool:
    """Whether users are so different that states are priced user by user."""
    n_types, n_users = len(utility.type_sizes), utility.n_users
    few = _FEW_INTEGRATED if isinstance(utility, FederatedMeanUtility) else _FEW_SAMPLED
    return n_users <= _MOST_USERS and (n_types > few or 2 * n_types > n_users)


class UserGains(MovedGains):
    """What moving brings a user, all moves of a state from one pricing.

    Exact payments where there are few profiles, and under the federated mean with few federating users; else the same
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
        self._moves: dict[bytes, Moves] = {}
        self._progress = counter("states priced")

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
        key = counts.tobytes()
        if key not in self._moves:
            self._moves[key] = price_moves(
                self.pricing.utility, counts, _SEARCH_SEED, _SEARCH_REPLICATES, _SEARCH_SHIFTS
            )
            self._progress.update()
        return gains_of_moves(self._moves[key])


def gains_of_moves(moves: Moves) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What moving adds to payments, and its standard error, shape ``(K, L, L)``."""
    stays = np.diagonal(moves.values, axis1=1, axis2=2)[:, :, None]
    return moves.values - stays, moves.gain_errors


def price_moves(utility: Utility, counts: Counts, seed: int, replicates: int, shifts: int) -> Moves:
    """Price all moves: exactly where there are few profiles, with as little sampling as possible elsewhere."""
    if utility.n_users < _FEW_PROFILES.bit_length() and math.prod(utility.shape) <= _FEW_PROFILES:
        return moves_by_potential(utility, counts)
    if isinstance(utility, FederatedMeanUtility) and counts[:, 1].sum() <= MOST_FEDERATING:
        return federated_moves(utility, counts, seed, replicates=replicates)
    return moves_by_permutations(utility, counts, seed, replicates=replicates, shifts=shifts)


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


def certificate(game: ScaleGame, state: State, n_states: int) -> Certificate:
    """Price a state's moves afresh, so that a statement about all of them holds with the confidence of the package.

    Student's quantile is divided among all moves of all ``n_states`` states that are looked at (Bonferroni).
    Payments that are dominated by rare coalitions are not quite normal: then the confidence is only about right.
    """
    from scipy.stats import t

    moves = price_moves(
        game.utility, game.counts(state), _CERTIFICATE_SEED, _CERTIFICATE_REPLICATES, _CERTIFICATE_SHIFTS
    )
    allowed = np.isfinite(game.costs)
    n_moves = int(((state > 0).sum(axis=1) * (allowed.sum(axis=1) - 1)).sum())
    doubt = CERTIFICATE_DOUBT / (n_states * max(1, n_moves))
    return Certificate(moves, float(t.ppf(1 - doubt, moves.degrees_of_freedom)), n_moves)
