"""Balanced permutations against brute force, and runs that stop, die and go on."""

import json
import signal
import subprocess
import sys
import textwrap
import time

import joblib
import numpy as np
import pytest
from cloudpickle import register_pickle_by_value
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import shapley

from fairgames import InputError
from fairgames.errors import EvaluationError
from fairgames.payments.engines.evaluation import checked
from fairgames.payments.engines.permutations import ShiftedPairs, along_prefixes, permutation_payments

# Worker processes cannot import test modules.
register_pickle_by_value(sys.modules[__name__])

WEIGHTS = np.random.default_rng(3).lognormal(size=30)
EVERYONE = np.ones(30, dtype=int)


def log_utility(profiles):
    return np.log1p(profiles @ WEIGHTS)


def threshold_utility(profiles):
    return 1.0 * (profiles @ WEIGHTS >= WEIGHTS.sum() / 2)


def airport_utility(profiles):
    return (profiles * WEIGHTS).max(axis=1)


def test_agrees_with_brute_force_within_its_errors(random_table):
    tensor = random_table(np.random.default_rng(0), (2, 3, 2, 3, 2, 2, 2))
    table = tensor.astype(float)
    profile = (1, 2, 0, 1, 1, 1, 1)
    exact = np.array(shapley(tensor, profile), dtype=float)
    estimate = permutation_payments(lambda rows: table[tuple(rows.T)], profile, 1, budget=40_000)
    assert (np.abs(estimate.values - exact) <= 5 * estimate.standard_errors).all()
    assert estimate.standard_errors.max() < 0.1 * np.abs(exact).max()
    assert estimate.values[2] == estimate.standard_errors[2] == 0


@settings(max_examples=30)
@given(
    levels=st.lists(st.integers(0, 3), min_size=1, max_size=25).filter(any),
    seed=st.integers(0, 2**40),
    power=st.floats(0.2, 3.0),
)
def test_payments_add_up_to_the_utility_to_rounding(levels, seed, power):
    profile = np.array(levels)
    factors = np.arange(1.0, len(profile) + 1)
    estimate = permutation_payments(lambda rows: (rows @ factors) ** power, profile, seed)
    assert estimate.values.sum() == pytest.approx((profile @ factors) ** power, rel=1e-12)
    assert (estimate.values[profile == 0] == 0).all()


def test_users_of_an_additive_utility_get_their_own_part():
    estimate = permutation_payments(lambda rows: rows @ WEIGHTS, EVERYONE)
    np.testing.assert_allclose(estimate.values, WEIGHTS, rtol=1e-7)


def test_shifts_and_reverses_balance_positions():
    """Over a full orbit with reverses every user takes every position equally often."""
    seen = np.zeros((12, 12))
    present = np.arange(3, 15)

    def walk(order):
        seen[order - 3, np.arange(12)] += 1
        return np.arange(1.0, 13.0)

    pairs = ShiftedPairs(walk, present, 12, np.random.SeedSequence(0))
    for pair in range(12):
        pairs(pair)
    assert (seen == 2).all()


def test_long_walks_are_evaluated_in_blocks(monkeypatch):
    monkeypatch.setattr("fairgames.payments.engines.permutations._CELLS_AT_ONCE", 30 * 7)
    order = np.random.default_rng(0).permutation(30)
    levels = np.arange(30) % 3 + 1
    walked = along_prefixes(checked(log_utility), levels, order)
    for position in range(30):
        profile = np.zeros(30, dtype=int)
        profile[order[: position + 1]] = levels[order[: position + 1]]
        assert walked[position] == pytest.approx(float(log_utility(profile[None])[0]), rel=1e-12)


def test_a_walk_replaces_the_evaluations():
    def walk(order):
        return np.log1p(np.cumsum(WEIGHTS[order]))

    def one_missing(profiles):
        assert set(profiles.sum(axis=1).tolist()) <= {1, 29}
        return log_utility(profiles)

    walked = permutation_payments(one_missing, EVERYONE, 5, walk=walk)
    np.testing.assert_allclose(walked.values, permutation_payments(log_utility, EVERYONE, 5).values, rtol=1e-6)


@pytest.mark.parametrize("n_users", [1, 2, 3])
def test_very_few_users(n_users):
    estimate = permutation_payments(lambda rows: np.sqrt(rows.sum(axis=1)), np.ones(n_users, dtype=int))
    np.testing.assert_allclose(estimate.values, np.sqrt(n_users) / n_users, rtol=0.5)
    assert estimate.values.sum() == pytest.approx(np.sqrt(n_users))


def test_nobody_is_present():
    estimate = permutation_payments(log_utility, np.zeros(30, dtype=int))
    assert not estimate.values.any()
    assert estimate.evaluations == 0


def test_budget_is_spent_and_not_exceeded():
    for budget in (360, 361, 1_000, 2_999, 3_000, 10_000):
        estimate = permutation_payments(log_utility, EVERYONE, budget=budget)
        assert 0.5 * budget < estimate.evaluations <= budget


def test_stops_at_the_target_error():
    estimate = permutation_payments(log_utility, EVERYONE, 2, target_error=2e-3)
    scale = np.maximum(estimate.values, estimate.utility / 30)
    assert (estimate.standard_errors <= 2e-3 * scale).all()
    assert estimate.evaluations < 100_000
    longer = permutation_payments(log_utility, EVERYONE, 2, target_error=1.2e-3)
    assert longer.evaluations > estimate.evaluations


def test_stops_when_time_is_up():
    estimate = permutation_payments(log_utility, EVERYONE, 2, max_seconds=1e-9)
    assert not estimate.resolved
    assert np.isinf(estimate.standard_errors).all()
    assert "unresolved" in estimate.reason


def test_time_may_run_out_before_five_replicates(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr("fairgames.payments.engines.permutations.time.monotonic", lambda: next(clock))
    estimate = permutation_payments(log_utility, EVERYONE, 2, max_seconds=35)
    assert not estimate.resolved
    assert estimate.doubtful.all()
    assert np.isfinite(estimate.standard_errors).all()
    assert estimate.values.sum() == pytest.approx(estimate.utility)
    assert any("only 3 replicates" in warning for warning in estimate.warnings)


@pytest.mark.parametrize("utility", [threshold_utility, airport_utility])
def test_rough_utilities_warn_and_do_not_look_resolved(utility):
    estimate = permutation_payments(utility, EVERYONE)
    (warning,) = estimate.warnings
    assert "non-zero contributions" in warning
    assert not estimate.resolved
    assert estimate.doubtful.all()
    assert "unresolved" in estimate.reason


def test_an_unresolved_estimate_vouches_for_nobody():
    weights = np.random.default_rng(5).lognormal(size=12)
    quota = 0.97 * weights.sum()
    for seed in range(5):
        estimate = permutation_payments(lambda rows: 1.0 * (rows @ weights >= quota), [1] * 12, seed, budget=8_000)
        assert estimate.resolved or estimate.doubtful.all()


def test_smooth_utilities_do_not_warn():
    estimate = permutation_payments(log_utility, EVERYONE)
    assert estimate.warnings == ()
    assert estimate.resolved
    assert not estimate.doubtful.any()


KINDS = np.repeat([0, 1, 2], 10)
BY_KIND = np.array([1.0, 3.0, 20.0])[KINDS]


def test_users_known_to_be_alike_get_one_payment_with_the_error_of_their_mean():
    def evaluate(rows):
        return np.log1p(rows @ BY_KIND)

    apart = permutation_payments(evaluate, EVERYONE, 4)
    together = permutation_payments(evaluate, EVERYONE, 4, alike=KINDS)
    for kind in range(3):
        members = together.values[kind == KINDS]
        assert len(set(members.tolist())) == 1
        assert members[0] == pytest.approx(apart.values[kind == KINDS].mean(), rel=1e-12)
    assert together.values.sum() == pytest.approx(together.utility, rel=1e-12)
    assert (together.standard_errors < 0.8 * apart.standard_errors).mean() > 0.9


def test_identical_users_at_different_levels_are_not_taken_for_alike():
    levels = np.repeat([1, 2], 15)
    estimate = permutation_payments(lambda rows: np.sqrt(rows.sum(axis=1)), levels, 4, alike=np.zeros(30, dtype=int))
    assert len(set(estimate.values.tolist())) == 2
    assert estimate.values[-1] > estimate.values[0]


def test_a_walk_that_fails_names_the_profile():
    def walk(order):
        values = np.log1p(np.cumsum(WEIGHTS[order]))
        values[6] = np.nan
        return values

    with pytest.raises(EvaluationError, match="finite number at") as error:
        permutation_payments(log_utility, EVERYONE, 3, walk=walk)
    assert sum(error.value.profile) == 7
    with pytest.raises(InputError, match="one utility for each of 30"):
        permutation_payments(log_utility, EVERYONE, 3, walk=lambda order: order[:3] * 1.0)


def test_same_numbers_for_any_jobs_and_backend():
    one = permutation_payments(log_utility, EVERYONE, 8, target_error=3e-3)
    two = permutation_payments(log_utility, EVERYONE, 8, target_error=3e-3, n_jobs=2)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        threads = permutation_payments(log_utility, EVERYONE, 8, target_error=3e-3, n_jobs=None)
    assert one == two == threads
    assert one != permutation_payments(log_utility, EVERYONE, 9, target_error=3e-3)


def test_a_budget_that_is_too_small_is_refused_before_any_evaluation():
    def untouched(profiles):
        raise AssertionError(profiles)

    with pytest.raises(InputError) as error:
        permutation_payments(untouched, EVERYONE, budget=359)
    assert error.value.argument == "budget"


def _failing_after(n_calls):
    calls = 0

    def evaluate(profiles):
        nonlocal calls
        calls += 1
        values = log_utility(profiles)
        if calls > n_calls:
            values[4] = np.nan
        return values

    return evaluate


def test_a_failing_profile_is_named_and_finished_work_is_kept(tmp_path):
    checkpoint = tmp_path / "run.jsonl"
    with pytest.raises(EvaluationError, match="finite number at") as error:
        permutation_payments(_failing_after(51), EVERYONE, 3, checkpoint=checkpoint)
    assert sum(error.value.profile) == 5
    finished = error.value.finished
    assert finished.evaluations == 2 * 30 + 24 * 60
    assert finished.degrees_of_freedom == 1
    resumed = permutation_payments(_failing_after(53), EVERYONE, 3, checkpoint=checkpoint, adopt=True)
    assert resumed == permutation_payments(log_utility, EVERYONE, 3)


def test_a_failure_before_two_replicates_keeps_the_batches(tmp_path):
    checkpoint = tmp_path / "run.jsonl"
    with pytest.raises(EvaluationError) as error:
        permutation_payments(_failing_after(5), EVERYONE, 3, checkpoint=checkpoint)
    assert error.value.finished is None
    assert len(checkpoint.read_text().splitlines()) == 3


def test_failure_in_a_worker_process_names_the_profile():
    with pytest.raises(EvaluationError, match="must be a finite number at") as error:
        permutation_payments(_failing_after(2), EVERYONE, 3, n_jobs=2)
    assert sum(error.value.profile) == 5


def test_a_finished_run_is_read_from_its_checkpoint(tmp_path):
    checkpoint = tmp_path / "run.jsonl"
    first = permutation_payments(log_utility, EVERYONE, 3, target_error=2e-3, checkpoint=checkpoint)
    again = permutation_payments(_failing_after(0), EVERYONE, 3, target_error=2e-3, checkpoint=checkpoint, adopt=True)
    assert first == again


def test_a_line_cut_short_is_made_again(tmp_path):
    checkpoint = tmp_path / "run.jsonl"
    whole = permutation_payments(log_utility, EVERYONE, 3, checkpoint=checkpoint)
    text = checkpoint.read_text()
    checkpoint.write_text(text[: len(text) // 2])
    assert permutation_payments(log_utility, EVERYONE, 3, checkpoint=checkpoint) == whole
    assert checkpoint.read_text() == text


@pytest.mark.parametrize("change", [{"seed": 4}, {"levels": [*EVERYONE[1:], 0]}, {"budget": 700}])
def test_the_checkpoint_of_another_run_is_refused(tmp_path, change):
    checkpoint = tmp_path / "run.jsonl"
    permutation_payments(log_utility, EVERYONE, 3, checkpoint=checkpoint)
    arguments = {"levels": EVERYONE, "seed": 3, **change}
    with pytest.raises(InputError) as error:
        permutation_payments(log_utility, **arguments, checkpoint=checkpoint)
    assert error.value.argument == "checkpoint"


@pytest.mark.parametrize("spoil", [lambda lines: ["hello", *lines], lambda lines: [*lines[:3], "{", *lines[3:]]])
def test_a_spoilt_checkpoint_is_refused(tmp_path, spoil):
    checkpoint = tmp_path / "run.jsonl"
    permutation_payments(log_utility, EVERYONE, 3, checkpoint=checkpoint)
    checkpoint.write_text("".join(line + "\n" for line in spoil(checkpoint.read_text().splitlines())))
    with pytest.raises(InputError, match="checkpoint"):
        permutation_payments(log_utility, EVERYONE, 3, checkpoint=checkpoint)


def test_a_killed_process_loses_at_most_one_batch(tmp_path):
    """The process dies inside its 14th batch; 13 are on disk, and the second run makes the others only."""
    checkpoint = tmp_path / "run.jsonl"
    script = textwrap.dedent(
        f"""
        import os, sys
        import numpy as np
        from fairgames.payments.engines.permutations import permutation_payments

        calls = 0
        def evaluate(profiles):
            global calls
            calls += 1
            if calls == int(sys.argv[1]):
                os._exit(9)
            return np.sqrt(profiles @ np.arange(1.0, 13.0))

        estimate = permutation_payments(evaluate, np.ones(12, dtype=int), 6, checkpoint={str(checkpoint)!r})
        print(calls, estimate.values.tolist())
        """
    )

    def run(dies_at):
        command = [sys.executable, "-c", script, str(dies_at)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run(29).returncode == 9
    assert len(checkpoint.read_text().splitlines()) == 2 + 13
    calls, values = run(0).stdout.split(" ", 1)
    assert int(calls) == 2 * (50 - 13)
    whole = permutation_payments(lambda rows: np.sqrt(rows @ np.arange(1.0, 13.0)), np.ones(12, dtype=int), 6)
    assert json.loads(values) == whole.values.tolist()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_kill_9_from_outside_loses_at_most_the_batches_in_the_making(tmp_path, n_jobs):
    checkpoint = tmp_path / "run.jsonl"
    script = textwrap.dedent(
        f"""
        import sys, time
        import numpy as np
        from fairgames.payments.engines.permutations import permutation_payments

        def evaluate(profiles):
            time.sleep(float(sys.argv[1]))
            return np.sqrt(profiles @ np.arange(1.0, 13.0))

        if __name__ == "__main__":
            permutation_payments(
                evaluate, np.ones(12, dtype=int), 6, checkpoint={str(checkpoint)!r}, n_jobs={n_jobs}
            )
        """
    )
    program = tmp_path / "program.py"
    program.write_text(script)
    process = subprocess.Popen([sys.executable, str(program), "0.05"])
    give_up = time.monotonic() + 60
    while not checkpoint.exists() or checkpoint.read_text().count("\n") < 8:
        assert process.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = checkpoint.read_text()
    whole = [line for line in kept.splitlines(keepends=True) if line.endswith("\n")]
    assert 8 <= len(whole) < 2 + 50
    asked = 0

    def evaluate(profiles):
        nonlocal asked
        asked += 1
        return np.sqrt(profiles @ np.arange(1.0, 13.0))

    resumed = permutation_payments(evaluate, np.ones(12, dtype=int), 6, checkpoint=checkpoint, adopt=True)
    assert asked == 2 * (50 - (len(whole) - 2))
    assert checkpoint.read_text().count("\n") == 2 + 50
    assert resumed == permutation_payments(evaluate, np.ones(12, dtype=int), 6)


@pytest.mark.slow
@pytest.mark.parametrize("concave", [np.log1p, np.sqrt, lambda x: x / (x + 10)])
def test_coverage_of_nominal_95_percent_on_concave_utilities(concave):
    reference = permutation_payments(lambda rows: concave(rows @ WEIGHTS), EVERYONE, 10**6, budget=1_000_000)
    inside = []
    for seed in range(400):
        low, high = permutation_payments(lambda rows: concave(rows @ WEIGHTS), EVERYONE, seed).interval()
        inside.append((low <= reference.values) & (reference.values <= high))
    assert 0.90 <= np.mean(inside) <= 0.98


@pytest.mark.slow
def test_coverage_of_nominal_95_percent_of_users_known_to_be_alike():
    """Intervals of group means cover as often, and are not wider than they need be."""

    def evaluate(rows):
        return np.sqrt(rows @ BY_KIND)

    reference = permutation_payments(evaluate, EVERYONE, 10**6, budget=1_000_000, alike=KINDS)
    inside = []
    for seed in range(400):
        low, high = permutation_payments(evaluate, EVERYONE, seed, budget=4_000, alike=KINDS).interval()
        inside.append(((low <= reference.values) & (reference.values <= high))[::10])
    assert 0.90 <= np.mean(inside) <= 0.98


@pytest.mark.parametrize("turn", [1, 2, 3, 10, 30])
@pytest.mark.parametrize("seed", range(3))
def test_what_only_one_turn_earns_is_within_the_errors(turn, seed):
    """Each user takes a turn once in thirty orders: what it saw itself tells little."""
    estimate = permutation_payments(lambda rows: 50.0 * (rows.sum(axis=1) >= turn) + rows @ WEIGHTS, EVERYONE, seed)
    exact = 50 / 30 + WEIGHTS
    low, high = estimate.interval(0.9999)
    assert ((low <= exact) & (exact <= high)).all()
    assert np.abs(estimate.values - exact).max() < 0.5


def test_what_no_order_met_shows_in_the_errors():
    """One user earns 100 unless it comes first, and who comes second after it earns them: that is rarely drawn."""
    n_users, weights = 100, np.random.default_rng(1).lognormal(size=100)

    def evaluate(rows):
        return 100.0 * rows[:, 0] * (rows.sum(axis=1) >= 2) + rows @ weights

    exact = weights + np.where(np.arange(n_users) == 0, 99, 1 / 99)
    for seed in range(5):
        low, high = permutation_payments(evaluate, [1] * n_users, seed).interval(0.9999)
        assert ((low <= exact) & (exact <= high)).all()
