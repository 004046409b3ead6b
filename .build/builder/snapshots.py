"""`dist/snapshots/`: Pythons with their packages imported, as memory that a worker starts from.

Each is made in Node by `.build/snapshots/make.mjs` out of the very files that `dist/pyodide/`
holds, takes some seconds, and is kept in the cache by what went in. A snapshot is two files: its
memory, gzipped, and a description in JSON (what `site/snapshot.js` calls the layout, and which
files it needs).
"""

import base64
import gzip
import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder import console, files, node, paths, pinned
from builder.pinned import Package

FOLDER = "snapshots"
_SCRIPTS = paths.ROOT / ".build" / "snapshots"
_KIT = tuple(paths.SITE / name for name in ("snapshot.js", "wheels.js"))
_PACKAGES = "/lib/python3.14/site-packages"
_FROZEN = "from foldbook.browser.frozen import"
# The same hashes each time; the backend must be named before matplotlib is imported.
_ENVIRONMENT = {
    "HOME": "/home/pyodide",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
_RUNTIME = ("foldbook", "ipython", "numpy")


@dataclass(frozen=True, slots=True)
class Tier:
    """What one snapshot holds: packages of the lock, and Python that imports them."""

    name: str
    roots: tuple[str, ...]
    prepare: str


TIERS = (
    Tier("notebook", ("foldbook", "nbformat"), f"{_FROZEN} freeze_notebook; freeze_notebook()"),
    Tier("first", _RUNTIME, f"{_FROZEN} freeze_runtime; freeze_runtime('numpy')"),
    Tier(
        "science",
        (*_RUNTIME, "pandas", "matplotlib"),
        f"{_FROZEN} freeze_runtime; freeze_runtime('numpy', 'pandas', 'matplotlib.pyplot')",
    ),
)
"""The notebook worker's; a runtime's for the first start; a runtime's from the next start on."""


def assemble(dist: Path, lock: dict[str, Any]) -> dict[str, str]:
    """Put all snapshots into the built folder; gives their descriptions' names by tier."""
    with console.step("make the memory snapshots"), ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda tier: _make(tier, dist, lock), TIERS)
        return dict(zip((tier.name for tier in TIERS), made, strict=True))


def _make(tier: Tier, dist: Path, lock: dict[str, Any]) -> str:
    wheels = _wheels(tier, lock)
    inputs = [dist / "pyodide" / package.file for package in wheels.values()]
    core = sorted((dist / "pyodide").glob("p*.mjs")) + [dist / "pyodide" / "pyodide.asm.wasm"]
    words = (tier.prepare, json.dumps(_ENVIRONMENT), _PACKAGES)
    key = files.fingerprint([*inputs, *core, _SCRIPTS, *_KIT], *words)
    kept = paths.WORK / "snapshots" / f"{tier.name}-{key[:16]}"
    if not (kept / "done").is_file():
        _run(tier, inputs, dist, kept)
    return _place(tier, wheels, kept, dist)


def _wheels(tier: Tier, lock: dict[str, Any]) -> dict[str, Package]:
    entries = lock["packages"].items()
    table = {pinned.normalize(name): pinned.from_lock(entry) for name, entry in entries}
    return pinned.closure(tier.roots, table)


def _run(tier: Tier, wheels: list[Path], dist: Path, kept: Path) -> None:
    paths.WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.WORK) as scratch:
        target = Path(scratch) / "made"
        plan = Path(scratch) / "plan.json"
        content = {
            "pyodide": str(dist / "pyodide"),
            "wheels": [str(path) for path in wheels],
            "folder": _PACKAGES,
            "prepare": tier.prepare,
            "env": _ENVIRONMENT,
            "target": str(target),
        }
        plan.write_text(json.dumps(content), encoding="utf-8")
        node.run_file(f"snapshot {tier.name}", _SCRIPTS / "make.mjs", plan)
        packed = gzip.compress((target / "heap").read_bytes(), compresslevel=6, mtime=0)
        (target / "heap").unlink()
        (target / "heap.gz").write_bytes(packed)
        (target / "done").touch()
        for old in kept.parent.glob(f"{tier.name}-*"):
            shutil.rmtree(old)
        kept.parent.mkdir(exist_ok=True)
        target.replace(kept)


def _place(tier: Tier, wheels: dict[str, Package], kept: Path, dist: Path) -> str:
    """Both files carry a hash in their names: they never change under one name."""
    folder = dist / FOLDER
    folder.mkdir(exist_ok=True)
    heap = folder / f"{tier.name}.{files.sha256(kept / 'heap.gz')[:16]}.heap.gz"
    files.link(kept / "heap.gz", heap)
    lock = json.loads((dist / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))
    spelled = {pinned.normalize(name): entry["name"] for name, entry in lock["packages"].items()}
    described = {
        "tier": tier.name,
        "folder": _PACKAGES,
        "layout": json.loads((kept / "layout.json").read_text(encoding="utf-8")),
        "header": base64.b64encode((kept / "header").read_bytes()).decode(),
        "heap": f"{FOLDER}/{heap.name}",
        "wheels": [f"pyodide/{package.file}" for package in wheels.values()],
        "packages": [spelled[name] for name in wheels],
    }
    text = json.dumps(described, separators=(",", ":"))
    scratch = folder / f"{tier.name}.json"
    scratch.write_text(text, encoding="utf-8")
    named = folder / f"{tier.name}.{files.sha256(scratch)[:16]}.json"
    scratch.replace(named)
    return f"{FOLDER}/{named.name}"
