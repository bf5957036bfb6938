"""Components: the maximal Nash subsets of a two-player game, from its extreme equilibria."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

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
