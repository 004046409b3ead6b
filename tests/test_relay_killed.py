"""A relay that is killed in the middle of its work, again and again, while several people write.

What was acknowledged is in the log, where it was said to be; nothing is in it twice; and whoever
reads gets what everybody gets.
"""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from foldbook.row import Kind, Row, digest
from foldbook.wire import Ack, Err, Nack, Rows
from relay_desk import ROOM, Caller, Web, until
from websockets.exceptions import InvalidHandshake, WebSocketException

ROOT = Path(__file__).resolve().parents[1]
WRITERS = 4
KILLS = 16
BATCH = 20
GONE = (WebSocketException, InvalidHandshake, OSError, EOFError)


class Process:
    """The relay as a program, on one port and one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        env = os.environ | {
            "FOLDBOOK_RELAY_DATA": str(self._folder),
            "FOLDBOOK_RELAY_PORT": str(self._port),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "py"), str(ROOT)]),
        }
        command = [sys.executable, "-m", "sync_relay.main", "--until-eof"]
        self._process = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self._process.stdout is not None
        told = self._process.stdout.readline()
        assert told, "the relay did not start"
        self._port = int(told.rsplit(":", 1)[1])

    def kill(self) -> None:
        self.end(self._process.kill if self._process else None)

    def end(self, how: object = None) -> None:
        assert self._process is not None
        if callable(how):
            how()
        else:
            self._process.terminate()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


@dataclass
class Author:
    """Writes as a client does: keeps what is not acknowledged, and says it again."""

    name: bytes
    process: Process
    ended: threading.Event
    made: int = 0
    pending: list[Row] = field(default_factory=list)
    acked: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    seen: dict[int, Row] = field(default_factory=dict)
    head: int = 0
    joined: int = 0
    failed: str = ""

    def run(self) -> None:
        while not (self.ended.is_set() and not self.pending) and not self.failed:
            # Cut off: it comes back. A test that fails tells it by what is missing then.
            with suppress(*GONE):
                self.go_on()
            time.sleep(0.02)  # a killed relay is not asked again without a pause

    def caller(self) -> Caller:
        session = self.name * 16
        return Caller(self.process.address, session=session, secret=self.name * 16)

    def go_on(self) -> None:
        with self.caller() as caller:
            caller.since = self.head
            caller.join(first=self.pending[0].n if self.pending else 0)
            self.joined += 1
            while not self.ended.is_set() or self.pending:
                while len(self.pending) < BATCH and not self.ended.is_set():
                    self.made += 1
                    self.pending.append(
                        caller.row(self.made, Kind.EDIT, os.urandom(100), seen=self.head)
                    )
                caller.push(*self.pending)
                wanted = self.pending[-1].n
                while self.pending and self.pending[0].n <= wanted:
                    self.take(caller.hear())

    def take(self, message: object) -> None:
        match message:
            case Ack(n, seqs, marks):
                for i, seq in enumerate(seqs):
                    self.acked[n + i] = (seq, marks[i])
                    assert self.pending.pop(0).n == n + i
            case Rows(rows):
                self.seen |= {row.seq: row for row in rows}
                self.head = rows[-1].seq
            case Err() | Nack():
                self.failed = str(message)
                raise EOFError  # no use in going on


@pytest.mark.slow
def test_whatever_is_killed_nothing_acknowledged_is_lost_and_nothing_is_twice(
    tmp_path: Path,
) -> None:
    process = Process(tmp_path)
    Web(process.address, secret=b"0" * 16).make(ROOM)
    ended = threading.Event()
    authors = [Author(bytes([ord("0") + i]), process, ended) for i in range(WRITERS)]
    threads = [threading.Thread(target=author.run, daemon=True) for author in authors]
    for thread in threads:
        thread.start()
    chance = Random(7)
    for _ in range(KILLS):
        before = [author.joined for author in authors]
        counts = [len(author.acked) for author in authors]
        until(lambda b=before, c=counts: _all_wrote(authors, b, c))
        time.sleep(chance.random() * 0.3)  # at any point of what it does
        if chance.random() < 0.75:
            process.kill()
        else:
            process.end()  # it is told to end, in the middle of everything
        process.start()
    ended.set()
    for thread in threads:
        thread.join(30)
    assert not [author.failed for author in authors if author.failed]
    assert all(not author.pending for author in authors)
    total = sum(author.made for author in authors)
    with authors[0].caller() as reader:
        reader.join()
        log = reader.read(total)
    process.end()
    _check(log, authors, total)


def _all_wrote(authors: list[Author], joined: list[int], acked: list[int]) -> bool:
    return all(
        author.failed or (len(author.acked) > count + BATCH and author.joined >= times)
        for author, times, count in zip(authors, joined, acked, strict=True)
    )


def _check(log: list[Row], authors: list[Author], total: int) -> None:
    assert [row.seq for row in log] == list(range(1, total + 1))
    numbers = [(row.session, row.n) for row in log]
    assert len(set(numbers)) == total
    for author in authors:
        assert author.joined > KILLS / 2, "it was hardly ever there"
        mine = {row.n: row for row in log if row.session == author.caller().id}
        assert sorted(mine) == list(range(1, author.made + 1))
        for n, (seq, mark) in author.acked.items():
            assert (mine[n].seq, digest(mine[n])) == (seq, mark)
        for seq, row in author.seen.items():
            assert log[seq - 1] == row, "somebody was told another row"
