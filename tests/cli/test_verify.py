from __future__ import annotations

import json


def test_verify_passes_what_was_saved_and_fails_what_was_changed(run, two, tmp_path):
    path = tmp_path / "out.json"
    for command in (["solve"], ["equilibria", "--alpha", "3/5"]):
        run(*command[:1], two, *command[1:], "--json", path, "--force")
        printed = run("verify", path, "--spec", two).output
        assert "nothing failed" in printed
        for heading in ("Proven from the definitions", "Computed again, to the last digit", "Not checked"):
            assert heading in printed
    text = path.read_text()
    assert '"9/10"' in text
    path.write_text(text.replace('"9/10"', '"8/10"', 1))
    assert "FAILED" in run("verify", path, status=1).output


def test_verify_names_what_another_specification_says(run, two, tmp_path):
    path, own = tmp_path / "out.json", tmp_path / "own.toml"
    run("solve", two, "--json", path)
    own.write_text(two.read_text().replace("0.3", "0.31").replace("3/10", "31/100"))
    assert own.read_text() != two.read_text()
    assert "FAILED scenario: cost of" in run("verify", path, "--spec", own, status=1).output


def test_verify_reads_a_bare_result(run, tmp_path):
    from fairgames import equilibria

    path = tmp_path / "bare.json"
    path.write_text(json.dumps(equilibria([[[1, 0], [0, 1]], [[1, 0], [0, 1]]]).to_dict()))
    assert "nothing failed" in run("verify", path).output


def test_what_is_no_result_is_one_error(run, two, tmp_path):
    path = tmp_path / "out.json"
    run("design", two, "--json", path)
    assert "command: must be one of solve, equilibria" in run("verify", path, status=2).stderr
    assert "cannot be read" in run("verify", tmp_path / "none.json", status=2).stderr
    path.write_text("{}")
    assert "is not a result that fairgames wrote" in run("verify", path, status=2).stderr
    path.write_text('{"schema": 2, "command": "solve"')
    assert "ends in the middle" in run("verify", path, status=2).stderr
    path.write_text('{"schema": 7, "fairgames": "3.1"}')
    assert "of a newer fairgames (3.1)" in run("verify", path, status=2).stderr


def test_a_result_with_missing_parts_fails_and_no_timeout_is_too_long_to_be_refused(run, two, tmp_path):
    path = tmp_path / "out.json"
    run("equilibria", two, "--alpha", "3/5", "--json", path)
    saved = json.loads(path.read_text())
    for name in ("components", "complete", "degenerate"):
        text = json.dumps(saved).replace(f'"{name}":', f'"no {name}":')
        path.write_text(text)
        assert f"{name}: is missing" in run("verify", path, status=1).output
    for seconds in ("1e300", "1e400", "nan", "0"):
        assert "timeout" in run("equilibria", two, "--alpha", "3/5", "--timeout", seconds, status=2).stderr
