"""A utility measured by a user's own function: an experiment at each profile that an answer needs.

`MeasuredUtility` is the public name; `cache` runs the function and keeps its values. `monotonicity` says whether more
data ever measures as a lower utility, and whether the noise explains it.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Number, as_number, as_whole, to_float
from fairgames.files import Output, csv_text
from fairgames.parallel import as_n_jobs, as_seed
from fairgames.result import Result, format_value
from fairgames.tolerance import RELATIVE
from fairgames.utility.base import Utility
from fairgames.utility.measured.cache import Experiment, Measurement, MeasurementCache, measure
from fairgames.utility.measured.fingerprint import fingerprint as fingerprint_of
from fairgames.utility.profile import as_levels


def as_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """Check the number of levels of each user: whole numbers of at least 2."""
    array = as_whole(shape, "shape", "must list the number of levels of each user")
    if array.ndim != 1 or not array.size:
        raise InputError("shape", "must list the number of levels of each user", shape)
    for user, n_levels in enumerate(array.tolist()):
        if n_levels < 2:
            raise InputError(f"shape[{user}]", 'must be at least 2 levels, "absent" and another', n_levels)
    levels: tuple[int, ...] = tuple(array.tolist())
    return levels


def as_types(types: Sequence[Any] | None, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Number the types in the order in which their labels first appear; None makes every user its own."""
    if types is None:
        return np.arange(len(shape))
    labels = list(types)
    if len(labels) != len(shape):
        raise InputError("types", f"must have one label for each of the {len(shape)} users", types)
    numbers: dict[Any, int] = {}
    levels: dict[Any, int] = {}
    for user, (label, n_levels) in enumerate(zip(labels, shape, strict=True)):
        if not isinstance(label, (str, int, float, Fraction, Enum, np.number)):
            raise InputError(f"types[{user}]", "must be a label: text or a number", label)
        numbers.setdefault(label, len(numbers))
        if levels.setdefault(label, n_levels) != n_levels:
            raise InputError(f"types[{user}]", "must group only users with the same number of levels", label)
    return np.array([numbers[label] for label in labels], dtype=np.intp)


def takes_rng(evaluate: Callable[..., Any]) -> bool:
    """Whether the function has a parameter named ``rng``."""
    try:
        return "rng" in inspect.signature(evaluate).parameters
    except (TypeError, ValueError):
        return False


class OneRepeat(Utility):
    """What one repeat alone measured.

    Parameters
    ----------
    whole : Utility
        The utility that is measured.
    number : int
        Which repeat.
    repeated : callable
        Utilities of profiles in each repeat, ``(M, N)`` to ``(repeats, M)``.
    """

    def __init__(
        self, whole: Utility, number: int, repeated: Callable[[NDArray[np.integer[Any]]], NDArray[np.float64]]
    ) -> None:
        self._whole = whole
        self._number = number
        self._repeated = repeated

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each user."""
        return self._whole.shape

    @cached_property
    def types(self) -> NDArray[np.intp]:
        """Type of each user."""
        return self._whole.types

    def evaluate(self, profiles: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Utility of each row of ``profiles`` in this repeat."""
        values: NDArray[np.float64] = self._repeated(profiles)[self._number]
        return values


class MeasuredUtility(Utility):
    """A utility that a user's own function measures, profile by profile.

    The function trains, estimates or simulates whatever the platform does with the data that a profile
    gives it, and returns how well that went. The utility is this performance less the performance when
    everybody is absent, averaged over repeats. Only the profiles that an answer needs are measured, each
    of them once, and every measurement is kept.

    Parameters
    ----------
    evaluate : callable
        ``evaluate(profile)``, where ``profile`` is a tuple of level indices; returns a finite number. If
        it has a parameter named ``rng``, it is given a `numpy.random.Generator` by that name. Repeat
        ``r`` has the same random numbers at every profile, so that payments, which are differences
        between profiles, are not blurred by the draw.
    shape : sequence of int
        Number of levels of each user; level 0 is "absent".
    types : sequence, optional, shape (N,)
        Users with equal labels are interchangeable: one profile is measured for all their permutations.
    repeats : int
        Measurements of each profile. Two or more show the noise.
    seed : int or numpy.random.SeedSequence
        Of the random numbers.
    baseline : number, optional
        Performance when everybody is absent; measured like any other when left out.
    cache : path, optional
        Folder in which each measurement is written as soon as it is known. A run that was killed takes
        up where it stopped. The file is named after what decides the function's values (its code, what it
        captures and reads, attributes, `seed`), so that a changed function or changed data starts a new file.
        Or the file itself, which ends in ``.jsonl``: one that another function made is refused. Several processes
        may measure into one cache.
    fingerprint : object
        What the function depends on that its code and variables do not show, for instance the hash of
        a data file or a package's version. Required with ``cache`` where nothing can tell whether the function
        has changed (a C function, an open file). A class may define ``__fingerprint__`` instead, which returns
        what decides the values of its objects.
    adopt : bool
        Take over the file that ``cache`` names although another function made it: you know that its
        measurements are those of this function, too.
    n_jobs : int or None
        Workers; None leaves it to the surrounding ``joblib.parallel_config``, else one.

    Raises
    ------
    InputError
        If an argument is malformed, the cache cannot be written, is damaged, or does not fit; it is left as it is.

    Notes
    -----
    Measuring stops at the first profile at which the function raises or returns anything but a finite
    number (`EvaluationError`, which names it); what was measured before, and what other workers were at, is
    kept, and asking again goes on from there.

    Examples
    --------
    >>> def accuracy(profile):
    ...     return 0.5 + 0.1 * sum(profile)
    >>> utility = MeasuredUtility(accuracy, shape=(2, 2))
    >>> round(utility((1, 1)), 6), utility.evaluations
    (0.2, 2)
    """

    costly = True

    @public
    def __init__(
        self,
        evaluate: Callable[..., Any],
        shape: Sequence[int],
        *,
        types: str | Sequence[Any] | None = None,
        repeats: int = 1,
        seed: int | np.random.SeedSequence = 0,
        baseline: Number | int | None = None,
        cache: str | Path | None = None,
        fingerprint: object = "",
        adopt: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self._shape = as_shape(shape)
        self._types = as_types(types, self._shape)
        if repeats < 1:
            raise InputError("repeats", "must be a whole number of at least 1", repeats)
        self.repeats = repeats
        sequence = as_seed(seed)
        self._experiment = Experiment(evaluate, takes_rng(evaluate), sequence)
        self.noisy = self._experiment.takes_rng or self.repeats > 1
        self._baseline = None if baseline is None else float(as_number(baseline, "baseline"))
        self._n_jobs = as_n_jobs(n_jobs)
        self._evaluations = 0
        self._cache: MeasurementCache | None = None
        self._known: dict[Measurement, float] = {}
        if cache is not None:
            made_by = fingerprint_of(evaluate, named=fingerprint)
            self._cache = MeasurementCache(Path(cache), self._shape, sequence, made_by, adopt)
            self._known = self._cache.read()

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each user."""
        return self._shape

    @cached_property
    def types(self) -> NDArray[np.intp]:
        """Type of each user."""
        return self._types

    @property
    def evaluations(self) -> int:
        """How often this object has run the function; measurements read from the cache do not count."""
        return self._evaluations

    @property
    def cache_file(self) -> Path | None:
        """File in which the measurements are kept."""
        return None if self._cache is None else self._cache.path

    @property
    def measured(self) -> tuple[tuple[int, ...], ...]:
        """Profiles of which every repeat is known, in lexicographic order; one for all its permutations."""
        profiles = sorted({profile for profile, _ in self._known})
        return tuple(
            profile for profile in profiles if all((profile, repeat) in self._known for repeat in range(self.repeats))
        )

    def evaluate(self, profiles: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Mean utility of each row of ``profiles`` over the repeats; measures what is not yet known."""
        means: NDArray[np.float64] = self.repeated(profiles).mean(axis=0)
        return means

    def repeated(self, profiles: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Utility of each row of ``profiles`` in each repeat: shape ``(M, N)`` to ``(repeats, M)``.

        Raises
        ------
        EvaluationError
            If the function raises or returns anything but a finite number; the profile is named.
        """
        rows, inverse = np.unique(self.representatives(profiles), axis=0, return_inverse=True)
        distinct = [tuple(row) for row in rows.tolist()]
        absent = (0,) * self.n_users
        known_zero = self._baseline is not None
        needed = [profile for profile in [absent, *distinct] if not (known_zero and profile == absent)]
        self._measure(list(dict.fromkeys(needed)))
        values: NDArray[np.float64] = np.empty((self.repeats, len(distinct)))
        for repeat in range(self.repeats):
            base = self._known[absent, repeat] if self._baseline is None else self._baseline
            values[repeat] = [0.0 if profile == absent else self._known[profile, repeat] - base for profile in distinct]
        return values[:, inverse.ravel()]

    @public
    def standard_error(self, profile: ArrayLike) -> float:
        """Standard error of the utility of one profile, from the spread of its repeats.

        Raises
        ------
        InputError
            If the profile is malformed, or there is only one repeat, which cannot show its noise.
        """
        if self.repeats < 2:
            raise InputError("repeats", "must be at least 2 to see the noise", self.repeats)
        return float(
            self.repeated(as_levels(profile, self._shape, self.types)[None])[:, 0].std(ddof=1) / np.sqrt(self.repeats)
        )

    @public
    def repeat(self, number: int) -> Utility:
        """Return the utility as one repeat alone measured it.

        Raises
        ------
        InputError
            If there is no such repeat.
        """
        if not 0 <= number < self.repeats:
            raise InputError("number", f"must be a repeat from 0 to {self.repeats - 1}", number)
        return OneRepeat(self, number, self.repeated)

    @public
    def save(self, path: str | Path, force: bool = False) -> None:
        """Measure every profile and write the table of utilities, which a specification can name.

        Parameters
        ----------
        path : path
            ``.csv``: a column a user and the utility, one line a profile, levels by number. ``.npy``: an
            array, axis ``i`` = user ``i``. Both hold the means, not the noise.
        force : bool
            Overwrite a file that is there already.

        Raises
        ------
        InputError
            If the name ends otherwise, or the file exists or cannot be written; before anything is measured.
        EvaluationError
            If a measurement fails.
        """
        output = Output(Path(path), force=force)
        ending = output.path.suffix.lower()
        if ending not in {".csv", ".npy"}:
            raise InputError("path", "must end in .csv or .npy", str(path))
        output.check()
        values = to_float(self.tensor())
        if ending == ".csv":
            # The shortest decimal that reads back as the same float.
            rows = ([*profile, repr(float(values[profile]))] for profile in np.ndindex(values.shape))
            output.write(csv_text([*(f"user {user}" for user in range(self.n_users)), "utility"], rows))
        else:
            stream = io.BytesIO()
            np.save(stream, values, allow_pickle=False)
            output.write(stream.getvalue())

    @public
    def representatives(self, profiles: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """Sort levels within each type: the one profile that is measured for all permutations."""
        rows = np.array(as_whole(profiles, "profiles", "must be whole levels, shape (M, N)"))
        if rows.shape[1:] != (self.n_users,):
            raise InputError("profiles", f"must have shape (M, {self.n_users})", rows.shape)
        for kind, size in enumerate(self.type_sizes):
            if size > 1:
                users = np.flatnonzero(self.types == kind)
                rows[:, users] = np.sort(rows[:, users], axis=1)
        return rows

    def __fingerprint__(self) -> tuple[object, ...]:
        """What decides the values."""
        return self._experiment, self._shape, self._types, self.repeats, self._baseline

    def _measure(self, profiles: Sequence[tuple[int, ...]]) -> None:
        if self._cache is not None:
            self._known.update(self._cache.read())
        # Repeat by repeat, so that a run that is stopped early has seen most profiles once.
        missing = [
            (profile, repeat)
            for repeat in range(self.repeats)
            for profile in profiles
            if (profile, repeat) not in self._known
        ]
        if missing:
            measure(self._experiment, missing, self._keep, self._n_jobs)

    def _keep(self, measured: Measurement, value: float) -> None:
        self._evaluations += 1
        self._known[measured] = value
        if self._cache is not None:
            self._known.update(self._cache.append(measured, value))


_MOST_PRINTED = 20


@dataclass(frozen=True, eq=False, repr=False)
class Fall(Result):
    """One step at which a user shares more and the utility falls.

    Attributes
    ----------
    profile : tuple of int
        Before the step.
    user, level : int
        Who moves, and to which level.
    change : float
        Change of the mean utility; below 0.
    standard_error : float or None
        Of ``change``, from its spread over the repeats; None with one repeat.
    beyond_noise : bool or None
        Whether the one-sided test of the size asked for says that the fall is real; None with one repeat.
    """

    profile: tuple[int, ...]
    user: int
    level: int
    change: float
    standard_error: float | None
    beyond_noise: bool | None


@dataclass(frozen=True, eq=False, repr=False)
class Monotonicity(Result):
    """Every measured step to more data at which the utility falls by more than rounding.

    Attributes
    ----------
    falls : tuple of Fall
        The largest fall first.
    steps : int
        Number of steps between measured profiles.
    repeats : int
        Measurements of each profile.
    level : float
        Size of the test behind ``beyond_noise``, shared out among the steps (Bonferroni).
    """

    falls: tuple[Fall, ...]
    steps: int
    repeats: int
    level: float

    @property
    def monotone(self) -> bool:
        """Whether no step lowers the mean utility."""
        return not self.falls

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        title = f"{len(self.falls)} of {self.steps} measured steps to more data lower the utility"
        headers = ("profile", "user", "to level", "change", "standard error", "beyond noise")
        shown = ("profile", "user", "level", "change", "standard_error", "beyond_noise")
        rows = [[format_value(getattr(fall, name), 4) for name in shown] for fall in self.falls[:_MOST_PRINTED]]
        left = len(self.falls) - len(rows)
        if self.falls:
            title += f", by {format_value(-self.falls[0].change, 3)} at most"
            if self.repeats > 1:
                title += f"; {sum(bool(fall.beyond_noise) for fall in self.falls)} of them beyond noise"
        if left:
            title += f" (the {len(rows)} largest are shown; .falls has all of them)"
        return title, headers, rows


@public
def monotonicity(utility: MeasuredUtility, level: float = 0.05) -> Monotonicity:
    """Compare every two measured profiles of which one has a single user one level higher.

    Nothing new is measured. With repeats, the change is tested against its own spread over them. Changes within
    rounding of the utilities compared are none.

    Parameters
    ----------
    utility : MeasuredUtility
        What has been measured so far.
    level : float
        Chance of calling any fall real when none is, strictly between 0 and 1.

    Returns
    -------
    Monotonicity
        The falls, the largest first.

    Raises
    ------
    InputError
        If ``level`` is not strictly between 0 and 1.

    Examples
    --------
    >>> utility = MeasuredUtility(lambda profile: max(profile) - 0.1 * sum(profile), shape=(2, 2))
    >>> utility.tensor().shape
    (2, 2)
    >>> [(fall.profile, fall.user) for fall in monotonicity(utility).falls]
    [((0, 1), 0), ((1, 0), 1)]
    """
    if not 0 < level < 1:
        raise InputError("level", "must lie strictly between 0 and 1", level)
    known = set(utility.measured) | {(0,) * utility.n_users}
    steps = [
        (profile, user)
        for profile in sorted(known)
        for user, n_levels in enumerate(utility.shape)
        if profile[user] + 1 < n_levels
        and tuple(utility.representatives(np.array([_raised(profile, user)]))[0].tolist()) in known
    ]
    falls: list[Fall] = []
    if steps:
        before = utility.repeated(np.array([profile for profile, _ in steps]))
        after = utility.repeated(np.array([_raised(*step) for step in steps]))
        magnitude = np.maximum(np.abs(before), np.abs(after)).max(axis=0)
        falls = _falls(steps, after - before, RELATIVE * magnitude, level)
    return Monotonicity(tuple(sorted(falls, key=lambda fall: fall.change)), len(steps), utility.repeats, level)


def _falls(
    steps: Sequence[tuple[tuple[int, ...], int]], changes: np.ndarray, rounding: np.ndarray, level: float
) -> list[Fall]:
    from scipy.stats import t

    repeats, means, falls = len(changes), changes.mean(axis=0), []
    errors = changes.std(axis=0, ddof=1) / np.sqrt(repeats) if repeats > 1 else None
    for step in np.flatnonzero(means < -rounding).tolist():
        (profile, user), change, error, real = steps[step], float(means[step]), None, None
        if errors is not None:
            error = float(errors[step])
            real = error == 0 or bool(t.cdf(change / error, repeats - 1) < level / len(steps))
        falls.append(Fall(profile, user, profile[user] + 1, change, error, real))
    return falls


def _raised(profile: tuple[int, ...], user: int) -> tuple[int, ...]:
    return (*profile[:user], profile[user] + 1, *profile[user + 1 :])
