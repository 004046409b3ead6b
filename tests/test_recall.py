"""A room that has only its newest rows at hand: what it asks for, and what it never forgets."""

import hashlib
from typing import Any

import pytest
from foldbook.access import Access, Grant, Link
from foldbook.effects import Append, Close, Effect, Recall, Send
from foldbook.ledger import Refusal, SessionRecord
from foldbook.presence import LIFETIME, PER_SECOND
from foldbook.ring import Ring, fitting
from foldbook.room import Room
from foldbook.row import Kind, Role, Row, digest
from foldbook.wire import (
    Ack,
    Bye,
    Call,
    Err,
    Gone,
    Hello,
    Message,
    Nack,
    Presence,
    Push,
    Reply,
    Welcome,
    identify,
    size_of,
)
from rows import log, row

MARA, OLLI = (identify(name * 16) for name in (b"m", b"o"))
SECRETS = {MARA: b"m" * 16, OLLI: b"o" * 16}
ACTORS = {MARA: identify(b"M" * 16), OLLI: identify(b"O" * 16)}
OWNER = Link("own", Role.OWN, hashlib.sha256(b"o").hexdigest(), 1)
EDITOR = Link("edit", Role.EDIT, hashlib.sha256(b"e").hexdigest(), 1)
TOKENS = {OWNER: b"o".hex(), EDITOR: b"e".hex(), None: None}


class Disk:
    """A room with few rows at hand, and a disk that has them all."""

    def __init__(self, keep: int = 4, **more: Any) -> None:
        self.rows: list[Row] = []
        self.refusals: list[Refusal] = []
        self.access: list[Any] = [OWNER, EDITOR]
        self.keep = keep
        self.now = 1000
        self.turn = 0
        self.recalls: list[Recall] = []
        self.asleep: list[Recall] | None = None  # recalls that are not answered yet
        self.staged: list[Append] | None = None  # appends that are not written yet
        self.closed: list[int] = []
        self.said: list[tuple[int, Message]] = []
        self.start(**more)

    def start(self, **more: Any) -> None:
        """Begin (again) with what the disk has."""
        newest = self.rows[-self.keep :]
        start = more.pop("start", len(self.rows) - len(newest))
        self.room = Room(
            "book", "e1", newest, start=start, recall=True, access=Access(self.access),
            keep=(self.keep, 10**6), **more,
        )  # fmt: skip

    def join(
        self, number: int, session: str, first: int = 0, since: int = 0, by: Link | None = OWNER
    ) -> list[Message]:
        self.room.open(number)
        actor = SECRETS[session].upper()
        hello = Hello("book", "", SECRETS[session], actor, since, TOKENS[by], first=first)
        return self.say(number, hello)

    def say(self, number: int, message: Message) -> list[Message]:
        self.do(self.room.receive(number, message, self.now))
        return self.heard(number)

    def push(self, number: int, *rows: Row, resume: bool = False) -> list[Message]:
        self.turn += 1
        return self.say(number, Push(self.turn, rows, resume))

    def heard(self, number: int) -> list[Message]:
        found = [message for other, message in self.said if other == number]
        self.said = [each for each in self.said if each[0] != number]
        return found

    def do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.said.append((effect.connection, effect.message))
            elif isinstance(effect, Append) and self.staged is not None:
                self.staged.append(effect)
            elif isinstance(effect, Append):
                self.write(effect)
            elif isinstance(effect, Recall):
                self.recalls.append(effect)
                if self.asleep is None:
                    self.do(self.room.recalled(effect.connection, self.record(effect), self.now))
            elif isinstance(effect, Close):
                self.closed.append(effect.connection)

    def write(self, append: Append) -> None:
        self.rows += append.rows
        self.refusals += append.refusals
        self.access += append.access
        self.do(self.room.committed(append.ticket))

    def record(self, wanted: Recall) -> SessionRecord:
        rows = [each for each in self.rows if each.session == wanted.session]
        nacks = [each for each in self.refusals if each.session == wanted.session]
        n = max((each.n for each in [*rows, *nacks]), default=0)
        first = wanted.first or n + 1
        return SessionRecord(
            wanted.session, n, rows[-1].seen if rows else 0, first,
            {each.n: (each.seq, digest(each)) for each in rows if each.n >= first},
            tuple(each for each in nacks if each.n >= first),
        )  # fmt: skip

    def read(self, number: int) -> list[int]:
        """The seqs that a connection gets."""
        found: list[int] = []
        while True:
            after = self.room.missing(number)
            if after is None:
                rows = self.room.take(number)
            else:
                rows = self.room.give(number, fitting(self.rows[after:]))
            if rows is None:
                return found
            found += [each.seq for each in rows.rows]


def edits(first: int, last: int, session: str = MARA, **more: Any) -> list[Row]:
    return [row(n, session, **more) for n in range(first, last + 1)]


def test_every_session_is_recalled_once() -> None:
    disk = Disk()
    assert isinstance(disk.join(1, MARA)[0], Welcome)
    disk.push(1, *edits(1, 20))
    disk.do(disk.room.close(1, 1))
    assert isinstance(disk.join(2, MARA)[0], Welcome)
    assert disk.recalls == [Recall(1, MARA, 0)]


def test_a_new_room_answers_old_numbers_as_the_old_one_did() -> None:
    disk = Disk()
    disk.join(1, MARA, by=EDITOR)
    first = disk.push(1, *edits(1, 10), row(11, MARA, kind=Kind.RUN))
    disk.start()
    [welcome] = disk.join(1, MARA, first=3, by=None)
    assert isinstance(welcome, Welcome)
    assert (welcome.n, welcome.head, welcome.role) == (11, 10, Role.EDIT)
    again = disk.push(1, *edits(3, 10), row(11, MARA, kind=Kind.RUN))
    assert again[1] == first[1]
    assert isinstance(again[0], Ack)
    assert (again[0].n, again[0].seqs) == (3, tuple(range(3, 11)))
    assert isinstance(disk.push(1, row(12, MARA), resume=True)[0], Ack)
    assert len(disk.rows) == 11


def test_another_content_under_a_recalled_number_is_a_fork() -> None:
    disk = Disk()
    disk.join(1, MARA)
    disk.push(1, *edits(1, 10))
    disk.start()
    disk.join(1, MARA, first=2)
    [problem] = disk.push(1, row(2, MARA, payload=b"another"))
    assert isinstance(problem, Err)
    assert problem.code == "fork"


def test_a_number_that_hello_did_not_name_is_dismissed_and_never_written() -> None:
    disk = Disk()
    disk.join(1, MARA)
    disk.push(1, *edits(1, 10))
    disk.start()
    disk.join(1, MARA, first=5)
    problem, bye = disk.push(1, row(4, MARA))
    assert isinstance(problem, Err)
    assert (problem.code, bye, disk.closed) == ("forgotten", Bye("forgotten"), [1])
    assert len(disk.rows) == 10


def test_seen_does_not_fall_after_a_recall() -> None:
    disk = Disk()
    disk.join(1, MARA)
    disk.push(1, row(1, MARA))
    disk.push(1, row(2, MARA, seen=1))
    disk.start()
    disk.join(1, MARA)
    [answer] = disk.push(1, row(3, MARA, seen=0))
    assert isinstance(answer, Nack)
    assert answer.code == "seen"


def test_a_session_whose_marks_have_left_the_memory_is_recalled_again() -> None:
    disk = Disk(keep=4)
    disk.join(1, MARA)
    disk.push(1, *edits(1, 30))
    disk.do(disk.room.close(1, 1))
    disk.join(2, MARA, first=30)
    assert len(disk.recalls) == 1
    disk.do(disk.room.close(2, 1))
    disk.join(3, MARA, first=2)
    assert disk.recalls[1:] == [Recall(3, MARA, 2)]
    [ack] = disk.push(3, row(2, MARA), row(30, MARA), row(31, MARA))[:1]
    assert isinstance(ack, Ack)
    assert len(disk.rows) == 31


def test_what_is_staged_is_known_though_the_disk_does_not_have_it() -> None:
    disk = Disk()
    disk.join(1, MARA)
    disk.push(1, *edits(1, 30))
    disk.staged, disk.asleep = [], []
    disk.push(1, *edits(31, 32))
    assert disk.join(2, MARA, first=2) == []
    [_, wanted] = disk.recalls
    disk.do(disk.room.recalled(2, disk.record(wanted), 1))
    [welcome] = disk.heard(2)
    assert isinstance(welcome, Welcome)
    assert welcome.n == 32
    assert disk.push(2, *edits(2, 32)) == []
    for append in disk.staged:
        disk.write(append)
    acks = [each for each in disk.heard(2) if isinstance(each, Ack)]
    assert [seq for each in acks for seq in each.seqs] == list(range(2, 33))
    assert len(disk.rows) == 32


@pytest.mark.parametrize(
    "early", [Push(1, (row(1, MARA),)), Hello("book", "", b"x" * 16, b"y" * 16, 0)]
)
def test_nothing_is_said_before_one_is_greeted(early: Message) -> None:
    disk = Disk()
    disk.asleep = []
    assert disk.join(1, MARA) == []
    answers = disk.say(1, early)
    assert answers[-1] == Bye("malformed")
    disk.do(disk.room.recalled(1, SessionRecord(MARA), 1))
    assert disk.heard(1) == []


def test_old_rows_come_from_the_disk_new_ones_from_memory() -> None:
    disk = Disk(keep=10)
    disk.join(1, MARA)
    for first in range(1, 600, 100):
        disk.push(1, *edits(first, first + 99))
    disk.join(2, OLLI)
    assert disk.room.take(2) is None
    assert disk.read(2) == list(range(1, 601))
    assert disk.read(1) == list(range(1, 601))


def test_rows_that_are_not_the_next_ones_are_not_given() -> None:
    disk = Disk(keep=10)
    disk.join(1, MARA)
    disk.push(1, *edits(1, 100))
    assert disk.room.missing(1) == 0
    assert disk.room.give(1, tuple(disk.rows[5:9])) is None
    assert disk.room.give(1, ()) is None
    assert disk.room.give(9, tuple(disk.rows[:2])) is None
    given = disk.room.give(1, tuple(disk.rows[:2]))
    assert given is not None
    assert disk.room.give(1, tuple(disk.rows[:2])) is None
    assert disk.room.missing(1) == 2


def test_rows_that_were_told_by_the_owner_are_fetched_first() -> None:
    disk = Disk(base=50, start=50)
    problem, bye = disk.join(1, MARA, since=49)
    assert isinstance(problem, Err)
    assert (problem.code, problem.head, bye) == ("base", 50, Bye("base"))
    [welcome] = disk.join(2, MARA, since=50)
    assert isinstance(welcome, Welcome)
    assert (welcome.base, welcome.head) == (50, 50)
    assert isinstance(disk.push(2, row(1, MARA, seen=50))[0], Ack)
    assert disk.rows[0].seq == 51


def test_refusals_of_one_session_do_not_fill_the_memory() -> None:
    disk = Disk()
    disk.join(1, MARA, by=EDITOR)
    for n in range(1, 3001):
        disk.push(1, row(n, MARA, kind=Kind.RUN), resume=True)
    assert len(disk.room._ledger._sessions[MARA].refusals) < 1100
    assert isinstance(disk.push(1, row(3001, MARA), resume=True)[0], Ack)
    disk.start()
    disk.join(1, MARA, first=7)
    assert isinstance(disk.push(1, row(7, MARA, kind=Kind.RUN))[0], Nack)


def test_a_ring_keeps_its_limits_and_what_is_not_committed() -> None:
    ring = Ring(log(20), 0, (8, 10**6))
    assert ring.trim(0) == []
    assert [each.seq for each in ring.trim(20)] == list(range(1, 13))
    assert (ring.start, ring.top, ring[13].seq) == (12, 20, 13)
    large = Ring(log(20), 0, (10**6, 5 * size_of(log(1)[0])))
    assert len(large.trim(20)) in (14, 15, 16)
    assert Ring(log(20), 0, None).trim(20) == []


class TestMembers:
    def test_a_grant_is_written_before_what_its_holder_says(self) -> None:
        disk = Disk()
        disk.staged = []
        disk.join(1, MARA, by=EDITOR)
        disk.push(1, row(1, MARA))
        kinds = [(len(each.access), len(each.rows)) for each in disk.staged]
        assert kinds == [(2, 0), (0, 1)]
        assert Grant(ACTORS[MARA], Role.EDIT, "edit") in disk.staged[0].access

    def test_who_has_no_right_to_come_in_is_told_why(self) -> None:
        disk = Disk()
        assert disk.join(1, MARA, by=None)[-1] == Bye("denied")
        assert disk.rows == []

    def test_the_room_answers_when_it_is_written(self) -> None:
        disk = Disk()
        disk.join(1, MARA)
        disk.staged = []
        assert disk.say(1, Call("x", "room", "revoke_link", {"id": "edit"})) == []
        disk.write(disk.staged.pop())
        [answer] = disk.heard(1)
        assert isinstance(answer, Reply)
        assert answer.ok
        assert disk.join(2, OLLI, by=EDITOR)[-1] == Bye("revoked")

    def test_who_is_removed_goes_at_once(self) -> None:
        disk = Disk()
        disk.join(1, MARA)
        disk.join(2, OLLI, by=EDITOR)
        disk.say(1, Call("x", "room", "remove", {"actor": ACTORS[OLLI]}))
        assert disk.heard(2)[-1] == Bye("removed")
        assert disk.closed == [2]

    def test_only_owners_ask_the_room_and_all_who_they_are(self) -> None:
        disk = Disk()
        disk.join(1, MARA, by=EDITOR)
        for method in ("links", "people", "add_link", "revoke_link", "remove"):
            [answer] = disk.say(1, Call("x", "room", method, {}))
            assert isinstance(answer, Reply)
            assert not answer.ok
        assert disk.say(1, Call("x", "room", "whoami", {})) == [
            Reply("x", ok=True, value={"role": "edit"})
        ]


class TestPresence:
    def disk(self) -> Disk:
        disk = Disk()
        disk.join(1, MARA)
        disk.join(2, OLLI)
        disk.heard(1)
        return disk

    def test_the_others_see_it_and_who_it_is(self) -> None:
        disk = self.disk()
        assert disk.say(1, Presence(b"here", session="a lie", actor="a lie")) == []
        assert disk.heard(2) == [Presence(b"here", MARA, ACTORS[MARA])]

    def test_newcomers_see_the_newest_for_a_while(self) -> None:
        disk = self.disk()
        disk.say(1, Presence(b"old"))
        disk.say(1, Presence(b"new"))
        disk.do(disk.room.close(2, 1))
        shown = Presence(b"new", MARA, ACTORS[MARA])
        assert disk.join(3, OLLI)[1:] == [shown]
        disk.now += LIFETIME + 1
        assert disk.join(4, OLLI)[1:] == []

    def test_it_goes_with_its_session_or_when_it_is_taken_back(self) -> None:
        disk = self.disk()
        disk.say(1, Presence(b"here"))
        disk.say(1, Presence(b""))
        assert disk.heard(2)[-1] == Presence(b"", MARA, ACTORS[MARA])
        assert disk.join(3, OLLI)[1:] == []
        disk.say(1, Presence(b"here"))
        disk.do(disk.room.close(1, 1))
        assert disk.join(4, OLLI)[1:] == [Gone(MARA, 1)]  # it may have had a runtime

    def test_it_has_a_rate(self) -> None:
        disk = self.disk()
        for _ in range(2):
            for _ in range(PER_SECOND + 10):
                disk.say(1, Presence(b"here"))
            assert len(disk.heard(2)) == PER_SECOND
            disk.now += 1000
