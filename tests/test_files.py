"""Whole files or none, and never over a file that is not ours."""

import errno
import json
import os

import pytest

from fairgames import InputError
from fairgames.files import Output
from fairgames.report.style import new_figure, save_figure


def test_a_new_file_is_written_whole_with_the_usual_rights(tmp_path):
    Output(tmp_path / "a.txt").write("α\n")
    (tmp_path / "usual").touch()
    assert (tmp_path / "a.txt").read_bytes() == "α\n".encode()
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_an_old_file_keeps_its_rights_and_a_link_its_place(tmp_path):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    Output(real).write('{"fairgames": "1"}')
    real.chmod(0o600)
    link.symlink_to(real)
    Output(link).write('{"schema": 1, "fairgames": "2"}')
    assert link.is_symlink()
    assert json.loads(real.read_text())["fairgames"] == "2"
    assert real.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "a.json"
    path.write_text('{"fairgames": "1"}')

    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(InputError, match="--json: cannot be written: No space left on device"):
        Output(path, "--json").write('{"fairgames": "2"}')
    monkeypatch.undo()
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]
    assert path.read_text() == '{"fairgames": "1"}'


@pytest.mark.parametrize(
    ("content", "ours"),
    [
        ('{"fairgames": "0.1"}', True),
        ('\n{\n "schema": 1, "title": "a, b", "none": null, "fairgames": "0.1"', True),
        ('{"results": {"fairgames": "0.1"}}', False),
        ('["fairgames"]', False),
        ('{"note": "\\"fairgames\\": \\"0.1\\""}', False),
        ('{"fairgames": 1}', False),
        ("fairgames", False),
        ("", False),
    ],
)
def test_json_is_ours_by_its_key(tmp_path, content, ours):
    path = tmp_path / "result"
    path.write_text(content)
    output = Output(path, kind=".json")
    if ours:
        output.check()
    else:
        with pytest.raises(InputError, match="exists already, is not known to be of fairgames, and is left as it is"):
            output.check()
    Output(path, force=True).check()


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_figure_is_ours_by_its_metadata(tmp_path, ending):
    from matplotlib.figure import Figure

    path, foreign = tmp_path / f"ours.{ending}", tmp_path / f"theirs.{ending}"
    for _ in range(2):
        save_figure(new_figure(1, 1), path)
    Figure((1, 1)).savefig(foreign)
    before = foreign.read_bytes()
    with pytest.raises(InputError, match="is not known to be of fairgames"):
        save_figure(new_figure(1, 1), foreign)
    assert foreign.read_bytes() == before
    path.replace(tmp_path / "x.json")
    with pytest.raises(InputError, match="is not known to be of fairgames"):
        Output(tmp_path / "x.json").check()


def test_what_is_read_is_never_written_over(tmp_path):
    source, link, hard = tmp_path / "a.json", tmp_path / "link.json", tmp_path / "hard.json"
    source.write_text('{"fairgames": "1"}')
    link.symlink_to(source)
    hard.hardlink_to(source)
    for path in (source, link, hard, tmp_path / "." / "a.json"):
        with pytest.raises(InputError, match="must not be a file that is read"):
            Output(path, force=True, inputs=(tmp_path / "gone", source)).write("x")
    assert source.read_text() == '{"fairgames": "1"}'


@pytest.mark.parametrize("kind", ["folder", "pipe", "no folder", "long", "null", "device", "empty"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, kind):
    places = {"no folder": "no/x", "long": "x" * 300, "null": "a\0b", "device": "/dev/null", "empty": ""}
    path = tmp_path / places.get(kind, "x")
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    for force in (False, True):
        with pytest.raises(InputError, match=r"path: (cannot be written|must)"):
            Output(path, force=force).write("x")


def test_a_file_that_appears_during_the_work_is_left(tmp_path):
    output = Output(tmp_path / "a.csv")
    output.check()
    (tmp_path / "a.csv").write_text("of the user")
    with pytest.raises(InputError, match="exists already"):
        output.write("ours")
    assert (tmp_path / "a.csv").read_text() == "of the user"
    assert output.holds("of the user")
    assert not output.holds("ours")
