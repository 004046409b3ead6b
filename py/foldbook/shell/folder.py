"""The working directory that code runs in: the notebook's files in it, and what code does to it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from foldbook.executor import FileChange

_Stamp = tuple[int, int]  # when it was changed (ns), bytes

_NOBODYS: Final = frozenset({"__pycache__"})
"""Folders that Python fills by itself."""


class Folder:
    """A folder of the notebook's own, made if need be, and entered. path: None: where the process
    is, which is not the notebook's own, so that nothing is told of changes.

    Of hidden files, and of links, nothing is told either.
    """

    def __init__(self, path: Path | None) -> None:
        self._before = Path.cwd()
        if path is not None:
            path.mkdir(parents=True, exist_ok=True)
            os.chdir(path)
        self._root = Path.cwd()
        self._is_own = path is not None
        self._known: dict[str, _Stamp] = dict(self._look())

    def leave(self) -> None:
        """Go back to where the process was."""
        os.chdir(self._before)

    def write(self, path: str, content: bytes) -> None:
        """Put a file there, that code has not written. Raises `ValueError` for one outside."""
        target = self._inside(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self._known[path] = _stamp(target.stat())

    def remove(self, path: str) -> None:
        """Take a file away, if it is there. Raises as `write`."""
        self._inside(path).unlink(missing_ok=True)
        self._known.pop(path, None)

    def read(self, path: str) -> bytes:
        """The content of a file. Raises as `write`, and `OSError`."""
        return self._inside(path).read_bytes()

    def changes(self) -> list[FileChange]:
        """What is different from what was last known, by path."""
        there = dict(self._look())
        paths = sorted(there.keys() | self._known.keys())
        changed = [path for path in paths if there.get(path) != self._known.get(path)]
        self._known = there
        return [FileChange(path, there[path][1] if path in there else None) for path in changed]

    def _look(self) -> Iterator[tuple[str, _Stamp]]:
        folders = [(self._root, "")] if self._is_own else []
        while folders:
            folder, before = folders.pop()
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.name in _NOBODYS:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((Path(entry.path), f"{before}{entry.name}/"))
                    elif entry.is_file(follow_symlinks=False):
                        yield before + entry.name, _stamp(entry.stat(follow_symlinks=False))

    def _inside(self, path: str) -> Path:
        target = (self._root / path).resolve()
        if not target.is_relative_to(self._root.resolve()):
            raise ValueError(f"a file's path stays in the working directory, this is {path!r}")
        return target


def _stamp(state: os.stat_result) -> _Stamp:
    return state.st_mtime_ns, state.st_size
