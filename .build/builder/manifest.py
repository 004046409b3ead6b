"""`dist/manifest.json`: every file with size and sha256, and what the first result needs."""

import gzip
import json
from pathlib import Path
from typing import Any

from builder import files, paths
from builder.console import megabytes, say

NAME = "manifest.json"
_PAGE = (
    "index.html",
    "style.css",
    "fonts/fonts.css",
    "katex/katex.min.css",
    "fonts/ibm-plex-sans-latin-wght-normal.woff2",
    "fonts/source-code-pro-latin-wght-normal.woff2",
)
_CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")


def write(dist: Path, scripts: list[str], snapshots: dict[str, str], stamp: str) -> dict[str, Any]:
    """List the folder `dist` in its manifest; gives what was written.

    `scripts` are those that the page loads at once, `snapshots` the descriptions by tier.
    """
    listed = {
        path.relative_to(dist).as_posix(): {
            "size": path.stat().st_size,
            "sha256": files.sha256(path),
        }
        for path in sorted(dist.rglob("*"))
        if path.is_file() and path != dist / NAME
    }
    first = {
        group: [name for name in names if name in listed]
        for group, names in _first_result(dist, scripts, snapshots).items()
    }
    manifest = {"stamp": stamp, "files": listed, "snapshots": snapshots, "first_result": first}
    (dist / NAME).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def _first_result(
    dist: Path, scripts: list[str], snapshots: dict[str, str]
) -> dict[str, list[str]]:
    """What the page loads until `6*7` is answered, by the part that asks for it."""
    core = [f"pyodide/{name}" for name in (*_CORE, "pyodide-lock.json")]
    notebook = _snapshot_files(dist, snapshots["notebook"])
    runtime = [name for name in _snapshot_files(dist, snapshots["first"]) if name not in notebook]
    return {
        "page": [*_PAGE, *scripts],
        "Pyodide core": core,
        "notebook worker": ["notebook_worker.js", *notebook],
        "runtime worker": ["runtime_worker.js", *runtime],
    }


def _snapshot_files(dist: Path, description: str) -> list[str]:
    described = json.loads((dist / description).read_text(encoding="utf-8"))
    return [description, described["heap"], *described["wheels"]]


def report(dist: Path, manifest: dict[str, Any]) -> None:
    """Print what must be fetched before the first result, as it is and gzipped."""
    say("  before the first result a browser fetches (size, gzipped):")
    totals = [0, 0]
    for group, names in manifest["first_result"].items():
        sizes = [manifest["files"][name]["size"] for name in names]
        packed = [_gzipped(dist / name, manifest["files"][name]["sha256"]) for name in names]
        totals = [totals[0] + sum(sizes), totals[1] + sum(packed)]
        say(f"    {group:<16} {len(names):>3} files {_pair(sum(sizes), sum(packed))}")
    everything = sum(entry["size"] for entry in manifest["files"].values())
    say(f"    {'together':<26} {_pair(*totals)}   of {megabytes(everything)} in dist/")


def _pair(size: int, packed: int) -> str:
    return f"{megabytes(size):>9} {megabytes(packed):>9}"


def _gzipped(path: Path, digest: str) -> int:
    """A file's gzipped size, remembered by content: the core alone takes a second."""
    if path.suffix in {".whl", ".zip", ".woff2", ".gz"}:
        return path.stat().st_size
    memory = paths.WORK / "gzip-sizes" / digest
    if not memory.is_file():
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(str(len(gzip.compress(path.read_bytes(), 6))))
    return int(memory.read_text())
