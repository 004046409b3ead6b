"""A replica whose authority does not keep its word: nothing typed is lost, nothing raises."""

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import pytest
from foldbook import reducer
from foldbook.errors import CommandRefused
from foldbook.events import encode
from foldbook.events.notebooks import MinimumReducerRaised, NotebookRenamed
from foldbook.reducer import REDUCER_VERSION
from foldbook.replica import Change, Keeping, Replica
from foldbook.row import Kind, Role, Row, digest
from foldbook.store import SESSION, Batch, Durability, Loaded, MemoryStore
from foldbook.wire import Ack, Err, Hello, Message, Push, Rows, Welcome, identify

SECRET, ACTOR = b"s" * 32, b"a" * 32


class Host:
    """Keeps at once, and notes what is sent."""

    def __init__(self) -> None:
        self.disk = MemoryStore()
        self.sent: list[Message] = []
        self.secrets = 0

    def now(self) -> int:
        return 1

    def new_secret(self) -> bytes:
        self.secrets += 1
        return bytes([self.secrets]) * 32

    def send(self, message: Message) -> None:
        self.sent.append(message)

    def keep(self, batch: Batch, then: Callable[[], None] | None, how: Durability) -> None:
        self.disk.write(batch)
        if then is not None:
            then()

    def changed(self, change: Change) -> None:
        pass

    def acknowledged(self, n: int) -> None:
        pass

    def rejoin(self) -> None:
        pass

    def heard(self, message: Message) -> None:
        pass


def opened(host: Host, loaded: Loaded | None = None) -> Replica:
    hello = Hello("book", "", SECRET, ACTOR, 0)
    return Replica(host, hello, Role.OWN, loaded or host.disk.load(), Keeping.HERE)


def joined(replica: Replica, head: int = 0, n: int = 0) -> None:
    replica.connected()
    replica.hear(Welcome(head, "e", replica.actor, replica.session, Role.OWN, n))


def named(replica: Replica, name: str) -> Row:
    return replica.take([NotebookRenamed(name=name)])[0]


def numbered(replica: Replica, row: Row, seq: int) -> Row:
    return row.numbered(seq, replica.actor, Role.OWN, 1)


def test_rows_that_were_acknowledged_and_never_written_are_sent_again() -> None:
    host = Host()
    replica = opened(host)
    joined(replica)
    first = named(replica, "first")
    replica.hear(Ack(1, (1,), (digest(first),)))  # and it throws the row away
    replica.sync.disconnected()
    joined(replica)
    named(replica, "second")
    replica.hear(Err("gap", "row 1 expected", n=2, expected_n=1, head=0))
    assert replica.session == identify(host.disk.load().meta[SESSION])  # type: ignore[arg-type]
    assert [(row.session, row.n) for row in replica.log.pending] == [
        (replica.session, 1),
        (replica.session, 2),
    ]
    joined(replica)

    assert host.disk.load().pending == list(replica.log.pending)


def withheld(host: Host) -> tuple[Replica, Row, Row]:
    """The authority tells of row 2 of the session and not of row 1."""
    replica = opened(host)
    first, second = named(replica, "first"), named(replica, "second")
    joined(replica)
    replica.hear(Rows((numbered(replica, second, 1),)))
    assert replica.log.pending == (first,)
    return replica, first, second


def test_one_goes_on_where_a_later_row_came_back_before_an_earlier_one() -> None:
    replica, first, _ = withheld(Host())
    third = named(replica, "third")
    assert third.n == 3
    assert replica.log.pending == (first, third)


def test_rows_with_gaps_among_them_are_opened_under_a_new_session() -> None:
    host = Host()
    replica, _, _ = withheld(host)
    named(replica, "third")
    again = opened(host)
    assert again.session != replica.session
    assert [row.n for row in again.log.pending] == [1, 2]
    assert host.disk.load().pending == list(again.log.pending)
    assert again.log.view.name == "third"
    assert named(again, "fourth").n == 3


def test_what_is_void_in_the_log_is_not_in_the_view() -> None:
    """An own row comes back as expected, but the log has had that number already."""
    replica = opened(Host())
    joined(replica)
    mine = named(replica, "mine")
    named(replica, "later")
    other = replace(mine, n=2, payload=b'{"type":"notebookRenamed","name":"other"}')
    replica.hear(Rows((numbered(replica, other, 1), numbered(replica, mine, 2))))
    assert replica.log.confirmed.name == "other"
    assert replica.log.confirmed.void_count == 1


def raised(seq: int) -> Row:
    """An owner lets the notebook ask for more than this program is."""
    payload = encode(MinimumReducerRaised(reducer=REDUCER_VERSION + 1))
    return Row(seq, "owner", 1, seq - 1, "owner", Role.OWN, Kind.ADMIN, 1, payload)


def test_who_is_too_old_keeps_what_is_written_until_there_is_a_newer_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host()
    replica = opened(host)
    joined(replica)
    first, second = named(replica, "first"), named(replica, "second")
    replica.hear(Rows((raised(1),)))
    assert replica.is_outdated
    replica.hear(Err("stale", "too far behind", n=1, head=1))  # it would be rewritten on this fold
    replica.disconnected()
    host.sent.clear()
    joined(replica, head=1)
    replica.hear(Rows((numbered(replica, replace(second, session="x", n=1), 2),)))
    assert replica.log.head == 2, "it follows the log all the same"
    again = opened(host)
    joined(again, head=2)
    assert not [each for each in host.sent if isinstance(each, Push)]
    assert list(again.log.pending) == host.disk.load().pending == [first, second]
    monkeypatch.setattr(reducer, "REDUCER_VERSION", REDUCER_VERSION + 1)
    newer = opened(host)
    joined(newer, head=2)
    [pushed] = [each for each in host.sent if isinstance(each, Push)]
    assert pushed.rows == (first, second)


def test_who_learns_by_a_better_fold_that_it_is_too_old_sends_nothing_more() -> None:
    """The snapshot that one came in by was silent about that; the rows are not."""
    host = Host()
    replica = opened(host)
    joined(replica)
    other = Row(1, "owner", 1, 0, "owner", Role.OWN, Kind.EDIT, 1, b'{"type":"strange"}')
    replica.hear(Rows((other,)))
    first, second = named(replica, "first"), named(replica, "second")
    assert host.sent[-1] == Push(1, (first,))
    replica.amend(reducer.fold_all([raised(1)]))
    replica.hear(Ack(1, (2,), (digest(first),)))
    assert host.sent[-1] == Push(1, (first,))
    assert replica.log.pending == (first, second)


def test_a_fork_of_who_is_too_old_rewrites_nothing() -> None:
    host = Host()
    replica = opened(host)
    joined(replica)
    first = named(replica, "first")
    replica.hear(Rows((raised(1),)))
    replica.hear(Err("fork", "another row has this number", n=1, head=1))
    assert replica.session == identify(SECRET)
    assert host.disk.load().pending == list(replica.log.pending) == [first]


def test_what_others_would_not_know_is_not_written_before_they_do() -> None:
    class Painted(NotebookRenamed):
        since: ClassVar[int] = REDUCER_VERSION + 1

    replica = opened(Host())
    with pytest.raises(CommandRefused, match="An owner of the notebook has to allow it"):
        replica.take([Painted(name="red")])
    assert replica.log.pending == ()
