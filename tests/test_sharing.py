"""Notebooks shared over a real relay: two notebook workers, without browsers."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builder import relay as relays
from foldbook.errors import Refused, StoreDamaged
from foldbook.link import parse as parse_link
from foldbook.row import Role, Row
from foldbook.sharing import secret_at
from foldbook.store import MemoryStore
from foldbook.wire import identify
from shared import BEGIN, Someone, alike, outputs, two, until, with_runtime
from stories import story


def all_bytes(folder: Path) -> bytes:
    """Everything that stands in a folder's files."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def change_last_payload(path: Path, seq: int) -> None:
    """What a relay that lies could do."""
    with sqlite3.connect(path) as database:
        [(row,)] = database.execute("SELECT row FROM rows WHERE seq = ?", (seq,))
        changed = row[:-1] + bytes([row[-1] ^ 1])  # the payload stands at its end
        database.execute("UPDATE rows SET row = ? WHERE seq = ?", (changed, seq))


@story
async def test_a_shared_notebook_is_the_same_on_both_sides(relay: str) -> None:
    async with two(relay) as (mara, ines):
        assert ines.sources == ["first"]
        assert ines.host.desk.notebook.name == "Trend"
        mara.type(5, " of mara")
        ines.type(0, "ines: ")
        await until(lambda: alike(mara, ines))
        assert mara.sources == ines.sources == ["ines: first of mara"]
        assert mara.peer.log.confirmed.void_count == 0


@story
async def test_the_page_is_not_told_of_sharing_with_every_key(relay: str) -> None:
    async with two(relay) as (mara, ines):
        told = len(mara.of("share"))
        for _ in range(5):
            mara.type(0, "x")
            await until(lambda: alike(mara, ines))
        assert len(mara.of("share")) == told


@story
async def test_typing_goes_on_while_a_notebook_is_being_shared(relay: str) -> None:
    mara = Someone("Mara", BEGIN)
    await mara.open()
    sharing = asyncio.create_task(mara.share(relay))
    for i in range(60):
        mara.type(0, f"{i % 10}")
        await asyncio.sleep(0)
    await sharing
    ines = Someone("Ines", {"do": "join", "link": await mara.link("edit")})
    await ines.open()
    await until(lambda: ines.peer.is_linked and alike(mara, ines))
    assert len(ines.sources[0]) == len("first") + 60
    await mara.close()
    await ines.close()


@story
async def test_people_who_are_not_connected_go_on_and_meet_again(tmp_path: Path) -> None:
    data = tmp_path / "relay"
    with relays.running(data, 0) as address:
        assert address is not None
        mara = Someone("Mara", BEGIN)
        await mara.open()
        await mara.share(address)
        ines = Someone("Ines", {"do": "join", "link": await mara.link("edit")})
        await ines.open()
        await until(lambda: ines.peer.is_linked)
    await until(lambda: not mara.peer.is_linked and not ines.peer.is_linked)
    assert mara.of("share")[-1]["status"] == "offline"
    mara.type(0, "M")
    ines.type(5, "I")
    await until(lambda: mara.of("share")[-1]["waiting"] == 1)
    await ines.close()
    await ines.open()  # reloaded without a network: from its own disk
    assert ines.sources == ["firstI"]
    ines.do("rename_notebook", name="Offline")
    port = int(address.rpartition(":")[2])
    with relays.running(data, port):
        for each in (mara, ines):
            each.host.receive({"t": "online"}, "page")
        await until(lambda: alike(mara, ines))
        assert mara.sources == ["MfirstI"]
        assert mara.host.desk.notebook.name == "Offline"
        await mara.close()
        await ines.close()


@pytest.mark.parametrize(
    ("role", "may"), [("view", ""), ("edit", "edit"), ("run", "edit run"), ("own", "edit run")]
)
@story
async def test_a_link_gives_what_it_says(relay: str, role: str, may: str) -> None:
    async with two(relay, role) as (mara, ines):
        ines.do("rename_notebook", name="Ines was here")
        ines.do("run_cells", cell_ids=["c"])
        await until(lambda: len(ines.of("refused")) == 2 - len(may.split()))
        await until(lambda: alike(mara, ines))
        assert (mara.host.desk.notebook.name == "Ines was here") is ("edit" in may)
        asked = list(mara.host.desk.notebook.executions.values())
        assert bool(asked) is ("run" in may)
        assert ines.host.desk.around.role.value == role


@story
async def test_a_viewer_cannot_write_by_hand_made_rows_either(relay: str) -> None:
    async with two(relay, "view") as (mara, ines):
        head = mara.peer.log.head
        ines.peer._replica.role = Role.EDIT  # a page that was tampered with
        ines.do("rename_notebook", name="Ines was here")
        await until(lambda: bool(ines.peer.log.refused))
        assert mara.peer.log.head == head
        assert ines.host.desk.notebook.name == "Trend"
        assert "view" in ines.peer.log.refused[0].reason


@story
async def test_others_are_seen_where_they_are(relay: str) -> None:
    async with two(relay, "view") as (mara, ines):
        place = {"t": "presence", "view": "v", "cell": "c", "anchor": 1, "head": 3, "mode": "edit"}
        ines.host.receive(place, "page")
        await until(lambda: bool(mara.of("people")) and len(mara.of("people")[-1]["people"]) == 2)
        await until(lambda: mara.of("people")[-1]["people"][1]["cell"] == "c")
        [me, other] = mara.of("people")[-1]["people"]
        assert me["you"]
        assert (other["anchor"], other["head"], other["mode"]) == (1, 3, "edit")
        assert mara.host.desk.around.guests == {other["actor"]: ("Ines", "plum")}
        ines.peer.relink()
        await ines.close()
        await until(lambda: len(mara.of("people")[-1]["people"]) == 1)


@story
async def test_a_link_that_was_revoked_lets_nobody_new_in(relay: str) -> None:
    async with two(relay, "edit") as (mara, ines):
        state = await mara.ask("state")
        [link] = state["links"]
        assert (link["role"], link["used"], link["revoked"]) == ("edit", 1, False)
        state = await mara.ask("revoke", link=link["id"])
        assert state["links"][0]["revoked"]
        tomas = Someone("Tomas", {"do": "join", "link": link["fragment"]})
        with pytest.raises(Refused, match="revoked"):
            await tomas.open()
        ines.type(0, "still ")
        await until(lambda: alike(mara, ines))
        assert mara.sources == ["still first"]
        assert await mara.link("edit") != link["fragment"]


@story
async def test_a_person_can_be_removed(relay: str) -> None:
    async with two(relay, "edit") as (mara, ines):
        state = await mara.ask("remove", actor=ines.peer.actor)
        assert [each["removed"] for each in state["people"]] == [False, True]
        await until(lambda: ines.of("share")[-1]["status"] == "ended")
        assert ines.host.desk.around.role is Role.VIEW
        assert "removed" in ines.of("share")[-1]["message"]
        ines.do("rename_notebook", name="Ines was here")
        await until(lambda: bool(ines.of("refused")))


@story
async def test_blobs_reach_everybody(relay: str) -> None:
    mara = Someone("Mara", BEGIN)
    await mara.open()
    before = mara.peer.put_blob(b"a picture of before")
    mara.do("add_file", path="a.png", digest=before, size=19)
    await mara.host._saver.flush()
    await mara.share(relay)
    ines = Someone("Ines", {"do": "join", "link": await mara.link("edit")})
    await ines.open()
    await until(lambda: ines.peer.is_linked)
    late = hashlib.sha256(b"a picture of after").hexdigest()
    waiting = asyncio.create_task(mara.peer.get_blob(late))  # its row may be here before it
    assert await ines.peer.get_blob(before) == b"a picture of before"
    assert ines.peer.put_blob(b"a picture of after") == late
    assert await waiting == b"a picture of after"
    assert not [name for name in mara.store.load().meta if name.startswith("upload/")]
    await mara.close()
    await ines.close()


class Stuck(MemoryStore):
    """A store that reads no rows, and one blob not either, until it is told to."""

    reads = True
    broken = ""

    async def rows(self, after: int, limit: int) -> list[Row]:
        while not self.reads:  # noqa: ASYNC110 - it is cancelled
            await asyncio.sleep(0.01)
        return await super().rows(after, limit)

    async def blob(self, digest: str) -> bytes | None:
        if digest == self.broken:
            raise StoreDamaged("a blob is not what its name says", digest)
        return await super().blob(digest)


@story
async def test_blobs_of_before_reach_everybody_though_the_tab_was_closed_at_once(
    relay: str,
) -> None:
    mara = Someone("Mara", BEGIN)
    store = mara.store = Stuck()
    await mara.open()
    before = mara.peer.put_blob(b"a picture of before")
    mara.do("add_file", path="a.png", digest=before, size=19)
    await mara.host._saver.flush()
    store.reads = False
    create = {"t": "share", "view": "v", "id": "c", "do": "create", "relay": relay, "token": ""}
    mara.host.receive(create, "page")
    await until(lambda: "share" in store.load().meta)
    for task in list(mara.host._tasks):
        task.cancel()
    store.reads = True
    again = Someone("Mara")
    again.store = store
    await again.open()
    await until(lambda: again.peer.is_linked)
    ines = Someone("Ines", {"do": "join", "link": await again.link("edit")})
    await ines.open()
    await until(lambda: not [n for n in store.load().meta if n.startswith("upload")])
    assert await ines.peer.get_blob(before) == b"a picture of before"
    await again.close()
    await ines.close()


@story
async def test_a_blob_that_cannot_be_read_keeps_no_other_from_being_sent(relay: str) -> None:
    mara = Someone("Mara", BEGIN)
    store = mara.store = Stuck()
    await mara.open()
    await mara.share(relay)
    store.broken = hashlib.sha256(b"broken").hexdigest()
    mara.peer.put_blob(b"broken")
    await mara.host._saver.flush()
    sound = mara.peer.put_blob(b"sound")
    await until(lambda: f"upload/{sound}" in store.load().meta)
    await until(lambda: f"upload/{sound}" not in store.load().meta)
    assert f"upload/{store.broken}" in store.load().meta
    await mara.close()


@story
async def test_the_relay_has_nothing_to_read(relay: str, tmp_path: Path) -> None:
    secret = "a thing that nobody else must know"
    async with two(relay) as (mara, ines):
        mara.type(0, secret)
        ines.do("rename_notebook", name=secret.upper())
        mara.peer.put_blob(secret.encode())
        await until(lambda: alike(mara, ines))
        await until(lambda: not [n for n in mara.store.load().meta if n.startswith("upload/")])
    kept = all_bytes(tmp_path)
    assert len(kept) > 10_000
    for word in (secret, secret.upper(), "first", "Trend", "cellCreated", "Mara", "Ines"):
        assert word.encode() not in kept


@story
async def test_a_link_with_another_key_opens_nothing(relay: str) -> None:
    async with two(relay) as (mara, _ines):
        link = parse_link(await mara.link("edit"))
        wrong = replace(link, key=bytes(32)).fragment()
        tomas = Someone("Tomas", {"do": "join", "link": wrong})
        with pytest.raises(Refused, match="key in this link"):
            await tomas.open()
        assert tomas.store.load().rows == []


@story
async def test_a_row_that_the_relay_changed_is_not_merged(tmp_path: Path) -> None:
    data = tmp_path / "relay"
    with relays.running(data, 0) as address:
        assert address is not None
        async with two(address, "edit") as (mara, ines):
            mara.do("rename_notebook", name="Changed on the way")
            await until(lambda: alike(mara, ines))
            link = await mara.link("view")
            head = mara.peer.log.head
    change_last_payload(data / "relay.sqlite", head)
    with relays.running(data, int(address.rpartition(":")[2])):
        tomas = Someone("Tomas", {"do": "join", "link": link})
        await tomas.open()
        await until(lambda: tomas.peer.log.head == head)
        assert tomas.host.desk.notebook.name == "Trend"
        assert "changed on the way" in tomas.host.desk.notebook.aside[-1].reason
        await tomas.close()


@story
async def test_what_others_ask_for_is_run_by_the_runtime_of_ones_page(relay: str) -> None:
    mara = Someone("Mara", BEGIN)
    await mara.open()
    await with_runtime(mara)
    await until(lambda: mara.host.desk.notebook.selected_runtime is not None)
    await mara.share(relay)
    ines = Someone("Ines", {"do": "join", "link": await mara.link("run")})
    await ines.open()
    await until(lambda: ines.peer.is_linked)
    ines.type(0, "the ")
    ines.do("run_cells", cell_ids=["c"])
    await until(lambda: outputs(ines) == ["the first"] and alike(mara, ines))
    assert ines.of("host") == []  # no Python was started there
    assert mara.peer.log.confirmed.void_count == 0
    await mara.close()
    await ines.close()


@story
async def test_others_complete_and_interrupt_on_the_runtime_of_ones_page(relay: str) -> None:
    mara = Someone("Mara", BEGIN)
    await mara.open()
    python = await with_runtime(mara)

    async def answer(method: str, params: Mapping[str, Any], _asker: str) -> Any:
        return [method, dict(params)]

    python.on_call = answer
    await until(lambda: mara.host.desk.notebook.selected_runtime is not None)
    await mara.share(relay)
    ines = Someone("Ines", {"do": "join", "link": await mara.link("run")})
    await ines.open()
    await until(lambda: ines.peer.is_linked)
    params = {"source": "np.", "position": 3}
    question = {"t": "call", "view": "v", "id": "q", "method": "complete", "params": params}
    ines.host.receive(question, "page")
    await until(lambda: bool(ines.of("result")))
    assert ines.of("result")[-1]["value"] == ["complete", params]
    ines.do("interrupt")
    await until(lambda: mara.of("host")[-1]["do"] == "interrupt")
    assert mara.of("host")[-1]["session"] == python.session
    await mara.close()
    await ines.close()


@story
async def test_run_rows_without_a_signature_are_not_merged(relay: str) -> None:
    async with two(relay, "edit") as (mara, ines):
        # A relay and an editor who work together: the relay takes what it should refuse.
        link = parse_link(await mara.link("run"))
        tomas = Someone("Tomas", {"do": "join", "link": link.fragment()})
        await tomas.open()
        await until(lambda: tomas.peer.is_linked)
        sharing = tomas.host._sharing._sharing
        sharing._rows.can_sign = False
        head = mara.peer.log.head
        tomas.do("run_cells", cell_ids=["c"])
        await until(
            lambda: any("not signed" in each.reason for each in mara.host.desk.notebook.aside)
        )
        await until(lambda: mara.peer.log.head > head and alike(mara, ines))
        assert not mara.host.desk.notebook.executions
        mara.type(0, "goes on ")
        await until(lambda: alike(mara, ines) and ines.sources == ["goes on first"])
        await tomas.close()


@story
async def test_whoever_gets_a_better_link_runs_at_once(relay: str) -> None:
    async with two(relay, "edit") as (mara, ines):
        ines.host._join(await mara.link("run"))
        await until(lambda: ines.host.desk.around.role is Role.RUN and ines.peer.is_linked)
        ines.do("run_cells", cell_ids=["c"])
        await until(lambda: alike(mara, ines) and bool(mara.host.desk.notebook.executions))
        assert mara.host.desk.notebook.aside == []


@story
async def test_a_relay_learns_no_secret_that_opens_another_room(relay: str) -> None:
    async with two(relay, "edit") as (mara, ines):
        own = await ines.person()
        assert ines.peer.actor not in (identify(own.secret), mara.peer.actor)
        link = parse_link(await mara.link("view"))
        there = secret_at(link, own.secret)
        assert identify(there) == ines.peer.actor
        for other in ({"relay": "https://evil.example"}, {"room": "another-room"}):
            assert secret_at(replace(link, **other), own.secret) != there
        before = ines.peer.actor
        await ines.close()
        await ines.open()
        await until(lambda: ines.peer.is_linked)
        assert ines.peer.actor == before


@story
async def test_a_link_to_another_relay_or_seed_is_not_this_notebook(relay: str) -> None:
    async with two(relay, "view") as (mara, ines):
        link = parse_link(await mara.link("run"))
        for lie in ({"relay": "https://evil.example"}, {"verify": bytes(32)}, {"key": bytes(32)}):
            with pytest.raises(Refused, match="another one"):
                ines.host._sharing.join(replace(link, **lie).fragment())
        assert ines.host.desk.around.role is Role.VIEW
