"""Tables for LaTeX documents."""

from __future__ import annotations

from collections.abc import Sequence

from fairgames.printable import printable
from fairgames.result import Result, are_numbers

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
    return latex_table(*result._lines())


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
    body = [_row(row) for row in rows]
    lines = [r"\toprule", _row(headers), r"\midrule", *body, r"\bottomrule"]
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


def _row(cells: Sequence[str]) -> str:
    return " & ".join(escape(cell) for cell in cells) + r" \\"
