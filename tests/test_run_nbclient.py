"""nbclient's own notebooks through `foldbook run`, compared as its tests compare them."""

import json
import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from running import foldbook_run

FILES = Path(__file__).resolve().parents[1].parent / "shared" / "corpus" / "notebooks" / "nbclient"
INTERRUPTED = ("--timeout", "3", "--allow-errors")
NOTEBOOKS: list[tuple[str, tuple[str, ...]]] = [
    ("Other Comms", ()),
    ("Clear Output", ()),
    ("Empty Cell", ()),
    ("Factorials", ()),
    ("HelloWorld", ()),
    ("Inline Image", ()),
    ("Interrupt", INTERRUPTED),
    ("JupyterWidgets", ()),
    ("Skip Exceptions with Cell Tags", ()),
    ("Skip Exceptions", ("--allow-errors",)),
    ("Skip Execution with Cell Tag", ()),
    ("SVG", ()),
    ("Unicode", ()),
    ("UnicodePy3", ()),
    ("update-display-id", ()),
    ("Check History in Memory", ()),
]
"""As in its ``tests/test_client.py``: name, and options of ours that mean the same."""

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


def text_of(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def value_of(mime: str, value: Any) -> Any:
    if mime == "application/vnd.jupyter.widget-view+json":
        return {**value, "model_id": "<MODEL>"}
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


@pytest.mark.parametrize(("name", "options"), NOTEBOOKS, ids=[name for name, _ in NOTEBOOKS])
def test_outputs_are_those_that_nbclient_expects(
    name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    source = FILES / f"{name}.ipynb"
    if not source.exists():
        pytest.skip("needs nbclient's notebooks in ../shared/corpus/notebooks/nbclient")
    out = tmp_path / "out.ipynb"
    done = foldbook_run(tmp_path, source, "-o", out, *options, cwd=FILES)
    assert done.returncode == 0, done.stderr
    expected, came = cells_of(source.read_bytes()), cells_of(out.read_bytes())
    assert len(came) == len(expected)
    for number, (wanted, found) in enumerate(zip(expected, came, strict=True), 1):
        outputs = [normal(each) for each in found.get("outputs", [])]
        assert outputs == [normal(each) for each in wanted.get("outputs", [])], f"cell {number}"
        assert found.get("execution_count") == wanted.get("execution_count"), f"cell {number}"
