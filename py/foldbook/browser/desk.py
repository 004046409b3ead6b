"""Where the views' commands go, and what they are shown."""

from collections.abc import Callable
from typing import Any, Final

from foldbook.browser.here import Here
from foldbook.browser.reaching import Reaching
from foldbook.browser.runtimes import PageRuntime
from foldbook.commands import Command
from foldbook.commands.notebooks import Introduce
from foldbook.commands.runs import ReplyInput
from foldbook.joining import PREFIX, Told
from foldbook.keeping import Keeping
from foldbook.margin import Margin
from foldbook.notebook import Notebook
from foldbook.peer import Change, Origin, Peer
from foldbook.pruning import PRUNED, Dropped
from foldbook.row import RIGHTS, Kind, Role, Row, chained
from foldbook.saver import Saver
from foldbook.snapshot import encode
from foldbook.store import Batch, Folded, Loaded
from foldbook.view import Around


class Desk:
    """See the module; a `foldbook.browser.views.Desk`.

    saver and runtime are None where the notebook can only be looked at.
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
        self._margin = Margin.of(before)
        self._prefix: bytes | None = before.get(PREFIX, None if before else b"")
        if Dropped.unpack(loaded.meta.get(PRUNED)).elsewhere:
            self._prefix = None  # the rows here are not those that others have
        for row in loaded.rows:
            self._count_one(row)
        peer.subscribe(self._count)

    @property
    def changed(self) -> int:
        """When somebody last edited the notebook, ms since 1970; 0: never."""
        return self._margin.changed

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
            strip=self._margin.strip,
            role=Role.VIEW if peer.ended else peer.role,
            guests=self._here.guests if self._here else {},
            here=self._runtime.session if self._runtime else None,
            apart=self.reaching.apart if self.reaching else False,
            away=self.reaching.away if self.reaching else {},
        )

    @property
    def readonly(self) -> dict[str, Any] | None:
        """Why the notebook can only be looked at, how many records were kept aside, and whether a
        newer program would help."""
        peer = self.peer
        if peer.readonly is None:
            return None
        strangers = sum(each.what != "void" for each in self.notebook.aside)
        aside = len(peer.damaged) + strangers
        return {"reason": peer.readonly, "aside": aside, "outdated": peer.is_outdated}

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

    def note_refused(self, name: str, why: str | None) -> None:
        """See `foldbook.browser.views.Desk`."""
        if self._saver is not None and not self.peer.readonly:
            self._saver.put(Batch(meta={name: why}))

    def _count(self, change: Change) -> None:
        for row in change.confirmed:
            self._count_one(row)

    def _count_one(self, row: Row) -> None:
        self._margin.add(row)
        if self._prefix is not None:
            self._prefix = chained(self._prefix, row)

    def told(self) -> Told | None:
        """A snapshot for others, of the confirmed rows; None where nothing stands for them, or
        the notebook asks for a newer program: that folds them to something else."""
        peer = self.peer
        if self._prefix is None or peer.is_outdated:
            return None
        return Told(encode(peer.log.confirmed, self._beside()), peer.actor)

    def mend(self, margin: Margin) -> None:
        """What was begun with was wrong: this is what the rows come to. Nothing of it is kept or
        told before the next opening, which folds all of them."""
        self._margin = margin
        self._prefix = None
        self.keeping.stop()

    def begin_anew(self, prefix: bytes | None) -> Folded | None:
        """The confirmed rows were changed, and folded anew: a snapshot of that. prefix: what
        stands for them; None where others have other ones."""
        self._prefix = prefix
        return self.keeping.begin_anew()

    def _beside(self) -> dict[str, Any]:
        """What a snapshot of the log has beside it: it is made of rows, not of the fold."""
        before = {} if self._prefix is None else {PREFIX: self._prefix}
        return {**self._margin.kept(), **before}
