"""A small cut of the study of real private learning: its privacy, its training and its answers."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("opendp")

SCRIPT = Path(__file__).parents[2] / "examples" / "private_learning_study.py"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("private_learning_study", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


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


@pytest.fixture(scope="module")
def found(study, tmp_path_factory):
    shares = (0.5, 0.3, 0.2)
    table = study.load_diabetes(as_frame=True, scaled=False)
    outcomes = study.scale(table.target.to_numpy(), *study.PROGRESSION)
    few = study.consortium(table.data, outcomes, study.RIDGE_COLUMNS, shares, by="bmi", mixing=0.15)
    costs = study.privacy_costs(shares, 0.1)
    folder = tmp_path_factory.mktemp("cache")
    return {
        "first": study.answer(study.PrivateRidge(few, 8.0), costs, 3, folder),
        "again": study.answer(study.PrivateRidge(few, 8.0), costs, 3, folder),
    }


def test_payments_are_efficient_to_machine_precision(found):
    for name in ("protected", "shared"):
        paid = found["first"][name]
        assert paid.values.sum() == pytest.approx(paid.utility, rel=1e-14)
        assert (paid.standard_errors > 0).all()
    mean = found["first"]["utility"].tensor()
    assert found["first"]["shared"].utility == pytest.approx(mean[2, 2, 2], rel=1e-14)


def test_equilibria_carry_certificates(found, study):
    answers = found["first"]
    utility, optimum = answers["utility"].tensor(), answers["optimum"]
    costs = study.privacy_costs((0.5, 0.3, 0.2), 0.1)
    profiles = [equilibrium.profile for equilibrium in answers["equilibria"].equilibria]
    assert tuple(optimum.profile) in profiles
    game = study.FairGame(utility, costs, optimum.alpha)
    for equilibrium in answers["equilibria"].equilibria:
        gains = []
        for user in range(3):
            line = [slice(level, level + 1) for level in equilibrium.profile]
            line[user] = slice(None)
            payoffs = game.payoffs[user][tuple(line)].ravel()
            gains.append(payoffs.max() - payoffs[equilibrium.profile[user]])
        assert equilibrium.regret == pytest.approx(max(gains), abs=1e-15)
        assert equilibrium.regret <= 1e-12


def test_measurements_are_kept(found):
    assert found["first"]["utility"].evaluations == 26 * 3
    assert found["again"]["utility"].evaluations == 0
    assert found["again"]["optimum"] == found["first"]["optimum"]


def test_the_report_and_the_figure(found, study, tmp_path, capsys):
    study.report("Three hospitals", found["first"])
    text = capsys.readouterr().out
    assert "standard error" in text
    assert "How sure" in text
    study.draw({"three hospitals": found["first"]}, tmp_path / "study.png")
    assert (tmp_path / "study.png").stat().st_size > 10_000
