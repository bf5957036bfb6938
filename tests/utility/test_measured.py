"""A utility that a user's own function measures."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairgames import InputError, MeasuredUtility, TableUtility, fair_payments, load
from fairgames.errors import EvaluationError
from fairgames.store import Store


def worth(profile):
    return 0.5 + np.log1p(profile[0] + 2 * profile[1] + 4 * profile[2] ** 2)


class Counting:
    """A function that remembers where it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, profile):
        self.asked.append(profile)
        return worth(profile)


def test_the_tensor_is_the_gain_over_everybody_absent():
    utility = MeasuredUtility(worth, (2, 3, 2))
    expected = [[[worth((i, j, k)) - 0.5 for k in range(2)] for j in range(3)] for i in range(2)]
    np.testing.assert_allclose(utility.tensor(), expected, rtol=1e-15)
    assert utility.tensor()[0, 0, 0] == 0
    assert utility.evaluations == 12


def test_one_profile_costs_its_subsets_only_and_nothing_twice():
    function = Counting()
    utility = MeasuredUtility(function, (3, 3, 3))
    paid = fair_payments(utility, (2, 0, 1))
    assert sorted(function.asked) == [(0, 0, 0), (0, 0, 1), (2, 0, 0), (2, 0, 1)]
    fair_payments(utility, (2, 1, 1))
    assert len(function.asked) == len(set(function.asked)) == utility.evaluations == 8
    assert paid.values.sum() == pytest.approx(worth((2, 0, 1)) - worth((0, 0, 0)), abs=1e-15)


def test_a_known_baseline_is_not_measured():
    function = Counting()
    utility = MeasuredUtility(function, (2, 2, 2), baseline=0.25)
    assert utility((0, 0, 0)) == 0
    assert utility((1, 0, 0)) == worth((1, 0, 0)) - 0.25
    assert function.asked == [(1, 0, 0)]


def test_interchangeable_users_are_measured_once_for_all_permutations():
    asked = []

    def symmetric(profile):
        asked.append(profile)
        return profile[0] * profile[2] + profile[1]

    utility = MeasuredUtility(symmetric, (3, 2, 3), types=["big", "small", "big"])
    tensor = utility.tensor()
    np.testing.assert_array_equal(tensor, tensor.swapaxes(0, 2))
    assert utility.types.tolist() == [0, 1, 0]
    assert len(asked) == len(set(asked)) == 6 * 2
    assert utility([[0, 1, 1], [0, 1, 0]]) == utility((1, 1, 2))
    assert len(asked) == 12


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_repeats_share_their_random_numbers_between_profiles_whatever_the_jobs(n_jobs):
    def noisy(profile, rng):
        return sum(profile) + rng.normal()

    utility = MeasuredUtility(noisy, (2, 3), repeats=4, seed=3, n_jobs=n_jobs)
    repeated = utility.repeated(np.array([(1, 2), (0, 0), (0, 1)]))
    assert repeated.shape == (4, 3)
    # The one draw of a repeat is in the baseline too, and cancels.
    np.testing.assert_allclose(repeated, np.broadcast_to([3, 0, 1], (4, 3)), atol=1e-12)
    other = MeasuredUtility(noisy, (2, 3), repeats=4, seed=3, baseline=0)
    draws = other.repeated(np.array([(0, 1)]))[:, 0] - 1
    assert len(set(draws)) == 4
    assert utility.evaluations == 4 * 3


def test_the_callers_backend_is_used():
    threads = set()

    def records(profile):
        threads.add(threading.get_ident())
        time.sleep(0.01)
        return float(sum(profile))

    with joblib.parallel_config(backend="threading", n_jobs=2):
        tensor = MeasuredUtility(records, (3, 3)).tensor()
    assert tensor[2, 2] == 4
    assert threads - {threading.get_ident()}


def test_the_standard_error_is_the_spread_of_the_repeats():
    values = iter([1.0, 2.0, 4.0, 9.0])
    utility = MeasuredUtility(lambda _profile: next(values), (2,), repeats=4, baseline=0)
    mean = utility((1,))
    assert mean == 4
    assert utility.standard_error((1,)) == pytest.approx(np.sqrt((9 + 4 + 0 + 25) / 3 / 4))
    assert [utility.repeat(number)((1,)) for number in range(4)] == [1, 2, 4, 9]
    assert utility.standard_error([[0, 1]]) == utility.standard_error((1,))


def test_one_repeat_does_not_pretend_to_know_its_noise():
    utility = MeasuredUtility(worth, (2, 2, 2))
    with pytest.raises(InputError, match="repeats: must be at least 2"):
        utility.standard_error((1, 0, 0))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("raise", r"raised ZeroDivisionError at \(1, 1\): integer division or modulo by zero"),
        ("nan", r"must return a finite number at \(1, 1\), got nan"),
        ("text", r"must return a finite number at \(1, 1\), got 'good'"),
        ("digits", r"must return a finite number at \(1, 1\), got '7'"),
        ("none", r"must return a finite number at \(1, 1\), got None"),
    ],
)
def test_a_failure_names_the_profile_and_keeps_everything_else(bad, message, n_jobs, tmp_path):
    broken = tmp_path / "broken"
    broken.touch()

    def fails_once(profile):
        if profile == (1, 1) and broken.exists():
            return {
                "raise": lambda: 1 // 0,
                "nan": lambda: np.nan,
                "text": lambda: "good",
                "digits": lambda: "7",
                "none": lambda: None,
            }[bad]()
        return float(sum(profile))

    utility = MeasuredUtility(fails_once, (2, 2), n_jobs=n_jobs)
    with pytest.raises(EvaluationError, match=message) as caught:
        utility.tensor()
    assert caught.value.profile == (1, 1)
    assert (1, 1) not in utility.measured
    assert utility.measured == ((0, 0), (0, 1), (1, 0)) or n_jobs == 2
    before = utility.evaluations
    broken.unlink()
    assert utility.tensor().tolist() == [[0, 1], [1, 2]]
    assert utility.evaluations == 4
    assert before == 3 or n_jobs == 2


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_what_other_workers_were_at_when_one_failed_is_kept(backend, tmp_path):
    def fails_at_once(profile):
        with (tmp_path / "begun").open("a") as stream:
            stream.write("x\n")
        if profile == (0, 1):
            deadline = time.monotonic() + 30
            while len((tmp_path / "begun").read_text().splitlines()) < 3 and time.monotonic() < deadline:
                time.sleep(0.01)
            return np.nan
        if profile == (1, 0):
            time.sleep(0.5)
        return float(sum(profile))

    utility = MeasuredUtility(fails_at_once, (2, 2), n_jobs=2, cache=tmp_path / "cache", fingerprint=backend)
    with (
        joblib.parallel_config(backend=backend),
        pytest.raises(EvaluationError, match=r"finite number at \(0, 1\), got nan"),
    ):
        utility.tensor()
    assert {(0, 0), (1, 0)} <= set(utility.measured)
    again = MeasuredUtility(fails_at_once, (2, 2), cache=tmp_path / "cache", fingerprint=backend)
    assert again.measured == utility.measured


def load_nowhere():
    raise AttributeError("only in the parent")


class StaysAtHome:
    def __call__(self, profile):
        return float(sum(profile))

    def __reduce__(self):
        return load_nowhere, ()


def kills_its_process(profile):
    if profile == (1, 1):
        os._exit(1)
    return float(sum(profile))


@pytest.mark.parametrize("function", [StaysAtHome(), kills_its_process])
def test_a_function_that_workers_cannot_run_is_said_to_be_so(function):
    utility = MeasuredUtility(function, (2, 2), n_jobs=2)
    with pytest.raises(InputError, match="evaluate: could not be sent to a worker process, or killed it"):
        utility.tensor()
    if isinstance(function, StaysAtHome):
        assert MeasuredUtility(function, (2, 2)).tensor()[1, 1] == 2


def test_a_full_disk_keeps_the_measurement_and_the_file_whole(tmp_path, monkeypatch):
    utility = MeasuredUtility(worth, (2, 2, 2), cache=tmp_path)
    utility((1, 0, 0))
    append = Store.append

    def half_a_line(self, entry):
        with self.path.open("ab") as stream:
            stream.write(b'{"index": 3, "pro')
        raise InputError("cache", "must be in a folder that can be written to (No space left on device)")

    monkeypatch.setattr(Store, "append", half_a_line)
    with pytest.raises(InputError, match="No space left"):
        utility((0, 1, 0))
    monkeypatch.setattr(Store, "append", append)
    utility.tensor()
    assert utility.evaluations == 8
    assert len(MeasuredUtility(worth, (2, 2, 2), cache=tmp_path).measured) == 7


def test_the_trace_of_the_users_own_error_is_attached():
    def breaks_inside(profile):
        raise RuntimeError("disk full")

    with pytest.raises(EvaluationError) as caught:
        MeasuredUtility(breaks_inside, (2,))((1,))
    assert "in breaks_inside" in "".join(caught.value.__notes__)


def test_a_cached_run_measures_nothing_again(tmp_path):
    first = MeasuredUtility(worth, (2, 2, 3), cache=tmp_path)
    tensor = first.tensor()
    second = MeasuredUtility(worth, (2, 2, 3), cache=tmp_path)
    np.testing.assert_array_equal(second.tensor(), tensor)
    assert (first.evaluations, second.evaluations) == (12, 0)


def test_more_repeats_go_on_from_those_in_the_cache(tmp_path):
    def noisy(profile, rng):
        return rng.normal() * (1 + sum(profile))

    few = MeasuredUtility(noisy, (2, 2), repeats=2, cache=tmp_path)
    few.tensor()
    many = MeasuredUtility(noisy, (2, 2), repeats=5, cache=tmp_path)
    many.tensor()
    fresh = MeasuredUtility(noisy, (2, 2), repeats=5)
    np.testing.assert_array_equal(many.tensor(), fresh.tensor())
    assert many.evaluations == 3 * 4


def test_another_seed_function_or_fingerprint_starts_a_new_file(tmp_path):
    def made(scale, **options):
        def function(profile, rng):
            return scale * sum(profile) + rng.normal()

        return MeasuredUtility(function, (2, 2), cache=tmp_path, **options)

    ways = [made(1), made(2), made(1, seed=1), made(1, fingerprint="data of May")]
    assert len({way.cache_file for way in ways}) == 4
    assert made(1).cache_file == ways[0].cache_file
    ways[0].tensor()
    assert not MeasuredUtility(worth, (2, 2, 2), cache=tmp_path).measured


def test_a_killed_run_resumes_and_evaluates_nothing_twice(tmp_path):
    script = tmp_path / "study.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, sys, time
            from pathlib import Path
            from fairgames.utility.measured.experiment import MeasuredUtility

            CALLS = Path(sys.argv[1])

            def slow(profile):
                time.sleep(float(sys.argv[2]))
                with CALLS.open("a") as stream:
                    stream.write(f"{profile}\\n")
                return float(sum(profile))

            utility = MeasuredUtility(slow, (3, 3, 3), cache=sys.argv[3])
            print(utility.tensor().sum(), utility.evaluations)
            """
        )
    )
    calls, cache = tmp_path / "calls", tmp_path / "cache"

    def command(pause):
        return [sys.executable, str(script), str(calls), pause, str(cache)]

    running = subprocess.Popen(command("0.05"))
    deadline = time.monotonic() + 60
    while not (calls.exists() and len(calls.read_text().splitlines()) >= 8):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    done = len(calls.read_text().splitlines())
    assert 8 <= done < 27
    finished = subprocess.run(command("0"), capture_output=True, text=True, check=True)
    total, evaluations = finished.stdout.split()
    assert float(total) == 81
    # The kill may fall between the end of one evaluation and its line in the cache, never further apart.
    assert int(evaluations) in {27 - done, 27 - done + 1}
    asked = calls.read_text().splitlines()
    assert len(set(asked)) == 27
    assert len(asked) <= 28


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".CSV"])
def test_the_saved_table_holds_the_utility_of_every_profile(suffix, tmp_path):
    utility = MeasuredUtility(worth, (3, 3, 3))
    path = tmp_path / f"utility{suffix}"
    utility.save(path)
    if suffix == ".npy":
        values = np.load(path, allow_pickle=False)
    else:
        header, *lines = path.read_text().splitlines()
        assert header == "user 0,user 1,user 2,utility"
        values = np.full((3, 3, 3), np.nan)
        for line in lines:
            *levels, value = line.split(",")
            values[tuple(map(int, levels))] = float(value)
    np.testing.assert_array_equal(values, utility.tensor())
    assert TableUtility(values).n_users == 3


@pytest.mark.parametrize("suffix", [".npy", ".csv"])
def test_a_specification_reads_the_saved_table(suffix, tmp_path):
    utility = MeasuredUtility(worth, (3, 3, 3))
    utility.save(tmp_path / f"utility{suffix}")
    (tmp_path / "spec.toml").write_text(
        textwrap.dedent(
            f"""
            levels = ["absent", "private", "shared"]
            [utility]
            kind = "table"
            file = "utility{suffix}"
            [every_user]
            costs = {{ private = 0.1, shared = 0.2 }}
            """
        )
    )
    spec = load(tmp_path / "spec.toml")
    np.testing.assert_array_equal(spec.utility.tensor().astype(float), utility.tensor())


def test_a_table_is_not_measured_for_a_file_that_cannot_be_written(tmp_path):
    function = Counting()
    utility = MeasuredUtility(function, (2, 2, 2))
    for path in [tmp_path / "utility.txt", tmp_path / "missing" / "utility.csv"]:
        with pytest.raises(InputError, match="path: must"):
            utility.save(path)
    (tmp_path / "mine.csv").write_text("of the user")
    with pytest.raises(InputError, match="path: exists already"):
        utility.save(tmp_path / "mine.csv")
    assert (tmp_path / "mine.csv").read_text() == "of the user"
    assert not function.asked

    def fails(profile):
        raise RuntimeError

    with pytest.raises(EvaluationError):
        MeasuredUtility(fails, (2,)).save(tmp_path / "utility.csv")
    assert not (tmp_path / "utility.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"evaluate": 3}, "evaluate: must be a function"),
        ({"shape": 3}, "shape: must list the number of levels"),
        ({"shape": ()}, "shape: must list the number of levels"),
        ({"shape": (2.0, 2)}, "shape: must list the number of levels"),
        ({"shape": (2, 1)}, r"shape\[1\]: must be at least 2 levels"),
        ({"types": [0]}, "types: must have one label for each of the 2 users"),
        ({"types": [0, 0], "shape": (2, 3)}, r"types\[1\]: must group only users with the same number"),
        ({"repeats": 0}, "repeats: must be a whole number of at least 1"),
        ({"repeats": True}, "repeats: must be a whole number"),
        ({"repeats": 1.5}, "repeats: must be a whole number"),
        ({"seed": None}, "seed: must be a whole number"),
        ({"seed": -1}, "seed: must be a whole number"),
        ({"baseline": float("nan")}, "baseline: must be a number, not NaN"),
        ({"n_jobs": 0}, "n_jobs: must be a whole number other than 0"),
    ],
)
def test_bad_arguments_are_named_before_anything_is_measured(arguments, message):
    with pytest.raises(InputError, match=message):
        MeasuredUtility(**{"evaluate": worth, "shape": (2, 2), **arguments})


def test_an_unwritable_cache_folder_is_refused(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    for folder in [blocked, blocked / "below", Path("/proc/fairgames")]:
        with pytest.raises(InputError, match="cache: must be a folder that can be written to"):
            MeasuredUtility(worth, (2, 2, 2), cache=folder)


def test_a_repeat_that_does_not_exist():
    with pytest.raises(InputError, match="number: must be a repeat from 0 to 1"):
        MeasuredUtility(worth, (2, 2, 2), repeats=2).repeat(2)


@given(st.lists(st.integers(0, 2), min_size=4, max_size=4), st.permutations(range(4)))
def test_permuting_interchangeable_users_changes_nothing(levels, order):
    utility = MeasuredUtility(lambda profile: float(sum(np.square(profile))), (3,) * 4, types="abab")
    permuted = list(levels)
    for kind in (0, 1):
        users = [user for user in range(4) if user % 2 == kind]
        chosen = [user for user in order if user % 2 == kind]
        for user, source in zip(users, chosen, strict=True):
            permuted[user] = levels[source]
    assert utility(levels) == utility(permuted)
    assert len(utility.measured) <= 2
