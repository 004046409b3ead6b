"""The core's speed, natively and in Pyodide (in Node, same files as in the browser)."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from harness import Figure, report
from work.folding import measure

HERE = Path(__file__).parent
TRACE = HERE.parents[2] / "shared" / "corpus" / "traces" / "automerge-paper.json.gz"


def figures_of(where: str, measured: dict[str, list[float]]) -> list[Figure]:
    found = []
    for name, values in measured.items():
        label, _, unit = name.rpartition(", ")
        found.append(Figure(f"{where}: {label}", unit.removeprefix("events"), values))
    return found


def in_pyodide(dist: Path) -> dict[str, list[float]]:
    node = shutil.which("node")
    if node is None:
        raise SystemExit("Node is not on the PATH; run this through `python3 build.py bench core`.")
    trace = str(TRACE) if TRACE.exists() else ""
    command = [node, str(HERE / "work" / "pyodide.mjs"), str(dist), trace]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    trace = TRACE.read_bytes() if TRACE.exists() else None
    if trace is None:
        print("The editing trace is not here: its figures are left out.")
    figures = figures_of("native", measure(trace))
    figures += figures_of("Pyodide", in_pyodide(Path(os.environ["FOLDBOOK_DIST"])))
    report("core", figures)


if __name__ == "__main__":
    main()
