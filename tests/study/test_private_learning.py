"""A small cut of the study of real private learning: its privacy, its training and its answers."""

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import fairgames as fg

pytest.importorskip("sklearn")
pytest.importorskip("opendp")

STUDIES = Path(__file__).parents[2] / "examples" / "studies"


@pytest.fixture(scope="module")
def study():
    """The modules of the study, which import one another by name as scripts do."""
    names = ("consortia", "private_ridge", "federated_averaging", "result_files", "private_learning")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(STUDIES)
        found = SimpleNamespace()
        for name in names:
            vars(found).update(vars(importlib.import_module(name)))
        yield found
        for name in names:
            patch.delitem(sys.modules, name)


@pytest.fixture(scope="module")
def patients(study):
    return study.diabetes()


def test_hospitals_have_the_patients_that_they_should(study, patients):
    sizes = np.bincount(patients.hospital)
    np.testing.assert_allclose(sizes / 442, study.RIDGE_HOSPITALS, atol=1 / 442)
    assert np.bincount(study.breast_cancer().hospital).sum() == 569
    for data in (patients, study.breast_cancer()):
        assert (np.abs(data.records) <= 1).all()
        assert (np.abs(data.outcomes) <= 1).all()


def test_a_split_shares_out_every_patient_once(patients):
    (held_out, _), parts = patients.split(np.random.default_rng(0))
    assert len(held_out) + sum(len(outcomes) for _, outcomes in parts) == 442


def test_one_patient_moves_the_sums_by_no_more_than_the_noise_is_made_for(study):
    rng = np.random.default_rng(0)
    columns = 1 + len(study.RIDGE_COLUMNS)
    upper = np.triu_indices(columns)
    entries = len(upper[0]) + columns
    extreme = [rng.uniform(-1, 1, (100, columns)), np.sign(rng.normal(size=(100, columns)))]
    x = np.concatenate(extreme)
    y = np.concatenate([rng.uniform(-1, 1, 100), np.ones(100)])
    rows = np.rint(np.column_stack([x[:, upper[0]] * x[:, upper[1]], x * y[:, None]]) * study.GRID)
    assert np.abs(rows).sum(axis=1).max() <= entries * study.GRID


def test_the_noise_keeps_its_promise(study):
    mechanism = study.laplace(2.0, 900)
    assert mechanism.map(d_in=900) <= 2 + 1e-9
    draws = np.array([mechanism([0] * 50) for _ in range(40)])
    # A Laplace variable of scale b = 450 has mean absolute value b and mean 0.
    assert np.abs(draws).mean() == pytest.approx(450, rel=0.15)
    assert abs(draws.mean()) < 100


def test_full_sharing_is_ridge_regression_of_the_pooled_records(study, patients):
    from sklearn.linear_model import Ridge

    experiment = study.PrivateRidge(patients, 1.0)
    value = experiment((2, 0, 2, 2, 0), np.random.default_rng(3))
    (test, outcomes), parts = patients.split(np.random.default_rng(3))
    x, y = (np.concatenate(pieces) for pieces in zip(*(parts[number] for number in (0, 2, 3)), strict=True))
    predicted = Ridge(alpha=1.0, fit_intercept=False).fit(x, y).predict(test)
    expected = 1 - np.mean((outcomes - predicted) ** 2) / np.mean(outcomes**2)
    # Sums are rounded to a grid, so the two differ a little.
    assert value == pytest.approx(expected, abs=2e-3)


def test_a_larger_eps_protects_less_and_learns_more(study, patients):
    rng = np.random.default_rng
    learned = [
        np.mean([study.PrivateRidge(patients, epsilon)((1,) * 5, rng(seed)) for seed in range(10)])
        for epsilon in (1.0, 100.0)
    ]
    full = np.mean([study.PrivateRidge(patients, 1.0)((2,) * 5, rng(seed)) for seed in range(10)])
    assert learned[0] < learned[1] < full + 0.02


def test_nobody_learns_nothing(study, patients):
    rng = np.random.default_rng(0)
    assert study.PrivateRidge(patients, 1.0)((0,) * 5, rng) == 0
    assert study.FederatedAveraging(study.breast_cancer())((0,) * 4, rng) == pytest.approx(0, abs=1e-12)


def test_federated_averaging_of_one_client_is_plain_training(study):
    data = study.breast_cancer()
    value = study.FederatedAveraging(data)((2, 2, 2, 2), np.random.default_rng(1))
    (test, outcomes), parts = data.split(np.random.default_rng(1))
    x, y = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    weights = np.zeros(x.shape[1])
    for _ in range(study.ROUNDS * study.LOCAL_STEPS):
        weights -= study.STEP * x.T @ (1 / (1 + np.exp(-x @ weights)) - y) / len(y)
    chances = 1 / (1 + np.exp(-test @ weights))
    loss = -np.mean(outcomes * np.log(chances) + (1 - outcomes) * np.log(1 - chances))
    assert value == pytest.approx(1 - loss / np.log(2), abs=1e-12)
    assert study.FederatedAveraging(data)((1, 0, 0, 0), np.random.default_rng(1)) == pytest.approx(
        study.FederatedAveraging(data)((2, 0, 0, 0), np.random.default_rng(1)), abs=1e-12
    )


SHARES = (0.5, 0.3, 0.2)


@pytest.fixture(scope="module")
def few(study, tmp_path_factory):
    """Three hospitals, measured three times, twice over."""
    experiment, folder = study.PrivateRidge(study.diabetes(SHARES), 8.0), tmp_path_factory.mktemp("cache")
    first = study.measure(experiment, 3, 3, folder)
    rows = study.profile_rows("few", first)
    again = study.measure(experiment, 3, 3, folder)
    return first, rows, again, study.profile_rows("few", again)


def test_measurements_are_kept(few):
    first, rows, again, rows_again = few
    assert first.evaluations == 26 * 3
    assert again.evaluations == 0
    assert rows == rows_again
    assert [row["profile"] for row in rows] == sorted({row["profile"] for row in rows})
    assert len(rows) == 27


def test_payments_are_efficient_to_machine_precision(study, few):
    utility, rows, *_ = few
    hospitals = study.hospital_rows("few", utility, study.privacy_costs(SHARES, 0.1))
    worth = {row["profile"]: row["utility"] for row in rows}
    for word, everybody in (("protected", "111"), ("shared", "222")):
        assert sum(row[f"paid_{word}"] for row in hospitals) == pytest.approx(worth[everybody], rel=1e-14)
        assert all(row[f"paid_{word}_low"] < row[f"paid_{word}"] < row[f"paid_{word}_high"] for row in hospitals)


def test_the_decision_is_an_equilibrium_and_its_numbers_are_the_profile_s(study, few):
    utility, rows, *_ = few
    costs = study.privacy_costs(SHARES, 0.1)
    decision = study.decision_row("few", utility, costs)
    chosen = tuple(map(int, decision["profile"]))
    worth = {row["profile"]: row["utility"] for row in rows}[decision["profile"]]
    assert decision["value"] == pytest.approx((1 - decision["alpha"]) * worth, rel=1e-12)
    assert decision["alpha_low"] <= decision["alpha_high"]
    potential = fg.potential(utility.tensor())
    for user, own in enumerate(costs):
        line = [slice(level, level + 1) for level in chosen]
        line[user] = slice(None)
        earned = decision["alpha"] * potential[tuple(line)].ravel() - np.array(own)
        assert earned[chosen[user]] >= earned.max() - 1e-12


@pytest.fixture(scope="module")
def committed(study):
    return pd.read_csv(study.FOLDER / "private_learning_profiles.csv", dtype={"profile": str})


@pytest.mark.parametrize(("name", "profile"), [("ridge, eps = 8", "20022"), ("FedAvg", "1021"), ("FedAvg", "2222")])
def test_rows_that_the_page_reads_are_measured_again(study, committed, name, profile):
    (row,) = committed.query("consortium == @name and profile == @profile").to_dict("records")
    experiment, costs = study.experiments()[name]
    utility = study.measure(experiment, len(costs), study.REPEATS)
    levels = tuple(map(int, profile))
    assert utility(levels) == pytest.approx(row["utility"], rel=1e-6)
    assert utility.standard_error(levels) == pytest.approx(row["standard_error"], rel=1e-5)


def test_a_noisy_row_that_the_page_reads_is_within_its_noise(study, committed):
    (row,) = committed.query("consortium == 'ridge, eps = 8' and profile == '11111'").to_dict("records")
    experiment, costs = study.experiments()["ridge, eps = 8"]
    utility = study.measure(experiment, len(costs), study.REPEATS)
    # Noise for privacy cannot be seeded, so the two differ.
    noise = np.hypot(utility.standard_error((1,) * 5), row["standard_error"])
    assert 0 < abs(utility((1,) * 5) - row["utility"]) < 5 * noise


def test_the_page_s_decisions_follow_from_its_profiles(study, committed):
    decisions = pd.read_csv(study.FOLDER / "private_learning_decisions.csv", dtype={"profile": str})
    assert set(decisions.consortium) == set(committed.consortium) == set(study.experiments())
    for row in decisions.to_dict("records"):
        costs = study.experiments()[row["consortium"]][1]
        measured = committed[committed.consortium == row["consortium"]].utility.to_numpy()
        optimum = fg.optimal_alpha(measured.reshape((3,) * len(costs)), costs)
        assert "".join(map(str, optimum.profile)) == row["profile"]
        assert optimum.alpha == pytest.approx(row["alpha"], rel=1e-4)
        assert optimum.value == pytest.approx(row["value"], rel=1e-5)


def test_payments_add_up_everywhere_and_equilibria_carry_certificates(study, committed):
    for name, (_, costs) in study.experiments().items():
        utility = committed[committed.consortium == name].utility.to_numpy().reshape((3,) * len(costs))
        table = fg.payment_table(utility)
        total = sum(table.user(user) for user in range(len(costs)))
        np.testing.assert_allclose(total, utility, atol=1e-14)
        optimum = fg.optimal_alpha(utility, costs)
        settled = fg.equilibria(fg.FairGame(utility, costs, optimum.alpha), method="pure")
        assert optimum.profile in [equilibrium.profile for equilibrium in settled.equilibria]
        assert max(equilibrium.regret for equilibrium in settled.equilibria) < 1e-12
        assert fg.verify(json.loads(json.dumps(settled.to_dict()))).passed


def test_what_the_page_says_in_words_is_so(study, committed):
    """Sentences of the page: no number is typed there, but conclusions are."""
    hospitals = pd.read_csv(study.FOLDER / "private_learning_hospitals.csv").set_index("consortium")
    decisions = pd.read_csv(study.FOLDER / "private_learning_decisions.csv").set_index("consortium")
    strong, _, weak = (f"ridge, eps = {epsilon:g}" for epsilon in study.EPSILONS)
    worth = committed.set_index(["consortium", "profile"]).utility
    ones = ["".join("1" if user == one else "0" for user in range(5)) for one in range(5)]
    assert worth[strong][ones].mean() < 0 < worth[strong]["11111"]
    twos = worth[strong][[profile.replace("1", "2") for profile in ones]]
    assert twos.mean() > 0.7 * worth[strong]["22222"]
    assert hospitals.loc[strong, "paid_protected_high"].iloc[-1] < 0 < hospitals.loc[strong, "paid_shared"].min()
    shares = [hospitals.loc[name, "paid_protected"].iloc[0] / worth[name]["11111"] for name in (strong, weak)]
    assert shares[0] > shares[1] > hospitals.loc[weak, "paid_shared"].iloc[0] / worth[weak]["22222"]
    kept = decisions.value[[f"ridge, eps = {epsilon:g}" for epsilon in study.EPSILONS]]
    assert kept.is_monotonic_increasing
    spread = {
        quantity: (decisions[f"{quantity}_high"] - decisions[f"{quantity}_low"]) / decisions[quantity]
        for quantity in ("alpha", "value")
    }
    assert (spread["alpha"] > 3 * spread["value"]).all()
    assert worth["FedAvg"]["1111"] > 0.95 * worth["FedAvg"]["2222"]
    assert worth["FedAvg"]["0100"] > 0.95 * worth["FedAvg"]["1111"]
