"""The exceptions of the closed forms: each is a ``ValueError`` and says what would be right."""

from __future__ import annotations


class SymbolicError(ValueError):
    """Base class of every exception that the closed forms raise on purpose."""


class InputError(SymbolicError):
    """An argument is not usable.

    Parameters
    ----------
    argument : str
        The argument's name as the caller wrote it.
    requirement : str
        What would be right.
    *value : object
        The offending value, if there is one to show.

    Examples
    --------
    >>> raise InputError("n_users", "must be at least 2", 1)
    Traceback (most recent call last):
    ...
    symbolic.errors.InputError: n_users: must be at least 2, got 1
    """

    def __init__(self, argument: str, requirement: str, *value: object) -> None:
        self.argument = argument
        self.requirement = requirement
        self.value = tuple(map(str, value))
        super().__init__(f"{argument}: {requirement}" + "".join(f", got {entry}" for entry in self.value))

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the arguments rather than from the joined message."""
        return type(self), (self.argument, self.requirement, *self.value)


class ClaimError(SymbolicError):
    """A regime claim does not hold for the utility at hand.

    Parameters
    ----------
    claim : str
        The claim that fails.
    where : str
        The numbers at which it fails.
    """

    def __init__(self, claim: str, where: str) -> None:
        self.claim = claim
        self.where = where
        super().__init__(f"{claim} fails: {where}")

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the two arguments rather than from the joined message."""
        return type(self), (self.claim, self.where)
