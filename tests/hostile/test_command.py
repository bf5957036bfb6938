"""The command under hostile specifications, results, data and options: it answers or says what is wrong, soon."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fairgames import progress

HERE = Path(__file__).parent
FAIRGAMES = [sys.executable, "-c", "from fairgames.cli.main import run; run()"]
SECONDS, GIBIBYTES = 60, 3


def outcomes(first, last, in_all):
    command = [sys.executable, str(HERE / "runner.py"), *map(str, (first, last, SECONDS, GIBIBYTES, in_all))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=in_all + 90)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_a_sample_of_hostile_calls_ends_cleanly():
    *failures, last = outcomes(0, 8, 200)
    assert failures == []
    assert last == {"ran": 8}


@pytest.mark.slow
def test_thousands_of_hostile_calls_end_cleanly():
    *failures, last = outcomes(1_000, 4_000, 40)
    assert failures == []
    assert last["ran"] > 100


@pytest.fixture(scope="module")
def run():
    """Run the command in a process of its own, which may take so much memory and time and no more."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, HERE / "runner.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as server:

        def call(folder, *arguments, seconds=60, gibibytes=4):
            words = [str(argument) for argument in arguments]
            asked = {"folder": str(folder), "arguments": words, "seconds": seconds, "gibibytes": gibibytes}
            print(json.dumps(asked), file=server.stdin, flush=True)
            return SimpleNamespace(**json.loads(server.stdout.readline()))

        yield call
        server.stdin.close()


BINARY = 'levels = ["absent", "present"]\n'
FEDERATED = """
levels = ["absent", "federated", "direct"]
utility = {{ kind = "federated-mean", between_variance = 4, within_variance = 48 }}
every_user = {{ costs = {{ federated = 0.1, direct = 0.4 }}, level = "federated" }}
users = [{{ samples = {samples}, count = {count} }}]
"""
CROWDED = FEDERATED.format(samples=10, count=10**9)


def write(folder, text, name="spec.toml"):
    (folder / name).write_text(text, encoding="utf-8")
    return name


@pytest.mark.parametrize(
    "arguments",
    [["solve"], ["payments"], ["equilibria", "--alpha", "0.5"], ["design"], ["export", "out.tex"]],
    ids=lambda arguments: arguments[0],
)
def test_a_thousand_million_users_are_refused_by_the_bytes_they_need(run, arguments, tmp_path):
    write(tmp_path, CROWDED)
    command, *options = arguments
    ended = run(tmp_path, command, "spec.toml", *options)
    assert ended.returncode == 2
    assert "1,000,000,000 users would need 40,000,000,000 bytes" in ended.stderr
    assert "use fewer users instead" in ended.stderr


def test_resamples_without_number_are_refused_by_the_bytes_they_need(run, tmp_path):
    write(tmp_path, "g,v\na,1\na,2\nb,5\nb,7\nc,11\nc,12\n", "data.csv")
    data = 'data = { file = "data.csv", group = "g", value = "v" }\nutility = { kind = "federated-mean" }\n'
    costs = "every_user = { costs = { federated = 0.1, direct = 0.4 } }\n"
    write(tmp_path, 'levels = ["absent", "federated", "direct"]\n' + data + costs)
    ended = run(tmp_path, "design", "spec.toml", "--bootstrap", 10**9)
    assert ended.returncode == 2
    assert "1,000,000,000 resamples would need" in ended.stderr
    assert "bytes" in ended.stderr


@pytest.mark.parametrize("command", ["solve", "verify", "fit"])
@pytest.mark.parametrize("kind", ["pipe", "/dev/zero", "/dev/stdin", ".", "socket"])
def test_pipes_devices_folders_and_sockets_are_no_input(run, command, kind, tmp_path):
    import socket

    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        options = ["--group", "g", "--value", "v"] if command == "fit" else []
        ended = run(tmp_path, command, kind, *options, seconds=30)
    assert ended.returncode == 2
    assert f"{kind}: cannot be read: it is a" in ended.stderr


REFUSED = {
    "count beyond integers": (
        FEDERATED.format(samples=1, count=2**62),
        "users[1].count: must be at most",
    ),
    "samples beyond floats": (FEDERATED.format(samples="1" + "0" * 309, count=1), "users[1].samples: must be at most"),
    "samples of many bits": (FEDERATED.format(samples="0x" + "f" * 9_000, count=1), "has a whole number beyond 1e300"),
    "values 33 deep": (BINARY + f"utility = {{ kind = 'table', values = {'[' * 33}0{']' * 33} }}", "at most 32 axes"),
    "values 70 deep": (BINARY + f"utility = {{ kind = 'table', values = {'[' * 70}0{']' * 70} }}", "more than 60 deep"),
    "5,000-part table name": (f"[{'.'.join('a' * 5_000)}]\nx = 1", "more than 60 deep"),
    "5,000-part key": (f"{'.'.join('a' * 5_000)} = 1", "more than 60 deep"),
    "long file name": (BINARY + f"utility = {{ kind = 'table', file = '{'x' * 5_000}.csv' }}", "must name"),
    "million columns": (BINARY + "utility = { kind = 'table', file = 'wide.csv' }", "columns for 999,999 users"),
    "few bytes, many profiles": (BINARY + "utility = { kind = 'table', file = 'short.csv' }", "does not fit in a file"),
    "empty array": (BINARY + "utility = { kind = 'table', file = 'empty.npy' }", "must be a .npy array of numbers"),
    "array of a huge shape": (BINARY + "utility = { kind = 'table', file = 'huge.npy' }", "utility.file: "),
    "pickled array": (BINARY + "utility = { kind = 'table', file = 'pickle.npy' }", "must be a .npy array of numbers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_ended_in_a_traceback_is_refused(run, name, tmp_path):
    sys.path.insert(0, str(HERE))
    try:
        import generator
    finally:
        sys.path.remove(str(HERE))
    text, says = REFUSED[name]
    write(tmp_path, text)
    if "wide.csv" in text:
        write(tmp_path, ",".join(f"u{i}" for i in range(10**6)), "wide.csv")
    write(tmp_path, ",".join(f"u{i}" for i in range(25)) + ",utility\n", "short.csv")
    for file, source in (("empty.npy", "empty.npy"), ("huge.npy", "bomb.npy"), ("pickle.npy", "pickle.npy")):
        (tmp_path / file).write_bytes(generator.FILES[source])
    ended = run(tmp_path, "solve", "spec.toml", gibibytes=2)
    assert ended.returncode == 2, ended.stderr
    assert says in ended.stderr
    assert len(ended.stderr) < 4_000


def test_tens_of_thousands_of_unknown_keys_are_counted_soon(run, tmp_path):
    write(tmp_path, "".join(f"k{i} = 1\n" for i in range(20_000)))
    ended = run(tmp_path, "solve", "spec.toml")
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].endswith("further problems")
    assert len([line for line in ended.stderr.splitlines() if "spec.toml: " in line]) == 201


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["derive", "--users", 10**9], "--users: must be at most 60"),
        (["derive", "--users", 2, "--utilities", "1e999999999,1"], "must have a power of ten of at most 300"),
        (["crosscheck", "--points", 10**9], "--points: must be at most 10,000"),
        (["solve", "x" * 5_000], "File name too long"),
        (["solve", "spec.toml", "--json", "x" * 300 + ".json"], "File name too long"),
        (["init", "x" * 300], "File name too long"),
    ],
)
def test_absurd_options_are_refused_at_once(run, arguments, says, tmp_path):
    write(tmp_path, BINARY + "utility = { kind = 'table', by_count = [0, 1] }\n[every_user.costs]\npresent = 1")
    ended = run(tmp_path, *arguments)
    assert ended.returncode == 2, ended.stderr
    assert says in ended.stderr
    assert len(ended.stderr) < 1_000


def test_many_users_of_whom_nothing_is_said_are_one_entry(run, tmp_path):
    numbers = ", ".join(map(str, range(2_001)))
    utility = (
        f"utility = {{ kind = 'table', by_count = [{numbers}] }}\nevery_user = {{ costs = {{ present = 0.25 }} }}\n"
    )
    write(tmp_path, BINARY + utility)
    ended = run(tmp_path, "solve", "spec.toml", "--json", "-")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)["optimum"]
    # Nobody's number depends on others, so everybody takes part for what it costs them.
    assert found["alpha"] == "1/4"
    assert found["value"] == "1500"


def test_long_work_in_a_pipe_says_what_it_does_every_few_seconds(tmp_path):
    assert progress.SILENT_SECONDS <= 2
    assert progress.SECONDS_A_LINE <= 5
    users = "".join(f"[[users]]\ncosts = {{ present = {i + 1}e-4 }}\n" for i in range(5_000))
    write(tmp_path, BINARY + f"utility = {{ kind = 'table', by_count = {list(range(5_001))} }}\n" + users)
    hurried = "from fairgames import progress; progress.SILENT_SECONDS = progress.SECONDS_A_LINE = 0.1; "
    command = [*FAIRGAMES[:2], hurried + FAIRGAMES[2], "solve", "spec.toml"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        lines = [process.stderr.readline() for _ in range(2)]
        process.kill()
    assert all(line.startswith("fairgames solve: ") and line.endswith(" s\n") for line in lines)
