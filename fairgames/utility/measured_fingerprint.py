"""A fingerprint of a function and of the data that it uses, so that stale measurements are never reused."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from fairgames.errors import InputError


def fingerprint(function: Callable[..., Any], *facts: object) -> str:
    """Hash a function's source code, what it captures, and further facts.

    Seen are: the source of the function, or of the class of a callable object, and of the functions and
    classes of its own module that it names; its default arguments; the variables that it captures or
    reads from its module; the arguments of a ``partial``; the state of a callable object. Not seen are
    files, and code in other modules: put their date, version or hash among the facts.

    Parameters
    ----------
    function : callable
        The function.
    *facts : object
        Whatever else the results depend on; anything that can be pickled.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    InputError
        If something that the function uses cannot be hashed.

    Examples
    --------
    >>> scale = 2
    >>> before = fingerprint(lambda profile: scale * sum(profile))
    >>> scale = 3
    >>> before == fingerprint(lambda profile: scale * sum(profile))
    False
    """
    digest = hashlib.sha256()
    for part in (*_parts(function, set()), *(_data(fact, "fingerprint") for fact in facts)):
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _parts(thing: object, seen: set[int]) -> Iterator[str]:
    """Texts that together change whenever the behaviour of ``thing`` may."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if hasattr(thing, "__wrapped__"):
        yield from _parts(thing.__wrapped__, seen)
    if isinstance(thing, partial):
        yield from _parts(thing.func, seen)
        yield from _parts_of_values({"arguments": thing.args, **thing.keywords}, seen)
    elif isinstance(thing, MethodType):
        yield from _parts(thing.__func__, seen)
        yield from _parts(thing.__self__, seen)
    elif isinstance(thing, FunctionType):
        yield _source(thing, thing.__code__)
        yield from _parts_of_values(_values_used(thing), seen)
    elif isinstance(thing, type):
        yield _source(thing, None)
        for member in vars(thing).values():
            if isinstance(member, FunctionType):
                yield from _parts_of_values(_values_used(member), seen)
    elif isinstance(thing, (BuiltinFunctionType, ModuleType)):
        yield repr(getattr(thing, "__name__", thing))
    elif not hasattr(thing, "__wrapped__"):
        yield from _parts(type(thing), seen)
        yield _data(thing, type(thing).__name__)


def _parts_of_values(values: dict[str, Any], seen: set[int]) -> Iterator[str]:
    for name in sorted(values):
        yield name
        if callable(values[name]) or isinstance(values[name], ModuleType):
            yield from _parts(values[name], seen)
        else:
            yield _data(values[name], name)


def _values_used(function: FunctionType) -> dict[str, Any]:
    """Default arguments, captured variables, and what the function reads from its module."""
    values = dict(_defaults(function))
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            values[name] = cell.cell_contents
        except ValueError:
            values[name] = None
    for name in sorted(set(_names(function.__code__)) & set(function.__globals__)):
        value = function.__globals__[name]
        foreign = callable(value) and getattr(value, "__module__", None) != function.__module__
        values[name] = getattr(value, "__qualname__", repr(type(value))) if foreign else value
    return values


def _defaults(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Name and value of each default argument."""
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            yield name, parameter.default


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _source(thing: Any, code: CodeType | None) -> str:
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        return thing.__qualname__ if code is None else "".join(_bytecode(code))


def _bytecode(code: CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _bytecode(constant)
        else:
            yield repr(constant)


def _data(value: object, name: str) -> str:
    import joblib

    try:
        return str(joblib.hash(value))
    except Exception as error:
        raise InputError(
            "cache", f"cannot tell whether {name!r} has changed, since it cannot be pickled ({error}); pass it as data"
        ) from error
