"""All figures and tables of the paper by name."""

from __future__ import annotations

from importlib import import_module

from fairgames.errors import InputError
from fairgames.report.paper.plate import Plate

MODULES = {
    "fig1": "fig1_platform",
    "fig2": "fig2_levels",
    "fig3": "fig3_game",
    "fig4": "fig4_heterogeneity",
    "fig5": "fig5_payments",
    "fig6": "fig6_best_replies",
    "fig7": "fig7_landscape",
    "fig8": "fig8_regimes",
    "fig9": "fig9_two_groups",
    "tables": "tables",
}
"""Names that can be asked for, and the module of each."""


def names_of(wanted: str) -> tuple[str, ...]:
    """Turn what was asked for into names.

    Parameters
    ----------
    wanted : str
        A name, or ``"all"``.

    Returns
    -------
    tuple of str
        Names of `MODULES`.

    Raises
    ------
    InputError
        If there is no such figure.

    Examples
    --------
    >>> names_of("all")[:2], names_of("tables")
    (('fig1', 'fig2'), ('tables',))
    """
    if wanted == "all":
        return tuple(MODULES)
    if wanted not in MODULES:
        raise InputError("WHAT", f"must be one of {', '.join(MODULES)}, all", wanted)
    return (wanted,)


def plates_of(name: str) -> tuple[Plate, ...]:
    """Compute and draw one figure, or compute the tables.

    Parameters
    ----------
    name : str
        One of `MODULES`.

    Returns
    -------
    tuple of Plate
        What is to be written.
    """
    plates: tuple[Plate, ...] = import_module(f"fairgames.report.paper.{MODULES[name]}").plates()
    return plates
