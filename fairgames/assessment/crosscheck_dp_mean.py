"""Cross-check of the private mean: risk, weights and utility from the prior and the Laplace constraint."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import partial

from fairgames.assessment.crosscheck_exact import evaluator
from fairgames.assessment.crosscheck_points import Draws, Point, Question, around, at
from fairgames.exactness import Number, as_array
from fairgames.mechanism.symmetric_mechanism import symmetric_mechanism
from fairgames.utility.dp_mean import DPMeanUtility

_EDGE = (Fraction(3464101, 1000000), Fraction(3464102, 1000000))
"""Rationals on both sides of the least epsilon with diminishing returns, the root of 12."""


def questions(everything: bool) -> Iterator[Question]:
    """Utilities of two users with different epsilons, and of up to four (eight) who share one."""
    yield Question("private mean, two epsilons", "appendix B.1", _pair)
    for n_users in (2, 3, 4, 6, 8) if everything else (2, 3, 4):
        yield Question(f"private mean, {n_users} users", "appendix B.1, eq. 37", partial(_utility, n_users))
        yield Question(f"its weights, {n_users} users", "eqs. 31, 35", partial(_weights, n_users), exact=False)
        yield Question(f"its risk, {n_users} users", "eqs. 28, 32, 36", partial(_risk, n_users), exact=False)
    for n_users in (2, 3) if everything else (2,):
        yield Question(f"epsilons of assumption 2, {n_users} users", "section 3", partial(_assumption, n_users))


def _pair(draws: Draws) -> Iterator[Point]:
    from symbolic import dp_mean

    form = evaluator(dp_mean.pair_utility())
    for _ in range(draws.points):
        first = draws.rational(0, 6)
        edge = first + 12 / first
        below, above = first + draws.rational() * 12 / first, edge * (1 + draws.rational(0, 2))
        for second in (first, below, *around(edge), above, math.inf):
            utility = DPMeanUtility(as_array([[0, first], [0, second]], "epsilons", allow_inf=True))
            yield at(f"epsilons {first}, {second}", form(first, second), utility((1, 1)))


def _sharing(epsilon: Number, n_users: int) -> DPMeanUtility:
    return DPMeanUtility(as_array([0, epsilon], "epsilons", allow_inf=True), n_users)


def _epsilons(draws: Draws) -> Iterator[Fraction]:
    yield from (Fraction(1, 1000), Fraction(1000))
    yield from (draws.rational(0, 12) for _ in range(draws.points))


def _utility(n_users: int, draws: Draws) -> Iterator[Point]:
    from symbolic import dp_mean

    forms = [dp_mean.utility(n_users, k) for k in range(n_users + 1)]
    noiseless = [dp_mean.utility(n_users, k, "inf").at() for k in range(n_users + 1)]
    yield at("epsilon inf", noiseless, _at_counts(_sharing(math.inf, n_users)))
    for epsilon in _epsilons(draws):
        closed = [form.at(*[epsilon] * len(form.arguments)) for form in forms]
        yield at(f"epsilon {epsilon}", closed, _at_counts(_sharing(epsilon, n_users)))


def _at_counts(utility: DPMeanUtility) -> list[object]:
    return [utility([[utility.n_users - k, k]]) for k in range(utility.n_users + 1)]


def _weights(n_users: int, draws: Draws) -> Iterator[Point]:
    import sympy as sp

    from symbolic import dp_mean_risk, symbols

    for present in range(1, n_users + 1):
        form = dp_mean_risk.best_weight(sp.Integer(present))
        profile = [1] * present + [0] * (n_users - present)
        for epsilon in _epsilons(draws):
            closed = form.subs(symbols.epsilon, sp.Rational(str(epsilon)))
            numeric = _sharing(epsilon, n_users).weights(profile)
            yield at(f"{present} present, epsilon {epsilon}", [closed] * present, numeric[:present])


def _risk(n_users: int, draws: Draws) -> Iterator[Point]:
    import sympy as sp

    from symbolic import dp_mean_risk, symbols

    for present in range(n_users + 1):
        form = dp_mean_risk.minimal_risk(sp.Integer(present))
        profile = [1] * present + [0] * (n_users - present)
        for epsilon in _epsilons(draws):
            closed = form.subs(symbols.epsilon, sp.Rational(str(epsilon)))
            numeric = _sharing(epsilon, n_users).bayes_risk(profile)
            yield at(f"{present} present, epsilon {epsilon}", closed, numeric)


def _assumption(n_users: int, draws: Draws) -> Iterator[Point]:
    import sympy as sp

    from symbolic import dp_mean

    allowed = dp_mean.assumption_range(n_users)
    for epsilon in (*_EDGE, *(draws.rational(2, 6) for _ in range(draws.points))):
        mechanism = symmetric_mechanism(_sharing(epsilon, n_users), Fraction(1, 10))
        closed = allowed.contains(sp.Rational(str(epsilon)))
        yield at(f"epsilon {epsilon}", closed, mechanism.assumptions.diminishing)
