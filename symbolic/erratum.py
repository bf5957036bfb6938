"""The record of one erratum: what is printed, what is correct, and the check that tells them apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Verification:
    """The outcome of a check.

    Parameters
    ----------
    printed_holds, correct_holds : bool
        Whether the printed and the corrected form pass the same test.
    evidence : str
        The numbers or expressions on which the verdict rests.

    Examples
    --------
    >>> Verification(False, True, "1/2 is not 2/3").confirmed
    True
    """

    printed_holds: bool
    correct_holds: bool
    evidence: str

    @property
    def confirmed(self) -> bool:
        """Whether the printed form fails and the corrected one holds."""
        return self.correct_holds and not self.printed_holds


@dataclass(frozen=True)
class Erratum:
    """One erratum of the paper.

    Parameters
    ----------
    where : str
        Equation, statement or figure.
    printed, correct : str
        What the paper says, and what it should say.
    check : callable
        Runs both forms against the definitions.
    """

    where: str
    printed: str
    correct: str
    check: Callable[[], Verification]

    def verify(self) -> Verification:
        """Run the check: nothing is looked up, everything is derived afresh."""
        return self.check()
