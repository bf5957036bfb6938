"""Run hostile cases one after another in this process, within limits of time and memory, and say which fail.

The parent gives the seeds, the seconds a case, the gibibytes of memory, and the seconds in all; a failure is printed
as one line of JSON. Without arguments, each line of standard input is a call of the command, run in a child of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import generator

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
OUTPUTS = {"out.json", "out.png", "out.svg", "out.csv", "out.nfg", "out.tex", "out.txt"}


class OutOfTime(BaseException):
    """A case ran over its limit; no handler for ordinary exceptions may swallow it."""


def _alarm(_signal, _frame):
    raise OutOfTime


def _state(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def check(case, seconds):
    """Run one case; return what is wrong with how it ended, or None."""
    from typer.testing import CliRunner

    from fairgames.cli.main import app

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in case.files.items():
            (folder / file).write_bytes(content)
        os.mkfifo(folder / "pipe")
        before = _state(folder)
        os.chdir(folder)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            result = CliRunner().invoke(app, case.arguments)
        except OutOfTime:
            return f"ran over {seconds} s: " + "".join(traceback.format_exc().splitlines(keepends=True)[-14:])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            os.chdir("/")
        after = _state(folder)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return "".join(traceback.format_exception(result.exception)[-6:])
    if result.exit_code not in {0, 1, 2, 3}:
        return f"exit status {result.exit_code}"
    if "Traceback" in result.output or "fault of fairgames" in result.output:
        return result.output
    if UNSAFE.search(result.output):
        return f"prints raw controls: {result.output!r}"
    if result.exit_code == 2 and len(result.output) > 60_000:
        return f"a message of {len(result.output)} characters"
    touched = {file for file in before | after if before.get(file) != after.get(file)} - OUTPUTS
    asked = {argument for argument in case.arguments if argument not in before}
    return f"touched {sorted(touched - asked)}" if touched - asked else None


def main(first, last, seconds, gibibytes, until):
    """Run the cases of seeds ``first`` to ``last``, while there is time."""
    resource.setrlimit(resource.RLIMIT_AS, (int(gibibytes * 2**30), resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, _alarm)
    os.environ["FAIRGAMES_TRACEBACK"] = "1"
    end, ran = time.monotonic() + until, 0
    for seed in range(int(first), int(last)):
        if time.monotonic() > end:
            break
        case = generator.case(seed)
        begun = time.monotonic()
        problem = check(case, seconds)
        ran += 1
        if problem:
            report(seed=seed, arguments=[a[:80] for a in case.arguments], problem=problem[-3000:])
        elif os.environ.get("SHOW_SLOW") and time.monotonic() - begun > 1:
            report(slow=seed, seconds=time.monotonic() - begun, arguments=[a[:80] for a in case.arguments])
    report(ran=ran)


def report(**facts):
    """Print one line of JSON."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def serve():
    """Answer each call with how it ended; the package is loaded once for all children."""
    from typer.testing import CliRunner

    import fairgames as fg
    from fairgames.cli.main import app

    for name in fg.__all__:
        getattr(fg, name)
    for line in sys.stdin:
        call = json.loads(line)
        answer, answers = os.pipe()
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_AS, (int(call["gibibytes"] * 2**30), resource.RLIM_INFINITY))
            signal.alarm(call["seconds"])
            os.chdir(call["folder"])
            result = CliRunner().invoke(app, call["arguments"])
            facts = {"returncode": result.exit_code, "stdout": result.stdout, "stderr": result.stderr}
            if not isinstance(result.exception, (SystemExit, type(None))):
                facts["stderr"] += "".join(traceback.format_exception(result.exception))
            with os.fdopen(answers, "w") as stream:
                json.dump(facts, stream)
            os._exit(0)
        os.close(answers)
        with os.fdopen(answer) as stream:
            facts = stream.read()
        _, status = os.waitpid(child, 0)
        report(**(json.loads(facts) if facts else {"returncode": status, "stdout": "", "stderr": "was killed"}))


if __name__ == "__main__":
    if sys.argv[1:]:
        main(*map(float, sys.argv[1:]))
    else:
        serve()
