"""Every pure equilibrium at every alpha: a profile of best responses (eqs. 17, 18) is one on a closed interval.

Behind `stable_profiles`; `mechanism`, `assessment.rules` and `assessment.robustness` narrow their intervals here, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.exactness import Array, Number, common, is_exact
from fairgames.payments.potential import largest_within, potential_tensor
from fairgames.result import Paying, answered, ends_text
from fairgames.scenario.costs import Actions, CostTable, costs_of_actions, on_actions
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.tolerance import RELATIVE, ROUNDING, difference, near
from fairgames.utility.base import Utility


@dataclass(frozen=True, eq=False, repr=False)
class StableProfile(Paying):
    """A pure equilibrium, and the payment fractions at which it is one.

    Attributes
    ----------
    profile : tuple of int
        Level of each user.
    alpha_from, alpha_to : Fraction or float
        Ends of the closed interval of alpha on which no user gains by moving.
    utility : Fraction or float
        The platform's utility there.
    potential : Fraction or float
        ``P`` there (at alpha = 1, without costs).

    Examples
    --------
    >>> stable = stable_profiles([[0, "2/3"], ["2/3", 1]], costs=[0, "3/10"])
    >>> [(one.profile, str(one.alpha_from), str(one.alpha_to)) for one in stable][-1]
    ((1, 1), '3/5', '1')
    """

    profile: tuple[int, ...]
    alpha_from: Number
    alpha_to: Number
    utility: Number
    potential: Number

    def _paid(self) -> Mapping[str, Any]:
        """At the lower end of the interval, where the platform keeps most."""
        from fairgames.payments.pricing import fair_payments

        assert self.scenario is not None
        return {"profile": self.profile, "payments": fair_payments(self.scenario, self.profile, self.alpha_from).values}

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        names = ("profile", "alpha_from", "alpha_to", "utility", "potential")
        ends = ends_text(self.alpha_from, self.alpha_to)
        return "StableProfile", names, [[self.profile, *ends, self.utility, self.potential]]


@public
def stable_profiles(
    utility: Scenario | Utility | ArrayLike,
    costs: CostTable = None,
    actions: Actions = None,
    margin: Number | int | str | None = None,
) -> tuple[StableProfile, ...]:
    """Every pure equilibrium of the fair game, with the interval of alpha on which it is one.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs; ``inf`` forbids a level.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose; None allows every level.
    margin : number
        How much better than each alternative a chosen level must be, in units of utility; 0 by default.

    Returns
    -------
    tuple of StableProfile
        In lexicographic order of the profiles.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed or the tensor would not fit in memory.

    References
    ----------
    Kang, Pedarsani, Ramchandran (2024), eqs. 17 and 18: profiles of best responses. Monderer and Shapley (1996),
    "Potential games", on the potential whose differences decide.

    Examples
    --------
    >>> for stable in stable_profiles([[0, "2/3"], ["2/3", 1]], [0, "3/10"]):
    ...     print(stable.profile, stable.alpha_from, stable.alpha_to)
    (0, 0) 0 9/20
    (0, 1) 9/20 3/5
    (1, 0) 9/20 3/5
    (1, 1) 3/5 1
    """
    asked = as_scenario(utility, costs, actions, margin=margin)
    worth, cost_table, allowed, least = asked.utility, asked.user_costs, asked.actions, asked.margin
    P = on_actions(potential_tensor(worth.tensor()), allowed)
    U = on_actions(worth.tensor(), allowed)
    costs_there, largest = costs_of_actions(cost_table, allowed), on_actions(largest_within(worth.tensor()), allowed)
    lo, hi, stable = payment_intervals([P] * P.ndim, costs_there, least, magnitudes=largest)
    found = tuple(
        StableProfile(
            tuple(levels[action] for levels, action in zip(allowed, index, strict=True)),
            lo[index],
            hi[index],
            U[index],
            P[index],
        )
        for index in map(tuple, np.argwhere(stable).tolist())
    )
    return answered(found, asked)


def payment_intervals(
    payments: Sequence[Array],
    costs: Sequence[Array],
    margin: Number = Fraction(0),
    players: Sequence[int] | None = None,
    magnitudes: Array | None = None,
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Interval of alpha on which each profile is an equilibrium, for all profiles at once.

    Player ``i`` earns ``alpha · payments[i] − costs[i]``, so moving from ``rho_i`` to ``l`` gains nothing when
    ``alpha · (payments[i][rho] − payments[i][rho, i → l]) ≥ c_i(rho_i) − c_i(l) + margin``, which is linear in alpha.

    Parameters
    ----------
    payments : sequence of ndarray
        Payment of each player at every profile at alpha = 1, one tensor a player. Only differences
        along a player's own axis matter, so a potential may stand for all of them.
    costs : sequence of ndarray
        Finite cost of each action of each player.
    margin : Fraction or float
        How much better a chosen action must be than each alternative.
    players : sequence of int, optional
        Whose deviations count; by default everybody's.
    magnitudes : ndarray, optional
        Size of the utilities that the payments of each profile were computed from (`largest_within`); by default
        that of the payments. Floats that differ by the rounding of these, and of the two costs, are equal.

    Returns
    -------
    lo, hi : ndarray
        Ends of the intervals within [0, 1]; meaningful where ``stable``.
    stable : ndarray of bool
        Whether the profile is an equilibrium at any alpha in [0, 1].

    Examples
    --------
    >>> lo, hi, stable = payment_intervals([np.array([0.0, 1.0])], [np.array([0.0, 0.25])])
    >>> lo.tolist(), hi.tolist(), stable.tolist()
    ([0.0, 0.25], [0.25, 1.0], [True, True])
    """
    tensors = common(*payments, *costs, np.array(margin, dtype=object if isinstance(margin, Fraction) else float))
    n_players = len(costs)
    payments, costs = tensors[:n_players], tensors[n_players : 2 * n_players]
    more = tensors[-1].item()
    shape = payments[0].shape
    exact = is_exact(payments[0])
    lo = np.full(shape, Fraction(0), dtype=object) if exact else np.zeros(shape)
    hi = np.full(shape, Fraction(1), dtype=object) if exact else np.ones(shape)
    holds = np.ones(shape, dtype=bool)
    every = list({id(tensor): tensor for tensor in payments}.values()) + ([] if magnitudes is None else [magnitudes])
    coarse = max(near(tensor.max(), tensor.min()) for tensor in every)
    for player in range(n_players) if players is None else players:
        tensor, cost = payments[player], costs[player]
        sizes = tensor if magnitudes is None else magnitudes
        along = (math.prod(shape[:player]), shape[player], -1)
        paid, weighed, low, high, possible = (
            np.ascontiguousarray(array).reshape(along) for array in (tensor, sizes, lo, hi, holds)
        )
        for level in range(shape[player]):
            for other in range(level):
                gain = paid[:, level] - paid[:, other]
                dearer = difference(cost[level], cost[other], part=ROUNDING)
                up, down = gain > coarse, gain < -coarse
                small = np.flatnonzero(~(up | down))
                if small.size:
                    # What is too small beside the largest utility may still count beside its own.
                    close = gain.ravel()[small]
                    row, column = np.divmod(small, gain.shape[1])
                    rounding = near(weighed[row, level, column], weighed[row, other, column])
                    up.ravel()[small], down.ravel()[small] = close > rounding, close < -rounding
                    gain.ravel()[small[abs(close) <= rounding]] = 1
                # The level needs alpha · gain ≥ dearer + margin, the other one alpha · gain ≤ dearer − margin.
                need = most = dearer
                bound = at_most = need / gain
                if more:
                    need, most = difference(dearer, -more, part=ROUNDING), difference(dearer, more, part=ROUNDING)
                    bound, at_most = need / gain, most / gain
                for here, least, end, better, worse in (
                    (level, need, bound, up, down),
                    (other, -most, at_most, down, up),
                ):
                    # The sign of what is needed says which end of [0, 1] may have to move.
                    if least > 0:
                        possible[:, here] &= better
                        np.maximum(low[:, here], end, out=low[:, here], where=better)
                    elif worse.any():
                        np.minimum(high[:, here], end, out=high[:, here], where=worse)
    stable = holds & ((lo if exact else lo * (1 - RELATIVE)) <= hi).astype(bool)
    if not exact:
        touching = stable & (lo > hi)
        lo[touching] = hi[touching] = np.clip(hi[touching], 0.0, 1.0)
    return lo, hi, stable


def narrow(lo: Array, hi: Array, gain: Array, need: Any) -> NDArray[np.bool_]:
    """Keep of each interval of alpha in [0, 1], in place, where ``alpha · gain ≥ need``.

    Parameters
    ----------
    lo, hi : ndarray
        Ends of the intervals.
    gain : ndarray
        What a user is paid more than if it moved, at alpha = 1; 0 where it is within rounding of that.
    need : ndarray or number
        What must be made up for; ``inf`` empties the interval, ``−inf`` leaves it as it is.

    Returns
    -------
    ndarray of bool
        False where no alpha will do, since something is needed and nothing gained.
    """
    up, down = (gain > 0).astype(bool), (gain < 0).astype(bool)
    bound = need / np.where(up | down, gain, 1)
    np.maximum(lo, bound, out=lo, where=up)
    np.minimum(hi, bound, out=hi, where=down)
    holds: NDArray[np.bool_] = up | (need <= 0)
    return holds
