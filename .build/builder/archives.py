"""The packages of a snapshot as one archive: zip, as wheels are, and read without being unpacked.

A worker that starts asks for one file instead of forty. Shared libraries stand in it as they are,
for they are compiled at every start; on the wire the whole archive is packed like any other file.
"""

import struct
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_LIBRARY = ".so"
_LENGTHS = struct.Struct("<26xHH")  # of a local header: bytes of the name and of what follows it


def write(target: Path, wheels: Sequence[Path]) -> None:
    """Put what these wheels hold into one archive; the same wheels give the same bytes."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in sorted(_contents(wheels).items()):
            method = zipfile.ZIP_STORED if name.endswith(_LIBRARY) else zipfile.ZIP_DEFLATED
            info = zipfile.ZipInfo(name)  # of 1980: it tells nothing of a time
            info.compress_type = method
            archive.writestr(info, content, compresslevel=9)


def describe(archive: Path) -> dict[str, Any]:
    """What can be known of it without reading it: its top, and the places of libraries."""
    with zipfile.ZipFile(archive) as opened:
        infos = opened.infolist()
    with archive.open("rb") as file:
        libraries: dict[str, tuple[int, int]] = {}
        for info in infos:
            if info.filename.endswith(_LIBRARY):
                file.seek(info.header_offset)
                lengths: tuple[int, int] = _LENGTHS.unpack(file.read(_LENGTHS.size))
                start = info.header_offset + _LENGTHS.size + sum(lengths)
                libraries[info.filename] = (start, info.file_size)
    return {**top(info.filename for info in infos), "libraries": libraries}


def top(names: Iterable[str]) -> dict[str, list[str]]:
    """The folders and the files at the top of what these paths name."""
    names = [name for name in names if not name.endswith("/")]
    folders = dict.fromkeys(name.partition("/")[0] for name in names if "/" in name)
    return {"folders": list(folders), "files": [name for name in names if "/" not in name]}


def _contents(wheels: Sequence[Path]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as opened:
            names = [name for name in opened.namelist() if not name.endswith("/")]
            found.update((name, opened.read(name)) for name in names)
    return found
