"""What every derivation returns: an exact expression with its name, arguments, source and conditions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symbolic.errors import InputError
from symbolic.exactness import exact


@dataclass(frozen=True)
class ClosedForm:
    r"""One closed form.

    Parameters
    ----------
    name : str
        How the quantity is written, for instance ``"gamma"``.
    expression : sympy.Expr
        The value; a ``Piecewise`` where it has regimes.
    arguments : tuple of sympy.Symbol
        What it depends on, in the order in which `at` and the function of `lambdify` take them.
    source : str
        The paper's equation or the statement that it comes from.
    conditions : tuple of sympy.Boolean
        The relations under which it holds; empty when they are all known to be true.

    Examples
    --------
    >>> u = sp.Symbol("u", positive=True)
    >>> square = ClosedForm("s", u**2, (u,), "an example")
    >>> square
    s(u) = u**2
    >>> square.at("2/3"), square.lambdify()(3.0)
    (4/9, 9.0)
    >>> print(square.latex())
    s\left(u\right) = u^{2}
    """

    name: str
    expression: sp.Expr
    arguments: tuple[sp.Symbol, ...]
    source: str
    conditions: tuple[sp.Basic, ...] = ()

    def __repr__(self) -> str:
        """Write the equation in plain text."""
        return f"{self.signature} = {self.expression}"

    @property
    def signature(self) -> str:
        """The left-hand side, ``gamma(p)``."""
        return f"{self.name}({', '.join(map(str, self.arguments))})" if self.arguments else self.name

    def latex(self) -> str:
        """The equation as LaTeX, without surrounding dollar signs."""
        return f"{_latex_head(self.name, self.arguments)} = {sp.latex(self.expression)}"

    def lambdify(self, modules: str = "math") -> Callable[..., Any]:
        """A numeric function of `arguments`.

        Parameters
        ----------
        modules : str, default "math"
            ``"math"`` for single floats (a matrix comes as nested lists), ``"numpy"`` for arrays,
            ``"mpmath"`` for many digits.
        """
        plain = modules == "math" and isinstance(self.expression, sp.MatrixBase)
        value = self.expression.tolist() if plain else self.expression
        return sp.lambdify(self.arguments, value, modules)  # type: ignore[no-any-return]

    def at(self, *values: object) -> sp.Expr:
        """The exact value at exact arguments.

        Parameters
        ----------
        *values : int, Fraction, str or sympy.Expr
            One for each of `arguments`.

        Raises
        ------
        InputError
            When their number is wrong, one of them is a float, or the form is 0/0 there.
        """
        value = self.expression.subs(self.substitution(values), simultaneous=True)
        if value is sp.nan:
            raise InputError("values", f"must not make {self.name} 0/0: derive it for these numbers instead", values)
        return value

    def substitution(self, values: tuple[object, ...]) -> dict[sp.Symbol, sp.Expr]:
        """Pair the arguments with exact values."""
        if len(values) != len(self.arguments):
            raise InputError("values", f"must be one for each of {self.signature}", values)
        return {symbol: exact(str(symbol), value) for symbol, value in zip(self.arguments, values, strict=True)}


@dataclass(frozen=True, repr=False)
class RootForm(ClosedForm):
    """A closed form whose expression contains one root of a polynomial, with no use of radicals.

    Parameters
    ----------
    parameter : sympy.Symbol
        The root inside `expression`.
    relation : sympy.Expr
        The polynomial in `parameter` that vanishes at the root; wherever the root is used it is the
        only one in [0, 1].

    Notes
    -----
    `at` needs numbers for all symbols and returns a ``CRootOf`` or an expression of one;
    `lambdify` finds the root to machine precision.

    Examples
    --------
    >>> t, y = sp.symbols("t y", positive=True)
    >>> fifth = RootForm("f", y + 1, (t,), "an example", (), y, y**5 + y - t)
    >>> fifth.at("1/2")
    CRootOf(2*x**5 + 2*x - 1, 0) + 1
    >>> round(fifth.lambdify()(0.5), 6)
    1.475653
    """

    parameter: sp.Symbol = sp.Symbol("x", nonnegative=True)  # noqa: RUF009 (symbols are immutable)
    relation: sp.Expr = sp.S.Zero

    def __repr__(self) -> str:
        """Write the equation and what its root solves."""
        return f"{super().__repr__()} where {self.parameter} in [0, 1] solves {self.relation} = 0"

    def latex(self) -> str:
        """The equation and the polynomial that its root solves, as LaTeX."""
        return (
            rf"{super().latex()}, \quad {sp.latex(sp.Eq(self.relation, 0))}, \; {sp.latex(self.parameter)} \in [0, 1]"
        )

    def at(self, *values: object) -> sp.Expr:
        """The exact value at exact arguments, by isolating the root in [0, 1]."""
        numbers = self.substitution(values)
        value = self.expression.subs(numbers, simultaneous=True)
        if not value.has(self.parameter):
            return value
        if not all(number.is_number for number in numbers.values()):
            raise InputError("values", "must all be numbers where a root is needed", values)
        return value.subs(self.parameter, unit_root(self.relation.subs(numbers), self.parameter))

    def lambdify(self, modules: str = "math") -> Callable[..., Any]:
        """A numeric function of `arguments`, for single numbers."""
        relation = sp.lambdify((self.parameter, *self.arguments), self.relation, modules)
        pieces = [
            (sp.lambdify((self.parameter, *self.arguments), piece, modules), piece.has(self.parameter), holds)
            for piece, holds in (
                (piece, sp.lambdify(self.arguments, condition, modules))
                for piece, condition in _pieces(self.expression)
            )
        ]

        def evaluate(*values: Any) -> Any:
            for piece, has_root, holds in pieces:
                if holds(*values):
                    root = _bisect(lambda y: relation(y, *values)) if has_root else 0.0
                    return piece(root, *values)
            raise InputError("values", "must lie in one of the regimes", values)

        return evaluate


class Derivation:
    """Mixin of the dataclasses that hold several closed forms (``@dataclass(frozen=True, repr=False)``)."""

    def forms(self) -> Iterator[ClosedForm]:
        """The closed forms, in the order in which they are printed."""
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, ClosedForm):
                yield value

    def __repr__(self) -> str:
        """One equation a line with its source, and the conditions that the symbols have to meet."""
        lines = [f"{form!r}    [{form.source}]" for form in self.forms()]
        conditions = getattr(self, "conditions", ())
        return "\n".join([*lines, *(f"provided that {condition}" for condition in conditions)])

    def latex(self) -> str:
        """All equations in one ``aligned`` environment."""
        rows = [form.latex().replace(" = ", " &= ", 1) for form in self.forms()]
        rows += [rf"& \text{{provided that }} {sp.latex(condition)}" for condition in getattr(self, "conditions", ())]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def lambdify(self, modules: str = "math") -> dict[str, Callable[..., Any]]:
        """A numeric function for each closed form, by name."""
        return {form.name: form.lambdify(modules) for form in self.forms()}


def unit_root(polynomial: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    """The only root of a polynomial with rational coefficients in [0, 1], as ``CRootOf`` or a rational.

    Parameters
    ----------
    polynomial : sympy.Expr
        With rational coefficients.
    symbol : sympy.Symbol
        Its variable.

    Returns
    -------
    sympy.Expr
        The root.

    Raises
    ------
    InputError
        When there is no such root, or more than one.
    """
    poly = sp.Poly(polynomial, symbol)
    roots = sorted(set(poly.real_roots(radicals=False)), key=sp.N)
    inside = [root for root in roots if root >= 0 and root <= 1]
    if len(inside) != 1:
        raise InputError(
            "relation", f"must have one root in [0, 1] at these numbers, not {len(inside)}", poly.as_expr()
        )
    return inside[0]


def _bisect(function: Callable[[float], float]) -> float:
    import mpmath

    return float(mpmath.findroot(function, (0, 1), solver="bisect", tol=1e-15, maxsteps=60))


def _pieces(expression: sp.Expr) -> list[tuple[sp.Expr, sp.Basic]]:
    if isinstance(expression, sp.Piecewise):
        return [(piece, condition) for piece, condition in expression.args]
    return [(expression, sp.true)]


def _latex_head(name: str, arguments: tuple[sp.Symbol, ...]) -> str:
    stem = name.removesuffix("_star")
    head = str(sp.latex(sp.Symbol(stem))) + ("^{*}" if stem != name else "")
    inside = ", ".join(sp.latex(argument) for argument in arguments)
    return rf"{head}\left({inside}\right)" if arguments else head
