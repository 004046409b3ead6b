"""The checks of `jupyter_kernel_test`, of Python in a page."""

import pytest
from kernel_checks import PythonChecks

from tests.browser.page_client import PageClient

pytestmark = pytest.mark.browser


class TestPagePython(PythonChecks):
    """Real Pyodide in real Chromium."""

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _client(cls, page_client: PageClient) -> None:
        cls.kc = page_client


del PythonChecks
