"""What every utility is: a number for each profile of privacy levels, and its values checked: a bad one is named.

All of the package's utilities, and a user's own, are a `Utility`; whatever asks one for many values asks `evaluated`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import EvaluationError, FairGamesError, InputError
from fairgames.exactness import Array, Number
from fairgames.memory import readable_count, require_memory
from fairgames.tolerance import INTEGRAL_ERROR
from fairgames.utility.profile import as_counts, as_user_levels, expand_counts, is_counts

if TYPE_CHECKING:
    from fairgames.utility.bounds import UtilityBounds


def evaluated(evaluate: Callable[[NDArray[Any]], Any], states: NDArray[Any]) -> Array:
    """Return ``evaluate(states)``, one finite number a state.

    Parameters
    ----------
    evaluate : callable
        ``(M, …)`` to ``(M,)``.
    states : ndarray, shape (M, …)
        Profiles, or counts, one an entry of the first axis.

    Returns
    -------
    ndarray, shape (M,)
        Floats; or objects, as they are.

    Raises
    ------
    EvaluationError
        If ``evaluate`` raises or returns anything but one finite number a state; the state is named.

    Examples
    --------
    >>> evaluated(lambda counts: counts.sum(axis=1), np.array([[1, 2], [0, 4]]))
    array([3., 4.])
    """
    try:
        values = np.asarray(evaluate(states))
        values = values if values.dtype == object else values.astype(float, copy=False)
    except (FairGamesError, MemoryError):
        raise
    except Exception as error:
        _raise_at_first_failure(evaluate, states, error)
    if values.shape != (len(states),):
        raise EvaluationError(
            f"the utility must return one number for each of the {len(states)} states, got shape {values.shape}",
            plain(states[0]),
        )
    require_finite(values, lambda first: plain(states[first]))
    return values


def in_chunks(values_at: Callable[[NDArray[np.intp]], Array], n_states: int, *, exact: bool) -> Array:
    """Values of states numbered from 0, very many at once but not all."""
    values = np.empty(n_states, dtype=object if exact else float)
    for start in range(0, n_states, _CHUNK):
        stop = min(start + _CHUNK, n_states)
        values[start:stop] = values_at(np.arange(start, stop))
    return values


def require_finite(values: Array, name: Callable[[int], tuple[object, ...]]) -> None:
    """Refuse values that are not finite.

    Parameters
    ----------
    values : ndarray, shape (M,)
        Floats; objects are taken as they are.
    name : callable
        State of a value, by its place.

    Raises
    ------
    EvaluationError
        Naming the first such state.
    """
    if values.dtype == object or np.isfinite(values).all():
        return
    first = int(np.flatnonzero(~np.isfinite(values))[0])
    state = name(first)
    raise EvaluationError(f"the utility must be a finite number at {state}, got {values[first]}", state)


def plain(state: NDArray[Any]) -> tuple[object, ...]:
    """Write a state as tuples of Python numbers, or counts by type and level as a tuple of tuples."""
    entries = state.tolist()
    return tuple(tuple(entry) if isinstance(entry, list) else entry for entry in entries)


def _raise_at_first_failure(evaluate: Callable[[NDArray[Any]], Any], states: NDArray[Any], error: Exception) -> None:
    """Halve the batch until one state is to blame."""
    while len(states) > 1:
        half = states[: len(states) // 2]
        try:
            evaluate(half)
        except Exception as earlier:
            states, error = half, earlier
        else:
            states = states[len(half) :]
    profile = plain(states[0])
    raise EvaluationError(f"the utility raised {type(error).__name__} at {profile}: {error}", profile) from error


Walk: TypeAlias = Callable[[NDArray[np.intp]], NDArray[np.float64]]
"""Utilities as users join: an order of users, shape ``(n,)``, to the utility after each, ``(n,)``."""

_CHUNK = 1 << 16
_COUNTLESS = 1 << 400


@dataclass(frozen=True, eq=False)
class Jump:
    """A part of the utility that is ``height`` where ``Σ weights · counts ≥ quota``, else 0.

    Attributes
    ----------
    weights : ndarray, shape (K, L)
        What one user of each type at each level adds, at least 0; level 0 ("absent") adds 0.
    quota : float or Fraction
        Above 0.
    height : float or Fraction
        Worth of reaching the quota.
    """

    weights: Array
    quota: Number
    height: Number

    def evaluate_counts(self, counts: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each state reaches the quota, shape ``(M, K, L)`` to shape ``(M,)``."""
        weight = (counts * self.weights).sum(axis=(1, 2))
        reached: NDArray[np.bool_] = np.asarray(weight >= self.quota, dtype=bool)
        return reached


@dataclass(frozen=True, eq=False)
class PricedMoves:
    """Payments at alpha = 1 of all moves of single users, without sampling, and how far off they may be.

    Attributes
    ----------
    values : ndarray, shape (K, L, L)
        ``values[k, s, t]``: what a user of type ``k`` at level ``s`` would be paid at level ``t``; NaN where nobody is.
    error : float
        Estimate of the largest error.
    utility : float
        Of the state.
    scale : float
        Its average for those present: what the error is compared with.
    """

    values: NDArray[np.float64]
    error: float
    utility: float
    scale: float

    @property
    def exact(self) -> bool:
        """Whether the error is that of rounding and of quadrature that has converged."""
        return self.error <= INTEGRAL_ERROR * self.scale


class Utility(ABC):
    """The platform's utility as a function of the profile of privacy levels.

    A subclass gives the number of levels of each user and `evaluate`, which is vectorised over
    profiles. ``U(0, …, 0) = 0`` always.

    Users are *interchangeable* when swapping their levels never changes the utility; they share a
    type. A subclass that knows of interchangeable users overrides `types` and, to be fast,
    `evaluate_counts`.

    Examples
    --------
    >>> import numpy as np
    >>> class Total(Utility):
    ...     n_users, shape = 2, (3, 3)
    ...
    ...     def evaluate(self, profiles):
    ...         return np.sqrt(profiles.sum(axis=1))
    >>> Total()((2, 2))
    2.0
    """

    smooth: bool = False
    """Whether `evaluate_counts` also takes real counts, between which the utility varies smoothly."""

    monotone: bool = False
    """Whether a user that moves to a higher level never lowers the utility: then optima are bounded at any size."""

    monotone_at_top: bool = False
    """Whether raising all present users to the top level never lowers the utility, nor does one more user there."""

    costly: bool = False
    """Whether each new value takes long, as a measurement does: then no search asks for values as it goes."""

    noisy: bool = False
    """Whether values carry noise: payments then show the spread of `repeat` over `repeats`."""

    repeats: int = 1
    """How often each value was measured."""

    jumps: tuple[Jump, ...] = ()
    """Thresholds that are part of the utility: their payments are exact, and only the rest is estimated."""

    _bytes_a_profile: int = 16
    """Memory that the tensor of floats needs while it is made."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Check what is evaluated, for utilities of a user's own too: an index too large must not pass for a level."""
        super().__init_subclass__(**kwargs)
        for name, (argument, check) in _CHECKED.items():
            if name in cls.__dict__:
                setattr(cls, name, _checking(cls.__dict__[name], argument, check))

    @property
    def n_users(self) -> int:
        """Number of users ``N``."""
        return len(self.shape)

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each user, ``(L_1, …, L_N)``; level 0 is "absent"."""

    @property
    def exact(self) -> bool:
        """Whether values are Fractions rather than floats."""
        return False

    def in_floats(self) -> Utility:
        """Return the same utility with float values: itself unless it is exact."""
        return self

    @abstractmethod
    def evaluate(self, profiles: NDArray[np.integer[Any]]) -> Array:
        """Utility of each row of ``profiles``, shape ``(M, N)`` to shape ``(M,)``."""

    @cached_property
    def types(self) -> NDArray[np.intp]:
        """Type of each user, shape ``(N,)``: users of one type are interchangeable."""
        return np.arange(self.n_users)

    @cached_property
    def type_sizes(self) -> tuple[int, ...]:
        """Number of users of each type."""
        return tuple(np.bincount(self.types).tolist())

    @property
    def entry_types(self) -> NDArray[np.intp]:
        """Type of each entry: users who were given together, by default one each."""
        return self.types

    @property
    def entry_counts(self) -> NDArray[np.intp]:
        """Number of users of each entry; an entry's users follow one another."""
        return np.ones(self.n_users, dtype=np.intp)

    @cached_property
    def type_levels(self) -> tuple[int, ...]:
        """Number of levels that users of each type have."""
        if len(set(self.shape)) == 1:
            return self.shape[:1] * len(self.type_sizes)
        _, first = np.unique(self.types, return_index=True)
        return tuple(self.shape[user] for user in first.tolist())

    def evaluate_counts(self, counts: NDArray[np.integer[Any]]) -> Array:
        """Utility of states that count users: shape ``(M, K, L)`` to shape ``(M,)``.

        ``counts[m, k, l]`` users of type ``k`` are at level ``l``.
        """
        _as_states(self, counts)
        return self.evaluate(expand_counts(counts, self.types))

    @public
    def by_number(self, level: int, *, exact: bool = True) -> tuple[Array, Array]:  # noqa: ARG002 (subclasses read it)
        """Utility by how many users are at one level, the others absent: users are of one type.

        Parameters
        ----------
        level : int
            The level.
        exact : bool
            False: floats will do, for so many users that rationals would take too long. A utility with a closed
            form overrides this method, and then spares the digits that differences of floats lose.

        Returns
        -------
        utilities : ndarray, shape (N + 1,)
            With ``0, …, N`` users at the level.
        increments : ndarray, shape (N,)
            What each further user adds.

        Raises
        ------
        InputError
            If there is no such level, or users differ.
        """
        _as_level(self, level)
        counts = np.zeros((self.n_users + 1, 1, self.shape[0]), dtype=np.intp)
        counts[:, 0, level] = np.arange(self.n_users + 1)
        counts[:, 0, 0] = self.n_users - counts[:, 0, level]
        utilities = self.evaluate_counts(counts)
        return utilities, np.diff(utilities)

    def disclosed(self) -> Array | None:
        """How much a user of each type discloses at each level, shape ``(K, L)``; None where that has no measure."""
        return None

    def bounds(self) -> UtilityBounds | None:
        """Bounds of values and payments over many states at once, for proofs; None where nothing is known."""
        return None

    def repeat(self, number: int) -> Utility:  # noqa: ARG002 (subclasses read it)
        """Return the utility as one of its `repeats` alone measured it."""
        return self

    def without_jumps(self) -> Utility | None:
        """Return the utility without its declared `jumps`; None when nothing is left."""
        return self

    def prices_moves(self, counts: NDArray[np.integer[Any]]) -> bool:
        """Whether `price_moves` serves a state, ``counts[type, level]``: then no payment there is sampled."""
        _as_state(self, counts)
        return False

    def price_moves(  # subclasses read the arguments
        self,
        counts: NDArray[np.integer[Any]],  # noqa: ARG002
        *,
        absent: bool = True,  # noqa: ARG002
        likeness: float = 1e-10,  # noqa: ARG002
        fineness: float = 1.0,  # noqa: ARG002
    ) -> PricedMoves:
        """Fair payments at alpha = 1 of users who stay and of users who move, one at a time.

        Parameters
        ----------
        counts : ndarray of int, shape (K, L)
            Users by type and level.
        absent : bool
            Whether moves of those who are absent are asked for, too.
        likeness : float
            Users may be interpolated between others where payments are followed that well.
        fineness : float
            Multiplies the numbers of nodes, where an integral has some to choose; a search asks for fewer.

        Returns
        -------
        PricedMoves
            With the error that it states.
        """
        raise InputError("counts", f"is a state that {type(self).__name__} prices no moves at: see prices_moves")

    def weighings(self, counts: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Weigh users in ways that nearly decide the utility by the sums: random orders then have smaller errors.

        Parameters
        ----------
        counts : ndarray of int, shape (K, L)
            The state around which payments are asked for.

        Returns
        -------
        ndarray, shape (F, K, L)
            What a user of each type counts at each level, 0 or more and 0 when absent, in each of the ways; none by
            default.
        """
        _as_state(self, counts)
        return np.zeros((0, *counts.shape))

    def walk(self, levels: NDArray[np.intp]) -> Walk | None:
        """How the utility grows as users join one by one, for utilities that update faster than they evaluate.

        Parameters
        ----------
        levels : ndarray of int, shape (N,)
            Level of each user once it has joined; until then it is absent.

        Returns
        -------
        callable or None
            From an order of users, shape ``(n,)``, to the utility after each has joined, shape ``(n,)``. None:
            evaluate the profiles on the way. To be sent to other processes it must be picklable.
        """
        _as_levels(self, levels)
        return None

    def __repr__(self) -> str:
        """Name the kind of utility and how many users it has."""
        return f"<{type(self).__name__} of {self.n_users:,} users>"

    @public
    def __call__(self, profile: ArrayLike) -> Number:
        """Utility of one profile.

        Parameters
        ----------
        profile : array_like of int
            One level index a user, shape ``(N,)``; or ``counts[type, level]``, whose rows sum to
            the type sizes.

        Returns
        -------
        float or Fraction
            The utility.

        Raises
        ------
        InputError
            If the profile has the wrong shape or names a level that does not exist.
        """
        if is_counts(profile):
            value = self.evaluate_counts(as_counts(profile, self.type_levels, self.type_sizes)[None])[0]
        else:
            value = self.evaluate(as_user_levels(profile, self.shape)[None])[0]
        return value if isinstance(value, Fraction) else float(value)

    def tensor(self) -> Array:
        """Utility of every profile.

        Returns
        -------
        ndarray
            Shape ``(L_1, …, L_N)``, axis ``i`` = user ``i``. Read-only, computed once.

        Raises
        ------
        SizeError
            If the tensor would not fit in memory.
        """
        return self._tensor

    @cached_property
    def _tensor(self) -> Array:
        size = 1
        for n_levels in self.shape:
            if size > _COUNTLESS:
                break
            size *= n_levels
        profiles = f"{readable_count(size)} profiles{' or more' * (size > _COUNTLESS)}"
        require_memory(
            size * (200 if self.exact else self._bytes_a_profile),
            f"the utility tensor of {self.n_users:,} users ({profiles})",
            "fair_payments (one profile) or grouped users",
        )
        tensor = self._every_value()
        require_finite(tensor.reshape(-1), lambda first: plain(np.array(np.unravel_index(first, tensor.shape))))
        tensor.flags.writeable = False
        return tensor

    def _every_value(self) -> Array:
        """Utility of every profile, shape ``(L_1, …, L_N)``."""

        def at(numbers: NDArray[np.intp]) -> Array:
            return evaluated(self.evaluate, np.stack(np.unravel_index(numbers, self.shape), axis=1))

        return in_chunks(at, math.prod(self.shape), exact=self.exact).reshape(self.shape)


def _checking(method: Callable[..., Any], argument: str, check: Callable[[Utility, Any], None]) -> Callable[..., Any]:
    @wraps(method)
    def checked(self: Utility, *states: Any, **named: Any) -> Any:
        if states:
            check(self, states[0])
        elif named:
            check(self, named[argument if argument in named else next(iter(named))])
        return method(self, *states, **named)

    return checked


def _as_profiles(utility: Utility, profiles: Any) -> None:
    n_users = utility.n_users
    if not isinstance(profiles, np.ndarray) or profiles.dtype.kind not in "iu" or profiles.shape[1:] != (n_users,):
        raise InputError("profiles", f"must be an array of whole levels, shape (M, {n_users})", profiles)
    if profiles.size:
        shape = utility.shape
        # As unsigned numbers, negative levels are the largest of all.
        bare = profiles.view(f"u{profiles.itemsize}")
        if bare.max() >= shape[0] if len(set(shape)) == 1 else (bare >= shape).any():
            raise InputError("profiles", f"must hold levels from 0 to {max(shape) - 1}", profiles)


def _as_states(utility: Utility, counts: Any) -> None:
    shape = len(utility.type_sizes), max(utility.type_levels)
    if not isinstance(counts, np.ndarray) or counts.dtype.kind not in "iuf" or counts.shape[1:] != shape:
        raise InputError("counts", f"must be an array of shape (M, {shape[0]}, {shape[1]}): types by levels", counts)


def _as_levels(utility: Utility, levels: Any) -> None:
    if not isinstance(levels, np.ndarray) or levels.ndim != 1:
        raise InputError("levels", f"must be an array of {utility.n_users} whole levels", levels)
    _as_profiles(utility, levels[None])


def _as_level(utility: Utility, level: Any) -> None:
    whole = isinstance(level, (int, np.integer)) and not isinstance(level, bool)
    if not whole or not 1 <= level < utility.shape[0]:
        raise InputError("level", f"must be a whole number from 1 to {utility.shape[0] - 1}", level)


def _as_state(utility: Utility, counts: Any) -> None:
    _as_states(utility, counts[None] if isinstance(counts, np.ndarray) else counts)


_CHECKED = {
    "evaluate": ("profiles", _as_profiles),
    "evaluate_counts": ("counts", _as_states),
    "walk": ("levels", _as_levels),
    "weighings": ("counts", _as_state),
    "by_number": ("level", _as_level),
    "prices_moves": ("counts", _as_state),
    "price_moves": ("counts", _as_state),
}


def require_zero_at_absent(value: Number, name: str, tolerance: float = 0) -> None:
    """Raise unless the utility of the profile in which everybody is absent is 0.

    Raises
    ------
    InputError
        If ``|value| > tolerance``: payments could not add up (the paper's eqs. 42–47 need it).
    """
    if value and not -tolerance <= value <= tolerance:
        raise InputError(name, "U(0, …, 0) must be 0 (subtract it from every entry if it is a baseline)", value)
