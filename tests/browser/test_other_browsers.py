"""The main stories in Firefox and in WebKitGTK, each engine in one start of its browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.engines import ENGINES, Engine, launched, wait_until
from tests.browser.hostile import notebook as hostile
from tests.browser.hostile.attacker import Attacker
from tests.browser.tab import Tab, notebook_of

pytestmark = pytest.mark.browser

SCIENCE = """
import numpy as np, pandas as pd, matplotlib.pyplot as plt
x = np.linspace(0, 1, 5)
print("sum", x.sum())
print("mean", pd.DataFrame({"y": x ** 2}).y.mean())
plt.plot(x, x ** 2)
plt.show()
"""
# Through the addresses of functions: of Pyodide's, of a library's, and of a new one.
FIRST = """
import ctypes, numpy, numpy.fft
negative = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda number: -number)
print(sorted([1, 3, 2], key=negative))
print(numpy.fft.fft(numpy.ones(4)).real, numpy.linalg.solve(numpy.eye(2), numpy.ones(2)))
"""


@pytest.fixture(scope="module", params=sorted(ENGINES))
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    with launched(request.param, tmp_path_factory.mktemp(request.param)) as browser:
        yield browser


@pytest.fixture
def tab(engine: Engine, site_url: str) -> Tab:
    return Tab(engine, site_url)


def started(tab: Tab) -> dict[str, str]:
    """What the runtime's menu says of each Python's start."""
    tab.press_at(".rt-chip")
    menu = tab.wait("document.querySelector('.rt-pop')?.innerText", "the menu of the runtime")
    tab.engine.press("Escape")
    said = [line for line in menu.splitlines() if " started in " in line]
    return {line.split(" started in ")[0]: line for line in said}


def test_both_pythons_start_from_a_snapshot_and_the_next_one_from_the_larger(tab: Tab) -> None:
    address = tab.open_file("snapshot.ipynb", notebook_of(first=FIRST, science=SCIENCE))
    tab.run_cell("first")
    assert tab.status("first", "ok", "error") == "ok", tab.cell("first")
    assert "[3, 2, 1]\n[4. 0. 0. 0.] [1. 1.]" in tab.cell("first")["text"]
    said = started(tab)
    assert "from the snapshot “" in said["Python here"]  # the larger, where it is here already
    assert "from the snapshot “notebook”" in said["The notebook's own Python"]
    tab.wait("document.documentElement.dataset.ahead === 'science'", "the larger snapshot")
    tab.engine.go(tab.url)
    tab.engine.go(address)
    tab.run_cell("science")
    assert tab.status("science", "ok", "error") == "ok", tab.cell("science")
    wait_until(lambda: tab.cell("science")["pictures"] == 1, "the picture")
    assert "sum 2.5\nmean 0.375" in tab.cell("science")["text"]
    assert "from the snapshot “science”" in started(tab)["Python here"]
    tab.wait("document.querySelector('.saved')?.innerText.startsWith('Saved')", "Saved")


def test_science_runs_and_is_there_after_a_reload(tab: Tab, artefacts: Path) -> None:
    address = tab.open_file("science.ipynb", notebook_of(science=SCIENCE))
    tab.run_cell("science")
    assert tab.status("science", "ok", "error") == "ok", tab.cell("science")
    wait_until(lambda: tab.cell("science")["pictures"] == 1, "the picture")
    assert "sum 2.5\nmean 0.375" in tab.cell("science")["text"]
    tab.wait("document.querySelector('.saved')?.innerText.startsWith('Saved')", "Saved")
    tab.engine.shot(artefacts / f"{tab.engine.name}-science.png")
    tab.engine.go(tab.url)
    tab.engine.go(address)
    wait_until(lambda: tab.cell("science").get("pictures") == 1, "the picture, after a reload")
    assert "sum 2.5\nmean 0.375" in tab.cell("science")["text"]
    assert tab.cell("science")["status"] == "ok"


def test_an_endless_loop_ends_and_python_goes_on(tab: Tab) -> None:
    tab.open_file("loop.ipynb", notebook_of(loop="while True: pass", after="6 * 7"))
    tab.run_cell("loop")
    tab.status("loop", "running")
    tab.press_at("[data-cell-id=loop] .go")
    # Where the frame has no shared memory, Python is ended and started anew; the page says so.
    can_interrupt = tab.engine.name == "firefox"
    assert tab.status("loop", "error", "lost") == ("error" if can_interrupt else "lost")
    if can_interrupt:
        assert "KeyboardInterrupt" in tab.cell("loop")["text"]
    else:
        tab.wait("document.body.innerText.includes('started anew')", "a word about the restart")
    tab.run_cell("after")
    tab.status("after", "ok")
    assert "42" in tab.cell("after")["text"]


def test_a_hostile_notebook_runs_nothing_in_the_page(
    tab: Tab, attacker: Attacker, artefacts: Path
) -> None:
    address = tab.open_file(hostile.FILE_NAME, hostile.notebook(attacker.http, attacker.https))
    count = tab.engine.run("return document.querySelectorAll('[data-cell-id]').length")
    for index in range(count):
        tab.engine.run(
            "document.querySelectorAll('[data-cell-id]')[args[0]].scrollIntoView();"
            "await new Promise((next) => requestAnimationFrame(() => setTimeout(next)))",
            index,
        )
    wait_until(lambda: hostile.CONTROL in tab.engine.marks_below(), "the mark of the control")
    wait_until(lambda: "javascript-output" in tab.engine.marks_below(), "the mark of a script")
    tab.engine.shot(artefacts / f"{tab.engine.name}-hostile.png")
    assert set(tab.engine.marks_below()) <= hostile.ALLOWED
    assert tab.engine.run("return window.__hacked ?? []") == []
    assert tab.engine.run("return document.title").startswith("<img src=x")
    assert tab.engine.run("return location.href") == address
    assert attacker.paths() == []
    tab.engine.run(hostile.mark("control").replace("alert", "void "))
    assert "control" in tab.engine.run("return window.__hacked")
