from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest

from fairgames import InputError, fair_payments
from fairgames.errors import DataError
from fairgames.report.json_file import read_json, write_json


def test_a_result_is_written_with_its_form_and_reads_back(tmp_path):
    import fairgames

    path = tmp_path / "result.json"
    payments = fair_payments([[0, "2/3"], ["2/3", 1]], (1, 1))
    write_json(path, "payments", {"payments": payments, "none": None, "limit": math.inf, "x": np.float64(0.5)})
    document = json.loads(path.read_text())
    assert (document["schema"], document["fairgames"], document["command"]) == (2, fairgames.__version__, "payments")
    assert document["payments"]["values"] == ["1/2", "1/2"]
    assert document["limit"] == "inf"
    assert document["x"] == 0.5
    assert read_json(path) == document
    assert Fraction(document["payments"]["values"][0]) == payments.values[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "ends in the middle"),
        ("x", "is not JSON"),
        ('{"schema": 2, "optimum": {"alpha": "1/', "ends in the middle"),
        ("[1]", "is not a result"),
        ("{}", "is not a result"),
        ('{"schema": 3, "fairgames": "9.9"}', "has form 3, of a newer fairgames .9.9.; this version reads form 2"),
        ('{"schema": 1}', "has form 1, which holds no scenario; write it again"),
        ("[" * 100_000, "is not JSON"),
        (b"\xff\xfe\xff", "is not JSON"),
        (None, "cannot be read"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "result.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message):
        read_json(path)


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(InputError, match="--json: must name a file in an existing folder"):
        write_json(tmp_path / "no" / "x.json", "solve", {})
    with pytest.raises(InputError, match="--json: cannot be written"):
        write_json(tmp_path, "solve", {})
