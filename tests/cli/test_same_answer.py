"""One scenario in, one answer out: Python, a saved specification and the command give the same names and numbers."""

import json
import tomllib

import numpy as np
import pytest

import fairgames as fg
from fairgames import Scenario
from fairgames.utility.threshold import as_jump

KINDS = [
    "table",
    "count",
    "dp-mean",
    "dp-crowd",
    "federated",
    "weighted",
    "federated-crowd",
    "threshold",
    "measured",
    "schools",
]
N_SCENARIOS = 40
FAST = [0, 1, 2, 3, 4, 5, 7, 8]


def utility_of(kind, rng):
    """A random utility of 2 to 200 users, and how many of them each entry has."""
    n = int(rng.integers(2, 6))
    samples, counts = rng.integers(5, 60, n), rng.integers(1, 200 // n, n)
    if kind == "table":
        steps = rng.integers(0, 9, (2,) * 3)
        return fg.TableUtility(np.cumsum(np.cumsum(np.cumsum(steps, 0), 1), 2) - steps[0, 0, 0]), None
    if kind == "count":
        return fg.CountUtility([0, *np.cumsum(rng.integers(1, 9, n)).tolist()]), None
    if kind == "dp-mean":
        return fg.DPMeanUtility(np.stack([np.zeros(n), rng.uniform(0.1, 1, n), rng.uniform(1, 9, n)], axis=1)), None
    if kind == "dp-crowd":
        rates = rng.choice([0.3, 1.0, 4.0], 2, replace=False)
        sizes = rng.integers(5, 100, 2)
        return fg.DPMeanUtility(np.stack([[0, 0], rates], axis=1), counts=sizes), sizes
    if kind == "federated-crowd":
        sizes = counts[:2]
        return fg.FederatedMeanUtility(np.unique(samples)[:2], 2.0, 30.0, counts=sizes), sizes
    if kind == "schools":
        return fg.FederatedMeanUtility(rng.integers(14, 40, int(rng.integers(18, 24))), 5.0, 60.0), None
    if kind == "threshold":
        weights = np.stack([np.zeros(n, dtype=int), rng.integers(1, 3, n), rng.integers(2, 5, n)], axis=1)
        return fg.ThresholdUtility([as_jump(weights, quota=int(n))], counts=[1] * n), None
    if kind == "measured":
        base = fg.FederatedMeanUtility(samples[:2], 2.0, 30.0)
        return fg.MeasuredUtility(lambda profile, rng: base(profile) + 0.01 * rng.normal(), (3, 3), repeats=2), None
    return fg.FederatedMeanUtility(
        samples, 2.0, 30.0, aggregation="weighted" if kind == "weighted" else "uniform"
    ), None


def random_scenario(number):
    rng = np.random.default_rng([23, number])
    utility, sizes = utility_of("schools" if number == N_SCENARIOS - 1 else KINDS[number % len(KINDS)], rng)
    n, n_levels = len(sizes) if sizes is not None else utility.n_users, max(utility.shape)
    scale = float(utility([n_level - 1 for n_level in utility.shape])) / utility.n_users
    costs = np.cumsum(np.round(scale * rng.uniform(0.01, 0.4, (n, n_levels)), 4), axis=1)
    costs[:, 0] = 0
    if sizes is not None:
        costs[:] = costs[0]
    names = [f"{name} {place}" for place, name in enumerate(rng.choice(["Nord", "Süd", "école", "a b"], n))]
    levels = ["absent", "shared", "open"][:n_levels]
    return Scenario(utility, costs, names, levels, counts=sizes, title=f"scenario {number}")


@pytest.mark.parametrize(
    "number",
    [number if number in FAST else pytest.param(number, marks=pytest.mark.slow) for number in range(N_SCENARIOS)],
)
def test_python_a_specification_and_the_command_agree(number, tmp_path, run):
    asked = random_scenario(number)
    here = fg.optimal_alpha(asked)
    asked.save(tmp_path / "spec.toml")
    loaded = fg.load(tmp_path / "spec.toml")
    assert (loaded.users, loaded.levels, loaded.counts) == (asked.users, asked.levels, asked.counts)
    there = fg.optimal_alpha(loaded)
    assert [(row.name, row.level_name, row.count) for row in there.users] == [
        (row.name, row.level_name, row.count) for row in here.users
    ]
    assert (there.alpha, there.value) == (here.alpha, here.value)
    np.testing.assert_array_equal(there.payments, here.payments)
    output = run("solve", tmp_path / "spec.toml", "--json", tmp_path / "found.json").output
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    plain = json.loads(json.dumps(here.to_dict()))
    for name in ("alpha", "value", "profile", "payments", "strategies"):
        assert found["optimum"][name] == plain[name]
    written = tomllib.loads(found["scenario"])
    assert tuple(written["levels"]) == asked.levels
    assert tuple(user["name"] for user in written["users"]) == asked.users
    assert asked.users[0] in output
