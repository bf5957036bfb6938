"""Every kind of bad input, in one table: what is called, the exception, and what its message says."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fairgames as fg
from fairgames import load
from fairgames.errors import EvaluationError

NAN, INF = math.nan, math.inf
TABLE = [[0, "2/3"], ["2/3", 1]]
MATRIX = [[1, 0], [0, 1]]
CROWD = fg.DPMeanUtility([0, 1, 2], n_users=40)
SPEC = """
levels = ["absent", "present"]
utility = { kind = "table", by_count = [0, "2/3", 1] }
every_user = { costs = { present = 0.3 } }
"""
FEDERATED = """
levels = ["absent", "federated", "direct"]
utility = { kind = "federated-mean", between_variance = 1, within_variance = 1 }
every_user = { costs = { federated = 0.1, direct = 0.3 } }
users = [{ name = "A", samples = 10 }]
"""


def game(costs=(0, 0.3), **options):
    return fg.FairGame(TABLE, costs, **options)


def federated(samples=(10, 20), between=1, within=1, **options):
    return fg.FederatedMeanUtility(samples, between, within, **options)


def fit(groups, values, value="v"):
    return fg.fit_federated_mean({"g": groups, "v": values}, "g", value)


def measured(answer):
    return fg.MeasuredUtility(lambda _profile: answer, shape=(2, 2)).tensor()


IN_PYTHON = {
    # wrong shapes
    "ragged table": (lambda: fg.TableUtility([[0, 1], [1]]), fg.InputError, "values: must be rectangular"),
    "table without axes": (lambda: fg.TableUtility(3), fg.InputError, "values: must have one axis for each user"),
    "one level": (lambda: fg.TableUtility([[0, 1]]), fg.InputError, "axis 0: must have at least 2 levels"),
    "counts as table": (lambda: fg.CountUtility([[0, 1]]), fg.InputError, "utility of 0, 1, …, N present"),
    "no users": (lambda: federated([]), fg.InputError, "samples: must be a list"),
    "missing n_users": (lambda: fg.DPMeanUtility([0, 1]), fg.InputError, "n_users: must be given"),
    "other n_users": (lambda: fg.DPMeanUtility([[0, 1]], n_users=2), fg.InputError, "n_users: must be 1"),
    "importance": (lambda: federated(importance=[1]), fg.InputError, "importance: must have one number for each"),
    "short profile": (lambda: fg.fair_payments(TABLE, [1]), fg.InputError, "one level for each of the 2 users"),
    "ragged profile": (lambda: fg.fair_payments(TABLE, [[1], [0, 1]]), fg.InputError, "profile: must be one level"),
    "unknown level": (lambda: fg.fair_payments(TABLE, [1, 2]), fg.InputError, r"profile\[1\]: .*from 0 to 1, got 2"),
    "broken counts": (lambda: fg.fair_payments(TABLE, [[1, 2]]), fg.InputError, "count all 2 users of type 0"),
    "cost levels": (lambda: game([0, 0.1, 0.2]), fg.InputError, r"costs\[0\]: must have one cost for each of 2"),
    "cost rows": (lambda: game([[0, 0.1]] * 3), fg.InputError, "one row for each of the 2 users, got '3 rows'"),
    "no costs": (lambda: game(None), fg.InputError, "costs: is required for this: what each level"),
    "no actions": (lambda: game(actions=()), fg.InputError, r"actions\[0\]: must be a non-empty tuple"),
    "unknown action": (lambda: game(actions=(0, 2)), fg.InputError, r"actions\[0\]: must hold levels from 0 to 1"),
    "rule's payments": (
        lambda: game(payments=lambda _utility, _profile: [1]).payoffs,
        fg.InputError,
        "payments: must return one payment for each of 2 users",
    ),
    "no profile": (lambda: game().best_responses(None), fg.InputError, "profile: must have one entry for each"),
    "mixture": (lambda: game().best_responses([[0.5, 0.6], 1]), fg.InputError, "probabilities that add up to 1"),
    "payoff shapes": (lambda: fg.equilibria([MATRIX, [[1, 0]]]), fg.InputError, r"shape \(2, 2\) of payoffs\[0\]"),
    "one player": (lambda: fg.equilibria([[1, 2]]), fg.InputError, "at least two players"),
    "three players": (
        lambda: fg.equilibria(np.zeros((3, 2, 2, 2)), method="vertices"),
        fg.errors.SolverError,
        "serves games of 2 players.*use 'auto' or one of pure",
    ),
    # not a number
    "NaN utility": (lambda: fg.TableUtility([[0, NAN], [1, 1]]), fg.InputError, r"values\[0, 1\]: .*not NaN"),
    "NaN epsilon": (lambda: fg.DPMeanUtility([0, NAN], n_users=2), fg.InputError, r"epsilons\[1\]: .*not NaN"),
    "NaN cost": (lambda: game([0, NAN]), fg.InputError, r"costs\[1\]: .*not NaN"),
    "NaN alpha": (lambda: game(alpha=NAN), fg.InputError, "alpha: .*not NaN"),
    "NaN variance": (lambda: federated(between=NAN), fg.InputError, "between_variance: .*not NaN"),
    "NaN payoff": (lambda: fg.equilibria([MATRIX, [[NAN, 0], [0, 1]]]), fg.InputError, r"payoffs\[1\]\[0, 0\]: .*NaN"),
    "NaN measured": (lambda: measured(NAN), EvaluationError, "finite"),
    "NaN observed": (lambda: fit(["a", "a", "b"], [1, 2, NAN]), fg.errors.DataError, "1 of 3 rows miss something"),
    "text": (lambda: game([0, "dear"]), fg.InputError, r"costs\[1\]: must be a number such as .*got 'dear'"),
    "boolean": (lambda: fg.TableUtility([[False, True], [True, True]]), fg.InputError, "not a boolean, got False"),
    # infinity where it means nothing
    "infinite utility": (lambda: fg.CountUtility([0, INF]), fg.InputError, r"values\[1\]: must be finite"),
    "infinite sample": (lambda: federated([10, INF]), fg.InputError, r"samples\[1\]: must be finite"),
    "infinite variance": (lambda: federated(within=INF), fg.InputError, "within_variance: must be finite"),
    "infinite payoff": (lambda: fg.equilibria([MATRIX, [[INF, 0], [0, 1]]]), fg.InputError, "must be finite"),
    "infinite observation": (
        lambda: fit(["a", "a", "b"], [1, 2, INF]),
        fg.errors.DataError,
        "finite numbers, got inf in row 3",
    ),
    "minus infinity": (lambda: game([0, -INF]), fg.InputError, r"costs\[1\]: must be finite"),
    "nothing affordable": (lambda: game([0, INF], actions=(1,)), fg.InputError, "no level of finite cost"),
    # costs
    "negative cost": (lambda: game([0, -0.4]), fg.InputError, r"costs\[0, 1\]: must be at least 0, got -0.4"),
    "absence costs": (lambda: game(["1/10", 1]), fg.InputError, r"costs\[0, 0\]: must be 0: level 0 .*got 1/10"),
    "negative margin": (
        lambda: fg.stable_profiles(TABLE, [0, 1], margin=-1),
        fg.InputError,
        "margin: must be at least",
    ),
    # utility of nobody
    "U(0) of a table": (lambda: fg.TableUtility([[1, 1], [1, 2]]), fg.InputError, r"values\[0, 0\]: .*must be 0"),
    "U(0) of counts": (lambda: fg.CountUtility(["1/2", 1]), fg.InputError, r"values\[0\]: .*must be 0 .*got 1/2"),
    "absent with data": (lambda: fg.DPMeanUtility([1, 2], n_users=2), fg.InputError, r"epsilons\[0\]: must be 0"),
    # alpha
    "alpha above 1": (lambda: game(alpha="3/2"), fg.InputError, r"alpha: must lie in \[0, 1\], got 3/2"),
    "alpha below 0": (lambda: fg.fair_payments(TABLE, [1, 1], -0.1), fg.InputError, r"alpha: .*\[0, 1\], got -0.1"),
    "alpha of a level": (
        lambda: fg.payment_table(TABLE, alpha=lambda level: 1 + level).user(0),
        fg.InputError,
        r"alpha\(2/3\): must lie in \[0, 1\], got 5/3",
    ),
    # variances and samples
    "no between variance": (lambda: federated(between=0), fg.InputError, "between_variance: must be above 0, got 0"),
    "negative variance": (lambda: federated(within=-1), fg.InputError, "within_variance: must be above 0, got -1"),
    "no samples": (lambda: federated([10, 0]), fg.InputError, r"samples\[1\]: must be at least 1, got 0"),
    "no identical users": (lambda: federated(counts=[1, 0]), fg.InputError, r"counts\[1\]: must be at least 1"),
    "falling epsilon": (lambda: fg.DPMeanUtility([0, 2, 1], n_users=2), fg.InputError, r"epsilons\[2\]: must not fall"),
    # grouped data
    "one group": (
        lambda: fit(["a", "a"], [1, 2]),
        fg.errors.DataError,
        r"at least two groups to compare, got 1: \['a'\]",
    ),
    "groups of one": (lambda: fit(["a", "b"], [1, 2]), fg.errors.DataError, "some group must have two observations"),
    "groups alike": (lambda: fit([*"aabb"], [0, 10, 1, 9]).utility(), fg.errors.DataError, "no more than chance"),
    "missing column": (lambda: fit(["a"], [1], "w"), fg.errors.DataError, "no column 'w'; its columns are 'g', 'v'"),
    # memory
    "utility tensor": (lambda: fg.potential(CROWD), fg.SizeError, r"utility tensor of 40 users .*need [\d,]+ bytes"),
    "game": (lambda: fg.FairGame(CROWD, [0, 1, 2]).payoffs, fg.SizeError, r"of 40 users .*need [\d,]+ bytes"),
    "counts": (
        lambda: fg.coalition_payments(federated(range(10, 70)), [1] * 60),
        fg.SizeError,
        r"counts of 60 present users would need [\d,]+ bytes .*; use payments among the users alone",
    ),
}

IN_A_SPECIFICATION = {
    "no TOML": ("levels = [", "is not TOML"),
    "nothing": ("", "levels: is required"),
    "unknown key": (SPEC + "colour = 3", "colour: unknown key; known here: title"),
    "unknown level": (SPEC.replace("{ present =", "{ presemt ="), 'unknown level "presemt"; did you mean "present"'),
    "negative cost": (SPEC.replace("0.3", "-0.3"), "every_user.costs.present: must be at least 0, got -0.3"),
    "NaN cost": (SPEC.replace("0.3", "nan"), "every_user.costs.present: must be a number, not NaN"),
    "U(0)": (SPEC.replace("[0,", "[1,"), r"utility.by_count: .*must be 0"),
    "alpha": (SPEC + "platform = { alpha = 2 }", "platform.alpha: must be from 0 to 1, got 2"),
    "variance": (FEDERATED.replace("between_variance = 1", "between_variance = 0"), "between_variance: must be more"),
    "samples": (FEDERATED.replace("10", "0"), r'users\[1\].samples \("A"\): must be .*at least 1, got 0'),
    "file elsewhere": (
        SPEC.replace('by_count = [0, "2/3", 1]', 'file = "../u.csv"'),
        "below the specification's folder",
    ),
    "no file": (SPEC.replace('by_count = [0, "2/3", 1]', 'file = "u.csv"'), "utility.file: must name an existing file"),
}


@pytest.mark.parametrize(("call", "kind", "message"), IN_PYTHON.values(), ids=IN_PYTHON.keys())
def test_bad_input_gets_one_clear_error(call, kind, message):
    with pytest.raises(fg.FairGamesError, match=message) as caught:
        call()
    assert type(caught.value) is kind
    assert "Fraction(" not in str(caught.value)


@pytest.mark.parametrize(("text", "message"), IN_A_SPECIFICATION.values(), ids=IN_A_SPECIFICATION.keys())
def test_a_bad_specification_gets_one_clear_error(tmp_path, text, message):
    path = tmp_path / "spec.toml"
    path.write_text(text)
    with pytest.raises(fg.errors.SpecificationError, match=message) as caught:
        load(path)
    assert "Fraction(" not in str(caught.value)


def test_a_specification_that_is_no_text_or_not_there(tmp_path):
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    for name, message in (("bytes.toml", "must be text in UTF-8"), ("none.toml", "cannot be read")):
        with pytest.raises(fg.errors.SpecificationError, match=message):
            load(tmp_path / name)
