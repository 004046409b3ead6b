"""The share dialog: from the first sharing to links, their end, and who is here."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.stand_in import INES, KESTREL, ME, TOMAS, Open, StandIn, person, sharing

pytestmark = pytest.mark.browser

KEY = "Qm9va3M_" * 8
GRANTS = [
    {"actor": ME, "role": "own", "removed": False},
    {"actor": TOMAS, "role": "run", "removed": False},
    {"actor": INES, "role": "comment", "removed": False},
]


def link(role: str, fragment: str | None = "", **how: Any) -> dict[str, Any]:
    """A link that there is."""
    made = f"join/room{role}/{KEY}" if fragment == "" else fragment
    return {
        "id": role,
        "role": role,
        "fragment": made,
        "created": 1,
        "used": 0,
        "revoked": False,
    } | how


def open_dialog(notebook: StandIn) -> Locator:
    """Open the dialog from the header."""
    notebook.page.get_by_role("button", name="Share", exact=True).click()
    dialog = notebook.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(
        "Share “Global temperature since 1880”"
    )
    return dialog


def test_a_notebook_is_shared_by_keyboard_alone(open_notebook: Open) -> None:
    notebook = open_notebook(sharing("local"), permissions=["clipboard-read", "clipboard-write"])
    page, keys = notebook.page, notebook.page.keyboard
    page.get_by_role("button", name="Share", exact=True).focus()
    keys.press("Enter")
    dialog = page.get_by_role("dialog")
    relay = dialog.get_by_role("textbox", name="Relay")
    expect(relay).to_be_focused()
    expect(dialog.get_by_label("Creation token")).to_be_hidden()
    keys.type("relay.example")
    expect(dialog.get_by_label("Creation token")).to_be_visible()
    keys.press("Tab")
    keys.type("secret")
    keys.press("Enter")
    main = dialog.get_by_role("button", name="Create edit link")
    expect(main).to_be_focused()
    (asked,) = [each for each in notebook.heard("share") if each["do"] == "create"]
    assert (asked["relay"], asked["token"]) == ("https://relay.example", "secret")

    keys.press("Enter")
    copy = dialog.get_by_role("button", name="Copy edit link")
    expect(copy).to_be_focused()
    expect(dialog.get_by_role("img", name="QR code of the edit link")).to_be_visible()
    keys.press("Enter")
    expect(dialog.get_by_role("button", name="Copied")).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == f"{notebook.site}#join/roomedit/{KEY}"

    keys.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_focused()


def test_to_look_at_roles_makes_no_links(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(links=[link("view")], people=GRANTS))
    dialog = open_dialog(notebook)
    expect(dialog.get_by_role("radio", name="View")).to_be_checked()
    expect(dialog.get_by_role("textbox", name="The view link")).to_have_value(
        f"{notebook.site}#join/roomview/{KEY}"
    )
    dialog.get_by_role("radio", name="View").focus()
    for role in ("Comment", "Edit", "Edit and run"):
        notebook.page.keyboard.press("ArrowDown")
        expect(dialog.get_by_role("radio", name=role, exact=True)).to_be_focused()
    expect(dialog.get_by_text("There is no run link yet.")).to_be_visible()
    dialog.get_by_text("For machines").click()
    dialog.get_by_role("radio", name="Runtime").check()
    expect(dialog.get_by_role("button", name="Create runtime link")).to_be_visible()
    assert not [each for each in notebook.heard("share") if each["do"] == "link"]


def test_a_link_is_revoked_after_a_question_in_its_place(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(links=[link("edit")]))
    dialog, keys = open_dialog(notebook), notebook.page.keyboard
    revoke = dialog.get_by_role("button", name="Revoke this link")
    revoke.focus()
    keys.press("Enter")
    expect(dialog.get_by_role("group", name="Revoke this link")).to_contain_text(
        "This cannot be undone."
    )
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    keys.press("Enter")
    expect(revoke).to_be_focused()
    keys.press("Enter")
    keys.press("Escape")
    expect(revoke).to_be_focused()
    revoke.click()
    dialog.get_by_role("group").get_by_role("button", name="Revoke this link").click()
    expect(dialog.get_by_role("button", name="Create edit link")).to_be_focused()
    (asked,) = [each for each in notebook.heard("share") if each["do"] == "revoke"]
    assert asked["link"] == "edit"


def test_a_link_of_another_browser_has_no_key_here(open_notebook: Open) -> None:
    dialog = open_dialog(open_notebook(sharing(links=[link("edit", None)])))
    expect(dialog.get_by_text("its key is only there")).to_be_visible()
    expect(dialog.get_by_role("img", name="QR code")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Revoke this link")).to_be_visible()


def test_a_link_that_only_works_here_says_so(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(links=[link("edit")], relay="http://127.0.0.1:8765"))
    dialog = open_dialog(notebook)
    expect(dialog).to_contain_text(
        "The relay at 127.0.0.1:8765 answers only on this computer."
        " People at other computers cannot use this link."
    )
    expect(dialog.get_by_role("button", name="Copy edit link for this computer")).to_be_visible()
    expect(dialog.get_by_role("img", name="QR code")).to_have_count(0)


def test_the_site_may_name_a_relay(open_notebook: Open) -> None:
    notebook = open_notebook(sharing("local"))
    notebook.page.context.route(
        f"{notebook.site}relay.json",
        lambda route: route.fulfill(json={"relay": "https://ours.example"}),
    )
    dialog = open_dialog(notebook)
    expect(dialog.get_by_role("textbox", name="Relay")).to_have_value("https://ours.example")


def test_what_goes_wrong_is_said_in_its_place(open_notebook: Open) -> None:
    wrong = {"create": "The relay at relay.example wants a creation token"}
    notebook = open_notebook(sharing("local"), wrong=wrong)
    dialog = open_dialog(notebook)
    share = dialog.get_by_role("button", name="Share this notebook")
    share.click()
    expect(dialog.get_by_role("alert")).to_have_text("Write the address of a relay.")
    relay = dialog.get_by_role("textbox", name="Relay")
    expect(relay).to_be_focused()
    relay.fill("http://relay.example")
    share.click()
    expect(dialog.get_by_role("alert")).to_contain_text("only over https")
    assert not [each for each in notebook.heard("share") if each["do"] == "create"]
    relay.fill("relay.example")
    share.click()
    expect(dialog.get_by_role("alert")).to_have_text(f"{wrong['create']}.")
    expect(share).not_to_have_attribute("aria-disabled", "true")


def test_who_is_here_and_how_an_owner_removes_somebody(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(people=GRANTS))
    notebook.people(
        person(ME, "c1"),
        person(TOMAS, "c2"),
        person(KESTREL, "c1", mode="select", idle=True),
    )
    dialog = open_dialog(notebook)
    here = dialog.get_by_role("region", name="Here now 3")
    assert here.get_by_role("listitem").all_inner_texts()[:3] == [
        "ML\nMara Lindqvist you\nEditing cell 2\nOwner",
        "TR\nTomás Rey\nEditing cell 3\nEdit and run\nRemove",
        "K\nKestrel agent\nReading cell 2, idle",
    ]
    expect(here.get_by_role("listitem").nth(3)).to_contain_text("Ines Okafor")
    here.get_by_role("button", name="Remove Tomás Rey").click()
    expect(dialog.get_by_role("button", name="Keep", exact=True)).to_be_focused()
    here.get_by_role("group").get_by_role("button", name="Remove Tomás Rey").click()
    expect(here.get_by_role("button", name="Remove Tomás Rey")).to_have_count(0)
    (asked,) = [each for each in notebook.heard("share") if each["do"] == "remove"]
    assert asked["actor"] == TOMAS


def test_others_see_who_is_here_and_their_own_right(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(role="edit"))
    notebook.people(person(ME, "c1"), person(TOMAS, "c1"))
    dialog = open_dialog(notebook)
    expect(dialog).to_contain_text("You can edit, but not run code. Only the owner makes links.")
    expect(dialog.get_by_role("radio")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Remove")).to_have_count(0)
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    expect(dialog.get_by_role("listitem").first).to_contain_text("Edit")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()


def test_the_header_says_how_sharing_stands(open_notebook: Open) -> None:
    notebook = open_notebook(sharing())
    saved = notebook.page.locator(".saved")
    expect(saved).to_have_text("Saved · event 1,284")
    notebook.share(status="offline", waiting=12, message="the relay does not answer")
    expect(saved).to_have_text("Saved here. 12 events wait to be sent.")
    expect(saved.locator(".dot.off")).to_be_visible()
    expect(saved).to_have_attribute("title", "The relay does not answer.")
    notebook.share(status="connecting", waiting=0, message=None)
    expect(saved).to_have_text("Saved here. Connecting to the others.")
    notebook.share(status="live")
    expect(saved).to_have_text("Saved · event 1,284")
    notebook.share(status="ended", message="Mara removed you")
    expect(notebook.page.locator(".banner")).to_have_text(
        "Sharing has ended.Mara removed you. What is here stays in this browser."
    )


def test_people_in_the_header(open_notebook: Open) -> None:
    notebook = open_notebook(sharing())
    here = notebook.page.get_by_role("button", name="Here now")
    expect(here).to_have_count(0)
    notebook.people(person(ME, "c1"))
    expect(here).to_have_count(0)
    notebook.people(person(TOMAS, "c1"), person(ME, "c1"), person(KESTREL, None))
    expect(here).to_have_accessible_name("Here now: Mara Lindqvist (you), Tomás Rey, Kestrel")
    drawn = here.locator("[data-initials]").evaluate_all(
        "all => all.map((e) => e.dataset.initials)"
    )
    assert drawn == ["ML", "TR", "K"]
    expect(here.locator(".av.ag")).to_have_attribute("data-initials", "K")
    here.click()
    expect(notebook.page.get_by_role("dialog")).to_be_visible()


def test_a_stranger_is_asked_for_a_name_once(open_notebook: Open) -> None:
    notebook = open_notebook(sharing("local"), name="")
    page = notebook.page
    form = page.get_by_role("form", name="Introduce yourself")
    expect(form).to_have_count(0)
    notebook.share(status="live", role="edit")
    expect(form).to_be_visible()
    assert notebook.sheet.focus() != "Your name", "it takes no focus"
    form.get_by_role("textbox").fill("Mara L")
    form.get_by_role("radio", name="plum").check(force=True)
    form.get_by_role("button", name="Use this name").click()
    expect(form).to_have_count(0)
    said = notebook.next_heard("cmd")["command"]
    assert said == {"do": "introduce", "name": "Mara L", "hue": "plum"}
    notebook.share(status="local")
    notebook.share(status="live")
    expect(page.locator(".saved")).to_contain_text("Saved")
    expect(form).to_have_count(0)


SIZES = [("wide", 1280, 860), ("tablet", 768, 1024), ("phone", 360, 760)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_width_holds_the_dialog(open_notebook: Open, artefacts: Path, scheme: str) -> None:
    links = [link("view"), link("edit")]
    calm = {"color_scheme": scheme, "reduced_motion": "reduce"}
    notebook = open_notebook(sharing(links=links, people=GRANTS), **calm)
    notebook.people(person(ME, "c1"), person(TOMAS, "c1", 11, anchor=9), person(INES, "c2"))
    page = notebook.page
    for name, width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=artefacts / f"together-{name}-{scheme}.png")
        if name == "phone":
            page.get_by_role("button", name="Notebook menu").click()
            page.get_by_role("menuitem", name="Share").click()
        else:
            page.get_by_role("button", name="Share", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
        page.screenshot(path=artefacts / f"share-{name}-{scheme}.png")
        assert dialog.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
        box = dialog.bounding_box()
        assert box is not None
        if name == "phone":
            assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 360, 760)
        page.keyboard.press("Escape")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_forced_colours_keep_what_is_chosen(open_notebook: Open, artefacts: Path) -> None:
    notebook = open_notebook(sharing(links=[link("edit")]), forced_colors="active")
    dialog = open_dialog(notebook)
    chosen = dialog.locator("label", has=notebook.page.locator("input:checked")).first
    assert chosen.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    notebook.page.screenshot(path=artefacts / "share-forced.png")
