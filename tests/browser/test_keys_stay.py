"""Whoever joins by a link: no output, no code and nobody on the way finds a key of it.

A page's address is known to many: frames read it through `document.baseURI`, history keeps it. So
the link must be gone from there before any of them is asked; here all are asked.
"""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from cable import cable
from foldbook.link import ShareLink, parse
from playwright.sync_api import Browser, expect
from wiretap import listen, secrets_of

from tests.browser.chromium import Chromium
from tests.browser.engines import ENGINES, Engine, launched, wait_until
from tests.browser.people import People
from tests.browser.tab import Tab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PART = 20
"""Characters of a key's written form that are not found anywhere by chance."""

_ALL = """
  const safe = (look) => {
    try { return String(look()); } catch (why) { return String(why.name); }
  };
  const told = [
    () => document.baseURI, () => document.URL, () => document.referrer, () => location.href,
    () => location.hash, () => JSON.stringify([...(location.ancestorOrigins ?? [])]),
    () => history.length, () => JSON.stringify(history.state), () => window.name,
    () => parent.location.href, () => parent.location.hash, () => parent.document.baseURI,
    () => JSON.stringify(parent.history.state), () => top.location.href, () => top.name,
    () => opener?.location.href, () => document.cookie, () => JSON.stringify({ ...localStorage }),
    () => JSON.stringify({ ...sessionStorage }), () => JSON.stringify(performance.getEntries()),
    () => document.documentElement.outerHTML, () => Object.keys(window).length,
  ].map(safe).join("\\n");
"""
TELL_ALL = _ALL + "return told;"
DRAWN = "return window.__told ?? null"
_SCRIPT = f"<p>drawn</p><script>(() => {{ {_ALL} window.__told = told; }})()</script>"
OUTPUT = f"from IPython.display import HTML\nHTML({_SCRIPT!r})"
CODE = """
import json, os, js
def look(name):
    try:
        found = js
        for part in name.split("."):
            found = getattr(found, part)
        return str(found() if callable(found) else found)
    except BaseException as why:
        return type(why).__name__
names = ["location.href", "self.name", "document.baseURI", "document.referrer", "history.state",
         "parent.location.href", "top.location.href", "localStorage", "indexedDB", "caches",
         "sessionStorage", "navigator.serviceWorker", "BroadcastChannel", "session", "page"]
print({name: look(name) for name in names})
print(js.JSON.stringify(js.performance.getEntries()))
print(dict(os.environ), list(globals()))
print("told all")
""".strip()
PATIENCE = 60_000  # ms
DROP = """() => {
  const files = new DataTransfer();
  files.items.add(new File(["rent;nine hundred"], "household.csv", { type: "text/csv" }));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector(".app").dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files }));
}"""


@pytest.fixture(params=["chromium", *sorted(ENGINES)])
def engine(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> Iterator[Engine]:
    """Each browser, new."""
    if request.param == "chromium":
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        yield Chromium(context.new_page())
        context.close()
        return
    with launched(request.param, tmp_path) as other:
        yield other


def written(link: ShareLink) -> Iterator[str]:
    """Everything secret of a link, as it may be written down."""
    yield link.fragment().rpartition("/")[2]
    for secret in (link.token, *secrets_of(link).values()):
        yield secret.hex()
        yield base64.b64encode(secret).decode().rstrip("=")
        yield base64.urlsafe_b64encode(secret).decode().rstrip("=")
        yield ",".join(map(str, secret))


def leaks(link: ShareLink, text: str) -> list[str]:
    """Parts of secrets that stand in a text."""
    parts = (form[at : at + PART] for form in written(link) for at in range(len(form) - PART + 1))
    return [part for part in parts if part in text or part.upper() in text]


def test_no_frame_and_no_code_finds_a_key(people: People, engine: Engine) -> None:
    mara = people.owner(OUTPUT, CODE)
    mara.go(0).press("Control+Enter")
    mara.status(0, "ok")
    address = people.link(mara, "Edit and run")
    link = parse(address.partition("#")[2])
    assert leaks(link, f"… {link.key.hex()[3:33]} …")
    assert leaks(link, address[-40:])

    tab = Tab(engine, people.url)
    engine.go("about:blank")
    engine.run("setTimeout(() => location.assign(args[0]))", address)
    wait_until(lambda: joined(tab), "the notebook of the link")
    tab.wait("document.querySelectorAll('[data-cell-id]').length === 2", "its cells")
    wait_until(lambda: any(engine.below(DRAWN)), "the output that was there before")
    texts = [each for each in engine.below(DRAWN) if each]

    tab.wait("!document.querySelector('.here-now').hidden", "the owner")
    people.leave(people.contexts[0])  # the code is to run here, not in the Python of the owner
    # What is asked of that Python before its end is known waits for it.
    tab.wait("document.querySelector('.here-now').hidden", "the owner, gone")
    first, second = engine.run(
        "return [...document.querySelectorAll('[data-cell-id]')].map((cell) => cell.dataset.cellId)"
    )
    for cell in (first, second):
        tab.run_cell(f'"{cell}"')
        assert tab.status(cell, "ok", "error") == "ok", tab.cell(cell)
    wait_until(lambda: "told all" in tab.cell(second)["text"], "what the code found")
    wait_until(lambda: any(engine.below(DRAWN)), "the new output")
    texts += [each for each in engine.below(DRAWN) if each]
    texts += engine.below(TELL_ALL)
    texts += [tab.cell(second)["text"], engine.run(TELL_ALL)]
    assert len(texts) >= 5
    assert any("srcdoc" in text for text in texts), "frames have told of themselves"
    assert [leaks(link, text) for text in texts if leaks(link, text)] == []
    put = "history.replaceState(null, '', location.pathname + location.search + args[0])"
    engine.run(put, f"#{link.fragment()}")
    assert leaks(link, engine.run(TELL_ALL)), "a link that stays would be found"
    engine.run(put, "")

    # Into an open page, as somebody pastes it; then back, and forward again.
    engine.go(people.url)
    tab.wait("document.querySelector('.home')", "the list of notebooks")
    engine.run("setTimeout(() => location.assign(args[0]))", address)
    wait_until(lambda: joined(tab), "the notebook of the link")
    for step in ("back", "forward"):
        engine.run(f"setTimeout(() => history.{step}())")
        wait_until(lambda: came(tab, is_home=step == "back"), f"the page {step}")  # noqa: B023
        assert engine.run("return location.href").count("#") == 0
        assert leaks(link, engine.run(TELL_ALL)) == []


def joined(tab: Tab) -> bool:
    """Whether the page stands at a notebook's own address."""
    place = place_of(tab)
    return place.startswith(f"{tab.url}?notebook=") and "#" not in place


def came(tab: Tab, *, is_home: bool) -> bool:
    """Whether the list of notebooks, or a notebook, is there."""
    place = place_of(tab)
    return place == tab.url if is_home else place.startswith(f"{tab.url}?notebook=")


def place_of(tab: Tab) -> str:
    """Where the page is, when it has loaded; "" while it is on its way."""
    try:
        return str(tab.engine.run("return document.readyState === 'complete' ? location.href : ''"))
    except Exception:  # each engine has its own, for a page that goes away meanwhile
        return ""


def test_between_browsers_and_relay_nothing_is_read(people: People) -> None:
    with cable(people.relay) as wire:
        mara = people.owner("told_before = 'nobody else must know'", relay=wire.address)
        address = people.link(mara, "Edit and run")
        link = parse(address.partition("#")[2])
        ines = people.join(address, "told_before = 'nobody else must know'")
        form = ines.page.get_by_role("form", name="Introduce yourself")
        form.get_by_role("textbox").fill("Ines Okafor-Lindqvist")
        form.get_by_role("button", name="Use this name").click()
        ines.go(0).press("Enter", "Control+End")
        ines.page.keyboard.type("\nprint(told_before.upper())")
        ines.press("Control+Enter")
        for sheet in (mara, ines):
            sheet.until("cells[0].outputs.join().includes('NOBODY ELSE MUST KNOW')")
        ines.page.evaluate(DROP)
        expect(mara.page.get_by_text("household.csv")).to_be_visible(timeout=PATIENCE)
        people.leave()
    heard = listen(wire.streams)
    assert len(heard.hellos) >= 2
    assert len(heard.authorizations) >= 2
    words = [
        "household.csv",
        "rent;nine hundred",
        "nobody else must know",
        "NOBODY ELSE MUST KNOW",
        "told_before",
        "Okafor-Lindqvist",
    ]
    assert {word: heard.finds(word.encode()) for word in words} == {word: [] for word in words}
    for name, secret in (secrets_of(link) | {"token": link.token}).items():
        assert heard.finds(secret) == [], name
