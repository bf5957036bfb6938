import pickle
import subprocess
import sys
from fractions import Fraction

import pytest
import sympy as sp

from symbolic import errors, exactness
from symbolic.closed_form import ClosedForm, RootForm, unit_root

t, y = sp.symbols("t y", positive=True)


def test_arguments_are_exact_and_counted():
    form = ClosedForm("f", t**2, (t,), "test")
    assert form.at(Fraction(1, 3)) == sp.Rational(1, 9)
    with pytest.raises(errors.InputError, match="f\\(t\\)"):
        form.at(1, 2)
    with pytest.raises(errors.InputError, match="exact"):
        form.at(0.5)


def test_root_form_in_regimes():
    expression = sp.Piecewise((t, t <= 1), (y, t <= 2), (0, True))
    form = RootForm("f", expression, (t,), "test", (), y, t - 1 - y**3)
    assert form.at(1) == 1
    assert form.at(3) == 0
    assert float(form.at("3/2")) == pytest.approx(0.5 ** (1 / 3))
    assert form.lambdify()(1.5) == pytest.approx(0.5 ** (1 / 3), abs=1e-12)
    assert form.lambdify()(5.0) == 0
    assert "solves" in repr(form)
    assert r"\in [0, 1]" in form.latex()


def test_unit_root_must_be_unique():
    assert unit_root(2 * y - 1, y) == sp.Rational(1, 2)
    with pytest.raises(errors.InputError, match="not 2"):
        unit_root((y - sp.Rational(1, 3)) * (y - sp.Rational(1, 2)), y)
    with pytest.raises(errors.InputError, match="not 0"):
        unit_root(y + 1, y)


def test_star_is_written_as_a_star():
    assert ClosedForm("alpha_star", t, (t,), "test").latex() == r"\alpha^{*}\left(t\right) = t"
    assert ClosedForm("c_th", sp.S.One, (), "test").latex() == "c_{th} = 1"


@pytest.mark.parametrize(
    "value", [0.5, True, "a", "-inf", "1/0", None, sp.Symbol("z"), sp.Float(1), sp.I, float("nan")]
)
def test_inexact_input_is_refused(value):
    with pytest.raises(errors.InputError):
        exactness.exact("value", value)


@pytest.mark.parametrize("value", ["inf", "oo", float("inf"), sp.oo])
def test_infinity(value):
    assert exactness.exact("value", value) == sp.oo


def test_errors_survive_pickling():
    error = errors.InputError("n_users", "must be at least 2", 1)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_import_loads_nothing_heavy():
    code = (
        "import sys, symbolic, symbolic.errors; assert 'sympy' not in sys.modules;"
        "from symbolic import regimes, dp_mean, payments;"
        "heavy = {'numpy', 'scipy', 'pandas', 'matplotlib', 'nashpy', 'pygambit', 'fairgames'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_numpy_integers_are_exact():
    import numpy as np

    assert exactness.exact("value", np.int64(3)) == 3
    assert exactness.user_count(np.int64(3)) == 3


def test_derivations_print_their_conditions():
    from symbolic import regimes

    text = repr(regimes.derive(2))
    assert "alpha_star(c, U_1, U_2) = " in text
    assert text.endswith("provided that 2*U_1 - U_2 >= 0")
