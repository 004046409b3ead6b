"""Files of rooms: segments, snapshots and blobs, all of them sealed and opaque.

A file is written beside its place and moved there when it is whole and on the disk, so what is
found is whole. There is no index: what a room has is what its folders list.
"""

import asyncio
import hashlib
import os
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final, Literal

Kind = Literal["segments", "snapshots", "blobs"]
_PIECE: Final = 1024 * 1024  # bytes that are written at once


class TooLarge(Exception):
    """The file is larger than one may be."""


class NoRoom(Exception):
    """The room has used up its share, or the disk is full."""


class Shelf:
    """Keeps files under a folder. room_limit: bytes of all files of one room."""

    def __init__(self, folder: Path, room_limit: int) -> None:
        self._folder = folder
        self._limit = room_limit
        self._used: dict[str, int] = {}

    async def open(self) -> None:
        """Get ready; what was being written when the relay last ended is removed."""

        def work() -> None:
            shutil.rmtree(self._folder / "incoming", ignore_errors=True)
            (self._folder / "incoming").mkdir(parents=True)

        await asyncio.to_thread(work)

    async def put(
        self, room: str, kind: Kind, name: str, chunks: AsyncIterator[bytes], limit: int
    ) -> int:
        """Keep a file, in place of an older one of this name; returns its size.

        Raises `TooLarge` and `NoRoom`; then nothing is kept of it.
        """
        await self._count(room)
        part = self._folder / "incoming" / uuid.uuid4().hex
        size = 0
        try:
            file = await asyncio.to_thread(part.open, "xb")
            with file:
                async for piece in _pieces(chunks):
                    size += len(piece)
                    self._used[room] += len(piece)
                    self._check(room, size, limit)
                    await asyncio.to_thread(file.write, piece)
                await asyncio.to_thread(_sync, file)
            older = await asyncio.to_thread(self._move, part, self._place(room, kind, name))
        except BaseException as why:
            self._used[room] -= size
            part.unlink(missing_ok=True)
            if isinstance(why, OSError):
                raise NoRoom(f"the file cannot be written: {why.strerror}") from why
            raise
        self._used[room] -= older
        return size

    def path(self, room: str, kind: Kind, name: str) -> Path | None:
        """Where a file stands, or None."""
        place = self._place(room, kind, name)
        return place if place.is_file() else None

    def sizes(self, room: str, kind: Kind) -> dict[str, int]:
        """The files of a kind that a room has, with their sizes."""
        folder = self._home(room) / kind
        if not folder.is_dir():
            return {}
        return {each.name: each.stat().st_size for each in os.scandir(folder)}

    def remove(self, room: str, kind: Kind, name: str) -> None:
        """Let go of a file."""
        place = self._place(room, kind, name)
        size = place.stat().st_size
        place.unlink()
        if room in self._used:
            self._used[room] -= size

    async def delete(self, room: str) -> None:
        """Let go of all files of a room."""
        await asyncio.to_thread(shutil.rmtree, self._home(room), ignore_errors=True)
        self._used.pop(room, None)

    def _check(self, room: str, size: int, limit: int) -> None:
        if size > limit:
            raise TooLarge(f"a file of at most {limit} bytes expected, more came")
        if self._used[room] > self._limit:
            raise NoRoom(f"the files of a room have at most {self._limit} bytes")

    async def _count(self, room: str) -> None:
        if room in self._used:
            return

        def work() -> int:
            files = (each for each in self._home(room).rglob("*") if each.is_file())
            return sum(each.stat().st_size for each in files)

        self._used.setdefault(room, await asyncio.to_thread(work))

    def _home(self, room: str) -> Path:
        # Not the room's own name: file systems do not tell all names apart.
        return self._folder / hashlib.sha256(room.encode()).hexdigest()[:32]

    def _place(self, room: str, kind: Kind, name: str) -> Path:
        return self._home(room) / kind / name

    def _move(self, part: Path, place: Path) -> int:
        """Move a file to its place; returns the size of the one that stood there."""
        place.parent.mkdir(parents=True, exist_ok=True)
        older = place.stat().st_size if place.exists() else 0
        part.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return older


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


async def _pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in larger pieces."""
    piece = bytearray()
    async for chunk in chunks:
        piece += chunk
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)
