"""Payments of very many users of few kinds under a smooth utility: no sampling, a fixed set of states."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError
from fairgames.payments.cubature_nodes import hypergeometric_nodes, uniform_nodes
from fairgames.payments.cubature_rough import missed_by_nodes
from fairgames.payments.estimate import Estimate, as_group_sizes, payment_scale
from fairgames.payments.evaluation import StateUtility, between_whole, checked
from fairgames.payments.strata_small import largest_exact_size, small_coalitions
from fairgames.tolerance import CUBATURE_ERROR, PAYMENT_ERROR

_MOST_COMPOSITIONS = 25_000
_SIZE_NODES = 5
_GROWTH = 2.0
_TOP_GROWTH = 3.0
_EXACT_AT_TOP = 6
_PROBED_SIZES = 4
_SMALLEST_POPULATION = 50
_THREE_NODES_BELOW = 25
_TWO_NODES_BELOW = 1e6


def cubature_payments(evaluate: StateUtility, group_sizes: ArrayLike, *, n_jobs: int | None = 1) -> Estimate:
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
    Estimate
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
    sizes, utility = as_group_sizes(group_sizes), checked(between_whole(evaluate), n_jobs)
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
    return Estimate(
        values=values,
        standard_errors=np.maximum(np.hypot(errors, residual * parts) / sizes, floor),
        degrees_of_freedom=10**6,
        utility=U,
        resolved=resolved,
        reason=f"{said} before that was divided" if resolved else f"unresolved: {said}: not smooth",
        evaluations=evaluations + 1,
        residual=residual,
    )


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
