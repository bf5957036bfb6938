"""The public results: payments at one profile, and at every profile.

Engines return the payments of one user of each group, at alpha = 1; `pricing` spreads them over the profile. A
`PaymentTable` reads all payments off one potential (Hart and Mas-Colell 1989).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, is_exact, to_float
from fairgames.memory import require_memory
from fairgames.payments.alpha import alpha_levels, paid_out
from fairgames.payments.potential import shares_at, without_user
from fairgames.result import Paying, Result, answered, format_value
from fairgames.utility.profile import as_profile, expand_counts


def payment_scale(values: NDArray[np.float64], utility: Number, n_users: int) -> NDArray[np.float64]:
    """Size against which errors of payments are measured: ``max(|phi_k|, |U|/N)``."""
    scale: NDArray[np.float64] = np.maximum(np.abs(values), abs(float(utility)) / n_users)
    return scale


@dataclass(frozen=True, eq=False, repr=False)
class Payments(Paying):
    """What each user is owed at one profile.

    Attributes
    ----------
    values : ndarray, shape (N,) or (K, L)
        Payment of each user; for a profile in counts, of one user of each type at each level.
    utility : float or Fraction
        ``U(rho)``.
    alpha : float, Fraction or None
        Fraction of the utility paid out at this profile; None when the platform is in the coalition.
    platform : float, Fraction or None
        The platform's fair share when it is in the coalition (Theorem 1), else None.
    standard_errors : ndarray
        Shape of ``values``; 0 where the payment is exact.
    degrees_of_freedom : int
        Of the Student interval around an estimate.
    engine, reason : str
        How the payments were computed, and why that way.
    evaluations : int
        Number of utility evaluations.
    resolved : bool
        False when an estimate failed its own check: then none of its numbers is vouched for.
    warnings : tuple of str
        What a reader must know before using the numbers.
    doubtful : ndarray of bool
        Shape of ``values``: which of them are not to be used. All of them, unless ``resolved``.

    Examples
    --------
    >>> from fairgames.payments.pricing import fair_payments
    >>> paid = fair_payments([[0, "2/3"], ["2/3", 1]], [1, 1], alpha="1/2")
    >>> paid.values.tolist(), paid.utility, paid.resolved
    ([Fraction(1, 4), Fraction(1, 4)], Fraction(1, 1), True)
    """

    values: Array
    utility: Number
    alpha: Number | None
    platform: Number | None = None
    standard_errors: Array = field(default_factory=lambda: np.zeros(0))
    degrees_of_freedom: int = 1
    engine: str = "subsets"
    reason: str = ""
    evaluations: int = 0
    resolved: bool = True
    warnings: tuple[str, ...] = ()
    doubtful: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        """Give exact payments their zero standard errors, and doubt all that is unresolved."""
        for name in ("values", "standard_errors", "doubtful"):
            if not isinstance(getattr(self, name), np.ndarray):
                raise InputError(name, "must be an array, as a function that prices gives it", getattr(self, name))
        require_memory(10 * self.values.size, f"standard errors of {self.values.size:,} payments", "fewer payments")
        if self.standard_errors.size == 0:
            object.__setattr__(self, "standard_errors", np.zeros(self.values.shape))
        if self.doubtful.size == 0:
            object.__setattr__(self, "doubtful", np.full(self.values.shape, not self.resolved))

    @public
    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Confidence interval of each payment.

        Parameters
        ----------
        level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        lower, upper : ndarray
            Both equal to ``values`` when the payments are exact.

        Raises
        ------
        InputError
            If ``level`` is not strictly between 0 and 1.
        """
        if not 0 < level < 1:
            raise InputError("level", "must lie strictly between 0 and 1", level)
        if not np.any(self.standard_errors):
            return self.values, self.values
        from scipy.stats import t

        half = t.ppf((1 + level) / 2, self.degrees_of_freedom) * self.standard_errors
        return to_float(self.values) - half, to_float(self.values) + half

    def _paid(self) -> Mapping[str, Any]:
        profile = np.asarray(self.asked["profile"])
        numbers = {"payments": self.values, "standard_errors": self.standard_errors, "doubtful": self.doubtful}
        if profile.ndim == 1 or self.scenario is None:
            return {"profile": profile, **numbers}
        kinds = self.scenario.entry_types
        if len(set(kinds.tolist())) < len(kinds):
            raise InputError(
                "users", "have no names here: the profile counts users of a type that several entries have"
            )
        return {"profile": profile[kinds], **{name: rows[kinds] for name, rows in numbers.items()}}

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return ``values`` (``np.asarray(payments)``)."""
        return np.array(self.values, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        """Number of entries of ``values`` along its first axis."""
        return len(self.values)

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        estimated = bool(np.any(self.standard_errors))
        rows: list[list[object]] = []
        for index in np.ndindex(self.values.shape):
            name = self.who(*index) if len(index) == 1 else ", ".join(map(str, index))
            row: list[object] = [name, self.values[index]]
            if estimated:
                row.append(format_value(self.standard_errors[index], 2))
            rows.append(row)
        if self.platform is not None:
            rows.append(["platform", self.platform, *["-"] * estimated])
        fraction = "" if self.alpha is None else f", alpha = {format_value(self.alpha)}"
        title = f"Payments at U = {format_value(self.utility)}{fraction} ({self.engine})"
        if not self.resolved:
            title += " UNRESOLVED: do not use these numbers"
        return title, ["user", "payment"] + ["standard error"] * estimated, rows


@dataclass(frozen=True, eq=False, repr=False)
class PaymentTable(Result):
    """Payments of every user at every profile, held as one potential tensor.

    Attributes
    ----------
    potential : ndarray, shape (L_1, …, L_N)
        The potential ``P``.
    utility : ndarray, shape (L_1, …, L_N)
        The utility ``U``.
    alpha : number or callable
        Constant fraction, or function of the utility level.
    types : ndarray of int, shape (N,)
        Type of each user, to read profiles given as counts.

    Examples
    --------
    >>> from fairgames.payments.fair import payment_table
    >>> payment_table([[0, "2/3"], ["2/3", 1]]).user(0)[1].tolist()
    [Fraction(2, 3), Fraction(1, 2)]
    """

    potential: Array
    utility: Array
    alpha: Number | Callable[[Any], Number]
    types: NDArray[np.intp]

    @public
    def user(self, user: int) -> Array:
        """Payments of one user at every profile.

        Parameters
        ----------
        user : int
            From 0 to N − 1.

        Returns
        -------
        ndarray, shape (L_1, …, L_N)
            ``alpha · (P(rho) − P(rho with the user absent))``.

        Raises
        ------
        InputError
            If there is no such user.

        Examples
        --------
        >>> from fairgames.payments.fair import payment_table
        >>> payment_table([[0, "2/3"], ["2/3", 1]]).user(0)
        array([[Fraction(0, 1), Fraction(0, 1)],
               [Fraction(2, 3), Fraction(1, 2)]], dtype=object)
        """
        if not 0 <= user < self.potential.ndim:
            raise InputError("user", f"must be from 0 to {self.potential.ndim - 1}", user)
        return paid_out(self.alpha, self.utility, self.potential - without_user(self.potential, user))

    @public
    def __getitem__(self, profile: ArrayLike) -> Payments:
        """Payments at one profile (levels, or counts by type and level)."""
        sizes = np.bincount(self.types).tolist()
        levels = as_profile(profile, self.potential.shape, sizes)
        if levels.ndim == 2:
            levels = expand_counts(levels[None], self.types)[0]
        index = tuple(levels.tolist())
        at_profile = np.asarray(self.utility[index])
        found = Payments(
            values=paid_out(self.alpha, at_profile, shares_at(self.potential, index)),
            utility=self.utility[index],
            alpha=alpha_levels(self.alpha, at_profile).item(),
            engine="dense",
            reason="read from the table of all profiles",
        )
        return found if self.scenario is None else answered(found, self.scenario, profile=levels)

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        rows = [["users", str(self.potential.ndim)], ["profiles", f"{self.potential.size:,}"]]
        rows.append(["exact", format_value(is_exact(self.potential))])
        return "Payments of every user at every profile", ("quantity", "value"), rows
