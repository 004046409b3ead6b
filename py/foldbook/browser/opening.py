"""Opening a notebook: what its store has, and what can be done with that."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from foldbook.authority import LocalAuthority
from foldbook.browser import logfile, transfer
from foldbook.browser.desk import Desk
from foldbook.browser.page import Page
from foldbook.browser.runtimes import PageRuntime
from foldbook.browser.views import outdated
from foldbook.errors import BadNotebookFile
from foldbook.guests import Guests
from foldbook.peer import Peer, Surroundings
from foldbook.saver import Saver
from foldbook.store import Batch, Loaded, Store

IMPORT: Final = "import_file"
"""What a command of the inbox is called that begins a notebook with a file."""


@dataclass(slots=True)
class Opened:
    """An open notebook. saver and runtime are None where it can only be looked at. notes: what
    people should be told. heed: called when the store begins or ceases to refuse."""

    desk: Desk
    views: dict[str, int]
    blob: Callable[[str], Awaitable[bytes | None]]
    saver: Saver | None = None
    runtime: PageRuntime | None = None
    notes: list[str] = field(default_factory=list)
    heed: list[Callable[[], None]] = field(default_factory=list)


async def open_notebook(notebook_id: str, page: Page, store: Store, around: Surroundings) -> Opened:
    """Open what the store has. A log file that waits to begin the notebook goes in first.

    Raises the store's errors.
    """
    loaded = await store.open()
    notes: list[str] = []
    if not loaded.rows and not loaded.damaged:
        loaded, notes = await _restored(page, store, loaded)
    person = await page.person()
    if loaded.damaged:
        peer = Peer.reading(loaded, person.secret, around)
        return Opened(Desk(peer, loaded, None, None), {}, store.blob, notes=notes)
    heed: list[Callable[[], None]] = []

    def changed() -> None:
        for each in heed:
            each()

    saver = Saver(store, pause=around.pause, changed=changed)
    if old := outdated(loaded.views, around.now()):
        saver.put(Batch(views=dict.fromkeys(old)), durability="relaxed")
    epoch = around.secret().hex()[:32]
    authority = LocalAuthority(notebook_id, loaded, saver, epoch=epoch, now=around.now)
    peer = Peer.local(authority, loaded, person.secret, around)
    guests = Guests(peer, [*loaded.rows, *peer.log.pending], around.secret, around.now)
    runtime = PageRuntime(peer, guests, page, secret=around.secret, now=around.now)
    peer.on_call = runtime.answer
    desk = Desk(peer, loaded, saver, runtime)
    return Opened(desk, loaded.views, saver.blob, saver, runtime, notes, heed)


async def _restored(page: Page, store: Store, loaded: Loaded) -> tuple[Loaded, list[str]]:
    """What the store has after a log file was put in, where one waits."""
    for item in await page.inbox():
        if item.command.get("do") != IMPORT or item.data is None or not logfile.is_log(item.data):
            continue
        name = str(item.command.get("file"))
        try:
            note = await transfer.restore(store, item.data, name)
        except BadNotebookFile as why:
            return loaded, [str(why)]
        await store.close()
        return await store.open(), [note] if note else []
    return loaded, []
