"""No public callable answers a bad argument with anything but an error of ours, in time."""

from __future__ import annotations

import importlib.util
import inspect
import pathlib
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import fairgames as fg
from fairgames.arguments import kind_of

_spec = importlib.util.spec_from_file_location("hostile_calls", pathlib.Path(__file__).with_name("calls.py"))
hostile = importlib.util.module_from_spec(_spec)
sys.modules["hostile_calls"] = hostile
_spec.loader.exec_module(hostile)

SECONDS = 60
LONGEST_MESSAGE = 1500
# What takes long when it is asked for: processes, many points, many evaluations.
LONG = {"n_jobs", "points", "everything", "spec_or_utility", "timeout", "budget"}


@contextmanager
def in_time() -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def raw(calls) -> list[str]:
    """What answered with something else than a result or an error of ours."""
    found = []
    for label, door, parameter, bad in calls:
        given = door.good() | {parameter: hostile.BAD[bad]()}
        try:
            with in_time():
                door.call(**given)
        except fg.FairGamesError as error:
            if len(str(error)) > LONGEST_MESSAGE:
                found.append(f"{label}: a message of {len(str(error))} characters")
        except Exception as error:
            found.append(f"{label}: {type(error).__name__}")
    return found


def test_a_sample_of_bad_calls(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    calls = [call for call in hostile.calls() if call[2] not in LONG]
    assert raw(calls[:: len(calls) // 80]) == []
    # A text is a path like any other where a path is due; nothing else is written.
    texts = {text for make in hostile.BAD.values() if isinstance(text := make(), str)}
    assert {path.name for path in tmp_path.iterdir()} <= texts


@pytest.mark.parametrize("result", [fg.Payments, fg.EquilibriumSet, fg.Optimum, fg.Fit], ids=lambda one: one.__name__)
def test_a_result_made_by_hand_from_anything_is_made_or_refused(result):
    named = inspect.signature(result).parameters.values()
    required = [parameter.name for parameter in named if parameter.default is parameter.empty]
    raised = []
    for label, bad in hostile.BAD.items():
        try:
            result(**{name: bad() for name in required})
        except fg.FairGamesError:
            continue
        except Exception as error:
            raised.append(f"{label}: {type(error).__name__}")
    assert raised == []


@pytest.mark.slow
def test_every_bad_call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    calls = [call for call in hostile.calls() if call[2] not in LONG or call[3] in {"raises", "wide", "class"}]
    # Every third one: the kinds of bad values shift from parameter to parameter, so that each meets most doors.
    assert raw(calls[::3]) == []


def test_every_public_parameter_has_a_kind():
    checked = 0
    for name, thing in hostile.public_things().items():
        members = vars(thing).values() if inspect.isclass(thing) else [thing]
        for door in filter(inspect.isfunction, members):
            function = inspect.unwrap(door)
            if function is door:
                assert inspect.isclass(thing) or not inspect.signature(thing).parameters, f"{name} is not @public"
            for parameter, annotation in function.__annotations__.items():
                if function is not door and parameter != "return":
                    assert callable(kind_of(annotation, function.__globals__)), (name, parameter)
                    checked += 1
    assert checked > 100


def test_signatures_and_docstrings_survive():
    signature = inspect.signature(fg.optimal_alpha)
    assert list(signature.parameters)[:3] == ["utility", "costs", "selection"]
    assert fg.optimal_alpha.__doc__.startswith("Find the payment fraction")
    assert fg.optimal_alpha.__module__ == "fairgames.mechanism.optimal"
