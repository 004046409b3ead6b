"""An open notebook and files: what it begins with, what is put at its end, what it is as one."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from foldbook import logfile
from foldbook.browser import transfer
from foldbook.browser.page import Page, Waiting
from foldbook.commands import Decision, Stamp
from foldbook.errors import FoldbookError, Refused
from foldbook.peer import Peer

_NOTES: Final = 10  # that are told of one file


class Exchange:
    """See the module. blob: the bytes with a digest, where they are to be had; now: ms since 1970;
    notes: what people should be told of the file that the notebook begins with."""

    def __init__(
        self,
        notebook_id: str,
        page: Page,
        peer: Peer,
        blob: Callable[[str], Awaitable[bytes | None]],
        now: Callable[[], int],
        notes: list[str],
    ) -> None:
        self.notes: Final = notes
        self._id = notebook_id
        self._page = page
        self._peer = peer
        self._blob = blob
        self._now = now

    async def begin_with(self, item: Waiting) -> None:
        """Begin the notebook with a file; one that cannot be read leaves it empty, and is told."""
        data, peer = item.data, self._peer
        if data is None or logfile.is_log(data) or peer.notebook.created is not None:
            return  # `open_notebook` saw to a log file; and what is begun has its file
        name = str(item.command["file"])
        ipynb = await transfer.load_ipynb(self._page)  # where that fails, the file goes on waiting
        try:
            read = transfer.read_file(ipynb, data, name, self._stamp(), self._id)
            self.notes.extend(self._add(read))
        except FoldbookError as why:
            self.notes.append(str(why))
        except Exception as why:  # a defect of the reader: the notebook must open all the same
            logging.getLogger(__name__).exception("%s was not read", name)
            self.notes.append(f"{name} could not be read. A defect: {why!r}")

    async def append(self, name: str, data: bytes) -> list[str]:
        """Put a file's cells after those that are there; returns notes for people."""
        ipynb = await transfer.load_ipynb(self._page)
        # From here on nothing waits: else two files could get the same ids and the same place.
        notebook = self._peer.notebook
        return self._add(transfer.append_file(ipynb, data, name, self._stamp(), notebook))

    def _stamp(self) -> Stamp:
        peer, now = self._peer, self._now()
        seed = f"{peer.session}/import/{peer.log.head + len(peer.log.pending)}"
        return Stamp(peer.session, peer.actor, peer.role, now, seed)

    def _add(self, read: tuple[Decision, list[str]]) -> list[str]:
        decision, notes = read
        for data in decision.blobs.values():
            self._peer.put_blob(data)
        self._peer.append(decision.events)
        return notes

    async def write(self, form: str, view: str) -> dict[str, str]:
        """The notebook as a file: its name, type and text. The view is told what is not in it."""
        if form == "py":
            mime = "text/x-python"
            text, notes = transfer.write_py(self._peer.notebook)
        elif form == "ipynb":
            mime = "application/x-ipynb+json"
            ipynb = await transfer.load_ipynb(self._page)
            text, notes = await transfer.write_ipynb(ipynb, self._peer.notebook, self._blob)
        else:
            raise Refused("export", f"ipynb or py expected, {form} came")
        if notes:
            told = {"t": "toast", "view": view, "kind": "export", "message": _short(notes)}
            self._page.post(told)
        name = transfer.file_name(self._peer.notebook.name, form)
        return {"name": name, "mime": mime, "text": text}


def _short(notes: list[str]) -> str:
    """Notes as people can read them at once."""
    rest = len(notes) - _NOTES
    return " ".join([*notes[:_NOTES], *([f"And {rest} more."] if rest > 0 else [])])
