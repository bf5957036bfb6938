"""The platform's optimum: one result for every kind of game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from fairgames.exactness import Array, Number
from fairgames.mechanism.landscape import Landscape
from fairgames.result import Result, format_value

_OF_ESTIMATES = {"reason", "standard_errors", "regret", "regret_error"}


@dataclass(frozen=True, eq=False, repr=False)
class Optimum(Result):
    """The payment fraction that is best for the platform, and what happens there.

    Attributes
    ----------
    alpha : Fraction, float or None
        The optimal payment fraction; where the optimum is only approached, the limit. None when
        nothing meets the constraints.
    value : Fraction, float or None
        What the platform keeps, ``(1 − alpha) · utility``.
    utility : Fraction, float or None
        Expected utility at the optimum (its limit when only approached).
    attained : bool
        Whether ``value`` is reached, or only approached as alpha tends to ``alpha``.
    approached_from : str or None
        ``"above"`` or ``"below"`` when the optimum is only approached.
    exact : bool
        True: ``alpha`` and ``value`` are the exact rationals. Otherwise floats, correct to the last
        digits, of an irrational root or of float inputs.
    selection : str
        Which equilibrium counts when there are several: ``"best"``, ``"worst"`` or ``"potential"``.
    searched : str
        The equilibria over which the optimum ranges.
    profile : tuple of int, ndarray or None
        Level of each user, or ``counts[entry, level]`` of very many users; None in mixed strategies.
    strategies : tuple of ndarray or None
        Probability of each allowed action of each player, when mixed.
    payments, costs : ndarray or None, shape (N,)
        Expected payment and privacy cost of each user; shaped like ``profile`` where that counts users.
    users_surplus : Fraction, float or None
        Payments less costs, over all users.
    welfare : Fraction, float or None
        Utility less costs: what platform and users gain together.
    upper_bound : Fraction, float or None
        What the platform would keep if it could pay each user exactly its cost; where "absent" is not
        an action, the largest utility (or 0). Among very many users, a bound on that (``reason`` says which); None
        when nothing is known.
    gap : Fraction, float or None
        ``upper_bound − value``.
    price_of_fairness : Fraction, float or None
        ``upper_bound / value``; None when ``value`` is not positive, "absent" is not an action, or
        the bound is a loose one.
    landscape : Landscape or None
        The selected equilibrium at every alpha.
    ties : tuple of tuple of int
        Other pure profiles that do as well at the same alpha.
    reason : str
        How the answer was computed, and why that way.
    standard_errors : ndarray or None
        Of ``payments``; None when they are not estimated.
    regret, regret_error : float or None
        What the most tempted user gains by moving, recomputed from estimated payments, and the standard error of
        that; None where the search itself proves that nobody gains.
    infeasible : str or None
        Why nothing meets the constraints, when nothing does.
    warnings : tuple of str
        What the reader should know, for instance negative payments.

    Examples
    --------
    >>> from fairgames.mechanism.optimal import optimal_alpha
    >>> optimum = optimal_alpha([[0, "2/3"], ["2/3", 1]], costs=[0, "3/10"])
    >>> optimum.alpha, optimum.value, optimum.profile
    (Fraction(3, 5), Fraction(2, 5), (1, 1))
    """

    alpha: Number | None
    value: Number | None
    utility: Number | None
    attained: bool
    approached_from: str | None
    exact: bool
    selection: str
    searched: str
    profile: tuple[int, ...] | Array | None = None
    strategies: tuple[Array, ...] | None = None
    payments: Array | None = None
    costs: Array | None = None
    users_surplus: Number | None = None
    welfare: Number | None = None
    upper_bound: Number | None = None
    gap: Number | None = None
    price_of_fairness: Number | None = None
    landscape: Landscape | None = None
    ties: tuple[tuple[int, ...], ...] = ()
    reason: str = ""
    standard_errors: Array | None = None
    regret: Number | None = None
    regret_error: float | None = None
    infeasible: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether any alpha and equilibrium meet the constraints."""
        return self.infeasible is None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        if self.infeasible is not None:
            return f"Optimum ({self.selection})", ("quantity", "value"), [("infeasible", self.infeasible)]
        skipped = {"landscape", "warnings", "ties", "infeasible", "approached_from", "strategies"}
        if self.regret is None:
            skipped |= _OF_ESTIMATES
        rows = [
            (field.name.replace("_", " "), format_value(getattr(self, field.name)))
            for field in fields(self)
            if field.name not in skipped
        ]
        if self.approached_from is not None:
            rows.append(("approached from", self.approached_from))
        if self.strategies is not None:
            rows.append(("strategies", format_value(self.strategies)))
        if self.ties:
            rows.append(("ties", format_value(self.ties)))
        rows.extend(("warning", text) for text in self.warnings)
        return f"Optimum ({self.selection})", ("quantity", "value"), rows


def infeasible_optimum(reason: str, selection: str, searched: str, landscape: Landscape | None = None) -> Optimum:
    """Say that nothing meets the platform's constraints, and why."""
    return Optimum(
        alpha=None,
        value=None,
        utility=None,
        attained=False,
        approached_from=None,
        exact=False,
        selection=selection,
        searched=searched,
        landscape=landscape,
        infeasible=reason,
    )
