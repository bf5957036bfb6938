from __future__ import annotations

import pytest


def test_derive_prints_the_regimes(run):
    output = run("derive", "--users", "2", "--epsilon", "inf").output
    assert "gamma(p) = p/6 + 1/2" in output
    assert "Piecewise((2*c, c <= 1/3), (6*c/(3*c + 2), c <= 2/3), (0, True))" in output
    assert run("derive", "--users", "2", "--utilities", "2/3,1").output == output


def test_derive_keeps_symbols_and_prints_latex(run):
    assert "U_2/2" in run("derive", "--users", "2").output
    assert "epsilon**2" in run("derive", "--users", "2", "--epsilon", "symbol").output
    assert run("derive", "--users", "2", "--latex").output.startswith(r"\begin{aligned}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--users", "1"), "must be an integer of at least 2, got 1"),
        (("--users", "2", "--epsilon", "0"), "epsilon: must be positive"),
        (("--users", "2", "--utilities", "1/2,2"), "diminishing returns (assumption 2) fails"),
        (("--users", "2", "--epsilon", "1", "--utilities", "1,2"), "--epsilon: cannot be combined with --utilities"),
    ],
)
def test_what_cannot_be_derived_is_said(run, arguments, message):
    assert message in run("derive", *arguments, status=2).stderr


def test_a_foreign_package_of_the_same_name_is_named(run, tmp_path, monkeypatch):
    import sys

    folder = tmp_path / "symbolic"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for name in [name for name in sys.modules if name.partition(".")[0] == "symbolic"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        message = run("derive", "--users", "2", status=2).stderr
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "symbolic"]:
            sys.modules.pop(name)
    assert f"the package symbolic at {folder / '__init__.py'} is not the one that fairgames brings" in message
