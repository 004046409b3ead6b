"""tqdm and Plotly in the browser's own Python: installed as people do, and seen on the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from builder import serve
from playwright.sync_api import Browser, expect

from tests.browser.python import installed
from tests.browser.sheet import Sheet
from tests.browser.wheels import write_wheel

pytestmark = pytest.mark.browser

PACKAGES = ("tqdm", "plotly", "narwhals")
NESTED = (
    "from tqdm.auto import tqdm\nfrom tqdm.notebook import trange\n"
    "for outer in tqdm('ab', desc='outer', ncols=60):\n"
    "    for inner in trange(3, desc=outer, leave=False, ncols=60): pass"
)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The addresses of wheels, at another origin than the page's."""
    folder = tmp_path_factory.mktemp("wheels")
    names = [wheel_of(folder, name) for name in PACKAGES]
    with serve.running(folder, isolated=False) as url:
        yield " ".join(url + name for name in names)


def wheel_of(folder: Path, name: str) -> str:
    """A wheel of a pure package as it is installed here; returns its file's name."""
    files = {path: data for path, data in installed(name).items() if not path.startswith(".")}
    [info] = {path.split("/")[0] for path in files if path.split("/")[0].endswith(".dist-info")}
    return write_wheel(folder, info.removesuffix(".dist-info"), files)


def test_bars_are_text_and_figures_are_drawn(chromium: Browser, site_url: str, wheels: str) -> None:
    with chromium.new_context() as context:
        sheet = Sheet.new(context, site_url)
        sheet.page.set_default_timeout(180_000)
        sheet.fill(
            f"%pip install --no-deps {wheels}",
            NESTED,
            "import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[1, 3, 2]))",
        )
        for at in range(3):
            sheet.go(at).press("Control+Enter")
            assert sheet.status(at, "ok", "error") == "ok", sheet.cells[at]["outputs"]
        [bar] = [each.strip() for each in sheet.cells[1]["outputs"]]
        lines = [line for line in bar.splitlines() if line.strip() and line != "stderr"]
        assert len(lines) == 1, bar
        assert "outer: 100%" in lines[0]
        assert "Warning" not in bar
        figure = sheet.cell(2).locator("[data-mime='application/vnd.plotly.v1+json']")
        figure.locator(".picture-tools").wait_for(state="attached")
        expect(figure.frame_locator("iframe").locator(".barlayer .point")).to_have_count(3)
