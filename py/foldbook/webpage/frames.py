"""Outputs that bring HTML or scripts: each in a frame of an opaque origin, without a network, as
high as what it shows. Where scripts are off, a frame has a height that can be pulled. The same as
in ``site/web_page_frame.js``."""

import re
from html import escape
from typing import Final

FRAME_SCRIPT: Final = """"use strict";
addEventListener("message", ({ source, data }) => {
  if (!data || typeof data.height !== "number") return;
  for (const frame of document.querySelectorAll("iframe"))
    if (frame.contentWindow === source) {
      frame.style.height = Math.min(20000, Math.max(1, data.height)) + "px";
      frame.style.resize = "none";
    }
});
"""
"""In the file: hears how high the frames are to be."""

_INNER: Final = """"use strict";
(() => {
  let before = 0;
  const tell = () => {
    const height = Math.ceil(Math.max(document.body.offsetHeight, document.body.scrollHeight));
    if (height !== before) parent.postMessage({ height: (before = height) }, "*");
  };
  new ResizeObserver(tell).observe(document.body);
  addEventListener("load", tell);
})();
"""
_STYLE: Final = (
    ":root{color-scheme:light dark}html{background:transparent}"
    "body{margin:0;display:flow-root;font:400 13px/20px system-ui,sans-serif;"
    "overflow-wrap:break-word;overflow-x:auto}"
    "pre,code{font:400 13px/20px ui-monospace,monospace}table{border-collapse:collapse}"
    "th,td{padding:3px 16px;text-align:right}img,svg,video,canvas{max-width:100%}"
)
_BRINGS_COLOURS: Final = re.compile(
    r"background|color\s*[:=]|<(?:script|style|svg|canvas|link)[\s>]", re.IGNORECASE
)
"""Markup with colours of its own was made for a white page."""


def frame(content: str, title: str, *, is_script: bool = False) -> str:
    """The frame of an output."""
    inner = content
    if is_script:
        code = re.sub(r"<(?=/script|!--)", r"\\x3C", content, flags=re.IGNORECASE)
        begin = 'const element=document.getElementById("element");'
        inner = f'<div id="element"></div><script>{{{begin}\n{code}\n}}</script>'
    is_light = is_script or _BRINGS_COLOURS.search(content) is not None
    scheme = "<style>:root{color-scheme:light}</style>" if is_light else ""
    text = (
        '<!doctype html><html><head><meta charset="utf-8"><base target="_blank">'
        f"<style>{_STYLE}</style>{scheme}</head><body>{inner}<script>{_INNER}</script></body></html>"
    )
    return (
        f'<div class="framed{" plated" if is_light else ""}"><iframe sandbox="allow-scripts" '
        f'referrerpolicy="no-referrer" title="{title}" srcdoc="{escape(text)}">'
        "</iframe></div>"
    )
