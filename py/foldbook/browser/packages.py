"""Packages in the browser: what a cell imports loads by itself, `%pip install` is micropip.

Pyodide's lock file knows which package has which module. A cell's imports are looked up before
it runs, so that progress can be shown and no call has to block. Imports that nobody could
foresee (pandas reaching for matplotlib) load when they happen, where Python can wait.
"""

import asyncio
import importlib
import importlib.metadata
import re
import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

from pyodide.ffi import to_js

from foldbook.browser.pip import explained, lasting, read_options
from foldbook.shell.hooks import Installed, Say
from foldbook.shell.imports import imported_modules

_POLL: Final = 0.1
"""Seconds between two looks at what has been loaded."""


class Packages:
    """Loads packages of the lock file into this Pyodide (``python`` is its JavaScript object)."""

    def __init__(self, python: Any) -> None:
        self._python = python
        self._failed: set[str] = set()

    @cached_property
    def _lock(self) -> dict[str, dict[str, Any]]:
        # Three hundred packages cross over from JavaScript: not before one is wanted.
        packages: dict[str, dict[str, Any]] = self._python.lockfile.packages.to_py()
        return packages

    @cached_property
    def _owner(self) -> dict[str, str]:
        return {module: n for n, each in self._lock.items() for module in each["imports"]}

    async def prepare(self, source: str, say: Say) -> None:
        """Load what transformed source imports. What fails to load is left to the import."""
        self._failed.clear()
        wanted = {self.package_of(module) for module in imported_modules(source)}
        await self.load([name for name in wanted if name is not None], say)

    def package_of(self, module: str) -> str | None:
        """The package of the lock that has this module and is not loaded; None if none.

        A package that could not be loaded is not tried again within the same cell.
        """
        if module in sys.modules:
            return None
        parts = module.split(".")
        for length in range(len(parts), 0, -1):
            owner = self._owner.get(".".join(parts[:length]))
            if owner is not None:
                return None if self._is_loaded(owner) or owner in self._failed else owner
        return None

    def is_bundled(self, name: str) -> bool:
        """Whether the package is a file of this site."""
        return name in self._lock and "//" not in self._lock[name]["file_name"]

    async def load(self, names: Sequence[str], say: Say) -> None:
        """Load packages and what they depend on, and say how it goes on."""
        missing = self._missing(names)
        if not missing:
            return
        problems: list[str] = []
        work = asyncio.ensure_future(
            self._python.loadPackage(
                to_js(list(names)), messageCallback=_ignore, errorCallback=problems.append
            )
        )
        try:
            while not work.done():
                say(self._progress(missing))
                await asyncio.wait((work,), timeout=_POLL)
            work.result()
        finally:
            say("")
        importlib.invalidate_caches()
        self._failed.update(name for name in missing if not self._is_loaded(name))
        if problems:
            print("\n".join(problems), file=sys.stderr)

    def _progress(self, missing: Sequence[str]) -> str:
        rest = [name for name in missing if not self._is_loaded(name)]
        if not rest:
            return f"Loaded {len(missing)} packages"
        return f"Loading {rest[0]}, {len(missing) - len(rest) + 1} of {len(missing)}"

    def _missing(self, names: Sequence[str]) -> list[str]:
        """Names in the order in which they can be installed."""
        found: dict[str, None] = {}

        def visit(name: str, under: frozenset[str]) -> None:
            if name in found or name in under or self._is_loaded(name):
                return
            for each in self._lock[name]["depends"] if name in self._lock else ():
                visit(each, under | {name})
            found[name] = None

        for name in names:
            visit(name, frozenset())
        return list(found)

    def _is_loaded(self, name: str) -> bool:
        spelled = self._lock[name]["name"] if name in self._lock else name
        return hasattr(self._python.loadedPackages, spelled)

    # pip

    async def install(self, arguments: str, say: Say) -> Installed:
        """Carry out ``%pip ARGUMENTS``; returns what it has to say. Raises `ValueError`."""
        command, *words = shlex.split(arguments) or ["help"]
        if command == "list":
            lines = (f"{name:<32} {number}" for name, number in sorted(_installed().items()))
            return Installed("\n".join(lines))
        if command == "uninstall":
            (await self._micropip()).uninstall([word for word in words if word[0] != "-"])
            return Installed("Uninstalled.")
        if command != "install":
            raise ValueError(f"%pip install, uninstall or list expected, {command!r} came")
        requirements, options = read_options(words)
        if not requirements:
            raise ValueError("%pip install needs the name of a package")
        micropip = await self._micropip()
        before = _installed()
        say(f"Installing {', '.join(requirements)}")
        try:
            await micropip.install(requirements, **options)
        except (ValueError, OSError) as why:
            raise ValueError(explained(why)) from why
        finally:
            say("")
        importlib.invalidate_caches()
        after = _installed()
        versions = {_spelled(name): version for name, version in after.items()}
        again = lasting(
            requirements,
            lambda name: versions.get(_spelled(name)),
            lambda name: _spelled(name) in self._lock,
        )
        return Installed(_difference(before, after), again)

    async def _micropip(self) -> ModuleType:
        await self._python.loadPackage("micropip")
        importlib.invalidate_caches()
        return importlib.import_module("micropip")


class Finder:
    """Finds modules by loading their package: the last but Pyodide's own on ``sys.meta_path``."""

    def __init__(
        self,
        packages: Packages,
        wait: Callable[[Awaitable[None]], None],
        say: Say,
        folder: Path,
    ) -> None:
        """``folder``: where the user's own modules stand."""
        self._packages = packages
        self._folder = str(folder)
        self._wait = wait
        self._say = say
        self._busy = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        package = self._packages.package_of(name)
        if package is None or self._busy:
            return None
        # Libraries try many imports that may fail: those fetch nothing from elsewhere.
        if not self._packages.is_bundled(package) and not _asked_by(self._folder):
            return None
        self._busy = True
        try:
            self._wait(self._packages.load([package], self._say))
        except RuntimeError:  # Python cannot wait here: the import fails as it would have
            return None
        finally:
            self._busy = False
        return PathFinder.find_spec(name, path, target)

    def invalidate_caches(self) -> None:
        """Nothing is cached."""


def _asked_by(folder: str) -> bool:
    """Whether the import stands in a cell or in a module of the folder."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    if frame is None:
        return False
    name = frame.f_globals.get("__name__")
    return name == "__main__" or frame.f_code.co_filename.startswith(folder)


def _installed() -> dict[str, str]:
    return {each.name: each.version for each in importlib.metadata.distributions()}


def _spelled(name: str) -> str:
    """A package's name as the index compares names, and as the lock has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _difference(before: dict[str, str], after: dict[str, str]) -> str:
    new = [f"{name} {version}" for name, version in sorted(after.items()) if name not in before]
    changed = [
        f"{name} {before[name]} to {version}"
        for name, version in sorted(after.items())
        if name in before and before[name] != version
    ]
    said = [f"Installed {', '.join(new)}."] if new else []
    said += [f"Changed {', '.join(changed)}."] if changed else []
    return " ".join(said) or "Everything asked for is installed already."


def _ignore(_message: str) -> None:
    """Pyodide's own account of what it loads; ours is `Packages.load`'s."""
