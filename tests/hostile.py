"""Rows that mean harm: well sealed, of the right kind, by somebody who may write them."""

import json
from typing import Any

from foldbook.ipynb.reading import STASH
from foldbook.row import Kind, Role, Row

MALLORY = "ee"


def nested(levels: int) -> Any:
    """Lists in lists."""
    made: Any = 1
    for _ in range(levels):
        made = [made]
    return made


_BUNDLE = {
    "text/plain": 5,
    "text/html": {"a": 1},
    "image/png": [1, None],
    "image/svg+xml": True,
    "application/json": nested(150),
    "": "",
    "__proto__": {"$blob": "zz", "size": -1},
    "constructor": "x",
}
_ESCAPES = "x\u0000\x1b[9999999999m\x1b[38;5;99999999m\x1b[38;2;1;1mx\x1b]8;;javascript:1\x07"
_OUTPUTS = [
    {"output_type": "display_data", "data": _BUNDLE, "metadata": {"image/png": "x", "isolated": 3}},
    {"output_type": "execute_result", "data": {"text/plain": {"$blob": "x", "size": "big"}}},
    {"output_type": "execute_result", "data": {"text/markdown": ["a", 1, None, {}]}},
    {"output_type": "stream", "name": "nowhere", "text": _ESCAPES * 9},
    {"output_type": "error", "ename": "", "evalue": "\u202e", "traceback": ["\x1b[" * 500]},
]
_CELL = {"type": "cellCreated", "cell_type": "code"}
_EDIT = {"type": "cellSourceEdited", "cell_id": "c"}
_SCRIPT = "<img src=x onerror=alert(1)>"
EVENTS: list[dict[str, Any] | bytes] = [
    {"type": "notebookCreated", "notebook_id": "nb", "name": "N"},
    {**_CELL, "cell_id": "c", "position": "a1", "source": "abc"},
    {**_EDIT, "changes": [10**9, [0, "x"]], "length_before": 10**9},
    {**_EDIT, "changes": [[10**15, ""]], "length_before": 3},
    {**_EDIT, "changes": [0] * 15_000 + [[0, "x"]], "length_before": 3},
    {**_EDIT, "changes": [[0, "\ud83d\ude00"]], "length_before": 4},
    *(
        {**_CELL, "cell_id": name, "position": f"a{i}", "source": _SCRIPT}
        for i, name in enumerate(("__proto__", "constructor", "toString", "-", "0", "x" * 64))
    ),
    {**_CELL, "cell_id": "m", "cell_type": "markdown", "position": "b1", "source": "$" * 999},
    {**_CELL, "cell_id": "n", "cell_type": "markdown", "position": "b2", "source": "[" * 9999},
    {**_CELL, "cell_id": "o", "cell_type": "markdown", "position": "b3", "source": "> " * 5000},
    {"type": "cellMoved", "cell_id": "c", "position": "z" * 512},
    {"type": "cellMoved", "cell_id": "-", "position": "0"},
    {"type": "cellMoved", "cell_id": "0", "position": "0"},
    {
        "type": "cellMetadataSet",
        "cell_id": "c",
        "values": {
            "a": nested(190),
            "__proto__": {"x": 1},
            "collapsed": "x",
            "jupyter": 3,
            "scrolled": [],
            "tags": 5,
            "name": {"a": 1},
        },
    },
    {
        "type": "cellAttachmentsSet",
        "cell_id": "m",
        "values": {"x.png": 5, "__proto__": [], "y": {"image/png": {"a": 1}}},
    },
    {"type": "cellMetadataSet", "cell_id": "n", "values": {STASH: {"attachments": 5}}},
    {"type": "cellMetadataSet", "cell_id": "o", "values": {STASH: [3]}},
    {"type": "notebookMetadataSet", "values": {STASH: {"nbformat": "x", "cells": 3}}},
    {
        "type": "notebookMetadataSet",
        "values": {
            "kernelspec": {"name": 5, "display_name": [], "language": {}},
            "language_info": [1],
            "authors": {"a": 1},
            "widgets": 3,
            "foldbook": "x",
        },
    },
    b'{"type":"cellMetadataSet","cell_id":"c","values":{"b":1e400,"c":NaN,"d":'
    + b"9" * 4000
    + b"}}",
    {"type": "executionImported", "execution_id": "e", "cell_id": "c", "source": "x"},
    {"type": "outputsImported", "execution_id": "e", "outputs": _OUTPUTS},
    {"type": "notebookRenamed", "name": "\u202e\u0000\n" + _SCRIPT + "x" * 900},
    {"type": "fileAdded", "path": "__proto__", "digest": "0" * 64, "size": 2**53 - 1, "mime": "\n"},
    {"type": "fileAdded", "path": "a\u202egnp.exe", "digest": "0" * 64, "size": 0},
    {"type": "actorIntroduced", "name": "\u202e" + "Ada" * 300, "actor_kind": "agent"},
    {"type": "minimumReducerRaised", "reducer": 10**9},
    {"type": "notYetThought", "v": 7},
    b"\xff\x00 no JSON",
]


def rows() -> list[Row]:
    """All of them, by an editor; the clock is that of a relay that lies."""
    made = []
    for seq, event in enumerate(EVENTS, 1):
        payload = event if isinstance(event, bytes) else json.dumps(event).encode()
        kind = Kind.NOTE if b'"actorIntroduced"' in payload else Kind.EDIT
        made.append(Row(seq, MALLORY, seq, seq - 1, MALLORY, Role.EDIT, kind, 2**53 - 1, payload))
    return made
