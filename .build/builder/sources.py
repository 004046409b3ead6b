"""Where a pinned wheel is taken from: cache, Pyodide's CDN, its mirror archive, the registry.

Whatever the source, a file is used only when its sha256 is the pinned one.
"""

import http.client
import os
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterable
from pathlib import Path

from builder import console, files, paths, venv
from builder.errors import BuildError, Unobtainable, WrongContent
from builder.pinned import Mirror, Package, Pins

_SILENCE_SECONDS = 5.0
_CHUNK = 1 << 18


def fetch_all(
    packages: Iterable[Package], pins: Pins, spare: Iterable[Package] = ()
) -> dict[str, Path]:
    """Have every package's file in the cache; gives the path of each by file name.

    `spare` ones are kept too where they come along at no cost, inside the mirror archive.
    Raises Unobtainable when no source has one, WrongContent when the registry's differs.
    """
    folder = paths.cache() / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = list(packages)
    missing = [package for package in wanted if not is_cached(folder, package)]
    if missing:
        with console.step(f"fetch {len(missing)} Python packages for the page") as progress:
            official = [package for package in missing if package.official]
            _fetch_official(official, pins, folder, spare)
            registry = [package for package in missing if not package.official]
            fetch_from_registry(registry, folder, progress)
    return {package.file: folder / package.file for package in wanted}


def is_cached(folder: Path, package: Package) -> bool:
    """Whether the cache has this very file; a changed or half-written one is removed."""
    path = folder / package.file
    if not path.is_file():
        return False
    if files.sha256(path) == package.sha256:
        return True
    console.say(f"  {package.file} in the cache is not the pinned one; fetching it again")
    path.unlink()
    return False


def _fetch_official(
    packages: list[Package], pins: Pins, folder: Path, spare: Iterable[Package]
) -> None:
    left = fetch_from_cdn(packages, pins.cdn, folder)
    if left:
        left = _fetch_from_mirror(left, pins.mirror, folder, spare)
    if left:
        names = ", ".join(package.file for package in left)
        raise Unobtainable(f"Neither {pins.cdn} nor the mirror archive gave: {names}")


def fetch_from_cdn(packages: list[Package], cdn: str, folder: Path) -> list[Package]:
    """Fetch what the CDN gives; the rest is returned. Its first silence ends the attempts."""
    for index, package in enumerate(packages):
        try:
            _download(cdn + package.file, package, folder)
        except (OSError, http.client.HTTPException, WrongContent) as failure:
            console.say(f"  {cdn} does not give {package.file} ({failure})")
            return packages[index:]
    return []


def _download(url: str, package: Package, folder: Path) -> None:
    part = folder / f"{package.file}.{os.getpid()}.part"
    with (
        console.step(f"fetch {package.file}") as progress,
        urllib.request.urlopen(url, timeout=_SILENCE_SECONDS) as answer,
        part.open("wb") as out,
    ):
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        while chunk := answer.read(_CHUNK):
            out.write(chunk)
            done += len(chunk)
            progress.show(f"{console.megabytes(done)} of {console.megabytes(total)}")
    try:
        files.require(part, package.sha256)
    except WrongContent:
        part.unlink()
        raise
    part.replace(folder / package.file)


def _fetch_from_mirror(
    packages: list[Package], mirror: Mirror, folder: Path, spare: Iterable[Package]
) -> list[Package]:
    console.say(f"  taking Pyodide's packages out of {mirror.project} {mirror.version} instead")
    with tempfile.TemporaryDirectory(dir=paths.cache()) as scratch:
        archive = _download_mirror(mirror, Path(scratch))
        for package in spare:
            if package.official and not is_cached(folder, package):
                take_out(archive, mirror, package, folder)
        return [package for package in packages if not take_out(archive, mirror, package, folder)]


def _download_mirror(mirror: Mirror, scratch: Path) -> Path:
    arguments = [f"{mirror.project}=={mirror.version}", "--python-version", mirror.python]
    with console.step(f"fetch {mirror.project} {mirror.version}") as progress:
        venv.pip_download(scratch, arguments, progress)
    (archive,) = scratch.glob("*.whl")
    return archive


def take_out(archive: Path, mirror: Mirror, package: Package, folder: Path) -> bool:
    """Take one package out of the mirror archive; False when it is not in it.

    Raises WrongContent when the archive has another file under that name.
    """
    part = folder / f"{package.file}.{os.getpid()}.part"
    with zipfile.ZipFile(archive) as opened:
        try:
            source = opened.open(mirror.folder + package.file)
        except KeyError:
            return False
        with source, part.open("wb") as out:
            shutil.copyfileobj(source, out)
    try:
        files.require(part, package.sha256)
    except WrongContent:
        part.unlink()
        raise
    part.replace(folder / package.file)
    return True


def fetch_from_registry(packages: list[Package], folder: Path, progress: console.Progress) -> None:
    """Fetch wheels for Pyodide's Python from the package registry; pip checks the hashes first.

    Raises CommandFailed when pip refuses one, WrongContent when a file is still another.
    """
    if not packages:
        return
    with tempfile.TemporaryDirectory(dir=paths.cache()) as name:
        scratch = Path(name)
        requirements = scratch / "requirements.txt"
        lines = [f"{p.name}=={p.version} --hash=sha256:{p.sha256}\n" for p in packages]
        requirements.write_text("".join(lines))
        arguments = ["--require-hashes", "-r", str(requirements), *registry_target()]
        venv.pip_download(scratch / "wheels", arguments, progress)
        for package in packages:
            found = scratch / "wheels" / package.file
            if not found.is_file():
                raise BuildError(f"Expected pip to fetch {package.file}; it did not.")
            files.require(found, package.sha256).replace(folder / package.file)


def registry_target() -> list[str]:
    """pip's words for: Python 3.14 on Pyodide's platform, or pure."""
    platforms = ["--platform", "pyemscripten_2026_0_wasm32", "--platform", "any"]
    return [*platforms, "--python-version", "3.14", "--implementation", "cp", "--abi", "cp314"]
