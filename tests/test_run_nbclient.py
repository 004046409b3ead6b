"""nbclient's own notebooks through `foldbook run`, compared as its tests compare them."""

import json
import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from foldbook.native.kernel import NO_WIDGETS
from running_program import foldbook_run

FILES = Path(__file__).resolve().parents[1].parent / "shared" / "corpus" / "notebooks" / "nbclient"
NOTEBOOKS: dict[str, tuple[str, ...]] = {
    "Other Comms": (),
    "Clear Output": (),
    "Empty Cell": (),
    "Factorials": (),
    "HelloWorld": (),
    "Inline Image": (),
    "Interrupt": ("--timeout", "3", "--allow-errors"),
    "Skip Exceptions with Cell Tags": (),
    "Skip Exceptions": ("--allow-errors",),
    "Skip Execution with Cell Tag": (),
    "SVG": (),
    "Unicode": (),
    "UnicodePy3": (),
    "update-display-id": (),
    "Check History in Memory": (),
}
"""As in its ``tests/test_client.py``: name, and options of ours that mean the same. Without
JupyterWidgets, as comms lead nowhere here (`foldbook.native.kernel.NO_WIDGETS`)."""

OF_THE_KERNEL = {
    "update-display-id": "speaks with ipykernel's own sockets",
    "Check History in Memory": "asks for the history of an ipykernel",
}
"""What does not run but in ipykernel, and why."""

BY_BOTH = ("Clear Output", "HelloWorld", "Inline Image", "Interrupt", "Other Comms")
CASES = [
    *(pytest.param(name, "python") for name in NOTEBOOKS if name not in OF_THE_KERNEL),
    *(pytest.param(name, "kernel") for name in (*OF_THE_KERNEL, *BY_BOTH)),
]

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


def folder_for(source: Path, tmp_path: Path) -> Path:
    """A working directory with the picture that one of them shows."""
    folder = tmp_path / "work"
    folder.mkdir()
    pictures = [
        output["data"]["image/png"]
        for cell in cells_of(source.read_bytes())
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    if pictures:
        (folder / "python.png").write_bytes(b64decode(text_of(pictures[0])))
    return folder


@pytest.mark.parametrize(("name", "by"), CASES)
def test_outputs_are_those_that_nbclient_expects(name: str, by: str, tmp_path: Path) -> None:
    source = FILES / f"{name}.ipynb"
    if not source.exists():
        pytest.skip("needs nbclient's notebooks in ../shared/corpus/notebooks/nbclient")
    out = tmp_path / "out.ipynb"
    kernel = ("--kernel", "python3") if by == "kernel" else ()
    folder = folder_for(source, tmp_path)
    done = foldbook_run(tmp_path, source, "-o", out, *NOTEBOOKS[name], *kernel, cwd=folder)
    assert done.returncode == 0, done.stderr
    expected, came = cells_of(source.read_bytes()), cells_of(out.read_bytes())
    assert len(came) == len(expected)
    for number, (wanted, found) in enumerate(zip(expected, came, strict=True), 1):
        outputs = [normal(each) for each in found.get("outputs", []) if not is_note(each)]
        assert outputs == [normal(each) for each in wanted.get("outputs", [])], f"cell {number}"
        assert found.get("execution_count") == wanted.get("execution_count"), f"cell {number}"
