"""Tests that wait: `story` runs each in an event loop of its own."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import ParamSpec

P = ParamSpec("P")


def story(test: Callable[P, Coroutine[object, object, None]]) -> Callable[P, None]:
    """Make an async test one that pytest can call."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run
