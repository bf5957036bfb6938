"""The platform's value ``(1 − alpha) U`` as an exact piecewise function of alpha, its parts, and where it is highest.

On a piece one equilibrium, or one family, is selected: ``U`` is constant, a quadratic in ``1/alpha`` (two users who
mix), or follows a `Branch` of exchangeable users. Every search of `mechanism` returns pieces, and `highest_peak` of
them is the optimum; figures read the `Landscape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from fairgames.arguments import public
from fairgames.exactness import Array, Number, as_number, to_float
from fairgames.payments.alpha import as_share
from fairgames.result import Result, ends_text, format_value
from fairgames.tolerance import ROUNDING, near

if TYPE_CHECKING:
    from fairgames.mechanism.symmetric.families import Branch
    from fairgames.mechanism.three_users import Curve

Profile = tuple[int, ...]

_NODES = 65


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
        ``U(alpha) = terms[0] + terms[1] / alpha + terms[2] / alpha²``; the last two are 0 for a pure profile. Empty
        along a ``family``.
    profile : tuple of int or None
        Level of each user; None for mixed strategies.
    strategy_terms : tuple of ndarray or None
        For mixed strategies, an array of shape (2, actions) a user: ``row 0 + row 1 / alpha`` is the
        probability of each allowed action.
    family : Branch, Curve or None
        Three users who all mix between two levels (`Curve`), or exchangeable users of whom some mix with one
        probability, which is the root of a polynomial: the first
        ``sure`` users take the less private action, the next ``mixing`` ones mix, the others take the more private one.
    """

    alpha_from: Number
    alpha_to: Number
    closed_from: bool
    closed_to: bool
    terms: tuple[Number, ...]
    profile: Profile | None = None
    strategy_terms: tuple[Array, ...] | None = None
    family: Branch | Curve | None = None

    @public
    def contains(self, alpha: Number) -> bool:
        """Whether ``alpha`` belongs to the range."""
        return holds(self, alpha)

    @public
    def utility(self, alpha: Number) -> Number:
        """Utility at ``alpha`` (by continuity also outside the range)."""
        return worth(self, alpha)

    @public
    def value(self, alpha: Number) -> Number:
        """What the platform keeps at ``alpha``: ``(1 − alpha) · U(alpha)``."""
        return kept(self, alpha)

    @public
    def strategies(self, alpha: Number) -> tuple[Array, ...] | None:
        """Mixed strategies at ``alpha``; None for a pure profile."""
        if self.family is not None:
            return self.family.strategies(alpha)
        if self.strategy_terms is None:
            return None
        if not any(np.any(terms[1] != 0) for terms in self.strategy_terms):
            return tuple(terms[0] for terms in self.strategy_terms)
        return tuple(terms[0] + terms[1] / alpha for terms in self.strategy_terms)

    @property
    def interval(self) -> str:
        """The range as text."""
        left, right = "[" if self.closed_from else "(", "]" if self.closed_to else ")"
        return f"{left}{', '.join(ends_text(self.alpha_from, self.alpha_to))}{right}"

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        return "Piece", _HEADERS, [self._row()]

    def _row(self) -> Sequence[str]:
        if self.family is not None:
            return self.interval, "along a family", f"{self.family.sure} sure, {self.family.mixing} mixing"
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

    @public
    def piece_at(self, alpha: Number | int | str) -> Piece | None:
        """Piece that holds ``alpha``; None when no equilibrium meets the constraints there.

        Raises
        ------
        InputError
            If ``alpha`` lies outside [0, 1].
        """
        number = as_share(alpha, "alpha")
        return next((piece for piece in self.pieces if holds(piece, number)), None)

    @public
    def utility(self, alpha: Number | int | str) -> Number | None:
        """Utility at the selected equilibrium; None where there is none."""
        piece = self.piece_at(alpha)
        return None if piece is None else worth(piece, as_number(alpha, "alpha"))

    @public
    def value(self, alpha: Number | int | str) -> Number | None:
        """What the platform keeps at the selected equilibrium, ``(1 − alpha) · U``; None where there is none."""
        piece = self.piece_at(alpha)
        return None if piece is None else kept(piece, as_number(alpha, "alpha"))

    @property
    def breakpoints(self) -> tuple[Number, ...]:
        """Alphas at which the selected equilibrium changes, and the ends of the pieces."""
        return tuple(sorted({end for piece in self.pieces for end in (piece.alpha_from, piece.alpha_to)}))

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        return f"Landscape ({self.selection})", _HEADERS, [piece._row() for piece in self.pieces]


def holds(piece: Piece, alpha: Number) -> bool:
    """Whether ``alpha`` belongs to the range of a piece."""
    return (piece.alpha_from < alpha < piece.alpha_to) or (
        (piece.closed_from and alpha == piece.alpha_from) or (piece.closed_to and alpha == piece.alpha_to)
    )


def worth(piece: Piece, alpha: Number) -> Number:
    """Utility on a piece at ``alpha``, without the checks of a public name."""
    if piece.family is not None:
        return piece.family.worth_at(alpha)
    alone, linear, square = piece.terms
    if linear == 0 and square == 0:
        return alone
    beta = 1 / alpha
    return alone + beta * (linear + beta * square)


def kept(piece: Piece, alpha: Number) -> Number:
    """What the platform keeps on a piece at ``alpha``."""
    return (1 - alpha) * worth(piece, alpha)


def constant(
    alpha_from: Number,
    alpha_to: Number,
    utility: Number,
    profile: Profile | None,
    closed: tuple[bool, bool] = (True, True),
) -> Piece:
    """Piece on which the utility is the same at every alpha."""
    return Piece(alpha_from, alpha_to, *closed, (utility, utility * 0, utility * 0), profile)


def clip(piece: Piece, alpha_from: Number, alpha_to: Number) -> Piece | None:
    """Part of a piece within the closed range of alpha; None when nothing is left."""
    return _overlap(piece, (alpha_from, True), (alpha_to, True))


def within(piece: Piece, alpha_from: Number, alpha_to: Number, slack: Number) -> Piece | None:
    """Part of a piece within the closed range of alpha, which an end of the piece may miss by this part of it."""
    if alpha_to < piece.alpha_from <= alpha_to * (1 + slack):
        alpha_to = piece.alpha_from
    if alpha_from * (1 - slack) <= piece.alpha_to < alpha_from:
        alpha_from = piece.alpha_to
    return clip(piece, alpha_from, alpha_to)


def remove(piece: Piece, removed: Piece) -> list[Piece]:
    """Parts of ``piece`` outside the range of ``removed``."""
    below = _overlap(piece, (piece.alpha_from, True), (removed.alpha_from, not removed.closed_from))
    above = _overlap(piece, (removed.alpha_to, not removed.closed_to), (piece.alpha_to, True))
    return [part for part in (below, above) if part is not None]


def _overlap(piece: Piece, start: tuple[Number, bool], stop: tuple[Number, bool]) -> Piece | None:
    """Part of a piece between two ends, each with whether it belongs to it; of equal ends the open one counts."""
    low, closed_from = max((piece.alpha_from, piece.closed_from), start, key=lambda end: (end[0], not end[1]))
    high, closed_to = min((piece.alpha_to, piece.closed_to), stop)
    if low > high or (low == high and not (closed_from and closed_to)):
        return None
    if (low, high, closed_from, closed_to) == (piece.alpha_from, piece.alpha_to, piece.closed_from, piece.closed_to):
        return piece
    return replace(piece, alpha_from=low, alpha_to=high, closed_from=closed_from, closed_to=closed_to)


def join(pieces: list[Piece]) -> list[Piece]:
    """Join neighbours that select the same equilibrium."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else piece
        touching = last.alpha_to == piece.alpha_from and (last.closed_to or piece.closed_from)
        if joined and touching and _same(last, piece):
            joined[-1] = replace(last, alpha_to=piece.alpha_to, closed_to=piece.closed_to)
        else:
            joined.append(piece)
    return joined


def _same(left: Piece, right: Piece) -> bool:
    same = left.terms == right.terms and left.profile == right.profile and left.family is right.family
    return same and left.strategy_terms is right.strategy_terms


def in_floats(piece: Piece) -> Piece:
    """Return the same piece with every number a float."""
    numbers = piece.alpha_from, piece.alpha_to, *piece.terms
    if piece.strategy_terms is None and {float}.issuperset(map(type, numbers)):
        return piece
    start, stop, *terms = map(float, numbers)
    strategies = piece.strategy_terms and tuple(map(to_float, piece.strategy_terms))
    return replace(piece, alpha_from=start, alpha_to=stop, terms=tuple(terms), strategy_terms=strategies)


@dataclass(frozen=True)
class Peak:
    """A candidate for the optimum.

    Attributes
    ----------
    alpha, value : Fraction or float
        Where, and how high.
    piece : Piece
        The piece on which it lies or whose end it is.
    approached_from : str or None
        ``"above"`` or ``"below"`` when ``alpha`` is not in the piece; None when it is attained.
    """

    alpha: Number
    value: Number
    piece: Piece
    approached_from: str | None


def highest_peak(pieces: Iterable[Piece]) -> Peak | None:
    """Find the supremum of the value over ``pieces``.

    Parameters
    ----------
    pieces : iterable of Piece
        Pieces of the value function; they may overlap.

    Returns
    -------
    Peak or None
        The highest one. Among equals (in floats, up to rounding) an attained one, then the smallest alpha, then the
        first profile. None without pieces.
    """
    best: Peak | None = None
    for peak in chain.from_iterable(map(piece_peaks, pieces)):
        if best is None or _beats(peak, best):
            best = peak
    return best


def piece_peaks(piece: Piece) -> Iterator[Peak]:
    """Ends and stationary points of one piece, and a point inside an open one.

    ``(1 − 1/beta)(q0 + q1 beta + q2 beta²)`` with ``beta = 1/alpha`` is stationary where ``2 q2 beta³ +
    (q1 − q2) beta² + q0 = 0``, unless ``U`` is constant: then the ends suffice.
    """
    start, stop = piece.alpha_from, piece.alpha_to
    if piece.family is not None:
        yield from _peaks_along(piece)
        return
    if start > 0 or not _varies(piece):
        yield Peak(start, kept(piece, start), piece, None if piece.closed_from else "above")
    if stop > start:
        yield Peak(stop, kept(piece, stop), piece, None if piece.closed_to else "below")
        if not piece.closed_from and not piece.closed_to:
            # Where the platform keeps the same on the whole of an open range, that is attained inside.
            middle = (start + stop) / 2
            yield Peak(middle, kept(piece, middle), piece, None)
    if _varies(piece) and stop > start:
        from fairgames.equilibrium.enclosures import real_roots

        q0, q1, q2 = (Fraction(term) for term in piece.terms)
        low = 1 / Fraction(stop)
        high = None if start == 0 else 1 / Fraction(start)
        for beta in real_roots((q0, Fraction(0), q1 - q2, 2 * q2), low, high):
            alpha = 1 / beta
            yield Peak(alpha, kept(piece, alpha), piece, None)


def _peaks_along(piece: Piece) -> Iterator[Peak]:
    """Ends of a piece of a family that is no polynomial, and the highest points between, found numerically."""
    from scipy.optimize import minimize_scalar

    nodes = np.linspace(float(piece.alpha_from), float(piece.alpha_to), _NODES)
    values = [float(kept(piece, alpha)) for alpha in nodes.tolist() if alpha]
    nodes = nodes[len(nodes) - len(values) :]
    for place, closed, side in ((0, piece.closed_from, "above"), (-1, piece.closed_to, "below")):
        end = piece.alpha_to if place else piece.alpha_from
        if end:
            yield Peak(end, values[place], piece, None if closed else side)
    for place in range(1, len(values) - 1):
        if values[place] >= max(values[place - 1], values[place + 1]):
            around = float(nodes[place - 1]), float(nodes[place + 1])
            top = minimize_scalar(lambda alpha: -float(kept(piece, alpha)), bounds=around, method="bounded")
            alpha = max((float(top.x), float(nodes[place])), key=lambda alpha: kept(piece, alpha))
            yield Peak(alpha, float(kept(piece, alpha)), piece, None)


def _varies(piece: Piece) -> bool:
    return piece.terms[1] != 0 or piece.terms[2] != 0


def _beats(peak: Peak, best: Peak) -> bool:
    higher = peak.value - best.value
    terms = [one.piece.terms[0] for one in (peak, best) if one.piece.terms]
    tolerance = near(peak.value, best.value) + near(*terms, part=ROUNDING)
    if higher > tolerance or -higher > tolerance:
        return higher > 0
    if (peak.approached_from is None) != (best.approached_from is None):
        return peak.approached_from is None
    first, second = ((one.alpha, one.piece.profile is None, one.piece.profile or ()) for one in (peak, best))
    return first < second
