"""The closed forms are in a package of their own, whose name others use too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from fairgames.errors import FairGamesError


@contextmanager
def closed_forms() -> Iterator[None]:
    """Within this block, errors of the package `symbolic` are errors of the input.

    Raises
    ------
    FairGamesError
        If another package named ``symbolic`` is on the path, or a derivation refuses its input.
    """
    import symbolic

    try:
        refusal = import_module("symbolic.errors").SymbolicError
    except (ImportError, AttributeError):
        raise FairGamesError(
            f"the package symbolic at {symbolic.__file__} is not the one that fairgames brings; "
            "uninstall it, or move it off the path, and install fairgames again"
        ) from None
    try:
        yield
    except refusal as error:
        raise FairGamesError(str(error)) from None
