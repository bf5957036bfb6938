"""The platform's optimum with two groups: the regions of (c_1, c_2), their boundary curves and alpha there.

Everything is written in ``a = min(c_1, c_2)`` and ``b = max(c_1, c_2)``. The candidates are the ends of the
families of equilibria: both take part at ``alpha = b/gamma_min``; the cheaper one alone at ``a/gamma_max``; and
half-mixed, at ``alpha = a/gamma_min`` exactly, where the cheaper user is indifferent while the dearer one takes
part surely.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from symbolic import symbols
from symbolic.closed_form import ClosedForm, Derivation
from symbolic.symmetric import absence_gamma
from symbolic.two_groups import PAPER, gamma_inverse, pair_utilities

CHEAPER = sp.Symbol("a", positive=True)
"""The smaller of the two costs."""

DEARER = sp.Symbol("b", positive=True)
"""The larger of the two costs."""


@dataclass(frozen=True)
class Region:
    """One region of the map.

    Parameters
    ----------
    name : str
        ``"half-mixed"``, ``"both"``, ``"one"`` or ``"none"``.
    condition : sympy.Boolean
        Relations between a and b, besides ``a <= b``.
    alpha, value : sympy.Expr
        The optimal alpha and the platform's value.
    cheaper_out, dearer_out : sympy.Expr
        Probabilities that the cheaper and the dearer user stay out.
    """

    name: str
    condition: sp.Basic
    alpha: sp.Expr
    value: sp.Expr
    cheaper_out: sp.Expr
    dearer_out: sp.Expr

    def latex(self) -> str:
        """The condition, alpha and the value."""
        return rf"{sp.latex(self.condition)}: \; \alpha^{{*}} = {sp.latex(self.alpha)}, \; {sp.latex(self.value)}"

    def lambdify(self, modules: str = "math") -> Callable[..., object]:
        """``(inside, alpha, value)`` as a function of (a, b); symbols of the utilities come last."""
        inside = sp.And(self.condition, CHEAPER <= DEARER)
        others = [symbol for symbol in symbols.appearing_in(inside, self.alpha) if symbol not in (CHEAPER, DEARER)]
        names = (CHEAPER, DEARER, *others)
        return sp.lambdify(names, (inside, self.alpha, self.value), modules)  # type: ignore[no-any-return]

    def as_set(self) -> sp.Set:
        """The pairs (a, b) of the region as a SymPy set."""
        inside = sp.And(self.condition, CHEAPER <= DEARER)
        return sp.ConditionSet(sp.Tuple(CHEAPER, DEARER), inside, sp.S.Reals**2)


@dataclass(frozen=True, repr=False)
class RegionMap(Derivation):
    """The optimum at all costs.

    Parameters
    ----------
    alpha_star, value : ClosedForm
        Functions of ``(c_1, c_2)``: the optimal alpha and the platform's value.
    regions : tuple of Region
        They cover all costs; on common boundaries the first one counts, and alpha jumps there while the
        value does not.
    boundaries : tuple of (str, sympy.Eq)
        The curves between them, each solved for b (or for a where b is free).
    """

    alpha_star: ClosedForm
    value: ClosedForm
    regions: tuple[Region, ...]
    boundaries: tuple[tuple[str, sp.Eq], ...]


def region_map(utilities: tuple[object, ...] = PAPER) -> RegionMap:
    """Derive the map for utilities ``(U_1, U_2)`` of one and two users (Fig. 9, completed).

    Parameters
    ----------
    utilities : tuple of two numbers
        ``U_1`` and ``U_2`` of one and of two users; the paper's (2/3, 1) by default.

    Returns
    -------
    RegionMap
        The optimum in each region of the two costs, and the curves between regions.

    Raises
    ------
    ClaimError
        When the utilities are not monotone or not concave.

    Examples
    --------
    >>> regions = region_map()
    >>> regions.alpha_star.at("0.3", "0.31"), regions.value.at("0.31", "0.3")
    (3/5, 29/75)
    >>> for name, curve in regions.boundaries:
    ...     print(name, curve)
    half-mixed | both Eq(a, 1/4)
    half-mixed | both (edge) Eq(b, a)
    half-mixed | one Eq(b, a*(9*a - 4)/(3*(2*a - 1)))
    both | one Eq(b, a/2 + 1/6)
    one | none Eq(a, 2/3)
    """
    one, two = values = pair_utilities(utilities)
    a, b = CHEAPER, DEARER
    payoff = absence_gamma(2, values)
    bottom, top = payoff.subs(symbols.p, 0), payoff.subs(symbols.p, 1)

    both_value, one_value = sp.expand(two * (1 - b / bottom)), sp.expand(one * (1 - a / top))
    half_alpha = a / bottom
    # The dearer user stays in as long as the cheaper one is out often enough.
    cheaper_out = sp.factor(gamma_inverse(b / half_alpha, values))
    utility = two - cheaper_out * (two - one)
    half_value = sp.factor((1 - half_alpha) * utility)
    (split,) = sp.solve(both_value - one_value, b)
    # As a <= b, the split also keeps alpha = b/bottom at most 1.
    regions = [
        Region("both", b <= split, b / bottom, both_value, sp.S.Zero, sp.S.Zero),
        Region("one", a < top, a / top, one_value, sp.S.Zero, sp.S.One),
        Region("none", a >= top, sp.S.Zero, sp.S.Zero, sp.S.One, sp.S.One),
    ]
    boundaries = [("both | one", sp.Eq(b, split)), ("one | none", sp.Eq(a, top))]
    if two != one:
        better_than_both = sp.cancel((half_value - both_value) / (b - a))
        (start,) = sp.solve(sp.fraction(better_than_both)[0], a)
        edge = sp.factor(sp.solve(half_value - one_value, b)[0])
        (end,) = (root for root in sp.solve(sp.fraction(sp.together(edge - a))[0], a) if root != 0)
        # Written without a quotient, so that the condition can be read off at every cost.
        better_than_one = sp.factor(a * (half_value - one_value))
        half = sp.And(a > start, a < end, b > a, better_than_one > 0)
        regions.insert(0, Region("half-mixed", half, half_alpha, half_value, cheaper_out, sp.S.Zero))
        boundaries = [
            ("half-mixed | both", sp.Eq(a, start)),
            ("half-mixed | both (edge)", sp.Eq(b, a)),
            ("half-mixed | one", sp.Eq(b, edge)),
            *boundaries,
        ]
    free = symbols.appearing_in(*values)
    return RegionMap(
        _form("alpha_star", [(region.alpha, region.condition) for region in regions], free),
        _form("value", [(region.value, region.condition) for region in regions], free),
        tuple(regions),
        tuple(boundaries),
    )


def _form(name: str, pieces: list[tuple[sp.Expr, sp.Basic]], free: tuple[sp.Symbol, ...]) -> ClosedForm:
    order = {CHEAPER: sp.Min(symbols.c1, symbols.c2), DEARER: sp.Max(symbols.c1, symbols.c2)}
    expression = sp.Piecewise(*((value.subs(order), condition.subs(order)) for value, condition in pieces))
    return ClosedForm(name, expression, (symbols.c1, symbols.c2, *free), "section 5.2, Fig. 9, completed")
