"""Print the parts that several commands show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.mechanism.optimum import Optimum
    from fairgames.report.tables import UserRow
    from fairgames.spec.specification import Specification

MOST_SENTENCES = 20


def print_title(console: Console, spec: Specification) -> None:
    """Print what the specification is about, and what a reader should know about it."""
    from fairgames.report.terminal import print_lines

    console.print(spec.title, style="bold")
    print_lines(console, [f"{spec.n_users:,} users; levels: {', '.join(spec.levels)}.", *spec.notes])


def print_payments(console: Console, title: str, rows: Sequence[UserRow], unit: str) -> None:
    """Print who is paid what, as a table and, for a readable number of users, in words."""
    from fairgames.report.tables import payment_columns, sentence
    from fairgames.report.terminal import print_heading, print_lines, print_table

    print_table(console, title, *payment_columns(rows, unit))
    if len(rows) <= MOST_SENTENCES:
        print_heading(console, "In words")
        print_lines(console, [sentence(row, unit) for row in rows])


def print_optimum(
    console: Console,
    spec: Specification,
    optimum: Optimum,
    unit: str,
    blocs: Sequence[Sequence[int]] | None = None,
) -> tuple[UserRow, ...]:
    """Print the optimum and who is paid what there; return the users' rows (none in mixed strategies)."""
    import numpy as np

    from fairgames.report.tables import user_rows
    from fairgames.report.terminal import print_heading, print_lines, print_table
    from fairgames.report.words import chances, expected_payments, named, optimum_facts, optimum_sentences

    print_heading(console, "What the platform should pay")
    print_lines(console, optimum_sentences(optimum))
    if optimum.alpha is None or optimum.payments is None:
        return ()
    print_table(console, "", ("in the unit of the utility", ""), optimum_facts(optimum))
    rows: tuple[UserRow, ...] = ()
    if optimum.profile is not None:
        rows = user_rows(spec, optimum.profile, optimum.payments, optimum.standard_errors)
        print_payments(console, "Payments at the optimum", rows, unit)
    else:
        print_table(console, "Payments at the optimum", *expected_payments(optimum, spec.user_names))
        players = [
            ", ".join(spec.user_names[user] for user in bloc) for bloc in blocs or [[i] for i in range(spec.n_users)]
        ]
        print_table(console, "Probability of each choice", *chances(optimum, players))
    if optimum.warnings:
        # Warnings about very many users name none of them.
        names = () if np.ndim(optimum.payments) == 2 else spec.user_names
        print_lines(console, ["", *(f"Warning: {named(text, names)}" for text in optimum.warnings)])
    return rows
