"""How the steps of the paper are timed, here and in the peers' environments."""

import gc
import time
from collections.abc import Callable

Timed = Callable[[str, Callable[[], str]], None]


def stopwatch(found: dict[str, float], expected: str) -> Timed:
    """Gives what does a step and puts its milliseconds into ``found``, under its name.

    Raises `AssertionError` where a step ends in another text than ``expected``.
    """

    def timed(name: str, work: Callable[[], str]) -> None:
        gc.collect()
        started = time.perf_counter()
        result = work()
        found[name] = (time.perf_counter() - started) * 1e3
        if result != expected:
            raise AssertionError(f"{name}: the text is not the one that the author ended in")

    return timed
