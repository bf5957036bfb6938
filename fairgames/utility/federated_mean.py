"""Estimating every user's own mean from data that is withheld, aggregated or shared directly (the paper, section 4).

Errors under the best weights are closed forms (proposition 5), of states one by one or of every profile at once; its
payments are those of `federated_integrals` where these serve.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import as_array, as_number, to_float
from fairgames.tolerance import RELATIVE
from fairgames.utility.base import PricedMoves, Walk
from fairgames.utility.bounds import UtilityBounds
from fairgames.utility.federated_integrals import integrate, integrates
from fairgames.utility.grouped import GroupedUtility
from fairgames.utility.profile import as_counts, as_profile, is_counts, running_counts


def one_federating(counts: NDArray[Any]) -> NDArray[np.bool_]:
    """States in which exactly one whole user federates, shape ``(M, K, 3)`` to shape ``(M,)``.

    The aggregate is then that user's own sample mean, and it may as well be direct.
    """
    federating = counts[:, :, 1]
    alone: NDArray[np.bool_] = (federating.sum(axis=1) == 1) & (federating == 1).any(axis=1)
    return alone


def alone_as_direct(counts: NDArray[Any]) -> NDArray[Any]:
    """Count a user that federates alone as direct, which makes the two equal to the last bit."""
    alone = one_federating(counts)
    if not alone.any():
        return counts
    counts = counts.copy()
    counts[alone, :, 2] += counts[alone, :, 1]
    counts[alone, :, 1] = 0
    return counts


def least_errors(
    counts: NDArray[Any], samples: NDArray[np.float64], between: float, within: float, entering: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least expected squared error of a user of each type at each level (proposition 5).

    With ``v_i = r2/n_i``, ``V_i = s2 + v_i`` the variance of user ``i``'s sample mean, and ``B = Σ a_j²
    V_j`` that of the aggregate with shares ``a_j``, the platform knows the population's mean with
    precision ``T = Σ_direct 1/V_j + 1/B``. Then

    - absent: ``s2 + 1/T``,
    - direct: ``s2 v_i/V_i + (v_i/V_i)²/T``,
    - federating: ``s2 (B − s2 a_i²)/B + ((B − s2 a_i)/B)²/T``,
    - and ``r2 + 2 s2`` when everybody is absent.

    Parameters
    ----------
    counts : ndarray, shape (M, K, 3)
        Users by type and level: absent, federating, direct. Real numbers are allowed.
    samples : ndarray, shape (K,)
        Sample size ``n`` of each type's users.
    between, within : float
        ``s2`` and ``r2``.
    entering : ndarray, shape (K,) or (1,)
        What a federating user's share of the aggregate is proportional to.

    Returns
    -------
    ndarray, shape (M, K, 3)
        Where nobody of the type is at the level, the number means nothing.
    """
    noise = within / samples
    variance = between + noise
    federating, direct = counts[:, :, 1].astype(float), counts[:, :, 2].astype(float)

    total = (federating * entering).sum(axis=1)
    some = total > 0
    share = (some / np.where(some, total, 1.0))[:, None] * entering
    spread = (federating * share**2).sum(axis=1)
    aggregate_noise = np.where(some, (federating * share**2) @ noise, 1.0)
    aggregate_variance = aggregate_noise + between * spread
    precision = direct @ (1 / variance) + some / aggregate_variance
    nobody: NDArray[np.bool_] = precision == 0
    uncertainty = 1 / np.where(nobody, 1.0, precision)[:, None]

    result: NDArray[np.float64] = np.empty(counts.shape)
    result[:, :, 0] = between + uncertainty
    result[:, :, 2] = _direct_errors(noise, between, uncertainty)
    heard = (spread[:, None], aggregate_noise[:, None], aggregate_variance[:, None])
    result[:, :, 1] = _federating_errors(share, between, *heard, uncertainty)
    result[nobody] = within + 2 * between
    return result


def _direct_errors(noise: Any, between: float, uncertainty: Any) -> Any:
    variance = between + noise
    return between * noise / variance + (noise / variance) ** 2 * uncertainty


def _federating_errors(share: Any, between: float, spread: Any, noise: Any, variance: Any, uncertainty: Any) -> Any:
    """Errors by a user's share of an aggregate, whose shares' squares add up to ``spread``, and its variances."""
    # B − s2·a and B − s2·a² with the common part taken out first, so that a large s2 cancels exactly.
    apart = noise + between * (spread - share)
    apart_squared = noise + between * (spread - share**2)
    return between * apart_squared / variance + (apart / variance) ** 2 * uncertainty


def errors_at_real_counts(
    counts: NDArray[Any], samples: NDArray[np.float64], between: float, within: float, entering: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Do as `least_errors`, but count a federating user as one in its own error where there is less than one.

    The formula would give such a user a larger share of the aggregate than the aggregate holds.
    """
    result = least_errors(counts, samples, between, within, entering)
    states, kinds = np.nonzero((counts[:, :, 1] > 0) & (counts[:, :, 1] < 1))
    places = np.arange(len(states))
    whole = counts[states]
    whole[places, kinds, 1] = 1
    result[states, kinds, 1] = least_errors(whole, samples, between, within, entering)[places, kinds, 1]
    return result


_Tensor = NDArray[np.float64]


def federated_tensor(
    samples: _Tensor, importance: _Tensor, between: float, within: float, entering: _Tensor
) -> _Tensor:
    """Utility of every profile.

    The errors depend on a profile through four sums over users only; those are built for all profiles
    by adding one axis after the other, instead of user by user for each profile.

    Parameters
    ----------
    samples, importance : ndarray, shape (N,)
        Sample size and importance of each user.
    between, within : float
        ``s2`` and ``r2``.
    entering : ndarray, shape (N,)
        What a federating user's share of the aggregate is proportional to.

    Returns
    -------
    ndarray, shape (3, …, 3)
    """
    n_users = len(samples)
    noise = within / samples
    variance = between + noise
    zeros = np.zeros(n_users)
    total = _sum_over_users(zeros, entering, zeros)
    precision = _sum_over_users(zeros, zeros, 1 / variance)
    inverse_square = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0) ** 2
    spread = _sum_over_users(zeros, entering**2, zeros) * inverse_square
    aggregate_noise = _sum_over_users(zeros, entering**2 * noise, zeros) * inverse_square
    aggregate_variance = aggregate_noise + between * spread
    np.add(precision, np.divide(1.0, aggregate_variance, where=total > 0, out=np.zeros_like(total)), out=precision)

    nobody = within + 2 * between
    absent = (0,) * n_users
    precision[absent] = aggregate_variance[absent] = 1.0
    uncertainty = 1 / precision
    absent_gain = np.log(nobody / (between + uncertainty))
    utility = np.zeros_like(total)
    for user in range(n_users):
        at = [(slice(None),) * user + (level,) for level in range(3)]
        utility[at[0]] += importance[user] * absent_gain[at[0]]
        share = entering[user] / total[at[1]]
        heard = (part[at[1]] for part in (spread, aggregate_noise, aggregate_variance, uncertainty))
        utility[at[1]] += importance[user] * np.log(nobody / _federating_errors(share, between, *heard))
        utility[at[2]] += importance[user] * np.log(nobody / _direct_errors(noise[user], between, uncertainty[at[2]]))
    utility[absent] = 0.0
    # A user that federates alone is direct, to the last bit.
    for user in range(n_users):
        others_not_federating: list[slice | int] = [slice(None, None, 2)] * n_users
        alone, direct = list(others_not_federating), list(others_not_federating)
        alone[user], direct[user] = 1, 2
        utility[tuple(alone)] = utility[tuple(direct)]
    return utility


def _sum_over_users(*by_level: Sequence[float] | _Tensor) -> _Tensor:
    """Sum over users of a number that depends on the user's level, for every profile."""
    total = np.zeros(())
    for terms in zip(*by_level, strict=True):
        total = np.add.outer(total, np.array(terms))
    return total


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

    @public
    def __init__(
        self,
        samples: ArrayLike,
        between_variance: float,
        within_variance: float,
        importance: ArrayLike | None = None,
        *,
        aggregation: Literal["uniform", "weighted"] = "uniform",
        counts: ArrayLike | None = None,
    ) -> None:
        sizes = _as_entries(samples, "samples", 1)
        weight = _as_entries(np.ones(len(sizes)) if importance is None else importance, "importance", 0)
        if len(weight) != len(sizes):
            raise InputError("importance", f"must have one number for each of the {len(sizes)} entries", importance)
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
        counts = alone_as_direct(counts)
        error = least_errors if counts.dtype.kind in "iu" else errors_at_real_counts
        gains = np.log(self._nobody / np.where(counts > 0, error(counts, *self._model), self._nobody))
        total: NDArray[np.float64] = (gains * counts).sum(axis=2) @ self._importance
        return total

    def bounds(self) -> UtilityBounds:
        """Bounds by relaxation of how precisely the population's mean is known."""
        from fairgames.utility.federated_bounds import FederatedBounds

        return FederatedBounds(self)

    def prices_moves(self, counts: NDArray[np.integer[Any]]) -> bool:
        """Whether few enough users are present, and in the aggregate, for integrals."""
        return integrates(self.aggregation == "weighted", counts)

    def price_moves(self, counts: NDArray[np.integer[Any]], **how: Any) -> PricedMoves:
        """Fair payments of all moves by integrals."""
        return integrate(self, counts, **how)

    def walk(self, levels: NDArray[np.intp]) -> Walk:
        """Walk that updates what the platform knows, and with it all users' errors, at all steps at once."""
        return partial(self._utilities_along, levels)

    def _utilities_along(self, levels: NDArray[np.intp], order: NDArray[np.intp]) -> NDArray[np.float64]:
        between, nobody, level = self.between_variance, self._nobody, levels[order]
        noise, importance = self._noise()[order], self._importance[self.types]
        entering = self._shares_by_user()[order]
        joined = entering * (level == 1)
        total = np.cumsum(joined)
        some = total > 0
        scale = np.where(some, total, 1.0)
        spread = np.cumsum(joined**2) / scale**2
        heard = np.where(some, np.cumsum(joined**2 * noise) / scale**2, 1.0)
        variance = heard + between * spread
        uncertainty = 1 / (np.cumsum((level == 2) / (between + noise)) + some / variance)
        left = np.maximum(importance.sum() - np.cumsum(importance[order]), 0.0)
        gains: NDArray[np.float64] = left * np.log(nobody / (between + uncertainty))
        _, first, numbered = np.unique(3 * self.types[order] + level, return_index=True, return_inverse=True)
        # Users of a type at a level are a cell; cells in the order in which somebody of them joins, so that the last
        # columns of a step are empty.
        arrival = np.argsort(first)
        first, numbered = first[arrival], np.argsort(arrival)[numbered.reshape(-1)]
        done = 0
        for counts in running_counts(numbered, len(first)):
            block = slice(done, done + len(counts))
            done += len(counts)
            begun = first[: np.count_nonzero(counts[-1])]
            steps = [part[block, None] for part in (spread, heard, variance, uncertainty)]
            for here in (1, 2):
                cells = np.flatnonzero(level[begun] == here)
                own = begun[cells]
                if here == 1:
                    errors = _federating_errors(entering[own] / scale[block, None], between, *steps)
                else:
                    errors = _direct_errors(noise[own], between, steps[-1])
                there = counts[:, cells]
                gains[block] += (there * np.log(nobody / np.where(there > 0, errors, nobody))) @ importance[order[own]]
        return gains

    def _every_value_apart(self) -> NDArray[np.float64]:
        samples, importance = self._sizes[self.types], self._importance[self.types]
        return federated_tensor(samples, importance, *self._model[1:3], self._shares_by_user())

    @public
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

    @public
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
        shares, between = self._shares(levels), self.between_variance
        # What the platform receives: the aggregate first, then each user's sample mean. Precision 0: not received.
        received = np.concatenate([[0.0], (levels == 2) / (between + self._noise())])
        if (levels == 1).any():
            received[0] = 1 / (shares**2 @ (between + self._noise()))
        own = np.zeros((self.n_users, self.n_users + 1))
        own[:, 0] = between * shares * received[0]
        np.fill_diagonal(own[:, 1:], between * received[1:])
        weights: NDArray[np.float64] = own + (1 - own.sum(axis=1, keepdims=True)) * (received / received.sum())
        return weights

    @public
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
        if table.shape != (self.n_users, self.n_users + 1):
            raise InputError("weights", f"must have shape {(self.n_users, self.n_users + 1)}", table.shape)
        received = np.concatenate([[(levels == 1).any()], levels == 2])
        for row, column in np.argwhere((table != 0) & ~received).tolist():
            source = f"user {column - 1}'s sample mean" if column else "an aggregate"
            raise InputError(f"weights[{row}, {column}]", f"must be 0: the platform does not receive {source}")
        sums = table.sum(axis=1)
        for row in np.flatnonzero(np.abs(sums - 1) > RELATIVE * np.maximum(1, np.abs(table).sum(axis=1))).tolist():
            raise InputError(f"weights[{row}]", "must add up to 1", float(sums[row]))
        each = table[:, 1:] + table[:, :1] * self._shares(levels)
        others = each * ~np.eye(self.n_users, dtype=bool)
        spread = (others**2).sum(axis=1) + others.sum(axis=1) ** 2
        result: NDArray[np.float64] = each**2 @ self._noise() + self.between_variance * spread
        return result

    def _entering(self) -> NDArray[np.float64]:
        return np.ones(1) if self.aggregation == "uniform" else self._sizes

    @property
    def _model(self) -> tuple[NDArray[np.float64], float, float, NDArray[np.float64]]:
        return self._sizes, self.between_variance, self.within_variance, self._entering()

    @property
    def _nobody(self) -> float:
        """Error when everybody is absent."""
        return self.within_variance + 2 * self.between_variance

    def _errors_of_state(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        errors: NDArray[np.float64] = least_errors(alone_as_direct(counts[None]), *self._model)[0]
        if one_federating(counts[None])[0]:
            errors[:, 1] = errors[:, 2]
        return errors

    def _noise(self) -> NDArray[np.float64]:
        """Variance of each user's sample mean around its own mean, shape ``(N,)``."""
        return self.within_variance / self._sizes[self.types]

    def _shares_by_user(self) -> NDArray[np.float64]:
        """What each user's share of the aggregate is proportional to, shape ``(N,)``."""
        return np.broadcast_to(self._entering(), self._sizes.shape)[self.types]

    def _shares(self, levels: NDArray[np.intp]) -> NDArray[np.float64]:
        """Share of each user in the secure aggregate, shape ``(N,)``: 0 unless federating."""
        entering = np.where(levels == 1, self._shares_by_user(), 0.0)
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
