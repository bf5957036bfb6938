"""Payments of different users under the federated mean without sampling, all moves at once.

With ``T`` the precision of the population's mean and any ``c > 0``,

    log((T + c) / T) = ∫_0^∞ (1 − e^{−uc}) e^{−uT} du / u,

and the utility is a sum of such logarithms. ``T`` is a sum over the present direct users, plus what the aggregate adds.
When each user is present with probability ``t``, independently, the mean of ``e^{−uD}`` over the direct users is a
product (`DirectUsers`); payments are integrals over ``t`` of mean contributions. The federating users matter only
through how many of them are present, whose chance is a power of ``t`` and one of ``1 − t``, and the sum of their noise,
whose law given their number is a Gauss rule (`SubsetSums`). Where the aggregate weighs sample sizes they matter through
two sums, and a few hundred subsets stand for all (`SampleSums`). Payments are smooth in a user's noise and linear in
its importance: where many users are alike enough, some are priced and the others interpolated (`_alike`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairgames.tolerance import INTEGRAL_ERROR
from fairgames.utility.base import PricedMoves
from fairgames.utility.profile import expand_counts
from fairgames.utility.sample_sums import SampleSums
from fairgames.utility.subset_sums import SubsetSums

if TYPE_CHECKING:
    from fairgames.utility.federated_mean import FederatedMeanUtility

Floats = NDArray[np.float64]
Users = NDArray[np.intp]

_STEP = 0.35
_SMALLEST = 1e-13
_LARGEST = 45.0
_FEWEST_CHANCES = 20
_CHANCES_A_DEVIATION = 6.5
_NEGLIGIBLE = 1e-19
_SERIES_ERROR = 3e-15
_PROBES = 2
_PIECES = 1_000
_AT_ONCE = 64
_CUBATURE_ERROR = 1e-8
_CUBATURE_CAUTION = 60
_REPRESENTATIVES, _COARSE = 12, (10, 0.6)
_GAINED = 2
_CAUTION = 30
_QUADRATURE = 1e-13


_MOST_PRESENT, _MOST_FEDERATING, _MOST_WEIGHTED = 5_000, 3_000, 1_000


def integrates(weighted: bool, counts: NDArray[np.integer[Any]]) -> bool:
    """Whether all moves from a state, ``counts[type, level]``, are integrals that can be computed."""
    most = _MOST_WEIGHTED if weighted else _MOST_FEDERATING
    return int(counts[:, 1].sum()) <= most and int(counts[:, 1:].sum()) <= _MOST_PRESENT


@dataclass(frozen=True, eq=False)
class FederatedUsers:
    """The federated mean's users, one by one.

    A user with noise ``v`` and variance ``V = s2 + v`` that is direct has error ``s2 v/V · (1 + c/T)`` with
    ``c = v/(V s2)``; an absent one ``s2 (1 + c/T)`` with ``c = 1/s2``.

    Attributes
    ----------
    noise, importance : ndarray, shape (N,)
        ``v``, and the importance.
    between, nobody : float
        ``s2``, and the error when everybody is absent.
    weighted : bool
        Whether shares of the aggregate are proportional to sample sizes (to ``1/v``), not equal.
    """

    noise: Floats
    importance: Floats
    between: float
    nobody: float
    weighted: bool

    @classmethod
    def of(cls, utility: FederatedMeanUtility) -> FederatedUsers:
        """Users of a utility."""
        samples, importance = utility.samples[utility.types], utility.importance[utility.types]
        s2, r2 = utility.between_variance, utility.within_variance
        return cls(r2 / samples, importance, s2, r2 + 2 * s2, utility.aggregation == "weighted")

    @property
    def precision(self) -> Floats:
        """What a direct user adds to ``T``."""
        result: Floats = 1 / (self.between + self.noise)
        return result

    @property
    def apart(self) -> Floats:
        """A direct user's ``c``."""
        result: Floats = self.noise * self.precision / self.between
        return result

    @property
    def place(self) -> Floats:
        """Coordinate in which payments are analytic, nearest singularities at a distance of ``π`` or more.

        ``log V``; where shares are in proportion to sample sizes, ``2 log v``.
        """
        result: Floats = 2 * np.log(self.noise) if self.weighted else -np.log(self.precision)
        return result

    @property
    def base(self) -> float:
        """Gain of all users if they were absent and ``T`` infinite."""
        return float(np.log(self.nobody / self.between) * self.importance.sum())


class DirectUsers:
    """Means over random coalitions of the direct users, for each number of federating others.

    Row ``r`` of all arrays holds means over the coalitions in which exactly ``r`` of ``M`` federating others are
    present, as parts of the mean over all coalitions: over ``t`` each row is weighted by the chance of ``r``.

    Parameters
    ----------
    users : FederatedUsers
        All of them.
    direct : ndarray of int
        Who is direct.
    n_others : int
        Number ``M`` of federating others.
    """

    def __init__(self, users: FederatedUsers, direct: Users, n_others: int) -> None:
        from scipy.special import gammaln

        self.users, self._direct, self._n_others = users, direct, n_others
        s2 = users.between
        low = _SMALLEST / max(users.precision.sum(), 1 / s2)
        self.u = np.exp(np.arange(np.log(low), np.log(_LARGEST / users.precision.min()) + _STEP, _STEP))
        # Evenly in the angle whose squared sine is t, chances have the same width everywhere.
        n_chances = _FEWEST_CHANCES + int(_CHANCES_A_DEVIATION * np.sqrt(len(direct) + n_others + 20))
        places, lengths = np.polynomial.legendre.leggauss(n_chances)
        angle = np.pi / 4 * (places + 1)
        self._t = np.sin(angle)[:, None] ** 2
        r = np.arange(n_others + 1)[:, None]
        ways = gammaln(n_others + 1) - gammaln(r + 1) - gammaln(n_others - r + 1)
        chance = np.exp(ways + 2 * (r * np.log(np.sin(angle)) + (n_others - r) * np.log(np.cos(angle))))
        self._weights = np.pi / 4 * lengths * np.sin(2 * angle) * chance
        self._log_product, self._own = np.zeros((2, n_chances, len(self.u)))
        alike = np.column_stack([users.noise, users.importance])[direct]
        _, first, numbers = np.unique(alike, axis=0, return_index=True, return_counts=True)
        for one, number in zip(direct[first].tolist(), numbers.tolist(), strict=True):
            log_factor, own = self._factor(one)
            self._log_product += number * log_factor
            self._own += number * own

    def _factor(self, user: int) -> tuple[Floats, Floats]:
        """Of a direct user: log of the mean of ``e^{−ub}``, and what it adds to that of its own gain, relative."""
        users, u = self.users, self.u
        missing = self._t * -np.expm1(-u * users.precision[user])
        told = np.exp(-u * users.apart[user]) - np.exp(-u / users.between)
        own = users.importance[user] * self._t * np.exp(-u * users.precision[user]) * told
        return np.log1p(-missing), own / (1 - missing)

    def means(self, without: int | None = None) -> Means:
        """Means over all direct users, or all but one."""
        log_product, own = self._log_product, self._own
        if without is not None:
            log_factor, one = self._factor(without)
            log_product, own = log_product - log_factor, own - one
        product = np.exp(log_product)
        n_direct = len(self._direct) - (without is not None)
        nobody = 1 / (self._n_others + n_direct + 1)
        return Means.of(self.users, self.u, self._weights, product, own, nobody)


@dataclass(frozen=True, eq=False)
class Means:
    """What coalitions of direct users and absent users contribute, as functions of what the aggregate adds to ``T``.

    Both functions are held as Chebyshev series in the logarithm of their argument, one for each number of federating
    others, between the limits that it can take.

    Attributes
    ----------
    users : FederatedUsers
        All of them.
    chance : ndarray, shape (M + 1,)
        Of each number of others.
    alone : float
        Mean utility when no other user federates, nor the mover does.
    low, high : ndarray, shape (M + 1,)
        Limits of the logarithm of the argument.
    gains, logs : ndarray, shape (n, M + 1)
        Series of what absent and direct users gain beyond `FederatedUsers.base` (where ``T`` is finite), and of
        ``log T``.
    """

    users: FederatedUsers
    chance: Floats
    alone: float
    low: Floats
    high: Floats
    gains: Floats
    logs: Floats

    @classmethod
    def of(
        cls, users: FederatedUsers, u: Floats, weights: Floats, product: Floats, own: Floats, nobody: float
    ) -> Means:
        """Integrate over ``t`` and ``u``."""
        s2, chance = users.between, weights.sum(axis=1)
        P = weights @ product
        gain = weights @ (product * own) + np.expm1(-u / s2) * users.importance.sum() * P
        lost = np.expm1(-u / s2) * users.importance.sum() * nobody
        alone = float(_STEP * (gain[0] - lost).sum() + users.base * (chance[0] - nobody))
        noise, r = users.noise, np.arange(len(P))
        low = np.full(len(P), np.log(1 / (s2 + noise.max())) - 1e-3)
        high = np.log((r + 2) / (s2 + noise.min()) + 1 / s2) + 1e-3
        half = float((high - low).max()) / 2
        n = int(np.ceil(-np.log(_SERIES_ERROR) / np.log((np.pi + np.hypot(np.pi, half)) / half)))
        k = np.arange(n)
        angle = np.pi * (k + 0.5) / n
        added = np.exp(low[:, None] + (high - low)[:, None] * (np.cos(angle) + 1) / 2)
        seen = np.exp(-added[:, :, None] * u)
        series = np.cos(np.outer(k, angle)) * np.where(k, 2, 1)[:, None] / n
        logs = chance[:, None] * np.log(added) + (seen @ (_STEP * (chance[:, None] - P))[:, :, None])[:, :, 0]
        gains = (seen @ (_STEP * gain)[:, :, None])[:, :, 0]
        return cls(users, chance, alone, low, high, series @ gains.T, series @ logs.T)

    def at(self, rows: Users) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
        """Both functions, for points that belong to given numbers of others."""
        low, high = self.low[rows], self.high[rows]

        def evaluated(series: Floats) -> Callable[[Floats], Floats]:
            coefficients = series[:, rows]

            def value(added: Floats) -> Floats:
                x = 2 * (2 * np.log(added) - low - high) / (high - low)
                after, later = np.zeros((2, len(x)))
                for coefficient in coefficients[:0:-1]:
                    after, later = coefficient + x * after - later, after
                result: Floats = coefficients[0] + x / 2 * after - later
                return result

            return value

        return evaluated(self.gains), evaluated(self.logs)

    def looked_up(self, rows: Users) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
        """Do as `at`, from tables of cubic pieces: for very many points."""
        low, pieces = self.low[rows], _PIECES / (self.high - self.low)[rows]

        def evaluated(table: Floats) -> Callable[[Floats], Floats]:
            def value(added: Floats) -> Floats:
                place = (np.log(added) - low) * pieces
                piece = place.astype(np.intp)
                place -= piece
                c = table[rows * _PIECES + piece].T
                result: Floats = ((c[3] * place + c[2]) * place + c[1]) * place + c[0]
                return result

            return value

        return evaluated(self._gains_in_pieces), evaluated(self._logs_in_pieces)

    @cached_property
    def _gains_in_pieces(self) -> Floats:
        return _in_pieces(self.gains)

    @cached_property
    def _logs_in_pieces(self) -> Floats:
        return _in_pieces(self.logs)


def _in_pieces(series: Floats) -> Floats:
    """Cubic pieces with the values and slopes of Chebyshev series at their ends, shape (series · pieces, 4)."""
    known = np.polynomial.chebyshev.chebvander(np.linspace(-1, 1, _PIECES + 1), len(series) - 1)
    value = (known @ series).T
    slope = (known[:, :-1] @ np.polynomial.chebyshev.chebder(series)).T * (2 / _PIECES)
    (v, w), (s, t) = ((ends[:, :-1], ends[:, 1:]) for ends in (value, slope))
    return np.stack([v, s, 3 * (w - v) - 2 * s - t, 2 * (v - w) + s + t], axis=-1).reshape(-1, 4)


def _paid(means: Means, others: SubsetSums, user: int) -> Floats:
    """Payment of a user at each level, shape (3,), given the laws of the federating others' noise."""
    users, s2 = means.users, means.users.between
    rows, places = np.nonzero(others.measures[:, :, 0] > _NEGLIGIBLE)
    W, chance = others.nodes[rows, places], others.measures[rows, places, 0]
    unequal = others.measures.shape[2] > 1
    told = others.measures[rows, places, 1] / chance if unequal else rows * users.importance[0]
    gain, log = means.at(rows)
    certain = means.chance[rows]
    v, a, b, c = (part[user] for part in (users.noise, users.importance, users.precision, users.apart))

    def utility(m: Floats, W: Floats, told: Floats, added: float) -> Floats:
        """Mean utility when ``m`` users of noise ``W`` in all and given importance federate."""
        some = m > 0
        variance = np.where(some, s2 * m + W, 1)
        T = m * m / variance + added
        error = s2 * np.where(some, (W + s2 * (m - 1)) / variance, 1)
        apart = (W / variance) ** 2 / error
        known = certain * np.log(s2 / error) + log(T + 1 / s2) - log(T + apart)
        result: Floats = certain * users.base + gain(T) + told * known
        if added:
            result += a * (-certain * np.log(v * b) + log(T + 1 / s2) - log(T + c))
        return result

    m = rows.astype(float)
    stays = np.where(rows > 0, utility(np.maximum(m, 1), np.where(rows > 0, W, s2), told, 0.0), 0)
    before = means.alone + chance @ stays
    joined, directly = chance @ utility(m + 1, W + v, told + a, 0.0), chance @ utility(m, W, told, b)
    return np.array([0.0, joined - before, directly - before])


class WeightedPrices:
    """Payments, as by `_paid`, where shares of the aggregate are proportional to sample sizes.

    With ``n = 1/v`` and ``z = n + s2 n²`` of a federating user and ``R``, ``Z`` their sums over the others, its error
    is ``s2 (Z + n)/(Z + z) · (T + c)/T``, with ``T + c = D + 1/s2 + R²/(Z + n)`` and the direct users' precision ``D``.

    Parameters
    ----------
    means : Means
        Of the direct users.
    sums : SampleSums
        Of the federating ones.
    """

    def __init__(self, means: Means, sums: SampleSums) -> None:
        self._means, self._subsets, self._members = means, sums.subsets, sums.members
        self._gain, self._log = means.looked_up(sums.subsets.size)
        self._certain = means.chance[sums.subsets.size]
        _, self._log_of_members = means.looked_up(sums.members.size)
        self._n, self._z = sums.n[sums.members.member], sums.z[sums.members.member]

    def paid(self, weights: Sequence[Floats], user: int) -> Floats:
        """Payment of a user at each level, shape (3,), by its weights of subsets and of members."""
        users, s2, certain, log = self._means.users, self._means.users.between, self._certain, self._log
        v, a, b, c = (part[user] for part in (users.noise, users.importance, users.precision, users.apart))
        n, z = 1 / v, 1 / v + s2 / v**2
        R, Z = self._subsets.R, self._subsets.Z
        T = (R + n) ** 2 / (Z + z)
        own = log(T + 1 / s2) - log(1 / s2 + R**2 / (Z + n)) - certain * np.log((Z + n) / (Z + z))
        joined = certain * users.base + self._gain(T) + a * own
        T = self._heard + b
        own = log(T + 1 / s2) - log(T + c) - certain * np.log(v * b)
        directly = certain * users.base + self._gain(T) + a * own
        stays, joins, tells = weights[0] @ self._before, weights[0] @ joined, weights[0] @ directly
        stays += self._means.alone + weights[1] @ self._known_before
        joins += weights[1] @ self._known(self._members.R + n, self._members.Z + z)
        tells += weights[1] @ self._known(self._members.R, self._members.Z, b)
        return np.array([0.0, joins - stays, tells - stays])

    @cached_property
    def _heard(self) -> Floats:
        """What the aggregate adds to ``T``."""
        Z = self._subsets.Z
        result: Floats = self._subsets.R**2 / np.where(Z > 0, Z, 1)
        return result

    @cached_property
    def _before(self) -> Floats:
        users, some = self._means.users, self._heard > 0
        gain = self._gain(np.where(some, self._heard, 1 / users.between))
        return np.where(some, self._certain * users.base + gain, 0)

    @cached_property
    def _known_before(self) -> Floats:
        return self._known(self._members.R, self._members.Z)

    def _known(self, R: Floats, Z: Floats, added: float = 0.0) -> Floats:
        """What members gain, beyond what they would if they were absent."""
        own, log = added + 1 / self._means.users.between, self._log_of_members
        gained = log((R + self._n) ** 2 / (Z + self._z) + own) - log(R**2 / (Z + self._n) + own)
        result: Floats = gained - self._means.chance[self._members.size] * np.log((Z + self._n) / (Z + self._z))
        return result


def _alike(x: Floats, importance: Floats, likeness: float) -> tuple[Users, Floats]:
    """Users to price, and how the payments of the others follow from theirs.

    What a payment is beyond the known part is analytic in ``x``, nearest singularities at ``x ± iπ``, and linear in
    the importance. Pivoted QR of such functions picks users that span the others (interpolative
    decomposition).

    Returns
    -------
    order : ndarray of int, shape (n,)
        All users, those to price first.
    weights : ndarray, shape (rank, n − rank)
        Of the former's payments in each of the latter's.
    """
    from scipy.linalg import qr, solve_triangular

    if not likeness:
        return np.arange(len(x)), np.zeros((len(x), 0))
    half = max(float(np.ptp(x)) / 2, 1e-9)
    ratio = (np.pi + np.hypot(np.pi, half)) / half
    k = np.arange(1 + int(np.ceil(-np.log(max(likeness, _SMALLEST)) / np.log(ratio))))
    z = np.clip((x - (x.max() + x.min()) / 2) / half, -1, 1)
    functions = np.cos(np.outer(np.arccos(z), k)) * ratio**-k
    if np.ptp(importance) > 0:
        functions = np.hstack([functions, functions * (importance / importance.max())[:, None]])
    R, order = qr(functions.T, mode="r", pivoting=True)
    diagonal = np.abs(np.diag(R))
    rank = int((diagonal > likeness * diagonal[0]).sum())
    return order, solve_triangular(R[:rank, :rank], R[:rank, rank:])


def integrate(
    utility: FederatedMeanUtility,
    counts: NDArray[np.integer[Any]],
    *,
    absent: bool = True,
    likeness: float = 1e-10,
    fineness: float = 1.0,
) -> PricedMoves:
    """Price all moves of single users.

    Parameters
    ----------
    utility : FederatedMeanUtility
        Such that `integrates` says so.
    counts : ndarray of int, shape (K, 3)
        Users by type and level.
    absent : bool
        Whether those who are absent are priced too.
    likeness : float
        Users are interpolated where functions as smooth as payments are followed that well; 0 prices every one.
    fineness : float
        Multiplies the numbers of nodes for sums over federating users.

    Returns
    -------
    PricedMoves
            Estimated is the largest of thirty times the average by which the payments miss the utility, of how far
        interpolation is off at users that were priced to check it, and of what quadrature leaves anyhow, 1e-13 of all
        that could be gained. Where more than a few federate and sample sizes weigh, the first is sixty times that, a
        half of the change from coarser points counts too, and no error below 1e-8 of the average payment is claimed.
        Look at ``exact`` first.

    Examples
    --------
    >>> from fairgames.utility.federated_mean import FederatedMeanUtility
    >>> three = FederatedMeanUtility([10, 20, 30], between_variance=1, within_variance=10)
    >>> integrated = integrate(three, np.array([[0, 0, 1], [0, 0, 1], [0, 0, 1]]))
    >>> integrated.values[:, 2, 2].round(6).tolist()  # as in the paper's notation: phi(2, 2, 2)
    [2.660104, 3.491066, 3.966857]
    """
    levels = expand_counts(counts[None], utility.types)[0]
    worth = float(utility.evaluate_counts(counts[None])[0])
    present = int(counts[:, 1:].sum())
    scale = abs(worth) / max(1, present)
    users = FederatedUsers.of(utility)
    tolerance = max(_CUBATURE_ERROR if users.weighted else INTEGRAL_ERROR, 10 * likeness)
    state = _State(users, levels, likeness, tolerance * scale, fineness)
    _, one = np.unique(3 * utility.types + levels, return_index=True)
    values, errors, paid_out = np.full((len(counts), 3, 3), np.nan), [0.0], 0.0
    # Federating users first: what they need is part of what the others need.
    for level in (1, 2, 0) if absent else (1, 2):
        users = one[levels[one] == level]
        if users.size:
            paid, error = state.paid(users, level)
            values[utility.types[users], level] = paid
            errors.append(error)
            paid_out += float(paid[:, level] @ counts[utility.types[users], level])
    missed = abs(paid_out - worth) * min(1.0, _CAUTION / max(1, present))
    left = _QUADRATURE * (state.users.base + state.users.importance.sum())
    if state.cubature_error:
        missed = abs(paid_out - worth) * _CUBATURE_CAUTION / present
        left = max(left, _CUBATURE_ERROR * scale, state.cubature_error)
    return PricedMoves(values, max(*errors, missed, left), worth, scale)


class _State:
    """Prices of moves at one state, class by class of users who are at the same level."""

    def __init__(
        self, users: FederatedUsers, levels: NDArray[np.intp], likeness: float, tolerance: float, fineness: float
    ) -> None:
        self.users, self._likeness, self._tolerance, self._fineness = users, likeness, tolerance, fineness
        self.cubature_error = 0.0
        self._direct, self._federating = np.flatnonzero(levels == 2), np.flatnonzero(levels == 1)
        unequal = np.ptp(users.importance) > 0
        self._linear = users.importance[:, None] if unequal else np.zeros((len(levels), 0))
        self._known = -users.importance * np.log(users.noise * users.precision)

    def paid(self, movers: Users, level: int) -> tuple[Floats, float]:
        """Payments of users of that level, shape (n, 3); the error of interpolation."""
        users, price = self.users, (self._price_absent, self._price_federating, self._price_direct)[level]
        order, weights = _alike(users.place[movers], users.importance[movers], self._likeness)
        rank = len(weights)
        asked, rest = order[: rank + _PROBES], order[rank + _PROBES :]
        paid = np.empty((len(movers), 3))
        paid[asked] = price(movers[asked])
        if not rest.size:
            return paid, 0.0
        # Log-singular parts: of a user that is told apart, and of the same one as the only one who federates.
        n = len(self._federating)
        part = np.outer(self._known[movers], [0.0, 1 / max(1, n - 1) if level == 1 else 1 / (n + 1), 1.0])
        follows = part[order[rank:]] + weights.T @ (paid[order[:rank]] - part[order[:rank]])
        error = float(np.abs(follows[:_PROBES] - paid[asked[rank:]]).max())
        if error > self._tolerance:
            paid[rest], error = price(movers[rest]), 0.0
        else:
            paid[rest] = follows[_PROBES:]
        return paid, error

    def _price_absent(self, movers: Users) -> Floats:
        means = self._all_direct.means()
        return self._among_all(movers, lambda _: means)

    def _price_direct(self, movers: Users) -> Floats:
        return self._among_all(movers, self._all_direct.means)

    def _among_all(self, movers: Users, means: Callable[[int], Means]) -> Floats:
        """Payments of movers who do not federate."""
        if not self.users.weighted:
            return np.array([_paid(means(user), self._every, user) for user in movers.tolist()])
        sums = self._sample_sums(all_but_one=False)
        weights = [part[0] for part in sums.weights(movers[:0])]
        prices = lru_cache(maxsize=1)(lambda one: WeightedPrices(one, sums))
        return np.array([prices(means(user)).paid(weights, user) for user in movers.tolist()])

    def _price_federating(self, movers: Users) -> Floats:
        means = DirectUsers(self.users, self._direct, len(self._federating) - 1).means()
        if self.users.weighted:
            sums = self._sample_sums(all_but_one=True)
            paid = np.concatenate(
                [self._paid_by(means, sums, some) for some in np.array_split(movers, 1 + len(movers) // _AT_ONCE)]
            )
            if sums.by_cubature:
                coarser = self._paid_by(means, self._sample_sums(all_but_one=True, coarse=True), movers[:_PROBES])
                self.cubature_error = float(np.abs(coarser - paid[:_PROBES]).max()) / _GAINED
            return paid
        paid = np.empty((len(movers), 3))
        others = np.setdiff1d(self._federating, movers)
        start = self._joined(SubsetSums.of_nobody(len(self._federating), self._linear.shape[1], self._fineness), others)
        self._every = self._joined(start, movers)
        start = start.of_at_most(len(self._federating) - 1)
        for place, law in start.without_each(self.users.noise[movers], self._linear[movers]):
            paid[place] = _paid(means, law, movers[place])
        return paid

    def _joined(self, sums: SubsetSums, users: Users) -> SubsetSums:
        return sums.joined(self.users.noise[users], self._linear[users])

    def _paid_by(self, means: Means, sums: SampleSums, movers: Users) -> Floats:
        prices = WeightedPrices(means, sums)
        weights = zip(*sums.weights(np.searchsorted(self._federating, movers)), strict=True)
        return np.array([prices.paid(one, user) for one, user in zip(weights, movers.tolist(), strict=True)])

    def _sample_sums(self, *, all_but_one: bool, coarse: bool = False) -> SampleSums:
        n, importance = 1 / self.users.noise[self._federating], self.users.importance[self._federating]
        representatives, fewer = _COARSE if coarse else (_REPRESENTATIVES, 1.0)
        fineness = fewer * self._fineness
        return SampleSums(n, importance, self.users.between, representatives, fineness, all_but_one=all_but_one)

    @cached_property
    def _every(self) -> SubsetSums:
        """Laws over all federating users."""
        nobody = SubsetSums.of_nobody(len(self._federating), self._linear.shape[1], self._fineness)
        return self._joined(nobody, self._federating)

    @cached_property
    def _all_direct(self) -> DirectUsers:
        return DirectUsers(self.users, self._direct, len(self._federating))
