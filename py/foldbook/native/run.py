"""`foldbook run`: a notebook from its first cell to its last, which people may watch and join."""

import argparse
import asyncio
import math
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

from tqdm import tqdm

from foldbook import ipynb
from foldbook.errors import BadParameters, FoldbookError
from foldbook.ipynb import ImportedNotebook
from foldbook.link import ShareLink
from foldbook.native.beside import beside
from foldbook.native.exits import Exit, exit_of, sentence, table
from foldbook.native.files import Files, Guarded
from foldbook.native.hosting import Hosted
from foldbook.native.job import Failure, Options, cells_to_run, run_cells
from foldbook.native.jupyter import JupyterKernel
from foldbook.native.local import Local, local_notebook
from foldbook.native.outfile import OutFile
from foldbook.native.parameters import code, from_yaml, inject, typed
from foldbook.native.python import ChildPython
from foldbook.native.sharing import RELAY, SITE, TOKEN, address_of, delivered, relay_of, share
from foldbook.native.signals import heeded
from foldbook.native.sources import read_bytes
from foldbook.native.store import SqliteStore
from foldbook.native.terminal import one_line, plain
from foldbook.row import Role
from foldbook.store import MemoryStore, Store

LINGER: Final = 30.0
"""Seconds that a shared notebook waits for whoever was there to come back."""

_OWN_KERNELS: Final = ("", "python", "python3")
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_EPILOG: Final = f"""\
Parameters are put into a new cell, tagged injected-parameters, right behind the one tagged
parameters, or at the top. -p takes True, False, None and numbers for what they are, -r takes all
as text; both count before -y. Cells tagged raises-exception may fail; those tagged skip-execution
are not run.

OUT has the outputs as they come, about a second old; - is the standard output, at the end.

With --share a link is printed before anything runs. Whoever has it watches, edits, adds cells and
runs them here, with what your user may do on this machine, also when all cells have run: it stays
until nobody has been there for {LINGER:.0f} seconds, or as long as --stay says. A relay that asks
for a token finds it in {TOKEN}. What the notebook had by then stays there.

{table(Exit.OK, Exit.USAGE, Exit.RELAY, Exit.KERNEL, Exit.DISK, Exit.CELLS)}
"""


def add(subparsers: Any) -> None:
    """Add the command to a parser's."""
    parser = subparsers.add_parser(
        "run",
        help="run a notebook file from its first cell to its last",
        description="Run a notebook file from its first cell to its last.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    argument = parser.add_argument
    argument("notebook", metavar="NOTEBOOK", help="an .ipynb file, or - (stdin)")
    argument("-o", "--output", metavar="OUT", help="the file with the outputs, or - (stdout)")
    many: dict[str, Any] = {"action": "append", "default": []}
    pair: dict[str, Any] = many | {"nargs": 2, "metavar": ("NAME", "VALUE")}
    argument("-p", "--parameter", help="a parameter", **pair)
    argument("-r", "--raw", help="a parameter that is text", **pair)
    argument("-y", "-f", "--yaml", metavar="YAML", help="parameters: a file, or YAML", **many)
    argument("--allow-errors", action="store_true", help="go on after a cell that fails")
    argument("--timeout", type=_seconds, metavar="SECONDS", help="for each cell")
    argument("--kernel", metavar="NAME", help="a Jupyter kernel (default: as the notebook says)")
    argument("--cwd", type=Path, metavar="DIR", help="the working directory (default: this one)")
    argument("--log", type=Path, metavar="FILE", help="keep the whole log in a new file")
    argument("--no-progress", action="store_true", help="no bar, not even on a terminal")
    shared = parser.add_argument_group("shared with others")
    argument = shared.add_argument
    argument("--share", nargs="?", const="", metavar="RELAY", help=f"print a link (or {RELAY})")
    argument("--role", choices=("view", "comment", "edit", "run"), default="run", help="its right")
    argument("--site", metavar="URL", help=f"the page that the link opens (or {SITE})")
    argument("--stay", type=_stay, metavar="SECONDS", help="stay so long in the end, or: ever")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    try:
        return asyncio.run(_Command(arguments).run())
    except FoldbookError as why:
        _say(f"foldbook run: {sentence(why)}")
        return exit_of(why)


class _Command:
    """One run of the program."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._relay = relay_of(arguments.share)
        if self._relay is None and not (arguments.output or arguments.log):
            raise BadParameters("-o OUT expected: where the outputs shall go (-: stdout)")

    async def run(self) -> int:
        """The exit code. Raises `FoldbookError`."""
        imported = _read(self._arguments.notebook)
        for note in imported.notes:
            _say(note)
        values = _parameters(self._arguments)
        task = asyncio.current_task()
        assert task is not None, "a command runs in a task"
        with heeded(lambda _count: task.cancel()) as came:
            try:
                async with local_notebook(_store(self._arguments.log), imported) as local:
                    code = await self._work(local, imported, values)
            except asyncio.CancelledError:
                if not came:
                    raise
                return 128 + came[0]
        return 128 + came[0] if came else code

    async def _work(self, local: Local, imported: ImportedNotebook, values: dict[str, Any]) -> Exit:
        name = self._arguments.output
        out = OutFile(name, local.notebook, local.peer) if name else None
        link = None
        if self._relay is not None:
            link = await share(local, self._relay, self._arguments.role)
        hosted = self._hosted(local, imported)
        code = Exit.OK
        try:
            local.notebook.clear_outputs(*cells_to_run(local.notebook))
            await hosted.start()
            if link is not None:
                self._tell(link)
            if values:
                self._inject(local, values, str(hosted.language.get("name", "")))
            async with beside() as works:
                works.start(hosted.run())
                if out is not None:
                    works.start(out.run())
                failure = await self._job(local)
                if failure is not None:
                    code = Exit.CELLS
                    _say(_told(failure))
                await self._linger(local)
        finally:
            await hosted.stop()
            try:
                if out is not None:
                    await out.write()
            finally:
                trouble = await delivered(local)
                if trouble is not None:
                    _say(sentence(trouble))
                    code = Exit.RELAY
        return code

    def _tell(self, link: ShareLink) -> None:
        _say(f"This run is shared: {address_of(link, self._arguments.site)}")
        if link.role is Role.RUN:
            _say("Whoever has this link runs code on this machine, as your user.")

    def _inject(self, local: Local, values: dict[str, Any], language: str) -> None:
        cell = inject(local.notebook, code(values, language))
        if list(local.notebook.cells).index(cell) == 0:
            _say("No cell is tagged parameters: they stand at the top.")

    def _hosted(self, local: Local, imported: ImportedNotebook) -> Hosted:
        folder = (self._arguments.cwd or Path.cwd()).absolute()
        kernel = self._arguments.kernel or _kernel_of(imported)
        asks = self._relay is not None
        executor = ChildPython(folder) if kernel is None else JupyterKernel(kernel, folder)
        guarded = Guarded(executor, Files(local.authority.saver, {}, folder))
        kind: Literal["python", "jupyter"] = "python" if kernel is None else "jupyter"
        name = f"{kernel or 'Python'} of foldbook run"
        return Hosted(local.peer, local.guests, guarded, name, kind, local.around, asks=asks)

    async def _job(self, local: Local) -> Failure | None:
        cells = cells_to_run(local.notebook)
        options = Options(self._arguments.allow_errors, self._arguments.timeout)
        hidden = self._arguments.no_progress or not sys.stderr.isatty()
        with tqdm(total=len(cells), unit="cell", disable=hidden, file=sys.stderr) as bar:
            return await run_cells(local.notebook, cells, options, bar.update)

    async def _linger(self, local: Local) -> None:
        """Stay where the notebook is shared, as long as that is of use."""
        if self._relay is None:
            return
        stay: float | None = self._arguments.stay
        peer = local.peer

        def is_anybody_here() -> bool:
            return peer.is_linked and bool(peer.present - {peer.session})

        if stay is not None or is_anybody_here():
            _say("All is done. The notebook stays open; Ctrl-C ends it.")
        if stay is not None:
            await (asyncio.Event().wait() if math.isinf(stay) else asyncio.sleep(stay))
            return
        while is_anybody_here():
            await peer.until(lambda: not is_anybody_here())
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    await peer.until(is_anybody_here)


def _read(name: str) -> ImportedNotebook:
    return ipynb.read(read_bytes(name), "Standard input" if name == "-" else name)


def _store(log: Path | None) -> Store:
    if log is None:
        return MemoryStore()
    if log.exists():
        raise BadParameters(f"--log expects the name of a new file, there is a {log}")
    return SqliteStore(log)


def _parameters(arguments: argparse.Namespace) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for given in arguments.yaml:
        values |= from_yaml(given)
    values |= {name: typed(value) for name, value in arguments.parameter}
    return values | dict(arguments.raw)


def _kernel_of(imported: ImportedNotebook) -> str | None:
    """The kernel that a notebook names; None where Foldbook's own Python does."""
    spec = imported.metadata.get("kernelspec")
    name = spec.get("name") if isinstance(spec, dict) else None
    return None if not isinstance(name, str) or name in _OWN_KERNELS else name


def _told(failure: Failure) -> str:
    """What to say of a cell that failed."""
    error = failure.run.error if failure.run else None
    status = failure.run.status if failure.run else "not run"
    lines = [f"foldbook run: cell {failure.place} ended with status {status}"]
    if failure.message:
        lines[0] += f": {one_line(failure.message, 200)}"
    if error is not None:
        shown = "\n".join(error["traceback"]) or f"{error['ename']}: {error['evalue']}"
        lines.append(plain(_ANSI.sub("", shown)))
    return "\n".join(lines)


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if (value := float(text)) > 0:
            return value
    raise argparse.ArgumentTypeError(f"seconds expected, more than none; {text!r} came")


def _stay(text: str) -> float:
    try:
        return math.inf if text == "ever" else max(0.0, float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"seconds expected, or ever; {text!r} came") from None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
