"""A later build of the site: its page says something else, what Python needs is the same."""

import json
import shutil
from pathlib import Path

import pytest
from builder import bundle, compress, manifest, paths

STAMP = "later"
_SAYS = ('"Keyboard shortcuts"', '"Keyboard shortcuts, later"')
_LATER = ("share.js", 'console.debug("of a later build");\n')
_PYTHON = ("pyodide", "snapshots")


def build(dist: Path, folder: Path) -> Path:
    """Build it into `folder`, beside the build in `dist`; gives where."""
    site, target = folder / "site", folder / "later"
    shutil.copytree(paths.SITE, site, ignore=shutil.ignore_patterns("node_modules"))
    (site / "node_modules").symlink_to(paths.NODE_MODULES)
    palette = site / "palette.js"
    text = palette.read_text(encoding="utf-8")
    assert _SAYS[0] in text
    palette.write_text(text.replace(*_SAYS), encoding="utf-8")
    with (site / _LATER[0]).open("a", encoding="utf-8") as script:
        script.write(_LATER[1])
    target.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "SITE", site)
        scripts = bundle.assemble(target, STAMP)
    for name in _PYTHON:
        link_all(dist / name, target / name)
    before = json.loads((dist / manifest.NAME).read_text(encoding="utf-8"))
    manifest.write(target, scripts, before["snapshots"], STAMP)
    compress.assemble(target)
    return target


def deploy(later: Path, site: Path) -> None:
    """Put a build in the place of another, as an upload of the whole folder does."""
    shutil.rmtree(site)
    link_all(later, site)


def link_all(folder: Path, target: Path) -> None:
    """A copy of a folder that takes no room."""
    shutil.copytree(folder, target, copy_function=lambda a, b: Path(b).hardlink_to(a))
