from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from fairgames import coalition_payments, fair_payments, load

CROWD = """
levels = ["absent", "low", "high"]
utility = { kind = "dp-mean", epsilons = { low = 1, high = 3 } }
every_user = { costs = { low = 0, high = 0 } }
[[users]]
name = "careful"
count = 600_000
level = "low"
[[users]]
name = "others"
count = 400_000
level = "high"
"""


def test_payments_prices_the_profile_of_the_specification(run, example, tmp_path, saved):
    output = run("payments", example, "--json", tmp_path / "out.json", "--figure", tmp_path / "out.svg").output
    assert "Of it 30 % is paid out (alpha = 0.3)" in output
    spec = load(example)
    expected = fair_payments(spec.utility, (1, 1, 1, 2), alpha=Fraction(3, 10))
    document = saved()
    assert document["payments"]["values"] == pytest.approx(expected.values.tolist())
    assert [row["level_name"] for row in document["rows"]] == ["federated"] * 3 + ["direct"]
    assert (tmp_path / "out.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize("profile", ["present", "1", "present, 1", "1,present"])
def test_a_profile_is_named_or_numbered(run, two, tmp_path, saved, profile):
    run("payments", two, "--profile", profile, "--json", tmp_path / "out.json")
    assert saved()["payments"]["values"] == ["1/2", "1/2"]
    assert saved()["payments"]["alpha"] == "1"


def test_the_platform_may_join_the_coalition(run, two, tmp_path, saved):
    output = run("payments", two, "--profile", "present", "--coalition", "--json", tmp_path / "out.json").output
    expected = coalition_payments(load(two).utility, (1, 1))
    assert saved()["payments"]["platform"] == str(expected.platform)
    assert "The platform's fair share is 0.5556, the users' together 0.4444." in output


def test_identical_users_are_one_row(run, tmp_path):
    path = tmp_path / "group.toml"
    path.write_text(
        'levels = ["absent", "low"]\nutility = { kind = "dp-mean", epsilons = { low = 2 } }\n'
        '[[users]]\nname = "phones"\ncount = 6\nlevel = "low"\n[[users]]\nname = "star"\nlevel = "absent"\n'
    )
    output = run("payments", path).output
    assert "phones (6 users) each: paid" in output
    assert "star: takes no part (absent) and is paid nothing." in output
    spec = load(path)
    expected = fair_payments(spec.utility, (1,) * 6 + (0,)).values[0]
    assert f"paid {float(expected):.4g} at" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--profile: is required, since"),
        (("--profile", "presen"), "--profile: must name levels among absent, present, got 'presen'"),
        (("--profile", "2"), "--profile: must name levels among absent, present, got '2'"),
        (("--profile", "1,1,1"), "--profile: must have one level, or one for each of the 2 users, got '1,1,1'"),
        (("--profile", "1", "--alpha", "1.5"), "--alpha: must be from 0 to 1, got '1.5'"),
        (("--profile", "1", "--alpha", "half"), "--alpha: must be a number such as"),
        (("--profile", "1", "--alpha", "1", "--coalition"), "--alpha: cannot be combined with --coalition"),
        (("--profile", "1", "--json", "/no/such/folder/x.json"), "--json: must name a file in an existing folder"),
        (("--profile", "1", "--figure", "x.gif"), "--figure: must end in .png, .pdf, .svg, got 'x.gif'"),
    ],
)
def test_what_cannot_be_priced_is_said(run, two, arguments, message):
    assert message in run("payments", two, *arguments, status=2).stderr


def test_a_million_users_are_priced_with_standard_errors(run, tmp_path, saved):
    path = tmp_path / "crowd.toml"
    path.write_text(CROWD)
    output = run("payments", path, "--json", tmp_path / "out.json").output
    assert "1,000,000 users" in output
    rows = saved()["rows"]
    total = sum(row["count"] * row["payment"] for row in rows)
    assert total == pytest.approx(saved()["payments"]["utility"], rel=1e-4)
    assert all(0 < row["standard_error"] < 1e-3 * row["payment"] for row in rows)


def test_the_engine_and_the_seed_may_be_chosen(run, example):
    arguments = ("payments", example, "--engine", "permutations", "--seed")
    first, again, other = (run(*arguments, seed).output for seed in ("1", "1", "2"))
    assert first == again != other
    assert run(*arguments, "1", "--jobs", "2").output == first
    assert "Computed by permutations: asked for; auto would take subsets" in first
    assert "engine: must be auto" in run("payments", example, "--engine", "magic", status=2).stderr


def test_exact_refuses_rather_than_estimates(run, tmp_path):
    path = tmp_path / "crowd.toml"
    path.write_text(CROWD)
    assert "for an estimate with standard errors" in run("payments", path, "--exact", status=2).stderr


def test_unresolved_payments_are_no_answer(run, two, monkeypatch):
    from fairgames.payments import pricing as engines

    price = engines.fair_payments
    monkeypatch.setattr(
        engines, "fair_payments", lambda *given, **how: dataclasses.replace(price(*given, **how), resolved=False)
    )
    assert "UNRESOLVED" in run("payments", two, "--profile", "1", status=3).output


def test_payments_are_explained(run, example, tmp_path, saved):
    from fairgames import explain_payments

    output = run("payments", example, "--explain", "--unit-value", "1000", "--json", tmp_path / "out.json").output
    why = explain_payments(load(example).utility, (1, 1, 1, 2), Fraction(3, 10), 1000)
    row = next(line for line in output.partition("Why these payments")[2].splitlines() if line.startswith("North"))
    assert [float(cell.replace(",", "")) for cell in row.split()[2:5]] == pytest.approx(
        [why.payments[0], why.own[0], why.helping[0]], rel=1e-3
    )
    assert saved()["rows"][0]["payment"] == pytest.approx(why.payments[0])
    assert "paid 1048" in output


def test_false_names_are_priced(run, example, tmp_path, saved):
    from fairgames import false_names

    output = run("payments", example, "--false-names", "--alpha", "1", "--unit-value", "10").output
    utility = load(example).utility
    row = next(line for line in output.partition("two names?")[2].splitlines() if line.startswith("South"))
    halves = false_names(utility, (1, 1, 1, 2), 1, [40, 40]).gain
    copies = false_names(utility, (1, 1, 1, 2), 1).gain
    assert [float(cell) for cell in row.split()[2:]] == pytest.approx([10 * halves, 10 * copies], rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--explain",), '--explain: needs kind = "federated-mean"'),
        (("--false-names",), "--false-names: needs a utility that says what another user would bring"),
        (("--unit-value", "0"), "--unit-value: must be above 0"),
        (("--coalition", "--explain"), "--coalition: cannot be combined with --explain"),
    ],
)
def test_what_cannot_be_explained_is_said(run, two, arguments, message):
    refused = run("payments", two, "--profile", "present", *arguments, status=2)
    assert message in refused.stderr
    assert not refused.stdout
