"""The Python packages of the page: locks that close, hashes that refuse."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builder import console, files, paths, pinned, serve, sources
from builder.errors import BuildError, CommandFailed, WrongContent
from builder.pinned import Mirror, Package

MIRROR = Mirror("mirror", "1", "inside/", "3.12")


def _package(name: str, content: bytes = b"", **changes: Any) -> Package:
    known: dict[str, Any] = {
        "name": name,
        "version": "1.0",
        "file": f"{name}-1.0-py3-none-any.whl",
        "sha256": hashlib.sha256(content).hexdigest(),
        "depends": (),
        "imports": (name,),
        "official": True,
    }
    return Package(**{**known, **changes})


def _table(**depends: list[str]) -> dict[str, Package]:
    return {name: _package(name, depends=tuple(needs)) for name, needs in depends.items()}


# -- locks


def test_the_closure_follows_dependencies_under_any_spelling() -> None:
    table = _table(a=["B_c"], d=[])
    table["b-c"] = _package("b.c", depends=("A",))
    assert list(pinned.closure(["a"], table)) == ["a", "b-c"]


def test_a_dependency_that_no_lock_has_is_named_with_who_wants_it() -> None:
    with pytest.raises(BuildError, match="missing, wanted by a, stands in no lock"):
        pinned.closure(["a"], _table(a=["missing"]))


def test_what_is_not_bundled_is_addressed_at_the_cdn() -> None:
    official = {
        "info": {"version": "1"},
        "packages": {name: _lock_entry(name) for name in ("kept", "far", "Replaced_one")},
    }
    replaced = _package("replaced-one", official=False, version="2.0", file="replaced.whl")
    bundled = {"kept": _package("kept"), "replaced-one": replaced}
    own = _package("foldbook", official=False, depends=("kept",))
    merged = pinned.merge(official, bundled, [own], "https://cdn.example/full/")["packages"]
    assert {name: entry["file_name"] for name, entry in merged.items()} == {
        "Replaced_one": "replaced.whl",
        "far": "https://cdn.example/full/far-1.0.whl",
        "foldbook": own.file,
        "kept": "kept-1.0.whl",
    }
    assert merged["Replaced_one"]["version"] == "2.0"


def _lock_entry(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "version": "1.0",
        "file_name": f"{name}-1.0.whl",
        "sha256": "00",
        "depends": [],
        "imports": [name],
        "install_dir": "site",
        "package_type": "package",
        "unvendored_tests": False,
    }


def test_the_environment_and_the_browser_run_the_same_versions(dist: Path) -> None:
    """What both worlds import must not differ, or the same test could tell two truths."""
    locked = dict(
        line.split(" ")[0].split("==")
        for line in (paths.LOCKS / "dev.txt").read_text().splitlines()
        if "==" in line and "python_full_version < '3.12'" not in line
    )
    shared = (
        "ipython jedi jsonschema matplotlib msgpack nbformat numpy pandas pillow pydantic "
        "pydantic-core pyrsistent traitlets"
    ).split(" ")
    merged = {pinned.normalize(name): entry for name, entry in _merged(dist).items()}
    assert {n: locked[n] for n in shared} == {n: merged[n]["version"] for n in shared}


def test_lock_files_name_no_registry_and_pin_every_file() -> None:
    for path in paths.LOCKS.glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        entries = [line for line in text.splitlines() if "==" in line]
        assert text.count(" \\\n    --hash=sha256:") >= len(entries) > 0
    locked = json.loads((paths.SITE / "package-lock.json").read_text(encoding="utf-8"))
    entries = {name: entry for name, entry in locked["packages"].items() if name}
    assert [name for name, entry in entries.items() if "integrity" not in entry] == []
    assert [name for name, entry in entries.items() if "resolved" in entry] == []


# -- sources


def test_a_changed_file_in_the_cache_is_thrown_away(tmp_path: Path) -> None:
    package = _package("numpy", b"right")
    path = tmp_path / package.file
    path.write_bytes(b"right")
    assert sources.is_cached(tmp_path, package)
    path.write_bytes(b"wrong")
    assert not sources.is_cached(tmp_path, package)
    assert not path.exists()


@pytest.fixture
def cdn(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server that plays Pyodide's CDN, and the folder that it serves."""
    folder = tmp_path / "cdn"
    folder.mkdir()
    with serve.running(folder) as url:
        yield url, folder


def test_the_cdn_gives_what_it_has_by_hash(cdn: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = cdn
    package = _package("numpy", b"right")
    (folder / package.file).write_bytes(b"right")
    assert sources.fetch_from_cdn([package], url, tmp_path) == []
    assert (tmp_path / package.file).read_bytes() == b"right"


def test_a_changed_wheel_from_the_cdn_is_not_kept(cdn: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = cdn
    package = _package("numpy", b"right")
    (folder / package.file).write_bytes(b"wrong")
    assert sources.fetch_from_cdn([package], url, tmp_path) == [package]
    assert [path.name for path in tmp_path.iterdir()] == ["cdn"]


def test_an_unreachable_cdn_is_tried_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve.running(tmp_path) as url:
        pass  # ended: nothing listens there any more
    packages = [_package("one"), _package("two")]
    assert sources.fetch_from_cdn(packages, url, tmp_path) == packages
    assert capsys.readouterr().out.count("does not give") == 1


def _archive(folder: Path, package: Package, content: bytes) -> Path:
    path = folder / "mirror.whl"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr(MIRROR.folder + package.file, content)
    return path


def test_the_mirror_archive_gives_a_file_by_hash(tmp_path: Path) -> None:
    package = _package("numpy", b"right")
    archive = _archive(tmp_path, package, b"right")
    assert sources.take_out(archive, MIRROR, package, tmp_path)
    assert (tmp_path / package.file).read_bytes() == b"right"
    assert not sources.take_out(archive, MIRROR, _package("absent"), tmp_path)


def test_a_changed_wheel_in_the_mirror_archive_stops_the_build(tmp_path: Path) -> None:
    package = _package("numpy", b"right")
    archive = _archive(tmp_path, package, b"wrong")
    with pytest.raises(WrongContent, match=package.file):
        sources.take_out(archive, MIRROR, package, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mirror.whl"]


def test_pip_refuses_a_wheel_of_another_hash(
    dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real pip, offline, with a wheel that we bundle and a hash that is not its own."""
    (wheel,) = (dist / "pyodide").glob("comm-*.whl")
    wrong = _package("comm", version=wheel.name.split("-")[1], file=wheel.name, sha256="0" * 64)
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "foldbook").mkdir()
    with (
        console.step("fetch") as progress,
        pytest.raises(CommandFailed, match="DO NOT MATCH THE HASHES"),
    ):
        sources.fetch_from_registry([wrong], tmp_path, progress)
    right = _package("comm", wheel.read_bytes(), version=wrong.version, file=wheel.name)
    with console.step("fetch") as progress:
        sources.fetch_from_registry([right], tmp_path, progress)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


# -- what was built


def _merged(dist: Path) -> dict[str, Any]:
    text = (dist / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8")
    packages: dict[str, Any] = json.loads(text)["packages"]
    return packages


def test_every_dependency_in_the_merged_lock_stands_in_it(dist: Path) -> None:
    packages = _merged(dist)
    known = {pinned.normalize(name) for name in packages}
    wanted = {pinned.normalize(n) for entry in packages.values() for n in entry["depends"]}
    assert wanted <= known


def test_every_bundled_wheel_is_there_with_its_hash_and_needs_no_network(dist: Path) -> None:
    packages = {pinned.normalize(name): entry for name, entry in _merged(dist).items()}
    bundled = {n for n, entry in packages.items() if "://" not in entry["file_name"]}
    assert {"numpy", "pandas", "matplotlib", "pillow", "ipython", "nbformat", "foldbook"} <= bundled
    for name in bundled:
        files.require(dist / "pyodide" / packages[name]["file_name"], packages[name]["sha256"])
        assert {pinned.normalize(n) for n in packages[name]["depends"]} <= bundled


def test_our_own_package_asks_for_what_the_reducer_needs(dist: Path) -> None:
    assert _merged(dist)["foldbook"]["depends"] == ["pydantic", "msgpack"]
