"""The main job on two real consortia: from patients' records to what the platform should pay.

Runs the commands that a user would type, and draws the contrast between hospitals that are alike and
hospitals that differ. Figures and JSON go to the folder demo-output/.
"""

import os
import subprocess
import sys
from pathlib import Path

import fairgames as fg
from fairgames.files import Output
from fairgames.report.figures import contrast_figure
from fairgames.report.style import save_figure

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "demo-output"
COMMAND = Path(sys.executable).with_name("fairgames")
CONSORTIA = {
    "lung": ("institution", "ph.karno"),
    "periodontal": ("clinic", "BMI"),
}


def run(*arguments: object) -> None:
    words = [os.path.relpath(word, HERE.parent) if isinstance(word, Path) else str(word) for word in arguments]
    print(f"\n$ fairgames {' '.join(words)}\n", flush=True)
    subprocess.run([COMMAND, *words], check=True, cwd=HERE.parent)


def main() -> None:
    OUT.mkdir(exist_ok=True)
    for name, (group, value) in CONSORTIA.items():
        run("fit", HERE / "data" / f"{name}.csv", "--group", group, "--value", value)
        results = ["--figure", OUT / f"{name}.png", "--json", OUT / f"{name}.json", "--force"]
        run("solve", HERE / f"{name}.toml", "--unit", "patients", "--words", *results)
    compare()


def compare() -> None:
    """Say what differs between the two consortia, and draw it."""
    print("\nThe contrast\n")
    optima, titles = [], []
    for name in CONSORTIA:
        spec = fg.load(HERE / f"{name}.toml")
        optimum = fg.optimal_alpha(spec)
        chosen = [spec.levels[level] for level in optimum.profile]
        counts = ", ".join(f"{chosen.count(level)} {level}" for level in spec.levels)
        print(f"{spec.title}:\n  pay out {optimum.alpha_text} of the utility; {counts}.")
        optima.append(optimum)
        titles.append(spec.title)
    save_figure(contrast_figure(optima, titles), Output(OUT / "contrast.png", force=True))
    print(
        "\nWhere hospitals are alike, any patient's record helps everybody: cheap, aggregated data from the larger"
        "\nhospitals is enough. Where they differ, a hospital's own patients are needed, shared directly, and paid for."
        f"\n\nFigures and results: {os.path.relpath(OUT)}/"
    )


if __name__ == "__main__":
    main()
