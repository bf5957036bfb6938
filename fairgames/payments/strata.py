"""Payments of very many users of few kinds: unbiased estimates by strata of coalition sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError, SizeError
from fairgames.parallel import as_seed, batch_seed
from fairgames.payments.estimate import Estimate, as_group_sizes, payment_scale
from fairgames.payments.evaluation import CheckedUtility, StateUtility, checked
from fairgames.payments.strata_draws import Population, coalitions, joining_totals, population
from fairgames.payments.strata_gate import Replicates, is_affine, verdict
from fairgames.payments.strata_sizes import SizeStrata, size_strata
from fairgames.payments.strata_small import largest_exact_size, small_coalitions
from fairgames.tolerance import PAYMENT_ERROR, RESIDUAL_ERROR

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
) -> Estimate:
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
        Where to stop; the estimate may then be unresolved. After a tenth of them it stops where even four times
        as many would leave it so.
    n_jobs : int or None
        Workers for the evaluations.

    Returns
    -------
    Estimate
        At alpha = 1. Look at ``resolved`` first.

    Raises
    ------
    InputError, SizeError
        For arguments out of range; for more than 10^9 users, which NumPy cannot draw from.
    EvaluationError
        If the utility fails at a state.

    Notes
    -----
    The check sees only jumps of the utility that move ``Σ m_k phi_k`` by more than about 1e-3 of ``U``.
    Smaller jumps, and jumps that cancel between groups, pass with a wrong payment and a small error:
    declare them (`fairgames.payments.threshold`).

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
    sizes, root = as_group_sizes(group_sizes), as_seed(seed)
    _check_limits(sizes, target_error, max_evaluations)
    utility, n_users = checked(evaluate, n_jobs), int(sizes.sum())
    U = float(utility(sizes[None])[0])
    if len(sizes) == 1:
        return _equal_shares(U, n_users)
    largest = largest_exact_size(len(sizes), n_users)
    by_size, evaluations = small_coalitions(utility, sizes, largest)
    exact = by_size.sum(axis=0)
    users, strata = population(utility, sizes), size_strata(n_users, largest)
    per_size = _N_REPLICATES * len(strata.starts) * users.evaluations_per_size
    sampled, drawn_before, n_sizes = np.zeros((_N_REPLICATES, len(sizes))), 0, _FIRST_SIZES
    for attempt in range(64):
        rng = np.random.default_rng(batch_seed(root, attempt))
        fresh, spent = _replicated_totals(utility, users, strata, n_sizes, rng)
        sampled = (drawn_before * sampled + n_sizes * fresh) / (drawn_before + n_sizes)
        drawn_before += n_sizes
        evaluations += spent
        replicates = Replicates(exact + sampled, U, n_users)
        excess = _error_excess(replicates, sizes, target_error)
        n_sizes = _more_sizes(drawn_before, excess)
        affordable = (max_evaluations - evaluations) // per_size
        if excess <= 1 or affordable < _FIRST_SIZES or _hopeless(replicates, evaluations, max_evaluations):
            break
        n_sizes = min(n_sizes, int(affordable))

    def varies() -> bool:
        drawn = strata.longer_than_one().draw(np.random.default_rng(batch_seed(root, 0)), 1, _FIRST_SIZES)[0]
        counts = coalitions(users, drawn.ravel(), np.random.default_rng(root))[0]
        return len(counts) > 0 and not is_affine(counts, utility(counts))

    return verdict(replicates, sizes, evaluations + 1, target_error, varies)


def _check_limits(sizes: NDArray[np.int64], target_error: float, max_evaluations: int) -> None:
    if not 0 < target_error < np.inf:
        raise InputError("target_error", "must be above 0", target_error)
    if isinstance(max_evaluations, bool) or not isinstance(max_evaluations, (int, np.integer)) or max_evaluations < 1:
        raise InputError("max_evaluations", "must be a whole number of at least 1", max_evaluations)
    if sizes.sum() > _LARGEST_POPULATION and len(sizes) > 1:
        raise SizeError(
            f"strata draw from at most {_LARGEST_POPULATION:,} users, got {sizes.sum():,}; "
            "use the cubature of a smooth utility instead"
        )


def _equal_shares(U: float, n_users: int) -> Estimate:
    return Estimate(
        values=np.array([U / n_users]),
        standard_errors=np.zeros(1),
        degrees_of_freedom=_N_REPLICATES - 2,
        utility=U,
        resolved=True,
        reason="all present users are identical: U/N each, exactly",
        evaluations=1,
    )


def _replicated_totals(
    evaluate: CheckedUtility,
    users: Population,
    strata: SizeStrata,
    n_sizes: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], int]:
    """Independent estimates of what each group earns above the exact sizes, shape (32, K)."""
    drawn, weights = strata.draw(rng, _N_REPLICATES, n_sizes)
    forward = np.broadcast_to(strata.forward[:, None], drawn.shape)
    totals, evaluations = joining_totals(evaluate, users, drawn.ravel(), forward.ravel(), rng)
    by_size = totals.reshape(*drawn.shape, len(users.sizes)) * weights[None, :, :, None]
    return by_size.sum(axis=(1, 2)), evaluations


def _error_excess(replicates: Replicates, sizes: NDArray[np.int64], target_error: float) -> float:
    """How many times the errors exceed what is wanted; at most 1 when they suffice."""
    values, errors = replicates.regressed()
    scale = payment_scale(values / sizes, replicates.utility, replicates.n_users) * sizes
    wanted = np.maximum(target_error * scale, replicates.rounding)
    residual = replicates.residual_error / max(RESIDUAL_ERROR * replicates.scale, replicates.rounding)
    return float(max(np.max(errors / wanted), residual))


def _hopeless(replicates: Replicates, evaluations: int, max_evaluations: int) -> bool:
    """Whether the check would stay open even with several times the evaluations allowed."""
    excess = replicates.residual_error / max(RESIDUAL_ERROR * replicates.scale, replicates.rounding)
    return evaluations * excess**2 > _HOPELESS * max_evaluations and evaluations > max_evaluations / 10


def _more_sizes(drawn: int, excess: float) -> int:
    """Double as often as needed: errors fall with the square root of the sizes drawn."""
    needed = drawn * min(excess, 1e3) ** 2
    more = drawn
    while drawn + more < needed:
        more *= 2
    return more
