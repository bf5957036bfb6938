"""How sure a decision is: the data behind a utility drawn again, and each draw asked for the platform's optimum.

The bootstrap of Davison and Hinkley (1997, section 3.8) over data groups of a fit, or over the repeats of a measured
utility; ``fairgames design --bootstrap`` calls it.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import DataError, InputError
from fairgames.exactness import Array, to_float
from fairgames.fitting.federated_mean import ESTIMATORS, anova_of_groups, fit_of_source, summarise
from fairgames.fitting.fit import Fit, user_name
from fairgames.fitting.observations import Observations, drawn_groups
from fairgames.game.deviations import against_others
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum
from fairgames.memory import readable_count, require_memory
from fairgames.parallel import as_seed, run_in_order
from fairgames.payments.rules import Fair
from fairgames.result import Paying, answered, format_value
from fairgames.scenario.costs import Actions, CostTable, on_actions
from fairgames.scenario.limits import Selection
from fairgames.scenario.scenario import Scenario, as_scenario, by_user
from fairgames.tolerance import RELATIVE
from fairgames.utility.base import Utility
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.measured.experiment import MeasuredUtility
from fairgames.utility.table import TableUtility

_BYTES_AN_ANSWER = 1_000
_CONSTRAINTS = ("margin", "budget", "min_utility", "alpha_range")

Supports: TypeAlias = tuple[tuple[int, ...], ...]
"""Levels that each user plays with positive probability."""


@dataclass(frozen=True, eq=False, repr=False)
class Certainty(Paying):
    """A decision, and what it would have been under other draws of the data.

    Attributes
    ----------
    optimum : Optimum
        The decision: the optimum of the utility at hand.
    supports : tuple of tuple of int
        Levels that each user plays there; one each in pure strategies.
    alphas, values : ndarray, shape (R,)
        Optimal payment fraction, and what the platform keeps, in each usable resample; NaN where no
        equilibrium meets the constraints.
    alternatives : tuple of (supports, float)
        What is optimal in the resamples, and in which share of the usable ones, most frequent first; no
        levels at all where no equilibrium meets the constraints.
    still_optimal : float
        Share of the usable resamples in which the decision's levels are (or tie with) the optimum.
    still_equilibrium : float
        Share in which nobody would leave the decision at its own alpha. In mixed strategies users are
        indifferent at one alpha only, so this is 0 as a rule.
    payments : ndarray, shape (R, N)
        Payments at the decision (its levels and its alpha) under each usable resample.
    resamples, left_out : int
        Number of resamples, and of those that were not usable.
    why_left_out : str
        What was wrong with them.
    level : float
        Coverage of the intervals.
    """

    optimum: Optimum
    supports: Supports
    alphas: NDArray[np.float64]
    values: NDArray[np.float64]
    alternatives: tuple[tuple[Supports, float], ...]
    still_optimal: float
    still_equilibrium: float
    payments: NDArray[np.float64]
    resamples: int
    left_out: int
    why_left_out: str
    level: float

    def _paid(self) -> Mapping[str, Any]:
        return {**self.optimum._paid(), "standard_errors": self.payments.std(axis=0, ddof=1)}

    @public
    def interval(self, numbers: ArrayLike) -> tuple[Array, Array]:
        """Percentile interval along the first axis, for instance of ``payments`` or ``alphas``; NaNs do not count."""
        tail = (1 - self.level) / 2
        try:
            drawn = np.asarray(numbers, dtype=float)
        except (TypeError, ValueError, ArithmeticError):
            raise InputError("numbers", "must be an array of numbers", numbers) from None
        if not drawn.ndim or not drawn.size or np.isinf(drawn).any():
            raise InputError("numbers", "must be at least one row of numbers that are finite or NaN", numbers)
        low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
        return low, high

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        def row(name: str, value: object, numbers: Array) -> list[object]:
            low, high = self.interval(numbers)
            return [name, value, f"{format_value(float(low))} to {format_value(float(high))}"]

        share = f"{100 * self.left_out / self.resamples:.3g} %"
        rows: list[list[object]] = [
            ["levels", _words(self.supports), f"optimal in {100 * self.still_optimal:.3g} %"],
            ["equilibrium at this alpha", "yes", f"in {100 * self.still_equilibrium:.3g} %"],
            row("alpha", self.optimum.alpha, self.alphas),
            row("platform keeps", self.optimum.value, self.values),
        ]
        paid = self.optimum.payments
        for user, payment in enumerate([] if paid is None else paid.tolist()):
            rows.append(row(f"payment of {self.who(user)}", payment, self.payments[:, user]))
        rows += [
            ["also optimal" if supports else "no optimum", _words(supports), f"in {100 * part:.3g} %"]
            for supports, part in self.alternatives[:5]
            if supports != self.supports
        ]
        if self.left_out:
            rows.append(["left out", f"{self.left_out} of {self.resamples} ({share})", self.why_left_out])
        title = f"How sure: {self.resamples} resamples, {100 * self.level:.3g} % intervals"
        return title, ("quantity", "decision", "under resampling"), rows


def _words(supports: Supports) -> str:
    return ", ".join("/".join(map(str, levels)) for levels in supports)


@public
def bootstrap(
    source: Scenario | Fit | MeasuredUtility,
    costs: CostTable = None,
    resamples: int = 200,
    seed: int | np.random.SeedSequence = 0,
    *,
    importance: ArrayLike | None = None,
    aggregation: Literal["uniform", "weighted"] = "uniform",
    selection: Selection | None = None,
    actions: Actions = None,
    constraints: Mapping[str, Any] | None = None,
    level: float = 0.9,
    n_jobs: int | None = None,
) -> Certainty:
    """Resample the data behind a utility, and ask each resample for the platform's optimum.

    Of a fit the data groups are drawn: as many as there are, with replacement. Users and their sample sizes
    stay what they are; the two variances are estimated anew, by the same estimator, adjusted for the same
    covariates. Of a measured utility the repeats are drawn: a resample averages as many as there are, each
    taken whole, with all its profiles, so that their common noise stays common. Every profile is measured.

    Parameters
    ----------
    source : Scenario, Fit or MeasuredUtility
        A scenario of a fit (``fit.scenario``, or `load` of a file with ``[data]``) or of a measured utility; a
        fitted model, or a utility measured in at least 2 repeats. Intervals from fewer than about 10 are too narrow.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs. A scenario has its own, and its own selection, choices and limits.
    resamples : int
        Number of resamples, at least 2.
    seed : int or numpy.random.SeedSequence
        The same seed gives the same numbers for every ``n_jobs``.
    importance, aggregation
        Of the utility of a fit, as for `FederatedMeanUtility`.
    selection, actions
        As for `optimal_alpha`.
    constraints : mapping, optional
        ``margin``, ``budget``, ``min_utility`` and ``alpha_range`` as for `optimal_alpha`, by name.
    level : float
        Coverage of the percentile intervals.
    n_jobs : int or None
        Workers; None leaves it to the surrounding ``joblib.parallel_config``, else one.

    Returns
    -------
    Certainty
        Of the decision that all data suggest. Resamples of a fit whose variance between groups is not above
        0 are counted and left out: the model has no utility for them.

    Raises
    ------
    InputError
        If an argument is malformed, or there is one repeat only.
    DataError
        If the fitted variance between groups is not above 0, no resample has one, or there is no optimum
        under the constraints.
    SizeError
        If the utility tensor would not fit in memory.
    EvaluationError
        If a measurement fails.

    Notes
    -----
    The best of many noisy profiles is partly the luckiest one: what the platform keeps is overstated, the
    more so the noisier the measurements and the closer the alternatives.

    References
    ----------
    Davison, Hinkley (1997), Bootstrap Methods and their Application, section 3.8.

    Examples
    --------
    >>> import fairgames as fg, pandas as pd
    >>> clinics = pd.DataFrame({"clinic": list("aaabbbccc"), "score": [1, 2, 3, 11, 12, 13, 5, 6, 7]})
    >>> bootstrap(fg.fit_federated_mean(clinics, "clinic", "score"), [0, 0.1, 1], resamples=20).resamples
    20
    >>> measured = fg.MeasuredUtility(lambda profile, rng: sum(profile) + rng.normal(), shape=(2, 2), repeats=10)
    >>> bootstrap(measured, costs=[0, "1/5"], resamples=20).resamples
    20
    """
    if not 0 < level < 1:
        raise InputError("level", "must lie strictly between 0 and 1", level)
    for name in constraints or ():
        if name not in _CONSTRAINTS:
            raise InputError("constraints", f"must be named among {', '.join(_CONSTRAINTS)}", name)
    left_out, why = 0, ""
    utility: Utility
    known: Scenario | None = None
    if isinstance(source, Scenario):
        known = as_scenario(source, costs, actions, selection=selection, **constraints or {})
        source = _behind(known)
        if isinstance(source, Fit):
            own = cast("FederatedMeanUtility", known.utility)
            importance, aggregation = own.importance[own.types], own.aggregation
    utility_of: Callable[..., Utility]
    if isinstance(source, Fit):
        variances = group_resamples(source, resamples, seed, n_jobs)
        no_fit = int(np.isnan(variances).any(axis=1).sum())
        why = "their variance between groups is not above 0" + f", or cannot be estimated (in {no_fit})" * bool(no_fit)
        draws = [
            {"between_variance": between, "within_variance": within}
            for between, within in variances.tolist()
            if between > 0 and within > 0
        ]
        left_out = resamples - len(draws)
        utility = source.utility(importance, aggregation)
        names = {"users": [user_name(source.group, name) for name in source.group_names], "fit": source}
        utility_of = partial(FederatedMeanUtility, source.samples, importance=importance, aggregation=aggregation)
    else:
        if importance is not None or aggregation != "uniform":
            raise InputError("importance, aggregation", "must be left out: they belong to the utility of a Fit")
        if source.repeats < 2:
            raise InputError("source", "must have at least 2 repeats to be resampled", source.repeats)
        require_resamples(resamples, source.repeats)
        utility, names = TableUtility(source.tensor()), {}
        profiles = np.stack(np.unravel_index(np.arange(utility.tensor().size), source.shape), axis=1)
        repeats = source.repeated(profiles).reshape(source.repeats, *source.shape)
        drawn = np.random.default_rng(as_seed(seed)).integers(source.repeats, size=(resamples, source.repeats))
        draws, utility_of = [{"drawn": row} for row in drawn], partial(_mean_of_repeats, repeats)
    if known is None:
        known = as_scenario(utility, costs, actions, selection=selection, **names, **constraints or {})
    table, allowed = known.user_costs, known.actions
    if not draws:
        raise DataError(f"none of the {left_out} resamples can be used: {why}")
    # Without the data, which each worker would be sent.
    solve: Callable[[Utility], Optimum] = partial(_solved, dataclasses.replace(by_user(known), fit=None, data=None))
    optimum = solve(utility)
    if optimum.infeasible is not None:
        raise DataError(f"there is no optimum to be sure of: {optimum.infeasible}")
    decision = _Decision(float(optimum.alpha or 0), _strategies(optimum, allowed), allowed, table)
    ask = partial(_ask_again, utility_of, solve, decision)
    answers = list(run_in_order(ask, draws, n_jobs=n_jobs, description="resamples"))
    alphas, values, supports, same, stable, payments = zip(*answers, strict=True)
    found = Certainty(
        optimum=optimum,
        supports=decision.supports,
        alphas=np.array(alphas),
        values=np.array(values),
        alternatives=tuple((found, count / len(draws)) for found, count in Counter(supports).most_common()),
        still_optimal=float(np.mean(same)),
        still_equilibrium=float(np.mean(stable)),
        payments=np.array(payments),
        resamples=resamples,
        left_out=left_out,
        why_left_out=why,
        level=level,
    )
    return answered(found, known)


def _behind(asked: Scenario) -> Fit | MeasuredUtility:
    """Find what can be drawn again: the groups of a scenario's data, fitted with its own variances, or its repeats."""
    if isinstance(asked.utility, MeasuredUtility):
        return asked.utility
    fit = fit_of_source(asked.data) if asked.fit is None and asked.data is not None else asked.fit
    if fit is None:
        raise InputError("source", "must know its data: of a fit, of a [data] section, or measured", asked.title)
    worth = asked.utility
    if not (isinstance(worth, FederatedMeanUtility) and worth.samples[worth.types].tolist() == fit.samples.tolist()):
        raise InputError("source", f"must have the groups of {fit.group} in its data as its users", asked.title)
    return dataclasses.replace(fit, between_variance=worth.between_variance, within_variance=worth.within_variance)


def _solved(asked: Scenario, utility: Utility) -> Optimum:
    return optimal_alpha(dataclasses.replace(asked, utility=utility))


class _Decision(NamedTuple):
    """What was decided: alpha, what users play, the levels that they may choose, and costs."""

    alpha: float
    strategies: Sequence[NDArray[np.float64]]
    allowed: Supports
    costs: Array

    @property
    def supports(self) -> Supports:
        return _supports(self.strategies, self.allowed)


def _ask_again(
    utility_of: Callable[..., Utility], solve: Callable[[Utility], Optimum], decision: _Decision, draw: dict[str, Any]
) -> tuple[float, float, Supports, bool, bool, NDArray[np.float64]]:
    """Optimal alpha, value and levels under a draw; whether the decision is as good, and stable; payments at it."""
    utility = utility_of(**draw)
    optimum = solve(utility)
    supports = () if optimum.infeasible else _supports(_strategies(optimum, decision.allowed), decision.allowed)
    tied = [tuple((level,) for level in profile) for profile in optimum.ties]
    shares = [to_float(on_actions(share, decision.allowed)) for share in Fair().everywhere(utility)]
    # What each user earns with each of its actions while the others keep to the decision.
    paid = [decision.alpha * against_others(share, decision.strategies, user) for user, share in enumerate(shares)]
    slack = RELATIVE * max(float(np.abs(share).max()) for share in shares)
    stable = True
    for own, strategy, cost, levels in zip(paid, decision.strategies, decision.costs, decision.allowed, strict=True):
        earned = own - to_float(cost[list(levels)])
        stable &= bool(earned[strategy > 0].min() >= earned.max() - slack)
    alpha, value = (math.nan if number is None else float(number) for number in (optimum.alpha, optimum.value))
    same = decision.supports in (supports, *tied)
    payments = np.array([strategy @ own for strategy, own in zip(decision.strategies, paid, strict=True)])
    return alpha, value, supports, same, stable, payments


def _strategies(optimum: Optimum, allowed: Sequence[Sequence[int]]) -> list[NDArray[np.float64]]:
    if optimum.strategies is not None:
        return [to_float(strategy) for strategy in optimum.strategies]
    profile = np.asarray(optimum.profile)
    return [(np.asarray(levels) == profile[user]).astype(float) for user, levels in enumerate(allowed)]


def _supports(strategies: Sequence[Array], allowed: Sequence[Sequence[int]]) -> Supports:
    return tuple(
        tuple(level for level, probability in zip(levels, strategy.tolist(), strict=True) if probability > 0)
        for levels, strategy in zip(allowed, strategies, strict=True)
    )


def group_resamples(
    fit: Fit, resamples: int, seed: int | np.random.SeedSequence = 0, n_jobs: int | None = None
) -> NDArray[np.float64]:
    """Variances between and within groups in resamples of the groups.

    Parameters
    ----------
    fit : Fit
        The fitted model.
    resamples : int
        Number of resamples, at least 2.
    seed : int or numpy.random.SeedSequence
        Of the draws.
    n_jobs : int or None
        Workers for estimates that are made one by one: restricted likelihood, or covariates.

    Returns
    -------
    ndarray, shape (resamples, 2)
        By the estimator of the fit, not truncated; NaN where the groups drawn do not suffice, for
        instance because all of them have one observation only.

    Raises
    ------
    InputError
        If ``resamples`` or ``seed`` is malformed.
    """
    n_groups = len(fit.samples)
    require_resamples(resamples, n_groups)
    drawn = np.random.default_rng(as_seed(seed)).integers(n_groups, size=(resamples, n_groups))
    if fit.estimator != "anova" or fit.covariates:
        estimate = partial(_estimated, fit.observations, fit.estimator)
        return np.array(list(run_in_order(estimate, drawn.tolist(), n_jobs=n_jobs, description="refitting")))
    with np.errstate(divide="ignore", invalid="ignore"):
        between, within = anova_of_groups(fit.samples[drawn], fit.group_means[drawn], fit.group_squares[drawn])
    return np.stack([between, within], axis=1)


def _estimated(data: Observations, estimator: str, drawn: list[int]) -> tuple[float, float]:
    resample = drawn_groups(data, drawn)
    try:
        return ESTIMATORS[estimator](resample, summarise(resample))
    except DataError:
        return math.nan, math.nan


def require_resamples(resamples: int, drawn_each: int) -> None:
    """Refuse a number of resamples that is none, or whose draws and answers would not fit in memory."""
    if resamples < 2:
        raise InputError("resamples", "must be a whole number of at least 2", resamples)
    n_bytes = int(resamples) * (_BYTES_AN_ANSWER + 48 * drawn_each)
    require_memory(n_bytes, f"{readable_count(int(resamples))} resamples", "some thousands of resamples")


def _mean_of_repeats(repeats: Array, drawn: Array) -> TableUtility:
    return TableUtility(repeats[drawn].mean(axis=0))
