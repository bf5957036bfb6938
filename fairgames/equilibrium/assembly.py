"""From certified profiles to an `EquilibriumSet`: structure, components, and the index check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fairgames.equilibrium.components import maximal_bicliques
from fairgames.equilibrium.normal_form import NormalForm
from fairgames.equilibrium.regret import Certificate, Certifier, supports_of
from fairgames.equilibrium.result import Equilibrium
from fairgames.equilibrium.screening import well_formed
from fairgames.equilibrium.solver import Strategies
from fairgames.equilibrium.structure import TwoPlayerStructure
from fairgames.exactness import Array, is_exact, to_fractions
from fairgames.tolerance import PROBABILITY

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
    best = certificate.best_actions(certifier.closeness)
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
        gaps = np.diff(np.sort(payoff, axis=user), axis=user)
        if ((gaps > 0) & (gaps <= certifier.closeness)).any():
            return True
    if not any(_has_close_call(*entry, certifier.closeness) for entry in accepted):
        return False
    exact = Certifier(tuple(map(to_fractions, certifier.payoffs)))
    for profile in profiles:
        strategies = well_formed(profile, certifier.payoffs[0].shape, exact=True)
        if strategies is not None and all(map(is_exact, strategies)):
            certificate = exact.certify(strategies)
            if any(0 < shortfall <= certifier.closeness for own in certificate.shortfalls for shortfall in own):
                return True
            if any(0 < probability <= PROBABILITY for strategy in strategies for probability in strategy.tolist()):
                return True
    return False


def _has_close_call(strategies: Strategies, certificate: Certificate, closeness: float) -> bool:
    """Whether an action that is hardly played falls short of the best by no more than rounding."""
    return any(
        probability <= PROBABILITY and shortfall <= closeness
        for strategy, shortfalls in zip(strategies, certificate.shortfalls, strict=True)
        for probability, shortfall in zip(strategy.tolist(), shortfalls, strict=True)
    )
