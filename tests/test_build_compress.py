"""The compressed neighbours: what gets them, what they hold, what a second build costs."""

import gzip
import random
import sys
from pathlib import Path

import brotli
import pytest
from builder import compress, manifest, venv
from builder.errors import BuildError, CommandFailed

TEXT = "".join(f"line {number}\n" for number in range(500)).encode()
NOISE = random.Random(1).randbytes(6000)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A small built folder, with files that can be made smaller and files that cannot."""
    folder = tmp_path / "dist"
    (folder / "chunks").mkdir(parents=True)
    for name in ("page.html", "chunks/a.js", "stored.whl", "font.woff2", "chunks/a.js.map"):
        (folder / name).write_bytes(TEXT)
    (folder / "packed.whl").write_bytes(NOISE)
    (folder / "empty.css").write_bytes(b"")
    return folder


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_gets_smaller_has_both_neighbours_and_they_hold_the_file(
    built: Path, tmp_path: Path
) -> None:
    before = _names(built)
    compress.assemble(built, tmp_path / "memory")
    packed = {"page.html", "chunks/a.js", "stored.whl"}
    assert _names(built) - before == {name + end for name in packed for end in (".br", ".gz")}
    for name in packed:
        assert brotli.decompress((built / f"{name}.br").read_bytes()) == TEXT
        assert gzip.decompress((built / f"{name}.gz").read_bytes()) == TEXT


def test_the_same_file_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    found = []
    for memory in ("one", "two"):
        compress.assemble(built, tmp_path / memory)
        neighbours = sorted(path for path in built.rglob("*") if compress.is_neighbour(path))
        found.append({path.name: path.read_bytes() for path in neighbours})
        for path in neighbours:
            path.unlink()
    assert found[0] == found[1]
    assert found[0]["page.html.gz"][4:8] == bytes(4), "no time in it"
    assert not found[0]["page.html.gz"][3] & 0x08, "no name in it"


def test_what_is_remembered_is_not_compressed_again(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "memory"
    compress.assemble(built, memory)
    first = _names(built)
    for path in [path for path in built.rglob("*") if compress.is_neighbour(path)]:
        path.unlink()
    monkeypatch.setattr(venv, "python", lambda: tmp_path / "no-python")
    compress.assemble(built, memory)
    assert _names(built) == first


def test_a_changed_file_gets_new_neighbours_and_the_memory_does_not_grow(
    built: Path, tmp_path: Path
) -> None:
    memory = tmp_path / "memory"
    compress.assemble(built, memory)
    known = len(list(memory.iterdir()))
    for path in [path for path in built.rglob("*") if compress.is_neighbour(path)]:
        path.unlink()
    for name in ("page.html", "chunks/a.js", "stored.whl"):
        (built / name).write_bytes(TEXT + b"more")
    compress.assemble(built, memory)
    assert gzip.decompress((built / "page.html.gz").read_bytes()) == TEXT + b"more"
    assert len(list(memory.iterdir())) == known


def test_a_neighbour_that_was_there_stays(built: Path, tmp_path: Path) -> None:
    (built / "page.html.gz").write_bytes(b"mine")
    compress.assemble(built, tmp_path / "memory")
    assert (built / "page.html.gz").read_bytes() == b"mine"
    assert (built / "page.html.br").is_file()


def test_a_compressor_that_fails_stops_the_build_with_its_words(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "pack.py"
    broken.write_text("import sys; sys.stdin.read(); sys.exit('no brotli here')")
    monkeypatch.setattr(compress, "_PACKER", broken)
    monkeypatch.setattr(venv, "python", lambda: Path(sys.executable))
    with pytest.raises(CommandFailed, match="no brotli here"):
        compress.assemble(built, tmp_path / "memory")


def test_a_file_too_large_for_hosts_is_refused_by_name(built: Path) -> None:
    compress.refuse_large(built)
    with pytest.raises(BuildError, match=r"packed\.whl has 6 kB; expected at most 5 kB, .* split"):
        compress.refuse_large(built, largest=5_400)
    compress.refuse_large(built, largest=6_000)


# -- what was built


def test_the_built_page_has_its_neighbours_and_they_are_not_listed(dist: Path) -> None:
    neighbours = {path for path in dist.rglob("*") if compress.is_neighbour(path)}
    names = {path.relative_to(dist).as_posix() for path in neighbours}
    wanted = (manifest.NAME, "index.html", "runtime_worker.js", "pyodide/pyodide.asm.wasm")
    assert {name + end for name in wanted for end in (".br", ".gz")} <= names
    listed = (dist / manifest.NAME).read_text(encoding="utf-8")
    assert [name for name in names if f'"{name}"' in listed] == []
    for path in neighbours:
        plain = path.with_suffix("")
        assert path.stat().st_size <= 0.95 * plain.stat().st_size
        unpack = brotli.decompress if path.suffix == ".br" else gzip.decompress
        assert unpack(path.read_bytes()) == plain.read_bytes(), path.name
    compress.refuse_large(dist)
