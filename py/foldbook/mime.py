"""Mime bundles: what an output holds, and what a screen prefers to show of it. Pure.

A bundle is Jupyter's: mime type -> value. A value is text, a JSON value (for ``application/json``
and ``+json`` types), or a reference to a blob (`is_blob`), for whatever is larger than
`INLINE_LIMIT` bytes.
"""

import json
from typing import Any, Final

INLINE_LIMIT: Final = 16 * 1024
"""Bytes (UTF-8) of a single value above which it becomes a blob."""

BLOB_KEY: Final = "$blob"

PREFERENCE: Final = (
    "application/vnd.vegalite.v6+json",
    "application/vnd.vegalite.v6.json",
    "application/vnd.vegalite.v5+json",
    "application/vnd.vegalite.v4+json",
    "application/vnd.vegalite.v3+json",
    "application/vnd.vegalite.v2+json",
    "application/vnd.vega.v6+json",
    "application/vnd.vega.v5+json",
    "application/vnd.plotly.v1+json",
    "text/html",
    "text/markdown",
    "text/vnd.mermaid",
    "image/svg+xml",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/avif",
    "image/gif",
    "image/bmp",
    "application/pdf",
    "application/javascript",
    "text/javascript",
    "application/json",
    "application/geo+json",
    "application/vnd.jupyter.stdout",
    "application/vnd.jupyter.stderr",
    "text/plain",
)
"""Richest first, as JupyterLab orders them; charts come before the HTML that stands in for them."""

INSTALLED: Final = "application/vnd.foldbook.installed+json"
"""Beside the words of an output: ``{"requirements": [...]}``, packages that code has installed."""

BINARY_TYPES: Final = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"}
)
"""Types whose text form in a bundle is base64."""


def is_json(mime: str) -> bool:
    """Whether values of this type are JSON values and not text."""
    return mime == "application/json" or mime.endswith("+json")


def is_drawn_elsewhere(mime: str) -> bool:
    """Whether a library or a program of its own draws this type. Where there is none, another form
    of the bundle stands for it."""
    return mime.startswith(("application/vnd.vega", "application/vnd.plotly", "application/pdf"))


def is_blob(value: object) -> bool:
    """Whether a bundle's value stands for a blob: ``{"$blob": sha256, "size": bytes}``."""
    return isinstance(value, dict) and isinstance(value.get(BLOB_KEY), str)


def blob_reference(digest: str, size: int) -> dict[str, Any]:
    """The value that stands in a bundle for a blob of ``size`` bytes with this SHA-256 (hex)."""
    return {BLOB_KEY: digest, "size": size}


def size_of(value: object) -> int:
    """Bytes of a bundle's value as it would stand in a payload."""
    if isinstance(value, str):
        return len(value.encode())
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
