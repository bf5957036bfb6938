"""``--bloc``: users that act together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.exactness import Number
    from fairgames.mechanism.optimum import Optimum
    from fairgames.spec.specification import Specification


def read_blocs(spec: Specification, entries: Sequence[str]) -> list[list[int]] | None:
    """Read ``--bloc``; the users that no bloc names act alone.

    Parameters
    ----------
    spec : Specification
        The users.
    entries : sequence of str
        Users by name, separated by commas, for each bloc.

    Returns
    -------
    list of list of int, or None
        The blocs that are named, then each other user; None when no bloc is named.

    Raises
    ------
    InputError
        If a name is not known, or stands twice.
    """
    from fairgames.errors import InputError

    if not entries:
        return None
    names = spec.user_names
    blocs = []
    for entry in entries:
        members = [name.strip() for name in entry.split(",")]
        for name in members:
            if name not in names:
                raise InputError("--bloc", f"must name users among {', '.join(names)}", name)
        blocs.append([names.index(name) for name in members])
    taken = [user for members in blocs for user in members]
    if len(set(taken)) < len(taken):
        raise InputError("--bloc", "must name each user once", "; ".join(entries))
    return blocs + [[user] for user in range(len(names)) if user not in taken]


def print_blocs(console: Console, spec: Specification, together: Optimum, blocs: Sequence[Sequence[int]]) -> Optimum:
    """Print what acting together changes.

    Parameters
    ----------
    console : Console
        Where to print.
    spec : Specification
        The users.
    together : Optimum
        When the blocs act together.
    blocs : sequence of sequence of int
        The blocs.

    Returns
    -------
    Optimum
        When everybody acts alone.
    """
    from fairgames.cli.solve import optimum_of
    from fairgames.report.columns import decimals
    from fairgames.report.terminal import print_table

    apart = optimum_of(spec)
    names = ["alpha", "the platform keeps"]
    amounts = [[apart.alpha, together.alpha], [apart.value, together.value]]
    for bloc in blocs:
        names.append(f"{' and '.join(spec.user_names[user] for user in bloc)} gain")
        amounts.append([_gain(optimum, bloc) for optimum in (apart, together)])
    rows = [(name, *decimals(pair)) for name, pair in zip(names, amounts, strict=True)]
    print_table(console, "What acting together changes", ("", "everybody alone", "blocs together"), rows)
    return apart


def _gain(optimum: Optimum, users: Sequence[int]) -> Number | None:
    if optimum.payments is None or optimum.costs is None:
        return None
    gains = optimum.payments - optimum.costs
    return sum(gains[user] for user in users)  # type: ignore[no-any-return]
