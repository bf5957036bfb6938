from __future__ import annotations

import json
import re

from fairgames import load


def test_compare_plays_out_other_rules(run, two, tmp_path, saved):
    from fairgames import compare_rules

    output = run("compare", two, "--json", tmp_path / "out.json", "--figure", tmp_path / "out.png").output
    spec = load(two)
    expected = compare_rules(spec.utility, spec.costs)
    assert saved()["comparison"] == json.loads(json.dumps(expected.to_dict()))
    assert "Payment rules, each rule at its best alpha" in output
    assert "Ann" in output.partition("How the others break axioms")[2]
    assert "No broken axiom was found for: fair," in output
    told = [line for line in output.splitlines() if ": symmetry. " in line]
    assert told
    for line in told:
        assert re.search(r"(Ann and Bob|Bob and Ann) contribute equally, yet are paid \S+ and \S+\.$", line)
    assert "all at alpha = 0.5" in run("compare", two, "--alpha", "0.5").output


def test_two_specifications_are_compared_user_by_user(run, two, tmp_path, saved):
    other = tmp_path / "other.toml"
    other.write_text(two.read_text().replace("Bob", "Cy").replace("0.3", "0.1").replace("31/100", "0.1"))
    output = run("compare", two, "--against", other, "--json", tmp_path / "out.json").output
    assert [user["name"] for user in saved()["change"]["users"]] == ["Ann", "Bob", "Cy"]
    line = next(line for line in output.splitlines() if line.startswith("Cy"))
    assert line.split()[1:3] == ["-", "present"]
    failed = run("compare", two, "--against", other, "--alpha", "1", status=2)
    assert "--against: cannot be combined" in failed.stderr


def test_users_without_number_are_refused_at_once(run, two):
    two.write_text(
        'levels = ["absent", "low"]\nutility = { kind = "dp-mean", epsilons = { low = 1 } }\n'
        "[[users]]\ncount = 1_000_000\ncosts = { low = 0.1 }\n"
    )
    assert "goes through users one by one" in run("compare", two, status=2).stderr
