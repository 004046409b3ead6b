"""Every error that Foldbook raises on purpose.

    FoldbookError
    ├── Mine                 the caller of this code did wrong
    │   ├── TextMisfit         a text change does not fit its text
    │   ├── OrderMisfit        no order key lies between the two given
    │   └── CommandRefused     an intent that the notebook cannot take now
    └── Theirs               bytes, files or messages from outside are wrong
        ├── BadRow             a row or a segment of rows cannot be read
        ├── BadEvent           a payload is not an event
        ├── BadBlob            bytes are not what the reference to them promises
        ├── BadFrame           a message of the wire is malformed
        ├── BadLink            a link does not lead to a shared notebook
        ├── BadSnapshot        bytes are not a notebook that this version has folded
        ├── BadNotebookFile    an .ipynb (or other file) cannot be opened
        ├── StoreDamaged       what the store holds cannot be trusted
        ├── StoreFull          the store has no room; nothing was written
        ├── StoreHeld          another process works on the store
        ├── CannotStart        a runtime's Python or kernel cannot be started
        ├── Died               what ran the code is gone, and its memory with it
        └── Refused            the other side answered with a typed error

"Mine" is a defect or a stale intent and is shown beside what was attempted; "Theirs" is
expected in life, and the program goes on without what it could not read.
Messages say what was expected and what came.
"""


class FoldbookError(Exception):
    """The root: catch it to catch everything that Foldbook raises on purpose."""


class Mine(FoldbookError):
    """The caller did wrong."""


class TextMisfit(Mine):
    """A text change does not fit the text it is applied to."""


class OrderMisfit(Mine):
    """No order key lies between the two given keys."""


class CommandRefused(Mine):
    """The notebook cannot take this command now; the message is fit to be shown to a person."""


class Theirs(FoldbookError):
    """Something from outside is wrong."""


class BadRow(Theirs):
    """A row, or a segment of rows, cannot be read."""


class BadEvent(Theirs):
    """A payload is not an event that this version can validate."""


class BadBlob(Theirs):
    """A blob's bytes are not what the reference to them promises."""


class BadFrame(Theirs):
    """A message of the wire is malformed."""


class BadLink(Theirs):
    """A share link cannot be used; the message is fit to be shown, no secret stands in it."""


class BadSnapshot(Theirs):
    """Bytes are not a snapshot that this version can go on from; the log is folded anew."""


class BadNotebookFile(Theirs):
    """A notebook file cannot be opened; the message names what and where."""


class StoreDamaged(Theirs):
    """A record of the store cannot be read; ``where`` names it."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(message)
        self.where = where


class StoreFull(Theirs):
    """The store has no room left. The whole batch was refused, nothing of it was written."""


class StoreHeld(Theirs):
    """Another process works on the store, and only one may."""


class CannotStart(Theirs):
    """A runtime's Python or kernel cannot be started; the message is fit to be shown."""


class Died(Theirs):
    """What ran the code is gone, and its memory with it; the message says how it ended."""


class Refused(Theirs):
    """The other side of the wire answered with a typed error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
