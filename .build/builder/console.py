"""What the person at the terminal sees: steps with their times, and progress in between."""

import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from builder import paths
from builder.errors import CommandFailed

_TERMINAL = sys.stdout.isatty()
_REDRAW_SECONDS = 0.2 if _TERMINAL else 5.0
_TAIL_LINES = 40


def say(text: str) -> None:
    """Print a line at once, also through a pipe."""
    print(text, flush=True)


def megabytes(size: int) -> str:
    """A size in bytes as people read it: `2.5 MB`, `31 kB`."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"


class Progress:
    """One line under a running step: redrawn on a terminal, now and then repeated elsewhere."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._started = time.monotonic()
        self._drawn = self._started
        self._width = 0
        self._detail = ""
        self._guard = threading.Lock()

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self._started

    def show(self, detail: str | None = None) -> None:
        """Tell what is being done now; without `detail` the last one is shown again."""
        with self._guard:
            if detail is not None:
                self._detail = detail
            if time.monotonic() - self._drawn < _REDRAW_SECONDS:
                return
            self._drawn = time.monotonic()
            line = f"  {self._label} … {self.elapsed:.0f} s  {self._detail}"[:110]
            if _TERMINAL:
                print(f"\r{line:<{self._width}}", end="", flush=True)
                self._width = len(line)
            else:
                say(line)

    def clear(self) -> None:
        """Take the line away again."""
        with self._guard:
            if _TERMINAL and self._width:
                print(f"\r{'':<{self._width}}\r", end="", flush=True)
                self._width = 0


@contextmanager
def step(label: str) -> Iterator[Progress]:
    """A named part of the work; prints how long it took once it is done."""
    progress = Progress(label)
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(_REDRAW_SECONDS):
            progress.show()

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield progress
    finally:
        ended.set()
        ticker.join()
        progress.clear()
    say(f"  {label}  ({progress.elapsed:.1f} s)")


def run(
    label: str,
    command: Sequence[str | Path],
    *,
    cwd: Path = paths.ROOT,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a program as one step; its output goes to a log, the newest line is shown.

    Raises CommandFailed with the last lines when the program ends with an error.
    """
    with step(label) as progress:
        run_quietly(label, command, cwd=cwd, env=env, on_line=progress.show)


def run_quietly(
    label: str,
    command: Sequence[str | Path],
    *,
    cwd: Path = paths.ROOT,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """As `run`, inside a step that is already shown."""
    log = _log_file(label)
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    with log.open("w", encoding="utf-8") as kept:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert process.stdout is not None
        for line in process.stdout:
            kept.write(line)
            tail.append(line.rstrip())
            if on_line and line.strip():
                on_line(line.strip())
        code = process.wait()
    if code:
        raise CommandFailed(label, code, log, "\n".join(tail))


def _log_file(label: str) -> Path:
    folder = paths.WORK / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / (re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") + ".log")
