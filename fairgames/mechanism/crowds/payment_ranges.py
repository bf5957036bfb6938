"""How much a level can be worth to a user, over all that a part of the states allows.

A payment is a mean over coalitions ``S`` of the others: of each size alike, or, which is the same, over ``S`` that
everybody present joins with probability ``t``, ``t`` uniform on [0, 1]. Which users are present is not known in a part,
only how many, how many of them federate, and which levels each may still have. So a mean over coalitions is bounded
by that of the composition that is worst for it; no corner of the part needs to be it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.crowds.game import ScaleGame
from fairgames.mechanism.crowds.relaxation import FederatedRelaxation
from fairgames.utility.federated_mean import FederatedMeanUtility

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

_STEP = 0.4
_SMALLEST, _LARGEST = 1e-11, 120.0
_PANEL, _PANEL_NODES = 4.0, 8
_CHANCES = 120
_QUANTILES = np.concatenate([[0.0], np.geomspace(1e-14, 0.01, 18), [0.03, 0.07, 0.13], np.arange(0.2, 1.01, 0.1)])
_MEAN_VARIANCES = 24
_EXACT_NUMBERS, _NUMBERS_RATIO = 24, 1.08
_PRECISIONS = 96


@dataclass(frozen=True, eq=False)
class Part:
    """States at a range of alpha.

    Attributes
    ----------
    alphas : tuple of float
        Least and largest alpha.
    present, federating : tuple of int
        Least and largest number of users who are not absent, and who are at level 1.
    least, most : ndarray of int, shape (G, L)
        How many users of each group have each level.
    """

    alphas: tuple[float, float]
    present: tuple[int, int]
    federating: tuple[int, int]
    least: Numbers
    most: Numbers

    @property
    def left(self) -> NDArray[np.bool_]:
        """Levels that users of each group may still have."""
        left: NDArray[np.bool_] = self.most > 0
        return left


class PaymentRanges(ABC):
    """Bounds on the users' payments and on the utility in parts of what is possible."""

    counts_federating: bool
    """Whether a part's number of users at level 1 says anything."""

    @abstractmethod
    def advantages(self, part: Part) -> Floats:
        """Most that level ``l`` can be paid more than ``m``, at alpha = 1.

        Returns
        -------
        ndarray, shape (G, L, L)
            Entry ``[g, l, m]`` is valid at each state of the part in which a user of group ``g`` is at level ``l``.
        """

    @abstractmethod
    def majorants(self, part: Part) -> tuple[Floats, Floats]:
        """Sums over users that the utility never exceeds in the part: constants (R,), and gains (R, G, L)."""


class FederatedRanges(PaymentRanges):
    """The federated mean.

    With ``T`` the precision of the population's mean, a coalition's utility is ``Σ_j a_j log((r2 + 2 s2)/EMSE_j)``.
    In the notation of `FederatedRelaxation`, ``p = 1/V``, ``k = v/V`` and ``c = k/s2``:

    - A user who joins directly adds ``p`` to ``T``. What that adds to each user's gain falls with ``T``, and is at most
      what an absent one gains, ``log((1 + 1/(s2 T)) / (1 + 1/(s2 (T + p))))``, a mixture of exponentials ``e^{−uT}``
      with positive weights; so is the user's own gain. ``T`` itself is, for any ``y``, at least the sum over the
      coalition of ``p`` of its direct users, and ``p (1 − (1 − e V/y)²)`` of its federating ones (``e`` what their
      share is proportional to): the aggregate's precision ``(Σe)²/Σe²V`` is convex in the sums, and this its
      tangent. So the mean of ``e^{−uT}`` is at most a product over users, largest when the least precise are
      present. The first of all gains ``U({i})``, with the chance that nobody else is there.
    - ``T`` is at most the sum of ``p``, the aggregate's precision being subadditive; by Jensen's inequality a direct
      user's gain among ``s`` others is at least that at the mean of ``T``.
    - Federating is never paid more than being direct: whoever knows the single means knows their aggregate.
      How much less it is paid, under equal shares, depends on the number ``m`` of federating users in the coalition,
      which takes each value from 0 to their number alike; on ``Y``, the mean of their ``V``; and on the direct users'
      precision. Nothing where ``m = 0``. Else being direct adds ``m (Y − V)² / (V Y (m Y + V))`` to ``T``, and reveals
      the user; and those ``m`` have a larger share than with it. All this is monotone in ``T``, ``m``, and ``Y``, or
      largest at an end of a short range of ``Y``; ranges of ``Y`` are gone through.

    Parameters
    ----------
    game : ScaleGame
        Users of a `FederatedMeanUtility`.
    """

    counts_federating = True

    def __init__(self, game: ScaleGame) -> None:
        utility = game.utility
        if not isinstance(utility, FederatedMeanUtility):
            raise TypeError("utility")
        self._game, self._relaxation = game, FederatedRelaxation(game)
        self._s2, self._r2 = utility.between_variance, utility.within_variance
        self._weighted = utility.aggregation == "weighted"
        self._importance = utility.importance.astype(float)
        noise = self._r2 / utility.samples
        self._variance = self._s2 + noise
        self._precision, self._known = 1 / self._variance, noise / self._variance
        self._entering = self._variance * (utility.samples if self._weighted else 1.0)
        total, a = float(self._importance[game.kinds] @ game.sizes), self._importance
        nobody = self._r2 + 2 * self._s2
        self._total = total
        self._alone = (total - a) * np.log(nobody / (self._s2 + self._variance)) + a * np.log(nobody / noise)
        p = self._precision
        low, high = _SMALLEST / float(p[game.kinds] @ game.sizes), _LARGEST / float(p.min())
        self._u = np.exp(np.arange(np.log(low), np.log(high), _STEP))
        self._far = -np.expm1(-self._u / self._s2)
        stays = np.exp(-np.outer(p, self._u))
        own = self._far + stays * np.expm1(-np.outer(self._known / self._s2, self._u))
        self._gained = _STEP * (a[:, None] * own + (total - a)[:, None] * self._far * (1 - stays))
        self._t, self._lengths = _graded_nodes(game.n_users)
        self._direct = self._log_chances(p, self._t)
        self._few = np.concatenate([[0.0], np.geomspace(1e-4 / game.n_users, 1.0, _CHANCES)])
        self._few_direct = self._log_chances(p, self._few)
        self._tangents: dict[float, Floats] = {}

    def _log_chances(self, precision: Floats, t: Floats) -> Floats:
        """``log(1 − t + t e^{−u p})`` of each type, shape (K, len(t), len(u))."""
        away = t[:, None] * np.expm1(-precision[:, None, None] * self._u)
        result: Floats = np.log1p(np.maximum(away, -1 + 1e-15))
        return result

    def _by_type(self, numbers: Numbers) -> Numbers:
        """Users of each type, from numbers by group."""
        summed = np.zeros(len(self._precision), dtype=np.int64)
        np.add.at(summed, self._game.kinds, numbers)
        return summed

    def _present(self, part: Part) -> tuple[Numbers, Numbers]:
        """Least and largest number of present users of each type."""
        sizes = self._game.sizes
        least, most = sizes - part.most[:, 0], np.minimum(sizes - part.least[:, 0], part.most[:, 1:].sum(axis=1))
        return self._by_type(np.maximum(least, 0)), self._by_type(most)

    def advantages(self, part: Part) -> Floats:
        """Most that level ``l`` can be paid more than ``m``."""
        federating = self._by_type(part.most[:, 1])
        needed, either = self._present(part)
        most, least = self._most(part, needed, either, federating), self._least(part, needed, either)
        apart = np.full(len(most), np.inf) if self._weighted else self._most_apart(part, federating)
        result = np.zeros((len(most), 3, 3))
        result[:, 1, 0] = result[:, 2, 0] = most
        result[:, 2, 1], result[:, 0, 2] = apart, -least
        result[:, 0, 1] = apart - least
        spread: Floats = result[self._game.kinds]
        return spread

    def _most(self, part: Part, needed: Numbers, either: Numbers, federating: Numbers) -> Floats:
        """Most that a present user can be paid at the top level, by type."""
        fewest, most = max(part.present[0] - 1, 1), part.present[1] - 1
        first: Floats = self._alone / max(part.present[0], 1)
        if most < 1:
            return first
        present = _taken(self._precision, either, fewest, self._others(needed))
        logs = np.tensordot(present.astype(float), self._direct, 1)
        logs = np.minimum(logs + self._hidden(part.federating[1], federating), 0.0)
        others = self._lengths @ (np.exp(logs) - ((1 - self._t) ** fewest)[:, None])
        # The mean over sizes from 1 falls with the number of others, the chance of such a size rises with it.
        some = most / (most + 1)
        own = -self._importance * np.log(self._known)
        result: Floats = first + some * (own + (1 + 1 / fewest) * (self._gained @ others))
        return result

    def _others(self, needed: Numbers) -> Numbers:
        """Of the users who are needed, those other than the one who is looked at: at worst the most precise."""
        needed = needed.copy()
        there = np.flatnonzero(needed)
        if there.size:
            needed[there[np.argmax(self._precision[there])]] -= 1
        return needed

    def _hidden(self, most: int, federating: Numbers) -> Floats | float:
        """What at most so many federating users, rather than direct ones, can add to the logarithm of a product."""
        there = federating > 0
        if not there.any() or most < 1:
            return 0.0
        entering, numbers = self._entering[there], federating[there]
        shares = self._shares[there]
        centre = (numbers * shares) @ entering / (numbers @ shares)
        y = 1.1 ** math.ceil(math.log(max(float(centre), float(entering.max()) / 1.8), 1.1))
        if y not in self._tangents:
            precision = self._precision * np.maximum(1 - (1 - self._entering / y) ** 2, 0.0)
            self._tangents[y] = self._log_chances(precision, self._t) - self._direct
        added = self._tangents[y][there]
        weights = numbers.astype(float)
        price: Floats = np.zeros(added.shape[1:])
        # A linear programme: at most so many of them; any price is a bound, that of the last one taken a good one.
        if most < numbers.sum():
            order = np.argsort(-added.max(axis=(1, 2)))
            price = added[order[np.searchsorted(np.cumsum(numbers[order]), most)]]
        hidden: Floats = most * price + np.einsum("k,kmn->mn", weights, np.maximum(added - price, 0.0))
        return hidden

    @property
    def _shares(self) -> Floats:
        return self._entering * self._precision

    def _least(self, part: Part, needed: Numbers, either: Numbers) -> Floats:
        """Least that an absent user would be paid at the top level, by type."""
        fewest, most = part.present
        s, weights = _blocks(fewest)
        T = s * self._largest_mean_precision(needed, either, max(fewest, 1))
        x, a = 1 / (self._s2 * T), self._importance[:, None]
        joined = 1 / (self._s2 * (T + self._precision[:, None]))
        own = np.log1p(x) - np.log1p(self._known[:, None] * joined) - np.log(self._known)[:, None]
        others = np.maximum(self._total - a - s * self._importance.max(), 0.0) * (np.log1p(x) - np.log1p(joined))
        result: Floats = (self._alone + (a * own + others) @ weights) / (most + 1)
        return result

    def _largest_mean_precision(self, needed: Numbers, either: Numbers, fewest: int) -> float:
        """Largest mean precision of at least so many present users, among them those who are needed."""
        order = np.argsort(-self._precision)
        p, start = self._precision[order], _taken(-self._precision, either, fewest, needed)
        # Adding further users, the most precise first, raises the mean as long as they are above it.
        more = np.cumsum((either - start)[order])
        number, total = start.sum() + np.append(0, more), start @ self._precision
        sums = total + np.append(0.0, np.cumsum((either - start)[order] * p))
        return float((sums / np.maximum(number, 1)).max())

    def _most_apart(self, part: Part, federating: Numbers) -> Floats:
        """Most that a user can be paid more for being direct than for federating, by type."""
        least, most = part.federating[0], min(part.federating[1], int(federating.sum()))
        n_types = len(self._precision)
        if most < 1:
            return np.zeros(n_types)
        s2, V, there = self._s2, self._variance, federating > 0
        first, last = _numbers_up_to(most)
        low, high, possible = self._mean_variances(federating, first)
        a, b = first[:, None, None].astype(float), last[:, None, None].astype(float)
        low, high = low[:, None], high[:, None]
        # The aggregate's precision when the user has joined it is least with few others, of little data.
        joined = (a + 1) ** 2 / (a * high + V)
        precision = np.geomspace(joined.min() * (1 - 1e-9), joined.max(), _PRECISIONS)
        falls = self._thinned_direct(part, first, most)[:, None, :] * np.exp(-np.outer(precision, self._u))
        place = np.searchsorted(precision, joined, side="right") - 1
        rows = np.arange(len(first))[:, None, None]
        measures = _STEP * np.array([self._u / s2, self._u**2 / s2, self._u * self._far])
        x, x_slope, gain_slope = ((falls @ measure)[rows, place] for measure in measures)
        risen = np.maximum(*(b * (Y - V) ** 2 / (V * Y * (b * Y + V)) for Y in (low, high)))
        after = s2 / np.maximum(*((m * high + V) / (m + 1) for m in (a, b)))
        before = s2 / low
        fixed, varying = 1 - after / (b + 1), (1 - after) ** 2
        own = self._importance * (np.log(fixed + varying * x) - np.log(self._known))
        fixed_before, varying_before = 1 - before / a, (1 - before) ** 2
        lost = fixed - fixed_before + np.maximum(varying - varying_before, 0) * x
        lost = lost + varying * np.minimum(risen * x_slope, x)
        theirs = b * self._importance[there].max() * np.log1p(np.maximum(lost, 0) / fixed_before)
        others = np.maximum(self._total - self._importance - a * self._importance[there].min(), 0)
        apart = np.where(possible[:, :, None], own + theirs + others * risen * gain_slope, 0.0).max(axis=1)
        return _largest_mean(np.maximum(apart, 0.0), first, last, least)

    def _mean_variances(self, federating: Numbers, number: Numbers) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Short ranges that cover the means of ``V`` of so many federating users, and which each number can have."""
        order = np.argsort(self._variance)
        users, V = federating[order], self._variance[order]
        ends = []
        for sign in (1, -1):
            up_to = np.concatenate([[0], np.cumsum(users[::sign])])
            sums = np.concatenate([[0.0], np.cumsum(users[::sign] * V[::sign])])
            ends.append(np.interp(number, up_to, sums) / number)
        V = V[users > 0]
        cuts = np.geomspace(V[0] * (1 - 1e-12), V[-1] * (1 + 1e-12), _MEAN_VARIANCES + 1)
        low, high = cuts[:-1], cuts[1:]
        slack = 1 + 1e-9
        possible = (high * slack >= ends[0][:, None]) & (low <= ends[1][:, None] * slack)
        return low, high, possible

    def _thinned_direct(self, part: Part, number: Numbers, federating: int) -> Floats:
        """At least the mean of ``e^{−uD}`` over coalitions with so many federating users, shape (B, len(u)).

        Given their number, ``t`` has a beta distribution; the mean falls with ``t``, so the lower end of each range
        between two quantiles stands for it.
        """
        from scipy.special import betaincinv

        direct = self._by_type(part.most[:, 2])
        fewest = min(part.present[0] - 1 - federating, int(direct.sum()))
        taken = _taken(self._precision, direct, fewest, self._others(self._by_type(part.least[:, 2])))
        if not taken.any():
            return np.ones((len(number), len(self._u)))
        products = np.exp(np.tensordot(taken.astype(float), self._few_direct, 1))
        t = betaincinv(number[:, None] + 1.0, federating - number[:, None] + 1.0, _QUANTILES[:-1])
        place = np.searchsorted(self._few, t * (1 - 1e-9), side="right") - 1
        mean: Floats = np.einsum("q,mqn->mn", np.diff(_QUANTILES), products[np.maximum(place, 0)])
        return mean

    def majorants(self, part: Part) -> tuple[Floats, Floats]:
        """Each user's gain when ``T`` is as large as it can be."""
        needed, either = self._present(part)
        T = float(_taken(-self._precision, either, part.present[1], needed) @ self._precision)
        if T == 0:
            return np.zeros(1), np.zeros((1, *part.most.shape))
        box = np.array([[T, T, *part.federating]])
        return np.zeros(1), np.maximum(self._relaxation.gains(box), 0.0)


def _graded_nodes(n_users: int) -> tuple[Floats, Floats]:
    """Nodes and weights of ``∫_0^1 dt`` on panels that grow from where the first users join."""
    n_panels = int(np.ceil(np.log(1e4 * n_users) / np.log(_PANEL)))
    ends = np.concatenate([[0.0], _PANEL ** np.arange(-n_panels, 1.0)])
    x, w = np.polynomial.legendre.leggauss(_PANEL_NODES)
    lengths = np.diff(ends)[:, None]
    return (ends[:-1, None] + lengths * (x + 1) / 2).ravel(), (lengths * w / 2).ravel()


def _taken(key: Floats, numbers: Numbers, wanted: int, needed: Numbers) -> Numbers:
    """Users of each type: those who are needed, and the smallest keys first, until there are so many."""
    order = np.argsort(key, kind="stable")
    free = (numbers - needed)[order]
    taken = needed.copy()
    taken[order] += np.clip(wanted - int(needed.sum()) - (np.cumsum(free) - free), 0, free)
    return taken


def _numbers_up_to(most: int) -> tuple[Numbers, Numbers]:
    """Cut 1 … most into ranges: first and last number of each."""
    first, nxt = [], 1
    while nxt <= most:
        first.append(nxt)
        nxt = nxt + 1 if nxt <= _EXACT_NUMBERS else int(nxt * _NUMBERS_RATIO) + 1
    return np.array(first), np.array([*(one - 1 for one in first[1:]), most])


def _blocks(most: int) -> tuple[Floats, Floats]:
    """Sizes 1 … most, in ranges: the last of each, where what falls is least, and how many it stands for."""
    first, last = _numbers_up_to(most) if most else (np.zeros(0, dtype=int), np.zeros(0, dtype=int))
    return last.astype(float), (last - first + 1).astype(float)


def _largest_mean(bounds: Floats, first: Numbers, last: Numbers, least: int) -> Floats:
    """Largest mean over 0 … M of bounds (0 at 0) that are constant on ranges, for M from ``least`` on, by column."""
    lengths = (last - first + 1)[:, None]
    before = np.cumsum(bounds * lengths, axis=0) - bounds * lengths
    # Within a range the mean is monotone in M.
    starts = np.clip(least, first, last)[:, None]
    ends = np.array([before + bounds * (M - first[:, None] + 1) for M in (starts, last[:, None])])
    means = ends / (np.array([starts, np.broadcast_to(last[:, None], starts.shape)]) + 1)
    means = means[:, last >= least]
    result: Floats = means.max(axis=(0, 1)) if means.size else np.zeros(bounds.shape[1])
    return result
