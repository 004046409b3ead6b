"""The bootstrap: hashes, a folder that is swapped whole, what was built, the front door."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from builder import assemble, bundle, compress, console, files, manifest, paths, venv
from builder.errors import CommandFailed, WrongContent

# -- files


def test_a_file_with_another_hash_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "some.whl"
    path.write_bytes(b"changed")
    with pytest.raises(WrongContent, match=r"some\.whl: expected sha256 00ff, found [0-9a-f]{64}"):
        files.require(path, "00ff")


def test_a_fingerprint_tells_names_bytes_and_words_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"x")
    two.write_bytes(b"x")
    prints = {
        files.fingerprint([one]),
        files.fingerprint([two]),
        files.fingerprint([one, two]),
        files.fingerprint([one], "full"),
    }
    one.write_bytes(b"y")
    assert len(prints | {files.fingerprint([one])}) == 5


def test_a_fingerprint_leaves_out_what_tools_write(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("x = 1")
    before = files.fingerprint([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.pyc").write_bytes(b"0")
    assert files.fingerprint([tmp_path]) == before


def test_a_folder_is_swapped_whole_and_leaves_nothing_behind(tmp_path: Path) -> None:
    target, fresh = tmp_path / "dist", tmp_path / "fresh"
    for folder, name in ((target, "old.txt"), (fresh, "new.txt")):
        folder.mkdir()
        (folder / name).write_text(name)
    files.swap(fresh, target)
    assert [path.name for path in target.iterdir()] == ["new.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


def test_a_swap_that_fails_puts_the_old_folder_back(tmp_path: Path) -> None:
    target = tmp_path / "dist"
    target.mkdir()
    (target / "old.txt").write_text("old")
    with pytest.raises(OSError, match="never-made"):
        files.swap(tmp_path / "never-made", target)
    assert (target / "old.txt").read_text() == "old"


# -- what was built


def test_the_wheel_of_the_project_is_the_same_twice(tmp_path: Path) -> None:
    wheels = [venv.build_wheel(tmp_path / name) for name in ("one", "two")]
    assert files.sha256(wheels[0]) == files.sha256(wheels[1])
    with zipfile.ZipFile(wheels[0]) as opened:
        tops = {name.split("/")[0] for name in opened.namelist()}
    assert tops == {"foldbook", "sync_relay", f"{wheels[0].name.split('-py3')[0]}.dist-info"}


def test_the_manifest_lists_every_file_of_dist_and_no_other(dist: Path) -> None:
    written = json.loads((dist / manifest.NAME).read_text(encoding="utf-8"))
    found = {
        path.relative_to(dist).as_posix(): {
            "size": path.stat().st_size,
            "sha256": files.sha256(path),
        }
        for path in dist.rglob("*")
        if path.is_file() and path.name != manifest.NAME and not compress.is_neighbour(path)
    }
    assert written["files"] == found
    assert {name for names in written["first_result"].values() for name in names} <= set(found)


def test_the_first_result_weighs_no_more_than_it_did(dist: Path) -> None:
    """Compressed bytes, in MB: whoever raises one of these has a reason, and says it."""
    written = json.loads((dist / manifest.NAME).read_text(encoding="utf-8"))
    most = {"page": 0.6, "Pyodide core": 7, "notebook worker": 14.2, "runtime worker": 19}
    sent = {
        group: sum(_gzipped(dist / name).stat().st_size for name in names)
        for group, names in written["first_result"].items()
    }
    assert {group: size for group, size in sent.items() if size > most[group] * 1e6} == {}
    # GitHub takes no file of 100 MB.
    assert {name for name, file in written["files"].items() if file["size"] >= 100e6} == set()


def _gzipped(path: Path) -> Path:
    neighbour = path.with_name(f"{path.name}.gz")
    return neighbour if neighbour.is_file() else path


def test_an_unchanged_build_does_nothing(dist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assemble.build()
    before = (dist / manifest.NAME).stat().st_mtime_ns
    capsys.readouterr()
    assemble.build()
    assert capsys.readouterr().out.strip() == "dist/ is up to date"
    assert (dist / manifest.NAME).stat().st_mtime_ns == before


def test_each_worker_is_one_file(dist: Path) -> None:
    """The runtime's is started in an opaque origin, where a neighbour cannot be imported."""
    workers = [
        dist / "runtime_worker.js",
        dist / manifest.worker(dist, "notebook_worker"),
        dist / "sw.js",
    ]
    for path in workers:
        script = path.read_text(encoding="utf-8")
        assert not re.search(r"""(^|[;}])(import|export)\b[^(;]*["']\./""", script), path.name


def test_the_scripts_of_the_page_are_those_it_imports_at_once() -> None:
    def chunk(entry: str | None, *imports: tuple[str, str]) -> dict[str, Any]:
        listed = [{"path": f"../dist/{name}", "kind": kind} for name, kind in imports]
        return {"imports": listed} | ({"entryPoint": entry} if entry else {})

    at_once, later = "import-statement", "dynamic-import"
    outputs = {
        "main.js": chunk("main.js", ("notebook.js", later), ("home.js", later), ("a.js", at_once)),
        "notebook.js": chunk("notebook.js", ("b.js", at_once), ("backup.js", later)),
        "home.js": chunk("home.js", ("c.js", at_once)),
        "backup.js": chunk("backup.js"),
        **{name: chunk(None, ("a.js", at_once)) for name in ("a.js", "b.js", "c.js")},
    }
    metafile = {"outputs": {f"../dist/{name}": output for name, output in outputs.items()}}
    found = bundle.page_scripts(metafile, paths.DIST)
    assert found == ["a.js", "b.js", "main.js", "notebook.js"]


def test_the_page_finds_every_file_it_names(dist: Path) -> None:
    page = (dist / "index.html").read_text(encoding="utf-8")
    named = re.findall(r'(?:href|src)="(?!https?:|data:|#)([^"]+)"', page)
    assert named
    paths_named = [name.partition("?")[0] for name in named]
    assert [path for path in paths_named if not (dist / path).is_file()] == []


# -- the front door


def test_a_failed_program_is_told_with_its_last_lines_and_log() -> None:
    script = "print('what went wrong'); raise SystemExit(3)"
    with pytest.raises(CommandFailed, match="exit code 3") as caught:
        console.run("a failing program", [sys.executable, "-c", script])
    assert "what went wrong" in str(caught.value)
    assert caught.value.log.read_text() == "what went wrong\n"


def test_an_unknown_command_is_refused() -> None:
    answer = subprocess.run(
        [sys.executable, paths.ROOT / "build.py", "sing"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert "invalid choice: 'sing'" in answer.stderr
