from __future__ import annotations

from fairgames import load


def test_init_writes_an_example_that_solves_as_it_is(run, example):
    spec = load(example)
    assert spec.n_users == 4
    assert "The platform does best to pay out" in run("solve", example).output


def test_init_never_overwrites(run, example):
    before = example.read_text()
    assert "exists already" in run("init", example, status=2).stderr
    assert example.read_text() == before
    assert "must name a file in an existing folder" in run("init", example.parent / "no" / "x.toml", status=2).stderr
