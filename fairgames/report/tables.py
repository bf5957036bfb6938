"""Results in tables, words and LaTeX: who does what and is paid what, the optimum, the equilibria.

Profiles in short: a letter a user where levels can be told apart by a letter, counts for many users. Payments in rows
and in words: identical users are one row. The commands and the figures read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from fairgames.exactness import Array, Number, decimal_text, ends_within, to_float
from fairgames.game.deviations import expected
from fairgames.printable import printable
from fairgames.report.terminal import decimals
from fairgames.result import Result, are_numbers, format_value, named
from fairgames.scenario.costs import on_actions
from fairgames.tolerance import near

if TYPE_CHECKING:
    from fairgames.equilibrium.result import Equilibrium, EquilibriumSet
    from fairgames.game.fair_game import FairGame
    from fairgames.mechanism.optimum import Optimum
    from fairgames.payments.axioms import AxiomBreak
    from fairgames.scenario.scenario import Scenario
    from fairgames.scenario.users import UserRow


MOST_LETTERS = 30


def profile_label(spec: Scenario, profile: ArrayLike) -> str:
    """Write a profile, or ``counts[type, level]``, on one line: ``"AFDD"``, or ``"3 absent, 97 direct"`` for many."""
    levels = np.asarray(profile, dtype=np.intp)
    if levels.ndim == 1 and levels.size <= MOST_LETTERS:
        letters = level_letters(spec.levels)
        return "".join(letters[level] for level in levels.tolist())
    counts = levels.sum(axis=0) if levels.ndim == 2 else np.bincount(levels, minlength=len(spec.levels))
    return ", ".join(f"{count:,} {name}" for count, name in zip(counts.tolist(), spec.levels, strict=True) if count)


def level_letters(levels: Sequence[str]) -> tuple[str, ...]:
    """One letter for each level: initials where they differ, otherwise numbers.

    Examples
    --------
    >>> level_letters(["absent", "federated", "direct"]), level_letters(["absent", "all"])
    (('A', 'F', 'D'), ('0', '1'))
    """
    initials = tuple(name[0].upper() for name in levels)
    if len(set(initials)) == len(levels):
        return initials
    return tuple("0123456789abcdefghijklmnopqrstuvwxyz"[index % 36] for index in range(len(levels)))


def letter_key(levels: Sequence[str]) -> str:
    """Say what the letters stand for.

    Examples
    --------
    >>> letter_key(["absent", "direct"])
    'A = absent, D = direct'
    """
    pairs = zip(level_letters(levels), levels, strict=True)
    return ", ".join(f"{letter} = {name}" for letter, name in pairs)


def label_sentence(spec: Scenario) -> str:
    """Say how to read the labels of profiles."""
    if spec.n_users <= MOST_LETTERS:
        return f"Who does what, one letter a user: {letter_key(spec.levels)}."
    return "Who does what: how many users are at each level."


JUST_COVERED = 1e-6
"""A gain below this share of the cost is said to be none."""


def sentence(row: UserRow, unit: str = "samples", digits: int = 4) -> str:
    """Say in words what a user is paid and why it is worth its while.

    Examples
    --------
    >>> from fairgames.scenario.users import UserRow
    >>> sentence(UserRow("institution 12", 1, 23, 2, "direct", 0.5, 0, 0.2), unit="patients")
    'institution 12, 23 patients: paid 0.5 at level "direct"; its privacy cost is 0.2, so it gains 0.3.'
    """
    has = "" if row.samples is None else f", {row.samples:,} {unit}"
    each = "" if row.count == 1 else " each"
    start = f"{row.label}{has}{each}: {'unresolved, not to be used: ' * row.doubtful}"
    if row.payment < 0:
        start += f'charged {_short(-row.payment, digits)} at level "{row.level_name}"'
    elif row.level == 0:
        return f"{start}takes no part ({row.level_name}) and is paid nothing."
    else:
        start += f'paid {_short(row.payment, digits)} at level "{row.level_name}"'
    if row.standard_error:
        start += f" (standard error {_short(row.standard_error, 2)})"
    if row.cost is None or row.gain is None:
        return f"{start}."
    if abs(float(row.gain)) < JUST_COVERED * abs(float(row.cost)):
        return f"{start}, which just covers its privacy cost."
    outcome, gain = ("gains", row.gain) if row.gain >= 0 else ("loses", -row.gain)
    return f"{start}; its privacy cost is {_short(row.cost, digits)}, so it {outcome} {_short(gain, digits)}."


def _short(number: Number, digits: int) -> str:
    return f"{float(number):.{digits}g}"


def rows_to_dicts(rows: Sequence[UserRow]) -> list[dict[str, object]]:
    """Plain form of the rows, for JSON."""
    return [{**asdict(row), "gain": row.gain} for row in rows]


def payment_columns(rows: Sequence[UserRow], unit: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """Lay out who is paid what, with the columns that have something to say."""
    columns: dict[str, list[str]] = {"user": [row.name for row in rows]}
    if any(row.count != 1 for row in rows):
        columns["users"] = [f"{row.count:,}" for row in rows]
    if any(row.samples is not None for row in rows):
        columns[unit] = ["-" if row.samples is None else f"{row.samples:,}" for row in rows]
    columns["level"] = [row.level_name for row in rows]
    columns["payment"] = decimals([row.payment for row in rows])
    if any(row.standard_error for row in rows):
        errors = decimals([row.standard_error for row in rows], 2)
        columns["standard error"] = [text + " ?" * row.doubtful for text, row in zip(errors, rows, strict=True)]
    if any(row.cost is not None for row in rows):
        columns["privacy cost"] = decimals([row.cost for row in rows])
        columns["gain"] = decimals([row.gain for row in rows])
    return list(columns), list(zip(*columns.values(), strict=True))


_SELECTED = {
    "best": "counting on the equilibrium that it likes best",
    "worst": "whichever equilibrium the users settle on",
    "potential": "counting on an equilibrium that maximises the users' potential",
}


def optimum_sentences(optimum: Optimum) -> list[str]:
    """Say what the platform should pay out and what it keeps, by an alpha that may be typed; and how sure that is."""
    if optimum.infeasible is not None or optimum.alpha is None or optimum.value is None or optimum.utility is None:
        return [f"There is no answer: {optimum.infeasible}."]
    counting = _SELECTED[optimum.selection]
    if optimum.searched == "all pure equilibria":
        counting = counting.replace("whichever equilibrium", "whichever pure equilibrium")
    elif "two of three mix" in optimum.searched:
        counting = counting.replace("whichever equilibrium", "whichever equilibrium in which at most two mix")
    said, text = optimum.announced, optimum.alpha_text
    reached = said if said is not None and said.reached else None
    keeps, lost = (optimum.value, 0) if reached is None else (reached.value, reached.lost)
    kept, worth, less = decimals([keeps, utility_announced(optimum), lost])
    start = "The platform does best"
    if not optimum.verified:
        start = "NOT VERIFIED as an equilibrium is the best that was found: the platform would do best"
    elif not _proven(optimum):
        start = "Of all that was found, the platform does best"
    outcome = f"{kept} of a utility of {worth}"
    if optimum.alpha == 0 and optimum.attained:
        way, outcome = "to pay nothing (alpha = 0)", f"the whole utility of {worth}"
    else:
        way = f"to pay out {_percentage(text)} % of the utility (alpha = {text})"
    if float(less.replace(",", "")) > 0:
        exact = f" (alpha = {decimal_text(optimum.alpha)})" if optimum.attained and _short_ratio(optimum.alpha) else ""
        outcome += f", {less} less than at the optimum itself{exact}"
    lines = [f"{start} {way}: it keeps {outcome}, {counting}."]
    if not optimum.attained and optimum.piece is not None:
        limit = ends_within(optimum.piece.alpha_from, optimum.piece.alpha_to)[optimum.approached_from == "below"]
        lines.append(
            f"The optimum is only approached, from {optimum.approached_from}, as alpha comes close to "
            f"{optimum.alpha if _short_ratio(optimum.alpha) else limit}: there some user is exactly indifferent."
        )
    elif said is not None and not said.reached:
        lines.append(
            f"No shorter number reaches it: the best that a decimal does reach is alpha = {said.text}, where another "
            f"equilibrium leaves the platform {decimals([said.value])[0]}."
        )
    return [*lines, _status(optimum)]


def utility_announced(optimum: Optimum) -> Number | None:
    """Utility at the alpha that is printed: mixed strategies change with it."""
    said = optimum.announced
    if said is None or not said.reached or optimum.profile is not None or said.alpha == 1:
        return optimum.utility
    return said.value / (1 - said.alpha)


def payments_announced(optimum: Optimum) -> Array | None:
    """Payments at the alpha that is printed: in pure levels they are proportional to it."""
    said = optimum.announced
    if optimum.payments is None or said is None or not said.reached or optimum.profile is None or not optimum.alpha:
        return optimum.payments
    paid: Array = optimum.payments * (said.alpha / optimum.alpha)
    return paid


def _proven(optimum: Optimum) -> bool:
    """Whether nothing better is left: all equilibria were searched, or the bound says so."""
    return optimum.regret is None or (optimum.gap is not None and abs(optimum.gap) <= near(optimum.utility or 0))


def _status(optimum: Optimum) -> str:
    """Say what is proven of an optimum, and what is not."""
    searched = f"Searched: {optimum.searched}."
    if optimum.regret is None:
        numbers = "in exact rationals" if optimum.exact else "in floats, up to rounding"
        return f"Proven optimal over {optimum.searched}, {numbers}."
    gain = f"gains {float(optimum.regret):.2g} (standard error {float(optimum.regret_error or 0):.1g}) by moving"
    if not optimum.verified:
        return f"NOT VERIFIED as an equilibrium: the user most tempted {gain}. {searched}"
    if _proven(optimum):
        return f"Proven optimal: no equilibrium leaves the platform more. The user most tempted {gain}."
    bound = "; how much better another could be is not known"
    if optimum.upper_bound is not None and optimum.value:
        more = float(100 * (optimum.upper_bound / optimum.value - 1))
        bound = f"; none leaves more than {decimals([optimum.upper_bound])[0]} ({more:.2g} % more)"
    return f"Verified equilibrium, not proven the best{bound}. The user most tempted {gain}. {searched}"


def _percentage(alpha: str) -> str:
    share = 100 * Fraction(alpha)
    exact = decimal_text(share)
    return exact if "/" not in exact and len(exact) <= _MOST_DIGITS else f"{float(share):.4g}"


def _short_ratio(number: Number) -> bool:
    return isinstance(number, Fraction) and len(str(number)) <= _MOST_DIGITS


_MOST_DIGITS = 15


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


def chances(optimum: Optimum, players: Sequence[str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headers and rows of the probability of each choice of each player, where the optimum is in mixed strategies."""
    headers = ("who", "probability of each of its choices, in order")
    strategies = optimum.strategies or ()
    texts = [" / ".join(f"{chance:.4g}" for chance in to_float(strategy)) for strategy in strategies]
    return headers, list(zip(players, texts, strict=True)) if texts else []


def _difference(left: Number | None, right: Number | None) -> Number | None:
    return None if left is None or right is None else left - right


def witness_sentence(broken: AxiomBreak, spec: Scenario) -> str:
    """Tell how a payment rule breaks an axiom as a case: who does what, what is earned, and who is paid what.

    Examples
    --------
    >>> import fairgames as fg
    >>> asked = fg.Scenario([[0, "2/3"], ["2/3", 1]], users=["Ann", "Bob"], levels=["absent", "present"])
    >>> found = fg.check_axioms(lambda utility, profile: [utility(profile), 0], asked.utility).breaks[0]
    >>> print(witness_sentence(found, asked))
    Ann, Bob present: Ann and Bob contribute equally, yet are paid 1 and 0.
    """
    found, required = format_value(broken.found), format_value(broken.required)
    who = " and ".join(spec.user_name(user) for user in broken.users)
    happens = {
        "symmetry": f"{who} contribute equally, yet are paid {found} and {required}",
        "null user": f"{who} contributes nothing, yet is paid {found}",
        "efficiency": f"all together are paid {found}, where it should be {required}",
        "additivity": f"{who} is paid {found}, though for each of the two alone it would be {required} in all",
        "platform symmetry": f"without {who} nothing is earned, as without the platform; they are paid {required} and "
        f"{found}",
    }[broken.axiom]
    at = {level: np.flatnonzero(np.asarray(broken.profile) == level).tolist() for level in set(broken.profile) - {0}}
    doing = [f"{_some(users, spec)} {spec.levels[level]}" for level, users in at.items()]
    absent = "the others " * (0 in broken.profile and bool(doing)) or "all "
    doing += [f"{absent}{spec.levels[0]}"] * (0 in broken.profile)
    return f"{'; '.join(doing)}{_earned(broken.utility, spec)}: {happens}."


_MOST_TOLD = 6


def _some(users: Sequence[int], spec: Scenario) -> str:
    shown = ", ".join(spec.user_name(user) for user in users[:_MOST_TOLD])
    return shown + f" and {len(users) - _MOST_TOLD:,} more" * (len(users) > _MOST_TOLD)


def _earned(utility: str, spec: Scenario) -> str:
    """Say what a utility pays for, as axioms name it."""
    given, _, members = utility.partition("the unanimity utility of ")
    if not members:
        return ""
    names = named(members, spec).removeprefix("users ").split(", ")
    once = f"once {' and '.join(names)} {'take' if len(names) > 1 else 'takes'} part"
    return f"; 1 more is earned {once}" if given else f"; all that is earned is 1, {once}"


def expected_utility(game: FairGame, equilibrium: Equilibrium) -> Number:
    """Utility that the platform expects at an equilibrium."""
    if equilibrium.profile is not None:
        return game.utility(equilibrium.profile)
    tensor = on_actions(game.utility.tensor(), game.actions)
    return expected(tensor, equilibrium.strategies)


def strategies_label(spec: Scenario, game: FairGame, equilibrium: Equilibrium) -> str:
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
        whole = "a mixture within a component of them" if found.components else "on one of the continua below"
        unless = f", or {whole}" if found.components or found.continua else ""
        lines = [f"The list is complete: every equilibrium is one of these{unless}."]
    else:
        lines = [f"The list may be incomplete. Searched: {found.searched}."]
    kind = "exact rationals" if found.exact else "floats"
    proven = all(entry.radius is not None for entry in found) and not found.exact
    near = ", each with a proof that an equilibrium lies within its radius" if proven else ""
    lines.append(f"Method: {found.method}; certificates in {kind}, recomputed from the payoffs{near}.")
    if found.degenerate:
        lines.append("The game is degenerate: equilibria may form continua.")
    for component in found.components:
        if any(len(strategies) > 1 for strategies in component):
            extremes = [
                "{" + ", ".join(f"({', '.join(f'{float(x):.4g}' for x in strategy)})" for strategy in strategies) + "}"
                for strategies in component
            ]
            lines.append(f"A continuum: any mixtures within {' × '.join(extremes)}.")
    for continuum in found.continua:
        where = "; ".join(continuum.equations) or "all that are best replies"
        lines.append(f"A continuum of dimension {continuum.dimension} on the levels {continuum.supports}: {where}.")
    return [*lines, *(f"Warning: {warning}." for warning in found.warnings)]


_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "²": r"\textsuperscript{2}",
}


def result_to_latex(result: Result) -> str:
    """Write a result's table as LaTeX.

    Parameters
    ----------
    result : Result
        Any result of the package.

    Returns
    -------
    str
        A ``table`` environment that needs the package ``booktabs``.
    """
    title, headers, rows = result._lines()
    return latex_table(title, headers, [[format_value(cell) for cell in row] for row in rows])


def latex_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Write a table as LaTeX, special characters escaped.

    Parameters
    ----------
    title : str
        The caption.
    headers : sequence of str
        One a column.
    rows : sequence of sequence of str
        The cells; columns of numbers are set flush right.

    Returns
    -------
    str
        A ``table`` environment that needs the package ``booktabs``.

    Examples
    --------
    >>> print(latex_table("Payments", ("user", "payment"), [("A & B", "0.5")]).splitlines()[7].strip())
    A \& B & 0.5 \\
    """
    alignment = "".join("r" if are_numbers(column) else "l" for column in zip(*rows, strict=True)) or "l" * len(headers)
    body = [_latex_row(row) for row in rows]
    lines = [r"\toprule", _latex_row(headers), r"\midrule", *body, r"\bottomrule"]
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{escape(title)}}}",
            rf"  \begin{{tabular}}{{{alignment}}}",
            *(f"    {line}" for line in lines),
            r"  \end{tabular}",
            r"\end{table}",
        ]
    )


def escape(text: object) -> str:
    """Escape what LaTeX would read as a command."""
    return "".join(_SPECIAL.get(sign, sign) for sign in printable(text))


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(escape(cell) for cell in cells) + r" \\"
