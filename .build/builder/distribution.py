"""`dist/pyodide/`: the Pyodide core, the bundled wheels, our own wheel, and one merged lock."""

import json
import tempfile
import zipfile
from pathlib import Path

from builder import console, files, paths, pinned, sources, venv
from builder.errors import BuildError
from builder.pinned import Lock, Package, Pins

CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PACKAGES = "/lib/python3.14/site-packages"
"""Where packages stand in Python's file system."""

_OWN_DEPENDS = ("pydantic", "msgpack")


def assemble(target: Path, pins: Pins, *, full: bool) -> Lock:
    """Fill the folder `target`, all but the lock; gives the merged lock, for `write_lock`."""
    core = _core(pins.pyodide)
    official = json.loads((core / "pyodide-lock.json").read_text(encoding="utf-8"))
    bundled = pinned.choose(official, pins, full=full)
    spare = pinned.choose(official, pins, full=True)
    wheels = sources.fetch_all(bundled.values(), pins, spare.values())
    target.mkdir(parents=True)
    for name in CORE:
        files.link(core / name, target / name)
    for name, path in wheels.items():
        files.link(path, target / name)
    return pinned.merge(official, bundled, [_own_wheel(target)], pins.cdn)


def write_lock(target: Path, lock: Lock) -> None:
    """Write the lock where Pyodide looks for it."""
    text = json.dumps(lock, separators=(",", ":"), sort_keys=True)
    (target / "pyodide-lock.json").write_text(text, encoding="utf-8")


def _core(version: str) -> Path:
    folder = paths.NODE_MODULES / "pyodide"
    found = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
    if found != version:
        raise BuildError(
            f"Expected Pyodide {version} (.locks/browser.json) in {folder}; found {found}. "
            "Both must name the same version, as the wheels fit one only."
        )
    return folder


def _own_wheel(target: Path) -> Package:
    with (
        console.step("build the foldbook wheel"),
        tempfile.TemporaryDirectory(dir=paths.WORK) as scratch,
    ):
        wheel = venv.build_wheel(Path(scratch))
        version = wheel.name.split("-")[1]
        with zipfile.ZipFile(wheel) as opened:
            damaged = opened.testzip()
        if damaged:
            raise BuildError(f"{wheel.name}: {damaged} in it is damaged.")
        placed = wheel.replace(target / wheel.name)
    return Package(
        name="foldbook",
        version=version,
        file=placed.name,
        sha256=files.sha256(placed),
        depends=_OWN_DEPENDS,
        imports=("foldbook",),
        official=False,
    )
