"""The table of payments that every report shows."""

from __future__ import annotations

from collections.abc import Sequence

from fairgames.report.columns import decimals
from fairgames.report.users import UserRow


def payment_columns(rows: Sequence[UserRow], unit: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """Lay out who is paid what, with the columns that have something to say.

    Parameters
    ----------
    rows : sequence of UserRow
        The users.
    unit : str
        What one sample is, in the plural: the header of its column.

    Returns
    -------
    headers : list of str
        One a column.
    rows : list of tuple of str
        The cells.
    """
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
