from __future__ import annotations

import math
from fractions import Fraction

import pytest

from fairgames import load

DATA = """clinic,bmi
1,20
1,22
1,24
2,30
2,34
3,40
3,41
3,45
"""


FITTED = """
levels = ["absent", "federated", "direct"]
utility = { kind = "federated-mean" }
data = { file = "d.csv", group = "clinic", value = "bmi" }
"""


def test_with_data_and_no_users_the_groups_are_the_users(write):
    from fairgames import fit_federated_mean

    data = write(DATA, "d.csv")
    spec = load(write(FITTED))
    fit = fit_federated_mean(data, "clinic", "bmi")
    assert spec.user_names == ("clinic 1", "clinic 2", "clinic 3")
    assert spec.samples == (3, 2, 3)
    assert spec.utility((1, 1, 2)) == fit.utility()((1, 1, 2))
    assert spec.notes[0] == f"Fitted to d.csv: between variance {fit.between_variance:.5g}."
    assert spec.data.group == "clinic"


def test_what_is_written_beside_data_wins_and_is_reported(write):
    write(DATA, "d.csv")
    text = FITTED.replace('"federated-mean" }', '"federated-mean", between_variance = 2 }')
    spec = load(write(text))
    assert spec.utility.between_variance == 2
    assert spec.utility.within_variance > 0
    assert spec.notes[0] == "The between variance is as written in this file, not fitted anew to d.csv."
    everything = text.replace("= 2 }", "= 2, within_variance = 3 }") + '[[users]]\nname = "A"\nsamples = 4\n'
    spec = load(write(everything))
    assert spec.utility.within_variance == 3
    assert spec.notes == (
        "The between variance, the within variance and the users are as written in this file, "
        "not fitted anew to d.csv.",
    )


def test_a_fit_writes_a_specification_that_loads_as_it_was_fitted(write, tmp_path):
    from fairgames import fit_federated_mean

    fit = fit_federated_mean(write(DATA, "d.csv"), "clinic", "bmi")
    text = fit.to_spec({"federated": "1/3", "direct": "inf"}, folder=str(tmp_path))
    spec = load(write(text))
    direct = load(write(FITTED))
    assert spec.user_names == direct.user_names
    assert spec.utility((1, 2, 0)) == pytest.approx(direct.utility((1, 2, 0)), rel=1e-14)
    assert spec.entry_costs[0].tolist() == [0, Fraction(1, 3), math.inf]
    assert spec.data == direct.data


@pytest.mark.parametrize(
    ("data", "change", "message"),
    [
        (DATA, ('"bmi"', '"bim"'), "data: "),
        (DATA.replace("45", "x"), ("", ""), "data: "),
        (DATA.replace("45", ""), ("", ""), "data: "),
        ("clinic,bmi\n1,1\n1,9\n2,2\n2,8\n", ("", ""), "utility.between_variance: is fitted as -"),
        (DATA, ("federated-mean", "table"), 'data: belongs to kind = "federated-mean" only'),
    ],
)
def test_data_that_cannot_be_fitted_is_one_problem(write, data, change, message, problems):
    write(data, "d.csv")
    text = (
        FITTED.replace(*change)
        .replace('"table" }', '"table", by_count = [0, 1, 1] }')
        .replace('"federated", "direct"]\nutility = { kind = "table"', '"direct"]\nutility = { kind = "table"')
    )
    (line,) = problems(write(text))
    assert line.startswith(message)


def test_how_to_fit_may_be_said_beside_the_data(write):
    write(DATA.replace("45", ""), "d.csv")
    text = FITTED.replace('value = "bmi"', 'value = "bmi", missing = "drop", largest = 2')
    spec = load(write(text))
    assert spec.samples == (3, 2)


ADJUSTED = "clinic,bmi,age,sex\n" + "".join(
    f"{clinic},{bmi},{age},{sex}\n"
    for clinic, rows in {
        "N": ((20, 40, 0), (22, 51, 1), (24, 45, 1)),
        "S": ((30, 60, 0), (34, 70, 1), (31, 52, 0)),
        "W": ((40, 41, 1), (41, 44, 0), (45, 66, 1)),
    }.items()
    for bmi, age, sex in rows
)


def test_covariates_are_named_beside_the_data(write, tmp_path):
    from fairgames import fit_federated_mean

    fit = fit_federated_mean(write(ADJUSTED, "d.csv"), "clinic", "bmi", covariates=["age", "sex"])
    assert fit.between_variance > 0
    written = load(write(fit.to_spec({"federated": 0, "direct": 1}, folder=str(tmp_path))))
    fitted = load(write(FITTED.replace('"bmi"', '"bmi", covariates = ["age", "sex"]'), "again.toml"))
    for spec in (written, fitted):
        assert spec.data.options == {"covariates": ["age", "sex"]}
        assert spec.utility((1, 2, 0)) == pytest.approx(fit.utility()((1, 2, 0)), rel=1e-14)
    plain = load(write(FITTED, "plain.toml"))
    assert plain.utility.within_variance != pytest.approx(fit.within_variance, rel=0.01)


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        ('["weight"]', "data: "),
        ('["bmi"]', "data: group, value, covariates: must be different columns"),
        ('"age"', "data.covariates: must be a list"),
        ("[3]", "data.covariates[1]: must be text, got 3"),
    ],
)
def test_covariates_that_make_no_sense_are_one_problem(write, problems, covariates, message):
    write(ADJUSTED, "d.csv")
    (line,) = problems(write(FITTED.replace('"bmi"', f'"bmi", covariates = {covariates}')))
    assert line.startswith(message)
