"""The tables of 160 schools that a page reads: rows computed again, and what follows from them."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairgames.utility.federated_integrals import integrate

STUDIES = Path(__file__).parents[2] / "examples" / "studies"


@pytest.fixture(scope="module")
def study():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(STUDIES)
        yield importlib.import_module("schools")
        for name in ("schools", "result_files"):
            patch.delitem(sys.modules, name)


@pytest.fixture(scope="module")
def tables(study):
    folder = importlib.import_module("result_files").FOLDER
    return pd.read_csv(folder / "schools_search.csv"), pd.read_csv(folder / "schools_tempted.csv")


@pytest.mark.parametrize("number", [20, 150])
def test_rows_of_the_search_are_computed_again_within_their_errors(study, tables, number):
    fit = study.fitted()
    row = study.search_row(fit.utility(), np.argsort(-fit.samples, kind="stable"), number)
    before = tables[0].set_index("schools").loc[number]
    off = 6 * (before.alpha_error + row["alpha_error"]) + 1e-6
    assert row["alpha"] == pytest.approx(before.alpha, abs=off)
    assert row["utility"] == pytest.approx(before.utility, rel=1e-6)
    assert row["value"] == pytest.approx(before.value, abs=off * before.utility)


def test_the_best_point_is_an_equilibrium(study, tables):
    """Those who share are paid their cost; one more school of each size would not be."""
    search, tempted = tables
    best = search.loc[search.value.idxmax()]
    assert (tempted.gain_by_joining < -4 * tempted.standard_error).all()
    fit = study.fitted()
    order = np.argsort(-fit.samples, kind="stable")
    paid = study.price(fit.utility(), study.sharing(order[: int(best.schools)], 160))
    assert best.alpha * paid.values[order[: int(best.schools)]].min() == pytest.approx(study.COST, rel=1e-3)
    outside = np.unique(fit.samples[order[int(best.schools) :]])
    assert tempted.students.tolist() == outside.tolist()


def test_larger_schools_are_paid_more(study):
    fit = study.fitted()
    paid = study.price(fit.utility(), np.full(160, study.DIRECT))
    assert paid.values.sum() == pytest.approx(paid.utility, rel=1e-12)
    by_size = pd.Series(paid.values).groupby(fit.samples).mean()
    assert by_size.is_monotonic_increasing
    ratio = fit.samples.max() / fit.samples.min()
    assert 1 < paid.values[fit.samples.argmax()] / paid.values[fit.samples.argmin()] < ratio


@pytest.fixture(scope="module")
def optima():
    folder = importlib.import_module("result_files").FOLDER
    return pd.read_csv(folder / "schools_optimum.csv").set_index("aggregated_cost")


def test_the_optimum_is_an_equilibrium_by_payments_without_sampling_error(study, optima):
    """Prices of all moves, computed again for the written profile."""
    equilibrium = pd.read_csv(importlib.import_module("result_files").FOLDER / "schools_equilibrium.csv")
    fit, best = study.fitted(), optima.loc[np.inf]
    utility, levels = fit.utility(), equilibrium.level.to_numpy()
    assert equilibrium.students.tolist() == fit.samples.tolist()
    counts = np.zeros((len(utility.type_sizes), 3), dtype=int)
    np.add.at(counts, (utility.types, levels), 1)
    values = integrate(utility, counts).values[utility.types, levels]
    direct = levels == study.DIRECT
    net = best.alpha * values[:, study.DIRECT] - study.COST
    assert net[direct].min() == pytest.approx(0, abs=1e-5)
    assert net[~direct].max() < 0
    assert best.alpha * values[direct, study.DIRECT] == pytest.approx(equilibrium.payment[direct], rel=1e-5)
    assert best.value == pytest.approx((1 - best.alpha) * utility(levels), rel=1e-6)


def test_intervals_by_permutations_cover_payments_without_sampling_error():
    equilibrium = pd.read_csv(importlib.import_module("result_files").FOLDER / "schools_equilibrium.csv")
    sharing = equilibrium[equilibrium.level == 2]
    assert ((sharing.low <= sharing.payment) & (sharing.payment <= sharing.high)).mean() > 0.85


def test_the_search_does_no_worse_than_the_largest_schools_and_keeps_to_its_bound(optima, tables):
    assert optima.loc[np.inf].value >= tables[0].value.max() - 0.02
    assert (optima.value <= optima.upper_bound).all()
    assert optima[["absent", "federated", "direct"]].sum(axis=1).tolist() == [160] * len(optima)
    assert (optima.regret <= 1e-6).all()


@pytest.mark.slow
def test_the_optimum_is_found_again(study, optima):
    found = study.optimum_row(np.inf, study.optimum(study.fitted()))
    for quantity in ("alpha", "value", "upper_bound", "direct"):
        assert found[quantity] == pytest.approx(optima.loc[np.inf][quantity], rel=1e-6)
