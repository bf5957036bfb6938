from __future__ import annotations


def test_errata_are_checked_as_they_are_printed(run, tmp_path, saved):
    from symbolic.errata import ERRATA

    output = run("errata", "--json", tmp_path / "out.json").output
    assert output.count("  printed: ") == len(ERRATA)
    assert f"{len(ERRATA)} errata, {len(ERRATA)} confirmed." in output
    assert all(entry["correct_holds"] and not entry["printed_holds"] for entry in saved()["errata"])


def test_an_erratum_that_does_not_hold_fails(run, monkeypatch):
    from symbolic import errata
    from symbolic.erratum import Erratum, Verification

    wrong = Erratum("Eq. 0", "1", "2", lambda: Verification(True, False, "1 is 1"))
    monkeypatch.setattr(errata, "ERRATA", (wrong,))
    assert "NOT CONFIRMED: 1 is 1" in run("errata", status=1).output
