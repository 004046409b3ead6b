"""How the program `foldbook` ends: the codes that scripts can go by, and what leads to them."""

from enum import IntEnum
from typing import Final

from foldbook.errors import (
    BadLink,
    BadNotebookFile,
    BadParameters,
    CannotStart,
    FoldbookError,
    Refused,
    StoreDamaged,
    StoreFull,
    StoreHeld,
)
from foldbook.native.folders import FolderFailed
from foldbook.native.outfile import FileFailed
from foldbook.native.store import StoreFailed


class Exit(IntEnum):
    """0 and 2 as everywhere; 1 is a defect of ours. After a signal that was to stop it at once,
    128 and the signal's number."""

    OK = 0
    DEFECT = 1
    USAGE = 2
    LINK = 3  # this is no link, or there is no such notebook at its relay, or its key is wrong
    RIGHT = 4  # the link, or the person, has not the right that is needed
    RELAY = 5  # the relay does not answer, or something was not sent to it
    REVOKED = 6  # the link lets nobody in any more
    KERNEL = 7  # Python, or the kernel, cannot be started
    HELD = 8  # another process works on the same folder
    DISK = 9  # what is kept here cannot be read, or nothing can be written
    CELLS = 10  # what was to run did not all end well


_REFUSED: Final = {
    "denied": Exit.RIGHT,
    "right": Exit.RIGHT,
    "removed": Exit.RIGHT,
    "revoked": Exit.REVOKED,
    "expired": Exit.REVOKED,
    "room": Exit.LINK,
    "absent": Exit.LINK,
    "key": Exit.LINK,
    "share": Exit.LINK,
    "fenced": Exit.HELD,
    "ahead": Exit.DISK,
    "epoch": Exit.DISK,
    "base": Exit.DISK,
}
"""Of the relay's codes (``sync_relay/PROTOCOL.md``) and our own. The others: it cannot be used
now."""

_HELP: Final = {
    Exit.OK: "all is well",
    Exit.USAGE: "the command is not understood",
    Exit.LINK: "no link, or it leads nowhere",
    Exit.RIGHT: "the link does not give the right that is needed, or you were removed",
    Exit.RELAY: "the relay does not answer, or not everything was sent to it",
    Exit.REVOKED: "the link was revoked, or has expired",
    Exit.KERNEL: "Python or the kernel cannot be started",
    Exit.HELD: "another process works on the same folder",
    Exit.DISK: "what is kept here cannot be read, or the disk is full",
    Exit.CELLS: "a cell did not end well",
}


def exit_of(why: FoldbookError) -> Exit:
    """The code for an error that ends the program."""
    match why:
        case Refused():
            return _REFUSED.get(why.code, Exit.RELAY)
        case BadNotebookFile() | BadParameters():
            return Exit.USAGE
        case BadLink():
            return Exit.LINK
        case CannotStart():
            return Exit.KERNEL
        case StoreHeld():
            return Exit.HELD
        case StoreDamaged() | StoreFull() | StoreFailed() | FolderFailed() | FileFailed():
            return Exit.DISK
        case _:
            return Exit.DEFECT


def sentence(why: FoldbookError) -> str:
    """The error in words for people: without the code in front, which is for programs."""
    text = str(why).removeprefix(f"{why.code}: ") if isinstance(why, Refused) else str(why)
    return f"{text.rstrip('.')}."


def table(*codes: Exit) -> str:
    """The codes as help shows them."""
    lines = [f"  {code:3d}  {_HELP[code]}" for code in codes]
    return "\n".join(["exit codes:", *lines, "  128 and the number of a signal that stopped it"])
