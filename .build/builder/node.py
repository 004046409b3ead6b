"""Node and the JavaScript packages that `site/package-lock.json` pins."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from builder import console, files, paths, venv
from builder.errors import BuildError

_LEAST = 20
_STAMP = paths.NODE_MODULES / ".foldbook-stamp"


def ensure() -> None:
    """Have a Node that is new enough and `site/node_modules` as the lock says."""
    environment()
    inputs = [paths.SITE / name for name in ("package.json", "package-lock.json", ".npmrc")]
    wanted = files.fingerprint(inputs)
    if _STAMP.is_file() and _STAMP.read_text() == wanted:
        return
    npm = shutil.which("npm", path=environment()["PATH"])
    if npm is None:
        raise BuildError("Expected npm beside node; there is none. Install Node 20 or newer whole.")
    # `npm ci` takes every file by the integrity hash in the lock, or not at all.
    arguments = ["ci", "--no-audit", "--no-fund", "--loglevel=http"]
    console.run("install JavaScript packages", [npm, *arguments], cwd=paths.SITE, env=environment())
    _STAMP.write_text(wanted)


def environment() -> dict[str, str]:
    """The process environment with a Node of at least version 20 first on its PATH."""
    found = shutil.which("node")
    if found and _major(found) >= _LEAST:
        return dict(os.environ)
    local = paths.venv_program("node")
    if not local.exists():
        venv.install(paths.LOCKS / "node.txt")
    return {**os.environ, "PATH": f"{local.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def run_tool(label: str, tool: str, *arguments: str | Path) -> None:
    """Run a program of `site/node_modules/.bin` inside `site/` as one step."""
    console.run(label, [_tool(tool), *arguments], cwd=paths.SITE, env=environment())


def run_tool_quietly(label: str, tool: str, *arguments: str | Path) -> None:
    """As `run_tool`, inside a step that is already shown."""
    console.run_quietly(label, [_tool(tool), *arguments], cwd=paths.SITE, env=environment())


def run_file(label: str, script: Path, *arguments: str | Path) -> None:
    """Run a module file of the build, inside a step that is already shown."""
    env = environment()
    node = shutil.which("node", path=env["PATH"]) or "node"
    console.run_quietly(label, [node, script, *arguments], cwd=paths.SITE, env=env)


def run_script(script: str, *arguments: str) -> str:
    """What a short module script prints; it sees the arguments from `process.argv[1]` on."""
    env = environment()
    node = shutil.which("node", path=env["PATH"]) or "node"
    command = [node, "--input-type=module", "--eval", script, "--", *arguments]
    done = subprocess.run(
        command, cwd=paths.SITE, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildError(f"node could not run a script of the build:\n{done.stderr}")
    return done.stdout


def _tool(name: str) -> Path:
    return paths.NODE_MODULES / ".bin" / (f"{name}.cmd" if sys.platform == "win32" else name)


def _major(node: str | Path) -> int:
    answer = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)\.", answer.stdout)
    return int(match[1]) if match else 0
