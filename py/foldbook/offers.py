"""Snapshots of a shared notebook: left at the relay for whoever joins, and checked by who joined.

Anybody who may edit leaves one, when the newest is many rows behind. Those who are present take
turns by their sessions' order, so that not all do it at once.
"""

from collections.abc import Callable
from typing import Final

from foldbook import seal
from foldbook.errors import Refused
from foldbook.joining import History, Told
from foldbook.peer import Peer, Surroundings
from foldbook.row import RIGHTS, Kind
from foldbook.sharing import Sharing

BEHIND: Final = 2000
"""Rows that the newest snapshot at the relay may be behind."""
TURN: Final = 4.0
"""Seconds between two looks at whether it is time."""
_AGAIN: Final = 10.0  # seconds


class Offers:
    """See the module. make: a snapshot of the confirmed rows; None: not from here. warn: tells
    people."""

    def __init__(
        self,
        peer: Peer,
        sharing: Sharing,
        around: Surroundings,
        make: Callable[[], Told | None],
        warn: Callable[[str], None],
    ) -> None:
        self._peer = peer
        self._sharing = sharing
        self._around = around
        self._make = make
        self._warn = warn
        self._newest = 0  # as far as is known here
        self._turns = 0
        self._may = True

    async def run(self) -> None:
        """Leave snapshots as long as the relay wants anything of this notebook."""
        while not self._peer.ended:
            await self._around.pause(TURN)
            await self.offer()

    async def offer(self) -> None:
        """Leave a snapshot, if it is time and it is this session's turn."""
        peer = self._peer
        head = peer.log.confirmed.head
        if not self._may or not peer.is_linked or peer.waiting:
            return
        if Kind.EDIT not in RIGHTS[peer.role] or head - self._newest < BEHIND:
            return
        try:
            self._newest = max(self._newest, (await self._sharing.upstream.info()).snapshot)
            if head - self._newest < BEHIND or not self._is_turn():
                return
            await self._leave()
        except Refused:  # somebody else, or the next time
            return

    async def check(self, history: History) -> bool:
        """Have all rows of a joined notebook here, and tell where its snapshot was wrong. False
        where they are not to be had any more: whoever is sent away gets no more of them."""
        self._may = False  # what is not checked is not passed on
        while True:
            try:
                self._may = await history.run()
                break
            except Refused:
                if self._peer.ended:
                    self._warn(
                        "This notebook is shown from a snapshot that somebody has left. It could "
                        "not be compared with the log, which is not to be had any more."
                    )
                    return False
                await self._around.pause(_AGAIN)
        if not self._may:
            self._warn(
                "This notebook was shown from a snapshot that did not match its log. It is shown "
                "from the log now; cells that you had edited and that read otherwise are there a "
                "second time, as you saw them."
            )
        return True

    def _is_turn(self) -> bool:
        before = sum(session < self._peer.session for session in self._peer.present)
        self._turns += 1
        return self._turns > before

    async def _leave(self) -> None:
        seq, told = self._peer.log.confirmed.head, self._make()
        if told is None:
            return
        link, epoch = self._sharing.share.link, self._sharing.share.epoch
        sealer = await self._sharing.sealer()
        data = seal.data_of_snapshot(link.room, epoch, seq)
        [sealed] = await sealer.seal([(data, told.pack())])
        await self._sharing.upstream.put_snapshot(seq, sealed)
        self._newest, self._turns = seq, 0
