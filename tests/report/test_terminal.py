from __future__ import annotations

import io

from fairgames.report.screen import Screen

LONG = "a very long name of a very long hospital that goes on and on " * 3


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_in_a_pipe_nothing_is_cut_or_wrapped(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    stream = io.StringIO()
    console = Screen(stream)
    console.table("Title [red]", ("user", "payment"), [(LONG, "0.5"), ("[bold]B[/bold]", "10.25")])
    console.say(LONG * 3)
    lines = stream.getvalue().splitlines()
    assert lines[1] == "Title [red]"
    row = next(line for line in lines if LONG.strip() in line)
    assert row.rstrip().endswith("  0.5")
    assert any(line.startswith("[bold]B[/bold] ") for line in lines)
    assert lines[-1] == (LONG * 3).rstrip() or lines[-1] == LONG * 3
    assert "\x1b" not in stream.getvalue()


def test_a_narrow_screen_folds_cells_and_keeps_every_letter(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    for stream in (Terminal(), io.StringIO()):
        console = Screen(stream)
        console.table("", ("user", "payment"), [(LONG, "0.123456789")])
        text = stream.getvalue()
        assert "…" not in text
        assert "0.123456789" in text
        assert "goes on and on" in " ".join(text.split()) or "hospital" in text
        assert max(len(line) for line in text.splitlines() if "\x1b" not in line) <= 40


def test_numbers_are_flush_right_and_words_flush_left(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    stream = io.StringIO()
    Screen(stream).table("", ("user", "payment"), [("A", "0.5"), ("Bob", "10.5")])
    lines = stream.getvalue().splitlines()
    assert lines[3].rstrip() == "A         0.5"
    assert lines[4].rstrip() == "Bob      10.5"


def test_an_empty_table_shows_its_headers(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    stream = io.StringIO()
    console = Screen(stream)
    console.table("", ("user", "payment"), [])
    console.heading("Next")
    assert "user" in stream.getvalue()
    assert stream.getvalue().splitlines()[-1] == "Next"
