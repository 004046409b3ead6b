"""Signals that are to end the program: Ctrl-C, the system that ends it, a terminal that is gone."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def heeded(heed: Callable[[int], object]) -> Iterator[list[int]]:
    """Gives the signals that came while the block runs; ``heed`` is told of each how many it makes.

    Where the end of the terminal is of no matter (``nohup``), it is not heeded here either.
    """
    came: list[int] = []
    loop = asyncio.get_running_loop()

    def take(number: int) -> None:
        came.append(number)
        heed(len(came))

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, take, number)
    try:
        yield came
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
