"""Closed forms as fast functions of rationals, with no rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def evaluator(form: Any) -> Callable[..., Any]:
    """Return a function of a form's arguments that takes rationals and gives SymPy numbers.

    Substituting into a form with several regimes takes a hundred times as long as evaluating the one that holds.

    Parameters
    ----------
    form : symbolic.closed_form.ClosedForm
        One of which the root has to be isolated is evaluated by its own `at`.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from symbolic.two_group_regions import region_map
    >>> evaluator(region_map().value)(Fraction(3, 10), Fraction(31, 100))
    29/75
    """
    import sympy as sp

    from symbolic.closed_form import RootForm

    if isinstance(form, RootForm):
        return form.at
    # Generated code would divide the integers of 2/3 as floats.
    fractions = [number for number in form.expression.atoms(sp.Rational) if not number.is_Integer]
    names = [sp.Dummy(f"r{place}") for place in range(len(fractions))]
    expression = form.expression.xreplace(dict(zip(fractions, names, strict=True)))
    function = sp.lambdify([*form.arguments, *names], expression, "sympy")
    return lambda *values: function(*map(sp.sympify, values), *fractions)
