"""Altair's and Plotly's charts as what a notebook draws itself, at no cost before they are used.

Left alone both give HTML too, which fetches its library from the network, or carries megabytes of
it. Who has chosen another renderer keeps it.
"""

import importlib
import os
from typing import Any, Final

_VARIABLE: Final = "PLOTLY_RENDERER"
_RENDERER: Final = "plotly_mimetype"
_ALTAIR: Final = tuple(f"altair.vegalite.v{version}.api" for version in (5, 6))
_CHART: Final = "TopLevelMixin"
_USUAL: Final = "default"


class Charts:
    """Charts of one session, from `install` to `uninstall`."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._set = False

    def install(self) -> None:
        """From now on charts are their specifications."""
        if _VARIABLE not in os.environ:
            os.environ[_VARIABLE] = _RENDERER
            self._set = True
        formatter = self._session.display_formatter.mimebundle_formatter
        for module in _ALTAIR:
            formatter.for_type_by_name(module, _CHART, _chart_bundle)

    def uninstall(self) -> None:
        """Let go of the session."""
        if self._set:
            os.environ.pop(_VARIABLE, None)


def _chart_bundle(chart: Any) -> Any:
    renderers = importlib.import_module("altair").renderers
    if renderers.active != _USUAL:
        return _as_jupyter_has_it(chart._repr_mimebundle_())
    with renderers.enable("mimetype", **renderers.options):
        return _as_jupyter_has_it(chart._repr_mimebundle_())


def _as_jupyter_has_it(bundle: Any) -> Any:
    # Altair 6 ends its type in .json, under which a notebook file may hold nothing but text.
    if isinstance(bundle, tuple):
        return tuple(_as_jupyter_has_it(each) for each in bundle)
    ends = ".json"
    return {
        f"{mime.removesuffix(ends)}+json" if mime.endswith(ends) else mime: value
        for mime, value in (bundle or {}).items()
    }
