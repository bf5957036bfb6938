"""Brute force, once: what the engines are tested against, from the definitions alone and without the package.

A utility is a function of a profile or a tensor; rational values stay rational.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from itertools import chain, combinations, product

import numpy as np

TINY = Fraction(1, 10**15)


def subsets(users):
    users = tuple(users)
    return chain.from_iterable(combinations(users, size) for size in range(len(users) + 1))


def masked(profile, members):
    """The profile with everybody else absent."""
    return tuple(level if user in members else 0 for user, level in enumerate(profile))


def _worths(utility, profile):
    value = utility.__getitem__ if isinstance(utility, np.ndarray) else utility
    return {members: value(masked(profile, members)) for members in subsets(range(len(profile)))}


def _weighed_gains(utility, profile, weight):
    """Each user's marginal contributions to the coalitions without it, weighed by their size."""
    worth, everybody = _worths(utility, profile), range(len(profile))
    return [
        sum(
            weight(len(members)) * (worth[tuple(sorted((*members, user)))] - worth[members])
            for members in subsets(other for other in everybody if other != user)
        )
        for user in everybody
    ]


def shapley(utility, profile):
    """Theorem 2 (eq. 7) at alpha = 1, coalition by coalition."""
    n = len(profile)
    return _weighed_gains(utility, profile, lambda size: Fraction(1, n * math.comb(n - 1, size)))


def coalition_shapley(utility, profile):
    """Theorem 1 (eqs. 5 and 6), coalition by coalition: the platform's share, and the users'."""
    n = len(profile)
    platform = sum(
        Fraction(1, (n + 1) * math.comb(n, len(members))) * worth
        for members, worth in _worths(utility, profile).items()
    )
    return platform, _weighed_gains(utility, profile, lambda size: Fraction(1, (n + 1) * math.comb(n, size + 1)))


def banzhaf(utility, profile):
    """Mean marginal contribution over all coalitions of the others."""
    return _weighed_gains(utility, profile, lambda _: Fraction(1, 2 ** (len(profile) - 1)))


class BruteForce:
    """Every profile of the users' game, what each deviation gains, and the alphas at which nobody gains.

    ``actions`` are by default the levels of finite cost.
    """

    def __init__(self, utility, costs, actions=None, *, shape=None, margin=0):
        shape = utility.shape if shape is None else shape
        self.costs, self.margin = costs, margin
        if actions is None:
            actions = [[level for level in range(n) if costs[user][level] < math.inf] for user, n in enumerate(shape)]
        self.actions = actions
        self.profiles = list(product(*actions))
        self.payments = {profile: shapley(utility, profile) for profile in product(*map(range, shape))}
        value = utility.__getitem__ if isinstance(utility, np.ndarray) else utility
        self.worth = {profile: value(profile) for profile in self.profiles}
        self.utility = np.array(list(self.worth.values()))

    def _deviations(self, profile):
        """What each deviation loses in payment, and saves in cost."""
        for user, levels in enumerate(self.actions):
            for level in levels:
                if level != profile[user]:
                    moved = (*profile[:user], level, *profile[user + 1 :])
                    lost = self.payments[profile][user] - self.payments[moved][user]
                    yield lost, self.costs[user][profile[user]] - self.costs[user][level]

    @cached_property
    def gains(self):
        return np.array([[lost for lost, _ in self._deviations(profile)] for profile in self.profiles])

    @cached_property
    def dearer(self):
        return np.array([[saved for _, saved in self._deviations(profile)] for profile in self.profiles])

    def breakpoints(self):
        """Every alpha at which some user is indifferent somewhere."""
        gains, dearer = self.gains.astype(float).ravel(), self.dearer.astype(float).ravel()
        some = np.abs(gains) > 1e-9
        ratio = dearer[some] / gains[some]
        return np.unique(ratio[(ratio >= 0) & (ratio <= 1)])

    def stable(self, alpha, tolerance=1e-10):
        """Which profiles are equilibria at ``alpha``."""
        return np.all(alpha * self.gains.astype(float) >= self.dearer.astype(float) - tolerance, axis=1)

    @cached_property
    def intervals(self):
        """The closed interval of alphas at which each profile is an equilibrium, in rationals."""
        found = {profile: self._interval(profile) for profile in self.profiles}
        return {profile: ends for profile, ends in found.items() if ends is not None and ends[0] <= ends[1]}

    def _interval(self, profile):
        lo, hi = Fraction(0), Fraction(1)
        for lost, saved in self._deviations(profile):
            need = saved + self.margin
            if lost > 0:
                lo = max(lo, need / lost)
            elif lost < 0:
                hi = min(hi, need / lost)
            elif need > 0:
                return None
        return lo, hi

    def value(self, profile, alpha):
        return (1 - alpha) * self.worth[profile]

    def values_at(self, alpha):
        return [self.value(profile, alpha) for profile, (lo, hi) in self.intervals.items() if lo <= alpha <= hi]

    @property
    def ends(self):
        return sorted({end for interval in self.intervals.values() for end in interval})

    def best(self):
        return max(self.value(profile, end) for profile, ends in self.intervals.items() for end in ends)

    def worst(self):
        """Lowest value at every end and just beside it."""
        alphas = [end + step for end in self.ends for step in (-TINY, 0, TINY) if 0 <= end + step <= 1]
        return max(min(values) for alpha in alphas if (values := self.values_at(alpha)))

    def potential(self, profile, alpha):
        """Sum of the payments as users arrive one by one, less the costs."""
        total, arrived = 0, (0,) * len(profile)
        for user, level in enumerate(profile):
            arrived = (*arrived[:user], level, *arrived[user + 1 :])
            total += alpha * self.payments[arrived][user] - self.costs[user][level]
        return total

    def potentials(self, alpha):
        return np.array([float(self.potential(profile, alpha)) for profile in self.profiles])

    def best_of_potential(self):
        lines = {(self.potential(p, 1) - self.potential(p, 0), self.potential(p, 0)) for p in self.profiles}
        alphas = {Fraction(0), Fraction(1)}
        for (a, b), (c, d) in combinations(lines, 2):
            if a != c and 0 <= (b - d) / (c - a) <= 1:
                alphas.add((b - d) / (c - a))
        best = []
        for alpha in alphas:
            highest = max(slope * alpha + height for slope, height in lines)
            best += [self.value(p, alpha) for p in self.profiles if self.potential(p, alpha) == highest]
        return max(best)


class ExchangeableUsers:
    """Equilibria of identical users with two actions in which all who mix do so with one probability.

    ``sure`` users take the less private action, ``mixing`` ones take it with probability x, the rest the other one.
    ``utilities`` and ``gains`` are by the number of (other) users who take it, at alpha = 1.
    """

    X = np.linspace(0, 1, 1201)

    def __init__(self, utilities, gains, cost):
        self.U, self.g, self.c = list(map(Fraction, utilities)), list(map(Fraction, gains)), Fraction(cost)
        self.n = len(self.g)
        self.scale = max(1.0, float(max(map(abs, self.U))))
        self.blocks = [(sure, mixing) for mixing in range(2, self.n + 1) for sure in range(self.n - mixing + 1)]

    @classmethod
    def or_absent(cls, utilities, cost):
        """Present or absent: each of k present users is paid the k-th part of their utility."""
        return cls(utilities, [Fraction(worth) / k for k, worth in enumerate(utilities) if k], cost)

    @staticmethod
    def mean(table, x):
        n = len(table) - 1
        return sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) * float(value) for k, value in enumerate(table))

    def _stays_and_joins(self, sure, mixing, x):
        """What a sure user gains by its choice, and what one of the rest would gain by it."""
        never = np.full(np.shape(x), np.inf)
        stays = self.mean(self.g[sure - 1 : sure + mixing], x) if sure else never
        return stays, self.mean(self.g[sure : sure + mixing + 1], x) if sure + mixing < self.n else -never

    def utilities_at(self, alpha, slack=1e-11):
        """Of every equilibrium at one alpha: pure ones in rationals, mixed ones by the roots of a polynomial."""
        exact, part = Fraction(alpha), float(alpha)
        found = [
            float(self.U[k])
            for k in range(self.n + 1)
            if (k == 0 or exact * self.g[k - 1] >= self.c) and (k == self.n or exact * self.g[k] <= self.c)
        ]
        for sure, mixing in self.blocks:
            terms = np.zeros(mixing)
            for k, gain in enumerate(self.g[sure : sure + mixing]):
                for j in range(mixing - k):
                    ways = math.comb(mixing - 1, k) * math.comb(mixing - 1 - k, j) * (-1) ** j
                    terms[k + j] += ways * (part * float(gain) - float(self.c))
            if np.abs(terms).max() < 1e-13:
                continue
            roots = np.roots(terms[::-1])
            for x in roots[np.abs(roots.imag) < 1e-6].real:
                if 1e-9 < x < 1 - 1e-9:
                    stays, joins = self._stays_and_joins(sure, mixing, x)
                    if part * stays >= float(self.c) - slack and part * joins <= float(self.c) + slack:
                        found.append(self.mean(self.U[sure : sure + mixing + 1], x))
        return found

    def value(self, alpha, choose, slack=1e-11):
        return (1 - float(alpha)) * choose(self.utilities_at(alpha, slack))

    def envelope(self, grid, choose):
        """Lowest (``min``) or highest value at many alphas; mixed families reach one step of x too far."""
        sign = 1 if choose is min else -1
        least = np.full(grid.shape, np.inf)
        for k in range(self.n + 1):
            beside = [*((gain, 1) for gain in self.g[k - 1 : k] if k), *((gain, -1) for gain in self.g[k : k + 1])]
            lo = max([0, *(self.c / gain for gain, side in beside if side * gain > 0)])
            hi = min([1, *(self.c / gain for gain, side in beside if side * gain < 0)])
            if all(gain != 0 or side * self.c <= 0 for gain, side in beside):
                here = (grid >= float(lo) - 1e-12) & (grid <= float(hi) + 1e-12)
                least = np.where(here, np.minimum(least, sign * float(self.U[k])), least)
        for sure, mixing in self.blocks:
            gain = self.mean(self.g[sure : sure + mixing], self.X)
            worth = sign * self.mean(self.U[sure : sure + mixing + 1], self.X)
            stays, joins = self._stays_and_joins(sure, mixing, self.X)
            good = (stays >= gain - 1e-12) & (joins <= gain + 1e-12)
            for alphas, heights in self._runs(gain, worth, good):
                least = np.minimum(least, np.interp(grid, alphas, heights, left=np.inf, right=np.inf))
        return (1 - grid) * sign * least

    def _runs(self, gain, worth, good):
        """Stretches of x along which alpha rises or falls, each with its utilities."""
        if self.c == 0:
            beside = (good[:-1] | good[1:]) & (gain[:-1] * gain[1:] <= 0) & ((gain[:-1] != 0) | (gain[1:] != 0))
            for place in np.flatnonzero(beside).tolist():
                yield [0, 1], [worth[place : place + 2].min()] * 2
            return
        with np.errstate(divide="ignore", invalid="ignore"):
            alpha = np.where(gain * float(self.c) > 1e-14, float(self.c) / gain, 9.0)
        good &= alpha <= 1 + 1e-3
        ways = np.where((good[:-1] | good[1:]) & (alpha[:-1] < 9) & (alpha[1:] < 9), np.sign(np.diff(alpha)), 0)
        for part in np.split(np.arange(len(ways)), np.flatnonzero(np.diff(ways)) + 1):
            if ways[part[0]]:
                run = slice(part[0], part[-1] + 2)
                step = int(ways[part[0]])
                yield alpha[run][::step], worth[run][::step]


class SymmetricByDefinition:
    """Gains and utilities of an exchangeable game, each from one representative profile."""

    def __init__(self, utility, actions=(0, 1)):
        more, less = actions
        self.n = utility.n_users
        profiles = [(less,) * h + (more,) * (self.n - h) for h in range(self.n + 1)]
        self.U = [Fraction(utility(profile)) for profile in profiles]
        # The first user moves; h of the others take the less private action.
        self.g = [
            Fraction(shapley(utility, (less, *(less,) * h, *(more,) * (self.n - 1 - h)))[0])
            - Fraction(shapley(utility, (more, *(less,) * h, *(more,) * (self.n - 1 - h)))[0])
            for h in range(self.n)
        ]

    def mean(self, table, p):
        """Mean over independent users who take the more private action with probability p."""
        n = len(table) - 1
        return sum(math.comb(n, h) * (1 - p) ** h * p ** (n - h) * value for h, value in enumerate(table))

    def best_on_grid(self, cost, steps=400):
        values = [0, *(u for u in [self.U[0]])]
        for step in range(steps):
            p = Fraction(step, steps)
            gain = self.mean(self.g, p)
            if gain > 0 and cost <= gain:
                values.append((1 - cost / gain) * self.mean(self.U, p))
        return max(values)

    def check_equilibrium(self, alpha, p, cost, tolerance):
        gain = alpha * self.mean(self.g, p)
        if p < 1:
            assert gain >= cost - tolerance
        if p > 0:
            assert gain <= cost + tolerance
