"""Wheels that the stories install: one made here, or a package as it is installed here."""

import zipfile
from collections.abc import Mapping
from pathlib import Path


def write_wheel(folder: Path, release: str, files: Mapping[str, str | bytes]) -> str:
    """A wheel of pure Python; returns its file's name. release: "tidal-1.2"."""
    name = f"{release}-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, data in files.items():
            wheel.writestr(path, data)
    return name


def write_tidal(folder: Path) -> str:
    """A wheel of one module; returns its file's name."""
    files = {
        "tidal.py": "def moons():\n    return 'one moon'\n",
        "tidal-1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: tidal\nVersion: 1.2\n",
        "tidal-1.2.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    files["tidal-1.2.dist-info/RECORD"] = "".join(f"{name},,\n" for name in files)
    return write_wheel(folder, "tidal-1.2", files)
