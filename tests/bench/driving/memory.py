"""What a whole browser takes of the machine's memory, on Linux."""

import re
from collections import defaultdict
from pathlib import Path

_PROC = Path("/proc")


def can_be_told() -> bool:
    """Whether this system tells the memory of processes, shared pages being counted once."""
    return (_PROC / "self" / "smaps_rollup").is_file()


def of_browser(profile: Path) -> float:
    """Megabytes of all processes of the browser that runs on this profile folder (PSS)."""
    mark = f"--user-data-dir={profile}".encode()
    children: dict[int, list[int]] = defaultdict(list)
    waiting: set[int] = set()
    for folder in _PROC.glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            # After the name, which may hold anything and ends with the last parenthesis.
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        children[parent].append(int(folder.name))
        if mark in command:
            waiting.add(int(folder.name))
    if not waiting:
        raise RuntimeError(f"Expected a browser that runs on {profile}; there is none.")
    found: set[int] = set()
    while waiting:
        process = waiting.pop()
        found.add(process)
        waiting |= set(children[process]) - found
    return sum(_proportional(process) for process in found) / 1e3


def _proportional(process: int) -> float:
    """Kilobytes of one process; what several share is divided among them."""
    try:
        text = (_PROC / str(process) / "smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it has ended
    match = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"Expected a line Pss: in smaps_rollup; found {text!r}.")
    return int(match[1]) * 1.024
