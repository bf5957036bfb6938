from __future__ import annotations

import os

import pytest

from fairgames import load


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../secret.csv", "must lie below the specification's folder"),
        ("sub/../../secret.csv", "must lie below the specification's folder"),
        ("link.csv", "must lie below the specification's folder"),
        ("linked/secret.csv", "must lie below the specification's folder"),
        ("/etc/passwd", "must be relative to the specification's folder"),
        ("missing.csv", "must name an existing file"),
        (".", "must name an existing file"),
        ("bad\\u0000name.csv", "must name"),
    ],
)
def test_a_specification_reads_only_below_its_own_folder(tmp_path, name, message, texts, problems):
    (tmp_path / "secret.csv").write_text("a,utility\nabsent,0\npresent,1\n")
    folder = tmp_path / "spec"
    (folder / "sub").mkdir(parents=True)
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "linked").symlink_to(tmp_path)
    path = folder / "spec.toml"
    for section in (
        f'levels = ["absent", "present"]\nutility = {{ kind = "table", file = "{name}" }}\n',
        texts.federated + f'[data]\nfile = "{name}"\ngroup = "g"\nvalue = "v"\n',
    ):
        path.write_text(section)
        (line,) = problems(path)
        assert message in line


def test_a_link_that_stays_inside_is_followed(tmp_path):
    (tmp_path / "real.csv").write_text("a,utility\nabsent,0\npresent,1\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    path = tmp_path / "spec.toml"
    path.write_text('levels = ["absent", "present"]\nutility = { kind = "table", file = "link.csv" }\n')
    assert load(path).n_users == 1


@pytest.mark.skipif(os.name == "nt", reason="file permissions differ")
def test_a_fifo_is_not_read(tmp_path, problems):
    os.mkfifo(tmp_path / "u.csv")
    path = tmp_path / "spec.toml"
    path.write_text('levels = ["absent", "present"]\nutility = { kind = "table", file = "u.csv" }\n')
    (line,) = problems(path)
    assert "must name an existing file" in line
