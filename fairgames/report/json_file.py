"""Results as a JSON file: a documented form that reads back without running code.

Every command's ``--json`` is written here; ``fairgames verify`` reads it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairgames.errors import DataError
from fairgames.files import Output, UnreadableError, name_of, read_input
from fairgames.printable import shortened
from fairgames.result import json_ready

SCHEMA = 1
"""Version of the file's form; it grows when a reader of the old form would misread the new one."""

STANDARD_OUTPUT = Path("-")

_MEMORY_EACH = 20


def write_json(output: Path | Output, command: str, results: Mapping[str, object]) -> None:
    """Write results to a file."""
    import fairgames

    document = {"schema": SCHEMA, "fairgames": fairgames.__version__, "command": command, **json_ready(results)}
    # What does not print is written as JSON's own escapes: the same text to a reader, and harmless on a terminal.
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    text = re.sub(r"[^\n -~]", lambda sign: sign[0] if sign[0].isprintable() else json.dumps(sign[0])[1:-1], text)
    output = output if isinstance(output, Output) else Output(output, "--json", ".json")
    if output.path == STANDARD_OUTPUT:
        getattr(sys.stdout, "real", sys.stdout).write(text)
    else:
        output.write(text)


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that `write_json` wrote, or one that holds the ``to_dict`` of a result."""
    name = name_of(path)
    try:
        document = json.loads(read_input(path, _MEMORY_EACH))
    except UnreadableError as error:
        raise DataError(f"{name}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: is not JSON: {error}") from None
    # A result's own to_dict has a kind, and no schema.
    if not isinstance(document, dict) or not {"schema", "kind"} & set(document):
        raise DataError(f"{name}: is not a result that fairgames wrote")
    if document.get("schema", SCHEMA) != SCHEMA:
        raise DataError(f"{name}: has form {shortened(repr(document['schema']), 60)}, this version reads form {SCHEMA}")
    return document
