"""What a solver is: a function that reports equilibria, and what it promises; for `solvers`, and for other packages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from fairgames.arguments import public
from fairgames.exactness import Array

Strategies: TypeAlias = tuple[Array, ...]
Supports: TypeAlias = tuple[tuple[int, ...], ...]
Found: TypeAlias = Callable[[Strategies], None]
Promise: TypeAlias = Literal["complete", "every", "isolated", "pure", "some", "one"]

SEARCHED: dict[Promise, str] = {
    "complete": "all extreme equilibria",
    "every": "all equilibria, support by support",
    "isolated": "isolated equilibria, support by support",
    "pure": "all pure profiles",
    "some": "some equilibria",
    "one": "one equilibrium",
}


class Piece(NamedTuple):
    """Equilibria with the same supports that form a continuum (or a point, of dimension 0)."""

    supports: Supports
    dimension: int
    equations: tuple[str, ...]
    """What defines it, beside the inequalities: ``x2_1`` is what player 2 plays its action 1 with, counted from 0."""
    witnesses: tuple[Strategies, ...]
    """Points of it; each is reported as an equilibrium, too."""


class Notes(NamedTuple):
    """What a solver learned beside the equilibria."""

    degenerate: bool | None = None
    warnings: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] = ()
    """Continua, and equilibria that an algebraic number defines."""
    open_supports: tuple[Supports, ...] = ()
    """Where the solver could not decide."""


@dataclass(frozen=True)
class Solver:
    """A way to find equilibria of a finite game.

    Installed packages add solvers through the entry-point group ``fairgames.solvers``: each entry
    point names a `Solver`. A `Solver` can also be passed as ``method`` directly.

    Parameters
    ----------
    name : str
        What users type as ``method``.
    solve : callable
        ``solve(payoffs, found)``: ``payoffs`` is a tuple of tensors, all float64 or all Fractions;
        it calls ``found(strategies)`` with one probability vector a player as soon as it has an
        equilibrium, and returns `Notes` or None. With ``timeout`` it runs in another process, so it
        must be importable.
    promise : {"complete", "every", "isolated", "pure", "some", "one"}
        What it finds: every extreme equilibrium; every isolated equilibrium and every continuum, or it names the
        supports that it leaves open; isolated equilibria only; every pure one; some; one.
    exact : bool
        Whether it computes without rounding. Only then can ``"complete"`` and ``"every"`` be relied upon.
    n_players : int, optional
        The only number of players that it serves; None serves any.
    n_actions : int, optional
        The only number of actions a player that it serves; None serves any.
    least_actions : int
        The least number of actions a player that it serves.
    least_players : int
        The least number of players that it serves.
    needs : tuple of str
        Modules that it imports, so that their import does not count against a timeout.

    Examples
    --------
    >>> first = Solver("first", lambda payoffs, found: None, promise="one")
    >>> first.refusal((2, 2)) is None
    True
    """

    name: str
    solve: Callable[[Strategies, Found], Notes | None]
    promise: Promise
    exact: bool = False
    n_players: int | None = None
    n_actions: int | None = None
    least_actions: int = 1
    least_players: int = 2
    needs: tuple[str, ...] = ()

    @public
    def refusal(self, shape: tuple[int, ...]) -> str | None:
        """Why the solver cannot serve a game of this shape; None when it can."""
        if self.n_players not in {None, len(shape)}:
            return f"serves games of {self.n_players} players, and this one has {len(shape)}"
        if len(shape) < self.least_players:
            return f"serves games of {self.least_players} or more players, and this one has {len(shape)}"
        if self.n_actions is not None and any(size != self.n_actions for size in shape):
            return f"serves games of {self.n_actions} actions a player, and this one has {shape}"
        if min(shape) < self.least_actions:
            return f"serves games of {self.least_actions} or more actions a player, and this one has {shape}"
        return None
