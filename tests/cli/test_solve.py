from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fairgames import load, optimal_alpha


def test_solve_gives_the_exact_optimum(run, two, tmp_path, saved):
    output = run("solve", two, "--json", tmp_path / "out.json", "--figure", tmp_path / "out.png").output
    assert "pay out 60 % of the utility (alpha = 0.6)" in output
    assert "keeps 0.38667 of a utility of 0.96667" in output
    assert re.search(r"Ann +0.1 / 0.9", output)
    document = saved()
    assert document["command"] == "solve"
    assert document["optimum"]["alpha"] == "3/5"
    assert document["optimum"]["value"] == "29/75"
    assert [entry["alpha_from"] for entry in document["stable_profiles"]].count("31/50") == 1
    assert (tmp_path / "out.png").stat().st_size > 10_000


def test_solve_lists_stable_choices_the_best_for_the_platform_first(run, two):
    lines = run("solve", two).output.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("Stable choices"))
    kept = [float(line.split()[-1]) for line in lines[start + 3 : start + 7]]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] == pytest.approx(float((1 - Fraction(31, 50)) * 1))


def test_solve_reports_the_game_at_the_specifications_alpha(run, two):
    two.write_text(two.read_text().replace("[[users]]", "[platform]\nalpha = 0.9\n[[users]]", 1))
    output = run("solve", two).output
    assert "At alpha = 0.9, as the specification asks" in output
    last = output.rstrip().splitlines()[-1].split()
    assert last == ["PP", "1.0000", "0.10000"]


def test_solve_says_in_words_what_each_is_paid(run, example):
    output = run("solve", example, "--unit", "patients").output
    spec = load(example)
    optimum = optimal_alpha(spec.utility, spec.costs, actions=spec.actions)
    assert f"North Hospital, 120 patients: paid {optimum.payments[0]:.4g} at level" in output


def test_solve_asks_for_costs(run, two):
    two.write_text(two.read_text().replace("costs =", "# costs ="))
    assert "every_user.costs: is required for this" in run("solve", two, status=2).stderr


def test_warnings_name_the_users(run, two):
    levels = two.read_text().replace("costs = { present = 0.3 }", 'costs = { present = 0.9 }\nchoices = ["present"]')
    two.write_text(levels)
    assert "Warning: Ann loses" in run("solve", two).output


def test_many_stable_choices_are_cut_with_a_word_about_it(run, tmp_path):
    path = tmp_path / "many.toml"
    path.write_text(
        'levels = ["absent", "present"]\n'
        'utility = { kind = "table", by_count = [0, 10, 11, 12, 13, 14, 15] }\n'
        "every_user = { costs = { present = 0.9 } }\n"
    )
    output = run("solve", path, "--json", tmp_path / "out.json").output
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
    output = run("solve", path, "--figure", tmp_path / "out.png").output
    assert "The stable choices of 100 users are not listed" in output
    assert "phones" in output.partition("In words")[2]


def test_a_million_phones_get_payments_with_errors_an_equilibrium_and_an_alpha_in_one_command(run, tmp_path, saved):
    phones = Path(__file__).parents[2] / "examples" / "phones.toml"
    output = run("solve", phones, "--json", tmp_path / "out.json").output
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
    assert "most tempted" in output
