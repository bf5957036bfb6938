"""Two users with two actions each: every extreme equilibrium, exactly, by signs alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fairgames.equilibrium.rational import from_weights, to_integers
from fairgames.exactness import Array, to_fractions


def solve_two_action(payoffs: Sequence[Array], found: Callable[[tuple[Array, Array]], None]) -> bool:
    """Find every extreme equilibrium of a 2x2 game.

    A user's extreme strategies are its two actions and, when the opponent's preference changes sign
    between them, the mixture that makes the opponent indifferent. A pair is an equilibrium when
    each plays only best responses to the other.

    Parameters
    ----------
    payoffs : sequence of ndarray
        Two 2x2 matrices; floats are taken as the binary fractions that they are.
    found : callable
        Called with each equilibrium, in Fractions.

    Returns
    -------
    bool
        Whether the game is degenerate: some pure action leaves the opponent indifferent.

    Examples
    --------
    >>> from fairgames.exactness import as_array
    >>> A = as_array([[1, -1], [-1, 1]], "A")
    >>> solve_two_action((A, -A), print)
    (array([Fraction(1, 2), Fraction(1, 2)], dtype=object), array([Fraction(1, 2), Fraction(1, 2)], dtype=object))
    False
    """
    A = to_integers(to_fractions(payoffs[0])).integers
    B = to_integers(to_fractions(payoffs[1])).integers
    row_gains = (A[0, 0] - A[1, 0], A[0, 1] - A[1, 1])
    column_gains = (B[0, 0] - B[0, 1], B[1, 0] - B[1, 1])
    columns = _extreme_strategies(row_gains)
    for x, wanted_columns in _extreme_strategies(column_gains):
        for y, wanted_rows in columns:
            if not ((x[0] and wanted_rows < 0) or (x[1] and wanted_rows > 0)) and not (
                (y[0] and wanted_columns < 0) or (y[1] and wanted_columns > 0)
            ):
                found((from_weights(x), from_weights(y)))
    return 0 in row_gains or 0 in column_gains


def _extreme_strategies(gains: tuple[int, int]) -> list[tuple[tuple[int, int], int]]:
    """Weights on the two actions, and the gain that the opponent then has from its first action.

    ``gains[a]`` is that gain when action ``a`` is played for sure; only its sign matters.
    """
    first, second = gains
    strategies = [((1, 0), first), ((0, 1), second)]
    if first * second < 0:
        strategies.append(((abs(second), abs(first)), 0))
    return strategies
