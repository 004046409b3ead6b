"""Opening a notebook: what its store has, and what can be done with that."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from foldbook import logfile
from foldbook.authority import LocalAuthority
from foldbook.browser import transfer
from foldbook.browser.desk import Desk
from foldbook.browser.page import Page, Person, Waiting
from foldbook.browser.reaching import Reaching
from foldbook.browser.runtimes import PageRuntime
from foldbook.browser.sharing import ShareDesk
from foldbook.browser.space import Space
from foldbook.browser.views import UNSEEN, outdated
from foldbook.errors import BadNotebookFile
from foldbook.guests import Guests
from foldbook.link import parse
from foldbook.peer import Peer, Surroundings
from foldbook.relaying import complete, fetch, shared_peer
from foldbook.saver import Saver
from foldbook.sharing import SHARE, Share, secret_at
from foldbook.store import Batch, Loaded, Store, load
from foldbook.upstream import Outside

IMPORT: Final = "import_file"
"""What a command of the inbox is called that begins a notebook with a file."""
JOIN: Final = "join"
"""What a command of the inbox is called that comes to a notebook by a link."""

Work = Callable[[], Awaitable[Any]]


@dataclass(slots=True)
class Opened:
    """An open notebook. saver, runtime, sharing and space are None where it can only be looked at.
    notes: what people should be told. refused: edits that were (`foldbook.browser.views`). heed:
    called when the store begins or ceases to refuse.
    begin: what is to be called first, and runs as long as the notebook is open."""

    desk: Desk
    views: dict[str, int]
    blob: Callable[[str], Awaitable[bytes | None]]
    saver: Saver | None = None
    runtime: PageRuntime | None = None
    sharing: ShareDesk | None = None
    space: Space | None = None
    notes: list[str] = field(default_factory=list)
    heed: list[Callable[[], None]] = field(default_factory=list)
    refused: Mapping[str, str] = field(default_factory=dict)
    begin: Callable[[], None] = lambda: None
    works: Sequence[Work] = ()


async def open_notebook(
    notebook_id: str, page: Page, store: Store, around: Surroundings, outside: Outside
) -> Opened:
    """Open what the store has. A log file, or a link, that waits to begin the notebook goes in
    first.

    Raises the store's errors, and `Refused` or `BadLink` where a link leads nowhere.
    """
    loaded = await load(store)
    person = await page.person()
    notes: list[str] = []
    if not loaded.head and not loaded.damaged:
        loaded, notes = await _restored(page, store, loaded)
    if not loaded.head and not loaded.damaged and SHARE not in loaded.meta:
        loaded = await _joined(page, store, loaded, outside, person)
    loaded = await complete(outside, person.secret, store, loaded)
    if loaded.damaged:
        peer = Peer.reading(loaded, person.secret, around)
        return Opened(Desk(peer, loaded, None, None), {}, store.blob, notes=notes)
    heed: list[Callable[[], None]] = []

    def changed() -> None:
        for each in heed:
            each()

    saver = Saver(store, pause=around.pause, changed=changed)
    if old := outdated(loaded.views, around.now()):
        unseen = [name for name in loaded.meta if _is_of(name, old)]
        gone = Batch(views=dict.fromkeys(old), meta=dict.fromkeys(unseen))
        saver.put(gone, durability="relaxed")
    opened = _open(notebook_id, page, loaded, saver, around, outside, person)
    opened.notes, opened.heed = notes, heed
    opened.refused = {
        name: str(why) for name, why in loaded.meta.items() if name.startswith(UNSEEN)
    }
    return opened


def _open(
    notebook_id: str,
    page: Page,
    loaded: Loaded,
    saver: Saver,
    around: Surroundings,
    outside: Outside,
    person: Person,
) -> Opened:
    kept = loaded.meta.get(SHARE)
    share = Share.unpack(kept) if isinstance(kept, bytes) else None
    if share is not None and not share.is_own:
        person = replace(person, secret=secret_at(share.link, person.secret))
    authority: LocalAuthority | None = None
    if share is None:
        epoch = around.secret().hex()[:32]
        authority = LocalAuthority(notebook_id, loaded, saver, epoch=epoch, now=around.now)
        peer = Peer.local(authority, loaded, person.secret, around)
        work: Work = authority.run
    else:
        peer = shared_peer(share, loaded, saver, around, person.secret)
        work = saver.run
    guests = Guests(peer, around.secret, around.now)
    runtime = PageRuntime(peer, guests, page, secret=around.secret, now=around.now)
    peer.on_call = runtime.answer
    sharing = ShareDesk(page, outside, peer, saver, around, person.secret, authority)
    sharing.here.call_me(person.name, person.hue)
    reaching = Reaching(peer, around.now)

    def begin() -> None:
        if share is not None:
            sharing.begin(share, loaded.meta)

    desk = Desk(peer, loaded, saver, runtime, sharing.here, reaching)
    space = Space(page, desk, saver, sharing, around, loaded)
    return Opened(
        desk, loaded.views, saver.blob, saver, runtime, sharing, space, begin=begin, works=(work,)
    )


async def _joined(
    page: Page, store: Store, loaded: Loaded, outside: Outside, person: Person
) -> Loaded:
    """What the store has after a shared notebook was fetched, where a link to it waits."""
    link = next((_link_of(item) for item in await page.inbox() if _link_of(item)), None)
    if link is None:
        return loaded
    return await fetch(outside, parse(link), person.secret, store, loaded)


def _is_of(name: str, views: Sequence[str]) -> bool:
    """Whether this is the name of a refusal of one of these views."""
    return name.startswith(UNSEEN) and name.removeprefix(UNSEEN).split("/")[0] in views


def _link_of(item: Waiting) -> str | None:
    return str(item.command.get("link")) if item.command.get("do") == JOIN else None


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
