"""The notebook's files and a runtime's working directory: each is brought up to the other.

Before a run what the log says of files is written there; after it, what the code has written there
is kept in the notebook, so that it survives the runtime, and others have it.
"""

import hashlib
import mimetypes
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from foldbook.errors import Refused
from foldbook.events.files import FileUnlinked, FileWritten, Path
from foldbook.executor import Executor, Outlet
from foldbook.peer import Peer

FILE_LIMIT: Final = 128 * 1024 * 1024
"""Bytes of a file that is kept by itself; a relay takes twice that."""
RUN_LIMIT: Final = 256 * 1024 * 1024
"""Bytes that one execution may add to the notebook by writing files."""
COUNT_LIMIT: Final = 200
"""Files that one execution may add to the notebook, or change there."""

_SLOW: Final = 8 * 1024 * 1024  # bytes that take a while to be kept
_MIB: Final = 1024 * 1024
_SHOWN: Final = 5  # names in a note

_path: TypeAdapter[str] = TypeAdapter(Path)


@dataclass(slots=True)
class _Spent:
    """What a run has added to the notebook: bytes, and files."""

    size: int = 0
    count: int = 0


class Workdir:
    """Of one runtime session. outlet: where the cell is told what could not be done."""

    def __init__(self, peer: Peer, executor: Executor, outlet: Outlet) -> None:
        self._peer = peer
        self._executor = executor
        self._outlet = outlet
        self._digests: dict[str, str] = {}  # of the notebook's files, as they are there

    async def bring(self, execution_id: str) -> None:
        """Bring the working directory up to what the log says."""
        files = dict(self._peer.notebook.files)
        for path in self._digests.keys() - files.keys():
            await self._try(execution_id, path, self._remove(path))
        for path, file in files.items():
            if self._digests.get(path) != file.digest:
                await self._try(execution_id, path, self._write(path, file.digest))

    async def keep(self, execution_id: str) -> None:
        """Bring the log up to what code has done in the working directory."""
        left: list[tuple[str, str]] = []
        spent = _Spent()
        for change in await self._executor.file_changes():
            if change.size is None:
                self._unlink(execution_id, change.path)
            elif why := _unfit(change.path, change.size, spent):
                left.append((change.path, why))
            else:
                try:
                    await self._keep(execution_id, change.path, change.size, spent)
                except FileNotFoundError:
                    pass  # a thread of the code has deleted it since
                except OSError as why:
                    left.append((change.path, str(why)))
        if left:
            self._outlet.stream(execution_id, "stderr", _note(left))

    def _unlink(self, execution_id: str, path: str) -> None:
        if self._digests.pop(path, None) and path in self._peer.notebook.files:
            self._peer.append([FileUnlinked(execution_id=execution_id, path=path)])

    async def _keep(self, execution_id: str, path: str, size: int, spent: _Spent) -> None:
        if size <= _SLOW:
            return await self._keep_content(execution_id, path, spent)
        self._outlet.progress(execution_id, f"Keeping {path}, {size / _MIB:.0f} MB")
        try:
            await self._keep_content(execution_id, path, spent)
        finally:
            self._outlet.progress(execution_id, "")

    async def _keep_content(self, execution_id: str, path: str, spent: _Spent) -> None:
        content = await self._executor.read_file(path)
        digest = hashlib.sha256(content).hexdigest()
        known = self._peer.notebook.files.get(path)
        self._digests[path] = digest
        if known is None or known.digest != digest:
            self._peer.put_blob(content)
            self._peer.append([_written(execution_id, path, digest, len(content))])
            spent.size, spent.count = spent.size + len(content), spent.count + 1

    async def _try(self, execution_id: str, path: str, work: Awaitable[Any]) -> None:
        try:
            await work
        except (OSError, ValueError, Refused) as why:
            text = f"The file {path} could not be brought up to date: {why}\n"
            self._outlet.stream(execution_id, "stderr", text)

    async def _remove(self, path: str) -> None:
        del self._digests[path]
        await self._executor.remove_file(path)

    async def _write(self, path: str, digest: str) -> None:
        content = await self._peer.get_blob(digest)
        if content is None:
            raise Refused("missing", "its content has not arrived")
        await self._executor.write_file(path, content)
        self._digests[path] = digest


def _written(execution_id: str, path: str, digest: str, size: int) -> FileWritten:
    mime = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return FileWritten(execution_id=execution_id, path=path, digest=digest, size=size, mime=mime)


def _unfit(path: str, size: int, spent: _Spent) -> str:
    """Why a file is not kept; empty where it can be."""
    try:
        _path.validate_python(path).encode()
    except (ValidationError, UnicodeEncodeError):
        return "its name is too long, or has characters that not every machine can write"
    if size > FILE_LIMIT:
        return f"{size / _MIB:,.0f} MB, and files of up to {FILE_LIMIT // _MIB} MB are kept"
    if spent.size + size > RUN_LIMIT:
        return f"a run keeps up to {RUN_LIMIT // _MIB} MB"
    return f"a run keeps up to {COUNT_LIMIT} files" if spent.count >= COUNT_LIMIT else ""


def _note(left: list[tuple[str, str]]) -> str:
    """What the cell says of files that are not kept."""
    lines = [f"  {path!a}: {why}" for path, why in left[:_SHOWN]]
    if len(left) > _SHOWN:
        lines.append(f"  and {len(left) - _SHOWN} more")
    head = "Only in the memory of this runtime, and not kept in the notebook:"
    return "\n".join([head, *lines, ""])
