"""The notebook worker's middle, without a browser: a page that writes down what it is told."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
from foldbook import ipynb
from foldbook.browser.host import Host
from foldbook.browser.page import Waiting
from foldbook.channel import pair
from foldbook.commands import parse
from foldbook.commands.notebooks import RenameNotebook
from foldbook.errors import StoreDamaged
from foldbook.events import encode
from foldbook.events.executions import ExecutionAssigned, ExecutionStarted, InputRequested
from foldbook.events.notebooks import MinimumReducerRaised, NotebookCreated
from foldbook.events.runtimes import RuntimeStarted
from foldbook.lines import FrameLine
from foldbook.notebook import Execution
from foldbook.peer import Peer, Surroundings
from foldbook.reducer import REDUCER_VERSION
from foldbook.row import Kind, Role, Row
from foldbook.store import Batch, MemoryStore
from foldbook.ties import Handler
from foldbook.wire import Hello
from hosts import BEGIN, FakePage, attach, attached, edit, opened, settle
from stories import story

RUN = {
    "t": "cmd",
    "view": "v",
    "k": 1,
    "base": 1,
    "command": {"do": "run_cells", "cell_ids": ["c"]},
}


@story
async def test_a_change_is_told_at_once_and_what_follows_it_together() -> None:
    page, _, host = await attached(BEGIN)
    host._views._interval = 3600
    host._views._flushed = float("-inf")  # nothing has happened for long
    for number in range(1, 4):  # as from elsewhere: a command of the view itself brings it forward
        host.desk.submit(parse({"do": "rename_notebook", "name": f"Trend {number}"}), "w", number)
        await settle()
    assert len(page.of("patch")) == 1
    host._views._flush()
    assert len(page.of("patch")) == 2


@story
async def test_what_waits_begins_the_notebook_and_leaves_the_inbox() -> None:
    page, store = FakePage(BEGIN), MemoryStore()
    host = await opened(page, store)
    assert host.desk.notebook.name == "Trend"
    assert host.desk.notebook.cells["c"].source == "ab"
    assert [actor.name for actor in host.desk.notebook.actors.values()] == ["Mara"]
    assert page.waiting == []
    assert store.load().views["home"] == 1
    assert page.of("host")[0]["do"] == "start"


@story
async def test_a_command_is_acknowledged_told_as_stored_and_taken_once() -> None:
    page, store, host = await attached(BEGIN)
    shown = page.of("view")[0]
    assert shown["json"]["cells"]["c"]["source"] == "ab"
    host.receive(edit(1, [2, [0, "c"]], 2, shown["v"]), "page")
    host.receive(edit(1, [2, [0, "c"]], 2, shown["v"]), "page")
    await settle()
    assert host.desk.notebook.cells["c"].source == "abc"
    last = [each for each in page.told if each["t"] in ("patch", "stored")][-1]
    assert last["stored"] == 1
    assert store.load().views["v"] == 1
    assert not any(op[0] == "text" for patch in page.of("patch") for op in patch["ops"])


ADD = {"t": "import", "view": "v", "id": "1", "name": "more.ipynb"}


def file_of(*names: str, prints: str = "") -> bytes:
    """A notebook file with a cell of each name; ``prints``: a large value that each has put out."""
    output = {"output_type": "display_data", "data": {"text/html": prints}, "metadata": {}}
    kind = {"cell_type": "code", "outputs": [output], "execution_count": 1}
    given = kind if prints else {"cell_type": "raw"}
    cells = [{"id": name, "metadata": {}, "source": name, **given} for name in names]
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    return json.dumps(book).encode()


FILE = Waiting(
    key=1,
    view="home",
    k=1,
    command={"do": "import_file", "file": "begun.ipynb"},
    data=file_of("c", "d"),
)


def typed(key: int, k: int, changes: list[Any], before: str, cell: str = "c") -> Waiting:
    """An edit in the inbox, by a view that is gone."""
    command = edit(k, changes, len(before))["command"] | {"cell_id": cell}
    return Waiting(key=key, view="gone", k=k, command=command, before=before)


@story
async def test_edits_of_a_view_that_is_gone_are_fitted_to_what_the_text_became() -> None:
    page, store, host = await attached(BEGIN)
    host.receive(edit(1, [[0, "> "]], 2, page.of("view")[0]["v"]), "page")
    await settle()
    # The first of these was taken by a worker that died before the second came.
    store.write(Batch(views={"gone": 1}))
    lost = [typed(2, 1, [1, [0, "!"]], "ab"), typed(3, 2, [2, [0, "?"]], "a!b")]
    page = FakePage(*lost, typed(4, 3, [[1, ""]], "a!?b"))
    host = await opened(page, store)
    attach(host)
    await settle()
    assert page.of("refused") == []
    assert page.of("toast") == []
    assert page.of("view")[0]["json"]["cells"]["c"]["source"] == "> ?b"
    assert page.waiting == []
    assert store.load().views["gone"] == 3


@story
async def test_what_cannot_be_taken_from_the_inbox_is_told_and_its_text_kept() -> None:
    rename = {"do": "rename_notebook", "name": ""}
    page, _, host = await attached(
        BEGIN,
        typed(2, 1, [2, [0, "!"]], "ab", cell="never"),
        Waiting(key=3, view="gone", k=2, command=rename),
    )
    assert [cell.source for cell in host.desk.notebook.ordered_cells()] == ["ab", "ab!"]
    [toast] = page.of("toast")
    assert "There is no cell never" in toast["message"]
    assert "in a new cell at the end" in toast["message"]
    assert toast["message"].count("could not be carried out") == 2
    assert page.waiting == []


@story
async def test_an_edit_that_was_refused_when_its_view_was_gone_is_told_and_its_text_kept() -> None:
    page, store, host = await attached(BEGIN)
    v = page.of("view")[0]["v"]
    message = edit(1, [2, [0, "!"]], 2, v)
    message["command"]["cell_id"] = "never"
    host.receive(message, "page")  # the view's tab is closed before the answer comes
    await settle()
    assert len(page.of("refused")) == 1
    taken = edit(2, [2, [0, "?"]], 2, v)
    host.receive(taken, "page")
    await settle()
    waits = Waiting(key=2, view="v", k=1, command=message["command"], before="ab")
    later = Waiting(key=3, view="v", k=2, command=taken["command"], before="ab")
    for _ in range(2):  # the second worker finds nothing to do
        page = FakePage(waits, later)
        host = await opened(page, store)
        attach(host, "w")
        await settle()
        assert page.waiting == []
        assert [cell.source for cell in host.desk.notebook.ordered_cells()] == ["ab?", "ab!"]
    assert not [name for name in store.load().meta if name.startswith("unseen/")]


@story
async def test_an_edit_that_was_refused_is_not_kept_where_its_view_is_there() -> None:
    page, store, host = await attached(BEGIN)
    message = edit(1, [2, [0, "!"]], 2, page.of("view")[0]["v"])
    message["command"]["cell_id"] = "never"
    host.receive(message, "page")
    page.waiting = [
        Waiting(key=2, view="v", k=1, command=message["command"], before="ab", alive=True)
    ]
    host.receive({"t": "inbox"}, "page")
    await settle()
    assert page.waiting == []
    assert [cell.source for cell in host.desk.notebook.ordered_cells()] == ["ab"]
    assert not [name for name in store.load().meta if name.startswith("unseen/")]


@story
async def test_a_view_that_is_alive_sends_what_waits_itself() -> None:
    waits = typed(2, 1, [2, [0, "!"]], "ab")
    living = Waiting(**{**asdict(waits), "view": "v", "alive": True})
    page, _, host = await attached(BEGIN, living)
    assert host.desk.notebook.cells["c"].source == "ab"
    assert page.waiting == [living]
    stray = {**edit(1, [2, [0, "!"]], 2, base=99), "before": "ab"}
    host.receive(stray, "page")
    host.receive({"t": "inbox"}, "page")
    await settle()
    assert host.desk.notebook.cells["c"].source == "ab!"
    assert page.waiting == []


@story
async def test_what_a_view_sends_again_is_shown_to_it_at_once() -> None:
    page, _, host = await attached(BEGIN)
    first, second = edit(1, [2, [0, "c"]], 2), edit(2, [3, [0, "d"]], 3)
    delete = {"k": 3, "base": 1, "command": {"do": "delete_cells", "cell_ids": ["c"]}}
    wrong = {"k": 4, "base": 1, "command": {"do": "rename_notebook", "name": ""}}
    undo = {"k": 5, "base": 1, "command": {"do": "undo"}}
    host.receive({"t": "cmds", "view": "v", "all": [first, second, delete, wrong, undo]}, "page")
    await settle()
    [together] = page.of("patches")
    assert [each["ack"] for each in together["all"]] == [1, 2, 3, 4, 5]
    ops = [op for each in together["all"] for op in each["ops"]]
    assert ["del", ["cells", "c"]] in ops
    assert host.desk.notebook.cells["c"].source == "abcd"
    assert [refused["k"] for refused in page.of("refused")] == [4]
    assert all(each["v"] > together["all"][-1]["v"] for each in page.of("patch"))
    host.receive(edit(6, [4, [0, "e"]], 4, together["all"][-1]["v"]), "page")
    await settle()
    assert host.desk.notebook.cells["c"].source == "abcde"


@story
async def test_a_defect_of_one_command_is_told_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, store, host = await attached(BEGIN)

    def broken(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(RenameNotebook, "decide", broken)
    rename = {"do": "rename_notebook", "name": "new"}
    host.receive({**RUN, "k": 1, "command": rename}, "page")
    host.receive(edit(2, [2, [0, "c"]], 2, page.of("view")[0]["v"]), "page")
    await settle()
    [refused] = page.of("refused")
    assert (refused["k"], refused["command"]) == (1, rename)
    assert refused["message"] == "A defect: RuntimeError('out of luck')"
    assert host.desk.notebook.cells["c"].source == "abc"
    assert page.of("patch")[-1]["ack"] == 2
    assert store.load().views["v"] == 2


@story
async def test_half_a_character_in_a_command_is_refused_and_repeated_whole() -> None:
    page, store, host = await attached(BEGIN)
    values = {"do": "set_cell_metadata", "cell_id": "c", "values": {"a\ud800": ["\udc00b"]}}
    host.receive({**RUN, "k": 1, "command": values}, "page")
    host.receive(edit(2, [2, [0, "\ud83d"]], 2, page.of("view")[0]["v"]), "page")
    await settle()
    first, second = page.of("refused")
    assert first["command"]["values"] == {"a\ufffd": ["\ufffdb"]}
    assert second["command"]["changes"] == [2, [0, "\ufffd"]]
    assert host.desk.notebook.cells["c"].metadata == {}
    assert store.load().views["v"] == 2


@story
async def test_half_a_character_typed_before_the_page_was_loaded_loses_no_text() -> None:
    page, _, host = await attached(BEGIN, typed(2, 1, [2, [0, "!\ud83d"]], "ab"))
    assert [cell.source for cell in host.desk.notebook.ordered_cells()] == ["ab", "ab!\ufffd"]
    [toast] = page.of("toast")
    assert "in a new cell at the end" in toast["message"]
    assert page.waiting == []


@story
async def test_a_result_that_cannot_be_sent_is_answered_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, _, host = await attached(BEGIN)
    found: list[Any] = [object(), {"name": "a\ud800"}]

    async def export(*_: object) -> object:
        return found.pop(0)

    monkeypatch.setattr(host._exchange, "write", export)
    for name in ("1", "2"):
        host.receive({"t": "export", "view": "v", "id": name, "format": "py"}, "page")
        await settle()
    first, second = page.of("result")
    assert (first["id"], first["ok"]) == ("1", False)
    assert first["message"].startswith("A defect: ")
    assert (second["id"], second["value"]) == ("2", {"name": "a\ufffd"})
    assert not any(each.get("stage") == "failed" for each in page.of("status"))


@story
async def test_a_message_that_says_nothing_is_left_alone() -> None:
    page = FakePage(BEGIN)
    host = await opened(page, MemoryStore())
    said = list(page.told)
    host.receive({}, "channel")
    host.receive({"t": "what"}, "channel")
    await settle()
    assert page.told == said


@story
async def test_a_full_store_is_told_and_nothing_is_lost_when_there_is_room_again() -> None:
    page, store, host = await attached(BEGIN)
    store.limit = 1
    host.receive(edit(1, [2, [0, "c"]], 2, page.of("view")[0]["v"]), "page")
    await settle()
    assert "room for 1 bytes" in page.of("saved")[-1]["failed"]
    assert page.of("saved")[-1]["unsaved"] == 1
    assert "v" not in store.load().views
    store.limit = None
    await settle()
    assert page.of("saved")[-1]["failed"] is None
    assert page.of("saved")[-1]["unsaved"] == 0
    assert store.load().views["v"] == 1


@story
async def test_a_command_that_is_in_the_inbox_too_is_taken_once() -> None:
    page, _, host = await attached(BEGIN)
    message = edit(1, [2, [0, "c"]], 2, page.of("view")[0]["v"])
    page.waiting = [Waiting(key=2, view="v", k=1, command=message["command"])]
    host.receive({"t": "inbox"}, "page")
    await settle()
    host.receive(message, "page")
    host.receive({"t": "inbox"}, "page")
    await settle()
    assert host.desk.notebook.cells["c"].source == "abc"
    assert page.waiting == []


@pytest.mark.parametrize("is_raised", [False, True])
@story
async def test_only_a_raised_minimum_makes_it_readonly_and_then_the_inbox_is_kept(
    is_raised: bool,
) -> None:
    page, store = FakePage(BEGIN), MemoryStore()
    created = encode(NotebookCreated(notebook_id="nb", name="Old"))
    raised = encode(MinimumReducerRaised(reducer=REDUCER_VERSION + is_raised))
    payloads = ((Kind.EDIT, created), (Kind.ADMIN, raised), (Kind.EDIT, b'{"type":"painted"}'))
    rows = [
        Row(i, "s", i, i - 1, "a", Role.OWN, kind, 1, payload)
        for i, (kind, payload) in enumerate(payloads, 1)
    ]
    store.write(Batch(confirmed=rows))
    host = await opened(page, store)
    attach(host)
    await settle()
    told = page.of("view")[0]["json"]["readonly"]
    assert host.desk.notebook.name == "Old"
    if not is_raised:
        assert told is None
        assert page.of("status")[-1]["stage"] == "ready"
        return
    assert page.of("status")[-1]["stage"] == "readonly"
    assert (told["aside"], told["outdated"]) == (1, True)
    assert f"version {REDUCER_VERSION + 1}" in told["reason"]
    assert page.waiting == [BEGIN]
    assert page.of("host") == []
    assert store.load().rows == rows
    host.receive({"t": "close"}, "page")
    await settle()
    assert page.of("closed")


@story
async def test_runs_of_a_tab_that_was_closed_end_and_are_not_run_again() -> None:
    page, store, host = await attached(BEGIN)
    host.receive(RUN, "page")
    await settle()

    page = FakePage()
    host = await opened(page, store)
    [execution] = host.desk.notebook.executions.values()
    assert execution.status == "aborted"
    assert "tab" in execution.reason


@story
async def test_restart_and_run_all_asks_the_runtime_that_is_to_come() -> None:
    page, _, host = await attached(BEGIN)
    old = page.of("host")[-1]["session"]
    restart = {"do": "restart", "run_all": True}
    host.receive({"t": "cmd", "view": "v", "k": 1, "base": 1, "command": restart}, "page")
    await settle()
    new = page.of("host")[-1]["session"]
    [execution] = host.desk.notebook.executions.values()
    assert new != old
    assert (execution.runtime, execution.status) == (new, "queued")


@story
async def test_a_quiet_host_starts_no_runtime_before_something_is_to_be_run() -> None:
    page, store = FakePage(BEGIN), MemoryStore()
    host = await opened(page, store, quiet=True)
    attach(host)
    await settle()
    assert page.of("status")[-1]["stage"] == "ready"
    assert page.of("host") == []
    host.receive(RUN, "page")
    await settle()
    assert [each["do"] for each in page.of("host")] == ["start"]
    [execution] = host.desk.notebook.executions.values()
    assert execution.runtime == page.of("host")[0]["session"]


@story
async def test_what_ran_beside_a_worker_that_crashed_is_lost_and_says_why() -> None:
    _, store, host = await attached(BEGIN)
    host.receive(RUN, "page")
    await settle()

    host = await opened(FakePage(), store, crashed=True)
    [execution] = host.desk.notebook.executions.values()
    assert execution.status == "aborted"
    assert "crashed" in execution.reason


@story
async def test_a_file_that_is_added_comes_after_the_cells_or_not_at_all() -> None:
    page, store = FakePage(BEGIN), MemoryStore()
    host = await opened(page, store)
    host.receive(ADD, "page", file_of("c", "d"))
    await settle()
    assert [cell.source for cell in host.desk.notebook.ordered_cells()] == ["ab", "c", "d"]
    head = host.desk.notebook.head
    host.receive(ADD, "page", b"{")
    await settle()
    assert [each["ok"] for each in page.of("result")] == [True, False]
    assert "more.ipynb" in page.of("result")[-1]["message"]
    assert host.desk.notebook.head == head


@story
async def test_files_that_are_added_at_once_come_one_after_the_other() -> None:
    page = FakePage(BEGIN)
    host = await opened(page, MemoryStore())
    for names in (("c", "d"), ("c", "e")):
        host.receive(ADD, "page", file_of(*names))
    await settle()
    assert [each["ok"] for each in page.of("result")] == [True, True]
    cells = host.desk.notebook.ordered_cells()
    assert [cell.source for cell in cells] == ["ab", "c", "d", "c", "e"]
    assert host.desk.notebook.void_count == 0


class SlowStore(MemoryStore):
    """Gives no blob before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()

    async def blob(self, digest: str) -> bytes | None:
        await self.may.wait()
        return await super().blob(digest)


@story
async def test_an_export_is_of_one_moment_whatever_comes_meanwhile() -> None:
    page, store = FakePage(BEGIN), SlowStore()
    host = await opened(page, store)
    host.receive(ADD, "page", file_of("c", prints="x" * 20_000))
    await settle()
    export = {"t": "export", "view": "v", "id": "2", "format": "ipynb"}
    host.receive(export, "page")
    await settle()
    host.receive(ADD, "page", file_of("d", prints="y" * 20_000))
    await settle()
    store.may.set()
    await settle()
    [written] = [each for each in page.of("result") if each["id"] == "2"]
    assert written["ok"], written["message"]
    cells = json.loads(written["value"]["text"])["cells"]
    assert ["".join(cell["source"]) for cell in cells] == ["ab", "c"]


class ForgetfulStore(MemoryStore):
    """Its blobs are gone, or cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = False
        self.why: Exception | None = None

    async def blob(self, digest: str) -> bytes | None:
        if self.why is not None:
            raise self.why
        return None if self.gone else await super().blob(digest)


@story
@pytest.mark.parametrize("why", [None, StoreDamaged("unreadable")])
async def test_an_export_goes_without_the_blob_that_is_missing(why: Exception | None) -> None:
    page, store = FakePage(BEGIN), ForgetfulStore()
    host = await opened(page, store)
    host.receive(ADD, "page", file_of("c", prints="x" * 20_000))
    await settle()
    store.gone, store.why = True, why
    host.receive({"t": "export", "view": "v", "id": "2", "format": "ipynb"}, "page")
    await settle()
    [written] = [each for each in page.of("result") if each["id"] == "2"]
    assert written["ok"]
    cells = json.loads(written["value"]["text"])["cells"]
    assert ["".join(cell["source"]) for cell in cells] == ["ab", "c"]
    assert [each["data"] for each in cells[1]["outputs"]] == [{}]
    [toast] = page.of("toast")
    assert (toast["view"], toast["kind"]) == ("v", "export")
    assert toast["message"] == "Cell 2: text/html is left out, its bytes are not there."


@story
async def test_a_log_file_that_cannot_be_read_is_told_once() -> None:
    command = {"do": "import_file", "file": "a.foldbook"}
    file = Waiting(key=1, view="home", k=1, command=command, data=b"foldbook-log 9")
    page, _, host = await attached(file)
    [toast] = page.of("toast")
    assert toast["message"].count("a.foldbook") == 1
    assert "log of version 1 expected" in toast["message"]
    assert page.waiting == []
    assert len(host.desk.notebook.cells) == 1


@story
async def test_a_file_that_breaks_its_reader_leaves_a_notebook_that_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_data: bytes, _name: str) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(ipynb, "read", broken)
    page, _, host = await attached(FILE)
    assert page.of("status")[-1]["stage"] == "ready"
    assert len(host.desk.notebook.cells) == 1
    [toast] = page.of("toast")
    assert "begun.ipynb could not be read" in toast["message"]
    assert "out of luck" in toast["message"]
    assert page.waiting == []


@story
async def test_a_file_waits_on_where_its_reader_cannot_be_loaded() -> None:
    class Offline(FakePage):
        async def load_package(self, name: str) -> None:
            raise OSError(f"{name} cannot be loaded")

    page, store = Offline(FILE), MemoryStore()
    with pytest.raises(OSError, match="nbformat"):
        await opened(page, store)
    assert page.waiting == [FILE]
    host = await opened(FakePage(FILE), store)
    assert [cell.source for cell in host.desk.notebook.ordered_cells()] == ["c", "d"]


@story
async def test_a_list_that_cannot_be_told_stops_nothing() -> None:
    class Full(FakePage):
        async def refresh(self, entry: Mapping[str, Any]) -> None:
            raise OSError("no more room")

    page, store = Full(BEGIN), MemoryStore()
    host = await opened(page, store)
    host.receive({"t": "hidden"}, "page")
    await settle()
    assert [each["stage"] for each in page.of("status")] == ["ready"]
    assert store.load().saved_view is not None


@story
async def test_what_a_view_that_is_gone_wanted_to_run_is_not_run_by_opening() -> None:
    late = Waiting(key=3, view="gone", k=2, command=RUN["command"])
    page, _, host = await attached(BEGIN, typed(2, 1, [2, [0, "!"]], "ab"), late)
    assert host.desk.notebook.cells["c"].source == "ab!"
    assert host.desk.notebook.executions == {}
    assert "not run by opening" in page.of("toast")[0]["message"]
    assert page.waiting == []


@story
async def test_a_runtime_that_fails_before_it_is_ready_leaves_the_room() -> None:
    page = FakePage(BEGIN)
    host = await opened(page, MemoryStore())
    session = page.of("host")[0]["session"]
    near, far = pair()
    host.connect(session, near)
    await settle()
    host.receive({"t": "runtime", "session": session, "state": "failed"}, "page")
    await settle()
    end = asyncio.ensure_future(far.receive())
    await settle()
    assert end.done(), "the notebook has not hung up"
    assert end.result() is None
    assert "could not be started" in page.of("toast")[0]["message"]


async def asked_for_password(page: FakePage, host: Host, answer: Handler) -> Execution:
    """A runtime whose code asks for a password; ``answer`` hears what is given."""
    host.receive(RUN, "page")
    await settle()
    [start] = page.of("host")
    secret = bytes.fromhex(start["options"]["secret"])
    near, far = pair()
    channels = [far]

    async def connect() -> Any:
        return FrameLine(channels.pop()) if channels else None

    around = Surroundings(lambda: 1_700_000_000_000, lambda: b"r" * 32, lambda: 0.5)
    peer = Peer.linked(Hello(start["options"]["room"], "", secret, b"a" * 32, 0), connect, around)
    peer.on_call = answer
    host.connect(start["session"], near)
    host._start(peer.run())
    await settle()
    [execution] = host.desk.notebook.executions.values()
    peer.append(
        [
            RuntimeStarted(name="Python", kind_name="browser"),
            ExecutionAssigned(execution_id=execution.id),
            ExecutionStarted(execution_id=execution.id),
            InputRequested(execution_id=execution.id, input_id="i", prompt="Key: ", password=True),
        ]
    )
    await settle()
    reply = {"do": "reply_input", "execution_id": execution.id, "input_id": "i", "value": "hunter2"}
    host.receive({**RUN, "k": 2, "command": reply}, "page")
    await settle()
    assert page.of("refused") == []
    return host.desk.notebook.executions[execution.id]


@story
async def test_a_password_is_answered_when_it_has_arrived() -> None:
    page, store, host = await attached(BEGIN)
    heard: list[object] = []
    may = asyncio.Event()

    async def answer(_method: str, params: Mapping[str, Any], _asker: str) -> bool:
        heard.append(params["value"])
        await may.wait()
        return True

    execution = await asked_for_password(page, host, answer)
    assert heard == ["hunter2"]
    assert execution.prompt is not None
    assert not execution.prompt.answered, "it may not have arrived yet"
    may.set()
    await settle()
    prompt = host.desk.notebook.executions[execution.id].prompt
    assert prompt is not None
    assert prompt.answered
    assert page.of("toast") == []
    assert store.load().views["v"] == 2
    assert not any(b"hunter2" in row.payload for row in store.load().rows)


@story
async def test_a_password_that_did_not_arrive_is_not_answered() -> None:
    page, _, host = await attached(BEGIN)

    async def answer(_method: str, _params: Mapping[str, Any], _asker: str) -> bool:
        raise ValueError("not now")

    execution = await asked_for_password(page, host, answer)
    assert execution.prompt is not None
    assert not execution.prompt.answered
    [toast] = page.of("toast")
    assert toast["message"] == "The answer did not reach Python: call: not now"


@story
async def test_a_password_that_nobody_waits_for_ends_its_question_and_is_told() -> None:
    page, _, host = await attached(BEGIN)

    async def answer(_method: str, _params: Mapping[str, Any], _asker: str) -> bool:
        return False

    execution = await asked_for_password(page, host, answer)
    assert execution.prompt is not None
    assert execution.prompt.answered
    [toast] = page.of("toast")
    assert "does not wait for one any more" in toast["message"]


@story
async def test_views_of_long_ago_are_forgotten() -> None:
    page, store = FakePage(BEGIN), MemoryStore()
    old = {f"kfak80{i:02}-old": 3 for i in range(60)}
    new = {f"loyw3v0{i}-new": 4 for i in range(9)}
    store.write(Batch(views={**old, **new}))
    await opened(page, store)
    kept = store.load().views.keys()
    assert new.keys() <= kept
    assert sum(view in kept for view in old) == 41, "with the newest they are fifty"
    assert "kfak8059-old" in kept
