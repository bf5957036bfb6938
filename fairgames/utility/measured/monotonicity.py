"""Whether more data ever measures as a lower utility, and whether the noise explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.result import Result, format_value
from fairgames.tolerance import RELATIVE
from fairgames.utility.measured.experiment import MeasuredUtility

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

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
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
            title += f"\n(the {len(rows)} largest are shown; .falls has all of them)"
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
        if profile[user] + 1 < n_levels and _representative(utility, _raised(profile, user)) in known
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


def _representative(utility: MeasuredUtility, profile: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(utility.representatives(np.array([profile]))[0].tolist())
