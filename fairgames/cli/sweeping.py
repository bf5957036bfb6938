"""``--sweep``: the optimum over any number of the specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairgames.progress import stage
from fairgames.reading import name_of

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.assessment.sweep import Sweep
    from fairgames.spec.specification import PlatformOptions, Specification

_MOST_POINTS = 10_000


@dataclass(frozen=True)
class SweepPlan:
    """A number of a specification, and the values that it is to have."""

    raw: Mapping[str, Any]
    spec: Path
    place: str
    values: Sequence[str]

    def at(self, value: str) -> Specification:
        """Build the specification with one of the values."""
        from fairgames.spec.load import build_specification
        from fairgames.spec.specification import changed

        name = f"{name_of(self.spec)} with {self.place} = {value}"
        return build_specification(changed(self.raw, self.place, value), self.spec.parent, name)


@stage("reading the specification at every value")
def planned(raw: Mapping[str, Any], spec: Path, text: str) -> SweepPlan:
    """Read ``--sweep``, and check that the specification is a specification at every value.

    Parameters
    ----------
    raw : mapping
        The specification as parsed.
    spec : Path
        Its file.
    text : str
        ``PLACE=FROM:TO:COUNT`` or ``PLACE=VALUE,VALUE,…``.

    Raises
    ------
    InputError, SpecificationError
        If the place or a value is not one.
    """
    from fairgames.errors import InputError

    plan = SweepPlan(raw, spec, *_parsed(text))
    try:
        for value in plan.values:
            plan.at(value)
    except InputError as error:
        raise InputError("--sweep", error.requirement, text) from None
    return plan


@stage("sweeping")
def swept(plan: SweepPlan, platform: PlatformOptions, jobs: int | None = None) -> Sweep:
    """Solve the specification at each value of one of its numbers.

    Parameters
    ----------
    plan : SweepPlan
        What to vary.
    platform : PlatformOptions
        What the platform asks for, at every value.
    jobs : int, optional
        Processes to use.

    Returns
    -------
    Sweep
        One optimum a value.
    """
    from dataclasses import replace

    from fairgames.assessment.sweep import sweep
    from fairgames.cli.solve import optimum_of
    from fairgames.mechanism.optimum import Optimum

    def solve(value: str) -> Optimum:
        return optimum_of(replace(plan.at(value), platform=platform))

    return sweep(solve, plan.values, name=plan.place, n_jobs=jobs)


def _parsed(text: str) -> tuple[str, list[str]]:
    from fractions import Fraction

    from fairgames.errors import InputError
    from fairgames.exactness import as_number

    place, equals, listed = text.rpartition("=")
    if not equals or not place.strip() or not listed.strip():
        example = "users[1].costs.direct=0:1:11 or utility.between_variance=1,2,4"
        raise InputError("--sweep", f"must be PLACE=FROM:TO:COUNT or PLACE=VALUE,VALUE, such as {example}", text)
    if ":" not in listed:
        return place.strip(), [value.strip() for value in listed.split(",")]
    parts = listed.split(":")
    if len(parts) != 3 or not parts[2].strip().isdigit() or not 2 <= int(parts[2]) <= _MOST_POINTS:
        raise InputError("--sweep", f"must end in FROM:TO:COUNT with 2 to {_MOST_POINTS:,} values", text)
    low, high = (Fraction(as_number(part, "--sweep")) for part in parts[:2])
    count = int(parts[2])
    return place.strip(), [str(low + (high - low) * step / (count - 1)) for step in range(count)]


def print_sweep(console: Console, spec: Specification, result: Sweep) -> None:
    """Print one row a value."""
    from fairgames.report.tables import profile_label
    from fairgames.report.terminal import decimals, print_table

    optima = result.optima
    columns = [
        [str(value) for value in result.values],
        decimals([optimum.alpha for optimum in optima], 6),
        decimals([optimum.value for optimum in optima]),
        decimals([optimum.utility for optimum in optima]),
        decimals([optimum.users_surplus for optimum in optima]),
        [
            optimum.infeasible or ("mixed" if optimum.profile is None else profile_label(spec, optimum.profile))
            for optimum in optima
        ],
    ]
    headers = (result.name.rsplit(".", 1)[-1], "alpha", "platform keeps", "utility", "users gain", "who does what")
    print_table(console, f"The optimum over {result.name}", headers, list(zip(*columns, strict=True)))
