"""A notebook worker that crashes, and notebooks that this version cannot open."""

import pytest
from playwright.sync_api import Worker, expect

from tests.browser.drive import Notebook
from tests.browser.visitors import Visit

pytestmark = pytest.mark.browser

_MAKE_NEWER = """
async id => {
    const name = `foldbook-${id}`;
    await new Promise((resolve, reject) => {
        const request = indexedDB.open(name, 99);
        request.onupgradeneeded = () => request.result.createObjectStore("sealed");
        request.onsuccess = () => { request.result.close(); resolve(); };
        request.onerror = () => reject(request.error);
    });
}
"""
_LOG = "async () => (await link.exportFile('log')).data.text()"


def notebook_workers(notebook: Notebook) -> list[Worker]:
    """The tab's; a runtime's worker is of no origin: blob:null."""
    return [each for each in notebook.page.workers if "/notebook_worker-" in each.url]


def crash(notebook: Notebook) -> None:
    """Throw what nobody catches in the notebook worker of this tab, and wait for its end."""
    [worker] = notebook_workers(notebook)
    with worker.expect_event("close"):
        worker.evaluate("() => { setTimeout(() => { throw new Error('out of luck') }) }")


def test_a_crashed_worker_is_started_anew_once_and_nothing_is_lost(visit: Visit) -> None:
    notebook = Notebook.new(visit)
    notebook.type("kept = 20")
    notebook.run()
    notebook.status("ok")
    other = Notebook.again(visit, notebook.id).ready()
    drawn = notebook.page.evaluate("state.drawn.length")
    crash(notebook)
    for tab in (notebook, other):
        tab.wait("state.toasts.some(each => each.message.includes('out of luck'))")
    notebook.type(" + 1")
    notebook.wait("state.drawn.length > argument", drawn)
    for tab in (notebook, other):
        tab.wait("view.cells[view.order[0]].source === 'kept = 20 + 1'")
    notebook.saved()
    notebook.add("kept")
    notebook.run(1)
    assert notebook.status("error", "ok", cell=1) == "error", "its memory is gone"

    for _ in range(2):
        before = notebook.page.evaluate("state.toasts.length")
        crash(notebook)
        notebook.wait(
            "state.toasts.length > argument || state.status.at(-1).stage === 'failed'", before
        )
        if notebook.page.evaluate("state.status.at(-1).stage") == "failed":
            break
    notebook.wait("state.status.at(-1).stage === 'failed'")
    assert "out of luck" in notebook.page.evaluate("state.status.at(-1).message")
    assert not notebook_workers(notebook)
    notebook.send(do="rename_notebook", name="Typed at last")
    notebook.wait("state.saved.unsaved === 0")
    assert "kept = 20" in notebook.page.evaluate(_LOG)
    notebook.page.close()

    again = Notebook.again(visit, notebook.id).ready()
    again.wait("view.notebook.name === 'Typed at last'")


def test_a_notebook_of_a_newer_version_is_named_and_its_log_handed_out(visit: Visit) -> None:
    notebook = Notebook.new(visit).ready()
    notebook.type("x = 1")
    notebook.saved()
    notebook.page.close()
    helper = visit.page(drive=True)
    helper.evaluate(_MAKE_NEWER, notebook.id)
    helper.close()

    page = visit.page(f"?notebook={notebook.id}")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This notebook needs a newer Foldbook.", timeout=60_000)
    expect(alert).not_to_contain_text("Python did not start")
    with page.expect_download() as given:
        alert.get_by_role("button", name="Download the raw log").click()
    assert given.value.suggested_filename == "Story.foldbook"
    assert given.value.path().read_bytes().startswith(b"foldbook-log 1\n")


def test_a_notebook_that_is_not_here_is_said_to_be_missing(visit: Visit) -> None:
    page = visit.page("?notebook=nowhere")
    expect(page.get_by_role("alert")).to_contain_text("There is no such notebook", timeout=60_000)
