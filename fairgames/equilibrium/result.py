"""Equilibria with their certificates, as `solve` returns and `verify` rechecks them; also for nashpy and Gambit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, to_float
from fairgames.game import gambit
from fairgames.result import Result, counted, text_of

if TYPE_CHECKING:
    import pygambit


@dataclass(frozen=True, eq=False, repr=False)
class Equilibrium(Result):
    """One equilibrium, with its certificate.

    Levels and supports are written in the game's own levels; in a game without levels these are
    action indices.

    Attributes
    ----------
    strategies : tuple of ndarray
        One probability vector a player over its allowed actions.
    payoffs : tuple of Fraction or float
        Expected payoff of each player.
    regret : Fraction or float
        Largest gain of any player from deviating alone, recomputed from the payoffs; 0 when exact.
    supports : tuple of tuple of int
        Levels that each player plays with positive probability.
    profile : tuple of int or None
        The level of each player when all strategies are pure, otherwise None.
    is_pure : bool
        Whether nobody mixes.
    is_extreme : bool or None
        Whether it is no mixture of other equilibria of its component; None when not known.
    is_isolated : bool or None
        Whether no other equilibrium is near; None when not known.
    index : int or None
        +1 or -1 for a regular equilibrium (Shapley 1974; Gul, Pearce, Stacchetti 1993), otherwise None.
    radius : Fraction, float or None
        0 when the strategies are exact. Otherwise exactly one equilibrium of three or more players with these supports
        is proven to lie within this of them, in each probability; None when that is not proven.
    equations : tuple of str
        What defines it, where it is algebraic and its supports were decided in rationals: ``x2_1`` is the probability
        of action 1 of player 2, actions counted from 0.

    Examples
    --------
    >>> import fairgames as fg
    >>> found = fg.equilibria(fg.FairGame([[0, "2/3"], ["2/3", 1]], costs=[0, "2/5"], alpha="3/5"))
    >>> first = found.equilibria[0]
    >>> first.is_pure, first.regret
    (True, Fraction(0, 1))
    """

    strategies: tuple[Array, ...]
    payoffs: tuple[Number, ...]
    regret: Number
    supports: tuple[tuple[int, ...], ...]
    profile: tuple[int, ...] | None
    is_pure: bool
    is_extreme: bool | None
    is_isolated: bool | None
    index: int | None = None
    radius: Number | None = None
    equations: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Continuum(Result):
    """Infinitely many equilibria of three or more players, with the same supports.

    Attributes
    ----------
    supports : tuple of tuple of int
        Levels that each player plays with positive probability.
    dimension : int
        1 for a curve, 2 for a surface, …
    equations : tuple of str
        What defines it, in the probabilities of all but the first action of each support: ``x2_1`` is that of action 1
        of player 2, actions counted from 0. Beside them hold the inequalities that make an equilibrium.
    witnesses : tuple of tuple of ndarray
        Some of its points. They are among the equilibria of the game that are listed, too.

    Examples
    --------
    >>> import fairgames as fg
    >>> found = fg.equilibria([[[[1, 1], [0, 0]], [[0, 0], [1, 1]]]] * 2 + [[[[0, 0], [0, 0]], [[0, 0], [0, 0]]]])
    >>> [(one.supports, one.dimension) for one in found.continua]
    [(((0,), (0,), (0, 1)), 1), (((1,), (1,), (0, 1)), 1), (((0, 1), (0, 1), (0, 1)), 1)]
    """

    supports: tuple[tuple[int, ...], ...]
    dimension: int
    equations: tuple[str, ...]
    witnesses: tuple[tuple[Array, ...], ...]


@dataclass(frozen=True, eq=False, repr=False)
class EquilibriumSet(Result):
    """The equilibria that a method found, and what it promises about the rest.

    Iterating and indexing give the equilibria.

    Attributes
    ----------
    equilibria : tuple of Equilibrium
        Ordered: earlier actions first.
    components : tuple of tuple of tuple of ndarray
        Maximal Nash subsets of two players: for each the extreme strategies, any mixtures of which are an equilibrium
        together. Empty unless ``complete``.
    complete : bool
        Whether every equilibrium of the game is proven to lie in ``components``, or with three and more players to be
        among the ``equilibria`` or in one of the ``continua``.
    degenerate : bool or None
        Whether some mixed strategy has more pure best responses than it plays actions; None when not tested
        (three or more players, or an unfinished search).
    exact : bool
        Whether every number is a rational, computed without rounding.
    searched : str
        Where equilibria were looked for.
    method : str
        The solvers that were run, joined by ``+``.
    warnings : tuple of str
        What was dropped, what may be missing, and where rounding decides.
    rationalized : Fraction, float or None
        Largest change made to a payoff by ``rationalize``; None when it was not asked for.
    payoffs : tuple of ndarray or None
        The game: one tensor a player. None when only its potential fits in memory.
    actions : tuple of tuple of int
        The level that each entry of a strategy stands for.
    player_names : tuple of str
        As a pygambit game names them; otherwise 1, 2, …
    action_labels : tuple of tuple of str
        Names of the actions, for hand-over to pygambit.
    continua : tuple of Continuum
        Of three and more players: what is not isolated.

    Examples
    --------
    >>> import fairgames as fg
    >>> found = fg.equilibria(fg.FairGame([[0, "2/3"], ["2/3", 1]], costs=[0, "2/5"], alpha="4/5"))
    >>> len(found.equilibria), found.complete, found.exact
    (3, True, True)
    """

    equilibria: tuple[Equilibrium, ...]
    components: tuple[tuple[tuple[Array, ...], ...], ...]
    complete: bool
    degenerate: bool | None
    exact: bool
    searched: str
    method: str
    warnings: tuple[str, ...]
    rationalized: Number | None
    payoffs: tuple[Array, ...] | None
    actions: tuple[tuple[int, ...], ...]
    player_names: tuple[str, ...]
    action_labels: tuple[tuple[str, ...], ...]
    continua: tuple[Continuum, ...] = ()

    def __iter__(self) -> Iterator[Equilibrium]:
        """Iterate over the equilibria."""
        return iter(self.equilibria)

    def __len__(self) -> int:
        """Count the equilibria."""
        return len(self.equilibria)

    def __getitem__(self, place: int) -> Equilibrium:
        """Return one equilibrium."""
        return self.equilibria[place]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, with a digest of its own content so that any later change shows."""
        plain = super().to_dict()
        plain["digest"] = content_digest(plain)
        return plain

    def to_nashpy(self) -> list[tuple[Array, Array]]:
        """Equilibria as nashpy gives them: one pair of float vectors each.

        Raises
        ------
        InputError
            If there are not exactly two players.
        """
        if len(self.actions) != 2:
            n_players = len(self.actions)
            raise InputError("equilibria", "must be of two players for nashpy; use to_gambit() for more", n_players)
        return [(to_float(x), to_float(y)) for x, y in (entry.strategies for entry in self.equilibria)]

    @public
    def to_gambit(self, game: pygambit.Game | None = None) -> list[pygambit.MixedStrategyProfile]:
        """Equilibria as pygambit mixed strategy profiles, rational when they are exact.

        Parameters
        ----------
        game : pygambit.Game, optional
            The game on which the profiles shall live; by default a new one.

        Raises
        ------
        InputError
            If ``game`` has other numbers of actions.
        """
        if game is None:
            if self.payoffs is None:
                raise InputError("game", "must be given: this result holds no payoffs to build one from")
            game = gambit.to_gambit(self.payoffs, "", self.player_names, self.action_labels)
        if not gambit.is_gambit_game(game):
            raise InputError("game", "must be a pygambit game", game)
        sizes, own = ([len(labels) for labels in each] for each in (gambit.labels(game)[1], self.action_labels))
        if sizes != own:
            raise InputError("game", f"must have {own} actions", sizes)
        return [gambit.to_mixed_profile(game, entry.strategies) for entry in self.equilibria]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        rows = [
            [
                place,
                "pure" if entry.is_pure else "mixed",
                " ".join(map(text_of, entry.strategies)),
                entry.payoffs,
                entry.regret,
                "?" if entry.is_isolated is None else entry.is_isolated,
            ]
            for place, entry in enumerate(self.equilibria)
        ]
        headers = ("", "kind", "strategies", "payoffs", "regret", "isolated")
        return self._title(), headers, rows

    def _title(self) -> str:
        count = counted(len(self.equilibria), "equilibrium", "equilibria")
        radii = [entry.radius for entry in self.equilibria]
        proven = [float(radius) for radius in radii if radius is not None]
        kind = f"proven within {max(proven):.0e}" if proven and len(proven) == len(radii) else "floats"
        facts = ["complete" if self.complete else f"searched: {self.searched}", "exact" if self.exact else kind]
        if self.degenerate is not None:
            facts.append("degenerate" if self.degenerate else "nondegenerate")
        if self.components:
            facts.append(counted(len(self.components), "component", "components"))
        if self.continua:
            facts.append(counted(len(self.continua), "continuum", "continua"))
        return f"{count} of {len(self.actions)} players ({', '.join(facts)}; method {self.method})"

    def _notes(self) -> Sequence[str]:
        return [f"warning: {warning}" for warning in self.warnings]


def content_digest(plain: dict[str, Any]) -> str:
    """SHA-256 of a saved result, its ``"digest"`` entry left out."""
    content = {key: value for key, value in plain.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
