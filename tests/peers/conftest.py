"""Say in one table how our engines stand against other people's cases."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

INCOMPLETE = "incomplete, and not claimed to be complete"
SHORTFALL = "known shortfall of ours"
collect_ignore = ["pydvl_games.py"]  # runs in another environment


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def incomplete(record_property):
    """Pass, but be counted apart: equilibria are missing, and the result does not claim otherwise."""
    return lambda why: record_property(INCOMPLETE, why)


def pytest_terminal_summary(terminalreporter):
    counts, named = defaultdict(Counter), []
    for outcome in ("passed", "failed", "error", "skipped", "xfailed"):
        for report in terminalreporter.stats.get(outcome, []):
            file, _, case = report.nodeid.partition("::")
            peer = Path(file).stem.removeprefix("test_")
            why = dict(getattr(report, "user_properties", ())).get(INCOMPLETE)
            counts[peer][INCOMPLETE if why else SHORTFALL if outcome == "xfailed" else outcome] += 1
            if why:
                named.append(f"{INCOMPLETE}: {peer} {case}: {why}")
            elif outcome == "xfailed":
                named.append(f"{SHORTFALL}: {peer} {case}: {report.wasxfail.removeprefix('reason: ')}")
            elif outcome == "skipped":
                named.append(f"skipped: {peer} {case}: {report.longrepr[2].removeprefix('Skipped: ')}")
            elif outcome != "passed":
                named.append(f"{outcome}: {peer} {case}")
    terminalreporter.section("other people's cases")
    for line in sorted(named):
        terminalreporter.line(line)
    for peer, tally in sorted(counts.items()):
        columns = ("passed", INCOMPLETE, SHORTFALL, "failed", "error", "skipped")
        terminalreporter.line(f"{peer}: " + "; ".join(f"{tally[what]} {what}" for what in columns if tally[what]))
