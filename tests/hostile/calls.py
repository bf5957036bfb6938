"""Hostile calls: every public callable, with a bad value for each parameter; made from the names and signatures."""

from __future__ import annotations

import dataclasses
import datetime
import inspect
import math
import pathlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

import fairgames as fg
from fairgames.utility.threshold import as_jump

TABLE = [[0, "2/3"], ["2/3", 1]]
COSTS = [[0, 0.3], [0, "1/3"]]
DATA = {"clinic": [*"aaabbbcc"], "score": [1.0, 2, 3, 2, 4, 7, 8, 9.5]}


def federated() -> fg.FederatedMeanUtility:
    return fg.FederatedMeanUtility([10, 40], 1.0, 8.0)


def measured() -> fg.MeasuredUtility:
    return fg.MeasuredUtility(_score, (2, 2), repeats=2)


def _score(profile: tuple[int, ...], rng: np.random.Generator) -> float:
    return sum(profile) + 0.01 * float(rng.normal())


class Own(fg.Utility):
    """The smallest utility of a user's own."""

    n_users, shape = 2, (2, 2)

    def evaluate(self, profiles: Any) -> Any:
        return profiles.sum(axis=1).astype(float)


def _optimum() -> fg.Optimum:
    return fg.optimal_alpha(TABLE, COSTS)


# What a good call gives each parameter, by its name; the names on the right of a dot hold for one callable.
GOOD: dict[str, Callable[[], Any]] = {
    "utility": lambda: TABLE,
    "costs": lambda: COSTS,
    "profile": lambda: (1, 1),
    "cost": lambda: "1/2",
    "game": lambda: [[[1, 0], [0, 1]], [[1, 0], [0, 1]]],
    "change": lambda: [[[1, 0], [0, 0]], [[0, 0], [0, 0]]],
    "over": lambda: (0, 1),
    "t": lambda: "1/2",
    "scenario": lambda: fg.Scenario(TABLE, COSTS),
    "rule": lambda: lambda utility, profile: [utility(profile) / 2] * 2,
    "blocs": lambda: [[0, 1]],
    "before": _optimum,
    "after": _optimum,
    "names_before": lambda: ["A", "B"],
    "names_after": lambda: ["A", "B"],
    "alpha": lambda: "3/4",
    "cost_robustness.alpha": lambda: "3/4",
    "p": lambda: "1/2",
    "user": lambda: 0,
    "data": lambda: DATA,
    "group": lambda: "clinic",
    "value": lambda: "score",
    "solve": lambda: lambda value: fg.optimal_alpha(TABLE, [0, value]),
    "values": lambda: [0.1, 0.2],
    "budget": lambda: 1,
    "action_indices": lambda: (0, 1),
    "number": lambda: 0,
    "by_number.level": lambda: 1,
    "weights": lambda: [0.5, 0.5],
    "epsilons": lambda: [0, 1],
    "DPMeanUtility.n_users": lambda: 2,
    "samples": lambda: [10, 40],
    "between_variance": lambda: 1.0,
    "within_variance": lambda: 8.0,
    "evaluate": lambda: _score,
    "shape": lambda: (2, 2),
    "profiles": lambda: np.array([[0, 1], [1, 1]]),
    "counts": lambda: np.array([[[1, 1]]]),
    "level": lambda: 1,
    "levels": lambda: np.array([1, 1]),
    "numbers": lambda: [0.1, 0.2, 0.3],
    "quantity": lambda: "alpha",
    "TableUtility.values": lambda: TABLE,
    "CountUtility.values": lambda: [0, "2/3", 1],
    "ThresholdUtility.jumps": lambda: [as_jump([[0, 1, 2], [0, 1, 3]], quota=4)],
    "ThresholdUtility.base": federated,
    "monotonicity.utility": measured,
    "crosscheck.points": lambda: 1,
    "crosscheck.utility": lambda: TABLE,
    "bootstrap.source": measured,
    "bootstrap.resamples": lambda: 3,
    "verify.data": lambda: fg.equilibria([[[1, 0], [0, 2]], [[1, 0], [0, 2]]]).to_dict(),
    "explain_payments.utility": federated,
    "explain_payments.profile": lambda: (1, 2),
    "false_names.utility": federated,
    "false_names.profile": lambda: (1, 2),
    "symmetric_mechanism.utility": lambda: [0, "2/3", 1],
    "proportional_equilibrium.costs": lambda: [1, 2],
    "evaluate_counts.counts": lambda: np.array([[[1, 1]]]),
    "load.path": lambda: pathlib.Path(__file__).parents[2] / "fairgames" / "spec" / "example.toml",
}
# Files that a call would write go nowhere: only what is refused is tried.
UNTRIED = ".save"
# What a scenario spares, and a utility alone does not.
SPARED = {"costs", "profile", "cost"}


@dataclasses.dataclass(frozen=True)
class Door:
    """A public callable, and how it is called rightly."""

    name: str
    call: Callable[..., Any]
    required: tuple[str, ...]
    parameters: tuple[str, ...]
    ours: bool = True

    def good(self) -> dict[str, Any]:
        given = {}
        for parameter in self.parameters:
            own = [f"{self.name}.{parameter}", f"{self.name.rpartition('.')[2]}.{parameter}"]
            keys = [key for key in (*own, *[parameter] * (parameter in {*self.required, *SPARED})) if key in GOOD]
            if keys:
                given[parameter] = GOOD[keys[0]]()
            elif parameter in self.required:
                raise KeyError(f"say in GOOD what {self.name} is given as {parameter}")
        return given


def public_things() -> dict[str, Any]:
    """Whatever is public: the names of the package, and of its module of payment rules."""
    inner = {"errors", "rules"}
    return {name: getattr(module, name) for module in (fg, fg.rules) for name in module.__all__ if name not in inner}


def door(name: str, call: Callable[..., Any]) -> Door | None:
    try:
        signature = inspect.signature(call)
    except ValueError:
        return None
    named = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    ]
    required = tuple(parameter.name for parameter in named if parameter.default is parameter.empty)
    return Door(name, call, required, tuple(parameter.name for parameter in named)) if named else None


def _made(thing: Any) -> Iterator[Any]:
    """What a good call returned, and the results inside it."""
    for one in thing if isinstance(thing, (tuple, list)) else [thing]:
        if type(one).__module__.startswith("fairgames"):
            yield one
            if dataclasses.is_dataclass(one):
                for field in dataclasses.fields(one):
                    yield from _made(getattr(one, field.name))


@cache
def doors() -> dict[str, Door]:
    """Every public function and class, and the public methods of whatever they return."""
    found: dict[str, Door] = {}
    instances: dict[type, Any] = {}
    shared: set[Any] = set()

    def add(name: str, call: Callable[..., Any]) -> None:
        entrance = door(name, call)
        if entrance is not None and not name.endswith(UNTRIED):
            found.setdefault(name, entrance)

    pending: list[Any] = [Own()]
    for name, thing in public_things().items():
        if (
            inspect.isclass(thing)
            and thing is not fg.Scenario
            and (issubclass(thing, Exception) or dataclasses.is_dataclass(thing) or inspect.isabstract(thing))
        ):
            continue
        if callable(thing):
            add(name, thing)
            entrance = found.get(name)
            result = entrance.call(**entrance.good()) if entrance is not None else thing()
            pending += _made(result.values() if isinstance(result, dict) else result)
    while pending:
        one = pending.pop()
        if type(one) in instances:
            continue
        instances[type(one)] = one
        for method in dir(type(one)):
            written = inspect.getattr_static(type(one), method)
            if (method.startswith("_") and method != "__call__") or not inspect.isfunction(written):
                continue
            if not written.__module__.startswith(("fairgames", __name__)):
                continue
            # What all results share is tried on one of them.
            if written.__qualname__.startswith(("Result.", "Record.", "Shown.", "Paying.")):
                if written in shared:
                    continue
                shared.add(written)
            add(f"{type(one).__name__}.{method}", getattr(one, method))
    return dict(sorted(found.items()))


class Raises:
    """An object that raises whatever is asked of it."""

    def _fail(self, *_args: Any, **_kwargs: Any) -> Any:
        raise RuntimeError("nothing works here")

    __array__ = __len__ = __eq__ = __iter__ = __getitem__ = __bool__ = __float__ = __int__ = __index__ = _fail
    __repr__ = __str__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __fspath__ = _fail

    def __hash__(self) -> int:
        return 1


class Unequal:
    """An object whose comparisons raise."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not comparable")

    def __hash__(self) -> int:
        return 1


class BadArray:
    """An object that cannot give the array it promises."""

    def __array__(self, *_args: Any, **_kwargs: Any) -> Any:
        raise RuntimeError("no array")


class Sparse:
    """What a sparse matrix looks like."""

    shape, ndim = (2, 2), 2

    def toarray(self) -> Any:
        return np.zeros((2, 2))


def _itself() -> list[Any]:
    loop: list[Any] = []
    loop += [loop, loop]
    return loop


def _nested(depth: int) -> Any:
    nest: Any = 1
    for _ in range(depth):
        nest = [nest]
    return nest


def _shared(depth: int) -> Any:
    nest: Any = [0, 1]
    for _ in range(depth):
        nest = [nest, nest]
    return nest


def _endless() -> Iterator[int]:
    while True:
        yield 0


BAD: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "-1": lambda: -1,
    "3": lambda: 3,
    "10**400": lambda: 10**400,
    "-(10**400)": lambda: -(10**400),
    "10**5000": lambda: 10**5000,
    "2**62": lambda: 2**62,
    "2**62 - 1": lambda: 2**62 - 1,
    "10**9": lambda: 10**9,
    "1e308": lambda: 1e308,
    "5e-324": lambda: 5e-324,
    "0.5": lambda: 0.5,
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "-inf": lambda: -math.inf,
    "1j": lambda: 1j,
    "Fraction": lambda: Fraction(10**310, 3),
    "Decimal": lambda: Decimal("1e999999999"),
    "Decimal sNaN": lambda: Decimal("sNaN"),
    "power": lambda: "1e999999999",
    "digits": lambda: "9" * 100_000,
    "text": lambda: "nonsense",
    "empty text": lambda: "",
    "nul": lambda: "a\0b",
    "long name": lambda: "x" * 5000,
    "bytes": lambda: b"\xff\x00",
    "bytearray": lambda: bytearray(4),
    "memoryview": lambda: memoryview(b"abcd"),
    "date": lambda: datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    "set": lambda: {0, 1},
    "dict": lambda: {"a": [1]},
    "int keys": lambda: {0: 1, 1: 2},
    "generator": lambda: (i for i in range(2)),
    "endless": _endless,
    "range": lambda: range(2),
    "[]": list,
    "[[]]": lambda: [[]],
    "ragged": lambda: [[0, 1], [1]],
    "itself": _itself,
    "33 deep": lambda: _nested(33),
    "500 deep": lambda: _nested(500),
    "shared": lambda: _shared(25),
    "[None]": lambda: [None, None],
    "[huge]": lambda: [10**400, 2**62],
    "[2**62]": lambda: [2**62, 2**62],
    "[1e308]": lambda: [1e308, 1e308],
    "[0, 1e-320]": lambda: [0, 1e-320],
    "[nan]": lambda: [math.nan, 0.5],
    "[power]": lambda: ["1e999999999", 0],
    "[True]": lambda: [True, False],
    "[class]": lambda: [int, str],
    "[[nan]]": lambda: [[0, math.nan], [0, 1]],
    "[[-1]]": lambda: [[-1, -1], [-1, -1]],
    "empty array": lambda: np.array([]),
    "0x2": lambda: np.empty((0, 2)),
    "0-d": lambda: np.array(0.5),
    "0-d object": lambda: np.array(None, dtype=object),
    "ints": lambda: np.array([0, 1]),
    "floats": lambda: np.array([0.5, 0.25]),
    "2x2x2": lambda: np.zeros((2, 2, 2)),
    "wide": lambda: np.zeros((1, 1000)),
    "claimed": lambda: np.broadcast_to(np.zeros(1), (10**6, 10**6)),
    "claimed row": lambda: np.broadcast_to(np.zeros(1, dtype=int), (10**12,)),
    "32 axes": lambda: np.zeros((1,) * 33),
    "objects": lambda: np.array([object(), None], dtype=object),
    "lists": lambda: np.array([[1], [1, 2], None], dtype=object),
    "dates": lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "complex": lambda: np.array([1j, 0]),
    "bools": lambda: np.array([True, False]),
    "words": lambda: np.array(["a", "b"]),
    "records": lambda: np.zeros(2, dtype=[("a", int)]),
    "masked": lambda: np.ma.masked_array([0, 1], mask=[0, 1]),
    "masked rows": lambda: [np.ma.masked_array([0, 1], mask=[0, 1]), [0, 1]],
    "the mask": lambda: np.ma.masked,
    "sparse": Sparse,
    "object": object,
    "raises": Raises,
    "[raises]": lambda: [Raises(), Raises()],
    "unequal": Unequal,
    "bad array": BadArray,
    "class": lambda: int,
    "our class": lambda: fg.FairGame,
    "function": lambda: len,
    "module": lambda: math,
    "Ellipsis": lambda: ...,
    "NotImplemented": lambda: NotImplemented,
    "utility": federated,
    "game": lambda: fg.FairGame(TABLE, COSTS),
    "optimum": _optimum,
    "payments": lambda: fg.fair_payments(TABLE, (1, 1)),
    "equilibria": lambda: fg.equilibria([[[1, 0], [0, 1]], [[1, 0], [0, 1]]]),
    "path": lambda: pathlib.Path("/nonexistent/folder/file"),
    "folder": lambda: pathlib.Path("/"),
}


def calls() -> Iterator[tuple[str, Door, str, str]]:
    """Each door, parameter and bad value, with a name for the three."""
    for name, entrance in doors().items():
        for parameter in entrance.parameters:
            for bad in BAD:
                yield f"{name}({parameter}={bad})", entrance, parameter, bad
