"""What the runtimes of a page have claimed, and when they may start it.

A runtime of a page starts nothing before it is told to (`CLAIMED`). What the page itself asks of a
runtime of its own may start when the claim is kept here, online or off: by the fold nobody else
can give it to another runtime. For what others ask, what names no runtime, and what this page gave
away and took back before anybody could know, the claim must have come back from whoever numbers
the rows. While there is no way to them, the runtime may go on with what its page asks (`LATER`);
what turns out to be somebody else's it leaves alone (`VOID`), unless it comes back before anybody
has taken it: then it is claimed once more (`AGAIN`).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from foldbook import events
from foldbook.errors import CommandRefused
from foldbook.events.base import Event
from foldbook.events.executions import ExecutionAssigned, ExecutionRequested
from foldbook.events.runtimes import RuntimeSelected
from foldbook.notebook import FINAL, Execution
from foldbook.peer import Peer
from foldbook.row import Kind

CLAIMED: Final = "claimed"
"""The call that tells a runtime how its claim stands: {execution_id, verdict, home}; home: the
page's session."""
START: Final = "start"
LATER: Final = "later"
VOID: Final = "void"
AGAIN: Final = "again"

_MOST: Final = 8  # times that a claim is made once more; it may be void for good


@dataclass(slots=True)
class Claim:
    """A runtime's claim that is not settled. own: it is, as soon as it is kept. said: what the
    runtime was told of it. again: how often it was made once more."""

    execution_id: str
    runtime: str
    own: bool
    said: str | None = None
    again: int = 0


class Claims:
    """See the module. peer: the notebook's; tell: calls a runtime (session, method, params)."""

    def __init__(self, peer: Peer, tell: Callable[[str, str, Mapping[str, Any]], None]) -> None:
        self._peer = peer
        self._tell = tell
        self._claims: dict[str, Claim] = {}

    def of(self, said: Sequence[Event], runtime: str) -> tuple[Claim, ...]:
        """The claims among what a runtime is about to say."""
        return tuple(
            Claim(event.execution_id, runtime, self._is_own(event.execution_id, runtime))
            for event in said
            if isinstance(event, ExecutionAssigned)
        )

    def kept(self, claims: Sequence[Claim]) -> None:
        """These are kept here."""
        self._claims |= {each.execution_id: each for each in claims}
        self.settle()

    def drop(self, runtime: str | None) -> None:
        """A runtime is gone."""
        for claim in list(self._claims.values()):
            if claim.runtime == runtime:
                del self._claims[claim.execution_id]

    def settle(self) -> None:
        """The notebook went on: tell the runtimes what has become of their claims."""
        for key in list(self._claims):
            claim = self._claims.get(key)
            if claim is None:  # what was done about the one before has led here
                continue
            verdict = self._verdict(claim)
            if verdict is not None and verdict != claim.said:
                claim.said = verdict
                told = {"execution_id": key, "verdict": verdict, "home": self._peer.session}
                self._tell(claim.runtime, CLAIMED, told)

    def _is_own(self, execution_id: str, runtime: str) -> bool:
        """Whether nobody else can have it, whatever comes in between in the log: this page has
        asked its own runtime, and has not let go of the request in rows that are on their way."""
        peer = self._peer
        if not peer.is_moved:  # this process numbers the rows
            return True
        asked: Execution | None = peer.notebook.executions.get(execution_id)
        if asked is None or asked.runtime != runtime or asked.requested.session != peer.session:
            return False
        known: Execution | None = peer.log.confirmed.executions.get(execution_id)
        held = known.runtime if known is not None else runtime
        return held == runtime and not self._lets_go(execution_id, runtime)

    def _lets_go(self, execution_id: str, runtime: str) -> bool:
        """Whether another one is selected after the request, in rows that are not confirmed."""
        is_asked = execution_id in self._peer.log.confirmed.executions
        asked = (row for row in self._peer.log.pending if row.kind is Kind.RUN)  # a few among many
        for event in (events.decode(row.payload) for row in asked):
            if isinstance(event, ExecutionRequested) and event.execution_id == execution_id:
                is_asked = True
            elif isinstance(event, RuntimeSelected) and event.runtime != runtime and is_asked:
                return True
        return False

    def _verdict(self, claim: Claim) -> str | None:
        """What is to be said of it now, if anything; what is settled is forgotten."""
        peer = self._peer
        notebook = peer.notebook if claim.own else peer.log.confirmed
        found: Execution | None = notebook.executions.get(claim.execution_id)
        if found is not None and (found.owner is not None or found.status in FINAL):
            del self._claims[claim.execution_id]
            is_theirs = found.owner == claim.runtime and found.status not in FINAL
            return START if is_theirs else VOID
        if claim.own:  # this page has given it to another runtime before
            claim.own = False
            return VOID
        if not peer.is_linked:
            return LATER
        if found is None or self._is_pending(claim):
            return None
        if found.runtime == claim.runtime and claim.again < _MOST:
            claim.again += 1  # it was somebody else's in the meantime
            self._claim_again(claim)
            return AGAIN
        return VOID

    def _is_pending(self, claim: Claim) -> bool:
        said = (events.decode(row.payload) for row in self._peer.log.pending)
        return any(
            isinstance(each, ExecutionAssigned) and each.execution_id == claim.execution_id
            for each in said
        )

    def _claim_again(self, claim: Claim) -> None:
        event = ExecutionAssigned(execution_id=claim.execution_id, by=claim.runtime)
        try:
            self._peer.append([event])
        except CommandRefused as why:
            logging.getLogger(__name__).warning("a runtime was not heard: %s", why)
