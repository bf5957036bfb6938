"""What is served among users who are too many to go through one by one, and what is refused at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairgames.progress import stage

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.exactness import Number
    from fairgames.mechanism.optimum import Optimum
    from fairgames.spec.specification import Specification

MOST_ONE_BY_ONE = 1_000


def is_crowd(spec: Specification) -> bool:
    """Whether the users are too many to go through one by one."""
    return spec.n_users > MOST_ONE_BY_ONE


def require_few(spec: Specification, what: str, instead: str) -> None:
    """Refuse work on each user apart before it is begun.

    Raises
    ------
    SizeError
        If the users are too many; it says what is served instead.
    """
    from fairgames.errors import SizeError

    if is_crowd(spec):
        raise SizeError(
            f"{what} goes through users one by one, and serves up to {MOST_ONE_BY_ONE:,} of them; "
            f"{spec.source} has {spec.n_users:,}: {instead}"
        )


def require_few_for(spec: Specification, instead: str, **given: object) -> None:
    """Do so for each option that is given, by its name without dashes.

    Raises
    ------
    SizeError
        Naming the first of them.
    """
    for name, value in given.items():
        if value:
            require_few(spec, f"--{name}", instead)


@stage("looking for an equilibrium")
def settled_at(spec: Specification, alpha: Number) -> Optimum:
    """Find what a crowd settles on at one alpha, by best replies; without any constraint but this."""
    from fairgames.mechanism.optimal import optimal_alpha

    return optimal_alpha(
        spec.utility,
        spec.group_costs,
        actions=[group.choices for group in spec.groups],
        counts=spec.counts,
        alpha_range=(alpha, alpha),
    )


def print_settled(console: Console, spec: Specification, found: Optimum, alpha: Number) -> None:
    """Print the equilibrium of a crowd, and how it is certified."""
    from fairgames.cli.printing import print_payments
    from fairgames.report.tables import user_rows
    from fairgames.report.terminal import decimals, exactly, print_heading, print_lines

    title = "Not verified as an equilibrium" if found.warnings else "An equilibrium"
    print_heading(console, f"{title} at alpha = {exactly(alpha)}")
    if found.profile is None or found.payments is None:
        print_lines(console, [f"None was found: {found.infeasible}."])
        return
    worth, kept = decimals([found.utility, found.value])
    gain = 0.0 if found.regret is None else float(found.regret)
    print_lines(
        console,
        [
            f"The utility is {worth}; the platform keeps {kept}. "
            f"The most that anybody gains by deviating is {gain:.2g}, from payments computed again.",
            "Found by best replies of whole groups, the best for the platform of those met: "
            f"{spec.n_users:,} users have too many profiles to list every equilibrium.",
            *(f"Warning: {warning}" for warning in found.warnings),
        ],
    )
    rows = user_rows(spec, found.profile, found.payments, found.standard_errors)
    print_payments(console, "Payments there", rows, "samples")
