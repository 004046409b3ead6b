"""`foldbook.open`: a shared notebook for a program, by its link."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from foldbook.api import Notebook
from foldbook.commands.notebooks import Introduce
from foldbook.link import ShareLink
from foldbook.native.folders import data_folder, person_secret, program_secret
from foldbook.native.links import read_link
from foldbook.native.notebooks import Held, opened
from foldbook.native.outside import surroundings
from foldbook.row import RIGHTS, Kind

NAME: Final = "Python program"
"""What others see of a program that says nothing else."""


@asynccontextmanager
async def open_notebook(
    link: str | ShareLink | None = None,
    *,
    name: str = NAME,
    folder: str | Path | None = None,
    timeout: float = 30.0,  # noqa: ASYNC109 - people of Python look for it there
) -> AsyncIterator[Notebook]:
    """Open a shared notebook while the block runs: ``async with foldbook.open(link) as notebook``.

    link: a share link, what stands behind its ``#``, the name of a file that has one, or "-" for
    the standard input; None: what the environment has in FOLDBOOK_LINK. name: what others see.
    folder: where the notebook is kept on this disk, so that what could not be sent is sent the
    next time; None: nowhere. timeout: seconds that the relay has to answer at the beginning,
    and to take everything at the end.

    At the end of the block every change made in it has reached the relay. Raises `BadLink`,
    `Refused` where the relay wants nothing of us, and `TimeoutError` where it does not answer.
    """
    followed = link if isinstance(link, ShareLink) else read_link(link)
    place = None if folder is None else Path(folder)
    secret = program_secret(person_secret(data_folder()), name)
    async with opened(followed, place, secret) as held:
        notebook = Notebook(held.peer, surroundings().now)  # it hears who is here from the start
        await _within(timeout, held.current(), held, "The relay does not answer")
        if Kind.NOTE in RIGHTS[held.peer.role]:
            held.peer.submit(Introduce(name=name, actor_kind="agent"))
        attending = asyncio.create_task(notebook.attend(name))
        try:
            yield notebook
        finally:
            notebook.close()
            attending.cancel()
            if held.peer.ended is None:
                await _within(timeout, held.delivered(), held, "Not all changes were sent")


async def _within(seconds: float, work: Awaitable[None], held: Held, what: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        why = f": {held.trouble}" if held.trouble else ""
        raise TimeoutError(f"{what} within {seconds:g} seconds{why}.") from None
