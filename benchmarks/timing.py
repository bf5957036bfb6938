"""Timing, and the claims made of it: printed, and kept beside their peers for a table of the documentation."""

import csv
import io
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np

from fairgames.files import replace_file

ENOUGH = 3.0
SHORT = 0.1
TABLE = Path(__file__).parent.parent / "docs" / "studies" / "speed.csv"
COLUMNS = ("script", "work", "unit", "ours", "peer", "theirs", "ratio", "bar", "kept", "machine")
MACHINE = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}"

_claims = []


def least(function, *arguments, repeat=3, **options):
    """Shortest CPU time of a few calls, fewer where they take three seconds together, and the last answer."""
    took = []
    while sum(took) < ENOUGH and (len(took) < repeat or sum(took) < SHORT):
        start = time.process_time()
        answer = function(*arguments, **options)
        took.append(time.process_time() - start)
    return min(took), answer


def process(command, runs=1):
    """Median CPU time of fresh processes."""
    took = []
    for _ in range(runs):
        start = _of_children()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took.append(_of_children() - start)
    return statistics.median(took)


def _of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak(function, *arguments, **options):
    """Peak of the memory that Python and NumPy allocate, in MiB."""
    tracemalloc.start()
    function(*arguments, **options)
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return most


def claim(work, ours, peer, theirs=None, *, unit="CPU s", most=None, wins=None):
    """Print a measurement beside its peer's, and keep it.

    Less is better. The bar is the ``most`` that ours may be, or by what ratio ``theirs / ours`` it ``wins``. Where
    there is no peer, ``peer`` says why.
    """
    ratio = None if theirs is None else theirs / ours if ours else float("inf")
    bars = [(f"at most {most:g} {unit}", ours <= most)] if most is not None else []
    bars += [(f"ratio at least {wins:,g}", ratio >= wins)] if wins is not None else []
    bar, kept = " and ".join(text for text, _ in bars), all(kept for _, kept in bars)
    beside = f"{peer} {theirs:.3g}, ratio {ratio:,.3g}" if theirs is not None else f"alone: {peer}"
    verdict = f"; bar {bar}: {'kept' if kept else 'MISSED'}" if bars else ""
    print(f"  {work}: {ours:.3g} {unit}; {beside}{verdict}", flush=True)
    row = work, unit, ours, peer, theirs, ratio, bar, ("yes" if kept else "no") if bars else "", MACHINE
    _claims.append([f"{cell:.4g}" if isinstance(cell, float) else cell for cell in (Path(sys.argv[0]).stem, *row)])


def run(main):
    """Run a benchmark; once it has ended, its claims take the place of its earlier ones in the table."""
    main()
    script = Path(sys.argv[0]).stem
    with TABLE.open(newline="") if TABLE.exists() else io.StringIO() as text:
        rows = [list(row.values()) for row in csv.DictReader(text) if row["script"] != script] + _claims
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([COLUMNS, *sorted(rows, key=lambda row: row[0])])
    replace_file(TABLE, table.getvalue().encode())
