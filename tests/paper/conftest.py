from __future__ import annotations

import csv
import io

import pytest

from fairgames.report.paper.plate import as_csv


@pytest.fixture
def read_rows():
    """Read a plate's numbers the way a reader of its file does."""

    def read(plate):
        return list(csv.DictReader(io.StringIO(as_csv(plate.headers, plate.rows))))

    return read


@pytest.fixture
def all_text():
    """Every word on a figure, in one string."""

    def collect(figure):
        from matplotlib.text import Text

        return "\n".join(text.get_text() for text in figure.findobj(Text))

    return collect
