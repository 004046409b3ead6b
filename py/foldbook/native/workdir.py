"""The working directory of a runtime, seen from outside the process that runs the code."""

import asyncio
from pathlib import Path


class Workdir:
    """Made if need be. Files of the notebook stay inside."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def make(self) -> None:
        """Have it there. Raises `OSError`."""
        self.path.mkdir(parents=True, exist_ok=True)

    async def write(self, path: str, content: bytes) -> None:
        """Put a file there. Raises `OSError`, and `ValueError` for one outside."""
        await asyncio.to_thread(self._write, path, content)

    async def remove(self, path: str) -> None:
        """Take a file away, if it is there. Raises as `write`."""
        await asyncio.to_thread(lambda: self._inside(path).unlink(missing_ok=True))

    def _write(self, path: str, content: bytes) -> None:
        target = self._inside(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def _inside(self, path: str) -> Path:
        target = (self.path / path).resolve()
        if not target.is_relative_to(self.path.resolve()):
            raise ValueError(f"a file's path stays in the working directory, this is {path!r}")
        return target
