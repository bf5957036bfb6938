"""A scenario that is saved loads back to an equal one."""

import dataclasses
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairgames as fg
from fairgames import InputError, Scenario, SizeError, load

NUMBERS = st.fractions(0, 5, max_denominator=60)
NAMES = st.text(min_size=1, max_size=6).filter(lambda text: text.strip() and text.isprintable())


@st.composite
def utilities(draw, n_levels, exact):
    """A random utility of each kind that a specification can say."""
    kind = draw(st.sampled_from(["table", "by count", "dp-mean", "federated"]))
    number = NUMBERS if exact else NUMBERS.map(lambda x: float(x) / 7)
    if kind == "by count" and n_levels == 2:
        return fg.CountUtility([0, *draw(st.lists(number, min_size=1, max_size=4))])
    if kind == "federated" and n_levels == 3:
        samples = draw(st.lists(st.integers(1, 99), min_size=1, max_size=4))
        counts = draw(st.lists(st.integers(1, 3), min_size=len(samples), max_size=len(samples)))
        importance = [draw(st.floats(0.1, 3)) for _ in samples]
        aggregation = draw(st.sampled_from(["uniform", "weighted"]))
        return fg.FederatedMeanUtility(samples, 1.3, 7.7, importance, counts=counts, aggregation=aggregation)
    if kind == "dp-mean":
        rows = draw(
            st.lists(
                st.lists(number.map(lambda x: x + 1), min_size=n_levels - 1, max_size=n_levels - 1),
                min_size=1,
                max_size=3,
            )
        )
        rows = [[0, *sorted(row)[:-1], draw(st.sampled_from([row and max(row), math.inf]))] for row in rows]
        return fg.DPMeanUtility(rows, counts=[draw(st.integers(1, 3)) for _ in rows])
    n_users = draw(st.integers(1, 3))
    values = np.array([draw(number) for _ in range(n_levels**n_users)], dtype=object).reshape((n_levels,) * n_users)
    values[(0,) * n_users] = 0
    return fg.TableUtility(values)


@st.composite
def scenarios(draw):
    n_levels = draw(st.integers(2, 4))
    utility = draw(utilities(n_levels, draw(st.booleans())))
    probe = Scenario(utility)
    n_entries, exact = len(probe.users), draw(st.booleans())
    number = (NUMBERS if exact else st.floats(0.01, 5)) | st.just(math.inf)
    row = st.lists(number, min_size=n_levels - 1, max_size=n_levels - 1).map(lambda row: [0, *row])
    some = st.none() | (NUMBERS if exact else st.floats(0.01, 5))
    alphas = draw(st.tuples(st.fractions(0, 1, max_denominator=9), st.fractions(0, 1, max_denominator=9)))
    asked = Scenario(
        utility,
        draw(st.none() | st.lists(row, min_size=n_entries, max_size=n_entries)),
        draw(st.lists(NAMES, min_size=n_entries, max_size=n_entries, unique=True)),
        draw(st.lists(NAMES, min_size=n_levels, max_size=n_levels, unique=True)),
        draw(
            st.none()
            | st.lists(
                st.sets(st.integers(1, n_levels - 1)).map(lambda s: [0, *s]), min_size=n_entries, max_size=n_entries
            )
        ),
        budget=draw(some),
        min_utility=draw(some),
        margin=draw(NUMBERS),
        alpha_range=sorted(alphas),
        alpha=draw(st.none() | st.floats(0.01, 1) | st.just(Fraction(1, 3))),
        unit=draw(st.none() | NAMES),
        unit_value=draw(st.none() | NUMBERS.map(lambda x: x + 1)),
        title=draw(NAMES),
        amounts=draw(st.none() | st.lists(NUMBERS, min_size=n_levels, max_size=n_levels)),
    )
    return (
        dataclasses.replace(asked, profile=[draw(st.sampled_from(one)) for one in asked.choices])
        if draw(st.booleans())
        else asked
    )


@settings(max_examples=40, deadline=None)
@given(asked=scenarios())
def test_a_saved_scenario_loads_back_to_an_equal_one(tmp_path_factory, asked):
    path = tmp_path_factory.mktemp("saved") / "spec.toml"
    asked.save(path)
    again = load(path)
    for one in dataclasses.fields(asked):
        if one.compare and one.name != "utility":
            left, right = getattr(asked, one.name), getattr(again, one.name)
            assert np.array_equal(left, right) if isinstance(left, np.ndarray) else left == right, one.name
            assert type(left) is type(right)
    assert again == asked
    assert again.utility.exact == asked.utility.exact
    profiles = np.random.default_rng(1).integers(len(asked.levels), size=(5, asked.n_users))
    assert again.utility.evaluate(profiles).tolist() == asked.utility.evaluate(profiles).tolist()


def test_what_has_no_formula_is_saved_as_a_table(tmp_path):
    measured = fg.MeasuredUtility(lambda profile: sum(profile) / 7, (3, 3))
    asked = Scenario(measured, [0, "1/7", "1/3"])
    asked.save(tmp_path / "measured.toml")
    again = load(tmp_path / "measured.toml")
    assert again == dataclasses.replace(asked, utility=fg.TableUtility(measured.tensor()))
    assert fg.optimal_alpha(again) == fg.optimal_alpha(asked)


def test_what_cannot_be_saved_is_said(tmp_path):
    many = fg.FederatedMeanUtility([10.5] * 20, 1, 9)
    with pytest.raises(
        SizeError, match=r"no formula of a FederatedMeanUtility, and a table of 3.* profiles is too large"
    ):
        Scenario(many).save(tmp_path / "a.toml")
    with pytest.raises(InputError, match="utility: must give all users as many levels"):
        Scenario(np.arange(6).reshape(2, 3)).save(tmp_path / "a.toml")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_left_as_it_is(tmp_path):
    path = tmp_path / "spec.toml"
    asked = Scenario([[0, 1], [1, 2]], [0, "1/2"])
    path.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        asked.save(path)
    asked.save(path, force=True)
    assert load(path) == asked


def test_a_fit_makes_a_scenario_that_keeps_the_way_back_to_its_data(tmp_path):
    data = tmp_path / "clinics.csv"
    data.write_text(
        "clinic,score\n"
        + "".join(f"{name},{score}\n" for name, score in zip("aaabbbccc", [1, 2, 3, 11, 12, 13, 5, 6, 7], strict=True))
    )
    fit = fg.fit_federated_mean(str(data), "clinic", "score")
    asked = fit.scenario({"federated": 0.1, "direct": "1/3"}, budget=1)
    assert asked.users == ("a", "b", "c")
    assert asked.fit is fit
    asked.save(tmp_path / "spec.toml")
    again = load(tmp_path / "spec.toml")
    assert again == asked
    assert again.data.file == data
    with pytest.raises(InputError, match="must lie below the folder"):
        asked.save(tmp_path_beside(tmp_path) / "spec.toml")


def tmp_path_beside(folder: Path) -> Path:
    beside = folder / "beside"
    beside.mkdir()
    return beside
