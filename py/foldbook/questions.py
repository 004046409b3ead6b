"""What a peer has asked over its link and waits for: calls to runtimes, and blobs."""

import asyncio
from collections.abc import Mapping
from typing import Any

from foldbook.errors import Refused
from foldbook.wire import BlobHave, BlobWant, Call, Reply


class Questions:
    """Questions by their names, each with the future of its answer."""

    def __init__(self) -> None:
        self._calls: dict[str, asyncio.Future[Any]] = {}
        self._blobs: dict[str, asyncio.Future[bytes | None]] = {}
        self._count = 0

    def call(
        self, to: str, method: str, params: Mapping[str, Any]
    ) -> tuple[Call, asyncio.Future[Any]]:
        """A call to be sent, and its answer; the future raises `Refused`."""
        self._count += 1
        call = Call(str(self._count), to, method, params)
        answer = self._calls[call.id] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda _: self._calls.pop(call.id, None))
        return call, answer

    def want(self, digest: str) -> tuple[BlobWant | None, asyncio.Future[bytes | None]]:
        """A question for a blob to be sent (None: it is asked for already), and its answer."""
        known = self._blobs.get(digest)
        if known is not None:
            return None, known
        answer = self._blobs[digest] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda _: self._blobs.pop(digest, None))
        return BlobWant(digest), answer

    def hear(self, message: Reply | BlobHave) -> None:
        """An answer came; one that nobody waits for is ignored."""
        if isinstance(message, BlobHave):
            blob = self._blobs.get(message.digest)
            if blob is not None and not blob.done():
                blob.set_result(message.data)
            return
        answer = self._calls.get(message.id)
        if answer is None or answer.done():
            return
        if message.ok:
            answer.set_result(message.value)
        else:
            answer.set_exception(Refused("call", str(message.value)))

    def fail(self, why: str) -> None:
        """The link is gone, and the answers with it."""
        for answer in [*self._calls.values(), *self._blobs.values()]:
            if not answer.done():
                answer.set_exception(Refused("offline", why))
