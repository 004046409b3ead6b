"""Golden logs: rows as frozen bytes, and the notebook they fold into.

``logs/<name>.segment`` are the bytes as a store holds them, ``<name>.jsonl`` the same rows to
read, ``<name>.fold.json`` the notebook. They are written once, by running this file, and then
never again: whatever changes here later must still read those bytes and fold them to the same.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from foldbook.events import ALL, encode
from foldbook.notebook import Notebook
from foldbook.reducer import fold_all
from foldbook.row import Kind, Role, Row, decode_segment, encode_segment, to_list

LOGS = Path(__file__).parent / "logs"
RUNTIME, OTHER_RUNTIME = "r7", "r8"


@dataclass
class Story:
    """Rows, told one after the other. ``ada`` and ``bob`` write, runtimes report."""

    rows: list[Row] = field(default_factory=list)

    def tell(self, session: str, kind: str, seen: int | None = None, /, **values: Any) -> None:
        """The next row; it has seen every row before unless told otherwise."""
        role = Role.RUNTIME if session.startswith("r") else Role.OWN
        self.add(session, encode(ALL[kind](**values)), ALL[kind].kind, role, seen)

    def add(self, session: str, payload: bytes, kind: Kind, role: Role, seen: int | None) -> None:
        seq = len(self.rows) + 1
        n = sum(row.session == session for row in self.rows) + 1
        seen = seq - 1 if seen is None else seen
        ts = 1_700_000_000_000 + 250 * seq
        actor = f"{session}-actor" if role is not Role.RUNTIME else "runtime-actor"
        self.rows.append(Row(seq, session, n, seen, actor, role, kind, ts, payload))


def cells() -> list[Row]:
    """Cells made, typed in by two at once, moved, deleted and restored; rows that do not count."""
    story = Story()
    tell = story.tell
    tell("ada", "notebookCreated", notebook_id="nb-01", name="Penguins 🐧", metadata={"a": 1})
    tell("ada", "actorIntroduced", name="Ada")
    tell("bob", "actorIntroduced", name="Bob")
    tell("ada", "cellCreated", cell_id="c1", cell_type="code", position="a1", source="x = 1\n")
    tell("ada", "cellCreated", cell_id="c2", cell_type="markdown", position="a2")
    tell("ada", "cellSourceEdited", cell_id="c1", changes=(6, (0, "a")), length_before=6)
    tell("bob", "cellSourceEdited", 5, cell_id="c1", changes=(6, (0, "😀")), length_before=6)
    tell("ada", "cellSourceEdited", 6, cell_id="c1", changes=(7, (0, "b")), length_before=7)
    tell("bob", "cellSourceEdited", 5, cell_id="c1", changes=(7, (0, "𝒳")), length_before=7)
    tell("ada", "cellSourceEdited", 8, cell_id="c1", changes=((6, "y=2\n"),), length_before=9)
    tell("bob", "cellSourceEdited", 9, cell_id="c1", changes=(4, (1, "3")), length_before=10)
    tell("bob", "cellMoved", cell_id="c2", position="a0V")
    tell("ada", "cellTypeChanged", cell_id="c2", cell_type="raw")
    tell("ada", "cellMetadataSet", cell_id="c2", values={"tags": ["x"], "k": None})
    tell("bob", "cellMetadataSet", cell_id="c2", values={"k": 2}, removed=("tags",))
    picture = {"image/png": "aGk="}
    tell("ada", "cellAttachmentsSet", cell_id="c2", values={"a.png": picture})
    tell("ada", "cellDeleted", cell_id="c2")
    tell("bob", "cellSourceEdited", 16, cell_id="c2", changes=((0, "kept"),), length_before=0)
    tell("ada", "cellRestored", cell_id="c2")
    tell("bob", "notebookRenamed", name="Bill lengths")
    tell("bob", "notebookMetadataSet", values={"b": [2]}, removed=("a",))
    tell("bob", "fileAdded", path="data/p.csv", digest="ab" * 32, size=12, mime="text/csv")
    tell("ada", "fileAdded", path="old.txt", digest="cd" * 32, size=1)
    tell("ada", "fileRemoved", path="old.txt")
    tell("ada", "cellCreated", cell_id="c1", cell_type="code", position="a9")  # void: exists
    tell("bob", "cellSourceEdited", cell_id="c1", changes=((0, "no"),), length_before=99)  # void
    tell("bob", "cellDeleted", 3, cell_id="c1")  # void: has seen more before
    removal = encode(ALL["cellDeleted"](cell_id="c1"))
    story.add("eve", removal, Kind.EDIT, Role.COMMENT, None)  # void: no right
    story.add("ada", removal, Kind.NOTE, Role.OWN, None)  # void: another kind
    story.add("ada", b'{"type":"moonLanded","crew":3}', Kind.EDIT, Role.OWN, None)
    story.add("ada", b'{"type":"cellDeleted","v":9}', Kind.EDIT, Role.OWN, None)
    story.add("ada", b'{"type":"cellDeleted"}', Kind.EDIT, Role.OWN, None)
    story.add("ada", b"\x00", Kind.EDIT, Role.OWN, None)
    return story.rows


def executions() -> list[Row]:
    """Requests, claims, runs, an error that stops the rest, cancel, input, restart, loss."""
    story = Story()
    tell = story.tell
    _opened(story)
    for i in (1, 2, 3):
        tell("ada", "executionRequested", **_request(f"e{i}", "all", None))
    tell(OTHER_RUNTIME, "executionAssigned", execution_id="e1")
    tell(RUNTIME, "executionAssigned", execution_id="e1")  # void: claimed
    tell(RUNTIME, "executionAssigned", execution_id="e2")  # void: another is selected
    tell(RUNTIME, "executionStarted", execution_id="e1")  # void: not its own
    tell(OTHER_RUNTIME, "executionStarted", execution_id="e1")
    tell(OTHER_RUNTIME, "errorAdded", execution_id="e1", ename="E", evalue="v", traceback=("t",))
    tell(OTHER_RUNTIME, "executionCompleted", execution_id="e1", status="error", execution_count=1)
    tell("bob", "runtimeSelected", runtime=RUNTIME)
    tell("bob", "executionRequested", **_request("e4", "one", RUNTIME))
    tell("bob", "executionCancelled", execution_id="e4")
    tell(RUNTIME, "executionAssigned", execution_id="e4")  # void: cancelled
    tell("bob", "executionRequested", **_request("e5", "two", RUNTIME))
    tell(RUNTIME, "executionAssigned", execution_id="e5")
    tell("bob", "executionCancelled", execution_id="e5")  # void: claimed
    tell(RUNTIME, "executionStarted", execution_id="e5")
    tell(RUNTIME, "inputRequested", execution_id="e5", input_id="i1", prompt="Name? ")
    tell("ada", "inputReplied", execution_id="e5", input_id="i1", value="Ada")
    tell("bob", "inputReplied", execution_id="e5", input_id="i1", value="Bob")  # void: answered
    tell(RUNTIME, "executionCompleted", execution_id="e5", status="ok", execution_count=1)
    for i in (6, 7):
        tell("ada", "executionRequested", **_request(f"e{i}", "three", RUNTIME))
        tell(RUNTIME, "executionAssigned", execution_id=f"e{i}")
    tell(RUNTIME, "executionStarted", execution_id="e6")
    tell("ada", "interruptRequested", runtime=RUNTIME)
    tell("ada", "restartRequested", runtime=RUNTIME)
    tell("r9", "runtimeStarted", name="Python", kind_name="browser", replaces=RUNTIME)
    tell(RUNTIME, "executionCompleted", execution_id="e6", status="ok")  # void: lost
    tell("ada", "executionRequested", **_request("e8", "four", "r9"))
    tell("r9", "executionAssigned", execution_id="e8")
    tell("r9", "executionStarted", execution_id="e8")
    tell("bob", "executionGivenUp", execution_id="e8", reason="it takes too long")
    tell("ada", "executionRequested", **_request("e9", "five", "r9"))
    tell("ada", "runtimeLost", runtime="r9", reason="its tab was closed")
    tell(OTHER_RUNTIME, "runtimeStatusChanged", status="starting", reason="loading")
    tell(OTHER_RUNTIME, "runtimeStopped", reason="shut down")
    return story.rows


def switching() -> list[Row]:
    """Runtimes selected while runs wait: what moves, what stays, claims that come too late."""
    story = Story()
    tell = story.tell
    _opened(story)
    tell("ada", "runtimeSelected", runtime=RUNTIME)
    for i in (1, 2, 3):
        tell("ada", "executionRequested", **_request(f"e{i}", "all", RUNTIME))
    tell(RUNTIME, "executionAssigned", execution_id="e1")
    tell(RUNTIME, "executionStarted", execution_id="e1")
    tell("bob", "runtimeSelected", runtime=OTHER_RUNTIME)  # e2 and e3 go along
    tell(RUNTIME, "executionAssigned", execution_id="e2")  # void: moved
    tell(OTHER_RUNTIME, "executionAssigned", execution_id="e2")
    tell(RUNTIME, "executionCompleted", execution_id="e1", status="ok", execution_count=1)
    tell("ada", "runtimeSelected", instead_of=RUNTIME)  # void: not that one is selected
    tell("ada", "executionRequested", **_request("e4", "late", RUNTIME))  # by name, unselected
    tell(RUNTIME, "executionAssigned", execution_id="e4")
    tell("ada", "runtimeSelected", instead_of=OTHER_RUNTIME)  # e3 is anybody's
    tell(OTHER_RUNTIME, "executionAssigned", execution_id="e3")
    here = {"name": "Here", "kind_name": "browser", "by": "h1"}
    tell("ada", "runtimeStarted", **here)
    tell("ada", "executionRequested", **_request("e5", "own", "h1"))
    tell("bob", "executionRequested", **_request("e6", "own", "h1"))
    tell("bob", "runtimeSelected", runtime=RUNTIME)  # e6 goes along, e5 is the page's own
    tell("ada", "executionAssigned", execution_id="e5", by="h1")
    tell("ada", "executionAssigned", execution_id="e6", by="h1")  # void: moved
    tell("ada", "executionRequested", **_request("e7", "own", "h1"))
    tell("ada", "executionRequested", **_request("e8", "own", "h2"))  # is being started
    tell("bob", "runtimeSelected")
    tell("ada", "runtimeSelected", runtime=OTHER_RUNTIME)  # e7 and e8: by the page itself
    tell("ada", "stopRequested", runtime="h1")
    tell("ada", "runtimeStopped", by="h1", reason="stopped")
    tell("bob", "executionRequested", **_request("e9", "gone", "h1"))  # of one that has ended
    return story.rows


def outputs() -> list[Row]:
    """Streams that join, displays that update, clear with wait, late output, imported output."""
    story = Story()
    tell = story.tell
    _opened(story)
    for i in (1, 2):
        tell("ada", "executionRequested", **_request(f"e{i}", f"run{i}", RUNTIME))
        tell(RUNTIME, "executionAssigned", execution_id=f"e{i}")
    tell(RUNTIME, "streamAppended", execution_id="e1", name="stdout", text="early")  # void
    tell(RUNTIME, "executionStarted", execution_id="e1")
    for name, text in (("stdout", "10%\r"), ("stdout", "20%\n"), ("stderr", "\x1b[31m!")):
        tell(RUNTIME, "streamAppended", execution_id="e1", name=name, text=text)
    plain = {"text/plain": "<Figure>"}
    tell(RUNTIME, "displayDataAdded", execution_id="e1", data=plain, display_id="d")
    tell(OTHER_RUNTIME, "displayDataUpdated", display_id="d", data={})  # void: of another runtime
    result = {"text/plain": "42", "application/json": {"a": [1, 2.5, None]}}
    tell(RUNTIME, "executeResultAdded", execution_id="e1", data=result, execution_count=1)
    tell(RUNTIME, "executionCompleted", execution_id="e1", status="ok", execution_count=1)
    tell(RUNTIME, "executionStarted", execution_id="e2")
    tell(RUNTIME, "streamAppended", execution_id="e2", name="stdout", text="gone")
    tell(RUNTIME, "outputCleared", execution_id="e2")
    tell(RUNTIME, "streamAppended", execution_id="e2", name="stdout", text="stays until")
    tell(RUNTIME, "outputCleared", execution_id="e2", wait=True)
    blob = {"image/png": {"$blob": "ab" * 32, "size": 20480}}
    size = {"image/png": {"width": 640}}
    tell(RUNTIME, "displayDataAdded", execution_id="e2", data=blob, metadata=size, display_id="d")
    tell(RUNTIME, "displayDataUpdated", display_id="d", data={"text/plain": "<Figure 2>"})
    tell(RUNTIME, "streamAppended", execution_id="e1", name="stdout", text="late")
    tell(OTHER_RUNTIME, "streamAppended", execution_id="e2", name="stdout", text="x")  # void
    tell(RUNTIME, "errorAdded", execution_id="e2", ename="E", evalue="v", traceback=("a", "b"))
    tell(RUNTIME, "executionCompleted", execution_id="e2", status="error", execution_count=2)
    tell("bob", "cellOutputsCleared", cell_id="c1")
    tell("bob", "cellOutputsRestored", cell_id="c1", execution_id="e2")
    tell("ada", "cellCreated", cell_id="c2", cell_type="code", position="a2", source="6*7")
    tell("ada", "executionImported", **_imported("e3"))
    part = {"output_type": "stream", "name": "stdout", "text": "one "}
    tell("ada", "outputsImported", execution_id="e3", outputs=(part,))
    rest = {"output_type": "execute_result", "data": {"text/plain": "42"}, "execution_count": 12}
    tell("ada", "outputsImported", execution_id="e3", outputs=(part, rest), joined=True)
    tell("bob", "outputsImported", execution_id="e3", outputs=(part,))  # void: not its import
    return story.rows


def versions() -> list[Row]:
    """Events that need a newer program; the minimum raised, by an owner and by others."""
    story = Story()
    tell = story.tell
    tell("ada", "notebookCreated", notebook_id="nb-01", name="Newer")
    tell("ada", "cellCreated", cell_id="c1", cell_type="code", position="a1", source="x")
    painted = b'{"type":"cellPainted","v":2,"cell_id":"c1"}'
    story.add("ada", painted, Kind.EDIT, Role.OWN, None)
    raised = b'{"type":"minimumReducerRaised","reducer":9}'
    story.add("bob", raised, Kind.ADMIN, Role.RUN, None)  # void: not an owner
    story.add("bob", raised, Kind.EDIT, Role.EDIT, None)  # void: of another kind
    tell("ada", "minimumReducerRaised", reducer=3)
    tell("ada", "minimumReducerRaised", reducer=2)  # void: it never falls
    tell("ada", "minimumReducerRaised", reducer=4)
    tell("bob", "cellSourceEdited", cell_id="c1", changes=(1, (0, "y")), length_before=1)
    return story.rows


def files() -> list[Row]:
    """Files that people and code put there, change and delete."""
    story = Story()
    tell = story.tell
    _opened(story)
    tell("ada", "fileAdded", path="tide.csv", digest="a1" * 32, size=26, mime="text/csv")
    tell("ada", "executionRequested", **_request("e1", "run-1", None))
    tell(RUNTIME, "executionAssigned", execution_id="e1")
    written = {"execution_id": "e1", "path": "out/fit.csv", "digest": "b2" * 32, "size": 9}
    tell(RUNTIME, "fileWritten", **written)  # void: it has not begun
    tell(RUNTIME, "executionStarted", execution_id="e1")
    tell(RUNTIME, "fileWritten", **written, mime="text/csv")
    tell(OTHER_RUNTIME, "fileUnlinked", execution_id="e1", path="tide.csv")  # void: not its run
    tell(RUNTIME, "fileUnlinked", execution_id="e1", path="tide.csv")
    tell(RUNTIME, "fileUnlinked", execution_id="e1", path="tide.csv")  # void: gone already
    tell(RUNTIME, "fileWritten", **written | {"path": "old.bin"}, not_kept=9)
    tell(RUNTIME, "executionCompleted", execution_id="e1", status="ok", execution_count=1)
    tell(RUNTIME, "fileWritten", **written | {"path": "late.csv", "digest": "c3" * 32})
    tell("ada", "fileRemoved", path="old.bin")
    return story.rows


def _opened(story: Story) -> None:
    story.tell("ada", "notebookCreated", notebook_id="nb-01", name="Runs")
    story.tell("ada", "cellCreated", cell_id="c1", cell_type="code", position="a1", source="6*7")
    language = {"name": "python", "version": "3.14"}
    for session, kind in ((RUNTIME, "browser"), (OTHER_RUNTIME, "jupyter")):
        story.tell(
            session, "runtimeStarted", name=f"Python {kind}", kind_name=kind, language=language
        )
    story.tell("ada", "runtimeSelected")


def _request(execution: str, run: str, runtime: str | None) -> dict[str, Any]:
    return {
        "execution_id": execution,
        "cell_id": "c1",
        "source": "6*7",
        "runtime": runtime,
        "run_id": run,
    }


def _imported(execution: str) -> dict[str, Any]:
    return {
        "execution_id": execution,
        "cell_id": "c2",
        "source": "6*7",
        "execution_count": 12,
    }


STORIES = {
    "cells": cells,
    "executions": executions,
    "files": files,
    "outputs": outputs,
    "switching": switching,
    "versions": versions,
}


def as_lines(rows: list[Row]) -> str:
    """The rows to read: their values in the frozen order, the payload as Latin-1 text."""
    values = [[*to_list(row)[:-1], row.payload.decode("latin-1")] for row in rows]
    return "".join(json.dumps(value) + "\n" for value in values)


def without_newer(found: Any, expected: Any) -> Any:
    """What was found, without fields that did not exist yet when the other was frozen."""
    if isinstance(found, dict) and isinstance(expected, dict):
        known = found.keys() & expected.keys()
        return {name: without_newer(found[name], expected[name]) for name in known}
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        return [without_newer(*pair) for pair in zip(found, expected, strict=True)]
    return found


def as_json(notebook: Notebook) -> dict[str, Any]:
    """All of a notebook but what only later rows need (the histories of texts)."""
    values = asdict(notebook)
    values["displays"] = [[*key, places] for key, places in notebook.displays.items()]
    for cell in values["cells"].values():
        del cell["history"]
    for execution in values["executions"].values():
        for output in execution["outputs"]:
            output["text"] = str(output.pop("rope"))
    loaded: dict[str, Any] = json.loads(json.dumps(values))
    return loaded


FROZEN = sorted(LOGS.glob("*.segment"))


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_frozen_bytes_are_read_and_written_as_ever(path: Path) -> None:
    record = path.read_bytes()
    rows = decode_segment(record)
    assert encode_segment(rows) == record
    assert as_lines(rows) == path.with_suffix(".jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_frozen_rows_fold_as_ever(path: Path) -> None:
    expected = json.loads(path.with_suffix(".fold.json").read_text(encoding="utf-8"))
    folded = as_json(fold_all(decode_segment(path.read_bytes())))
    assert without_newer(folded, expected) == expected


@pytest.mark.parametrize("name", STORIES)
def test_todays_events_have_the_frozen_bytes(name: str) -> None:
    assert encode_segment(STORIES[name]()) == (LOGS / f"{name}.segment").read_bytes()


def test_no_golden_log_is_lost() -> None:
    assert {path.stem for path in FROZEN} >= set(STORIES)
    rows = [row for path in FROZEN for row in decode_segment(path.read_bytes())]
    absent = {name for name in ALL if not any(f'"{name}"'.encode() in row.payload for row in rows)}
    assert not absent, f"no golden log has {sorted(absent)}"


def write_missing() -> None:
    """Freeze the stories that are not frozen yet."""
    for name, make in STORIES.items():
        path = LOGS / f"{name}.segment"
        if path.exists():
            continue
        rows = make()
        path.write_bytes(encode_segment(rows))
        path.with_suffix(".jsonl").write_text(as_lines(rows), encoding="utf-8")
        text = json.dumps(as_json(fold_all(rows)), indent=1, ensure_ascii=False)
        path.with_suffix(".fold.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_missing()
