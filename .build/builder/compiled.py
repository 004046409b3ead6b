"""Wheels of `dist/pyodide/` with their modules byte-compiled, which halves the time of imports.

For what no snapshot of a first start holds, as its modules are imported in the page. The modules
are compiled in Node by `.build/compile/compile.mjs`, by the very Pyodide of `dist/`; the sources
stay, as tracebacks show them. A wheel keeps its name and version, and the lock gets its new hash.
Results are kept in the cache by what went in.
"""

import base64
import csv
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from builder import console, files, node, paths, pinned
from builder.distribution import CORE, PACKAGES
from builder.pinned import Lock

_MEMORY = paths.WORK / "compiled"
_SCRIPT = paths.ROOT / ".build" / "compile" / "compile.mjs"
_TOOLS = (
    _SCRIPT,
    paths.ROOT / ".build" / "snapshots" / "program.mjs",
    paths.SITE / "archive.js",
    Path(__file__),
)
# The same hashes each time, and no words about the style of others.
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"}
_LEAST = 1000  # bytes; a smaller source is compiled as fast as it is read
# Bytes of sources, of which byte code adds about half to the wheel. A mere dependency with more
# stays as it is: those who need it import little of it or none (matplotlib takes fonttools for
# PDF only), but all would fetch the whole.
_MOST_OF_DEPENDENCY = 2_000_000
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip archive knows
_DEFAULT_MODE = 0o100644


@dataclass(frozen=True, slots=True)
class _Job:
    """A wheel of `dist/`, the paths of the modules to compile, and the result in the memory."""

    wheel: Path
    modules: tuple[str, ...]
    remembered: Path


def assemble(
    pyodide: Path,
    lock: Lock,
    leave: Collection[str],
    roots: Collection[str],
    memory: Path = _MEMORY,
) -> Lock:
    """Replace the bundled wheels in the folder `pyodide`; gives the lock with their new hashes.

    `leave` names the packages that stay as they are, `roots` those that people ask for by name
    (both normalized). What the memory holds of other builds is dropped.
    Raises CommandFailed when the compiler ends with an error.
    """
    jobs = _jobs(pyodide, lock, leave, roots, memory)
    missing = [job for job in jobs.values() if not job.remembered.is_file()]
    if missing:
        with console.step(f"byte-compile {len(missing)} Python packages"):
            _make(pyodide, lock, missing, memory)
    for job in jobs.values():
        job.wheel.unlink()  # it may be the same file as the one among the downloads
        files.link(job.remembered, job.wheel)
    if memory.is_dir():
        for left_over in set(memory.iterdir()) - {job.remembered for job in jobs.values()}:
            left_over.unlink()
    hashes = {name: files.sha256(job.wheel) for name, job in jobs.items()}
    entries = {
        name: {**entry, "sha256": hashes[name]} if name in hashes else entry
        for name, entry in lock["packages"].items()
    }
    return {**lock, "packages": entries}


def _jobs(
    pyodide: Path, lock: Lock, leave: Collection[str], roots: Collection[str], memory: Path
) -> dict[str, _Job]:
    """What is to be done, by the lock's spelling of the package."""
    core = files.fingerprint([*(pyodide / name for name in CORE), *_TOOLS], PACKAGES)
    found = {}
    for name, entry in lock["packages"].items():
        key = pinned.normalize(name)
        if "://" in entry["file_name"] or key in leave:
            continue
        wheel = pyodide / entry["file_name"]
        modules = modules_of(wheel)
        if modules and (key in roots or sum(modules.values()) <= _MOST_OF_DEPENDENCY):
            remembered = memory / f"{files.fingerprint([wheel], core)}.whl"
            found[name] = _Job(wheel, tuple(modules), remembered)
    return found


def modules_of(wheel: Path) -> dict[str, int]:
    """The modules in a wheel that are worth compiling and are not yet: sizes by path."""
    with zipfile.ZipFile(wheel) as opened:
        sizes = {info.filename: info.file_size for info in opened.infolist()}
    return {
        name: size
        for name, size in sizes.items()
        if name.endswith(".py")
        and size >= _LEAST
        and compiled_path(name) not in sizes
        and "tests" not in name.split("/")
        and not name.split("/")[0].endswith(".data")  # those are put elsewhere
    }


def compiled_path(module: str) -> str:
    """Where Pyodide's Python looks for the byte code of a module."""
    folder, _, name = module.rpartition("/")
    short = f"__pycache__/{name.removesuffix('.py')}.cpython-314.pyc"
    return f"{folder}/{short}" if folder else short


def _make(pyodide: Path, lock: Lock, jobs: Collection[_Job], memory: Path) -> None:
    memory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.WORK) as name:
        scratch = Path(name)
        planned = [
            {
                "wheel": str(job.wheel),
                "modules": job.modules,
                "target": str(scratch / job.wheel.name),
            }
            for job in jobs
        ]
        plan = {"folder": PACKAGES, "env": _ENVIRONMENT, "info": lock["info"], "jobs": planned}
        script = scratch / "plan.json"
        script.write_text(json.dumps({**plan, "pyodide": str(pyodide)}), encoding="utf-8")
        node.run_file("byte-compile", _SCRIPT, script)
        for job in jobs:
            packed = scratch / job.remembered.name
            add_files(job.wheel, _read_all(scratch / job.wheel.name), packed)
            packed.replace(job.remembered)


def _read_all(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def add_files(wheel: Path, added: Mapping[str, bytes], target: Path) -> None:
    """Write a wheel that has more files, also in its record; the same each time."""
    with zipfile.ZipFile(wheel) as opened:
        old = [info for info in opened.infolist() if not info.is_dir()]
        contents = {info.filename: opened.read(info) for info in old}
    modes = {info.filename: info.external_attr >> 16 for info in old}
    (record,) = (name for name in contents if name.split("/")[1:] == ["RECORD"])
    contents.update(added)
    contents[record] = _recorded(contents[record], added)
    with zipfile.ZipFile(target, "w") as out:
        # The metadata last, as wheels have them.
        for name in sorted(contents, key=lambda name: (".dist-info/" in name, name)):
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, also where this runs on another
            info.external_attr = (modes.get(name) or _DEFAULT_MODE) << 16
            out.writestr(info, contents[name])


def _recorded(record: bytes, added: Mapping[str, bytes]) -> bytes:
    rows = [row for row in csv.reader(record.decode().splitlines()) if row]
    for name, content in sorted(added.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
        rows.append([name, f"sha256={digest.decode()}", str(len(content))])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
