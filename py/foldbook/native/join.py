"""`foldbook join`: a runtime on this machine, for a notebook that somebody has shared."""

import argparse
import asyncio
import getpass
import os
import platform
from pathlib import Path
from typing import Any, Final

from foldbook.errors import FoldbookError, Refused
from foldbook.executor import Executor
from foldbook.link import ShareLink
from foldbook.native.exits import Exit, exit_of, sentence, table
from foldbook.native.files import Files, Guarded
from foldbook.native.folders import data_folder, person_secret, runtime_folder, runtime_secret
from foldbook.native.gates import Agreed, Signed
from foldbook.native.jupyter import JupyterKernel
from foldbook.native.links import ADVICE, LINK, read_link
from foldbook.native.notebooks import Held, opened
from foldbook.native.python import ChildPython
from foldbook.native.runtimes import NativeRuntime, wrong_right
from foldbook.native.signals import heeded
from foldbook.native.terminal import Terminal, one_line
from foldbook.peer import Change
from foldbook.row import Role
from foldbook.sync import RUNTIME_WINDOW

PATIENCE: Final = 30.0
"""Seconds that the relay has, where there is nothing to do without it."""

_EPILOG: Final = f"""\
A runtime runs what people ask for who may run in that notebook, and nothing else: their requests
are signed, and it checks that. They can do on this machine whatever the user can do that it runs
as. A link of the right "runtime" is expected; owners make one under Share, For machines.

{ADVICE}

It goes on without a network, and keeps on this disk what it could not send. Ctrl-C (or SIGTERM):
it takes nothing more and ends after what runs; again: it ends at once.

{table(*(each for each in Exit if each is not Exit.DEFECT))}
"""


def add(subparsers: Any) -> None:
    """Add the command to a parser's."""
    parser = subparsers.add_parser(
        "join",
        help="run a shared notebook's code on this machine",
        description="Run a shared notebook's code on this machine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "link", nargs="?", metavar="LINK", help="the link, a file that has it, or - (stdin)"
    )
    parser.add_argument("--name", help="what people see (default: the machine's name)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--kernel", metavar="NAME", help="a Jupyter kernel of this name")
    which.add_argument(
        "--python", type=Path, metavar="PATH", help="another Python, which has IPython"
    )
    parser.add_argument(
        "--cwd", type=Path, metavar="DIR", help="the working directory (default: this one)"
    )
    parser.add_argument("--once", action="store_true", help="run what waits, then leave")
    parser.add_argument(
        "--confirm", action="store_true", help="show each request on the terminal, and ask"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    terminal = Terminal()
    if arguments.confirm and (arguments.link == "-" or not terminal.is_there):
        terminal.say("foldbook join: --confirm asks on a terminal, and there is none.")
        return Exit.USAGE
    try:
        return asyncio.run(_join(arguments, terminal))
    except FoldbookError as why:
        terminal.say(f"foldbook join: {sentence(why)}")
        return exit_of(why)


async def _join(arguments: argparse.Namespace, terminal: Terminal) -> int:
    link = read_link(arguments.link)
    os.environ.pop(LINK, None)  # what cells start need not inherit it
    if link.role is not Role.RUNTIME:
        raise Refused("right", wrong_right(link.role))
    kernel: str | None = arguments.kernel
    machine = platform.node() or "a machine"
    name = one_line(arguments.name or (f"{machine} ({kernel})" if kernel else machine), 100)
    folder = (arguments.cwd or Path.cwd()).absolute()
    data = data_folder()
    secret = runtime_secret(person_secret(data), name)
    place = runtime_folder(data, link, name)
    async with opened(link, place, secret, window=RUNTIME_WINDOW, warn=terminal.say) as held:
        told = _Told(held, link, terminal)
        if held.is_new or arguments.once:
            await _patiently(held)
        executor = Guarded(_executor(arguments, folder), Files(held.saver, held.meta, folder))
        terminal.say(_greeting(held, name, arguments, folder))
        runtime = NativeRuntime(
            held,
            executor,
            name,
            "jupyter" if kernel else "python",
            gate=lambda look: Agreed(held, terminal, look) if arguments.confirm else Signed(held),
            say=terminal.say,
            once=arguments.once,
        )
        with heeded(lambda count: _heed(count, runtime, terminal)) as signals:
            served = await runtime.serve()
        told.end()
    if len(signals) > 1:
        return 128 + signals[1]
    if served.unsent:
        terminal.say(f"{served.unsent} rows could not be sent; the next start sends them.")
        return Exit.RELAY
    return Exit.CELLS if arguments.once and served.failed else Exit.OK


async def _patiently(held: Held) -> None:
    """Wait for the relay, but not for ever. Raises `Refused`."""
    try:
        async with asyncio.timeout(PATIENCE):
            await held.current()
    except TimeoutError:
        raise Refused("offline", held.trouble or "the relay does not answer") from None


def _executor(arguments: argparse.Namespace, folder: Path) -> Executor:
    if arguments.kernel:
        return JupyterKernel(arguments.kernel, folder)
    return ChildPython(folder, arguments.python)


def _greeting(held: Held, name: str, arguments: argparse.Namespace, folder: Path) -> str:
    notebook = one_line(held.peer.notebook.name) or "Untitled"
    python = f"Python ({arguments.python or 'this one'})"
    what = f"the kernel {arguments.kernel}" if arguments.kernel else python
    how = (
        "Each request is shown here first, and runs if you agree."
        if arguments.confirm
        else "It runs what they ask for without asking you."
    )
    return (
        f"{name}: a runtime of “{notebook}” at {held.share.link.relay}.\n"
        f"It runs code of people who may run there, and of nobody else, as {getpass.getuser()} "
        f"in {folder}, with {what}.\n{how} Ctrl-C: end after what runs; twice: end at once."
    )


def _heed(count: int, runtime: NativeRuntime, terminal: Terminal) -> None:
    """The first signal asks it to finish, the second to stop."""
    if count == 1:
        terminal.say("Ends after what runs. Once more: ends at once.")
        runtime.finish()
    else:
        runtime.stop()


class _Told:
    """Tells the runtime's user how it stands with relay and disk, where that is new."""

    def __init__(self, held: Held, link: ShareLink, terminal: Terminal) -> None:
        self._held = held
        self._link = link
        self._terminal = terminal
        self._was_linked: bool | None = None  # not known yet
        self._had_failed = False
        self.end = held.peer.subscribe(self._follow)

    def _follow(self, _change: Change) -> None:
        held = self._held
        failed = held.saver.failed
        linked = held.peer.is_linked or (None if held.trouble is None else False)
        if linked not in (None, self._was_linked) and held.peer.ended is None:
            self._was_linked = linked
            self._terminal.say(
                f"Connected to {self._link.relay}."
                if linked
                else f"Not connected to {self._link.relay}: goes on, and keeps what is to be sent."
            )
        if (failed is not None) is not self._had_failed:
            self._had_failed = failed is not None
            self._terminal.say(
                f"Nothing can be kept, and so nothing is sent: {failed}. It is tried again."
                if failed
                else "It is kept again."
            )
