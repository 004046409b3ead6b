"""Hostile Python in the runtime: it reads nothing of the page's, and writes only its own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from foldbook import events
from foldbook.events.base import Event
from foldbook.events.outputs import StreamAppended
from foldbook.notebook import Notebook
from foldbook.reducer import fold_all
from foldbook.row import RIGHTS, Kind, Role, Row, runtime_actor
from playwright.sync_api import Page, expect

from tests.browser.engines import wait_until
from tests.browser.hostile import notebook as hostile
from tests.browser.hostile.attacker import Asked, Attacker
from tests.browser.hostile.reader import Reader, log_of, marks_of, notebook_id

pytestmark = pytest.mark.browser

SECRET = "kept-by-the-page"
OURS = "the page's own: "

_KEEP = """async secret => {
  localStorage.setItem('secret', secret);
  sessionStorage.setItem('secret', secret);
  document.cookie = `secret=${secret}; path=/`;
  await (await caches.open('secret')).put('./secret', new Response(secret));
  const folder = await navigator.storage.getDirectory();
  await folder.getFileHandle('secret', { create: true });
}"""
_KEPT = """async () => [
  localStorage.getItem('secret'), sessionStorage.getItem('secret'), document.cookie,
  await (await caches.match('./secret')).text(),
  (await indexedDB.databases()).length > 1 ? 'databases' : '',
]"""
_LISTEN = """id => {
  window.failures = [];
  addEventListener('error', ({ message }) => failures.push(message));
  addEventListener('unhandledrejection', ({ reason }) => failures.push(String(reason)));
  window.heard = [];
  window.ear = new BroadcastChannel(`foldbook:${id}`);
  ear.onmessage = ({ data }) => heard.push(data);
}"""
_HOLDER = """async name => {
  const { held } = await navigator.locks.query();
  return held.filter((lock) => lock.name === name).length;
}"""


@dataclass
class Attack:
    """What was before the attack, what came of it, and the page after it."""

    page: Page
    id: str
    before: list[Row]
    report: dict[str, Any]
    cookies: Asked

    @property
    def after(self) -> list[Row]:
        return log_of(self.page, self.id)


@pytest.fixture(scope="module")
def attack(reader: Reader, attacker: Attacker) -> Attack:
    """A notebook whose second cell was run: the attack."""
    other = reader.new()
    other_id = notebook_id(other)
    other.evaluate(_KEEP, SECRET)
    told = {"other": other_id, "attacker": attacker.http, "markup": hostile.markup("forged")}
    page = reader.open_file("attack.ipynb", _file(told))
    own_id = notebook_id(page)
    page.goto(f"{reader.url}?notebook={own_id}#{SECRET}")
    page.reload()
    page.evaluate(_LISTEN, own_id)
    ready = page.get_by_role("button", name="Runtime: ")
    expect(ready).to_contain_text("Ready", timeout=180_000)
    title = page.get_by_label("Name of the notebook")
    title.fill(fold_all(log_of(page, own_id)).cells["kept"].execution or "")
    title.press("Enter")
    before = _log_with(page, own_id, "notebookRenamed")
    cell = page.locator("[data-cell-id=attack]")
    cell.hover()
    cell.get_by_role("button", name="Run cell").first.click()
    report = json.loads(attacker.expect("/report").body)
    assert "problem" not in report, report["problem"]
    other.evaluate(
        "id => new BroadcastChannel(`foldbook:${id}`).postMessage({ t: 'control' })", own_id
    )
    page.wait_for_function("heard.some((each) => each.t === 'control')")
    return Attack(page, own_id, before, report, attacker.expect("/cookies"))


def _log_with(page: Page, notebook: str, event: str) -> list[Row]:
    """The log, as soon as an event of this type stands in it."""

    def look() -> list[Row] | None:
        rows = log_of(page, notebook)
        return rows if any(event.encode() in row.payload for row in rows) else None

    rows: list[Row] = wait_until(look, f"{event} in the log")
    return rows


def _file(told: dict[str, str]) -> bytes:
    source = f"{_source()}\n\nawait main({told!r})"
    stream = {"output_type": "stream", "name": "stdout", "text": "from the file"}
    cells = [("kept", "x = 'kept'", [stream]), ("attack", source, [])]
    made = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "source": text,
            "outputs": outputs,
            "execution_count": None,
        }
        for name, text, outputs in cells
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}
    return json.dumps(notebook).encode()


def _source() -> str:
    """The attack's source; it is not imported, because it runs in Pyodide only."""
    return (Path(__file__).parent / "hostile" / "attack.py").read_text(encoding="utf-8")


def test_python_reads_nothing_that_the_page_keeps(attack: Attack, reader: Reader) -> None:
    kept = reader.tab().evaluate(_KEPT)
    assert kept == [SECRET, None, f"secret={SECRET}", SECRET, "databases"]  # the control
    reads = attack.report["reads"]
    assert f"NEAR = {json.dumps(OURS)}" in _source()
    assert len(reads) == 17
    assert {name: what for name, what in reads.items() if what.startswith(OURS)} == {}
    assert "SecurityError" in reads["database"]


def test_python_learns_nothing_from_addresses(attack: Attack) -> None:
    assert attack.page.evaluate("document.baseURI").endswith(f"#{SECRET}")  # the control
    found = "\n".join(attack.report["addresses"])
    assert "blob:null/" in found
    assert SECRET not in found
    assert SECRET not in json.dumps(attack.report)


def test_requests_of_python_carry_no_cookies(attack: Attack, attacker: Attacker) -> None:
    assert attack.cookies.cookie == ""
    options = "{ mode: 'no-cors', credentials: 'include' }"
    attack.page.evaluate(f"url => void fetch(url, {options})", f"{attacker.http}/control")
    assert attacker.expect("/control").cookie == f"secret={SECRET}"  # 127.0.0.1 is one site


def test_python_cannot_speak_as_a_page(attack: Attack) -> None:
    heard = attack.page.evaluate("heard")
    assert {"t": "control"} in heard
    assert not [each for each in heard if each.get("view") == "x"]
    assert attack.report["shout"]["on"] == f"foldbook:{attack.id}"
    assert attack.report["shout"]["heard"] == 0
    assert attack.page.evaluate(_HOLDER, f"foldbook:{attack.id}") == 1


def test_rows_that_are_not_a_runtimes_own_are_refused(attack: Attack) -> None:
    assert attack.report["writes"] == {
        "kind edit": "Nack right",
        "kind edit, new cell": "Nack right",
        "kind run": "Nack right",
        "kind run, runtime lost": "Nack right",
        "kind admin": "Nack right",
        "edit as output": "Nack unsound",
        "edit as note": "Nack unsound",
        "run as output": "Nack unsound",
        "rename as note": "Nack unsound",
        "unknown event": "Nack unsound",
        "no event": "Nack unsound",
        "too large": "Nack size",
        "seen what is not there": "Nack seen",
        "output elsewhere": "Ack",  # a runtime's kind of row, but it folds to nothing
        "end elsewhere": "Ack",
        "display elsewhere": "Ack",
        "as a person": "Ack",
        "forged actor": "Ack",  # the control: its own output, and the authority says whose
        "n again": "Err fork",
        "n too far": "Err gap",
        "rows of a person": "Err session",
        "edit of a person": "Err session",
        "hello of another session": "Err session",
        "hello to another room": "Err room",
        "hello from the future": "Err ahead",
        "no hello": "Err malformed",
        "garbage": "Err malformed",
        "nothing": "Err malformed",
        "call to a person": "Reply False",
        "an authority's word": "Err malformed",
    }


def test_the_log_says_who_wrote(attack: Attack) -> None:
    new = [row for row in attack.after if row.seq > len(attack.before)]
    written = [row for row in new if isinstance(events.decode(row.payload), StreamAppended)]
    written = [row for row in written if b"as myself" in row.payload]
    assert len(written) == 1, "the runtime's own row must have arrived"
    (own,) = written
    runtime = _event(own).by
    assert runtime is not None
    page = attack.before[-1]
    for row in new:
        event = _event(row)
        assert (row.session, row.actor, row.role) == (page.session, page.actor, Role.OWN)
        assert event.kind is row.kind
        # The page writes down who says it; what the runtime says is what a runtime may say.
        assert event.by in (None, runtime)
        assert event.by is None or row.kind in RIGHTS[Role.RUNTIME]
        assert event.by is not None or row.kind is not Kind.OUTPUT
    runtimes = fold_all(attack.after).runtimes
    assert runtimes[runtime].actor == runtime_actor(page.actor)


def _event(row: Row) -> Event:
    event = events.decode(row.payload)
    assert isinstance(event, Event)
    return event


def test_the_notebook_is_what_it_was(attack: Attack) -> None:
    before, after = fold_all(attack.before), fold_all(attack.after)
    assert after.name == before.name
    assert _sources(after) == _sources(before)
    assert after.cells["kept"].execution == before.cells["kept"].execution
    assert after.executions[after.cells["kept"].execution or ""].outputs == _kept(before)
    people = {name: actor for name, actor in before.actors.items() if actor.kind == "person"}
    assert {n: a for n, a in after.actors.items() if a.kind == "person"} == people
    assert "as myself" in "".join(
        output.text for output in after.executions[after.cells["attack"].execution or ""].outputs
    )


def _sources(notebook: Notebook) -> dict[str, str]:
    return {cell.id: cell.source for cell in notebook.cells.values()}


def _kept(notebook: Notebook) -> Any:
    return notebook.executions[notebook.cells["kept"].execution or ""].outputs


def test_the_page_is_unharmed_and_python_starts_anew(attack: Attack, reader: Reader) -> None:
    page = attack.page
    assert marks_of(page) == ([], set())
    assert reader.dialogs == []
    assert page.evaluate("failures") == []
    expect(page.get_by_label("Name of the notebook")).to_have_value(fold_all(attack.before).name)
    page.get_by_role("button", name="Runtime: ").click()
    page.get_by_role("button", name="Restart", exact=True).click()
    cell = page.locator("[data-cell-id=kept]")
    cell.hover()
    cell.get_by_role("button", name="Run cell").first.click()
    expect(cell).to_have_attribute("data-execution-status", "ok", timeout=180_000)
