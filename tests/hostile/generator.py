"""Hostile specifications and calls of the command, from a seed: valid ones with parts put there to break it."""

from __future__ import annotations

import copy
import io
import json
import random
from dataclasses import dataclass, field

import numpy as np

EVIL = "A\x1b[2J\u202e\u0000\n=cmd|' /C calc'!A0"

NUMBERS = [
    *(0, -1, 1, 2, 0.5, 1e-300, 1e300, 1e308, 1e-320, 2**31, 2**53, 2**62, 2**63, 2**64, 10**9, 10**12, 10**30),
    *("inf", "-inf", "nan", "1e999999999", "-1e-999999999", "'1/3'", "'1/0'", "'1e999999999'", "'inf'", "'nan'"),
    *("0x" + "f" * 5000, "0b" + "1" * 9000, "9" * 4000, "'" + "9" * 5000 + "'", "'1/" + "9" * 4500 + "'", "'0.2'"),
    *("1_000", "0o777", "1e5", "-0.0", "'１'", "' 1 '", "'1/2/3'", "'--1'", "'0x10'", "'1_0'"),
]
OTHERS = [
    *("true", "[]", "{}", "[[]]", "[1]", "''", "' '", "1979-05-27T07:32:00Z", "07:32:00", "{ a = 1 }", "[{}]", "[inf]"),
    *(json.dumps(EVIL), '"' + "x" * 20_000 + '"', "[" * 70 + "]" * 70, "[" * 33 + "1" + "]" * 33, '"absent"', '"best"'),
    "[" + ", ".join(["1"] * 2000) + "]",
]
FILES = {
    "empty.csv": b"",
    "empty.npy": b"",
    "head.csv": b",".join(b"u%d" % i for i in range(25)) + b",utility\n",
    "wide.csv": b",".join([b"u"] * 100_000) + b"\n",
    "short.csv": b"a,b,utility\nabsent,absent,0\n",
    "twice.csv": b"a,utility\n0,0\n0,0\n1,1\n",
    "nul.csv": b"a,utility\n0,\x00\n1,1\n",
    "bytes.csv": bytes(range(256)),
    "huge.csv": b"a,utility\n0,0\n1,1e999999999\n",
    "good.csv": b"a,b,utility\n0,0,0\n0,1,1\n1,0,1\n1,1,2\n",
    "quote.csv": b'a,utility\n0,"' + b"x" * 200_000 + b"\n",
    "evil.csv": b"\x1b[2Ja,utility\n0,0\n1,\x1b[2J\n",
    "text.txt": b"hello",
    "bomb.npy": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (2, 4611686018427387904), }"
    + b" " * 34
    + b"\n",
    "none.npy": b"\x93NUMPY\x01\x00",
    "form.npy": b"\x93NUMPY\x09\x00" + b"x" * 100,
    "groups.csv": b"g,v,w\na,1,2\na,2,1\na,2.5,0\nb,5,1\nb,7,9\nc,1e308,1\nc,-1e308,1\n",
    "fit.csv": b"g,v\na,1\na,2\nb,5\nb,7\nc,11\nc,12\n",
    "same.csv": b"g,v\na,1\na,1\nb,1\nb,1\n",
    "labels.csv": b"g,v\n=a,1\n=a,2\n\x1b[2Jb,5\n\x1b[2Jb,7\n",
}


def _array(values: np.ndarray, pickled: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=pickled)
    return stream.getvalue()


FILES |= {
    "pickle.npy": _array(np.array([[0, 1], [1, {}]], dtype=object), pickled=True),
    "good.npy": _array(np.array([[0.0, 1.0], [1.0, 2.0]])),
    "nan.npy": _array(np.array([[0.0, np.nan], [1.0, np.inf]])),
    "words.npy": _array(np.array([["0", "1"], ["1", "2"]])),
    "scalar.npy": _array(np.array(1.0)),
    "complex.npy": _array(np.array([[0, 1j], [1, 2]])),
    "record.npy": _array(np.zeros(2, dtype=[("a", "f8")])),
    "deep.npy": _array(np.zeros((2,) * 20)),
}

BASES = {
    "federated": {
        "title": "'T'",
        "levels": '["absent", "federated", "direct"]',
        "utility": {"kind": "'federated-mean'", "between_variance": "4", "within_variance": "48"},
        "every_user": {"costs": {"federated": "0.1", "direct": "0.4"}, "level": "'federated'"},
        "users": [{"name": "'A'", "samples": "120"}, {"name": "'B'", "samples": "15", "count": "2"}, {"samples": "7"}],
        "platform": {"alpha": "0.3"},
    },
    "private": {
        "levels": '["absent", "low", "high"]',
        "utility": {"kind": "'dp-mean'", "epsilons": {"low": "1", "high": "inf"}},
        "every_user": {"costs": {"low": "0.1", "high": "'2/3'"}},
        "users": [{"count": "3"}, {"name": "'B'", "level": "'low'"}],
        "platform": {"selection": "'worst'"},
    },
    "counts": {
        "levels": '["absent", "present"]',
        "utility": {"kind": "'table'", "by_count": '[0, "2/3", 1]'},
        "users": [{"costs": {"present": "0.3"}}, {"costs": {"present": "'31/100'"}}],
        "platform": {"alpha": "0.5", "budget": "1", "min_utility": "0", "alpha_from": "0", "alpha_to": "1"},
    },
    "table": {
        "levels": '["absent", "present"]',
        "utility": {"kind": "'table'", "values": '[[0, "2/3"], ["2/3", 1]]'},
        "every_user": {"costs": {"present": "0.3"}, "choices": '["absent", "present"]'},
    },
    "file": {
        "levels": '["absent", "present"]',
        "utility": {"kind": "'table'", "file": "'good.csv'"},
        "every_user": {"costs": {"present": "0.3"}},
    },
    "data": {
        "levels": '["absent", "federated", "direct"]',
        "utility": {"kind": "'federated-mean'"},
        "every_user": {"costs": {"federated": "0.1", "direct": "0.4"}},
        "data": {"file": "'fit.csv'", "group": "'g'", "value": "'v'"},
    },
}
KEYS = ["count", "samples", "name", "level", "costs", "choices", "importance", "epsilons", "alpha", "kind", "file", "x"]

OPTION_NUMBERS = ["0", "1", "-1", "0.5", "2/3", "1/0", "nan", "inf", "1e999999999", "9" * 5000, "", "a", "1e300", "１"]
WHOLE = ["0", "-1", "1", "2", "3", "10", "1000000000", str(2**63), "1e3", "", "x", "-9999999999999999999999"]
TYPED = EVIL.replace("\0", "")
WORDS = ["", "auto", "best", "worst", "potential", TYPED, "x" * 10_000, "-", "--", "é", "A", "A,B", ","]
PATHS = ["out.json", ".", "none/out.json", "/dev/full", "x" * 300 + ".json", "", "out.png", "out.svg", "spec.toml"]
PATHS += ["fit.csv", "-"]
INPUTS = ["spec.toml"] * 16 + [".", "none.toml", "pipe", "/dev/zero", "/dev/stdin", "/dev/null", "x" * 5000]
INPUTS += ["a\n\x1b[1m", "", "bytes.csv", "-"]
OUTPUTS = ["out.nfg", "out.csv", "out.tex", "out.txt", "/dev/full", "x" * 300 + ".csv", "good.csv"]
SWEEPS = ["users[1].samples=1,2", "users[A].costs.direct=0:1:3", "x=1", "users[9].samples=1", "=", "a[=1", "title=1"]
SWEEPS += ["utility.between_variance=1,x,1e999999999", "users[1].count=1:1000000000000:2", "a=0:1:9999999"]
LEVELS = ["absent", "direct", "0", "1", "9", "absent,direct", "federated,1,0,1", ",,,", "１", "-1", "x" * 9000]
OPTIONS = {
    "solve": {"--unit": WORDS, "--json": PATHS, "--figure": PATHS},
    "payments": {
        "--profile": LEVELS, "--alpha": OPTION_NUMBERS, "--coalition": None, "--explain": None, "--false-names": None,
        "--unit-value": OPTION_NUMBERS, "--engine": [*WORDS, "subsets", "types", "cubature", "strata", "permutations"],
        "--exact": None, "--seed": WHOLE, "--unit": WORDS, "--json": PATHS, "--figure": PATHS,
    },
    "equilibria": {
        "--alpha": OPTION_NUMBERS, "--method": [*WORDS, "pure+pure", "support-enumeration", "lcp"],
        "--timeout": ["1", "0", "-1", "1e300", "nan", "inf", "x"], "--compare": None,
        "--json": PATHS, "--figure": PATHS,
    },
    "design": {
        "--selection": WORDS, "--margin": OPTION_NUMBERS, "--budget": OPTION_NUMBERS, "--min-utility": OPTION_NUMBERS,
        "--alpha-from": OPTION_NUMBERS, "--alpha-to": OPTION_NUMBERS, "--bloc": WORDS,
        "--sweep": SWEEPS, "--robust": None, "--bootstrap": [*WHOLE, "5"], "--seed": WHOLE,
        "--json": PATHS, "--figure": PATHS,
    },
    "compare": {
        "--against": ["spec.toml", "none", ".", "pipe", "/dev/zero"], "--alpha": OPTION_NUMBERS, "--json": PATHS,
        "--figure": PATHS,
    },
    "crosscheck": {"--points": ["1", "0", "-1", "x", "1000000000", "2"], "--seed": WHOLE, "--json": PATHS},
    "export": {"--alpha": OPTION_NUMBERS},
    "fit": {
        "--group": ["g", "g", "v", "", TYPED, "x" * 9000], "--value": ["v", "v", "g", "w", "none"], "--output": PATHS,
        "--cost": ["direct=0.6", "direct", "=", "federated=1e999999999", "x=1"], "--aggregation": WORDS,
        "--estimator": ["anova", "reml", "x"], "--covariate": ["w", "v", "none"], "--missing": ["drop", "raise", "x"],
        "--similar-labels": ["merge", "keep", "x"], "--largest": WHOLE, "--json": PATHS, "--figure": PATHS,
    },
    "verify": {},
    "derive": {
        "--users": ["1", "2", "3", "0", "-1", "4", "1000000000", str(2**63), "x"],
        "--epsilon": [*OPTION_NUMBERS, "symbol"], "--utilities": ["2/3,1", "x,y", "1", "", "1e999999999,1", "a" * 9000],
        "--latex": None,
    },
    "init": {},
}  # fmt: skip


class Dotted(str):
    """A key that is written as it is."""

    __slots__ = ()


@dataclass
class Case:
    """One call of the command: its arguments, and the files of its folder."""

    arguments: list[str]
    files: dict[str, bytes] = field(default_factory=dict)


def case(seed: int) -> Case:
    """Make the case of a seed, the same on every machine."""
    rng = random.Random(seed)
    text = _specification(rng)
    command = rng.choices(list(OPTIONS), [5, 4, 4, 4, 2, 1, 2, 2, 1, 1, 0.2])[0]
    arguments = [command]
    if command in {"solve", "payments", "equilibria", "design", "compare", "crosscheck", "export"}:
        arguments.append(rng.choice(INPUTS))
    if command == "export":
        arguments.append(rng.choice(OUTPUTS))
    if command == "fit":
        arguments.append(rng.choice([*FILES, "spec.toml", "pipe", "/dev/zero", ".", "none"]))
    if command == "verify":
        arguments.append(rng.choice([*FILES, "spec.toml", "pipe", "/dev/zero", "result.json", "result.json"]))
    if command == "init":
        arguments.append(rng.choice(PATHS))
    for name, values in OPTIONS[command].items():
        needed = name in {"--users", "--group", "--value"} or (name == "--alpha" and rng.random() < 0.5)
        if rng.random() < (0.97 if needed else 0.2):
            arguments += [name] if values is None else [name, rng.choice(values)]
    result = json.dumps(_hostile_result(rng)).encode()
    return Case(arguments, {"spec.toml": text, "result.json": result, **FILES})


def _specification(rng: random.Random) -> bytes:
    document = copy.deepcopy(BASES[rng.choice(list(BASES))])
    for _ in range(rng.choice([0, 0, 1, 1, 1, 2, 3])):
        _mutate(document, rng)
    text = "".join(_lines(document, "")).encode("utf-8", "surrogatepass")
    return _scramble(text, rng) if rng.random() < 0.1 else text


def _mutate(document: dict, rng: random.Random) -> None:
    holders = [document]
    for holder in holders:
        holders += [entry for entry in holder.values() if isinstance(entry, dict)]
        holders += [one for entry in holder.values() if isinstance(entry, list) for one in entry]
    holder = rng.choice(holders)
    value = str(rng.choice(NUMBERS if rng.random() < 0.6 else OTHERS))
    act = rng.random()
    if act < 0.1:
        holder[rng.choice([*KEYS, EVIL, "k" * 20_000, "", "é"])] = value
    elif act < 0.15:
        # A dotted key makes a table in a table for each of its parts.
        holder[Dotted(".".join("x" * rng.choice([30, 100, 5000])))] = value
    elif act < 0.2:
        document["users"] = [{"name": f"'{i}'", "costs": {"present": "1"}} for i in range(rng.choice([0, 1, 30, 300]))]
    elif act < 0.25:
        names = [f"l{i}" for i in range(rng.choice([1, 30, 1000]))]
        document["levels"] = json.dumps(["absent", *names])
    elif act < 0.3 and "utility" in document:
        document["utility"] = {
            "kind": "'table'",
            "file": json.dumps(rng.choice([*FILES, ".", "/etc/passwd", "../a", "pipe"])),
        }
    elif act < 0.35:
        size = rng.choice([1, 3, 30, 300, 5000])
        document["levels"] = '["absent", "present"]'
        document["utility"] = {"kind": "'table'", "by_count": json.dumps([min(i, 7) for i in range(size)])}
        document["every_user"] = {"costs": {"present": "0.3"}}
        document.pop("users", None)
    elif act < 0.4 and len(holder) > 1:
        holder.pop(rng.choice(list(holder)))
    elif act < 0.5 and isinstance(document.get("users"), list) and document["users"]:
        key = rng.choice(["count", "count", "samples", "importance", "name", "level"])
        rng.choice(document["users"])[key] = value
    elif holder:
        holder[rng.choice(list(holder))] = value


def _lines(table: dict, path: str) -> list[str]:
    out, inner = [], []
    for key, value in table.items():
        name = key if isinstance(key, Dotted) else json.dumps(key).replace("\x7f", "\\u007f")
        place = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            inner += [f"[{place}]\n", *_lines(value, place)]
        elif isinstance(value, list):
            inner += [line for one in value for line in (f"[[{place}]]\n", *_lines(one, place))]
        else:
            out.append(f"{name} = {value}\n")
    return out + inner


def _scramble(text: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice([1, 3, 20])):
        at = rng.randrange(len(text) + 1)
        more = bytes([rng.randrange(256)])
        text = rng.choice([text[:at] + more + text[at:], text[:at] + text[at + 3 :], text[:at], text + text[at:]])
    return text


def _hostile_result(rng: random.Random) -> object:
    entry = {"strategies": [["1", "0"]], "regret": 0}
    found: dict = {"kind": "EquilibriumSet", "equilibria": [entry], "complete": True}
    result: dict = {"schema": 1, "command": "equilibria", "equilibria": found}
    for key in list(result):
        if rng.random() < 0.3:
            result[key] = rng.choice([None, 1, "x", [], {}, True, -1, 1e308, [[[]]], "nan", EVIL])
    return rng.choice([result, result["equilibria"], [], 1, None, {"kind": "EquilibriumSet"}])
