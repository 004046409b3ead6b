"""`dist/snapshots/`: Pythons with their packages imported, as memory that a worker starts from.

They are made in Node by `.build/snapshots/make.mjs` out of the very files that `dist/pyodide/`
holds, which takes some seconds, and kept in the cache by what went in. A snapshot is two files:
its memory, as the difference from the one before it, and a description in JSON (what
`site/snapshot.js` calls the layout, and which files it needs).
"""

import base64
import json
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder import console, files, node, paths, pinned
from builder.distribution import CORE, PACKAGES
from builder.pinned import Package

FOLDER = "snapshots"
_SCRIPTS = paths.ROOT / ".build" / "snapshots"
_KIT = tuple(paths.SITE / name for name in ("snapshot.js", "wheels.js"))
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
        found: dict[str, str] = {}
        base = None
        for tier in TIERS:
            base = found[tier.name] = _place(tier.name, kept, base, lock, dist)
        return found


def _ensure(dist: Path, lock: dict[str, Any]) -> Path:
    """The folder in the cache that has all tiers of what is in `dist`."""
    core = [dist / "pyodide" / name for name in CORE]
    wheels = [dist / "pyodide" / package.file for package in _wheels(TIERS, lock).values()]
    words = [json.dumps(_ENVIRONMENT), PACKAGES, *(repr(tier) for tier in TIERS)]
    key = files.fingerprint([*wheels, *core, _SCRIPTS, *_KIT], *words)
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
    mounted: set[str] = set()
    for place, tier in enumerate(TIERS, 1):
        wheels = [package.file for package in _wheels(TIERS[:place], lock).values()]
        stages.append(
            {
                "wheels": [
                    _described(dist / "pyodide" / name, str(dist / "pyodide" / name))
                    for name in wheels
                    if name not in mounted
                ],
                "prepare": tier.prepare,
                "target": str(target / tier.name),
            }
        )
        mounted.update(wheels)
    plan = {"folder": PACKAGES, "env": _ENVIRONMENT, "stages": stages}
    script = target / "plan.json"
    script.write_text(json.dumps({**plan, "pyodide": str(dist / "pyodide")}), encoding="utf-8")
    node.run_file("snapshots", _SCRIPTS / "make.mjs", script)


def _described(wheel: Path, path: str) -> dict[str, Any]:
    """A wheel by what it has at its top: with that it is mounted without being read."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    folders = dict.fromkeys(name.partition("/")[0] for name in names if "/" in name)
    return {
        "path": path,
        "folders": list(folders),
        "files": [name for name in names if "/" not in name],
    }


def _place(tier: str, kept: Path, base: str | None, lock: dict[str, Any], dist: Path) -> str:
    """Put both files of a tier in place; they never change under one name, as it has a hash."""
    folder = dist / FOLDER
    folder.mkdir(exist_ok=True)
    source = kept / tier
    heap = folder / f"{tier}.{files.sha256(source / 'heap')[:16]}.heap"
    files.link(source / "heap", heap)
    wheels = _wheels(TIERS[: [each.name for each in TIERS].index(tier) + 1], lock)
    spelled = {pinned.normalize(name): entry["name"] for name, entry in lock["packages"].items()}
    described = {
        "tier": tier,
        "base": base,
        "folder": PACKAGES,
        "layout": json.loads((source / "layout.json").read_text(encoding="utf-8")),
        "header": base64.b64encode((source / "header").read_bytes()).decode(),
        "heap": f"{FOLDER}/{heap.name}",
        "wheels": [
            _described(dist / "pyodide" / package.file, f"pyodide/{package.file}")
            for package in wheels.values()
        ],
        "packages": [spelled[name] for name in wheels],
    }
    scratch = folder / f"{tier}.json"
    scratch.write_text(json.dumps(described, separators=(",", ":")), encoding="utf-8")
    named = folder / f"{tier}.{files.sha256(scratch)[:16]}.json"
    scratch.replace(named)
    return f"{FOLDER}/{named.name}"
