"""Compressed neighbours of the files in `dist/`: `name.br` and `name.gz` beside `name`.

A host that knows of them (nginx, Caddy, our own `serve`) sends them in place of the file; any
other host sends the file itself. Results are remembered by content in `.cache/compressed`.
"""

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder import console, files, paths, venv
from builder.errors import BuildError, CommandFailed

SUFFIXES = {"br": ".br", "gzip": ".gz"}
"""The ending of a neighbour by its content coding, the better coding first."""

LARGEST = 100_000_000
"""Bytes; GitHub takes no larger file, and other hosts have like limits."""

_MEMORY = paths.WORK / "compressed"
_PACKER = Path(__file__).with_name("pack.py")
# Compressed already, or (.map) fetched by nobody but a developer.
_LEFT_OUT = {".woff2", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".map", *SUFFIXES.values()}
_WORTH_KEEPING = 0.95
# Up to this size in bytes: the levels of the codings. Brotli's two best cost ten times the time
# of the others, which a script can pay at every build, and the Pyodide core once.
_LEVELS = (
    (2_000_000, {"br": 11, "gzip": 9}),
    (16_000_000, {"br": 10, "gzip": 9}),
)
_LEVELS_BEYOND = {"br": 6, "gzip": 6}


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """One file to make; `remembered` is its content in the memory, empty if not worth keeping."""

    source: Path
    coding: str
    level: int
    remembered: Path

    @property
    def target(self) -> Path:
        return self.source.with_name(self.source.name + SUFFIXES[self.coding])

    def job(self) -> dict[str, Any]:
        most = int(self.source.stat().st_size * _WORTH_KEEPING)
        places = {"source": str(self.source), "target": str(self.remembered)}
        return {**places, "coding": self.coding, "level": self.level, "most": most}


def assemble(dist: Path, memory: Path = _MEMORY) -> None:
    """Give every file of `dist` its neighbours where they are at least 5 % smaller.

    Run it when all else is written; a neighbour that is there already stays as it is. What the
    memory holds of other builds is dropped.
    Raises CommandFailed when the compressor ends with an error.
    """
    memory.mkdir(parents=True, exist_ok=True)
    found = [path for path in sorted(dist.rglob("*")) if path.is_file()]
    sources = [path for path in found if path.suffix not in _LEFT_OUT]
    wanted = [one for path in sources for one in _neighbours(path, memory)]
    missing = {one.remembered: one for one in wanted if not one.remembered.is_file()}
    if missing:
        # The longest first, or one core would wait for the other at the end.
        _pack(sorted(missing.values(), key=lambda one: (-one.source.stat().st_size, one.coding)))
    for one in wanted:
        if one.remembered.stat().st_size and not one.target.exists():
            files.link(one.remembered, one.target)
    for left_over in set(memory.iterdir()) - {one.remembered for one in wanted}:
        left_over.unlink()


def is_neighbour(path: Path) -> bool:
    """Whether a file of `dist/` is another one, compressed."""
    return path.suffix in SUFFIXES.values() and path.with_suffix("").is_file()


def refuse_large(dist: Path, largest: int = LARGEST) -> None:
    """Raise BuildError, which names the file, when one is too large for common hosts."""
    sizes = {path: path.stat().st_size for path in sorted(dist.rglob("*")) if path.is_file()}
    for path, size in sizes.items():
        if size > largest:
            raise BuildError(
                f"{path.relative_to(dist).as_posix()} has {console.megabytes(size)}; expected at "
                f"most {console.megabytes(largest)}, as GitHub takes no larger file. Put fewer "
                "packages into it (.locks/browser.json says which), or split it."
            )


def _neighbours(source: Path, memory: Path) -> list[_Neighbour]:
    size = source.stat().st_size
    levels = next((levels for most, levels in _LEVELS if size <= most), _LEVELS_BEYOND)
    digest = files.sha256(source)
    return [
        _Neighbour(source, coding, level, memory / f"{digest}-{level}{SUFFIXES[coding]}")
        for coding, level in levels.items()
    ]


def _pack(neighbours: Iterable[_Neighbour]) -> None:
    jobs = [json.dumps(one.job()) for one in neighbours]
    label = "compress dist/"
    log = paths.WORK / "logs" / "compress-dist.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with console.step(label) as progress, log.open("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            # Isolated, or the modules beside the program would stand before Python's own.
            [str(venv.python()), "-I", str(_PACKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n".join(jobs))
        process.stdin.close()
        for done, name in enumerate(process.stdout, 1):
            progress.show(f"{done} of {len(jobs)}: {name.strip()}")
        if code := process.wait():
            errors.seek(0)
            raise CommandFailed(label, code, log, errors.read()[-2000:])
