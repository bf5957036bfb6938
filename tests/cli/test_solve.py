from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fairgames import FederatedMeanUtility, Scenario, load, optimal_alpha
from fairgames.cli.solve import print_optimum
from fairgames.mechanism.optimum import Optimum
from fairgames.report.screen import Screen
from fairgames.result import answered


def fits(output):
    """Whether an answer is one screen."""
    lines = output.splitlines()
    return len(lines) <= 24 and max(map(len, lines)) <= 100


def test_solve_gives_the_exact_optimum(run, two, tmp_path, saved):
    printed = run("solve", two, "--json", tmp_path / "out.json", "--figure", tmp_path / "out.png").stdout
    output = " ".join(printed.split())
    assert "pay out 60 % of the utility (alpha = 0.6)" in output
    assert "keeps 0.38667 of a utility of 0.96667" in output
    assert re.search(r"Ann +absent 0.1, present 0.9 +0.27", printed)
    document = saved()
    assert document["command"] == "solve"
    assert document["optimum"]["alpha"] == "3/5"
    assert document["optimum"]["value"] == "29/75"
    assert [entry["alpha_from"] for entry in document["stable_profiles"]].count("31/50") == 1
    assert (tmp_path / "out.png").stat().st_size > 10_000


def test_solve_lists_stable_choices_the_best_for_the_platform_first(run, two):
    lines = run("solve", two, "--choices").stdout.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("Stable choices"))
    kept = [float(line.split()[-1]) for line in lines[start + 3 : start + 7]]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] == pytest.approx(float((1 - Fraction(31, 50)) * 1))


def test_solve_reports_the_game_at_the_specifications_alpha(run, two):
    two.write_text(two.read_text().replace("[[users]]", "[platform]\nalpha = 0.9\n[[users]]", 1))
    output = " ".join(run("solve", two).stdout.split())
    assert "At alpha = 0.9, as the specification asks, the stable choice is PP: the platform keeps 0.1000" in output


def test_solve_says_in_words_what_each_is_paid(run, example):
    output = run("solve", example, "--unit", "patients", "--words").stdout
    optimum = optimal_alpha(load(example))
    paid = optimum.payments[0] * optimum.announced.alpha / optimum.alpha
    assert f"North Hospital, 120 patients: paid {paid:.4g} at level" in output


def test_solve_asks_for_costs(run, two):
    two.write_text(two.read_text().replace("costs =", "# costs ="))
    assert "every_user.costs: is required for this" in run("solve", two, status=2).stderr


def test_warnings_name_the_users(run, two):
    levels = two.read_text().replace("costs = { present = 0.3 }", 'costs = { present = 0.9 }\nchoices = ["present"]')
    two.write_text(levels)
    assert "Warning: Ann loses" in run("solve", two).stdout


def test_many_stable_choices_are_cut_with_a_word_about_it(run, tmp_path):
    path = tmp_path / "many.toml"
    path.write_text(
        'levels = ["absent", "present"]\n'
        'utility = { kind = "table", by_count = [0, 10, 11, 12, 13, 14, 15] }\n'
        "every_user = { costs = { present = 0.9 } }\n"
    )
    output = run("solve", path, "--choices", "--json", tmp_path / "out.json").stdout
    n_stable = len(json.loads((tmp_path / "out.json").read_text())["stable_profiles"])
    assert n_stable > 20
    assert f"{n_stable - 20} more stable choices are not shown" in output


def test_a_hundred_users_are_solved_without_listing_their_profiles(run, tmp_path):
    path = tmp_path / "hundred.toml"
    path.write_text("""
    levels = ["absent", "present"]
    utility = { kind = "dp-mean", epsilons = { present = inf } }
    every_user = { costs = { present = 0.001 } }
    users = [{ name = "phones", count = 100 }]
    """)
    output = run("solve", path, "--choices", "--words", "--figure", tmp_path / "out.png").stdout
    assert "The stable choices of 100 users are not listed" in output
    assert "phones" in output.partition("In words")[2]


def test_a_million_phones_get_payments_with_errors_an_equilibrium_and_an_alpha_in_one_command(run, tmp_path, saved):
    phones = Path(__file__).parents[2] / "examples" / "phones.toml"
    output = run("solve", phones, "--words", "--json", tmp_path / "out.json").stdout
    assert fits(output.partition("More:")[0])
    optimum = saved()["optimum"]
    profile, paid, errors = (np.array(optimum[key]) for key in ("profile", "payments", "standard_errors"))
    assert profile.sum(axis=1).tolist() == [500_000, 300_000, 200_000]
    assert (errors[paid > 0] <= 1e-4 * paid[paid > 0]).all()
    assert (paid * profile).sum() == pytest.approx(optimum["alpha"] * optimum["utility"])
    assert 0 < optimum["value"] < optimum["upper_bound"]
    assert optimum["regret"] <= 3 * optimum["regret_error"] + 1e-4
    assert optimum["warnings"] == []
    assert "not exhaustive" in output
    assert "standard error" in output.partition("In words")[2]
    assert "most tempted" in " ".join(output.split())


def many(n_users):
    """An optimum of many users with long names, as a search would give it, and its scenario."""
    names = [f"Clinic of the Sisters of Mercy in the {number}th district of the old town" for number in range(n_users)]
    utility = FederatedMeanUtility(
        samples=[10 + number for number in range(n_users)], between_variance=1, within_variance=9
    )
    scenario = Scenario(utility, [0, 0.01, 0.02], users=names, notes=["Warning: " + "few data, " * 40] * 3)
    payments = np.linspace(1, 0, n_users) * 123456.789
    optimum = Optimum(
        alpha=0.123456789,
        value=9e7,
        utility=1e8,
        attained=True,
        searched="a search that was stopped after 600 seconds",
        profile=(2,) * n_users,
        payments=np.random.default_rng(1).permutation(payments),
        costs=np.full(n_users, 0.02),
        standard_errors=np.full(n_users, 1e-3),
        upper_bound=9.9e7,
        regret=0.0,
        regret_error=1e-9,
        warnings=tuple(f"user {user} loses 1: it may not stay absent" for user in range(min(n_users, 5))),
    )
    return scenario, answered(optimum, scenario)


@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("n_users", [2, 10, 300])
def test_an_answer_is_one_screen_with_its_warnings_before_those_who_are_paid_most(n_users, verified, capsys):
    scenario, optimum = many(n_users)
    print_optimum(Screen(), scenario, replace(optimum, verified=verified), "samples")
    output = capsys.readouterr().out
    assert fits(output)
    head, _, table = output.partition("\n\n")
    assert ("NOT VERIFIED" in head) != verified
    assert "Clinic of the Sisters of Mercy in the 0th district of the old town loses 1" in " ".join(head.split())
    shown = [float(line.split()[-4].replace(",", "")) for line in table.splitlines() if line.startswith("Clinic")]
    assert len(shown) == min(n_users, 10)
    assert shown == pytest.approx(sorted(optimum.payments.tolist(), reverse=True)[:10], abs=1)
    assert ("--users shows all" in table) == (n_users > 10)


def test_all_users_are_shown_in_their_own_order_when_asked_for(capsys):
    scenario, optimum = many(30)
    print_optimum(Screen(), scenario, optimum, "samples", everyone=True)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Clinic")]
    assert [float(line.split()[-4].replace(",", "")) for line in lines] == pytest.approx(
        optimum.payments.tolist(), abs=1
    )


def test_small_answers_fit_a_screen_too(run, two, example):
    assert fits(run("solve", two).stdout)
    assert fits(run("solve", example).stdout)
    two.write_text(two.read_text() + "[platform]\nmin_utility = 5\n")
    output = run("solve", two).stdout
    assert fits(output)
    assert "There is no answer: " in output


def test_an_unverified_answer_is_incomplete(run, two, monkeypatch):
    found = replace(optimal_alpha(load(two)), verified=False, regret=0.5, regret_error=0.1)
    monkeypatch.setattr("fairgames.cli.solve.optimum_of", lambda *_, **__: found)
    output = run("solve", two, status=3).stdout
    assert output.splitlines()[1].startswith("NOT VERIFIED as an equilibrium")
