from __future__ import annotations

import textwrap
from types import SimpleNamespace

import pytest

from fairgames import load
from fairgames.errors import SpecificationError

TWO = """
levels = ["absent", "present"]
utility = { kind = "table", by_count = [0, "2/3", 1] }
every_user = { costs = { present = 0.3 } }
"""

DP = """
levels = ["absent", "low", "high"]
[utility]
kind = "dp-mean"
epsilons = { low = 1, high = inf }
[every_user]
costs = { low = 0.1, high = 0.2 }
[[users]]
name = "phone"
count = 1_000_000
[[users]]
name = "star"
epsilons = { low = 2 }
costs = { high = inf }
choices = ["absent", "low"]
[[users]]
"""

FEDERATED = """
levels = ["absent", "federated", "direct"]
[utility]
kind = "federated-mean"
between_variance = 1.96
within_variance = "311/2"
[[users]]
name = "A"
samples = 10
[[users]]
name = "B"
samples = 20
"""


@pytest.fixture
def texts():
    """Small specifications of each kind of utility."""
    return SimpleNamespace(two=TWO, dp=DP, federated=FEDERATED)


@pytest.fixture
def write(tmp_path):
    """Write text (dedented) to a file below the test's folder and return its path."""

    def write_text(text, name="spec.toml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write_text


@pytest.fixture
def problems():
    """What is wrong with the specification in a file, one line a problem."""

    def problems_of(path):
        with pytest.raises(SpecificationError) as caught:
            load(path)
        return [line.removeprefix(f"{path}: ") for line in caught.value.args[0].splitlines()]

    return problems_of
