"""`ChildPython`: Foldbook's own shell in a Python process of its own."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foldbook.errors import CannotStart
from foldbook.executor import AsyncOutlet, Bundle, Completions
from foldbook.native.process import PythonProcess
from foldbook.native.workdir import InWorkdir


class ChildPython(InWorkdir[PythonProcess]):
    """A `foldbook.executor.Executor`: IPython in a child process, for POSIX systems.

    folder: the working directory, made if need be. python: the interpreter; the own one by
    default. Another (of a virtual environment, say) needs IPython 9 and nothing else.

    Interrupts: the first is SIGINT to the process and the programs that its cell has started,
    as Ctrl-C in a terminal. A further one in the same run is SIGTERM: to Python it means the
    same, programs that do not care for Ctrl-C end. Only `stop` helps against compiled code that
    never comes back; it asks for two seconds and then kills.
    """

    def __init__(self, folder: Path, python: Path | None = None) -> None:
        super().__init__(folder)
        self._python = Path(sys.executable) if python is None else python

    @property
    def pid(self) -> int | None:
        """The process, None where there is none."""
        return self._running.pid if self._running is not None else None

    async def start(self, outlet: AsyncOutlet) -> Mapping[str, Any]:
        """See `foldbook.executor.Executor`; so for the following ones."""
        if self._running is not None:
            await self._running.stop()
            self._running = None
        try:
            self._make_folder()
            process = await PythonProcess.spawn(self._python, self._folder, outlet)
        except OSError as why:
            raise CannotStart(f"Python cannot be started ({self._python}): {why}") from why
        try:
            language = await process.greeting()
        except BaseException:
            await process.stop()
            raise
        self._running = process
        return language

    async def complete(self, source: str, position: int) -> Completions:
        """Completions at a position; "busy" after two seconds in which code ran."""
        found = await self._there().ask("complete", source=source, position=position)
        return Completions(**found)

    async def inspect(self, source: str, position: int, detail: int = 0) -> Bundle:
        """Documentation; "busy" as for `complete`."""
        place = {"source": source, "position": position, "detail": detail}
        bundle: Bundle = await self._there().ask("inspect", **place)
        return bundle

    async def variables(self) -> Bundle:
        """What is in memory; "busy" as for `complete`."""
        told: Bundle = await self._there().ask("variables")
        return told

    async def variable(self, name: str) -> Bundle:
        """One variable; "busy" as for `complete`."""
        told: Bundle = await self._there().ask("variable", name=name)
        return told
