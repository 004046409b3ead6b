"""What the tests share: the built page, a server for it, a browser, the corpus."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builder import assemble, serve
from builder import relay as relays
from playwright.sync_api import Browser, BrowserContext, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
STANDING = "foldbook.example"
"""Names under it are this computer's for the browsers of stories, and trusted as if by https."""
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP *.{STANDING} 127.0.0.1",
    f"--unsafely-treat-insecure-origin-as-secure=*.{STANDING}",
]
UNTUNED = "--js-flags=--liftoff-only"
"""WebAssembly stays as it was compiled first. A new context knows nothing of what was compiled
better in another, and stories end before that pays: it is a quarter of the CPU time of them all.
Browsers with a profile of their own, and those of benches, do it all."""
SPARING = """
Object.defineProperty(navigator.connection, "saveData", { get: () => !globalThis.isLavish });
"""
"""A page is told to save data, as a phone may tell it: what only the next start would use is then
not fetched and not rehearsed, which takes longer than most stories. ``isLavish`` takes it back."""

LONG = (
    "sim/test_sim.py",
    "test_friends.py",
    "test_join_crashes.py",
    "test_run.py",
    "test_join.py",
    "test_native_executors.py",
    "test_export.py",
    "test_open.py",
    "browser/test_other_browsers.py",
    "browser/test_runtime.py",
    "browser/test_snapshots.py",
    "browser/test_offline.py",
    "browser/test_accessible.py",
    "browser/test_look.py",
    "browser/test_runtimes.py",
    "browser/test_space.py",
    "browser/test_charts.py",
    "browser/test_diagrams.py",
    "browser/test_notebook.py",
    "browser/test_keys_stay.py",
    "browser/test_two_browsers.py",
    "browser/test_newer.py",
    "browser/test_share_elsewhere.py",
)
"""The files that take longest, the longest first: no core is left alone with one in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell the longest stories first, and the browser's last.

    Playwright keeps an event loop running in this thread from its first use to the end of the
    session, and a test that calls `asyncio.run` cannot do that beside it.
    """
    turns = {ROOT / "tests" / name: turn for turn, name in enumerate(LONG)}
    in_browser = ROOT / "tests" / "browser"

    def turn(item: pytest.Item) -> tuple[bool, int]:
        return in_browser in item.path.parents, turns.get(item.path, len(LONG))

    items.sort(key=turn)


@pytest.fixture(scope="session")
def dist() -> Path:
    """The built page; built here where `build.py test` has not done it."""
    given = os.environ.get("FOLDBOOK_DIST")
    return Path(given) if given else assemble.build()


@pytest.fixture(scope="session")
def site_url(dist: Path) -> Iterator[str]:
    """The address of the page on a server that isolates it (COOP and COEP)."""
    with serve.running(dist) as url:
        yield url


@pytest.fixture(scope="session")
def site_url_plain(dist: Path) -> Iterator[str]:
    """The address of the page on a server that sends no isolating headers."""
    with serve.running(dist, isolated=False) as url:
        yield url


@pytest.fixture(scope="session")
def chromium_path() -> Path | None:
    """The Chromium to drive; None stands for Playwright's own."""
    given = os.environ.get("FOLDBOOK_CHROMIUM")
    if given:
        return Path(given)
    usual = Path("/usr/bin/chromium")
    return usual if usual.exists() else None


@pytest.fixture(scope="session")
def chromium(chromium_path: Path | None) -> Iterator[Browser]:
    """A headless Chromium for the whole session; a test opens its own context in it."""
    with sync_playwright() as playwright:
        arguments = [*CHROMIUM_ARGUMENTS, UNTUNED]
        browser = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(browser, "new_context", _sparing(browser.new_context))
            yield browser
        browser.close()


def _sparing(make: Callable[..., BrowserContext]) -> Callable[..., BrowserContext]:
    def new_context(**options: Any) -> BrowserContext:
        context = make(**options)
        context.add_init_script(SPARING)
        return context

    return new_context


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython finds no profile of whoever runs the tests, and code no plots set up for them."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("MPLBACKEND", raising=False)


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[str]:
    """The address of a relay, a process of its own."""
    with relays.running(tmp_path / "relay", 0) as address:
        assert address is not None
        yield address


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real notebooks and editing traces, which stand beside the checkout."""
    folder = ROOT.parent / "shared" / "corpus"
    if not folder.is_dir():
        pytest.skip("no corpus: expected ../shared/corpus beside the checkout")
    return folder


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where screenshots and other things worth a look are left after a run."""
    folder = ROOT / "test-artefacts"
    folder.mkdir(exist_ok=True)
    return folder
