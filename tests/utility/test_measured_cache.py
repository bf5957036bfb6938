"""The cache file of measurements: data only, and nothing in it is trusted."""

import json
import os
import pickle

import pytest

from fairgames.errors import DataError
from fairgames.utility.measured.cache import FORMAT, VERSION, MeasurementCache
from fairgames.utility.measured.experiment import MeasuredUtility

HEADER = {"format": FORMAT, "version": VERSION, "shape": [2, 3], "key": "k"}
GOOD = {"profile": [1, 2], "repeat": 0, "value": 0.5}


class Bomb:
    def __reduce__(self):
        return os.system, ("touch exploded",)


def total(profile):
    return float(sum(profile))


@pytest.fixture
def cache(tmp_path):
    return MeasurementCache(tmp_path / "cache" / "measured.jsonl", (2, 3), "k")


def lines(*entries):
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def test_what_is_appended_is_read_back_to_the_last_bit(cache):
    assert cache.read() == {}
    cache.prepare()
    for repeat, value in enumerate([0.1 + 0.2, -0.0, 5e-324, 1e308, 1 / 3]):
        cache.append(((1, 2), repeat), value)
    assert list(cache.read().values()) == [0.1 + 0.2, 0.0, 5e-324, 1e308, 1 / 3]
    cache.prepare()
    assert len(cache.read()) == 5


@pytest.mark.parametrize("torn", [b"{", b'{"profile": [1, 1], "repeat": 0, "value": 0.2', b"\xff", b'{"format'])
def test_a_line_cut_off_in_a_crash_is_measured_again(cache, torn):
    cache.path.parent.mkdir()
    whole = b"" if torn == b'{"format' else lines(HEADER, GOOD)
    cache.path.write_bytes(whole + torn)
    known = {} if not whole else {((1, 2), 0): 0.5}
    assert cache.read() == known
    cache.prepare()
    cache.append(((0, 1), 0), 2.0)
    assert cache.read() == known | {((0, 1), 0): 2.0}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(Bomb()) + b"\n", "line 1: is not a line of JSON"),
        (b"\x00\x01\n", "line 1: is not a line of JSON"),
        (b"\n", "line 1: is not a line of JSON"),
        (b"[" * 100_000 + b"\n", "line 1: is not a line of JSON"),
        (b" " * (1 << 20), "line 1: is too long"),
        (b"[1]\n", "line 1: is not a JSON object"),
        (lines({"format": "other"}), 'line 1: does not say "format"'),
        (lines(HEADER | {"version": 2}), "line 1: was written by another version"),
        (lines(HEADER | {"version": None}), "line 1: was written by another version"),
        (lines(HEADER | {"key": "other"}), "line 1: belongs to another function"),
        (lines(HEADER | {"shape": [2, 2]}), "line 1: belongs to another function"),
        (lines(HEADER | {"extra": 1}), "line 1: belongs to another function"),
        (lines(HEADER, GOOD) + b"half\n" + lines(GOOD), "line 3: is not a line of JSON"),
        (lines(HEADER, {"profile": [1, 2]}), "line 2: must hold"),
        (lines(HEADER, GOOD | {"profile": [1]}), "line 2: has a profile that does not fit 2 users"),
        (lines(HEADER, GOOD | {"profile": [1, 3]}), "line 2: has a profile that does not fit"),
        (lines(HEADER, GOOD | {"profile": [1, -1]}), "line 2: has a profile that does not fit"),
        (lines(HEADER, GOOD | {"profile": [True, 1]}), "line 2: has a profile that does not fit"),
        (lines(HEADER, GOOD | {"profile": "12"}), "line 2: has a profile that does not fit"),
        (lines(HEADER, GOOD | {"repeat": -1}), "line 2: has a repeat"),
        (lines(HEADER, GOOD | {"repeat": 0.0}), "line 2: has a repeat"),
        (lines(HEADER, GOOD | {"value": None}), "line 2: has a value"),
        (lines(HEADER, GOOD | {"value": "1.0"}), "line 2: has a value"),
        (lines(HEADER) + b'{"profile": [1, 2], "repeat": 0, "value": NaN}\n', "line 2: is not a line of JSON"),
        (lines(HEADER) + b'{"profile": [1, 2], "repeat": 0, "value": 1e999}\n', "line 2: has a value"),
        (lines(HEADER) + b'{"profile": [1, 2], "repeat": 0, "value": ' + b"9" * 9999 + b"}\n", "line 2: is not a line"),
    ],
)
def test_a_damaged_or_hostile_file_is_refused(cache, content, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    cache.path.parent.mkdir()
    cache.path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        cache.read()
    assert "delete the file to measure again" in str(caught.value)
    assert not (tmp_path / "exploded").exists()
    assert cache.path.read_bytes() == content


def test_the_utility_refuses_it_too_before_measuring(tmp_path):
    utility = MeasuredUtility(total, (2, 2), cache=tmp_path)
    utility.tensor()
    text = utility.cache_file.read_text()
    utility.cache_file.write_text(text.replace(f'"version": {VERSION}', '"version": 0'))
    with pytest.raises(DataError, match="was written by another version"):
        MeasuredUtility(total, (2, 2), cache=tmp_path)


def test_a_cache_that_is_a_folder_is_refused(tmp_path):
    utility = MeasuredUtility(total, (2, 2), cache=tmp_path)
    utility.cache_file.unlink()
    utility.cache_file.mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        MeasuredUtility(total, (2, 2), cache=tmp_path)
