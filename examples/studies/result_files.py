"""Where the studies leave their results: small CSV files that the documentation reads."""

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parents[2] / "docs" / "studies"


def write(name, rows):
    """Write rows (dictionaries with equal keys) with seven digits, and say so."""
    path = FOLDER / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(path, index=False, float_format="%.7g", lineterminator="\n")
    print(f"{path}: {len(rows)} rows")
