"""The project's own Python: `.venv`, filled from `.locks/dev.txt`, every file checked by hash."""

import importlib.util
import os
import platform
import re
import shutil
import sys
from pathlib import Path

from builder import console, files, paths
from builder.browsers import install_debian
from builder.errors import BuildError

_STAMP = paths.VENV / "foldbook-stamp"
_PROJECT_STAMP = paths.VENV / "foldbook-project-stamp"


def python() -> Path:
    """The interpreter inside `.venv`."""
    return paths.venv_program("python")


def ensure() -> None:
    """Make `.venv` what the lock says; does nothing, at once, when it already is.

    A half-made environment, one of another Python or of another lock has no matching stamp and
    is made anew; so is one that was moved, as its programs know their old place.
    """
    lock = paths.LOCKS / "dev.txt"
    wanted = wanted_stamp(lock)
    if not (_read(_STAMP) == wanted and python().exists()):
        _make()
        install(lock)
        _STAMP.write_text(wanted)
    _ensure_project()


def ensure_apart(environment: Path, lock: Path) -> None:
    """Make an environment beside `.venv`, for what only one benchmark needs, as its lock says.

    `.venv` must be there; the other one gets its Python, and no pip of its own.
    """
    wanted = wanted_stamp(lock, environment)
    stamp = environment / _STAMP.name
    if _read(stamp) == wanted:
        return
    if environment.exists():
        shutil.rmtree(environment)
    command: list[str | Path] = [python(), "-m", "venv", "--without-pip", environment]
    console.run(f"make the environment for {lock.name}", command)
    install(lock, environment)
    stamp.write_text(wanted)


def wanted_stamp(lock: Path, environment: Path = paths.VENV) -> str:
    """What the stamp of an environment says that fits this lock, this Python and this place."""
    base = Path(sys.base_prefix).resolve()
    return files.fingerprint([lock], platform.python_version(), str(base), str(environment))


def install(lock: Path, environment: Path = paths.VENV) -> None:
    """Install what a lock file names, and nothing that it does not name.

    Another `environment` than `.venv` needs no pip of its own.
    """
    arguments: list[str | Path] = [
        "--require-hashes",
        "--no-deps",
        "--only-binary=:all:",
        "-r",
        lock,
    ]
    command = [*_pip("install", environment), *arguments]
    console.run(f"install {lock.name}", command, env=_environment())


def pip_download(folder: Path, arguments: list[str], progress: console.Progress) -> None:
    """Let pip fetch wheels into `folder`; the newest line of pip's is shown."""
    options: list[str | Path] = [
        "--no-deps",
        "--only-binary=:all:",
        "--progress-bar",
        "raw",
        "--dest",
        folder,
    ]
    command = [*_pip("download"), *options, *arguments]

    def show(line: str) -> None:
        # pip's raw progress is for programs: "Progress 1048576 of 106000000", in bytes.
        match = re.fullmatch(r"Progress (\d+) of (\d+)", line)
        done = [console.megabytes(int(count)) for count in match.groups()] if match else []
        progress.show(" of ".join(done) or line)

    console.run_quietly("pip download", command, env=_environment(), on_line=show)


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this project into `folder`.

    Not `python -m build`: run in the root, that would start our own `build.py`.
    """
    arguments: list[str | Path] = [
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
        paths.ROOT,
    ]
    console.run_quietly("build foldbook wheel", [*_pip("wheel"), *arguments], env=_environment())
    (wheel,) = folder.glob("foldbook-*.whl")
    return wheel


def _make() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        _install_ensurepip()
    if paths.VENV.exists():
        shutil.rmtree(paths.VENV)
    console.run("make .venv", [sys.executable, "-m", "venv", paths.VENV])


def _install_ensurepip() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sys.executable.startswith("/usr/bin/") and install_debian([f"python{version}-venv"]):
        return
    raise BuildError(
        f"This Python ({sys.executable}, {version}) comes without ensurepip, so no virtual "
        f"environment can be made. On Debian and Ubuntu: apt install python{version}-venv"
    )


def _ensure_project() -> None:
    wanted = files.fingerprint([paths.ROOT / "pyproject.toml"])
    if _read(_PROJECT_STAMP) == wanted:
        return
    package = paths.ROOT / "py" / "foldbook"
    if not package.is_dir():
        raise BuildError(f"Expected the package in {package}; there is no such folder.")
    arguments: list[str | Path] = ["--no-deps", "--no-build-isolation", "--editable", paths.ROOT]
    console.run("install foldbook", [*_pip("install"), *arguments], env=_environment())
    _PROJECT_STAMP.write_text(wanted)


def _pip(verb: str, environment: Path = paths.VENV) -> list[str | Path]:
    target: list[str | Path] = []
    if environment != paths.VENV:
        target = ["--python", paths.venv_program("python", environment)]
    return [python(), "-m", "pip", *target, "--disable-pip-version-check", "--no-input", verb]


def _environment() -> dict[str, str]:
    # A PYTHONPATH or an outer environment must not leak into what is installed.
    dropped = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_USER", "PIP_TARGET"}
    return {name: value for name, value in os.environ.items() if name not in dropped}


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
