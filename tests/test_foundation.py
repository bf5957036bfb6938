import json
import math
import pickle
import re
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import fairgames
from fairgames import FairGamesError, InputError, SizeError
from fairgames.errors import SpecificationError
from fairgames.memory import require_memory
from fairgames.result import Result, format_value, html_table, json_ready
from fairgames.tolerance import RELATIVE, comparison_tolerance


@dataclass(frozen=True, eq=False, repr=False)
class Sample(Result):
    name: str
    values: np.ndarray
    parts: tuple


def test_every_error_is_a_value_error_and_survives_a_process_boundary():
    assert issubclass(FairGamesError, ValueError)
    for error in (
        InputError("costs[0]", "must be at least 0", -1),
        SizeError("too large"),
        SpecificationError("spec.toml", ["users[0]: unknown key", "title: missing"]),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)


def test_a_specification_error_lists_every_problem():
    error = SpecificationError("spec.toml", ["users[0]: unknown key", "title: missing"])
    assert str(error) == "spec.toml: users[0]: unknown key\nspec.toml: title: missing"


def test_memory_that_is_not_there_is_refused_with_both_figures():
    require_memory(1, "one byte", "nothing")
    with pytest.raises(SizeError, match=r"1,152,921,504,606,846,976 bytes \(1.02e\+03 PiB\).*use less"):
        require_memory(2**60, "the tensor", "less")


def test_results_compare_by_value_and_travel():
    first = Sample("a", np.array([1.0, 2.0]), (np.array([1]), "x"))
    second = Sample("a", np.array([1.0, 2.0]), (np.array([1]), "x"))
    assert first == second
    assert hash(first) == hash(second)
    assert first != Sample("a", np.array([1.0, 3.0]), (np.array([1]), "x"))
    assert first != "a"
    assert pickle.loads(pickle.dumps(first)) == first
    assert "values" in repr(first)
    assert "<table>" in first._repr_html_()


def test_notebook_tables_put_words_left_and_numbers_right():
    drawn = html_table("A <title>", ("user", "payment", "of it"), [("a", "1/2", "-"), ("2", "1e-05", "12,000")])
    assert "<caption>A &lt;title&gt;</caption>" in drawn
    sides = re.findall(r'<td style="text-align: (left|right)">', drawn)
    assert sides == ["left", "right", "right"] * 2
    assert html_table("Every certificate holds", ("failure",), []) == "<p>Every certificate holds</p>"


def test_plain_forms_are_json():
    plain = json_ready({"a": Fraction(2, 3), "b": [math.inf, np.float64(1.5), np.int64(2), np.True_], "c": None})
    assert json.loads(json.dumps(plain)) == {"a": "2/3", "b": ["inf", 1.5, 2, True], "c": None}
    assert Sample("a", np.array([1, 2]), ()).to_dict() == {"kind": "Sample", "name": "a", "values": [1, 2], "parts": []}
    with pytest.raises(TypeError, match="no JSON form"):
        json_ready(object())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "yes"),
        (-0.0, "0"),
        (Fraction(2, 3), "2/3"),
        (Fraction(123456789, 987654321), "0.125"),
        (Fraction(10**400, 3), "3.33333e+399"),
        (Fraction(-1, 3**5000), "-2.47586e-2386"),
        (0.1234567890, "0.123457"),
        (np.array([0.5, 1.0]), "(0.5, 1)"),
        ((Fraction(1, 2), "a"), "(1/2, a)"),
    ],
)
def test_values_are_written_for_people(value, text):
    assert format_value(value) == text


def test_tolerance_is_relative_for_floats_and_zero_for_rationals():
    exact = np.array([Fraction(1, 3)], dtype=object)
    assert comparison_tolerance(exact) == 0
    assert comparison_tolerance(np.array([-200.0, np.inf]), exact) == RELATIVE * 200


def test_importing_the_package_loads_nothing_heavy():
    heavy = ["nashpy", "pygambit", "scipy.optimize", "sympy", "pandas", "matplotlib", "rich", "pydantic", "joblib"]
    code = f"import sys, fairgames; print([name for name in {heavy!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "[]"


PUBLIC = """
    Utility TableUtility CountUtility DPMeanUtility FederatedMeanUtility ThresholdUtility MeasuredUtility monotonicity
    fit_federated_mean Fit
    fair_payments payment_table coalition_payments potential Payments check_axioms rules
    FairGame stable_profiles equilibria EquilibriumSet available_solvers verify
    optimal_alpha Optimum symmetric_mechanism equilibrium_families price_of_fairness
    compare_rules compare_solvers compare_optima leaving bootstrap cost_robustness misreport sweep explain_payments
    explore parametric_equilibria
    false_names crosscheck
    Scenario load
    FairGamesError InputError SizeError errors
"""
RULES = """
    Rule Fair NoNegative EqualSplit LeaveOneOut Banzhaf ExactCost Proportional proportional_equilibrium standard_rules
"""


def test_the_public_names_are_these_and_all_are_documented():
    assert set(fairgames.__all__) == set(PUBLIC.split())
    assert set(fairgames.rules.__all__) == set(RULES.split())
    assert fairgames.__all__ == sorted(fairgames.__all__, key=lambda name: (name[0].islower(), name))
    for module in (fairgames, fairgames.rules):
        for name in module.__all__:
            assert getattr(module, name).__doc__


def test_the_reference_lists_every_public_name():
    page = (Path(__file__).resolve().parents[1] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    listed = {line.strip() for line in page.splitlines() if line.startswith("   ")}
    assert {*PUBLIC.split(), *(f"rules.{name}" for name in RULES.split())} - {"rules", "errors"} <= listed
