"""When an interrupt may strike: in a cell's code, and nowhere else.

A SIGINT can come between any two instructions. In the cell's own code, and in what leads right
into it, it becomes a KeyboardInterrupt; inside a `shield` (an output on its way into the log) it
waits until the shield ends; anywhere else it is noted, and the handler that stood before decides.
A SIGALRM, which flushes streams, is good for nothing there either.
"""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any


class Interrupts:
    """SIGINT while cells run. Works in the main thread only; elsewhere it does nothing."""

    def __init__(self, tick: Callable[[], None]) -> None:
        """``tick`` is called on SIGALRM in a cell's code, outside shields: the platform's way to
        flush streams while that code lets nothing else run.
        """
        self._tick = tick
        self._home = threading.get_ident()
        self._namespace: Mapping[str, Any] = {}
        self._doors: frozenset[CodeType] = frozenset()
        self._noticed: Callable[[], None] | None = None
        self._depth = 0
        self._held = False
        self._previous: Any = None
        self._previous_alarm: Any = None
        self.struck = False
        self.missed = False
        """One came where it may not strike: before the cell's code began, or between its lines."""

    def install(
        self,
        namespace: Mapping[str, Any],
        doors: Iterable[CodeType] = (),
        noticed: Callable[[], None] | None = None,
    ) -> None:
        """Take over SIGINT; code whose globals are ``namespace`` is a cell's.

        doors: functions that call it, and do nothing themselves after `strike` that must not be
        left half done. noticed: a SIGINT was, and need not be sent again.
        """
        self._namespace = namespace
        self._doors = frozenset(doors)
        self._noticed = noticed
        if threading.current_thread() is not threading.main_thread():
            return
        self._previous = signal.signal(signal.SIGINT, self._on_interrupt)
        if hasattr(signal, "SIGALRM"):
            self._previous_alarm = signal.signal(signal.SIGALRM, self._on_alarm)

    def uninstall(self) -> None:
        """Give SIGINT back."""
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None
        if self._previous_alarm is not None:
            signal.signal(signal.SIGALRM, self._previous_alarm)
            self._previous_alarm = None

    @contextmanager
    def shield(self) -> Iterator[None]:
        """In this block no interrupt strikes; one that came strikes at its end."""
        if threading.get_ident() != self._home:
            yield
            return
        self._depth += 1
        try:
            yield
        except KeyboardInterrupt:
            self._held = False  # it is this one, which came by another way too
            raise
        finally:
            self._depth -= 1
        if self._held and not self._depth:
            self._held = False
            raise KeyboardInterrupt

    def forget(self) -> None:
        """What came up to now strikes nothing, noticed or not."""
        self.missed = False
        if self._noticed is not None:
            self._noticed()

    def strike(self) -> bool:
        """Before code of a cell begins: whether it must not, as an interrupt came too early."""
        strikes, self.missed = self.missed, False
        self.struck = self.struck or strikes
        return strikes

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._noticed is not None:
            self._noticed()
        # At a door nobody would look again before the cell's code has come to its end.
        if self._in_cell(frame) or (frame is not None and frame.f_code in self._doors):
            self.struck = True
            if not self._depth:
                raise KeyboardInterrupt
            self._held = True
            return
        self.missed = True
        if callable(self._previous):
            self._previous(number, frame)

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        # Where the event loop runs it may be in the midst of the log, and timers flush.
        if not self._depth and self._in_cell(frame):
            self._tick()

    def _in_cell(self, frame: FrameType | None) -> bool:
        while frame is not None:
            if frame.f_globals is self._namespace:
                return True
            frame = frame.f_back
        return False
