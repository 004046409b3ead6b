"""The core's own tests, run once more where the core runs in the page: inside Pyodide."""

import re
from pathlib import Path

import pytest

from tests.browser import python
from tests.browser.profile import Profile

pytestmark = pytest.mark.browser

TESTS = Path(__file__).resolve().parents[1]
CORE = (
    "bridge", "events", "log", "logs", "mime", "order", "reducer", "room", "row", "sync",
    "text", "undo", "view", "wire",
)  # fmt: skip
HELP = ("pytest", "pluggy", "iniconfig")
RUN = """
import io, os, contextlib
os.chdir("/home/pyodide/given")
sys.path[:0] = ["/home/pyodide/given/tests"]
sys.setrecursionlimit(1000)
import pytest
told = io.StringIO()
with contextlib.redirect_stdout(told):
    code = pytest.main([
        "-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--import-mode=importlib",
        "-o", "markers=slow: takes long\\nbrowser: needs one", "-m", "not slow", *NAMED,
    ])
f"{int(code)}\\n{told.getvalue()[-4000:]}"
"""


# Hypothesis has a compiled part now, which Pyodide has not: its tests run natively only.
STAND_IN = """
import sys
import pytest

class _Anything:
    def __getattr__(self, name):
        return self
    def __call__(self, *args, **kwargs):
        return self
    def __or__(self, other):
        return self

def given(*args, **kwargs):
    return pytest.mark.skip(reason="Hypothesis cannot run in Pyodide")

def settings(*args, **kwargs):
    return lambda function: function

def example(*args, **kwargs):
    return lambda function: function

strategies = HealthCheck = assume = note = _Anything()
sys.modules["hypothesis.strategies"] = strategies
"""


def test_the_core_passes_its_tests_inside_pyodide(profile: Profile) -> None:
    files = python.installed(*HELP)
    for pattern in ("*.py", "samples/**/*", "logs/**/*"):
        files |= python.tree(TESTS, pattern, "tests/")
    del files["tests/conftest.py"]
    files["hypothesis/__init__.py"] = STAND_IN.encode()
    listed = [f"tests/test_{name}.py" for name in CORE]
    told = python.run(
        profile.page(drive=True), f"NAMED = {listed!r}\n{RUN}", files, ["packaging", "pygments"]
    )
    assert str(told).startswith("0\n"), told
    passed = re.search(r"(\d+) passed", str(told))
    assert passed is not None, told
    assert int(passed[1]) > 100, told
