"""The process of a Jupyter kernel, and the channels to it; see `foldbook.native.jupyter`."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from nbformat.v4 import output_from_msg

from foldbook.errors import CannotStart, CommandRefused, Died, FoldbookError, Refused
from foldbook.executor import AsyncOutlet, Outcome
from foldbook.native.endings import ending
from foldbook.native.taps import Gatherer, Tap

START_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 2.0
"""How long a completion may take before the answer is that the kernel is busy."""
IDLE_SECONDS: Final = 4.0
"""How long the outputs of a run that has ended may be silent before they count as complete."""
STOP_SECONDS: Final = 2.0
_SUBSCRIBE_SECONDS: Final = 0.2
_HANDSHAKE_SECONDS: Final = 2.0

NO_WIDGETS: Final = (
    "[Foldbook: this kernel has opened a channel to the page (a widget, perhaps). "
    "Foldbook has none for Jupyter kernels: what it draws stays as it is.]\n"
)

Content = dict[str, Any]


@dataclass(slots=True)
class _Request:
    """Something asked on the shell channel. idle: all of its outputs have come."""

    reply: asyncio.Future[Content]
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    has_error: bool = False


class KernelProcess:
    """One kernel process, from its start to its end."""

    def __init__(self, name: str, outlet: AsyncOutlet) -> None:
        self._who = f"The kernel {name}"
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.RCVHWM, 0)  # what has come is not dropped here
        self._context = context
        self._manager = AsyncKernelManager(kernel_name=name, context=context)
        self._manager.shutdown_wait_time = STOP_SECONDS
        self.client: AsyncKernelClient = None  # type: ignore[assignment]
        self.died: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._outlet = outlet
        self._gatherer = Gatherer(outlet)
        self._requests: dict[str, _Request] = {}
        self._parents: dict[str, str] = {}
        self._running_parent: str | None = None
        self._heard = 0
        self._question: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._interrupting: set[asyncio.Future[None]] = set()
        self._tail: Tap | None = None
        self._gone: str | None = None
        self._is_stopping = False
        self._has_told_of_comms = False

    async def start(self, folder: Path) -> Mapping[str, Any]:
        """Start it; returns its ``language_info``. Raises `CannotStart` and `OSError`."""
        reader, writer = os.pipe()
        self._tail = Tap(reader, lambda _text: None)
        try:
            # The log is the history; many kernels at once quarrel about the file of their user.
            own = ["--HistoryManager.hist_file=:memory:"] if self._manager.ipykernel else []
            await self._manager.start_kernel(
                cwd=str(folder), stdout=writer, stderr=writer, extra_arguments=own
            )
        finally:
            os.close(writer)
        self.client = self._manager.client(context=self._context)
        self.client.start_channels(hb=False)
        shaken = asyncio.ensure_future(_handshake(self.client.stdin_channel.socket))
        self._start_tasks(
            self._tail.run(_at_once),
            self._hear(self.client.get_shell_msg, self._take_reply),
            self._hear(self.client.get_iopub_msg, self._take_output_or_say),
            self._hear(self.client.get_stdin_msg, self._take_question),
            self._watch(),
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                language = await self._greeting()
            await shaken
        except TimeoutError:
            words = f"{self._who} did not say within {START_SECONDS:.0f} s that it is ready."
            raise CannotStart(self._with_last_lines(words)) from None
        except Died as why:
            words = f"{self._who} cannot be started. {why}"
            raise CannotStart(self._with_last_lines(words)) from None
        finally:
            shaken.cancel()
        return language

    async def _greeting(self) -> Mapping[str, Any]:
        """Until it answers, and its outputs come: what it says before we listen is lost."""
        while True:
            request = self._begin(self.client.kernel_info())
            info = await request.reply
            try:
                async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                    await request.idle.wait()
            except TimeoutError:
                continue
            language: Mapping[str, Any] = info.get("language_info", {})
            return language

    async def run(self, parent: str, source: str) -> Outcome:
        """Run one source. Raises `Died`."""
        options = {"store_history": True, "allow_stdin": True, "stop_on_error": False}
        request = self._begin(self.client.execute(source, **options), parent)
        self._running_parent = parent
        if self._tail is not None:
            self._tail.tail = ""
        try:
            reply = await request.reply
            await self._all_outputs(request, parent)
        finally:
            self._running_parent = None
            self._ask_no_more()
            self._gatherer.flush()
        self._say_what_only_the_reply_says(parent, request, reply)
        status: Literal["ok", "error", "aborted"] = "ok"
        if reply.get("status") != "ok":
            status = "error" if reply.get("status") == "error" else "aborted"
        return Outcome(status, int(reply.get("execution_count") or 0))

    async def ask(self, send: Callable[[], str]) -> Content:
        """Ask on the shell channel. Raises `Refused`, `Died`."""
        busy = Refused("busy", f"{self._who} is running code and answers when it is done")
        if self._running_parent is not None:
            raise busy  # it would answer after the run, and the question would stand in its way
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._begin(send()).reply
        except TimeoutError:
            raise busy from None

    def interrupt(self) -> bool:
        """Interrupt what runs."""
        if self._running_parent is None or self._gone is not None:
            return False
        self._ask_no_more()
        task = asyncio.ensure_future(self._interrupt())
        self._interrupting.add(task)
        task.add_done_callback(self._interrupting.discard)
        return True

    async def _interrupt(self) -> None:
        await self._manager.interrupt_kernel()
        # Where its code awaits, ipykernel heeds a signal when its loop wakes up: by a message.
        self.client.kernel_info()
        _look_again(self.client.shell_channel.socket)

    async def stop(self) -> None:
        """End it."""
        if self._is_stopping:
            return
        self._is_stopping = True
        self._end(f"{self._who} was stopped.")
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self.client is not None:
            self.client.stop_channels()
        if self._manager.has_kernel:
            await self._manager.shutdown_kernel()
        await self._manager.cleanup_resources()
        self._context.destroy(linger=0)
        if self._tail is not None:
            self._tail.close()
        self._gatherer.close()

    # Asking

    def _begin(self, number: str, parent: str | None = None) -> _Request:
        request = _Request(asyncio.get_running_loop().create_future())
        self._requests[number] = request
        if parent is not None:
            self._parents[number] = parent
        if self._gone is not None:
            request.reply.set_exception(Died(self._gone))
        else:
            _look_again(self.client.shell_channel.socket)
        return request

    async def _all_outputs(self, request: _Request, parent: str) -> None:
        while not request.idle.is_set():
            heard = self._heard
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    await request.idle.wait()
            except TimeoutError:
                if heard == self._heard:
                    note = f"[Foldbook: {self._who.lower()} did not say that this was all.]\n"
                    self._gatherer.write(parent, "stderr", note)
                    return

    def _say_what_only_the_reply_says(self, parent: str, request: _Request, reply: Content) -> None:
        for payload in reply.get("payload", []):
            match payload:
                case {"source": "page", "data": dict(data)}:
                    self._outlet.display(parent, data, {}, None, False)
                case {"source": "set_next_input", "text": str(text)}:
                    # A runtime writes no cells: it is there to be copied.
                    self._outlet.display(parent, {"text/plain": text}, {}, None, False)
                case _:
                    pass  # for pages of Jupyter's own
        if reply.get("status") == "error" and not request.has_error:
            self._say_error(parent, reply)

    def _say_error(self, parent: str, content: Content) -> None:
        lines = [str(line) for line in content.get("traceback", [])]
        name, value = str(content.get("ename", "")), str(content.get("evalue", ""))
        self._outlet.error(parent, name, value, lines)

    # Hearing

    async def _hear(
        self, receive: Callable[[], Awaitable[Content]], take: Callable[[Content, str], None]
    ) -> None:
        while True:
            message = await receive()
            take(message, str(message["parent_header"].get("msg_id")))
            await asyncio.sleep(0)  # what has come is received without waiting

    def _take_reply(self, message: Content, number: str) -> None:
        request = self._requests.get(number)
        if request is not None and not request.reply.done():
            request.reply.set_result(message["content"])
            self._forget_done(number, request)

    def _take_output_or_say(self, message: Content, number: str) -> None:
        self._heard += 1
        parent = self._parents.get(number)
        if message["msg_type"] == "status":
            request = self._requests.get(number)
            if message["content"]["execution_state"] == "idle" and request is not None:
                request.idle.set()
                self._forget_done(number, request)
        elif parent is not None:
            try:
                self._take_output(message, number, parent)
            except (CommandRefused, ValueError) as why:
                note = f"\n[Foldbook: an output cannot be kept: {why}]\n"
                self._gatherer.write(parent, "stderr", note)

    def _forget_done(self, number: str, request: _Request) -> None:
        if request.idle.is_set() and request.reply.done():
            self._requests.pop(number, None)

    def _take_output(self, message: Content, number: str, parent: str) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            name: Literal["stdout", "stderr"] = (
                "stderr" if content["name"] == "stderr" else "stdout"
            )
            self._gatherer.write(parent, name, content["text"])
            return
        self._gatherer.flush()
        display_id = content.get("transient", {}).get("display_id")
        display_id = None if display_id is None else str(display_id)
        match kind:
            case "display_data":
                output = output_from_msg(message)
                self._outlet.display(parent, output.data, output.metadata, display_id, False)
            case "update_display_data":
                data, metadata = content["data"], content.get("metadata", {})
                self._outlet.display(parent, data, metadata, display_id, True)
            case "execute_result":
                output = output_from_msg(message)
                count = output.execution_count or 0
                self._outlet.result(parent, output.data, output.metadata, count, display_id)
            case "error":
                if number in self._requests:
                    self._requests[number].has_error = True
                self._say_error(parent, output_from_msg(message))
            case "clear_output":
                self._outlet.clear(parent, bool(content.get("wait")))
            case "comm_open":
                self._tell_of_comms(parent)
            case _:
                pass  # the rest is not for those who look at outputs

    def _tell_of_comms(self, parent: str) -> None:
        if not self._has_told_of_comms:
            self._has_told_of_comms = True
            self._gatherer.write(parent, "stderr", NO_WIDGETS)

    def _take_question(self, message: Content, number: str) -> None:
        if message["msg_type"] != "input_request" or number not in self._parents:
            return
        self._ask_no_more()
        asking = self._answer(self._parents[number], message["content"])
        self._question = asyncio.create_task(asking)

    async def _answer(self, parent: str, content: Content) -> None:
        prompt, password = str(content.get("prompt", "")), bool(content.get("password"))
        self._gatherer.flush()
        try:
            value = await self._outlet.question(parent, prompt, password)
        except (FoldbookError, RuntimeError) as why:
            note = f"[Foldbook: nobody can answer: {why}]\n"
            self._gatherer.write(parent, "stderr", note)
            self.interrupt()
        else:
            self.client.input(value)
            _look_again(self.client.stdin_channel.socket)

    def _ask_no_more(self) -> None:
        if self._question is not None:
            self._question.cancel()
            self._question = None

    # The end

    async def _watch(self) -> None:
        provisioner = self._manager.provisioner
        if provisioner is None:
            raise RuntimeError("A kernel that has been started expected.")
        code = await provisioner.wait()
        await asyncio.sleep(0.2)  # what it said last may be on its way
        self._die(ending(self._who, code or 0))

    def _look_at(self, task: asyncio.Task[None]) -> None:
        """Without one of the tasks nothing goes on."""
        if not task.cancelled() and (why := task.exception()) is not None:
            self._die(f"What {self._who.lower()} says makes no sense: {why!r}.")

    def _die(self, words: str) -> None:
        last = self._tail.tail if self._tail is not None else ""
        if self._running_parent is not None and last:  # Python's words on a crash, for one
            self._gatherer.write(self._running_parent, "stderr", last)
        self._end(words)
        if not self.died.done():
            self.died.set_result(words)

    def _end(self, words: str) -> None:
        self._gone = self._gone or words
        self._ask_no_more()
        self._gatherer.flush()
        for request in self._requests.values():
            if not request.reply.done():
                request.reply.set_exception(Died(words))
                request.reply.exception()  # nobody may wait for it any more
            request.idle.set()

    def _with_last_lines(self, words: str) -> str:
        last = self._tail.last_lines if self._tail is not None else []
        return "\n".join((words, *last))

    def _start_tasks(self, *works: Coroutine[Any, Any, None]) -> None:
        self._tasks = [asyncio.create_task(work) for work in works]
        for task in self._tasks:
            task.add_done_callback(self._look_at)


async def _at_once() -> None:
    pass


def _look_again(socket: zmq.asyncio.Socket) -> None:
    """After each message sent on a socket that somebody listens to.

    ZeroMQ tells once that something has come, and tells it to whoever uses the socket next. The
    session sends past the asyncio socket, which would not hear of it; asked for its events, it
    looks for itself.
    """
    socket.get(zmq.EVENTS)


async def _handshake(socket: Any) -> None:
    """Wait until a channel is through: a kernel that asks before asks nobody. Not for long,
    as it may have been through before this listened.
    """
    monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    try:
        async with asyncio.timeout(_HANDSHAKE_SECONDS):
            await monitor.recv_multipart()
    except TimeoutError:
        pass
    finally:
        socket.disable_monitor()
