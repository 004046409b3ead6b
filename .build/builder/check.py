"""`build.py check`: format, lint and types, each with its time."""

from collections.abc import Callable
from pathlib import Path

from builder import console, files, node, paths, venv
from builder.console import say
from builder.errors import CommandFailed

_PYTHON = ("py", "sync_relay", "tests", ".build", "build.py")
_TYPED = ("py", "sync_relay", "tests/sim", ".build", "build.py")


def check() -> bool:
    """Run every check, also after one has failed; gives whether all passed."""
    with files.exclusive(paths.WORK / "build.lock"):
        venv.ensure()
        node.ensure()
    for name in _PYTHON:
        if not (paths.ROOT / name).exists():
            say(f"  {name} does not exist yet; skipped")
    ruff = paths.venv_program("ruff")
    mypy = paths.venv_program("mypy")
    steps: list[Callable[[], None]] = [
        lambda: console.run("ruff format", [ruff, "format", "--check", *_existing(_PYTHON)]),
        lambda: console.run("ruff check", [ruff, "check", *_existing(_PYTHON)]),
        lambda: console.run("mypy --strict", [mypy, "--strict", *_existing(_TYPED)]),
        lambda: node.run_tool("tsc (JSDoc types)", "tsc", "--noEmit", "--project", "tsconfig.json"),
    ]
    passed = [_passes(step) for step in steps]  # all of them, before any is judged
    return all(passed)


def _existing(names: tuple[str, ...]) -> list[Path]:
    return [paths.ROOT / name for name in names if (paths.ROOT / name).exists()]


def _passes(step: Callable[[], None]) -> bool:
    try:
        step()
    except CommandFailed as failure:
        say(str(failure))
        return False
    return True
