"""Runtimes: at the authority, or guests of somebody's page who speak through that person."""

from collections.abc import Callable
from typing import Any

from foldbook.claims import CLAIMED, START
from foldbook.events.base import Event
from foldbook.events.executions import ExecutionAssigned, ExecutionCompleted, ExecutionStarted
from foldbook.events.outputs import StreamAppended
from foldbook.events.runtimes import RuntimeStarted
from foldbook.guests import Guests
from foldbook.notebook import Execution, Status
from foldbook.replica import Keeping
from foldbook.row import RIGHTS, Kind, Role, Row, runtime_actor
from foldbook.seats import Seat
from foldbook.wire import Call, Message
from sim.book import Book, understood
from sim.clients import Client, Station
from sim.disk import Disk
from sim.network import Connection
from sim.peer import Peer
from sim.people import TOKENS, Person
from sim.world import World


class Runtime(Client):
    """Runs what is asked for, a character at a time. Its memory dies with it."""

    keeping = Keeping.NOBODY
    window = 700  # bytes: several pushes may be under way

    def __init__(
        self, name: str, world: World, host: Station, book: Book, disk: Disk, replaces: str | None
    ) -> None:
        self.replaces = replaces
        self.running: str | None = None
        self.lines = 0  # that are still to be written
        self.introduced = False
        self.rests = False  # all is calm, and it has had nothing to do
        self.asleep = False  # as its machine
        self.mine: set[str] = set()
        super().__init__(name, world, host, book, disk)

    def role(self) -> Role:
        return Role.RUNTIME

    def token(self) -> str | None:
        return TOKENS[Role.RUNTIME] if self.world.plan.links else None

    def act(self) -> None:
        """Go on with what there is to do."""
        if self.dead or self.asleep or self.is_ended or self.replica.log.head == 0:
            return
        if not self.introduced:
            known = self.replaces if self.replaces in self.replica.log.view.runtimes else None
            self.introduced = True
            self._say(RuntimeStarted(name="Python", kind_name="browser", replaces=known))
        elif self.running is None:
            self._claim()
        elif self.lines > 0:
            self.lines -= 1
            self._write_out(self.running)
        else:
            self._say(ExecutionCompleted(execution_id=self.running, status="ok"))
            self.finished(self.running)
            self.running = None

    @property
    def has_work(self) -> bool:
        """Whether there is anything left to do for it."""
        if self.running is not None:
            return True
        if not self.introduced:
            return self._may_ever_begin
        if self.world.plan.lies:
            return False  # what it says may reach nobody
        unfinished = self.replica.log.view.unfinished()
        return any(each.owner == self.replica.session or self.wants(each) for each in unfinished)

    @property
    def _may_ever_begin(self) -> bool:
        return True

    def wants(self, execution: Execution) -> bool:
        """Whether it waits for this runtime."""
        me, notebook = self.replica.session, self.replica.log.view
        if execution.status is not Status.QUEUED or me not in notebook.runtimes:
            return False
        anybodys = execution.runtime is None and notebook.selected_runtime in (None, me)
        return anybodys or execution.runtime == me

    def may_start(self, execution_id: str) -> bool:
        """Whether its claim is known to count."""
        confirmed = self.replica.log.confirmed.executions.get(execution_id)
        return confirmed is not None and confirmed.owner == self.replica.session

    def began(self) -> None:
        """It has begun to run something."""

    def finished(self, execution_id: str) -> None:
        """It has run to its end."""

    def left(self) -> dict[str, str]:
        """What it has written when it has died: "?", for some may not have arrived."""
        return dict.fromkeys(self.mine, "?")

    def _claim(self) -> None:
        for each in self.replica.log.view.unfinished():
            if self.wants(each):
                self._say(ExecutionAssigned(execution_id=each.id))
                return
            is_mine = each.status is Status.ASSIGNED and each.owner == self.replica.session
            if is_mine and self.may_start(each.id):
                self.running = each.id
                self.lines = self.world.rng.randint(0, 4)
                self.mine.add(each.id)
                if not self.world.plan.lies:
                    self.book.start(each.id, self.replica.session)
                self.book.said[each.id] = ""
                self._say(ExecutionStarted(execution_id=each.id))
                self.began()
                return

    def _write_out(self, execution_id: str) -> None:
        text = self.world.rng.choice("abcdefgh") * self.world.rng.choice([1, 5, 400])
        if self.book.said[execution_id] != "?":
            self.book.said[execution_id] += text
        self._say(StreamAppended(execution_id=execution_id, name="stdout", text=text))

    def _say(self, event: Event) -> None:
        self.replica.take([event])


class Native(Runtime):
    """Keeps on its disk what it says, and sends it then.

    Killed and started again, it finds its session there. What that has said goes out first; then
    another one, with empty memory, says whom it replaces. forerunner: the one that was killed.
    """

    keeping = Keeping.HERE

    def __init__(
        self,
        name: str,
        world: World,
        host: Station,
        book: Book,
        disk: Disk,
        forerunner: "Native | None" = None,
    ) -> None:
        self._begins = False
        self._is_new = forerunner is None
        super().__init__(name, world, host, book, disk, None)
        if forerunner is not None:
            self.mine |= forerunner.mine

    def act(self) -> None:
        if self.dead or self.asleep or self.is_ended:
            return
        if self.introduced or self._may_introduce_itself():
            super().act()

    def left(self) -> dict[str, str]:
        """What its disk has kept of what it wrote."""
        if self.is_ended:
            return super().left()
        found = dict.fromkeys(self.mine, "")
        for row in [*self.disk.confirmed, *self.disk.waiting]:
            event = understood(row) if row.actor == self.replica.actor else None
            if isinstance(event, StreamAppended) and event.execution_id in found:
                found[event.execution_id] += event.text
        return found

    def rejoin(self) -> None:
        if self._begins:
            self.come_again()
        else:
            super().rejoin()

    @property
    def _may_ever_begin(self) -> bool:
        # An authority that lies may never acknowledge what the old session has said.
        return self._is_new or not self.world.plan.lies

    def _may_introduce_itself(self) -> bool:
        log = self.replica.log
        if log.pending or not self.replica.sync.is_current:
            return False
        if not self._is_new:
            self._is_new = self._begins = True
            self.replica.begin_session()
            self._begins = False
            self.book.count("runtime came back")
            return False
        mine = [each for each in log.view.runtimes.values() if each.actor == self.replica.actor]
        living = [each.session for each in mine if not each.has_ended]
        self.replaces = living[-1] if living else None
        return True


class Guest(Runtime):
    """A runtime of a person's page."""

    room = "guests"
    ran: set[str]

    def __init__(self, person: Person, room: "GuestRoom", replaces: str | None) -> None:
        self.ran = set()
        self.verdicts: dict[str, str] = {}
        self.person = person
        super().__init__("g", person.world, room, person.book, Disk(), replaces)
        person.runtime = self.replica.session
        room.guest = self

    def token(self) -> str | None:
        return None

    @property
    def has_work(self) -> bool:
        return self.running is not None or not self.introduced

    def may_start(self, execution_id: str) -> bool:
        return self.verdicts.get(execution_id) == START

    def heard(self, message: Message) -> None:
        if isinstance(message, Call) and message.method == CLAIMED:
            told = message.params
            self.verdicts[told["execution_id"]] = told["verdict"]
            self.book.count("claim: " + told["verdict"])

    @property
    def is_heard(self) -> bool:
        """Whether what it says has a place to go."""
        person = self.person
        rights = RIGHTS[person.replica.role]
        return not (person.is_ended or person.replica.is_outdated) and Kind.OUTPUT in rights

    def finished(self, execution_id: str) -> None:
        self.ran.add(execution_id)
        self.book.count("guest ran")


class GuestRoom:
    """The room of a page's runtimes: the product's, with seats at the end of connections."""

    def __init__(self, person: Person, world: World) -> None:
        peer: Any = Peer(person)
        self._guests = Guests(peer, person.new_secret, person.now)
        self._person = person
        self._world = world
        self._seats: dict[int, Seat] = {}
        self._count = 0
        self.guest: Guest | None = None

    def open(
        self, role: Role, hear: Callable[[Message], None], lost: Callable[[], None]
    ) -> Connection:
        """See `sim.clients.Station`; so for the following ones."""
        self._count += 1
        connection = Connection(self._world, self._count, self, hear, lost)
        actor = runtime_actor(self._person.replica.actor)
        self._seats[self._count] = self._guests.join(
            role, connection.down, self._person.runtime, self._dismissed, actor
        )
        return connection

    def _dismissed(self) -> None:
        """The person may not run any more: what a runtime says has no place to go."""
        self._person.book.count("guest dismissed")
        self._person.is_muted = True
        if self.guest is not None:
            self.guest.dead = True
            self._person.book.said |= dict.fromkeys(self.guest.mine, "?")

    def has(self, row: Row) -> bool:
        person = self._person
        return row.session != person.replica.session or (row.session, row.n) in person.kept

    def hear(self, connection: Connection, message: Message) -> None:
        if not self._person.dead and connection.number in self._seats:
            self._seats[connection.number].send(message)

    def gone(self, connection: Connection) -> None:
        seat = self._seats.pop(connection.number, None)
        if seat is not None and not self._person.dead:
            seat.close()
