"""What running code says, as events: `AgentOutlet` puts a runtime's outputs into its peer's log.

Every call appends at once, so outputs leave while the code runs. Rows stay under the row limit
(streams are split, large values become blobs), and one execution cannot fill the log: past a
limit its outputs are dropped, with a visible note.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeVar

from foldbook import blobs, pieces
from foldbook.errors import CommandRefused, Refused
from foldbook.events.base import Event
from foldbook.events.executions import InputRequested
from foldbook.events.outputs import (
    DisplayDataAdded,
    DisplayDataUpdated,
    ErrorAdded,
    ExecuteResultAdded,
    OutputCleared,
    StreamAppended,
)
from foldbook.executor import Bundle
from foldbook.mime import is_blob, size_of
from foldbook.notebook import Prompt
from foldbook.peer import Peer

T = TypeVar("T")

BYTES_LIMIT: Final = 10_000_000
EVENTS_LIMIT: Final = 20_000
"""What one execution may put into the log."""
BLOBS_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of blobs of one execution; a relay takes as much of a single one, unless told else."""
WINDOW: Final = 1024 * 1024
"""Bytes of own rows that may be kept nowhere yet; before that writing waits, where it can."""

_BUNDLE_LIMIT: Final = 40 * 1024
_TRACEBACK_LIMIT: Final = 24 * 1024
_PROMPT_LIMIT: Final = 8 * 1024  # characters
_WORDS_LIMIT: Final = 12 * 1024  # bytes of JSON; an error has four of these at most
_METADATA_LIMIT: Final = 8 * 1024


class Wait(Protocol):
    """Blocks the running code until something has happened."""

    def __call__(self, awaitable: Awaitable[T], /) -> T:
        """The awaitable's result. Raises RuntimeError where nothing can be waited for."""


def cannot_wait(awaitable: Awaitable[T]) -> T:
    """The `Wait` of a platform that cannot block."""
    if isinstance(awaitable, Coroutine):
        awaitable.close()
    raise RuntimeError("Python cannot wait here for an answer: this platform cannot block.")


@dataclass(slots=True)
class _Spent:
    events: int = 0
    bytes: int = 0
    blobs: int = 0
    over: bool = False


@dataclass(slots=True)
class _Question:
    execution_id: str
    input_id: str
    password: bool
    answer: asyncio.Future[str]
    secret: str | None = None


class AgentOutlet:
    """An `foldbook.executor.AsyncOutlet` over a peer. ``progress``: takes (execution, text).
    asks: whether there is anybody to answer."""

    def __init__(
        self, peer: Peer, wait: Wait, progress: Callable[[str, str], None], *, asks: bool = True
    ) -> None:
        self._asks = asks
        self._peer = peer
        self._wait = wait
        self._progress = progress
        self._spent: dict[str, _Spent] = {}
        self._question: _Question | None = None
        self._asked = 0
        self._unchecked = 0

    def stream(self, parent: str, name: Literal["stdout", "stderr"], text: str) -> None:
        """See `foldbook.executor.Outlet`."""
        for piece in pieces.cut(text):
            self._put(parent, StreamAppended(execution_id=parent, name=name, text=piece))
        self._throttle()

    def display(
        self, parent: str, data: Bundle, metadata: Bundle, display_id: str | None, update: bool
    ) -> None:
        """See `foldbook.executor.Outlet`."""
        fields = self._bundle(parent, data, metadata)
        if fields is None:
            return
        if not update:
            event: Event = DisplayDataAdded(execution_id=parent, display_id=display_id, **fields)
        elif display_id is not None:
            event = DisplayDataUpdated(display_id=display_id, **fields)
        else:
            return
        self._put(parent, event)
        self._throttle()

    def result(
        self, parent: str, data: Bundle, metadata: Bundle, count: int, display_id: str | None = None
    ) -> None:
        """See `foldbook.executor.Outlet`."""
        fields = self._bundle(parent, data, metadata)
        if fields is not None:
            event = ExecuteResultAdded(
                execution_id=parent, execution_count=count, display_id=display_id, **fields
            )
            self._put(parent, event)

    def error(self, parent: str, ename: str, evalue: str, traceback: list[str]) -> None:
        """See `foldbook.executor.Outlet`. Errors are shown whatever has been put before."""
        event = ErrorAdded(
            execution_id=parent,
            ename=ename[:200],
            evalue=_shortened(evalue),
            traceback=_fitting(traceback),
        )
        self._peer.append([event])

    def clear(self, parent: str, wait: bool) -> None:
        """See `foldbook.executor.Outlet`."""
        self._put(parent, OutputCleared(execution_id=parent, wait=wait))

    def ask(self, parent: str, prompt: str, password: bool) -> str:
        """See `foldbook.executor.Outlet`."""
        return self._wait(self.question(parent, prompt, password))

    async def question(self, parent: str, prompt: str, password: bool) -> str:
        """See `foldbook.executor.AsyncOutlet`."""
        if not self._asks:
            raise RuntimeError("nobody watches this run.")
        self._asked += 1
        input_id = f"{parent[:48]}-{self._asked}"
        event = InputRequested(
            execution_id=parent, input_id=input_id, prompt=prompt[:_PROMPT_LIMIT], password=password
        )
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._question = _Question(parent, input_id, password, answer)
        try:
            self._peer.append([event])
            return await answer
        finally:
            self._question = None

    async def ready(self) -> None:
        """See `foldbook.executor.AsyncOutlet`."""
        if self._unchecked >= WINDOW // 4:
            self._unchecked = 0
            with suppress(Refused):  # for good: nothing that would have to wait is taken either
                await self._peer.drained(WINDOW // 2)

    def progress(self, parent: str, text: str) -> None:
        """See `foldbook.executor.Outlet`."""
        self._progress(parent, text)

    def look_for_answer(self) -> None:
        """The log has changed: perhaps somebody has answered the question that is open."""
        question = self._question
        if question is None:
            return
        execution = self._peer.notebook.executions.get(question.execution_id)
        prompt: Prompt | None = execution.prompt if execution else None
        if prompt is None or prompt.id != question.input_id or not prompt.answered:
            return
        value = question.secret if question.password else prompt.value
        # Answered without a value: an interrupt has ended the question.
        if value is not None and not question.answer.done():
            question.answer.set_result(value)

    def answer(self, input_id: str, value: str) -> bool:
        """A password arrived beside the log. False where nobody waits for it.

        It is held until the log says that it was given: what the code does with it stands after
        that, in the log and on the page.
        """
        question = self._question
        if question is None or question.input_id != input_id:
            return False
        question.secret = value
        self.look_for_answer()
        return True

    def forget(self, parent: str) -> None:
        """The execution is over. What its threads say later counts anew."""
        self._spent.pop(parent, None)

    def _put(self, parent: str, event: Event) -> None:
        spent = self._spent.setdefault(parent, _Spent())
        if spent.over:
            return
        (row,) = self._peer.append([event])
        spent.events += 1
        spent.bytes += len(row.payload)
        self._unchecked += len(row.payload)
        if spent.events >= EVENTS_LIMIT or spent.bytes >= BYTES_LIMIT:
            self._cut(parent, spent)

    def _cut(self, parent: str, spent: _Spent) -> None:
        spent.over = True
        note = (
            f"\n[Foldbook: this execution has put {spent.bytes / 1e6:.1f} MB in {spent.events} "
            "pieces into the notebook. What it says from here on is not kept.]\n"
        )
        self._peer.append([StreamAppended(execution_id=parent, name="stderr", text=note)])

    def _bundle(self, parent: str, data: Bundle, metadata: Bundle) -> dict[str, Any] | None:
        """The fields data and metadata of an event; None where no more is taken."""
        spent = self._spent.setdefault(parent, _Spent())
        if spent.over:
            return None
        found: dict[str, bytes] = {}
        packed = _slim(blobs.pack(data, found, foreign=True), found)
        about = blobs.pack(metadata, found, foreign=True)
        spent.blobs += sum(map(len, found.values()))
        if spent.blobs > BLOBS_LIMIT:
            self._cut(parent, spent)
            return None
        for content in found.values():
            self._peer.put_blob(content)
        return {"data": packed, "metadata": about if size_of(about) < _METADATA_LIMIT else {}}

    def _throttle(self) -> None:
        """Let the notebook catch up now and then: a loop that prints must not run away from it.

        Where code cannot wait, rows are buffered instead.
        """
        if self._unchecked < WINDOW // 4 or self._wait is cannot_wait:
            return
        self._unchecked = 0
        with suppress(RuntimeError):
            self._wait(self._peer.drained(WINDOW // 2))


def _slim(bundle: dict[str, Any], found: dict[str, bytes]) -> dict[str, Any]:
    """The bundle, with values made blobs until it fits a row, the largest first."""
    while size_of(bundle) > _BUNDLE_LIMIT:
        rest = [mime for mime, value in bundle.items() if not is_blob(value)]
        if not rest:
            raise CommandRefused(f"An output has {len(bundle)} types; so many do not fit a row.")
        largest = max(rest, key=lambda mime: size_of(bundle[mime]))
        data, form = blobs.to_bytes(largest, bundle[largest])
        digest = hashlib.sha256(data).hexdigest()
        found[digest] = data
        bundle[largest] = blobs.reference(digest, len(data), form)
    return bundle


def _shortened(text: str, limit: int = _WORDS_LIMIT) -> str:
    """The text, without its middle where it is longer than ``limit`` bytes of JSON."""
    half = limit // 2
    if len(text) <= limit and pieces.size(text) <= limit:
        return text
    while pieces.size(text[:half]) + pieces.size(text[-half:]) > limit:
        half = half * 3 // 4
    return f"{text[:half]}\n... {len(text) - 2 * half} characters ...\n{text[-half:]}"


def _fitting(lines: list[str]) -> tuple[str, ...]:
    """A traceback's lines, the middle ones left out where they are too many."""
    lines = [_shortened(line) for line in lines]
    if pieces.size("".join(lines)) <= _TRACEBACK_LIMIT:
        return tuple(lines)
    first, last = lines[:2], lines[-1:]
    middle = lines[2:-1]
    room = _TRACEBACK_LIMIT - pieces.size("".join(first + last))
    kept: list[str] = []
    while middle and room - pieces.size(middle[-1]) > 0:
        room -= pieces.size(middle[-1])
        kept.insert(0, middle.pop())
    return (*first, f"... {len(middle)} frames ...", *kept, *last)
