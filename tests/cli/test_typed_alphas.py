"""Every alpha that ``solve`` prints, typed back as it is printed, gives the equilibrium that is printed beside it."""

import re
from dataclasses import replace

import numpy as np
import pytest

import fairgames as fg
from fairgames.report.tables import level_letters


def random_scenario(seed):
    """Two to twelve users of any kind of utility, and costs that no short decimal meets."""
    rng = np.random.default_rng(seed)
    kind = ("table", "counts", "private mean", "federated", "threshold")[seed % 5]
    n_levels = 3 if kind == "federated" else 2 if kind in {"counts", "threshold"} else int(rng.integers(2, 4))
    n_users = int(rng.integers(2, 13 if n_levels == 2 else 6))
    if kind == "table":
        n_users = min(n_users, 8)
        shape = (n_levels,) * n_users
        utility = fg.TableUtility((np.sum(np.indices(shape), axis=0) > 0) * (1 + rng.random(shape)))
    elif kind == "counts":
        utility = fg.CountUtility([0, *np.sort(rng.random(n_users))])
    elif kind == "private mean":
        utility = fg.DPMeanUtility([0, 1, np.inf][:n_levels], n_users=n_users)
    elif kind == "federated":
        samples, between = rng.integers(5, 60, n_users), float(rng.uniform(0.5, 9))
        utility = fg.FederatedMeanUtility(samples=samples, between_variance=between, within_variance=40)
    else:
        utility = fg.CountUtility([0] * 2 + [1] * (n_users - 1))
    costs = np.zeros((n_users, n_levels))
    most = float(utility([n_levels - 1] * n_users)) / n_users
    costs[:, 1:] = np.sort(rng.random((n_users, n_levels - 1)), axis=1) * most
    return fg.Scenario(utility, costs, selection=("best", "worst", "potential")[seed // 5 % 3])


def gain(scenario, shares, profile, alpha):
    """Most that anybody gains by moving alone, by the definition, from payments at alpha = 1."""
    most = 0.0
    for user, share in enumerate(shares):
        for level in range(share.shape[user]):
            moved = (*profile[:user], level, *profile[user + 1 :])
            rise = scenario.costs[user, level] - scenario.costs[user, profile[user]]
            most = max(most, float(alpha * (share[moved] - share[profile]) - rise))
    return most


def check(run, path, seed):
    """Type back what is printed for one scenario; return how many alphas that were."""
    scenario = random_scenario(seed)
    scenario.save(path, force=True)
    optimum = fg.optimal_alpha(scenario)
    printed = run("solve", path, "--choices").stdout
    answer, _, choices = printed.partition("Stable choices")
    answer = " ".join(answer.split())
    typed = re.search(r"\(alpha = ([-\d./e]+)\)", answer)[1]
    again = fg.optimal_alpha(replace(scenario, alpha_range=(typed, typed)))
    assert again.profile == optimum.profile
    kept = re.search(r"it keeps (?:the whole utility of )?([-\d.,]+\d)", answer)[1].replace(",", "")
    assert float(again.value) == pytest.approx(float(kept), abs=2 * 10.0 ** -len(kept.partition(".")[2]))
    letters = level_letters(scenario.levels)
    rows = [line.split() for line in choices.splitlines()[3:]]
    rows = [row for row in rows if row and set(row[0]) <= set(letters) and len(row[0]) == scenario.n_users]
    table = fg.payment_table(scenario, 1)
    shares = [np.asarray(table.user(user), dtype=float) for user in range(scenario.n_users)]
    for label, *ends in (row[:3] for row in rows):
        profile = tuple(map(letters.index, label))
        for end in ends:
            assert gain(scenario, shares, profile, float(end)) <= 1e-9, (seed, label, end)
    return 1 + 2 * len(rows)


def test_what_is_printed_is_what_is_meant(run, tmp_path):
    assert sum(check(run, tmp_path / "spec.toml", seed) for seed in range(30)) > 200


@pytest.mark.slow
def test_what_is_printed_is_what_is_meant_in_hundreds_of_games(run, tmp_path):
    assert sum(check(run, tmp_path / "spec.toml", seed) for seed in range(30, 330)) > 2000


def test_plain_rounding_would_fall_over_a_cliff(run, tmp_path):
    # The second user stays only from .18175012 on: .18175 would lose it, and half of what the platform keeps.
    path = tmp_path / "spec.toml"
    scenario = fg.Scenario(fg.CountUtility([0, 1, 2]), [[0, 0], [0, "0.18175012"]])
    scenario.save(path)
    assert fg.optimal_alpha(replace(scenario, alpha_range=("0.18175", "0.18175"))).utility == 1
    answer = " ".join(run("solve", path).stdout.split())
    typed = re.search(r"\(alpha = ([\d.]+)\)", answer)[1]
    found = fg.optimal_alpha(replace(scenario, alpha_range=(typed, typed)))
    assert found.utility == 2
    assert "of a utility of 2.0000" in answer
    listed = " ".join(run("equilibria", path, "--alpha", typed).stdout.split())
    assert "pure LL" in listed
