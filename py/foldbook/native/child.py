"""The program in a runtime's Python process: a `ShellExecutor` at one end of a socket.

The standard library, IPython and `foldbook.shell` are all that it needs, so that it can run in
any virtual environment. What code in a cell can do to it (block, crash, fork, close descriptors,
write to descriptor 1) is judged at the other end, in `foldbook.native.python`.

In the main thread cells run. One thread hears commands, one sends, one flushes streams while
the main thread is busy; none of them takes signals that matter to cells.
"""

import asyncio
import ctypes
import faulthandler
import io
import itertools
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

from foldbook.executor import Bundle
from foldbook.native import frames
from foldbook.native.frames import Message
from foldbook.shell import Hooks, ShellExecutor

WINDOW: Final = 1024 * 1024
"""Bytes on their way above which whoever prints waits."""
_SOON: Final = 0.02
"""Seconds that a thread gives the sending one, so that outputs leave before it goes on."""
_SYNC_SECONDS: Final = 1.0
_GLANCE: Final = 0.1
"""Seconds: a signal that comes just before a thread begins to wait does not end the wait."""
_STARTS_PROGRAM: Final = frozenset({"subprocess.Popen", "os.system", "os.posix_spawn"})


def main(descriptor: int, folder: str, parent: int) -> None:
    """Serve the socket with this descriptor until it ends, or the process ``parent`` does."""
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the shell's own handler stands above it
    os.set_inheritable(descriptor, False)
    faulthandler.enable(os.dup(2), all_threads=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    asyncio.run(_serve(socket.socket(fileno=descriptor), Path(folder)))


async def _serve(line: socket.socket, folder: Path) -> None:
    await _Child(line, folder).serve()


class _Sender:
    """Sends frames in a thread of its own. It is the `foldbook.shell.hooks.Distance`, too."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        # Both can be entered again by a signal handler that prints.
        self._frames: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._sent = threading.Condition(threading.RLock())
        self._waiting = 0
        self._due: queue.SimpleQueue[tuple[float, Callable[[], None]]] = queue.SimpleQueue()
        self._settling = False
        self._home = threading.get_ident()
        _thread(self._send)
        _thread(self._flush)

    def put(self, what: str, **fields: Any) -> None:
        """Have a message sent, after those before it."""
        frame = frames.pack({"what": what, **fields})
        size = len(frame)
        with self._sent:
            self._waiting += size
            self._frames.put(frame)

    def settle(self) -> None:
        """See `foldbook.shell.hooks.Distance`."""
        home = threading.get_ident() == self._home
        if self._settling and home:
            return  # a signal handler that prints
        try:
            self._settling = self._settling or home
            with self._sent:
                # Code that never lets another thread run must not keep what it said before.
                self._sent.wait_for(lambda: not self._waiting, _SOON)
                while self._waiting > WINDOW:
                    self._sent.wait(_GLANCE)
        finally:
            if home:
                self._settling = False

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """See `foldbook.shell.hooks.Distance`."""
        self._due.put((time.monotonic() + seconds, call))

    def _send(self) -> None:
        while True:
            frame = self._frames.get()
            try:
                self._line.sendall(frame)
            except OSError as why:
                _end(why)
            with self._sent:
                self._waiting -= len(frame)
                self._sent.notify_all()

    def _flush(self) -> None:
        while True:
            due, call = self._due.get()
            time.sleep(max(0.0, due - time.monotonic()))
            call()


class _Outlet:
    """The `foldbook.executor.Outlet` of a cell: everything goes over the line."""

    def __init__(self, sender: _Sender) -> None:
        self._put = sender.put
        self._numbers = itertools.count(1)
        self.waiting: dict[int, queue.SimpleQueue[Message]] = {}

    def stream(self, parent: str, name: Literal["stdout", "stderr"], text: str) -> None:
        self._put("stream", parent=parent, name=name, text=text)

    def display(
        self, parent: str, data: Bundle, metadata: Bundle, display_id: str | None, update: bool
    ) -> None:
        shown = {"data": data, "metadata": metadata, "display_id": display_id, "update": update}
        self._put("display", parent=parent, **shown)

    def result(
        self, parent: str, data: Bundle, metadata: Bundle, count: int, display_id: str | None = None
    ) -> None:
        shown = {"data": data, "metadata": metadata, "display_id": display_id}
        self._put("result", parent=parent, count=count, **shown)

    def error(self, parent: str, ename: str, evalue: str, traceback: list[str]) -> None:
        self._put("error", parent=parent, ename=ename, evalue=evalue, traceback=traceback)

    def clear(self, parent: str, wait: bool) -> None:
        self._put("clear", parent=parent, wait=wait)

    def ask(self, parent: str, prompt: str, password: bool) -> str:
        number = next(self._numbers)
        answer: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.waiting[number] = answer
        self._put("ask", id=number, parent=parent, prompt=prompt, password=password)
        try:
            got = _wait_for(answer)
        except BaseException:
            self._put("unask", id=number)
            raise
        finally:
            del self.waiting[number]
        if "value" not in got:
            raise RuntimeError(got["message"])
        return str(got["value"])

    def progress(self, parent: str, text: str) -> None:
        self._put("progress", parent=parent, text=text)

    def sync(self) -> None:
        """Wait until everything said so far has been heard, but not for long."""
        number = next(self._numbers)
        heard = self.waiting[number] = queue.SimpleQueue()
        self._put("sync", id=number)
        try:
            heard.get(timeout=_SYNC_SECONDS)
        except queue.Empty:
            pass  # the other side has much to do; only the order of outputs is at stake
        finally:
            del self.waiting[number]


class _PlainOutlet:
    """The outlet of a process that a cell has forked: plain text on what it has inherited."""

    def stream(self, parent: str, name: Literal["stdout", "stderr"], text: str) -> None:
        _write(2 if name == "stderr" else 1, text)

    def display(
        self, parent: str, data: Bundle, metadata: Bundle, display_id: str | None, update: bool
    ) -> None:
        _write(1, f"{data.get('text/plain', '')}\n")

    def result(
        self, parent: str, data: Bundle, metadata: Bundle, count: int, display_id: str | None = None
    ) -> None:
        self.display(parent, data, metadata, None, update=False)

    def error(self, parent: str, ename: str, evalue: str, traceback: list[str]) -> None:
        _write(2, "\n".join((*traceback, "")))

    def clear(self, parent: str, wait: bool) -> None:
        pass

    def ask(self, parent: str, prompt: str, password: bool) -> NoReturn:
        raise RuntimeError("input() works only in the notebook's own process, this is a fork.")

    def progress(self, parent: str, text: str) -> None:
        pass


class _Child:
    def __init__(self, line: socket.socket, folder: Path) -> None:
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._sender = _Sender(line)
        self._outlet = _Outlet(self._sender)
        self._executor = ShellExecutor(Hooks(distance=self._sender), folder)
        self._stopped = asyncio.Event()
        self._calls: dict[int, Message] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_serving = False
        self._is_fork = False

    async def serve(self) -> None:
        """Until the other side says stop."""
        language = await self._executor.start(self._outlet)
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
        self._is_serving = True
        os.register_at_fork(before=self._before_fork, after_in_child=self._after_fork)
        sys.addaudithook(self._audit)
        _thread(self._hear)
        self._sender.put("ready", language=language)
        await self._stopped.wait()
        self._is_serving = False
        await self._executor.stop()
        self._sender.settle()

    # In the thread that hears

    def _hear(self) -> None:
        reader = self._line.makefile("rb")

        def readexactly(size: int) -> bytes:
            data = reader.read(size)
            if len(data) < size:
                raise EOFError
            return data

        try:
            while True:
                self._sort(frames.read(readexactly))
        except (EOFError, OSError, frames.Garbled) as why:
            _end(why)

    def _sort(self, message: Message) -> None:
        match message:
            case {"what": "answer", "id": int(number)}:
                if (waiting := self._outlet.waiting.get(number)) is not None:
                    waiting.put(message)
            case {"what": "forget", "id": int(number)}:
                self._calls.pop(number, None)
            case {"id": int(number)}:
                self._calls[number] = message
                self._loop.call_soon_threadsafe(self._begin, number)
            case {"what": "interrupt"}:
                self._loop.call_soon_threadsafe(self._executor.interrupt)
            case {"what": "stop"}:
                self._loop.call_soon_threadsafe(self._stopped.set)
            case _:
                raise frames.Garbled(f"a command expected, {str(message)[:80]} came")

    # In the main thread

    def _begin(self, number: int) -> None:
        message = self._calls.pop(number, None)
        if message is None:
            return  # nobody waits for it any more
        task = self._loop.create_task(self._answer(number, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, number: int, message: Message) -> None:
        try:
            value = await self._do(message)
        except Exception as why:
            reply = {"failed": f"{type(why).__name__}: {why}"}
        else:
            reply = {"value": value}
        if self._is_fork:
            _leave_fork()
        self._sender.put("reply", id=number, **reply)

    async def _do(self, message: Message) -> Any:
        match message:
            case {"what": "run", "parent": str(parent), "source": str(source)}:
                return asdict(await self._executor.run(parent, source))
            case {"what": "complete", "source": str(source), "position": int(position)}:
                return asdict(await self._executor.complete(source, position))
            case {"what": "inspect", "source": str(source), "position": int(position)}:
                return dict(await self._executor.inspect(source, position, message["detail"]))
            case {"what": "variables"}:
                return dict(await self._executor.variables())
            case {"what": "variable", "name": str(name)}:
                return dict(await self._executor.variable(name))
            case _:
                raise ValueError(f"a command expected, {message['what']} came")

    # Other programs and forks

    def _audit(self, event: str, _arguments: object) -> None:
        if event in _STARTS_PROGRAM and self._is_serving:
            # What was printed before must not come after what the program prints.
            self._executor.flush()
            self._outlet.sync()

    def _before_fork(self) -> None:
        if self._is_serving:
            self._executor.flush()

    def _after_fork(self) -> None:
        if not self._is_serving:
            return
        self._is_serving = False
        self._is_fork = True
        os.close(self._line.detach())
        self._executor.fork(_PlainOutlet())
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _thread(work: Callable[[], None]) -> None:
    def begin() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        work()

    threading.Thread(target=begin, daemon=True, name="foldbook").start()


def _leave_fork() -> NoReturn:
    """A cell that has forked comes to its end in the fork, too."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _die_with(parent: int) -> None:
    """Be killed when the parent dies, even in code that lets no other thread run; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            _end(EOFError())


def _wait_for(answer: queue.SimpleQueue[Message]) -> Message:
    while True:
        try:
            return answer.get(timeout=_GLANCE)
        except queue.Empty:
            pass


def _write(descriptor: int, text: str) -> None:
    data = text.encode("utf-8", "replace")
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        pass  # the code has closed it


def _end(why: Exception) -> NoReturn:
    """The other side is gone: this process and the programs that its cells have started go."""
    if isinstance(why, OSError) and not isinstance(why, ConnectionError):
        os._exit(frames.LINE_CLOSED)  # a cell has closed the descriptor
    os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
