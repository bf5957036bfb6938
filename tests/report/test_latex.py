from __future__ import annotations

from fairgames import fair_payments
from fairgames.report.tables import escape, latex_table, result_to_latex


def test_latex_escapes_what_it_would_read_as_a_command():
    assert escape(r"50 % of A&B_{x} \ #1 ~ ^2 $") == (
        r"50 \% of A\&B\_\{x\} \textbackslash{} \#1 \textasciitilde{} \textasciicircum{}2 \$"
    )


def test_latex_sets_numbers_flush_right():
    table = latex_table("T", ("user", "payment", "kept"), [("A", "0.5", "-"), ("B", "1,000", "2/3")])
    assert r"\begin{tabular}{lrr}" in table
    assert table.count(r"\\") == 3
    assert r"\begin{tabular}{ll}" in latex_table("T", ("a", "b"), [])


def test_any_result_becomes_a_latex_table():
    table = result_to_latex(fair_payments([[0, 1], [1, 2]], (1, 1)))
    assert r"\caption{Payments at U = 2" in table
    assert r"user 1 & 1 \\" in table
