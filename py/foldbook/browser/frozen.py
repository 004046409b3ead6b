"""What is done before the memory of a worker is kept as a snapshot, and after it was laid back.

The build calls a ``freeze_…`` function in a fresh Pyodide and keeps its memory. A worker that
starts from there calls `thaw`: what must differ from start to start is made new.
"""

import ast
import gc
import importlib
import io
import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_MAKING: Final = ("PYTHONHASHSEED", "MPLBACKEND")
"""Variables of the build, which no user should find."""
_WINTER: Final = 1_767_225_600
_SUMMER: Final = 1_782_864_000
"""Seconds since 1970 in January and July 2026: one of them is without daylight saving."""


def freeze_notebook() -> None:
    """Import what the notebook worker runs, the reading and writing of files included."""
    for name in ("foldbook.browser.notebook_worker", "foldbook.ipynb"):
        importlib.import_module(name)


def freeze_runtime(*modules: str) -> None:
    """Import what a runtime runs and these modules, and make its session."""
    importlib.import_module("foldbook.browser.runtime_worker")
    session = importlib.import_module("foldbook.shell.session").Session.prepare()
    for name in modules:
        importlib.import_module(name)
    _exercise(session)
    if "matplotlib.pyplot" in modules:
        _draw()


def settle() -> int | None:
    """Bring the memory to rest before it is kept.

    Gives the address of the state of NumPy's legacy generator (MT19937: 624 words of 32 bits, and
    a position), whose chance is made new where the snapshot is restored; None without NumPy.
    """
    # Pyodide asks every package for its name and version at each start; who restores knows them.
    loader = importlib.import_module("pyodide._package_loader")
    vars(loader)["init_loaded_packages"] = _nothing
    numpy_random = sys.modules.get("numpy.random")
    chance: int | None = None
    if numpy_random is not None:
        chance = numpy_random.mtrand._rand._bit_generator.ctypes.state_address
    _part_trees()
    _close_files()
    gc.collect()
    # No collector goes through what all starts have in common: that would touch all of it, and
    # link every library that has a type of its own.
    gc.freeze()
    return chance


def _nothing() -> None:
    """In place of what need not be done."""


def thaw(environ: Mapping[str, str]) -> None:
    """Make what a snapshot froze new: chance, time zone, environment, search path.

    Raises `RuntimeError` where what was compiled does not work.
    """
    for name in _MAKING:
        os.environ.pop(name, None)
    os.environ.update(environ)
    sys.path[:] = dict.fromkeys(sys.path)
    _set_zone()
    random.seed()
    if (shell := sys.modules.get("IPython.core.interactiveshell")) is not None:
        _make_folders(shell)
    _check()


def _exercise(session: Any) -> None:
    """Do once what is slow only the first time: transform, complete, explain, tell of an error."""
    session.transform_cell("%pip --version\nlen?\n1 + 1")
    session.user_ns["_probe"] = "probe"
    session.object_inspect_mime("_probe", detail_level=0)
    importlib.import_module("foldbook.shell.completion").complete(
        session.Completer, session.user_ns, "_probe.", 7
    )
    try:
        eval("1 / 0", dict(session.user_ns))
    except ZeroDivisionError as error:
        session.InteractiveTB.structured_traceback(type(error), error, error.__traceback__)
    session.display_formatter.format({"a": [1, 2.0]})
    del session.user_ns["_probe"]


def _draw() -> None:
    """A first figure finds the fonts."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots()
    axes.plot([0, 1], [0, 1], label="$x$")
    axes.set_title("A title")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    pyplot.close("all")
    # `%run` draws once more after what has drawn: this has not been a cell's.
    if hasattr(pyplot.draw_if_interactive, "called"):
        pyplot.draw_if_interactive.called = False


def _set_zone() -> None:
    """The C library's zone is the build's for good; Python's own view of it is not."""
    winter, summer = time.localtime(_WINTER), time.localtime(_SUMMER)
    standard, saving = sorted((winter, summer), key=lambda each: each.tm_gmtoff)
    values: dict[str, Any] = {
        "timezone": -standard.tm_gmtoff,
        "altzone": -saving.tm_gmtoff,
        "daylight": int(standard.tm_gmtoff != saving.tm_gmtoff),
    }
    for name, value in values.items():
        setattr(time, name, value)


def _make_folders(shell: ModuleType) -> None:
    """Files are not in a snapshot, and IPython made its folders when it was imported."""
    session = shell.InteractiveShell.instance()
    for folder in (session.ipython_dir, session.profile_dir.location):
        Path(folder).mkdir(parents=True, exist_ok=True)


def _close_files() -> None:
    """Let go of what was opened to be looked up once: it would have to be opened at each start."""
    importlib.invalidate_caches()  # the standard library's archive, for entry points
    fonts = sys.modules.get("matplotlib.font_manager")
    if fonts is not None:
        fonts._get_font.cache_clear()


_SHARED: Final = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
_EVERY_KIND: Final = """
x = a and b or c
del x
a + b - c * d / e // f % g ** h @ i << j >> k | l ^ m & n
not ~-+a
a == b != c < d <= e > f >= g is h is not i in j not in k
"""


def _part_trees() -> None:
    """Take from nodes that all syntax trees share what they know of one of them.

    `executing` gives each node its parent when it explains a traceback, these too; and Pyodide
    copies whatever hangs on a tree whenever it evaluates something.
    """
    for node in ast.walk(ast.parse(_EVERY_KIND)):
        if isinstance(node, _SHARED):
            vars(node).clear()


_Check = Callable[[ModuleType], bool]
# Small ones, of what every start needs: what is called is compiled anew, before the first cell, and
# what a cell may call is linked when it does.
_CHECKS: Final[Mapping[str, _Check]] = {
    "msgpack": lambda msgpack: bool(msgpack.unpackb(msgpack.packb([1, "a"])) == [1, "a"]),
    "pydantic_core": lambda core: bool(core.from_json(b'{"a": [3]}') == {"a": [3]}),
}


def _check() -> None:
    for name, holds in _CHECKS.items():
        module = sys.modules.get(name)
        if module is not None and not holds(module):
            raise RuntimeError(f"{name} gives wrong results after the snapshot was restored.")
