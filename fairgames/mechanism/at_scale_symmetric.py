"""Identical users with two actions, one of them "absent": the optimum in closed form, at any size."""

from __future__ import annotations

import numpy as np

from fairgames.exactness import to_float
from fairgames.mechanism.at_scale_game import ScaleGame
from fairgames.mechanism.at_scale_search import Candidate

_CHUNK = 1 << 17
_MOST_USERS = 20_000_000


def is_symmetric(game: ScaleGame) -> bool:
    """Whether all users are of one type, have equal costs, and choose between "absent" and one level."""
    allowed = np.isfinite(game.costs)
    one = len(game.sizes) == 1 and len(game.utility.type_sizes) == 1
    return one and bool(allowed[0, 0]) and int(allowed.sum()) == 2 and game.n_users <= _MOST_USERS


def symmetric_optimum(game: ScaleGame) -> Candidate:
    """Best equilibrium over all alphas.

    With ``U_k`` the utility of ``k`` present users and ``c`` their cost, the platform keeps at most ``max U_k − c k``,
    for each present user is paid at least its cost. At ``alpha = c k / U_k`` the maximising ``k`` is an equilibrium:
    those present are paid exactly ``c``, and one more would be paid at most ``c``, since ``U_{k+1} ≤ U_k + c``. Mixed
    equilibria leave the platform a mean of the same numbers.

    Returns
    -------
    Candidate
        Its ``value`` is also the upper bound.
    """
    level = int(np.flatnonzero(np.isfinite(game.costs[0]))[1])
    cost, best, best_k = float(game.costs[0, level]), 0.0, 0
    for start in range(0, game.n_users + 1, _CHUNK):
        present = np.arange(start, min(start + _CHUNK, game.n_users + 1))
        counts = np.zeros((len(present), 1, game.n_levels), dtype=np.int64)
        counts[:, 0, level], counts[:, 0, 0] = present, game.n_users - present
        kept = to_float(game.utility.evaluate_counts(counts)) - cost * present
        top = int(np.argmax(kept))
        if kept[top] > best:
            best, best_k = float(kept[top]), int(present[top])
    state = np.zeros((1, game.n_levels), dtype=np.int64)
    state[0, level], state[0, 0] = best_k, game.n_users - best_k
    utility = best + cost * best_k
    return Candidate(cost * best_k / utility if best_k else 0.0, best, utility, state)
