"""A changed function or changed data changes the fingerprint; nothing else does."""

from functools import lru_cache, partial

import numpy as np
import pytest

from fairgames.errors import InputError
from fairgames.utility.measured_fingerprint import fingerprint

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
