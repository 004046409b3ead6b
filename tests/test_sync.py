"""The client's side: windows, resuming, being refused, being too far behind."""

from dataclasses import replace

import pytest
from foldbook import sync
from foldbook.errors import BadFrame, BadRow
from foldbook.row import Role, Row, digest
from foldbook.sync import (
    Acknowledged,
    Begun,
    Confirmed,
    Ended,
    Forked,
    Other,
    RowRefused,
    Send,
    State,
    Sync,
    TooFarBehind,
    backoff,
)
from foldbook.wire import (
    BATCH_BYTES,
    BATCH_ROWS,
    Ack,
    Bye,
    Came,
    Err,
    Hello,
    Message,
    Nack,
    NotTaken,
    Push,
    Rows,
    Snap,
    Welcome,
)
from rows import log, row

HELLO = Hello("book", "", b"s" * 16, b"a" * 16, 0)


def live(pending: list[Row] | None = None, window: int = 0, head: int = 0) -> Sync:
    """A sync that has been welcomed; what it sends then is thrown away."""
    client = Sync(HELLO, pending or [], window)
    client.connected()
    client.receive(Welcome(head, "e1", "a", "s", Role.OWN, 0))
    return client


def pushed(effects: list[sync.Effect]) -> list[list[int]]:
    """The numbers of each push."""
    return [
        [each.n for each in effect.message.rows]
        for effect in effects
        if isinstance(effect, Send) and isinstance(effect.message, Push)
    ]


def ack(*rows: Row, seq: int = 1) -> Ack:
    return Ack(rows[0].n, tuple(range(seq, seq + len(rows))), tuple(map(digest, rows)))


def test_it_greets_with_what_it_has_and_sends_what_waits() -> None:
    client = Sync(HELLO, [row(1), row(2)])
    assert client.push([row(3)]) == []
    assert client.connected() == [Send(replace(HELLO, first=1))]
    assert pushed(client.receive(Welcome(0, "e1", "a", "s", Role.OWN, 0))) == [[1, 2, 3]]


def test_one_push_is_under_way_and_the_next_takes_all_that_waits() -> None:
    client = live()
    assert pushed(client.push([row(1)])) == [[1]]
    assert pushed(client.push([row(2)])) == []
    assert pushed(client.push([row(3)])) == []
    effects = client.receive(ack(row(1)))
    assert effects[0] == Acknowledged(1)
    assert pushed(effects) == [[2, 3]]
    assert client.unacknowledged == 2


def test_a_window_lets_several_pushes_be_under_way() -> None:
    client = live(window=700)
    sent = [pushed(client.push([row(n, payload=b"x" * 100)])) for n in range(1, 6)]
    assert sent == [[[1]], [[2]], [[3]], [], []]
    assert pushed(client.receive(ack(row(1, payload=b"x" * 100)))) == [[4, 5]]


def test_a_push_has_its_limits() -> None:
    many = live([])
    assert pushed(many.push([row(n) for n in range(1, 300)])) == [[*range(1, BATCH_ROWS + 1)]]
    large = live([])
    rows = [row(n, payload=b"x" * (BATCH_BYTES // 3)) for n in (1, 2, 3)]
    assert pushed(large.push(rows)) == [[1, 2]]


def test_rows_move_the_cursor_and_a_new_connection_goes_on_from_there() -> None:
    client = live()
    rows = tuple(log(3, "other"))
    assert client.receive(Rows(rows)) == [Confirmed(rows)]
    client.disconnected()
    [greeting] = client.connected()
    assert isinstance(greeting, Send)
    assert isinstance(greeting.message, Hello)
    assert (greeting.message.since, greeting.message.epoch) == (3, "e1")


def test_rows_with_a_gap_are_of_no_use() -> None:
    with pytest.raises(BadRow, match="row 1 expected, row 2 came"):
        live().receive(Rows(tuple(log(2, "other")[1:])))


def test_what_was_under_way_when_the_connection_broke_is_sent_again() -> None:
    client = live([row(1), row(2)])
    client.disconnected()
    assert client.push([row(3)]) == []
    client.connected()
    effects = client.receive(Welcome(0, "e1", "a", "s", Role.OWN, 2))
    assert pushed(effects) == [[1, 2, 3]]


def test_after_a_gap_it_goes_back_when_all_pushes_are_answered() -> None:
    client = live([row(1)], window=10_000)
    client.push([row(2)])
    client.push([row(3)])
    gap = Err("gap", "row 1 expected", n=2, expected_n=1, head=0)
    assert client.receive(gap) == []
    assert client.receive(gap) == []
    assert pushed(client.receive(gap)) == [[1, 2, 3]]


def test_acknowledged_rows_that_are_gone_mean_another_session() -> None:
    client = live([row(1), row(2)])
    client.receive(ack(row(1), row(2)))
    client.receive(Rows(tuple(log(2))))
    client.push([row(3)])
    gap = Err("gap", "row 1 expected", n=3, expected_n=1, head=2)
    assert client.receive(gap) == [Forked(3)]


def test_a_refusal_is_told_when_the_fate_of_everything_sent_is_known() -> None:
    client = live([row(1), row(2), row(3)], window=10_000)
    client.push([row(4)])
    assert client.receive(ack(row(1))) == [Acknowledged(1)]
    assert client.receive(Nack(2, "right", "no")) == []
    assert client.receive(NotTaken(3)) == []
    assert client.receive(NotTaken(4)) == []  # row 1 has not come back yet
    effects = client.receive(Rows(tuple(log(1))))
    assert effects[1:] == [RowRefused(2, "right", "no")]
    assert client.state is State.HELD
    [resumed] = client.requeue([row(3, payload=b"anew")])
    assert resumed == Send(Push(3, (row(3, payload=b"anew"),), resume=True))


def test_a_refusal_that_was_not_told_before_a_break_is_asked_for_again() -> None:
    client = live([row(1), row(2)])
    assert client.receive(Nack(1, "right", "no")) == []
    client.disconnected()
    client.connected()
    effects = client.receive(Welcome(0, "e1", "a", "s", Role.OWN, 1))
    assert pushed(effects) == [[1, 2]]


def test_numbers_known_after_a_refused_one_are_of_another_replica() -> None:
    client = live([row(1), row(2)])
    client.receive(Nack(1, "right", "no"))
    client.receive(ack(row(2), seq=1))
    assert client.receive(Rows(tuple(log(1, "s"))))[1:] == [Forked(1)]


def test_too_far_behind_is_told_when_it_has_caught_up() -> None:
    client = live([row(1)])
    assert client.receive(Err("stale", "too far", n=1, head=2)) == []
    assert pushed(client.push([row(2)])) == []
    effects = client.receive(Rows(tuple(log(2, "other"))))
    assert effects[1:] == [TooFarBehind(1)]
    anew = [row(1, seen=2), row(2, seen=2)]
    assert pushed(client.requeue(anew)) == [[1, 2]]


@pytest.mark.parametrize(
    "answer",
    [
        Err("fork", "another content", n=1, expected_n=2, head=0),
        Ack(1, (1,), (b"another digest..",)),
    ],
)
def test_a_fork_is_told(answer: Message) -> None:
    assert live([row(1)]).receive(answer) == [Forked(1)]


@pytest.mark.parametrize(
    "answer",
    [
        Ack(2, (1,), (digest(row(2)),)),
        Nack(2, "right", "no"),
        Welcome(0, "e1", "a", "s", Role.OWN, 0),
    ],
)
def test_answers_that_nobody_waits_for_are_of_no_use(answer: Message) -> None:
    with pytest.raises(BadFrame):
        live([row(1)]).receive(answer)


@pytest.mark.parametrize(("code", "final"), [("fenced", True), ("slow", False)])
def test_some_ends_are_final(code: str, final: bool) -> None:
    [ended] = live().receive(Bye(code))
    assert isinstance(ended, Ended)
    assert (ended.code, ended.final) == (code, final)


def test_everything_else_is_for_others() -> None:
    assert live().receive(Came("x")) == [Other(Came("x"))]


def test_the_pause_grows_to_a_limit_and_is_anywhere_below_it() -> None:
    longest = [backoff(attempt, lambda: 1.0) for attempt in range(12)]
    assert longest[:4] == [0.25, 0.5, 1.0, 2.0]
    assert longest[-1] == 30.0
    assert backoff(5, lambda: 0.25) == 2.0
    assert backoff(10_000, lambda: 0.0) == 0.0


def test_a_snapshot_stands_for_the_rows_up_to_it_where_there_are_none() -> None:
    client = live(head=7)
    assert client.receive(Snap(7, b"fold")) == [Begun(b"fold")]
    assert client.cursor == 7
    with pytest.raises(BadFrame, match="rows after 7 expected"):
        client.receive(Snap(9, b"fold"))
    client.disconnected()
    assert client.connected() == [Send(replace(HELLO, epoch="e1", since=7))]
