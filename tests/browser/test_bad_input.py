"""Damaged and strange logs, full disks, and Python that is up to no good."""

import json
from typing import Any

import pytest

from tests.browser.drive import Notebook
from tests.browser.profile import Profile
from tests.browser.visitors import Visit

pytestmark = pytest.mark.browser

_BREAK = """
async id => {
    const database = await db.openNotebookDatabase(id);
    const keys = await db.readKeys(database, "rows");
    // The record with the second cell: others, of the runtime, may stand anywhere between.
    let key, record;
    for (key of keys) {
        record = await db.read(database, "rows", key);
        if (new TextDecoder().decode(record).includes('"source":"two"')) break;
    }
    record[record.length - 1] ^= 1;
    await db.write(database, [["rows", key, record]], "strict");
    database.close();
    return [keys.length, key];
}
"""
_LOG = """
async () => {
    const { name, data } = await link.exportFile("log");
    return [name, await data.text()];
}
"""
_HOSTILE = """
import gc, js
found = []
for name, attempt in {
    "indexedDB": lambda: js.indexedDB.open("foldbook"),
    "caches": lambda: js.caches.keys(),
}.items():
    try:
        attempt()
        found.append(name)
    except Exception:
        pass
from foldbook.peer import Peer
from foldbook.events.cells import CellCreated
from foldbook.events.executions import ExecutionRequested
from foldbook.row import Role
peer = next(each for each in gc.get_objects() if type(each) is Peer)
peer._replica.role = Role.OWN  # its own check is of no use to anybody: the authority decides
peer.append([CellCreated(cell_id="forged", cell_type="code", position="a5", source="1")])
peer.append([ExecutionRequested(execution_id="forged", cell_id="CELL", source="1", run_id="r")])
peer._replica.role = Role.RUNTIME
print("reached:", found)
"""


def _grown(visit: Visit) -> Notebook:
    """A notebook whose log stands in several records."""
    notebook = Notebook.new(visit).ready()
    for word in ("one", "two", "three"):
        notebook.add(word)
        notebook.saved()
    return notebook


def _sources(view: dict[str, Any]) -> set[str]:
    return {cell["source"] for cell in view["cells"].values()}


def test_a_damaged_row_is_kept_aside_and_the_rest_is_shown(visit: Visit) -> None:
    notebook = _grown(visit)
    notebook.page.close()
    helper = visit.page(drive=True)
    records, key = helper.evaluate(_BREAK, notebook.id)
    assert records > 2
    helper.close()

    again = Notebook.again(visit, notebook.id).ready()
    view = again.view()
    assert view["readonly"]["aside"] == 1
    assert "damaged" in view["readonly"]["reason"]
    assert len({"one", "two", "three"} & _sources(view)) == 2
    again.send(do="rename_notebook", name="no")
    again.wait("state.refused.some(each => each.message.includes('read-only'))")
    name, text = again.page.evaluate(_LOG)
    assert name == "Story.foldbook"
    heads = [json.loads(line) for line in text.splitlines() if line.startswith('{"store"')]
    assert {"store": "rows", "key": key}.items() <= next(
        head for head in heads if head["key"] == key
    ).items()


def test_a_strange_event_stops_nobody_and_stays_in_the_log(visit: Visit) -> None:
    notebook = _grown(visit)
    notebook.page.close()
    helper = visit.page(drive=True)
    helper.evaluate("id => appendStranger(id)", notebook.id)
    helper.close()

    again = Notebook.again(visit, notebook.id).ready()
    assert again.view()["readonly"] is None
    assert {"one", "two"} <= _sources(again.view())
    again.add("four")
    assert "fromTheFutu" in again.page.evaluate(_LOG)[1]


def test_a_full_disk_is_told_in_words(profile: Profile) -> None:
    helper = profile.page(drive=True)
    session = profile.context.new_cdp_session(helper)
    origin = helper.evaluate("location.origin")
    # Before anything is written: the browser remembers for a while how much room there was.
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1_000_000})
    notebook = Notebook.new(profile)
    put = "link.putBlob(new ArrayBuffer(50e6)).then(() => 'kept', error => error.message)"
    assert "no more room" in notebook.page.evaluate(put)
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    assert notebook.page.evaluate(put) == "kept"


def test_python_reaches_no_storage_and_forges_nothing(visit: Visit) -> None:
    notebook = Notebook.new(visit)
    notebook.type(_HOSTILE.replace("CELL", notebook.cell_id()))
    notebook.run()
    assert notebook.status("ok", "error") == "ok", notebook.text()
    assert notebook.text() == "reached: []\n"
    view = notebook.view()
    assert "forged" not in view["cells"]
    assert view["cells"][notebook.cell_id()]["execution"]["id"] != "forged"
    assert view["readonly"] is None
    log = notebook.page.evaluate(_LOG)[1]
    assert '"cell_id":"forged"' not in log
    assert '"execution_id":"forged"' not in log
