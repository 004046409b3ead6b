"""Files of a notebook's stored bytes: what is sound goes in, what is not is told."""

import hashlib
import json

import pytest
from foldbook import logfile
from foldbook.errors import BadNotebookFile
from foldbook.row import encode_segment
from rows import log

BLOB = b"a picture"
DIGEST = hashlib.sha256(BLOB).hexdigest()


def record(store: str, key: object, content: bytes) -> bytes:
    head = {"store": store, "key": key, "bytes": len(content)}
    return json.dumps(head).encode() + b"\n" + content + b"\n"


def file_of(*records: bytes) -> bytes:
    return logfile.MAGIC + json.dumps({"name": "Tides"}).encode() + b"\n" + b"".join(records)


def rows_of(first: int, last: int) -> bytes:
    return record("rows", first, encode_segment(log(last)[first - 1 :]))


def test_rows_and_blobs_come_back() -> None:
    data = file_of(rows_of(1, 3), rows_of(4, 5), record("blobs", DIGEST, BLOB))
    found = logfile.read(data, "a.foldbook")
    assert logfile.is_log(data)
    assert found == logfile.LogFile("Tides", log(5), {DIGEST: BLOB})


def test_rows_behind_a_gap_are_left_out_and_counted() -> None:
    found = logfile.read(file_of(rows_of(1, 2), rows_of(4, 5)), "a.foldbook")
    assert found.rows == log(2)
    assert found.left_out == 3  # two rows, and the gap


def test_a_blob_that_is_not_what_its_name_says_is_left_out() -> None:
    data = file_of(rows_of(1, 2), record("blobs", DIGEST, b"another"), record("blobs", 7, BLOB))
    found = logfile.read(data, "a.foldbook")
    assert found.blobs == {}
    assert found.left_out == 2


def test_a_file_that_was_cut_short_gives_what_it_still_has() -> None:
    data = file_of(rows_of(1, 3), record("blobs", DIGEST, BLOB))
    found = logfile.read(data[:-5], "a.foldbook")
    assert (found.rows, found.blobs, found.left_out) == (log(3), {}, 1)
    found = logfile.read(data[: data.index(b'{"store": "blobs"') + 9], "a.foldbook")
    assert (found.rows, found.left_out) == (log(3), 1)


@pytest.mark.parametrize(
    "data",
    [
        b"foldbook-log 2\n{}\n",
        logfile.MAGIC,
        logfile.MAGIC + b"[" * 100_000,
        logfile.MAGIC + b"[1]\n",
        file_of(),
        file_of(rows_of(2, 3)),
        file_of(record("rows", 1, b"no rows")),
        file_of(b'{"store": "rows", "key": 1, "bytes": -1}\n\n'),
        file_of(b'{"store": "rows", "key": 1, "bytes": "2"}\n\n'),
    ],
)
def test_what_has_no_sound_row_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(BadNotebookFile, match=r"^a\.foldbook: "):
        logfile.read(data, "a.foldbook")
