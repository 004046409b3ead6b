"""What a line of a script is: text in quotes, the beginning of a cell, something for IPython."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

MARK: Final = re.compile(
    r"\s*#\s*%%(?P<options>%*\s.*)|\s*#\s*(?:%%|<codecell>|In\[[0-9 ]*\]:?)\s*"
)
"""The whole line that begins a cell: with options behind it, or alone; nbconvert's marks too."""

_TOKEN: Final = re.compile(
    r"""\\.|#|'''|\"{3}|'(?:\\.|[^'\\])*(?:'|\\?$)|"(?:\\.|[^"\\])*(?:"|\\?$)"""
)
_ENDS: Final = {quote: re.compile(rf"(?:\\.|[^\\])*?{quote}") for quote in ("'''", '"""')}

# A line that was commented out before is commented out once more: nothing else would come back.
_BEFORE: Final = r"(?:# ?)*"
_FORCED: Final = re.compile(rf"\s*{_BEFORE}%{{1,3}}[a-zA-Z].*#\s*escape")
_SPARED: Final = re.compile(rf"\s*{_BEFORE}%{{1,3}}[a-zA-Z].*#\s*noescape")
_COMMANDS: Final = "cat|cd|copy|cp|ddir|echo|ldir|ls|mkdir|mv|ren|rm|rmdir"
_MAGIC: Final = re.compile(
    "|".join(
        (
            rf"\s*{_BEFORE}%{{1,3}}[a-zA-Z]",  # %matplotlib inline
            rf"\s*{_BEFORE}\s*[?!]\s*[A-Za-z.~$\\/{{}}]",  # !ls, ?print
            rf"\s*{_BEFORE}\s*[a-zA-Z_][a-zA-Z_$0-9]*\s*=\s*(?:%{{1,3}}|!)[a-zA-Z]",  # files = !ls
            r"\s*(?:# )*\S*\?\s*$",  # print?
            rf"{_BEFORE}(?:{_COMMANDS})(?:$|\s$|\s[^=,])",  # cd data
        )
    )
)


class Quotes:
    """Follows a script line by line. open: the quotes that the next line begins in, or empty."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open = ""

    def read(self, line: str) -> None:
        """Go on behind this line."""
        at = 0
        while True:
            if self.open:
                end = _ENDS[self.open].match(line, at)
                if end is None:
                    return
                self.open, at = "", end.end()
            token = _TOKEN.search(line, at)
            if token is None or token[0] == "#":
                return
            at = token.end()
            if token[0] in _ENDS:
                self.open = token[0]


def is_magic(line: str) -> bool:
    """Whether this is for IPython and no Python, or was when it was not commented out yet."""
    if _FORCED.match(line):
        return True
    return not _SPARED.match(line) and _MAGIC.match(line) is not None


def comment_magics(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a code cell, as Python can read them."""
    quotes, goes_on = Quotes(), False
    for line in lines:
        if not quotes.open and (goes_on or is_magic(line)):
            rest = line if goes_on else line.lstrip()
            yield f"{line[: len(line) - len(rest)]}# {rest}"
            goes_on = _goes_on(line)
        else:
            quotes.read(line)
            yield line


def uncomment_magics(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a code cell, as IPython gets them."""
    quotes, goes_on = Quotes(), False
    for line in lines:
        if not quotes.open and (goes_on or is_magic(line)):
            rest = line.lstrip()
            yield line[: len(line) - len(rest)] + uncomment(rest)
            goes_on = _goes_on(line)
        else:
            yield line
        quotes.read(line)


def comment(line: str) -> str:
    """The line as a comment."""
    return f"# {line}" if line else "#"


def uncomment(line: str) -> str:
    """What the comment says; a line that is none stays as it is."""
    return line[2:] if line.startswith("# ") else line.removeprefix("#")


def _goes_on(line: str) -> bool:
    return line.rstrip().endswith("\\")
