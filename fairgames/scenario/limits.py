"""What the platform can afford and needs: a margin, a budget, a least utility, a range of alpha.

A `Scenario` checks them with `as_limits`; every search of `mechanism` reads the `Limits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from fairgames.errors import InputError
from fairgames.exactness import Number, as_number
from fairgames.result import format_value

Selection: TypeAlias = Literal["best", "worst", "potential"]
"""Which equilibrium counts when there are several."""


@dataclass(frozen=True)
class Limits:
    """Constraints of the platform.

    In mixed strategies the budget and the least utility hold for every profile that is played with
    positive probability, not merely on average.

    Attributes
    ----------
    margin : Fraction or float
        How much better than each alternative a chosen level must be.
    budget : Fraction, float or None
        Most that may be paid out, ``alpha · U``; None for no cap.
    min_utility : Fraction, float or None
        Least utility that the platform needs; None for none.
    alpha_from, alpha_to : Fraction or float
        Range of alpha.
    """

    margin: Number = Fraction(0)
    budget: Number | None = None
    min_utility: Number | None = None
    alpha_from: Number = Fraction(0)
    alpha_to: Number = Fraction(1)

    @property
    def exact(self) -> bool:
        """Whether every number is a Fraction."""
        return all(number is None or isinstance(number, Fraction) for number in self._all())

    def as_floats(self) -> Limits:
        """Return the same limits in floats."""
        return Limits(*(None if number is None else float(number) for number in self._all()))  # type: ignore[arg-type]

    def as_fractions(self) -> Limits:
        """Return the same limits, every float replaced by the rational that it is."""
        return Limits(*(None if number is None else Fraction(number) for number in self._all()))  # type: ignore[arg-type]

    def _all(self) -> tuple[Number | None, ...]:
        return self.margin, self.budget, self.min_utility, self.alpha_from, self.alpha_to

    def alpha_up_to(self, most: Number) -> Number:
        """Largest alpha at which payments for a utility of ``most`` stay within the budget."""
        return self.alpha_to if self.budget is None or most <= 0 else min(self.alpha_to, self.budget / most)

    def describe(self) -> str:
        """Write the constraints that bind anything as text."""
        parts = []
        if self.margin != 0:
            parts.append(f"a margin of {format_value(self.margin)}")
        if self.budget is not None:
            parts.append(f"payments of at most {format_value(self.budget)}")
        if self.min_utility is not None:
            parts.append(f"a utility of at least {format_value(self.min_utility)}")
        if self.alpha_from != 0 or self.alpha_to != 1:
            parts.append(f"alpha in [{format_value(self.alpha_from)}, {format_value(self.alpha_to)}]")
        return ", ".join(parts) or "no constraints"


ANY_ALPHA = (0, 1)
_NO_LIMITS = Limits()


def as_limits(
    margin: object = 0, budget: object = None, min_utility: object = None, alpha_range: Sequence[object] = ANY_ALPHA
) -> Limits:
    """Check the platform's constraints.

    Parameters
    ----------
    margin : number
        At least 0.
    budget : number or None
        At least 0.
    min_utility : number or None
        Any number.
    alpha_range : pair of numbers
        Within [0, 1], in order.

    Returns
    -------
    Limits
        The checked constraints.

    Raises
    ------
    InputError
        If a number is malformed or out of range.

    Examples
    --------
    >>> as_limits(budget="1/2").describe()
    'payments of at most 1/2'
    """
    if alpha_range is ANY_ALPHA and budget is min_utility is None and type(margin) is int and margin == 0:
        return _NO_LIMITS
    cap = None if budget is None else as_number(budget, "budget")
    if cap is not None and cap < 0:
        raise InputError("budget", "must be at least 0", budget)
    least = None if min_utility is None else as_number(min_utility, "min_utility")
    try:
        low, high = alpha_range
    except (TypeError, ValueError):
        raise InputError("alpha_range", "must be a pair (from, to)", alpha_range) from None
    alpha_from, alpha_to = as_number(low, "alpha_range[0]"), as_number(high, "alpha_range[1]")
    if not 0 <= alpha_from <= alpha_to <= 1:
        raise InputError("alpha_range", "must satisfy 0 <= from <= to <= 1", tuple(alpha_range))
    return Limits(as_margin(margin), cap, least, alpha_from, alpha_to)


def as_margin(margin: object) -> Number:
    """Check a margin: a number that is at least 0.

    Raises
    ------
    InputError
        If it is negative or not a number.
    """
    number = as_number(margin, "margin")
    if number < 0:
        raise InputError("margin", "must be at least 0", margin)
    return number
