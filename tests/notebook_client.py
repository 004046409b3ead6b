"""A client of a kernel's protocol that has no kernel, only a shared notebook that one has joined.

What it is asked goes into the notebook as cells and calls; what it answers is read from the log. So
the checks of `jupyter_kernel_test` see what is left of a kernel's messages behind all of Foldbook:
`foldbook join`, the relay, the log.
"""

import asyncio
import json
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from builder import relay as relays
from foldbook.notebook import Status
from foldbook.peer import Change
from joined import PATIENCE, Room, room
from jupyter_client.session import Session

T = TypeVar("T")
_MESSAGES = {
    "streamAppended": ("stream", {"name": "", "text": ""}),
    "displayDataAdded": ("display_data", {"data": {}, "metadata": {}}),
    "executeResultAdded": ("execute_result", {"data": {}, "metadata": {}, "execution_count": 0}),
    "errorAdded": ("error", {"ename": "", "evalue": "", "traceback": []}),
    "outputCleared": ("clear_output", {"wait": False}),
}
"""The messages that these events were made of, and what they keep of them: an event names only what
is not as usual."""


class Channel:
    """Gives the messages of one channel, as a blocking client's."""

    def __init__(self) -> None:
        self.messages: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next one. Raises `queue.Empty`: all are here when anything has been asked."""
        return self.messages.get_nowait()


class NotebookClient:
    """The part of `jupyter_client.BlockingKernelClient` that the checks use. kernel: its name."""

    def __init__(self, kernel: str, folder: Path) -> None:
        self.shell_channel = Channel()
        self.iopub_channel = Channel()
        self._session = Session(key=b"")
        self._events: list[dict[str, Any]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._open = AsyncExitStack()
        self._book: Room = self._wait(self._begin(kernel, folder))

    def stop_channels(self) -> None:
        """Leave the notebook; the kernel ends."""
        self._wait(self._open.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def get_shell_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next answer. Raises `queue.Empty`."""
        return self.shell_channel.get_msg(timeout)

    def kernel_info(self) -> str:
        """Ask what it is: the notebook knows its language."""
        request = self._request("kernel_info_request")
        content = {
            "status": "ok",
            "protocol_version": "5.3",
            "implementation": self._runtime.name,
            "implementation_version": "",
            "language_info": dict(self._runtime.language),
            "banner": "",
        }
        return self._answer(request, "kernel_info_reply", content)

    def execute(self, code: str, **_how: Any) -> str:
        """Run a new cell of the notebook, and say what the log has of it."""
        request = self._request("execute_request")
        self._events.clear()
        [execution] = self._wait(self._book.run(code))
        count = execution.execution_count or 0
        self._publish(request, "status", {"execution_state": "busy"})
        self._publish(request, "execute_input", {"code": code, "execution_count": count})
        for event in self._events:
            if event.get("execution_id") == execution.id and event["type"] in _MESSAGES:
                kind, usual = _MESSAGES[event["type"]]
                told = {name: event.get(name, value) for name, value in usual.items()}
                self._publish(request, kind, told)
        self._publish(request, "status", {"execution_state": "idle"})
        reply: dict[str, Any] = {"status": "ok", "execution_count": count, "user_expressions": {}}
        if execution.status is not Status.OK:
            error = execution.outputs[-1]
            assert error.ename is not None, execution
            told = {
                "ename": error.ename,
                "evalue": error.evalue,
                "traceback": list(error.traceback),
            }
            reply = {"status": "error", "execution_count": count, **told}
        return self._answer(request, "execute_reply", reply)

    def complete(self, code: str) -> str:
        """Completions at the end."""
        found = self._call("complete", code)
        content = {
            "status": "ok",
            "matches": found["matches"],
            "cursor_start": found["start"],
            "cursor_end": found["end"],
            "metadata": {},
        }
        return self._answer(self._request("complete_request"), "complete_reply", content)

    def inspect(self, code: str) -> str:
        """Documentation at the end."""
        data = self._call("inspect", code)
        content = {"status": "ok", "found": bool(data), "data": data, "metadata": {}}
        return self._answer(self._request("inspect_request"), "inspect_reply", content)

    async def _begin(self, kernel: str, folder: Path) -> Room:
        relay = self._open.enter_context(relays.running(folder / "relay", 0))
        assert relay is not None
        book = await self._open.enter_async_context(room(relay, folder))
        book.join("--kernel", kernel)
        self._runtime = await book.runtime()
        book.peer.subscribe(self._notice)
        return book

    def _notice(self, change: Change) -> None:
        self._events += [json.loads(row.payload) for row in change.confirmed]

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * PATIENCE)

    def _call(self, method: str, code: str) -> Any:
        place = {"source": code, "position": len(code)}
        return self._wait(self._book.peer.call(self._runtime.session, method, place))

    def _request(self, kind: str) -> dict[str, Any]:
        return self._session.msg(kind)  # type: ignore[no-any-return]

    def _answer(self, request: dict[str, Any], kind: str, content: dict[str, Any]) -> str:
        self.shell_channel.messages.put(self._message(request, kind, content))
        return str(request["header"]["msg_id"])

    def _publish(self, request: dict[str, Any], kind: str, content: dict[str, Any]) -> None:
        self.iopub_channel.messages.put(self._message(request, kind, content))

    def _message(
        self, request: dict[str, Any], kind: str, content: dict[str, Any]
    ) -> dict[str, Any]:
        made: dict[str, Any] = self._session.msg(kind, content, parent=request["header"])
        return made
