"""The exceptions that fairgames raises.

Every one is a ``ValueError``: the input, not the program, is at fault. Each message names the
argument, the offending value and what would be right.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from fairgames.printable import printable, shortened

_LONGEST_NAME = 120
_LONGEST_LINE = 1_500
# A list may hold itself many times over: only what is shown is written.
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxtuple, _SHORT.maxdict, _SHORT.maxset = 4, 20, 20, 10, 10
_SHORT.maxstring, _SHORT.maxlong, _SHORT.maxother = 1 << 60, 80, 1 << 60


class FairGamesError(ValueError):
    """Base class of every exception that fairgames raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong. Characters that do not print are escaped, and very long messages cut, since both
        may come from the input.

    Examples
    --------
    >>> issubclass(FairGamesError, ValueError)
    True
    """

    def __init__(self, message: str) -> None:
        super().__init__(shortened(printable(message), _LONGEST_LINE))


class InputError(FairGamesError):
    """An argument is not usable.

    Parameters
    ----------
    argument : str
        The argument's name as the caller wrote it, with an index where one entry is at fault.
    requirement : str
        What would be right, for instance ``"must be at least 0"``.
    value : object, optional
        The offending value; left out of the message when omitted.

    Examples
    --------
    >>> raise InputError("costs[1, 2]", "must be at least 0", -0.4)
    Traceback (most recent call last):
    ...
    fairgames.errors.InputError: costs[1, 2]: must be at least 0, got -0.4
    """

    _MISSING = object()

    def __init__(self, argument: str, requirement: str, value: object = _MISSING) -> None:
        self.argument = argument
        self.requirement = requirement
        got = "" if value is self._MISSING else f", got {shown(value)}"
        super().__init__(f"{shortened(argument, _LONGEST_NAME)}: {requirement}{got}")

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the finished message, so that worker processes can hand the error back."""
        return _rebuild, (type(self), str(self), self.argument, self.requirement)


class SizeError(FairGamesError):
    """The answer would not fit in memory; the message says how many bytes and what to use instead.

    Examples
    --------
    >>> import fairgames as fg
    >>> fg.potential(fg.DPMeanUtility([0, 1, 2], n_users=40))
    Traceback (most recent call last):
    ...
    fairgames.errors.SizeError: ...
    """


class DataError(FairGamesError):
    """A data file or frame cannot be used.

    Examples
    --------
    >>> import fairgames as fg
    >>> fg.fit_federated_mean({"clinic": ["a", "b"], "score": [1, 2]}, "clinic", "score")
    Traceback (most recent call last):
    ...
    fairgames.errors.DataError: ...
    """


class SolverError(FairGamesError):
    """A solver cannot serve this game, or is not known.

    Examples
    --------
    >>> import fairgames as fg
    >>> fg.equilibria(fg.FairGame([[0, "2/3"], ["2/3", 1]], costs=[0, "2/5"]), method="magic")
    Traceback (most recent call last):
    ...
    fairgames.errors.SolverError: ...
    """


class EvaluationError(FairGamesError):
    """A utility raised, or returned something that is not a finite number, at one profile.

    Parameters
    ----------
    message : str
        What happened, with the profile.
    profile : tuple
        The profile at which it happened.
    finished : object, optional
        What was computed before: see the function that raised.

    Examples
    --------
    >>> import fairgames as fg
    >>> fg.fair_payments(fg.MeasuredUtility(lambda profile: 1 / (1 - sum(profile)), shape=(2, 2)), (1, 1))
    Traceback (most recent call last):
    ...
    fairgames.errors.EvaluationError: ...
    """

    def __init__(self, message: str, profile: tuple[object, ...], finished: object = None) -> None:
        self.profile = profile
        self.finished = finished
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from all arguments, so that worker processes can hand the error back."""
        return type(self), (str(self), self.profile, self.finished)


class SpecificationError(FairGamesError):
    """A specification has problems; all of them are listed at once.

    Parameters
    ----------
    source : str
        The file name shown before each problem.
    problems : sequence of str
        One line a problem, each starting with its place in the file.

    Examples
    --------
    >>> print(SpecificationError("spec.toml", ["[utility] kind: must be given"]))
    spec.toml: [utility] kind: must be given
    """

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        lines = (shortened(printable(f"{source}: {problem}"), _LONGEST_LINE) for problem in self.problems)
        ValueError.__init__(self, "\n".join(lines))

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the two arguments rather than from the joined message."""
        return type(self), (self.source, self.problems)


def asked(function: Callable[..., Any], name: str, *arguments: object) -> Any:
    """Call a function that the caller handed in; what it raises becomes an `InputError` that names it."""
    try:
        return function(*arguments)
    except (FairGamesError, MemoryError):
        raise
    except Exception as error:
        raise InputError(name, f"must not raise; it raised {type(error).__name__}: {error}") from error


def shown(value: object) -> str:
    """Write a value as a user would type it (2/3, not Fraction(2, 3); 0.1, not np.float64(0.1)); long ones are cut."""
    if isinstance(value, np.generic):
        value = value.item()
    try:
        text = str(value) if isinstance(value, Fraction) else _SHORT.repr(value)
    except Exception:  # whatever the value's own repr raises: too many digits, a fault of its own
        text = f"a {type(value).__name__} that cannot be shown"
    return shortened(text, 10 * _LONGEST_NAME)


def _rebuild(kind: type[InputError], message: str, argument: str, requirement: str) -> InputError:
    error = kind.__new__(kind, message)
    ValueError.__init__(error, message)
    error.argument = argument
    error.requirement = requirement
    return error
