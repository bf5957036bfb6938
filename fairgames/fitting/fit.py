"""A fitted model of grouped data: what `fit_federated_mean` returns, and the specification that prices its groups.

A `Fit` gives the utility of eq. 15 and, as TOML text, a specification (``fairgames fit --output`` writes it).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import DataError, InputError
from fairgames.exactness import Number, as_number
from fairgames.fitting.observations import Observations
from fairgames.result import Record, format_value
from fairgames.scenario.costs import CostTable
from fairgames.scenario.scenario import DataSource, Scenario
from fairgames.utility.federated_mean import FederatedMeanUtility

Costs: TypeAlias = Mapping[str, object]

_LEVELS = ("federated", "direct")
_FILL_IN = "  # what sharing costs a group, in the unit of the utility: fill in"


def user_name(group: str, label: str) -> str:
    """Name of a group as a user: a bare number says nothing, so the column's name goes before it.

    Examples
    --------
    >>> user_name("clinic", "12"), user_name("clinic", "North")
    ('clinic 12', 'North')
    """
    return f"{group} {label}" if label.replace(".", "", 1).isdigit() else label


def _data_section(fit: Fit, folder: str) -> list[str]:
    if fit.file is None:
        return []
    path = PurePath(os.path.relpath(fit.file, folder))
    if path.parts[:1] == ("..",):
        return ["", f"# Fitted from {json.dumps(str(fit.file))}, which is outside this folder."]
    lines = ["", "[data]", f"file = {_text(path.as_posix())}", f"group = {_text(fit.group)}"]
    lines.append(f"value = {_text(fit.value)}")
    if fit.covariates:
        lines.append(f"covariates = [{', '.join(map(_text, fit.covariates))}]")
    choices = {"estimator": fit.estimator, "missing": fit.missing, "similar_labels": fit.similar_labels}
    lines += [f"{key} = {_text(choice)}" for key, choice in choices.items() if choice not in {"anova", "raise"}]
    return lines if fit.largest is None else [*lines, f"largest = {fit.largest}"]


def _cost_table(costs: Costs, name: str) -> str:
    if set(costs) != set(_LEVELS):
        raise InputError(name, f"must give a cost for each of {', '.join(_LEVELS)}", dict(costs))
    entries = []
    for level in _LEVELS:
        cost = as_number(costs[level], f"{name}[{level!r}]", allow_inf=True)
        if cost < 0:
            raise InputError(f"{name}[{level!r}]", "must be at least 0", costs[level])
        entries.append(f"{level} = {_number(cost)}")
    return f"{{ {', '.join(entries)} }}"


def _number(cost: Number) -> str:
    if not isinstance(cost, Fraction):
        return repr(cost)
    if cost.denominator == 1:
        return str(cost)
    decimal = format(Decimal(cost.numerator) / cost.denominator, "f")
    return decimal if Fraction(decimal) == cost else f'"{cost}"'


def _text(value: str) -> str:
    # JSON strings are TOML strings, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Record):
    """Variances between and within groups, estimated from data: the inputs of a federated mean.

    Attributes
    ----------
    between_variance : float
        Variance of the groups' true means, ``s2``. Not truncated: it may be negative.
    within_variance : float
        Expected variance within a group, ``r2``.
    between_interval, within_interval : tuple of float
        Confidence intervals for the two.
    level : float
        Coverage of the intervals.
    interval_method : str
        How they were made.
    estimator : str
        ``"anova"`` or ``"reml"``.
    group_names : tuple of str
        The groups, in the order in which the data mention them.
    samples : ndarray of int, shape (K,)
        Observations in each group.
    group_means : ndarray, shape (K,)
        Mean of each group, at the overall mean of the covariates if there are any.
    group_squares : ndarray, shape (K,)
        Sum of squared deviations from each group's mean.
    rows_used, rows_dropped : int
        Rows that entered the fit, and rows left out because something was missing in them.
    warnings : tuple of str
        Ways in which the model may not suit the data.
    file : str or None
        The file that was read.
    group, value : str
        The columns that were read.
    covariates : tuple of str
        The columns that were adjusted for.
    missing, similar_labels, largest
        How the rows were chosen, as asked for.
    observations : Observations
        The numbers themselves, from which groups are resampled; neither compared nor written to JSON.

    Examples
    --------
    >>> import pandas as pd
    >>> from fairgames.fitting.federated_mean import fit_federated_mean
    >>> clinics = pd.DataFrame({"clinic": list("aaabbbccc"), "score": [1, 2, 3, 11, 12, 13, 5, 6, 7]})
    >>> fit = fit_federated_mean(clinics, "clinic", "score")
    >>> round(fit.within_variance, 6), fit.utility().n_users
    (1.0, 3)
    """

    between_variance: float
    within_variance: float
    between_interval: tuple[float, float]
    within_interval: tuple[float, float]
    level: float
    interval_method: str
    estimator: str
    group_names: tuple[str, ...]
    samples: NDArray[np.intp]
    group_means: NDArray[np.float64]
    group_squares: NDArray[np.float64]
    rows_used: int
    rows_dropped: int
    warnings: tuple[str, ...]
    file: str | None
    group: str
    value: str
    covariates: tuple[str, ...]
    missing: str
    similar_labels: str
    largest: int | None
    observations: Observations = field(compare=False)

    @public
    def utility(
        self, importance: ArrayLike | None = None, aggregation: Literal["uniform", "weighted"] = "uniform"
    ) -> FederatedMeanUtility:
        """Utility of estimating the groups' means, one user a group.

        Parameters
        ----------
        importance : array_like, optional, shape (K,)
            Importance of each group; 1 by default.
        aggregation : {"uniform", "weighted"}
            How the secure aggregate averages.

        Raises
        ------
        DataError
            If the estimated variance between groups is not above 0.
        """
        self._require_positive()
        return FederatedMeanUtility(
            self.samples, self.between_variance, self.within_variance, importance, aggregation=aggregation
        )

    @public
    def scenario(
        self,
        costs: CostTable = None,
        *,
        importance: ArrayLike | None = None,
        aggregation: Literal["uniform", "weighted"] = "uniform",
        **others: Any,
    ) -> Scenario:
        """Ask about these groups: a scenario with one user a group.

        Parameters
        ----------
        costs : array_like, frame or mapping, optional
            Of the levels "absent", "federated" and "direct", as a `Scenario` takes them.
        importance, aggregation
            Of the utility, as for `FederatedMeanUtility`.
        others
            Further arguments of `Scenario`: ``choices``, ``selection``, ``budget``, ….

        Returns
        -------
        Scenario
            Which knows this fit, and the file that was read, so that `bootstrap` can draw the groups again.

        Raises
        ------
        DataError
            If the estimated variance between groups is not above 0.

        Examples
        --------
        >>> import pandas as pd
        >>> from fairgames.fitting.federated_mean import fit_federated_mean
        >>> clinics = pd.DataFrame({"clinic": [*"aaabbbccc"], "score": [1, 2, 3, 11, 12, 13, 5, 6, 7]})
        >>> fit_federated_mean(clinics, "clinic", "score").scenario({"federated": 0.1, "direct": 0.3}).users
        ('a', 'b', 'c')
        """
        given: dict[str, Any] = {
            "users": [user_name(self.group, name) for name in self.group_names],
            "levels": ["absent", *_LEVELS],
            "title": f"{self.value} by {self.group}",
            "data": self._source(),
            "fit": self,
        }
        return Scenario(self.utility(importance, aggregation), costs, **(given | others))

    def _source(self) -> DataSource | None:
        if self.file is None:
            return None
        options = {
            "covariates": list(self.covariates) or None,
            "estimator": self.estimator if self.estimator != "anova" else None,
            "missing": self.missing if self.missing != "raise" else None,
            "similar_labels": self.similar_labels if self.similar_labels != "raise" else None,
            "largest": self.largest,
        }
        return DataSource(Path(self.file), self.group, self.value, {k: v for k, v in options.items() if v is not None})

    @public
    def to_spec(
        self,
        costs: Costs | Sequence[Costs] | None = None,
        *,
        aggregation: Literal["uniform", "weighted"] = "uniform",
        folder: str | Path = ".",
    ) -> str:
        """Write a specification (TOML text) that prices these groups.

        Parameters
        ----------
        costs : mapping, or sequence of mappings, optional
            Cost of the levels ``"federated"`` and ``"direct"``, for all groups or for each: numbers, or
            text such as ``"2/3"`` or ``"inf"``. Left out, they are 0 and marked as to be filled in.
        aggregation : {"uniform", "weighted"}
            How the secure aggregate averages.
        folder : str
            Where the specification will stand. Its ``[data]`` names the data file and how to fit it again,
            when the file is below this folder.

        Raises
        ------
        DataError
            If the estimated variance between groups is not above 0.
        InputError
            If the costs name another level, are negative, or are not one for each group, or the aggregation
            is not known.
        """
        self._require_positive()
        lines = [
            f"title  = {_text(f'{self.value} by {self.group}')}",
            'levels = ["absent", "federated", "direct"]',
            "",
            "[utility]",
            'kind = "federated-mean"',
            f"between_variance = {self.between_variance!r}  # {self.estimator} estimate",
            f"within_variance  = {self.within_variance!r}",
            f"aggregation = {_text(aggregation)}",
        ]
        if costs is None:
            lines += ["", "[every_user]", f"costs = {_cost_table(dict.fromkeys(_LEVELS, 0), 'costs')}{_FILL_IN}"]
        elif isinstance(costs, Mapping):
            lines += ["", "[every_user]", f"costs = {_cost_table(costs, 'costs')}"]
        elif len(costs) != len(self.samples):
            raise InputError(
                "costs", f"must be one mapping for all, or one for each of {len(self.samples)} groups", costs
            )
        for place, (name, samples) in enumerate(zip(self.group_names, self.samples.tolist(), strict=True)):
            lines += ["", "[[users]]", f"name = {_text(user_name(self.group, name))}", f"samples = {samples}"]
            if costs is not None and not isinstance(costs, Mapping):
                lines.append(f"costs = {_cost_table(costs[place], f'costs[{place}]')}")
        return "\n".join([*lines, *_data_section(self, str(folder)), ""])

    def _require_positive(self) -> None:
        if self.between_variance > 0:
            return
        low, high = self.between_interval
        raise DataError(
            f"the variance between groups is estimated as {self.between_variance:.4g}, but the model needs one above "
            f"0: the groups' means differ no more than chance would make them (interval {low:.4g} to {high:.4g}). "
            "Choose a value and say so: FederatedMeanUtility(fit.samples, between_variance=..., "
            "within_variance=fit.within_variance)"
        )

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        def with_interval(value: float, interval: tuple[float, float]) -> str:
            return f"{format_value(value)} ({100 * self.level:.4g} % interval: {interval[0]:.4g} to {interval[1]:.4g})"

        rows = [
            ("variance between groups", with_interval(self.between_variance, self.between_interval)),
            ("variance within groups", with_interval(self.within_variance, self.within_interval)),
            ("intervals", self.interval_method),
            ("estimator", self.estimator + (f", adjusted for {', '.join(self.covariates)}" if self.covariates else "")),
            ("groups", f"{len(self.samples)}, of {self.samples.min()} to {self.samples.max()} observations"),
            ("rows", f"{self.rows_used} used, {self.rows_dropped} dropped because something was missing"),
            *(("warning", warning) for warning in self.warnings),
        ]
        return f"{self.value} by {self.group}", ("quantity", "value"), rows
