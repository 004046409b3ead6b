"""Which Python packages go into the page, and the one lock file that names them all.

Two locks are merged: the official one of the Pyodide version, and ours (`.locks/browser.json`)
for what the official one lacks or has in another version. Ours wins. Pure functions over the two.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder import paths
from builder.errors import BuildError

Lock = dict[str, Any]
"""The content of a `pyodide-lock.json`."""


@dataclass(frozen=True, slots=True)
class Package:
    """One wheel for the page.

    `official` tells that it stands in Pyodide's own lock, so that Pyodide's servers have this
    very file; otherwise it comes from the package registry.
    """

    name: str
    version: str
    file: str
    sha256: str
    depends: tuple[str, ...]
    imports: tuple[str, ...]
    official: bool


@dataclass(frozen=True, slots=True)
class Mirror:
    """A wheel in the package registry that carries byte-exact copies of Pyodide's packages."""

    project: str
    version: str
    folder: str
    python: str


@dataclass(frozen=True, slots=True)
class Pins:
    """The content of `.locks/browser.json`."""

    pyodide: str
    cdn: str
    mirror: Mirror
    bundled: tuple[str, ...]
    full: tuple[str, ...]
    packages: Mapping[str, Package]


def read_pins(path: Path = paths.LOCKS / "browser.json") -> Pins:
    """Read our own lock."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    packages = {
        normalize(name): Package(
            name=name,
            version=entry["version"],
            file=entry["file"],
            sha256=entry["sha256"],
            depends=tuple(entry["depends"]),
            imports=tuple(entry["imports"]),
            official=False,
        )
        for name, entry in raw["packages"].items()
    }
    return Pins(
        pyodide=raw["pyodide"],
        cdn=raw["cdn"],
        mirror=Mirror(**raw["mirror"]),
        bundled=tuple(raw["bundled"]),
        full=tuple(raw["full"]),
        packages=packages,
    )


def normalize(name: str) -> str:
    """The one spelling of a package name, as the registry compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def choose(official: Lock, pins: Pins, *, full: bool) -> dict[str, Package]:
    """The packages to bundle, by normalized name: the roots and all they depend on.

    Raises BuildError when one of them stands in neither lock.
    """
    table = {normalize(name): from_lock(entry) for name, entry in official["packages"].items()}
    table.update(pins.packages)
    return closure([*pins.bundled, *(pins.full if full else ())], table)


def closure(roots: Iterable[str], table: Mapping[str, Package]) -> dict[str, Package]:
    """The roots and everything that they depend on, in alphabetical order."""
    found: dict[str, Package] = {}
    waiting = [(root, "the list of bundled packages") for root in roots]
    while waiting:
        name, wanted_by = waiting.pop()
        key = normalize(name)
        if key in found:
            continue
        if key not in table:
            raise BuildError(f"{name}, wanted by {wanted_by}, stands in no lock file.")
        found[key] = table[key]
        waiting += [(dependency, key) for dependency in table[key].depends]
    return dict(sorted(found.items()))


def merge(
    official: Lock, bundled: Mapping[str, Package], own: Collection[Package], cdn: str
) -> Lock:
    """One lock: what is bundled by relative file name, the rest of Pyodide's at its CDN.

    `own` are the wheels of this project; they are bundled too.
    """
    entries: dict[str, Any] = {}
    for name, entry in official["packages"].items():
        if normalize(name) not in bundled:
            entries[name] = {**entry, "file_name": cdn + entry["file_name"]}
        elif bundled[normalize(name)].official:
            entries[name] = entry
    for package in (*bundled.values(), *own):
        if not package.official:
            entries[_key(package.name, official)] = _entry(package)
    return {"info": official["info"], "packages": dict(sorted(entries.items()))}


def _key(name: str, official: Lock) -> str:
    """The spelling under which the official lock knows a package, else the normalized one."""
    for known in official["packages"]:
        if normalize(known) == normalize(name):
            return str(known)
    return normalize(name)


def from_lock(entry: Mapping[str, Any]) -> Package:
    """The package that an entry of a Pyodide lock describes."""
    return Package(
        name=entry["name"],
        version=entry["version"],
        file=entry["file_name"],
        sha256=entry["sha256"],
        depends=tuple(entry["depends"]),
        imports=tuple(entry["imports"]),
        official=True,
    )


def _entry(package: Package) -> dict[str, Any]:
    return {
        "depends": [normalize(name) for name in package.depends],
        "file_name": package.file,
        "imports": list(package.imports),
        "install_dir": "site",
        "name": normalize(package.name),
        "package_type": "package",
        "sha256": package.sha256,
        "unvendored_tests": False,
        "version": package.version,
    }
