"""Speaking with whoever sits at the terminal. What others wrote is shown, and never obeyed."""

import asyncio
import os
import sys
import termios
import unicodedata
from typing import Final, TextIO

_KEPT: Final = "\n\t"
_READ: Final = 4096


def plain(text: str) -> str:
    """Text of others, fit for a terminal: nothing in it moves the cursor, changes colours or
    turns the direction of writing. What does, stands there as its code."""
    return "".join(
        each if each in _KEPT or unicodedata.category(each)[0] != "C" else _code(each)
        for each in text
    )


def one_line(text: str, limit: int = 60) -> str:
    """The same, in one line that is not too long."""
    shown = plain(" ".join(text.split()))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


class Terminal:
    """Questions on a terminal. Two are never asked at once.

    source: a terminal; told: where it is asked.
    """

    def __init__(self, source: TextIO | None = None, told: TextIO | None = None) -> None:
        self._source = source or sys.stdin
        self._told = told or sys.stderr
        self._lock = asyncio.Lock()
        self._is_over = False

    @property
    def is_there(self) -> bool:
        """Whether somebody may sit at it."""
        return self._source.isatty()

    def say(self, text: str) -> None:
        """One line, or several."""
        print(text, file=self._told, flush=True)

    async def agree(self, question: str, withdrawn: str) -> bool:
        """Whether it is answered with yes; no where nobody can answer any more.

        Where it is cancelled, ``withdrawn`` is said.
        """
        async with self._lock:
            termios.tcflush(self._source, termios.TCIFLUSH)  # typed before it was asked
            print(f"{question} [y/n] ", end="", file=self._told, flush=True)
            try:
                while True:
                    answer = (await self._line()).strip().lower()
                    if answer in ("y", "yes"):
                        return True
                    if answer in ("n", "no") or self._is_over:
                        return False
                    print("y or n? ", end="", file=self._told, flush=True)
            except asyncio.CancelledError:
                self.say(f"\n{withdrawn}")
                raise

    async def _line(self) -> str:
        """What is typed next."""
        loop, descriptor = asyncio.get_running_loop(), self._source.fileno()
        typed: asyncio.Future[bytes] = loop.create_future()

        def read() -> None:
            if not typed.done():
                typed.set_result(_take(descriptor))

        loop.add_reader(descriptor, read)
        try:
            data = await typed
        finally:
            loop.remove_reader(descriptor)
        self._is_over = self._is_over or not data
        return data.decode(errors="replace")


def _take(descriptor: int) -> bytes:
    """A terminal gives a line at a time; nothing where it is gone."""
    try:
        return os.read(descriptor, _READ)
    except OSError:
        return b""


def _code(character: str) -> str:
    return character.encode("unicode_escape").decode()
