from __future__ import annotations

import textwrap

import pytest


@pytest.fixture
def write(tmp_path):
    """Write text (dedented) to a file below the test's folder and return its path."""

    def write_text(text, name="spec.toml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write_text
