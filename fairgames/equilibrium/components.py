"""From certified profiles to an `EquilibriumSet`: structure, components, and the index check.

Rank and determinant of integer matrices, by fraction-free elimination (Bareiss 1968).

Where one equilibrium of a two-player game stands: extreme, regular, and of which index.

Components: the maximal Nash subsets of a two-player game, from its extreme equilibria.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from fairgames.equilibrium.certify import Certificate, Certifier, supports_of
from fairgames.equilibrium.normal_form import NormalForm
from fairgames.equilibrium.result import Equilibrium
from fairgames.equilibrium.screening import well_formed
from fairgames.equilibrium.solver import Strategies
from fairgames.exactness import Array, is_exact, to_float, to_fractions
from fairgames.tolerance import PROBABILITY, RELATIVE, near


def rank_and_determinant(matrix: Sequence[Sequence[int]]) -> tuple[int, int]:
    """Rank of an integer matrix, and its determinant when it is square (0 otherwise).

    Examples
    --------
    >>> rank_and_determinant([[0, 2], [3, 1]]), rank_and_determinant([[1, 2, 3], [2, 4, 6]])
    ((2, -6), (1, 0))
    """
    rows = [list(row) for row in matrix]
    n_rows, n_columns = len(rows), len(rows[0]) if rows else 0
    rank, sign, previous = 0, 1, 1
    for column in range(n_columns):
        pivot_row = next((row for row in range(rank, n_rows) if rows[row][column]), None)
        if pivot_row is None:
            continue
        if pivot_row != rank:
            rows[rank], rows[pivot_row] = rows[pivot_row], rows[rank]
            sign = -sign
        top, pivot = rows[rank], rows[rank][column]
        for row in range(rank + 1, n_rows):
            factor = rows[row][column]
            rows[row] = [(a * pivot - factor * b) // previous for a, b in zip(rows[row], top, strict=True)]
        previous = pivot
        rank += 1
        if rank == n_rows:
            break
    return rank, sign * previous if rank == n_rows == n_columns else 0


Actions = Sequence[tuple[int, ...]]


class TwoPlayerStructure:
    """Combinatorial facts about equilibria of one two-player game, decided in integers.

    Parameters
    ----------
    payoffs : sequence of ndarray of int
        Two matrices of Python integers (positive multiples of the payoffs).

    Examples
    --------
    >>> import numpy as np
    >>> identity = np.array([[1, 0], [0, 1]], dtype=object)
    >>> coordination = TwoPlayerStructure((identity, identity))
    >>> coordination.index(((0,), (0,))), coordination.index(((0, 1), (0, 1)))
    (1, -1)
    """

    def __init__(self, payoffs: Sequence[Array]) -> None:
        self._rows = [(matrix - (matrix.min() - 1)).tolist() for matrix in payoffs]

    def is_extreme(self, supports: Actions, best: Actions) -> bool:
        """Whether both strategies are vertices of what their supports and best responses allow.

        A strategy is one when no other with its support leaves the opponent indifferent among the
        same best responses.
        """
        A, B = self._rows
        columns_of_B = list(zip(*B, strict=True))
        return _is_vertex(columns_of_B, supports[0], best[1]) and _is_vertex(A, supports[1], best[0])

    def index(self, supports: Actions) -> int | None:
        """Shapley's index, +1 or -1, of an equilibrium all of whose best responses are played.

        In a nondegenerate game the indices of all equilibria add up to +1. None when the
        equilibrium is not regular (supports of different sizes, or singular payoffs on them).

        References
        ----------
        Shapley (1974), "A note on the Lemke-Howson algorithm".
        """
        if len(supports[0]) != len(supports[1]):
            return None
        rows, columns = supports
        product = (-1) ** (len(rows) + 1)
        for matrix in self._rows:
            product *= rank_and_determinant([[matrix[row][column] for column in columns] for row in rows])[1]
        return (product > 0) - (product < 0) or None


def _is_vertex(opponent: Sequence[Sequence[int]], support: tuple[int, ...], best: tuple[int, ...]) -> bool:
    """Whether indifference of the opponent among ``best`` leaves one strategy on ``support``.

    ``opponent[k][a]`` is the opponent's payoff of its action ``k`` against action ``a``.
    """
    equations = [[*(opponent[answer][action] for action in support), -1] for answer in best]
    equations.append([1] * len(support) + [0])
    return rank_and_determinant(equations)[0] == len(support) + 1


Left = TypeVar("Left", bound=Hashable)
Right = TypeVar("Right", bound=Hashable)


def maximal_bicliques(edges: Iterable[tuple[Left, Right]]) -> list[tuple[frozenset[Left], frozenset[Right]]]:
    """Maximal complete bipartite subgraphs.

    With the extreme equilibria as edges between strategies of user 1 and of user 2, these are the
    maximal Nash subsets: every mixture of the left strategies is an equilibrium with every mixture
    of the right ones, and the equilibria of the game are the union of these products.

    Parameters
    ----------
    edges : iterable of pairs

    Returns
    -------
    list of pairs of frozensets
        In no particular order.

    References
    ----------
    Avis, Rosenberg, Savani, von Stengel (2010), "Enumeration of Nash equilibria for two-player
    games", Economic Theory 42, section 6.

    Examples
    --------
    >>> pairs = maximal_bicliques([("a", 1), ("a", 2), ("b", 2)])
    >>> sorted((sorted(left), sorted(right)) for left, right in pairs)
    [(['a'], [1, 2]), (['a', 'b'], [2])]
    """
    neighbours: dict[Left, set[Right]] = {}
    for left, right in edges:
        neighbours.setdefault(left, set()).add(right)
    closed: set[frozenset[Right]] = set()
    for own in map(frozenset, neighbours.values()):
        closed |= {other & own for other in closed}
        closed.add(own)
    closed.discard(frozenset())
    return [(frozenset(left for left, own in neighbours.items() if right <= own), right) for right in closed]


Component = tuple[tuple[Array, ...], ...]
_Place = tuple[Any, ...]


def in_order(accepted: Sequence[tuple[Strategies, Certificate]]) -> list[tuple[Strategies, Certificate]]:
    """Sort equilibria so that more weight on earlier actions comes first."""
    return sorted(accepted, key=lambda entry: _place(*entry[0]), reverse=True)


def _place(*strategies: Array) -> _Place:
    return tuple(probability for strategy in strategies for probability in strategy.tolist())


def structured(
    form: NormalForm,
    certifier: Certifier,
    accepted: Sequence[tuple[Strategies, Certificate]],
    *,
    extreme: bool,
    degenerate: bool | None,
) -> tuple[tuple[Equilibrium, ...], tuple[Component, ...]]:
    """Describe each equilibrium, and join them to components when they are all the extreme ones.

    Parameters
    ----------
    form : NormalForm
        The game.
    certifier : Certifier
        Of the same game.
    accepted : sequence of (strategies, certificate)
        In order.
    extreme : bool
        Whether these are all extreme equilibria of a two-player game.
    degenerate : bool or None
        Whether that game is degenerate; None when not known.
    """
    two_players = (
        TwoPlayerStructure([scaled.integers for scaled in certifier.integers]) if len(form.payoffs) == 2 else None
    )
    components: tuple[Component, ...] = ()
    alone: list[bool | None] = [None] * len(accepted)
    if extreme and degenerate is False:
        components = tuple(tuple((strategy,) for strategy in strategies) for strategies, _ in accepted)
        alone = [True] * len(accepted)
    elif extreme:
        components, alone = joined([strategies for strategies, _ in accepted])
    equilibria = tuple(
        _equilibrium(form, certifier, two_players, entry, isolated=isolated, extreme=extreme)
        for entry, isolated in zip(accepted, alone, strict=True)
    )
    return equilibria, components


def _equilibrium(
    form: NormalForm,
    certifier: Certifier,
    two_players: TwoPlayerStructure | None,
    entry: tuple[Strategies, Certificate],
    *,
    isolated: bool | None,
    extreme: bool,
) -> Equilibrium:
    strategies, certificate = entry
    supports = supports_of(strategies)
    is_pure = all(len(support) == 1 for support in supports)
    best = certificate.best_actions
    index = two_players.index(supports) if two_players is not None and supports == best else None
    if index is not None or (two_players is None and supports == best and certifier.is_regular(strategies, supports)):
        isolated = True
    is_extreme: bool | None = extreme or is_pure
    if not is_extreme:
        is_extreme = two_players.is_extreme(supports, best) if two_players is not None else None
    levels = tuple(
        tuple(own[action] for action in support) for own, support in zip(form.actions, supports, strict=True)
    )
    for strategy in strategies:
        strategy.flags.writeable = False
    return Equilibrium(
        strategies=strategies,
        payoffs=certificate.payoffs,
        regret=certificate.regret,
        supports=levels,
        profile=tuple(support[0] for support in levels) if is_pure else None,
        is_pure=is_pure,
        is_extreme=is_extreme,
        is_isolated=isolated,
        index=index,
    )


def joined(extreme: Sequence[Strategies]) -> tuple[tuple[Component, ...], list[bool | None]]:
    """Join all extreme equilibria of a two-player game to components.

    Returns
    -------
    components : tuple
        In order; for each user the extreme strategies.
    alone : list of bool
        For each equilibrium, whether it is a component of its own.
    """
    known: tuple[dict[_Place, Array], dict[_Place, Array]] = ({}, {})
    edges = []
    for x, y in extreme:
        edges.append((_place(x), _place(y)))
        known[0].setdefault(edges[-1][0], x)
        known[1].setdefault(edges[-1][1], y)
    subsets = sorted(
        ((sorted(left, reverse=True), sorted(right, reverse=True)) for left, right in maximal_bicliques(edges)),
        reverse=True,
    )
    components = tuple(
        (tuple(known[0][key] for key in left), tuple(known[1][key] for key in right)) for left, right in subsets
    )
    singles = {(left[0], right[0]) for left, right in subsets if len(left) == len(right) == 1}
    return components, [edge in singles for edge in edges]


def index_sum(equilibria: Sequence[Equilibrium]) -> int | None:
    """Sum of the indices; None when one of them is not regular."""
    indices = [entry.index for entry in equilibria]
    return None if None in indices else sum(indices)  # type: ignore[arg-type]


def near_ties(
    certifier: Certifier, accepted: Sequence[tuple[Strategies, Certificate]], profiles: Sequence[Any]
) -> bool:
    """Whether differences within rounding decide what is an equilibrium of a float game.

    Parameters
    ----------
    certifier : Certifier
        Of the game.
    accepted : sequence of (strategies, certificate)
        Its equilibria, in floats.
    profiles : sequence
        As the solvers reported them; the exact ones tell a tie from a near tie.

    Examples
    --------
    >>> near_ties(Certifier((np.array([[0.1 + 0.2], [0.3]]), np.array([[0.0], [1.0]]))), [], [])
    True
    """
    for user, payoff in enumerate(certifier.payoffs):
        ordered = np.sort(np.moveaxis(payoff, user, 0), axis=0)
        gaps = ordered[1:] - ordered[:-1]
        close = (gaps > 0) & (gaps <= near(ordered.max(), ordered.min()))
        if close.any() and (gaps <= near(ordered[1:], ordered[:-1]))[close].any():
            return True
    if not any(_has_close_call(*entry) for entry in accepted):
        return False
    exact = Certifier(tuple(map(to_fractions, certifier.payoffs)))
    for profile in profiles:
        strategies = well_formed(profile, certifier.payoffs[0].shape, exact=True)
        if strategies is not None and all(map(is_exact, strategies)):
            rough = tuple(map(to_float, strategies))
            for user, short in enumerate(map(np.array, exact.certify(strategies).shortfalls)):
                _, rounding, apart = certifier.weighed(rough, user, int(short.argmin()))
                if ((short > 0) & (short <= rounding + RELATIVE * apart)).any():
                    return True
            if any(0 < probability <= PROBABILITY for strategy in strategies for probability in strategy.tolist()):
                return True
    return False


def _has_close_call(strategies: Strategies, certificate: Certificate) -> bool:
    """Whether an action that is hardly played falls short of the best by no more than rounding."""
    return any(
        probability <= PROBABILITY and action in best
        for strategy, best in zip(strategies, certificate.best_actions, strict=True)
        for action, probability in enumerate(strategy.tolist())
    )
