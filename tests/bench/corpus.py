"""Real notebooks in the real browser: how many cells have the outputs that were saved with them.

All notebooks of three collections in ../shared/corpus run from their first cell to their last, each
in a runtime of its own; a cell that takes over 60 seconds, or asks for input, is interrupted. There
is no network but to the page. Each cell that differs has a reason in `tests/corpus/reasons.toml`;
one that has none, and a reason without a difference, fail the bench.

FOLDBOOK_NOTEBOOKS names notebooks that are to run (parts of their paths), if not all.
"""

import os
import sys
from collections import Counter
from pathlib import Path

from harness import Figure, report
from playwright.sync_api import Browser, Error, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / ".build"), str(ROOT / "tests")]

from builder import serve  # noqa: E402 - found through the path above
from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - as well

from tests.browser.corpus import COLLECTIONS, Ran, names_in, run  # noqa: E402 - as well
from tests.corpus.reasons import KINDS, Reasons  # noqa: E402 - as well

CORPUS = ROOT.parent / "shared" / "corpus"
WANTED = [each for each in os.environ.get("FOLDBOOK_NOTEBOOKS", "").split(",") if each]
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


def run_all(
    browser: Browser, url: str, names: list[str], reasons: Reasons
) -> tuple[list[Ran], list[str]]:
    """Run these notebooks one after the other, and tell of each; also which ones got stuck."""
    context = browser.new_context()
    context.set_default_timeout(150_000)
    width = max(map(len, names))
    print(f"{'notebook':<{width}}  cells   same  different")
    all_ran, stuck = [], []
    for name in names:
        try:
            ran = run(context, url, CORPUS, name)
        except Error as why:  # one that got stuck does not end the whole bench
            stuck.append(f"{name}: {why.message.splitlines()[0]}")
            print(stuck[-1], flush=True)
            continue
        all_ran.append(ran)
        different = len(ran.differences)
        numbers = f"{ran.cells:>5}  {ran.cells - different:>5}  {different:>9}"
        print(f"{name:<{width}}  {numbers}", flush=True)
        for each, reason in ran.explained(reasons):
            why = f"{reason.kind}: {reason.words}" if reason else "NO REASON"
            shown = f"{each.words} {each.note}".strip() if reason is None else ""
            print(f"    {each.cell:>3}  {why}  {shown}".rstrip(), flush=True)
    return all_ran, stuck


def figures(all_ran: list[Ran], reasons: Reasons) -> list[Figure]:
    """Cells by collection, and those that differ by the kind of their reason."""
    found = []
    for collection in COLLECTIONS:
        of_it = [ran for ran in all_ran if ran.name.startswith(f"{collection}/")]
        cells = sum(ran.cells for ran in of_it)
        different = sum(len(ran.differences) for ran in of_it)
        found.append(Figure(f"{collection}: notebooks", "", [len(of_it)]))
        found.append(Figure(f"{collection}: cells as they were saved", "", [cells - different]))
        found.append(Figure(f"{collection}: cells that differ", "", [different]))
    kinds = Counter(
        reason.kind if reason else "no reason"
        for ran in all_ran
        for _, reason in ran.explained(reasons)
    )
    told = {**KINDS, "no reason": "nobody has found out why"}
    found += [Figure(f"{kind}: {told[kind]}", "", [kinds[kind]]) for kind in told if kinds[kind]]
    return found


def main() -> None:
    reasons = Reasons.read()
    known = names_in(CORPUS, *COLLECTIONS) if CORPUS.is_dir() else []
    names = [name for name in known if not WANTED or any(each in name for each in WANTED)]
    if not names:
        wanted = f", none that has {' or '.join(WANTED)} in its name" if known else ""
        sys.exit(f"Notebooks expected in {CORPUS / 'notebooks'}{wanted}.")
    with serve.running(Path(os.environ["FOLDBOOK_DIST"])) as url, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=os.environ["FOLDBOOK_CHROMIUM"], args=[*CHROMIUM_ARGUMENTS, OFFLINE]
        )
        all_ran, stuck = run_all(browser, url, names, reasons)
        browser.close()
    report("corpus", figures(all_ran, reasons))
    complaints = stuck + [words for ran in all_ran for words in ran.complaints(reasons)]
    if complaints:
        sys.exit(
            "\n".join(["", *complaints, f"{len(complaints)} things are not as they are listed."])
        )


if __name__ == "__main__":
    main()
