from __future__ import annotations

import dataclasses

import pytest

import fairgames as fg


@pytest.fixture
def answers(monkeypatch):
    """Let the equilibria be found as a test wants them."""
    find = fg.equilibria

    def change(**changes):
        monkeypatch.setattr(fg, "equilibria", lambda *arguments: dataclasses.replace(find(*arguments), **changes))

    return change


def test_equilibria_are_listed_with_their_certificates(run, two, tmp_path, saved):
    output = run("equilibria", two, "--alpha", "3/5", "--json", tmp_path / "out.json").output
    assert "The list is complete" in output
    assert "A continuum: any mixtures within" in output
    document = saved()["equilibria"]
    assert document["complete"] is True
    assert all(entry["regret"] == "0" for entry in document["equilibria"])
    row = next(line for line in output.splitlines() if "0.1·A+0.9·P" in line)
    assert row.split()[-3:] == ["0.96667", "0.38667", "0"]


def test_more_than_two_users_are_said_to_be_incomplete(run, example, tmp_path):
    output = run("equilibria", example, "--alpha", "0.2", "--figure", tmp_path / "out.png").output
    assert (tmp_path / "out.png").stat().st_size > 10_000
    assert "The list may be incomplete. Searched: " in output
    assert "At alpha" not in output
    assert "Equilibria at alpha = 0.2" in output


def test_equilibria_take_alpha_from_the_specification(run, example, two):
    assert "Equilibria at alpha = 0.3" in run("equilibria", example).output
    assert "--alpha: is required" in run("equilibria", two, status=2).stderr


def test_an_unknown_solver_is_bad_input(run, two):
    assert "method" in run("equilibria", two, "--alpha", "1/2", "--method", "magic", status=2).stderr


def test_a_solver_that_was_stopped_leaves_the_answer_incomplete(run, two, answers):
    answers(complete=False, warnings=("vertices was stopped after 1 s: equilibria may be missing",))
    output = run("equilibria", two, "--alpha", "0.6", status=3).output
    assert "Warning: vertices was stopped after 1 s: equilibria may be missing." in output
    assert "The list may be incomplete" in output


def test_many_equilibria_are_cut_with_a_word_about_it(run, two, answers):
    spec = fg.load(two)
    (one, *_) = fg.equilibria(fg.FairGame(spec.utility, spec.costs, "1/2")).equilibria
    answers(equilibria=(one,) * 60)
    assert "10 more are not shown" in run("equilibria", two, "--alpha", "0.5").output


def test_equilibria_compares_solvers(run, two, tmp_path, saved):
    output = run("equilibria", two, "--alpha", "0.7", "--compare", "--json", tmp_path / "out.json").output
    assert "two-action" in output
    assert saved()["agreement"]["kind"] == "AgreementReport"
    assert "nothing failed" in run("verify", tmp_path / "out.json").output


def test_dozens_of_different_users_settle_on_one_equilibrium(run, tmp_path, saved):
    users = "".join(f"[[users]]\nname = 'u{size}'\nsamples = {size}\n" for size in range(3, 30))
    model = "kind = 'federated-mean'\nbetween_variance = 0.2\nwithin_variance = 0.9\n"
    costs = "[every_user]\ncosts = { federated = 0.1, direct = 0.3 }\n"
    spec = tmp_path / "many.toml"
    spec.write_text(f"title = 'Many'\nlevels = ['absent', 'federated', 'direct']\n[utility]\n{model}{costs}{users}")
    output = run("equilibria", spec, "--alpha", "0.2", "--json", tmp_path / "out.json").output
    assert "An equilibrium at alpha = 0.2" in output
    assert "27 users have too many profiles to list every equilibrium" in output
    settled = saved()["equilibrium"]
    assert settled["verified"] is True
    assert settled["alpha"] == 0.2
    assert "would need" in run("equilibria", spec, "--alpha", "0.2", "--compare", status=2).stderr
