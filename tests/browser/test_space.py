"""A browser that has no room left: nothing typed is lost, old output makes way, people are told."""

from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, expect

from tests.browser.engines import wait_until
from tests.browser.profile import Profile
from tests.browser.sheet import PATIENCE, Sheet

pytestmark = pytest.mark.browser

RUNS = 4
LINE = 'print("run", n := globals().get("n", 0) + 1, "." * 800_000)'
LEFT = 60_000_000  # bytes beyond the page itself and what Python needs
ROOM = "Storage.overrideQuotaForOrigin"
IS_SAVED = "() => /^Saved/.test(document.querySelector('.saved').innerText)"
_ROWS = """
async () => {
  const { databases } = indexedDB;
  const names = (await databases.call(indexedDB)).map(({ name }) => name);
  let size = 0;
  for (const name of names.filter((each) => each.startsWith("foldbook-"))) {
    const db = await new Promise((done) => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => done(asked.result);
    });
    const asked = db.transaction("rows").objectStore("rows").getAll();
    await new Promise((done) => (asked.onsuccess = done));
    for (const record of asked.result) size += record.byteLength;
    db.close();
  }
  return size;
}
"""


_IS_KEPT = """
async () => {
  const [name] = (await caches.keys()).filter((each) => each.startsWith("foldbook-page"));
  const cache = name && (await caches.open(name));
  return cache && Boolean(await cache.match(new URL("manifest.json", location.href).href));
}
"""
_USED = "async () => (await navigator.storage.estimate()).usage"
# A small machine: nothing is fetched for later starts.
_SMALL = "Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 1 })"
_FILL = """
async () => {
  const db = await new Promise((done) => {
    const asked = indexedDB.open("another");
    asked.onupgradeneeded = () => asked.result.createObjectStore("junk", { autoIncrement: true });
    asked.onsuccess = () => done(asked.result);
  });
  const put = (size) =>
    new Promise((done) => {
      const transaction = db.transaction("junk", "readwrite");
      transaction.objectStore("junk").add(crypto.getRandomValues(new Uint8Array(size)));
      transaction.oncomplete = () => done(true);
      transaction.onabort = () => done(false);
    });
  for (let size = 2 ** 16; size >= 256; size /= 2) while (await put(size));
  db.close();
}
"""


# Firefox says how much there is. Chromium says that 10 GB are left, until it refuses.
_SAY = """
(used) => {
  const { estimate } = StorageManager.prototype;
  StorageManager.prototype.estimate = async function () {
    const { usage } = await estimate.call(this);
    this.there ??= usage / used;
    return { usage, quota: this.there };
  };
}
"""


class Disk:
    """The room that the browser gives the site.

    All that it keeps for itself is here before: what comes later would go beyond the limit, for
    the browser believes for half a minute what it once knew of the room. Another browser of the
    same profile asks anew, at its first transaction.
    """

    def __init__(self, profile: Profile) -> None:
        profile.context.add_init_script(_SMALL)
        first = Sheet.new(profile.context, profile.url)
        first.write("1").press("Control+Enter")
        first.until("cells[0].status === 'ok'")
        wait_until(lambda: first.page.evaluate(_IS_KEPT), "the page, kept")
        first.page.goto(profile.url)  # in good order
        profile.close()
        profile.context.add_init_script(_SMALL)
        self._page = profile.page(drive=True)
        self._session: CDPSession = profile.context.new_cdp_session(self._page)
        self._origin: str = self._page.evaluate("location.origin")
        quota = self._page.evaluate(_USED) + LEFT
        self._session.send(ROOM, {"origin": self._origin, "quotaSize": quota})

    @property
    def rows(self) -> int:
        """Bytes of the rows of all notebooks."""
        size: int = self._page.evaluate(_ROWS)
        return size

    def fill(self) -> None:
        """Use all that is left."""
        self._page.evaluate(_FILL)

    def grow(self) -> None:
        """There is room again."""
        self._session.send(ROOM, {"origin": self._origin})


def run_again_and_again(sheet: Sheet) -> None:
    """One cell that prints a lot, run some times."""
    sheet.write(LINE).press("Escape")
    for run in range(1, RUNS + 1):
        sheet.press("Control+Enter")
        sheet.until("cells[0].outputs[0]?.startsWith(`run ${argument} `)", run)
        sheet.until("cells[0].status === 'ok'")
    sheet.page.wait_for_function(IS_SAVED)


def say(sheet: Sheet, used: float) -> None:
    """Have the notebook worker told that so much of the room is used, of 1."""
    [worker] = [each for each in sheet.page.workers if "/notebook_worker-" in each.url]
    worker.evaluate(_SAY, used)


def test_old_output_goes_when_people_say_so_and_what_shows_stays(
    profile: Profile, tmp_path: Path
) -> None:
    disk = Disk(profile)
    sheet = Sheet.new(profile.context, profile.url)
    run_again_and_again(sheet)
    before = disk.rows
    assert before > RUNS * 800_000
    say(sheet, 0.94)
    little = sheet.page.get_by_role("status").filter(has_text="There is little room left.")
    expect(little).to_contain_text("outputs of earlier runs", timeout=PATIENCE)
    assert disk.rows >= before
    little.get_by_role("button", name="Let go of earlier outputs").click()
    told = sheet.page.get_by_role("status").filter(has_text="Earlier outputs are not kept any more")
    words = "outputs of runs that later runs have replaced (2.4 MB)"
    expect(told).to_contain_text(words, timeout=PATIENCE)
    expect(told).to_contain_text("All that is shown and all that was typed is here.")
    assert disk.rows < before / 2

    sheet.page.reload()
    sheet.until("cells[0]?.outputs[0]?.startsWith(`run ${argument} `)", RUNS)
    expect(sheet.page.locator(".rt-name")).to_be_visible()
    sheet.page.wait_for_function(IS_SAVED)
    assert sheet.page.get_by_role("alert").count() == 0
    with sheet.page.expect_download() as given:
        sheet.page.get_by_role("button", name="Download backup").click()
    backup = tmp_path / "backup.foldbook"
    given.value.save_as(backup)
    assert backup.read_bytes().count(b'"not_kept":') > (RUNS - 1) * 10

    sheet.page.goto(profile.url)
    with sheet.page.expect_file_chooser() as chooser:
        sheet.page.get_by_role("button", name="Open .ipynb").first.click()
    chooser.value.set_files(backup)
    sheet.until("cells[0]?.outputs[0]?.startsWith(`run ${argument} `)", RUNS)
    sheet.page.wait_for_function(IS_SAVED)
    assert sheet.page.get_by_role("alert").count() == 0


def test_when_nothing_is_left_old_output_goes_by_itself(profile: Profile) -> None:
    disk = Disk(profile)
    sheet = Sheet.new(profile.context, profile.url)
    run_again_and_again(sheet)
    before = disk.rows
    disk.fill()
    sheet.press("Enter", "End").write(f"  # {'typed ' * 60}")
    [source] = sheet.sources()
    told = sheet.page.get_by_role("status").filter(has_text="Earlier outputs are not kept any more")
    expect(told).to_contain_text("2.4 MB", timeout=PATIENCE)
    assert disk.rows < before / 2
    sheet.page.wait_for_function(IS_SAVED)
    assert sheet.page.get_by_role("alert").count() == 0
    sheet.page.reload()
    sheet.shows(source)
    sheet.until("cells[0].outputs[0].startsWith(`run ${argument} `)", RUNS)


def test_a_full_disk_takes_nothing_that_was_typed(profile: Profile) -> None:
    disk = Disk(profile)
    sheet = Sheet.new(profile.context, profile.url)
    sheet.write("before = 1").press("Control+Enter")
    sheet.until("cells[0].status === 'ok'")
    sheet.page.wait_for_function(IS_SAVED)
    disk.fill()
    full = sheet.page.get_by_role("status").filter(has_text="There is no room left.")
    sheet.press("Enter", "Control+End", "Enter").write(f"long = '{'x' * 500}'")
    expect(full).to_be_visible(timeout=PATIENCE)
    sheet.page.wait_for_function(IS_SAVED)  # in what was kept back
    disk.fill()
    alert = sheet.page.get_by_role("alert").filter(has_text="Not saved.")
    sheet.press("Enter").write(f"more = '{'x' * 500}'")
    expect(alert).to_contain_text("no more room to store", timeout=PATIENCE)
    expect(alert).to_contain_text("it is saved as soon as there is room")
    expect(sheet.page.locator(".saved")).to_contain_text("Not saved")
    sheet.press("Enter").write("last = 2")
    [source] = sheet.sources()
    disk.grow()
    expect(alert).to_have_count(0, timeout=PATIENCE)
    expect(full).to_have_count(0, timeout=PATIENCE)
    sheet.page.wait_for_function(IS_SAVED)
    sheet.page.reload()
    sheet.shows(source)
    assert source.startswith("before = 1\nlong")
    assert source.endswith("last = 2")
