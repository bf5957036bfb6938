"""Arguments of the public doors, checked once: what a door accepts is what its annotations say.

``@public`` reads the annotations of a function or method when it is first called, finds the kind of each in one
table, `KINDS` (a class is its own kind, a ``Literal`` a choice), and checks each argument that is given. So the
code behind a door meets numbers, arrays, choices and paths only; what they must be beyond that (from 0 to 1, one
a user) is checked where it is known.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import reduce, update_wrapper
from itertools import islice
from pathlib import PurePath
from types import FunctionType
from typing import Any, TypeVar, cast

import numpy as np

from fairgames.errors import InputError, SizeError
from fairgames.exactness import as_number, plain
from fairgames.parallel import as_seed

Door = TypeVar("Door", bound=Callable[..., Any])
Kind = Callable[[Any, str], Any]

_MOST_WHOLE = 1 << 62
_LONGEST_PATH = 10_000
_MOST_ENTRIES = 200_000


def public(door: Door) -> Door:
    """Check the arguments of a function or method by the kinds that its annotations name.

    Examples
    --------
    >>> @public
    ... def halves(count: int) -> float:
    ...     return count / 2
    >>> halves("three")
    Traceback (most recent call last):
    ...
    fairgames.errors.InputError: count: must be a whole number, got 'three'
    """
    function = cast(FunctionType, door)
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    kinds: dict[str, Kind] = {}
    placed: list[tuple[int, str, Kind]] = []
    unread = True
    read = _kinds_of

    def checked(*args: Any, **kwargs: Any) -> Any:
        nonlocal unread
        if unread:
            kinds.update(read(function))
            placed.extend((place, name, kinds[name]) for place, name in enumerate(names) if name in kinds)
            unread = False
        given = [*args]
        for place, name, kind in placed:
            if place >= len(given):
                break
            given[place] = kind(given[place], name)
        for name, value in kwargs.items():
            if name in kinds:
                kwargs[name] = kinds[name](value, name)
        return function(*given, **kwargs)

    # With the door's own globals it is found where the door stands, by doctest and by pickle.
    code = FunctionType(checked.__code__, function.__globals__, function.__name__, None, checked.__closure__)
    return cast(Door, update_wrapper(code, function))


def _kinds_of(door: FunctionType) -> dict[str, Kind]:
    found = {name: kind_of(text, door.__globals__) for name, text in door.__annotations__.items() if name != "return"}
    return {name: kind for name, kind in found.items() if kind is not _anything}


def kind_of(annotation: str, names: Mapping[str, Any]) -> Kind:
    """Find what checks an annotation, which is text as ``from __future__ import annotations`` keeps it.

    Parameters
    ----------
    annotation : str
        For instance ``"Utility | ArrayLike"`` or ``"Literal['best', 'worst']"``.
    names : mapping
        The door's globals, in which classes are looked up.

    Raises
    ------
    KeyError
        If the table does not know it: a fault of the door, which a test looks for.
    """
    parts = list(_parts(ast.parse(annotation, mode="eval").body))
    optional = "None" in parts
    parts = [part for part in parts if part != "None"]
    classes: list[type] = []
    kinds: list[Kind] = []
    for part in [" | ".join(parts)] if " | ".join(parts) in KINDS else parts:
        if part in KINDS:
            kinds.append(KINDS[part])
        elif part.startswith("Literal["):
            kinds.append(_choice(ast.literal_eval(part.removeprefix("Literal")[1:-1])))
        elif "[" in part:
            outer, _, inner = part[:-1].partition("[")
            kinds.append(_each(kind_of(inner, names)) if outer in {"Sequence", "Iterable"} else KINDS[outer])
        else:
            first, *rest = part.split(".")
            classes.append(reduce(getattr, rest, names[first]))
    return _union(tuple(classes), tuple(dict.fromkeys(kinds)), optional)


def _parts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.BinOp):
        yield from _parts(node.left)
        yield from _parts(node.right)
    else:
        yield ast.unparse(node)


def _union(classes: tuple[type, ...], kinds: tuple[Kind, ...], optional: bool) -> Kind:
    if len(kinds) > 1:
        raise KeyError(f"more than one kind: {kinds}")
    if kinds and not (classes or optional):
        return kinds[0]
    known = " or ".join(f"a {kind.__name__}" for kind in classes)

    def check(value: Any, name: str) -> Any:
        if (optional and value is None) or (isinstance(value, classes) and not isinstance(value, type)):
            return value
        if not kinds:
            raise InputError(name, f"must be {known}", value)
        try:
            return kinds[0](value, name)
        except InputError as error:
            if not (classes and error.argument == name and error.requirement.startswith("must be ")):
                raise
            raise InputError(name, f"must be {known}, or {error.requirement.removeprefix('must be ')}", value) from None

    return check


def _anything(value: Any, name: str) -> Any:  # noqa: ARG001 (a kind like the others)
    return value


def _truth(value: Any, name: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(name, "must be True or False", value)
    return bool(value)


def _instance(kind: Any, what: str) -> Kind:
    def check(value: Any, name: str) -> Any:
        if not isinstance(value, kind):
            raise InputError(name, f"must be {what}", value)
        return value

    return check


_text, _function, _mapping = _instance(str, "text"), _instance(Callable, "a function"), _instance(Mapping, "a mapping")


def _whole(value: Any, name: str) -> int:
    if isinstance(value, np.ndarray) and value.ndim == 0 and not np.ma.is_masked(value):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise InputError(name, "must be a whole number", value)
    if abs(int(value)) >= _MOST_WHOLE:
        raise InputError(name, "must be a whole number below 2^62", value)
    return int(value)


def _whole_or_list(value: Any, name: str) -> Any:
    return _whole(value, name) if isinstance(value, (bool, int, np.integer)) else plain(value, name)


def _real(value: Any, name: str) -> float:
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim):
        raise InputError(name, "must be one number", value)
    return float(as_number(value, name))


def _fraction_paid(value: Any, name: str) -> Any:
    return value if callable(value) else as_number(value, name)


def _choice(options: str | tuple[str, ...]) -> Kind:
    known = (options,) if isinstance(options, str) else options

    def check(value: Any, name: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise InputError(name, f"must be one of {', '.join(known)}", value)
        return value

    return check


def _path(value: Any, name: str) -> Any:
    text = str(value) if isinstance(value, PurePath) else value
    if not isinstance(text, str) or not text or "\0" in text or len(text) > _LONGEST_PATH:
        raise InputError(name, "must be the path of a file or folder", value)
    return value


def _listed(value: Any, name: str) -> list[Any]:
    """Take what may be gone through once; text, which has letters, and mappings, which have keys, are not meant."""
    array = isinstance(value, np.ndarray)
    if isinstance(value, (str, bytes, bytearray, memoryview, Mapping, type)) or (array and not value.ndim):
        raise InputError(name, "must be a list", value)
    try:
        entries = [] if array and len(value) > _MOST_ENTRIES else list(islice(value, _MOST_ENTRIES + 1))
    except Exception as error:  # whatever a foreign object raises
        raise InputError(name, f"must be a list; going through it raised {type(error).__name__}", value) from None
    if len(entries) > _MOST_ENTRIES or (array and len(value) > _MOST_ENTRIES):
        raise SizeError(f"{name}: more than {_MOST_ENTRIES:,} entries")
    return entries


def _cost_tables(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value
    return [_mapping(entry, f"{name}[{place}]") for place, entry in enumerate(_listed(value, name))]


def _each(kind: Kind) -> Kind:
    def check(value: Any, name: str) -> list[Any]:
        return [kind(entry, f"{name}[{place}]") for place, entry in enumerate(_listed(value, name))]

    return check


def _texts(value: Any, name: str) -> Any:
    """Leave one text as it is: where its letters cannot be meant, the door says what is."""
    return value if isinstance(value, str) else _each(_text)(value, name)


KINDS: dict[str, Kind] = {
    "Sequence[str]": _texts,
    "object": _anything,
    "Any": _anything,
    "pygambit.Game": _anything,
    "bool": _truth,
    "int": _whole,
    "int | np.random.SeedSequence": lambda value, _name: as_seed(value),
    "float": _real,
    "Number": as_number,
    "Number | int": as_number,
    "Number | int | str": as_number,
    "Alpha": _fraction_paid,
    "str": _text,
    "str | Path": _path,
    "str | PathLike[str]": _path,
    "Mapping[str, Any] | str | PathLike[str]": lambda value, name: (
        value if isinstance(value, Mapping) else _path(value, name)
    ),
    "ArrayLike": plain,
    "NDArray": plain,
    "Actions": plain,
    "int | str": lambda value, name: value if isinstance(value, str) else _whole(value, name),
    "CostTable": _anything,
    "Selection": _choice(("best", "worst", "potential")),
    "Costs | Sequence[Costs]": _cost_tables,
    "Sequence[int]": plain,
    "int | Sequence[int]": _whole_or_list,
    "tuple[int, ...]": plain,
    "Sequence[Number | int | str]": plain,
    "Iterable[Iterable[int]]": _each(_listed),
    "Mapping": _mapping,
    "Callable": _function,
    "Rule": _function,
    "PaymentRule": _anything,
    "str | Solver": _anything,
    "str | Sequence[Any]": lambda value, name: list(value) if isinstance(value, str) else _listed(value, name),
}
"""What checks the arguments of a door, by their annotations (without ``None``, which is always itself)."""
