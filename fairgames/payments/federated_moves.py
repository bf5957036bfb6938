"""Payments of different users under the federated mean as integrals, where few of them federate.

With ``T`` the precision of the population's mean and any ``c > 0``,

    log((T + c) / T) = ∫_0^∞ (1 − e^{−uc}) e^{−uT} du / u,

and the federated mean's utility is a sum of such logarithms. ``T`` is a sum over the present direct users, plus what
the aggregate adds. When each user is present with probability ``t``, independently, the mean of ``e^{−uT}`` is a
product over users. So payments, integrals over ``t`` of mean contributions, are double integrals of products.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from fairgames.parallel import as_seed, batch_seed
from fairgames.payments.federated_thinned import FederatedUsers, Thinned, thinned
from fairgames.payments.moves import Moves, by_cell, exact_moves, moves_of_replicates
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.profile import expand_counts

MOST_FEDERATING = 16
"""Above this many federating users, the subsets of them take longer than random orders of all."""


def federated_moves(
    utility: FederatedMeanUtility,
    counts: NDArray[np.int64],
    seed: int | np.random.SeedSequence = 0,
    *,
    replicates: int = 8,
) -> Moves:
    """Price all moves of single users; only subsets of the federating users are sampled, if they are many.

    For each number of present federating users all subsets are taken where they are few; else a random one a replicate
    and its mirror, in which the largest user stands for the smallest, and so on.

    Parameters
    ----------
    utility : FederatedMeanUtility
        Of users that may all be different.
    counts : ndarray of int, shape (K, 3)
        Users by type and level.
    seed : int or numpy.random.SeedSequence
        The same seed gives the same numbers.
    replicates : int
        Independent samples.

    Returns
    -------
    Moves
        With zero standard errors where nothing is sampled: up to five federating users, with eight replicates. What is
        left of error is then that of quadrature, about 1e-11 of a payment.

    Examples
    --------
    >>> three = FederatedMeanUtility([10, 20, 30], between_variance=1, within_variance=10)
    >>> moves = federated_moves(three, np.array([[0, 0, 1], [0, 0, 1], [0, 0, 1]]))
    >>> moves.values[:, 2, 2].round(6).tolist()  # as in the paper's notation: phi(2, 2, 2)
    [2.660104, 3.491066, 3.966857]
    """
    levels = expand_counts(counts[None], utility.types)[0]
    users, root = FederatedUsers.of(utility), as_seed(seed)
    federating = np.flatnonzero(levels == 1)
    federating = federating[np.argsort(users.noise[federating], kind="stable")].tolist()
    paid = np.zeros((replicates, len(levels), 3))
    rest = np.flatnonzero(levels != 1)
    subsets = Subsets(root, replicates)
    if rest.size:
        mean = thinned(users, levels == 2, rest, len(federating))
        paid[:, rest] = _paid(users, mean, rest, federating, subsets)
    if federating:
        mean = thinned(users, levels == 2, np.array(federating[:1]), len(federating) - 1)
    for user in federating:
        others = [one for one in federating if one != user]
        paid[:, [user]] = _paid(users, mean, np.array([user]), others, subsets)
    cells = by_cell(paid, utility.types, levels, (len(utility.type_sizes), 3))
    worth = float(utility.evaluate_counts(counts[None])[0])
    if subsets.all_of(len(federating)):
        return exact_moves(cells[0], worth, len(levels), "integrals")
    return moves_of_replicates(cells, worth, replicates * len(levels), "integrals over sampled subsets")


@dataclass(frozen=True)
class Subsets:
    """Subsets of the federating users: all of one size, or random ones."""

    seed: np.random.SeedSequence
    replicates: int

    def all_of(self, number: int) -> bool:
        """Whether all subsets of so many users are taken."""
        return comb(number, number // 2) <= 2 * self.replicates

    def of(self, users: list[int], size: int) -> Iterator[tuple[slice, float, list[int]]]:
        """Replicates that a subset belongs to, how many subsets it stands for, and the subset."""
        ways = comb(len(users), size)
        if ways <= 2 * self.replicates:
            for chosen in combinations(users, size):
                yield slice(None), 1.0, list(chosen)
            return
        for replicate in range(self.replicates):
            rng = np.random.default_rng(batch_seed(self.seed, replicate * (len(users) + 1) + size))
            places = rng.permutation(len(users))[:size]
            for mirrored in (places, len(users) - 1 - places):
                yield slice(replicate, replicate + 1), ways / 2, [users[place] for place in mirrored.tolist()]


def _paid(
    users: FederatedUsers,
    mean: Thinned,
    movers: NDArray[np.intp],
    others: list[int],
    subsets: Subsets,
) -> NDArray[np.float64]:
    """Payments of movers at each level, shape (R, n, 3), when ``others`` are the other federating users."""
    paid = np.zeros((subsets.replicates, len(movers), 3))
    for size in range(len(others) + 1):
        for rows, weight, federating in subsets.of(others, size):
            direct = weight * _joining_directly(users, mean, movers, federating)
            paid[rows, :, 2] += direct
            paid[rows, :, 1] += weight * _joining_aggregate(users, mean, movers, federating) if size else direct
    return paid


def _joining_directly(
    users: FederatedUsers, mean: Thinned, movers: NDArray[np.intp], federating: list[int]
) -> NDArray[np.float64]:
    """Mean gain by a direct user, over coalitions in which exactly these others federate."""
    size = len(federating)
    added, _, told = users.aggregate(federating, mean.u)
    others, own = mean.products[size], mean.own_products[size]
    alone = -users.total * mean.apart[:, None]
    seen = np.exp(-mean.u * added)[:, None]
    stays = others * (-alone - told[:, None]) - own
    z, w = users.present(mean.u, movers), users.told(mean.u, movers)
    integrand = seen * ((1 - z) * stays + z * others * users.importance[movers] * w)
    gain = mean.chance[size] * users.importance[movers] * users.known[movers]
    if not federating:
        integrand = integrand + alone * mean.nobody
        gain = gain + users.total * users.base * mean.nobody
    total: NDArray[np.float64] = gain + mean.step * integrand.sum(axis=0)
    return total


def _joining_aggregate(
    users: FederatedUsers, mean: Thinned, movers: NDArray[np.intp], federating: list[int]
) -> NDArray[np.float64]:
    """Mean gain by one more federating user, over coalitions in which exactly these others federate."""
    size = len(federating)
    others, own = mean.products[size], mean.own_products[size]
    apart = users.total * mean.apart[:, None]

    def expected(added: NDArray[np.float64], told: NDArray[np.float64]) -> NDArray[np.float64]:
        seen: NDArray[np.float64] = np.exp(-mean.u[:, None] * added) * (others * (apart - told) - own)
        return seen

    before_added, before_constant, before_told = users.aggregate(federating, mean.u)
    added, constant, told = users.joined_aggregate(federating, movers, mean.u)
    integrand = expected(before_added, before_told[:, None]) - expected(added, told)
    total: NDArray[np.float64] = mean.chance[size] * (constant - before_constant) + mean.step * integrand.sum(axis=0)
    return total
