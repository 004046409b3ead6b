"""The page's pure JavaScript, run in Node: `tests/js/*.test.mjs`, one test for each file."""

import subprocess
from pathlib import Path

import pytest
from builder import node

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
