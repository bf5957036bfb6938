"""Every equilibrium: against an independent enumerator, textbook games, and the paper's own game."""

from __future__ import annotations

import itertools
import pickle
from fractions import Fraction

import nashpy
import numpy as np
import pytest

from fairgames import FairGame, FairGamesError, InputError, equilibria
from fairgames.equilibrium.normal_form import as_normal_form
from fairgames.equilibrium.run import run_solver
from fairgames.equilibrium.solve import certified
from fairgames.equilibrium.solver import Notes, Solver
from fairgames.equilibrium.solvers import BUILT_IN
from fairgames.errors import SolverError
from fairgames.game import gambit


def strings(strategies):
    return tuple(tuple(map(str, strategy)) for strategy in strategies)


def component_strings(result):
    return [tuple(tuple(tuple(map(str, x)) for x in side) for side in component) for component in result.components]


def check_against(brute, pairs, A, B):
    result = equilibria([A, B])
    expected = brute(A, B)
    if not result.exact:
        expected = {tuple(tuple(map(float, strategy)) for strategy in pair) for pair in expected}
        found = pairs(result)
        assert len(found) == len(result) == len(expected)
        for pair in expected:
            assert any(
                np.abs(np.subtract(pair[0], x)).max() < 1e-9 and np.abs(np.subtract(pair[1], y)).max() < 1e-9
                for x, y in found
            )
    else:
        assert pairs(result) == expected
        assert len(result) == len(expected)
    assert result.complete
    assert result.warnings == ()
    in_components = {
        (tuple(x.tolist()), tuple(y.tolist())) for rows, columns in result.components for x in rows for y in columns
    }
    assert in_components == pairs(result)
    return result


def test_random_games_have_no_misses_and_no_extras(brute, pairs, random_games):
    for _, A, B in random_games(200, seed=11, largest=4):
        check_against(brute, pairs, A, B)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(9))
def test_thousands_of_random_games_have_no_misses_and_no_extras(brute, pairs, random_games, seed):
    for _, A, B in random_games(200, seed=100 + seed, largest=5):
        check_against(brute, pairs, A, B)


@pytest.mark.slow
def test_gambit_finds_the_same_on_random_games(pairs, random_games):
    for _, A, B in random_games(300, seed=5, largest=4):
        assert pairs(equilibria([A, B])) == pairs(equilibria([A, B], method="gambit-enummixed"))


@pytest.mark.parametrize(
    ("costs", "extreme_and_components"),
    [
        ((".6", ".55"), (3, 3)),
        (("2/3", "2/3"), (3, 2)),
        (("1/2", "1/2"), (3, 2)),
        (("2/3", "1/2"), (2, 2)),
        ((".6", "2/3"), (3, 2)),
        ((".6", "1/2"), (3, 2)),
    ],
)
def test_the_papers_game_at_interior_and_degenerate_points(paper_game, brute, pairs, costs, extreme_and_components):
    A, B = paper_game(*costs)
    result = check_against(brute, pairs, A, B)
    assert (len(result), len(result.components)) == extreme_and_components
    assert result.degenerate == (costs != (".6", ".55"))
    assert result.exact


def test_components_of_the_papers_game_where_both_are_indifferent_together(paper_game):
    # At c = alpha/2 a user that expects the other to take part is indifferent: each pure equilibrium
    # "one in, one out" extends until the one that is out begins to join.
    result = equilibria(paper_game("1/2", "1/2"))
    out, both = ("1", "0"), ("0", "1")
    assert component_strings(result) == [
        ((out, both), (both,)),
        ((both,), (out, both)),
    ]
    # At c = 2/3·alpha nobody gains by being alone: it is indifferent as long as the other stays out.
    result = equilibria(paper_game("2/3", "2/3"))
    assert component_strings(result) == [
        ((out, both), (out,)),
        ((out,), (out, both)),
    ]


def test_the_zero_game_is_one_component_of_four_points():
    result = equilibria([np.zeros((2, 2), dtype=int)] * 2)
    assert len(result) == 4
    assert component_strings(result) == [((("1", "0"), ("0", "1")), (("1", "0"), ("0", "1")))]
    assert not any(entry.is_isolated for entry in result)


def test_avis_rosenberg_savani_von_stengel_2010():
    A, B = [[3, 3], [2, 5], [0, 6]], [[3, 3], [2, 6], [3, 1]]
    result = equilibria([A, B])
    assert [strings(entry.strategies) for entry in result] == [
        (("1", "0", "0"), ("1", "0")),
        (("1", "0", "0"), ("2/3", "1/3")),
        (("0", "1/3", "2/3"), ("1/3", "2/3")),
    ]
    assert component_strings(result) == [
        ((("1", "0", "0"),), (("1", "0"), ("2/3", "1/3"))),
        ((("0", "1/3", "2/3"),), (("1/3", "2/3"),)),
    ]
    assert [entry.is_isolated for entry in result] == [False, False, True]
    assert result.degenerate


def test_the_lrslib_example(brute, pairs):
    A, B = [[0, 6], [2, 5], [3, 3]], [[1, 0], [0, 2], [4, 3]]
    result = check_against(brute, pairs, A, B)
    assert len(result) == 3
    assert [entry.index for entry in result if entry.is_pure] == [1]
    assert sum(entry.index for entry in result) == 1


IMPERFECT_RECALL = {
    "books/shohamleytonbrown2008/fig5_12",
    "books/vonstengel2022/fig10.7",
    "journals/geb/wichardt2008",
}


def test_every_two_player_game_of_gambits_catalog(pairs):
    import pygambit
    from pygambit import catalog

    solved = 0
    for slug in catalog.games(n_players=2)["Game"]:
        game = catalog.load(slug)
        if slug in IMPERFECT_RECALL:
            with pytest.raises(InputError, match="perfect recall"):
                equilibria(game)
            continue
        result = equilibria(game)
        assert result.complete
        gambits = {
            tuple(tuple(Fraction(p.numerator, p.denominator) for _, p in profile[player]) for player in game.players)
            for profile in pygambit.nash.enummixed_solve(game).equilibria
        }
        assert pairs(result) == gambits
        solved += 1
    assert solved > 25


def test_certificates_are_what_they_say():
    result = equilibria([[["2/3", 0], [0, 1]], [[1, 0], [0, "2/3"]]])
    mixed = result[1]
    assert strings(mixed.strategies) == (("2/5", "3/5"), ("3/5", "2/5"))
    assert mixed.payoffs == (Fraction(2, 5), Fraction(2, 5))
    assert mixed.regret == 0
    assert isinstance(mixed.regret, Fraction)
    assert mixed.supports == ((0, 1), (0, 1))
    assert mixed.profile is None
    assert result[0].profile == (0, 0)
    assert result[0].is_pure
    assert not mixed.is_pure
    assert [entry.index for entry in result] == [1, -1, 1]


def test_results_are_plain(paper_game):
    game = paper_game(".6", "2/3")
    result = equilibria(game)
    assert pickle.loads(pickle.dumps(result)) == result == equilibria(game)
    assert hash(result) == hash(equilibria(game))
    assert result != equilibria(paper_game(".6", ".55"))
    assert "degenerate" in repr(result)
    assert result._repr_html_().startswith("<table>")


def test_input_forms_agree(pairs):
    A, B = np.array([[3.0, 0.0, 1.0], [5.0, 1.0, 0.0]]), np.array([[3.0, 5.0, 0.0], [0.0, 1.0, 2.0]])
    expected = pairs(equilibria([A, B]))
    assert pairs(equilibria((A, B))) == expected
    assert pairs(equilibria(np.stack([A, B]))) == expected
    assert pairs(equilibria(nashpy.Game(A, B))) == expected
    exact = equilibria(gambit.to_gambit([A, B]))
    assert exact.exact
    assert {tuple(tuple(map(float, x)) for x in pair) for pair in pairs(exact)} == expected


def test_levels_of_a_fair_game_are_reported():
    game = FairGame([[0, "2/3", "2/3"], ["2/3", 1, 1], ["2/3", 1, 1]], costs=[0, "inf", "3/5"], actions=None)
    result = equilibria(game)
    assert {entry.profile for entry in result} == {(0, 2), (2, 0), None}
    assert result.actions == ((0, 2), (0, 2))
    assert result.action_labels[0] == ("level 0", "level 2")


def test_ties_that_rounding_breaks_are_announced_and_restored(paper_game, pairs):
    A, B = paper_game("2/3", "2/3")
    rounded = [np.array(A, dtype=float) + np.array([[0, 0], [1e-16, 0]]), np.array(B, dtype=float)]
    result = equilibria(rounded)
    assert "rationalize" in result.warnings[0]
    assert result.rationalized is None
    restored = equilibria(rounded, rationalize=1e-12)
    assert pairs(restored) == pairs(equilibria([A, B]))
    assert restored.exact
    assert 0 < restored.rationalized <= Fraction(1, 10**12)
    for entry in restored:
        floats = [strategy.astype(float) for strategy in entry.strategies]
        gain = max((rounded[0] @ floats[1]).max() - floats[0] @ rounded[0] @ floats[1], 0)
        assert gain <= 2 * restored.rationalized + 1e-15


PENNIES = [[1.0, -1.0], [-1.0, 1.0]]


@pytest.mark.parametrize(
    ("third_row", "announced"),
    [([0.0, 0.0], False), ([0.0, -1e-13], True), ([0.0, -1.0], False)],
)
def test_near_ties_against_mixed_strategies_are_told_from_ties(third_row, announced):
    A = np.array([*PENNIES, third_row])
    B = np.array([[-1.0, 1.0], [1.0, -1.0], [3.0, -3.0]])
    result = equilibria([A, B])
    assert any("rationalize" in warning for warning in result.warnings) == announced
    assert result.degenerate == (third_row == [0.0, 0.0])


def test_probabilities_within_rounding_of_zero_are_kept_and_announced():
    result = equilibria([np.diag([1.0, 1e10]), np.diag([1e10, 1.0])])
    assert len(result) == 3
    assert result.complete
    assert 0 < min(result[1].strategies[0]) < 1e-9
    assert "rationalize" in result.warnings[0]


def brute_pure(payoffs):
    shape = payoffs[0].shape
    for profile in itertools.product(*map(range, shape)):
        if all(
            payoffs[i][profile] >= max(payoffs[i][(*profile[:i], a, *profile[i + 1 :])] for a in range(shape[i]))
            for i in range(len(shape))
        ):
            yield profile


@pytest.mark.parametrize("shape", [(2, 2, 2), (2, 3, 2), (2, 2, 2, 2), (3, 3, 3, 3)])
def test_more_users_get_every_pure_equilibrium(shape):
    rng = np.random.default_rng(sum(shape))
    for _ in range(5):
        payoffs = [rng.integers(0, 4, shape) for _ in shape]
        result = equilibria(payoffs, method="pure")
        assert [entry.profile for entry in result] == list(brute_pure(payoffs))
        assert not result.complete
        assert result.searched == "all pure profiles"


def test_rounding_hides_no_pure_equilibrium():
    A, B = np.array([[0.1 + 0.2, 1.0], [0.3, 0.0]]), np.zeros((2, 2))
    result = equilibria([A, B], method="pure")
    assert [entry.profile for entry in result] == [(0, 0), (0, 1), (1, 0)]
    assert "rounding" in result.warnings[0]


def test_three_users_get_every_equilibrium():
    rng = np.random.default_rng(4)
    for _ in range(10):
        result = equilibria([rng.normal(size=(2, 2, 2)) for _ in range(3)])
        assert result.method == "pure+supports"
        assert result.complete
        assert "support by support" in result.searched
        assert len(result) % 2 == 1
        assert result.warnings == ()
        assert all(entry.is_isolated for entry in result)


def pure_only(payoffs, found):
    for action in ([1.0, 0.0], [0.0, 1.0]):
        found((action, action, action))


def test_an_even_number_of_isolated_equilibria_is_announced():
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[1, 1, 1] = 1.0
    result = equilibria([P] * 3, method=Solver("pure only", pure_only, "isolated"))
    assert len(result) == 2
    assert "Wilson 1971" in result.warnings[0]


def test_one_equilibrium_of_many_users():
    game = FairGame([[[0, 1], [1, 2]], [[1, 2], [2, 4]]], costs=[0, "3/10"])
    result = equilibria(game, method="best-reply")
    assert result[0].profile == (1, 1, 1)
    assert result[0].regret == 0


def nonsense(payoffs, found):
    found(([0.5, 0.6], [1.0, 0.0]))
    found(([float("nan"), 1.0], [1.0, 0.0]))
    found(([1.0], [1.0, 0.0]))
    found((["a", 0], [1.0, 0.0]))
    found(None)
    found(([1.0, 0.0], [0.0, 1.0]))
    found(([1.0, 0.0], [1.0, 0.0]))
    found(([1.0, 1e-12], [1.0, 0.0]))
    return Notes(None, ("a note",))


def test_nothing_ill_formed_gets_out():
    liar = Solver("liar", nonsense, "complete", exact=True)
    result = equilibria([np.eye(2), np.eye(2)], method=liar)
    assert [entry.profile for entry in result] == [(0, 0)]
    assert not result.complete
    assert result.warnings[0] == "a note"
    text = " ".join(result.warnings)
    assert "5 of the solver's profiles were not probabilities" in text
    assert "1 of the solver's profiles were not equilibria" in text
    assert "1 of the solver's profiles were repetitions" in text


def nearly_pure(payoffs, found):
    found((np.array([1 - 1e-8, 1e-8]), np.array([1 - 1e-8, 1e-8])))


def test_a_badly_converged_profile_is_no_second_equilibrium():
    plan = [Solver("near", nearly_pure, "one"), BUILT_IN["pure"]]
    for payoffs in ([np.eye(2), np.eye(2)], [[[1, 0], [0, 1]]] * 2):
        form = as_normal_form(payoffs)
        result = certified(form, plan, [run_solver(solver, form.payoffs) for solver in plan])
        assert [entry.profile for entry in result] == [(0, 0), (1, 1)]


def first_only(payoffs, found):
    found((np.array([1.0, 0.0]), np.array([1.0, 0.0])))
    found((np.array([0.0, 1.0]), np.array([0.0, 1.0])))


def test_the_index_sum_reveals_a_missing_equilibrium():
    result = equilibria([np.eye(2), np.eye(2)], method=Solver("first", first_only, "complete", exact=True))
    assert not result.complete
    assert result.components == ()
    assert "add up to 2 instead of 1" in result.warnings[-1]


def finds_nothing(payoffs, found):
    return Notes(True)


@pytest.mark.parametrize("method", ["pure", Solver("nothing", finds_nothing, "complete", exact=True)])
def test_finding_nothing_is_never_called_complete(method):
    result = equilibria([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], method=method)
    assert len(result) == 0
    assert not result.complete
    assert "Nash 1950" in result.warnings[-1]


@pytest.mark.parametrize("following", [True, False])
def test_of_many_supports_one_equilibrium_is_found_when_none_is_pure(monkeypatch, following):
    """Each player wants to do as the next one does, but the last wants to differ from the first."""
    monkeypatch.setattr("fairgames.equilibrium.solve._MOST_SUPPORTS", 10)
    if not following:
        monkeypatch.setitem(BUILT_IN, "gambit-logit", Solver("gambit-logit", finds_nothing, "one"))
    payoffs = np.zeros((3, 2, 2, 2), dtype=int)
    for x, y, z in itertools.product(range(2), repeat=3):
        payoffs[:, x, y, z] = (2 + x) * (x == y), (3 - y) * (y == z), (1 + z) * (z != x)
    result = equilibria(list(payoffs))
    assert result.method == "pure+gambit-logit" + "+gambit-simpdiv" * (not following)
    assert not result.complete
    # Indifference of players 1, 2, 3: 2 y0 = 3 y1, 3 z0 = 2 z1, x1 = 2 x0.
    for own, expected in zip(result[0].strategies, ([1 / 3, 2 / 3], [3 / 5, 2 / 5], [2 / 5, 3 / 5]), strict=True):
        np.testing.assert_allclose(np.asarray(own, dtype=float), expected, atol=1e-7)


def fails(payoffs, found):
    raise RuntimeError("out of luck")


A, Z = [[1, 0], [0, 1]], np.zeros((2, 2, 2))


@pytest.mark.parametrize(
    ("game", "options", "kind", "message"),
    [
        ([A, [[1, 0]]], {}, InputError, r"payoffs\[1\].*shape \(2, 2\)"),
        ([A, [[[1, 0]]]], {}, InputError, r"payoffs\[1\].*one axis for each of the 2"),
        ([A, [[1, 0], [0]]], {}, InputError, "rectangular"),
        ([A, [[1, 0], [0, float("nan")]]], {}, InputError, r"payoffs\[1\]\[1, 1\].*NaN"),
        ([A, [[1, 0], [0, float("inf")]]], {}, InputError, "finite"),
        ([A, [[True, False], [False, True]]], {}, InputError, "boolean"),
        ([A, [["a", 0], [0, 1]]], {}, InputError, "must be a number"),
        ([A], {}, InputError, "at least two players"),
        ([[1, 2]], {}, InputError, "at least two players"),
        ([], {}, InputError, "at least two players"),
        ("matrix", {}, InputError, "FairGame"),
        (3, {}, InputError, "FairGame"),
        ([np.zeros((0, 2)), np.zeros((0, 2))], {}, InputError, "at least one action"),
        ([A, A], {"method": "lemke"}, SolverError, "gambit-enummixed.*got 'lemke'"),
        ([A, A], {"method": 3}, SolverError, "'auto'"),
        ([Z, Z, Z], {"method": "vertices"}, SolverError, "2 players.*use 'auto' or one of .*pure"),
        ([Z, Z, Z], {"method": "nashpy-support"}, SolverError, "2 players"),
        ([[[1, 2, 3]], [[1, 2, 3]]], {"method": "two-action"}, SolverError, "2 actions a player"),
        ([[[1, 2, 3]], [[1, 2, 3]]], {"method": "nashpy-vertex"}, SolverError, "2 or more actions.*one of vertices"),
        ([A, A], {"method": Solver("bad", fails, "one")}, SolverError, "'bad' failed: RuntimeError: out of luck"),
        ([A, A], {"timeout": 0}, InputError, "timeout.*positive"),
        ([A, A], {"timeout": "soon"}, InputError, "timeout"),
        ([A, A], {"rationalize": 0}, InputError, "rationalize.*positive"),
    ],
)
def test_bad_input_gets_one_error_that_names_the_way_out(game, options, kind, message):
    with pytest.raises(FairGamesError, match=message) as caught:
        equilibria(game, **options)
    assert type(caught.value) is kind


@pytest.mark.parametrize("seed", range(6))
def test_scales_baselines_and_names_of_actions_change_nothing(pairs, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.integers(-3, 4, (2, 3, 4))
    expected = pairs(equilibria([A, B]))
    moved = [[Fraction(7, 3) * int(v) for v in row] for row in A + rng.integers(-9, 9, 4)[None, :]]
    assert pairs(equilibria([moved, B * 5 + rng.integers(-9, 9, 3)[:, None]])) == expected
    rows, columns = rng.permutation(3), rng.permutation(4)
    permuted = pairs(equilibria([A[np.ix_(rows, columns)], B[np.ix_(rows, columns)]]))
    assert permuted == {(tuple(x[i] for i in rows), tuple(y[j] for j in columns)) for x, y in expected}
    assert pairs(equilibria([B.T, A.T])) == {(y, x) for x, y in expected}
