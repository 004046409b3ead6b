"""`build.py build`: the whole of `dist/`, made aside and put in its place at the end."""

import json
import shutil
import uuid
from pathlib import Path

from builder import (
    bundle,
    compiled,
    compress,
    console,
    distribution,
    files,
    manifest,
    node,
    paths,
    pinned,
    snapshots,
    venv,
)
from builder.console import say

_INPUTS = (
    paths.ROOT / "build.py",
    paths.ROOT / ".build" / "builder",
    paths.ROOT / ".build" / "compile",
    paths.ROOT / ".build" / "snapshots",
    paths.ROOT / "pyproject.toml",
    paths.ROOT / "README.md",
    paths.LOCKS,
    paths.ROOT / "py" / "foldbook",
    paths.ROOT / "sync_relay",  # in the same wheel
    paths.SITE,
)


def build(*, full: bool = False) -> Path:
    """Bring `dist/` up to date and give its path; nothing is done when no input has changed."""
    with files.exclusive(paths.WORK / "build.lock"):
        venv.ensure()
        node.ensure()
        stamp = files.fingerprint(_INPUTS, "full" if full else "bundled")
        if _stamp_of(paths.DIST) == stamp:
            say("  dist/ is up to date")
            return paths.DIST
        _assemble(stamp, full=full)
    return paths.DIST


def _assemble(stamp: str, *, full: bool) -> None:
    for left_over in paths.ROOT.glob("dist.*"):  # of a build that was killed
        shutil.rmtree(left_over)
    fresh = paths.ROOT / f"dist.{uuid.uuid4().hex[:8]}"
    fresh.mkdir()
    try:
        lock = _assemble_packages(fresh / "pyodide", full=full)
        with console.step("bundle the page"):
            scripts = bundle.assemble(fresh, stamp)
        made = snapshots.assemble(fresh, lock)
        written = manifest.write(fresh, scripts, made, stamp)
        compress.assemble(fresh)
        compress.refuse_large(fresh)
        files.swap(fresh, paths.DIST)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    manifest.report(paths.DIST, written)


def _assemble_packages(target: Path, *, full: bool) -> pinned.Lock:
    pins = pinned.read_pins()
    lock = distribution.assemble(target, pins, full=full)
    roots = {pinned.normalize(name) for name in (*pins.bundled, *pins.full)}
    lock = compiled.assemble(target, lock, snapshots.first_start(lock), roots)
    distribution.write_lock(target, lock)
    return lock


def _stamp_of(dist: Path) -> str:
    path = dist / manifest.NAME
    if not path.is_file():
        return ""
    return str(json.loads(path.read_text(encoding="utf-8")).get("stamp", ""))
