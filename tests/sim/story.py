"""One seed's story: who is there, what happens to them, and what must hold in the end."""

from collections import Counter
from dataclasses import dataclass

from foldbook.events import decode
from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.events.notebooks import NotebookCreated
from foldbook.notebook import Notebook
from foldbook.reducer import fold, fold_all
from foldbook.row import Role, Row, check_dense, digest
from foldbook.store import MemoryStore
from sim.clients import Client, Ledger, Person, Runtime, copy_of, inserted, shape
from sim.world import Host, World

LENGTH = 120
"""Ticks until all is calm."""


@dataclass
class Told:
    """What a story was made of."""

    rows: int
    counts: Counter[str]


class Story:
    """People at their notebooks, a runtime, one authority, on one seed."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed)
        rng = self.world.rng
        self.ledger = Ledger()
        self.host = Host(self.world, stale=rng.choice([12, 30, 8192]))
        self.people: list[Person] = []
        self.pace = rng.choice([10, 16, 30])
        self.copies: list[tuple[str, MemoryStore]] = []
        self.runtime: Runtime | None = None
        for i in range(rng.choice([2, 2, 3])):
            self._person("abcd"[i], MemoryStore())
        if self.people[0].replica.role is Role.OWN:
            self.people[0].replica.take([NotebookCreated(notebook_id="book", name="Book")])
        if rng.random() < 0.6:
            self._runtime(None)

    def tell(self) -> Told:
        """Let it happen, let it calm down, and check everything."""
        world = self.world
        for person in self.people:
            world.after(self.pace, lambda person=person: self._go_on(person))
        world.after(30, self._trouble)
        world.run(LENGTH)
        world.calm = True
        for client in self._clients():
            self._settle_roles(client)
        world.run()
        self._check()
        self.ledger.counts["crashed"] = self.host.crashes
        return Told(len(self.rows), Counter(self.ledger.counts))

    @property
    def rows(self) -> list[Row]:
        """The log."""
        return self.host.store.load().rows

    def _clients(self) -> list[Client]:
        living: list[Client] = [person for person in self.people if not person.dead]
        if self.runtime is not None and not self.runtime.dead:
            living.append(self.runtime)
        return living

    def _person(self, name: str, disk: MemoryStore) -> Person:
        person = Person(name, self.world, self.host, self.ledger, disk)
        person.reopen = lambda: self._reopen(person)  # type: ignore[method-assign]
        self.people.append(person)
        return person

    def _runtime(self, replaces: str | None) -> None:
        self.runtime = Runtime("r", self.world, self.host, self.ledger, replaces)
        self._work(self.runtime)

    def _work(self, runtime: Runtime) -> None:
        if runtime.dead:
            return
        runtime.act()
        unfinished = runtime.running or not runtime.introduced
        if not self.world.calm or unfinished:
            self.world.after(12, lambda: self._work(runtime))

    def _go_on(self, person: Person) -> None:
        if person.dead or self.world.calm:
            return
        person.act()
        self.world.after(self.pace, lambda: self._go_on(person))

    # Trouble

    def _trouble(self) -> None:
        if self.world.calm:
            return
        rng = self.world.rng
        rng.choices(
            [self._cut, self._die, self._crash, self._end_runtime, self._copy, self._restore],
            [5, 4, 2, 1, 1, 1],
        )[0]()
        self.world.after(25, self._trouble)

    def _cut(self) -> None:
        clients = self._clients()
        client = self.world.rng.choice(clients) if clients else None
        if client is not None and client.link is not None:
            self.ledger.count("cut")
            client.link.cut()

    def _die(self) -> None:
        living = [person for person in self.people if not person.dead]
        if living:
            self._reopen(self.world.rng.choice(living))

    def _reopen(self, person: Person) -> None:
        """A worker dies; its successor goes on from the same disk, at once or later."""
        if person.dead:
            return
        self.ledger.count("died")
        person.crash()
        self.world.after(
            self.world.rng.choice([1, 50]), lambda: self._succeed(person.name, person.disk)
        )

    def _succeed(self, name: str, disk: MemoryStore) -> None:
        person = self._person(name, disk)
        self._settle_roles(person)
        self._go_on(person)

    def _crash(self) -> None:
        self.host.crash()

    def _end_runtime(self) -> None:
        if self.runtime is None:
            return
        self.ledger.count("runtime died")
        self.runtime.crash()
        for execution in list(self.ledger.said):
            self.ledger.said[execution] = "?"  # what it wrote last may not have arrived
        self._runtime(self.runtime.replica.session)

    def _copy(self) -> None:
        living = [each for each in self.people if not each.dead]
        if not living:
            return
        person = self.world.rng.choice(living)
        self.copies.append((person.name, copy_of(person.disk)))

    def _restore(self) -> None:
        """Somebody brings back an old copy of a disk; what was written since is gone from it."""
        if not self.copies:
            return
        name, disk = self.copies.pop()
        person = next((each for each in self.people if each.name == name and not each.dead), None)
        if person is None:
            return
        self.ledger.count("restored")
        pending = disk.load().pending
        self.ledger.may_be_twice |= {each for row in pending for each in inserted(row)}
        log = self.host.store.load().rows
        person.crash()
        there = {each for row in [*log, *pending] for each in inserted(row)}
        disk_now = person.disk.load()
        on_disk = [*disk_now.pending, *(each.row for each in disk_now.refused)]
        self.ledger.may_be_lost |= {each for row in on_disk for each in inserted(row)} - there
        self._succeed(name, disk)

    def _settle_roles(self, client: Client) -> None:
        """When all is calm, nobody's link is worth less than it should be."""
        if self.world.calm and client.replica.role is not client.role() and client.link:
            client.link.cut()

    # What must hold

    def _check(self) -> None:
        rows = self.rows
        check_dense(rows, 0)
        self._check_numbers(rows)
        self._check_promises(rows)
        self._check_convergence(rows)
        self._check_characters(rows)
        self._check_outputs(rows)

    def _check_numbers(self, rows: list[Row]) -> None:
        """Every session's numbers go up by one, refused ones included; its order is kept."""
        used: dict[str, list[int]] = {}
        for row in rows:
            used.setdefault(row.session, []).append(row.n)
        for session, numbers in used.items():
            assert numbers == sorted(numbers), f"session {session}: out of order"
        for refusal in self.host.refusals:
            used.setdefault(refusal.session, []).append(refusal.n)
        for session, numbers in used.items():
            expected = list(range(1, len(numbers) + 1))
            assert sorted(numbers) == expected, f"session {session}: numbers {numbers}"

    def _check_promises(self, rows: list[Row]) -> None:
        """What was acknowledged, or told to anybody, is in the log, there and unchanged."""
        for (session, n), (seq, mark) in self.ledger.acked.items():
            row = rows[seq - 1]
            assert (row.session, row.n, digest(row)) == (session, n, mark), f"ack of {seq}"
        for seq, row in self.ledger.told.items():
            assert rows[seq - 1] == row, f"row {seq} has changed"

    def _check_convergence(self, rows: list[Row]) -> None:
        """Everybody has the log's fold, and nothing pending."""
        whole = fold_all(rows)
        for client in self._clients():
            log = client.replica.log
            assert not log.pending, f"{client.name}: {len(log.pending)} rows are still pending"
            assert log.confirmed == whole, f"{client.name}: another fold"
            assert shape(log.view) == shape(whole), f"{client.name}: another view"
            _check_disk(client)

    def _check_characters(self, rows: list[Row]) -> None:
        """What was typed stands in the log, once, or in a drawer; and the fold has the rest."""
        ledger = self.ledger
        found = Counter(each for row in rows for each in inserted(row))
        twice = {each for each, count in found.items() if count > 1} - ledger.may_be_twice
        assert not twice, f"twice in the log: {twice}"
        refused = {each for row in self._drawers() for each in inserted(row)}
        lost = set(ledger.typed) - set(found) - refused - ledger.may_be_lost
        assert not lost, f"typed, and gone: {lost}"
        both = (refused & set(found)) - ledger.may_be_twice
        assert not both, f"in the log and in a drawer: {both}"
        _check_texts(rows, ledger)

    def _drawers(self) -> list[Row]:
        disks = [each.row for person in self.people for each in person.disk.load().refused]
        return [*disks, *(row for row in self.ledger.drawers)]

    def _check_outputs(self, rows: list[Row]) -> None:
        """What a runtime wrote stands in its execution, in order and whole."""
        executions = fold_all(rows).executions
        for name, said in self.ledger.said.items():
            if said != "?" and name in executions and executions[name].owner:
                text = "".join(output.text for output in executions[name].outputs)
                assert text == said, f"execution {name}: {text!r} for {said!r}"


def _check_disk(client: Client) -> None:
    if isinstance(client, Person):
        loaded = client.disk.load()
        assert not loaded.pending, f"{client.name}: pending on its disk"
        assert len(loaded.rows) == client.replica.log.head, f"{client.name}: rows on its disk"


def _check_texts(rows: list[Row], ledger: Ledger) -> None:
    """The cells hold what was brought in and not taken away, character by character."""
    notebook = Notebook()
    brought: set[str] = set()
    taken: set[str] = set()
    for row in rows:
        event = decode(row.payload)
        if not isinstance(event, (CellCreated, CellSourceEdited)):
            fold(notebook, row)
            continue
        voids = notebook.void_count
        fold(notebook, row)
        if notebook.void_count == voids:
            brought |= inserted(row)
            for each in inserted(row):
                taken |= ledger.typed[each]
        else:
            known = event.cell_id in notebook.cells and "restored" not in ledger.counts
            assert not known, f"void edit: {notebook.aside[-1]}"
    shown = "".join(cell.source for cell in notebook.cells.values())
    assert len(set(shown)) == len(shown) or ledger.may_be_twice, "a character stands twice"
    if "restored" in ledger.counts and "forked" in ledger.counts:
        # An old copy's edits were made on a text that is not in the log: they find a place, but
        # what they took away may be other characters.
        assert set(shown) <= brought, "the cells hold what nobody typed"
    else:
        assert set(shown) == brought - taken, "the cells hold something else"
