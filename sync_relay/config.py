"""What the relay is told by its environment, read once at the start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foldbook.ring import KEEP

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
MIB: Final = 1024 * 1024


class BadConfig(Exception):
    """A setting cannot be used; the message names it, what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer, and one room, may take. Sizes in bytes, times in seconds.

    rate, burst: what a connection may send per second on average, and at once. behind: answers
    and calls that may wait for a slow reader; behind_bytes: their bytes. waiting: what may wait
    for the disk before nothing more is read. keep: rows, and bytes of rows, of a room in
    memory. idle: after it a room without connections leaves the memory. draft_hours: after them
    a draft is forgotten. sweep_seconds: how often both is looked for.
    """

    connections: int = 200
    segment: int = 8 * MIB
    snapshot: int = 64 * MIB
    blob: int = 256 * MIB
    room: int = 2048 * MIB
    rate: int = MIB
    burst: int = 4 * MIB
    behind: int = 1024
    behind_bytes: int = 8 * MIB
    waiting: int = 8 * MIB
    hello_seconds: float = 10.0
    send_seconds: float = 30.0
    drain_seconds: float = 5.0
    keep: tuple[int, int] = KEEP
    idle: float = 120.0
    draft_hours: float = 24.0
    sweep_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class Config:
    """Where the relay keeps its data, where it listens, and who may do what.

    token: needed to create a room; "" on loopback: anybody who gets here may. origins: the web
    origins whose pages may speak to it; empty: all. port 0: any free one.
    """

    data: Path
    token: str = ""
    host: str = "127.0.0.1"
    port: int = 8787
    origins: frozenset[str] = frozenset()
    limits: Limits = Limits()


def from_environment(environment: Mapping[str, str] = os.environ) -> Config:
    """The settings, each ``FOLDBOOK_RELAY_`` and its name. Raises `BadConfig`."""
    said = {
        name.removeprefix("FOLDBOOK_RELAY_"): value.strip()
        for name, value in environment.items()
        if name.startswith("FOLDBOOK_RELAY_")
    }
    host = said.pop("HOST", "127.0.0.1")
    token = said.pop("TOKEN", "")
    if host not in LOOPBACK and len(token) < 16:
        raise BadConfig(
            f"FOLDBOOK_RELAY_TOKEN: at least 16 characters expected where the relay listens on "
            f"{host}: whoever knows it may create rooms"
        )
    config = Config(
        data=Path(said.pop("DATA", "foldbook-relay")),
        token=token,
        host=host,
        port=_whole("PORT", said.pop("PORT", "8787"), 0, 65535),
        origins=_origins(said.pop("ORIGINS", "")),
        limits=Limits(
            connections=_whole("CONNECTIONS", said.pop("CONNECTIONS", "200"), 1, 10_000),
            blob=_whole("BLOB_MIB", said.pop("BLOB_MIB", "256"), 1, 4096) * MIB,
            room=_whole("ROOM_MIB", said.pop("ROOM_MIB", "2048"), 1, 2**20) * MIB,
            rate=_whole("RATE_KIB", said.pop("RATE_KIB", "1024"), 16, 2**20) * 1024,
        ),
    )
    if said:
        raise BadConfig(f"FOLDBOOK_RELAY_{min(said)}: there is no such setting")
    return config


def _whole(name: str, text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise BadConfig(
        f"FOLDBOOK_RELAY_{name}: a whole number from {least} to {most} expected, {text!r} came"
    )


def _origins(text: str) -> frozenset[str]:
    found = frozenset(text.replace(",", " ").split())
    for each in found:
        scheme, _, rest = each.partition("://")
        if scheme not in ("http", "https") or not rest or "/" in rest:
            raise BadConfig(
                f"FOLDBOOK_RELAY_ORIGINS: origins such as https://example.org expected, "
                f"{each!r} came"
            )
    return found
