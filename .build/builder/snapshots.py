"""`dist/snapshots/`: Pythons with their packages imported, as memory that a worker starts from.

They are made in Node by `.build/snapshots/make.mjs` out of the very files that `dist/pyodide/`
holds, which takes some seconds, and kept in the cache by what went in. A snapshot is four files:
its memory, as the difference from the one before it, the packages that it needs beside that one's,
what stands for libraries until they are linked, and a description in JSON (what `site/snapshot.js`
calls the layout, and which files it needs).
"""

import base64
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder import archives, console, files, node, paths, pinned
from builder.distribution import CORE, PACKAGES
from builder.pinned import Package

FOLDER = "snapshots"
_SCRIPTS = paths.ROOT / ".build" / "snapshots"
_KIT = tuple(
    paths.SITE / name
    for name in ("snapshot.js", "linker.js", "callbacks.js", "wasm_format.js", "archive.js")
)
_FROZEN = "from foldbook.browser.frozen import"
# The same hashes each time; the backend must be named before matplotlib is imported.
_ENVIRONMENT = {
    "HOME": "/home/pyodide",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


@dataclass(frozen=True, slots=True)
class Tier:
    """What one snapshot holds beside the one before: packages of the lock, and Python that
    imports them."""

    name: str
    roots: tuple[str, ...]
    prepare: str


TIERS = (
    Tier("notebook", ("foldbook", "nbformat"), f"{_FROZEN} freeze_notebook; freeze_notebook()"),
    Tier(
        "first", ("ipython", "numpy"), f"{_FROZEN} freeze_runtime; freeze_runtime('numpy.random')"
    ),
    Tier(
        "science",
        ("pandas", "matplotlib"),
        f"{_FROZEN} freeze_runtime; freeze_runtime('pandas', 'matplotlib.pyplot')",
    ),
)
"""The notebook worker's; a runtime's for the first start; a runtime's from the next start on."""


def first_start(lock: dict[str, Any]) -> set[str]:
    """The normalized names of the packages that both workers' first snapshots hold."""
    return set(_wheels(TIERS[:2], lock))


def assemble(dist: Path, lock: dict[str, Any]) -> dict[str, str]:
    """Put all snapshots into the built folder; gives their descriptions' names by tier."""
    with console.step("make the memory snapshots"):
        kept = _ensure(dist, lock)
        (dist / FOLDER).mkdir(exist_ok=True)
        found: dict[str, str] = {}
        for place, tier in enumerate(TIERS):
            found[tier.name] = _place(place, kept, found, lock, dist)
        return found


def _ensure(dist: Path, lock: dict[str, Any]) -> Path:
    """The folder in the cache that has all tiers of what is in `dist`."""
    core = [dist / "pyodide" / name for name in CORE]
    wheels = [dist / "pyodide" / package.file for package in _wheels(TIERS, lock).values()]
    words = [json.dumps(_ENVIRONMENT), PACKAGES, *(repr(tier) for tier in TIERS)]
    key = files.fingerprint([*wheels, *core, _SCRIPTS, Path(archives.__file__), *_KIT], *words)
    kept = paths.WORK / "snapshots" / key[:16]
    if not kept.is_dir():
        with tempfile.TemporaryDirectory(dir=paths.WORK) as scratch:
            made = Path(scratch) / "made"
            _make(made, dist, lock)
            shutil.rmtree(kept.parent, ignore_errors=True)  # one is enough, they are large
            kept.parent.mkdir()
            made.replace(kept)
    return kept


def _wheels(tiers: Sequence[Tier], lock: dict[str, Any]) -> dict[str, Package]:
    """Everything that these tiers need."""
    entries = lock["packages"].items()
    table = {pinned.normalize(name): pinned.from_lock(entry) for name, entry in entries}
    return pinned.closure([root for tier in tiers for root in tier.roots], table)


def _make(target: Path, dist: Path, lock: dict[str, Any]) -> None:
    target.mkdir()
    stages = []
    packed: set[str] = set()
    for place, tier in enumerate(TIERS, 1):
        wheels = [package.file for package in _wheels(TIERS[:place], lock).values()]
        folder = target / tier.name
        folder.mkdir()
        archive = folder / "archive"
        new = [dist / "pyodide" / name for name in wheels if name not in packed]
        archives.write(archive, new)
        described = {"path": str(archive), **archives.describe(archive)}
        stage = {"archive": described, "prepare": tier.prepare, "isEarly": tier is TIERS[0]}
        stages.append({**stage, "target": str(folder)})
        packed.update(wheels)
    plan = {"folder": PACKAGES, "env": _ENVIRONMENT, "stages": stages}
    script = target / "plan.json"
    script.write_text(json.dumps({**plan, "pyodide": str(dist / "pyodide")}), encoding="utf-8")
    node.run_file("snapshots", _SCRIPTS / "make.mjs", script)


def _place(place: int, kept: Path, found: dict[str, str], lock: dict[str, Any], dist: Path) -> str:
    """Put a tier's files in place; they never change under one name, as it has a hash.

    `found`: the descriptions of the tiers below it.
    """
    tiers = TIERS[: place + 1]
    source = kept / tiers[-1].name
    wheels = _wheels(tiers, lock)
    spelled = {pinned.normalize(name): entry["name"] for name, entry in lock["packages"].items()}
    described = {
        "tier": tiers[-1].name,
        "base": found[tiers[-2].name] if place else None,
        "folder": PACKAGES,
        "layout": json.loads((source / "layout.json").read_text(encoding="utf-8")),
        "header": base64.b64encode((source / "header").read_bytes()).decode(),
        "heap": _put(source / "heap", dist),
        "stubs": _put(source / "stubs", dist),
        "archives": [
            {"path": _put(archive, dist), **archives.describe(archive)}
            for archive in (kept / tier.name / "archive" for tier in tiers)
        ],
        "packages": [spelled[name] for name in wheels],
    }
    scratch = dist / FOLDER / f"{tiers[-1].name}.json"
    scratch.write_text(json.dumps(described, separators=(",", ":")), encoding="utf-8")
    named = scratch.with_name(f"{tiers[-1].name}.{files.sha256(scratch)[:16]}.json")
    scratch.replace(named)
    return f"{FOLDER}/{named.name}"


def _put(source: Path, dist: Path) -> str:
    """Link a file of a tier into the built folder, once; gives its path there."""
    path = f"{FOLDER}/{source.parent.name}.{files.sha256(source)[:16]}.{source.name}"
    if not (dist / path).exists():
        files.link(source, dist / path)
    return path
