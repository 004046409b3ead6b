"""The runtime in its frame: what Python can do there, and what it cannot reach."""

from collections.abc import Iterator

import pytest

from tests.browser.drive import Notebook
from tests.browser.visitors import Visit, Visitors, visiting

pytestmark = pytest.mark.browser

REACH = """
import js
from pyodide.ffi import JsException
def refused(attempt):
    try:
        return f"reached {attempt()}"
    except (JsException, AttributeError) as why:
        return type(why).__name__
print("origin", js.self.origin)
print("indexedDB", refused(lambda: js.indexedDB.open("foldbook")))
print("storage", refused(lambda: js.localStorage))
print("page", refused(lambda: js.document))
print("address", js.location.href.split(":")[0])
"""

CACHES = """
import js
from pyodide.ffi import JsException
try:
    print("reached", await js.caches.keys())
except (JsException, AttributeError) as why:
    print("refused", type(why).__name__)
"""

# The worker's own Python objects are open to the code in it; the authority must not trust them.
FORGE = """
import gc
from foldbook.peer import Peer
from foldbook.events.notebooks import NotebookRenamed
(peer,) = [each for each in gc.get_objects() if isinstance(each, Peer)]
peer.append([NotebookRenamed(name="forged")])
print(peer.notebook.name)
"""

BUSY = """
print("first"); print("second")
import time
end = time.perf_counter() + 60
while time.perf_counter() < end: pass
"""

END = """
import asyncio
[joined] = [each for each in asyncio.all_tasks() if each.get_coro().__qualname__ == "Peer.run"]
joined.cancel()
await asyncio.sleep(600)
"""


@pytest.fixture(scope="module")
def shared(visitors: Visitors, site_url: str) -> Iterator[Notebook]:
    """One notebook and one Python for the stories that leave it alive."""
    with visiting(visitors, site_url) as visit:
        yield Notebook.new(visit)


@pytest.fixture
def notebook(shared: Notebook) -> Notebook:
    """A notebook whose first cell is the story's."""
    return shared.empty()


@pytest.fixture
def own(visit: Visit) -> Notebook:
    """The same with a Python that no other story uses: it is broken here."""
    return Notebook.new(visit)


def run(notebook: Notebook, source: str, *wanted: str) -> str:
    """Run source in the first cell; returns what it said."""
    notebook.type(source)
    notebook.run()
    found = notebook.status("ok", "error")
    assert found in (wanted or ("ok",)), notebook.text()
    return notebook.text()


def test_python_reaches_nothing_of_the_page(notebook: Notebook) -> None:
    assert run(notebook, REACH) == (
        "origin null\nindexedDB JsException\nstorage AttributeError\npage AttributeError\n"
        "address blob\n"
    )


def test_python_reaches_no_caches(notebook: Notebook) -> None:
    assert run(notebook, CACHES).startswith("refused")


def test_the_page_reaches_nothing_of_the_frame_and_the_frame_holds_no_secret(
    notebook: Notebook,
) -> None:
    run(notebook, "1")
    frame = notebook.page.locator("iframe[sandbox]")
    assert frame.get_attribute("sandbox") == "allow-scripts"
    assert notebook.page.evaluate("document.querySelector('iframe').contentDocument") is None
    assert "secret" not in (frame.get_attribute("srcdoc") or "secret")


def test_a_runtime_cannot_speak_for_a_person(own: Notebook) -> None:
    run(own, FORGE, "ok", "error")
    own.saved()
    assert own.view()["notebook"]["name"] == "Story"


def test_what_was_printed_is_seen_while_python_is_busy(notebook: Notebook) -> None:
    notebook.type(BUSY)
    notebook.run()
    notebook.wait("view.cells[view.order[0]].execution?.outputs[0]?.text === 'first\\nsecond\\n'")
    assert notebook.status("running") == "running"
    notebook.send(do="interrupt")
    assert notebook.status("error") == "error"


@pytest.mark.parametrize(
    "waiting",
    ["import time; time.sleep(600)", "import asyncio; await asyncio.sleep(600)", "input()"],
)
def test_what_waits_is_interrupted(notebook: Notebook, waiting: str) -> None:
    notebook.type(waiting)
    notebook.run()
    notebook.status("running")
    notebook.send(do="interrupt")
    assert notebook.status("error") == "error"
    assert notebook.outputs()[-1]["ename"] == "KeyboardInterrupt"


def test_what_a_library_imports_by_itself_is_loaded_too(notebook: Notebook) -> None:
    run(notebook, "import pandas\npandas.Series([1, 2]).plot();")
    assert "image/png" in notebook.outputs()[-1]["data"]


def test_what_is_not_there_says_what_to_do(notebook: Notebook) -> None:
    run(notebook, "import nosuchmodule", "error")
    assert "%pip install nosuchmodule" in "\n".join(notebook.outputs()[-1]["traceback"])
    assert notebook.outputs()[-1]["ename"] == "ModuleNotFoundError"


def test_pip_tells_what_is_installed(notebook: Notebook) -> None:
    assert "pydantic" in run(notebook, "%pip list")


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (END, "CancelledError"),
        ("import os; os._exit(3)", "exit("),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "exit("),
    ],
    ids=["cancelled", "exit", "signal"],
)
def test_a_runtime_that_ends_says_why_and_the_next_run_has_a_new_one(
    own: Notebook, ending: str, said: str
) -> None:
    own.type(ending)
    own.run()
    assert own.status("lost", "ok", "error") == "lost"
    own.wait("state.toasts.some(each => each.message.includes(argument))", said)
    own.add("6 * 7")
    own.run(1)
    own.status("ok", cell=1)
