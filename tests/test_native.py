"""Shared notebooks held by native processes: links, folders, and a real relay."""

import asyncio
import io
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builder import relay as relays
from foldbook.commands import parse
from foldbook.errors import (
    BadLink,
    BadParameters,
    CannotStart,
    FoldbookError,
    Mine,
    Refused,
    StoreDamaged,
    StoreFull,
    StoreHeld,
)
from foldbook.events.executions import ExecutionRequested
from foldbook.link import ShareLink
from foldbook.link import parse as parse_link
from foldbook.native import folders
from foldbook.native.exits import Exit, exit_of
from foldbook.native.links import LINK, read_link
from foldbook.native.main import main
from foldbook.native.network import NativeNetwork
from foldbook.native.notebooks import FILE, opened
from foldbook.native.outfile import FileFailed
from foldbook.native.terminal import one_line, plain
from foldbook.row import Role
from foldbook.store import HISTORY
from shared import BEGIN, Someone, until
from stories import story

SECRET = b"i" * 32


async def shared(relay: str, role: str = "run") -> tuple[Someone, ShareLink]:
    """Mara's notebook, and a link to it."""
    mara = Someone("Mara", BEGIN)
    await mara.open()
    await mara.share(relay)
    return mara, parse_link(await mara.link(role))


def files_in(folder: Path) -> dict[str, int]:
    """What is in a folder, with its modes."""
    return {
        each.relative_to(folder).as_posix(): stat.S_IMODE(each.stat().st_mode)
        for each in folder.rglob("*")
    }


# Links

EXAMPLE = ShareLink(
    "https://relay.example", "room-1234", Role.RUNTIME, b"t" * 16, b"k" * 32, b"v" * 32
)


@pytest.mark.parametrize(
    "given",
    [EXAMPLE.address("https://site.example/x"), EXAMPLE.fragment(), f"#{EXAMPLE.fragment()}"],
)
def test_a_link_is_read_whole_or_without_its_page(given: str) -> None:
    assert read_link(given, {}) == EXAMPLE


def test_a_link_comes_by_the_environment_a_file_or_the_standard_input(tmp_path: Path) -> None:
    text = f"\n  {EXAMPLE.address('https://site.example/')}\nsecond line\n"
    file = tmp_path / "link"
    file.write_text(text)
    assert read_link(str(file), {}) == EXAMPLE
    assert read_link("-", {}, io.StringIO(text)) == EXAMPLE
    assert read_link(None, {LINK: text}) == EXAMPLE


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "a link expected: as the argument, or in the environment as FOLDBOOK_LINK"),
        ("nowhere/secret-secret", "and as a file: No such file or directory"),
        ("https://site.example/secret-secret", "and as a file: No such file or directory"),
        ("https://site.example/#secret-secret", "begins with #join/, this one does not"),
        ("join/room-1234/secret-secret", "the link is cut off or changed"),
        (EXAMPLE.fragment()[:-9], "the link is cut off or changed"),
    ],
)
def test_what_is_no_link_is_told_and_not_repeated(given: str | None, message: str) -> None:
    with pytest.raises(BadLink, match=message) as caught:
        read_link(given, {})
    assert "secret-secret" not in str(caught.value)


# The terminal, and the exit codes


def test_what_others_wrote_does_nothing_to_a_terminal() -> None:
    said = "a\x1b[2J\u202eb\r\n\tc\x7f\x9b1m é 字 \U0001f600"
    assert plain(said) == "a\\x1b[2J\\u202eb\\r\n\tc\\x7f\\x9b1m é 字 \U0001f600"
    assert one_line("two\nlines  \x1b") == "two lines \\x1b"
    assert one_line("x" * 100) == "x" * 59 + "…"


def test_help_tells_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["join", "--help"])
    told = capsys.readouterr().out
    for code in Exit:
        assert (f"  {code:3d}  " in told) is (code is not Exit.DEFECT)
    assert "everybody on this machine sees the arguments" in told


@pytest.mark.parametrize(
    ("why", "code"),
    [
        (BadLink("x"), Exit.LINK),
        (Refused("offline", "x"), Exit.RELAY),
        (Refused("expired", "x"), Exit.REVOKED),
        (Refused("fenced", "x"), Exit.HELD),
        (Refused("ahead", "x"), Exit.DISK),
        (StoreHeld("x"), Exit.HELD),
        (StoreFull("x"), Exit.DISK),
        (folders.FolderFailed("x"), Exit.DISK),
        (FileFailed("x"), Exit.DISK),
        (BadParameters("x"), Exit.USAGE),
        (CannotStart("x"), Exit.KERNEL),
        (Mine("x"), Exit.DEFECT),
    ],
)
def test_errors_have_codes(why: FoldbookError, code: Exit) -> None:
    assert exit_of(why) is code


# Folders


def test_data_stands_where_the_environment_says(tmp_path: Path) -> None:
    assert folders.data_folder({folders.DATA: str(tmp_path)}) == tmp_path
    assert folders.data_folder({}).name == "foldbook"


def test_the_person_stays_the_same_and_is_nobody_else_s_business(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"
    secret = folders.person_secret(data)
    assert len(secret) == 32
    assert folders.person_secret(data) == secret
    assert files_in(data) == {"person": 0o600}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert folders.person_secret(tmp_path / "other") != secret


def test_a_person_that_is_damaged_is_not_made_anew(tmp_path: Path) -> None:
    (tmp_path / "person").write_text("mine")
    with pytest.raises(StoreDamaged, match="32 bytes in hex expected, 4 characters found"):
        folders.person_secret(tmp_path)
    assert (tmp_path / "person").read_text() == "mine"


def test_every_notebook_and_runtime_has_a_folder_of_its_own(tmp_path: Path) -> None:
    others = [
        replace(EXAMPLE, room="ROOM-1234"),
        replace(EXAMPLE, relay="https://other.example"),
        EXAMPLE,
    ]
    names = ["loom", "Loom", "../../etc", "", "x" * 300, "/", "loom/"]
    made = [folders.notebook_folder(tmp_path, link) for link in others]
    made += [folders.runtime_folder(tmp_path, link, name) for link in others for name in names]
    assert len({str(each).lower() for each in made}) == len(made)
    for each in made:
        folders.make_private(each)
        assert each.resolve().is_relative_to(tmp_path)
    secrets = {folders.runtime_secret(SECRET, name) for name in names}
    assert len(secrets | {SECRET}) == len(names) + 1


# Notebooks


@story
async def test_a_notebook_is_opened_changed_and_left(relay: str, tmp_path: Path) -> None:
    mara, link = await shared(relay)
    async with opened(link, tmp_path / "ines", SECRET) as held:
        await held.current()
        assert held.peer.notebook.name == "Trend"
        assert held.peer.role is Role.RUN
        held.peer.submit(parse({"do": "rename_notebook", "name": "Ines was here"}))
        await held.delivered()
    await until(lambda: mara.host.desk.notebook.name == "Ines was here")
    await mara.close()


@story
async def test_keys_are_readable_for_their_user_only(relay: str, tmp_path: Path) -> None:
    mara, link = await shared(relay)
    folder = tmp_path / "ines"
    async with opened(link, folder, SECRET) as held:
        await held.current()
        assert set(files_in(folder).values()) == {0o600}
        assert FILE in files_in(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    await mara.close()


@story
async def test_the_session_goes_on_and_what_was_not_sent_is_sent(tmp_path: Path) -> None:
    data, folder = tmp_path / "relay", tmp_path / "ines"
    with relays.running(data, 0) as address:
        assert address is not None
        mara, link = await shared(address)
        async with opened(link, folder, SECRET) as held:
            await held.current()
            session, actor = held.peer.session, held.peer.actor
        await mara.close()
    async with opened(link, folder, SECRET) as held:
        held.peer.submit(parse({"do": "rename_notebook", "name": "Offline"}))
        assert held.peer.session == session
    async with opened(link, folder, SECRET) as held:
        assert held.peer.notebook.name == "Offline"
        assert held.peer.waiting == 1
        assert not held.peer.is_linked
        with relays.running(data, int(address.rpartition(":")[2])):
            held.peer.hurry()
            await held.delivered()
            assert (held.peer.session, held.peer.actor) == (session, actor)
            await mara.open()
            await until(lambda: mara.host.desk.notebook.name == "Offline")
            await mara.close()


@story
async def test_a_runtime_begins_a_new_session_when_the_old_one_s_rows_are_in_the_log(
    relay: str, tmp_path: Path
) -> None:
    mara, link = await shared(relay)
    async with opened(link, tmp_path / "ines", SECRET) as held:
        await held.current()
        old = held.peer.session
        held.peer.submit(parse({"do": "rename_notebook", "name": "One"}))
        with pytest.raises(Mine, match="1 rows of this session are not in the log yet"):
            held.peer.begin_session()
        await held.delivered()
        held.peer.begin_session()
        assert held.peer.session != old
        held.peer.submit(parse({"do": "rename_notebook", "name": "Two"}))
        await held.delivered()
        new = held.peer.session
    await until(lambda: mara.host.desk.notebook.name == "Two")
    assert {old, new} <= set(mara.host.desk.notebook.numbers)
    async with opened(link, tmp_path / "ines", SECRET) as held:
        assert held.peer.session == new
    await mara.close()


@story
async def test_only_one_process_holds_a_notebook(relay: str, tmp_path: Path) -> None:
    mara, link = await shared(relay)
    async with opened(link, tmp_path / "ines", SECRET):
        with pytest.raises(StoreHeld):
            async with opened(link, tmp_path / "ines", SECRET):
                pass
    async with opened(link, tmp_path / "ines", SECRET):
        pass
    await mara.close()


@story
async def test_what_is_kept_nowhere_is_fetched_again(relay: str) -> None:
    mara, link = await shared(relay)
    sessions = set()
    for _ in range(2):
        async with opened(link, None, SECRET) as held:
            await held.current()
            assert held.peer.notebook.name == "Trend"
            sessions.add(held.peer.session)
    assert len(sessions) == 2
    await mara.close()


@story
async def test_files_go_both_ways(relay: str, tmp_path: Path) -> None:
    mara, link = await shared(relay)
    before = mara.peer.put_blob(b"a file of mara's")
    async with opened(link, tmp_path / "ines", SECRET) as held:
        await held.current()
        assert await held.peer.get_blob(before) == b"a file of mara's"
        after = held.peer.put_blob(b"a file of ines's" * 10_000)
        await held.delivered()
    assert await mara.peer.get_blob(after) == b"a file of ines's" * 10_000
    await mara.close()


@story
async def test_a_link_of_another_right_is_followed_by_who_has_less(
    relay: str, tmp_path: Path
) -> None:
    mara, view = await shared(relay, "view")
    run = parse_link(await mara.link("run"))
    for link, role in ((view, Role.VIEW), (run, Role.RUN), (view, Role.RUN)):
        async with opened(link, tmp_path / "ines", SECRET) as held:
            await held.current()
            assert held.peer.role is role
            assert (held.share.link.seed is not None) is (role is Role.RUN)
    await mara.close()


@pytest.mark.parametrize("status", ["200 OK", "500 Trouble"])
@story
async def test_an_answer_that_breaks_off_is_as_none(status: str) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 100\r\n\r\nhalf".encode())
        writer.close()

    async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Refused, match="offline"):
            await NativeNetwork().ask("GET", f"http://127.0.0.1:{port}/", {})


@story
async def test_links_that_lead_nowhere_say_so(relay: str, tmp_path: Path) -> None:
    mara, link = await shared(relay, "edit")
    dead = "http://127.0.0.1:9"
    wrong = {
        "offline": replace(link, relay=dead),
        "room": replace(link, room="no-such-room"),
        "denied": replace(link, token=b"x" * 16),
        "key": replace(link, key=b"x" * 32),
    }
    for code, each in wrong.items():
        with pytest.raises(Refused) as caught:
            async with opened(each, tmp_path / code, SECRET):
                pass
        assert caught.value.code == code
    [made] = (await mara.ask("state"))["links"]
    await mara.ask("revoke", link=made["id"])
    with pytest.raises(Refused) as caught:
        async with opened(link, tmp_path / "revoked", SECRET):
            pass
    assert caught.value.code == "revoked"
    await mara.close()


@story
async def test_another_notebook_s_folder_is_left_alone(relay: str, tmp_path: Path) -> None:
    mara, link = await shared(relay)
    async with opened(link, tmp_path / "ines", SECRET):
        pass
    lie = replace(link, key=b"x" * 32)
    with pytest.raises(Refused, match="another notebook"):
        async with opened(lie, tmp_path / "ines", SECRET):
            pass
    await mara.close()


@story
async def test_who_is_removed_is_told(relay: str, tmp_path: Path) -> None:
    mara, link = await shared(relay)
    async with opened(link, tmp_path / "ines", SECRET) as held:
        await held.current()
        await mara.ask("remove", actor=held.peer.actor)
        with pytest.raises(Refused) as caught:
            await held._or_ended(lambda: False)
        assert caught.value.code == "removed"
        assert held.trouble == "an owner has removed you from this notebook"
    await mara.close()


@story
async def test_a_defect_beside_ends_the_block(relay: str, tmp_path: Path) -> None:
    mara, link = await shared(relay)

    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    async def held_for_ever() -> None:
        async with opened(link, tmp_path / "ines", SECRET) as held:
            await held.current()
            held.saver._store.commit = broken  # type: ignore[method-assign]
            held.peer.submit(parse({"do": "rename_notebook", "name": "Lost"}))
            await asyncio.Event().wait()

    with pytest.raises(ZeroDivisionError):
        await held_for_ever()
    await mara.close()


# What is trusted


async def left_snapshot(mara: Someone) -> int:
    """Have a snapshot at the relay, as the page of a long notebook leaves it."""
    sharing = mara.host._sharing
    assert sharing is not None
    assert sharing._relaying is not None
    await sharing._relaying.offers._leave()
    return mara.peer.log.confirmed.head


@story
async def test_what_a_snapshot_says_is_trusted_when_the_rows_bear_it_out(
    relay: str, tmp_path: Path
) -> None:
    mara, link = await shared(relay, "runtime")
    request = ExecutionRequested(execution_id="x", cell_id="c", source="1", run_id="r")
    mara.peer.append([request])
    await until(lambda: not mara.peer.waiting)
    head = await left_snapshot(mara)
    async with opened(link, tmp_path / "loom", SECRET) as held:
        assert HISTORY in held.meta
        assert held.folded == head
        if not held.relaying.checked.is_set():
            assert not held.trusted(head)
        assert held.trusted(head + 1)
        await held.relaying.checked.wait()
        asked = held.peer.notebook.executions["x"].requested
        assert held.trusted(asked.seq)
        assert not held.trusted(held.share.base)
    async with opened(link, tmp_path / "loom", SECRET) as held:
        assert HISTORY not in held.meta
        assert held.trusted(asked.seq)
    await mara.close()
