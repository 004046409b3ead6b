"""How a process ended, in words."""

import signal
from typing import Final

from foldbook.errors import CannotStart

DEATHS: Final = 3
"""Of what runs the code, without having run anything: after so many it is not started again."""

_MEANS: Final = {
    "SIGKILL": "somebody killed it, or the machine was out of memory",
    "SIGSEGV": "compiled code that it called is at fault",
    "SIGBUS": "compiled code that it called is at fault",
    "SIGILL": "compiled code that it called does not fit this processor",
    "SIGFPE": "compiled code that it called is at fault",
    "SIGABRT": "compiled code that it called gave up",
}


def ending(who: str, code: int) -> str:
    """A sentence. code: as `subprocess.Popen.returncode` has it, negative for a signal."""
    if code >= 0:
        return f"{who} ended with exit code {code}."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return f"{who} was killed by signal {-code}."
    means = f": {_MEANS[name]}" if name in _MEANS else ""
    return f"{who} was killed by signal {-code} ({name}){means}."


def futile(why: str) -> CannotStart:
    """It has ended `DEATHS` times; why the last time."""
    return CannotStart(f"it has ended {DEATHS} times without having run anything: {why}")
