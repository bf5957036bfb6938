"""Direct users of the federated mean, each present by chance: means of exponentials of their precision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.utility.federated_mean import FederatedMeanUtility

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
