"""The store in IndexedDB: the acceptance suite that every store passes, and what is its own."""

import json
from pathlib import Path

import pytest

from tests.browser import python
from tests.browser.profile import Profile
from tests.browser.visitors import Visit

pytestmark = pytest.mark.browser

TESTS = Path(__file__).resolve().parents[1]
INTRO = """
from js import db
from foldbook.browser.indexeddb import IndexedDBStore
from foldbook.errors import StoreDamaged, StoreFull
from foldbook.store import Batch, Folded
from rows import log, row
"""


def _run(visit: Visit, code: str) -> object:
    files = python.tree(TESTS, "rows.py") | python.tree(TESTS, "store_acceptance.py")
    return python.run(visit.page(drive=True), INTRO + code, files)


def test_it_is_accepted(visit: Visit) -> None:
    code = """
from store_acceptance import accept
await accept(lambda: IndexedDBStore("accepted", db))
"done"
"""
    assert _run(visit, code) == "done"


def test_it_takes_what_was_before_a_snapshot(visit: Visit) -> None:
    code = """
from store_acceptance import accept_joined
await accept_joined(lambda: IndexedDBStore("joined", db))
"done"
"""
    assert _run(visit, code) == "done"


def test_a_damaged_record_is_told_and_left_where_it_is(visit: Visit) -> None:
    code = """
store = IndexedDBStore("damaged", db)
await store.open()
for seq in (1, 2, 3):
    await store.commit(Batch(confirmed=log(3)[seq - 1:seq]), "strict")
await store.close()
database = await db.openNotebookDatabase("damaged")
from js import Uint8Array
record = await db.read(database, "rows", 2)
broken = bytearray(record.to_bytes()); broken[-1] ^= 1
from pyodide.ffi import to_js
await db.write(database, to_js([("rows", 2, bytes(broken))]))
store = IndexedDBStore("damaged", db)
loaded = await store.open()
assert [each.seq for each in loaded.rows] == [1, 3]
assert [each.where for each in loaded.damaged] == ["rows/2"]
assert loaded.damaged[0].record == bytes(broken)
try:
    await store.commit(Batch(confirmed=[row(4)]), "strict")
except StoreDamaged:
    told = "refused"
assert (await db.read(database, "rows", 2)).to_bytes() == bytes(broken)
told
"""
    assert _run(visit, code) == "refused"


def test_many_commits_are_few_records(visit: Visit) -> None:
    code = """
store = IndexedDBStore("many", db)
await store.open()
rows = log(600)
for each in rows:
    await store.commit(Batch(confirmed=[each]), "relaxed")
await store.close()
store = IndexedDBStore("many", db)
loaded = await store.open()
assert loaded.rows == rows
database = await db.openNotebookDatabase("many")
len(await db.readKeys(database, "rows"))
"""
    assert int(str(_run(visit, code))) < 50


def test_opening_reads_what_came_after_the_snapshot_however_long_the_log_is(
    visit: Visit,
) -> None:
    code = """
class Counted:
    records = 0
    def __getattr__(self, name):
        return getattr(db, name)
    async def readFrom(self, *given):
        found = await db.readFrom(*given)
        Counted.records += found.keys.length
        return found

told = []
at = 0
for count in (2000, 20000):
    store = IndexedDBStore("counted", db)
    await store.open()
    rows = log(count)
    while at < count:
        await store.commit(Batch(confirmed=rows[at:at + 50]), "relaxed")
        at += 50
    await store.commit(Batch(snapshot=Folded(count - 70, b"fold")), "relaxed")
    await store.close()
    Counted.records = 0
    loaded = await IndexedDBStore("counted", Counted()).open()
    assert loaded.rows == rows[-70:]
    told.append(Counted.records)
str(told)
"""
    assert max(json.loads(str(_run(visit, code)))) <= 20


def test_a_full_store_says_so_and_has_written_nothing(profile: Profile) -> None:
    page = profile.page(drive=True)
    session = profile.context.new_cdp_session(page)
    origin = page.evaluate("location.origin")
    files = python.tree(TESTS, "rows.py")
    # Before the first transaction: the browser remembers for a while how much room there was.
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1_000_000})
    python.run(page, INTRO + "store = IndexedDBStore('full', db)\nawait store.open()\n0", files)
    code = """
told = []
try:
    await store.commit(Batch(confirmed=log(1), blobs={"ab" * 32: b"x" * 50_000_000}), "strict")
except StoreFull as why:
    told.append(str(why))
await store.close()
store = IndexedDBStore("full", db)
told.append(str(len((await store.open()).rows)))
" | ".join(told)
"""
    assert python.run(page, code).endswith("| 0")
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    again = """
await store.commit(Batch(confirmed=log(1), blobs={"ab" * 32: b"x" * 50_000_000}), "strict")
len(await store.blob("ab" * 32))
"""
    assert python.run(page, again) == 50_000_000
