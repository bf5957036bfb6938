"""Profiles in short: a letter a user where levels can be told apart by a letter, counts for many users."""

from __future__ import annotations

from collections.abc import Sequence

from fairgames.spec.specification import Specification

MOST_LETTERS = 30


def profile_label(spec: Specification, profile: Sequence[int]) -> str:
    """Write a profile on one line.

    Parameters
    ----------
    spec : Specification
        The levels' names.
    profile : sequence of int
        Level of each user.

    Returns
    -------
    str
        ``"AFDD"``, one letter a user, or ``"3 absent, 97 direct"`` for more than 30 users.
    """
    if len(profile) <= MOST_LETTERS:
        letters = level_letters(spec.levels)
        return "".join(letters[level] for level in profile)
    counts = [(sum(1 for level in profile if level == index), name) for index, name in enumerate(spec.levels)]
    return ", ".join(f"{count:,} {name}" for count, name in counts if count)


def level_letters(levels: Sequence[str]) -> tuple[str, ...]:
    """One letter for each level: initials where they differ, otherwise numbers.

    Examples
    --------
    >>> level_letters(["absent", "federated", "direct"]), level_letters(["absent", "all"])
    (('A', 'F', 'D'), ('0', '1'))
    """
    initials = tuple(name[0].upper() for name in levels)
    if len(set(initials)) == len(levels):
        return initials
    return tuple("0123456789abcdefghijklmnopqrstuvwxyz"[index % 36] for index in range(len(levels)))


def letter_key(levels: Sequence[str]) -> str:
    """Say what the letters stand for.

    Examples
    --------
    >>> letter_key(["absent", "direct"])
    'A = absent, D = direct'
    """
    pairs = zip(level_letters(levels), levels, strict=True)
    return ", ".join(f"{letter} = {name}" for letter, name in pairs)
