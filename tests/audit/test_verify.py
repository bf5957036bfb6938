"""Honest results pass; of changed ones none passes that claims something else."""

from __future__ import annotations

import copy
import dataclasses
import json
from fractions import Fraction

import numpy as np
import pytest
from oracles import BruteForce, coalition_shapley, shapley
from scenarios import random_scenario, with_limits
from typer.testing import CliRunner

import fairgames as fg
import fairgames.audit.verify as audit
from fairgames import FairGamesError, verify
from fairgames.audit.again import FREE_TEXT, Book
from fairgames.audit.claims import prove_equilibria, prove_optimum, prove_payments, prove_stable
from fairgames.audit.definitions import every_profile, payments_at, payments_beside_platform
from fairgames.audit.samples import check_optimum
from fairgames.cli.main import app
from fairgames.equilibrium.result import content_digest

COMMANDS = (["solve"], ["equilibria", "--alpha", "2/5"], ["payments", "--profile", "full", "--alpha", "1/3"])


def saved(scenario, tmp_path, command):
    """What a command saves of a scenario, read back."""
    spec, out = tmp_path / f"{scenario.title}.toml", tmp_path / "out.json"
    scenario.save(spec, force=True)
    done = CliRunner().invoke(app, [command[0], str(spec), *command[1:], "--json", str(out), "--force"])
    assert done.exit_code in {0, 3}, done.output
    return json.loads(out.read_text(encoding="utf-8"))


def outcome(report, field):
    return {check.field: check.outcome for check in report.checks}[field]


def require_honest(scenario, tmp_path):
    for command in COMMANDS[: 1 if scenario.n_users > 4 else 3]:
        data = saved(scenario, tmp_path, command)
        report = verify(data, scenario)
        assert report.failures == (), (scenario.title, command)
        assert not [check for check in report.checks if "last digits" in check.field]
        if data["command"] == "solve" and data["optimum"]["infeasible"] is None:
            for name in ("value", "payments", "upper_bound", "gap", "welfare", "users_surplus"):
                assert outcome(report, f"optimum.{name}") == "proven"
            assert outcome(report, "optimum (none better)") in {"proven", "sampled", "computed again"}
            stable = not data["stable_profiles"] or outcome(report, "stable_profiles[].alpha_from") == "proven"
            assert stable


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 9, 13, 14, 17, 23])
def test_honest_results_pass(seed, tmp_path):
    require_honest(with_limits(seed, 4), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24, 64))
def test_honest_results_pass_thoroughly(seed, tmp_path):
    require_honest(with_limits(seed, 8), tmp_path)


def leaves(value, path=()):
    """Every place in a document."""
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from leaves(inner, (*path, key))


def holder_of(document, path):
    for step in path[:-1]:
        document = document[step]
    return document


def other_digit(text, rng):
    digits = [place for place, sign in enumerate(text) if sign.isdigit()]
    place = int(rng.choice(digits))
    return text[:place] + str((int(text[place]) + int(rng.integers(1, 10))) % 10) + text[place + 1 :]


def other_value(value, rng):
    """Another value of the same kind, as little different as can be."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        text = other_digit(repr(value), rng)
        return type(value)(text)
    if isinstance(value, str):
        return other_digit(value, rng) if any(sign.isdigit() for sign in value) else value + "x"
    if isinstance(value, list):
        return value[::-1] if value[::-1] != value else [*value, copy.deepcopy(value[-1]) if value else 0]
    return 3 if value is None else None


def change(document, rng):
    """Change one thing; return where, or None where nothing was changed."""
    if rng.random() < 0.7:
        # Everything outside the scenario, which is compared with the auditor's own as it is.
        path = [one for one in leaves(document) if one[0] != "scenario"]
        path = path[rng.integers(len(path))]
    else:
        heads = [one for one in leaves(document) if len(one) <= 2 and one[0] not in {"scenario", "schema"}]
        path = heads[rng.integers(len(heads))]
    holder, key = holder_of(document, path), path[-1]
    before, how = copy.deepcopy(document), rng.random()
    if how < 0.7:
        holder[key] = other_value(holder[key], rng)
    elif how < 0.85:
        del holder[key]
    elif isinstance(holder, dict):
        holder[f"also_{key}"] = holder[key]
    else:
        holder.insert(key, copy.deepcopy(holder[key]))
    for part in document.values():
        if isinstance(part, dict) and "digest" in part:
            part["digest"] = content_digest(part)
    return None if document == before else path


def require_found(document, scenario, rng):
    """A changed claim fails; what passes is words, or said to be other last digits, or no claim."""
    changed = copy.deepcopy(document)
    path = change(changed, rng)
    if path is None or path == ("fairgames",):
        return
    try:
        report = verify(changed, scenario)
    except FairGamesError:
        return
    if not report.passed:
        return
    words = path[-1] in FREE_TEXT and any("would now read" in check.how for check in report.checks)
    digits = any("last digits" in check.field for check in report.checks)
    effort = path[0] == "asked" and path[-1] in {"exact", "seed", "max_seconds", "timeout"}
    digest = path[-1] == "digest"
    assert words or digits or effort or digest, path


def documents(seeds, tmp_path):
    for seed in seeds:
        scenario = with_limits(seed, 3)
        for command in COMMANDS:
            yield scenario, saved(scenario, tmp_path, command)


def test_of_single_changes_none_passes(tmp_path):
    rng = np.random.default_rng(0)
    for scenario, document in documents([0, 7, 17], tmp_path):
        for _ in range(7):
            require_found(document, scenario, rng)


@pytest.mark.slow
def test_of_a_thousand_single_changes_none_passes(tmp_path):
    rng = np.random.default_rng(1)
    for scenario, document in documents(range(20), tmp_path):
        for _ in range(17):
            require_found(document, scenario, rng)


@pytest.fixture
def solved(tmp_path):
    scenario = random_scenario(0)
    return scenario, saved(scenario, tmp_path, ["solve"])


def test_payoffs_of_another_game_fail(tmp_path):
    scenario = random_scenario(0, 3)
    one, other = (saved(random_scenario(seed, 3), tmp_path, ["equilibria", "--alpha", "2/5"]) for seed in (0, 6))
    forged = {**one, "equilibria": other["equilibria"]}
    assert any("another game" in text for text in verify(forged).failures)
    forged = {**one, "scenario": other["scenario"]}
    assert not verify(forged).passed
    assert any(text.startswith("scenario: ") for text in verify(forged, scenario).failures)


def test_without_its_equilibria_a_result_fails(tmp_path):
    data = saved(random_scenario(0, 3), tmp_path, ["equilibria", "--alpha", "2/5"])
    found = data["equilibria"]
    found["equilibria"], found["components"], found["continua"] = [], [], []
    found["digest"] = content_digest(found)
    assert any("pure equilibria are missing" in text for text in verify(data).failures)


def test_a_false_optimum_beside_the_true_one_fails(solved):
    _, data = solved
    lie = {**data["optimum"], "value": "100"}
    assert "also: is not a part of such a result" in verify({**data, "also": lie}).failures


def test_another_outer_alpha_fails(tmp_path):
    data = saved(random_scenario(0, 3), tmp_path, ["equilibria", "--alpha", "2/5"])
    assert "alpha: found again as 2/5, saved as 1/2" in verify({**data, "alpha": "1/2"}).failures
    assert not verify({**data, "asked": {**data["asked"], "alpha": "1/2"}}).passed


@pytest.mark.parametrize(
    ("field", "lie", "problem"),
    [
        ("value", "99", "saved as 99"),
        ("alpha", "1/50", "somebody gains by moving"),
        ("profile", [0, 0, 0, 0], "utility: is 0"),
        ("payments", ["1", "1", "1", "1"], "payments: are"),
        ("costs", ["1", "1", "1", "1"], "costs: are"),
        ("welfare", "7", "welfare: is"),
        ("upper_bound", "7", "upper_bound: is"),
        ("price_of_fairness", "7", "price_of_fairness: is"),
        ("selection", "worst", "is not the scenario's"),
        ("infeasible", "nothing meets the limits", "the platform could keep"),
    ],
)
def test_each_claim_of_an_optimum_is_proven_by_itself(solved, field, lie, problem):
    """Not by asking again: by the definitions alone."""
    scenario, data = solved
    book = Book()
    prove_optimum(book, "optimum", data["optimum"], scenario, every_profile(scenario))
    assert book.failures == []
    prove_optimum(book, "optimum", {**data["optimum"], field: lie}, scenario, every_profile(scenario))
    assert any(problem in text for text in book.failures), book.failures


def test_an_optimum_that_is_not_the_best_fails_by_the_definitions(solved):
    scenario, data = solved
    worse = fg.optimal_alpha(scenario, selection="worst")
    other = {**json.loads(json.dumps(worse.to_dict())), "selection": "best", "landscape": None}
    book = Book()
    prove_optimum(book, "optimum", other, scenario, every_profile(scenario))
    assert worse.value == Fraction(data["optimum"]["value"]) or any("could be kept" in text for text in book.failures)


@pytest.mark.parametrize(
    ("name", "lie", "problem"),
    [("alpha_from", "1/97", "alpha_from: is"), ("utility", "99", "utility: is"), ("potential", "99", "potential: is")],
)
def test_stable_profiles_are_proven_by_themselves(solved, name, lie, problem):
    scenario, data = solved
    every, book = every_profile(scenario), Book()
    prove_stable(book, "stable", data["stable_profiles"], every, scenario.margin)
    assert book.failures == []
    forged = copy.deepcopy(data["stable_profiles"])
    forged[0][name] = lie
    prove_stable(book, "stable", forged, every, scenario.margin)
    prove_stable(book, "stable", forged[1:], every, scenario.margin)
    assert any(problem in text for text in book.failures)
    assert any("are missing" in text for text in book.failures)


def test_payments_are_proven_by_themselves(tmp_path):
    scenario = random_scenario(0)
    data = saved(scenario, tmp_path, COMMANDS[2])["payments"]
    profile, book = np.full(scenario.n_users, 2), Book()
    assert prove_payments(book, "payments", data, scenario, profile, Fraction(1, 3))
    assert book.failures == []
    prove_payments(book, "payments", {**data, "values": ["1"] * scenario.n_users}, scenario, profile, Fraction(1, 3))
    assert "by subset sums" not in book.failures[0]
    assert book.failures[0].startswith("payments.values: are")


def test_mixed_equilibria_are_proven_by_themselves(tmp_path):
    scenario = fg.Scenario([[0, "2/3"], ["2/3", 1]], [[0, "3/10"], [0, "31/100"]], levels=["absent", "full"])
    optimum = saved(scenario, tmp_path, ["solve"])["optimum"]
    assert optimum["strategies"] is not None
    require_honest(scenario, tmp_path)
    every, book = every_profile(scenario), Book()
    prove_optimum(book, "optimum", optimum, scenario, every)
    assert book.failures == []
    forged = {**optimum, "strategies": [own[::-1] for own in optimum["strategies"]]}
    prove_optimum(book, "optimum", forged, scenario, every)
    assert any("somebody gains" in text or "utility" in text for text in book.failures)


def test_the_auditors_arithmetic_agrees_with_other_brute_force():
    scenario = random_scenario(0, 3, alpha_range=(0, 1))
    tensor, every = scenario.utility.tensor(), every_profile(scenario)
    brute = BruteForce(tensor, scenario.costs)
    found = every.intervals()
    listed = {
        tuple(row): (low, high) for row, low, high, holds in zip(every.profiles.tolist(), *found, strict=True) if holds
    }
    assert listed == brute.intervals
    top = tuple(every.profiles[-1].tolist())
    assert every.payments[-1].tolist() == payments_at(scenario.utility, top).tolist() == shapley(tensor, top)
    partly = (0, *top[1:])
    shares, platform = payments_beside_platform(scenario.utility, partly)
    assert (platform, shares.tolist()) == coalition_shapley(tensor, partly)


def test_differences_from_the_auditors_own_scenario_are_named(tmp_path):
    scenario = random_scenario(0)
    data = saved(scenario, tmp_path, ["solve"])
    costs = scenario.costs.copy()
    costs[1, 2] += 1
    tensor = scenario.utility.tensor().copy()
    tensor[(2,) * tensor.ndim] += 1
    others = {
        "cost of full for Clinic B": {"costs": costs},
        "utility at (full, full": {"utility": fg.TableUtility(tensor)},
        "users: 'Clinic A' in the file, 'North' in yours": {"users": ("North", *scenario.users[1:])},
        "budget: None in the file": {"budget": 1},
        "title: ": {"title": "Mine"},
    }
    for problem, changes in others.items():
        report = verify(data, dataclasses.replace(scenario, **changes))
        assert any(f"scenario: {problem}" in text for text in report.failures), report.failures


def test_one_result_is_saved_and_verified_by_itself(tmp_path):
    scenario = random_scenario(0, 3)
    results = [
        fg.optimal_alpha(scenario),
        fg.equilibria(fg.FairGame(scenario, alpha="2/5")),
        fg.fair_payments(scenario, [1] * scenario.n_users, "1/2"),
        fg.coalition_payments(scenario, [2] * scenario.n_users),
    ]
    for number, result in enumerate(results):
        path = tmp_path / f"{number}.json"
        result.save(path)
        assert verify(path, scenario).failures == ()


def test_sampled_payments_are_computed_again_from_their_seed_and_checked(tmp_path):
    scenario = random_scenario(3)
    fg.fair_payments(scenario, [1] * scenario.n_users, engine="permutations", seed=5).save(tmp_path / "3.json")
    data = json.loads((tmp_path / "3.json").read_text())
    assert verify(data, scenario).failures == ()
    assert data["asked"]["seed"] == 5
    assert not verify({**data, "asked": {**data["asked"], "seed": 6}}).passed


def many(n_users):
    rng = np.random.default_rng(0)
    samples = rng.integers(20, 200, n_users)
    return fg.Scenario(fg.FederatedMeanUtility(samples, 4.0, 48.0), [0, 0.02, np.inf], title="Many")


def test_that_none_is_better_is_proven_where_all_profiles_are_listed(solved):
    scenario, data = solved
    assert outcome(verify(data, scenario), "optimum (none better)") == "proven"


def test_a_time_limit_excuses_only_what_says_that_time_ran_out(solved):
    scenario, data = solved
    limited = {**data, "asked": {"max_seconds": 3}}
    assert verify(limited, scenario).passed
    assert not verify({**data, "asked": {"max_seconds": {}}}, scenario).passed
    lie = {**data["optimum"], "searched": "everything", "warnings": []}
    assert not verify({**limited, "optimum": lie}, scenario).passed
    stopped = {**data["optimum"], "warnings": ["the search was stopped after 3 s"], "value": "99"}
    report = verify({**limited, "optimum": stopped}, scenario)
    assert any(text.startswith("optimum.value: ") for text in report.failures)
    assert outcome(report, "optimum.searched") == "not checked"


@pytest.mark.slow
def test_of_fifty_changes_among_many_users_none_passes(tmp_path, monkeypatch):
    scenario = many(65)
    document = saved(scenario, tmp_path, ["solve"])
    report = verify(document, scenario)
    assert report.failures == ()
    assert outcome(report, "optimum.payments") == "sampled"
    # The same question has the same answer: it need not be found fifty times.
    monkeypatch.setattr(audit, "ask_again", cache_by_question(audit.ask_again))
    rng = np.random.default_rng(2)
    for _ in range(50):
        require_found(document, scenario, rng)


def cache_by_question(ask):
    known = {}

    def answer(command, scenario, asked, answers):
        question = command, json.dumps(asked), sorted(answers)
        if question not in known:
            known[question] = ask(command, scenario, asked, answers)
        return known[question]

    return answer


def test_many_users_are_checked_by_fresh_samples(tmp_path):
    scenario = many(13)
    data = saved(scenario, tmp_path, ["solve"])
    report = verify(data, scenario)
    assert report.failures == ()
    assert outcome(report, "optimum.payments") == "sampled"
    assert "once in a million" in repr(report)
    book = Book()
    forged = copy.deepcopy(data["optimum"])
    forged["payments"] = [3 * one for one in forged["payments"]]
    forged["profile"] = [1 - level for level in forged["profile"]]
    check_optimum(book, "optimum", forged, scenario)
    assert any("gains" in text for text in book.failures)
    assert any(text.startswith("optimum.payments") for text in book.failures)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"schema": 9, "fairgames": "9.1"}, "has form 9, of a newer fairgames .9.1."),
        ({"command": "design"}, "must be one of solve, equilibria, payments, save"),
        ({"asked": None}, "must hold what was asked"),
        ({"scenario": None}, "is required: this file holds none"),
        ({"scenario": 3}, "must be the text of a specification"),
        ({"scenario": "x = ["}, "the scenario in the file: is not TOML"),
        ({"scenario": '[utility]\nkind = "table"\nfile = "secret.csv"'}, "must hold all its numbers"),
    ],
)
def test_what_is_no_result_is_refused(solved, change, problem):
    _, data = solved
    with pytest.raises(FairGamesError, match=problem):
        verify({**data, **change})


def test_half_a_result_is_refused(solved, tmp_path):
    _, data = solved
    path = tmp_path / "half.json"
    path.write_text(json.dumps(data)[:1000])
    with pytest.raises(FairGamesError, match="ends in the middle"):
        verify(path)
    with pytest.raises(FairGamesError, match="scenario: is missing: a part of a result is no result"):
        verify({key: value for key, value in data.items() if key != "scenario"})
    assert "optimum: is missing" in verify({key: value for key, value in data.items() if key != "optimum"}).failures


def test_a_set_of_equilibria_is_proven_from_the_scenario_by_itself(tmp_path):
    scenario = random_scenario(0, 3)
    data = saved(scenario, tmp_path, ["equilibria", "--alpha", "2/5"])["equilibria"]
    every, book = every_profile(scenario), Book()
    prove_equilibria(book, "equilibria", data, every, Fraction(2, 5))
    assert book.failures == []
    prove_equilibria(book, "equilibria", data, every, Fraction(1, 2))
    assert any("another game" in text for text in book.failures)
