"""Profiles in short: a letter a user where levels can be told apart by a letter, counts for many users."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from fairgames.spec.specification import Specification

MOST_LETTERS = 30


def profile_label(spec: Specification, profile: ArrayLike) -> str:
    """Write a profile on one line.

    Parameters
    ----------
    spec : Specification
        The levels' names.
    profile : array_like of int
        Level of each user, or ``counts[type, level]``.

    Returns
    -------
    str
        ``"AFDD"``, one letter a user, or ``"3 absent, 97 direct"`` for more than 30 users.
    """
    levels = np.asarray(profile, dtype=np.intp)
    if levels.ndim == 1 and levels.size <= MOST_LETTERS:
        letters = level_letters(spec.levels)
        return "".join(letters[level] for level in levels.tolist())
    counts = levels.sum(axis=0) if levels.ndim == 2 else np.bincount(levels, minlength=len(spec.levels))
    return ", ".join(f"{count:,} {name}" for count, name in zip(counts.tolist(), spec.levels, strict=True) if count)


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


def label_sentence(spec: Specification) -> str:
    """Say how to read the labels of profiles.

    Parameters
    ----------
    spec : Specification
        The levels' names.

    Returns
    -------
    str
        One sentence.
    """
    if spec.n_users <= MOST_LETTERS:
        return f"Who does what, one letter a user: {letter_key(spec.levels)}."
    return "Who does what: how many users are at each level."
