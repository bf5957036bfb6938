"""No file is touched that should not be: whatever lies where a command or a checkpoint would write."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from fairgames import CountUtility, InputError, MeasuredUtility, TableUtility, fair_payments
from fairgames.cli.main import app
from fairgames.payments.engines.permutations import permutation_payments

DATA = "g,v\n" + "".join(f"{group},{10 * ord(group) + value}\n" for group in "abc" for value in (1, 4, 3))
SPEC = """
title = "Two users"
levels = ["absent", "present"]
[utility]
kind = "table"
file = "utility.csv"
[every_user]
costs = { present = 0.1 }
"""
FITTED = """
levels = ["absent", "federated", "direct"]
[utility]
kind = "federated-mean"
[every_user]
costs = { federated = 0.1, direct = 0.2 }
[data]
file = "data.csv"
group = "g"
value = "v"
"""
INPUTS = {
    "spec.toml": SPEC,
    "utility.csv": "a,b,utility\n0,0,0\n0,1,2/3\n1,0,2/3\n1,1,1\n",
    "data.csv": DATA,
    "fitted.toml": FITTED,
}
FIT = ("fit", "data.csv", "--group", "g", "--value", "v")
OUTPUTS = {
    "solve json": ("solve", "spec.toml", "--json", "out.json"),
    "solve png": ("solve", "spec.toml", "--figure", "out.png"),
    "solve svg": ("solve", "fitted.toml", "--figure", "out.svg"),
    "solve pdf": ("solve", "spec.toml", "--figure", "out.PDF"),
    "payments json": ("payments", "spec.toml", "--profile", "present", "--json", "out"),
    "payments figure": ("payments", "fitted.toml", "--profile", "direct", "--figure", "out.svg"),
    "equilibria json": ("equilibria", "spec.toml", "--alpha", "1/2", "--json", "out.json"),
    "equilibria figure": ("equilibria", "spec.toml", "--alpha", "1/2", "--figure", "out.png"),
    "design json": ("design", "spec.toml", "--json", "out.json"),
    "design figure": ("design", "spec.toml", "--figure", "out.png"),
    "compare json": ("compare", "spec.toml", "--json", "out.json"),
    "compare figure": ("compare", "spec.toml", "--figure", "out.png"),
    "compare against": ("compare", "spec.toml", "--against", "spec.toml", "--json", "out.json"),
    "fit specification": (*FIT, "-o", "out.toml"),
    "fit json": (*FIT, "--json", "out.json"),
    "fit figure": (*FIT, "--figure", "out.png"),
    "export nfg": ("export", "spec.toml", "out.nfg"),
    "export csv": ("export", "spec.toml", "out.csv"),
    "export tex": ("export", "fitted.toml", "out.tex"),
    "explore": ("explore", "spec.toml", "--output", "out.html"),
    "init": ("init", "out.toml"),
    "crosscheck": ("crosscheck", "spec.toml", "--points", "1", "--json", "out.json"),
    "errata": ("errata", "--json", "out.json"),
    "reproduce": ("reproduce", "fig1", "--out", "."),
}
"""A way to write a file, for each command and each of its outputs; the last word is the file."""
UNMARKED = {"fit specification", "export csv", "init"}
LONG = {"crosscheck", "errata"}
QUICK = {"solve json", "fit specification", "export nfg", "export csv", "export tex", "explore", "init"}


def place_of(name):
    return "fig1.png" if name == "reproduce" else OUTPUTS[name][-1]


def snapshot(folder):
    """Content, time and node of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): (
            None if path.is_dir() else path.read_bytes(),
            path.lstat().st_mtime_ns,
            path.lstat().st_ino,
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    for name, text in INPUTS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(*words, status=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result


def test_every_command_that_writes_is_tried():
    writing = set()
    for command in app.registered_commands:
        if "force" in command.callback.__annotations__:
            writing.add(command.callback.__name__)
    assert writing == {words[0] for words in OUTPUTS.values()}


USERS_OWN = [
    b"",
    b"my notes",
    b"a,b\n1,2\n",
    b'{"mine": 1}',
    b'{"results": {"fairgames": "0.1"}}',
    b"fairgames",
    b"% fairgames\n",
    b"% fairgames 0123456789abcdef\nmine",
    b'NFG 1 R "mine" { "1" }\n"fairgames"\n',
    b"\x89PNG\r\n\x1a\n",
    b"%PDF-1.4\n",
    b"<?xml version='1.0'?><svg>fairgames</svg>",
    bytes(range(256)),
]


def refused(folder, name, content):
    """The file of the user's at the place of an output stays, and so does everything else."""
    (folder / place_of(name)).write_bytes(content)
    before = snapshot(folder)
    assert "exists already" in run(*OUTPUTS[name], status=2).stderr
    assert snapshot(folder) == before


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_file_of_the_users_is_never_written_over(folder, name):
    refused(folder, name, USERS_OWN[list(OUTPUTS).index(name) % len(USERS_OWN)])


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_no_kind_of_file_of_the_users_is_ever_written_over(folder, name):
    for content in USERS_OWN:
        refused(folder, name, content)


@pytest.mark.parametrize("name", ["export tex", "export nfg"])
def test_a_text_of_ours_that_was_edited_is_the_users(folder, name):
    run(*OUTPUTS[name])
    ours = (folder / place_of(name)).read_bytes()
    for edited in (ours + b"% mine\n", ours.replace(b"0", b"7", 1), ours[:-4], b"\n" + ours, ours + ours):
        refused(folder, name, edited)


@pytest.mark.parametrize(
    "marked",
    [
        ["solve json", "export nfg", "export tex"],
        pytest.param(["solve json", "solve png", "solve svg", "solve pdf", "export tex"], marks=pytest.mark.slow),
    ],
)
def test_a_file_of_ours_of_another_kind_stays(folder, marked):
    contents = {}
    for name in marked:
        run(*OUTPUTS[name])
        contents[name] = (folder / place_of(name)).read_bytes()
        (folder / place_of(name)).unlink()
    for place, name in enumerate(marked):
        for other in (marked * 2)[place + 1 : place + 3]:
            refused(folder, name, contents[other])
        (folder / place_of(name)).unlink()


def written_over(folder, name):
    """Ours is written anew without a question where it says that it is ours, the user's own only by force."""
    place = folder / place_of(name)
    run(*OUTPUTS[name])
    first = place.read_bytes()
    before = snapshot(folder)
    if name in UNMARKED:
        run(*OUTPUTS[name], status=2)
        assert snapshot(folder) == before
        place.write_bytes(b"my notes")
    else:
        run(*OUTPUTS[name])
        assert place.read_bytes() == first
        place.write_bytes(b"my notes")
    run(*OUTPUTS[name], "--force")
    assert place.read_bytes() == first
    after = snapshot(folder)
    assert list(after) == list(before)
    assert all(after[file] == before[file] for file in INPUTS)


@pytest.mark.parametrize("name", sorted(QUICK))
def test_ours_is_written_anew_and_the_users_by_force(folder, name):
    written_over(folder, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(OUTPUTS) - QUICK))
def test_ours_is_written_anew_and_the_users_by_force_everywhere(folder, name):
    written_over(folder, name)


@pytest.mark.parametrize("name", [name for name in OUTPUTS if name not in {"init", "errata", "reproduce"}])
def test_an_input_is_never_written_over_not_even_by_force(folder, name):
    words = OUTPUTS[name]
    ending = Path(words[-1]).suffix
    spec = words[1]
    inputs = {"spec.toml": ["spec.toml", "utility.csv"], "fitted.toml": ["fitted.toml", "data.csv"]}.get(spec, [spec])
    for index, source in enumerate(inputs):
        links = [folder / f"{way}{index}{ending}" for way in ("link", "hard")]
        links[0].symlink_to(folder / source)
        links[1].hardlink_to(folder / source)
        places = [source] if "json" in name or ending == Path(source).suffix else []
        before = snapshot(folder)
        for place, force in zip([*places, *links], cycle((("--force",), ())), strict=False):
            assert "must not be a file that is read" in run(*words[:-1], place, *force, status=2).stderr
            assert snapshot(folder) == before


def test_a_specification_from_standard_input_keeps_its_files(folder):
    before = snapshot(folder)
    words = ("solve", "-", "--json", "utility.csv")
    for force in ((), ("--force",)):
        result = CliRunner().invoke(app, [*words, *force], input=SPEC)
        assert result.exit_code == 2
        assert snapshot(folder) == before


def test_two_outputs_are_not_one_file(folder):
    before = snapshot(folder)
    for words in [
        ("solve", "spec.toml", "--json", "out.png", "--figure", "./out.png"),
        (*FIT, "-o", "out.toml", "--json", "out.toml"),
    ]:
        assert "must not be the file of another output" in run(*words, status=2).stderr
    assert snapshot(folder) == before


def test_a_checkpoint_is_no_result_that_may_be_written_over(folder):
    permutation_payments(total, np.ones(6, dtype=int), checkpoint="out.json")
    refused(folder, "solve json", (folder / "out.json").read_bytes())


def test_the_same_table_of_the_paper_is_left_and_another_refused(folder):
    run("reproduce", "tables", "--out", ".")
    before = snapshot(folder)
    run("reproduce", "tables", "--out", ".")
    assert snapshot(folder) == before
    (folder / "table1.csv").write_text("mine")
    assert "table1.csv" in run("reproduce", "tables", "--out", ".", status=2).stderr
    assert (folder / "table1.csv").read_text() == "mine"


@pytest.mark.slow
def test_random_files_of_the_users_stay(folder):
    run(*OUTPUTS["solve json"])
    ours = (folder / "out.json").read_bytes()

    @settings(max_examples=600)
    @given(st.sampled_from(sorted(set(OUTPUTS) - LONG)), st.binary(max_size=200), st.integers(0, 10), st.booleans())
    def stay(name, content, cut, nested):
        user = b"[" + ours + b"]" if nested else ours[:cut] + content
        refused(folder, name, user)
        (folder / place_of(name)).unlink()

    stay()


# Stores


def total(profiles):
    return np.sqrt(profiles.sum(axis=1))


def _closure(number):
    return lambda profiles: number * total(profiles)


def _default(number):
    return lambda profiles, scale=number: scale * total(profiles)


def _scaled(number, profiles):
    return number * total(profiles)


class _Scaled:
    def __init__(self, number):
        self.number = number

    def __call__(self, profiles):
        return self.number * total(profiles)

    def method(self, profiles):
        return self(profiles)


def _class_attribute(number):
    _AtRunTime.number = number
    return _AtRunTime()


class _AtRunTime:
    number = 1.0

    def __call__(self, profiles):
        return self.number * total(profiles)


def _compiled(number):
    space = {"total": total}
    exec(f"def function(profiles):\n    return {number!r} * total(profiles)", space)
    return space["function"]


def _array(number):
    worth = np.full(7, 1.0) * number
    return lambda profiles: worth[profiles.sum(axis=1)] * total(profiles)


def _utility(number):
    return CountUtility([number * count**0.5 for count in range(7)]).evaluate


def _table(number):
    return TableUtility(
        number * total(np.stack(np.unravel_index(np.arange(64), (2,) * 6), 1)).reshape((2,) * 6)
    ).evaluate


WAYS = {
    "closure": _closure,
    "default": _default,
    "partial": lambda number: partial(_scaled, number),
    "object": _Scaled,
    "method": lambda number: _Scaled(number).method,
    "class attribute": _class_attribute,
    "code": _compiled,
    "array": _array,
    "utility": _utility,
    "table": _table,
}
numbers = st.sampled_from([1.0, 2.0, 500.0, 1.0 + 2**-52]) | st.floats(0.1, 10)


def _not_mixed(folder, data):
    path = folder / "shared.jsonl"
    path.unlink(missing_ok=True)
    way = data.draw(st.sampled_from(sorted(WAYS)))
    one, two = data.draw(numbers), data.draw(numbers)
    everybody = np.ones(6, dtype=int)
    first = permutation_payments(WAYS[way](one), everybody, checkpoint=path)
    before = path.read_bytes()
    other = WAYS[way](two)
    expected = permutation_payments(other, everybody)
    if one == two:
        assert permutation_payments(other, everybody, checkpoint=path) == expected == first
    else:
        with pytest.raises(InputError, match="checkpoint: was made by another function"):
            permutation_payments(other, everybody, checkpoint=path)
    assert path.read_bytes() == before
    assert {file.name for file in folder.iterdir()} == {"shared.jsonl"}


@settings(max_examples=8)
@given(st.data())
def test_two_utilities_on_one_checkpoint_are_never_mixed(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "mixed"
    folder.mkdir(exist_ok=True)
    _not_mixed(folder, data)


@pytest.mark.slow
def test_two_utilities_on_one_checkpoint_are_never_mixed_in_hundreds_of_pairs(tmp_path):
    settings(max_examples=350)(given(st.data())(lambda data: _not_mixed(tmp_path, data)))()


@pytest.mark.parametrize("content", USERS_OWN)
def test_a_file_of_the_users_at_the_place_of_a_store_stays(tmp_path, content):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(content)
    before = snapshot(tmp_path)
    for adopt in (False, True):
        with pytest.raises(InputError, match="checkpoint: "):
            permutation_payments(total, np.ones(6, dtype=int), checkpoint=path, adopt=adopt)
        with pytest.raises(InputError, match="cache: "):
            MeasuredUtility(sum, (2, 2), cache=path, fingerprint="a", adopt=adopt)
        assert snapshot(tmp_path) == before


def test_a_checkpoint_that_is_not_known_to_fit_can_be_adopted(tmp_path):
    path = tmp_path / "run.jsonl"
    utility, profile = CountUtility([0.0, 1.0, 1.5, 1.75, 1.8, 1.9, 2.0]), [1] * 6
    price = partial(fair_payments, profile=profile, engine="permutations", checkpoint=path)
    first = price(utility)
    with pytest.raises(InputError, match="adopt=True"):
        price(utility.in_floats() if utility.exact else TableUtility(utility.tensor()))
    assert price(TableUtility(utility.tensor()), adopt=True).values.tolist() == first.values.tolist()


def test_a_c_function_needs_a_name_for_its_checkpoint(tmp_path):
    path = tmp_path / "run.jsonl"
    function = np.vectorize(len, signature="(n)->()").__call__
    with pytest.raises(InputError, match="fingerprint: is needed"):
        permutation_payments(partial(np.sum, axis=1), np.ones(6, dtype=int), checkpoint=path)
    assert not path.exists()
    named = partial(permutation_payments, partial(np.sum, axis=1), np.ones(6, dtype=int), checkpoint=path)
    assert named(fingerprint="sums") == named(fingerprint="sums")
    with pytest.raises(InputError, match="was made by another function"):
        named(fingerprint="other sums")
    assert callable(function)


WAITING = """
import sys, time
from pathlib import Path
import numpy as np
from fairgames.payments.engines.permutations import permutation_payments

GO = Path(sys.argv[2])

def evaluate(profiles):
    while not GO.exists():
        time.sleep(0.01)
    return np.sqrt(profiles @ np.arange(1.0, 9.0))

if __name__ == "__main__":
    print(permutation_payments(evaluate, np.ones(8, dtype=int), 6, checkpoint=sys.argv[1]).values.tolist())
"""


def test_two_processes_on_one_checkpoint(tmp_path):
    """One works, the other is told that the file is in use; what is in the file rereads to the right numbers."""
    program, path, go = (tmp_path / name for name in ("program.py", "run.jsonl", "go"))
    program.write_text(WAITING)
    command = [sys.executable, program, path, go]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    give_up = time.monotonic() + 60
    while not path.exists():
        assert first.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.01)
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert "is in use by another run" in second.stderr
    go.touch()
    expected = permutation_payments(lambda rows: np.sqrt(rows @ np.arange(1.0, 9.0)), np.ones(8, dtype=int), 6)
    assert json.loads(first.communicate(timeout=60)[0]) == expected.values.tolist()
    again = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(again.stdout) == expected.values.tolist()


def test_functions_on_one_line_and_changed_classes_do_not_share_a_cache(tmp_path):
    one, two = (lambda profile: 1.0 * sum(profile), lambda profile: 500.0 * sum(profile))
    assert MeasuredUtility(one, (2, 2), cache=tmp_path)((1, 1)) == 2
    assert MeasuredUtility(two, (2, 2), cache=tmp_path)((1, 1)) == 1000

    class Rate:
        rate = 1.0

        def __call__(self, profile):
            return self.rate * sum(profile)

    assert MeasuredUtility(Rate(), (2, 2), cache=tmp_path)((1, 1)) == 2
    Rate.rate = 3.0
    assert MeasuredUtility(Rate(), (2, 2), cache=tmp_path)((1, 1)) == 6
    with pytest.raises(InputError, match=r"cache: was made by another function.*adopt=True"):
        MeasuredUtility(two, (2, 2), cache=MeasuredUtility(one, (2, 2), cache=tmp_path).cache_file)


def test_a_cache_can_be_adopted_and_says_so_where_it_cannot(tmp_path):
    path = tmp_path / "named.jsonl"
    first = MeasuredUtility(lambda profile: float(sum(profile)), (2, 2), cache=path)
    first.tensor()
    assert first.cache_file == path
    adopted = MeasuredUtility(lambda profile: sum(profile) * 1.0, (2, 2), cache=path, adopt=True)
    assert adopted.tensor().tolist() == [[0, 1], [1, 2]]
    assert adopted.evaluations == 0
    with pytest.raises(InputError, match="adopt: needs the file"):
        MeasuredUtility(lambda profile: sum(profile) * 1.0, (2, 2), cache=tmp_path, adopt=True)


def test_processes_share_a_cache_and_agree(tmp_path):
    """What one measured counts for the other, however noisy the function is."""
    path, draws = tmp_path / "shared.jsonl", np.random.default_rng(0)
    noisy = partial(lambda profile, rng: sum(profile) + rng.normal(), rng=draws)
    open_it = partial(MeasuredUtility, noisy, (3, 3), cache=path, baseline=0)
    one, two = open_it(), open_it()
    assert one((1, 1)) == two((1, 1))
    assert two.evaluations == 0
