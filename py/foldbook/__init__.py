"""Foldbook: a notebook that is the fold of its event log.

    async with foldbook.open(link) as notebook:     # a shared notebook, for programs
        run = await notebook.run(notebook.append("6 * 7"))

    with foldbook.open_sync(link) as notebook:      # the same, without await
        run = notebook.run(notebook.append("6 * 7"))

See `foldbook.api.Notebook` for what a notebook can do. Nothing is imported before it is used: in
the browser there is no network of this kind.
"""

from importlib import import_module
from typing import Any, Final

__version__ = "0.1.0"

_ELSEWHERE: Final = {
    "open": ("foldbook.native.opening", "open_notebook"),
    "open_sync": ("foldbook.native.blocking", "SyncNotebook"),
    "FoldbookError": ("foldbook.errors", "FoldbookError"),
    "RunFailed": ("foldbook.errors", "RunFailed"),
}


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _ELSEWHERE[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return [*globals(), *_ELSEWHERE]
