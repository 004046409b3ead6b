"""What the commands that share a notebook have in common."""

import asyncio
from typing import Final

from foldbook.errors import Refused
from foldbook.link import ShareLink
from foldbook.native.local import Local

RELAY: Final = "FOLDBOOK_RELAY"
TOKEN: Final = "FOLDBOOK_RELAY_TOKEN"
SITE: Final = "FOLDBOOK_SITE"
"""Names of the environment's variables."""

DELIVERY: Final = 30.0
"""Seconds that the relay has at the end to take what it has not."""


async def delivered(local: Local) -> Refused | None:
    """Have the relay take the rest; why it did not, where it did not."""
    try:
        async with asyncio.timeout(DELIVERY):
            await local.delivered()
    except (TimeoutError, Refused):
        trouble = local.trouble or "it does not answer"
        return Refused("undelivered", f"Not everything has reached the relay: {trouble}")
    return None


def site_of(link: ShareLink) -> str | None:
    """Where the page is, where it stands beside its relay as in the README."""
    return f"{link.relay.removesuffix('/relay')}/" if link.relay.endswith("/relay") else None
