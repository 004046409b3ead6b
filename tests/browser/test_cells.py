"""What a cell shows and does: runs, queues, errors, questions, help, two views of one notebook."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Route

from tests.browser.engines import wait_until
from tests.browser.sheet import Sheet

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """One reader, who lets the page use the clipboard."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 860}, permissions=["clipboard-read", "clipboard-write"]
    )
    yield context
    context.close()


@pytest.fixture(scope="module")
def sheet(context: BrowserContext, site_url: str) -> Iterator[Sheet]:
    """One notebook and one runtime for all of these; each story fills it anew."""
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield Sheet.new(context, site_url)
    assert errors == []


def test_work_begins_before_python_is_up(sheet: Sheet) -> None:
    sheet.write("early = 6 * 7\nearly").press("Shift+Enter").focused("editor 1")
    sheet.write("early + 1").press("Escape", "b").focused("cell 2")
    sheet.press("Enter").write("gone").press("Escape", "d", "d").shows(
        "early = 6 * 7\nearly", "early + 1"
    )
    sheet.press("z").shows("early = 6 * 7\nearly", "early + 1", "gone")
    sheet.press("x", "Control+Enter")
    assert sheet.status(0, "ok") == "ok"
    sheet.status(1, "ok")
    sheet.shows("early = 6 * 7\nearly", "early + 1")
    assert [cell["outputs"] for cell in sheet.cells] == [["42"], ["43"]]
    assert sheet.until("cells[0].count") == "[1]"


def test_what_is_stored_is_drawn_before_workers_start(sheet: Sheet) -> None:
    """Starting Python keeps every core busy: the picture must not wait behind it."""
    sheet.fill("'stored'")
    sheet.page.get_by_text("Saved", exact=False).first.wait_for()
    sheet.page.add_init_script(
        """globalThis.drawnAtStart = [];
        globalThis.Worker = class extends Worker {
          constructor(...all) {
            super(...all);
            drawnAtStart.push(document.querySelectorAll("[data-cell-id]").length);
          }
        };"""
    )
    held: list[Route] = []
    # Playwright marks the function that it is given, which a list's own method does not allow.
    sheet.page.route("**/chunks/notebook-*.js", lambda route: held.append(route))  # noqa: PLW0108
    with sheet.page.expect_response("**/manifest.json") as manifest:
        sheet.page.reload(wait_until="commit")
    manifest.value.finished()  # all that workers need is known, and what draws is not here
    sheet.page.evaluate("() => navigator.locks.query()")
    for part in held:
        part.continue_()
    sheet.page.unroute("**/chunks/notebook-*.js")
    sheet.shows("'stored'").go(0).press("Control+Enter")
    assert sheet.status(0, "ok") == "ok"
    assert sheet.page.evaluate("drawnAtStart")[0] == 1


def test_a_key_acts_on_what_the_key_before_it_left(sheet: Sheet) -> None:
    """Also where nothing could be drawn between the two, as on a busy machine."""
    sheet.fill("'runs'", "'goes'").go(1)
    sheet.page.evaluate(
        """() => {
          const press = (how) => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...how }));
          press({ key: "x" });
          press({ key: "Enter", ctrlKey: true });
        }"""
    )
    sheet.shows("'runs'").status(0, "ok")
    assert sheet.cells[0]["outputs"] == ["'runs'"]


def test_a_run_says_that_it_runs_and_what_waits_for_it(sheet: Sheet) -> None:
    sheet.fill("import time\nwhile True: time.sleep(.01)", "2", "3")
    sheet.page.get_by_role("button", name="Run all").first.click()
    sheet.status(0, "running")
    sheet.until("/^Running\\s*[\\d.]+ s/.test(cells[0].words)")
    sheet.until("cells[1].count === '[·]' && cells[1].words.includes('Queued, next after cell 1.')")
    sheet.until("cells[2].words.includes('Queued, after cell 2.')")
    sheet.cell(2).get_by_role("button", name="Remove").click()
    sheet.status(2, "cancelled")
    sheet.focused("cell 2")
    sheet.press("i", "i")
    assert sheet.status(0, "error", "lost") == "error"
    sheet.until("cells[0].outputs.at(-1).startsWith('KeyboardInterrupt')")
    assert sheet.status(1, "aborted", "ok") == "aborted"
    assert "Not run. An earlier cell failed." in sheet.cells[1]["words"]


@pytest.mark.parametrize("place", ["cell", "toolbar"])
def test_buttons_interrupt_too(sheet: Sheet, place: str) -> None:
    sheet.fill("while True: pass")
    sheet.press("Control+Enter")
    sheet.status(0, "running")
    where = sheet.cell(0) if place == "cell" else sheet.page.locator("[data-region=toolbar]")
    where.get_by_role("button", name="Interrupt").click()
    assert sheet.status(0, "error", "lost") == "error"


def test_an_error_says_its_message_first_and_leads_to_its_line(sheet: Sheet) -> None:
    sheet.fill("x = 1\nx / 0")
    sheet.press("Control+Enter")
    sheet.status(0, "error")
    sheet.says("Cell 1 failed")
    assert sheet.cells[0]["outputs"][0].startswith("ZeroDivisionError: division by zero")
    error = sheet.cell(0).locator("[data-output-type=error]")
    error.get_by_role("button", name="Copy traceback").click()
    copied = "async () => (await navigator.clipboard.readText()).includes('ZeroDivisionError')"
    wait_until(lambda: sheet.page.evaluate(copied), "the traceback on the clipboard")
    error.get_by_role("button", name="Go to line 2").click()
    sheet.focused("editor 0")
    sheet.page.get_by_text("Ln 2, Col 1").wait_for()


def test_a_changed_cell_is_stale_in_words_and_runs_again(sheet: Sheet) -> None:
    sheet.fill("1 + 1")
    sheet.press("Control+Enter")
    sheet.status(0, "ok")
    sheet.press("Enter", "Control+End").write(" + 1").press("Escape")
    sheet.until("cells[0].words.includes('Stale. The code changed at')")
    assert sheet.cells[0]["outputs"] == ["2"]
    sheet.cell(0).get_by_role("button", name="Run again").click()
    sheet.until("cells[0].outputs[0] === '3' && cells[0].words === ''")


def test_code_asks_for_a_line_and_enter_sends_it(sheet: Sheet) -> None:
    sheet.fill("name = input('Who? ')\nname[::-1]")
    sheet.press("Control+Enter").says("Cell 1 asks: Who?").focused("Who?")
    sheet.write("Ada").press("Enter").focused("cell 0")
    sheet.status(0, "ok")
    assert "'adA'" in sheet.cells[0]["outputs"][-1]


def test_a_password_is_not_shown(sheet: Sheet) -> None:
    sheet.fill("import getpass\nlen(getpass.getpass('Key: '))")
    sheet.press("Shift+Enter").focused("Key:")
    field = sheet.cell(0).locator("form input")
    assert field.get_attribute("type") == "password"
    sheet.write("secret").press("Enter")
    sheet.status(0, "ok")
    sheet.until("cells[0].outputs.at(-1) === '6'")
    assert "secret" not in sheet.cell(0).inner_text()


def test_tab_and_shift_tab_ask_the_live_runtime(sheet: Sheet) -> None:
    sheet.fill("import math\nxylophone = 1", "")
    sheet.go(0).press("Shift+Enter")
    sheet.status(0, "ok")
    sheet.press("Enter")
    sheet.page.keyboard.type("xylo")
    sheet.press("Tab")
    sheet.shows("import math\nxylophone = 1", "xylophone")
    sheet.press("Control+a")
    sheet.page.keyboard.type("math.co")
    sheet.press("Tab")
    options = sheet.page.locator(".cm-tooltip-autocomplete [role=option]")
    options.first.wait_for()
    assert "cosh" in " ".join(options.all_inner_texts())
    sheet.press("Escape").focused("editor 1")
    sheet.press("Control+a")
    sheet.page.keyboard.type("math.sqrt")
    sheet.press("Shift+Tab")
    help_text = sheet.page.locator(".documentation")
    help_text.wait_for()
    assert "square root" in help_text.inner_text()
    sheet.press("Escape").focused("editor 1")
    help_text.wait_for(state="detached")
    sheet.press("Escape").focused("cell 1")


def test_run_above_below_and_clearing(sheet: Sheet) -> None:
    sheet.fill("1", "2", "3")
    command = sheet.go(1).press
    command("Control+k")
    sheet.write("run all above").press("Enter")
    sheet.status(0, "ok")
    assert [cell["status"] for cell in sheet.cells] == ["ok", "idle", "idle"]
    command("Control+k")
    sheet.write("all below").press("Enter")
    sheet.status(2, "ok")
    assert [cell["outputs"] for cell in sheet.cells] == [["1"], ["2"], ["3"]]
    command("Control+k")
    sheet.write("clear outputs of cell").press("Enter")
    sheet.until("cells[1].outputs.length === 0 && cells[2].outputs.length === 1")
    command("Control+k")
    sheet.write("clear all").press("Enter")
    sheet.until("cells.every(cell => cell.outputs.length === 0 && cell.status === 'idle')")


def test_outputs_elsewhere_do_not_move_the_line_one_is_on(sheet: Sheet) -> None:
    sheet.fill("for i in range(24): print(i)", *["x"] * 12)
    sheet.page.wait_for_function("() => document.getAnimations().length === 0")
    before = sheet.cell(12).bounding_box()
    sheet.page.evaluate("document.querySelector('[data-cell-id] .go').click()")
    sheet.status(0, "ok")
    sheet.until("cells[0].outputs.length === 1")
    after = sheet.cell(12).bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 1
    sheet.says("Cell 1 finished")


def test_two_views_of_one_notebook_take_each_others_typing(sheet: Sheet) -> None:
    sheet.fill("one", "two")
    page = sheet.page.context.new_page()
    page.goto(sheet.page.url)
    other = Sheet(page)
    other.shows("one", "two")
    sheet.go(0).press("Enter", "Control+End")
    other.go(0).press("Enter", "Control+Home")
    for letter in "abcdefgh":
        sheet.write(letter)
        other.write(letter.upper())
    sheet.shows("ABCDEFGHoneabcdefgh", "two")
    other.shows("ABCDEFGHoneabcdefgh", "two")
    sheet.press("Control+z")
    sheet.until("cells[0].source.startsWith('ABCDEFGHone') && cells[0].source.length < 19")
    other.until("cells[0].source === argument", sheet.cells[0]["source"])
    other.press("Escape").go(1).press("Alt+ArrowUp")
    sheet.until("cells[0].source === 'two'")
    sheet.focused("editor 1")  # it went on in the cell that moved
    page.close()


def test_a_cell_that_somebody_else_deleted_leaves_nobody_lost(sheet: Sheet) -> None:
    sheet.fill("one", "two", "three")
    page = sheet.page.context.new_page()
    page.goto(sheet.page.url)
    other = Sheet(page)
    sheet.go(1)
    other.shows("one", "two", "three").go(1).press("d", "d")
    sheet.shows("one", "three").focused("cell 1")
    page.close()


def test_typing_goes_on_while_the_tab_with_the_worker_is_closed(
    context: BrowserContext, site_url: str
) -> None:
    first = Sheet.new(context, site_url)
    first.write("start ").press("Escape", "b").until("cells.length === 2")
    first.page.get_by_text("Saved", exact=False).first.wait_for()
    page = context.new_page()
    page.goto(first.page.url)
    second = Sheet(page)
    second.shows("start ", "").go(0).press("Enter", "Control+End")
    first.go(0).press("Enter", "Control+Home")
    letters = "abcdefghijklmnopqrstuvwxyz"
    for letter in letters[:8]:
        first.write(letter.upper())
        second.write(letter)
    first.page.close()
    for letter in letters[8:]:
        second.write(letter)
    second.until("cells[0].source.endsWith(argument)", "start " + letters)
    second.go(1).press("Enter").write("2 + 2").press("Control+Enter")
    second.until("cells[1].outputs[0] === '4'")  # a worker is here now
    second.until("cells[0].source.endsWith(argument)", "start " + letters)
    page.get_by_text("Saved", exact=False).first.wait_for()
    page.reload()
    again = Sheet(page)
    again.until("cells[0]?.source.endsWith(argument)", "start " + letters)
    page.close()


def test_nothing_is_lost_when_one_tab_closes_and_the_other_reloads_at_once(
    context: BrowserContext, site_url: str
) -> None:
    first = Sheet.new(context, site_url)
    first.write("start ")
    first.page.get_by_text("Saved", exact=False).first.wait_for()
    page = context.new_page()
    page.goto(first.page.url)
    second = Sheet(page)
    second.shows("start ").page.locator(".cm-content").click()
    second.press("Control+End")
    letters = "abcdefghijklmnopqrstuvwxyz"
    for letter in letters[:13]:
        first.write(letter.upper())
        second.write(letter)
    first.page.close()
    for letter in letters[13:]:
        second.write(letter)
    page.get_by_text("Saved", exact=False).first.wait_for()
    page.reload()  # no worker has taken the last of these
    again = Sheet(page)
    again.until("[...cells[0]?.source ?? ''].filter(c => /[a-z]/.test(c)).length === 31")
    again.press("Escape", "b").press("Enter").write("2 + 2").press("Control+Enter")
    again.until("cells[1].outputs[0] === '4'")  # a worker is here now
    source = again.cells[0]["source"]
    assert "".join(c for c in source if c.islower()).replace("start", "") == letters
    assert not page.get_by_role("alert").all()
    page.close()


def test_a_restart_is_asked_about_and_forgets(sheet: Sheet) -> None:
    sheet.fill("seen = globals().get('seen', 0) + 1\nseen")
    sheet.press("Control+Enter")
    sheet.until("cells[0].outputs[0] === '1'")
    sheet.press("0", "0")
    dialog = sheet.page.get_by_role("dialog", name="Restart Python")
    dialog.wait_for()
    sheet.press("Escape").focused("cell 0")
    sheet.press("Control+Enter")
    sheet.until("cells[0].outputs[0] === '2'")
    sheet.press("Control+k")
    sheet.write("restart and run all").press("Enter")
    dialog.get_by_role("button", name="Restart and run all").click()
    sheet.until("cells[0].outputs[0] === '1' && cells[0].count === '[1]'")


def test_the_hooks_are_there(sheet: Sheet) -> None:
    sheet.fill("print('out'); 1")
    sheet.press("Control+Enter")
    sheet.status(0, "ok")
    cell = sheet.page.locator("[data-cell-id][data-cell-type=code][data-execution-status=ok]")
    assert cell.get_attribute("aria-label") == "Cell 1, code"
    kinds = cell.locator("[data-output-type]").evaluate_all(
        "outputs => outputs.map(output => output.dataset.outputType)"
    )
    assert kinds == ["stream", "execute_result"]
    assert cell.locator(".cm-content").get_attribute("aria-label") == "Source of cell 1, code"
    nameless = sheet.page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a[href]")]
          .filter((control) => control.getClientRects().length)
          .filter((control) => !control.getAttribute("aria-label") && !control.innerText.trim()
            && !control.title && !control.labels?.length)
          .map((control) => control.outerHTML)"""
    )
    assert nameless == []
