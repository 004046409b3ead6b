"""HTTP from Python as people write it, and packages: had again, explained where there is none."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.servers import HOST, running
from tests.browser.sheet import Sheet
from tests.browser.wheels import write_tidal

pytestmark = pytest.mark.browser

PATIENCE = 150_000  # ms that Python may take to start on a busy machine
WHEEL = "tidal-1.2-py3-none-any.whl"
TABLE = b"moon,km\nIo,421\nEuropa,670\n"
COMPILED = {
    "meta": {"api-version": "1.1"},
    "name": "compiled",
    "versions": ["1.0"],
    "files": [
        {
            "filename": "compiled-1.0-cp314-cp314-manylinux_2_28_x86_64.whl",
            "url": "https://files.example/compiled.whl",
            "hashes": {},
            "size": 1,
        }
    ],
}


class World(BaseHTTPRequestHandler):
    """Another origin: what stands under /open/ any page may read, and nothing else."""

    protocol_version = "HTTP/1.1"
    wheel = b""

    def do_GET(self) -> None:
        if self.path.endswith(WHEEL):
            self._answer(self.wheel, "application/zip")
        elif "/index/" in self.path:
            is_known = self.path.rstrip("/").endswith("/compiled")
            kind = "application/vnd.pypi.simple.v1+json"
            self._answer(json.dumps(COMPILED).encode(), kind, 200 if is_known else 404)
        else:
            self._answer(TABLE, "text/csv")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(body, self.headers["Content-Type"])

    def do_OPTIONS(self) -> None:
        self._answer(b"", "text/plain")

    def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        if self.path.startswith("/open/"):
            for name in ("Origin", "Headers", "Methods"):
                self.send_header(f"Access-Control-Allow-{name}", "*")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests print nothing of their own."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of another origin."""
    folder = tmp_path_factory.mktemp("world")
    World.wheel = (folder / write_tidal(folder)).read_bytes()
    with running(ThreadingHTTPServer((HOST, 0), World)) as place:
        yield f"http://{place}"


@pytest.fixture(scope="module")
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context()
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def sheet(context: BrowserContext, site_url: str) -> Sheet:
    """One notebook and one Python for all of these."""
    made = Sheet.new(context, site_url)
    made.page.set_default_timeout(PATIENCE)
    made.page.on("dialog", lambda dialog: dialog.accept())
    return made


def ran(sheet: Sheet, *sources: str) -> list[list[str]]:
    """What these cells put out, when all of them have run."""
    sheet.fill(*sources)
    sheet.page.get_by_role("button", name="Run all").first.click()
    for at in range(len(sources)):
        assert sheet.status(at, "ok", "error") == "ok", sheet.cells[at]["outputs"]
    return [cell["outputs"] for cell in sheet.cells]


def error_of(sheet: Sheet, source: str) -> str:
    """What a cell says that fails."""
    sheet.fill(source).press("Control+Enter")
    assert sheet.status(0, "ok", "error") == "error"
    said: str = "\n".join(sheet.cells[0]["outputs"])
    return said


def test_urllib_and_pandas_read_addresses(sheet: Sheet, world: str) -> None:
    table = f"{world}/open/table.csv"
    post = (
        "import urllib.request\n"
        f"request = urllib.request.Request('{world}/open/echo', data=b'sent')\n"
        "urllib.request.urlopen(request).read().decode()"
    )
    first, second, third = ran(
        sheet,
        f"from urllib.request import urlopen\nurlopen('{table}').read().decode()",
        f"import pandas as pd\nint(pd.read_csv('{table}').km.sum())",
        post,
    )
    assert first == [repr(TABLE.decode())]
    assert second == ["1091"]
    assert third == ["'sent'"]


def test_requests_and_urllib3_and_pyodide_read_addresses(sheet: Sheet, world: str) -> None:
    table = f"{world}/open/table.csv"
    outputs = ran(
        sheet,
        f"import requests\nrequests.get('{table}').text",
        f"requests.post('{world}/open/echo', json={{'a': 1}}).json()",
        f"import urllib3\nurllib3.request('GET', '{table}').data.decode()",
        f"from pyodide.http import pyfetch\nawait (await pyfetch('{table}')).string()",
        f"from pyodide.http import open_url\nopen_url('{table}').read()",
    )
    text = [repr(TABLE.decode())]
    assert outputs == [text, ["{'a': 1}"], text, text, text]


@pytest.mark.parametrize(
    "source",
    [
        "import pandas as pd\npd.read_csv('{}/shut/table.csv')",
        "import requests\nrequests.get('{}/shut/table.csv')",
        "from pyodide.http import pyfetch\nawait pyfetch('{}/shut/table.csv')",
        "from pyodide.http import open_url\nopen_url('{}/shut/table.csv')",
    ],
    ids=["pandas", "requests", "pyfetch", "open_url"],
)
def test_what_another_site_keeps_to_itself_is_explained(
    sheet: Sheet, world: str, source: str
) -> None:
    said = error_of(sheet, source.format(world))
    assert "Access-Control-Allow-Origin" in said
    assert "Add the file to this notebook" in said
    assert "Runtimes, Attach" in said


def test_a_package_without_a_wheel_for_the_browser_says_what_to_do(
    sheet: Sheet, world: str
) -> None:
    index = f"--index-url {world}/open/index"
    said = error_of(sheet, f"%pip install {index} compiled")
    assert "compiled has no wheel for Python in the browser" in said
    assert "Runtimes, Attach, and there %pip install compiled" in said
    said = error_of(sheet, f"%pip install {index} nosuchpackage")
    assert "knows nothing of the name nosuchpackage" in said


def test_what_was_installed_is_recorded_and_offered_again(sheet: Sheet, world: str) -> None:
    wheel = f"{world}/open/{WHEEL}"
    sheet.fill(f"%pip install {wheel}", "import tidal\ntidal.moons()")
    page = sheet.page
    page.get_by_role("button", name="Run all").first.click()
    assert sheet.status(1, "ok", "error") == "ok"
    assert sheet.cells[0]["outputs"] == ["Installed tidal 1.2."]
    with page.expect_download() as download:
        page.get_by_role("button", name="Notebook menu").click()
        page.get_by_role("menuitem", name="Download as").click()
        page.get_by_role("menuitem", name="Notebook (.ipynb)").click()
    file = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert file["metadata"]["foldbook"]["packages"] == [wheel]

    banner = page.locator(".banner", has_text="This notebook has installed")
    expect(banner).to_have_count(0)
    sheet.cell(0).locator(".g").click(position={"x": 4, "y": 4})
    sheet.focused("cell 0").press("d", "d").press("0", "0")
    page.get_by_role("dialog").get_by_role("button", name="Restart").click()
    expect(banner).to_contain_text(f"This notebook has installed {WHEEL}.")
    assert sheet.cells[0]["status"] in ("ok", "idle"), "nothing runs by itself"
    banner.get_by_role("button", name="Install again").click()
    sheet.until("cells[0].source === argument", f"%pip install {wheel}")
    assert sheet.status(0, "ok", "error") == "ok"
    expect(banner).to_have_count(0)
    sheet.go(1).press("Control+Enter")
    sheet.until("cells[1].count === '[2]'")
    assert sheet.status(1, "ok", "error") == "ok"

    expect(page.locator(".saved")).to_contain_text("Saved")
    page.reload()
    sheet = Sheet(page)
    expect(banner).to_be_visible(timeout=PATIENCE)
    banner.get_by_role("button", name="Install again").click()
    sheet.until("cells.length === 2 && cells[0].count === '[1]'")  # the same cell, and no other
