"""Exchangeable users who choose between two levels: utilities and gains by how many choose the less private one.

`symmetric_game` tabulates what the rest of `symmetric` reads (section 5: ``gamma`` and ``E[U]`` are binomial means of
two tables): as rational `Bernstein` polynomials up to 32 users, and for up to a million and more by windows of binomial
weights around the mode, in floats (`Table`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.equilibrium.intervals import narrow
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array, as_number, as_whole, is_exact, to_float
from fairgames.mechanism.dense import Intervals
from fairgames.mechanism.symmetric.bernstein import Bernstein, Root
from fairgames.payments.counts import potential_on_lattice
from fairgames.payments.potential import CountLattice
from fairgames.tolerance import difference, near
from fairgames.utility.base import Utility
from fairgames.utility.table import CountUtility, as_utility

_SIGMAS = 9.0
_LEAST_WINDOW = 40
_POINTS_PER_SIGMA = 4


def binomial_mean(values: NDArray[np.float64], x: float) -> float:
    """Mean of ``values[K]`` with ``K`` binomial ``(len(values) − 1, x)``.

    Weights follow from the one at the mode by the ratio of neighbours and are then normalised: the
    logarithms of factorials would lose seven digits at a million users.

    Parameters
    ----------
    values : ndarray, shape (n + 1,)
        The table.
    x : float
        Probability in [0, 1].

    Returns
    -------
    float
        The mean; what lies more than nine standard deviations (and forty places) from the mode is
        below rounding.

    Examples
    --------
    >>> round(binomial_mean(np.arange(11.0), 0.25), 12)
    2.5
    """
    n = len(values) - 1
    if x <= 0 or n == 0:
        return float(values[0])
    if x >= 1:
        return float(values[-1])
    mode = min(n, math.floor((n + 1) * x))
    width = math.ceil(_SIGMAS * math.sqrt(n * x * (1 - x))) + _LEAST_WINDOW
    first, last = max(0, mode - width), min(n, mode + width)
    up = np.arange(mode, last)
    down = np.arange(mode, first, -1)
    odds = x / (1 - x)
    above = np.cumprod((n - up) / (up + 1) * odds)
    below = np.cumprod(down / (n - down + 1) / odds)
    weights = np.concatenate([below[::-1], [1.0], above])
    return float(weights @ values[first : last + 1] / weights.sum())


class Smooth:
    """A function on [0, 1] that varies on the scale of a binomial's standard deviation.

    Parameters
    ----------
    function : callable
        From a float to a float.
    degree : int
        Number of binomial trials behind it.
    """

    def __init__(self, function: Callable[[float], float], degree: int) -> None:
        self._function = function
        self.degree = degree

    def __call__(self, x: float) -> float:
        """Value at ``x``."""
        return self._function(float(x))

    def __add__(self, other: Smooth | Number) -> Smooth:
        """Sum."""
        if not isinstance(other, Smooth):
            return Smooth(lambda x: self(x) + float(other), self.degree)
        return Smooth(lambda x: self(x) + other(x), max(self.degree, other.degree))

    def __sub__(self, other: Smooth | Number) -> Smooth:
        """Difference."""
        return self + other * -1.0

    def __mul__(self, other: Smooth | Number) -> Smooth:
        """Product."""
        if not isinstance(other, Smooth):
            return Smooth(lambda x: self(x) * float(other), self.degree)
        return Smooth(lambda x: self(x) * other(x), max(self.degree, other.degree))

    def roots(self) -> list[Root]:
        """Roots strictly between 0 and 1 at which the sign changes, in increasing order.

        Four points a standard deviation are tried; two roots closer than that are not told apart.
        """
        steps = _POINTS_PER_SIGMA * math.ceil(math.pi * math.sqrt(self.degree))
        points = np.sin(np.linspace(0, math.pi / 2, steps + 1)) ** 2
        return self._between(points)

    def _between(self, points: NDArray[np.float64]) -> list[Root]:
        from scipy.optimize import brentq

        heights = [self(point) for point in points.tolist()]
        found = []
        for left, right, low, high in zip(points[:-1], points[1:], heights[:-1], heights[1:], strict=True):
            if low * high < 0:
                found.append(brentq(self, left, right, xtol=1e-300, rtol=8.9e-16))
            elif high == 0 and right < 1:
                found.append(float(right))
        return [Root(x, False) for x in found if 0 < x < 1]


class Table(Smooth):
    """The binomial mean of a table.

    Parameters
    ----------
    coefficients : ndarray, shape (n + 1,)
        The table.
    slopes : ndarray, shape (n,), optional
        Its differences, when they are known better than by subtraction.
    """

    def __init__(self, coefficients: NDArray[np.float64], slopes: NDArray[np.float64] | None = None) -> None:
        super().__init__(lambda x: binomial_mean(self.coefficients, x), len(coefficients) - 1)
        self.coefficients = np.asarray(coefficients, dtype=float)
        self._slopes = np.diff(self.coefficients) if slopes is None else np.asarray(slopes, dtype=float)

    def __add__(self, other: Smooth | Number) -> Smooth:
        """Sum; a table plus a number is a table."""
        if isinstance(other, Smooth):
            return super().__add__(other)
        return Table(self.coefficients + float(other), self._slopes)

    def __mul__(self, other: Smooth | Number) -> Smooth:
        """Product; a table times a number is a table."""
        if isinstance(other, Smooth):
            return super().__mul__(other)
        return Table(self.coefficients * float(other), self._slopes * float(other))

    def derivative(self) -> Table:
        """Derivative, a binomial mean of one trial less."""
        return Table(self.degree * self._slopes) if self.degree else Table(np.zeros(1))

    def roots(self) -> list[Root]:
        """Roots; none or one without a search where the table has as few changes of sign (Descartes)."""
        signs = np.sign(self.coefficients)
        signs = signs[signs != 0]
        changes = int((signs[1:] != signs[:-1]).sum())
        if changes == 0:
            return []
        if changes == 1:
            return self._between(np.array([0.0, 1e-3, 1 - 1e-3, 1.0]))
        return super().roots()


MOST_EXACT_USERS = 32
"""Up to here every root is isolated in rationals; beyond, binomial means are taken in floats."""


Curve: TypeAlias = Any
"""A binomial mean on [0, 1], or a combination of some: a rational `Bernstein`, or a `Smooth` function of floats."""


@dataclass(frozen=True, eq=False)
class SymmetricGame:
    """What each user faces, ``x`` being the probability of the less private action (``1 − p`` in the paper).

    Attributes
    ----------
    n_users : int
        Number of users ``N``.
    actions : tuple of two ints
        The more private level, then the less private one.
    cost : Fraction or float
        What the less private level costs more than the other one.
    utilities : ndarray, shape (N + 1,)
        Utility when ``h = 0, …, N`` users take the less private action, the others the other one.
    gains : ndarray, shape (N,)
        What a user is paid more (at alpha = 1) at the less private action when ``h = 0, …, N − 1`` of
        the others take it.
    increments : ndarray, shape (N,)
        ``utilities[h + 1] − utilities[h]``, without loss of digits where it is known.
    by_present : tuple of ndarray
        For ``s = 1, …, N`` present users, the ``s + 1`` utilities by how many of them take the less
        private action; only the last where the more private action is "absent".
    """

    n_users: int
    actions: tuple[int, int]
    cost: Number
    utilities: Array
    gains: Array
    increments: Array
    by_present: tuple[Array, ...]

    @property
    def exact(self) -> bool:
        """Whether every number is a Fraction."""
        return is_exact(self.utilities)

    @property
    def absent(self) -> bool:
        """Whether the more private action is "absent"."""
        return self.actions[0] == 0

    @property
    def certified(self) -> bool:
        """Whether roots are isolated in rationals."""
        return self.n_users <= MOST_EXACT_USERS

    @cached_property
    def gamma(self) -> Curve:
        """Expected gain from the less private action, as a function of ``x``."""
        return self.mean(self.gains)

    @cached_property
    def expected_utility(self) -> Curve:
        """Expected utility, as a function of ``x``."""
        if self.certified:
            return Bernstein.of(self.utilities.tolist())
        return Table(to_float(self.utilities), to_float(self.increments))

    @cached_property
    def pure(self) -> Intervals:
        """Pure equilibria: numbers of users at the less private action, with the alphas at which they are one."""
        zero, U, cost = 0 * abs(self.gains.item(0)), self.utilities, self.cost
        lo = np.full(self.n_users + 1, zero, dtype=self.gains.dtype)
        hi, holds = lo + 1, np.ones(self.n_users + 1, dtype=bool)
        gain = difference(self.gains, zero, np.maximum.accumulate(np.abs(U))[1:])
        holds[1:] &= narrow(lo[1:], hi[1:], gain, cost)
        holds[:-1] &= narrow(lo[:-1], hi[:-1], -gain, 0 - cost)
        stable = np.flatnonzero(holds & (lo <= hi + near(lo, hi)).astype(bool))
        return Intervals(stable, np.minimum(lo, hi)[stable], hi[stable], U[stable])

    def finished(self, value: Number, rational: bool) -> Number:
        """Return a rational as it is where it is the answer itself; else a float."""
        return value if self.exact and rational and isinstance(value, Fraction) else float(value)

    def mean(self, table: Array) -> Curve:
        """Binomial mean of a table: in rationals, or by windows."""
        return Bernstein.of(table.tolist()) if self.certified else Table(to_float(table))


def symmetric_game(utility: Utility | ArrayLike, cost: object, actions: Sequence[int] = (0, 1)) -> SymmetricGame:
    """Check the arguments and tabulate the game.

    Parameters
    ----------
    utility : Utility or array_like
        An exchangeable utility (one type); or ``U_0, …, U_N``, the utility by number of present users.
    cost : number
        What the less private action costs more than the more private one.
    actions : pair of ints
        The more private level, then the less private one.

    Raises
    ------
    InputError
        If users are not interchangeable, or an argument is malformed.
    SizeError
        If the states would not fit in memory (only where "absent" is not an action).
    """
    number = as_number(cost, "cost")
    worth = as_exchangeable(utility)
    pair = _as_pair(actions, worth.shape[0])
    n_users = worth.n_users
    if pair[0] == 0:
        utilities, increments = worth.by_number(pair[1], exact=n_users <= MOST_EXACT_USERS)
        gains = utilities[1:] / np.arange(1, n_users + 1)
        by_present: tuple[Array, ...] = (utilities,)
    else:
        by_present, potential = _two_levels(worth if n_users <= MOST_EXACT_USERS else worth.in_floats(), pair)
        utilities = by_present[-1]
        increments, gains = np.diff(utilities), np.diff(potential)
    if isinstance(number, float) or not is_exact(utilities):
        number, gains, increments = float(number), to_float(gains), to_float(increments)
        by_present = tuple(to_float(values) for values in by_present)
    for table in (gains, *by_present):
        table.flags.writeable = False
    return SymmetricGame(n_users, pair, number, by_present[-1], gains, increments, by_present)


def as_exchangeable(utility: Utility | ArrayLike) -> Utility:
    """Read a utility of interchangeable users, or the utility by number of present users."""
    if isinstance(utility, Utility):
        worth = utility
    else:
        values = as_array(utility, "utility")
        worth = CountUtility(values) if values.ndim == 1 else as_utility(values)
    if len(worth.type_sizes) != 1:
        raise InputError(
            "utility",
            "must have interchangeable users (one type); use optimal_alpha for users who differ",
            f"{len(worth.type_sizes)} types",
        )
    return worth


def _as_pair(actions: Sequence[int], n_levels: int) -> tuple[int, int]:
    requirement = f"must be two levels from 0 to {n_levels - 1}, the more private one first"
    levels = as_whole(actions, "actions", requirement)
    if levels.shape != (2,) or not 0 <= levels[0] < levels[1] < n_levels:
        raise InputError("actions", requirement, actions)
    return int(levels[0]), int(levels[1])


def _two_levels(utility: Utility, pair: tuple[int, int]) -> tuple[tuple[Array, ...], Array]:
    """Utilities by number present and number at the less private level; potential with everybody present."""
    n_users = utility.n_users
    lattice = CountLattice((n_users,), (3,))
    compositions = lattice.compositions[0]
    counts = np.zeros((len(compositions), 1, utility.shape[0]), dtype=np.intp)
    counts[:, 0, [0, *pair]] = compositions
    values = utility.evaluate_counts(counts)
    potential = potential_on_lattice(values, lattice)
    by_present = []
    for present in range(1, n_users + 1):
        less = np.arange(present + 1)
        rows = lattice.rank(0, np.column_stack([np.full(present + 1, n_users - present), present - less, less]))
        by_present.append(values[rows])
    return tuple(by_present), potential[rows]
