"""Time of the closed forms from a cold start: each derivation runs in a fresh Python process.

Bars: two users within 2 s, four users within 20 s, imports included; `import symbolic` loads SymPy at most.
"""

import sys

from timing import claim, process, run

CASES = (
    ("two users, symbolic utilities", "from symbolic import regimes; regimes.derive(2)", 2),
    (
        "two users, symbolic epsilon",
        "from symbolic import dp_mean, regimes; regimes.derive(2, dp_mean.utilities(2))",
        2,
    ),
    ("region map of two groups", "from symbolic import two_group_regions as t; t.region_map()", None),
    ("all errata verified", "from symbolic import errata; errata.verify_all()", None),
    ("three users, symbolic utilities", "from symbolic import regimes; regimes.derive(3)", None),
    ("four users, symbolic utilities", "from symbolic import regimes; regimes.derive(4)", 20),
    (
        "four users, DP mean, alpha*(3/10) with its root",
        "from symbolic import dp_mean, regimes;"
        "regimes.derive(4, dp_mean.utilities(4, 'inf')).alpha_star.at('3/10').evalf(15)",
        20,
    ),
)


def main():
    """Print all claims."""
    seconds = {module: process([sys.executable, "-c", f"import {module}"], 3) for module in ("symbolic", "sympy")}
    claim("import symbolic", seconds["symbolic"], "import sympy", seconds["sympy"])
    for name, code, bar in CASES:
        took = process([sys.executable, "-c", code])
        claim(name, took, "nothing else derives the regimes of these games", most=bar)


if __name__ == "__main__":
    run(main)
