"""Shortest time and peak memory of a call."""

import time
import tracemalloc

ENOUGH = 3.0


def least(function, *arguments, repeat=3, **options):
    """Shortest of a few timings, fewer when they take more than three seconds together, and the last answer."""
    took = []
    while len(took) < repeat and sum(took) < ENOUGH:
        start = time.perf_counter()
        answer = function(*arguments, **options)
        took.append(time.perf_counter() - start)
    return min(took), answer


def peak(function, *arguments, **options):
    """Peak of the memory that Python and NumPy allocate, in MiB."""
    tracemalloc.start()
    function(*arguments, **options)
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return most


def verdict(value, bar):
    """Say whether a measurement keeps its bar."""
    return "kept" if value <= bar else "MISSED"
