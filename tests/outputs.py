"""Outputs of notebook files, compared as nbclient's tests compare them."""

import json
import re
from base64 import b64decode, b64encode
from typing import Any
from xml.etree import ElementTree

from foldbook.native.kernel import NO_WIDGETS

_ADDRESS = re.compile(r"0x[0-9a-f]{7,12}")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(
    r"(<ipython-input-\d+-[0-9a-f]+>|<IPY-INPUT>) in (<module>|<cell line: \d>\(\))"
    r"|((Cell|Input) In\s?\[\d+\]|<IPY-INPUT>), (in )?(line \d|<module>|<cell line: \d>\(\))"
)


def normal(output: dict[str, Any]) -> dict[str, Any]:
    """An output without what differs from run to run."""
    made = {key: value for key, value in output.items() if key != "metadata"}
    if "text" in made:
        made["text"] = _ADDRESS.sub("<ADDRESS>", text_of(made["text"]))
    if "data" in made:
        made["data"] = {mime: value_of(mime, value) for mime, value in made["data"].items()}
    if "traceback" in made:
        made["traceback"] = [
            _PLACE.sub("<PLACE>", _ANSI.sub("", each)) for each in made["traceback"]
        ]
    return made


def is_note(output: dict[str, Any]) -> bool:
    """Whether it is our own word that a kernel's comms lead nowhere; nbclient says nothing."""
    return output["output_type"] == "stream" and text_of(output["text"]) == NO_WIDGETS


def text_of(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def value_of(mime: str, value: Any) -> Any:
    if mime.endswith("json"):
        return value
    text = text_of(value)
    if mime == "image/svg+xml":
        return ElementTree.canonicalize(text)
    if mime == "text/plain":
        return _ADDRESS.sub("<ADDRESS>", text)
    try:
        return b64encode(b64decode(text.encode("ascii"))).decode()
    except ValueError:
        return text


def cells_of(file: bytes) -> list[dict[str, Any]]:
    notebook = json.loads(file)
    cells: list[dict[str, Any]] = (
        notebook["cells"]
        if "cells" in notebook
        else [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    )
    return cells


def pictures_of(file: bytes) -> list[bytes]:
    """The PNG images that a file's outputs have."""
    return [
        b64decode(text_of(output["data"]["image/png"]))
        for cell in cells_of(file)
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
