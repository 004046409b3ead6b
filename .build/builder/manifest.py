"""`dist/manifest.json`: every file with size and sha256, and what the first result needs."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from builder import bundle, files
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
_OF_THE_PAGE = re.compile(
    r"(?:chunks|fonts|katex|assets)/.+(?<!\.map)|index\.html|icon[\w-]*\.(?:svg|png)|app\.webmanifest|main\.js|style\.css"
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
    manifest = {
        "stamp": stamp,
        "notebook_worker": worker(dist, "notebook_worker"),
        "find_worker": worker(dist, "find_worker"),
        "ahead_worker": worker(dist, "ahead_worker"),
        "page": list(_page(listed)),
        "files": listed,
        "snapshots": snapshots,
        "first_result": first,
    }
    (dist / NAME).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def _page(listed: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """All that the page itself may ask for, as addresses: some name their content behind a ?."""
    for name, entry in listed.items():
        if name in bundle.AT_ONCE:
            yield f"{name}?{entry['sha256'][:12]}"
        elif _OF_THE_PAGE.fullmatch(name):
            yield name


def worker(dist: Path, name: str) -> str:
    """The path of a worker's script that has a hash in its name."""
    [found] = dist.glob(f"chunks/{name}-*.js")
    return found.relative_to(dist).as_posix()


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
        "notebook worker": [worker(dist, "notebook_worker"), *notebook],
        "runtime worker": ["runtime_worker.js", *runtime],
    }


def _snapshot_files(dist: Path, description: str) -> list[str]:
    described = json.loads((dist / description).read_text(encoding="utf-8"))
    archives = [archive["path"] for archive in described["archives"]]
    return [description, described["heap"], described["stubs"], *archives]


def report(dist: Path, manifest: dict[str, Any]) -> None:
    """Print what must be fetched before the first result, as it is and in both codings."""
    say("  before the first result a browser fetches (size, gzip, brotli):")
    together = []
    for group, names in manifest["first_result"].items():
        say(f"    {group:<16} {len(names):>3} files {_sizes(dist, names)}")
        together += names
    everything = sum(entry["size"] for entry in manifest["files"].values())
    say(f"    {'together':<26} {_sizes(dist, together)}   of {megabytes(everything)} in dist/")


def _sizes(dist: Path, names: Iterable[str]) -> str:
    plain = [dist / name for name in names]
    sizes = [sum(_sent(path, end).stat().st_size for path in plain) for end in ("", ".gz", ".br")]
    return " ".join(f"{megabytes(size):>9}" for size in sizes)


def _sent(path: Path, ending: str) -> Path:
    neighbour = path.with_name(path.name + ending)
    return neighbour if neighbour.is_file() else path
