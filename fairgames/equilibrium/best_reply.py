"""One pure equilibrium by best replies: always found in a potential game, of any size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fairgames.equilibrium.solver import Found, Notes, Strategies
from fairgames.exactness import Number
from fairgames.game.deviations import pure_strategy
from fairgames.tolerance import comparison_tolerance

Profile = tuple[int, ...]


def best_reply_path(
    replies: Callable[[Profile, int], Sequence[Number]], start: Profile, tolerance: float
) -> tuple[Profile, bool]:
    """Let users in turn move to a best reply until nobody gains.

    In an exact potential game every move raises the potential, so this ends in an equilibrium
    (Monderer and Shapley 1996). In other games it may run in circles.

    Parameters
    ----------
    replies : callable
        ``replies(profile, user)``: payoff (or potential) of each action of ``user``, the others staying.
    start : tuple of int
        Where to start.
    tolerance : float
        Gains up to this are none.

    Returns
    -------
    profile : tuple of int
        The last profile.
    found : bool
        Whether it is an equilibrium; False when the path came back to an earlier profile.

    Examples
    --------
    >>> best_reply_path(lambda profile, user: [0, 1 - profile[1 - user]], (0, 0), 0)
    ((1, 0), True)
    """
    profile, user, content = start, 0, 0
    seen = {(profile, user)}
    while content < len(profile):
        values = replies(profile, user)
        action = max(range(len(values)), key=values.__getitem__)
        if values[action] - values[profile[user]] > tolerance:
            profile = (*profile[:user], action, *profile[user + 1 :])
            content = 0
        else:
            content += 1
        user = (user + 1) % len(profile)
        if content == 0:
            if (profile, user) in seen:
                return profile, False
            seen.add((profile, user))
    return profile, True


def solve_best_reply(payoffs: Strategies, found: Found) -> Notes:
    """Find one pure equilibrium of a game in payoff tensors, starting from the first actions.

    Examples
    --------
    >>> import numpy as np
    >>> pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    >>> solve_best_reply((pennies, -pennies), print).warnings
    ('best replies run in circles: this is no potential game',)
    """
    shape = payoffs[0].shape

    def replies(profile: Profile, user: int) -> list[Number]:
        everything: tuple[Any, ...] = (*profile[:user], slice(None), *profile[user + 1 :])
        return payoffs[user][everything].tolist()  # type: ignore[no-any-return]

    profile, settled = best_reply_path(replies, (0,) * len(shape), comparison_tolerance(*payoffs))
    if not settled:
        return Notes(None, ("best replies run in circles: this is no potential game",))
    found(tuple(map(pure_strategy, profile, shape)))
    return Notes()
