"""Browsers for the tests: found on the PATH, else installed, else fetched by Playwright."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from builder import console, paths
from builder.errors import CommandFailed

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OTHERS = {
    "firefox-esr": ("firefox-esr", ("firefox-esr", "firefox")),
    "webkit2gtk-driver": ("webkit2gtk-driver", ("WebKitWebDriver",)),
    "xvfb": ("xvfb", ("Xvfb",)),
}


def ensure_chromium() -> Path | None:
    """The Chromium to test with; None means Playwright's own, which is then installed."""
    found = _which(_CHROMIUM_NAMES)
    if found is None and install_debian(["chromium"]):
        found = _which(_CHROMIUM_NAMES)
    if found is None:
        command: list[str | Path] = [
            paths.venv_program("playwright"),
            "install",
            "--only-shell",
            "chromium",
        ]
        console.run("install Playwright's Chromium", command)
    return found


def ensure_others() -> None:
    """Try to have Firefox and WebKitGTK too; what cannot be had is a skip of its tests."""
    missing = [package for package, names in _OTHERS.values() if _which(names) is None]
    if missing and not install_debian(missing):
        console.say(f"  not installed, their tests will be skipped: {', '.join(missing)}")


def install_debian(packages: Sequence[str]) -> bool:
    """Install Debian packages where that is possible (root, and apt-get present).

    Says so and gives False where it is not, or where it failed.
    """
    apt = shutil.which("apt-get")
    if apt is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ["-y", "--no-install-recommends", "-o", "Acquire::Retries=2"]
    try:
        console.run("apt-get update", [apt, "update"], env=env)
        label = f"apt-get install {' '.join(packages)}"
        console.run(label, [apt, "install", *options, *packages], env=env)
    except CommandFailed as failure:
        console.say(f"  {failure}")
        return False
    return True


def _which(names: Sequence[str]) -> Path | None:
    for name in names:
        found = shutil.which(name)
        if found:
            return Path(found)
    return None
