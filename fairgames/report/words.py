"""The platform's optimum and the equilibria in words: who does what, what it is worth, how complete a list is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fairgames.exactness import Number, to_float
from fairgames.game.costs import on_actions
from fairgames.game.deviations import expected
from fairgames.report.tables import level_letters, profile_label
from fairgames.report.terminal import decimals, exactly

if TYPE_CHECKING:
    from fairgames.equilibrium.result import Equilibrium, EquilibriumSet
    from fairgames.game.fair_game import FairGame
    from fairgames.mechanism.optimum import Optimum
    from fairgames.spec.specification import Specification

_SELECTED = {
    "best": "counting on the equilibrium that is best for the platform",
    "worst": "whichever equilibrium the users settle on",
    "potential": "counting on an equilibrium that maximises the users' potential",
}


def optimum_sentences(optimum: Optimum) -> list[str]:
    """Say what the platform should pay out and what it keeps."""
    counting = _SELECTED[optimum.selection]
    if optimum.searched == "all pure equilibria":
        counting = counting.replace("whichever equilibrium", "whichever pure equilibrium")
    if optimum.infeasible is not None or optimum.alpha is None or optimum.value is None or optimum.utility is None:
        return [f"There is no answer: {optimum.infeasible}."]
    keeps, worth = decimals([optimum.value, optimum.utility])
    if optimum.alpha == 0 and optimum.attained:
        lines = [
            f"The platform does best to pay nothing (alpha = 0): it keeps the whole utility of {worth}, {counting}."
        ]
    else:
        lines = [
            f"The platform does best to pay out {float(100 * optimum.alpha):.4g} % of the utility "
            f"(alpha = {exactly(optimum.alpha)}): it keeps {keeps} of a utility of {worth}, {counting}."
        ]
    if not optimum.attained:
        side = f" from {optimum.approached_from}" if optimum.approached_from else ""
        lines.append(
            f"This value is approached as alpha comes close to {exactly(optimum.alpha)}{side}, but not reached: "
            "there some user is exactly indifferent."
        )
    lines.append(f"Searched: {optimum.searched}.")
    if optimum.regret is not None:
        gain = f"{float(optimum.regret):.2g} (standard error {float(optimum.regret_error or 0):.1g})"
        lines.append(
            f"The user who is most tempted to change its level would gain {gain} by it. Computed {optimum.reason}."
        )
    return lines


def optimum_facts(optimum: Optimum) -> list[tuple[str, str]]:
    """List what is known of the optimum, one fact a row, all in the unit of the utility."""
    amounts: list[tuple[str, Number | None]] = [
        ("utility", optimum.utility),
        ("paid to the users", _difference(optimum.utility, optimum.value)),
        ("the platform keeps", optimum.value),
        ("the users' privacy costs", _difference(optimum.utility, optimum.welfare)),
        ("the users gain, payments less costs", optimum.users_surplus),
        ("platform and users together", optimum.welfare),
        ("most that any payments could leave the platform", optimum.upper_bound),
    ]
    known = [(name, amount) for name, amount in amounts if amount is not None]
    facts = list(zip([name for name, _ in known], decimals([amount for _, amount in known]), strict=True))
    if optimum.price_of_fairness is not None:
        facts.append(("price of fairness (that, divided by what it keeps)", f"{float(optimum.price_of_fairness):.5g}"))
    return facts


def expected_payments(optimum: Optimum, names: Sequence[str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headers and rows of each user's expected payment and cost, where the optimum is in mixed strategies."""
    headers = ("user", "expected payment", "expected cost", "expected gain")
    if optimum.payments is None or optimum.costs is None:
        return headers, []
    columns = [optimum.payments.tolist(), optimum.costs.tolist(), (optimum.payments - optimum.costs).tolist()]
    return headers, list(zip(names, *map(decimals, columns), strict=True))


def chances(optimum: Optimum, players: Sequence[str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headers and rows of the probability of each choice of each player, where the optimum is in mixed strategies."""
    headers = ("who", "probability of each of its choices, in order")
    strategies = optimum.strategies or ()
    texts = [" / ".join(f"{chance:.4g}" for chance in to_float(strategy)) for strategy in strategies]
    return headers, list(zip(players, texts, strict=True)) if texts else []


def named(warning: str, names: Sequence[str]) -> str:
    """Write users' names for the numbers in a warning.

    Examples
    --------
    >>> named("user 1 pays; costs fall for users 0, 1", ["North", "South"])
    'South pays; costs fall for North, South'
    """

    def replace(match: re.Match[str]) -> str:
        return ", ".join(names[int(number)] for number in match[1].split(", "))

    return re.sub(r"\busers? (\d+(?:, \d+)*)", replace, warning)


def _difference(left: Number | None, right: Number | None) -> Number | None:
    return None if left is None or right is None else left - right


def expected_utility(game: FairGame, equilibrium: Equilibrium) -> Number:
    """Utility that the platform expects at an equilibrium."""
    if equilibrium.profile is not None:
        return game.utility(equilibrium.profile)
    tensor = on_actions(game.utility.tensor(), game.actions)
    return expected(tensor, equilibrium.strategies)


def strategies_label(spec: Specification, game: FairGame, equilibrium: Equilibrium) -> str:
    """Write an equilibrium on one line: a letter for each user that does not mix, its chances for each that does."""
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
    """Say how complete the list is, by which method, and what to beware of."""
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
