"""A client of a kernel's protocol that has no kernel, only a notebook.

What it is asked goes into the notebook as cells and calls; what it answers is read from the log. So
the checks of `jupyter_kernel_test` see what is left of a kernel's messages behind all of Foldbook.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from queue import SimpleQueue
from typing import Any

from jupyter_client.session import Session

_MESSAGES = {
    "streamAppended": ("stream", {"name": "", "text": ""}),
    "displayDataAdded": ("display_data", {"data": {}, "metadata": {}}),
    "executeResultAdded": ("execute_result", {"data": {}, "metadata": {}, "execution_count": 0}),
    "errorAdded": ("error", {"ename": "", "evalue": "", "traceback": []}),
    "outputCleared": ("clear_output", {"wait": False}),
}
"""The messages that these events were made of, and what they keep of them: an event names only what
is not as usual."""


Shown = tuple[str, Any]
"""An output as a reader sees it: its type and what it has, which is name and text of a stream, the
name of an error, or a mime bundle."""


class Channel:
    """Gives the messages of one channel, as a blocking client's."""

    def __init__(self) -> None:
        self.messages: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next one. Raises `queue.Empty`: all are here when anything has been asked."""
        return self.messages.get_nowait()


class NotebookClient(ABC):
    """The part of `jupyter_client.BlockingKernelClient` that the checks use, and what a person at
    the notebook does and sees. A run is the name of an execution."""

    def __init__(self) -> None:
        self.shell_channel = Channel()
        self.iopub_channel = Channel()
        self._session = Session(key=b"")

    @abstractmethod
    def begin(self, *codes: str) -> list[str]:
        """Have new cells run, one after the other; their runs."""

    @abstractmethod
    def ended(self, run: str) -> tuple[str, int]:
        """How a run has ended, and its execution count; waits for that."""

    @abstractmethod
    def outputs(self, run: str) -> list[Shown]:
        """What is shown of a run now."""

    @abstractmethod
    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""

    @abstractmethod
    def asked(self, run: str) -> tuple[str, bool]:
        """What a run asks, and whether for a password; waits for that."""

    @abstractmethod
    def answer(self, run: str, value: str) -> None:
        """Answer what a run asks."""

    @abstractmethod
    def interrupt(self) -> None:
        """Interrupt what runs."""

    @abstractmethod
    def _language(self) -> Mapping[str, Any]:
        """The runtime's, as the notebook knows it."""

    @abstractmethod
    def events(self) -> Iterable[Mapping[str, Any]]:
        """The log."""

    @abstractmethod
    def _call(self, method: str, place: Mapping[str, Any]) -> Any:
        """What the runtime says of a place in some source."""

    def shows(self, run: str, *wanted: Shown) -> None:
        """Wait until just this is shown of a run: a question may overtake what was said before."""
        self.wait(lambda: self.outputs(run) == list(wanted), f"{wanted} of {run}")

    def said(self, run: str, words: str) -> None:
        """Wait until these words are shown on a stream of a run."""

        def is_said() -> bool:
            streams = [what for kind, what in self.outputs(run) if kind == "stream"]
            return any(words in text for _, text in streams)

        self.wait(is_said, f"{words!r} of {run}")

    def run(self, code: str) -> tuple[str, list[Shown]]:
        """Run a new cell to its end: how it ended, and what is shown."""
        [run] = self.begin(code)
        status, _ = self.ended(run)
        return status, self.outputs(run)

    def get_shell_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next answer. Raises `queue.Empty`."""
        return self.shell_channel.get_msg(timeout)

    def kernel_info(self) -> str:
        """Ask what it is: the notebook knows its language."""
        content = {
            "status": "ok",
            "protocol_version": "5.3",
            "implementation": "foldbook",
            "implementation_version": "",
            "language_info": dict(self._language()),
            "banner": "",
        }
        return self._answer(self._request("kernel_info_request"), "kernel_info_reply", content)

    def execute(self, code: str, **_how: Any) -> str:
        """Run a new cell of the notebook, and say what the log has of it."""
        request = self._request("execute_request")
        [run] = self.begin(code)
        status, count = self.ended(run)
        self._publish(request, "status", {"execution_state": "busy"})
        self._publish(request, "execute_input", {"code": code, "execution_count": count})
        reply: dict[str, Any] = {"status": "ok", "user_expressions": {}}
        for kind, content in self._messages(run):
            self._publish(request, kind, content)
            if kind == "error":
                reply = {"status": "error", **content}
        assert status == reply["status"], run
        self._publish(request, "status", {"execution_state": "idle"})
        return self._answer(request, "execute_reply", reply | {"execution_count": count})

    def _messages(self, run: str) -> Iterable[tuple[str, dict[str, Any]]]:
        """The messages that its outputs were made of: type, content."""
        for event in self.events():
            if event.get("execution_id") == run and event["type"] in _MESSAGES:
                kind, usual = _MESSAGES[event["type"]]
                yield kind, {name: event.get(name, value) for name, value in usual.items()}

    def complete(self, code: str) -> str:
        """Completions at the end."""
        found = self._call("complete", {"source": code, "position": len(code)})
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
        data = self._call("inspect", {"source": code, "position": len(code)})
        content = {"status": "ok", "found": bool(data), "data": data, "metadata": {}}
        return self._answer(self._request("inspect_request"), "inspect_reply", content)

    def history(self, n: int, **_how: Any) -> str:
        """The sources that ran last: the log is the history."""
        asked = [each for each in self.events() if each["type"] == "executionRequested"]
        lines = [(1, line, each["source"]) for line, each in enumerate(asked, 1)]
        content = {"status": "ok", "history": lines[-n:]}
        return self._answer(self._request("history_request"), "history_reply", content)

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
