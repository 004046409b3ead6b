"""Outputs as Jupyter writes them: dictionaries as in a notebook file."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from foldbook.blobs import unpack
from foldbook.mime import BLOB_KEY, is_blob

Values = dict[str, Any]
Fetch = Callable[[str], Awaitable[bytes | None]]


async def filled(outputs: Iterable[Values], fetch: Fetch) -> list[Values]:
    """The outputs with the values of blobs in their places. One that is not to be had stays a
    reference. Raises `Refused` where those who have it cannot be reached.
    """
    outputs = list(outputs)
    found: dict[str, bytes | None] = {}
    for digest in _wanted(outputs):
        found[digest] = await fetch(digest)
    return [_filled(each, found) for each in outputs]


def _wanted(outputs: Iterable[Values]) -> list[str]:
    """Digests of the blobs in these outputs, once each."""
    bundles = [each[part] for each in outputs for part in ("data", "metadata") if part in each]
    values = (value for bundle in bundles for value in bundle.values())
    return list(dict.fromkeys(value[BLOB_KEY] for value in values if is_blob(value)))


def _filled(output: Values, found: Mapping[str, bytes | None]) -> Values:
    parts = {}
    for part in ("data", "metadata"):
        if part in output:
            parts[part] = output[part] | unpack(output[part], found.get, lambda _key, _why: None)
    return output | parts


def readable(outputs: Iterable[Values]) -> str:
    """What somebody would read of these outputs: streams, texts, and errors in a line."""
    texts = []
    for each in outputs:
        match each["output_type"]:
            case "stream":
                texts.append(each["text"])
            case "error":
                texts.append(f"{each['ename']}: {each['evalue']}\n")
            case _:
                text = each["data"].get("text/plain")
                texts.append(f"{text}\n" if isinstance(text, str) else "")
    return "".join(texts)
