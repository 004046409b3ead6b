"""Outputs on their way to the outlet, in order; what streams write is gathered into pieces.

A piece leaves at a line's end when it is time (`foldbook.shell.pace`), when it is 8 KiB large, when
another output, stream or execution follows, at `tick`, and at the cell's end. So a loop of a
thousand prints is a handful of events, and nothing is held while code waits. Of the updates of one
display that come faster than that, the last leaves.
"""

import asyncio
import base64
import datetime
import io
import itertools
import math
import numbers
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from foldbook.executor import Bundle, Outlet
from foldbook.shell.hooks import Distance
from foldbook.shell.interrupts import Interrupts
from foldbook.shell.pace import Pace
from foldbook.shell.parents import Parents

Name = Literal["stdout", "stderr"]

PIECE: Final = 8 * 1024
"""Characters that are not held back longer."""


class Emitter:
    """Sends a shell's outputs to an outlet, from whatever thread, in the home thread.

    Over a distance they are sent in the thread that says them.
    """

    def __init__(
        self,
        outlet: Outlet,
        parents: Parents,
        *,
        distance: Distance | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.outlet = outlet
        self._distance = distance
        self.parents = parents
        self.interrupts = Interrupts(self.flush_due)
        self._pace = Pace(clock)
        self._loop = asyncio.get_running_loop()
        self.home = threading.get_ident()
        self._lock = threading.RLock()
        self._key: tuple[str, Name] | None = None
        self._pieces: list[str] = []
        self._held = 0
        self._updates: dict[str, tuple[str, Callable[[], None]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timed = False

    def write(self, name: Name, text: str) -> bool:
        """Text of a stream; False where no execution is there to take it."""
        parent = self.parents.current()
        if parent is None:
            return False
        key, piece = (parent, name), _sound(text)
        with self.interrupts.shield(), self._lock:
            while self._key != key:
                self._flush_held()
                self._key = key
            # A signal handler that prints can come in at any call; there is none up to here.
            self._pieces += [piece]
            self._held += len(text)
            self._pace.turn(parent)
            due = self._pace.is_due and ("\n" in text or "\r" in text)
            sent = self._flush_if(due or self._held >= PIECE)
        if sent:
            self._settle()
        return True

    def display(self, data: Bundle, metadata: Bundle, display_id: str | None, update: bool) -> None:
        """Something is displayed, or updated."""
        parent = self.parents.current()
        if parent is None:
            return
        sound = jsonable(data), jsonable(metadata)

        def act() -> None:
            self.outlet.display(parent, *sound, display_id, update)

        if update and display_id is not None:
            self._update(parent, display_id, act)
        else:
            self._send(act)

    def result(self, data: Bundle, metadata: Bundle, count: int) -> None:
        """The value of the cell's last expression."""
        parent = self.parents.current()
        if parent is not None:
            sound = jsonable(data), jsonable(metadata)
            self._send(lambda: self.outlet.result(parent, *sound, count))

    def error(self, ename: str, evalue: str, traceback: list[str]) -> None:
        """The code raised."""
        parent = self.parents.current()
        if parent is not None:
            lines = [_sound(line) for line in traceback]
            self._send(lambda: self.outlet.error(parent, ename, _sound(evalue), lines))

    def clear(self, wait: bool) -> None:
        """The code clears its outputs."""
        parent = self.parents.current()
        if parent is not None:
            self._send(lambda: self.outlet.clear(parent, wait))

    def progress(self, text: str) -> None:
        """Something takes time; shown while it lasts."""
        parent = self.parents.current()
        if parent is not None:
            self._send(lambda: self.outlet.progress(parent, text))

    def flush(self) -> None:
        """Send what is held."""
        with self.interrupts.shield(), self._lock:
            self._flush_held()
        self._settle()

    def flush_due(self) -> None:
        """Send what is held if the last piece left long enough ago; else it leaves soon."""
        if self._pace.is_due:
            self.flush()

    def fork(self, outlet: Outlet) -> None:
        """This process is a fork of the shell's own: what it says goes to ``outlet`` line by
        line, and what was held is the other's to send.
        """
        self.outlet, self._distance = outlet, _Nowhere()
        self._pace = Pace(itertools.count().__next__)
        self._lock = threading.RLock()
        self.home = threading.get_ident()
        self._pieces, self._held, self._updates, self._timed = [], 0, {}, False

    def _send(self, action: Callable[[], None]) -> None:
        if not self._is_here():
            self._loop.call_soon_threadsafe(self._send, action)
            return
        with self.interrupts.shield(), self._lock:
            self._flush_held()
            action()
        self._settle()

    def _is_here(self) -> bool:
        return self._distance is not None or threading.get_ident() == self.home

    def _settle(self) -> None:
        if self._distance is not None:
            self._distance.settle()

    def _update(self, parent: str, display_id: str, act: Callable[[], None]) -> None:
        with self.interrupts.shield(), self._lock:
            self._updates[display_id] = parent, act
            self._pace.turn(parent)
            sent = self._flush_if(self._pace.is_due)
        if sent:
            self._settle()

    def _flush_if(self, due: bool) -> bool:
        if due:
            self._flush_held()
        else:
            self._flush_soon()
        return due

    def _flush_held(self) -> None:
        key, pieces, updates = self._key, self._pieces, self._updates
        self._pieces, self._held, self._updates = [], 0, {}
        if key is not None and pieces:
            (parent, name), text = key, "".join(pieces)
            self._leave(parent, lambda: self.outlet.stream(parent, name, text))
        for execution, act in updates.values():
            self._leave(execution, act)

    def _leave(self, parent: str, act: Callable[[], None]) -> None:
        self._pace.sent(parent)
        if self._is_here():
            act()
        else:
            self._loop.call_soon_threadsafe(act)

    def _flush_soon(self) -> None:
        if self._distance is not None:
            if not self._timed:
                self._timed = True
                self._distance.later(self._pace.wait, self._on_time)
        elif threading.get_ident() != self.home:
            self._loop.call_soon_threadsafe(self._flush_soon)
        elif self._timer is None and not self._loop.is_closed():
            self._timer = self._loop.call_later(self._pace.wait, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.flush()

    def _on_time(self) -> None:
        with self._lock:
            self._timed = False
            self._flush_held()


class _Nowhere:
    """The `Distance` of a fork: no line is held."""

    def settle(self) -> None:
        pass

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        pass


class Stream(io.TextIOBase):
    """What stands in for ``sys.stdout`` or ``sys.stderr`` while a shell is there."""

    def __init__(self, emitter: Emitter, name: Name, beneath: Any) -> None:
        """``beneath``: the stream for what belongs to no execution."""
        super().__init__()
        self.name = name
        self._emitter = emitter
        self._beneath = beneath

    encoding = "utf-8"
    errors = "backslashreplace"

    def write(self, text: str) -> int:
        """Hand text to the emitter."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text and not self._emitter.write(self.name, text) and self._beneath is not None:
            self._beneath.write(text)
        return len(text)

    def flush(self) -> None:
        """Send what is held if it is time: a loop that flushes after every word stays cheap."""
        self._emitter.flush_due()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        """The file beneath, for code that must have one."""
        if self._beneath is None:
            raise io.UnsupportedOperation("fileno")
        return int(self._beneath.fileno())


def jsonable(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """A mime bundle of text and JSON values only: bytes become base64, strangers their repr."""
    return {str(mime): _value(value) for mime, value in bundle.items() if value is not None}


def _value(value: object) -> object:
    # By hand: a runtime's Python need not have more than IPython.
    match value:
        case None | bool():
            return value
        case str():
            return _sound(value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode("ascii")
        case numbers.Integral():
            return int(value)
        case numbers.Real():
            number = float(value)
            return number if math.isfinite(number) else None
        case Mapping():
            return {_sound(str(key)): _value(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_value(each) for each in value]
        case datetime.date() | datetime.time():
            return value.isoformat()
        case _:
            return _sound(repr(value))


def _sound(text: str) -> str:
    """The text without lone surrogates, which no UTF-8 can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
