"""The process of a `foldbook.native.python.ChildPython`, and the line to it."""

import asyncio
import itertools
import os
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import foldbook
from foldbook.errors import CannotStart, CommandRefused, Died, FoldbookError, Refused
from foldbook.executor import AsyncOutlet, Outcome
from foldbook.native import frames
from foldbook.native.endings import ending
from foldbook.native.frames import Message
from foldbook.native.taps import Gatherer, Name, Tap
from foldbook.saver import first_of

WHO: Final = "The Python process"
STOPPED: Final = f"{WHO} was stopped."
START_SECONDS: Final = 120.0
ANSWER_SECONDS: Final = 2.0
"""How long a completion may take before the answer is that Python is busy."""
STOP_SECONDS: Final = 2.0
"""How long Python may take to end by itself before it is killed."""
_LAST_SECONDS: Final = 1.0
_PIPE: Final = 1024 * 1024

_BOOTSTRAP: Final = """
import importlib.util, sys
if sys.version_info < (3, 11):
    sys.exit("Python 3.11 or newer expected, {{}} is {{}}".format(sys.executable, sys.version))
try:
    import IPython.core.interactiveshell
except ImportError as why:
    sys.exit("{{}} needs IPython ({{}}): pip install ipython".format(sys.executable, why))
spec = importlib.util.spec_from_file_location(
    "foldbook", {door!r}, submodule_search_locations=[{house!r}])
sys.modules["foldbook"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
del IPython, module, spec
from foldbook.native.child import main
main({descriptor}, {folder!r}, {parent})
"""
"""It finds Foldbook without putting its folder, and the packages beside it, on the path."""


class PythonProcess:
    """One process, from its start to its end."""

    def __init__(
        self,
        process: Process,
        line: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        pipes: Mapping[Name, int],
        outlet: AsyncOutlet,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.pid = process.pid
        self.died: asyncio.Future[str] = loop.create_future()
        self._process = process
        self._reader, self._writer = line
        self._outlet = outlet
        self._gatherer = Gatherer(outlet)
        self._taps = {name: Tap(fd, partial(self._say, name)) for name, fd in pipes.items()}
        self._language: asyncio.Future[Mapping[str, Any]] = loop.create_future()
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Message]] = {}
        self._questions: dict[int, asyncio.Task[None]] = {}
        self._asking = asyncio.Lock()
        self._parent: str | None = None
        self._is_running = False
        self._interrupts = 0
        self._is_stopping = False
        self._trouble = ""
        self._ended = asyncio.Event()
        self._hearing = loop.create_task(self._hear())
        self._tapping = [loop.create_task(tap.run(self._room)) for tap in self._taps.values()]
        self._watching = loop.create_task(self._watch())

    @classmethod
    async def spawn(cls, python: Path, folder: Path, outlet: AsyncOutlet) -> "PythonProcess":
        """Start it. Raises `OSError`."""
        ours, theirs = socket.socketpair()
        readers: dict[Name, int] = {}
        writers: list[int] = []
        try:
            for name in ("stdout", "stderr"):
                readers[name], writer = os.pipe()
                writers.append(writer)
            process = await asyncio.create_subprocess_exec(
                *(str(python), "-c", _bootstrap(theirs.fileno(), folder)),
                stdin=DEVNULL,
                stdout=writers[0],
                stderr=writers[1],
                pass_fds=(theirs.fileno(),),
                cwd=folder,
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            for reader in readers.values():
                os.close(reader)
            raise
        finally:
            theirs.close()
            for writer in writers:
                os.close(writer)
        line = await asyncio.open_unix_connection(sock=ours)
        return cls(process, line, readers, outlet)

    async def greeting(self) -> Mapping[str, Any]:
        """Jupyter's ``language_info`` when it is ready. Raises `CannotStart`."""
        try:
            async with asyncio.timeout(START_SECONDS):
                return await asyncio.shield(self._language)
        except TimeoutError:
            why = f"it did not say within {START_SECONDS:.0f} s that it is ready"
            raise CannotStart(f"Python cannot be started: {why}.") from None

    async def run(self, parent: str, source: str) -> Outcome:
        """Run one source. Raises `Died`."""
        self._parent, self._is_running, self._interrupts = parent, True, 0
        try:
            found = await self._call("run", parent=parent, source=source)
        finally:
            self._is_running = False
            self._take_what_is_there()
        if self._is_stopping:  # it may have ended by the interrupt that came with that
            raise Died(STOPPED)
        return Outcome(**found)

    async def ask(self, what: str, **fields: Any) -> Any:
        """Ask something that Python may be too busy for. Raises `Refused`, `Died`."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._call(what, **fields)
        except TimeoutError:
            raise Refused("busy", "Python is running code and answers when it is done") from None

    def interrupt(self) -> bool:
        """Send the signal, and say it: code that awaits is interrupted by the second."""
        if not self._is_running or self._process.returncode is not None:
            return False
        self._interrupts += 1
        self._signal(signal.SIGINT if self._interrupts == 1 else signal.SIGTERM)
        self._send("interrupt")
        return True

    async def stop(self) -> None:
        """End it."""
        self._is_stopping = True
        self.interrupt()
        self._send("stop")
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.shield(self._watching)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await asyncio.shield(self._watching)

    # To the process

    async def _call(self, what: str, **fields: Any) -> Any:
        number = next(self._numbers)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        try:
            if self.died.done() or self._watching.done():
                raise Died(self.died.result() if self.died.done() else STOPPED)
            self._send(what, id=number, **fields)
            message = await reply
        except asyncio.CancelledError:
            self._send("forget", id=number)
            raise
        finally:
            del self._replies[number]
        if "failed" in message:
            raise RuntimeError(message["failed"])
        return message["value"]

    def _send(self, what: str, **fields: Any) -> None:
        if not self._writer.is_closing():
            self._writer.write(frames.pack({"what": what, **fields}))

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    # From the process

    async def _hear(self) -> None:
        """Take messages until the line ends."""
        try:
            while True:
                message = await frames.receive(self._reader)
                # What was written to the descriptors before it comes before it.
                self._take_what_is_there()
                self._take_or_say(message)
                await self._room()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (frames.Garbled, KeyError, TypeError) as why:
            self._trouble = f"Code that ran has disturbed its line to Foldbook ({why})."

    async def _room(self) -> None:
        """Wait until the outlet takes more. What a process has said before its end is not much."""
        if not self._ended.is_set():
            await first_of(self._outlet.ready(), self._ended.wait())

    def _take_or_say(self, message: Message) -> None:
        try:
            self._take(message)
        except (CommandRefused, ValueError) as why:
            note = f"\n[Foldbook: an output cannot be kept: {why}]\n"
            self._gatherer.write(message.get("parent", ""), "stderr", note)

    def _take(self, message: Message) -> None:
        outlet, parent = self._outlet, message.get("parent", "")
        match message["what"]:
            case "stream":
                outlet.stream(parent, message["name"], message["text"])
            case "display":
                shown = (message[key] for key in ("data", "metadata", "display_id", "update"))
                outlet.display(parent, *shown)
            case "result":
                given = (message[key] for key in ("data", "metadata", "count", "display_id"))
                outlet.result(parent, *given)
            case "error":
                outlet.error(parent, message["ename"], message["evalue"], message["traceback"])
            case "clear":
                outlet.clear(parent, message["wait"])
            case "progress":
                outlet.progress(parent, message["text"])
            case _:
                self._heed(message)

    def _heed(self, message: Message) -> None:
        match message["what"]:
            case "ask":
                answering = self._answer(message)
                self._questions[message["id"]] = asyncio.create_task(answering)
            case "unask":
                if (question := self._questions.pop(message["id"], None)) is not None:
                    question.cancel()
            case "sync":
                self._send("answer", id=message["id"])
            case "ready":
                self._language.set_result(message["language"])
            case "reply":
                reply = self._replies.get(message["id"])
                if reply is not None and not reply.done():
                    reply.set_result(message)
            case other:
                raise frames.Garbled(f"something that Python says expected, {other!r} came")

    async def _answer(self, message: Message) -> None:
        number = message["id"]
        try:
            async with self._asking:
                value = await self._outlet.question(
                    message["parent"], message["prompt"], message["password"]
                )
        except (FoldbookError, RuntimeError) as why:
            self._send("answer", id=number, message=f"Nobody can answer: {why}")
        else:
            self._send("answer", id=number, value=value)
        finally:
            self._questions.pop(number, None)

    def _say(self, name: Name, text: str) -> None:
        if self._parent is not None:
            self._gatherer.write(self._parent, name, text)

    def _take_what_is_there(self) -> None:
        for tap in self._taps.values():
            tap.take_all(_PIPE)
        self._gatherer.flush()

    # The end

    async def _watch(self) -> None:
        """Wait for the end of the process, or of the line, and clean up."""
        ended = asyncio.ensure_future(self._process.wait())
        await asyncio.wait((ended, self._hearing), return_when=asyncio.FIRST_COMPLETED)
        self._ended.set()
        await asyncio.wait((ended, self._hearing), timeout=_LAST_SECONDS)
        self._signal(signal.SIGKILL)  # it, or the programs that it has left behind
        code = await ended
        await self._let_go()
        if code == frames.LINE_CLOSED:
            self._trouble = "Code that ran has closed its line to Foldbook, a descriptor above 2."
        words = self._trouble or ending(WHO, code)
        self._tell_start(words)
        words = STOPPED if self._is_stopping else words
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(Died(words))
        if not self._is_stopping:
            self.died.set_result(words)

    async def _let_go(self) -> None:
        tasks = [self._hearing, *self._tapping, *self._questions.values()]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        self._take_what_is_there()
        for tap in self._taps.values():
            tap.close()
        self._gatherer.close()
        self._writer.close()

    def _tell_start(self, words: str) -> None:
        if not self._language.done():
            why = "\n".join((words, *self._taps["stderr"].last_lines))
            self._language.set_exception(CannotStart(f"Python cannot be started. {why}"))


def _bootstrap(descriptor: int, folder: Path) -> str:
    house = Path(foldbook.__file__).parent
    return _BOOTSTRAP.format(
        door=str(house / "__init__.py"),
        house=str(house),
        descriptor=descriptor,
        folder=str(folder),
        parent=os.getpid(),
    )
