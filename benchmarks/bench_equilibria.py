"""Enumeration with certificates, beside nashpy, pygambit and quantecon, in one run.

Every row gives the time of one game and the number of equilibria found. `fairgames` returns all of
them, exact where the payoffs are, each with its certificate; the others return bare points, and may
miss some.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from fairgames import FairGame, FederatedMeanUtility, equilibria


def seconds(solve: Callable[[], Any], least: float = 0.3) -> tuple[float, int]:
    """Best of repeated runs, and the number of equilibria."""
    best, spent, found = float("inf"), 0.0, 0
    while spent < least:
        start = time.perf_counter()
        found = len(solve())
        best = min(best, time.perf_counter() - start)
        spent += time.perf_counter() - start
    return best, found


def peers(A: np.ndarray, B: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Each peer's enumeration of the game."""
    import nashpy
    import pygambit
    import quantecon.game_theory as qe

    floats = A.astype(float), B.astype(float)
    game = pygambit.StrategicGame.from_arrays(A, B)
    normal = qe.NormalFormGame((qe.Player(floats[0]), qe.Player(np.ascontiguousarray(floats[1].T))))
    return {
        "nashpy support enumeration": lambda: list(nashpy.Game(*floats).support_enumeration()),
        "nashpy vertex enumeration": lambda: list(nashpy.Game(*(M - M.min() + 1 for M in floats)).vertex_enumeration()),
        "pygambit enummixed, rational": lambda: pygambit.nash.enummixed_solve(game, rational=True).equilibria,
        "pygambit enummixed, double": lambda: pygambit.nash.enummixed_solve(game, rational=False).equilibria,
        "quantecon support enumeration": lambda: qe.support_enumeration(normal),
        "quantecon vertex enumeration": lambda: qe.vertex_enumeration(normal),
    }


def compare(title: str, A: np.ndarray, B: np.ndarray) -> None:
    """Print one game's table; ratios are peer / fairgames: 2x2 above 1 beside nashpy, 8x8 above 0.5 beside Gambit."""
    print(f"\n{title}")
    own, count = seconds(lambda: equilibria([A, B]))
    print(f"  {'fairgames, with certificates':32} {1000 * own:10.3f} ms   {count:3d} equilibria")
    for name, solve in peers(A, B).items():
        if name.startswith("quantecon"):
            solve()  # compiles
        taken, found = seconds(solve)
        missed = f", {count - found} missed" if found < count else ""
        print(f"  {name:32} {1000 * taken:10.3f} ms   {found:3d} equilibria{missed}   ratio {taken / own:.2f}")


def compare_more_users(title: str, games: list[Any]) -> None:
    """Print how many equilibria we and enumpoly find, median and slowest time, and how many games are decided."""
    print(f"\n{title}, {len(games)} games")
    for method in ("auto", "gambit-enumpoly"):
        taken, found, decided = [], 0, 0
        for game in games:
            start = time.process_time()
            result = equilibria(game, method=method)
            taken.append(1000 * (time.process_time() - start))
            found, decided = found + len(result), decided + result.complete
        times = f"{np.median(taken):10.3f} ms, slowest {max(taken):.3f} ms"
        print(f"  {method:32} {times}   {found:3d} equilibria; complete by proof in {decided} games")


def hospitals(n_games: int) -> list[FairGame]:
    """Three hospitals that differ, three levels."""
    rng, games = np.random.default_rng(0), []
    for _ in range(n_games):
        utility = FederatedMeanUtility(samples=rng.integers(5, 60, 3), between_variance=4.0, within_variance=48.0)
        costs = np.column_stack([np.zeros(3), np.sort(rng.uniform(0, 1.5, (3, 2)), axis=1)])
        games.append(FairGame(utility, costs, alpha=rng.uniform(0.1, 0.9)))
    return games


def main() -> None:
    warnings.simplefilter("ignore")
    print("bars: 2x2 ratio to nashpy support enumeration at least 1; 8x8 ratio to enummixed, rational, at least 0.5")
    third = Fraction(2, 3)
    c1, c2 = Fraction(3, 5), Fraction(11, 20)
    A = np.array([[0, 0], [third - c1, Fraction(1, 2) - c1]], dtype=object)
    B = np.array([[0, third - c2], [0, Fraction(1, 2) - c2]], dtype=object)
    compare("the paper's 2x2 game, (c1, c2)/alpha = (.6, .55), rational", A, B)
    compare("the same in floats", A.astype(float), B.astype(float))
    rng = np.random.default_rng(0)
    for size in (3, 5, 8):
        A, B = rng.integers(-50, 51, (2, size, size))
        compare(f"random integers, {size}x{size}", A, B)
    A, B = rng.normal(size=(2, 8, 8))
    compare("random floats, 8x8", A, B)
    A, B = rng.integers(0, 3, (2, 6, 6))
    compare("degenerate small integers, 6x6", A, B)
    print("\nbars in ms for more users: 2x2x2 20, 2x2x2x2 300, 3x3x3 3000, three hospitals of three levels 2000")
    for shape, n_games in (((2, 2, 2), 200), ((2, 2, 2, 2), 40), ((3, 3, 3), 20)):
        rng = np.random.default_rng(0)
        compare_more_users(f"random floats, {shape}", [[rng.normal(size=shape) for _ in shape] for _ in range(n_games)])
    rng = np.random.default_rng(0)
    compare_more_users("payoffs 0 and 1, (2, 2, 2)", [list(rng.integers(0, 2, (3, 2, 2, 2))) for _ in range(100)])
    compare_more_users("three hospitals, three levels", hospitals(20))


if __name__ == "__main__":
    main()
