"""Messages between Foldbook and the Python process that it runs; the standard library only.

A frame is the length of a JSON object (4 bytes, big-endian), the object, and behind it the long
texts of its bundle ("data"), as UTF-8: "long" tells each one's mime type and bytes. So a text of
hundreds of megabytes is neither escaped nor parsed.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

Message = dict[str, Any]

LONG: Final = 64 * 1024
"""Characters of a bundle's text above which it stands behind the object."""
LINE_CLOSED: Final = 71
"""The exit code of a process whose code has closed its line."""
_HEADER: Final = 4
_LIMIT: Final = 512 * 1024 * 1024
"""Bytes of one part of a frame: more makes no sense."""


class Garbled(Exception):
    """These bytes are no frame: somebody else wrote to the line."""


def pack(message: Message) -> bytes:
    """A message as a frame. What UTF-8 cannot hold becomes a question mark."""
    data = message.get("data")
    if not isinstance(data, dict):
        data = {}
    long = [(mime, _utf8(text)) for mime, text in data.items() if _is_long(text)]
    if long:
        short = {mime: text for mime, text in data.items() if not _is_long(text)}
        message = message | {"data": short, "long": [[mime, len(text)] for mime, text in long]}
    head = _utf8(json.dumps(message, ensure_ascii=False))
    return b"".join((len(head).to_bytes(_HEADER), head, *(text for _, text in long)))


def read(readexactly: Callable[[int], bytes]) -> Message:
    """The next message. Raises `Garbled`, and what ``readexactly`` raises at the end."""
    message = _head(readexactly(_size(readexactly(_HEADER))))
    for mime, size in _long(message):
        message["data"][mime] = readexactly(size).decode("utf-8", "replace")
    return message


async def receive(reader: asyncio.StreamReader) -> Message:
    """The same from a stream. Raises `Garbled`, and `asyncio.IncompleteReadError` at the end."""
    message = _head(await reader.readexactly(_size(await reader.readexactly(_HEADER))))
    for mime, size in _long(message):
        message["data"][mime] = (await reader.readexactly(size)).decode("utf-8", "replace")
    return message


def _is_long(value: object) -> bool:
    return isinstance(value, str) and len(value) > LONG


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _size(header: bytes) -> int:
    size = int.from_bytes(header)
    if size > _LIMIT:
        raise Garbled(f"a frame of at most {_LIMIT} bytes expected, one of {size} came")
    return size


def _head(head: bytes) -> Message:
    try:
        message = json.loads(head)
    except ValueError as why:
        raise Garbled(f"a JSON object expected: {why}") from None
    if not isinstance(message, dict) or not isinstance(message.get("what"), str):
        raise Garbled(f"an object that says what it is expected, {str(message)[:80]} came")
    return message


def _long(message: Message) -> list[tuple[str, int]]:
    long = message.pop("long", [])
    try:
        found = [(str(mime), int(size)) for mime, size in long]
    except (TypeError, ValueError):
        raise Garbled(f"pairs of a type and a size expected, {str(long)[:80]} came") from None
    if found and (
        not isinstance(message.get("data"), dict)
        or not all(0 <= size <= _LIMIT for _, size in found)
    ):
        raise Garbled("long texts of a bundle expected, and no larger ones than the limit")
    return found
