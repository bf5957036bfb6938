"""Payments of grouped users from random coalitions of given sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.payments.evaluation import CheckedUtility

_LARGEST_ENUMERATION = 6
_DRAWS_AT_ONCE = 1 << 17


@dataclass(frozen=True)
class Population:
    """Present users by group, with the stars (groups of one user) that are enumerated, not drawn.

    Attributes
    ----------
    sizes : ndarray of int, shape (K,)
        Present users of each group.
    stars : ndarray of int, shape (q,)
        Groups of one user whose presence is enumerated.
    """

    sizes: NDArray[np.int64]
    stars: NDArray[np.intp]

    @property
    def n_users(self) -> int:
        """Number of present users ``N``."""
        return int(self.sizes.sum())

    @property
    def others(self) -> NDArray[np.intp]:
        """Groups that are drawn."""
        return np.setdiff1d(np.arange(len(self.sizes)), self.stars)

    @property
    def evaluations_per_size(self) -> int:
        """Utility evaluations for one size, at most."""
        return int(2 ** len(self.stars)) * (1 + len(self.sizes))


def population(evaluate: CheckedUtility, sizes: NDArray[np.int64]) -> Population:
    """Choose the stars: the six single users worth most alone, when there are more."""
    single = np.flatnonzero(sizes == 1)
    if len(single) > _LARGEST_ENUMERATION:
        alone = np.zeros((len(single), len(sizes)), dtype=np.int64)
        alone[np.arange(len(single)), single] = 1
        worth = np.abs(evaluate(alone))
        single = np.sort(single[np.argsort(-worth, kind="stable")[:_LARGEST_ENUMERATION]])
    return Population(sizes, single)


def joining_totals(
    evaluate: CheckedUtility,
    users: Population,
    drawn: NDArray[np.int64],
    forward: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], int]:
    """Unbiased estimate, for each size, of what a group's users earn at that size.

    Parameters
    ----------
    evaluate : callable
        Present users by group, ``(M, K)``, to utilities ``(M,)``.
    users : Population
        The groups.
    drawn : ndarray of int, shape (D,)
        Coalition sizes: before a user joins (forward) or after (backward).
    forward : ndarray of bool, shape (D,)
        Which of the two.
    rng : numpy.random.Generator
        For the count vectors, one a size and number of stars.

    Returns
    -------
    totals : ndarray, shape (D, K)
        Forward ``(m_k − a_k)/(N − s) · (U(a + e_k) − U(a))``, backward ``a_k/s · (U(a) − U(a − e_k))``,
        averaged over the presence of the stars.
    evaluations : int
        Utility evaluations spent.
    """
    step = max(1, _DRAWS_AT_ONCE >> len(users.stars))
    parts = [
        _joining_totals(evaluate, users, drawn[i : i + step], forward[i : i + step], rng)
        for i in range(0, len(drawn), step)
    ]
    return np.concatenate([part[0] for part in parts]), sum(part[1] for part in parts)


def _joining_totals(
    evaluate: CheckedUtility,
    users: Population,
    drawn: NDArray[np.int64],
    forward: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], int]:
    counts, chances, draw_of = coalitions(users, drawn, rng)
    up, size = forward[draw_of][:, None], drawn[draw_of][:, None]
    weights = np.where(up, (users.sizes - counts) / np.maximum(users.n_users - size, 1), counts / size)
    weights *= chances[:, None]
    state, group = np.nonzero(weights)
    neighbours = counts[state]
    direction = np.where(up[:, 0], 1, -1)[state]
    neighbours[np.arange(len(state)), group] += direction
    values = evaluate(np.concatenate([counts, neighbours]))
    gains = (values[len(counts) :] - values[state]) * direction
    totals = np.zeros((len(drawn), len(users.sizes)))
    np.add.at(totals, (draw_of[state], group), weights[state, group] * gains)
    return totals, len(values)


def coalitions(
    users: Population, drawn: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.intp]]:
    """Draw a random coalition of each size for every set of present stars.

    Returns
    -------
    counts : ndarray of int, shape (M, K)
        Present users by group.
    chances : ndarray, shape (M,)
        Probability of the present stars at this size; they add up to 1 for each size.
    draw_of : ndarray of int, shape (M,)
        Position in ``drawn``.
    """
    n_stars, others = len(users.stars), users.others
    n_others = users.n_users - n_stars
    by_stars = [_hypergeometric(users.sizes[others], np.clip(drawn - t, 0, n_others), rng) for t in range(n_stars + 1)]
    counts, chances, draw_of = [], [], []
    for present in range(1 << n_stars):
        flags = present >> np.arange(n_stars) & 1
        chance = _chance_of_stars(users.n_users, drawn, n_stars, int(flags.sum()))
        possible = np.flatnonzero(chance > 0)
        state = np.zeros((len(possible), len(users.sizes)), dtype=np.int64)
        state[:, users.stars] = flags
        state[:, others] = by_stars[flags.sum()][possible]
        counts.append(state)
        chances.append(chance[possible])
        draw_of.append(possible)
    return np.concatenate(counts), np.concatenate(chances), np.concatenate(draw_of)


def _chance_of_stars(n_users: int, drawn: NDArray[Any], n_stars: int, present: int) -> NDArray[np.float64]:
    """Probability that exactly the given ``present`` of the stars are among ``drawn`` random users."""
    chance = np.ones(len(drawn))
    for i in range(n_stars):
        factor = drawn - i if i < present else n_users - drawn - (i - present)
        chance *= factor / (n_users - i)
    return np.maximum(chance, 0.0)


def _hypergeometric(sizes: NDArray[np.int64], drawn: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One count vector for each number of drawn users, group after group."""
    counts = np.empty((len(drawn), len(sizes)), dtype=np.int64)
    left, pool = drawn.copy(), int(sizes.sum())
    for group, size in enumerate(sizes.tolist()[:-1]):
        pool -= size
        counts[:, group] = rng.hypergeometric(size, pool, left)
        left -= counts[:, group]
    if len(sizes):
        counts[:, -1] = left
    return counts
