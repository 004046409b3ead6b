"""What the browser stories share: profiles that outlive their browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.profile import Profile


@pytest.fixture
def profile(
    chromium: Browser, chromium_path: Path | None, site_url: str, tmp_path: Path
) -> Iterator[Profile]:
    """A new browser profile on the isolated site."""
    made = Profile(chromium.browser_type, chromium_path, tmp_path / "profile", site_url)
    yield made
    made.close()


@pytest.fixture
def plain_profile(
    chromium: Browser, chromium_path: Path | None, site_url_plain: str, tmp_path: Path
) -> Iterator[Profile]:
    """A new browser profile on the site without isolating headers."""
    made = Profile(
        chromium.browser_type, chromium_path, tmp_path / "plain", site_url_plain, isolated=False
    )
    yield made
    made.close()
