"""The link that a program is given: as an argument, by the environment, in a file."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TextIO

from foldbook.errors import BadLink
from foldbook.link import ShareLink, parse

LINK: Final = "FOLDBOOK_LINK"
"""The name of the environment's variable."""

ADVICE: Final = f"""\
Whoever has a link has what it gives, and everybody on this machine sees the arguments of its
processes. Better than as an argument it is given by the environment ({LINK}), in a file
that only you can read, or on the standard input (-)."""
"""What is to be said where a link may be given as an argument."""

_LIMIT: Final = 64 * 1024


def read_link(
    given: str | None,
    environment: Mapping[str, str] = os.environ,
    stdin: TextIO | None = None,
) -> ShareLink:
    """The link that is meant. Raises `BadLink`, whose message repeats nothing of what was given.

    given: a whole link, what stands behind its ``#``, the name of a file that has one, or ``-``
    for the standard input; None: the environment's `LINK`.
    """
    if given is None:
        told = environment.get(LINK, "")
        if not told.strip():
            raise BadLink(f"a link expected: as the argument, or in the environment as {LINK}")
        return _parse(told)
    if given == "-":
        return _parse((stdin or sys.stdin).read(_LIMIT))
    if "#" in given or given.startswith("join/"):
        return _parse(given)
    try:
        with Path(given).open(encoding="utf-8") as file:
            text = file.read(_LIMIT)
    except (OSError, ValueError) as why:
        reason = getattr(why, "strerror", None) or "it is not text"
        raise BadLink(
            "a link (it has #join/ in it), or a file that has one, expected; "
            f"what came is no link, and as a file: {reason}"
        ) from None
    return _parse(text)


def _parse(text: str) -> ShareLink:
    """The first line that is not empty."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    _, mark, fragment = line.partition("#")
    return parse(fragment if mark else line)
