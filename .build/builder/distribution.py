"""`dist/pyodide/`: the Pyodide core, the bundled wheels, our own wheel, and one merged lock."""

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from builder import console, files, paths, pinned, sources, venv
from builder.errors import BuildError
from builder.pinned import Package

CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
_OWN_DEPENDS = ("pydantic", "msgpack")


def assemble(target: Path, *, full: bool) -> dict[str, Any]:
    """Fill the folder `target`; gives the merged lock that it wrote there."""
    pins = pinned.read_pins()
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
    lock = pinned.merge(official, bundled, [_own_wheel(target)], pins.cdn)
    text = json.dumps(lock, separators=(",", ":"), sort_keys=True)
    (target / "pyodide-lock.json").write_text(text, encoding="utf-8")
    return lock


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
