from __future__ import annotations

import pytest

import fairgames as fg

TWO = """
title = "Two users"
levels = ["absent", "present"]
utility = { kind = "table", by_count = [0, "2/3", 1] }
[[users]]
name = "Ann"
costs = { present = 0.3 }
[[users]]
name = "Bob"
costs = { present = "31/100" }
"""


@pytest.fixture
def load(tmp_path):
    """Load a specification from its text."""

    def load_text(text):
        path = tmp_path / "spec.toml"
        path.write_text(text, encoding="utf-8")
        return fg.load(path)

    return load_text


@pytest.fixture
def two_users(load):
    """Two users of the differentially private mean without noise, whose optimum is in mixed strategies."""
    return load(TWO)


@pytest.fixture
def five_users(load):
    """A group of four and one more, three levels, additive utility."""
    return load("""
    title = "Five users"
    levels = ["absent", "low", "high"]
    [utility]
    kind = "dp-mean"
    epsilons = { low = 1, high = inf }
    [every_user]
    costs = { low = 0.01, high = 0.05 }
    [[users]]
    name = "phones"
    count = 4
    [[users]]
    name = "clinic"
    """)
