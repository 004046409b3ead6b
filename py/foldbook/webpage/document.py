"""The document: its cells and their outputs."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, Final

from foldbook import ipynb
from foldbook.blobs import unpack
from foldbook.mime import PREFERENCE, is_drawn_elsewhere
from foldbook.notebook import Cell, Execution, Notebook, Output
from foldbook.pruning import stand_in
from foldbook.webpage import ansi, prose
from foldbook.webpage.code import block, coloured
from foldbook.webpage.frames import FRAME_SCRIPT, frame
from foldbook.webpage.look import STYLE

Fetch = Callable[[str], bytes | None]

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",  # nothing is fetched, whatever stands in an output
        "script-src 'unsafe-inline' 'unsafe-eval' blob: data:",
        "style-src 'unsafe-inline'",
        *(f"{kind}-src data: blob:" for kind in ("img", "font", "media", "connect")),
        "worker-src blob:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
_SHOWN: Final = tuple(mime for mime in PREFERENCE if not is_drawn_elsewhere(mime))

needed = ipynb.needed


def write(notebook: Notebook, blobs: Fetch, notes: list[str] | None = None) -> bytes:
    """The file. ``blobs`` gives the bytes of a digest; ``notes`` tell, for people, what is left
    out because they are not to be had."""
    writer = _Writer(notebook, blobs, [] if notes is None else notes)
    body = "".join(writer.cells())
    script = f"<script>{FRAME_SCRIPT}</script>" if "<iframe" in body else ""
    name = escape(notebook.name or "Untitled", quote=False)
    return (
        '<!doctype html>\n<html lang=""><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="referrer" content="no-referrer"><meta name="generator" content="Foldbook">'
        f"<title>{name}</title><style>{STYLE}</style>{script}</head>"
        f"<body><main>{body}</main></body></html>\n"
    ).encode("utf-8", "replace")


class _Writer:
    def __init__(self, notebook: Notebook, blobs: Fetch, notes: list[str]) -> None:
        self._notebook = notebook
        self._blobs = blobs
        self._notes = notes
        self._place = ""
        spec = notebook.metadata.get("kernelspec")
        told = spec.get("language") if isinstance(spec, Mapping) else None
        self._language = told if isinstance(told, str) and told else "python"

    def cells(self) -> Iterator[str]:
        """Each cell as a section."""
        for number, cell in enumerate(self._notebook.ordered_cells(), 1):
            self._place = f"Cell {number}"
            yield f'<section class="doc-cell">{self._cell(cell)}</section>'

    def _cell(self, cell: Cell) -> str:
        if cell.type == "raw":
            return f'<pre class="doc-raw">{escape(cell.source, quote=False)}</pre>'
        if cell.type == "markdown":
            attachments = {
                name: self._unpacked(bundle)
                for name, bundle in cell.attachments.items()
                if isinstance(bundle, Mapping)
            }
            return f'<div class="md">{prose.to_html(cell.source, attachments)}</div>'
        return self._code(cell, self._notebook.execution_of(cell))

    def _code(self, cell: Cell, execution: Execution | None) -> str:
        count = execution.execution_count if execution else None
        hidden = cell.metadata.get("jupyter")
        hidden = hidden if isinstance(hidden, Mapping) else {}
        parts = [f'<div class="doc-count">{"" if count is None else f"[{count}]"}</div>']
        if cell.source.strip():
            code = coloured(cell.source, self._language)
            code = f'<pre class="doc-code" tabindex="0">{code}</pre>'
            parts.append(_folded(code, bool(hidden.get("source_hidden")), "Code"))
        outputs = "".join(self._output(each) for each in (execution.outputs if execution else ()))
        if outputs:
            outputs = f'<div class="doc-outputs">{outputs}</div>'
            parts.append(_folded(outputs, bool(hidden.get("outputs_hidden")), "Output"))
        return "".join(parts)

    def _output(self, given: Output) -> str:
        output = stand_in(given)
        if output.type == "stream":
            kind = "output stderr" if output.name == "stderr" else "output"
            return f'<div class="{kind}">{_text(output.text)}</div>'
        if output.type == "error":
            shown = "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
            return f'<div class="output">{_text(shown)}</div>'
        data = self._unpacked(output.data)
        mime = next((each for each in _SHOWN if data.get(each) is not None), None)
        if mime is None:
            kinds = ", ".join(map(str, output.data)) or "nothing"
            words = f"An output that comes only as {escape(kinds, quote=False)}."
            return f'<div class="output"><div class="notice">{words}</div></div>'
        return f'<div class="output">{_value(mime, data, output.metadata)}</div>'

    def _unpacked(self, bundle: Mapping[str, Any]) -> dict[str, Any]:
        def leave_out(key: str, why: str) -> None:
            self._notes.append(f"{self._place}: {key} is left out, {why}.")

        return unpack(bundle, self._blobs, leave_out)


def _value(mime: str, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    value = data[mime]
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    if mime.startswith("image/"):
        return _picture(mime, text, data.get("text/plain"), metadata.get(mime))
    match mime:
        case "text/html":
            return frame(text, "HTML output")
        case "application/javascript" | "text/javascript":
            return frame(text, "Script output", is_script=True)
        case "text/markdown":
            return f'<div class="md">{prose.to_html(text)}</div>'
        case "text/vnd.mermaid":
            return _diagram(text, data, metadata)
        case "text/latex":
            return f'<div class="md">{_latex(text)}</div>'
        case _:
            return _text(text)


def _diagram(text: str, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """The source, behind the picture that JupyterLab leaves beside it, where there is one."""
    source = f'<pre class="doc-code" tabindex="0">{block(text, "mermaid")}</pre>'
    drawn = data.get("image/svg+xml")
    if not isinstance(drawn, str):
        return source
    picture = _picture("image/svg+xml", drawn, "Diagram", metadata.get("image/svg+xml"))
    return f'<figure class="diagram">{picture}{_folded(source, True, "Source")}</figure>'


def _latex(text: str) -> str:
    bare = text.strip()
    for sign in ("$$", "$"):
        inner = bare.removeprefix(sign).removesuffix(sign)
        if len(inner) == len(bare) - 2 * len(sign) and "$" not in inner:
            return prose.formula(inner.replace("\\displaystyle", ""), True)
    return prose.to_html(text) if "$" in bare else prose.formula(bare, True)


def _picture(mime: str, text: str, plain: object, metadata: object) -> str:
    words = escape(plain.strip()[:300] if isinstance(plain, str) else "Picture")
    sides = metadata if isinstance(metadata, Mapping) else {}
    size = "".join(
        f' {side}="{round(value)}"'
        for side in ("width", "height")
        if isinstance(value := sides.get(side), int | float) and 0 < value < 20_000
    )
    if mime == "image/svg+xml":
        source = "data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode()
    else:
        source = f"data:{mime};base64,{escape(''.join(text.split()))}"
    plated = "" if sides.get("needs_background") == "dark" else " plated"
    return f'<div class="picture{plated}"><img src="{source}" alt="{words}"{size}></div>'


def _text(text: str) -> str:
    return f'<pre class="text" tabindex="0">{ansi.to_html(text)}</pre>'


def _folded(html: str, is_folded: bool, words: str) -> str:
    if not is_folded:
        return html
    return f'<details class="doc-folded"><summary>{words}</summary>{html}</details>'
