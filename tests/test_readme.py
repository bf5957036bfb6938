"""Everything that the README shows is run, and its output is what the README shows."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMAND = Path(sys.executable).with_name("fairgames")


def test_the_python_example_prints_what_the_readme_shows(capsys):
    kinds = [kind for kind, _ in BLOCKS]
    position = kinds.index("python")
    assert kinds[position + 1] == "text"
    exec(compile(BLOCKS[position][1], "README.md", "exec"), {})  # the point is to run the page as it stands
    printed = [line.rstrip() for line in capsys.readouterr().out.strip().splitlines()]
    assert printed == BLOCKS[position + 1][1].strip().splitlines()


def test_the_commands_run_and_write_their_files(tmp_path):
    (session,) = [text for kind, text in BLOCKS if kind == "console"]
    commands = [shlex.split(line.removeprefix("$ ")) for line in session.splitlines() if line.startswith("$ ")]
    assert len(commands) == 3
    for program, *arguments in commands:
        assert program == "fairgames"
        subprocess.run([COMMAND, *arguments], cwd=tmp_path, check=True, capture_output=True)
    assert {path.name for path in tmp_path.iterdir()} == {"spec.toml", "result.png", "result.json"}


def test_the_make_targets_exist():
    (commands,) = [text for kind, text in BLOCKS if kind == "sh"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [line.split()[1] for line in commands.splitlines()]
    assert targets == ["demo", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_command_that_the_readme_names_exists():
    text = subprocess.run([COMMAND, "--help"], check=True, capture_output=True, text=True).stdout
    for name in set(re.findall(r"`fairgames (\w+) ", README)):
        assert name in text


@pytest.fixture(scope="module")
def demo():
    run = subprocess.run([sys.executable, ROOT / "examples" / "demo.py"], check=True, capture_output=True, text=True)
    return run.stdout


def test_the_demo_speaks_to_a_hospital_manager(demo):
    assert "institution 12, 23 patients: paid " in demo
    assert "institution 5, 9 patients: takes no part (absent) and is paid nothing." in demo
    assert "NY, 116 patients: paid " in demo


def test_the_demo_shows_the_contrast_of_similar_and_differing_hospitals(demo):
    similar, differing = re.findall(
        r"pay out ([\d.]+) of the utility; (\d+) absent, (\d+) federated, (\d+) direct", demo
    )
    assert float(similar[0]) < float(differing[0])
    assert int(similar[3]) == 0
    assert int(differing[3]) > int(differing[2])
    for name in ("lung.png", "periodontal.png", "contrast.png", "lung.json", "periodontal.json"):
        assert (ROOT / "demo-output" / name).stat().st_size > 1_000
