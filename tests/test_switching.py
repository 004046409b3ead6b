"""Who runs what waits when people select another runtime: no execution is started by two."""

from typing import Any

from desk import Desk
from foldbook.events import encode
from foldbook.events.base import Event
from foldbook.events.executions import ExecutionAssigned, ExecutionRequested, ExecutionStarted
from foldbook.events.runtimes import (
    RuntimeLost,
    RuntimeSelected,
    RuntimeStarted,
    RuntimeStopped,
    StopRequested,
)
from foldbook.notebook import Status
from foldbook.reducer import fold
from foldbook.row import Role, Row

HERE = "here"  # the runtime of Ada's page


class Book(Desk):
    """Ada and Bob, two machines ("one", "two") and Python in Ada's page."""

    def __init__(self) -> None:
        super().__init__("1")
        self.start_runtime("one")
        self.start_runtime("two")
        self.send(self._here(RuntimeStarted(name="Here", kind_name="browser")), session="ada")
        self.select("one")

    def ask(self, name: str, runtime: str | None, session: str = "ada") -> None:
        """Somebody asks for a run."""
        event = ExecutionRequested(
            execution_id=name, cell_id="c0", source="1", runtime=runtime, run_id=name
        )
        self.send(event, session=session)

    def select(self, runtime: str | None, session: str = "ada", **more: Any) -> None:
        self.send(RuntimeSelected(runtime=runtime, **more), session=session)

    def claim(self, name: str, runtime: str) -> bool:
        """A runtime claims it; whether that counts."""
        event: Event = ExecutionAssigned(execution_id=name)
        if runtime == HERE:
            return self.counts(self._here(event), "ada", Role.OWN)
        return self.counts(event, runtime, Role.RUNTIME)

    def counts(self, event: Event, session: str = "ada", role: Role = Role.OWN) -> bool:
        """Write an event down; whether it counts."""
        seq, voids = len(self.rows) + 1, self.notebook.void_count
        row = Row(seq, session, seq, seq - 1, session, role, event.kind, seq, encode(event))
        self.rows.append(row)
        fold(self.notebook, row)
        return self.notebook.void_count == voids

    def where(self, name: str) -> tuple[str, str | None]:
        """What an execution is, and which runtime it waits for or is owned by."""
        found = self.notebook.executions[name]
        return found.status.value, found.owner or found.runtime

    def _here(self, event: Event) -> Event:
        return event.model_copy(update={"by": HERE})


def test_what_nobody_has_claimed_goes_along_and_what_is_claimed_stays() -> None:
    book = Book()
    for name in ("running", "claimed", "waits", "anybodys"):
        book.ask(name, None if name == "anybodys" else "one")
    book.begin("running", "one")
    assert book.claim("claimed", "one")
    book.select("two", "bob")
    assert book.where("running") == ("running", "one")
    assert book.where("claimed") == ("assigned", "one")
    assert book.where("waits") == book.where("anybodys") == ("queued", "two")
    assert not book.claim("waits", "one")
    assert book.claim("waits", "two")
    book.end("running", "ok", "one")
    assert book.notebook.selected_runtime == "two"


def test_a_claim_by_name_does_not_change_what_people_have_selected() -> None:
    book = Book()
    book.select("two", "bob")
    book.ask("late", "one")  # by somebody who had not heard of it
    assert book.where("late") == ("queued", "one")
    assert book.claim("late", "one")
    assert book.notebook.selected_runtime == "two"


def test_none_selected_is_whoever_claims_first_and_that_one_is_selected() -> None:
    book = Book()
    book.ask("a", "one")
    book.select(None)
    assert book.where("a") == ("queued", None)
    assert book.claim("a", "two")
    assert not book.claim("a", "one")
    assert book.notebook.selected_runtime == "two"


def test_who_takes_over_does_not_undo_what_people_select_meanwhile() -> None:
    book = Book()
    book.ask("a", "one")
    book.select("two", "bob")
    assert not book.counts(RuntimeSelected(instead_of="one"))
    assert book.notebook.selected_runtime == "two"
    assert book.counts(RuntimeSelected(instead_of="two"))
    assert book.where("a") == ("queued", None)


def test_what_a_page_asks_of_its_own_python_only_the_page_itself_takes_away() -> None:
    book = Book()
    book.select(HERE)
    book.ask("own", HERE)
    book.ask("bobs", HERE, "bob")
    book.select("two", "bob")  # Ada may be offline, and have started it
    assert book.where("own") == ("queued", HERE)
    assert book.where("bobs") == ("queued", "two")
    assert not book.claim("bobs", HERE)
    book.ask("more", HERE)
    assert book.claim("own", HERE)
    book.select("two", instead_of="two")  # Ada's page follows
    assert book.where("own") == ("assigned", HERE)
    assert book.where("more") == ("queued", "two")
    assert not book.claim("more", HERE)


def test_a_python_that_is_being_started_is_its_pages_own() -> None:
    book = Book()
    book.ask("early", "to-come")
    book.select("two", "bob")
    assert book.where("early") == ("queued", "to-come")
    book.select("two")
    assert book.where("early") == ("queued", "two")


def test_an_end_takes_what_is_its_own_and_leaves_what_has_moved() -> None:
    book = Book()
    for name in ("running", "moved"):
        book.ask(name, "one")
    book.begin("running", "one")
    book.select("two", "bob")
    book.ask("named", "one")
    book.send(RuntimeLost(runtime="one", reason="given up"))
    assert book.where("running") == ("lost", "one")
    assert book.where("named") == ("aborted", "one")
    assert book.where("moved") == ("queued", "two")
    assert book.notebook.selected_runtime == "two"


def test_what_is_asked_of_one_that_has_ended_says_so() -> None:
    book = Book()
    book.says(RuntimeStopped(reason="shut down"), runtime="one")
    book.ask("late", "one", "bob")
    late = book.notebook.executions["late"]
    assert (late.status, late.reason) == (Status.ABORTED, "Python had ended: shut down")
    assert not book.claim("late", "one")
    assert book.notebook.selected_runtime is None


def test_nobody_selects_or_stops_what_has_ended() -> None:
    book = Book()
    book.send(StopRequested(runtime="one"))
    assert book.notebook.runtimes["one"].stop == book.notebook.head
    book.says(RuntimeStopped(), runtime="one")
    assert not book.counts(StopRequested(runtime="one"))
    assert not book.counts(RuntimeSelected(runtime="one"))


def test_what_is_cancelled_stays_so_wherever_it_goes() -> None:
    book = Book()
    book.ask("a", "one")
    book.do("cancel", "bob", execution_id="a")
    book.select("two", "bob")
    assert book.where("a") == ("cancelled", "one")
    assert not book.claim("a", "two")
    assert not book.counts(ExecutionStarted(execution_id="a"), "one", Role.RUNTIME)
