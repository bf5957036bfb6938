"""Two users with any numbers of actions: every extreme equilibrium, from the vertices of two polytopes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fairgames.equilibrium.pivoting import vertices
from fairgames.equilibrium.rational import from_weights, to_integers
from fairgames.exactness import Array, to_fractions

_WORD = 63


def solve_vertices(payoffs: Sequence[Array], found: Callable[[tuple[Array, Array]], None]) -> bool:
    """Find every extreme equilibrium of a two-player game.

    1. Make all payoffs positive integers, which changes no equilibrium.
    2. Walk to all vertices ``x`` of ``{x >= 0 : B' x <= 1}`` and ``y`` of ``{y >= 0 : A y <= 1}``.
       Each carries labels: its own unplayed actions, and the opponent's best responses to it.
    3. A pair that together carries every label is an equilibrium, and all extreme equilibria are
       such pairs: whatever is played is a best response.

    Parameters
    ----------
    payoffs : sequence of ndarray
        Two matrices of one shape; floats are taken as the binary fractions that they are.
    found : callable
        Called with each equilibrium, in Fractions.

    Returns
    -------
    bool
        Whether the game is degenerate: some mixed strategy has more pure best responses than the
        actions that it plays, which then holds at a vertex.

    References
    ----------
    Mangasarian (1964), "Equilibrium points of bimatrix games". von Stengel (2002), "Computing
    equilibria for two-person games", Handbook of Game Theory 3.

    Examples
    --------
    >>> from fairgames.exactness import as_array
    >>> A, B = as_array([[3, 3], [2, 5], [0, 6]], "A"), as_array([[3, 3], [2, 6], [3, 1]], "B")
    >>> solve_vertices((A, B), lambda pair: print(*(list(map(str, strategy)) for strategy in pair)))
    ['0', '1/3', '2/3'] ['1/3', '2/3']
    ['1', '0', '0'] ['2/3', '1/3']
    ['1', '0', '0'] ['1', '0']
    True
    """
    n_rows, n_columns = payoffs[0].shape
    row_player = [x for x in vertices(_positive_integers(payoffs[1].T)) if any(x.weights)]
    everything = (1 << (n_rows + n_columns)) - 1
    kind = np.int64 if n_rows + n_columns <= _WORD else object
    labels = np.array([x.tight for x in row_player], dtype=kind)
    rows = [from_weights(x.weights) for x in row_player]
    degenerate = any(x.tight.bit_count() > n_rows for x in row_player)
    for y in vertices(_positive_integers(payoffs[0])):
        degenerate |= y.tight.bit_count() > n_columns
        partners = np.flatnonzero((labels | _in_row_order(y.tight, n_rows, n_columns)) == everything).tolist()
        if partners:
            column = from_weights(y.weights)
            for place in partners:
                found((rows[place], column))
    return degenerate


def is_degenerate(payoffs: Sequence[Array]) -> bool:
    """Whether some mixed strategy of a two-player game has more pure best responses than it plays actions.

    Walks the polytopes of `solve_vertices`, and stops at the first degenerate vertex.

    Examples
    --------
    >>> identity = np.eye(2)
    >>> is_degenerate((identity, identity)), is_degenerate((identity, np.zeros((2, 2))))
    (False, True)
    """
    return any(
        vertex.tight.bit_count() > len(vertex.weights)
        for matrix in (_positive_integers(payoffs[0]), _positive_integers(payoffs[1].T))
        for vertex in vertices(matrix)
    )


def _positive_integers(payoff: Array) -> list[list[int]]:
    integers = to_integers(to_fractions(payoff)).integers
    return (integers - (integers.min() - 1)).tolist()  # type: ignore[no-any-return]


def _in_row_order(tight: int, n_rows: int, n_columns: int) -> int:
    """Move the column player's labels (own actions first) to the row player's order (rows first)."""
    return (tight >> n_columns) | ((tight & ((1 << n_columns) - 1)) << n_rows)
