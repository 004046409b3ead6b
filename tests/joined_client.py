"""A `notebook_client.NotebookClient` of a shared notebook that a runtime has joined: what it says
has gone through `foldbook join`, the relay and the log.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from builder import relay as relays
from foldbook.answers import REPLY_INPUT
from foldbook.errors import Refused
from foldbook.notebook import Output, Prompt
from foldbook.peer import Change
from joined import PATIENCE, Room, room, until
from notebook_client import NotebookClient, Shown

T = TypeVar("T")


class JoinedClient(NotebookClient):
    """kernel: the name of the one that joins; None: Foldbook's own Python does."""

    def __init__(self, kernel: str | None, folder: Path) -> None:
        super().__init__()
        self._told: list[dict[str, Any]] = []
        self._answered: set[str] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._open = AsyncExitStack()
        self._book: Room = self._wait(self._begin(kernel, folder))

    def close(self) -> None:
        """Leave the notebook; its runtime ends."""
        self._wait(self._open.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def begin(self, *codes: str) -> list[str]:
        """See `NotebookClient`; so for the following ones."""
        return self._do(lambda: self._book.ask(*codes))

    def ended(self, run: str) -> tuple[str, int]:
        execution = self._wait(self._book.comes(run))
        return execution.status.value, execution.execution_count or 0

    def outputs(self, run: str) -> list[Shown]:
        known = self._book.peer.log.confirmed.executions.get(run)
        return [_shown(each) for each in known.outputs] if known else []

    def wait(self, done: Callable[[], bool], what: str) -> None:
        self._wait(until(done, lambda: what))

    def asked(self, run: str) -> tuple[str, bool]:
        prompt = self._prompt(run)
        return prompt.prompt, prompt.password

    def answer(self, run: str, value: str) -> None:
        prompt = self._prompt(run)
        self._answered.add(prompt.id)  # it takes a while until the log has it
        if prompt.password:
            secret = {"input_id": prompt.id, "value": value}
            self._wait(self._book.peer.call(self._runtime.session, REPLY_INPUT, secret))
        reply = {"execution_id": run, "input_id": prompt.id, "value": value}
        self._do(lambda: self._book.do("reply_input", **reply))

    def interrupt(self) -> None:
        self._do(lambda: self._book.do("interrupt"))

    def _language(self) -> Mapping[str, Any]:
        return self._runtime.language

    def events(self) -> Iterable[Mapping[str, Any]]:
        return tuple(self._told)

    def _call(self, method: str, place: Mapping[str, Any]) -> Any:
        answers: list[Any] = []

        async def asked() -> Any:
            while not answers:
                with suppress(Refused):  # it is busy yet with what came before
                    found = await self._book.peer.call(self._runtime.session, method, dict(place))
                    answers.append(found)
            return answers[0]

        return self._wait(asked())

    def _prompt(self, run: str) -> Prompt:
        async def found() -> Prompt:
            prompts: list[Prompt] = []

            def look() -> bool:
                prompt = self._book.prompt(run)
                is_new = prompt and not prompt.answered and prompt.id not in self._answered
                prompts[:] = [prompt] if prompt and is_new else []
                return bool(prompts)

            await until(look, lambda: f"a question of {run}")
            return prompts[0]

        return self._wait(found())

    def _do(self, what: Callable[[], T]) -> T:
        async def done() -> T:
            return what()

        return self._wait(done())

    async def _begin(self, kernel: str | None, folder: Path) -> Room:
        relay = self._open.enter_context(relays.running(folder / "relay", 0))
        assert relay is not None
        book = await self._open.enter_async_context(room(relay, folder))
        book.join(*(() if kernel is None else ("--kernel", kernel)))
        self._runtime = await book.runtime()
        book.peer.subscribe(self._notice)
        return book

    def _notice(self, change: Change) -> None:
        self._told += [json.loads(row.payload) for row in change.confirmed]

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * PATIENCE)


@contextmanager
def joined(kernel: str | None, folder: Path) -> Iterator[JoinedClient]:
    """A client of a notebook of its own."""
    client = JoinedClient(kernel, folder)
    try:
        yield client
    finally:
        client.close()


def _shown(output: Output) -> Shown:
    match output.type:
        case "stream":
            return output.type, (output.name, str(output.text))
        case "error":
            return output.type, output.ename
        case "display_data" | "execute_result":
            return output.type, dict(output.data)
