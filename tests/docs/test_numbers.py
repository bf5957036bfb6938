"""Numbers typed in the pages' prose: each is recomputed and looked up, and no other number may be typed."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path

import pytest
from sympy import latex

import fairgames as fg
from fairgames.audit import definitions
from fairgames.cli import frame as status
from fairgames.mechanism.crowds import gains
from fairgames.payments import pricing as engines
from fairgames.payments.engines import permutations
from fairgames.report.paper.ten_users import with_a_star
from fairgames.utility import federated_integrals
from symbolic import dp_mean

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {"_build", "auto_examples", "generated", "jupyter_execute"}
TEXTS = sorted(path for path in (ROOT / "docs").rglob("*.md") if not GENERATED & set(path.parts))
SCRIPTS = sorted((ROOT / "examples" / "gallery").glob("plot_*.py"))
PAGES = [path.relative_to(ROOT).as_posix() for path in [*TEXTS, *SCRIPTS]]

TWO = [[0, "2/3"], ["2/3", 1]]


def prose(page):
    """What a reader reads of a page apart from code, formulas, and the lines of a table's frame."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if page.endswith(".py"):
        parts = [text.split('"""')[1]]
        parts += [line[1:] for line in text.splitlines() if line.startswith("#") and not line.startswith("# %%")]
        return " ".join(" ".join(parts).split())
    text = re.sub(r"\A---\n.*?\n---\n", " ", text, flags=re.DOTALL)
    text = re.sub(r"^(`{3,}).*?^\1", " ", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^(:{3,}|:[a-z-]+:).*$", " ", text, flags=re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    return " ".join(text.split())


def words(number):
    """A number as prose rounds it: ``"a million"`` for 2²⁰."""
    return {6: "a million", 8: "hundreds of millions"}[math.floor(math.log10(number))]


def schools():
    return len(
        fg.fit_federated_mean(ROOT / "examples" / "data" / "math_achieve.csv", group="School", value="MathAch").samples
    )


def mean():
    return fg.DPMeanUtility([0, "inf"], n_users=2)


def threshold():
    bound = dp_mean.assumption_range(2).inf
    return rf"\epsilon \ge {latex(bound).replace(' ', '')} \approx {float(bound):.2f}"


def diverging_costs():
    """Smallest cost on a grid at which Fig. 8's symmetric equilibrium and Fig. 9's best one part."""
    costs = [Fraction(step, 60) for step in range(1, 40)]
    values = [(c, fg.symmetric_mechanism(mean(), c).value, fg.optimal_alpha(TWO, [0, c]).value) for c in costs]
    return max(c for c, symmetric, best in values if symmetric == best and c < Fraction(1, 2))


def price_of_fairness_of_identical_users():
    (price,) = {fg.optimal_alpha(TWO, [0, Fraction(step, 10)]).price_of_fairness for step in range(1, 6)}
    return price


COMPUTED = {
    "docs/index.md": [lambda: f"{schools()} schools"],
    "docs/explanation/exactness.md": [lambda: f"there is {Fraction('0.2')}."],
    "docs/explanation/fairness-is-free.md": [lambda: f"it is exactly {price_of_fairness_of_identical_users()}."],
    "docs/explanation/selection.md": [lambda: f"costs above {diverging_costs()} they do not"],
    "docs/explanation/potential.md": [
        # Ten users, three levels: one term for each user, profile, and subset of the others.
        lambda: f"ten users with three levels need {words(10 * 3**10 * 2**9)} of terms",
    ],
    "docs/how-to/many-users.md": [
        lambda: f"Twenty different users have {words(2**20)} coalitions",
        lambda: f"up to about {int(math.log2(engines._MOST_STATES))} different users",
        lambda: f"groups with up to {words(engines._MOST_STATES)} states of counts",
        lambda: f"up to {federated_integrals._MOST_PRESENT:,} different users of the federated mean",
        lambda: f"up to {engines._MOST_GROUPS} groups, or {engines._MOST_GROUPS_OF_A_CROWD} of a crowd",
        lambda: f"up to {permutations.MOST_PERMUTED:,} different users",
        lambda: f"[{schools()} schools",
        lambda: f"Up to {gains.MOST_DIFFERENT:,} users who are all different",
    ],
    "docs/how-to/read-a-certificate.md": [
        lambda: f"and the exit status is {status.CHECK_FAILED}",
        lambda: f"up to {definitions.MOST_USERS} users and {definitions.MOST_PROFILES:,} profiles",
    ],
    "docs/reference/command-line.md": [
        lambda: (
            f"The exit status is 0 when the question was answered, {status.CHECK_FAILED} when a check failed, "
            f"{status.BAD_INPUT} for bad input, and {status.INCOMPLETE} when the answer is incomplete"
        ),
    ],
    "docs/reference/errors.md": [
        lambda: f"| {status.CHECK_FAILED} | a check failed",
        lambda: f"| {status.BAD_INPUT} | bad input",
        lambda: f"| {status.INCOMPLETE} | incomplete",
    ],
    "docs/reference/specification.md": [lambda: f"is {Fraction('0.2')}, and"],
    "examples/gallery/plot_1_private_mean.py": [lambda: f"One person alone brings {mean()((1, 0))} of what"],
    "examples/gallery/plot_4_schools.py": [
        lambda: f"{schools()} schools, each of them",
        lambda: f"pupils of {schools()} schools",
    ],
    "examples/gallery/plot_8_when_theorem_3_fails.py": [threshold],
}
"""Phrases of the pages with a number in them that comes from code, each computed here."""

GIVEN = {
    "docs/explanation/architecture.md": ["float64"],
    "docs/explanation/exactness.md": ["2/3 − 2/3 may come out as 1e-16", "A regret of 0 in rationals is a proof"],
    "docs/explanation/fairness-is-free.md": ["It is at least 1.", "absent it earns 0"],
    "docs/explanation/model.md": ["between 0 and 1"],
    "docs/explanation/errata.md": ["between 0 and"],
    "docs/explanation/limits.md": ["up to 4,"],
    "docs/explanation/potential.md": ["User 1's"],
    "docs/how-to/own-utility.md": ["nobody present is worth 0", "utility of 0, 1, 2, …"],
    "docs/how-to/read-a-certificate.md": ["regret 0", "all indices add up to 1"],
    "docs/reference/errors.md": ["outside [0, 1]", "not 0 when", "| 0 | answered"],
    "docs/reference/specification.md": ["utility of 0, 1, …"],
    "docs/reference/symbols.md": ["user 1 on the rows and user 2 on", "moving alone; 0 at"],
    "docs/tutorial/index.md": [
        "a physician's score from 0 to 100",
        "| 0 | absent |",
        "| 1 | federated |",
        "| 2 | direct |",
        "number the hospitals from 0",
        "With no data it is 0",
        "fraction 1 − alpha",
        "where it is 0, the hospital",
        "*factor to* 1 says",
    ],
}
"""Phrases with numbers that are definitions or inputs, and come from no computation."""

NAMES = re.compile(
    r"\b(?:[Ff]igs?\.?|[Ff]igures?|[Tt]heorems?|[Ss]ections?|[Ee]qs?\.|[Ll]evels?|[Ss]teps?|index|[Tt]able)"
    r" \d+[a-z]?(?:(?: and | to |, )\d+[a-z]?)*|searle1992|\b95 %|\b90 %|:math:[^`]*`[^`]*`|^\d\. | \d\. (?=\**[A-Z])"
)
"""Numbers that are names: of figures, theorems, levels; the level of an interval; formulas; items of lists."""


@pytest.mark.parametrize(("page", "phrase"), [(page, phrase) for page, all_ in COMPUTED.items() for phrase in all_])
def test_a_typed_number_is_the_computed_one(page, phrase):
    assert phrase() in re.sub(r" +", " ", prose(page))


@pytest.mark.parametrize("page", PAGES)
def test_no_other_number_is_typed(page):
    text = prose(page)
    known = [phrase() for phrase in COMPUTED.get(page, [])] + GIVEN.get(page, [])
    for phrase in known:
        assert phrase in text, phrase
        text = text.replace(phrase, " ")
    text = NAMES.sub(" ", text)
    found = [text[max(0, hit.start() - 40) : hit.end() + 40] for hit in re.finditer(r"\d+", text)]
    assert not found, "say in COMPUTED how each comes about, print it in the page, or write without it"


def test_the_guard_sees_a_new_number(tmp_path):
    assert re.search(r"\d", NAMES.sub(" ", "the platform keeps 37.56 at level 2"))
    assert not re.search(r"\d", NAMES.sub(" ", "see Figs. 6 and 7, level 2, Theorem 1"))


def test_a_star_takes_almost_everything_and_matters_a_hundred_times_as_much():
    text = prose("docs/explanation/paper-figures.md")
    assert "One user matters a hundred times as much as each other" in text
    assert "If users differ and the star shares directly, it takes almost everything" in text
    assert with_a_star()[0].star_share > 0.9
