"""People who share a notebook, each in a browser of their own."""

import re

from playwright.sync_api import BrowserContext, expect

from tests.browser.sheet import PATIENCE, Sheet
from tests.browser.visitors import Visitors


class People:
    """Opens browsers of their own for people who share one notebook."""

    def __init__(self, visitors: Visitors, url: str, relay: str) -> None:
        self.url = url
        self.relay = relay
        self._visitors = visitors
        self.contexts: list[BrowserContext] = []
        """Those of all who have come, in the order of their coming."""

    def leave(self, *contexts: BrowserContext) -> None:
        """These go, else all; what they have done stays with the others."""
        for context in contexts or tuple(self.contexts):
            self.contexts.remove(context)
            self._visitors.go(context)

    def _context(self) -> BrowserContext:
        context = self._visitors.come(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        return context

    def owner(self, *sources: str, relay: str | None = None) -> Sheet:
        """Somebody with a new notebook, who shares it at this relay."""
        sheet = Sheet.new(self._context(), self.url)
        return self.share(sheet.fill(*sources), relay)

    def share(self, sheet: Sheet, relay: str | None = None) -> Sheet:
        """Share a notebook at this relay; else at the one that the page names."""
        sheet.page.get_by_role("button", name="Share", exact=True).click()
        if relay is not None:
            sheet.page.get_by_role("dialog").get_by_role("textbox", name="Relay").fill(relay)
        sheet.page.get_by_role("button", name="Share this notebook").click()
        expect(sheet.page.get_by_role("radio", name=re.compile("^View"))).to_be_visible()
        self._back(sheet)
        return sheet

    def link(self, owner: Sheet, right: str) -> str:
        """The link for a right, as the dialog has it."""
        page = owner.page
        page.get_by_role("button", name="Share", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("radio", name=right, exact=True).check()
        make = dialog.get_by_role("button", name=re.compile("^Create .* link$"))
        copy = dialog.get_by_role("button", name=re.compile("^Copy .* link"))
        expect(make.or_(copy)).to_be_visible()
        if make.is_visible():
            make.click()
        expect(copy).to_be_visible()
        link = dialog.get_by_role("textbox", name=re.compile("link", re.IGNORECASE)).input_value()
        assert "#join/" in link
        self._back(owner)
        return link

    def _back(self, sheet: Sheet) -> None:
        """Out of the dialog, and with the keys to the cells again."""
        sheet.press("Escape")
        expect(sheet.page.get_by_role("dialog")).to_have_count(0)
        sheet.cell(0).locator(".g").click(position={"x": 4, "y": 4})
        sheet.focused("cell 0")

    def join(self, link: str, *sources: str) -> Sheet:
        """Somebody follows a link, and sees these cells."""
        page = self._context().new_page()
        page.goto(link)
        sheet = Sheet(page)
        return sheet.shows(*sources)
