"""The closed forms are in a package of their own, whose name others use too."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from fairgames.errors import FairGamesError


def closed_form_error() -> type[Exception]:
    """Return the base class of the errors that the package `symbolic` raises on purpose.

    Raises
    ------
    FairGamesError
        If another package named ``symbolic`` is on the path.

    Examples
    --------
    >>> closed_form_error().__name__
    'SymbolicError'
    """
    import symbolic

    try:
        refusal: Any = import_module("symbolic.errors").SymbolicError
    except (ImportError, AttributeError):
        # A folder without __init__.py has no file of its own, only a path.
        place = symbolic.__file__ or next(iter(symbolic.__path__))
        raise FairGamesError(
            f"the package symbolic at {place} is not the one that fairgames brings; "
            "uninstall it, or move it off the path, and install fairgames again"
        ) from None
    return refusal  # type: ignore[no-any-return]
