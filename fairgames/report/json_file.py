"""Results as a JSON file: a documented form that reads back without running code.

Every command's ``--json`` is written here; ``fairgames verify`` reads it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairgames.errors import DataError, InputError, SizeError
from fairgames.files import Output, UnreadableError, name_of, read_input
from fairgames.printable import shortened
from fairgames.result import Result, json_ready

if TYPE_CHECKING:
    from fairgames.scenario.scenario import Scenario

SCHEMA = 2
"""Version of the file's form; it grows when a reader of the old form would misread the new one."""

STANDARD_OUTPUT = Path("-")

_MEMORY_EACH = 20


def write_json(
    output: Path | Output,
    command: str,
    results: Mapping[str, object],
    scenario: Scenario | None = None,
    asked: Mapping[str, object] | None = None,
) -> None:
    """Write results to a file, with the scenario that they answer and what else was asked."""
    import fairgames

    head = {"schema": SCHEMA, "fairgames": fairgames.__version__, "command": command}
    question = {"scenario": _specification(scenario), "asked": asked or {}}
    document = head | json_ready(question) | json_ready(results)
    # What does not print is written as JSON's own escapes: the same text to a reader, and harmless on a terminal.
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    text = re.sub(r"[^\n -~]", lambda sign: sign[0] if sign[0].isprintable() else json.dumps(sign[0])[1:-1], text)
    output = output if isinstance(output, Output) else Output(output, "--json", ".json")
    if output.path == STANDARD_OUTPUT:
        getattr(sys.stdout, "real", sys.stdout).write(text)
    else:
        output.write(text)


def save_result(result: Result, path: Path, *, force: bool = False) -> None:
    """Write one result, with the scenario that it answers and what else was asked, for `fairgames.verify`."""
    output = Output(path, "path", ".json", force)
    output.check()
    write_json(output, SAVED, {"result": result}, result.scenario, result.asked)


SAVED = "save"
"""What stands for a command in the file of a result that was saved by itself."""


def _specification(scenario: Scenario | None) -> str | None:
    """Text of a scenario without the data behind it; None where no specification says it."""
    if scenario is None:
        return None
    from fairgames.spec.save import specification_of

    try:
        return specification_of(replace(scenario, data=None), Path())
    except (InputError, SizeError):
        return None


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that `write_json` wrote, or one that holds the ``to_dict`` of a result."""
    name = name_of(path)
    try:
        document = json.loads(read_input(path, _MEMORY_EACH))
    except UnreadableError as error:
        raise DataError(f"{name}: {error}") from None
    except json.JSONDecodeError as error:
        cut = error.doc.startswith("{") and (
            error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        )
        problem = "ends in the middle: a part of a result is no result" if cut else f"is not JSON: {error}"
        raise DataError(f"{name}: {problem}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: is not JSON: {error}") from None
    # A result's own to_dict has a kind, and no schema.
    if not isinstance(document, dict) or not {"schema", "kind"} & set(document):
        raise DataError(f"{name}: is not a result that fairgames wrote")
    require_form(document, name)
    return document


def require_form(document: Mapping[str, Any], name: str) -> None:
    """Refuse a form that this version does not read.

    Raises
    ------
    DataError
        Saying which version wrote it, and what to do.
    """
    form = document.get("schema", SCHEMA)
    if form == SCHEMA and not isinstance(form, bool):
        return
    shown = shortened(repr(form), 60)
    if isinstance(form, int) and form > SCHEMA:
        by = shortened(str(document.get("fairgames")), 60)
        raise DataError(f"{name}: has form {shown}, of a newer fairgames ({by}); this version reads form {SCHEMA}")
    raise DataError(
        f"{name}: has form {shown}, which holds no scenario; write it again: this version reads form {SCHEMA}"
    )
