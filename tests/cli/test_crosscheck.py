from __future__ import annotations


def test_crosscheck_compares_closed_forms_with_numerics(run, two, tmp_path, saved):
    output = run("crosscheck", two, "--points", "2", "--json", tmp_path / "out.json").output
    assert "fair payments" in output
    assert "no mismatch" in output
    assert saved()["crosscheck"]["comparisons"]
    assert "--all: cannot be combined" in run("crosscheck", two, "--all", status=2).stderr
    assert "points: must be" in run("crosscheck", two, "--points", "0", status=2).stderr


def test_a_mismatch_fails(run, two, monkeypatch):
    from fairgames.assessment.crosscheck import CrossCheck

    monkeypatch.setattr(CrossCheck, "agreed", property(lambda _: False))
    run("crosscheck", two, "--points", "1", status=1)
