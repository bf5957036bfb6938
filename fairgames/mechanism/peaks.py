"""Where a piecewise value function of alpha is highest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from fairgames.exactness import Number
from fairgames.mechanism.landscape import Piece
from fairgames.mechanism.roots import polynomial_roots


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


def highest_peak(pieces: Iterable[Piece], tolerance: float) -> Peak | None:
    """Find the supremum of the value over ``pieces``.

    Parameters
    ----------
    pieces : iterable of Piece
        Pieces of the value function; they may overlap.
    tolerance : float
        Values closer than this are equal; 0 in rationals.

    Returns
    -------
    Peak or None
        The highest one. Among equals an attained one, then the smallest alpha, then the first profile.
        None without pieces.
    """
    best: Peak | None = None
    for piece in pieces:
        for peak in piece_peaks(piece):
            if best is None or _beats(peak, best, tolerance):
                best = peak
    return best


def piece_peaks(piece: Piece) -> Iterator[Peak]:
    """Ends and stationary points of one piece.

    ``(1 − 1/beta)(q0 + q1 beta + q2 beta²)`` with ``beta = 1/alpha`` is stationary where ``2 q2 beta³ +
    (q1 − q2) beta² + q0 = 0``, unless ``U`` is constant: then the ends suffice.
    """
    start, stop = piece.alpha_from, piece.alpha_to
    if start > 0 or not _varies(piece):
        yield Peak(start, piece.value(start), piece, None if piece.closed_from else "above")
    if stop > start:
        yield Peak(stop, piece.value(stop), piece, None if piece.closed_to else "below")
    if _varies(piece) and stop > start:
        q0, q1, q2 = (Fraction(term) for term in piece.terms)
        low = 1 / Fraction(stop)
        high = None if start == 0 else 1 / Fraction(start)
        for beta in polynomial_roots((q0, Fraction(0), q1 - q2, 2 * q2), low, high):
            alpha = 1 / beta
            yield Peak(alpha, piece.value(alpha), piece, None)


def _varies(piece: Piece) -> bool:
    return piece.terms[1] != 0 or piece.terms[2] != 0


def _beats(peak: Peak, best: Peak, tolerance: float) -> bool:
    higher = peak.value - best.value
    if higher > tolerance or -higher > tolerance:
        return higher > 0
    if (peak.approached_from is None) != (best.approached_from is None):
        return peak.approached_from is None
    later = peak.alpha - best.alpha
    if later:
        return later < 0
    return _order(peak) < _order(best)


def _order(peak: Peak) -> tuple[bool, tuple[int, ...]]:
    profile = peak.piece.profile
    return profile is None, profile or ()
