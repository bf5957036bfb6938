"""The optimum among users who may all be different: searched, then certified by payments priced afresh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairgames.mechanism.at_scale_bound import CostBound
from fairgames.mechanism.at_scale_game import ScaleGame
from fairgames.mechanism.at_scale_moves import Certificate, UserGains, certificate, gains_of_moves
from fairgames.mechanism.at_scale_search import Candidate
from fairgames.mechanism.at_scale_shares import Pricing
from fairgames.mechanism.at_scale_user_search import UserSearch, search_users
from fairgames.mechanism.at_scale_verify import Regret, regret_from, stable_range
from fairgames.mechanism.constraints import Limits
from fairgames.payments.engine_estimates import Effort
from fairgames.payments.result import Payments
from fairgames.tolerance import CERTIFICATE_DOUBT

_MOST_TRIED = 3


@dataclass(frozen=True, eq=False)
class Certified:
    """An equilibrium among different users, and how sure it is.

    Attributes
    ----------
    candidate : Candidate
        At the least alpha at which the certificate holds.
    regret : Regret
        What the most tempted user gains by moving.
    paid : Payments
        At the candidate's alpha, by type and level.
    how : str
        In words.
    """

    candidate: Candidate
    regret: Regret
    paid: Payments
    how: str


def certified_optimum(game: ScaleGame, bound: CostBound, limits: Limits) -> Certified | None:
    """Search, then certify the best of what was found; None when nothing was found within the limits.

    Where payments are estimated, alpha is the least one at which nobody gains by moving even if every payment's error
    works against it, as far as the confidence of the certificate covers: somewhat above the least one by estimates.

    Parameters
    ----------
    game : ScaleGame
        The users.
    bound : CostBound
        Its state is one of the starts.
    limits : Limits
        The platform's constraints.
    """
    gains = UserGains(Pricing(game.utility, Effort()), game.offered)
    search = UserSearch(game, gains, limits)
    search_users(search, game, limits, [game.highest(), bound.state, game.cheapest()], bound.largest)
    tried = []
    for candidate in search.ranked()[:_MOST_TRIED]:
        proof = certificate(game, candidate.state, _MOST_TRIED)
        safe = _safe(game, proof, candidate, limits)
        tried.append(_certified(game, proof, safe or candidate, gains.n_priced, holds=safe is not None))
        if not proof.estimated and safe is not None:
            break
    held = [one for one in tried if one.regret.verified]
    return max(held, key=lambda one: one.candidate.value, default=tried[0] if tried else None)


def _safe(game: ScaleGame, proof: Certificate, candidate: Candidate, limits: Limits) -> Candidate | None:
    """Best alpha at which nobody gains, errors allowed for; None where there is none within the limits."""
    lo, hi = stable_range(game, proof.most(), candidate.state)
    lo, hi = max(lo, float(limits.alpha_from)), min(hi, float(limits.alpha_to))
    U = candidate.utility
    alpha = lo if U >= 0 else hi
    if lo > hi or (limits.budget is not None and alpha * U > float(limits.budget)):
        return None
    return Candidate(alpha, (1 - alpha) * U, U, candidate.state)


def _certified(game: ScaleGame, proof: Certificate, candidate: Candidate, n_priced: int, *, holds: bool) -> Certified:
    table, errors = gains_of_moves(proof.moves)
    found = regret_from(game, table, errors, candidate.state, candidate.alpha)
    regret = Regret(found.gain, found.error, holds or (not proof.estimated and found.verified))
    n_moves = f"all {proof.n_moves:,} moves"
    if proof.estimated:
        sure = f"with {1 - CERTIFICATE_DOUBT:.0%} confidence for {n_moves} together, from a fresh sample"
    else:
        sure = f"by payments without sampling error, for {n_moves}"
    how = f"{n_priced:,} states were priced on the way; "
    how += f"nobody gains by moving, {sure}" if regret.verified else "some user may gain by moving"
    shares, spread = (
        np.nan_to_num(np.diagonal(part, axis1=1, axis2=2)) for part in (proof.moves.values, proof.moves.errors)
    )
    paid = Payments(
        values=candidate.alpha * shares,
        utility=proof.moves.utility,
        alpha=candidate.alpha,
        standard_errors=candidate.alpha * spread,
        degrees_of_freedom=proof.moves.degrees_of_freedom,
        engine=proof.moves.engine,
        reason="all moves of single users at once",
        evaluations=proof.moves.evaluations,
    )
    return Certified(candidate, regret, paid, how)
