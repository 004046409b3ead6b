"""Values of mime bundles as blobs, and back. Pure: nothing is stored here.

A value larger than `foldbook.mime.INLINE_LIMIT` becomes bytes and a reference to them:
``{"$blob": SHA-256, "size": bytes}``, with ``"form"`` where the bytes are not what the type's
name promises. Without a form the bytes of

- an image or PDF (`foldbook.mime.BINARY_TYPES`) are the decoded file; its text is base64 in
  one line,
- a JSON type are JSON in UTF-8,
- anything else are its text in UTF-8.

Forms: ``line`` and ``lines`` (a decoded file whose base64 text ends in a newline, or stands in
lines of 76 characters), ``text`` (the value's text in UTF-8, whatever its type), ``json`` (the
value as JSON in UTF-8, whatever its type).
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from foldbook.errors import BadBlob
from foldbook.mime import (
    BINARY_TYPES,
    BLOB_KEY,
    INLINE_LIMIT,
    blob_reference,
    is_blob,
    is_json,
    size_of,
)

_ENCODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "": base64.b64encode,
    "line": lambda data: base64.b64encode(data) + b"\n",
    "lines": base64.encodebytes,
}

_FORMS: Final = ", ".join([*filter(None, _ENCODERS), "text", "json"])


def pack(
    bundle: Mapping[str, Any],
    blobs: dict[str, bytes],
    *,
    limit: int = INLINE_LIMIT,
    foreign: bool = False,
) -> dict[str, Any]:
    """The bundle with values over ``limit`` bytes as references; their bytes go to ``blobs``.

    foreign: it comes from outside, so that what looks like a reference is none, and becomes a
    blob itself.
    """
    packed: dict[str, Any] = {}
    for mime, value in bundle.items():
        if (is_blob(value) and not foreign) or (not is_blob(value) and size_of(value) <= limit):
            packed[mime] = value
            continue
        data, form = to_bytes(mime, value)
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        packed[mime] = reference(digest, len(data), form)
    return packed


def unpack(
    bundle: Mapping[str, Any],
    fetch: Callable[[str], bytes | None],
    left_out: Callable[[str, str], None],
) -> dict[str, Any]:
    """The bundle with every reference replaced; ``fetch`` has the bytes of a digest.

    A value whose bytes are not to be had is not in it: ``left_out`` is told its key, and why.
    """
    unpacked: dict[str, Any] = {}
    for mime, value in bundle.items():
        if not is_blob(value):
            unpacked[mime] = value
            continue
        data = fetch(value[BLOB_KEY])
        if data is None:
            left_out(mime, "its bytes are not there")
            continue
        try:
            unpacked[mime] = from_bytes(mime, data, value.get("form", ""))
        except BadBlob as why:
            left_out(mime, str(why))
    return unpacked


def reference(digest: str, size: int, form: str = "") -> dict[str, Any]:
    """What stands for a blob in a bundle."""
    plain = blob_reference(digest, size)
    return plain | {"form": form} if form else plain


def to_bytes(mime: str, value: object) -> tuple[bytes, str]:
    """The bytes of a value, and their form. Exactly that value comes back by `from_bytes`."""
    if is_json(mime) or not isinstance(value, str):
        dumped = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return dumped, "" if is_json(mime) else "json"
    if mime not in BINARY_TYPES:
        return value.encode(), ""
    try:
        data = binascii.a2b_base64(value)
    except (ValueError, binascii.Error):
        return value.encode(), "text"
    given = value.encode()
    for form, encoder in _ENCODERS.items():
        if encoder(data) == given:
            return data, form
    return given, "text"


def from_bytes(mime: str, data: bytes, form: object = "") -> Any:
    """The value whose bytes these are. Raises `BadBlob` where they are no such value."""
    try:
        if form == "json" or (is_json(mime) and form != "text"):
            return json.loads(data)
        if form == "text" or mime not in BINARY_TYPES:
            return data.decode()
    except (ValueError, RecursionError) as why:
        raise BadBlob(f"its bytes cannot be read: {why}") from None
    encode = _ENCODERS.get(form) if isinstance(form, str) else None
    if encode is None:
        raise BadBlob(f"one of the forms {_FORMS} expected, {form!r} came")
    return encode(data).decode()
