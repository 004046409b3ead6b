"""Hashes, stamps, links and the swap of a whole folder."""

import hashlib
import os
import shutil
import sys
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.console import say
from builder.errors import WrongContent

if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _lock(handle: int) -> None:
        while not _try_lock(handle):
            pass  # LK_LOCK gives up after ten tries of a second; this one does not
else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)


def sha256(path: Path) -> str:
    """The hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require(path: Path, expected: str) -> Path:
    """Give the path back if its sha256 is the expected one, else raise WrongContent."""
    found = sha256(path)
    if found != expected:
        raise WrongContent(path.name, expected, found)
    return path


def fingerprint(inputs: Iterable[Path], *words: str) -> str:
    """One digest over files (folders are walked) and words; names and bytes both count."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(f"word {word}\n".encode())
    for top in inputs:
        for path in _walk(top):
            digest.update(f"file {top.name}/{path.relative_to(top).as_posix()}\n".encode())
            digest.update(sha256(path).encode())
    return digest.hexdigest()


def _walk(top: Path) -> list[Path]:
    if top.is_file():
        return [top]
    kept = (path for path in top.rglob("*") if not _ignored(path.relative_to(top)))
    return sorted(path for path in kept if path.is_file())


def _ignored(path: Path) -> bool:
    return bool({"__pycache__", "node_modules"} & set(path.parts))


def link(source: Path, target: Path) -> None:
    """Put a file at a second place, as a hard link where the file system allows it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def swap(fresh: Path, target: Path) -> None:
    """Put the folder `fresh` in the place of `target`; a reader sees the old one or the new one.

    Two renames, as a folder cannot be replaced by one portable call. If the second fails, the
    old folder is put back.
    """
    old = target.with_name(f"{target.name}.old-{uuid.uuid4().hex[:8]}")
    had_old = target.exists()
    if had_old:
        target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        if had_old:
            old.rename(target)
        raise
    if had_old:
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file, so that two builds of one checkout take turns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        if not _try_lock(file.fileno()):
            say("  another build of this checkout is running; waiting for it")
            _lock(file.fileno())
        yield
