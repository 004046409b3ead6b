"""Byte-compiled wheels: what is compiled, that it can be installed, and that Python believes it."""

import base64
import csv
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from builder import compiled, distribution, files, node, pinned, snapshots

UNCHECKED_HASH = (1).to_bytes(4, "little")
LONG = "def f():\n    '''" + "x" * 1000 + "'''\n    return 'told by byte code'\n"
RECORD = "one-1.0.dist-info/RECORD"


def _wheel(folder: Path, name: str, contents: dict[str, str]) -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    record = f"{name}-1.0.dist-info/RECORD"
    with zipfile.ZipFile(path, "w") as opened:
        for inner, text in {**contents, record: f"{record},,\n"}.items():
            opened.writestr(inner, text)
    return path


def _names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        return opened.namelist()


# -- one wheel


def test_modules_worth_compiling_are_those_that_are_imported_and_not_small(tmp_path: Path) -> None:
    others = ("one/tests/a.py", "one/data.json", "one-1.0.data/data/b.py", "one/done.py")
    done = {"one/__pycache__/done.cpython-314.pyc": ""}
    contents = {"one/__init__.py": "", "one/a.py": LONG, "b.py": LONG, **done}
    wheel = _wheel(tmp_path, "one", {**contents, **dict.fromkeys(others, LONG)})
    assert compiled.modules_of(wheel) == {"one/a.py": len(LONG), "b.py": len(LONG)}


def test_added_files_stand_in_the_record_and_the_archive_is_the_same_twice(tmp_path: Path) -> None:
    wheel = _wheel(tmp_path, "one", {"one/b.py": "b", "one/a.py": "a"})
    added = {"one/__pycache__/a.pyc": b"code"}
    targets = [tmp_path / "first.whl", tmp_path / "second.whl"]
    for target in targets:
        compiled.add_files(wheel, added, target)
    assert targets[0].read_bytes() == targets[1].read_bytes()
    with zipfile.ZipFile(targets[0]) as opened:
        assert opened.namelist() == ["one/__pycache__/a.pyc", "one/a.py", "one/b.py", RECORD]
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert opened.read("one/a.py") == b"a"
        rows = list(csv.reader(opened.read(RECORD).decode().splitlines()))
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"code").digest()).decode().rstrip("=")
    assert rows == [[RECORD, "", ""], ["one/__pycache__/a.pyc", f"sha256={digest}", "4"]]


# -- a folder of wheels


@pytest.fixture
def folder(dist: Path, tmp_path: Path) -> Path:
    """Pyodide's core, and wheels to compile."""
    made = tmp_path / "pyodide"
    for name in distribution.CORE:
        files.link(dist / "pyodide" / name, made / name)
    _wheel(made, "one", {"one/a.py": LONG, "one/template.py": "{{ name }} is\n" * 100})
    _wheel(made, "first", {"first.py": LONG})
    _wheel(made, "large", {"large.py": "x = 1\n" * 400_000})
    return made


def _lock(folder: Path, dist: Path) -> dict[str, Any]:
    official = json.loads((dist / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))
    packages: dict[str, Any] = {"far": {"file_name": "https://cdn.example/far.whl", "sha256": "0"}}
    for path in folder.glob("*.whl"):
        name = path.name.split("-")[0]
        packages[name] = {"file_name": path.name, "sha256": files.sha256(path)}
    return {"info": official["info"], "packages": packages}


def test_wheels_are_compiled_once_to_the_same_bytes_and_the_lock_follows(
    folder: Path, dist: Path, tmp_path: Path
) -> None:
    lock = _lock(folder, dist)
    wheel = folder / lock["packages"]["one"]["file_name"]
    original = wheel.read_bytes()
    memory = tmp_path / "memory"
    merged = compiled.assemble(folder, lock, {"first"}, {"one"}, memory)
    made = wheel.read_bytes()
    assert [name for name in _names(wheel) if name.endswith(".pyc")] == [
        "one/__pycache__/a.cpython-314.pyc"  # and none of what is no Python
    ]
    changed = {n for n, entry in merged["packages"].items() if entry != lock["packages"][n]}
    assert changed == {"one"}  # not "large": nobody asks for it by name
    assert merged["packages"]["one"]["sha256"] == hashlib.sha256(made).hexdigest()

    (kept,) = memory.iterdir()
    written = kept.stat().st_mtime_ns
    _replace(wheel, original)
    assert compiled.assemble(folder, lock, {"first"}, {"one"}, memory) == merged
    assert wheel.read_bytes() == made
    assert kept.stat().st_mtime_ns == written

    _replace(wheel, original)
    again = compiled.assemble(folder, lock, {"first"}, {"one"}, tmp_path / "other memory")
    assert again == merged


def _replace(path: Path, content: bytes) -> None:
    path.unlink()  # it is the same file as the one in the memory
    path.write_bytes(content)


# -- what was built


def test_what_no_first_start_holds_is_compiled_and_the_rest_is_as_it_came(dist: Path) -> None:
    lock = json.loads((dist / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))
    first = snapshots.first_start(lock)
    assert {"numpy", "ipython", "foldbook"} <= first
    found = {}
    for name, entry in lock["packages"].items():
        if "://" not in entry["file_name"]:
            with zipfile.ZipFile(dist / "pyodide" / entry["file_name"]) as opened:
                made = [inner for inner in opened.namelist() if inner.endswith(".pyc")]
                assert {opened.read(inner)[4:8] for inner in made} <= {UNCHECKED_HASH}, name
            found[pinned.normalize(name)] = bool(made)
    assert {name for name in first if found[name]} == set()
    assert {"pandas", "matplotlib", "pillow"} <= {
        name for name, is_made in found.items() if is_made
    }


IMPORT = """
const [folder] = process.argv.slice(1);
const { loadPyodide } = await import(`file://${folder}/pyodide.mjs`);
const python = await loadPyodide({ indexURL: `${folder}/` });
const problems = [];
const errorCallback = (text) => problems.push(text);
await python.loadPackage("pandas", { messageCallback() {}, errorCallback });
const told = python.runPython(`
import importlib.metadata, importlib.util, json, pathlib, sys
spec = importlib.util.find_spec("pandas")
pathlib.Path(spec.origin).write_text("raise RuntimeError('the source was compiled')")
import pandas
parts = [sys.modules[n] for n in ("pandas.core.frame", "dateutil.parser", "pytz")]
json.dumps({
    "cached": [pathlib.Path(part.__spec__.cached).is_file() for part in (pandas, *parts)],
    "sum": int(pandas.DataFrame({"a": [1, 2]})["a"].sum()),
    "missing": [str(f) for f in importlib.metadata.files("pandas") if not f.locate().is_file()],
})
`);
console.log(JSON.stringify({ ...JSON.parse(told), problems }));
process.exit(0);
"""


def test_a_compiled_package_loads_and_its_byte_code_is_what_runs(dist: Path) -> None:
    told = json.loads(node.run_script(IMPORT, str(dist / "pyodide")))
    assert told == {"cached": [True] * 4, "sum": 3, "missing": [], "problems": []}
