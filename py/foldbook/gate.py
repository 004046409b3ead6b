"""Who says what may run, where that is not everybody who has the right."""

from enum import Enum, auto
from typing import Final, Protocol

from foldbook.notebook import Execution


class Verdict(Enum):
    """What a gate says of a request that waits."""

    RUN = auto()
    PASS = auto()  # not now: go on with what comes after it
    WAIT = auto()  # not yet: it is next, and all others wait
    REFUSE = auto()  # it is claimed, and ends without being run


class Gate(Protocol):
    """Who says what may run, where that is not everybody who has the right."""

    def judge(self, execution: Execution) -> Verdict:
        """Asked again and again while the request waits (`foldbook.agent.RuntimeAgent.look`)."""

    def reason(self, execution: Execution) -> str:
        """Why it was refused, in words for the cell."""


class Open:
    """The gate that is none."""

    def judge(self, execution: Execution) -> Verdict:
        """See `Gate`; so for the following one."""
        return Verdict.RUN

    def reason(self, execution: Execution) -> str:
        """Never asked."""
        return ""


OPEN: Final = Open()
