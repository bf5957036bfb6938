from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from fairgames import CountUtility, DPMeanUtility, FederatedMeanUtility, InputError, TableUtility, crosscheck, load
from fairgames.assessment.crosscheck import game
from fairgames.assessment.crosscheck import run as front
from fairgames.assessment.crosscheck import utilities as priced
from fairgames.assessment.crosscheck.run import (
    AGREES,
    MISMATCH,
    NOT_APPLICABLE,
    Draws,
    Question,
    around,
    at,
    compare,
)
from fairgames.tolerance import RELATIVE
from symbolic.errors import SymbolicError


def verdict_of(closed, numeric, exact=True):
    question = Question("quantity", "source", lambda _: [at("here", closed, numeric)], exact)
    return compare(question, 1, 0)


THIRD = Fraction(1, 3)


@pytest.mark.parametrize(
    ("closed", "numeric", "exact", "verdict"),
    [
        (THIRD, THIRD, True, AGREES),
        (THIRD, THIRD + Fraction(1, 10**30), True, MISMATCH),
        (THIRD, THIRD + Fraction(1, 10**30), False, MISMATCH),
        (THIRD, 1 / 3, True, MISMATCH),
        (THIRD, 1 / 3, False, AGREES),
        (2**0.5, 2**0.5 * (1 + RELATIVE / 2), True, AGREES),
        (2**0.5, 2**0.5 * (1 + 3 * RELATIVE), True, MISMATCH),
        (float("nan"), 0.5, False, MISMATCH),
        (THIRD, float("nan"), False, MISMATCH),
        ([THIRD, THIRD], [THIRD], True, MISMATCH),
        (True, np.True_, True, AGREES),
        (np.array([[1, 2]]), [Fraction(1), Fraction(2)], True, AGREES),
    ],
)
def test_rationals_must_be_equal_and_floats_close(closed, numeric, exact, verdict):
    assert verdict_of(closed, numeric, exact).verdict == verdict


def test_a_mismatch_names_its_place_and_both_numbers():
    found = verdict_of([THIRD, THIRD], [THIRD, Fraction(1, 2)])
    assert found.note == "here: closed form (1/3, 1/3), numerics (1/3, 1/2)"
    assert found.largest_difference == Fraction(1, 6)


def test_nothing_compared_is_no_agreement():
    assert compare(Question("q", "s", lambda _: []), 1, 0).verdict == MISMATCH


def test_a_closed_form_without_a_value_is_a_mismatch():
    def refuse(_):
        raise SymbolicError("no root")

    found = compare(Question("q", "s", refuse), 1, 0)
    assert (found.verdict, found.note) == (MISMATCH, "the closed form has no value: no root")


def test_draws_are_inside_and_repeat():
    draws, again = (Draws(1, 3, "q") for _ in range(2))
    numbers = [draws.rational(Fraction(1, 3), Fraction(1, 2)) for _ in range(200)]
    assert numbers == [again.rational(Fraction(1, 3), Fraction(1, 2)) for _ in range(200)]
    assert all(Fraction(1, 3) < number < Fraction(1, 2) for number in numbers)
    gains = np.diff([0, *draws.concave(5)])
    assert (gains > 0).all()
    assert (np.diff(gains) < 0).all()


def test_points_beside_a_breakpoint_enclose_it():
    below, place, above = around(THIRD)
    assert below < place == THIRD < above


@pytest.mark.slow
def test_every_closed_form_agrees_with_the_numerics():
    check = crosscheck(points=1)
    assert check.agreed, check
    assert {one.verdict for one in check.comparisons} == {AGREES}
    rational = [one for one in check.comparisons if one.exact_points == one.points]
    assert all(one.largest_difference == 0 for one in rational)
    assert len(rational) > len(check.comparisons) / 2


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_every_closed_form_agrees_at_many_points(seed):
    check = crosscheck(points=12, seed=seed)
    assert check.agreed, check


@pytest.mark.slow
def test_everything_agrees():
    check = crosscheck(everything=True, points=6)
    assert check.agreed, check


def verdicts(check):
    return {one.quantity: one.verdict for one in check.comparisons}


def applicable(check):
    return {one.quantity for one in check.comparisons if one.verdict != NOT_APPLICABLE}


PAYMENTS = {"fair payments", "shares beside the platform"}
SYMMETRIC = {"gamma and the three regimes", "optimum, any utilities"}
TWO_PLAYER = {"two-player families: each is an equilibrium", "two-player families: every equilibrium is in one"}
FEDERATED = {"federated errors and weights", "federated utility"}


@pytest.mark.parametrize(
    ("utility", "expected"),
    [
        (CountUtility([0, "2/3", 1]), PAYMENTS | SYMMETRIC | TWO_PLAYER | {"two groups: value(c_1, c_2)"}),
        (CountUtility([0, "1/2", "4/5", 1]), PAYMENTS | SYMMETRIC),
        (CountUtility([0, "1/4", 1]), PAYMENTS | TWO_PLAYER | {"optimum, any utilities"}),
        (TableUtility([[0, 0.25, 0.5], [0.5, 0.8, 0.9]]), PAYMENTS | TWO_PLAYER),
        pytest.param(
            DPMeanUtility([[0, 1, 2], [0, 5, 100]]),
            PAYMENTS | TWO_PLAYER | {"private mean"},
            marks=pytest.mark.slow,
        ),
        (FederatedMeanUtility([10, 20, 30], 1, 10), PAYMENTS | FEDERATED),
        pytest.param(
            FederatedMeanUtility([10, 20], 1.96, 155.5, aggregation="weighted"),
            PAYMENTS | FEDERATED | TWO_PLAYER,
            marks=pytest.mark.slow,
        ),
        (DPMeanUtility([0, 6], n_users=20), {"private mean"}),
    ],
    ids=["concave pair", "three", "convex pair", "table", "private pair", "federated", "weighted", "private many"],
)
def test_a_game_is_checked_by_what_applies_to_it(utility, expected):
    check = crosscheck(utility, points=2)
    assert check.agreed, check
    assert applicable(check) == expected
    assert all(one.note for one in check.comparisons if one.verdict == NOT_APPLICABLE)


def test_a_utility_that_breaks_an_assumption_is_told_which():
    check = crosscheck([[0, "1/4"], ["1/4", 1]], points=1)
    (regimes,) = (one for one in check.comparisons if one.source == "theorem 3")
    assert "diminishing returns (assumption 2) fails: U_2 - U_1 = 3/4 > U_1 - U_0 = 1/4" in regimes.note


def test_many_users_have_no_closed_form():
    check = crosscheck(CountUtility(list(range(1001))), points=1)
    assert not check.agreed
    assert set(verdicts(check).values()) == {NOT_APPLICABLE}


SPECIFICATION = """
levels = ["absent", "low", "high"]
utility = { kind = "table", values = [[0, "1/2", "2/3"], ["1/2", 1, "11/10"], ["3/4", "21/20", "6/5"]] }
[[users]]
name = "Ann"
costs = { low = 0.1, high = 0.3 }
[[users]]
name = "Bob"
choices = ["absent", "high"]
costs = { high = "1/5" }
"""


def test_costs_and_choices_of_a_specification_are_used(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(SPECIFICATION, encoding="utf-8")
    seen = []

    def spy(given, points, seed):
        seen.append(given.costs.tolist())
        return compare_game(given, points, seed)

    compare_game = game.compare_game
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(game, "compare_game", spy)
        check = crosscheck(load(path), points=2)
    assert check.agreed, check
    assert seen == [[[0, Fraction(1, 10), Fraction(3, 10)], [0, float("inf"), Fraction(1, 5)]]]
    assert applicable(check) == PAYMENTS | TWO_PLAYER


def test_a_specification_without_costs_is_checked_at_drawn_ones(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text('levels = ["a", "b"]\nutility = { kind = "table", by_count = [0, "2/3", 1] }\n', encoding="utf-8")
    check = crosscheck(load(path), points=2)
    assert check.agreed, check
    assert applicable(check) >= TWO_PLAYER


def test_a_wrong_number_fails_the_whole(monkeypatch):
    monkeypatch.setattr(front, "all_questions", priced.payment_questions)
    fair = priced.fair_payments
    assert crosscheck(points=3).agreed

    def wrong(*arguments):
        paid = fair(*arguments)
        paid.values[0] += Fraction(1, 10**20)
        return paid

    monkeypatch.setattr(priced, "fair_payments", wrong)
    check = crosscheck(points=3)
    assert not check.agreed
    assert {one.quantity for one in check.mismatches} == {"payments among 2 users", "payments among 3 users"}
    assert "2 mismatches" in repr(check)


def test_the_result_has_plain_forms():
    check = crosscheck([[0, "2/3"], ["2/3", 1]], points=1)
    assert check.to_dict()["comparisons"][0]["largest_difference"] == "0"
    assert check == crosscheck([[0, "2/3"], ["2/3", 1]], points=1)
    assert "no mismatch" in repr(check)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"points": 0}, "points: must be a whole number of at least 1, got 0"),
        ({"points": 2.0}, "points: must be a whole number"),
        ({"seed": -1}, "seed: must be a whole number of at least 0"),
        ({"seed": True}, "seed: must be a whole number"),
        ({"utility": [[1, 2], [3, 4]]}, "values"),
    ],
)
def test_bad_input_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        crosscheck(**options)


FOREIGN = """
import sys
import fairgames.assessment.crosscheck.run as front
from fairgames.errors import FairGamesError
assert "symbolic" not in sys.modules and "sympy" not in sys.modules
try:
    front.crosscheck()
except FairGamesError as error:
    print(error)
"""


def test_a_foreign_package_of_the_same_name_is_named(tmp_path):
    folder = tmp_path / "symbolic"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    run = subprocess.run(
        [sys.executable, "-c", FOREIGN], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert f"the package symbolic at {folder / '__init__.py'} is not the one that fairgames brings" in run.stdout
