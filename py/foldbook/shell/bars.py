"""tqdm's bars as text, wherever they are asked for, at no cost before tqdm is used.

Its notebook form needs widgets, which nobody here would draw: `tqdm.notebook` fails without them,
and `tqdm.auto` warns. Both are `tqdm.std` here.
"""

import importlib
import sys
import threading
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any, Final

_STANDARD: Final = "tqdm.std"
_NOTEBOOK: Final = ("tqdm.notebook", "tqdm.autonotebook")


class Bars(MetaPathFinder):
    """From `install` to `uninstall` tqdm finds no widgets."""

    def install(self) -> None:
        """From now on bars are text."""
        for name in _NOTEBOOK:
            if (module := sys.modules.get(name)) is not None:
                _make_text(module)
        sys.meta_path.insert(0, self)

    def uninstall(self) -> None:
        """Let tqdm be."""
        sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Its modules that need what is not here."""
        if name in _NOTEBOOK:
            return spec_from_loader(name, _Text())
        if name == _STANDARD and not _can_start_threads():
            return _without_monitor(PathFinder.find_spec(name, path, target))
        return None


class _Text(Loader):
    def exec_module(self, module: ModuleType) -> None:
        _make_text(module)


def _make_text(module: ModuleType) -> None:
    standard = importlib.import_module(_STANDARD)

    class Text(standard.tqdm):  # type: ignore[misc, name-defined]
        """A bar of text that takes what one of widgets takes."""

        def __init__(self, *args: Any, display: bool = True, **options: Any) -> None:
            super().__init__(*args, **options)

    def trange(*args: int, **options: Any) -> Text:
        """A bar over a range."""
        return Text(range(*args), **options)

    Text.__name__ = Text.__qualname__ = "tqdm"
    names = {"tqdm": Text, "trange": trange, "tqdm_notebook": Text, "tnrange": trange}
    vars(module).update(names, __all__=list(names))


def _without_monitor(spec: ModuleSpec | None) -> ModuleSpec | None:
    # tqdm watches slow bars from a thread, and warns where it gets none.
    loader: Any = spec and spec.loader
    if loader is None:
        return spec
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        module.tqdm.monitor_interval = 0

    loader.exec_module = exec_module
    return spec


def _can_start_threads() -> bool:
    try:
        threading.Thread(target=int).start()
    except RuntimeError:
        return False
    return True
