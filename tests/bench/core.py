"""The core's speed, natively and in Pyodide (in Node, same files as in the browser)."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from harness import Figure, report
from work.folding import measure

HERE = Path(__file__).parent


def figures_of(where: str, measured: dict[str, list[float]]) -> list[Figure]:
    return [Figure(f"{where}: {name}", "/s", values) for name, values in measured.items()]


def in_pyodide(dist: Path) -> dict[str, list[float]]:
    node = shutil.which("node")
    if node is None:
        raise SystemExit("Node is not on the PATH; run this through `python3 build.py bench core`.")
    command = [node, str(HERE / "work" / "pyodide.mjs"), str(dist)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    figures = figures_of("native", measure())
    figures += figures_of("Pyodide", in_pyodide(Path(os.environ["FOLDBOOK_DIST"])))
    report("core", figures)


if __name__ == "__main__":
    main()
