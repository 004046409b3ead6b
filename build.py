#!/usr/bin/env python3
"""Foldbook's one command: serve, build, test, bench or check, from a bare machine.

Standard library only. It makes `.venv`, installs what the lock files name (always by hash),
assembles `dist/` and goes on from there. The parts stand in `.build/builder/`.
"""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python meets first
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit("Foldbook needs Python 3.11 or newer to build; this is Python " + found + ".")

sys.path.insert(0, str(Path(__file__).resolve().parent / ".build"))

from builder.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
