"""Errors of the closed forms, as messages of the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fairgames.errors import FairGamesError


@contextmanager
def closed_forms() -> Iterator[None]:
    """Within this block, errors of the package `symbolic` are errors of the input.

    Raises
    ------
    FairGamesError
        If another package named ``symbolic`` is on the path, or a derivation refuses its input.
    """
    from fairgames.assessment.crosscheck_package import closed_form_error

    refusal = closed_form_error()
    try:
        yield
    except refusal as error:
        raise FairGamesError(str(error)) from None
