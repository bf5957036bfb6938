"""shapiq's exact computer on its synthetic games, against our engines."""

import warnings

import numpy as np
import pytest

import fairgames as fg

DRAWN = [(n, seed) for n in (2, 3, 5, 8) for seed in range(3)]
GAMES = [
    *(("SOUM", (n, 4 * n), {"random_state": seed}) for n, seed in DRAWN),
    *(("SOUM", (10, n_games), {"random_state": 1}) for n_games in (1, 30)),
    *(("RandomGame", (n,), {"random_state": seed}) for n, seed in DRAWN),
    *(("DummyGame", arguments, {}) for arguments in ((2, ()), (4, (1, 2)), (7, (0, 3, 6)), (9, ()))),
    *(("UnanimityGame", (members,), {}) for members in ((1, 0), (0, 1, 0, 1), (1,) * 5, (0, 0, 1, 0, 1, 1, 0, 1))),
]


@pytest.fixture(scope="module")
def shapiq():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of models that shapiq_games can do without
        pytest.importorskip("shapiq_games.synthetic", reason="shapiq is not installed (make peers installs it)")
        return pytest.importorskip("shapiq")


@pytest.mark.parametrize("case", GAMES, ids=lambda case: f"{case[0]}{case[1]}{case[2].get('random_state', '')}")
def test_payments_are_those_of_the_exact_computer(case, shapiq):
    from shapiq_games import synthetic

    kind, arguments, options = case
    game = getattr(synthetic, kind)(*map(np.array, arguments) if kind == "UnanimityGame" else arguments, **options)
    n = game.n_players
    rows = np.array(list(np.ndindex(*[2] * n)), dtype=bool)
    # A random game draws anew at each call: its worths are those of one.
    worth = np.asarray(game(rows), dtype=float)
    places = {row.tobytes(): place for place, row in enumerate(rows)}
    # Without data a platform is worth nothing; Shapley and Banzhaf values do not depend on that worth.
    utility = fg.TableUtility((worth - worth[0]).reshape([2] * n))
    computer = shapiq.ExactComputer(
        lambda asked: worth[[places[row.tobytes()] for row in np.asarray(asked, dtype=bool)]], n
    )
    everybody = [1] * n
    shapley, banzhaf = (computer.probabilistic_value(index=index).get_n_order_values(1) for index in ("SV", "BV"))
    for engine in ("auto", "subsets"):
        np.testing.assert_allclose(fg.fair_payments(utility, everybody, engine=engine).values, shapley, atol=1e-10)
    np.testing.assert_allclose(fg.payment_table(utility)[tuple(everybody)].values, shapley, atol=1e-10)
    np.testing.assert_allclose(fg.rules.Banzhaf()(utility, everybody), banzhaf, atol=1e-10)
    estimated = fg.fair_payments(utility, everybody, engine="permutations", budget=3_000 * n)
    far = np.abs(estimated.values - shapley) > 6 * estimated.standard_errors + 1e-10
    assert not (far & ~np.asarray(estimated.doubtful)).any()
