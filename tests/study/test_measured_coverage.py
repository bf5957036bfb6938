"""The table of coverage that a page reads: known payments, and rows measured again."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracles import shapley

STUDIES = Path(__file__).parents[2] / "examples" / "studies"


@pytest.fixture(scope="module")
def study():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(STUDIES)
        yield importlib.import_module("measured_coverage")
        for name in ("measured_coverage", "result_files"):
            patch.delitem(sys.modules, name)


@pytest.fixture(scope="module")
def committed(study):
    return pd.read_csv(importlib.import_module("result_files").FOLDER / "measured_coverage.csv").set_index("game")


def test_airport_payments_are_shapley_values(study):
    lengths = [3.0, 1.0, 7.0, 4.0]
    expected = shapley(max, lengths)
    np.testing.assert_allclose(study.airport_payments(lengths), expected, rtol=1e-12)


def test_exact_payments_share_out_the_utility(study):
    for game in study.games().values():
        users = np.array(game.everybody)
        many = users[:, 1] if users.ndim == 2 else np.ones(len(users))
        paid = game.exact[:, 1] if users.ndim == 2 else game.exact
        assert paid @ many == pytest.approx(game.utility(game.everybody), rel=1e-9)


@pytest.mark.parametrize("name", ["saturation, few users", "saturation, many users", "threshold, many users"])
def test_rows_that_the_page_reads_are_measured_again(study, committed, name):
    row = study.coverage_row(name, study.games()[name], seeds=30)
    before = committed.loc[name]
    assert row["users"] == before.users
    assert row["engine"] == before.engine
    assert row["unresolved"] / 30 == before.unresolved / before.seeds
    assert row["doubtful"] == before.doubtful
    if before.unresolved == 0:
        assert row["relative_error"] == pytest.approx(before.relative_error, rel=0.2)
        assert row["coverage"] == pytest.approx(before.coverage, abs=0.06)


@pytest.mark.slow
def test_every_row_is_measured_again(study, committed):
    assert list(study.games()) == list(committed.index)
    for name, game in study.games().items():
        row = study.coverage_row(name, game, seeds=60)
        before = committed.loc[name]
        assert row["relative_error"] == pytest.approx(before.relative_error, rel=0.2, nan_ok=True)
        assert row["unresolved"] / 60 == pytest.approx(before.unresolved / before.seeds, abs=0.2)
        for quantity in ("coverage", "coverage_in_doubt"):
            assert row[quantity] == pytest.approx(before[quantity], abs=0.06, nan_ok=True)


def test_what_the_page_says_in_words_is_so(committed):
    held = committed.coverage.dropna()
    assert held.between(0.92, 0.98).all()
    assert (committed.seeds >= 400).all()
    for game in ("threshold, all different", "threshold, many users", "airport"):
        assert committed.loc[game, "unresolved"] == committed.loc[game, "seeds"]
    assert committed.loc["threshold, all different", "coverage_in_doubt"] < 0.9
    np.testing.assert_allclose(committed.doubtful * committed.seeds, committed.unresolved, atol=1e-4)
    assert committed.loc["threshold, few users", "unresolved"] == 0


def test_games_include_one_star_user_and_concave_ones_that_are_resolved(study, committed):
    assert 1 in study.games()["saturation with a star"].utility.type_sizes
    smooth = committed[committed.index.str.startswith("saturation")]
    assert (smooth.unresolved == 0).all()
    assert smooth[smooth.engine == "strata"].coverage.between(0.90, 0.99).all()
    assert smooth[smooth.engine == "permutations"].coverage.between(0.90, 0.98).all()
