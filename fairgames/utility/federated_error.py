"""Errors of the federated mean: of the best weights (in closed form) and of any given ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import InputError
from fairgames.tolerance import RELATIVE


def one_federating(counts: NDArray[Any]) -> NDArray[np.bool_]:
    """States in which exactly one whole user federates, shape ``(M, K, 3)`` to shape ``(M,)``.

    The aggregate is then that user's own sample mean, and it may as well be direct.
    """
    federating = counts[:, :, 1]
    alone: NDArray[np.bool_] = (federating.sum(axis=1) == 1) & (federating == 1).any(axis=1)
    return alone


def alone_as_direct(counts: NDArray[Any]) -> NDArray[Any]:
    """Count a user that federates alone as direct, which makes the two equal to the last bit."""
    alone = one_federating(counts)
    counts = counts.copy()
    counts[alone, :, 2] += counts[alone, :, 1]
    counts[alone, :, 1] = 0
    return counts


def least_errors(
    counts: NDArray[Any], samples: NDArray[np.float64], between: float, within: float, entering: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least expected squared error of a user of each type at each level (proposition 5).

    With ``v_i = r2/n_i``, ``V_i = s2 + v_i`` the variance of user ``i``'s sample mean, and ``B = Σ a_j²
    V_j`` that of the aggregate with shares ``a_j``, the platform knows the population's mean with
    precision ``T = Σ_direct 1/V_j + 1/B``. Then

    - absent: ``s2 + 1/T``,
    - direct: ``s2 v_i/V_i + (v_i/V_i)²/T``,
    - federating: ``s2 (B − s2 a_i²)/B + ((B − s2 a_i)/B)²/T``,
    - and ``r2 + 2 s2`` when everybody is absent.

    Parameters
    ----------
    counts : ndarray, shape (M, K, 3)
        Users by type and level: absent, federating, direct. Real numbers are allowed.
    samples : ndarray, shape (K,)
        Sample size ``n`` of each type's users.
    between, within : float
        ``s2`` and ``r2``.
    entering : ndarray, shape (K,) or (1,)
        What a federating user's share of the aggregate is proportional to.

    Returns
    -------
    ndarray, shape (M, K, 3)
        Where nobody of the type is at the level, the number means nothing.
    """
    noise = within / samples
    variance = between + noise
    federating, direct = counts[:, :, 1].astype(float), counts[:, :, 2].astype(float)

    total = (federating * entering).sum(axis=1)
    some = total > 0
    share = (some / np.where(some, total, 1.0))[:, None] * entering
    spread = (federating * share**2).sum(axis=1)
    aggregate_noise = np.where(some, (federating * share**2) @ noise, 1.0)
    aggregate_variance = aggregate_noise + between * spread
    precision = direct @ (1 / variance) + some / aggregate_variance
    nobody: NDArray[np.bool_] = precision == 0
    uncertainty = 1 / np.where(nobody, 1.0, precision)[:, None]

    result: NDArray[np.float64] = np.empty(counts.shape)
    result[:, :, 0] = between + uncertainty
    result[:, :, 2] = between * noise / variance + (noise / variance) ** 2 * uncertainty
    # B − s2·a and B − s2·a² with the common part taken out first, so that a large s2 cancels exactly.
    apart = aggregate_noise[:, None] + between * (spread[:, None] - share)
    apart_squared = aggregate_noise[:, None] + between * (spread[:, None] - share**2)
    B = aggregate_variance[:, None]
    result[:, :, 1] = between * apart_squared / B + (apart / B) ** 2 * uncertainty
    result[nobody] = within + 2 * between
    return result


def errors_at_real_counts(
    counts: NDArray[Any], samples: NDArray[np.float64], between: float, within: float, entering: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Do as `least_errors`, but count a federating user as one in its own error where there is less than one.

    The formula would give such a user a larger share of the aggregate than the aggregate holds.
    """
    result = least_errors(counts, samples, between, within, entering)
    states, kinds = np.nonzero((counts[:, :, 1] > 0) & (counts[:, :, 1] < 1))
    places = np.arange(len(states))
    whole = counts[states]
    whole[places, kinds, 1] = 1
    result[states, kinds, 1] = least_errors(whole, samples, between, within, entering)[places, kinds, 1]
    return result


def optimal_weights(
    levels: NDArray[np.intp], shares: NDArray[np.float64], between: float, noise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights of the best estimates at one profile with somebody present (proposition 5).

    Parameters
    ----------
    levels : ndarray of int, shape (N,)
        Level of each user.
    shares : ndarray, shape (N,)
        Share ``a_i`` of each user in the aggregate, 0 unless federating.
    between : float
        ``s2``.
    noise : ndarray, shape (N,)
        ``r2/n_i``.

    Returns
    -------
    ndarray, shape (N, N + 1)
        Column 0 is the aggregate, column ``j`` user ``j`` (users from 1). Rows add up to 1.
    """
    n_users = len(levels)
    federating = bool((levels == 1).any())
    # What the platform receives: the aggregate first, then each user's sample mean. Precision 0: not received.
    received = np.zeros(n_users + 1)
    received[1:] = (levels == 2) / (between + noise)
    if federating:
        received[0] = 1 / (shares**2 @ (between + noise))
    own = np.zeros((n_users, n_users + 1))
    own[:, 0] = between * shares * received[0]
    np.fill_diagonal(own[:, 1:], between * received[1:])
    weights: NDArray[np.float64] = own + (1 - own.sum(axis=1, keepdims=True)) * (received / received.sum())
    return weights


def error_of_weights(
    levels: NDArray[np.intp],
    shares: NDArray[np.float64],
    between: float,
    noise: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Expected squared error of each user's estimate under any given weights (proposition 4).

    Parameters are those of `optimal_weights`, and its result as ``weights``.

    Raises
    ------
    InputError
        If the shape is wrong, a row does not add up to 1, or a sample mean (or an aggregate) is weighed
        that the platform does not receive.
    """
    n_users = len(levels)
    if weights.shape != (n_users, n_users + 1):
        raise InputError("weights", f"must have shape {(n_users, n_users + 1)}", weights.shape)
    received = np.concatenate([[(levels == 1).any()], levels == 2])
    for row, column in np.argwhere((weights != 0) & ~received).tolist():
        source = f"user {column - 1}'s sample mean" if column else "an aggregate"
        raise InputError(f"weights[{row}, {column}]", f"must be 0: the platform does not receive {source}")
    sums = weights.sum(axis=1)
    for row in np.flatnonzero(np.abs(sums - 1) > RELATIVE * np.maximum(1, np.abs(weights).sum(axis=1))).tolist():
        raise InputError(f"weights[{row}]", "must add up to 1", float(sums[row]))
    each = weights[:, 1:] + weights[:, :1] * shares
    others = each * ~np.eye(n_users, dtype=bool)
    result: NDArray[np.float64] = each**2 @ noise + between * ((others**2).sum(axis=1) + others.sum(axis=1) ** 2)
    return result
