"""JupyterLite for the boot benchmark: built by its own tools, on the Pyodide files that we use.

Everything stands in `.cache/jupyterlite/`: an environment of its own, filled from
`.locks/jupyterlite.txt`, and the site. Both carry a stamp and are made once.
"""

import json
import tempfile
from pathlib import Path

from builder import console, distribution, files, paths, pinned, sources, venv
from builder.console import say

NOTEBOOK = "boot.ipynb"
"""The one notebook of the site: one empty code cell."""

_FOLDER = paths.WORK / "jupyterlite"
_ENVIRONMENT = _FOLDER / "venv"
_SITE = _FOLDER / "site"
_LOCK = paths.LOCKS / "jupyterlite.txt"
_CORE = paths.NODE_MODULES / "pyodide"
_STAMP = "foldbook-stamp"
# The first line: what the kernel installs before it runs a cell, and its installer itself.
_ROOTS = (
    *("micropip", "packaging", "traitlets", "comm", "jedi", "ipython"),
    *("numpy", "pandas", "matplotlib"),
)
_CONTENT = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "first",
            "metadata": {},
            "outputs": [],
            "source": [],
        }
    ],
    "metadata": {
        "kernelspec": {"display_name": "Python (Pyodide)", "language": "python", "name": "python"},
        "language_info": {"name": "python"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}


def build() -> Path:
    """The folder of the built site; nothing is done when no input has changed.

    `.venv` and the page's `node_modules` must be there, as any build of the page leaves them.
    """
    with files.exclusive(paths.WORK / "jupyterlite.lock"):
        venv.ensure_apart(_ENVIRONMENT, _LOCK)
        inputs = [_LOCK, paths.LOCKS / "browser.json", _CORE / "pyodide-lock.json", Path(__file__)]
        wanted = files.fingerprint(inputs)
        if _is_stamped(_SITE, wanted):
            say("  JupyterLite is up to date")
        else:
            _make_site(wanted)
    return _SITE


def _make_site(stamp: str) -> None:
    with tempfile.TemporaryDirectory(dir=_FOLDER) as name:
        scratch = Path(name)
        source, fresh = scratch / "source", scratch / "site"
        _place_pyodide(source / "static" / "pyodide")  # where JupyterLite's build looks for it
        (source / "files").mkdir()
        (source / "files" / NOTEBOOK).write_text(json.dumps(_CONTENT), encoding="utf-8")
        program = paths.venv_program("jupyter-lite", _ENVIRONMENT)
        arguments: list[str | Path] = ["--lite-dir", source, "--contents", source / "files"]
        arguments += ["--output-dir", fresh, "--no-sourcemaps"]
        console.run("build JupyterLite", [program, "build", *arguments], cwd=source)
        (fresh / _STAMP).write_text(stamp)
        files.swap(fresh, _SITE)


def _place_pyodide(folder: Path) -> None:
    """The Pyodide core and the wheels of `_ROOTS`, with a lock that names them by file."""
    pins = pinned.read_pins()
    official = json.loads((_CORE / "pyodide-lock.json").read_text(encoding="utf-8"))
    table = {
        pinned.normalize(name): pinned.from_lock(entry)
        for name, entry in official["packages"].items()
    }
    bundled = pinned.closure(_ROOTS, {**table, **pins.packages})
    for name, path in sources.fetch_all(bundled.values(), pins).items():
        files.link(path, folder / name)
    for name in distribution.CORE:
        files.link(_CORE / name, folder / name)
    lock = pinned.merge(official, bundled, [], pins.cdn)
    (folder / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def _is_stamped(folder: Path, wanted: str) -> bool:
    stamp = folder / _STAMP
    return stamp.is_file() and stamp.read_text() == wanted
