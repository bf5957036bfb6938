"""Every equilibrium of a game with any number of players, support by support, each support decided by proof.

The solver ``"supports"``, which `solve` uses by default from three players on. A support on which some action is never
a best reply is struck out; one with few unknowns is decided in rationals (`varieties`), a larger one by subdivision,
and in rationals where that ends at a singular equilibrium.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from fairgames.equilibrium.enclosures import Gains, gains_on
from fairgames.equilibrium.rational import to_integers
from fairgames.equilibrium.solver import Found, Notes, Piece, Strategies, Supports
from fairgames.equilibrium.subdivision import isolated
from fairgames.equilibrium.varieties import pieces
from fairgames.exactness import Array, is_exact
from fairgames.game.deviations import pure_strategy

_FEW_UNKNOWNS = 3


def solve_supports(payoffs: Strategies, found: Found) -> Notes:
    """Decide every support: no equilibrium, isolated ones, or continua.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a player, one axis a player; floats are taken as the binary fractions that they are.
    found : callable
        Called with each isolated equilibrium and with points of each continuum: in Fractions where all probabilities
        are found to be rational, otherwise in floats.

    Returns
    -------
    `Notes`, with the continua, and the supports that could not be decided.

    Examples
    --------
    >>> P = np.array([[[3, 1], [1, 0]], [[1, 0], [0, 2]]], dtype=object)
    >>> solve_supports((P, P, P), lambda profile: print([round(float(x[0]), 4) for x in profile])).open_supports
    [1.0, 1.0, 1.0]
    [0.0, 0.0, 0.0]
    [0.382, 0.382, 0.382]
    ()
    """
    shape = payoffs[0].shape
    integers = [to_integers(payoff).integers for payoff in payoffs]
    noted: list[Piece] = []
    open_supports: list[Supports] = []

    def in_rationals(gains: Gains, supports: Supports) -> None:
        own, decided = pieces(gains, supports, shape)
        for piece in own:
            for witness in piece.witnesses:
                found(witness)
            if piece.dimension or not all(map(is_exact, piece.witnesses[0])):
                noted.append(piece)
        if not decided:
            open_supports.append(supports)

    large: dict[tuple[int, ...], list[tuple[Supports, Gains]]] = defaultdict(list)
    for supports in possible_supports(integers):
        sizes = tuple(map(len, supports))
        unknowns = sum(sizes) - len(sizes)
        if not unknowns:
            found(tuple(pure_strategy(own[0], size) for own, size in zip(supports, shape, strict=True)))
        elif unknowns <= _FEW_UNKNOWNS or sum(size > 1 for size in sizes) <= 2:
            in_rationals(gains_on(integers, supports), supports)
        else:
            large[sizes].append((supports, gains_on(integers, supports)))
    for families in large.values():
        for (supports, gains), result in zip(families, isolated(families, shape), strict=True):
            if result.decided:
                for strategies in result.found:
                    found(strategies)
            else:
                in_rationals(gains, supports)
    return Notes(pieces=tuple(noted), open_supports=tuple(open_supports))


def possible_supports(payoffs: Sequence[Array]) -> Iterator[Supports]:
    """Supports, small ones first, of which no action is worse than another one whatever of them the others play.

    Nor may one be never better and at times worse: everything in a support has positive probability.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor of integers a player.

    Examples
    --------
    >>> dilemma = np.array([[3, 0], [5, 1]])
    >>> list(possible_supports((dilemma, dilemma.T)))
    [((1,), (1,))]
    """
    shape = payoffs[0].shape
    profiles = np.arange(math.prod(shape)).reshape(shape)

    # One bit for each profile: where a player uses an action, and where one action is better than another.
    def bits(places: Array) -> int:
        return sum(1 << place for place in places.ravel().tolist())

    using, better = [], []
    for player, payoff in enumerate(payoffs):
        places, values = np.moveaxis(profiles, player, 0), np.moveaxis(payoff, player, 0)
        using.append([bits(there) for there in places])
        better.append([[bits(places[0][one > other]) for other in values] for one in values])
    choices = [[own for size in range(1, n + 1) for own in itertools.combinations(range(n), size)] for n in shape]
    masks = [
        {own: sum(row[action] for action in own) for own in all_} for row, all_ in zip(using, choices, strict=True)
    ]
    for supports in sorted(itertools.product(*choices), key=lambda supports: sum(map(len, supports))):
        played = [masks[player][own] for player, own in enumerate(supports)]
        for player, own in enumerate(supports):
            others = using[player][0]
            for other, mask in enumerate(played):
                if other != player:
                    others &= mask
            gains = better[player]
            if any(
                gains[rival][action] & others and not gains[action][rival] & others
                for action in own
                for rival in range(shape[player])
            ):
                break
        else:
            yield supports
