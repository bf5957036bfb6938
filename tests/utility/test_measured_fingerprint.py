"""A changed function or changed data changes the fingerprint; nothing else does."""

import importlib
import os
import pickle
import subprocess
import sys
import threading
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairgames import DPMeanUtility, InputError
from fairgames.utility.measured.fingerprint import fingerprint

SCALE = 2.0


def helper(value):
    return value * SCALE


def uses_helper(profile):
    return helper(sum(profile))


def with_default(profile, data=(1, 2, 3)):
    return data


class Model:
    def __init__(self, data):
        self.data = data

    def __call__(self, _profile):
        return self.data

    def uses(self, profile):
        return helper(profile)

    def method(self, _profile):
        return self.data


def closure(data):
    def function(profile):
        return data

    return function


def compiled(text):
    space = {}
    exec(text, space)
    return space["function"]


MAKERS = {
    "closure": closure,
    "array in a closure": lambda value: closure(np.arange(10) * value),
    "partial": lambda value: partial(with_default, data=value),
    "callable object": Model,
    "method": lambda value: Model(value).method,
    "fact": lambda value: (uses_helper, value),
    "no source": lambda value: compiled(f"def function(profile):\n    return {value}"),
    "nested, no source": lambda value: compiled(f"def function(profile):\n    return (lambda: {value})()"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_data_that_the_function_holds(name):
    def made(value):
        thing = MAKERS[name](value)
        return fingerprint(*thing) if isinstance(thing, tuple) else fingerprint(thing)

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_a_changed_variable_or_function_of_its_module(monkeypatch):
    before = fingerprint(uses_helper)
    assert before == fingerprint(uses_helper)
    monkeypatch.setitem(uses_helper.__globals__, "SCALE", 3.0)
    changed = fingerprint(uses_helper)
    monkeypatch.setitem(uses_helper.__globals__, "helper", lambda value: value)
    assert len({before, changed, fingerprint(uses_helper)}) == 3


def test_what_the_methods_of_an_object_name_counts_too(monkeypatch):
    before = fingerprint(Model(1))
    monkeypatch.setitem(uses_helper.__globals__, "SCALE", 3.0)
    assert fingerprint(Model(1)) != before


def test_a_decorated_function_is_looked_into(monkeypatch):
    cached = lru_cache(uses_helper)
    assert fingerprint(cached) == fingerprint(uses_helper)
    before = fingerprint(cached)
    monkeypatch.setitem(uses_helper.__globals__, "SCALE", 3.0)
    assert fingerprint(cached) != before


BASE = """
class Base:
    def train(self, profile):
        return {constant}

class Experiment(Base):
    def __call__(self, profile):
        return self.train(profile)

    @staticmethod
    def held_out(profile):
        return {other}

    @property
    def doubled(self):
        return {third}

class Holder:
    def __init__(self):
        self.trainers = [Experiment()]

    def __call__(self, profile):
        return self.trainers[0](profile)

TRAINER = Experiment()
CHOICES = {{"usual": [TRAINER.train], "plain": TRAINER}}

def names_an_object(profile):
    return TRAINER.train(profile)

def names_a_choice(profile):
    return CHOICES["usual"][0](profile)

def is_given(trainer, profile):
    return trainer.train(profile)
"""


@pytest.mark.parametrize("on_disk", [True, False])
@pytest.mark.parametrize(
    "make",
    [
        lambda module: module.Experiment(),
        lambda module: module.Holder(),
        lambda module: module.names_an_object,
        lambda module: module.names_a_choice,
        lambda module: partial(module.is_given, module.TRAINER),
    ],
    ids=["base class", "object held", "object named", "function in a table", "argument"],
)
@pytest.mark.parametrize("changed", ["constant", "other", "third"])
def test_a_changed_method_of_an_object_that_is_used(make, changed, on_disk, tmp_path, monkeypatch):
    def loaded(name, **constants):
        text = BASE.format(**{"constant": 1, "other": 2, "third": 3} | constants)
        module = ModuleType("experiment")
        # Functions typed at a prompt have no source to read, only their bytecode.
        path = tmp_path / name / "experiment.py" if on_disk else Path("<typed in>")
        if on_disk:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, "experiment", module)
        exec(compile(text, str(path), "exec"), vars(module))
        return fingerprint(make(module))

    before = loaded("before")
    assert loaded("again") == before
    assert loaded("after", **{changed: 7}) != before


def test_containers_that_hold_themselves_end():
    endless = [np.arange(3)]
    endless.append(endless)
    assert fingerprint(closure([len, 1])) != fingerprint(closure([max, 1]))
    assert isinstance(fingerprint(closure(endless)), str)


def test_functions_that_call_each_other_end():
    def even(number):
        return number == 0 or odd(number - 1)

    def odd(number):
        return number != 0 and even(number - 1)

    assert fingerprint(even) != fingerprint(odd)


def test_built_in_functions_and_defaults_are_seen():
    assert fingerprint(sum, named="a") != fingerprint(max, named="a")
    assert fingerprint(with_default) != fingerprint(lambda _profile, data=(1, 2): data)


def test_data_that_cannot_be_hashed_is_named():
    stream = (number for number in range(3))
    with pytest.raises(InputError, match="cannot tell whether 'stream' has changed"):
        fingerprint(lambda _profile: next(stream))


class Weighted:
    weight = 1

    def __call__(self, profile):
        return self.weight * sum(profile)


class Slotted:
    __slots__ = ("scale",)

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, _profile):
        return self.scale


def keyword_only(profile, *, scale=1):
    return scale


one, two = (lambda _profile: 1.0, lambda _profile: 2.0)


def test_functions_on_one_line_differ():
    """The source of both is the same line."""
    assert fingerprint(one) != fingerprint(two)
    first, second = [lambda _profile, k=k: k for k in (1, 2)]
    assert fingerprint(first) != fingerprint(second)


@pytest.mark.parametrize(
    ("function", "change"),
    [
        (Weighted(), lambda function, patch: patch.setattr(type(function), "weight", 2)),
        (Weighted(), lambda function, _: setattr(function, "weight", 3)),
        (Weighted(), lambda function, patch: patch.setattr(type(function), "__call__", lambda _self, _profile: 0)),
        (Weighted().__call__, lambda function, patch: patch.setattr(type(function.__self__), "weight", 2)),
        (Slotted(1), lambda function, _: setattr(function, "scale", 2)),
        (keyword_only, lambda function, patch: patch.setattr(function, "__kwdefaults__", {"scale": 2})),
        (keyword_only, lambda function, patch: patch.setattr(function, "__code__", one.__code__)),
        (uses_helper, lambda function, patch: patch.setattr(function, "unit", "m", raising=False)),
        (uses_helper, lambda function, patch: patch.setitem(function.__globals__, "SCALE", np.float32(2))),
        (partial(keyword_only, scale=[1]), lambda function, _: function.keywords["scale"].append(2)),
        (closure({"a": {1, 2}}), lambda function, _: function.__closure__[0].cell_contents["a"].add(3)),
    ],
)
def test_changes_at_run_time_are_seen(function, change, monkeypatch):
    before = fingerprint(function)
    assert fingerprint(function) == before
    change(function, monkeypatch)
    assert fingerprint(function) != before


def test_a_variable_of_another_module_of_the_users_is_seen(monkeypatch):
    settings, space = ModuleType("settings"), {}
    settings.RATE, settings.OTHER = 1, 1
    monkeypatch.setitem(sys.modules, "settings", settings)
    exec("import settings\ndef function(profile):\n    return settings.RATE", space)
    before = fingerprint(space["function"])
    settings.OTHER = 2
    assert fingerprint(space["function"]) == before
    settings.RATE = 2
    assert fingerprint(space["function"]) != before


@pytest.mark.parametrize("text", ["import settings; return settings.RATE", "from settings import RATE; return RATE"])
def test_a_module_that_is_imported_by_the_call_is_seen(text, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "settings", raising=False)
    found = set()
    for rate in (1, 2):
        (tmp_path / "settings.py").write_text(f"RATE = {rate}\n# {'x' * rate}")
        importlib.invalidate_caches()
        sys.modules.pop("settings", None)
        found |= {fingerprint(compiled(f"def function(profile):\n    {text}")) for _ in range(2)}
    assert len(found) == 2


def test_an_installed_package_of_the_function_is_looked_into(monkeypatch):
    """Its helper changes, while the function and its place stay."""
    text = "class Experiment:\n    def __call__(self, x):\n        return helper(x)\ndef helper(x):\n    return {}"
    found = []
    for constant in (1, 1, 2):
        module = ModuleType("mine.experiment")
        module.__file__ = str(Path(np.__file__).parent.parent / "mine" / "experiment.py")
        monkeypatch.setitem(sys.modules, "mine.experiment", module)
        exec(compile(text.format(constant), module.__file__, "exec"), vars(module))
        found.append(fingerprint(module.Experiment()))
    assert found[0] == found[1] != found[2]


def test_private_slots_and_odd_objects_are_seen():
    class Private:
        __slots__ = ("__scale",)

        def __init__(self, scale):
            self.__scale = scale

    class Odd:
        def __getattr__(self, name):
            raise RuntimeError(name)

    assert fingerprint(closure(Private(1))) != fingerprint(closure(Private(2)))
    with pytest.raises(InputError, match="cannot tell whether 'data' has changed"):
        fingerprint(closure(Odd()))


class Names(dict):
    pass


def test_what_a_subclass_of_a_container_holds_is_seen():
    assert fingerprint(closure(Names(a=1))) != fingerprint(closure(Names(a=2)))
    assert fingerprint(closure(Names(a=1))) == fingerprint(closure(Names(a=1)))


def test_what_is_computed_on_demand_changes_nothing():
    utility = DPMeanUtility([0, 1, 2], n_users=2)
    before = fingerprint(utility.evaluate)
    utility.tensor()
    assert "_tensor" in vars(utility)
    assert fingerprint(utility.evaluate) == before
    assert fingerprint(DPMeanUtility([0, 1, 3], n_users=2).evaluate) != before


def test_a_class_may_say_what_decides_its_values():
    class Counting:
        def __init__(self, scale):
            self.scale, self.calls, self.stream = scale, 0, (number for number in range(3))

        def __call__(self, _profile):
            self.calls += 1
            return self.scale

        def __fingerprint__(self):
            return self.scale

    counting = Counting(1)
    before = fingerprint(counting)
    counting(())
    assert fingerprint(counting) == before != fingerprint(Counting(2))


@pytest.mark.parametrize("function", [sum, np.add, [1, 2].count, partial(max, 1), partial(np.dot, [1])])
def test_a_c_function_must_be_named(function):
    with pytest.raises(InputError, match=r"fingerprint: is needed .* cannot tell whether .* has changed"):
        fingerprint(function)
    assert fingerprint(function, named="a") != fingerprint(function, named="b")


def test_an_opaque_object_must_be_named(tmp_path):
    with (tmp_path / "x").open("w") as stream:
        opaque = [threading.Lock(), stream, (n for n in "ab"), memoryview(b"a"), sys._getframe()]
        for thing in opaque:
            with pytest.raises(InputError, match="cannot tell whether 'data' has changed"):
                fingerprint(closure(thing))
            assert fingerprint(closure(thing), named="a") == fingerprint(closure(thing), named="a")
        with pytest.raises(InputError, match="cannot tell whether 'fingerprint' has changed"):
            fingerprint(uses_helper, named=stream)


def test_nesting_without_end_must_be_named():
    deep = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(InputError, match="nested too deeply"):
        fingerprint(closure(deep))


PROGRAM = """
from fractions import Fraction
from fairgames.utility.measured.fingerprint import fingerprint
NAMES = {"ann", "bob", "cecilia", "dan"}
def function(profile, kinds=frozenset("abcdef")):
    return len(NAMES | {"x", "y", "z"} | kinds) if profile in {"p", "q", "r"} else Fraction(1, 3)
print(fingerprint(function))
"""


def test_another_process_finds_the_same():
    """Sets of texts are in another order in each process."""
    found = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(found) == 1


plain_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=4)
    | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def _same(one, two):
    """Equal in value and kind, as a pickle would be."""
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        return list(one) == list(two) and all(_same(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(_same, one, two))
    return repr(one) == repr(two)


@given(plain_data, plain_data)
def test_two_closures_share_a_fingerprint_just_when_their_data_are_the_same(left, right):
    assert (fingerprint(closure(left)) == fingerprint(closure(right))) == _same(left, right)
    assert fingerprint(closure(left)) == fingerprint(closure(pickle.loads(pickle.dumps(left))))
