"""What must hold in the end of every story."""

from collections import Counter
from collections.abc import Iterable

from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.ledger import Refusal
from foldbook.notebook import Notebook, Status
from foldbook.reducer import fold, fold_all
from foldbook.row import RIGHTS, Role, Row, check_dense, digest
from foldbook.snapshot import decode, encode
from foldbook.store import HISTORY
from sim.book import Book, characters, inserted, shape, understood
from sim.clients import Client
from sim.lines import KEYS
from sim.newer import OURS
from sim.old import OldPerson
from sim.people import Person
from sim.relay import Relay
from sim.runtimes import Guest, Native, Runtime

_LADDER = (Role.VIEW, Role.COMMENT, Role.EDIT, Role.RUN, Role.OWN)


def check_numbers(rows: list[Row], refusals: Iterable[Refusal]) -> None:
    """Every session's numbers go up by one, refused ones included; its order is kept."""
    check_dense(rows, 0)
    used: dict[str, list[int]] = {}
    for row in rows:
        used.setdefault(row.session, []).append(row.n)
    for session, numbers in used.items():
        assert numbers == sorted(numbers), f"session {session}: out of order"
    for refusal in refusals:
        used.setdefault(refusal.session, []).append(refusal.n)
    for session, numbers in used.items():
        expected = list(range(1, len(numbers) + 1))
        assert sorted(numbers) == expected, f"session {session}: numbers {numbers}"


def check_rights(rows: list[Row], people: Iterable[Person]) -> None:
    """Nobody has written what the role does not cover; whoever may only look wrote nothing."""
    for row in rows:
        assert row.kind in RIGHTS[row.role], f"a {row.kind} of a {row.role}: {row.seq}"
    may: dict[str, Role] = {}
    for person in people:
        rank = max(
            _LADDER.index(person.via), _LADDER.index(may.get(person.replica.actor, Role.VIEW))
        )
        may[person.replica.actor] = _LADDER[rank]
    for row in rows:
        if row.actor in may and may[row.actor] is Role.VIEW:
            raise AssertionError(f"row {row.seq} is of somebody who may only look")


def check_promises(rows: list[Row], book: Book) -> None:
    """What was acknowledged, or told to anybody, is in the log, there and unchanged."""
    for (session, n), (seq, mark) in book.acked.items():
        row = rows[seq - 1]
        assert (row.session, row.n, digest(row)) == (session, n, mark), f"ack of {seq}"
    for seq, row in book.told.items():
        assert rows[seq - 1] == row, f"row {seq} has changed"


def check_convergence(rows: list[Row], whole: Notebook, clients: list[Client]) -> None:
    """Everybody has the log's fold, or, sent away, that of its beginning."""
    for client in clients:
        log = client.replica.log
        if isinstance(client, Guest) and not client.is_heard:
            continue
        if isinstance(client, OldPerson) and log.confirmed.reducer > OURS:
            client.check_fold(rows)
            check_disk(client)
            continue
        if client.is_ended:
            if isinstance(client, Person) and HISTORY in client.disk.meta:
                continue  # sent away before the snapshot by which they came could be checked
            assert log.confirmed == fold_all(rows[: log.head]), f"{client.name}: another fold"
        else:
            assert not log.pending, f"{client.name}: {len(log.pending)} rows are still pending"
        if isinstance(client, Person | Native):
            check_disk(client)
            assert client.disk.confirmed == rows[: log.head], (
                f"{client.name}: other rows on its disk"
            )
        if isinstance(client, Guest) or client.is_ended:
            continue
        assert log.confirmed == whole, f"{client.name}: another fold"
        assert shape(log.view) == shape(whole), f"{client.name}: another view"


def check_disk(person: Person | Native) -> None:
    """The disk has what the replica has."""
    log = person.replica.log
    assert person.disk.waiting == list(log.pending), f"{person.name}: pending on its disk"
    assert len(person.disk.confirmed) == log.head, f"{person.name}: rows on its disk"


def check_snapshots(rows: list[Row], whole: Notebook, at: int) -> None:
    """A snapshot and the rows after it are the whole log."""
    notebook = decode(encode(fold_all(rows[:at]))).notebook
    for row in rows[at:]:
        fold(notebook, row)
    assert notebook == whole, f"a snapshot at {at} leads elsewhere"


def check_characters(rows: list[Row], book: Book, refused: set[str], waiting: set[str]) -> None:
    """What was typed stands in the log, once, or in a drawer, or waits with whoever was sent
    away.
    """
    found = Counter(each for row in rows for each in inserted(row))
    may_be_twice = book.may_be_twice | book.moved
    twice = {each for each, count in found.items() if count > 1} - may_be_twice
    assert not twice, f"twice in the log: {twice}"
    elsewhere = refused | waiting | book.may_be_lost | book.unwritten
    lost = set(book.typed) - set(found) - elsewhere
    assert not lost, f"typed, and gone: {lost}"
    both = (refused & set(found)) - may_be_twice
    assert not both, f"in the log and in a drawer: {both}"


def check_texts(rows: list[Row], book: Book, villains: set[str], elsewhere: set[str]) -> None:
    """The cells hold what was brought in and not taken away, character by character. elsewhere:
    what stands in a drawer, or waits with whoever was sent away in the middle of a move."""
    notebook = Notebook()
    brought: set[str] = set()
    taken: set[str] = set()
    copied = book.counts["restored"] + book.counts["cloned"]
    for row in rows:
        event = understood(row)
        before = len(notebook.aside)
        fold(notebook, row)
        if not isinstance(event, (CellCreated, CellSourceEdited)):
            continue
        if len(notebook.aside) == before:
            brought |= inserted(row)
            for each in inserted(row):
                taken |= book.typed[each]
        elif row.session not in villains and not copied:
            assert event.cell_id not in notebook.cells, f"void edit: {notebook.aside[-1]}"
    shown = "".join(cell.source for cell in notebook.cells.values()).replace("\n", "")
    once = len(set(shown)) == len(shown)
    assert once or book.may_be_twice or book.moved, "a character stands twice"
    if copied and book.counts["forked"]:
        # An old copy's edits were made on a text that is not in the log: they find a place, but
        # what they took away may be other characters.
        assert set(shown) <= brought, "the cells hold what nobody typed"
    elif book.moved:
        gone = brought - taken - set(shown) - elsewhere
        assert not gone, f"moved, and gone: {gone}"
    elif book.counts["typed in a page"]:
        # What was taken away in a page may be there again where its text was made anew.
        assert brought - taken <= set(shown) <= brought, "the cells hold something else"
    else:
        assert set(shown) == brought - taken, "the cells hold something else"


async def check_file(person: Person, digest: str, relay: Relay) -> None:
    """Whoever asks gets the bytes where anybody has sent them, and no others."""
    is_here = digest in person.disk.blobs
    name = KEYS.name_of_blob(digest)
    found = await person.files.read(digest)
    if is_here:
        assert isinstance(found, bytes), f"{person.name} lost the file {digest}"
    elif name not in relay.blobs:
        assert found is None or person.is_ended, f"{person.name} has a file that nobody sent"
    elif not person.is_ended and name not in relay.poisoned and not person.world.plan.lies:
        assert isinstance(found, bytes), f"{person.name} does not get the file {digest}: {found}"


def check_sent(person: Person, digests: set[str], relay: Relay) -> None:
    """Whoever has something that the log names has sent it, unless the relay has no room."""
    for name in digests & person.disk.blobs.keys():
        is_there = KEYS.name_of_blob(name) in relay.blobs
        assert is_there or person.book.counts["blob: no room"], f"{person.name} kept {name}"


def check_outputs(whole: Notebook, book: Book, clients: list[Client]) -> None:
    """What a runtime wrote stands in its execution, in order and whole."""
    executions = whole.executions
    for client in clients:
        unheard = isinstance(client, Guest) and (client.person.is_muted or not client.is_heard)
        if isinstance(client, Runtime) and (client.is_ended or unheard):
            book.said |= dict.fromkeys(client.mine, "?")  # it was sent away in the middle
    for name, said in book.said.items():
        if said != "?" and name in executions and executions[name].owner:
            text = "".join(output.text for output in executions[name].outputs)
            assert text == said, f"execution {name}: {text!r} for {said!r}"
    for client in clients:
        if not isinstance(client, Guest) or client.person.is_muted or not client.is_heard:
            continue  # a runtime speaks through one session only
        for name in client.ran:
            if book.said[name] != "?" and name in executions:
                status = executions[name].status
                ends = (Status.OK, Status.CANCELLED)  # somebody may have, who had not heard of it
                assert status in ends, f"the page's runtime ran {name}, which is {status}"


def check_told(clients: list[Client], book: Book, refused: set[str]) -> None:
    """Where the authority lies: nobody has merged what nobody wrote, and nothing typed is gone.

    It may withhold rows, put them in another order, and tell everybody something else: that
    nobody can notice from rows alone. Rows that are missing stay pending with their writer.
    """
    typed = set(book.typed)
    there: set[str] = set(refused)
    for client in clients:
        log = client.replica.log
        if not isinstance(client, Guest):  # which begins with what its page makes of the rows
            assert log.confirmed == fold_all(client.disk.confirmed or client.heard_rows), (
                f"{client.name}: not the fold of what it was told"
            )
        shown = {each for cell in log.view.cells.values() for each in cell.source}
        assert shown <= typed, f"{client.name} shows what nobody typed: {shown - typed}"
        there |= characters([*client.disk.confirmed, *log.pending, *client.disk.waiting])
    lost = typed - there - book.may_be_lost - book.unwritten
    assert not lost, f"typed, and gone: {lost}"


def check_runs(whole: Notebook, clients: list[Client]) -> None:
    """Nothing waits for a runtime that is there, and what one has begun is ended, by itself or
    by whoever came in its place."""
    for client in clients:
        if not isinstance(client, Runtime) or isinstance(client, Guest) or client.is_ended:
            continue
        if not client.replica.log.head:
            continue  # it may not even read
        for execution in whole.unfinished():
            held = execution.owner == client.replica.session or client.wants(execution)
            assert not held, f"execution {execution.id} is {execution.status}: {client.name}"
            owner = whole.runtimes.get(execution.owner or "")
            dead = isinstance(client, Native) and owner and owner.actor == client.replica.actor
            assert not dead, f"execution {execution.id} is {execution.status} by whom it replaced"
