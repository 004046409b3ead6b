"""Bridges: changes made on older texts find their place; all end in one text."""

import random
from dataclasses import replace

import pytest
from foldbook import text
from foldbook.bridge import EMPTY, WINDOW, History, admit, newest, prune
from foldbook.errors import TextMisfit
from foldbook.events import encode
from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.log import Log
from foldbook.notebook import Notebook
from foldbook.reducer import fold_all
from foldbook.row import Kind, Role, Row
from foldbook.text import Change, growth

CELL = "cell"


class Teller:
    """Folds changes of several sessions into one text, as the fold of a cell does."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.history = EMPTY
        self.seq = 0

    def tell(self, session: str, seen: int, change: Change, length: int) -> str:
        """The text after the next row."""
        self.seq += 1
        self.history, moved = admit(
            self.history,
            change=change,
            length_before=length,
            session=session,
            seen=seen,
            seq=self.seq,
            length_now=len(self.source),
        )
        self.source = text.apply(moved, self.source)
        return self.source


def test_a_lone_writer_needs_no_bridge() -> None:
    teller = Teller("")
    for i, letter in enumerate("abc"):
        teller.tell("s", 0, text.replace(i, 0, letter), i)
    assert teller.source == "abc"
    assert teller.history.bridges == {"s": (3, ())}


def test_a_change_goes_over_what_its_session_had_not_seen() -> None:
    teller = Teller("abc")
    teller.tell("one", 0, ((0, "XX"),), 3)
    assert teller.tell("two", 0, (2, (1, "C")), 3) == "XXabC"


def test_the_next_change_of_the_session_goes_over_the_rewritten_bridge() -> None:
    teller = Teller("ab")
    teller.tell("one", 0, (1, (0, "-")), 2)  # a-b
    teller.tell("two", 0, ((1, ""),), 2)  # two sees "b", the cell has "-b"
    assert teller.history.bridges["two"] == (2, ((1, ((0, "-"),)),))
    assert teller.tell("two", 0, (1, (0, "!")), 1) == "-b!"


def test_rows_that_the_session_has_seen_leave_the_bridge() -> None:
    teller = Teller("ab")
    teller.tell("one", 0, ((0, "1"),), 2)
    teller.tell("one", 1, ((0, "2"),), 3)
    teller.tell("two", 1, (3, (0, "!")), 3)  # had seen "1ab"
    assert [seq for seq, _ in teller.history.bridges["two"][1]] == [2]
    teller.tell("two", 2, ((1, ""),), 5)  # now sees "21ab!"
    assert teller.source == "1ab!"
    assert teller.history.bridges["two"] == (4, ())


def test_own_rows_are_part_of_the_text_seen_or_not() -> None:
    teller = Teller("")
    teller.tell("one", 0, ((0, "a"),), 0)
    teller.tell("two", 0, ((0, "z"),), 0)
    teller.tell("one", 0, (1, (0, "b")), 1)  # has seen neither row, but wrote the first
    assert teller.source == "zab"


def test_two_runs_typed_at_one_spot_stay_whole() -> None:
    teller = Teller("")
    for i in range(3):
        teller.tell("one", 0, text.replace(i, 0, "abc"[i]), i)
        teller.tell("two", 0, text.replace(i, 0, "xyz"[i]), i)
    assert teller.source == "xyzabc"


@pytest.mark.parametrize("length", [1, 3, 5])
def test_a_change_on_a_text_that_never_was_does_not_fit(length: int) -> None:
    teller = Teller("abc")
    teller.tell("one", 0, ((0, "X"),), 3)
    before = teller.history
    with pytest.raises(TextMisfit, match="the session saw one of"):
        teller.tell("two", 1, (1, (0, "Y")), length)
    assert teller.history is before


def test_a_change_beyond_its_text_does_not_fit() -> None:
    with pytest.raises(TextMisfit, match="at least 4"):
        Teller("abc").tell("one", 0, (3, (1, "")), 3)


def test_what_nobody_can_need_any_more_is_forgotten() -> None:
    history, length = EMPTY, 0
    for seq in range(1, 3 * WINDOW):
        history, change = admit(
            history,
            change=((0, "a"),),
            length_before=length,
            session=f"s{seq // 5000}",
            seen=seq - 1,
            seq=seq,
            length_now=length,
        )
        length += text.growth(change)
    kept = len(history.tail) + sum(len(chunk) for chunk in history.older)
    assert WINDOW <= kept <= WINDOW + 128
    assert set(history.bridges) == {"s3", "s4"}
    assert newest(history) == (3 * WINDOW - 1, ((0, "a"),))
    assert prune(history, 3 * WINDOW - 1) is history
    assert prune(history, 5 * WINDOW) is EMPTY


def test_a_writer_at_the_edge_of_the_window_still_finds_its_place() -> None:
    teller = Teller("ab")
    for i in range(WINDOW):
        teller.tell("busy", teller.seq, (1, (0, "-")), 2 + i)
    assert teller.tell("late", 0, (2, (0, "!")), 2) == f"a{'-' * WINDOW}b!"


class Client:
    """One of several who edit one cell; sees and sends late."""

    def __init__(self, name: str, first: Row) -> None:
        self.name = name
        self.count = 0
        self.sent = 0
        self.log = Log(fold_all([first]))

    @property
    def source(self) -> str:
        return self.log.view.cells[CELL].source

    def edit(self, change: Change) -> None:
        self.count += 1
        event = CellSourceEdited(cell_id=CELL, changes=change, length_before=len(self.source))
        row = Row(0, self.name, self.count, self.log.head, self.name, Role.EDIT, Kind.EDIT, 0, b"")
        self.log.append(replace(row, payload=encode(event)), event)

    def send(self, rows: list[Row], count: int) -> None:
        """Give the log the next pending rows that it does not have yet."""
        unsent = [row for row in self.log.pending if row.n > self.sent]
        for row in unsent[:count]:
            rows.append(replace(row, seq=len(rows) + 1))
            self.sent = row.n

    def receive(self, rows: list[Row], count: int) -> None:
        self.log.confirm(rows[self.log.head : self.log.head + count])


class Room:
    """Clients around one log, which act in the order that the dice say."""

    def __init__(self, seed: int, clients: int, source: str) -> None:
        self.dice = random.Random(seed)
        created = CellCreated(cell_id=CELL, cell_type="code", position="a1", source=source)
        first = Row(1, "origin", 1, 0, "origin", Role.EDIT, Kind.EDIT, 0, encode(created))
        self.rows = [first]
        self.clients = [Client(f"c{i}", first) for i in range(clients)]

    def exchange(self, client: Client) -> None:
        if self.dice.random() < 0.4:
            client.send(self.rows, self.dice.randint(1, 3))
        if self.dice.random() < 0.4:
            client.receive(self.rows, self.dice.randint(1, 5))

    def settle(self) -> str:
        """Everything sent and received: the text on which all agree."""
        for client in self.clients:
            client.send(self.rows, len(client.log.pending))
        for client in self.clients:
            client.receive(self.rows, len(self.rows))
        told: Notebook = fold_all(self.rows)
        assert told.void_count == 0, told.aside
        for client in self.clients:
            assert client.log.view is client.log.confirmed
            assert client.log.confirmed == told
        return told.cells[CELL].source


@pytest.mark.parametrize("seed", range(150))
def test_whoever_edits_whatever_whenever_all_agree(seed: int) -> None:
    room = Room(seed, clients=room_size(seed), source="The quick brown 😀")
    for _ in range(60):
        client = room.dice.choice(room.clients)
        client.edit(random_change(room.dice, len(client.source)))
        room.exchange(client)
    room.settle()


@pytest.mark.parametrize("seed", range(150))
def test_what_people_type_at_one_spot_never_mixes(seed: int) -> None:
    room = Room(seed, clients=room_size(seed), source="[]")
    for _ in range(80):
        number = room.dice.randrange(len(room.clients))
        type_on(room.clients[number], number, room.dice.random() < 0.15)
        room.exchange(room.clients[number])
    source = room.settle()
    assert (source[0], source[-1]) == ("[", "]")
    writers = [ord(letter) // 1000 for letter in source[1:-1]]
    runs = [who for i, who in enumerate(writers) if i == 0 or writers[i - 1] != who]
    assert len(runs) == len(set(runs)), f"mixed: {runs}"
    for who in set(runs):
        mine = [letter for letter in source[1:-1] if ord(letter) // 1000 == who]
        assert mine == sorted(mine)


def room_size(seed: int) -> int:
    return 2 + seed % 4


def type_on(client: Client, number: int, back: bool) -> None:
    """Type the next letter after one's own last one, or take that one back."""
    source = client.source
    own = [i for i, letter in enumerate(source) if ord(letter) // 1000 == number + 20]
    place = own[-1] + 1 if own else 1
    if back and len(own) > 1:
        client.edit(text.replace(place - 1, 1, ""))
    else:
        client.edit(text.replace(place, 0, chr((number + 20) * 1000 + client.count)))


def random_change(dice: random.Random, length: int) -> Change:
    change: Change = ()
    for _ in range(dice.randint(1, 2)):
        place = dice.randint(0, length)
        deleted = dice.choice((0, 0, 1, 4))
        one = text.replace(place, min(deleted, length - place), dice.choice(("", "a", "xyz", "𝒳")))
        change = text.compose(change, one)
        length += text.growth(one)
    return change


def many(places: int, inserted: str = "b") -> Change:
    """So many replacements of single characters."""
    return tuple(each for _ in range(places) for each in (1, (1, inserted)))


def admitted(history: History, change: Change, session: str, seq: int) -> History:
    """The history after a row that has seen nothing."""
    made, _ = admit(
        history,
        change=change,
        length_before=4000,
        session=session,
        seen=0,
        seq=seq,
        length_now=4000,
    )
    return made


def test_changes_in_many_places_at_once_have_room_for_so_many() -> None:
    wide = many(1000)
    history = EMPTY
    for seq in range(1, 5):
        history = admitted(history, wide, "a", seq)
    with pytest.raises(TextMisfit, match="2000 sections, with room for 192"):
        admitted(history, wide, "a", 5)
    history = admitted(history, many(64), "a", 5)
    admitted(history, many(10), "b", 6)


def test_a_change_that_costs_too_much_to_place_is_not_admitted() -> None:
    history = EMPTY
    for seq in range(1, 101):
        history = admitted(history, many(1), "a", seq)
    admitted(history, many(400), "b", 101)
    with pytest.raises(TextMisfit, match="its 1000 sections and the 100 changes of others"):
        admitted(history, many(500), "b", 101)


def test_a_keystroke_a_whole_window_behind_has_its_place_however_others_crowd() -> None:
    history = EMPTY
    for seq in range(1, WINDOW):
        is_wide = seq % 1000 == 0 and seq < 4500
        history = admitted(history, many(1000 if is_wide else 1), "a", seq)
    made, change = admit(
        history, change=(7, (0, "x")), length_before=4000, session="b", seen=0, seq=WINDOW,
        length_now=4000,
    )  # fmt: skip
    assert growth(change) == 1
    assert made.bridges["b"][0] == WINDOW
