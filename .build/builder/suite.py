"""`build.py test` and `build.py bench`: the checks, the tests, the measurements."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from builder import assemble, browsers, check, node, paths, venv
from builder.console import say
from builder.errors import BuildError

_STORIES = "tests/browser/"
_WORKERS = "auto"
"""How many files of tests are run beside each other: one on each core."""
_BESIDE = ("-n", _WORKERS, "--dist", "loadfile")
"""In the order that `tests/conftest.py` gives."""
_FEW = 12
_CACHE = paths.WORK / "pytest"


def test(arguments: Sequence[str]) -> int:
    """Everything on a bare machine: checks, build, browsers, tests. Gives the exit code.

    The tests run also when a check has failed, so that one run tells all; pytest's summary
    stays the last thing printed, and the failed check is told above it and by the exit code.
    """
    say("check")
    checked = check.check()
    say("build")
    dist = assemble.build()
    say("browsers")
    env = _environment(dist)
    say("tests")
    if not checked:
        say("  a check failed, see above; the exit code will tell it too")
    shutil.rmtree(_CACHE, ignore_errors=True)  # what failed in an earlier run is not this one's
    return _tests(env, arguments or _BESIDE) or (0 if checked else 1)


def _tests(env: dict[str, str], arguments: Sequence[str]) -> int:
    """All tests, or those that are asked for; a few of the browser's once more."""
    code = _pytest(env, arguments)
    if code == 1 and (stories := _failed_stories()):
        say(f"  {len(stories)} browser stories failed; once more, and both runs are told:")
        for story in stories:
            say(f"    {story}")
        again = ("-n", "0", "--last-failed", "--last-failed-no-failures=none")
        code = _pytest(env, [*arguments, *again])
    return code


def _pytest(env: dict[str, str], arguments: Sequence[str]) -> int:
    command = [str(venv.python()), "-m", "pytest", "-o", f"cache_dir={_CACHE}", *arguments]
    return subprocess.run(command, cwd=paths.ROOT, env=env, check=False).returncode


def _failed_stories() -> list[str]:
    """What failed, where that is a few stories in a real browser and nothing else.

    A browser on a busy machine can miss a deadline; nothing else is ever run twice.
    """
    record = _CACHE / "v" / "cache" / "lastfailed"
    if not record.is_file():
        return []
    failed = sorted(json.loads(record.read_text(encoding="utf-8")))
    few = len(failed) <= _FEW and all(name.startswith(_STORIES) for name in failed)
    return failed if few else []


def bench(names: Sequence[str]) -> int:
    """Run the named benchmarks of `tests/bench/`, or all; gives the exit code."""
    dist = assemble.build()
    env = _environment(dist)
    folder = paths.ROOT / "tests" / "bench"
    known = {path.stem: path for path in sorted(folder.glob("*.py")) if path.stem != "harness"}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise BuildError(f"No benchmark {unknown[0]!r}; there are: {', '.join(known) or 'none'}.")
    codes = [_bench_one(known[name], env) for name in names or known]
    return max(codes, default=0)


def _bench_one(path: Path, env: dict[str, str]) -> int:
    say(f"\n{path.stem}")
    command = [str(venv.python()), str(path)]
    return subprocess.run(command, cwd=paths.ROOT, env=env, check=False).returncode


def _environment(dist: Path) -> dict[str, str]:
    chromium = browsers.ensure_chromium()
    browsers.ensure_others()
    env = {**node.environment(), "FOLDBOOK_DIST": str(dist), "PYTHONUNBUFFERED": "1"}
    if chromium:
        env["FOLDBOOK_CHROMIUM"] = str(chromium)
    else:
        env.pop("FOLDBOOK_CHROMIUM", None)
    return env
