"""Compress files. A program, imported by nobody: `.venv`'s Python has brotli, the build's not.

Reads jobs from standard input, one JSON object per line: `source` and `target` (paths), `coding`
("br" or "gzip"), `level`, and `most`, the largest size in bytes that is worth keeping. Writes a
result that is not as an empty file. Prints the name of each source when it is done.
"""

import json
import os
import sys
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import brotli

_TRIAL = 5
_GZIP = 16 + zlib.MAX_WBITS


def run(jobs: Iterable[dict[str, Any]]) -> None:
    """Do all jobs, on every core: both compressors let other threads run meanwhile."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name in pool.map(_do, jobs):
            print(name, flush=True)


def _do(job: dict[str, Any]) -> str:
    source, target = Path(job["source"]), Path(job["target"])
    content = source.read_bytes()
    pack = _brotli if job["coding"] == "br" else _gzip
    packed = pack(content, job["level"], job["most"])
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    part.write_bytes(packed if len(packed) <= job["most"] else b"")
    part.replace(target)
    return source.name


def _brotli(content: bytes, level: int, most: int) -> bytes:
    # What a quick trial cannot make smaller (archives, pictures) is not worth a slow one.
    trial: bytes = brotli.compress(content, quality=_TRIAL)
    if level <= _TRIAL or len(trial) > most:
        return trial
    packed: bytes = brotli.compress(content, quality=level)
    return packed


def _gzip(content: bytes, level: int, _most: int) -> bytes:
    # zlib's own header has no name and no time, so equal bytes give equal bytes.
    packer = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
    return packer.compress(content) + packer.flush()


if __name__ == "__main__":
    run(json.loads(line) for line in sys.stdin)
