"""The runtimes as the page shows them, whatever they are: words, keys, and what it asks for."""

import time
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.stand_in import INES, ME, TOMAS, Open, StandIn, cell, sharing, view

pytestmark = pytest.mark.browser

READS = {"role": "view", "edit": False, "run": False, "comment": False}


def runtime(session: str, name: str, **how: Any) -> dict[str, Any]:
    """A runtime of the view; a machine that is ready where nothing else is said."""
    return {
        "session": session,
        "name": name,
        "kind": "python",
        "status": "ready",
        "gone": None,
        "asked": "",
        "selected": False,
        "here": False,
        "actor": None,
        "owner": None,
        "running": None,
        "count": None,
        "queue": 0,
        "since": int(time.time() * 1000),
        "language": {"name": "python", "version": "3.12.4"},
        "reason": "",
        **how,
    }


LOOM = runtime("loom", "loom", selected=True)
LAB = runtime("lab", "lab-gpu-2", kind="jupyter", language={"name": "bash", "version": "5.2"})
HERE = runtime("here", "Python in this browser", kind="browser", here=True, owner=ME)
TOMASES = runtime("tomas", "Python in this browser", kind="browser", owner=TOMAS)


def execution(name: str, status: str, session: str, **how: Any) -> dict[str, Any]:
    """An execution of the view."""
    now = int(time.time() * 1000)
    return {
        "id": name,
        "status": status,
        "count": None,
        "runtime": session,
        "requested": {"actor": INES, "ts": now},
        "started": now if status == "running" else None,
        "completed": None,
        "reason": "",
        "stale": False,
        "position": None,
        "after": None,
        "prompt": None,
        "outputs": [],
        **how,
    }


def scene(*runtimes: dict[str, Any], **how: Any) -> dict[str, Any]:
    """Two cells: one runs, one waits, both on the selected runtime."""
    selected = next((each for each in runtimes if each["selected"]), None)
    session = selected["session"] if selected else "nobody"
    cells = [cell("c1", "a"), cell("c2", "b")]
    cells[0]["execution"] = execution("e1", "running", session)
    cells[1]["execution"] = execution("e2", "queued", session)
    return view(*cells, runtime=selected, runtimes=list(runtimes), **how)


def opened(notebook: StandIn) -> Locator:
    notebook.page.get_by_role("button", name="Runtime: ").click()
    return notebook.page.get_by_role("dialog", name="Runtimes")


def last(notebook: StandIn) -> dict[str, Any]:
    """The newest command of the page, without what is always in it."""
    found: dict[str, Any] = notebook.next_heard("cmd")["command"]
    return found


def change(notebook: StandIn, **fields: Any) -> None:
    """The selected runtime is otherwise now."""
    now = {**LOOM, **fields}
    notebook.change(["set", ["runtime"], now], ["set", ["runtimes", 0], now])


def test_each_runtime_says_what_it_is_how_it_is_and_whose(open_notebook: Open) -> None:
    gone = runtime("gone", "cellar", status="unreachable", gone=int(time.time() * 1000) - 60_000)
    busy = {**LOOM, "status": "busy", "running": "e1", "queue": 1}
    notebook = open_notebook(sharing(), view=scene(busy, LAB, TOMASES, gone))
    rows = opened(notebook).get_by_role("listitem")
    expect(rows).to_have_count(5)
    expect(rows.nth(0)).to_contain_text("Running cell 1")
    expect(rows.nth(0)).to_contain_text("Runs the cells of this notebook. 1 cell waits.")
    expect(rows.nth(1)).to_contain_text("Python in this browser")
    expect(rows.nth(1)).to_contain_text("Not started")
    expect(rows.nth(2)).to_contain_text("Jupyter kernel, Bash 5.2, on a machine that joined.")
    expect(rows.nth(3)).to_contain_text("Python in Tomás’s browser")
    expect(rows.nth(4)).to_contain_text("Not answering since")
    expect(rows.nth(4).get_by_role("button")).to_have_text(["Give up"])


def test_hand_over_by_keys_says_first_what_stays(open_notebook: Open) -> None:
    busy = {**LOOM, "status": "busy", "running": "e1", "queue": 1}
    notebook = open_notebook(sharing(), view=scene(busy, LAB))
    menu = opened(notebook)
    over = menu.get_by_role("button", name="Hand over, lab-gpu-2")
    over.focus()
    notebook.page.keyboard.press("Enter")
    main = menu.get_by_role("button", name="Hand over to lab-gpu-2")
    expect(main).to_be_focused()
    words = menu.get_by_role("region", name="Hand over to lab-gpu-2").locator("dd")
    expect(words).to_have_text(
        [
            "Runs to its end on loom",
            "Goes to lab-gpu-2, in order",
            "Stay on loom. lab-gpu-2 has its own",
            "Stay on loom",
            "Are there too",
        ]
    )
    menu.get_by_role("button", name="Cancel").press("Enter")
    expect(over).to_be_focused()
    assert notebook.heard("cmd") == []
    over.press("Enter")
    main.press("Enter")
    assert last(notebook) == {"do": "select_runtime", "runtime": "lab"}
    notebook.page.keyboard.press("Escape")
    expect(notebook.page.get_by_role("button", name="Runtime: ")).to_be_focused()


def test_one_click_starts_the_browser_s_python(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(), view=scene(LOOM))
    opened(notebook).get_by_role("button", name="Start, Python in this browser").click()
    assert last(notebook) == {"do": "start_runtime"}


def test_what_does_not_answer_is_said_in_the_head_and_at_the_cell(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(), view=scene({**LOOM, "status": "busy", "running": "e1"}))
    sheet = notebook.sheet
    chip = notebook.page.locator(".rt-chip")
    expect(chip).to_contain_text("loom · Running cell 1")
    change(notebook, status="unreachable", running="e1", gone=int(time.time() * 1000) - 40_000)
    expect(chip).to_contain_text("loom · Not answering since")
    sheet.says("loom is not answering")
    expect(sheet.cell(0)).to_contain_text("It may go on there; what it prints comes when it is")
    expect(sheet.cell(1)).to_contain_text("it runs when that is back, or on another runtime")
    sheet.cell(0).get_by_role("button", name="Give up").click()
    assert last(notebook) == {"do": "give_up", "execution_id": "e1"}
    change(notebook, status="busy", running="e1")
    sheet.says("loom answers again")
    expect(sheet.cell(0).get_by_role("button", name="Give up")).to_have_count(0)
    change(notebook, status="unknown", running="e1")
    expect(chip).to_contain_text("Not known while you are offline")
    expect(sheet.cell(0)).to_contain_text("It ran on loom when you were last online.")


def test_who_may_only_read_sees_all_and_asks_for_nothing(open_notebook: Open) -> None:
    gone = {**LOOM, "status": "unreachable", "running": "e1"}
    notebook = open_notebook(sharing(role="view"), view=scene(gone, LAB, rights=READS))
    expect(notebook.sheet.cell(0)).to_contain_text("loom has not answered")
    expect(notebook.sheet.cell(0).get_by_role("button", name="Give up")).to_have_count(0)
    menu = opened(notebook)
    expect(menu).to_contain_text("This link lets you read. Ask the owner for a run link.")
    expect(menu.get_by_role("listitem").get_by_role("button")).to_have_count(0)
    menu.get_by_role("button", name="Attach").click()
    expect(menu).to_contain_text("Only owners make links for machines.")


def test_a_machine_is_brought_by_a_command(open_notebook: Open) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    notebook = open_notebook(sharing(), view=scene(LOOM), permissions=permissions)
    menu = opened(notebook)
    menu.get_by_role("button", name="Attach").press("Enter")
    make = menu.get_by_role("button", name="Make the command")
    expect(make).to_be_focused()
    make.press("Enter")
    copy = menu.get_by_role("button", name="Copy the command")
    expect(copy).to_be_focused()
    copy.press("Enter")
    notebook.sheet.says("The command is copied")
    copied = notebook.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"foldbook join '{notebook.site}#join/roomruntime/")
    assert copied.endswith("'")


def test_where_nobody_shares_a_machine_needs_that_first(open_notebook: Open) -> None:
    notebook = open_notebook(sharing("local"), view=scene({**HERE, "selected": True}))
    menu = opened(notebook)
    menu.get_by_role("button", name="Attach").click()
    expect(menu).to_contain_text("share it first")
    menu.get_by_role("button", name="Share this notebook").click()
    expect(notebook.page.get_by_role("dialog", name="Share")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_holds_it(open_notebook: Open, scheme: str) -> None:
    notebook = open_notebook(
        sharing(),
        view=scene(LOOM, LAB, TOMASES),
        viewport={"width": 360, "height": 760},
        color_scheme=scheme,
    )
    menu = opened(notebook)
    menu.get_by_role("button", name="Hand over, lab-gpu-2").click()
    menu.get_by_role("button", name="Attach").click()
    box = menu.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert menu.evaluate("e => e.scrollWidth <= e.clientWidth")
    heights = menu.get_by_role("button").evaluate_all("all => all.map((e) => e.offsetHeight)")
    assert min(heights) >= 44, "as large as a thumb"
