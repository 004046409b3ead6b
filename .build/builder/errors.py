"""What a build may stop with.

BuildError          it cannot go on; the message says what was expected and what came
├── CommandFailed   a program that was run ended with an error
├── WrongContent    a file is not the one that the lock names
└── Unobtainable    a file could not be had from any of its sources
"""

from pathlib import Path


class BuildError(Exception):
    """The build cannot go on. The message is meant for the person at the terminal."""


class CommandFailed(BuildError):
    """A program ended with an error; `log` holds all it printed."""

    def __init__(self, label: str, code: int, log: Path, tail: str) -> None:
        super().__init__(f"{label} failed with exit code {code}.\n{tail}\nAll of it: {log}")
        self.code = code
        self.log = log


class WrongContent(BuildError):
    """A file's sha256 is not the one that was pinned; it must not be used."""

    def __init__(self, name: str, expected: str, found: str) -> None:
        super().__init__(f"{name}: expected sha256 {expected}, found {found}.")


class Unobtainable(BuildError):
    """No source gave the file."""
