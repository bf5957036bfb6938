"""Payments of different users under the federated mean as integrals, where few of them federate.

With ``T`` the precision of the population's mean and any ``c > 0``,

    log((T + c) / T) = ∫_0^∞ (1 − e^{−uc}) e^{−uT} du / u,

and the federated mean's utility is a sum of such logarithms. ``T`` is a sum over the present direct users, plus what
the aggregate adds. When each user is present with probability ``t``, independently, the mean of ``e^{−uT}`` is a
product over users. So payments, integrals over ``t`` of mean contributions, are double integrals of products.

Direct users of the federated mean, each present by chance: means of exponentials of their precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.parallel import as_seed, batch_seed
from fairgames.payments.engines.moves import Moves, by_cell, exact_moves, moves_of_replicates
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.profile import expand_counts

_STEP = 0.35
_SMALLEST = 1e-13
_LARGEST = 45.0
_CHANCES = 60
_CELLS_AT_ONCE = 1 << 17


@dataclass(frozen=True, eq=False)
class FederatedUsers:
    """The federated mean's users, one by one.

    A user with noise ``v`` and variance ``V = s2 + v`` that is direct has error ``s2 v/V · (1 + c/T)`` with
    ``c = v/(V s2)``; an absent one ``s2 (1 + c/T)`` with ``c = 1/s2``.

    Attributes
    ----------
    noise, importance, entering : ndarray, shape (N,)
        ``v``, the importance, and what a share of the aggregate is proportional to.
    between, nobody : float
        ``s2``, and the error when everybody is absent.
    """

    noise: NDArray[np.float64]
    importance: NDArray[np.float64]
    entering: NDArray[np.float64]
    between: float
    nobody: float

    @classmethod
    def of(cls, utility: FederatedMeanUtility) -> FederatedUsers:
        """Users of a utility."""
        samples, importance = utility.samples[utility.types], utility.importance[utility.types]
        entering = samples if utility.aggregation == "weighted" else np.ones(len(samples))
        s2, r2 = utility.between_variance, utility.within_variance
        return cls(r2 / samples, importance, entering, s2, r2 + 2 * s2)

    @property
    def precision(self) -> NDArray[np.float64]:
        """What a direct user adds to ``T``."""
        result: NDArray[np.float64] = 1 / (self.between + self.noise)
        return result

    @property
    def total(self) -> float:
        """Importance of all users."""
        return float(self.importance.sum())

    @property
    def base(self) -> float:
        """Gain of an absent user if ``T`` were infinite."""
        return float(np.log(self.nobody / self.between))

    @property
    def known(self) -> NDArray[np.float64]:
        """How much more a direct user gains than an absent one if ``T`` were infinite."""
        result: NDArray[np.float64] = -np.log(self.noise * self.precision)
        return result

    def present(self, u: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        """``e^{−ub}``, shape (len(u), len(which))."""
        result: NDArray[np.float64] = np.exp(-np.outer(u, self.precision[which]))
        return result

    def told(self, u: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        """``e^{−uc} − e^{−u/s2}`` of direct users, shape (len(u), len(which))."""
        c = (self.noise * self.precision)[which] / self.between
        result: NDArray[np.float64] = np.exp(-np.outer(u, c)) - np.exp(-u / self.between)[:, None]
        return result

    def aggregate(
        self, federating: list[int], u: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """What federating users add: to ``T``, to the gain at infinite ``T``, and their ``e^{−uc} − e^{−u/s2}``."""
        if not federating:
            return np.zeros(1), np.zeros(1), np.zeros(len(u))
        added, constant, told = self.joined_aggregate(federating[1:], np.array(federating[:1]), u)
        return added, constant, told[:, 0]

    def joined_aggregate(
        self, federating: list[int], movers: NDArray[np.intp], u: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Do the same when each of the movers joins them: shapes (n,), (n,) and (len(u), n)."""
        members: list[Any] = [*federating, movers]
        entering = [np.broadcast_to(self.entering[one], movers.shape) for one in members]
        shares = [part / sum(entering) for part in entering]
        spread = np.sum([share**2 for share in shares], axis=0)
        noise = np.sum([share**2 * self.noise[one] for share, one in zip(shares, members, strict=True)], axis=0)
        variance: NDArray[np.float64] = noise + self.between * spread
        absent = np.exp(-u / self.between)[:, None]
        constant, told = np.zeros(len(movers)), np.zeros((len(u), len(movers)))
        for share, importance in _alike(shares, [self.importance[one] for one in members]):
            if federating:
                apart = (noise + self.between * (spread - share)) / variance
                error = self.between * (noise + self.between * (spread - share**2)) / variance
            else:
                # Alone in the aggregate, a user is as visible as a direct one.
                apart, error = noise / variance, self.between * noise / variance
            constant = constant + importance * np.log(self.between / error)
            told += importance * (np.exp(-np.outer(u, apart**2 / error)) - absent)
        return 1 / variance, constant, told


def _alike(
    shares: list[NDArray[np.float64]], importance: list[Any]
) -> Iterable[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Members of the aggregate with their importance; as one where their shares are equal."""
    if all((share == shares[0]).all() for share in shares):
        return [(shares[0], sum(importance))]
    return zip(shares, importance, strict=True)


@dataclass(frozen=True, eq=False)
class Thinned:
    """Means over random coalitions of the direct users other than a mover, integrated over their probability ``t``.

    Entry ``r`` of what follows is weighted by ``t^r (1 − t)^{M − r}``, the chance that exactly ``r`` given ones of
    ``M`` others are present too.

    Attributes
    ----------
    u : ndarray, shape (Q,)
        Nodes of the integral over ``u``, equally spaced in ``log u``, so that ``du/u`` is ``step``.
    step : float
        Their distance.
    apart : ndarray, shape (Q,)
        ``1 − e^{−u/s2}``.
    products : ndarray, shape (M + 1, Q, n)
        Means of ``e^{−uD}``, ``D`` the precision of the present direct users.
    own_products : ndarray, shape (M + 1, Q, n)
        Means of ``e^{−uD} Σ_{j present} a_j (e^{−u c_j} − e^{−u/s2})``.
    nobody : ndarray, shape (n,)
        Chance that nobody is present.
    chance : list of float
        Chance of each ``r``.
    """

    u: NDArray[np.float64]
    step: float
    apart: NDArray[np.float64]
    products: NDArray[np.float64]
    own_products: NDArray[np.float64]
    nobody: NDArray[np.float64]
    chance: list[float]


def thinned(users: FederatedUsers, direct: NDArray[np.bool_], movers: NDArray[np.intp], n_others: int) -> Thinned:
    """Integrate over ``t``, for movers who may be direct users themselves.

    Parameters
    ----------
    users : FederatedUsers
        All of them.
    direct : ndarray of bool, shape (N,)
        Who is direct.
    movers : ndarray of int, shape (n,)
        Users who move; none is among the federating others.
    n_others : int
        Number ``M`` of federating others.
    """
    u = _nodes(users)
    t, lengths = _chances()
    among = np.flatnonzero(direct)
    place = np.full(len(direct), -1)
    place[among] = np.arange(len(among))
    inside = place[movers] >= 0
    which = place[movers[inside]]
    weights = np.array([lengths * t**r * (1 - t) ** (n_others - r) for r in range(n_others + 1)])
    products = np.empty((n_others + 1, len(u), len(movers)))
    own_products = np.empty_like(products)
    step = max(1, _CELLS_AT_ONCE // max(1, len(t) * len(among)))
    for start in range(0, len(u), step):
        part = slice(start, start + step)
        z = users.present(u[part], among)[:, None, :]
        own = (t[:, None] * users.importance[among]) * (z * users.told(u[part], among)[:, None, :])
        chance = 1 - t[:, None] + t[:, None] * z
        own /= chance
        product, summed = np.exp(np.log(chance).sum(axis=2)), own.sum(axis=2)
        for r, weight in enumerate(weights):
            weighed = weight * product
            products[r, part] = weighed.sum(axis=1)[:, None]
            own_products[r, part] = (weighed * summed).sum(axis=1)[:, None]
            if which.size:
                left = weighed[:, :, None] / chance[:, :, which]
                products[r][part, inside] = left.sum(axis=1)
                own_products[r][part, inside] = (left * (summed[:, :, None] - own[:, :, which])).sum(axis=1)
    ways = [1 / ((n_others + 1) * comb(n_others, r)) for r in range(n_others + 1)]
    nobody = 1 / (n_others + 1 + len(among) - inside)
    return Thinned(u, _STEP, -np.expm1(-u / users.between), products, own_products, nobody, ways)


def _nodes(users: FederatedUsers) -> NDArray[np.float64]:
    """Trapezoidal nodes in ``log u``: the integrand is analytic and vanishes fast at both ends."""
    low, high = _SMALLEST / users.precision.sum(), _LARGEST / users.precision.min()
    return np.exp(np.arange(np.log(low), np.log(high), _STEP))


def _chances() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights of ``∫_0^1 dt``, crowding where the first users join."""
    nodes, lengths = np.polynomial.legendre.leggauss(_CHANCES)
    x = (nodes + 1) / 2
    return x**3, lengths / 2 * 3 * x**2


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
