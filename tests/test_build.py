"""The bootstrap: hashes that refuse, locks that close, a folder that is swapped whole."""

import hashlib
import http.client
import json
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from builder import assemble, bundle, console, files, manifest, paths, pinned, serve, sources, venv
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


def test_the_wheel_of_the_project_is_the_same_twice(tmp_path: Path) -> None:
    wheels = [venv.build_wheel(tmp_path / name) for name in ("one", "two")]
    assert files.sha256(wheels[0]) == files.sha256(wheels[1])
    with zipfile.ZipFile(wheels[0]) as opened:
        tops = {name.split("/")[0] for name in opened.namelist()}
    assert tops == {"foldbook", f"{wheels[0].name.split('-py3')[0]}.dist-info"}


def test_the_manifest_lists_every_file_of_dist_and_no_other(dist: Path) -> None:
    written = json.loads((dist / manifest.NAME).read_text(encoding="utf-8"))
    found = {
        path.relative_to(dist).as_posix(): {
            "size": path.stat().st_size,
            "sha256": files.sha256(path),
        }
        for path in dist.rglob("*")
        if path.is_file() and path.name != manifest.NAME
    }
    assert written["files"] == found
    assert {name for names in written["first_result"].values() for name in names} <= set(found)


def test_an_unchanged_build_does_nothing(dist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assemble.build()
    before = (dist / manifest.NAME).stat().st_mtime_ns
    capsys.readouterr()
    assemble.build()
    assert capsys.readouterr().out.strip() == "dist/ is up to date"
    assert (dist / manifest.NAME).stat().st_mtime_ns == before


def test_each_worker_is_one_file(dist: Path) -> None:
    """The runtime's is started from a data: address, where a neighbour cannot be imported."""
    workers = [*dist.glob("*_worker.js"), dist / "sw.js"]
    assert {path.name for path in workers} >= {"notebook_worker.js", "runtime_worker.js", "sw.js"}
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
    assert [name for name in named if not (dist / name).is_file()] == []


# -- the server


def _get(url: str, path: str = "", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", f"/{path}", headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer


def test_the_served_page_is_isolated_and_open_to_opaque_frames(site_url: str) -> None:
    headers = _get(site_url, "pyodide/pyodide.mjs").headers
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_without_isolation_the_isolating_headers_are_missing(site_url_plain: str) -> None:
    headers = _get(site_url_plain, "manifest.json").headers
    assert "Cross-Origin-Opener-Policy" not in headers
    assert "Cross-Origin-Embedder-Policy" not in headers
    assert headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("pyodide/pyodide.mjs", "text/javascript; charset=utf-8"),
        ("pyodide/pyodide.asm.wasm", "application/wasm"),
        ("pyodide/pyodide-lock.json", "application/json; charset=utf-8"),
        ("pyodide/python_stdlib.zip", "application/zip"),
    ],
)
def test_files_are_sent_as_what_they_are(site_url: str, path: str, kind: str) -> None:
    assert _get(site_url, path).headers["Content-Type"] == kind


def test_an_unchanged_file_is_not_sent_twice(site_url: str) -> None:
    first = _get(site_url, "manifest.json")
    again = _get(site_url, "manifest.json", **{"If-None-Match": first.headers["ETag"]})
    assert (first.status, again.status) == (200, 304)
    assert first.headers["Cache-Control"] == "no-cache"


def test_a_changed_file_gets_another_tag(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("one")
    with serve.running(tmp_path) as url:
        first = _get(url, "page.html")
        (tmp_path / "page.html").write_text("other")
        again = _get(url, "page.html", **{"If-None-Match": first.headers["ETag"]})
    assert again.status == 200


def test_one_connection_carries_many_answers(site_url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(site_url).netloc, timeout=10)
    for path, status in (("/manifest.json", 200), ("/absent", 404), ("/manifest.json", 200)):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.version) == (status, 11)


@pytest.mark.parametrize("path", ["../pyproject.toml", "%2e%2e/pyproject.toml", "pyodide"])
def test_nothing_outside_and_no_folder_listing_is_served(site_url: str, path: str) -> None:
    assert _get(site_url, path).status == 404


def test_a_taken_port_is_refused_or_passed_over(tmp_path: Path) -> None:
    with serve.open_server(tmp_path) as taken:
        port = taken.server_address[1]
        with pytest.raises(BuildError, match=f"Port {port} .* is taken"):
            serve.open_server(tmp_path, port)
        with serve.open_server(tmp_path, port, strict=False) as other:
            assert other.server_address[1] > port


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


@pytest.mark.skipif(sys.platform == "win32", reason="a console event there, not a signal")
@pytest.mark.usefixtures("dist")
def test_serve_tells_its_address_and_ends_cleanly_at_ctrl_c() -> None:
    command = [sys.executable, "-u", paths.ROOT / "build.py", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = next(line for line in process.stdout if "http://" in line)
        (url,) = [word for word in told.split() if word.startswith("http://")]
        assert _get(url, "manifest.json").status == 200
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert (process.returncode, rest.strip()) == (0, "ended")
