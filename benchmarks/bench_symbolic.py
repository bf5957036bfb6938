"""Time of the closed forms from a cold start: each derivation runs in a fresh Python process.

Bars: two users within 2 s, four users within 20 s, imports included; `import symbolic` loads SymPy at most.
"""

from __future__ import annotations

import subprocess
import sys
import time

CASES = (
    ("import symbolic", "import symbolic", None),
    ("import sympy", "import sympy", None),
    ("two users, symbolic utilities", "from symbolic import regimes; regimes.derive(2)", 2.0),
    (
        "two users, symbolic epsilon",
        "from symbolic import dp_mean, regimes; regimes.derive(2, dp_mean.utilities(2))",
        2.0,
    ),
    ("region map of two groups", "from symbolic import two_group_regions as t; t.region_map()", None),
    ("all errata verified", "from symbolic import errata; errata.verify_all()", None),
    ("three users, symbolic utilities", "from symbolic import regimes; regimes.derive(3)", None),
    ("four users, symbolic utilities", "from symbolic import regimes; regimes.derive(4)", 20.0),
    (
        "four users, DP mean, alpha*(3/10) with its root",
        "from symbolic import dp_mean, regimes;"
        "regimes.derive(4, dp_mean.utilities(4, 'inf')).alpha_star.at('3/10').evalf(15)",
        20.0,
    ),
)


def seconds(code: str) -> float:
    """Wall time of one fresh interpreter."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main() -> None:
    for label, code, bar in CASES:
        spent = seconds(code)
        verdict = "" if bar is None else f"  bar {bar:g} s: {'kept' if spent <= bar else 'MISSED'}"
        print(f"{label:50s} {spent:6.2f} s{verdict}")


if __name__ == "__main__":
    main()
