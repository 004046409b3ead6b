"""`dist/licences.txt`: the licences of all JavaScript, fonts and icons that `dist/` carries.

Python's wheels carry their own inside.
"""

import json
from pathlib import Path

from builder import paths

_NAMES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "license", "LICENSE-MIT.txt")


def write(target: Path) -> None:
    """Collect the licence of every package that is not for development only."""
    lock = json.loads((paths.SITE / "package-lock.json").read_text(encoding="utf-8"))
    parts = [
        f"{name.removeprefix('node_modules/')} {entry['version']}\n\n{_text(name, entry)}\n"
        for name, entry in sorted(lock["packages"].items())
        if name and not entry.get("dev")
    ]
    rule = "\n" + "-" * 80 + "\n\n"
    (target / "licences.txt").write_text(rule.join(parts), encoding="utf-8")


def _text(name: str, entry: dict[str, str]) -> str:
    for candidate in _NAMES:
        path = paths.SITE / name / candidate
        if path.is_file():
            return path.read_text(encoding="utf-8").strip()
    return f"Licence: {entry.get('license', 'see the package')}"
