"""A file of entries: whatever happens to it, what is read is what was written, or nothing is."""

import json
import multiprocessing
import os
import pickle
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames import InputError
from fairgames.store import Store

ENTRIES = [{"value": value} for value in [0.1 + 0.2, -0.0, 5e-324, 1e308, 1 / 3, 7.0]]


def opened(path, **changes):
    given = {"argument": "checkpoint", "kind": "numbers", "facts": {"shape": [2, 3]}, "function": "f", **changes}
    return Store(path, **given)


def filled(path, entries=ENTRIES):
    store = opened(path)
    with store.locked():
        store.new_entries()
        for entry in entries:
            store.append(entry)
    return store


def read(path, **changes):
    return opened(path, **changes).new_entries()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.jsonl"


def test_what_is_appended_is_read_back_to_the_last_bit(path):
    filled(path)
    assert [entry["value"].hex() for entry in read(path)] == [entry["value"].hex() for entry in ENTRIES]
    assert [file.name for file in path.parent.iterdir()] == ["run.jsonl"]


def test_it_goes_on_where_it_stopped(path):
    filled(path, ENTRIES[:3])
    store = opened(path)
    with store.locked():
        assert store.new_entries() == ENTRIES[:3]
        store.append(ENTRIES[3])
    assert store.new_entries() == []
    assert read(path) == ENTRIES[:4]


@pytest.mark.parametrize("length", [1, 5, 12, 20, 40])
def test_a_line_cut_off_in_a_crash_is_written_anew(path, length):
    filled(path, ENTRIES[:2])
    whole = path.read_bytes()
    with path.open("ab") as stream:
        stream.write(b'{"index": 3, "value": 0.1, "check": "0123'[:length])
    store = opened(path)
    with store.locked():
        assert store.new_entries() == ENTRIES[:2]
        store.append(ENTRIES[2])
    assert path.read_bytes().startswith(whole)
    assert read(path) == ENTRIES[:3]


def corrupted(lines):
    """Ways to damage a file of lines, by name."""
    return {
        "lost": [*lines[:2], *lines[3:]],
        "lost at the front": [lines[0], *lines[2:]],
        "swapped": [*lines[:2], lines[3], lines[2], *lines[4:]],
        "doubled": [*lines[:3], lines[2], *lines[3:]],
        "doubled at the end": [*lines, lines[-1]],
        "altered": [*lines[:2], lines[2].replace(b"-0.0", b"0.0"), *lines[3:]],
        "NaN": [*lines[:2], lines[2].replace(b"-0.0", b"NaN"), lines[3].replace(b"5e-324", b"NaN"), *lines[4:]],
        "huge": [*lines[:3], lines[3].replace(b"5e-324", b"1e999"), *lines[4:]],
        "endless": [*lines[:3], lines[3].replace(b"5e-324", b"9" * 9999), *lines[4:]],
        "a note": [*lines, b"my own note\n"],
        "a note without an end": [*lines, b"my own note"],
        "a blank line": [*lines[:3], b"\n", *lines[3:]],
        "no JSON": [*lines[:3], b"[" * 100_000 + b"\n", *lines[3:]],
        "spaces": [*lines[:3], lines[3].replace(b": ", b":  "), *lines[4:]],
        "altered head": [lines[0].replace(b"[2, 3]", b"[2, 4]"), *lines[1:]],
        "no head": lines[1:],
        "empty": [],
        "half a head": [lines[0][:30]],
        "text": [b"Dear diary"],
        "a pickle": [pickle.dumps(ENTRIES), b"\n"],
    }


@pytest.mark.parametrize("how", corrupted([b""] * 7))
def test_a_damaged_file_is_refused_and_left_as_it_is(path, how):
    filled(path)
    path.write_bytes(b"".join(corrupted(path.read_bytes().splitlines(keepends=True))[how]))
    before = path.read_bytes()
    for adopt in (False, True):
        with pytest.raises(InputError, match=r"(?i)checkpoint: .*name another file"):
            read(path, adopt=adopt)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["run.jsonl"]


def test_the_lines_before_the_damage_can_be_gone_on_from_as_the_message_says(path):
    filled(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], lines[4], *lines[5:]]))
    with pytest.raises(InputError, match=r"its line 4 is entry 4 where 3 is due .* its first 3 lines"):
        read(path)
    path.write_bytes(b"".join(lines[:3]))
    assert read(path) == ENTRIES[:2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"function": "g"}, "was made by another function.*adopt=True"),
        ({"facts": {"shape": [2, 2]}}, r"belongs to another run \(shape differ"),
        ({"facts": {"shape": [2, 3], "seed": 1}}, r"belongs to another run \(seed differ"),
        ({"kind": "texts"}, r"belongs to another run \(format differ"),
        ({"facts": {"shape": [2, 2]}, "adopt": True}, "belongs to another run"),
    ],
)
def test_a_store_that_does_not_fit_is_refused_and_left_as_it_is(path, changes, message):
    filled(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match=message):
        read(path, **changes)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["run.jsonl"]


def test_a_store_of_another_function_can_be_adopted(path):
    filled(path)
    assert read(path, function="g", adopt=True) == ENTRIES
    assert read(path, function="g") == ENTRIES
    with pytest.raises(InputError, match="was made by another function"):
        read(path)


def test_another_version_is_refused(path):
    filled(path)
    path.write_text(path.read_text().replace('"version": 2', '"version": 1'))
    with pytest.raises(InputError, match=r"was written by another version \(1, not 2\)"):
        read(path)


def test_one_run_keeps_others_out_and_lets_them_in_again(path):
    mine, other = opened(path), opened(path, patience=0)
    with mine.locked(), mine.locked(), pytest.raises(InputError, match="is in use by another run"), other.locked():
        pass
    with other.locked():
        pass


def test_a_thread_of_the_same_process_is_kept_out_too(path):
    store, inside, met = opened(path), [], []

    def enter():
        with store.locked():
            met.append(len(inside))

    with store.locked():
        inside.append(1)
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(0.2)
        assert not met
        inside.clear()
    thread.join()
    assert met == [0]


def test_a_file_at_the_place_of_the_lock_is_left_as_it_is(path):
    lock = path.with_name(".run.jsonl.lock")
    lock.write_text("of the user")
    with pytest.raises(InputError, match="as its lock, where there is a file of yours"):
        opened(path)
    assert lock.read_text() == "of the user"
    lock.unlink()
    lock.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(InputError, match="as its lock"):
        opened(path)
    assert not path.exists()


def test_a_file_that_another_program_changes_meanwhile_is_refused(path):
    store = filled(path)
    path.write_text("of the user")
    for act in (store.new_entries, lambda: store.append(ENTRIES[0])):
        with pytest.raises(InputError, match="must not be changed by other programs"):
            act()
    assert path.read_text() == "of the user"


@pytest.mark.parametrize("kind", ["folder", "pipe", "no such folder", "too long", "null"])
def test_a_place_that_cannot_hold_it_is_refused(tmp_path, kind):
    places = {"no such folder": tmp_path / "no" / "x", "too long": tmp_path / ("x" * 300), "null": tmp_path / "a\0b"}
    path = places.get(kind, tmp_path / "x")
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(InputError, match="checkpoint: "):
        opened(path)


def _write_many(path, own):
    store = opened(path)
    for number in range(40):
        with store.locked():
            store.new_entries()
            store.append({"process": own, "number": number})


def test_processes_that_share_a_file_do_not_mix(path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_many, args=(path, own)) for own in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    found = read(path)
    for own in range(3):
        assert [entry["number"] for entry in found if entry["process"] == own] == list(range(40))


def _survives(tmp_path, data):
    """Apply a random damage; the file is refused and left, or what is read is what the first lines held."""
    path = tmp_path / "run.jsonl"
    path.unlink(missing_ok=True)
    filled(path)
    original = path.read_bytes()
    content = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, max(len(content) - 1, 0)))
        what = data.draw(st.sampled_from(["flip", "cut", "insert", "delete", "lines"]))
        if what == "flip" and content:
            content[place] ^= 1 << data.draw(st.integers(0, 7))
        elif what == "cut":
            del content[place:]
        elif what == "insert":
            content[place:place] = data.draw(st.binary(max_size=5))
        elif what == "delete":
            del content[place : place + data.draw(st.integers(1, 200))]
        else:
            lines = bytes(content).splitlines(keepends=True)
            chosen = data.draw(st.lists(st.sampled_from(lines), max_size=len(lines) + 1)) if lines else []
            content = bytearray(b"".join(chosen))
    path.write_bytes(content)
    try:
        entries = read(path)
    except InputError:
        assert path.read_bytes() == content
    else:
        assert entries == ENTRIES[: len(entries)]
        whole = original.splitlines(keepends=True)[: 1 + len(entries)]
        assert content.startswith(b"".join(whole))
        assert len(content) < len(b"".join(whole)) + 200


@given(st.data())
def test_random_damage_is_found(tmp_path_factory, data):
    _survives(tmp_path_factory.getbasetemp(), data)


@pytest.mark.slow
def test_random_damage_is_found_thousands_of_times(tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    settings(max_examples=2_500)(given(st.data())(lambda data: _survives(folder, data)))()


def test_the_file_is_lines_of_json(path):
    filled(path)
    head, *lines = map(json.loads, path.read_text().splitlines())
    assert head["format"] == "fairgames numbers"
    assert [line["index"] for line in lines] == [1, 2, 3, 4, 5, 6]
