"""Python code in the built page's Pyodide, in a worker, with files of the tests beside it."""

import base64
import io
import zipfile
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_RUN = """
async ({ code, packages, archive }) => {
    const bytes = archive && Uint8Array.from(atob(archive), (c) => c.charCodeAt(0)).buffer;
    window.python ??= new Worker("./python.js", { type: "module" });
    return new Promise((resolve) => {
        window.python.onmessage = (event) => resolve(event.data);
        window.python.onerror = (event) => resolve({ error: event.message || "no worker" });
        window.python.postMessage({ code, packages, archive: bytes });
    });
}
"""


def run(
    page: Page, code: str, files: Mapping[str, bytes] | None = None, packages: Sequence[str] = ()
) -> Any:
    """The value of the last expression of ``code``; ``files`` stand on its ``sys.path``."""
    archive = base64.b64encode(_zip(files)).decode() if files else None
    intro = "import sys; sys.path.insert(0, '/home/pyodide/given')\n"
    told = page.evaluate(
        _RUN, {"code": intro + code, "packages": list(packages), "archive": archive}
    )
    assert "error" not in told, told["error"]
    return told["ok"]


def tree(folder: Path, pattern: str, under: str = "") -> dict[str, bytes]:
    """Files of a folder by their path."""
    return {
        f"{under}{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.glob(pattern))
        if path.is_file() and "__pycache__" not in path.parts
    }


def installed(*names: str) -> dict[str, bytes]:
    """The files of pure packages that are installed here."""
    found: dict[str, bytes] = {}
    for name in names:
        for file in metadata.files(name) or ():
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.suffix != ".pyc" and path.is_file():
                found[file.as_posix()] = path.read_bytes()
    return found


def _zip(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()
