"""The page's pure JavaScript, run in Node: `tests/js/*.test.mjs`, one test for each file."""

import re
import subprocess
from pathlib import Path

import pytest
from builder import node, paths
from foldbook.mime import PREFERENCE

FILES = sorted((Path(__file__).parent / "js").glob("*.test.mjs"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_javascript(path: Path) -> None:
    node.ensure()
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec", str(path)],
        env=node.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_javascript_to_test() -> None:
    assert FILES


def test_the_page_prefers_what_python_prefers() -> None:
    page = (paths.SITE / "outputs_bundle.js").read_text(encoding="utf-8")
    listed = re.search(r"export const SHOWN = \[(.*?)\];", page, re.DOTALL)
    assert listed is not None
    shown = re.findall(r'"([^"]+)"', listed[1])
    assert shown == [mime for mime in PREFERENCE if mime in shown]
    assert {"text/html", "image/png", "text/plain"} <= set(shown)
