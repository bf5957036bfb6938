"""Text becomes a number in one way everywhere: a power that nobody could wait for is refused at once."""

from __future__ import annotations

import json
import signal

import pytest
from typer.testing import CliRunner

import fairgames as fg
from fairgames.cli.main import app

POWERS = ("1e999999999", "-1e-999999999", "1E+99999999999999999999", "9" * 5000)
RANGE = "between 1e-300 and 1e300|at most 1,000 digits|must be a number such as|is not TOML"
SPEC = """
levels = ["absent", "present"]
utility = {{ kind = "table", {table} }}
every_user = {{ costs = {{ present = {cost} }} }}
"""


@pytest.fixture(autouse=True)
def in_time():
    def late(*_):
        raise TimeoutError("a number took more than 20 s to read")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize(
    "call",
    [
        lambda power: fg.CountUtility([0, power]),
        lambda power: fg.FairGame([[0, 1], [1, 2]], [0, power]),
        lambda power: fg.fair_payments([[0, 1], [1, 2]], (1, 1), power),
        lambda power: fg.optimal_alpha([[0, 1], [1, 2]], [0, 1], budget=power),
        lambda power: fg.symmetric_mechanism([0, 1, 2], power),
        lambda power: fg.equilibria([[[0, power]], [[0, 1]]]),
        lambda power: fg.FederatedMeanUtility([10, 20], power, 1),
        fg.optimal_alpha([[0, 1], [1, 2]], [0, "1/2"]).landscape.value,
    ],
)
def test_in_python(call, power):
    with pytest.raises(fg.InputError, match=RANGE):
        call(power)


@pytest.mark.parametrize("power", POWERS[:3])
def test_in_a_specification_and_its_table(tmp_path, power):
    spec = tmp_path / "spec.toml"
    for cost in (power, f'"{power}"'):
        spec.write_text(SPEC.format(table="by_count = [0, 1]", cost=cost))
        with pytest.raises(fg.errors.SpecificationError, match=RANGE):
            fg.load(spec)
    (tmp_path / "u.csv").write_text(f"a,utility\nabsent,0\npresent,{power}\n")
    spec.write_text(SPEC.format(table='file = "u.csv"', cost=0.1))
    with pytest.raises(fg.errors.SpecificationError, match=f"line 3: the utility .*({RANGE})"):
        fg.load(spec)


@pytest.mark.parametrize("power", POWERS)
def test_in_columns_of_data(tmp_path, power):
    data = tmp_path / "data.csv"
    data.write_text(f"g,v\na,1\na,2\nb,3\nb,{power}\n")
    if power.startswith("-1e-"):
        # So close to 0 that it is 0, as any reader of data has it.
        assert fg.fit_federated_mean(str(data), "g", "v").rows_used == 4
    else:
        with pytest.raises(fg.errors.DataError, match="must hold finite numbers"):
            fg.fit_federated_mean(str(data), "g", "v")


def test_whole_numbers_in_data_frames_that_no_float_holds():
    with pytest.raises(fg.errors.DataError, match="must hold finite numbers"):
        fg.fit_federated_mean({"g": [*"aabb"], "v": [1, 2, 3, 10**400]}, "g", "v")


@pytest.mark.parametrize("power", POWERS[:3])
def test_in_options_and_results(tmp_path, power):
    spec = tmp_path / "spec.toml"
    spec.write_text(SPEC.format(table="by_count = [0, 1]", cost=0.1))
    answer = CliRunner().invoke(app, ["payments", str(spec), "--alpha", power])
    assert answer.exit_code == 2
    assert "--alpha" in answer.output
    saved = fg.equilibria([[[1, 0], [0, 2]], [[1, 0], [0, 2]]]).to_dict()
    saved["payoffs"][0][0][0] = power
    (tmp_path / "result.json").write_text(json.dumps(saved))
    answer = CliRunner().invoke(app, ["verify", str(tmp_path / "result.json")])
    assert answer.exit_code == 1
    assert "cannot be read" in answer.output


@pytest.mark.parametrize("size", [2**62, 2**62 - 1, 10**15])
def test_crowds_that_no_memory_holds(size):
    for crowd in (
        lambda: fg.FederatedMeanUtility([10], 1, 1, counts=[size]),
        lambda: fg.DPMeanUtility([0, 1], n_users=size),
    ):
        with pytest.raises((fg.InputError, fg.SizeError)):
            fg.potential(crowd())


@pytest.mark.parametrize("samples", [10**400, "1e309", 1.5e308])
def test_samples_that_no_float_holds(samples):
    with pytest.raises(fg.InputError, match=r"samples\[1\].*between 1e-300 and 1e300"):
        fg.FederatedMeanUtility([10, samples], 1, 1)
