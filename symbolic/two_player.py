"""Equilibrium families of any two-player fair game: affine in beta = 1/alpha, one for each support pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import sympy as sp

from symbolic import symbols
from symbolic.closed_form import ClosedForm, Derivation
from symbolic.errors import InputError
from symbolic.exactness import exact_sequence
from symbolic.two_user_payments import payment_matrices, utility_matrix


@dataclass(frozen=True, repr=False)
class Family(Derivation):
    """Equilibria on one pair of supports.

    Parameters
    ----------
    supports : tuple of two tuples of int
        Levels that user 1 and user 2 use.
    first, second : ClosedForm
        Probabilities of all levels of user 1 and user 2, columns that are affine in beta.
    utility, value : ClosedForm
        Expected utility, and the platform's ``(1 - 1/beta)`` of it.
    conditions : tuple of sympy.Boolean
        Relations, linear in beta, under which this is an equilibrium: probabilities at least 0, and no
        other level pays more.
    """

    supports: tuple[tuple[int, ...], tuple[int, ...]]
    first: ClosedForm
    second: ClosedForm
    utility: ClosedForm
    value: ClosedForm
    conditions: tuple[sp.Basic, ...]

    def beta_interval(self, *costs: object) -> sp.Set:
        """The betas in [1, oo) at which the family is an equilibrium, for costs given in numbers.

        Parameters
        ----------
        *costs : int, Fraction or str
            One for each symbol of the family other than beta, in the order of ``first.arguments``.
        """
        names = self.first.arguments[1:]
        if len(costs) != len(names):
            raise InputError("costs", f"must be one for each of {', '.join(map(str, names))}", costs)
        values = dict(zip(names, exact_sequence("costs", costs), strict=True))
        interval: sp.Set = sp.Interval(1, sp.oo)
        for condition in self.conditions:
            relation = condition.subs(values)
            if relation in (sp.true, sp.false):
                interval = interval if relation == sp.true else sp.S.EmptySet
            else:
                interval = interval.intersect(_half_line(relation))
        return interval


def cost_symbols(n_levels: int, user: int) -> tuple[sp.Expr, ...]:
    """Costs ``0, c_u1, c_u2, ...`` of one user's levels.

    Parameters
    ----------
    n_levels : int
        Number of levels, "absent" included.
    user : int
        1 or 2.

    Returns
    -------
    tuple of sympy.Expr
        One for each level.

    Examples
    --------
    >>> cost_symbols(3, 2)
    (0, c_21, c_22)
    """
    return (sp.S.Zero, *(sp.Symbol(f"c_{user}{level}", positive=True) for level in range(1, n_levels)))


def equilibrium_families(
    U: sp.Matrix, costs_1: Sequence[object] | None = None, costs_2: Sequence[object] | None = None
) -> tuple[Family, ...]:
    """All equilibrium families of the fair game of two users.

    Parameters
    ----------
    U : sympy.Matrix or nested sequence
        Utilities, user 1 on the rows, level 0 "absent"; numbers or real symbols.
    costs_1, costs_2 : sequence, optional
        One cost a level, 0 first; symbols by default. A level of infinite cost is never used.

    Returns
    -------
    tuple of Family
        Smallest supports first. A family is left out when its conditions are false whatever the
        symbols, and so is a pair of supports whose indifference conditions are singular: it has
        equilibria at special costs only.

    Notes
    -----
    With ``beta = 1/alpha`` the payoffs are ``Phi - beta * c`` up to the factor alpha, so the
    indifference conditions are linear in (probabilities, value) and in beta. At single betas, where a
    condition is tight, whole segments between two families are equilibria: `symbolic.two_group_cells` lists
    them for two actions.

    Examples
    --------
    >>> families = equilibrium_families([[0, "2/3"], ["2/3", 1]])
    >>> [family.supports for family in families]
    [((0,), (0,)), ((0,), (1,)), ((1,), (0,)), ((1,), (1,)), ((0, 1), (0, 1))]
    >>> families[-1].first.expression
    Matrix([
    [ 6*beta*c_21 - 3],
    [-6*beta*c_21 + 4]])
    >>> families[3].conditions
    (-beta*c_11 + 1/2 >= 0, -beta*c_21 + 1/2 >= 0)
    >>> families[-1].beta_interval("0.3", "0.31")
    Interval(5/3, 200/93)
    """
    matrix = utility_matrix(U)
    payments = payment_matrices(matrix)
    first_costs = _costs("costs_1", costs_1, matrix.rows, 1)
    second_costs = _costs("costs_2", costs_2, matrix.cols, 2)
    return tuple(_families(matrix, payments.first.expression, payments.second.expression.T, first_costs, second_costs))


def _families(
    U: sp.Matrix, Phi_1: sp.Matrix, Phi_2: sp.Matrix, costs_1: tuple[sp.Expr, ...], costs_2: tuple[sp.Expr, ...]
) -> Iterator[Family]:
    levels_1 = [level for level, cost in enumerate(costs_1) if cost != sp.oo]
    levels_2 = [level for level, cost in enumerate(costs_2) if cost != sp.oo]
    every = (*U.free_symbols, *(symbol for cost in (*costs_1, *costs_2) for symbol in cost.free_symbols))
    arguments = (symbols.beta, *sorted(set(every), key=str))
    for size in range(1, min(len(levels_1), len(levels_2)) + 1):
        for J in combinations(levels_1, size):
            for K in combinations(levels_2, size):
                second = _indifferent(Phi_1, costs_1, J, K, levels_1)
                first = _indifferent(Phi_2, costs_2, K, J, levels_2)
                if first is None or second is None:
                    continue
                relations = (*second[1], *first[1])
                if sp.false in relations:
                    continue
                conditions = tuple(dict.fromkeys(relation for relation in relations if relation != sp.true))
                utility = sp.factor((first[0].T * U * second[0])[0, 0])
                value = sp.factor((1 - 1 / symbols.beta) * utility)
                source = "indifference on the supports"
                yield Family(
                    (J, K),
                    ClosedForm("x", sp.ImmutableMatrix(first[0]), arguments, source, conditions),
                    ClosedForm("y", sp.ImmutableMatrix(second[0]), arguments, source, conditions),
                    ClosedForm("U", utility, arguments, source, conditions),
                    ClosedForm("value", value, arguments, source, conditions),
                    conditions,
                )


def _indifferent(
    payoffs: sp.Matrix, costs: tuple[sp.Expr, ...], own: tuple[int, ...], other: tuple[int, ...], levels: list[int]
) -> tuple[sp.Matrix, list[sp.Basic]] | None:
    """The mixture over ``other`` that makes all of ``own`` equally good, and what it must satisfy."""
    size = len(own)
    system = sp.zeros(size + 1, size + 1)
    right = sp.zeros(size + 1, 1)
    for row, level in enumerate(own):
        for column, against in enumerate(other):
            system[row, column] = payoffs[level, against]
        system[row, size] = -1
        right[row] = symbols.beta * costs[level]
    for column in range(size):
        system[size, column] = 1
    right[size] = 1
    if sp.simplify(system.det()) == 0:
        return None
    solution = system.LUsolve(right).applyfunc(lambda entry: sp.expand(sp.cancel(entry)))
    mixture = sp.zeros(payoffs.cols, 1)
    for column, against in enumerate(other):
        mixture[against] = solution[column]
    relations: list[sp.Basic] = [solution[column] >= 0 for column in range(size)] if size > 1 else []
    for level in levels:
        if level not in own:
            earned = (payoffs[level, :] * mixture)[0, 0] - symbols.beta * costs[level]
            relations.append(sp.expand(sp.cancel(solution[size] - earned)) >= 0)
    return mixture, relations


def _costs(argument: str, costs: Sequence[object] | None, n_levels: int, user: int) -> tuple[sp.Expr, ...]:
    if costs is None:
        return cost_symbols(n_levels, user)
    values = exact_sequence(argument, costs)
    if len(values) != n_levels:
        raise InputError(argument, f"must be one for each of {n_levels} levels", len(values))
    if values[0] != 0:
        raise InputError(f"{argument}[0]", "must be 0: absence costs nothing", values[0])
    return values


def _half_line(relation: sp.Basic) -> sp.Set:
    slope = sp.diff(relation.lhs - relation.rhs, symbols.beta)
    edge = sp.solve(relation.lhs - relation.rhs, symbols.beta)[0]
    return sp.Interval(edge, sp.oo) if slope > 0 else sp.Interval(-sp.oo, edge)
