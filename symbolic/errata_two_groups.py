"""Errata of section 5.2, Fig. 9 and appendix E: two groups with different costs."""

from __future__ import annotations

import sympy as sp

from symbolic import symbols
from symbolic.erratum import Erratum, Verification
from symbolic.two_group_cells import cells
from symbolic.two_group_places import Place
from symbolic.two_group_regions import CHEAPER, DEARER, region_map
from symbolic.two_groups import mixed_equilibrium
from symbolic.two_user_payments import payment_matrices

EXAMPLE = ((0, "2/3"), ("2/3", 1))


def _payoffs(p: sp.Expr, q: sp.Expr, fraction: sp.Expr, costs: tuple[sp.Expr, sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
    paid = payment_matrices(EXAMPLE)
    x, y = sp.Matrix([p, 1 - p]), sp.Matrix([q, 1 - q])
    first = fraction * (x.T * paid.first.expression * y)[0, 0] - costs[0] * (1 - p)
    second = fraction * (x.T * paid.second.expression * y)[0, 0] - costs[1] * (1 - q)
    return first, second


def _is_equilibrium(p: sp.Expr, q: sp.Expr, fraction: sp.Expr, costs: tuple[sp.Expr, sp.Expr]) -> bool:
    first, second = _payoffs(p, q, fraction, costs)
    return all(_payoffs(sp.Integer(k), q, fraction, costs)[0] <= first for k in (0, 1)) and all(
        _payoffs(p, sp.Integer(k), fraction, costs)[1] <= second for k in (0, 1)
    )


def _half_mixed() -> Verification:
    costs = (sp.Rational(3, 10), sp.Rational(31, 100))
    regions = region_map()
    half, *others = regions.regions
    pair = {CHEAPER: costs[0], DEARER: costs[1]}
    best_other, best = max(region.value.subs(pair) for region in others), half.value.subs(pair)
    fraction, out = half.alpha.subs(pair), half.cheaper_out.subs(pair)
    stable = _is_equilibrium(out, sp.S.Zero, fraction, costs)
    return Verification(
        bool(best_other >= best),
        stable and bool(best > best_other) and regions.value.at(*costs) == best,
        f"c = (.3, .31): alpha = {fraction}, user 1 out with probability {out}: {best} against {best_other}",
    )


def _first_term() -> Verification:
    p, q = symbols.p, symbols.q
    table = sp.Matrix(2, 2, sp.symbols("phi_11 phi_12 phi_21 phi_22", real=True))
    x, y = sp.Matrix([p, 1 - p]), sp.Matrix([q, 1 - q])
    derived = sp.expand((x.T * table * y)[0, 0])

    def stated(both_private: sp.Symbol) -> sp.Expr:
        rest = p * (1 - q) * table[0, 1] + (1 - p) * q * table[1, 0] + (1 - p) * (1 - q) * table[1, 1]
        return sp.expand(p * q * both_private + rest - derived)

    printed, correct = stated(table[0, 1]), stated(table[0, 0])
    return Verification(printed == 0, correct == 0, f"the printed u_1 / alpha is off by {sp.factor(printed)}")


def _mixed_cell() -> Verification:
    costs, fraction = (sp.Rational(9, 20), sp.Rational(1, 2)), sp.Rational(4, 5)
    mixed = mixed_equilibrium()
    p, q = mixed.first.at(fraction, costs[1]), mixed.second.at(fraction, costs[0])
    printed = (mixed.second.at(fraction, costs[0]), sp.Rational(1, 2) + costs[1] / fraction / 6)
    return Verification(
        _is_equilibrium(*printed, fraction, costs),
        _is_equilibrium(p, q, fraction, costs),
        f"c = (.45, .5), alpha = .8: (p, q) = ({p}, {q}), the print gives ({printed[0]}, {printed[1]})",
    )


def _too_large() -> Verification:
    """The top left cell, where nobody takes part: alpha = 1/2."""
    fraction = sp.Rational(1, 2)
    small, large = ((sp.Rational(cost, 100),) * 2 for cost in (1, 90))
    nobody = (sp.S.One, sp.S.One)
    corner = next(cell for cell in cells() if cell.places == (Place.ABOVE, Place.ABOVE))
    numbers = {symbols.alpha: fraction, symbols.c1: large[0], symbols.c2: large[1]}
    return Verification(
        _is_equilibrium(*nobody, fraction, small),
        _is_equilibrium(*nobody, fraction, large) and corner.condition.subs(numbers) == sp.true,
        "alpha = 1/2: with costs .9 nobody takes part, with costs .01 both do",
    )


ERRATA: tuple[Erratum, ...] = (
    Erratum(
        "Fig. 9, appendix E",
        "the optimum lies in a pure or fully mixed cell",
        "also half-mixed, at alpha = min(c)/gamma_min",
        _half_mixed,
    ),
    Erratum("Appendix E, u_1", "p q alpha phi(rho1', rho2') first", "p q alpha phi(rho1', rho1')", _first_term),
    Erratum(
        "Appendix E, mixed cell",
        "(gamma^-1(c_1/alpha), gamma(c_2/alpha))",
        "(gamma^-1(c_2/alpha), gamma^-1(c_1/alpha))",
        _mixed_cell,
    ),
    Erratum(
        "Appendix E, after the table",
        "both c_1 and c_2 are too small for taking part",
        "both are too large relative to alpha",
        _too_large,
    ),
)
