"""The authority: numbers, duplicates, rights, fencing, fan-out, calls."""

import pytest
from foldbook.calls import LIFETIME, LIMIT
from foldbook.effects import Append, Close, Effect, Publish, Send
from foldbook.errors import BadRow
from foldbook.ledger import Refusal, SessionRecord
from foldbook.room import Room
from foldbook.row import ROW_LIMIT, Kind, Role, Row, digest
from foldbook.wire import (
    BATCH_BYTES,
    BATCH_ROWS,
    Ack,
    Bye,
    Call,
    Came,
    Err,
    Gone,
    Hello,
    Message,
    Nack,
    NotTaken,
    Push,
    Reply,
    Welcome,
    identify,
    size_of,
)
from rows import row

MARA, OLLI, LOOM = (identify(name * 16) for name in (b"m", b"o", b"l"))
SECRETS = {MARA: b"m" * 16, OLLI: b"o" * 16, LOOM: b"l" * 16}


class Desk:
    """A room, and what it has said to each connection."""

    def __init__(self, room: Room | None = None) -> None:
        self.room = room or Room("book", "e1")
        self.written: list[Row] = []
        self.refusals: list[Refusal] = []
        self.ticket = 0
        self.closed: list[int] = []
        self.now = 1000
        self.turn = 0
        self._said: list[tuple[int, Message]] = []

    def join(
        self, connection: int, session: str, role: Role = Role.OWN, since: int = 0
    ) -> list[Message]:
        self.room.open(connection, role)
        return self.say(connection, Hello("book", "", SECRETS[session], b"a" * 16, since))

    def say(self, connection: int, message: Message) -> list[Message]:
        """What that connection hears in answer, at once."""
        self.do(self.room.receive(connection, message, self.now))
        return self.heard(connection)

    def push(self, connection: int, *rows: Row, resume: bool = False) -> list[Message]:
        """Push, commit, and what the connection hears of it."""
        return self.offer(connection, *rows, resume=resume) + self.commit(connection)

    def offer(self, connection: int, *rows: Row, resume: bool = False) -> list[Message]:
        """Push, and what the connection hears at once."""
        self.turn += 1
        return self.say(connection, Push(self.turn, rows, resume))

    def commit(self, connection: int) -> list[Message]:
        self.do(self.room.committed(self.ticket))
        return self.heard(connection)

    def do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._said.append((effect.connection, effect.message))
            elif isinstance(effect, Append):
                self.ticket = effect.ticket
                self.written += effect.rows
                self.refusals += effect.refusals
            elif isinstance(effect, Close):
                self.closed.append(effect.connection)

    def heard(self, connection: int) -> list[Message]:
        found = [message for number, message in self._said if number == connection]
        self._said = [each for each in self._said if each[0] != connection]
        return found


def edit(n: int, session: str = MARA, **more: object) -> Row:
    return row(n, session, **more)  # type: ignore[arg-type]


def acked(*rows: Row, seq: int = 1) -> Ack:
    marks = tuple(digest(each) for each in rows)
    return Ack(rows[0].n, tuple(range(seq, seq + len(rows))), marks)


def test_hello_is_answered_with_who_one_is_and_how_far_everything_is() -> None:
    desk = Desk()
    assert desk.join(1, MARA) == [
        Welcome(0, "e1", identify(b"a" * 16), MARA, Role.OWN, 0, present=(MARA,))
    ]


def test_rows_are_numbered_and_acknowledged_only_when_they_are_written() -> None:
    desk = Desk()
    desk.join(1, MARA)
    assert desk.offer(1, edit(1), edit(2)) == []
    assert desk.room.take(1) is None
    assert desk.room.head == 0
    assert desk.commit(1) == [acked(edit(1), edit(2))]
    assert [each.seq for each in desk.written] == [1, 2]
    assert {(each.actor, each.role, each.ts) for each in desk.written} == {
        (identify(b"a" * 16), Role.OWN, 1000)
    }
    taken = desk.room.take(1)
    assert taken is not None
    assert list(taken.rows) == desk.written
    assert desk.room.take(1) is None


def test_a_known_number_is_acknowledged_with_its_first_seq() -> None:
    desk = Desk()
    desk.join(1, MARA)
    desk.push(1, edit(1))
    assert desk.push(1, edit(1), edit(2)) == [acked(edit(1), edit(2))]
    assert [each.n for each in desk.written] == [1, 2]


def test_a_push_that_comes_twice_is_answered_once() -> None:
    desk = Desk()
    desk.join(1, MARA)
    twice = Push(1, (edit(1),))
    assert desk.say(1, twice) == desk.say(1, twice) == []
    assert desk.commit(1) == [acked(edit(1))]


def test_acks_of_numbers_that_do_not_follow_each_other_stand_apart() -> None:
    desk = Desk()
    desk.join(1, MARA)
    desk.push(1, edit(1), edit(2), edit(3))
    assert desk.push(1, edit(1), edit(3)) == [acked(edit(1)), acked(edit(3), seq=3)]


def test_a_number_that_is_known_but_not_yet_written_waits_for_its_ack() -> None:
    desk = Desk()
    desk.join(1, MARA)
    assert desk.offer(1, edit(1)) == []
    assert desk.offer(1, edit(1)) == []
    assert desk.commit(1) == [acked(edit(1)), acked(edit(1))]
    assert len(desk.written) == 1


def test_another_content_under_a_known_number_is_a_fork() -> None:
    desk = Desk()
    desk.join(1, MARA)
    desk.push(1, edit(1))
    [answer] = desk.push(1, edit(1, payload=b"{}"), edit(2))
    assert isinstance(answer, Err)
    assert (answer.code, answer.n) == ("fork", 1)
    assert len(desk.written) == 1


def test_a_gap_tells_the_number_to_go_on_with() -> None:
    desk = Desk()
    desk.join(1, MARA)
    [answer] = desk.push(1, edit(3))
    assert isinstance(answer, Err)
    assert (answer.code, answer.expected_n) == ("gap", 1)
    assert desk.written == []


def test_a_row_too_far_behind_is_stale_and_its_number_stays_free() -> None:
    desk = Desk(Room("book", "e1", stale=2))
    desk.join(1, MARA)
    desk.push(1, edit(1), edit(2))
    first, answer = desk.push(1, edit(3), edit(4))
    assert first == acked(edit(3), seq=3)
    assert isinstance(answer, Err)
    assert (answer.code, answer.n, answer.head) == ("stale", 4, 2)
    assert desk.push(1, edit(4, seen=3)) == [acked(edit(4, seen=3), seq=4)]


def test_a_refused_row_uses_up_its_number_and_stops_what_follows() -> None:
    desk = Desk()
    desk.join(1, MARA, Role.EDIT)
    run = edit(2, kind=Kind.RUN)
    answers = desk.push(1, edit(1), run, edit(3))
    reason = "the right edit does not cover rows of kind run"
    assert answers == [acked(edit(1)), Nack(2, "right", reason), NotTaken(3)]
    assert [each.n for each in desk.refusals] == [2]
    assert desk.push(1, edit(3)) == [NotTaken(3)]
    assert desk.push(1, edit(3), resume=True) == [acked(edit(3), seq=2)]


def test_a_refused_row_is_refused_again_with_the_same_words_by_a_new_room() -> None:
    desk = Desk()
    desk.join(1, MARA, Role.EDIT)
    desk.push(1, edit(1), edit(2, kind=Kind.RUN))
    after = Desk(Room("book", "e1", desk.written, desk.refusals))
    [welcome] = after.join(1, MARA, Role.OWN)
    assert isinstance(welcome, Welcome)
    assert welcome.n == 2
    answers = after.push(1, edit(1), edit(2, kind=Kind.RUN), edit(3))
    assert answers[0] == acked(edit(1))
    assert isinstance(answers[1], Nack)
    assert answers[2] == NotTaken(3)


@pytest.mark.parametrize(
    ("role", "kind"), [(role, kind) for role in Role for kind in Kind], ids=str
)
def test_rights_are_those_of_the_table(role: Role, kind: Kind) -> None:
    ladder = [Role.VIEW, Role.COMMENT, Role.EDIT, Role.RUN, Role.OWN]
    # Output too, from run on: that of a runtime of one's own page.
    needed = {Kind.NOTE: 1, Kind.EDIT: 2, Kind.RUN: 3, Kind.OUTPUT: 3, Kind.ADMIN: 4}
    if role is Role.RUNTIME:
        allowed = kind in (Kind.NOTE, Kind.OUTPUT)
    else:
        allowed = ladder.index(role) >= needed[kind]
    desk = Desk()
    desk.join(1, MARA, role)
    [answer] = desk.push(1, edit(1, kind=kind))
    assert isinstance(answer, Ack if allowed else Nack)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (edit(2, seen=1, payload=b"x" * ROW_LIMIT), "size"),
        (edit(2, seen=9), "seen"),
        (edit(2, seen=0), "seen"),
    ],
)
def test_unsound_rows_are_refused(bad: Row, code: str) -> None:
    desk = Desk()
    desk.join(1, OLLI)
    desk.push(1, edit(1, OLLI))
    desk.join(2, MARA, since=1)
    desk.push(2, edit(1, seen=1))
    answers = desk.push(2, bad)
    assert [each.code for each in answers if isinstance(each, Nack)] == [code]


def test_what_a_runtime_says_is_checked_where_it_can_be_read() -> None:
    desk = Desk(Room("book", "e1", check=lambda row: "not an event"))
    desk.join(1, LOOM, Role.RUNTIME)
    assert desk.push(1, edit(1, LOOM, kind=Kind.OUTPUT)) == [Nack(1, "unsound", "not an event")]
    desk.join(2, MARA)
    assert desk.push(2, edit(1)) == [acked(edit(1))]


def test_rows_of_another_session_end_the_connection() -> None:
    desk = Desk()
    desk.join(1, MARA)
    problem, bye = desk.offer(1, edit(1, OLLI))
    assert isinstance(problem, Err)
    assert bye == Bye("session")
    assert desk.closed == [1]
    assert desk.offer(1, edit(1)) == []


def test_a_link_for_one_session_is_for_no_other() -> None:
    desk = Desk()
    desk.room.open(1, Role.RUNTIME, LOOM)
    problem, bye = desk.say(1, Hello("book", "", SECRETS[MARA], b"a" * 16, 0))
    assert isinstance(problem, Err)
    assert bye == Bye("session")


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        (Hello("other", "", b"m" * 16, b"a" * 16, 0), "room"),
        (Hello("book", "e0", b"m" * 16, b"a" * 16, 0), "epoch"),
        (Hello("book", "e1", b"m" * 16, b"a" * 16, 1), "ahead"),
        (Hello("book", "", b"m" * 16, b"a" * 16, 0, version=2), "version"),
    ],
)
def test_who_does_not_belong_here_is_told_why(hello: Hello, code: str) -> None:
    desk = Desk()
    desk.room.open(1, Role.OWN)
    problem, bye = desk.say(1, hello)
    assert isinstance(problem, Err)
    assert problem.code == code
    assert bye == Bye(code)
    assert desk.closed == [1]


def test_whoever_does_not_say_hello_first_is_sent_away() -> None:
    desk = Desk()
    desk.room.open(1, Role.OWN)
    assert Bye("malformed") in desk.offer(1, edit(1))
    assert desk.written == []


def test_a_session_s_new_connection_fences_the_older_one() -> None:
    desk = Desk()
    desk.join(1, MARA)
    desk.join(2, OLLI)
    desk.heard(1)
    desk.join(3, MARA)
    assert desk.heard(1) == [Bye("fenced")]
    assert desk.closed == [1]
    desk.offer(1, edit(1))
    assert desk.written == []
    assert desk.heard(2) == []
    desk.do(desk.room.close(1, 2000))
    assert desk.heard(2) == []
    desk.do(desk.room.close(3, 3000))
    assert desk.heard(2) == [Gone(MARA, 3000)]
    desk.join(4, MARA)
    assert desk.heard(2) == [Came(MARA)]


def test_each_connection_takes_rows_from_where_it_is_within_the_limits() -> None:
    big = [edit(n, payload=b"x" * 50_000) for n in range(1, 11)]
    small = [edit(n) for n in range(11, 311)]
    desk = Desk()
    desk.join(1, MARA)
    desk.push(1, *big)
    desk.push(1, *small)
    desk.join(2, OLLI)
    desk.join(3, LOOM, since=305)
    sizes = []
    seqs: list[int] = []
    while (taken := desk.room.take(2)) is not None:
        assert len(taken.rows) <= BATCH_ROWS
        sizes.append(sum(map(size_of, taken.rows)))
        seqs += [each.seq for each in taken.rows]
    assert seqs == list(range(1, 311))
    assert max(sizes) <= BATCH_BYTES
    last = desk.room.take(3)
    assert last is not None
    assert [each.seq for each in last.rows] == [306, 307, 308, 309, 310]


def test_acks_keep_their_order_behind_what_is_not_written() -> None:
    desk = Desk()
    desk.join(1, MARA)
    assert desk.offer(1, edit(1)) == []
    assert desk.offer(1, edit(5)) == []
    first, gap = desk.commit(1)
    assert first == acked(edit(1))
    assert isinstance(gap, Err)
    assert gap.expected_n == 2


def test_publishing_follows_every_commit() -> None:
    desk = Desk()
    desk.join(1, MARA)
    desk.offer(1, edit(1))
    assert desk.room.committed(desk.ticket)[-1] == Publish()


def test_a_log_with_a_gap_cannot_be_gone_on_with() -> None:
    rows = [edit(1).numbered(1, "a", Role.OWN, 1), edit(3).numbered(3, "a", Role.OWN, 1)]
    with pytest.raises(BadRow, match="row 2 expected, row 3 came"):
        Room("book", "e1", rows)


def test_a_room_that_begins_after_a_snapshot_knows_its_sessions_and_what_it_refused() -> None:
    refused = Refusal(MARA, 6, digest(edit(6)), "right", "no right")
    early = Refusal(MARA, 2, digest(edit(2)), "right", "not then")
    rows = [edit(5, seen=9).numbered(11, "a", Role.OWN, 1), edit(7).numbered(12, "a", Role.OWN, 1)]
    known = [SessionRecord(MARA, 4, 9, 5), SessionRecord(OLLI, 3, 8, 4)]
    desk = Desk()
    desk.room = Room("book", "e1", rows, [refused, early], start=10, known=known)
    assert desk.room.head == 12
    [welcome] = desk.join(1, MARA, since=12)[:1]
    assert isinstance(welcome, Welcome)
    assert welcome.n == 7
    answers = desk.push(1, edit(8, seen=12))
    assert [type(each) for each in answers] == [Ack]
    assert isinstance(answers[0], Ack)
    assert answers[0].seqs == (13,)
    assert desk.offer(1, edit(6)) == [Nack(6, "right", "no right")]
    assert desk.offer(1, edit(2)) == [Nack(2, "right", "not then")]
    [came] = [m for m in desk.join(2, OLLI, since=12) if isinstance(m, Welcome)]
    assert came.n == 3
    problem, _bye = desk.push(2, edit(1, OLLI))[:2]
    assert isinstance(problem, Err)
    assert problem.code == "forgotten"


class TestCalls:
    def desk(self) -> Desk:
        desk = Desk()
        desk.join(1, MARA)
        desk.join(2, LOOM, Role.RUNTIME)
        desk.heard(1)
        return desk

    def test_a_call_finds_the_runtime_and_the_answer_finds_back(self) -> None:
        desk = self.desk()
        assert desk.say(1, Call("mine", LOOM, "complete", {"source": "np."})) == []
        [asked] = desk.heard(2)
        assert isinstance(asked, Call)
        assert (asked.method, asked.by) == ("complete", MARA)
        desk.say(2, Reply(asked.id, ok=True, value=["np.abs"]))
        assert desk.heard(1) == [Reply("mine", ok=True, value=["np.abs"])]
        desk.say(2, Reply(asked.id, ok=True, value=["again"]))
        assert desk.heard(1) == []

    @pytest.mark.parametrize("role", [Role.VIEW, Role.COMMENT, Role.EDIT, Role.RUNTIME])
    def test_a_call_needs_the_right_to_run(self, role: Role) -> None:
        desk = self.desk()
        desk.join(3, OLLI, role)
        [answer] = desk.say(3, Call("1", LOOM, "complete", {}))
        assert isinstance(answer, Reply)
        assert not answer.ok
        assert "does not cover calls" in answer.value
        assert [each for each in desk.heard(2) if isinstance(each, Call)] == []

    def test_only_a_runtime_that_is_there_is_called(self) -> None:
        desk = self.desk()
        desk.join(3, OLLI, Role.EDIT)
        for session in (OLLI, "nobody"):
            [answer] = [
                each
                for each in desk.say(1, Call("1", session, "complete", {}))
                if isinstance(each, Reply)
            ]
            assert answer == Reply("1", ok=False, value="the runtime is not connected")

    def test_nobody_answers_for_another(self) -> None:
        desk = self.desk()
        desk.say(1, Call("1", LOOM, "complete", {}))
        [asked] = desk.heard(2)
        assert isinstance(asked, Call)
        desk.join(3, OLLI, Role.RUNTIME)
        desk.heard(1)
        desk.say(3, Reply(asked.id, ok=True, value="wrong"))
        assert desk.heard(1) == []

    def test_a_runtime_that_goes_leaves_no_question_open(self) -> None:
        desk = self.desk()
        desk.say(1, Call("1", LOOM, "complete", {}))
        desk.do(desk.room.close(2, 2000))
        assert desk.heard(1) == [
            Reply("1", ok=False, value="the runtime's connection is gone"),
            Gone(LOOM, 2000),
        ]

    def test_a_runtime_that_connects_anew_answers_none_of_the_old_questions(self) -> None:
        desk = self.desk()
        desk.say(1, Call("1", LOOM, "complete", {}))
        desk.join(3, LOOM, Role.RUNTIME)
        assert desk.heard(1) == [
            Reply("1", ok=False, value="the runtime's connection is gone"),
        ]
        assert [each for each in desk.heard(3) if isinstance(each, Call)] == []

    def test_who_connects_anew_is_not_told_what_the_old_connection_asked(self) -> None:
        desk = self.desk()
        desk.say(1, Call("1", LOOM, "complete", {}))
        [asked] = desk.heard(2)
        assert isinstance(asked, Call)
        desk.join(3, MARA)
        desk.heard(3)
        desk.say(2, Reply(asked.id, ok=True, value="late"))
        assert desk.heard(3) == []
        assert desk.heard(1) == [Bye("fenced")]

    def test_a_call_runs_out_of_time_whoever_speaks_next(self) -> None:
        desk = self.desk()
        desk.say(1, Call("1", LOOM, "complete", {}))
        [asked] = desk.heard(2)
        assert isinstance(asked, Call)
        desk.now += LIFETIME + 1
        desk.offer(2)
        assert desk.heard(1) == [Reply("1", ok=False, value="no answer came in time")]
        desk.say(2, Reply(asked.id, ok=True, value="late"))
        assert desk.heard(1) == []

    def test_a_call_runs_out_of_time_also_when_somebody_leaves(self) -> None:
        desk = self.desk()
        desk.join(3, OLLI)
        desk.say(1, Call("1", LOOM, "complete", {}))
        desk.heard(1)
        desk.now += LIFETIME + 1
        desk.do(desk.room.close(3, desk.now))
        assert desk.heard(1) == [
            Reply("1", ok=False, value="no answer came in time"),
            Gone(OLLI, desk.now),
        ]

    def test_an_answer_has_its_time_and_questions_their_number(self) -> None:
        desk = self.desk()
        for i in range(LIMIT):
            assert desk.say(1, Call(str(i), LOOM, "complete", {})) == []
        [answer] = desk.say(1, Call("more", LOOM, "complete", {}))
        assert answer == Reply("more", ok=False, value="too many calls wait for an answer")
        desk.now += LIFETIME + 1
        answers = desk.say(1, Call("later", LOOM, "complete", {}))
        assert len(answers) == LIMIT
        assert {each.value for each in answers if isinstance(each, Reply)} == {
            "no answer came in time"
        }


def test_a_newcomer_is_told_which_runtimes_have_left_and_since_when() -> None:
    desk = Desk()
    desk.join(1, MARA, Role.RUNTIME)
    desk.join(2, OLLI, Role.EDIT)
    desk.do(desk.room.close(1, 5000))
    desk.do(desk.room.close(2, 6000))
    assert desk.join(3, LOOM)[1:] == [Gone(MARA, 5000)]
    desk.do(desk.room.close(3, 7000))
    desk.join(4, MARA, Role.RUNTIME)
    assert desk.join(5, OLLI)[1:] == [Gone(LOOM, 7000)]
