"""Start-up: importing the package, and showing the command's help, each in a fresh process."""

import statistics
import subprocess
import sys
import time

RUNS = 7


def median_seconds(command):
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    bare = median_seconds([sys.executable, "-c", "pass"])
    numpy = median_seconds([sys.executable, "-c", "import numpy"])
    package = median_seconds([sys.executable, "-c", "import fairgames"])
    peers = median_seconds([sys.executable, "-c", "import nashpy, pygambit"])
    command = median_seconds([sys.executable, "-c", "from fairgames.cli.main import run; run()", "--help"])
    print(f"median of {RUNS} fresh processes (an empty interpreter takes {bare:.2f} s)")
    print(f"  import numpy              {numpy:.2f} s")
    print(f"  import fairgames          {package:.2f} s, bar 0.3 s")
    print(f"  import nashpy, pygambit   {peers:.2f} s   ratio to fairgames {peers / package:.1f} x")
    print(f"  fairgames --help          {command:.2f} s, bar 0.6 s")


if __name__ == "__main__":
    main()
