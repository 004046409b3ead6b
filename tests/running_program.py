"""`foldbook run` as a program, for tests."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "foldbook.native.main", "run")


def environment(home: Path, **more: str) -> dict[str, str]:
    """That of the tests, without what a user's own Foldbook would say in it."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("FOLDBOOK_") and name != "MPLBACKEND"
    }
    own = {
        "FOLDBOOK_DATA": str(home / "data"),
        "IPYTHONDIR": str(home / "ipython"),
        "COLUMNS": "80",
        "LINES": "24",
    }
    return inherited | own | more


def foldbook_run(
    home: Path, *arguments: object, cwd: Path | None = None, stdin: bytes = b"", **more: str
) -> "subprocess.CompletedProcess[Any]":
    """Run it to its end; standard error is text, standard output is bytes."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd or home,
        env=environment(home, **more),
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout, done.stderr.decode()
    )
