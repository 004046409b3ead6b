"""A notebook whose worker is a stand-in, so that a story can say who else is there and what a link
allows. The page is the built one.
"""

import copy
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from builder import serve
from playwright.sync_api import Page, Worker

from tests.browser.engines import wait_until
from tests.browser.profile import PAGES, modules_of
from tests.browser.sheet import Sheet
from tests.conftest import STANDING

SCRIPT = PAGES / "stand_in.js"
BEGIN = "begin.html"
"""A page beside the built one, where a notebook begins."""
PYTHON = ("pyodide", "snapshots", "packages")
NO_PYTHON = f"""{{
  const load = globalThis.fetch;
  globalThis.fetch = (what, how) => {{
    const {{ pathname }} = new URL(what.url ?? what, location);
    return /^[/]({"|".join(PYTHON)})[/]/.test(pathname) ? new Promise(() => {{}}) : load(what, how);
  }};
}}"""
"""Python is on its way, for ever."""
ME, TOMAS, INES, KESTREL = "aa", "bb", "cc", "dd"
ACTORS = {
    ME: {"name": "Mara Lindqvist", "kind": "person", "me": True, "hue": "pine", "initials": "ML"},
    TOMAS: {"name": "Tomás Rey", "kind": "person", "me": False, "hue": "rust", "initials": "TR"},
    INES: {"name": "Ines Okafor", "kind": "person", "me": False, "hue": "rose", "initials": "IO"},
    KESTREL: {"name": "Kestrel", "kind": "agent", "me": False, "hue": "olive", "initials": "K"},
}

READY: dict[str, Any] = {
    "session": "s1", "name": "Python", "kind": "browser", "status": "ready", "gone": None,
    "asked": "", "selected": True, "here": True, "actor": "aa", "owner": "aa", "running": None,
    "count": 3, "queue": 0, "since": 5, "language": {"name": "python"}, "reason": None,
}  # fmt: skip
"""A runtime of this page that waits for something to run."""
TREND = (
    "window = 15  # years, centred\n"
    "smooth = gt.anomaly.rolling(window, center=True).mean()\n"
    "recent = gt.loc[1975:]\n"
    "slope, intercept = np.polyfit(recent.index, recent.anomaly, 1)\n"
    "\n"
    "plot_trend(gt.anomaly, smooth, slope, intercept, min_)"
)


def cell(cell_id: str, source: str, kind: str = "code", edited: int = 1) -> dict[str, Any]:
    """A cell of the view."""
    mark = {"actor": TOMAS, "ts": 1_700_000_000_000 + edited}
    return {
        "id": cell_id,
        "type": kind,
        "source": source,
        "created": mark,
        "edited": mark,
        "metadata": {},
        "attachments": {},
        "execution": None,
    }


def view(*cells: dict[str, Any], **how: Any) -> dict[str, Any]:
    """A view of these cells."""
    return {
        "seq": 1284,
        "pending": 0,
        "readonly": None,
        "notebook": {"id": "shared", "name": "Global temperature since 1880", "metadata": {}},
        "order": [each["id"] for each in cells],
        "cells": {each["id"]: each for each in cells},
        "actors": copy.deepcopy(ACTORS),
        "runtime": None,
        "runtimes": [],
        "files": [],
        "log": {"events": 1284, "strip": [[3, ME, 5], [40, TOMAS, 9], [90, INES, 4]]},
        "undo": {"undo": None, "redo": None},
        **how,
    }


def paper() -> list[dict[str, Any]]:
    """A text and two pieces of code."""
    text = "## Trend since 1975\n\nThe centred mean removes El Niño years."
    return [cell("t1", text, "markdown"), cell("c1", TREND), cell("c2", "smooth.round(2)")]


def sharing(status: str = "live", role: str = "own", **how: Any) -> dict[str, Any]:
    """How sharing stands."""
    return {
        "status": status,
        "relay": None if status == "local" else "https://relay.example",
        "role": role,
        "message": None,
        "waiting": 0,
        "links": [],
        "people": [],
        **how,
    }


def person(actor: str, cell_id: str | None, at: int = 0, **how: Any) -> dict[str, Any]:
    """Somebody who is here; in the editor where ``mode`` is not said."""
    place = {"cell": cell_id, "anchor": at, "head": at, "mode": "edit", "idle": False}
    return {"session": f"s-{actor}", "actor": actor, "you": actor == ME, **place, **how}


_MAKE = """async (name) => {
  if (name) await catalogue.setSetting("name", name);
  return catalogue.create();
}"""
"""An empty notebook in this browser, for a reader of this name; its id."""


@contextmanager
def standing(dist: Path) -> Iterator[str]:
    """The built site, with the stand-in for a worker and no Python; gives its address. Not that of
    this computer: what a link says would be another thing there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "site"
        shutil.copytree(
            dist, folder, copy_function=os.symlink, ignore=shutil.ignore_patterns(*PYTHON)
        )
        for worker in list(folder.glob("chunks/notebook_worker-*")):  # and what it is packed
            worker.unlink()
            if worker.suffix == ".js":
                worker.symlink_to(SCRIPT)
        pages = [PAGES / BEGIN, PAGES / "begin.js"]
        for each in (*pages, *modules_of(pages)):
            (folder / each.name).symlink_to(each)
        with serve.running(folder) as url:
            yield url.replace(serve.HOST, f"site.{STANDING}")


class StandIn:
    """The page of one shared notebook, and the hand on its worker."""

    def __init__(self, page: Page, site: str, state: dict[str, Any], **how: Any) -> None:
        self.page = page
        self.site = site
        page.add_init_script(NO_PYTHON)
        page.goto(site + BEGIN)
        self.id: str = page.evaluate(_MAKE, how.pop("name", "Mara Lindqvist"))
        page.goto(f"{site}?notebook={self.id}")
        self.worker = self._worker(page)
        self.worker.evaluate(
            "given => self.give(given)",
            {"view": how.pop("view", view(*paper())), "state": state, **how},
        )
        self.sheet = Sheet(page)
        page.wait_for_function(
            "() => document.querySelector('.ttl').value === 'Global temperature since 1880'"
        )

    @staticmethod
    def _worker(page: Page) -> Worker:
        found = [each for each in page.workers if "notebook_worker" in each.url]
        if found:
            return found[0]
        return page.wait_for_event("worker", lambda each: "notebook_worker" in each.url)

    def people(self, *people: dict[str, Any]) -> None:
        """These are here now."""
        self.worker.evaluate("people => self.say({ t: 'people', people })", list(people))

    def share(self, **news: Any) -> None:
        """Sharing stands otherwise."""
        self.worker.evaluate("news => self.say({ t: 'share', ...news })", news)

    def change(self, *ops: list[Any]) -> None:
        """Somebody else changes this."""
        self.worker.evaluate("ops => self.change(ops)", list(ops))

    def next_heard(self, kind: str) -> dict[str, Any]:
        """Wait until the page has said something of this kind; the newest."""
        found: dict[str, Any] = wait_until(
            lambda: self.heard(kind), f"something of the kind {kind} from the page"
        )[-1]
        return found

    def heard(self, kind: str) -> list[dict[str, Any]]:
        """What the page said of this kind."""
        found: list[dict[str, Any]] = self.worker.evaluate(
            "kind => self.heard.filter(({ t }) => t === kind)", kind
        )
        return found


Open = Callable[..., StandIn]
"""Opens a notebook whose sharing stands as told; takes options of a browser context too."""
