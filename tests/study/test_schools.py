"""The tables of 160 schools that a page reads: rows computed again, and what follows from them."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

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
def test_rows_of_the_search_are_computed_again(study, tables, number):
    fit = study.fitted()
    row = study.search_row(fit.utility(), np.argsort(-fit.samples, kind="stable"), number)
    before = tables[0].set_index("schools").loc[number]
    for quantity in ("alpha", "utility", "value"):
        assert row[quantity] == pytest.approx(before[quantity], rel=1e-6)


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
