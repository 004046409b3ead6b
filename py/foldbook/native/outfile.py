"""Files that commands write: whole or not at all, and that of a run as it goes."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Final

from foldbook.api import Notebook
from foldbook.errors import FoldbookError
from foldbook.peer import Change, Peer

INTERVAL: Final = 1.0
"""Seconds between two writings, at least."""
_SHARE: Final = 10.0  # and so many times what the last one took


class FileFailed(FoldbookError):
    """A file cannot be read or written; the message names it."""


def checked(name: str) -> Path | None:
    """Where a file is to be written; None for ``-``, the standard output.

    Raises `FileFailed` where it cannot be written, before any work is done for it.
    """
    if name == "-":
        return None
    path = Path(name).resolve()
    if path.is_dir():
        raise FileFailed(f"{path} is a folder, the name of a file expected")
    if not path.parent.is_dir():
        raise FileFailed(f"{path} cannot be written: there is no folder {path.parent}")
    return path


def write_whole(path: Path | None, data: bytes) -> None:
    """Write a file; None: the standard output. Raises `FileFailed`."""
    try:
        if path is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        elif _is_regular(path):
            _replace(path, data)
        else:
            path.write_bytes(data)
    except OSError as why:
        raise FileFailed(f"{path or 'the output'} cannot be written: {why.strerror}") from why


class OutFile:
    """A notebook's file. Where it is a regular one it is written as the run goes, each time whole:
    who reads it, or finds it after the process was killed, has a valid notebook. ``-``, and what
    is no regular file, is written once, at the end. Raises `FileFailed` where it cannot be.
    """

    def __init__(self, name: str, notebook: Notebook, peer: Peer) -> None:
        self._path = checked(name)
        self._notebook = notebook
        self._news = asyncio.Event()
        peer.subscribe(self._notice)

    async def run(self) -> None:
        """Write it whenever there is something new, until cancelled."""
        if self._path is None or not _is_regular(self._path):
            return
        while True:
            self._news.clear()
            began = time.monotonic()
            await self.write()
            took = time.monotonic() - began
            await asyncio.sleep(max(INTERVAL, _SHARE * took))
            await self._news.wait()

    def _notice(self, change: Change) -> None:
        if change.pending or change.confirmed:
            self._news.set()

    async def write(self) -> None:
        """Write it as the notebook is now. Raises `FileFailed`."""
        data = await self._notebook.to_ipynb()
        await asyncio.to_thread(write_whole, self._path, data)


def _is_regular(path: Path) -> bool:
    return path.is_file() or not path.exists()


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            part.chmod(path.stat().st_mode)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
