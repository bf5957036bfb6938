"""What the equilibria of a game are together: isolated or in components, extreme, and of which index.

In a two-player game the maximal Nash subsets are bicliques of extreme equilibria (Avis, Rosenberg, Savani and von
Stengel 2010), and all indices add up to 1 (Shapley 1974): both are decided in integers. `solve` describes here what it
has found, and `verify` describes again what it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from fairgames.equilibrium.certify import Certified, Certifier, numbers_of
from fairgames.equilibrium.enclosures import proof, rank_and_determinant
from fairgames.equilibrium.normal_form import NormalForm
from fairgames.equilibrium.result import Equilibrium
from fairgames.equilibrium.solver import Piece, Strategies, Supports
from fairgames.exactness import Array, Number, is_exact

Component = tuple[tuple[Array, ...], ...]
Integers = Sequence[Sequence[int]]


def in_order(accepted: Sequence[Certified]) -> list[Certified]:
    """Sort equilibria so that more weight on earlier actions comes first."""
    return sorted(accepted, key=lambda entry: numbers_of(entry[0]), reverse=True)


def index_sum(equilibria: Sequence[Equilibrium]) -> int | None:
    """Sum of the indices; None when one of them is not regular."""
    indices = [entry.index for entry in equilibria]
    return None if None in indices else sum(indices)  # type: ignore[arg-type]


def structured(
    form: NormalForm,
    certifier: Certifier,
    accepted: Sequence[Certified],
    *,
    extreme: bool,
    degenerate: bool | None,
    pieces: Sequence[Piece] = (),
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
    pieces : sequence of Piece
        Continua, and algebraic equilibria, of three or more players.
    """
    points = {numbers_of(piece.witnesses[0]): piece.equations for piece in pieces if not piece.dimension}
    along = {numbers_of(witness) for piece in pieces if piece.dimension for witness in piece.witnesses}
    components: tuple[Component, ...] = ()
    alone: list[bool | None] = [False if numbers_of(strategies) in along else None for strategies, _ in accepted]
    if extreme and degenerate is False:
        components = tuple(tuple((strategy,) for strategy in strategies) for strategies, _ in accepted)
        alone = [True] * len(accepted)
    elif extreme:
        components, alone = _joined([strategies for strategies, _ in accepted])
    matrices: list[Integers] = []
    if len(form.shape) == 2:
        matrices = [(matrix - (matrix.min() - 1)).tolist() for matrix, _ in certifier.integers]
    equilibria = []
    for (strategies, certificate), isolated in zip(accepted, alone, strict=True):
        supports = tuple(tuple(action for action, played in enumerate(own.tolist()) if played) for own in strategies)
        best, is_pure = certificate.best_actions, all(len(support) == 1 for support in supports)
        if matrices:
            index = _index(matrices, supports) if supports == best else None
            radius: Number | None = Fraction(0) if all(map(is_exact, strategies)) else None
        elif is_pure:
            radius, index = _proof_of_pure(form.payoffs, tuple(support[0] for support in supports))
        else:
            radius, index = proof([own for own, _ in certifier.integers], strategies, supports)
        is_extreme: bool | None = extreme or is_pure
        if not is_extreme:
            is_extreme = _is_extreme(matrices, supports, best) if matrices else None
        levels = tuple(
            tuple(own[action] for action in support) for own, support in zip(form.actions, supports, strict=True)
        )
        for strategy in strategies:
            strategy.flags.writeable = False
        entry = Equilibrium(
            strategies=strategies,
            payoffs=certificate.payoffs,
            regret=certificate.regret,
            supports=levels,
            profile=tuple(support[0] for support in levels) if is_pure else None,
            is_pure=is_pure,
            is_extreme=is_extreme,
            is_isolated=index is not None or isolated,
            index=index,
            radius=radius,
            equations=points.get(numbers_of(strategies), ()),
        )
        equilibria.append(entry)
    return tuple(equilibria), components


def _proof_of_pure(payoffs: Sequence[Array], profile: tuple[int, ...]) -> tuple[Number | None, int | None]:
    """What `proof` says of a pure profile, from the payoffs beside it alone."""
    leads = []
    for player, payoff in enumerate(payoffs):
        beside: tuple[Any, ...] = (*profile[:player], slice(None), *profile[player + 1 :])
        values = payoff[beside].tolist()
        here = values.pop(profile[player])
        leads += [(here > value) - (here < value) for value in values]
    least = min(leads, default=1)
    return (Fraction(0) if least >= 0 else None), (1 if least > 0 else None)


def _index(matrices: Sequence[Integers], supports: Supports) -> int | None:
    """Shapley's index, +1 or -1, of an equilibrium of positive payoffs all of whose best responses are played.

    None when the equilibrium is not regular (supports of different sizes, or singular payoffs on them).
    """
    rows, columns = supports
    if len(rows) != len(columns):
        return None
    product = (-1) ** (len(rows) + 1)
    for matrix in matrices:
        product *= rank_and_determinant([[matrix[row][column] for column in columns] for row in rows])[1]
    return (product > 0) - (product < 0) or None


def _is_extreme(matrices: Sequence[Integers], supports: Supports, best: Supports) -> bool:
    """Whether both strategies are vertices of what their supports and best responses allow.

    A strategy is one when no other with its support leaves the opponent indifferent among the same best responses.
    """
    payoffs_of_opponents = list(zip(*matrices[1], strict=True)), matrices[0]
    for opponent, support, answers in zip(payoffs_of_opponents, supports, reversed(best), strict=True):
        equations = [[*(opponent[answer][action] for action in support), -1] for answer in answers]
        if rank_and_determinant([*equations, [1] * len(support) + [0]])[0] <= len(support):
            return False
    return True


def maximal_bicliques(edges: Iterable[tuple[Any, Any]]) -> list[tuple[frozenset[Any], frozenset[Any]]]:
    """Maximal complete bipartite subgraphs.

    With the extreme equilibria as edges between strategies of player 1 and of player 2, these are the
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
    neighbours: dict[Any, set[Any]] = {}
    for left, right in edges:
        neighbours.setdefault(left, set()).add(right)
    closed: set[frozenset[Any]] = set()
    for own in map(frozenset, neighbours.values()):
        closed |= {other & own for other in closed}
        closed.add(own)
    closed.discard(frozenset())
    return [(frozenset(left for left, own in neighbours.items() if right <= own), right) for right in closed]


def _joined(extreme: Sequence[Strategies]) -> tuple[tuple[Component, ...], list[bool | None]]:
    """Join all extreme equilibria of a two-player game to components, in order; and say which are one of their own."""
    strategies = {tuple(own.tolist()): own for pair in extreme for own in pair}
    edges = [(tuple(x.tolist()), tuple(y.tolist())) for x, y in extreme]
    subsets: list[Any] = sorted(
        ([sorted(side, reverse=True) for side in biclique] for biclique in maximal_bicliques(edges)), reverse=True
    )
    components = tuple(tuple(tuple(strategies[key] for key in side) for side in subset) for subset in subsets)
    singles = [(left[0], right[0]) for left, right in subsets if len(left) == len(right) == 1]
    return components, [edge in singles for edge in edges]
