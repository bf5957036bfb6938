"""The platform's value as an exact piecewise function of alpha."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_number
from fairgames.result import Result, format_value

Profile = tuple[int, ...]
ZERO = Fraction(0)


@dataclass(frozen=True, eq=False, repr=False)
class Piece(Result):
    """A range of alpha on which one equilibrium, or one family of them, is selected.

    Attributes
    ----------
    alpha_from, alpha_to : Fraction or float
        Ends of the range; equal for a single alpha.
    closed_from, closed_to : bool
        Whether the ends belong to the range.
    terms : tuple of three numbers
        ``U(alpha) = terms[0] + terms[1] / alpha + terms[2] / alpha²``; the last two are 0 for a pure profile.
    profile : tuple of int or None
        Level of each user; None for mixed strategies.
    strategy_terms : tuple of ndarray or None
        For mixed strategies, an array of shape (2, actions) a user: ``row 0 + row 1 / alpha`` is the
        probability of each allowed action.
    """

    alpha_from: Number
    alpha_to: Number
    closed_from: bool
    closed_to: bool
    terms: tuple[Number, Number, Number]
    profile: Profile | None = None
    strategy_terms: tuple[Array, ...] | None = None

    def contains(self, alpha: Number) -> bool:
        """Whether ``alpha`` belongs to the range."""
        return (self.alpha_from < alpha < self.alpha_to) or (
            (self.closed_from and alpha == self.alpha_from) or (self.closed_to and alpha == self.alpha_to)
        )

    def utility(self, alpha: Number) -> Number:
        """Utility at ``alpha`` (by continuity also outside the range)."""
        constant, linear, square = self.terms
        if linear == 0 and square == 0:
            return constant
        beta = 1 / alpha
        return constant + beta * (linear + beta * square)

    def value(self, alpha: Number) -> Number:
        """What the platform keeps at ``alpha``: ``(1 − alpha) · U(alpha)``."""
        return (1 - alpha) * self.utility(alpha)

    def strategies(self, alpha: Number) -> tuple[Array, ...] | None:
        """Mixed strategies at ``alpha``; None for a pure profile."""
        if self.strategy_terms is None:
            return None
        if not any(np.any(terms[1] != 0) for terms in self.strategy_terms):
            return tuple(terms[0] for terms in self.strategy_terms)
        return tuple(terms[0] + terms[1] / alpha for terms in self.strategy_terms)

    @property
    def interval(self) -> str:
        """The range as text."""
        left, right = "[" if self.closed_from else "(", "]" if self.closed_to else ")"
        return f"{left}{format_value(self.alpha_from)}, {format_value(self.alpha_to)}{right}"

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        return "Piece", _HEADERS, [self._row()]

    def _row(self) -> Sequence[str]:
        worth = " + ".join(
            f"{format_value(term)}{unit}"
            for term, unit in zip(self.terms, ("", "/alpha", "/alpha²"), strict=True)
            if term
        )
        return self.interval, worth or "0", format_value(self.profile) if self.profile is not None else "mixed"


_HEADERS = ("alpha", "utility", "profile")


@dataclass(frozen=True, eq=False, repr=False)
class Landscape(Result):
    """The selected equilibrium, and what the platform keeps, at every alpha.

    Attributes
    ----------
    pieces : tuple of Piece
        In increasing order of alpha, not overlapping. An alpha in no piece has no equilibrium that
        meets the platform's constraints.
    selection : str
        Which equilibrium counts: ``"best"``, ``"worst"`` or ``"potential"``.

    Examples
    --------
    >>> from fairgames.mechanism.optimal import optimal_alpha
    >>> landscape = optimal_alpha([[0, "2/3"], ["2/3", 1]], costs=[0, "3/10"]).landscape
    >>> len(landscape.pieces) > 1, landscape.selection
    (True, 'best')
    """

    pieces: tuple[Piece, ...]
    selection: str

    def piece_at(self, alpha: Number | int | str) -> Piece | None:
        """Piece that holds ``alpha``; None when no equilibrium meets the constraints there.

        Raises
        ------
        InputError
            If ``alpha`` lies outside [0, 1].
        """
        number = as_number(alpha, "alpha")
        if not 0 <= number <= 1:
            raise InputError("alpha", "must lie in [0, 1]", alpha)
        return next((piece for piece in self.pieces if piece.contains(number)), None)

    def utility(self, alpha: Number | int | str) -> Number | None:
        """Utility at the selected equilibrium; None where there is none."""
        piece = self.piece_at(alpha)
        return None if piece is None else piece.utility(as_number(alpha, "alpha"))

    def value(self, alpha: Number | int | str) -> Number | None:
        """What the platform keeps at the selected equilibrium, ``(1 − alpha) · U``; None where there is none."""
        piece = self.piece_at(alpha)
        return None if piece is None else piece.value(as_number(alpha, "alpha"))

    @property
    def breakpoints(self) -> tuple[Number, ...]:
        """Alphas at which the selected equilibrium changes, and the ends of the pieces."""
        return tuple(sorted({end for piece in self.pieces for end in (piece.alpha_from, piece.alpha_to)}))

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        return f"Landscape ({self.selection})", _HEADERS, [piece._row() for piece in self.pieces]
