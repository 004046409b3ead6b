"""Yjs and pycrdt, which the paper benchmark measures beside our core; `dist/` has nothing of them.

Yjs is one of the development packages of `site/package-lock.json`; pycrdt stands in an
environment of its own, `.cache/pycrdt/`, filled from `.locks/pycrdt.txt`.
"""

from pathlib import Path

from builder import files, node, paths, venv

_ENVIRONMENT = paths.WORK / "pycrdt"
_YJS = "./node_modules/yjs/dist/yjs.mjs"


def pycrdt_python() -> Path:
    """The interpreter that has pycrdt; the same Python as that of `.venv`, which must be there."""
    with files.exclusive(paths.WORK / "pycrdt.lock"):
        venv.ensure_apart(_ENVIRONMENT, paths.LOCKS / "pycrdt.txt")
    return paths.venv_program("python", _ENVIRONMENT)


def bundle_workers(workers: list[Path], target: Path) -> None:
    """Make each module one file in the folder `target`; what imports "yjs" has it within.

    `site/node_modules` must be as any build of the page leaves it.
    """
    options = ("--bundle", "--format=esm", "--minify", "--log-level=warning", f"--alias:yjs={_YJS}")
    node.run_tool_quietly(
        "bundle the benchmark's workers", "esbuild", *workers, *options, f"--outdir={target}"
    )
