"""`foldbook`: the program, one command a module."""

import argparse
import logging
import sys
from collections.abc import Sequence

from foldbook.native import exporting, importing, join
from foldbook.native import run as run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command; the exit code."""
    parser = argparse.ArgumentParser(
        prog="foldbook", description="Notebooks that people, programs and runtimes share."
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    join.add(subparsers)
    run_command.add(subparsers)
    importing.add(subparsers)
    exporting.add(subparsers)
    found = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    code: int = found.run(found)
    return code


if __name__ == "__main__":
    sys.exit(main())
