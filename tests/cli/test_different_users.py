"""Specifications of many users who are all different: the same commands, searched and certified."""

import pytest

USERS = """
title = "Clinics"
levels = ["absent", "federated", "direct"]
[utility]
kind = "federated-mean"
between_variance = 8
within_variance = 39
"""


@pytest.fixture
def clinics(tmp_path):
    """Clinics, no two alike."""
    path = tmp_path / "clinics.toml"
    rows = [
        f'[[users]]\nname = "Clinic {number}"\nsamples = {10 + 2 * number}\n'
        f"costs = {{ federated = inf, direct = {0.6 + (7 * number % 40) / 40:.3f} }}\n"
        for number in range(25)
    ]
    path.write_text(USERS + "".join(rows))
    return path


@pytest.mark.parametrize("command", ["solve", "design"])
def test_many_different_users_are_solved_with_a_bound(run, clinics, tmp_path, saved, command):
    words = ["--words"] * (command == "solve")
    result = run(command, clinics, *words, "--json", tmp_path / "out.json")
    optimum = saved(tmp_path / "out.json")["optimum"]
    assert "at scale: 25 users in 25 groups" in " ".join(result.stdout.split())
    assert 0 < optimum["value"] <= optimum["upper_bound"]
    assert optimum["regret"] <= 1e-9
    assert len(optimum["profile"]) == 25
