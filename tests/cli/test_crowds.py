"""Every command on a million users: it answers from their counts, or says at once what is not served, and what is."""

from pathlib import Path

import pytest

from fairgames import Scenario, load
from fairgames.cli.frame import MOST_ONE_BY_ONE

PHONES = Path(__file__).parents[2] / "examples" / "phones.toml"


@pytest.fixture
def no_rows(monkeypatch):
    """Anything with a row for each of a million users fails."""

    def refused(spec):
        raise AssertionError(f"a row for each of {spec.n_users:,} users")

    for name in ("user_costs", "actions", "user_names", "entry_of_user"):
        monkeypatch.setattr(Scenario, name, property(refused))


@pytest.mark.parametrize(
    ("command", "named", "instead"),
    [
        (["payments", "--profile", "direct", "--coalition"], "counts of 1,000,000", "among the users alone"),
        (["payments", "--profile", "direct", "--explain"], "--explain", "payments alone"),
        (["payments", "--profile", "direct", "--false-names"], "--false-names", "payments alone"),
        (["payments", "--profile", "direct", "--exact"], "exactly", "exact=True"),
        (["payments", "--profile", "direct", "--engine", "permutations"], "20,000", "who is identical"),
        (["payments", "--profile", "direct", "--engine", "types"], "bytes", "estimates"),
        (["equilibria", "--alpha", "1/2", "--compare"], "--compare", "one equilibrium"),
        (["equilibria", "--alpha", "1/2", "--method", "lrs"], "--method", "one equilibrium"),
        (["equilibria", "--alpha", "1/2", "--timeout", "9"], "--timeout", "one equilibrium"),
        (["equilibria", "--alpha", "1/2", "--figure", "a.png"], "--figure", "one equilibrium"),
        (["design", "--selection", "worst"], "selection='worst'", "selection='best'"),
        (["design", "--selection", "potential"], "selection='potential'", "selection='best'"),
        (["design", "--margin", "0.01"], "margin=1/100", "no margin"),
        (["design", "--robust"], "--robust", "--sweep"),
        (["design", "--bloc", "old phones,new phones"], "--bloc", "--sweep"),
        (["compare"], "payment rules", "fairgames solve"),
        (["export", "game.nfg"], ".nfg", "fairgames payments"),
        (["export", "all.csv"], ".csv", "FILE.tex"),
    ],
)
@pytest.mark.usefixtures("no_rows")
def test_what_is_not_served_is_said_at_once(run, tmp_path, monkeypatch, command, named, instead):
    monkeypatch.chdir(tmp_path)
    result = run(command[0], PHONES, *command[1:], status=2)
    assert named in result.stderr
    assert instead in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_rows")
def test_a_crowd_settles_on_an_equilibrium_with_a_certificate(run, tmp_path, saved):
    result = run("equilibria", PHONES, "--alpha", "1/2", "--json", tmp_path / "out.json")
    assert "An equilibrium at alpha = 0.5" in result.stdout
    assert "too many profiles to list every equilibrium" in result.stdout
    found = saved(tmp_path / "out.json")["equilibrium"]
    assert found["alpha"] == 0.5
    assert abs(found["regret"]) <= 4 * found["regret_error"] + 1e-9
    profile = found["profile"]
    assert [sum(row) for row in profile] == [500_000, 300_000, 200_000]
    total = sum(
        count * paid
        for row, pays in zip(profile, found["payments"], strict=True)
        for count, paid in zip(row, pays, strict=True)
    )
    assert total == pytest.approx(found["utility"] / 2, rel=1e-6)


@pytest.mark.usefixtures("no_rows")
def test_what_is_not_verified_is_not_called_an_equilibrium(run):
    """Where all are direct, one who federates alone gives away as much, and bears less."""
    result = run("equilibria", PHONES, "--alpha", "0.9", status=3)
    assert "Not verified as an equilibrium" in result.stdout
    assert "An equilibrium" not in result.stdout
    assert "not verified" in result.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("no_rows")
def test_two_crowds_are_compared_in_their_totals(run, tmp_path, saved):
    varied = tmp_path / "varied.toml"
    varied.write_text(PHONES.read_text().replace("between_variance = 1 ", "between_variance = 2 "))
    result = run("compare", PHONES, "--against", varied, "--json", tmp_path / "out.json")
    assert "User by user" not in result.stdout
    assert f"up to {MOST_ONE_BY_ONE:,}" in result.stdout
    optima = saved(tmp_path / "out.json")
    assert optima["before"]["value"] != optima["after"]["value"] > 0


def test_few_users_are_gone_through_one_by_one(example):
    assert load(example).n_users <= MOST_ONE_BY_ONE
