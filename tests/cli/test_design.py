from __future__ import annotations

import json
from fractions import Fraction

import pytest

from fairgames import load, optimal_alpha

DATA = "clinic,bmi\n" + "".join(
    f"{clinic},{value}\n"
    for clinic, values in {"N": (20, 22, 24, 30), "S": (30, 34, 29), "W": (40, 41, 45, 38, 39)}.items()
    for value in values
)


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
    spec = load(two)
    ends = keywords.pop("alpha_from", 0), keywords.pop("alpha_to", 1)
    expected = optimal_alpha(spec.utility, spec.costs, alpha_range=ends, **keywords)
    assert saved()["optimum"] == json.loads(json.dumps(expected.to_dict()))


def test_constraints_may_stand_in_the_specification(run, two, tmp_path, saved):
    text = two.read_text().replace("[[users]]", "[platform]\nbudget = 0.4\nalpha_to = 0.9\n[[users]]", 1)
    two.write_text(text)
    run("design", two, "--json", tmp_path / "out.json")
    spec = load(two)
    expected = optimal_alpha(spec.utility, spec.costs, budget="0.4", alpha_range=(0, "0.9"))
    assert saved()["optimum"]["alpha"] == str(expected.alpha)


def test_design_shows_the_landscape(run, two, tmp_path):
    output = run("design", two, "--figure", tmp_path / "out.pdf").output
    assert "What the platform keeps at each alpha (best equilibrium)" in output
    assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF")


def test_design_sets_the_optimum_beside_benchmarks(run, two, tmp_path, saved):
    from fairgames.mechanism.benchmarks import coalition_outcome, pay_costs

    output = run("design", two, "--json", tmp_path / "out.json").output
    spec = load(two)
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


@pytest.mark.parametrize("values", ["0.1,1/5,0.3", "0.1:0.3:3"])
def test_sweep_solves_the_changed_specification(run, two, tmp_path, saved, values):
    place = "users[Ann].costs.present"
    arguments = ("--sweep", f"{place}={values}", "--json", tmp_path / "out.json", "--figure", tmp_path / "out.png")
    output = run("design", two, *arguments).stdout
    spec = load(two)
    bob = "31/100"
    expected = [optimal_alpha(spec.utility, [[0, ann], [0, bob]]) for ann in ("1/10", "1/5", "3/10")]
    found = saved()["sweep"]
    assert found["name"] == place
    assert [entry["alpha"] for entry in found["optima"]] == [str(entry.alpha) for entry in expected]
    assert f"The optimum over {place}" in output
    assert run("design", two, *arguments[:2], "--jobs", "2").stdout == output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("users[1].costs.present", "--sweep: must be PLACE=FROM:TO:COUNT"),
        ("users[1].costs.present=0:1:1", "--sweep: must end in FROM:TO:COUNT with 2 to 10,000 values"),
        ("users[1].costs.present=0:x:3", "--sweep: must be a number"),
        ("users[9].costs.present=1,2", "--sweep: must name one of 2 entries, which count from 1"),
        ("users[0].costs.present=1,2", "--sweep: must name one of 2 entries, which count from 1"),
        ("users[Zoe].costs.present=1,2", "--sweep: must lead to an entry"),
        ("users[1=1,2", "--sweep: must be written like"),
        ("title.x=1,2", "--sweep: must"),
        ("users[1].costs.present=-1,2", "with users[1].costs.present = -1: users[1].costs.present"),
    ],
)
def test_what_cannot_be_swept_is_said(run, two, text, message):
    result = run("design", two, "--sweep", text, status=2)
    assert message in result.stderr
    assert not result.stdout


def test_blocs_act_together(run, example, tmp_path, saved):
    run("design", example, "--bloc", "North Hospital, South Hospital", "--json", tmp_path / "out.json")
    spec = load(example)
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
        (("--bloc", "Ann", "--robust"), "--bloc: cannot be combined with --robust"),
        (("--bloc", "Ann", "--bootstrap", "9"), "--bloc: cannot be combined with --bootstrap"),
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


def test_rounding_is_no_room_for_errors(run, example, tmp_path, saved):
    output = run("design", example, "--robust", "--json", tmp_path / "out.json").output
    assert "North Hospital is indifferent here" in output
    assert saved()["robustness"]["radius"] == 0
    assert str(saved()["robustness"]["slack"][0]) == "0.0"
    roomy = run("design", example, "--robust", "--margin", "0.02", "--json", tmp_path / "out.json").output
    assert saved()["robustness"]["radius"] >= 0.01
    assert "The choices stay stable while no cost is wrong by more than 0.0" in roomy


def test_costs_that_change_nothing_are_said_to(run, two):
    two.write_text(
        two.read_text()
        .replace("costs = { present = 0.3 }", 'choices = ["absent"]')
        .replace('"31/100" }', '0.2 }\nchoices = ["absent"]')
    )
    assert "No error in the costs changes what is stable." in run("design", two, "--robust").output


def test_without_an_answer_nothing_is_said_about_it(run, two):
    output = run("design", two, "--min-utility", "7", "--robust").output
    assert "Robustness cannot be found: there is no answer" in output
    assert "What the platform keeps at each alpha" not in output
    (row,) = [line for line in output.splitlines() if line.startswith("fair payments among users")]
    assert row.split()[-4:] == ["-", "-", "no", "answer"]


def test_blocs_are_compared_with_their_members_alone(run, example):
    output = run("design", example, "--bloc", "North Hospital,South Hospital").output
    spec = load(example)
    alone = optimal_alpha(spec.utility, spec.costs, actions=spec.actions)
    row = next(line for line in output.splitlines() if line.startswith("North Hospital and South Hospital gain"))
    gain = (alone.payments - alone.costs)[:2].sum()
    assert float(row.split()[-2]) == pytest.approx(gain, rel=1e-4)


def test_blocs_act_together_at_every_value_of_a_sweep(run, example, tmp_path, saved):
    varied = "users[1].costs.direct=0.1,0.4"
    run(
        "design", example, "--bloc", "North Hospital,South Hospital", "--sweep", varied, "--json", tmp_path / "out.json"
    )
    spec = load(example)
    for cost, found in zip(("0.1", "0.4"), saved()["sweep"]["optima"], strict=True):
        costs = spec.user_costs.copy()
        costs[0, 2] = Fraction(cost)
        together = optimal_alpha(spec.utility, costs, actions=spec.actions, blocs=[(0, 1), (2,), (3,)])
        assert float(Fraction(found["value"])) == pytest.approx(float(together.value))


def test_bootstrap_says_how_sure_the_decision_is(run, tmp_path, saved):
    data, spec = tmp_path / "d.csv", tmp_path / "clinics.toml"
    data.write_text(DATA)
    costs = ("--cost", "federated=0.1", "--cost", "direct=0.3")
    run("fit", data, "--group", "clinic", "--value", "bmi", "-o", spec, *costs)
    arguments = ("design", spec, "--bootstrap", "20", "--seed", "3", "--json", tmp_path / "out.json")
    first = run(*arguments).stdout
    assert "resamples of the groups" in first
    assert "payment to S" in first
    assert saved()["certainty"]["resamples"] == 20
    assert run(*arguments, "--jobs", "2").stdout == first
    assert run("design", spec, "--bootstrap", "20", "--seed", "4").stdout != first


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


@pytest.mark.parametrize("name", ["--alpha-from", "--alpha-to"])
def test_an_end_of_alpha_that_is_none_is_named(run, two, name):
    assert f"{name}: must be from 0 to 1, got '7'" in run("design", two, name, "7", status=2).stderr


def test_bootstrap_needs_data(run, two):
    assert "--bootstrap: needs the data" in run("design", two, "--bootstrap", "20", status=2).stderr


@pytest.mark.parametrize("estimator", ["anova", "reml"])
def test_a_fit_with_covariates_is_solved_and_resampled_as_it_was_fitted(run, tmp_path, saved, estimator):
    from fairgames import bootstrap, fit_federated_mean

    if estimator == "reml":
        pytest.importorskip("statsmodels")
    data, spec = tmp_path / "d.csv", tmp_path / "clinics.toml"
    rows = DATA.splitlines()
    ages = (50, 41, 62, 55, 48, 70, 39, 45, 66, 58, 52, 49)
    data.write_text("\n".join([f"{rows[0]},age", *map("{},{}".format, rows[1:], ages)]) + "\n")
    columns = ("--group", "clinic", "--value", "bmi", "--covariate", "age", "--estimator", estimator)
    run("fit", data, *columns, "-o", spec, "--cost", "federated=0.1", "--cost", "direct=0.3")
    fit = fit_federated_mean(data, "clinic", "bmi", covariates=["age"], estimator=estimator)
    run("solve", spec, "--json", tmp_path / "out.json")
    assert saved()["optimum"] == json.loads(json.dumps(optimal_alpha(fit.utility(), ["0", "1/10", "3/10"]).to_dict()))
    output = run("design", spec, "--bootstrap", "12", "--margin", "0.01", "--json", tmp_path / "out.json").output
    assert f"by {estimator.upper()}, adjusted for age" in output
    found = bootstrap(fit, ["0", "1/10", "3/10"], 12, constraints={"margin": "0.01"})
    assert saved()["certainty"] == json.loads(json.dumps(found.to_dict()))


def test_the_certainty_table_says_what_was_left_out_and_where_the_decision_stands(run, tmp_path):
    data, spec = tmp_path / "d.csv", tmp_path / "clinics.toml"
    data.write_text(DATA)
    run("fit", data, "--group", "clinic", "--value", "bmi", "-o", spec)
    text = spec.read_text()
    output = run("design", spec, "--bootstrap", "40").output
    assert "%) were left out: their variance between groups is not above 0." in output
    assert "by ANOVA; the users" in output
    assert "The decision is at the variances" not in output
    line = next(line for line in text.splitlines() if line.startswith("between_variance"))
    spec.write_text(text.replace(line, "between_variance = 9"))
    output = run("design", spec, "--bootstrap", "40").output
    assert "The decision is at the variances that the specification writes, 9 and" in output


def test_nothing_is_resampled_where_there_is_no_answer(run, tmp_path):
    data, spec = tmp_path / "d.csv", tmp_path / "clinics.toml"
    data.write_text(DATA)
    run("fit", data, "--group", "clinic", "--value", "bmi", "-o", spec)
    output = run("design", spec, "--bootstrap", "5", "--min-utility", "1000").output
    assert "How sure this is cannot be said: there is no answer" in output


@pytest.mark.parametrize("resamples", ["1", "-3"])
def test_too_few_resamples_are_bad_input(run, tmp_path, resamples):
    data, spec = tmp_path / "d.csv", tmp_path / "clinics.toml"
    data.write_text(DATA)
    run("fit", data, "--group", "clinic", "--value", "bmi", "-o", spec)
    result = run("design", spec, "--bootstrap", resamples, status=2)
    assert "--bootstrap: must be a whole number of at least 2" in result.stderr
    assert not result.stdout


def test_what_does_not_fit_in_memory_is_said_after_what_does(run, tmp_path):
    data, spec = tmp_path / "d.csv", tmp_path / "clinics.toml"
    rows = [f"C{clinic},{clinic % 7 + row / 4}" for clinic in range(60) for row in range(3)]
    data.write_text("\n".join(["clinic,bmi", *rows]) + "\n")
    costs = ("--cost", "federated=0.01", "--cost", "direct=0.02")
    run("fit", data, "--group", "clinic", "--value", "bmi", "-o", spec, *costs)
    output = run("design", spec, "--robust", "--bootstrap", "5").output
    assert "The platform does best" in output
    assert "How far the costs may be wrong is not found: the utility tensor of 60 users" in output
    assert "How sure this is cannot be found: the utility tensor of 60 users" in output
