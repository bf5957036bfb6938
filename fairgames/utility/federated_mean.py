"""Estimating every user's own mean from data that is withheld, aggregated or shared directly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError
from fairgames.exactness import as_array, as_number, to_float
from fairgames.utility.base import Walk
from fairgames.utility.federated_error import (
    alone_as_direct,
    error_of_weights,
    errors_at_real_counts,
    least_errors,
    one_federating,
    optimal_weights,
)
from fairgames.utility.federated_tensor import federated_tensor
from fairgames.utility.grouped import GroupedUtility
from fairgames.utility.profile import as_counts, as_profile, is_counts
from fairgames.utility.walks import EstimatesWalk

AGGREGATIONS = ("uniform", "weighted")


class FederatedMeanUtility(GroupedUtility):
    """Utility of estimating each user's mean: total relative gain in accuracy, on a log scale.

    User ``i`` draws ``n_i`` numbers around its own mean; the means vary between users. Each user
    withholds its sample mean (level 0), lets it enter a secure aggregate only (level 1), or hands it
    over directly (level 2). The platform estimates every user's mean, present or not, by the best
    combination of what it receives, with weights that add up to 1; ``EMSE_i`` is the expected squared
    error. The utility is ``Σ_i a_i log((r2 + 2 s2) / EMSE_i)``.

    Parameters
    ----------
    samples : array_like, shape (E,)
        Sample size ``n_i >= 1`` of each entry.
    between_variance : float
        Variance ``s2 > 0`` of the users' means.
    within_variance : float
        Expected variance ``r2 > 0`` within a user's data, in the same squared units.
    importance : array_like, optional, shape (E,)
        Importance ``a_i >= 0`` of each entry's users; 1 by default.
    aggregation : {"uniform", "weighted"}
        How the secure aggregate averages the federating users: each alike, as in the paper, or in
        proportion to sample sizes, as federated averaging does.
    counts : array_like of int, optional, shape (E,)
        Identical users of each entry.

    Raises
    ------
    InputError
        For sample sizes below 1, variances that are not above 0, negative importance, numbers that are
        NaN or infinite, lists of different lengths and an unknown aggregation.

    Notes
    -----
    With either aggregation the utility may *fall* when an absent user joins the aggregate: a user with
    little data dilutes it, and a user that federates alone is fully visible but loses that once another
    one joins. Such a user's fair payment is negative.

    Users with equal ``(samples, importance)`` are one type. A *profile* is one level index a user, or
    ``counts[type, level]``. `evaluate_counts` accepts real counts, between which the formulas vary
    smoothly, unless one federating user outweighs all others.

    References
    ----------
    Kang, Pedarsani, Ramchandran (2024), The Fair Value of Data Under Heterogeneous Privacy Constraints
    in Federated Learning, TMLR: section 4, propositions 4 and 5, eq. 15.
    Donahue, Kleinberg (2021), Model-sharing games, AAAI: theorem 4.2.

    Examples
    --------
    >>> utility = FederatedMeanUtility([10, 20, 30], between_variance=1, within_variance=10)
    >>> round(utility((2, 2, 2)), 6), round(utility((1, 1, 2)), 6)
    (10.118027, 9.135145)
    >>> utility.emse((2, 2, 2)).round(6)
    array([0.630435, 0.391304, 0.282609])
    """

    smooth = True
    # All estimates that some of the users' own means allow, all of these means allow as well.
    monotone_at_top = True

    def __init__(
        self,
        samples: ArrayLike,
        between_variance: float,
        within_variance: float,
        importance: ArrayLike | None = None,
        *,
        aggregation: str = "uniform",
        counts: ArrayLike | None = None,
    ) -> None:
        sizes = _as_entries(samples, "samples", 1)
        weight = _as_entries(np.ones(len(sizes)) if importance is None else importance, "importance", 0)
        if len(weight) != len(sizes):
            raise InputError("importance", f"must have one number for each of the {len(sizes)} entries", importance)
        if aggregation not in AGGREGATIONS:
            raise InputError("aggregation", f"must be one of {', '.join(AGGREGATIONS)}", aggregation)
        super().__init__(list(zip(sizes.tolist(), weight.tolist(), strict=True)), counts, 3)
        self.between_variance = _as_variance(between_variance, "between_variance")
        self.within_variance = _as_variance(within_variance, "within_variance")
        self.aggregation = aggregation
        self._sizes = sizes[self._first_entries]
        self._importance = weight[self._first_entries]
        self._sizes.flags.writeable = self._importance.flags.writeable = False

    @property
    def samples(self) -> NDArray[np.float64]:
        """Sample size of each type's users, shape ``(K,)``."""
        return self._sizes

    @property
    def importance(self) -> NDArray[np.float64]:
        """Importance of each type's users, shape ``(K,)``."""
        return self._importance

    def evaluate_counts(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        """Utility of states that count users: shape ``(M, K, L)`` to shape ``(M,)``; real counts too."""
        nobody = self.within_variance + 2 * self.between_variance
        counts = alone_as_direct(counts)
        error = least_errors if counts.dtype.kind in "iu" else errors_at_real_counts
        errors = error(counts, *self._model)
        gains = np.log(nobody / np.where(counts > 0, errors, nobody))
        total: NDArray[np.float64] = (gains * counts).sum(axis=2) @ self._importance
        return total

    def walk(self, levels: NDArray[np.intp]) -> Walk:
        """Walk that updates what the platform knows, and with it all users' errors, at all steps at once."""
        entering = np.broadcast_to(self._entering(), self._sizes.shape)[self.types]
        users = levels, self._noise(), self._importance[self.types], entering
        return EstimatesWalk(*users, *self._model[1:3], cells=3 * self.types + levels)

    def _every_value_apart(self) -> NDArray[np.float64]:
        entering = np.broadcast_to(self._entering(), self._sizes.shape)
        samples, importance, enter = (values[self.types] for values in (self._sizes, self._importance, entering))
        return federated_tensor(samples, importance, self.between_variance, self.within_variance, enter)

    def emse(self, profile: ArrayLike) -> NDArray[np.float64]:
        """Least expected squared error of the estimate of each user's mean.

        Parameters
        ----------
        profile : array_like of int
            One level index a user, or ``counts[type, level]``.

        Returns
        -------
        ndarray
            Shape ``(N,)``; for counts, shape ``(K, 3)``, NaN where a type has nobody at a level.
        """
        if is_counts(profile):
            counts = as_counts(profile, self.type_levels, self.type_sizes)
            return np.where(counts > 0, self._errors_of_state(counts), np.nan)
        levels, counts = self._one_profile(profile)
        result: NDArray[np.float64] = self._errors_of_state(counts)[self.types, levels]
        return result

    def weights(self, profile: ArrayLike) -> NDArray[np.float64]:
        """Weights of the best estimates (proposition 5).

        Parameters
        ----------
        profile : array_like of int, shape (N,)
            One level index a user.

        Returns
        -------
        ndarray, shape (N, N + 1)
            Row ``i`` estimates user ``i``'s mean and adds up to 1. Column 0 is the weight of the secure
            aggregate, column ``j`` that of user ``j``'s own sample mean (users from 1): 0 unless direct.

        Raises
        ------
        InputError
            If everybody is absent: there is nothing to weigh.
        """
        levels = as_profile(profile, self.shape, self.type_sizes)
        if not levels.any():
            raise InputError("profile", "must have somebody present: otherwise there is nothing to weigh", profile)
        return optimal_weights(levels, self._shares(levels), self.between_variance, self._noise())

    def error_of_weights(self, profile: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
        """Expected squared errors of any given weights (proposition 4).

        Parameters
        ----------
        profile : array_like of int, shape (N,)
            One level index a user.
        weights : array_like, shape (N, N + 1)
            As `weights` gives them.

        Returns
        -------
        ndarray, shape (N,)
            Error of the estimate of each user's mean.

        Raises
        ------
        InputError
            If a row does not add up to 1, or weighs a sample mean that the platform does not receive.
        """
        levels = as_profile(profile, self.shape, self.type_sizes)
        table = to_float(as_array(weights, "weights"))
        return error_of_weights(levels, self._shares(levels), self.between_variance, self._noise(), table)

    def _entering(self) -> NDArray[np.float64]:
        return np.ones(1) if self.aggregation == "uniform" else self._sizes

    @property
    def _model(self) -> tuple[NDArray[np.float64], float, float, NDArray[np.float64]]:
        return self._sizes, self.between_variance, self.within_variance, self._entering()

    def _errors_of_state(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        errors: NDArray[np.float64] = least_errors(alone_as_direct(counts[None]), *self._model)[0]
        if one_federating(counts[None])[0]:
            errors[:, 1] = errors[:, 2]
        return errors

    def _noise(self) -> NDArray[np.float64]:
        """Variance of each user's sample mean around its own mean, shape ``(N,)``."""
        return self.within_variance / self._sizes[self.types]

    def _shares(self, levels: NDArray[np.intp]) -> NDArray[np.float64]:
        """Share of each user in the secure aggregate, shape ``(N,)``: 0 unless federating."""
        entering = np.where(levels == 1, np.broadcast_to(self._entering(), self._sizes.shape)[self.types], 0.0)
        total = entering.sum()
        return entering / total if total > 0 else entering


def _as_entries(values: ArrayLike, name: str, least: int) -> NDArray[np.float64]:
    array = to_float(as_array(values, name))
    if array.ndim != 1 or not array.size:
        raise InputError(name, "must be a list of numbers, one for each entry", values)
    for entry in np.flatnonzero(array < least).tolist():
        raise InputError(f"{name}[{entry}]", f"must be at least {least}", float(array[entry]))
    return array


def _as_variance(value: object, name: str) -> float:
    if np.ndim(value):  # type: ignore[arg-type]
        raise InputError(name, "must be one number", value)
    variance = float(as_number(value, name))
    if variance <= 0:
        raise InputError(name, "must be above 0", value)
    return variance
