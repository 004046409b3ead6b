"""A long notebook as people have them: prose, code, and outputs of every kind. Always the same."""

import base64
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any, Final

Shape = dict[str, Any]

_WIDTH: Final = 320
_HEIGHT: Final = 200
_LINES: Final = 12
STREAMING: Final = """import asyncio
shown = display("step 0", display_id=True)
for i in range(9000):
    shown.update(f"step {i}")
    if i // 100 % 2:
        print(f"\\r{i % 100}%|{'#' * (i % 100 // 4):<25}|", end="")
    else:
        print("line", i)
    await asyncio.sleep(0.02)"""
"""Code that goes on for as long as anybody looks: lines, a bar of progress, an updated display."""


def long_notebook(cells: int, *, frame_every: int = 20, special: Shape | None = None) -> str:
    """An .ipynb file with this many cells.

    frame_every: one in so many cells has an output with a script of its own. special: sources of
    code cells without outputs, by their place.
    """
    made = [_cell(at, frame_every, (special or {}).get(at)) for at in range(cells)]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def _cell(at: int, frame_every: int, source: str | None) -> Shape:
    if source is not None:
        return _code(at, source, [])
    if frame_every and at % frame_every == frame_every - 1:
        return _code(at, f"display(Widget({at}))", [_result({"text/html": _scripted(at)})])
    if at % 4 == 0:
        return {"cell_type": "markdown", "id": f"c{at}", "metadata": {}, "source": _prose(at)}
    output = _KINDS[at % len(_KINDS)](at)
    return _code(at, _source(at), [output] if output else [])


def _code(at: int, source: str, outputs: list[Shape]) -> Shape:
    return {
        "cell_type": "code",
        "id": f"c{at}",
        "metadata": {},
        "source": source,
        "outputs": outputs,
        "execution_count": at if outputs else None,
    }


def _result(data: Shape) -> Shape:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _prose(at: int) -> str:
    return (
        f"## Part {at}\n\nWhat *this* part does stands in **three** lines, and one formula "
        f"$x_{{{at}}} = \\sqrt{{{at}}}$ says how.\n\n- `first` of all\n- then [a link](#c{at})\n"
        "- and a last point that is long enough to be wrapped where the column of the sheet ends"
    )


def _source(at: int) -> str:
    lines = [f"# Step {at}", f"def step_{at}(values, scale={at}):", '    """One step."""']
    lines += [f"    values = [scale * each + {n} for each in values]" for n in range(at % 14)]
    return "\n".join([*lines, "    return sum(values)", f"step_{at}(range({at}))"])


def _stream(at: int) -> Shape:
    text = "".join(f"{at}: line {n}, \x1b[32mdone\x1b[0m\n" for n in range(_LINES))
    return {"output_type": "stream", "name": "stdout", "text": text}


def _table(at: int) -> Shape:
    head = "".join(f"<th>column {n}</th>" for n in range(6))
    rows = "".join(
        f"<tr><th>{row}</th>" + "".join(f"<td>{at * row + n}.5</td>" for n in range(6)) + "</tr>"
        for row in range(_LINES)
    )
    html = (
        '<div><table border="1" class="dataframe"><thead><tr style="text-align: right;">'
        f"<th></th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    return _result({"text/html": html, "text/plain": f"a table of {_LINES} rows"})


def _picture(at: int) -> Shape:
    tint = bytes((at * 7 % 256, at * 13 % 256, at * 29 % 256))
    rows = b"".join(
        b"\0" + (tint + bytes((row, 90, 200))) * (_WIDTH // 2) for row in range(_HEIGHT)
    )
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    shown = base64.b64encode(png).decode()
    return _result({"image/png": shown, "text/plain": f"<picture {at}>"})


def _plain(at: int) -> Shape:
    return _result({"text/plain": f"{{'step': {at}, 'values': {list(range(at % 40))}}}"})


def _error(at: int) -> Shape:
    lines = ["Traceback (most recent call last):", f"ValueError: step {at} has no value"]
    return {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": f"step {at} has no value",
        "traceback": lines,
    }


def _scripted(at: int) -> str:
    return (
        f"<div id='w{at}' style='height:180px;background:#eef'></div>"
        f"<script>document.getElementById('w{at}').textContent = 'widget ' + {at}</script>"
    )


_KINDS: Final[tuple[Callable[[int], Shape | None], ...]] = (
    _stream,
    _table,
    _plain,
    _picture,
    _stream,
    lambda _: None,
    _error,
    _stream,
    _table,
    _plain,
    lambda _: None,
)
