"""Bounds on the federated mean's utility and payments over many states at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairgames.utility.bounds import (
    Boxes,
    Floats,
    Numbers,
    Possible,
    Span,
    UtilityBounds,
    cut_numbers,
    largest_mean,
    numbers_up_to,
    taken,
    without_one,
)

if TYPE_CHECKING:
    from fairgames.utility.federated_mean import FederatedMeanUtility

_RATIO = 1.5
_STEP = 0.4
_SMALLEST, _LARGEST = 1e-11, 120.0
_PANEL, _PANEL_NODES = 4.0, 8
_CHANCES = 120
_QUANTILES = np.concatenate([[0.0], np.geomspace(1e-14, 0.01, 18), [0.03, 0.07, 0.13], np.arange(0.2, 1.01, 0.1)])
_MEANS = 24
_NUMBERS_RATIO = 1.08
_PRECISIONS = 12
_EXACT_FEDERATING, _FEDERATING_RATIO = 160, 1.05
_SPAN = 4

Pair = tuple[Floats, Floats]


class FederatedBounds(UtilityBounds):
    """Bounds of a `FederatedMeanUtility`; the tally is the number of federating users.

    With ``T`` the precision of the population's mean, a coalition's utility is ``Σ_j a_j log((r2 + 2 s2)/EMSE_j)``.
    Let ``v = r2/n``, ``V = s2 + v``, ``p = 1/V``, ``k = v/V`` and ``c = k/s2``.

    *Boxes* ``(τ_lo, τ_hi, m_lo, m_hi)`` are for ``T`` and the number ``m`` of federating users. In a box

    - absent: ``EMSE = s2 + 1/T ≥ s2 + 1/τ_hi``;
    - direct: ``EMSE = s2 k + k²/T``, at least the same with ``τ_hi``;
    - federating alone: as direct. With ``m ≥ 2`` others, uniform shares: ``EMSE = s2 (1 − κ/m) + (1 − κ)²/T`` with
      ``κ = s2/(s2 + mean of v over them)``, which falls in ``κ`` and rises in ``m``: at least the same with ``τ_hi``,
      ``m_lo`` and the least ``v`` of all users;
    - shares in proportion to ``n``: ``EMSE ≥ s2 (1 − s2 n_i²/(r2 M + s2 Q))``, with ``M`` and ``Q`` the sums of ``n``
      and ``n²``, which are at least those of the user itself and ``m_lo − 1`` of the smallest.

    So each user's gain at each level is bounded by a number of its own. ``T`` is at most the sum of ``p`` over all
    present users, since ``1 = (Σ a_j)² ≤ Σ a_j² V_j · Σ p_j``: ``Σ p − τ_lo ≥ 0`` in the box is what the price buys.

    *Payments*:

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
      How much less depends on the number ``m`` of other federating users in the coalition, which takes each value from
      0 to their number alike; on ``S = Σe`` and ``y = Σe²V/S`` over them; and on the direct users' precision. Nothing
      where ``m = 0``. Else, with ``z = eV``, being direct adds ``S (y − z)² / (V y (y S + e z))`` to ``T``, and reveals
      the user; and those ``m`` have a larger share than with it. All this is monotone in ``T``, ``S`` and ``y``, or
      largest at an end of a short range of ``y``; ranges of ``y`` are gone through.

    Parameters
    ----------
    utility : FederatedMeanUtility
        The utility.
    """

    def __init__(self, utility: FederatedMeanUtility) -> None:
        self._s2, self._r2 = utility.between_variance, utility.within_variance
        self._weighted = utility.aggregation == "weighted"
        self._samples, self._importance = utility.samples, utility.importance.astype(float)
        self._sizes = np.array(utility.type_sizes)
        self._noise = self._r2 / self._samples
        self._variance = self._s2 + self._noise
        self._precision, self._known = 1 / self._variance, self._noise / self._variance
        self._enters = self._samples if self._weighted else np.ones(len(self._samples))
        self._entering = self._variance * self._enters
        self._total, n_users = float(self._importance @ self._sizes), utility.n_users
        total, a, nobody = self._total, self._importance, self._r2 + 2 * self._s2
        self._alone = (total - a) * np.log(nobody / (self._s2 + self._variance)) + a * np.log(nobody / self._noise)
        p = self._precision
        low, high = _SMALLEST / float(p @ self._sizes), _LARGEST / float(p.min())
        self._u = np.exp(np.arange(np.log(low), np.log(high), _STEP))
        self._far = -np.expm1(-self._u / self._s2)
        self._t, self._lengths = _graded_nodes(n_users)
        self._few = np.concatenate([[0.0], np.geomspace(1e-4 / n_users, 1.0, _CHANCES)])
        self._tangents: dict[float, Floats] = {}

    @cached_property
    def _gained(self) -> Floats:
        """What a direct user adds, as a mixture of exponentials in ``T``, shape (K, len(u))."""
        a, p = self._importance, self._precision
        stays = np.exp(-np.outer(p, self._u))
        own = self._far + stays * np.expm1(-np.outer(self._known / self._s2, self._u))
        gained: Floats = _STEP * (a[:, None] * own + (self._total - a)[:, None] * self._far * (1 - stays))
        return gained

    @cached_property
    def _direct(self) -> Floats:
        return self._log_chances(self._precision, self._t)

    @cached_property
    def _few_direct(self) -> Floats:
        return self._log_chances(self._precision, self._few)

    def _log_chances(self, precision: Floats, t: Floats) -> Floats:
        """``log(1 − t + t e^{−u p})`` of each type, shape (K, len(t), len(u))."""
        away = t[:, None] * np.expm1(-precision[:, None, None] * self._u)
        result: Floats = np.log1p(np.maximum(away, -1 + 1e-15))
        return result

    def boxes(self, most: Numbers) -> Boxes:
        """Precisions on a geometric scale, times numbers of federating users on one."""
        low, high = float(self._precision.min()), float(self._precision @ self._sizes)
        n_ratios = max(1, int(np.ceil(np.log(high / low) / np.log(_RATIO))))
        ends = np.geomspace(low * (1 - 1e-9), high * (1 + 1e-9), n_ratios + 1)
        federating = int(most[:, 1].sum())
        numbers = [(0, min(1, federating))]
        while numbers[-1][1] < federating:
            start = numbers[-1][1] + 1
            numbers.append((start, min(2 * start - 2 if start > 2 else 2, federating)))
        rows = [(*pair, *number) for pair in pairwise(ends.tolist()) for number in numbers]
        return np.array(rows, dtype=float)

    def halves(self, boxes: Boxes) -> Boxes:
        """Split the number of federating users where it is known less well than the precision."""
        low, high, least, most = boxes.T
        by_number = (most > least) & (least >= 2) & (most / np.maximum(least, 1) > high / low)
        middle, number = np.sqrt(low * high), np.floor((least + most) / 2)
        below, above = boxes.copy(), boxes.copy()
        below[:, 1], above[:, 0] = np.where(by_number, high, middle), np.where(by_number, low, middle)
        below[:, 3], above[:, 2] = np.where(by_number, number, most), np.where(by_number, number + 1, least)
        return np.concatenate([below, above])

    def brought(self, boxes: Boxes) -> tuple[Floats, Floats]:
        """Most that each user gains at each level; its precision."""
        resource = np.zeros((len(self._samples), 3))
        resource[:, 1:] = self._precision[:, None]
        return self._gains(boxes), np.broadcast_to(resource, (len(boxes), *resource.shape))

    def rest(self, boxes: Boxes, prices: Floats) -> tuple[Floats, Floats]:
        """Precision that is there at least."""
        return -prices * boxes[:, 0], -boxes[:, 0]

    def numbers(self, boxes: Boxes) -> tuple[Floats, Floats]:
        """How many federate."""
        return boxes[:, 2], boxes[:, 3]

    def _gains(self, boxes: Boxes) -> Floats:
        """Most that each user gains at each level, shape (M, K, 3)."""
        s2, noise, share = self._s2, self._noise, self._known
        uncertainty, least = 1 / boxes[:, 1, None], boxes[:, 2, None]
        errors = np.empty((len(boxes), len(noise), 3))
        errors[:, :, 0] = s2 + uncertainty
        errors[:, :, 2] = s2 * share + share**2 * uncertainty
        together = np.maximum(least, 2)
        if self._weighted:
            smallest = self._samples.min()
            M = self._samples + (together - 1) * smallest
            Q = self._samples**2 + (together - 1) * smallest**2
            among = s2 * (1 - s2 * self._samples**2 / (self._r2 * M + s2 * Q))
        else:
            kappa = s2 / (s2 + noise.min())
            among = np.broadcast_to(s2 * (1 - kappa / together) + (1 - kappa) ** 2 * uncertainty, errors.shape[:2])
        errors[:, :, 1] = np.where(least >= 2, among, errors[:, :, 2])
        gains: Floats = self._importance[:, None] * np.log((self._r2 + 2 * s2) / errors)
        return gains

    def tallied(self, possible: Possible) -> Span:
        """Count those who must federate, and those who may."""
        least, most = possible.tally
        may = min(possible.present[1], int(possible.most[:, 1].sum()))
        return max(least, int(possible.least[:, 1].sum())), min(most, may)

    def cut(self, tally: Span) -> tuple[float, Sequence[Span]]:
        """Cut at a whole number."""
        return math.log((tally[1] + 1) / (tally[0] + 1)) / 2, next(iter(cut_numbers(tally)), [])

    def rows(self, possible: Possible) -> tuple[Floats, Floats]:
        """How many federate."""
        table = np.zeros((2, len(self._samples), 3))
        table[:, :, 1] = [[1.0], [-1.0]]
        return table, np.array([possible.tally[1], -possible.tally[0]], dtype=float)

    def advantages(self, possible: Possible) -> Floats:
        """Most that level ``l`` can be paid more than ``m``."""
        most, least = self._most(possible), self._least(possible)
        apart = self._most_apart(possible)
        result = np.zeros((len(most), 3, 3))
        result[:, 1, 0] = result[:, 2, 0] = most
        result[:, 2, 1], result[:, 0, 2] = apart, -least
        result[:, 0, 1] = apart - least
        return result

    def _most(self, possible: Possible) -> Floats:
        """Most that a present user can be paid at the top level, by type."""
        fewest, most = max(possible.present[0] - 1, 1), possible.present[1] - 1
        first: Floats = self._alone / max(possible.present[0], 1)
        if most < 1:
            return first
        present = taken(self._precision, possible.either, fewest, without_one(self._precision, possible.needed))
        logs = np.tensordot(present.astype(float), self._direct, 1)
        logs = np.minimum(logs + self._hidden(int(possible.tally[1]), possible.most[:, 1]), 0.0)
        others = self._lengths @ (np.exp(logs) - ((1 - self._t) ** fewest)[:, None])
        # The mean over sizes from 1 falls with the number of others, the chance of such a size rises with it.
        some = most / (most + 1)
        own = -self._importance * np.log(self._known)
        result: Floats = first + some * (own + (1 + 1 / fewest) * (self._gained @ others))
        return result

    def _hidden(self, most: int, federating: Numbers) -> Floats | float:
        """What at most so many federating users, rather than direct ones, can add to the logarithm of a product."""
        there = federating > 0
        if not there.any() or most < 1:
            return 0.0
        entering, numbers = self._entering[there], federating[there]
        shares = (self._entering * self._precision)[there]
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

    def _least(self, possible: Possible) -> Floats:
        """Least that an absent user would be paid at the top level, by type."""
        fewest, most = possible.present
        s, weights = _sizes_up_to(fewest)
        T = s * self._largest_mean_precision(possible, max(fewest, 1))
        x, a = 1 / (self._s2 * T), self._importance[:, None]
        joined = 1 / (self._s2 * (T + self._precision[:, None]))
        own = np.log1p(x) - np.log1p(self._known[:, None] * joined) - np.log(self._known)[:, None]
        others = np.maximum(self._total - a - s * self._importance.max(), 0.0) * (np.log1p(x) - np.log1p(joined))
        result: Floats = (self._alone + (a * own + others) @ weights) / (most + 1)
        return result

    def _largest_mean_precision(self, possible: Possible, fewest: int) -> float:
        """Largest mean precision of at least so many present users, among them those who are needed."""
        order = np.argsort(-self._precision)
        p, start = self._precision[order], taken(-self._precision, possible.either, fewest, possible.needed)
        # Adding further users, the most precise first, raises the mean as long as they are above it.
        more = np.cumsum((possible.either - start)[order])
        number, total = start.sum() + np.append(0, more), start @ self._precision
        sums = total + np.append(0.0, np.cumsum((possible.either - start)[order] * p))
        return float((sums / np.maximum(number, 1)).max())

    def _most_apart(self, possible: Possible) -> Floats:
        """Most that a user can be paid more for being direct than for federating, by type."""
        n_present, least, most = possible.present[0] - 1, int(possible.tally[0]), int(possible.tally[1])
        most = min(most, int(possible.most[:, 1].sum()))
        largest = np.zeros(len(self._precision))
        while least <= most:
            # The more of those present federate, the fewer are direct.
            last = min(most, max(_SPAN ** int(math.log(max(least, 1), _SPAN) + 1), 1))
            last = last if n_present > last else most
            if last >= 1:
                largest = np.maximum(largest, self._apart_among(possible, least, last))
            least = last + 1
        return largest

    def _apart_among(self, possible: Possible, least: int, most: int) -> Floats:
        """The same, where from ``least`` to ``most`` others federate."""
        s2, V, there = self._s2, self._variance, possible.most[:, 1] > 0
        e, z = self._enters, self._entering
        first, last = numbers_up_to(most, _NUMBERS_RATIO)
        a, b = first[:, None, None].astype(float), last[:, None, None].astype(float)
        (y, Y), (S, R), inside = self._aggregates(possible.most[:, 1], first, last)
        # The aggregate's precision when the user has joined it is least with few others, of little data.
        joined = (S + e) ** 2 / (Y * S + e * z)
        x, x_slope, gain_slope = self._falling(joined, self._thinned_direct(possible, first, most))
        risen = np.maximum(*(R * (one - z) ** 2 / (V * one * (one * R + e * z)) for one in (y, Y)))
        slower = np.minimum(risen * x_slope, x)
        shares = [s2 * e * (T + e) / (one * T + e * z) for one in (y, Y) for T in (S, R)]
        unknown = np.maximum.reduce([(1 - share) ** 2 for share in shares])
        own = self._importance * (np.log(1 - s2 * e**2 / (Y * R + e * z) + unknown * x) - np.log(self._known))
        # What the others in the aggregate lose: their shares of it fall, and so does T.
        per, moved = s2 / y, 2 * np.maximum(z - y, 0)
        knows = 1 - per / a
        alike = b * np.maximum.reduce([(1 - share) ** 2 for share in shares])
        if self._weighted:
            per, alike = 1 - self._r2 / Y, b
            knows = 1 - np.minimum(per, s2 * e[there].max() ** 2 / (y * S))
            moved = np.maximum(moved, np.maximum(Y - z, 0) * per * (1 + Y / np.minimum(y, z)))
        moved = moved * s2 * e * R / (y * (y * R + e * z))
        lost = per * e * z / (y * S + e * z) + moved * x + alike * slower
        theirs = b * self._importance[there].max() * np.log1p(lost / (b * np.maximum(knows, self._known[there].min())))
        others = np.maximum(self._total - self._importance - a * self._importance[there].min(), 0)
        apart = np.where(inside[:, :, None], own + theirs + others * risen * gain_slope, 0.0).max(axis=1)
        return largest_mean(0.0, np.maximum(apart, 0.0), first, last, least)

    def _falling(self, precision: Floats, thinned: Floats) -> Floats:
        """At least the means of ``1/(s2 T)``, its slope, and that of an absent user's gain, shape (3, *precision).

        With what the direct users leave of ``e^{−uT}``. All three are convex in the precision of the aggregate: chords
        between a few of its values lie above them.
        """
        low, high = (
            extreme(axis=(1, 2))[:, None] * near
            for extreme, near in ((precision.min, 1 - 1e-9), (precision.max, 1 + 1e-9))
        )
        nodes = low * (high / low) ** np.linspace(0, 1, _PRECISIONS)
        measures = _STEP * np.array([self._u / self._s2, self._u**2 / self._s2, self._u * self._far])
        values = (thinned[:, None, :] * np.exp(-nodes[:, :, None] * self._u)) @ measures.T
        ratio = np.log(high / low)[:, :, None] / (_PRECISIONS - 1)
        place = np.clip((np.log(precision / low[:, :, None]) / ratio).astype(int), 0, _PRECISIONS - 2)
        rows = np.arange(len(precision))[:, None, None]
        left, right = nodes[rows, place], nodes[rows, place + 1]
        share = np.clip((precision - left) / (right - left), 0, 1)[..., None]
        falling: Floats = np.moveaxis(values[rows, place] * (1 - share) + values[rows, place + 1] * share, 3, 0)
        return falling

    def _aggregates(self, federating: Numbers, first: Numbers, last: Numbers) -> tuple[Pair, Pair, NDArray[np.bool_]]:
        """Short ranges that cover ``y`` and ``S`` of so many federating users, and which each number can have."""
        order = np.argsort(self._entering)
        users, z, e = federating[order], self._entering[order], self._enters[order]
        z_low, z_high = z[users > 0][[0, -1]]
        cuts = np.geomspace(z_low * (1 - 1e-12), z_high * (1 + 1e-12), _MEANS + 1)
        low, high = cuts[:-1], cuts[1:]
        if self._weighted:
            S, R = (_sums(users, e, first), _sums(users[::-1], e[::-1], last))
            S = np.maximum(S[:, None], (low - self._r2) / self._s2)[:, :, None]
            inside = np.ones((len(first), _MEANS), dtype=bool)
            return (low[:, None], high[:, None]), (S, R[:, None, None]), inside
        least, most = (_sums(users[::way], z[::way], first) / first for way in (1, -1))
        slack = 1 + 1e-9
        inside = (high * slack >= least[:, None]) & (low <= most[:, None] * slack)
        alike = first[:, None, None].astype(float), last[:, None, None].astype(float)
        return (low[:, None], high[:, None]), alike, inside

    def _thinned_direct(self, possible: Possible, number: Numbers, federating: int) -> Floats:
        """At least the mean of ``e^{−uD}`` over coalitions with so many federating users, shape (B, len(u)).

        Given their number, ``t`` has a beta distribution, and is the less the more federate; the mean falls with ``t``,
        so the lower end of each range between two quantiles stands for it.
        """
        direct = possible.most[:, 2]
        fewest = min(possible.present[0] - 1 - federating, int(direct.sum()))
        there = taken(self._precision, direct, fewest, without_one(self._precision, possible.least[:, 2]))
        if not there.any():
            return np.ones((len(number), len(self._u)))
        products = np.exp(np.tensordot(there.astype(float), self._few_direct, 1))
        t = _quantiles(federating)[: len(number)]
        place = np.searchsorted(self._few, t * (1 - 1e-9), side="right") - 1
        mean: Floats = np.einsum("q,mqn->mn", np.diff(_QUANTILES), products[np.maximum(place, 0)])
        return mean

    def majorants(self, possible: Possible) -> tuple[Floats, Floats]:
        """Each user's gain when ``T`` is as large as it can be."""
        there = taken(-self._precision, possible.either, possible.present[1], possible.needed)
        T = float(there @ self._precision)
        if T == 0:
            return np.zeros(1), np.zeros((1, *possible.most.shape))
        return np.zeros(1), np.maximum(self._gains(np.array([[T, T, *possible.tally]])), 0.0)


def _graded_nodes(n_users: int) -> tuple[Floats, Floats]:
    """Nodes and weights of ``∫_0^1 dt`` on panels that grow from where the first users join."""
    n_panels = int(np.ceil(np.log(1e4 * n_users) / np.log(_PANEL)))
    ends = np.concatenate([[0.0], _PANEL ** np.arange(-n_panels, 1.0)])
    x, w = np.polynomial.legendre.leggauss(_PANEL_NODES)
    lengths = np.diff(ends)[:, None]
    return (ends[:-1, None] + lengths * (x + 1) / 2).ravel(), (lengths * w / 2).ravel()


def _quantiles(federating: int) -> Floats:
    """Quantiles of ``t`` by how many of so many are in the coalition; for many of them, of somewhat more."""
    if federating > _EXACT_FEDERATING:
        n_steps = math.ceil(math.log(federating / _EXACT_FEDERATING, _FEDERATING_RATIO) - 1e-9)
        federating = math.ceil(_EXACT_FEDERATING * _FEDERATING_RATIO**n_steps)
    return _quantiles_of(federating)


@lru_cache(maxsize=512)
def _quantiles_of(federating: int) -> Floats:
    from scipy.special import betaincinv

    number = numbers_up_to(federating, _NUMBERS_RATIO)[0][:, None].astype(float)
    quantiles: Floats = betaincinv(number + 1, federating - number + 1, _QUANTILES[:-1])
    return quantiles


def _sums(users: Numbers, worth: Floats, numbers: Numbers) -> Floats:
    """What the first so many users are worth together."""
    sums: Floats = np.interp(numbers, np.append(0, np.cumsum(users)), np.append(0.0, np.cumsum(users * worth)))
    return sums


def _sizes_up_to(most: int) -> tuple[Floats, Floats]:
    """Sizes 1 … most, in ranges: the last of each, where what falls is least, and how many it stands for."""
    first, last = numbers_up_to(most, _NUMBERS_RATIO)
    return last.astype(float), (last - first + 1).astype(float)
