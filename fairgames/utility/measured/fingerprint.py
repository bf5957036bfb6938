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

    Seen are: the source of the function, or of the class of a callable object and of its base classes,
    and of the functions and classes of its own module that it names or whose objects it uses; its
    default arguments; the variables that it captures or reads from its module; the arguments of a
    ``partial``; the state of a callable object. Not seen are files, and code in other modules: put
    their date, version or hash among the facts.

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
        yield from _parts_of_values({"arguments": thing.args, **thing.keywords}, _module_of(thing.func), seen)
    elif isinstance(thing, MethodType):
        yield from _parts(thing.__func__, seen)
        yield from _parts(thing.__self__, seen)
    elif isinstance(thing, FunctionType):
        yield _source(thing, thing.__code__)
        yield from _parts_of_values(_values_used(thing), _module_of(thing), seen)
    elif isinstance(thing, type):
        for part in thing.__mro__:
            if _module_of(part) == _module_of(thing):
                yield _source(part, None)
                for function in _methods(part):
                    yield from _parts(function, seen)
    elif isinstance(thing, (BuiltinFunctionType, ModuleType)):
        yield repr(getattr(thing, "__name__", thing))
    elif not hasattr(thing, "__wrapped__"):
        yield from _parts(type(thing), seen)
        yield _data(thing, type(thing).__name__)
        for value in vars(thing).values() if hasattr(thing, "__dict__") else ():
            yield from _code_in(value, _module_of(type(thing)), seen)


def _parts_of_values(values: dict[str, Any], module: str, seen: set[int]) -> Iterator[str]:
    for name in sorted(values):
        yield name
        if _is_code(values[name], module):
            yield from _parts(values[name], seen)
        else:
            yield _data(values[name], name)
            yield from _code_in(values[name], module, seen)


def _code_in(value: object, module: str, seen: set[int]) -> Iterator[str]:
    """Functions and objects of the user's own classes, inside lists, tuples and dictionaries too."""
    if _is_code(value, module):
        yield from _parts(value, seen)
    elif isinstance(value, (list, tuple, dict)) and id(value) not in seen:
        seen.add(id(value))
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _code_in(entry, module, seen)


def _is_code(value: object, module: str) -> bool:
    return callable(value) or isinstance(value, ModuleType) or _module_of(type(value)) == module


def _module_of(thing: object) -> str:
    return str(getattr(thing, "__module__", ""))


def _methods(kind: type) -> Iterator[FunctionType]:
    for member in vars(kind).values():
        parts = (member, getattr(member, "__func__", None), getattr(member, "fget", None))
        yield from (part for part in parts if isinstance(part, FunctionType))


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
