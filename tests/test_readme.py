"""The README tells the truth about programs: its examples are executed at a shared notebook."""

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foldbook
import pytest
from running_program import STAY, Runs

TEXT = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def runs(relay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    monkeypatch.setenv("FOLDBOOK_DATA", str(tmp_path / "data"))
    found = Runs(relay, tmp_path)
    yield found
    found.end()


def play(source: str, names: dict[str, Any]) -> None:
    """Execute an example, which may await."""
    code = compile(source, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))
    else:
        exec(code, names)


def test_the_examples_for_programs_do_what_they_say(runs: Runs) -> None:
    link = runs.start("# nothing", options=STAY).link
    shown: list[str] = []
    names: dict[str, Any] = {
        "foldbook": foldbook,
        "link": link,
        "print": lambda value: shown.append(str(value).strip()),
    }
    assert len(EXAMPLES) == 3
    for source in EXAMPLES:
        shown.clear()
        play(source, names)
        said = re.findall(r"^\s*print\(.*\)  # (.*)$", source, re.MULTILINE)
        assert [each.replace("\n", "\\n") for each in shown] == said
        assert said, "an example shows something"
