"""A small page with the real renderers under the page's real policy, to see what they draw."""

import functools
import http.server
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builder import node, paths

from tests.browser.servers import HOST, running

PAGE = Path(__file__).parent / "pages" / "render.js"
STYLES = ("tokens", "controls", "cell", "outputs", "editor", "markdown")


@contextmanager
def rendering_page(folder: Path) -> Iterator[str]:
    """Builds the page into `folder` and serves it; yields its address."""
    node.ensure()
    options = ("--bundle", "--format=esm", "--target=es2022", "--loader:.svg=text")
    node.run_tool_quietly("bundle", "esbuild", PAGE, *options, f"--outfile={folder / 'page.js'}")
    css = [(paths.SITE / f"{name}.css").read_text(encoding="utf-8") for name in STYLES]
    (folder / "style.css").write_text("\n".join(css), encoding="utf-8")
    (folder / "index.html").write_text(_html(), encoding="utf-8")
    handler = functools.partial(_Quiet, directory=str(folder))
    with running(http.server.ThreadingHTTPServer((HOST, 0), handler)) as place:
        yield f"http://{place}/"


@contextmanager
def outside_world() -> Iterator[tuple[str, list[str]]]:
    """A server that is not the page's own: its address, and the paths that it was asked for."""
    asked: list[str] = []

    class Listening(_Quiet):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with running(http.server.ThreadingHTTPServer((HOST, 0), Listening)) as place:
        yield f"http://{place}", asked


def policy() -> str:
    """The page's own policy, with the hash of the outputs' bootstrap in it."""
    index = (paths.SITE / "index.html").read_text(encoding="utf-8")
    found = re.search(r'content="(default-src[^"]+)"', index)
    assert found, "expected a Content-Security-Policy in index.html"
    module = (paths.SITE / "output_bootstrap.js").read_text(encoding="utf-8")
    given = re.search(r'BOOTSTRAP_HASH = "([^"]+)"', module)
    assert given, "expected BOOTSTRAP_HASH in output_bootstrap.js"
    return found[1].replace("'sha256-frames'", f"'{given[1]}'")


def _html() -> str:
    return (
        '<!doctype html><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="style.css">'
        '<body><div id="place" class="outs"></div><script type="module" src="page.js"></script>'
    )


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests print nothing of their own."""
