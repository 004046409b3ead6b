"""`foldbook`: the program, one command a module."""

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence
from typing import Final

_MODULES: Final = {"join": "join", "run": "run", "import": "importing", "export": "exporting"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command; the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="foldbook", description="Notebooks that people, programs and runtimes share."
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    # What one command needs takes as long to load as a small notebook takes to run.
    named = [name for name in words[:1] if name in _MODULES]
    for name in named or _MODULES:
        importlib.import_module(f"foldbook.native.{_MODULES[name]}").add(subparsers)
    found = parser.parse_args(words)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    code: int = found.run(found)
    return code


if __name__ == "__main__":
    sys.exit(main())
