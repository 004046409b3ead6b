"""For whom a runtime runs what: links, signatures, snapshots, and a user who is asked."""

import asyncio
import os
import pty
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from foldbook.events.executions import ExecutionRequested
from foldbook.joining import Told
from foldbook.link import parse as parse_link
from foldbook.native.exits import Exit
from foldbook.native.network import NativeNetwork
from foldbook.native.notebooks import opened
from foldbook.native.outside import outside
from foldbook.notebook import Notebook, Status
from foldbook.reducer import fold_all
from foldbook.row import Role
from foldbook.snapshot import decode, encode
from foldbook.upstream import Answer
from joined import (
    Room,
    begun,
    native,
    room,
    text_of,
    until,
)
from stories import story

# Who may


@story
async def test_requests_that_nobody_has_signed_are_not_run(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        book.join()
        runtime = await book.runtime()
        run = parse_link(await book.mara.link("run"))
        # He has a run link's token, so that the relay takes the row, and no seed to sign it with.
        thief = replace(run, role=Role.EDIT, seed=None)
        async with opened(thief, None, b"t" * 32) as held:
            await held.current()
            assert held.peer.role is Role.EDIT
            # As he cannot sign. But his program may do otherwise:
            held.peer._replica.role = Role.RUN
            ask = {"execution_id": "stolen", "cell_id": "c", "run_id": "r"}
            source = "open('stolen', 'w')"
            held.peer.append([ExecutionRequested(source=source, runtime=runtime.session, **ask)])
            held.peer.append([ExecutionRequested(source=source, **ask | {"execution_id": "s2"})])
            await held.delivered()
        head = book.peer.log.head
        await book.run("'honest'")
        assert book.peer.log.head > head
        assert not {"stolen", "s2"} & set(book.peer.log.confirmed.executions)
        assert not (book.work / "stolen").exists()
        reasons = [each.reason for each in book.peer.log.confirmed.aside]
        assert "This event is not signed by anybody who may run code here." in str(reasons)


class Slow(NativeNetwork):
    """It tells nothing of the past before it is released."""

    def __init__(self) -> None:
        self.released = asyncio.Event()

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        if method == "GET" and ("/segments/" in url or "/rows?" in url):
            await self.released.wait()
        return await super().ask(method, url, headers, body)


@story
async def test_requests_in_a_snapshot_are_run_only_if_the_log_bears_them_out(
    relay: str, tmp_path: Path
) -> None:
    async with room(relay, tmp_path) as book:
        honest = book.ask("'honest'")[0]
        await until(lambda: not book.peer.waiting, lambda: "all of it at the relay")
        await book.mara.host._saver.flush()
        # Whoever may edit can leave a snapshot, and write into it what he likes.
        forged = fold_all(await book.mara.store.rows(0, 10_000))
        lie = replace(forged.executions[honest], id="forged", source="open('forged', 'w')")
        forged.executions["forged"] = lie
        await left(book, forged)
        network = Slow()
        async with native(
            book, tmp_path / "loom", outside=replace(outside(), network=network)
        ) as held:
            assert "forged" in held.peer.notebook.executions
            [later] = await book.run("'later'")
            assert later.status is Status.OK
            assert book.execution(honest).status is Status.QUEUED
            network.released.set()
            assert (await book.comes(honest)).status is Status.OK
            assert "forged" not in held.peer.notebook.executions
        assert not (book.work / "forged").exists()


async def left(book: Room, forged: Notebook) -> None:
    """Have this snapshot at the relay, with what belongs to it."""
    told = book.mara.host.desk.told()
    assert told is not None
    beside = decode(told.data).beside
    relaying = book.mara.host._sharing._relaying
    relaying.offers._make = lambda: Told(encode(forged, beside), told.maker)
    await relaying.offers._leave()


@pytest.mark.parametrize("role", ["view", "edit", "run"])
@story
async def test_only_a_link_for_runtimes_is_taken(relay: str, tmp_path: Path, role: str) -> None:
    async with room(relay, tmp_path) as book:
        link = parse_link(await book.mara.link(role))
        loom = book.join(link=link)
        assert await loom.ended() == Exit.RIGHT
        assert f"this link gives the right {role}" in loom.text
        assert "A runtime needs a link of the right runtime" in loom.text


@story
async def test_a_link_that_lies_of_its_right_is_found_out(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        link = parse_link(await book.mara.link("edit"))
        loom = book.join(link=replace(link, role=Role.RUNTIME))
        assert await loom.ended() == Exit.RIGHT
        assert "this link gives the right edit" in loom.text
        assert not book.peer.log.confirmed.runtimes


@story
async def test_links_that_lead_nowhere_have_codes_of_their_own(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        cases = {
            Exit.RELAY: replace(book.link, relay="http://127.0.0.1:9"),
            Exit.LINK: replace(book.link, key=b"x" * 32),
            Exit.RIGHT: replace(book.link, token=b"x" * 16),
        }
        for code, link in cases.items():
            loom = book.join(link=link, data=str(code))
            assert await loom.ended() == code, loom.text
        loom = book.join(link="join/secret-secret")
        assert await loom.ended() == Exit.LINK
        assert "secret-secret" not in loom.text
        assert "Traceback" not in "".join(each.text for each in book.joined)


@story
async def test_a_link_that_is_revoked_ends_it(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        await book.runtime()
        await begun(book)
        [made] = [
            each for each in (await book.mara.ask("state"))["links"] if each["role"] == "runtime"
        ]
        await book.mara.ask("revoke", link=made["id"])
        assert await loom.ended() == Exit.REVOKED
        assert "the link of this runtime has been revoked" in loom.text
        assert await book.join().ended() == Exit.REVOKED
        assert await book.join(data="elsewhere").ended() == Exit.REVOKED


# Agreeing


@asynccontextmanager
async def terminal() -> AsyncIterator[tuple[int, int]]:
    """Its two ends: what a user types into, and what a program reads from."""
    mine, theirs = pty.openpty()
    try:
        yield mine, theirs
    finally:
        os.close(mine)
        os.close(theirs)


@story
async def test_each_request_is_shown_and_asked_for(relay: str, tmp_path: Path) -> None:
    async with terminal() as (mine, theirs), room(relay, tmp_path) as book:
        loom = book.join("--confirm", stdin=theirs)
        await book.runtime()
        [name] = book.ask("print('agreed')\n'\x1b[2Jhidden'")
        await loom.says("asks to run:\n  | print('agreed')\n  | '\\x1b[2Jhidden'\nRun it? [y/n]")
        assert "Mara (" in loom.text
        assert book.execution(name).status is Status.QUEUED
        os.write(mine, b"perhaps\n")
        await loom.says("y or n?")
        os.write(mine, b"y\n")
        assert text_of(await book.comes(name)) == "agreed\n"
        first, second = book.ask("print('declined')", "print('and so this')")
        await loom.says("print('declined')")
        os.write(mine, b"n\n")
        execution = await book.comes(first)
        assert execution.status is Status.ABORTED
        assert text_of(execution) == "The user of this runtime did not let this run.\n"
        assert (await book.comes(second)).status is Status.ABORTED
        assert "Does not run what Mara" in loom.text


@story
async def test_a_question_is_withdrawn_with_its_request(relay: str, tmp_path: Path) -> None:
    async with terminal() as (_, theirs), room(relay, tmp_path) as book:
        loom = book.join("--confirm", stdin=theirs)
        await book.runtime()
        [name] = book.ask("print('cancelled')")
        await loom.says("print('cancelled')")
        book.do("cancel", execution_id=name)
        await loom.says("Withdrawn.")
        assert (await book.comes(name)).status is Status.CANCELLED
        [name] = book.ask("print('interrupted')")
        await loom.says("print('interrupted')")
        book.do("interrupt")
        execution = await book.comes(name)
        assert execution.status is Status.ABORTED
        assert text_of(execution).startswith("Interrupted before")
        [name] = book.ask("print('left')")
        await loom.says("print('left')")
        loom.send(signal.SIGTERM)
        assert await loom.ended() == Exit.OK


@story
async def test_without_a_terminal_nobody_can_agree(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join("--confirm")
        assert await loom.ended() == Exit.USAGE
        assert "--confirm asks on a terminal, and there is none" in loom.text
