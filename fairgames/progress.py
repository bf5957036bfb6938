"""Nothing long runs in silence: bars for work that is counted, a heartbeat that names the stage for all other work."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm

SILENT_SECONDS = 2.0
SECONDS_A_LINE = 5.0

_stages: list[str] = []
_shown_at = 0.0
_line_on_terminal = False


def progress(description: str, total: int | None = None, *, leave: bool = False) -> tqdm[NoReturn]:
    """Count steps: ``update()`` at each. Shown on standard error once two seconds have passed.

    Parameters
    ----------
    description : str
        What is counted.
    total : int or None
        How many steps there are, where that is known.
    leave : bool
        Whether the bar stays on a terminal when it is full.

    Returns
    -------
    tqdm
        A bar on a terminal; elsewhere a line every few seconds.
    """
    stream = sys.stderr
    in_lines = stream is None or not stream.isatty()
    return _kind_of_bar(in_lines)(
        desc=description,
        total=total,
        leave=leave,
        delay=SILENT_SECONDS,
        mininterval=SECONDS_A_LINE if in_lines else 0.1,
        file=stream,
        disable=stream is None,
    )


@cache
def _kind_of_bar(in_lines: bool) -> type[tqdm[NoReturn]]:
    """Class of bars, made once: tqdm starts a thread for each class that is used."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        disable: bool

        def display(self, msg: str | None = None, pos: int | None = None) -> bool:
            global _shown_at  # noqa: PLW0603 (a process has one terminal)
            _shown_at = time.monotonic()
            if in_lines:
                print(str(self), file=self.fp, flush=True)
            else:
                clear_line()
                super().display(msg, pos)
            return True

        def close(self) -> None:
            # Lines that were printed stay: there is nothing to tidy up.
            if in_lines and not self.disable:
                self.disable = True
                self._decr_instances(self)
            super().close()

    return Bar


@contextmanager
def stage(description: str) -> Iterator[None]:
    """Name what is being done, for the heartbeat; use as a context or a decorator."""
    _stages.append(description)
    try:
        yield
    finally:
        _stages.pop()


@contextmanager
def heartbeat(work: str) -> Iterator[None]:
    """Say on standard error what goes on and for how long: after two seconds, and every few then.

    While a bar counts steps it is the bar that shows. On a terminal one line is rewritten; elsewhere lines follow.

    Parameters
    ----------
    work : str
        What runs as a whole.
    """
    over = threading.Event()
    beat = threading.Thread(target=_beat, args=(work, over, sys.stderr), daemon=True)
    beat.start()
    try:
        yield
    finally:
        over.set()
        beat.join()
        clear_line()


def clear_line() -> None:
    """Take the heartbeat's line off the terminal, before something else is printed there."""
    global _line_on_terminal  # noqa: PLW0603 (a process has one terminal)
    if _line_on_terminal:
        _line_on_terminal = False
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _beat(work: str, over: threading.Event, stream: Any) -> None:
    global _line_on_terminal  # noqa: PLW0603
    start = time.monotonic()
    pause = SILENT_SECONDS
    while stream is not None and not over.wait(pause):
        on_terminal = stream.isatty()
        pause = 1.0 if on_terminal else SECONDS_A_LINE
        if time.monotonic() - _shown_at < SECONDS_A_LINE - 0.5 and not _line_on_terminal:
            continue
        text = f"{work}: {_stages[-1] if _stages else 'at work'}, {time.monotonic() - start:.0f} s"
        try:
            stream.write(f"\r\x1b[K{text}" if on_terminal else f"{text}\n")
            stream.flush()
        except (OSError, ValueError):
            return  # Nobody listens any more.
        _line_on_terminal = on_terminal
