"""What the commands that share a notebook have in common."""

import asyncio
import os
from typing import Final

from foldbook.errors import BadParameters, Refused
from foldbook.link import ShareLink
from foldbook.native.local import Local
from foldbook.row import Role

RELAY: Final = "FOLDBOOK_RELAY"
TOKEN: Final = "FOLDBOOK_RELAY_TOKEN"
SITE: Final = "FOLDBOOK_SITE"
"""Names of the environment's variables."""

DELIVERY: Final = 30.0
"""Seconds that the relay has at the end to take what it has not."""


def relay_of(given: str | None) -> str | None:
    """The relay that ``--share`` names: what stands there, else the environment's; None: not
    shared. Raises `BadParameters`."""
    if given is None:
        return None
    relay = given or os.environ.get(RELAY, "")
    if not relay:
        raise BadParameters(f"--share expects a relay's address, there or as {RELAY}")
    return relay


async def share(local: Local, relay: str, role: str) -> ShareLink:
    """Share a notebook; the link with this right."""
    return await local.share(relay, os.environ.get(TOKEN, ""), Role(role))


def address_of(link: ShareLink, site: str | None) -> str:
    """What a link is written as. site: the page that ``--site`` names; else the environment's, or
    the one that stands beside the relay. Without any it is the part that every page takes."""
    page = site or os.environ.get(SITE) or _site_of(link)
    return link.address(page) if page else f"#{link.fragment()}"


async def delivered(local: Local) -> Refused | None:
    """Have the relay take the rest; why it did not, where it did not."""
    try:
        async with asyncio.timeout(DELIVERY):
            await local.delivered()
    except (TimeoutError, Refused):
        trouble = local.trouble or "it does not answer"
        return Refused("undelivered", f"Not everything has reached the relay: {trouble}")
    return None


def _site_of(link: ShareLink) -> str | None:
    """Where the page is, where it stands beside its relay as in the README."""
    return f"{link.relay.removesuffix('/relay')}/" if link.relay.endswith("/relay") else None
