"""matplotlib's figures inline, at no cost before matplotlib is used.

matplotlib looks at MPLBACKEND when pyplot is first imported; the inline backend then finds the
session by itself. It keeps state in its modules, so a session that comes after another one in
the same process has to be introduced.
"""

import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any, Final

BACKEND: Final = "module://matplotlib_inline.backend_inline"
_VARIABLE: Final = "MPLBACKEND"


class Figures:
    """Inline figures of one session, from `install` to `uninstall`."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._set = False

    def install(self) -> None:
        """From now on figures are shown after their cell."""
        if _VARIABLE not in os.environ:
            os.environ[_VARIABLE] = BACKEND
            self._set = True
        self._session.events.register("pre_run_cell", _make_configurable)
        backend = _imported("matplotlib_inline.backend_inline")
        if backend is not None and _imported("matplotlib.pyplot") is not None:
            importlib.import_module("matplotlib").use(BACKEND)
            backend.configure_inline_support(self._session, BACKEND)

    def uninstall(self) -> None:
        """Let go of the session."""
        if self._set:
            os.environ.pop(_VARIABLE, None)
        backend = _imported("matplotlib_inline.backend_inline")
        if backend is not None:
            backend.InlineBackend.clear_instance()
            backend.configure_inline_support.current_backend = "unset"


def _make_configurable(info: Any) -> None:
    # Importing it imports matplotlib, so it is done only for a cell that configures it.
    if "InlineBackend" in info.raw_cell and importlib.util.find_spec("matplotlib"):
        importlib.import_module("matplotlib_inline")


def _imported(name: str) -> ModuleType | None:
    return sys.modules.get(name)
