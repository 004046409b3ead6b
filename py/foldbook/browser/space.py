"""What is done when the browser's storage is nearly used up, or refuses to take more.

Some room is kept back for that: to make room needs some. First the page asks the browser to keep
what is here for good, which may bring more. Then output
that nobody is shown any more goes (`foldbook.pruning`), the oldest first: of a shared notebook as
soon as little is left, for the relay has it; where this is the only copy when people ask for it,
or when without that nothing more could be saved. People are told what went.

What is left is folded anew then, and a new snapshot of it kept: the one before held what went.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from foldbook.browser.desk import Desk
from foldbook.browser.page import Page, Where
from foldbook.errors import FoldbookError, StoreFull
from foldbook.notebook import Notebook
from foldbook.peer import Change, Peer, Surroundings
from foldbook.pruning import PRUNED, Dropped, Pruned, named_blobs, prune, superseded
from foldbook.reducer import fold
from foldbook.row import Row, chained, check_dense
from foldbook.saver import Saver, first_of
from foldbook.store import Batch, Folded, Loaded

_MIB: Final = 1024 * 1024
LOW: Final = 256 * _MIB
"""Bytes that may be left before something is done; a tenth of all there is, where that is less."""
FULL: Final = 32 * _MIB
"""The same where this is the only copy; or a thirtieth."""
TURN: Final = 10.0
"""Seconds between two looks at how much is left."""
_SOME: Final = 16 * _MIB  # to let go where the store refuses though there seems to be room
_ASKING: Final = 3.0  # seconds that the page has for asking
_LONGEST: Final = 64  # turns to wait where nothing more can go
_SLICE: Final = 256  # rows that are looked through at a stretch while somebody may be typing


class Elsewhere(Protocol):
    """What is known of the relay: `foldbook.browser.sharing.ShareDesk`."""

    @property
    def owes(self) -> bool:
        """Whether rows are still to be fetched, or checked: then all of them are needed."""

    @property
    def has_all(self) -> bool:
        """Whether the relay has what is confirmed here, and gives it out."""

    @property
    def unsent(self) -> frozenset[str]:
        """Digests of the blobs that the relay has not been given yet."""


class Space:
    """See the module. `run` it as long as the notebook is open."""

    def __init__(
        self,
        page: Page,
        desk: Desk,
        saver: Saver,
        elsewhere: Elsewhere,
        around: Surroundings,
        loaded: Loaded,
    ) -> None:
        self._page = page
        self._desk = desk
        self._peer: Final[Peer] = desk.peer
        self._saver = saver
        self._elsewhere = elsewhere
        self._around = around
        self._drawer = [each.row for each in loaded.refused]
        self._dropped = self._found = Dropped.unpack(loaded.meta.get(PRUNED))
        self._needed = asyncio.Event()
        self._level = ""
        self._only = False
        self._agreed = self._asked = self._refuses = False
        self._waits = 1

    def heed(self) -> None:
        """The store has begun or ceased to refuse."""
        refuses = isinstance(self._saver.failed, StoreFull)
        if refuses is not self._refuses:
            self._waits = 1
            self._needed.set()
        self._refuses = refuses

    def agree(self) -> None:
        """People want earlier output to go."""
        self._agreed = True
        self._needed.set()

    def tell(self, to: Where) -> None:
        """How it stands, for a page that comes."""
        if self._level:
            self._page.post({"t": "space", "level": self._level, "only": self._only}, to)

    async def run(self) -> None:
        """Look after it, until cancelled."""
        while True:
            knows = await self.look()
            again = self._around.pause(TURN * self._waits) if knows else asyncio.Event().wait()
            await first_of(again, self._needed.wait())
            self._needed.clear()

    async def look(self) -> bool:
        """See how much is left, and do what is to be done; whether to look again by and by."""
        level, left, quota = await self._measure()
        if level and not self._asked:
            self._asked = True
            await self._around.pause(_ASKING)
            level, left, quota = await self._measure()
        is_elsewhere = self._elsewhere.has_all
        if level and not self._elsewhere.owes and (self._agreed or is_elsewhere or level == "full"):
            self._agreed = False
            lacking = min(quota // 5, 2 * LOW) - left
            went = await self._make_room(
                lacking if lacking > 0 else _SOME, is_elsewhere=is_elsewhere
            )
            self._waits = 1 if went else min(2 * self._waits, _LONGEST)
        elif not level:
            self._waits = 1
        return quota > 0 or level != ""

    async def _measure(self) -> tuple[str, int, int]:
        """The level, the bytes that are left, and those there are in all; 0 where unknown."""
        usage, quota = await self._page.storage()
        left = max(0, quota - usage)
        if isinstance(self._saver.failed, StoreFull) or not await self._page.reserve(keep=True):
            level = "full"  # whatever the browser says: some say that there is always more
        elif quota and left < min(quota // 30, FULL):
            level = "full"
        else:
            level = "low" if quota and left < min(quota // 10, LOW) else ""
        if level != self._level:
            self._level, self._only = level, not self._elsewhere.has_all
            self._page.post({"t": "space", "level": level, "only": self._only})
        return level, left, quota

    async def _make_room(self, goal: int, *, is_elsewhere: bool) -> bool:
        """Let so many bytes go, if there are as many; whether any went."""
        work = _Work(self._peer, self._saver, self._around, self._drawer, self._elsewhere)
        before = self._dropped
        try:
            if self._level == "full":
                await self._page.reserve(keep=False)
                self._saver.retry()
            if not await work.survey(goal):
                return False
            self._desk.keeping.hold()
            async for dropped in work.let_go(before, is_elsewhere=is_elsewhere):
                self._dropped = dropped
            self._saver.retry()
            notebook, prefix = await work.fold_anew()
        except FoldbookError:  # what could not be done now may be later
            logging.getLogger(__name__).exception("no room was made")
            return self._dropped != before
        finally:
            work.end()
            self._tell_dropped(before)
        self._peer.amend(notebook)
        snapshot = self._desk.begin_anew(None if self._dropped.elsewhere else prefix)
        self._saver.put(Batch(snapshot=snapshot), durability="relaxed")
        return True

    def _tell_dropped(self, before: Dropped) -> None:
        """Tell all that went since the notebook was opened: it may go in several steps."""
        if self._dropped == before:
            return
        found = self._found
        count, size = self._dropped.rows - found.rows, self._dropped.size - found.size
        only = not self._dropped.elsewhere
        self._page.post({"t": "space", "dropped": {"outputs": count, "bytes": size, "only": only}})


@dataclass(slots=True)
class _Survey:
    """What could go: the bytes of rows by the seq they reach to, and blobs with the last row that
    names each and its size; ``named``: blobs that something else names."""

    saved: list[tuple[int, int]] = field(default_factory=list)
    blobs: dict[str, tuple[int, int]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def take(self, rows: Sequence[Row], over: Callable[[Row], Pruned | None]) -> None:
        """Some more rows."""
        saved = 0
        for row in rows:
            found = over(row)
            if found is None:
                self.named.update(named_blobs([row]))
                continue
            saved += found.saved
            for digest, size in found.blobs.items():
                self.blobs[digest] = (row.seq, size)
        if rows and saved:
            self.saved.append((rows[-1].seq, saved))

    def cut(self, goal: int) -> int:
        """The seq up to which rows are to be pruned for so many bytes; 0: there is nothing."""
        free = [place for digest, place in self.blobs.items() if digest not in self.named]
        last = total = 0
        for seq, size in sorted([*self.saved, *free]):
            if total >= goal and seq > last:
                break
            last, total = seq, total + size
        return last


class _Work:
    """One time of making room. `end` it."""

    def __init__(
        self,
        peer: Peer,
        saver: Saver,
        around: Surroundings,
        drawer: Sequence[Row],
        elsewhere: Elsewhere,
    ) -> None:
        self._elsewhere = elsewhere
        self._peer = peer
        self._saver = saver
        self._around = around
        self._notebook = peer.log.confirmed.fork()
        self._over = superseded(self._notebook)
        self._fresh = saver.fresh()
        self._last = 0
        self._found = _Survey()
        own = [*drawer, *peer.log.pending, *(each.row for each in peer.log.refused)]
        self._found.named |= elsewhere.unsent | set(named_blobs(own))
        self.end = peer.subscribe(self._follow)

    async def survey(self, goal: int) -> bool:
        """Find out what is to go; whether there is anything."""
        if not self._over:
            return False
        async for rows in self._rows(self._notebook.head):
            self._found.take(rows, self._pruned)
        self._last = self._found.cut(goal)
        return self._last > 0

    async def let_go(self, before: Dropped, *, is_elsewhere: bool) -> AsyncIterator[Dropped]:
        """Prune it, and tell after each step what is gone in all. Raises the store's errors."""
        # The snapshot goes first: it holds what is to go, and what is made of the rows is right.
        first: Folded | None = Folded(0, b"")
        total, gone = before, set[str]()
        async for rows in self._rows(self._last):
            if self._elsewhere.owes:  # it is being shared: what others are told must stay
                return
            shown = {cell.execution for cell in self._peer.notebook.cells.values()}
            self._over = frozenset(each for each in self._over if each not in shown)
            pruned = [found for row in rows if (found := self._pruned(row))]
            blobs = self._blobs_up_to(rows[-1].seq) - gone
            if not pruned and not blobs:
                continue
            sizes = sum(self._found.blobs[each][1] for each in blobs)
            size = sum(each.saved for each in pruned) + sizes
            total = total.plus(Dropped(len(pruned), size, is_elsewhere))
            batch = Batch(
                rewritten=[each.row for each in pruned],
                blobs_dropped=sorted(blobs),
                meta={PRUNED: total.pack()},
                snapshot=first,
            )
            await self._write(batch)
            first, gone = None, gone | blobs
            yield total

    async def fold_anew(self) -> tuple[Notebook, bytes]:
        """The fold of the rows that are left, all that are confirmed, and what stands for them.

        Nothing waits between the last look at them and the return.
        """
        notebook, prefix = Notebook(), b""
        while notebook.head != self._peer.log.head:
            rows = await self._saver.rows(notebook.head, _SLICE)
            check_dense(rows, notebook.head)
            for row in rows:
                fold(notebook, row)
                prefix = chained(prefix, row)
            if not rows:
                await self._saver.flush()
            elif notebook.head != self._peer.log.head:
                await self._around.pause(0)
        return notebook, prefix

    async def _write(self, batch: Batch) -> None:
        try:
            await self._saver.ahead(batch)
        except StoreFull:
            # Not even room for the rows without what they had: what needs none goes first.
            blobs = sorted(self._blobs_up_to(self._last))
            await self._saver.ahead(Batch(blobs_dropped=blobs, snapshot=Folded(0, b"")))
            await self._saver.ahead(batch)

    async def _rows(self, last: int) -> AsyncIterator[list[Row]]:
        """The rows 1 to ``last``, some at a time."""
        seq = 0
        while seq < last:
            rows = await self._saver.rows(seq, min(_SLICE, last - seq))
            if not rows:  # the others are on their way to the store
                return
            check_dense(rows, seq)
            yield rows
            seq = rows[-1].seq
            await self._around.pause(0)

    def _pruned(self, row: Row) -> Pruned | None:
        return prune(row, self._notebook, self._over)

    def _blobs_up_to(self, last: int) -> set[str]:
        kept = self._found.named | self._fresh
        return {
            digest
            for digest, (seq, _) in self._found.blobs.items()
            if seq <= last and digest not in kept
        }

    def _follow(self, change: Change) -> None:
        """What comes meanwhile may name a blob that was to go."""
        self._found.named.update(named_blobs([*change.confirmed, *change.pending]))
