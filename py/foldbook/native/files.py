"""The notebook's files in a working directory that has files of its own.

Whoever may edit may put files into the notebook, and need not have the right to run. So what was
in the directory before is not overwritten, and nothing hidden is made there: configuration of
shells, of editors, of version control.
"""

import asyncio
import hashlib
from pathlib import Path, PurePosixPath
from typing import Final

from foldbook.native.notebooks import Held
from foldbook.store import Batch

_FILE: Final = "file/"
"""What the names of files that were written here begin with in the store's meta: their SHA-256."""


class Files:
    """Judges what of the notebook's files may be written into a folder. It remembers, in the
    notebook's store, what it has let be written."""

    def __init__(self, held: Held, folder: Path) -> None:
        self._held = held
        self._folder = folder
        self._written: dict[str, str] = {
            name.removeprefix(_FILE): str(value)
            for name, value in held.meta.items()
            if name.startswith(_FILE)
        }

    async def may_write(self, path: str, content: bytes) -> None:
        """Raises `ValueError`, in words for a person, where this is not to be written."""
        if any(part.startswith(".") for part in PurePosixPath(path).parts):
            raise ValueError("its name begins with a dot: hidden files are not written here")
        digest = hashlib.sha256(content).hexdigest()
        there = await self._there(path)
        if there not in (None, digest, self._written.get(path)):
            raise ValueError(
                "the working directory has a file of this name that is not the notebook's; "
                "it is left as it is"
            )
        self._note(path, digest)

    async def may_remove(self, path: str) -> bool:
        """Whether it is the notebook's, and as the notebook had it."""
        there = await self._there(path)
        if there is None or there != self._written.get(path):
            return False
        self._note(path, None)
        return True

    async def _there(self, path: str) -> str | None:
        """The SHA-256 of what is there; None: nothing."""
        return await asyncio.to_thread(_digest, self._folder / path)

    def _note(self, path: str, digest: str | None) -> None:
        if digest is None:
            self._written.pop(path, None)
        else:
            self._written[path] = digest
        self._held.saver.put(Batch(meta={_FILE + path: digest}))


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        return ""
