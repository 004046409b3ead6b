"""What a reader feels of a page: how long its main thread is taken at a stretch, and how long
after a key the page shows what it did."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Page

LONG = 50.0
"""Milliseconds from which a task is long: the platform's own measure of what may be felt."""
_WATCH = """
globalThis.longTasks = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) longTasks.push([startTime, duration]);
}).observe({ type: "longtask", buffered: true });
globalThis.keyWaits = [];
const painted = (then) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = then;
  port2.postMessage(null);
});
addEventListener("keydown", ({ timeStamp }) => {
  painted(() => keyWaits.push([timeStamp, performance.now() - timeStamp]));
}, true);
const LIST = ".cm-tooltip-autocomplete li";
globalThis.listShown = (asked, wait) => new Promise((done, fail) => {
  setTimeout(() => fail(new Error(`No list came for ${asked}`)), wait);
  addEventListener("keydown", ({ timeStamp }) => {
    const look = () => {
      if (!document.querySelector(LIST)) return;
      watcher.disconnect();
      painted(() => done(performance.now() - timeStamp));
    };
    const watcher = new MutationObserver(look);
    watcher.observe(document.body, { childList: true, subtree: true });
  }, { capture: true, once: true });
});
"""
_ASK = "([asked, wait]) => { globalThis.answer = listShown(asked, wait); }"
_CALM = """
() => new Promise((done) => requestIdleCallback(() => setTimeout(() => done(performance.now()))))
"""

Measured = dict[tuple[str, str], list[float]]
"""Values by what was measured and its unit."""


def within(entries: Sequence[tuple[float, float]], start: float, end: float) -> list[float]:
    """How long those took that began in this time."""
    return [duration for at, duration in entries if start <= at < end]


class Felt:
    """Watches one page, phase by phase."""

    def __init__(self, page: Page, measured: Measured) -> None:
        """The page is not at its address yet. measured: where the values go."""
        self.page = page
        self._measured = measured
        page.add_init_script(_WATCH)

    def list_shown(self, prefix: str, wait: float) -> float:
        """Milliseconds from the press of Tab behind this text until names are listed.

        Raises a `playwright` error where none are listed for as long as `wait`.
        """
        self.page.keyboard.insert_text(prefix)
        self.page.evaluate(_ASK, [prefix, wait])
        self.page.keyboard.press("Tab")
        taken: float = self.page.evaluate("answer")
        return taken

    def note(self, name: str, unit: str, *values: float) -> None:
        """Values of one thing."""
        self._measured.setdefault((name, unit), []).extend(values)

    @contextmanager
    def phase(
        self, name: str, *, since: float | None = None, keys: bool = False, rest: bool = True
    ) -> Iterator[None]:
        """Note the long tasks of what is done inside. since: from then on, in the page's time.

        keys: also how long each key took to be painted. rest: it is over when the page rests,
        not when the last step is done.
        """
        start = self.page.evaluate(_CALM) if since is None else since
        yield
        end = self.page.evaluate(_CALM if rest else "performance.now()")
        found = within(self.page.evaluate("longTasks"), start, end)
        self.note(f"{name}: tasks over {LONG:.0f} ms", "", len(found))
        self.note(f"{name}: their sum", "ms", sum(found))
        self.note(f"{name}: the longest", "ms", max(found, default=0))
        self.note(f"{name}: from start to rest", "ms", end - start)
        if keys:
            waits = within(self.page.evaluate("keyWaits"), start, end)
            self.note(f"{name}: from key to paint", "ms", *waits)
