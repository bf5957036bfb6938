"""Parts of the pieces of a value function of alpha."""

from __future__ import annotations

from dataclasses import replace

from fairgames.exactness import Number
from fairgames.mechanism.landscape import Piece


def clip(piece: Piece, alpha_from: Number, alpha_to: Number) -> Piece | None:
    """Part of a piece within the closed range of alpha; None when nothing is left."""
    start, stop = piece.alpha_from, piece.alpha_to
    closed_from, closed_to = piece.closed_from, piece.closed_to
    if alpha_from > start:
        start, closed_from = alpha_from, True
    if alpha_to < stop:
        stop, closed_to = alpha_to, True
    if start > stop or (start == stop and not (closed_from and closed_to)):
        return None
    if (start, stop) == (piece.alpha_from, piece.alpha_to):
        return piece
    return replace(piece, alpha_from=start, alpha_to=stop, closed_from=closed_from, closed_to=closed_to)


def within(piece: Piece, alpha_from: Number, alpha_to: Number, slack: Number) -> Piece | None:
    """Part of a piece within the closed range of alpha, which an end of the piece may miss by the slack."""
    if alpha_to < piece.alpha_from <= alpha_to + slack:
        alpha_to = piece.alpha_from
    if alpha_from - slack <= piece.alpha_to < alpha_from:
        alpha_from = piece.alpha_to
    return clip(piece, alpha_from, alpha_to)


def remove(piece: Piece, removed: Piece) -> list[Piece]:
    """Parts of ``piece`` outside the range of ``removed``."""
    left = _below(piece, removed.alpha_from, closed=not removed.closed_from)
    right = _above(piece, removed.alpha_to, closed=not removed.closed_to)
    return [part for part in (left, right) if part is not None]


def _below(piece: Piece, end: Number, *, closed: bool) -> Piece | None:
    if end > piece.alpha_to:
        return piece
    if end == piece.alpha_to:
        closed = closed and piece.closed_to
    return _if_any(replace(piece, alpha_to=end, closed_to=closed))


def _above(piece: Piece, start: Number, *, closed: bool) -> Piece | None:
    if start < piece.alpha_from:
        return piece
    if start == piece.alpha_from:
        closed = closed and piece.closed_from
    return _if_any(replace(piece, alpha_from=start, closed_from=closed))


def _if_any(piece: Piece) -> Piece | None:
    if piece.alpha_from < piece.alpha_to:
        return piece
    return piece if piece.alpha_from == piece.alpha_to and piece.closed_from and piece.closed_to else None


def join(pieces: list[Piece]) -> list[Piece]:
    """Join neighbours that select the same equilibrium."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.alpha_to == piece.alpha_from
            and (last.closed_to or piece.closed_from)
            and _same(last, piece)
        ):
            joined[-1] = replace(last, alpha_to=piece.alpha_to, closed_to=piece.closed_to)
        else:
            joined.append(piece)
    return joined


def _same(left: Piece, right: Piece) -> bool:
    return left.terms == right.terms and left.profile == right.profile and left.strategy_terms is right.strategy_terms


def in_floats(piece: Piece) -> Piece:
    """Return the same piece with every number a float."""
    start, stop = float(piece.alpha_from), float(piece.alpha_to)
    constant, linear, square = map(float, piece.terms)
    strategies = piece.strategy_terms and tuple(terms.astype(float) for terms in piece.strategy_terms)
    return replace(piece, alpha_from=start, alpha_to=stop, terms=(constant, linear, square), strategy_terms=strategies)
