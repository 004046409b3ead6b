"""The two notebooks in the browser that are compared, and where their parts stand on the page."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Error, Locator, Page

_ASK_AGAIN_MS = 50
_TIMES = 2_000


def _nothing(_page: Page) -> None:
    """The address alone leads to a notebook; what is written there is kept."""


def _run(page: Page, _cell: Locator) -> None:
    page.keyboard.press("Shift+Enter")


@dataclass(frozen=True, slots=True)
class Product:
    """What differs between them for somebody who types, runs and restarts.

    `path` leads to a first notebook, with `begin` for what a reader does on top of that;
    `cell` finds code cells, `stream` and `picture` outputs inside of one; `restart` is the name
    of the button that confirms a restart; `run` runs the cell that is being typed into and leaves
    an empty one behind it; `save` does what the product does not do by itself.
    """

    name: str
    path: str
    cell: str
    stream: str
    picture: str
    restart: str
    begin: Callable[[Page], None] = _nothing
    run: Callable[[Page, Locator], None] = _run
    save: Callable[[Page], None] = _nothing


def _make_notebook(page: Page) -> None:
    page.get_by_role("button", name="New notebook").first.click()
    page.wait_for_url("**?notebook=*")


def _wait_until_ahead(page: Page) -> None:
    """What the next start is going to use comes by itself, some seconds after this one."""
    page.locator("html[data-ahead]").wait_for(state="attached")


FOLDBOOK = Product(
    name="Foldbook",
    path="",
    cell="[data-cell-type=code]",
    stream="[data-output-type=stream]",
    picture="[data-output-type=display_data] img",
    restart="Restart",
    begin=_make_notebook,
    save=_wait_until_ahead,
)


def jupyterlite(notebook: str) -> Product:
    """JupyterLite in its lighter page, of one notebook."""
    return Product(
        name="JupyterLite",
        path=f"notebooks/index.html?path={notebook}",
        cell=".jp-Notebook .jp-CodeCell",
        stream=".jp-OutputArea-output",
        picture=".jp-OutputArea-output img",
        restart="Confirm Kernel Restart",
        run=_run_until_taken,
        save=lambda page: page.keyboard.press("Control+s"),
    )


def _run_until_taken(page: Page, cell: Locator) -> None:
    """Run, and again until it is taken: JupyterLite drops runs while it knows no kernel yet."""
    page.keyboard.press("Shift+Enter")
    prompt = cell.locator(".jp-InputPrompt")
    for _ in range(_TIMES):
        # A dropped run leaves nothing that could be waited for: only its absence after a while
        # tells it, and a longer while than this would be counted against JupyterLite.
        page.wait_for_timeout(_ASK_AGAIN_MS)
        if "".join(prompt.inner_text().split()) != "[]:":
            return
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
    raise Error("JupyterLite never took the run.")
