"""Where things stand. Nothing here touches the disk."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "site"
DIST = ROOT / "dist"
LOCKS = ROOT / ".locks"
VENV = ROOT / ".venv"
NODE_MODULES = SITE / "node_modules"
WORK = ROOT / ".cache"
"""Scratch, logs and stamps of this checkout; safe to delete at any time."""


def cache() -> Path:
    """The folder of downloaded files; `XDG_CACHE_HOME` shares it between checkouts."""
    shared = os.environ.get("XDG_CACHE_HOME")
    return Path(shared) / "foldbook" if shared else WORK


def venv_program(name: str, venv: Path = VENV) -> Path:
    """The path of a program inside a virtual environment, on any system."""
    if sys.platform == "win32":
        return venv / "Scripts" / f"{name}.exe"
    return venv / "bin" / name
