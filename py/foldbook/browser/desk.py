"""Where the views' commands go, and what they are shown."""

from collections.abc import Callable
from typing import Any, Final

from pydantic_core import to_json

from foldbook.browser.here import Here
from foldbook.browser.reaching import Reaching
from foldbook.browser.runtimes import PageRuntime
from foldbook.commands import Command
from foldbook.commands.notebooks import Introduce
from foldbook.commands.runs import ReplyInput
from foldbook.joining import PREFIX, Told
from foldbook.keeping import Keeping
from foldbook.notebook import Notebook
from foldbook.peer import Change, Origin, Peer
from foldbook.row import RIGHTS, Kind, Role, Row, chained, runtime_actor
from foldbook.saver import Saver
from foldbook.snapshot import encode
from foldbook.store import Batch, Loaded
from foldbook.view import Around, Strip, full_view


class Desk:
    """See the module; a `foldbook.browser.views.Desk`.

    saver and runtime are None where the notebook can only be looked at. changed: when somebody
    last edited it, ms since 1970.
    """

    def __init__(
        self,
        peer: Peer,
        loaded: Loaded,
        saver: Saver | None,
        runtime: PageRuntime | None,
        here: Here | None = None,
        reaching: Reaching | None = None,
    ) -> None:
        self.peer: Final = peer
        self.keeping: Final = Keeping(peer, loaded, self._beside)
        self._saver = saver
        self._runtime = runtime
        self._here = here
        self.reaching: Final = reaching
        before = loaded.begin().beside
        self.changed = int(before.get("changed", 0))
        self._strip = Strip.of(before["strip"]) if "strip" in before else Strip()
        self._prefix: bytes | None = before.get(PREFIX, None if before else b"")
        for row in loaded.rows:
            self._count_one(row)
        peer.subscribe(self._count)

    @property
    def notebook(self) -> Notebook:
        """See `foldbook.browser.views.Desk`."""
        return self.peer.notebook

    @property
    def around(self) -> Around:
        """See `foldbook.browser.views.Desk`."""
        peer = self.peer
        return Around(
            me=peer.actor,
            pending=peer.unsaved,
            readonly=self.readonly,
            undo=peer.undo.undo_label,
            redo=peer.undo.redo_label,
            starting=self._runtime.starting if self._runtime else None,
            strip=self._strip,
            role=Role.VIEW if peer.ended else peer.role,
            guests=self._here.guests if self._here else {},
            here=self._runtime.session if self._runtime else None,
            apart=self.reaching.apart if self.reaching else False,
            away=self.reaching.away if self.reaching else {},
        )

    @property
    def readonly(self) -> dict[str, str | int] | None:
        """Why the notebook can only be looked at, and how many records were kept aside."""
        reason = self.peer.readonly
        if reason is None:
            return None
        strangers = sum(each.what != "void" for each in self.notebook.aside)
        return {"reason": reason, "aside": len(self.peer.damaged) + strangers}

    def submit(self, command: Command, view: str, k: int) -> None:
        """See `foldbook.browser.views.Desk`."""

        def carry_out(asked: Command) -> None:
            self.peer.submit(asked, origin=Origin(view, k) if self._saver else None)

        if isinstance(command, Introduce) and self._here is not None:
            self._here.call_me(command.name, command.hue)
            if Kind.NOTE not in RIGHTS[self.peer.role]:
                return  # the log does not take it; whoever is here is shown it
        if self._runtime is None or self.peer.readonly:
            carry_out(command)
            return
        if isinstance(command, ReplyInput) and self._runtime.is_password(command):
            self._runtime.reply(command, lambda: self.peer.submit(command))
        else:
            self._runtime.submit(command, carry_out)

    def note(self, view: str, k: int, then: Callable[[], None]) -> None:
        """See `foldbook.browser.views.Desk`."""
        if self._saver is None or self.peer.readonly:
            then()
        else:
            self._saver.put(Batch(views={view: k}), then)

    def _count(self, change: Change) -> None:
        for row in change.confirmed:
            self._count_one(row)

    def _count_one(self, row: Row) -> None:
        self._strip.add(_speaker(row), row.seq)
        if row.kind is Kind.EDIT:
            self.changed = row.ts
        if self._prefix is not None:
            self._prefix = chained(self._prefix, row)

    def told(self) -> Told | None:
        """A snapshot for others, of the confirmed rows; None where nothing stands for them, or
        this version does not know all of them: a newer one folds them to something else."""
        peer = self.peer
        strangers = any(each.what == "unknown" for each in peer.log.confirmed.aside)
        if self._prefix is None or strangers:
            return None
        view = full_view(peer.log.confirmed, Around(me="", strip=self._strip))
        data = encode(peer.log.confirmed, self._beside())
        return Told(data, to_json(view), peer.actor)

    def _beside(self) -> dict[str, Any]:
        """What a snapshot of the log has beside it: it is made of rows, not of the fold."""
        before = {} if self._prefix is None else {PREFIX: self._prefix}
        return {"strip": self._strip.kept(), "changed": self.changed, **before}


def _speaker(row: Row) -> str:
    """Who says it: the output of a person's page is that of the page's runtime."""
    if row.kind is Kind.OUTPUT and row.role is not Role.RUNTIME:
        return runtime_actor(row.actor)
    return row.actor
