"""Uniqueness of the fair payments (appendix B.2): the axioms as linear equations on the unanimity basis.

The unanimity game of T is worth 1 to every coalition that contains T. Any utility is a sum of them with
the coefficients ``b_T = sum over S in T of (-1)^(|T|-|S|) U_S``, and additivity carries payments over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

import sympy as sp

from symbolic import symbols
from symbolic.exactness import user_count
from symbolic.payments import CoalitionUtility, coalition_utility, subsets

PLATFORM = "p"
"""The platform's name among the players."""

Player = int | str


@dataclass(frozen=True)
class AxiomSolution:
    """What a set of axioms leaves open.

    Parameters
    ----------
    n_users : int
    on_unanimity : tuple of (frozenset, dict)
        For each non-empty T the payment of every player in its unanimity game.
    payments : dict
        Payment of every player for a utility with one symbol for each set of users.
    free : tuple of sympy.Symbol
        Parameters that the axioms do not determine, one for each game that has one.
    """

    n_users: int
    on_unanimity: tuple[tuple[frozenset[int], dict[Player, sp.Expr]], ...]
    payments: dict[Player, sp.Expr]
    free: tuple[sp.Symbol, ...]

    @property
    def is_unique(self) -> bool:
        """Whether the axioms determine every payment."""
        return not self.free

    def latex(self) -> str:
        """The payments of all players, one a line."""
        rows = " \\\\\n".join(rf"\phi_{{{player}}} &= {sp.latex(value)}" for player, value in self.payments.items())
        return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"

    def lambdify(self, modules: str = "math") -> Callable[..., object]:
        """A function of the sorted symbols of the utility (and alpha, and the free parameters)."""
        values = list(self.payments.values())
        names = sorted({symbol for value in values for symbol in value.free_symbols}, key=str)
        return sp.lambdify(names, values, modules)  # type: ignore[no-any-return]


def axioms_b(n_users: int) -> AxiomSolution:
    """Axioms B.i-iii with a fixed alpha: users alone (theorem 2).

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.

    Returns
    -------
    AxiomSolution
        All payment rules that satisfy them.

    Raises
    ------
    InputError
        When the number of users is not an integer of at least 2.

    Examples
    --------
    >>> solution = axioms_b(2)
    >>> solution.is_unique, solution.payments[1]
    (True, alpha*(U_1 + U_12 - U_2)/2)
    """
    users: list[Player] = list(range(1, user_count(n_users) + 1))
    return _solve(n_users, users, _unanimity, users, symbols.alpha)


def axioms_a(n_users: int) -> AxiomSolution:
    """Axioms A.i-iii as printed, which speak of the symmetry of users only (theorem 1).

    One parameter stays free in every unanimity game; with a single ``lam`` in all of them the
    family ``phi_i = lam * Shapley_i``, ``phi_p = (1 - lam) U`` is one of the solutions.

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.

    Returns
    -------
    AxiomSolution
        All payment rules that satisfy them.

    Raises
    ------
    InputError
        When the number of users is not an integer of at least 2.

    Examples
    --------
    >>> axioms_a(2).free
    (lambda_1, lambda_2, lambda_12)
    """
    users: list[Player] = list(range(1, user_count(n_users) + 1))
    return _solve(n_users, [*users, PLATFORM], _with_platform, users, sp.S.One)


def axioms_a_with_platform_symmetry(n_users: int) -> AxiomSolution:
    """Axioms A.i-iii where the platform too is paid like a user of equal contribution (theorem 1, repaired).

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.

    Returns
    -------
    AxiomSolution
        All payment rules that satisfy them.

    Raises
    ------
    InputError
        When the number of users is not an integer of at least 2.

    Examples
    --------
    >>> solution = axioms_a_with_platform_symmetry(2)
    >>> solution.is_unique, solution.payments["p"]
    (True, U_1/6 + U_12/3 + U_2/6)
    """
    users: list[Player] = list(range(1, user_count(n_users) + 1))
    return _solve(n_users, [*users, PLATFORM], _with_platform, [*users, PLATFORM], sp.S.One)


def dividends(utility: CoalitionUtility, n_users: int) -> dict[frozenset[int], sp.Expr]:
    """Coefficients ``b_T`` of a utility on the unanimity basis, T non-empty.

    Parameters
    ----------
    utility : callable
        From a frozenset of user numbers to an expression.
    n_users : int
        Number of users, at least 2.

    Returns
    -------
    dict
        From each non-empty set of users to its coefficient.

    Examples
    --------
    >>> dividends(coalition_utility(2), 2)[frozenset({1, 2})]
    -U_1 + U_12 - U_2
    """
    return {
        T: sum(((-1) ** (len(T) - len(S)) * utility(S) for S in subsets(tuple(T))), sp.S.Zero)
        for T in subsets(range(1, n_users + 1))
        if T
    }


def _unanimity(T: frozenset[int], coalition: frozenset[Player]) -> int:
    return int(coalition >= T)


def _with_platform(T: frozenset[int], coalition: frozenset[Player]) -> int:
    return int(PLATFORM in coalition and coalition >= T)


def _solve(
    n_users: int,
    players: list[Player],
    game: Callable[[frozenset[int], frozenset[Player]], int],
    symmetric: list[Player],
    total: sp.Expr,
) -> AxiomSolution:
    solutions: list[tuple[frozenset[int], dict[Player, sp.Expr]]] = []
    free: list[sp.Symbol] = []
    for T in subsets(range(1, n_users + 1)):
        if not T:
            continue
        unknown = {player: sp.Symbol(f"phi_{player}", real=True) for player in players}
        equations = [sum(unknown.values()) - total]
        for i, j in combinations(symmetric, 2):
            if all(game(T, S | {i}) == game(T, S | {j}) for S in _coalitions(players, (i, j))):
                equations.append(unknown[i] - unknown[j])
        equations += [
            unknown[user]
            for user in range(1, n_users + 1)
            if all(game(T, S | {user}) == game(T, S) for S in _coalitions(players, (user,)))
        ]
        (values,) = sp.linsolve(equations, list(unknown.values()))
        # The parameter is the users' share of this game: 1 leaves the platform nothing.
        left = sorted({symbol for value in values for symbol in value.free_symbols} & set(unknown.values()), key=str)
        parameter = sp.Symbol(f"lambda_{''.join(map(str, sorted(T)))}", real=True)
        if left:
            member = values[players.index(min(T))]
            (chosen,) = sp.solve(member - parameter / len(T), left[0], dict=True)
            values = [sp.expand(value.subs(chosen)) for value in values]
            free.append(parameter)
        solutions.append((T, dict(zip(players, values, strict=True))))
    weights = dividends(coalition_utility(n_users), n_users)
    payments = {
        player: _tidy(sum((weights[T] * values[player] for T, values in solutions), sp.S.Zero)) for player in players
    }
    return AxiomSolution(n_users, tuple(solutions), payments, tuple(free))


def _coalitions(players: Iterable[Player], without: tuple[Player, ...]) -> list[frozenset[Player]]:
    rest = [player for player in players if player not in without]
    return [frozenset(S) for size in range(len(rest) + 1) for S in combinations(rest, size)]


def _tidy(expression: sp.Expr) -> sp.Expr:
    return sp.factor(expression) if expression.has(symbols.alpha) else sp.expand(expression)
