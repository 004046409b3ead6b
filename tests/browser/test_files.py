"""Files on the real page: notebooks in and out, data beside the code, packages, passwords.

The notebook of `bench` is opened once, by a drop, and several tests run a cell of it each.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from builder import serve
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.newcomer import newcomer
from tests.browser.visitors import Visitors
from tests.browser.wheels import write_tidal

pytestmark = pytest.mark.browser

READ = 'import pandas as pd\nframe = pd.read_csv("tide.csv")\nprint(frame.level.sum(), len(frame))'
ASK = 'import getpass\nword = getpass.getpass("Key: ")\nprint(len(word), word[:1])'
HASH = "import hashlib\nprint(hashlib.sha256(open('large.bin', 'rb').read()).hexdigest())"
WALK = """import pathlib
sorted(str(each) for each in pathlib.Path().rglob("tide*"))"""
WRITE = """import pandas, pathlib
pathlib.Path("made").mkdir(exist_ok=True)
pandas.DataFrame({"hour": [0, 6], "level": [1.5, 4.25]}).to_csv("made/tides.csv", index=False)
pathlib.Path("made/short.txt").write_text("spring")"""
SWEEP = """import os
print(open("made/tides.csv").read())
os.remove("made/short.txt")"""
LARGE = 20 << 20
SECRET = "swordfish-\u00e4\u00f6\u00fc"

_DROP = """([selector, name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name));
  const target = document.querySelector(selector);
  for (const kind of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(
      new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""
_WATCH_FRAMES = """() => {
  window.seen = [];
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) if (node.tagName === "IFRAME") window.seen.push(node.title);
  }).observe(document.body, { childList: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def context(visitors: Visitors, site_url: str) -> Iterator[BrowserContext]:
    """A browser that knows no notebook."""
    with newcomer(visitors, site_url) as made:
        yield made


@pytest.fixture
def home(context: BrowserContext) -> Iterator[Page]:
    """The list of notebooks, in a tab of its own."""
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/")
    expect(page.get_by_role("heading", name="Examples")).to_be_visible()
    yield page
    page.close()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a wheel, at another origin than the page's."""
    folder = tmp_path_factory.mktemp("wheels")
    name = write_tidal(folder)
    with serve.running(folder, isolated=False) as url:
        yield url + name


@pytest.fixture(scope="module")
def bench(context: BrowserContext, wheels: str) -> Iterator[Page]:
    """A notebook that was dropped on the list, in a tab of its own."""
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/")
    expect(page.get_by_role("heading", name="Examples")).to_be_visible()
    pip = f"%pip install {wheels}"
    use = "import tidal\ntidal.moons()"
    book = notebook(
        read=READ, pip=pip, use=use, ask=ASK, hash=HASH, walk=WALK, write=WRITE, sweep=SWEEP
    )
    page.evaluate(_DROP, [".home", "Bench.ipynb", json.dumps(book)])
    expect(page.locator("[data-cell-id=ask]")).to_be_visible()
    yield page
    page.close()


def notebook(**sources: str) -> dict[str, Any]:
    """A notebook file with these code cells."""
    cells = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {"tags": [name]},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for name, source in sources.items()
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"title": "kept"}, "cells": cells}


def pick(page: Page, name: str, data: bytes) -> None:
    """Open a file by the button of the list."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open .ipynb").first.click()
    chooser.value.set_files([{"name": name, "mimeType": "", "buffer": data}])


def saved(page: Page) -> None:
    """Wait until everything is stored."""
    expect(page.locator(".saved")).to_contain_text("Saved")


def download(page: Page, act: Callable[[], None]) -> tuple[str, bytes]:
    """The name and the bytes of what the page hands out when this is done."""
    with page.expect_download() as given:
        act()
    return given.value.suggested_filename, Path(given.value.path()).read_bytes()


def from_menu(page: Page, item: str) -> tuple[str, bytes]:
    """Download by the notebook's menu."""
    page.get_by_role("button", name="Notebook menu").click()
    page.get_by_role("menuitem", name="Download as").click()
    return download(page, page.get_by_role("menuitem", name=item, exact=True).click)


def run(page: Page, cell: str) -> str:
    """Run a cell as a person does, and wait until it has started; returns its state."""
    page.locator(f"[data-cell-id={cell}] .cm-content").click()
    page.keyboard.press("Control+Enter")
    return status(page, cell, "running", "ok", "error")


def status(page: Page, cell: str, *wanted: str) -> str:
    """Wait until a cell's run is in one of these states; returns which."""
    found: str = page.wait_for_function(
        """([cell, wanted]) => {
          const { executionStatus } = document.querySelector(`[data-cell-id=${cell}]`).dataset;
          return wanted.includes(executionStatus) && executionStatus;
        }""",
        arg=[cell, list(wanted)],
    ).json_value()
    return found


def text(page: Page, cell: str) -> str:
    """What a cell's outputs say."""
    return page.locator(f"[data-cell-id={cell}] .outs").inner_text()


def content(data: bytes) -> tuple[Any, list[Any]]:
    """What nbformat finds in a file: its metadata and its cells, but for their ids."""
    node = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(node)
    cells = [{key: cell[key] for key in cell if key != "id"} for cell in node.cells]
    return node.metadata, cells


def test_a_picked_notebook_comes_out_as_it_went_in(home: Page, corpus: Path) -> None:
    file = corpus / "notebooks" / "nbconvert" / "notebook4_jpeg.ipynb"
    pick(home, file.name, file.read_bytes())
    expect(home.locator("[data-output-type]")).not_to_have_count(0)
    saved(home)
    name, written = from_menu(home, "Notebook (.ipynb)")
    assert name == "notebook4_jpeg.ipynb"
    assert content(written) == content(file.read_bytes())


def test_a_raw_log_restores_the_notebook(home: Page, context: BrowserContext) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "high water\n"}
    book = notebook(one="print('high water')", two="# nothing yet")
    book["cells"][0] |= {"outputs": [stream], "execution_count": 7}
    pick(home, "Tides.ipynb", json.dumps(book).encode())
    expect(home.locator("[data-cell-id=two]")).to_be_visible()
    saved(home)
    name, script = from_menu(home, "Python script (.py)")
    assert name == "Tides.py"
    wanted = '# %% tags=["one"]\nprint(\'high water\')\n\n# %% tags=["two"]\n# nothing yet\n'
    assert script.decode().endswith(f"\n\n{wanted}")
    _, before = from_menu(home, "Notebook (.ipynb)")
    assert content(before) == content(json.dumps(book).encode())
    name, log = from_menu(home, "Raw log (.foldbook)")
    assert name == "Tides.foldbook"

    home.goto("/")
    pick(home, "Again.foldbook", log)
    expect(home.locator("[data-cell-id=one] [data-output-type=stream]")).to_have_text("high water")
    saved(home)
    assert home.get_by_role("textbox", name="Name of the notebook").input_value() == "Tides"
    assert from_menu(home, "Notebook (.ipynb)")[1] == before

    # From the list, the file is written without any Python for cells.
    home.goto("/")
    home.evaluate(_WATCH_FRAMES)
    home.get_by_role("button", name="More for Tides", exact=True).first.click()
    home.get_by_role("menuitem", name="Download as").click()
    item = home.get_by_role("menuitem", name="Notebook (.ipynb)")
    assert download(home, item.click) == ("Tides.ipynb", before)
    assert home.evaluate("window.seen") == []


def test_a_dropped_table_is_read_by_pandas(bench: Page) -> None:
    bench.evaluate(_DROP, [".mid", "tide.csv", "hour,level\n0,1.5\n6,4.25\n"])
    expect(bench.get_by_role("button", name="More for tide.csv")).to_be_visible()
    run(bench, "read")
    assert status(bench, "read", "ok", "error") == "ok", text(bench, "read")
    assert text(bench, "read").strip() == "5.75 2"


def test_a_file_gets_another_path(bench: Page) -> None:
    def rename(path: str, to: str) -> None:
        bench.get_by_role("button", name=f"More for {path}").click()
        bench.get_by_role("menuitem", name="Rename").click()
        dialog = bench.get_by_role("dialog", name="Rename file")
        expect(dialog.get_by_role("textbox")).to_have_value(path)
        dialog.get_by_role("textbox").fill(to)
        bench.keyboard.press("Enter")
        expect(dialog).to_have_count(0)

    bench.evaluate(_DROP, [".mid", "tide.csv", "hour,level\n0,1.5\n6,4.25\n"])
    bench.evaluate(_DROP, [".mid", "tide notes.txt", "spring tide"])
    said = bench.get_by_role("status")
    rename("tide.csv", "../tide.csv")
    expect(said.filter(has_text="a path in the working directory is expected")).to_be_visible()
    rename("tide.csv", "tide notes.txt")
    expect(said.filter(has_text="There is a file tide notes.txt already")).to_be_visible()
    rename("tide.csv", "data/tide.csv")
    expect(bench.get_by_role("button", name="More for data/tide.csv")).to_be_visible()
    run(bench, "walk")
    assert status(bench, "walk", "ok", "error") == "ok"
    assert text(bench, "walk").strip() == "['data/tide.csv', 'tide notes.txt']"
    renamed = said.filter(has_text="Renamed to data/tide.csv.")
    rename("data/tide.csv", "tides.csv")
    expect(renamed).to_have_count(0)
    said.filter(has_text="Renamed to tides.csv.").get_by_role("button", name="Undo").click()
    expect(bench.get_by_role("button", name="More for data/tide.csv")).to_be_visible()


def test_what_code_writes_is_in_the_panel_and_outlives_python(bench: Page) -> None:
    table = "hour,level\n0,1.5\n6,4.25\n"
    more = bench.get_by_role("button", name="More for made/tides.csv")
    run(bench, "write")
    assert status(bench, "write", "ok", "error") == "ok"
    expect(bench.get_by_role("button", name="More for made/short.txt")).to_be_visible()
    more.click()
    given = download(bench, lambda: bench.get_by_role("menuitem", name="Download").click())
    assert given == ("tides.csv", table.encode())
    saved(bench)
    bench.reload()
    run(bench, "sweep")
    assert status(bench, "sweep", "ok", "error") == "ok"
    assert text(bench, "sweep").strip() == table.strip()
    expect(bench.get_by_role("button", name="More for made/short.txt")).to_have_count(0)
    expect(more).to_be_visible()


def test_a_large_file_is_whole_in_code_after_an_undo_and_in_a_download(bench: Page) -> None:
    data = random.Random(1).randbytes(LARGE)
    with bench.expect_file_chooser() as chooser:
        bench.get_by_role("button", name="Add a file").click()
    chooser.value.set_files(
        [{"name": "large.bin", "mimeType": "application/octet-stream", "buffer": data}]
    )
    more = bench.get_by_role("button", name="More for large.bin")
    more.click()
    bench.get_by_role("menuitem", name="Remove").click()
    expect(more).to_have_count(0)
    removed = bench.get_by_role("status").filter(has_text="Removed large.bin.")
    removed.get_by_role("button", name="Undo").click()
    expect(more).to_be_visible()
    run(bench, "hash")
    assert status(bench, "hash", "ok", "error") == "ok"
    assert hashlib.sha256(data).hexdigest() in text(bench, "hash")
    more.click()
    name, given = download(bench, bench.get_by_role("menuitem", name="Download").click)
    assert name == "large.bin"
    assert given == data


def test_pip_installs_a_wheel_from_elsewhere(bench: Page) -> None:
    run(bench, "pip")
    assert status(bench, "pip", "ok", "error") == "ok", text(bench, "pip")
    assert "tidal 1.2" in text(bench, "pip")
    run(bench, "use")
    assert status(bench, "use", "ok", "error") == "ok", text(bench, "use")
    assert "one moon" in text(bench, "use")


def test_a_password_stands_nowhere_in_the_log(bench: Page) -> None:
    run(bench, "ask")
    field = bench.get_by_label("Key: ")
    expect(field).to_have_attribute("type", "password")
    field.fill(SECRET)
    field.press("Enter")
    assert status(bench, "ask", "ok", "error") == "ok", text(bench, "ask")
    assert f"{len(SECRET)} s" in text(bench, "ask")
    saved(bench)
    _, log = from_menu(bench, "Raw log (.foldbook)")
    assert b"getpass" in log
    assert SECRET.encode() not in log
    assert json.dumps(SECRET).encode() not in log


def test_a_dropped_notebook_comes_after_the_cells_that_are_there(bench: Page) -> None:
    more = notebook(ask="# the same id", late="# late")
    more["cells"][1]["sauce"] = 1
    cells = bench.locator("[data-cell-id]")
    before = cells.count()
    bench.evaluate(_DROP, [".mid", "More.ipynb", json.dumps(more)])
    expect(bench.locator("[data-cell-id=late]")).to_be_visible()
    expect(cells).to_have_count(before + 2)
    expect(cells.nth(before)).to_contain_text("# the same id")
    assert cells.nth(before + 1).get_attribute("data-cell-id") == "late"
    expect(bench.locator(".banner")).to_contain_text("Cell 2: 'sauce' is no part of the format.")


@pytest.mark.parametrize(
    "broken",
    [
        '{"cells": [',
        json.dumps({"nbformat": 9, "cells": []}),
        json.dumps(notebook(sound="1") | {"cells": [*notebook(sound="1")["cells"], "no cell"]}),
    ],
    ids=["no JSON", "too new", "broken in the middle"],
)
def test_a_broken_notebook_adds_nothing(bench: Page, broken: str) -> None:
    count = bench.locator("[data-cell-id]").count()
    bench.evaluate(_DROP, [".mid", "broken.ipynb", broken])
    alert = bench.get_by_role("alert").filter(has_text="broken.ipynb was not added")
    expect(alert).to_be_visible()
    alert.get_by_role("button", name="Close").click()
    expect(bench.locator("[data-cell-id]")).to_have_count(count)


def test_a_broken_file_makes_no_notebook(home: Page) -> None:
    rows = home.locator(".books tbody tr")
    count = rows.count()
    for name, data in {
        "broken.ipynb": b'{"cells": [',
        "list.ipynb": b"[1, 2]",
        "other.json": b'{"name": "no notebook"}',
        "log.foldbook": b"no log",
    }.items():
        pick(home, name, data)
        expect(home.get_by_role("alert")).to_contain_text(name)
    home.reload()
    expect(home.get_by_role("heading", name="Examples")).to_be_visible()
    expect(rows).to_have_count(count)
