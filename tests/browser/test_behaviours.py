"""How outputs, questions and interrupts behave of Python in a page."""

import pytest
from behaviours import Behaviours

from tests.browser.page_client import PageClient

pytestmark = pytest.mark.browser


class TestPagePython(Behaviours):
    """Real Pyodide in real Chromium."""

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _client(cls, page_client: PageClient) -> None:
        cls.kc = page_client
