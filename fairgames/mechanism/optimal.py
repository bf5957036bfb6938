"""The platform's exact optimum (eqs. 19, 21, 26): the front door, which chooses between engines.

The arguments are checked once, into a `Problem`. All profiles go to `dense`, with the mixed equilibria of two players
(`two_player`), of three (`three_users`) or of few exchangeable users (`symmetric`); counts of interchangeable users to
`types`; and what neither can list to `crowds`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import comb, log, prod
from typing import Literal

from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.errors import InputError, SizeError
from fairgames.exactness import Number
from fairgames.mechanism.crowds.optimum import optimal_alpha_at_scale
from fairgames.mechanism.dense import best_potential, best_pure, worst_pure
from fairgames.mechanism.landscape import Profile
from fairgames.mechanism.optimum import Optimum, as_optimum
from fairgames.mechanism.problem import Problem, as_problem
from fairgames.mechanism.symmetric.optimum import counts_of, is_exchangeable, profile_of, with_mixed_families
from fairgames.mechanism.three_users import optimum_of_three
from fairgames.mechanism.two_player.families import numbers_at_most
from fairgames.mechanism.two_player.optimum import best_of_two, worst_of_two
from fairgames.mechanism.types import types_optimum
from fairgames.memory import readable_count
from fairgames.result import answered, format_value
from fairgames.scenario.costs import Actions, CostTable
from fairgames.scenario.limits import Limits, Selection
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.utility.base import Utility

_MOST_STATES = 4_000_000
_MOST_EXACT_STATES = 100_000
_MOST_LISTED_USERS = 20_000
_MOST_TYPES = 30
_MOST_NUMBERS = 6_000_000
_MOST_PROFILES = 1_000_000
_MOST_EXACT_PROFILES = 20_000
_MOST_DENSE_PROFILES = 10_000_000
_MOST_OF_THREE = 64


@public
def optimal_alpha(
    utility: Scenario | Utility | ArrayLike,
    costs: CostTable = None,
    selection: Selection | None = None,
    *,
    actions: Actions = None,
    margin: Number | int | str | None = None,
    budget: Number | int | str | None = None,
    min_utility: Number | int | str | None = None,
    alpha_range: Sequence[Number | int | str] | None = None,
    blocs: Iterable[Iterable[int]] | None = None,
    counts: ArrayLike | None = None,
    engine: Literal["auto", "dense", "types", "at-scale"] = "auto",
    max_seconds: float | None = None,
) -> Optimum:
    """Find the payment fraction that is best for the platform, exactly and without a grid wherever that is possible.

    The platform keeps ``(1 − alpha) · U`` at an equilibrium of the users' game (eqs. 19, 21, 26). Each
    equilibrium exists on intervals of alpha whose ends are known, so the optimum is one of finitely many
    candidates.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,), frame or mapping
        Privacy costs, as a `Scenario` takes them; ``inf`` forbids a level.
    selection : str
        Which equilibrium counts when there are several. ``"best"`` for the platform; ``"worst"``: the
        supremum over alpha of the lowest value; ``"potential"``: the best among the maximisers of the
        users' potential. By default the scenario's, or ``"best"``.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose; None allows every level.
    margin : number
        How much better than each alternative every chosen level must be, so that the last user
        strictly prefers to take part. Not with ``"worst"``; and not with ``"potential"`` where there
        are so many users that only their counts by type and level are listed. By default 0.
    budget : number or None
        Most that may be paid out, ``alpha · U``.
    min_utility : number or None
        Least utility that the platform needs.
    alpha_range : pair of numbers
        Range of alpha within [0, 1], all of it by default.
    blocs : iterable of iterable of int, or None
        Users that act as one player, which is paid the sum of its members' payments.
    counts : array_like of int, optional, shape (E,)
        Users of each entry, who follow one another; ``costs`` and ``actions`` then have a row an entry. So a
        million users in three entries need three rows. By default the entries of the utility, or one user each.
    engine : {"auto", "dense", "types", "at-scale"}
        On all profiles; on the counts of interchangeable users; or, where even these are too many, by best
        replies at many alphas.
    max_seconds : float, optional
        At scale, when to stop searching: the best that was found by then is certified, which takes somewhat longer,
        and ``searched`` says so. Without it nothing depends on the machine's speed. Exact searches are not cut short.

    Returns
    -------
    Optimum
        With the whole `landscape` over alpha. ``searched`` says over which equilibria it ranges: all of them
        with two players (up to a dozen actions each) and with three of two actions each; with three of few more
        actions all in which at most two mix; all pure ones otherwise; and the symmetric and
        half-mixed ones too for up to 32 exchangeable users with equal costs and two actions (in the landscape for up
        to 12 of them). More than four million states of counts, 20,000 users, or ten million profiles of users who
        are all different, are searched at scale: ``regret`` then verifies the equilibrium, ``upper_bound`` says how
        much better another could be, and ``profile``, ``payments`` and ``costs`` have a row an entry and, where entries
        have several users, a column a level. Where nothing meets
        the constraints, ``infeasible`` says so.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the tensor would not fit in memory.

    Notes
    -----
    With ``"worst"`` the constraints must hold at *every* equilibrium of an alpha. In mixed strategies
    they must hold at every profile that is played with positive probability.

    Examples
    --------
    >>> optimum = optimal_alpha([[0, "2/3"], ["2/3", 1]], [[0, "3/10"], [0, "31/100"]])
    >>> optimum.alpha, optimum.value, optimum.strategies[0]
    (Fraction(3, 5), Fraction(29, 75), array([Fraction(1, 10), Fraction(9, 10)], dtype=object))
    """
    asked = as_scenario(
        utility,
        costs,
        actions,
        counts=counts,
        selection=selection,
        margin=margin,
        budget=budget,
        min_utility=min_utility,
        alpha_range=alpha_range,
    )
    if max_seconds is not None and not max_seconds > 0:
        raise InputError("max_seconds", "must be more than 0", max_seconds)
    return answered(_answer(asked, blocs, engine, max_seconds), asked, blocs=blocs, engine=engine)


def _answer(
    asked: Scenario, blocs: Iterable[Iterable[int]] | None, engine: str, max_seconds: float | None = None
) -> Optimum:
    limits, worth, selection = asked.limits, asked.utility, asked.selection
    if selection == "worst" and limits.margin > 0:
        raise InputError("margin", 'must be 0 with selection="worst", which counts every equilibrium', limits.margin)
    chosen = engine if engine != "auto" else _fitting_engine(worth, selection, limits, apart=blocs is None)
    if chosen != "dense" and blocs is not None:
        raise InputError("engine", "must be dense where blocs act together", engine)
    if chosen == "at-scale":
        if selection != "best":
            raise InputError("selection", 'must be "best" at scale, where equilibria are not all known', selection)
        return optimal_alpha_at_scale(
            worth, asked.entry_costs, counts=asked.counts, limits=limits, max_seconds=max_seconds
        )
    if worth.n_users > _MOST_LISTED_USERS:
        _refuse_crowd(worth.n_users, selection, limits, blocs)
    if chosen == "types":
        return _of_types(asked)
    problem = as_problem(asked, blocs=blocs)
    if selection == "potential" and not problem.alone:
        raise InputError("blocs", 'cannot be used with selection="potential": blocs have no common potential', blocs)
    profiles = f"all {readable_count(prod(map(len, problem.allowed)))} profiles"
    optimum = replace(_solved(problem, selection), reason=f"dense: {profiles}")
    if optimum.infeasible is None or limits == Limits():
        return optimum
    return replace(optimum, infeasible=f"{optimum.infeasible}; {_without_limits(problem, selection)}")


def _of_types(asked: Scenario) -> Optimum:
    """Search all counts of users by type and level; exactly only where these are not too many."""
    utility, selection = asked.utility, asked.selection
    states, n_types = _n_states(utility.type_sizes, utility.type_levels), len(utility.type_sizes)
    if utility.exact and states > _MOST_EXACT_STATES:
        asked = replace(asked, utility=utility.in_floats())
    problem = as_problem(asked)
    types = f"{utility.n_users:,} users of {n_types} type{'s' * (n_types > 1)}"
    how = f"types: {types}: all {readable_count(states)} states of counts"
    return _with_families(problem, selection, replace(types_optimum(problem, selection), reason=how), counts_of)


def _solved(problem: Problem, selection: str) -> Optimum:
    """Search all profiles of a problem, and mixed strategies where these can be searched too."""
    if selection == "potential":
        return as_optimum(problem, selection, best_potential(problem))
    # A user who mixes is indifferent, so no mixed equilibrium has a margin.
    two = len(problem.blocs) == 2 and problem.limits.margin == 0
    if two and numbers_at_most(*problem.utilities.shape) <= _MOST_NUMBERS:
        return as_optimum(problem, selection, (best_of_two if selection == "best" else worst_of_two)(problem))
    if _is_of_three(problem):
        return as_optimum(problem, selection, optimum_of_three(problem, selection))
    found = (best_pure if selection == "best" else worst_pure)(problem)
    if not two:
        return _with_families(problem, selection, as_optimum(problem, selection, found), profile_of)
    actions = " x ".join(map(str, problem.utilities.shape))
    unsearched = f"mixed equilibria of {actions} actions were not searched: there may be too many"
    return as_optimum(problem, selection, replace(found, warnings=(unsearched,)))


def _is_of_three(problem: Problem) -> bool:
    """Whether three different users, or blocs, have so few profiles that those who mix are searched, too."""
    few = len(problem.blocs) == 3 and problem.utilities.size <= _MOST_OF_THREE
    return few and problem.limits.margin == 0 and not is_exchangeable(problem)


def _with_families(
    problem: Problem, selection: str, optimum: Optimum, named: Callable[[Problem, int], Profile]
) -> Optimum:
    if selection == "potential" or not is_exchangeable(problem):
        return optimum
    return with_mixed_families(problem, selection, optimum, named)


def _without_limits(problem: Problem, selection: str) -> str:
    free = Limits() if problem.exact else Limits().as_floats()
    optimum = _solved(replace(problem, limits=free), selection)
    if optimum.alpha is None or optimum.utility is None:
        return "nor is there one without these constraints"
    worth, paid = (format_value(x) for x in (optimum.utility, optimum.alpha * optimum.utility))
    there = f"alpha = {optimum.alpha_text}, with utility {worth} and payments {paid}"
    return f"without these constraints the optimum is {there}"


def _fitting_engine(utility: Utility, selection: str, limits: Limits, *, apart: bool) -> str:
    """Choose by the number of profiles, and of states of counts."""
    sizes, levels = utility.type_sizes, utility.type_levels
    most = _MOST_EXACT_PROFILES if utility.exact else _MOST_PROFILES
    profiles = sum(size * log(n_levels) for size, n_levels in zip(sizes, levels, strict=True))
    searchable = apart and selection == "best" and limits.margin == 0 and not utility.costly
    if not apart or profiles <= log(most):
        return "dense"
    if len(sizes) == utility.n_users:
        return "at-scale" if searchable and profiles > log(_MOST_DENSE_PROFILES) else "dense"
    few = utility.n_users <= _MOST_LISTED_USERS and len(sizes) <= _MOST_TYPES
    return "at-scale" if searchable and not (few and _n_states(sizes, levels) <= _MOST_STATES) else "types"


def _n_states(sizes: Sequence[int], levels: Sequence[int]) -> int:
    return prod(comb(size + n_levels - 1, n_levels - 1) for size, n_levels in zip(sizes, levels, strict=True))


def _refuse_crowd(n_users: int, selection: str, limits: Limits, blocs: object) -> None:
    """Say before any work what keeps very many users from being searched at scale."""
    asked = {
        f"selection={selection!r}": selection != "best",
        f"margin={format_value(limits.margin)}": limits.margin > 0,
        "blocs": blocs is not None,
    }
    what = " and ".join(name for name, given in asked.items() if given) or "listing every equilibrium"
    raise SizeError(
        f"{what} needs all equilibria, which can be listed for up to {_MOST_LISTED_USERS:,} users, but there are "
        f"{n_users:,}; identical users with selection='best', no margin and no blocs are searched at scale instead"
    )
