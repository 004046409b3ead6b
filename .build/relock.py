"""Write the lock files anew: `.venv/bin/python .build/relock.py [name ...]`.

For maintainers; the names are dev, node, jupyterlite, papermill, pycrdt, relays and browser, after
changing a `.in` file, or a version in `.locks/relays/package.json` or `.locks/browser.json`.
papermill follows dev. Needs `uv` on the PATH for all but the last two, and npm for the relays. For
the browser set it downloads each named version, and writes file name, sha256, dependencies and
imported modules from what it got.
"""

import email
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from builder import files, paths, sources, venv
from builder.console import say, step
from builder.pinned import normalize

_UV_OPTIONS = (
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade"),
    *("--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"),
)
# What a wheel asks for and the browser does not need, by name of the wheel.
_UNNEEDED = {"ipython": {"pexpect", "colorama"}}


def relock_python(name: str) -> None:
    """Resolve `.locks/<name>.in` for every supported Python, with all hashes."""
    command = ["uv", "pip", "compile", f"{name}.in", "-o", f"{name}.txt", *_UV_OPTIONS]
    subprocess.run(command, cwd=paths.LOCKS, check=True)


def relock_relays() -> None:
    """Resolve `.locks/relays/package.json`, with all hashes and without where things came from."""
    npm = shutil.which("npm") or "npm"
    options = ("--package-lock-only", "--omit-lockfile-registry-resolved", "--ignore-scripts")
    subprocess.run([npm, "install", *options], cwd=paths.LOCKS / "relays", check=True)


def relock_browser() -> None:
    """Fill `packages` of `.locks/browser.json` from the versions that stand there."""
    path = paths.LOCKS / "browser.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    for name, entry in lock["packages"].items():
        lock["packages"][name] = _described(name, entry["version"])
        say(f"  {name} {entry['version']}")
    path.write_text(json.dumps(lock, indent=1) + "\n", encoding="utf-8")


def _described(name: str, version: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch, step(f"fetch {name}") as progress:
        arguments = [f"{name}=={version}", *sources.registry_target()]
        venv.pip_download(Path(scratch), arguments, progress)
        (wheel,) = Path(scratch).glob("*.whl")
        return {
            "version": version,
            "file": wheel.name,
            "sha256": files.sha256(wheel),
            "depends": _depends(name, wheel),
            "imports": _imports(wheel),
        }


def _depends(name: str, wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        (metadata,) = (n for n in opened.namelist() if n.endswith(".dist-info/METADATA"))
        message = email.message_from_bytes(opened.read(metadata))
    names = set()
    for requirement in message.get_all("Requires-Dist", []):
        # Markers here are extras, other systems or Pythons older than Pyodide's; those that
        # hold for Pyodide name no marker at all in the packages that we bundle.
        if ";" not in requirement:
            names.add(normalize(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]))
    return sorted(names - _UNNEEDED.get(name, set()))


def _imports(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        tops = {
            Path(entry).parts[0].removesuffix(".py")
            for entry in opened.namelist()
            if entry.endswith((".py", ".so")) and ".data" not in entry
        }
    return sorted(top for top in tops if top.isidentifier())


if __name__ == "__main__":
    own = {"browser": relock_browser, "relays": relock_relays}
    for what in sys.argv[1:] or ["dev", "node", "jupyterlite", "papermill", "pycrdt", *own]:
        own[what]() if what in own else relock_python(what)
