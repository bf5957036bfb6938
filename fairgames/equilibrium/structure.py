"""Where one equilibrium of a two-player game stands: extreme, regular, and of which index."""

from __future__ import annotations

from collections.abc import Sequence

from fairgames.equilibrium.elimination import rank_and_determinant
from fairgames.exactness import Array

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
