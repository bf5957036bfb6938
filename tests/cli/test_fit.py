from __future__ import annotations

from fractions import Fraction

import pytest

from fairgames import fit_federated_mean, load

DATA = "clinic,bmi\n" + "".join(
    f"{clinic},{value}\n"
    for clinic, values in {"N": (20, 22, 24, 30), "S": (30, 34, 29), "W": (40, 41, 45, 38, 39)}.items()
    for value in values
)


def test_fit_writes_a_specification_that_solves(run, tmp_path):
    data, spec = tmp_path / "d.csv", tmp_path / "clinics.toml"
    data.write_text(DATA)
    arguments = ("--group", "clinic", "--value", "bmi", "-o", spec, "--cost", "federated=1/5", "--cost", "direct=inf")
    output = run("fit", data, *arguments, "--figure", tmp_path / "fit.png").output
    fit = fit_federated_mean(str(data), "clinic", "bmi")
    assert f"{fit.between_variance:.6g}" in output
    assert f"Next: fairgames solve {spec}" in output
    loaded = load(spec)
    assert loaded.user_names == ("N", "S", "W")
    assert loaded.entry_costs[0, 1] == Fraction(1, 5)
    assert "The platform does best to pay out" in run("solve", spec).output
    refused = run("fit", data, *arguments, status=2)
    assert "exists already" in refused.stderr
    assert not refused.stdout


def test_fit_without_costs_says_that_they_are_to_be_filled_in(run, tmp_path):
    data = tmp_path / "d.csv"
    data.write_text(DATA)
    output = run("fit", data, "--group", "clinic", "--value", "bmi", "-o", tmp_path / "x.toml").output
    assert "are 0: fill in what sharing costs each group" in output


def test_fit_saves_its_numbers(run, tmp_path, saved):
    data = tmp_path / "d.csv"
    data.write_text(DATA)
    run("fit", data, "--group", "clinic", "--value", "bmi", "--largest", "2", "--json", tmp_path / "out.json")
    assert saved()["fit"]["samples"] == [5, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--group", "clinic", "--value", "bim"), "has no column 'bim'"),
        (("--group", "clinic", "--value", "bmi", "--cost", "direct"), "--cost: must be LEVEL=COST"),
        (
            ("--group", "clinic", "--value", "bmi", "--cost", "a=1", "--cost", "a=2"),
            "--cost: must name each level once",
        ),
        (("--group", "clinic", "--value", "bmi", "--missing", "keep"), "missing: must be one of"),
        (("--group", "clinic", "--value", "bmi", "--cost", "fed=1"), "costs: must give a cost for each of"),
        (("--group", "clinic", "--value", "bmi", "--aggregation", "median"), "aggregation: must be one of"),
    ],
)
def test_what_cannot_be_fitted_is_said(run, tmp_path, arguments, message):
    data = tmp_path / "d.csv"
    data.write_text(DATA)
    refused = run("fit", data, *arguments, "-o", tmp_path / "x.toml", status=2)
    assert message in refused.stderr
    assert not refused.stdout
    assert not (tmp_path / "x.toml").exists()


def test_a_between_variance_that_is_not_positive_writes_no_specification(run, tmp_path):
    data, spec = tmp_path / "d.csv", tmp_path / "x.toml"
    data.write_text("g,v\n1,1\n1,9\n2,2\n2,8\n")
    shown = run("fit", data, "--group", "g", "--value", "v")
    assert "-" in shown.output
    failed = run("fit", data, "--group", "g", "--value", "v", "-o", spec, status=2)
    assert "the variance between groups is estimated as" in failed.stderr
    assert failed.stdout == shown.stdout
    assert not spec.exists()
