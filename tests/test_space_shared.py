"""Little room for a shared notebook: what the relay has goes here first, and can be had again."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builder import relay as relays
from foldbook import offers
from foldbook.events.outputs import DisplayDataAdded
from foldbook.pruning import PRUNED, Dropped, is_pruned
from foldbook.reducer import fold_all
from foldbook.row import Row
from foldbook.view import Around, full_view
from kernel_desk import LONG
from shared import BEGIN, Someone, alike, until, with_runtime
from stories import story

FIGURE = b"a figure " * 4000
DIGEST = hashlib.sha256(FIGURE).hexdigest()


class Tight(Someone):
    """Somebody whose browser has little room, as soon as it is said."""

    room = (0, 0)

    async def storage(self) -> tuple[int, int]:
        return self.room

    def stored(self) -> list[Row]:
        return self.store.load(whole=True).rows

    @property
    def losses(self) -> list[dict[str, Any]]:
        return [each["dropped"] for each in self.of("space") if "dropped" in each]

    async def make_room(self) -> None:
        """Now there is little: look at it, as the page does by and by."""
        self.room = (95_000_000, 100_000_000)
        space = self.host._space
        assert space is not None
        await space.look()


async def ran(who: Someone, times: int) -> None:
    """Mara's cell prints its source, again and again; first of all it shows a figure."""
    python = None
    for number in range(times):
        who.do("run_cells", cell_ids=["c"])
        python = python or await with_runtime(who)
        await until(lambda count=number: len(list(finished(who))) == count + 1)
        if number == 0:
            [execution] = finished(who)
            python.put_blob(FIGURE)
            data = {"image/png": {"$blob": DIGEST, "size": len(FIGURE)}}
            python.append([DisplayDataAdded(execution_id=execution.id, data=data)])
            await until(lambda: bool(next(iter(finished(who))).outputs[1:]))


def finished(who: Someone) -> Iterator[Any]:
    return (each for each in who.host.desk.notebook.executions.values() if each.completed)


@story
async def test_what_the_relay_has_goes_here_and_is_fetched_when_asked_for(
    relay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "BEHIND", 10**9)
    long = {**BEGIN, "cells": [{**BEGIN["cells"][0], "source": LONG}]}  # type: ignore[index]
    mara = Tight("Mara", long)
    await mara.open()
    await ran(mara, 3)  # older than the room
    await mara.share(relay)
    ines = Tight("Ines", {"do": "join", "link": await mara.link("run")})
    await ines.open()
    await until(lambda: ines.peer.is_linked and alike(mara, ines))
    mara.do("rename_notebook", name="On")
    await until(lambda: alike(mara, ines))
    await until(lambda: not [each for each in mara.store.load().meta if "upload/" in each])
    assert await ines.peer.get_blob(DIGEST) == FIGURE
    await ines.host._saver.flush()
    before, rows = full_view(ines.peer.notebook, Around()), ines.stored()

    await ines.make_room()
    pruned = [row for row in ines.stored() if is_pruned(row)]
    assert len(pruned) == 3
    assert full_view(ines.peer.notebook, Around()) == before
    assert ines.peer.log.confirmed == fold_all(ines.stored())
    assert [each["only"] for each in ines.losses] == [False]
    kept = Dropped.unpack(ines.store.load().meta[PRUNED])
    assert (kept.rows, kept.elsewhere) == (3, True)
    assert await ines.store.blob(DIGEST) is None
    assert not any(map(is_pruned, mara.stored()))

    sharing = ines.host._sharing
    assert sharing is not None
    assert await sharing.rows(0, 1000) == rows
    assert await sharing.rows(pruned[1].seq - 1, 1) == [rows[pruned[1].seq - 1]]
    assert await ines.peer.get_blob(DIGEST) == FIGURE
    assert ines.host.desk.told() is None, "its fold is not that of the rows that others have"

    await ines.close()
    await ines.open()
    assert ines.host.desk.told() is None
    assert full_view(ines.peer.notebook, Around())["cells"] == before["cells"]
    mara.type(0, "typed ")
    await until(lambda: ines.peer.is_linked and ines.sources == mara.sources)
    assert ines.peer.trouble is None
    for each in (mara, ines):
        await each.close()


@story
async def test_without_the_relay_what_is_here_is_given(tmp_path: Path) -> None:
    with relays.running(tmp_path / "relay", 0) as address:
        assert address is not None
        mara = Tight("Mara", BEGIN | {"cells": [{"cell_id": "c", "source": LONG}]})
        await mara.open()
        await mara.share(address)
        await ran(mara, 2)
        await until(lambda: not mara.peer.log.pending)
        await mara.host._saver.flush()
        await mara.make_room()
        assert any(map(is_pruned, mara.stored()))
    await until(lambda: not mara.peer.is_linked)
    sharing = mara.host._sharing
    assert sharing is not None
    assert await sharing.rows(0, 1000) == mara.stored()
    await mara.close()


@story
async def test_what_was_let_go_of_before_sharing_is_told_to_nobody(relay: str) -> None:
    mara = Tight("Mara", BEGIN | {"cells": [{"cell_id": "c", "source": LONG}]})
    await mara.open()
    await ran(mara, 2)
    await mara.host._saver.flush()
    space = mara.host._space
    assert space is not None
    space.agree()
    await mara.make_room()
    await until(lambda: any(map(is_pruned, mara.stored())))
    await mara.share(relay)
    told = mara.host.desk.told()
    assert told is not None
    ines = Tight("Ines", {"do": "join", "link": await mara.link("edit")})
    await ines.open()
    await until(lambda: ines.peer.is_linked and alike(mara, ines))
    assert [row for row in ines.stored() if is_pruned(row)]
    assert full_view(ines.peer.notebook, Around()) == full_view(mara.peer.notebook, Around())
    for each in (mara, ines):
        await each.close()
