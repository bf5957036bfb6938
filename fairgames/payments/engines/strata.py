"""Payments of very many users of few types, from random coalitions in strata of their size (Maleki et al. 2013).

Strata are fine where the payments are decided and coarse in between; the first few contributors are summed exactly,
single users enumerated, and the replicates judge themselves: payments must add up to the utility. `pricing` calls
`strata_payments`; `cubature` sums the first contributors with `small_coalitions`, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError, SizeError
from fairgames.parallel import as_seed, batch_seed
from fairgames.payments.engines.evaluation import CheckedUtility, StateUtility, checked
from fairgames.payments.potential import CountLattice
from fairgames.payments.result import Payments, payment_scale
from fairgames.tolerance import PAYMENT_ERROR, REGRET, RESIDUAL_ERROR, RESIDUAL_MEAN, RESIDUAL_RATIO

_LARGEST_SIZE = 40
_MOST_COMPOSITIONS = 40_000


def largest_exact_size(
    n_groups: int, n_users: int, most_compositions: int = _MOST_COMPOSITIONS, most_evaluations: int | None = None
) -> int:
    """Largest ``S0 ≤ min(40, N/4)`` for which the coalitions of at most ``S0`` users are few enough.

    Examples
    --------
    >>> largest_exact_size(3, 10**6), largest_exact_size(6, 10**6), largest_exact_size(3, 10)
    (40, 14, 2)
    """
    size = min(_LARGEST_SIZE, n_users // 4)
    while size > 0 and (
        math.comb(size + n_groups, n_groups) > most_compositions
        # Those of one more user are evaluated, too.
        or (most_evaluations is not None and math.comb(size + 1 + n_groups, n_groups) > most_evaluations)
    ):
        size -= 1
    return size


def small_coalitions(
    evaluate: CheckedUtility, group_sizes: NDArray[np.int64], largest: int
) -> tuple[NDArray[np.float64], int]:
    """Part of each group's total payment that is earned by joining few others, by their number.

    Parameters
    ----------
    evaluate : callable
        Present users by group, ``(M, K)``, to utilities ``(M,)``.
    group_sizes : ndarray, shape (K,)
        Present users ``m_k`` of each group.
    largest : int
        Largest size ``S0`` of the coalition joined.

    Returns
    -------
    totals : ndarray, shape (S0 + 1, K)
        Row ``s`` is ``E[(m_k − a_k)/(N − s) · (U(a + e_k) − U(a))]``, ``a`` multivariate hypergeometric.
    evaluations : int
        Utility evaluations spent.

    Examples
    --------
    >>> small_coalitions(lambda counts: counts.sum(axis=1), np.array([30, 10]), largest=9)[0].sum(axis=0)
    array([7.5, 2.5])
    """
    n_users, n_groups = int(group_sizes.sum()), len(group_sizes)
    lattice = CountLattice((largest + 1,), (n_groups + 1,))
    counts = lattice.compositions[0][:, 1:]
    possible = (counts <= group_sizes).all(axis=1)
    values = np.zeros(len(counts))
    values[possible] = evaluate(counts[possible])
    joined = counts.sum(axis=1)
    small = possible & (joined <= largest)
    before = np.flatnonzero(small)
    chance = np.exp(_log_chances(counts[before], group_sizes, largest)) / (n_users - joined[before])
    totals = np.empty((largest + 1, n_groups))
    for group in range(n_groups):
        after = lattice.moved(0, 0, group + 1)[before]
        room = group_sizes[group] - counts[before, group]
        # Where the group has no room left, the state with one more does not exist and weighs nothing.
        gains = np.where(room > 0, values[after] - values[before], 0.0)
        totals[:, group] = np.bincount(joined[before], chance * room * gains, minlength=largest + 1)
    return totals, int(possible.sum())


def _log_chances(counts: NDArray[Any], group_sizes: NDArray[np.int64], largest: int) -> NDArray[np.float64]:
    """Logarithm of the multivariate hypergeometric probability of each row, given its sum."""
    logs: NDArray[np.float64] = -_log_binomials(int(group_sizes.sum()), largest)[counts.sum(axis=1)]
    for group, size in enumerate(group_sizes.tolist()):
        logs = logs + _log_binomials(size, largest)[counts[:, group]]
    return logs


def _log_binomials(size: int, largest: int) -> NDArray[np.float64]:
    """``log C(size, a)`` for ``a`` up to ``largest``, by ratios: log-gamma would lose digits at a million."""
    a = np.arange(min(largest, size))
    logs = np.concatenate([[0.0], np.cumsum(np.log((size - a) / (a + 1)))])
    return np.concatenate([logs, np.full(largest + 1 - len(logs), -np.inf)])


_GROWTH = 1.25


@dataclass(frozen=True)
class SizeStrata:
    """Strata of coalition sizes; every size from ``S0`` on lies in exactly one.

    Attributes
    ----------
    starts, lengths : ndarray of int, shape (J,)
        Stratum ``j`` holds the sizes ``starts[j] … starts[j] + lengths[j] − 1``.
    forward : ndarray of bool, shape (J,)
        True: sizes before a user joins. False: sizes after, in the upper half.
    """

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    forward: NDArray[np.bool_]

    def longer_than_one(self) -> SizeStrata:
        """Return the strata that hold more than one size."""
        kept = self.lengths > 1
        return SizeStrata(self.starts[kept], self.lengths[kept], self.forward[kept])

    def draw(
        self, rng: np.random.Generator, n_replicates: int, n_sizes: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Draw ``n_sizes`` sizes a stratum, one from each equal slice of it.

        Returns
        -------
        sizes : ndarray of int, shape (n_replicates, J, n_sizes)
            Short strata are sampled too: a slice may be narrower than one size.
        weights : ndarray, shape (J, 1)
            ``lengths / n_sizes``.
        """
        place = (np.arange(n_sizes) + rng.random((n_replicates, len(self.starts), n_sizes))) / n_sizes
        offsets = np.floor(place * self.lengths[:, None]).astype(np.int64)
        sizes = self.starts[:, None] + np.minimum(offsets, self.lengths[:, None] - 1)
        return sizes, (self.lengths / n_sizes)[:, None]


def size_strata(n_users: int, largest_exact: int) -> SizeStrata:
    """Strata for the sizes above the exact ones.

    Parameters
    ----------
    n_users : int
        Present users ``N``.
    largest_exact : int
        ``S0``: joining up to this many others is summed exactly elsewhere.

    Returns
    -------
    SizeStrata
        Forward strata ``S0 + 1 … H − 1`` growing by a quarter, with ``H = ⌊N/2⌋``; backward strata of
        ``N − s``: {0}, {1}, {2, 3}, {4, …, 7}, … down to ``s = H + 1``.

    Examples
    --------
    >>> strata = size_strata(30, 7)
    >>> strata.starts.tolist(), strata.lengths.tolist()
    ([8, 10, 12, 30, 29, 27, 23, 16], [2, 2, 3, 1, 1, 2, 4, 7])
    """
    half = n_users // 2
    starts, lengths, forward = [], [], []
    start = largest_exact + 1
    while start < half:
        stop = min(max(start + 1, int(start * _GROWTH)), half)
        starts.append(start)
        lengths.append(stop - start)
        forward.append(True)
        start = stop
    nearest = 0
    while nearest < n_users - half:
        farthest = min(max(1, 2 * nearest), n_users - half)
        starts.append(n_users - farthest + 1)
        lengths.append(farthest - nearest)
        forward.append(False)
        nearest = farthest
    return SizeStrata(np.array(starts), np.array(lengths), np.array(forward))


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


def population(evaluate: CheckedUtility, sizes: NDArray[np.int64], most: int = _LARGEST_ENUMERATION) -> Population:
    """Choose the stars: the ``most`` single users worth most alone, when there are more."""
    single = np.flatnonzero(sizes == 1)
    if len(single) > most > 0:
        alone = np.zeros((len(single), len(sizes)), dtype=np.int64)
        alone[np.arange(len(single)), single] = 1
        worth = np.abs(evaluate(alone))
        single = single[np.argsort(-worth, kind="stable")]
    return Population(sizes, np.sort(single[:most]))


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
    totals, evaluations = np.zeros((len(drawn), len(users.sizes))), 0
    for some in (slice(start, start + step) for start in range(0, len(drawn), step)):
        counts, chances, draw_of = coalitions(users, drawn[some], rng)
        up, size = forward[some][draw_of][:, None], drawn[some][draw_of][:, None]
        weights = np.where(up, (users.sizes - counts) / np.maximum(users.n_users - size, 1), counts / size)
        weights *= chances[:, None]
        state, group = np.nonzero(weights)
        neighbours = counts[state]
        direction = np.where(up[:, 0], 1, -1)[state]
        neighbours[np.arange(len(state)), group] += direction
        values = evaluate(np.concatenate([counts, neighbours]))
        gains = (values[len(counts) :] - values[state]) * direction
        np.add.at(totals[some], (draw_of[state], group), weights[state, group] * gains)
        evaluations += len(values)
    return totals, evaluations


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


_N_REPLICATES = 32
_FIRST_SIZES = 16
_LARGEST_POPULATION = 10**9
_HOPELESS = 4


def strata_payments(
    evaluate: StateUtility,
    group_sizes: ArrayLike,
    seed: int | np.random.SeedSequence = 0,
    *,
    target_error: float = PAYMENT_ERROR,
    max_evaluations: int = 10_000_000,
    n_jobs: int | None = 1,
) -> Payments:
    """Fair payments of groups of identical users, from random coalitions in strata of their size.

    Counts stay whole numbers, so the estimate is unbiased for any utility. The first contributors are
    enumerated, single users too; the other sizes are sampled in strata, the sampling repeated 32 times
    and doubled until the errors suffice. Payments must add up to the utility: how far they miss it
    sharpens the estimate, and tells when it cannot be trusted.

    Parameters
    ----------
    evaluate : callable
        Utilities of states: present users by group, shape ``(M, K)``, to ``(M,)``; 0 at nobody.
    group_sizes : array_like of int, shape (K,)
        Present users ``m_k`` of each group. Absent users are part of ``evaluate``.
    seed : int or numpy.random.SeedSequence
        The same seed gives the same numbers for every ``n_jobs``.
    target_error : float
        Standard errors aimed at, as a part of ``max(|phi_k|, U/N)``.
    max_evaluations : int
        Never exceeded; the estimate may then be unresolved. After a tenth of them it stops where even four times
        as many would leave it so.
    n_jobs : int or None
        Workers for the evaluations.

    Returns
    -------
    Payments
        At alpha = 1. Look at ``resolved`` first.

    Raises
    ------
    InputError, SizeError
        For a budget that does not suffice for one draw a stratum; for more than
        10^9 users, which NumPy cannot draw from.
    EvaluationError
        If the utility fails at a state.

    Notes
    -----
    The check sees only jumps of the utility that move ``Σ m_k phi_k`` by more than about 1e-3 of ``U``.
    Smaller jumps, and jumps that cancel between groups, pass with a wrong payment and a small error:
    declare them (`fairgames.payments.engines.threshold`).

    References
    ----------
    S. Maleki, L. Tran-Thanh, G. Hines, T. Rahwan, A. Rogers (2013), Bounding the estimation error of
    sampling-based Shapley value approximation: strata of coalition sizes. Regression on a quantity of
    known mean: W. G. Cochran, *Sampling Techniques*, chapter 7.

    Examples
    --------
    >>> import numpy as np
    >>> estimate = strata_payments(lambda n: np.log1p(n @ [1.0, 3.0]), [600_000, 400_000])
    >>> estimate.resolved, bool((estimate.standard_errors < 1e-4 * estimate.values).all())
    (True, True)
    """
    sizes, root = np.asarray(group_sizes, dtype=np.int64), as_seed(seed)
    if sizes.sum() > _LARGEST_POPULATION and len(sizes) > 1:
        raise SizeError(
            f"strata draw from at most {_LARGEST_POPULATION:,} users, got {sizes.sum():,}; "
            "use the cubature of a smooth utility instead"
        )
    utility, n_users = checked(evaluate, n_jobs), int(sizes.sum())
    if len(sizes) == 1:
        U = float(utility(sizes[None])[0])
        equal, certain = "all present users are identical: U/N each, exactly", _N_REPLICATES - 2
        return Payments(U / sizes, U, 1, engine="strata", reason=equal, evaluations=1, degrees_of_freedom=certain)
    largest, most_stars, n_sizes, spare = _plan(sizes, max_evaluations)
    U = float(utility(sizes[None])[0])
    by_size, evaluations = small_coalitions(utility, sizes, largest)
    exact = by_size.sum(axis=0)
    users, strata = population(utility, sizes, most_stars), size_strata(n_users, largest)
    per_size = _N_REPLICATES * len(strata.starts) * users.evaluations_per_size
    max_evaluations -= spare
    sampled, drawn_before = np.zeros((_N_REPLICATES, len(sizes))), 0
    for attempt in range(64):
        rng = np.random.default_rng(batch_seed(root, attempt))
        drawn, weights = strata.draw(rng, _N_REPLICATES, n_sizes)
        forward = np.broadcast_to(strata.forward[:, None], drawn.shape)
        totals, spent = joining_totals(utility, users, drawn.ravel(), forward.ravel(), rng)
        fresh = (totals.reshape(*drawn.shape, len(sizes)) * weights[None, :, :, None]).sum(axis=(1, 2))
        sampled = (drawn_before * sampled + n_sizes * fresh) / (drawn_before + n_sizes)
        drawn_before += n_sizes
        evaluations += spent
        replicates = Replicates(exact + sampled, U, n_users)
        excess = max(replicates.error_excess(sizes, target_error), replicates.residual_excess)
        n_sizes = _more_sizes(drawn_before, excess)
        affordable = (max_evaluations - evaluations) // per_size
        # Whether payments add up would stay open even with several times the evaluations allowed.
        hopeless = evaluations * replicates.residual_excess**2 > _HOPELESS * max_evaluations
        if excess <= 1 or affordable < _FIRST_SIZES or (hopeless and evaluations > max_evaluations / 10):
            break
        n_sizes = min(n_sizes, int(affordable))

    def varies() -> bool:
        drawn = strata.longer_than_one().draw(np.random.default_rng(batch_seed(root, 0)), 1, _FIRST_SIZES)[0]
        counts = coalitions(users, drawn.ravel(), np.random.default_rng(root))[0]
        return len(counts) > 0 and not is_affine(counts, utility(counts))

    return verdict(replicates, sizes, evaluations + 1, target_error, varies)


def fewest_evaluations(
    sizes: NDArray[np.int64], largest: int = 0, n_stars: int = 0, sizes_a_stratum: int = 1
) -> tuple[int, int]:
    """Evaluations spent at least, and those that are kept to choose the stars and to ask whether the utility varies."""
    n_groups, n_users = len(sizes), int(sizes.sum())
    n_drawn = len(size_strata(n_users, largest).starts) * 2**n_stars
    spare = 1 + int((sizes == 1).sum()) + _FIRST_SIZES * n_drawn
    small = math.comb(largest + 1 + n_groups, n_groups)
    return spare + small + sizes_a_stratum * _N_REPLICATES * n_drawn * (1 + n_groups), spare


def _plan(sizes: NDArray[np.int64], max_evaluations: int) -> tuple[int, int, int, int]:
    """Largest size summed exactly, most stars, sizes a stratum in the first round, and what is kept, in the budget."""
    n_stars = min(_LARGEST_ENUMERATION, int((sizes == 1).sum()))
    largest = largest_exact_size(len(sizes), int(sizes.sum()), most_evaluations=max_evaluations // 3)
    while (least := fewest_evaluations(sizes, largest, n_stars)[0]) > max_evaluations:
        if not n_stars and not largest:
            requirement = f"must be at least {least:,} for strata of {len(sizes)} groups"
            raise InputError("budget", requirement, max_evaluations)
        largest, n_stars = (largest, n_stars - 1) if n_stars else (largest - 1, 0)
    n_sizes = _FIRST_SIZES
    while n_sizes > 1 and fewest_evaluations(sizes, largest, n_stars, n_sizes)[0] > max_evaluations:
        n_sizes //= 2
    return largest, n_stars, n_sizes, fewest_evaluations(sizes, largest, n_stars)[1]


def _more_sizes(drawn: int, excess: float) -> int:
    """Double as often as needed: errors fall with the square root of the sizes drawn."""
    needed = drawn * min(excess, 1e3) ** 2
    more = drawn
    while drawn + more < needed:
        more *= 2
    return more


_MACHINE = float(np.finfo(float).eps)
_TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Replicates:
    """Independent unbiased estimates of what each group earns in total.

    Attributes
    ----------
    totals : ndarray, shape (R, K)
        Estimates of ``m_k phi_k``.
    utility : float
        What the totals add up to in truth.
    n_users : int
        Present users.
    """

    totals: NDArray[np.float64]
    utility: float
    n_users: int

    @property
    def scale(self) -> float:
        """Size of the utility; of the totals where the utility is 0."""
        return abs(self.utility) or float(np.abs(self.totals).mean(axis=0).sum())

    @property
    def rounding(self) -> float:
        """What float differences of the utility lose, summed over the users."""
        return max(self.n_users * _MACHINE * self.scale, _TINY)

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Raw efficiency residual ``Σ m_k phi_k − U`` of each replicate."""
        missed: NDArray[np.float64] = self.totals.sum(axis=1) - self.utility
        return missed

    @property
    def residual_error(self) -> float:
        """Standard error of the mean residual."""
        return float(self.residuals.std(ddof=1) / np.sqrt(len(self.totals)))

    @property
    def residual_excess(self) -> float:
        """How many times that error exceeds what shows whether payments add up."""
        return self.residual_error / max(RESIDUAL_ERROR * self.scale, self.rounding)

    def error_excess(self, group_sizes: NDArray[np.int64], target_error: float) -> float:
        """How many times the errors exceed what is wanted; at most 1 when they suffice."""
        totals, errors = self.regressed()
        scale = payment_scale(totals / group_sizes, self.utility, self.n_users) * group_sizes
        return float(np.max(errors / np.maximum(target_error * scale, self.rounding)))

    @property
    def degrees_of_freedom(self) -> int:
        """Replicates less intercept and slope."""
        return len(self.totals) - 2

    def regressed(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Totals where the residual is 0, and their standard errors, by regression on the residual.

        Returns
        -------
        totals, errors : ndarray, shape (K,)
            The totals add up to the utility whenever the residual varies at all.
        """
        r, mean = self.residuals, self.totals.mean(axis=0)
        centred, deviations = r - r.mean(), self.totals - mean
        spread = float(centred @ centred)
        if spread <= len(r) * self.rounding**2:
            return mean, self.totals.std(axis=0, ddof=1) / np.sqrt(len(r))
        slope = centred @ deviations / spread
        left = deviations - np.outer(centred, slope)
        noise = np.sqrt((left**2).sum(axis=0) / self.degrees_of_freedom)
        return mean - slope * r.mean(), noise * np.sqrt(1 / len(r) + r.mean() ** 2 / spread)


def verdict(
    replicates: Replicates,
    group_sizes: NDArray[np.int64],
    evaluations: int,
    target_error: float,
    varies: Callable[[], bool],
) -> Payments:
    """Judge the replicates by their raw residual, then read the payments off them.

    Parameters
    ----------
    replicates : Replicates
        The estimates.
    group_sizes : ndarray, shape (K,)
        Present users of each group.
    evaluations : int
        Utility evaluations spent.
    target_error : float
        Standard errors aimed at, as a part of ``max(|phi_k|, U/N)``.
    varies : callable
        Whether the utility is other than affine on the sampled coalitions. Asked when all errors are 0,
        to tell an additive utility from one whose jumps no draw met.

    Returns
    -------
    Payments
        Unresolved when the residual is too uncertain, or too far from 0 for its error or for the utility.
    """
    totals, errors = replicates.regressed()
    mean, error = float(replicates.residuals.mean()), replicates.residual_error
    doubt = _doubt(replicates, mean, error)
    if not doubt and (errors <= replicates.rounding).all() and varies():
        doubt = "no draw met a change of any payment, although the utility is not additive: jumps that cancel?"
    values, standard_errors = totals / group_sizes, errors / group_sizes
    met = (standard_errors <= target_error * payment_scale(values, replicates.utility, replicates.n_users)).all()
    achieved = (
        "" if met else f"; the errors are above the target of {target_error:g}: more evaluations would lower them"
    )
    return Payments(
        engine="strata",
        alpha=1,
        values=values,
        standard_errors=standard_errors,
        degrees_of_freedom=replicates.degrees_of_freedom,
        utility=replicates.utility,
        resolved=not doubt,
        reason=f"unresolved: {doubt}" if doubt else f"payments add up to the utility within their errors{achieved}",
        evaluations=evaluations,
    )


def _doubt(replicates: Replicates, mean: float, error: float) -> str:
    scale, rounding = replicates.scale, replicates.rounding
    if replicates.residual_excess > 1:
        return (
            f"the error of the sum of payments is {error / scale:.2g} of the utility, and to tell whether they add up "
            f"would take about {replicates.residual_excess**2:.2g} times the evaluations (budget)"
        )
    if abs(mean) > max(RESIDUAL_MEAN * scale, rounding):
        return f"the payments miss the utility by {abs(mean) / scale:.2g} of it: a jump that no draw met?"
    if abs(mean) > max(RESIDUAL_RATIO * error, rounding):
        return f"the payments miss the utility by {abs(mean) / max(error, rounding):.2g} of their errors"
    return ""


def is_affine(counts: NDArray[Any], values: NDArray[np.float64]) -> bool:
    """Whether ``values`` are an affine function of ``counts``, up to ``REGRET`` of their range.

    Examples
    --------
    >>> is_affine(np.array([[0, 1], [2, 0], [1, 1], [3, 3]]), np.array([3.0, 5.0, 5.0, 14.0]))
    False
    >>> is_affine(np.array([[0, 1], [2, 0], [1, 1], [3, 3]]), np.array([3.0, 5.0, 5.0, 13.0]))
    True
    """
    scaled = counts / np.maximum(counts.max(axis=0), 1)
    design = np.column_stack([np.ones(len(counts)), scaled])
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return bool(np.abs(values - fitted).max() <= REGRET * max(float(np.abs(values).max()), _MACHINE))
