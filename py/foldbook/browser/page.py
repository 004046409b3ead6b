"""What the notebook worker asks of JavaScript; `foldbook.browser.notebook_worker` has the real one.

Everything else of the host knows only this, so that it runs and is tested without a browser.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

Where = Literal["page", "channel", "all"]
"""To the tab of this worker, to all others, or to both."""

Message = Mapping[str, Any]

_HALF: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command of the inbox: no worker has taken it yet. ``before`` is the whole text that an
    edit was made on, ``data`` the bytes of a file, where the command brings one. alive: its view
    is there still, and is going to send it itself, fitted to what it is shown."""

    key: int
    view: str
    k: int
    command: Mapping[str, Any]
    before: str | None = None
    data: bytes | None = None
    alive: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits here: the secret behind the actor's id, the name, and the hue they want."""

    secret: bytes
    name: str
    hue: str = ""


class Page(Protocol):
    """The tab and the catalogue, as seen from the worker."""

    def post(self, message: Message, to: Where = "all") -> None:
        """Send a message to the pages."""

    async def inbox(self) -> Sequence[Waiting]:
        """The commands that wait for this notebook, oldest first."""

    async def drop_inbox(self, keys: Sequence[int]) -> None:
        """These commands are taken and stored."""

    async def person(self) -> Person:
        """Who sits here."""

    async def refresh(self, entry: Mapping[str, Any]) -> None:
        """Set values of this notebook's entry in the catalogue."""

    async def storage(self) -> tuple[int, int]:
        """Bytes that this site stores, of how many it may; 0 and 0 where that is not known."""

    async def reserve(self, *, keep: bool) -> bool:
        """Keep some room back, or give it up; whether it is kept now. False: there is none."""

    async def load_package(self, name: str) -> None:
        """Make a Python package importable."""


def whole(value: Any) -> Any:
    """The value with "\ufffd" for half characters, which JavaScript's texts may have and no message
    may: for what repeats something that came from outside."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {whole(key): whole(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [whole(each) for each in value]
    return value
