"""Sealed rows, with the product's own sealing, driven without a loop: its cipher never waits."""

import hashlib
from collections.abc import Coroutine
from functools import lru_cache
from typing import Any, TypeVar

from foldbook.native.cipher import NativeCipher, public_key
from foldbook.row import Row
from foldbook.seal import Keys
from foldbook.sealed import SealedLine
from foldbook.sealer import RowSealer, Sealer
from foldbook.wire import Message, Rows

T = TypeVar("T")

KEY = hashlib.sha256(b"the room's key").digest()
KEYS = Keys.of(KEY)
SEED = hashlib.sha256(b"the room's seed").digest()
VERIFY = public_key(SEED)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits")


class Line(SealedLine):
    """What a session seals and opens; it carries nothing."""

    def __init__(self, rows: RowSealer, other: Sealer, session: str, actor: str) -> None:
        self._rows = rows
        self._other = other
        self._room = "book"
        self._session = session
        self._actor = actor
        self._sent = {}
        self._plain_calls = set()

    def sealed(self, message: Message) -> Message:
        """As it travels."""
        return at_once(self._seal(message))

    def opened(self, message: Message) -> Message | None:
        """As it was meant; None where it is of no use."""
        return at_once(self._opened(message))


@lru_cache
def _sealers(may_run: bool) -> tuple[RowSealer, Sealer]:
    made = NativeCipher(KEYS.payload, VERIFY, SEED if may_run else None)
    return RowSealer(made, KEYS, "book", "e1", can_sign=may_run), Sealer(made, KEYS)


async def cipher(payload_key: bytes, verify: bytes, seed: bytes | None) -> NativeCipher:
    """See `foldbook.upstream.Outside`."""
    return NativeCipher(payload_key, verify, seed)


async def sealer() -> Sealer:
    """Seals and opens what is not a row."""
    return _sealers(may_run=True)[1]


def unsealed(rows: list[Row]) -> list[Row]:
    """Rows as they were meant, of whomever they are."""
    opened = line_of("", "", signs=True).opened(Rows(tuple(rows)))
    assert isinstance(opened, Rows)
    return list(opened.rows)


def line_of(session: str, actor: str, *, signs: bool) -> Line:
    """A new line for a session. signs: its link has the room's seed."""
    rows, other = _sealers(signs)
    return Line(rows, other, session, actor)
