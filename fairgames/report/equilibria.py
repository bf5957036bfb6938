"""Equilibria in words: who does what, what it is worth, and how complete the list is."""

from __future__ import annotations

from fairgames.equilibrium.result import Equilibrium, EquilibriumSet
from fairgames.exactness import Number, is_exact, to_float
from fairgames.game.actions import on_actions
from fairgames.game.fair_game import FairGame
from fairgames.report.profiles import level_letters, profile_label
from fairgames.spec.specification import Specification


def expected_utility(game: FairGame, equilibrium: Equilibrium) -> Number:
    """Utility that the platform expects at an equilibrium.

    Parameters
    ----------
    game : FairGame
        The game.
    equilibrium : Equilibrium
        One of its equilibria.

    Returns
    -------
    Fraction or float
        The expectation over the users' independent choices.
    """
    if equilibrium.profile is not None:
        return game.utility(equilibrium.profile)
    tensor = on_actions(game.utility.tensor(), game.actions)
    exact = is_exact(tensor) and all(is_exact(strategy) for strategy in equilibrium.strategies)
    tensor = tensor if exact else to_float(tensor)
    for strategy in reversed(equilibrium.strategies):
        tensor = tensor @ (strategy if exact else to_float(strategy))
    return tensor if exact else float(tensor)  # type: ignore[return-value]


def strategies_label(spec: Specification, game: FairGame, equilibrium: Equilibrium) -> str:
    """Write an equilibrium on one line: a letter for each user that does not mix, its chances for each that does.

    Parameters
    ----------
    spec : Specification
        The levels' names.
    game : FairGame
        The game.
    equilibrium : Equilibrium
        One of its equilibria.

    Returns
    -------
    str
        ``"AD"``, or ``"A 0.25·A+0.75·D"``.
    """
    if equilibrium.profile is not None:
        return profile_label(spec, equilibrium.profile)
    letters = level_letters(spec.levels)
    parts = []
    for levels, strategy in zip(game.actions, equilibrium.strategies, strict=True):
        chances = [(float(chance), letters[level]) for chance, level in zip(strategy, levels, strict=True) if chance]
        parts.append(
            chances[0][1] if len(chances) == 1 else "+".join(f"{chance:.4g}·{letter}" for chance, letter in chances)
        )
    return " ".join(parts)


def what_was_found(found: EquilibriumSet) -> list[str]:
    """Say how complete the list is, by which method, and what to beware of.

    Parameters
    ----------
    found : EquilibriumSet
        The equilibria.

    Returns
    -------
    list of str
        Sentences.
    """
    if found.complete:
        lines = ["The list is complete: every equilibrium is one of these, or a mixture within a component of them."]
    else:
        lines = [f"The list may be incomplete. Searched: {found.searched}."]
    kind = "exact rationals" if found.exact else "floats"
    lines.append(f"Method: {found.method}; certificates in {kind}, recomputed from the payoffs.")
    if found.degenerate:
        lines.append("The game is degenerate: equilibria may form continua.")
    for component in found.components:
        if any(len(strategies) > 1 for strategies in component):
            extremes = [
                "{" + ", ".join(f"({', '.join(f'{float(x):.4g}' for x in strategy)})" for strategy in strategies) + "}"
                for strategies in component
            ]
            lines.append(f"A continuum: any mixtures within {' × '.join(extremes)}.")
    return [*lines, *(f"Warning: {warning}." for warning in found.warnings)]
