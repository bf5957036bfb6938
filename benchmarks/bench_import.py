"""Start-up: importing the package, and showing the command's help, each in fresh processes."""

import sys

from timing import claim, process, run

RUNS = 7
PYTHON = [sys.executable, "-c"]


def main():
    """Print both claims."""
    peers = process([*PYTHON, "import nashpy, pygambit"], RUNS)
    claim(
        "import fairgames",
        process([*PYTHON, "import fairgames"], RUNS),
        "import nashpy, pygambit",
        peers,
        most=0.1,
    )
    claim(
        "fairgames --help",
        process([*PYTHON, "from fairgames.cli.main import run; run()", "--help"], RUNS),
        "import nashpy, pygambit",
        peers,
        most=0.4,
    )


if __name__ == "__main__":
    run(main)
