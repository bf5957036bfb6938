"""Payments of very many users of few kinds under a smooth utility: a fixed set of states, no sampling.

The sum over sizes of coalitions and each expectation over coalitions of one size are Gauss rules for those discrete
distributions: uniform on whole numbers, and hypergeometric (Koekoek, Lesky, Swarttouw 2010). Where few users of a group
are present, what a smooth rule misses is found by counting one by one. `pricing` calls `cubature_payments`.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError
from fairgames.memory import require_memory
from fairgames.payments.engines.evaluation import CheckedUtility, StateUtility, checked
from fairgames.payments.engines.strata import largest_exact_size, small_coalitions
from fairgames.payments.result import Payments, payment_scale
from fairgames.tolerance import CUBATURE_ERROR, PAYMENT_ERROR

Rule = tuple[NDArray[np.float64], NDArray[np.float64]]


def uniform_nodes(start: int, stop: int, n_nodes: int) -> Rule:
    """Nodes and weights of the sum over the whole numbers ``start … stop − 1``.

    Returns
    -------
    nodes, weights : ndarray
        Exact for polynomials of degree ``2 n_nodes − 1``; all the numbers themselves when they are few.

    References
    ----------
    R. Koekoek, P. A. Lesky, R. F. Swarttouw (2010), *Hypergeometric Orthogonal Polynomials*, 9.5: discrete
    Chebyshev polynomials. G. H. Golub, J. H. Welsch (1969), Calculation of Gauss quadrature rules.

    Examples
    --------
    >>> nodes, weights = uniform_nodes(10, 1000, 3)
    >>> bool(np.isclose(weights @ nodes**5, sum(n**5 for n in range(10, 1000)), rtol=1e-12))
    True
    """
    length = stop - start
    if length <= n_nodes:
        return np.arange(start, stop, dtype=float), np.ones(length)
    n = np.arange(1, n_nodes)
    off = np.sqrt(n**2 * (float(length) ** 2 - n**2) / (4 * (4 * n**2 - 1)))
    nodes, vectors = np.linalg.eigh(np.diag(off, 1) + np.diag(off, -1))
    return start + (length - 1) / 2 + nodes, length * vectors[0] ** 2


def hypergeometric_nodes(good: float, pool: float, drawn: NDArray[np.float64], n_nodes: int) -> Rule:
    """Nodes and weights of the number of good ones among ``drawn`` of ``pool``, ``good`` of them good.

    Parameters
    ----------
    good, pool : float
        Numbers of good ones and of all, ``0 ≤ good ≤ pool``.
    drawn : ndarray, shape (M,)
        Real numbers are allowed: the rule is the analytic continuation of the one for whole numbers.
    n_nodes : int
        1, 2 or 3, and at most ``good + 1``: then it is the distribution itself.

    Returns
    -------
    nodes, weights : ndarray, shape (M, n_nodes)
        Inside the range of the distribution. Where ``drawn`` leaves room for fewer nodes they coincide.

    References
    ----------
    Koekoek, Lesky, Swarttouw (2010), 9.5: Hahn polynomials with ``α = −good − 1``, ``β = good − pool − 1``.

    Examples
    --------
    >>> nodes, weights = hypergeometric_nodes(2, 5, np.array([3.0]), 3)
    >>> nodes.round(12), weights.round(12)
    (array([[0., 1., 2.]]), array([[0.1, 0.6, 0.3]]))
    """
    if n_nodes == 1 or pool <= 1:
        return (good / max(pool, 1) * drawn)[:, None] * np.ones(n_nodes), np.full((len(drawn), n_nodes), 1 / n_nodes)
    up = [_raising(n, good, pool, drawn) for n in range(n_nodes)]
    down = [_lowering(n, good, pool, drawn) for n in range(n_nodes)]
    middle = [a + c for a, c in zip(up, down, strict=True)]
    # Real numbers near the end of the range leave room for fewer nodes: the product turns negative.
    spread = [np.maximum(up[n - 1] * down[n], 0.0) for n in range(1, n_nodes)]
    nodes, weights = _two_nodes(middle, spread)
    if n_nodes == 3:
        room = spread[1] > np.finfo(float).eps * spread[0]
        nodes, weights = nodes[:, [0, 1, 1]], np.column_stack([weights, np.zeros(len(drawn))])
        nodes[room], weights[room] = _three_nodes([row[room] for row in middle], [row[room] for row in spread])
    highest = np.minimum(good, drawn)[:, None]
    lowest = np.maximum(0.0, drawn - (pool - good))[:, None]
    return np.clip(nodes, np.minimum(lowest, highest), highest), weights


def _raising(n: int, good: float, pool: float, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    below = (pool + 1 - 2 * n) * (pool - 2 * n)
    if below == 0:
        return np.zeros_like(drawn)
    return (pool + 1 - n) * (good - n) * (drawn - n) / below


def _lowering(n: int, good: float, pool: float, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    below = (pool + 2 - 2 * n) * (pool + 1 - 2 * n)
    if n == 0 or below == 0:
        return np.zeros_like(drawn)
    return n * (pool + 1 - drawn - n) * (pool - good + 1 - n) / below


def _two_nodes(middle: list[NDArray[Any]], spread: list[NDArray[Any]]) -> Rule:
    """Eigenvalues of [[a, √b], [√b, c]], and squared first entries of its eigenvectors."""
    half = (middle[1] - middle[0]) / 2
    reach = np.sqrt(half**2 + spread[0])
    share = np.divide(half, reach, out=np.zeros_like(half), where=reach > 0)
    nodes = middle[0] + half + np.stack([-reach, reach], axis=1).T
    return nodes.T, np.stack([(1 + share) / 2, (1 - share) / 2], axis=1)


def _three_nodes(middle: list[NDArray[Any]], spread: list[NDArray[Any]]) -> Rule:
    """Roots of the third orthogonal polynomial, in standard units around the mean, and their weights."""
    unit = np.sqrt(spread[0])
    d1, d2 = (middle[1] - middle[0]) / unit, (middle[2] - middle[0]) / unit
    b2 = spread[1] / unit**2
    # p(z) = z (z − d1)(z − d2) − b2 z − (z − d2), with z = (x − mean)/σ
    quadratic, linear, constant = -(d1 + d2), d1 * d2 - b2 - 1, d2
    shift = -quadratic / 3
    p = linear - quadratic**2 / 3
    q = constant - quadratic * linear / 3 + 2 * quadratic**3 / 27
    radius = np.sqrt(-p / 3)
    angle = np.arccos(np.clip(-q / (2 * radius**3), -1.0, 1.0))[:, None] + 2 * np.pi * np.array([1, 2, 0])
    z = shift[:, None] + 2 * radius[:, None] * np.cos(angle / 3)
    third = (z - d1[:, None]) * z - 1
    # The monic polynomials 1, z and z² − d1·z − 1 have squared norms 1, 1 and b2.
    return middle[0][:, None] + unit[:, None] * z, 1 / (1 + z**2 + third**2 / b2[:, None])


_FEW = 20.0
_NODES = 3


def missed_by_nodes(
    utility: CheckedUtility, sizes: NDArray[np.int64], group: int, panels: list[Rule]
) -> tuple[float, int]:
    """Error that the nodes make, group by group, in what one more user of ``group`` gains.

    In the middle of each panel of sizes, each group with few present users is taken count by count, and
    by nodes, with all other groups at their means.

    Parameters
    ----------
    utility : callable
        Present users by group, real numbers, ``(M, K)`` to ``(M,)``.
    sizes : ndarray of int, shape (K,)
        Present users of each group.
    group : int
        Group of the user that joins.
    panels : list of (sizes, weights)
        Panels of coalition sizes.

    Returns
    -------
    error : float
        In the total payment of the group.
    evaluations : int
        Utility evaluations spent.
    """
    others = sizes.copy()
    others[group] -= 1
    n_others = int(others.sum())
    middles = np.array([round(float(drawn.mean())) for drawn, _ in panels])
    lengths = np.array([float(weights.sum()) for _, weights in panels])
    starts = np.array([float(drawn[0]) for drawn, _ in panels])
    rules = [
        _difference(others, rare, middles[few], lengths[few])
        for rare in np.flatnonzero(others >= _NODES).tolist()
        if (few := starts * others[rare] / n_others < _FEW).any()
    ]
    if not rules:
        return 0.0, 0
    states = np.concatenate([states for states, _ in rules])
    values = utility(np.concatenate([states, states + np.eye(len(sizes))[group]]))
    gains = np.split(values[len(states) :] - values[: len(states)], np.cumsum([len(weights) for _, weights in rules]))
    error = sum(abs(float(weights @ part)) for (_, weights), part in zip(rules, gains[:-1], strict=True))
    return error * int(sizes[group]) / int(sizes.sum()), len(values)


def _difference(others: NDArray[np.int64], rare: int, drawn: NDArray[np.int64], lengths: NDArray[np.float64]) -> Rule:
    """States and weights whose sum is nodes less counts, for each number ``drawn`` of the other users."""
    good, pool = int(others[rare]), int(others.sum())
    nodes, at_nodes = hypergeometric_nodes(good, pool, drawn.astype(float), _NODES)
    counts, chances = zip(*(_counts(good, pool, number) for number in drawn.tolist()), strict=True)
    how_many = [len(row) for row in counts]
    present = np.concatenate([nodes.ravel(), *counts])
    total = np.concatenate([np.repeat(drawn, _NODES), np.repeat(drawn, how_many)])
    states = (total - present)[:, None] * (others / (pool - good))
    states[:, rare] = present
    by_count = np.concatenate(chances) * np.repeat(lengths, how_many)
    return states, np.concatenate([(lengths[:, None] * at_nodes).ravel(), -by_count])


def _counts(good: int, pool: int, drawn: int) -> Rule:
    """Counts of good ones among ``drawn`` of ``pool`` and their probabilities, up to seven deviations."""
    mean = drawn * good / pool
    counts = np.arange(max(0, drawn - (pool - good)), min(good, drawn, int(mean + 7 * math.sqrt(mean) + 7)) + 1.0)
    # Ratios of neighbouring probabilities; their sum is 1 up to what lies beyond seven deviations.
    ratios = (good - counts[:-1]) * (drawn - counts[:-1]) / (counts[1:] * (pool - good - drawn + counts[1:]))
    chances = np.cumprod(np.concatenate([[1.0], ratios]))
    return counts, chances / chances.sum()


_MOST_COMPOSITIONS = 25_000
_SIZE_NODES = 5
_GROWTH = 2.0
_TOP_GROWTH = 3.0
_EXACT_AT_TOP = 6
_PROBED_SIZES = 4
_SMALLEST_POPULATION = 50
_THREE_NODES_BELOW = 25
_TWO_NODES_BELOW = 1e6


def cubature_payments(evaluate: StateUtility, group_sizes: ArrayLike, *, n_jobs: int | None = 1) -> Payments:
    """Fair payments of groups of identical users under a utility that is smooth in real counts.

    A user of group ``k`` earns ``1/N · Σ_s E[U(a + e_k) − U(a)]``, where ``a`` counts ``s`` random other
    users by group. Small ``s`` are summed exactly; the sum over the others, and each expectation, by
    Gauss rules for the discrete distributions themselves, of degree 5 where the counts are small.
    States stay inside ``0 ≤ a ≤ m``, but are not whole; where the utility has no value there, the
    nearest whole state stands in.

    Parameters
    ----------
    evaluate : callable
        Utilities of states: present users by group, shape ``(M, K)``, real numbers, to ``(M,)``.
    group_sizes : array_like of int, shape (K,)
        Present users ``m_k`` of each group, at least 50 together.
    n_jobs : int or None
        Workers for the evaluations.

    Returns
    -------
    Payments
        Deterministic. ``standard_errors`` are error estimates, not deviations of a sample: the rule's own
        error at the largest exactly known size, carried over all larger sizes, and the group's part of
        the residual; at least 5e-5 of a payment. Unresolved when the payments miss the utility by more
        than 1e-4 of it: the utility is not smooth.

    Raises
    ------
    InputError
        For fewer than 50 users: enumerate them instead.
    EvaluationError
        If the utility fails at a state.

    References
    ----------
    Gauss rules for Hahn weights, conditioned group after group, have all joint moments of the multivariate
    hypergeometric distribution up to their degree, because conditional moments are polynomials.

    Examples
    --------
    >>> estimate = cubature_payments(lambda n: np.log1p(n @ [1.0, 3.0]), [600_000, 400_000])
    >>> bool(abs(estimate.values @ [600_000, 400_000] / estimate.utility - 1) < 1e-12)
    True
    """
    sizes, utility = np.asarray(group_sizes, dtype=np.int64), checked(partial(_between_whole, evaluate), n_jobs)
    n_users, n_groups = int(sizes.sum()), len(sizes)
    if n_users < _SMALLEST_POPULATION:
        raise InputError("group_sizes", f"must hold at least {_SMALLEST_POPULATION} users for a cubature", n_users)
    U = float(utility(sizes[None].astype(float))[0])
    largest = largest_exact_size(n_groups, n_users, _MOST_COMPOSITIONS)
    exact, evaluations = small_coalitions(utility, sizes, largest)
    totals, errors = exact.sum(axis=0), np.zeros(n_groups)
    panels = _panels(largest + 1, n_users)
    probed = np.arange(max(1, largest + 1 - _PROBED_SIZES), largest + 1)
    for group in range(n_groups):
        others = sizes - np.eye(n_groups, dtype=np.int64)[group]
        probe, probe_weights = _states(others, [(np.array([float(size)]), np.ones(1)) for size in probed])
        rest, rest_weights = _states(others, panels)
        states, weights = np.concatenate([probe, rest]), np.concatenate([probe_weights, rest_weights])
        values = utility(np.concatenate([states, states + np.eye(n_groups)[group]]))
        gains = weights * (values[len(states) :] - values[: len(states)]) * sizes[group] / n_users
        totals[group] += gains[len(probe) :].sum()
        # A rule of degree 5 is off by s^-3 of a gain that falls as 1/s: errors above S0 add up to S0/3 of those here.
        missed = gains[: len(probe)].sum() - exact[probed, group].sum()
        rough, spent = missed_by_nodes(utility, sizes, group, panels)
        errors[group] = largest / 3 * abs(missed) / len(probed) + rough
        evaluations += len(values) + spent
    residual = float(totals.sum() - U)
    parts = np.abs(totals) / max(float(np.abs(totals).sum()), np.finfo(float).tiny)
    scale = abs(U) or float(np.abs(totals).sum())
    resolved = abs(residual) <= PAYMENT_ERROR * scale
    values = (totals - residual * parts) / sizes
    floor = CUBATURE_ERROR * payment_scale(values, U, n_users)
    said = f"the payments miss the utility by {abs(residual) / max(scale, np.finfo(float).tiny):.2g} of it"
    return Payments(
        engine="cubature",
        alpha=1,
        values=values,
        standard_errors=np.maximum(np.hypot(errors, residual * parts) / sizes, floor),
        degrees_of_freedom=10**6,
        utility=U,
        resolved=resolved,
        reason=f"{said} before that was divided" if resolved else f"unresolved: {said}: not smooth",
        evaluations=evaluations + 1,
    )


def _between_whole(evaluate: StateUtility, states: NDArray[Any]) -> NDArray[np.float64]:
    """Values at real states: those of the nearest whole ones where there are none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.array(evaluate(states), dtype=float)
    missing = np.flatnonzero(~np.isfinite(values))
    if len(missing):
        values[missing] = evaluate(np.rint(states[missing]))
    return values


def _panels(start: int, n_users: int) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Sizes and weights for the sum over ``start … N − 1``: panels that grow away from both ends."""
    edges, top = [start], [n_users]
    distance = _EXACT_AT_TOP
    while n_users - distance > max(start, n_users // 2):
        top.append(n_users - distance)
        distance = int(distance * _TOP_GROWTH)
    while edges[-1] * _GROWTH < top[-1]:
        edges.append(int(edges[-1] * _GROWTH))
    edges = sorted({*edges, *top})
    return [
        uniform_nodes(first, stop, _EXACT_AT_TOP if stop == n_users else _SIZE_NODES) for first, stop in pairwise(edges)
    ]


def _states(
    others: NDArray[np.int64], panels: list[tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """States and weights of all panels; neighbours that need the same rule are made in one go."""
    shares = others / others.sum()
    needed = [tuple(map(_nodes_for, (drawn[0] * shares).tolist(), others.tolist())) for drawn, _ in panels]
    n_states = sum(math.prod(nodes[:-1]) * len(drawn) for nodes, (drawn, _) in zip(needed, panels, strict=True))
    require_memory(n_states * (len(others) + 4) * 16, f"a cubature of {len(others)} groups", "strata or permutations")
    parts = []
    for n_nodes, run in groupby(zip(needed, panels, strict=True), key=lambda pair: pair[0]):
        drawn, weights = (np.concatenate(part) for part in zip(*[panel for _, panel in run], strict=True))
        parts.append(_product_rule(others, n_nodes, drawn, weights))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _product_rule(
    others: NDArray[np.int64], n_nodes: tuple[int, ...], drawn: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Condition group after group, the largest last: what is left of the draw stays far from its limits."""
    order = np.argsort(others, kind="stable").tolist()
    states, left, pool = np.zeros((len(drawn), len(others))), drawn, float(others.sum())
    for group in order[:-1]:
        good = float(others[group])
        nodes, chances = hypergeometric_nodes(good, pool, left, n_nodes[group])
        states = np.repeat(states, n_nodes[group], axis=0)
        states[:, group] = nodes.ravel()
        left = np.repeat(left, n_nodes[group]) - nodes.ravel()
        weights = np.repeat(weights, n_nodes[group]) * chances.ravel()
        pool -= good
    states[:, order[-1]] = np.clip(left, 0.0, others[order[-1]])
    return states, weights


def _nodes_for(expected: float, good: int) -> int:
    """Fewer nodes where a count hardly varies relative to its mean; all values of a tiny group."""
    wanted = 3 if expected < _THREE_NODES_BELOW else 2 if expected < _TWO_NODES_BELOW else 1
    return min(wanted, good + 1)
