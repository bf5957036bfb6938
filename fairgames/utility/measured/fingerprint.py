"""Tell whether a function's values may have changed: hash what decides them, not where it is written.

Caches of measurements and checkpoints of permutations call `fingerprint`, and refuse a file that another function made.
"""

from __future__ import annotations

import contextlib
import copyreg
import dis
import hashlib
import importlib
import importlib.util
import os
import site
import sys
import sysconfig
import types
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache, partial
from pathlib import Path
from pickle import PickleError
from typing import Any

import numpy as np

from fairgames.errors import FairGamesError, InputError

_PLAIN = (type(None), bool, float, complex, str, bytes, type(...), type(NotImplemented))
_DESCRIPTORS = (
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)
_CONTAINERS = (list, tuple, dict, types.MappingProxyType, set, frozenset, np.ndarray, np.memmap)
_WRAPPERS = (types.MethodType, staticmethod, classmethod, property, cached_property)
_LruCache = type(lru_cache(lambda: None))

_NOT_VALUES = {"__doc__", "__firstlineno__", "__module__", "__qualname__", "__static_attributes__"} | {
    *("__annotate_func__", "__annotations__", "__annotations_cache__", "__dataclass_fields__", "__dataclass_params__"),
    *("__abstractmethods__", "__dict__", "__slotnames__", "__weakref__", "_abc_impl"),
}
"""Members of a class that decide nothing, or come and go while a program runs."""


def fingerprint(function: Callable[..., Any], *facts: object, named: object = "") -> str:
    """Hash what decides a function's values.

    Seen are: the compiled code of the function and of all functions and classes of the user's own that it reaches;
    constants, default arguments, captured variables, variables that it reads from its modules; attributes of
    functions, classes and objects as they are now; the arguments of a ``partial``. A class may define
    ``__fingerprint__``, which returns what decides the values of its objects. Installed libraries are seen by name,
    but for the one from which the function itself comes.
    Not seen are files, and versions of libraries: put their date, version or hash into ``named``.

    Parameters
    ----------
    function : callable
        The function.
    *facts : object
        Whatever else the values depend on.
    named : object
        What the user says about the function; anything but ``""`` vouches for what cannot be looked into.

    Returns
    -------
    str
        64 hexadecimal digits, equal in every process of one version of Python.

    Raises
    ------
    InputError
        If the function, or something that it uses, cannot be looked into (a C function, an open file, a generator)
        and ``named`` is ``""``.

    Examples
    --------
    >>> scale = 2
    >>> before = fingerprint(lambda profile: scale * sum(profile))
    >>> scale = 3
    >>> before == fingerprint(lambda profile: scale * sum(profile))
    False
    """
    vouched = not (isinstance(named, str) and not named)
    seen = _Seen(vouched, _home(function))
    if not vouched and not _has_code(function):
        raise _cannot_tell(getattr(function, "__name__", type(function).__name__), "it is no Python function")
    parts = [seen.digest(thing, getattr(thing, "__name__", "evaluate")) for thing in (function, *facts)]
    return hashlib.sha256(b"".join([*parts, _Seen(vouched=False).digest(named, "fingerprint")])).hexdigest()


def _has_code(function: Any) -> bool:
    while isinstance(function := _unwrapped(function), types.MethodType):
        function = function.__func__
    called = next((vars(part)["__call__"] for part in type(function).__mro__ if "__call__" in vars(part)), None)
    return isinstance(function, types.FunctionType) or isinstance(called, types.FunctionType)


def _unwrapped(function: Any) -> Any:
    while isinstance(function, (partial, _LruCache)):
        function = function.func if isinstance(function, partial) else function.__wrapped__
    return function


def _home(function: Any) -> str:
    """Package of the function: looked into even where it is installed, unless it is one that everybody shares."""
    function = _unwrapped(function)
    function = function.__self__ if isinstance(function, types.MethodType) else function
    kind = function if isinstance(function, (types.FunctionType, type)) else type(function)
    package = str(kind.__module__).partition(".")[0]
    return "" if package in {*sys.stdlib_module_names, "fairgames", "joblib", "numpy", "scipy", "symbolic"} else package


def _cannot_tell(name: str, reason: object) -> InputError:
    return InputError(
        "fingerprint",
        f"is needed to keep results in a file, since fairgames cannot tell whether {name!r} has changed ({reason}): "
        "give a text that names what is measured, and change it whenever the values may have changed",
    )


class _Seen:
    """Digests of what was met so far; what refers back to itself ends."""

    def __init__(self, vouched: bool, home: str = "") -> None:
        self._vouched = vouched
        self._home = home
        self._done: dict[int, tuple[object, bytes]] = {}
        self._active: dict[int, int] = {}

    def digest(self, thing: object, name: str) -> bytes:
        """Digest of a value; ``name`` is what messages call it."""
        if type(thing) in _PLAIN:
            return _hashed(type(thing).__name__.encode(), repr(thing).encode("utf-8", "surrogatepass"))
        if type(thing) is int:
            return _hashed(b"int", hex(thing).encode())
        if isinstance(thing, _LruCache):
            return self.digest(thing.__wrapped__, name)
        key = id(thing)
        if key in self._active:
            return b"again %d" % self._active[key]
        if key not in self._done:
            self._active[key] = len(self._active)
            try:
                found = _hashed(*self._parts(thing, name))
            except RecursionError:
                found = self._opaque(thing, name, "it is nested too deeply")
            except FairGamesError:
                raise
            except Exception as error:
                found = self._opaque(thing, name, error)
            finally:
                del self._active[key]
            # Kept alive, so that no other object is met under the same id.
            self._done[key] = thing, found
        return self._done[key][1]

    def _is_own(self, module: object) -> bool:
        return _is_own(module) or (bool(self._home) and str(module).partition(".")[0] == self._home)

    def _opaque(self, thing: object, name: str, reason: object) -> bytes:
        if not self._vouched:
            raise _cannot_tell(name, reason) from None
        return _hashed(b"opaque", _name_of(type(thing)))

    def _parts(self, thing: Any, name: str) -> Iterator[Any]:
        yield _name_of(type(thing))
        if type(thing) in _CONTAINERS:
            yield from self._contents(thing, name)
        elif isinstance(thing, types.FunctionType):
            yield from self._function(thing)
        elif isinstance(thing, types.CodeType):
            yield from self._code(thing)
        elif isinstance(thing, type):
            yield from self._class(thing)
        elif isinstance(thing, types.ModuleType):
            yield thing.__name__.encode()
        elif isinstance(thing, types.BuiltinFunctionType):
            yield from self._builtin(thing, name)
        elif isinstance(thing, _DESCRIPTORS):
            yield _name_of(thing)
        elif isinstance(thing, _WRAPPERS):
            for part in ("__func__", "__self__", "fget", "fset", "fdel", "func"):
                yield self.digest(getattr(thing, part, None), name)
        else:
            yield from self._object(thing, name)

    def _contents(self, thing: Any, name: str) -> Iterator[Any]:
        if isinstance(thing, np.ndarray):
            yield repr((thing.dtype.descr, thing.shape)).encode()
            flat = np.ascontiguousarray(thing).reshape(-1)
            yield self.digest(flat.tolist(), name) if thing.dtype.hasobject else flat.view(np.uint8).data
        elif isinstance(thing, (dict, types.MappingProxyType)):
            yield from (self.digest(part, name) for pair in thing.items() for part in pair)
        elif isinstance(thing, (set, frozenset)):
            yield from sorted(self.digest(entry, name) for entry in thing)
        elif all(type(entry) in _PLAIN for entry in thing):
            yield repr(list(thing)).encode("utf-8", "surrogatepass")
        else:
            yield from (self.digest(entry, name) for entry in thing)

    def _builtin(self, thing: types.BuiltinFunctionType, name: str) -> Iterator[bytes]:
        yield _name_of(thing)
        if not isinstance(thing.__self__, (types.ModuleType, type(None))):
            yield self.digest(thing.__self__, name)
        elif _is_own(thing.__module__):
            yield self._opaque(thing, name, "it is a C function")

    def _function(self, function: types.FunctionType) -> Iterator[bytes]:
        own = self._is_own(function.__module__) or not _in_library(function.__code__.co_filename)
        if not own and "<" not in function.__qualname__:
            yield _name_of(function)
            return
        yield from self._code(function.__code__)
        for name, value in _values_read(function, own):
            yield name.encode()
            if isinstance(value, types.ModuleType):
                names = {name for code in _codes(function.__code__) for name in code.co_names}
                yield from self._module(value, names, {value.__name__})
            else:
                yield self.digest(value, name)

    def _code(self, code: types.CodeType) -> Iterator[bytes]:
        yield code.co_code
        yield code.co_exceptiontable
        yield repr((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)).encode()
        yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)).encode()
        yield from (self.digest(constant, "a constant") for constant in code.co_consts)

    def _module(self, module: types.ModuleType, names: set[str], met: set[str]) -> Iterator[bytes]:
        """What a function reads from one of the user's own modules."""
        yield module.__name__.encode()
        if self._is_own(module.__name__):
            for name in sorted(names & set(vars(module)) - met):
                value = vars(module)[name]
                if isinstance(value, types.ModuleType):
                    yield from self._module(value, names, {*met, name})
                else:
                    yield self.digest(value, name)

    def _class(self, kind: type) -> Iterator[bytes]:
        yield _name_of(kind)
        if not self._is_own(kind.__module__):
            return
        yield from (self.digest(base, base.__name__) for base in (type(kind), *kind.__bases__))
        for name in sorted(set(vars(kind)) - _NOT_VALUES):
            yield name.encode()
            yield self.digest(vars(kind)[name], f"{kind.__name__}.{name}")

    def _object(self, thing: object, name: str) -> Iterator[bytes]:
        kind = type(thing)
        yield self.digest(kind, kind.__name__)
        if hasattr(kind, "__fingerprint__"):
            yield self.digest(kind.__fingerprint__(thing), name)
            return
        if hasattr(thing, "__wrapped__"):
            yield self.digest(thing.__wrapped__, name)
        own = self._is_own(kind.__module__)
        if own:
            yield from self._attributes(_attributes(thing), kind)
        if not all(self._is_own(base.__module__) for base in kind.__mro__ if base is not object):
            yield from self._reduced(thing, name)

    def _attributes(self, values: Mapping[str, object], kind: type) -> Iterator[bytes]:
        for name in sorted(set(values) - _lazily_made(kind)):
            yield name.encode()
            yield self.digest(values[name], name)

    def _reduced(self, thing: object, name: str) -> Iterator[bytes]:
        """What a pickle of an object would hold."""
        try:
            reduce = copyreg.dispatch_table.get(type(thing))
            held = reduce(thing) if reduce else thing.__reduce_ex__(4)
        except (TypeError, ValueError, AttributeError, PickleError) as error:
            yield self._opaque(thing, name, error)
            return
        if isinstance(held, str):
            yield _name_of(thing)
            if _is_own(str(getattr(thing, "__module__", ""))) and not hasattr(thing, "__wrapped__"):
                yield self._opaque(thing, name, "it is known by its name alone")
            return
        make, arguments, state, entries, items = (*held, None, None, None)[:5]
        yield self.digest(make, name)
        yield self.digest(arguments, name)
        for part in state if isinstance(state, tuple) else (state,):
            if isinstance(part, dict) and all(isinstance(key, str) for key in part):
                yield from self._attributes(part, type(thing))
            else:
                yield self.digest(part, name)
        yield from (self.digest(entry, name) for entry in entries or ())
        yield from (self.digest(part, name) for pair in items or () for part in pair)


def _hashed(*parts: Any) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()


def _name_of(thing: object) -> bytes:
    owner = getattr(thing, "__module__", None) or getattr(getattr(thing, "__objclass__", None), "__qualname__", "")
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None) or type(thing).__qualname__
    return f"{owner}.{name}".encode()


def _values_read(function: types.FunctionType, own: bool) -> Iterator[tuple[str, object]]:
    """Default arguments, attributes, captured variables, and variables that the function reads from its module."""
    yield "defaults", function.__defaults__
    yield "defaults by name", function.__kwdefaults__
    for name, value in sorted(vars(function).items()):
        yield name, value
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:
            yield name, None
    if own:
        steps = (step for code in _codes(function.__code__) for step in dis.get_instructions(code))
        read = {str(step.argval) for step in steps if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}}
        for name in sorted(read & set(function.__globals__)):
            yield name, function.__globals__[name]
        yield from _modules_read(function)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _modules_read(function: types.FunctionType) -> Iterator[tuple[str, types.ModuleType]]:
    """The user's own modules that a function imports when it is called."""
    package = function.__globals__.get("__package__") or ""
    for code in _codes(function.__code__):
        steps = list(dis.get_instructions(code))
        for place, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                module = None
                with contextlib.suppress(ImportError, ValueError):
                    name = importlib.util.resolve_name("." * steps[place - 2].argval + str(step.argval), package)
                    module = sys.modules.get(name)
                    found = importlib.util.find_spec(name) if module is None else None
                    if found is not None and found.origin is not None and not _in_library(found.origin):
                        module = importlib.import_module(name)
                if module is not None:
                    yield module.__name__, module


def _attributes(thing: object) -> dict[str, object]:
    values = dict(vars(thing)) if hasattr(thing, "__dict__") else {}
    for kind in type(thing).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            private = name.startswith("__") and not name.endswith("__")
            stored = f"_{kind.__name__.lstrip('_')}{name}" if private else name
            if stored not in {"__dict__", "__weakref__"} and hasattr(thing, stored):
                values[stored] = getattr(thing, stored)
    return values


def _lazily_made(kind: type) -> set[str]:
    """Attributes that a class computes on demand from the others."""
    return {name for part in kind.__mro__ for name, member in vars(part).items() if isinstance(member, cached_property)}


def _is_own(module: object) -> bool:
    """Whether a module is the user's own, and no installed library."""
    if not isinstance(module, str) or module in sys.builtin_module_names:
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return module.partition(".")[0] not in sys.stdlib_module_names
    return not _in_library(file)


@lru_cache(maxsize=4096)
def _in_library(file: str) -> bool:
    if file.startswith("<frozen"):
        return True
    return not file.startswith("<") and os.path.realpath(file).startswith(_library_folders())


@lru_cache(maxsize=1)
def _library_folders() -> tuple[str, ...]:
    named = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders = [*named, *site.getsitepackages(), site.getusersitepackages(), str(Path(__file__).parent.parent)]
    return tuple({os.path.realpath(folder) + os.sep for folder in folders})
