"""Real editing sessions, folded as real rows, end in exactly the text their authors ended in."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from foldbook import text
from foldbook.events import encode
from foldbook.events.cells import CellSourceEdited
from foldbook.log import Log
from foldbook.reducer import fold, fold_all
from foldbook.row import Row, decode_segment, encode_segment
from traces import edit, edit_row, first_row, knowledge, read_trace

Fact = tuple[Row, CellSourceEdited]


def one_writer(trace: dict[str, Any]) -> Iterator[Fact]:
    """A row for each transaction of one writer, who sees each of them confirmed."""
    length = len(trace["startContent"])
    for n, txn in enumerate(trace["txns"], 1):
        change = text.from_patches(txn["patches"])
        yield edit_row(n + 1, "writer", n, n), edit(change, length)
        length += text.growth(change)


def folded(source: str, facts: Iterable[Fact]) -> str:
    notebook = fold_all([first_row(source)])
    for row, event in facts:
        fold(notebook, row, event)
    assert notebook.void_count == 0, notebook.aside[0]
    return notebook.cells["paper"].source


class Author:
    """One of several who type at once: sees the log up to some row, and what is its own."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.count = 0
        self.log = Log(fold_all([first_row()]))

    def write(self, patches: list[tuple[int, int, str]]) -> Row:
        """An own new row on top of what this author sees."""
        self.count += 1
        length = len(self.log.view.cells["paper"].source)
        event = edit(text.from_patches(patches), length)
        row = edit_row(0, self.session, self.count, self.log.head, encode(event))
        self.log.append(row, event)
        return row


def test_a_paper_typed_by_one_author(corpus: Path) -> None:
    trace = read_trace(corpus, "automerge-paper")
    assert len(trace["txns"]) == 259_778
    assert folded(trace["startContent"], one_writer(trace)) == trace["endContent"]


def test_two_friends_typing_at_once(corpus: Path) -> None:
    trace = read_trace(corpus, "friendsforever")
    txns = trace["txns"]
    authors = {0: Author("a0"), 1: Author("a1")}
    rows = [first_row()]
    for seq, (txn, known) in enumerate(zip(txns, knowledge(txns), strict=True), 2):
        author = authors[txn["agent"]]
        if known + 1 > author.log.head:
            author.log.confirm(rows[author.log.head : known + 1])
        rows.append(replace(author.write(txn["patches"]), seq=seq, ts=seq))
    assert fold_all(rows).void_count == 0
    assert fold_all(rows).cells["paper"].source == trace["endContent"]
    for author in authors.values():
        author.log.confirm(rows[author.log.head :])
        assert not author.log.pending
        assert author.log.view.cells["paper"].source == trace["endContent"]


def test_through_the_bytes(corpus: Path) -> None:
    """The first rows of the paper, encoded into segments and read back."""
    trace = read_trace(corpus, "automerge-paper")
    facts = list(islice(one_writer(trace), 5_000))
    rows = [first_row(), *(replace(row, payload=encode(event)) for row, event in facts)]
    notebook = fold_all(decode_segment(encode_segment(rows)))
    assert notebook.head == 5_001
    assert notebook.cells["paper"].source == folded("", facts)
