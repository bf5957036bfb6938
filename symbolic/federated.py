"""The federated mean: errors and best weights of propositions 4 and 5 by solving the constrained minimisation.

User j's local mean has variance ``V_j = r2/n_j + s2`` around the common mean, ``s2`` of it from the user's own
mean. Levels are 0 (absent), 1 (federating: only a weighted mean of the local means is seen) and 2 (direct).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sympy as sp

from symbolic import symbols
from symbolic.closed_form import ClosedForm, Derivation
from symbolic.errors import InputError
from symbolic.exactness import exact, exact_sequence
from symbolic.federated_inputs import total_variances, uniform_aggregate, variance_symbols


@dataclass(frozen=True, repr=False)
class Estimate(Derivation):
    """The best estimate of one user's mean.

    Parameters
    ----------
    direct : tuple of (int, ClosedForm)
        Each directly sharing user with the weight of its local mean, eqs. 59-64.
    aggregate : ClosedForm or None
        Weight of the aggregate; None when nobody federates.
    error : ClosedForm
        The expected squared error at these weights, eq. 55.
    """

    direct: tuple[tuple[int, ClosedForm], ...]
    aggregate: ClosedForm | None
    error: ClosedForm

    def forms(self) -> Iterator[ClosedForm]:
        """The weights, then the error."""
        yield from (weight for _, weight in self.direct)
        yield from super().forms()


def squared_error(
    target: int, local_weights: Sequence[sp.Expr], variances: Sequence[sp.Expr], s2: sp.Expr = symbols.s2
) -> sp.Expr:
    """Expected squared error of ``sum_j v_j * local mean_j`` as an estimate of one user's mean (eq. 56, corrected).

    The error splits into independent parts: each user's own mean, with weight ``v_j`` less one for the
    target, and each user's sampling noise of variance ``V_j - s2``. The weights add up to one.

    Parameters
    ----------
    target : int
        The user whose mean is estimated, from 1.
    local_weights : sequence of sympy.Expr
        ``v_j`` of each user.
    variances : sequence of sympy.Expr
        ``V_j`` of each user.
    s2 : sympy.Expr, default the symbol ``s2``
        Variance between users' means.

    Returns
    -------
    sympy.Expr
        In squared units of the data.

    Examples
    --------
    >>> v, V, s2 = sp.symbols("v V s2", positive=True)
    >>> squared_error(1, (sp.S.One,), (V,), s2)
    V - s2
    """
    error = sp.S.Zero
    for user, (weight, variance) in enumerate(zip(local_weights, variances, strict=True), start=1):
        own = weight - (1 if user == target else 0)
        error += own**2 * s2 + weight**2 * (variance - s2)
    return sp.expand(error)


def best_estimate(
    profile: Sequence[int],
    target: int,
    variances: Sequence[object] | None = None,
    aggregate: Sequence[sp.Expr] | None = None,
    s2: object = symbols.s2,
) -> Estimate:
    """Minimise the error over all weights that add up to one (proposition 5).

    Parameters
    ----------
    profile : sequence of int
        Level 0, 1 or 2 of each user; somebody must take part.
    target : int
        The user whose mean is estimated, from 1.
    variances : sequence, optional
        ``V_1, ..., V_N``; symbols by default.
    aggregate : sequence of sympy.Expr, optional
        Weights of the local means in the aggregate, adding up to one; `uniform_aggregate` by default.
    s2 : number or sympy.Expr, default the symbol ``s2``

    Returns
    -------
    Estimate
        The weights and the least error.

    Raises
    ------
    InputError
        When the arguments are not usable.

    Examples
    --------
    >>> best_estimate((2, 2), 1).direct[0][1]
    w_11(V_1, V_2, s2) = (V_2 + s2)/(V_1 + V_2)
    >>> best_estimate((1, 1, 2), 3, total_variances((10, 20, 30), 1, 10), s2=1).error.expression
    15/53
    """
    levels = _profile(profile, target)
    values = variance_symbols(len(levels)) if variances is None else exact_sequence("variances", variances)
    if len(values) != len(levels):
        raise InputError("variances", "must be one for each user", len(values))
    between = exact("s2", s2)
    shares = uniform_aggregate(levels) if aggregate is None else tuple(aggregate)
    free = {user: sp.Symbol(f"w_{target}{user}", real=True) for user, level in enumerate(levels, 1) if level == 2}
    together = sp.Symbol(f"w_{target}0", real=True) if 1 in levels else None
    local = [
        free.get(user, together * share if together is not None else sp.S.Zero)
        for user, share in enumerate(shares, start=1)
    ]
    unknowns = [*free.values(), *([together] if together is not None else [])]
    multiplier = sp.Dummy("lambda")
    error = squared_error(target, local, values, between)
    lagrangian = error + multiplier * (1 - sum(unknowns))
    conditions = [sp.diff(lagrangian, unknown) for unknown in (*unknowns, multiplier)]
    (solution,) = sp.linsolve(conditions, [*unknowns, multiplier])
    best = dict(zip(unknowns, solution, strict=False))
    arguments = tuple(
        sorted({symbol for value in (*values, *shares, between) for symbol in value.free_symbols}, key=str)
    )

    def form(name: str, expression: sp.Expr, source: str) -> ClosedForm:
        return ClosedForm(name, sp.factor(expression), arguments, source)

    source = f"proposition 5, level {levels[target - 1]}"
    return Estimate(
        tuple((user, form(str(weight), best[weight], source)) for user, weight in free.items()),
        None if together is None else form(str(together), best[together], source),
        form(f"EMSE_{target}", error.subs(best), "proposition 4"),
    )


def utility(
    profile: Sequence[int],
    samples: Sequence[object],
    s2: object,
    r2: object,
    *,
    importance: Sequence[object] | None = None,
    aggregate: Sequence[sp.Expr] | None = None,
) -> sp.Expr:
    """The logarithmic utility ``sum_i a_i log((r2 + 2 s2) / EMSE_i)`` (eq. 15, the sum over all users).

    Parameters
    ----------
    profile : sequence of int
        Level of each user: 0 absent, 1 federating, 2 direct.
    samples : sequence
        Number of samples of each user, above 0.
    s2, r2 : number or sympy.Expr
        Variance between users' means, and of a sample around its user's mean; positive.
    importance : sequence, optional
        ``a_i`` of each user; 1 by default.
    aggregate : sequence of sympy.Expr, optional
        Weights of the local means in the aggregate; `uniform_aggregate` by default.

    Returns
    -------
    sympy.Expr
        0 when everybody is absent.

    Raises
    ------
    InputError
        When the arguments are not usable.

    Examples
    --------
    >>> utility((2, 2, 2), (10, 20, 30), 1, 10).evalf(8)
    10.118027
    """
    between, within = exact("s2", s2), exact("r2", r2)
    weights = exact_sequence("importance", importance or [1] * len(profile))
    if not any(profile):
        return sp.S.Zero
    variances = total_variances(samples, between, within)
    total = sp.S.Zero
    for user, weight in enumerate(weights, start=1):
        error = best_estimate(profile, user, variances, aggregate, between).error.expression
        total += weight * sp.log((within + 2 * between) / error)
    return total


def _profile(profile: Sequence[int], target: int) -> tuple[int, ...]:
    levels = tuple(profile)
    if any(isinstance(level, bool) or level not in (0, 1, 2) for level in levels):
        raise InputError("profile", "must hold the levels 0 (absent), 1 (federating) or 2 (direct)", levels)
    if not any(levels):
        raise InputError("profile", "must have somebody who takes part", levels)
    if isinstance(target, bool) or target not in range(1, len(levels) + 1):
        raise InputError("target", f"must be a user from 1 to {len(levels)}", target)
    return levels
