"""The explorer in a real browser: a new position computed and drawn, beside the search of the same game in Python."""

import shutil
import statistics
import tempfile
from pathlib import Path

import numpy as np
from timing import claim, least, run

import fairgames as fg
from fairgames.explorer.page import page

FRAMES = """async () => {
  const slider = document.querySelector("main div").shadowRoot.querySelectorAll("input[type=range]")[4];
  const took = [];
  for (let step = 1; step <= 25; step += 1) {
    slider.value = (slider.max * step) / 50;
    const start = performance.now();
    slider.dispatchEvent(new Event("input"));
    took.push(performance.now() - start);
    await new Promise(requestAnimationFrame);
  }
  return took.slice(5);
}"""


def scenario(n_users, n_levels):
    """Different users whose utility is concave in what they share."""
    levels = np.indices((n_levels,) * n_users).reshape(n_users, -1)
    worth = np.sqrt(levels.T @ np.linspace(1, 2, n_users)).reshape((n_levels,) * n_users)
    return fg.Scenario(worth, np.arange(n_levels) * np.linspace(0.05, 0.1, n_users)[:, None])


def main():
    """Print both sizes."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ["chromium-headless-shell", "chromium"])), None)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for n_users, most in ((8, 0.016), (10, 0.1)):
            asked = scenario(n_users, 3)
            path = Path(folder) / "page.html"
            path.write_text(page(asked), "utf-8")
            shown = browser.new_page()
            shown.goto(path.as_uri())
            took = statistics.median(shown.evaluate(FRAMES)) / 1000
            peer, _ = least(fg.optimal_alpha, asked)
            size = path.stat().st_size / 1e6
            claim(f"a frame at 3^{n_users} profiles", took, "optimal_alpha in Python", peer, unit="s", most=most)
            claim(f"the page at 3^{n_users} profiles", size, "one file, no network", unit="MB", most=2)
        browser.close()


if __name__ == "__main__":
    run(main)
