"""Python that starts from memory: what is new each time, what is kept, and what happens when a
snapshot does not fit."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builder import files, serve
from playwright.sync_api import Browser, BrowserContext

from tests.browser.sheet import Sheet

pytestmark = pytest.mark.browser

DRAWS = "import random, numpy, uuid; print(random.random(), numpy.random.rand(), uuid.uuid4())"
STATE = """
import datetime, os, sys, time
from zoneinfo import ZoneInfo
summer = datetime.datetime(2026, 7, 1).astimezone()
print(json.dumps({
    "now": time.time(),
    "zone": [time.timezone, time.altzone, summer.utcoffset().total_seconds()],
    "path": sys.path,
    "environ": sorted(os.environ),
    "lang": os.environ["LANG"],
    "modules": [name for name in ("numpy", "pandas", "matplotlib.pyplot") if name in sys.modules],
    "names": sorted(name for name in globals() if not name.startswith("_")),
    "cwd": os.getcwd(),
}))
"""


LINKED = """import json, js, pyodide_js
def linked():
    libraries = pyodide_js._module.LDSO.loadedLibsByName
    found = js.Object.entries(js.Object.getOwnPropertyDescriptors(libraries)).to_py(depth=1)
    of = lambda name: js.Object.getOwnPropertyDescriptor(getattr(libraries, name), "exports")
    there = [name for name, _ in found if hasattr(of(name), "value")]
    return [name.rpartition("/")[2].partition(".")[0] for name in there]
"""
USES = """
import numpy as np, pandas as pd, kiwisolver
solved = np.linalg.solve([[2, 1], [1, 3]], [3, 5]).round(6).tolist()
frame = pd.DataFrame({"a": ["x", "y", "x"], "b": [1, 2, 3]})
sums = frame.groupby("a").b.sum().to_dict()
days = pd.date_range("2026-01-30", periods=3).strftime("%d").tolist()
solver, x = kiwisolver.Solver(), kiwisolver.Variable("x")
solver.addConstraint(x >= 10)
try:
    solver.addConstraint(x <= 5)  # thrown in C++
except kiwisolver.UnsatisfiableConstraint as error:
    thrown = type(error).__name__
print(json.dumps([solved, sums, days, thrown, len(linked()) > 10]))
"""


@pytest.fixture
def context(chromium: Browser, site_url: str) -> Iterator[BrowserContext]:
    made = chromium.new_context(base_url=site_url, timezone_id="America/St_Johns", locale="de-AT")
    made.add_init_script("globalThis.isLavish = true")  # the larger snapshot is wanted
    yield made
    made.close()


def started(sheet: Sheet) -> dict[str, str]:
    """What the runtime's menu says of each Python's start."""
    sheet.page.get_by_role("button").filter(has_text="Python").first.click()
    menu = sheet.page.get_by_role("dialog", name="Runtime")
    said = [line for line in menu.inner_text().splitlines() if " started in " in line]
    sheet.page.keyboard.press("Escape")
    sheet.cell(0).locator(".g").click()
    return {line.split(" started in ")[0]: line for line in said}


def run(sheet: Sheet, source: str) -> str:
    """Put this into the one cell, run it, and give back what it prints."""
    sheet.fill(source)
    sheet.press("Control+Enter")
    assert sheet.status(0, "ok", "error") == "ok", sheet.cells
    found: str = sheet.until("cells[0].outputs[0]")
    return found


def restart(sheet: Sheet) -> None:
    sheet.press("Escape", "0", "0")
    dialog = sheet.page.get_by_role("dialog", name="Restart Python")
    dialog.get_by_role("button", name="Restart", exact=True).click()


def wait_until_ahead(sheet: Sheet) -> None:
    """Wait until the larger snapshot is here."""
    sheet.page.locator("html[data-ahead=science]").wait_for(state="attached", timeout=150_000)


def test_two_restores_have_nothing_in_common_but_their_packages(
    context: BrowserContext, site_url: str
) -> None:
    sheet = Sheet.new(context, site_url)
    first = run(sheet, DRAWS)
    restart(sheet)
    second = run(sheet, DRAWS)
    assert all(a != b for a, b in zip(first.split(), second.split(), strict=True))
    said = started(sheet)
    assert "from the snapshot “first”" in said["Python here"]
    assert "from the snapshot “notebook”" in said["The notebook's own Python"]


def test_a_library_is_linked_when_it_is_called(context: BrowserContext, site_url: str) -> None:
    sheet = Sheet.new(context, site_url)
    at_start = json.loads(run(sheet, f"{LINKED}print(json.dumps(linked()))"))
    assert set(at_start) == {"__main__", "_cmsgpack", "_pydantic_core"}
    wait_until_ahead(sheet)
    restart(sheet)
    again = json.loads(run(sheet, f"{LINKED}print(json.dumps(linked()))"))
    assert again == at_start
    solved, sums, days, thrown, many = json.loads(run(sheet, LINKED + USES))
    assert (solved, sums) == ([0.8, 1.4], {"x": 4, "y": 2})
    assert days == ["30", "31", "01"]
    assert thrown == "UnsatisfiableConstraint"
    assert many


def test_time_zone_environment_and_search_path_are_of_here(
    context: BrowserContext, site_url: str
) -> None:
    sheet = Sheet.new(context, site_url)
    state = json.loads(run(sheet, f"import json\n{STATE}"))
    now: float = sheet.page.evaluate("Date.now() / 1000")
    assert abs(state["now"] - now) < 24 * 3600, "not the time of the build"
    assert state["zone"] == [12600, 9000, -9000]
    assert len(state["path"]) == len(set(state["path"]))
    assert not {"PYTHONHASHSEED"} & set(state["environ"])
    assert state["lang"] == "de_AT.UTF-8"
    assert state["modules"] == ["numpy"]
    assert state["cwd"] == "/home/pyodide/work"
    hidden = {"_probe", "__builtins__"}
    assert not hidden & set(state["names"])


def test_the_larger_snapshot_serves_the_next_start_and_asks_the_server_for_nothing(
    context: BrowserContext, site_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = Sheet.new(context, site_url)
    run(sheet, "print(1)")
    wait_until_ahead(sheet)
    sheet.page.get_by_text("Saved", exact=False).first.wait_for()
    # At the server: the browser's own account has what its cache answered, too.
    asked: list[str] = []
    monkeypatch.setattr(serve.Handler, "log_request", lambda self, *_: asked.append(self.path))
    sheet.page.reload()
    again = Sheet(sheet.page)
    again.until("cells.length === 1")
    state = json.loads(run(again, f"import json\n{STATE}"))
    assert state["modules"] == ["numpy", "pandas", "matplotlib.pyplot"]
    # What was drawn when the snapshot was made is not drawn here.
    run(again, "%matplotlib inline\nopen('part.py', 'w').write('print(5)')\n%run part")
    assert [each.strip() for each in again.cells[0]["outputs"]] == ["5"]
    plot = "import matplotlib.pyplot as plt, pandas as pd\npd.Series([1, 3, 2]).plot(); print(1)"
    run(again, plot)
    again.page.locator("[data-output-type=display_data] img").wait_for()
    assert "from the snapshot “science”" in started(again)["Python here"]
    assert "/manifest.json" in asked
    assert [path for path in asked if path.startswith(("/pyodide/", "/snapshots/"))] == []


Spoil = Callable[[dict[str, Any]], None]


def spoiled(dist: Path, folder: Path, tier: str, spoil: Spoil) -> Path:
    """The built page with another description of one snapshot, its hash made to fit."""
    copy = folder / "dist"
    shutil.copytree(dist, copy, copy_function=os.link)
    manifest = json.loads((dist / "manifest.json").read_text())
    name = manifest["snapshots"][tier]
    described = json.loads((dist / name).read_text())
    spoil(described)
    replaced = {name: json.dumps(described)}
    for path, text in replaced.items():
        for old in copy.glob(f"{path}*"):
            old.unlink()
        (copy / path).write_text(text)
        manifest["files"][path] = {"size": len(text), "sha256": files.sha256(copy / path)}
    for old in copy.glob("manifest.json*"):
        old.unlink()
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return copy


def other_library(described: dict[str, Any]) -> None:
    described["layout"]["libraries"][0]["memorySize"] += 16


def other_pyodide(described: dict[str, Any]) -> None:
    described["layout"]["tableStart"] -= 1


def other_memory(described: dict[str, Any]) -> None:
    described["layout"]["runs"].append([0, 4096])
    described["layout"]["changes"].append([0, 4096])


@pytest.mark.parametrize(
    ("tier", "spoil", "words"),
    [
        ("notebook", other_library, "is another build than the snapshot's"),
        ("first", other_pyodide, "a function table of"),
        ("first", other_memory, "bytes of memory expected"),
    ],
)
def test_a_snapshot_that_does_not_fit_is_done_without(
    chromium: Browser, dist: Path, tmp_path: Path, tier: str, spoil: Spoil, words: str
) -> None:
    copy = spoiled(dist, tmp_path, tier, spoil)
    with serve.running(copy) as url:
        context = chromium.new_context()
        sheet = Sheet.new(context, url)
        assert run(sheet, "print(6 * 7)") == "42"
        said = started(sheet)
        which = "The notebook's own Python" if tier == "notebook" else "Python here"
        assert "without its snapshot" in said[which]
        assert words in said[which]
        context.close()


def test_a_page_that_is_older_than_the_site_says_so_and_keeps_what_was_typed(
    chromium: Browser, dist: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "dist"
    shutil.copytree(dist, copy, copy_function=os.link)
    with serve.running(copy) as url:
        context = chromium.new_context()
        sheet = Sheet.new(context, url)
        sheet.page.get_by_text("Saved", exact=False).first.wait_for()
        other = context.new_page()
        other.goto(sheet.page.url)
        Sheet(other).until("cells.length === 1")
        for old in copy.glob("manifest.json*"):
            old.unlink()
        manifest = json.loads((dist / "manifest.json").read_text())
        (copy / "manifest.json").write_text(json.dumps({**manifest, "stamp": "newer"}))
        sheet.page.close()  # the other page is to start a worker, and has that of an older site
        alert = other.get_by_role("alert")
        alert.filter(has_text="Foldbook was updated.").wait_for()
        late = Sheet(other)
        other.locator(".cm-content").click()
        late.write("typed late")
        other.get_by_text("Saved", exact=False).first.wait_for()
        page = (copy / "index.html").read_text()
        for old in copy.glob("index.html*"):
            old.unlink()
        (copy / "index.html").write_text(page.replace(manifest["stamp"], "newer"))
        alert.get_by_role("button", name="Load the page again").click()
        Sheet(other).shows("typed late")
        other.get_by_text("Foldbook was updated.").wait_for(state="detached")
        context.close()
