"""A changed function or changed data changes the fingerprint; nothing else does."""

import sys
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from fairgames.errors import InputError
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
    assert fingerprint(sum) != fingerprint(max)
    assert fingerprint(with_default) != fingerprint(lambda _profile, data=(1, 2): data)


def test_data_that_cannot_be_hashed_is_named():
    stream = (number for number in range(3))
    with pytest.raises(InputError, match="cannot tell whether 'stream' has changed"):
        fingerprint(lambda _profile: next(stream))
