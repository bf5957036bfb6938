"""Text that others wrote (names, titles, keys, file names), made fit for terminals, messages, figures, spreadsheets."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def printable(text: object, keep: str = "") -> str:
    r"""Escape, as ``repr`` does, all that does not print: controls, line ends, marks that turn the direction of text.

    Parameters
    ----------
    text : object
        Written as text.
    keep : str
        Characters that stay as they are.

    Examples
    --------
    >>> print(printable("North\x1b[2J\n\u202eHospital"), printable("Zürich"))
    North\x1b[2J\n\u202eHospital Zürich
    """
    plain = str(text)
    if plain.isprintable():
        return plain
    # Scripts such as Persian and Hindi need the joiners, and any space shows as one.
    kept = keep + _JOINERS
    return "".join(
        sign if sign.isprintable() or sign in kept or unicodedata.category(sign) == "Zs" else repr(sign)[1:-1]
        for sign in plain
    )


def shortened(text: str, most: int) -> str:
    """Cut long text, and say how long it was.

    Examples
    --------
    >>> shortened("short", 30), shortened("x" * 200_000, 30)
    ('short', 'xxxxxx... (200,000 characters)')
    """
    if len(text) <= most:
        return text
    end = f"... ({len(text):,} characters)"
    return text[: most - len(end)] + end


def spreadsheet_cell(cell: object) -> object:
    """Guard text that a spreadsheet would run as a formula by an apostrophe; numbers stay as they are.

    Examples
    --------
    >>> spreadsheet_cell("=1+1"), spreadsheet_cell(-0.5), spreadsheet_cell("North")
    ("'=1+1", -0.5, 'North')
    """
    if not isinstance(cell, str):
        return cell
    guard = "'" if cell.startswith(_FORMULA_STARTS) or cell.lstrip().startswith(_FORMULA_STARTS) else ""
    return guard + printable(cell)
