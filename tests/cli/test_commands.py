from __future__ import annotations

import dataclasses
import json
import re
from fractions import Fraction

import pytest

from fairgames.fitting.federated_mean import fit_federated_mean
from fairgames.game.fair_game import FairGame
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.payments.fair import coalition_payments, fair_payments
from fairgames.spec.load import load_specification

DATA = "clinic,bmi\n" + "".join(
    f"{clinic},{value}\n"
    for clinic, values in {"N": (20, 22, 24, 30), "S": (30, 34, 29), "W": (40, 41, 45, 38, 39)}.items()
    for value in values
)


# init


def test_init_writes_an_example_that_solves_as_it_is(run, example):
    spec = load_specification(example)
    assert spec.n_users == 4
    assert "What the platform should pay" in run("solve", example).output


def test_init_never_overwrites(run, example):
    before = example.read_text()
    assert "exists already" in run("init", example, status=2).stderr
    assert example.read_text() == before
    assert "cannot be written" in run("init", example.parent / "no" / "x.toml", status=2).stderr


# solve


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
    spec = load_specification(example)
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


# payments


def test_payments_prices_the_profile_of_the_specification(run, example, tmp_path, saved):
    run("payments", example, "--json", tmp_path / "out.json", "--figure", tmp_path / "out.svg")
    spec = load_specification(example)
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
    expected = coalition_payments(load_specification(two).utility, (1, 1))
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
    spec = load_specification(path)
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
    from fairgames.payments import engines

    price = engines.price_profile
    monkeypatch.setattr(
        engines, "price_profile", lambda *given, **how: dataclasses.replace(price(*given, **how), resolved=False)
    )
    assert "UNRESOLVED" in run("payments", two, "--profile", "1", status=3).output


# equilibria and verify


def test_equilibria_are_listed_with_their_certificates(run, two, tmp_path, saved):
    output = run("equilibria", two, "--alpha", "3/5", "--json", tmp_path / "out.json").output
    assert "The list is complete" in output
    assert "A continuum: any mixtures within" in output
    document = saved()["equilibria"]
    assert document["complete"] is True
    assert all(entry["regret"] == "0" for entry in document["equilibria"])
    row = next(line for line in output.splitlines() if "0.1·A+0.9·P" in line)
    assert row.split()[-3:] == ["0.96667", "0.38667", "0"]


def test_more_than_two_users_are_said_to_be_incomplete(run, example, tmp_path):
    output = run("equilibria", example, "--alpha", "0.2", "--figure", tmp_path / "out.png").output
    assert (tmp_path / "out.png").stat().st_size > 10_000
    assert "The list may be incomplete. Searched: " in output
    assert "At alpha" not in output
    assert "Equilibria at alpha = 0.2" in output


def test_equilibria_take_alpha_from_the_specification(run, example, two):
    assert "Equilibria at alpha = 0.3" in run("equilibria", example).output
    assert "--alpha: is required" in run("equilibria", two, status=2).stderr


def test_an_unknown_solver_is_bad_input(run, two):
    assert "method" in run("equilibria", two, "--alpha", "1/2", "--method", "magic", status=2).stderr


def test_verify_passes_what_was_saved_and_fails_what_was_changed(run, two, tmp_path):
    path = tmp_path / "out.json"
    run("equilibria", two, "--alpha", "3/5", "--json", path)
    assert "every certificate holds" in run("verify", path).output
    text = path.read_text()
    assert '"9/10"' in text
    path.write_text(text.replace('"9/10"', '"8/10"', 1))
    assert "FAILED" in run("verify", path, status=1).output


def test_verify_reads_a_bare_result(run, tmp_path):
    from fairgames.equilibrium.solve import equilibria

    path = tmp_path / "bare.json"
    path.write_text(json.dumps(equilibria([[[1, 0], [0, 1]], [[1, 0], [0, 1]]]).to_dict()))
    assert "3 equilibria rechecked" in run("verify", path).output


def test_verify_needs_certificates(run, two, tmp_path):
    path = tmp_path / "out.json"
    run("solve", two, "--json", path)
    assert "holds no equilibria with certificates" in run("verify", path, status=2).stderr
    assert "cannot be read" in run("verify", tmp_path / "none.json", status=2).stderr
    path.write_text("{}")
    assert "is not a result that fairgames wrote" in run("verify", path, status=2).stderr


@pytest.fixture
def answers(monkeypatch):
    """Let the equilibria be found as a test wants them."""
    from fairgames.equilibrium import solve

    find = solve.equilibria

    def change(**changes):
        monkeypatch.setattr(solve, "equilibria", lambda *arguments: dataclasses.replace(find(*arguments), **changes))

    return change


def test_a_solver_that_was_stopped_leaves_the_answer_incomplete(run, two, answers):
    answers(complete=False, warnings=("vertices was stopped after 1 s: equilibria may be missing",))
    output = run("equilibria", two, "--alpha", "0.6", status=3).output
    assert "Warning: vertices was stopped after 1 s: equilibria may be missing." in output
    assert "The list may be incomplete" in output


def test_many_equilibria_are_cut_with_a_word_about_it(run, two, answers):
    from fairgames.equilibrium.solve import equilibria

    spec = load_specification(two)
    (one, *_) = equilibria(FairGame(spec.utility, spec.costs, "1/2")).equilibria
    answers(equilibria=(one,) * 60)
    assert "10 more are not shown" in run("equilibria", two, "--alpha", "0.5").output


# design


@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"selection": "worst"},
        {"margin": "1/50"},
        {"budget": "0.4"},
        {"min_utility": "0.99"},
        {"alpha_from": "0.7", "alpha_to": "0.9"},
    ],
)
def test_design_is_the_optimum_under_constraints(run, two, tmp_path, saved, keywords):
    options = [f"--{name.replace('_', '-')}={value}" for name, value in keywords.items()]
    run("design", two, *options, "--json", tmp_path / "out.json")
    spec = load_specification(two)
    ends = keywords.pop("alpha_from", 0), keywords.pop("alpha_to", 1)
    expected = optimal_alpha(spec.utility, spec.costs, alpha_range=ends, **keywords)
    assert saved()["optimum"] == json.loads(json.dumps(expected.to_dict()))


def test_constraints_may_stand_in_the_specification(run, two, tmp_path, saved):
    text = two.read_text().replace("[[users]]", "[platform]\nbudget = 0.4\nalpha_to = 0.9\n[[users]]", 1)
    two.write_text(text)
    run("design", two, "--json", tmp_path / "out.json")
    spec = load_specification(two)
    expected = optimal_alpha(spec.utility, spec.costs, budget="0.4", alpha_range=(0, "0.9"))
    assert saved()["optimum"]["alpha"] == str(expected.alpha)


def test_design_shows_the_landscape(run, two, tmp_path):
    output = run("design", two, "--figure", tmp_path / "out.pdf").output
    assert "What the platform keeps at each alpha (best equilibrium)" in output
    assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF")


def test_design_sets_the_optimum_beside_benchmarks(run, two, tmp_path, saved):
    from fairgames.mechanism.benchmarks import coalition_outcome, pay_costs

    output = run("design", two, "--json", tmp_path / "out.json").output
    spec = load_specification(two)
    assert saved()["pay_costs"]["value"] == str(pay_costs(spec.utility, spec.costs).value)
    assert saved()["coalition"]["platform"] == str(coalition_outcome(spec.utility, spec.costs).platform)
    assert "Beyond fairness among users" in output


def test_nothing_feasible_is_an_answer(run, two):
    assert "There is no answer: " in run("design", two, "--min-utility", "7").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--selection", "bst"), "selection: must be one of"),
        (("--margin", "-1"), "--margin: must be at least 0"),
        (("--budget", "x"), "--budget: must be a number"),
        (("--alpha-from", "0.9", "--alpha-to", "0.7"), "alpha_range: must satisfy"),
    ],
)
def test_impossible_constraints_are_bad_input(run, two, arguments, message):
    assert message in run("design", two, *arguments, status=2).stderr


# fit


def test_fit_writes_a_specification_that_solves(run, tmp_path):
    data, spec = tmp_path / "d.csv", tmp_path / "clinics.toml"
    data.write_text(DATA)
    arguments = ("--group", "clinic", "--value", "bmi", "-o", spec, "--cost", "federated=1/5", "--cost", "direct=inf")
    output = run("fit", data, *arguments, "--figure", tmp_path / "fit.png").output
    fit = fit_federated_mean(str(data), "clinic", "bmi")
    assert f"{fit.between_variance:.6g}" in output
    assert f"Next: fairgames solve {spec}" in output
    loaded = load_specification(spec)
    assert loaded.user_names == ("N", "S", "W")
    assert loaded.group_costs[0, 1] == Fraction(1, 5)
    assert "paid" in run("solve", spec).output
    assert "exists already" in run("fit", data, *arguments, status=2).stderr


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
    ],
)
def test_what_cannot_be_fitted_is_said(run, tmp_path, arguments, message):
    data = tmp_path / "d.csv"
    data.write_text(DATA)
    assert message in run("fit", data, *arguments, status=2).stderr


def test_a_between_variance_that_is_not_positive_writes_no_specification(run, tmp_path):
    data, spec = tmp_path / "d.csv", tmp_path / "x.toml"
    data.write_text("g,v\n1,1\n1,9\n2,2\n2,8\n")
    shown = run("fit", data, "--group", "g", "--value", "v")
    assert "-" in shown.output
    failed = run("fit", data, "--group", "g", "--value", "v", "-o", spec, status=2)
    assert "the variance between groups is estimated as" in failed.stderr
    assert not spec.exists()


# comparisons, sweeps, blocs, robustness


def test_compare_plays_out_other_rules(run, two, tmp_path, saved):
    from fairgames.assessment.rules import compare_rules

    output = run("compare", two, "--json", tmp_path / "out.json", "--figure", tmp_path / "out.png").output
    spec = load_specification(two)
    expected = compare_rules(spec.utility, spec.costs)
    assert saved()["comparison"] == json.loads(json.dumps(expected.to_dict()))
    assert "Payment rules, each rule at its best alpha" in output
    assert "Ann" in output.partition("How the others break axioms")[2]
    assert "No broken axiom was found for: fair," in output
    assert "all at alpha = 0.5" in run("compare", two, "--alpha", "0.5").output


def test_equilibria_compares_solvers(run, two, tmp_path, saved):
    output = run("equilibria", two, "--alpha", "0.7", "--compare", "--json", tmp_path / "out.json").output
    assert "two-action" in output
    assert saved()["agreement"]["kind"] == "AgreementReport"
    assert "every certificate holds" in run("verify", tmp_path / "out.json").output


@pytest.mark.parametrize("values", ["0.1,1/5,0.3", "0.1:0.3:3"])
def test_sweep_solves_the_changed_specification(run, two, tmp_path, saved, values):
    place = "users[Ann].costs.present"
    arguments = ("--sweep", f"{place}={values}", "--json", tmp_path / "out.json", "--figure", tmp_path / "out.png")
    output = run("design", two, *arguments).output
    spec = load_specification(two)
    bob = "31/100"
    expected = [optimal_alpha(spec.utility, [[0, ann], [0, bob]]) for ann in ("1/10", "1/5", "3/10")]
    found = saved()["sweep"]
    assert found["name"] == place
    assert [entry["alpha"] for entry in found["optima"]] == [str(entry.alpha) for entry in expected]
    assert f"The optimum over {place}" in output
    assert run("design", two, *arguments[:2], "--jobs", "2").output == output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("users[1].costs.present", "--sweep: must be PLACE=FROM:TO:COUNT"),
        ("users[1].costs.present=0:1:1", "--sweep: must end in FROM:TO:COUNT with 2 to 10,000 values"),
        ("users[1].costs.present=0:x:3", "--sweep: must be a number"),
        ("users[9].costs.present=1,2", "place: must lead to an entry"),
        ("users[1=1,2", "place: must be written like"),
        ("title.x=1,2", "place: must"),
        ("users[1].costs.present=-1,2", "with users[1].costs.present = -1: users[1].costs.present"),
    ],
)
def test_what_cannot_be_swept_is_said(run, two, text, message):
    assert message in run("design", two, "--sweep", text, status=2).stderr


def test_blocs_act_together(run, example, tmp_path, saved):
    run("design", example, "--bloc", "North Hospital, South Hospital", "--json", tmp_path / "out.json")
    spec = load_specification(example)
    expected = optimal_alpha(spec.utility, spec.costs, actions=spec.actions, blocs=[(0, 1), (2,), (3,)])
    assert saved()["optimum"]["value"] == expected.value


def test_the_mixed_choices_of_blocs_are_listed_by_bloc(run, two):
    two.write_text(
        two.read_text().replace('[0, "2/3", 1]', '[0, "2/3", 1, 1.1]')
        + '[[users]]\nname = "Cy"\ncosts = { present = 0.3 }\n'
    )
    run("design", two, "--bloc", "Ann,Bob")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--bloc", "Ann,Zoe"), "--bloc: must name users among Ann, Bob, got 'Zoe'"),
        (("--bloc", "Ann", "--bloc", "Ann,Bob"), "--bloc: must name each user once"),
        (("--bloc", "Ann", "--sweep", "users[1].costs.present=1,2"), "--bloc: cannot be combined with --sweep"),
    ],
)
def test_blocs_that_make_no_sense_are_bad_input(run, two, arguments, message):
    assert message in run("design", two, *arguments, status=2).stderr


def test_robustness_is_shown_by_user(run, example, two, tmp_path, saved):
    output = run("design", example, "--robust", "--json", tmp_path / "out.json").output
    assert "How far the costs may be wrong" in output
    assert saved()["robustness"]["kind"] == "CostRobustness"
    assert saved()["misreport"]["kind"] == "Misreport"
    assert "in pure levels only" in run("design", two, "--robust").output


def test_blocs_are_compared_with_their_members_alone(run, example):
    output = run("design", example, "--bloc", "North Hospital,South Hospital").output
    spec = load_specification(example)
    alone = optimal_alpha(spec.utility, spec.costs, actions=spec.actions)
    row = next(line for line in output.splitlines() if line.startswith("North Hospital and South Hospital gain"))
    gain = (alone.payments - alone.costs)[:2].sum()
    assert float(row.split()[-2]) == pytest.approx(gain, rel=1e-4)


def test_two_specifications_are_compared_user_by_user(run, two, tmp_path, saved):
    other = tmp_path / "other.toml"
    other.write_text(two.read_text().replace("Bob", "Cy").replace("0.3", "0.1").replace("31/100", "0.1"))
    output = run("compare", two, "--against", other, "--json", tmp_path / "out.json").output
    assert [user["name"] for user in saved()["change"]["users"]] == ["Ann", "Bob", "Cy"]
    line = next(line for line in output.splitlines() if line.startswith("Cy"))
    assert line.split()[1:3] == ["-", "present"]
    failed = run("compare", two, "--against", other, "--alpha", "1", status=2)
    assert "--against: cannot be combined" in failed.stderr


def test_bootstrap_says_how_sure_the_decision_is(run, tmp_path, saved):
    data, spec = tmp_path / "d.csv", tmp_path / "clinics.toml"
    data.write_text(DATA)
    costs = ("--cost", "federated=0.1", "--cost", "direct=0.3")
    run("fit", data, "--group", "clinic", "--value", "bmi", "-o", spec, *costs)
    arguments = ("design", spec, "--bootstrap", "20", "--seed", "3", "--json", tmp_path / "out.json")
    first = run(*arguments).output
    assert "resamples of the groups" in first
    assert "payment to S" in first
    assert saved()["certainty"]["resamples"] == 20
    assert run(*arguments, "--jobs", "2").output == first
    assert run("design", spec, "--bootstrap", "20", "--seed", "4").output != first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[data]", "[dat]"), "dat: unknown key"),
        (("samples = 4", "samples = 40"), "--bootstrap: needs the groups of d.csv to be the users"),
    ],
)
def test_bootstrap_needs_the_users_to_be_the_groups(run, tmp_path, change, message):
    data, spec = tmp_path / "d.csv", tmp_path / "clinics.toml"
    data.write_text(DATA)
    run("fit", data, "--group", "clinic", "--value", "bmi", "-o", spec)
    spec.write_text(spec.read_text().replace(*change))
    assert message in run("design", spec, "--bootstrap", "20", status=2).stderr


def test_bootstrap_needs_data(run, two):
    assert "--bootstrap: needs the data" in run("design", two, "--bootstrap", "20", status=2).stderr


def test_payments_are_explained(run, example, tmp_path, saved):
    from fairgames.assessment.explain import explain_payments

    output = run("payments", example, "--explain", "--unit-value", "1000", "--json", tmp_path / "out.json").output
    why = explain_payments(load_specification(example).utility, (1, 1, 1, 2), Fraction(3, 10), 1000)
    row = next(line for line in output.partition("Why these payments")[2].splitlines() if line.startswith("North"))
    assert [float(cell) for cell in row.split()[2:5]] == pytest.approx(
        [why.payments[0], why.own[0], why.helping[0]], rel=1e-3
    )
    assert saved()["rows"][0]["payment"] == pytest.approx(why.payments[0])
    assert "paid 1048" in output


def test_false_names_are_priced(run, example, tmp_path, saved):
    from fairgames.assessment.splitting import duplicate_data, split_data

    output = run("payments", example, "--false-names", "--alpha", "1", "--unit-value", "10").output
    utility = load_specification(example).utility
    row = next(line for line in output.partition("two names?")[2].splitlines() if line.startswith("South"))
    halves = split_data(utility, (1, 1, 1, 2), 1, [40, 40]).gain
    copies = duplicate_data(utility, (1, 1, 1, 2), 1).gain
    assert [float(cell) for cell in row.split()[2:]] == pytest.approx([10 * halves, 10 * copies], rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--explain",), "utility: must be a FederatedMeanUtility"),
        (("--unit-value", "0"), "--unit-value: must be above 0"),
        (("--coalition", "--explain"), "--coalition: cannot be combined with --explain"),
    ],
)
def test_what_cannot_be_explained_is_said(run, two, arguments, message):
    assert message in run("payments", two, "--profile", "present", *arguments, status=2).stderr


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
