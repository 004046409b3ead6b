"""How the file looks: the page's colours (``site/tokens.css``) and what it does with outputs."""

from collections.abc import Mapping
from typing import Final

_COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "paper": ("#ffffff", "#101317"),
    "code": ("#f5f6f8", "#181c22"),
    "sunk": ("#e9ecef", "#242a31"),
    "line": ("#dee2e6", "#2b3138"),
    "edge": ("#838c97", "#6e7883"),
    "ink": ("#14181d", "#e4e8ec"),
    "ink2": ("#434a53", "#b6bec7"),
    "ink3": ("#5b636d", "#97a0ab"),
    "accent": ("#0f56a8", "#86baf5"),
    "accentbg": ("#e8f0fa", "#172a42"),
    "stale": ("#7f5200", "#e5b65f"),
    "stalebg": ("#fbf2dc", "#2c2411"),
    "err": ("#a9211a", "#ff9f94"),
    "errbg": ("#fcefed", "#321a19"),
    "ok": ("#1a6a40", "#82cfa0"),
    "okbg": ("#e6f4ea", "#15291f"),
    "plum": ("#7a4090", "#cf9be0"),
    "lagoon": ("#0a6c8a", "#63bedc"),
    "kw": ("#0f56a8", "#8fbff5"),
    "str": ("#1a6a40", "#8ccfa6"),
    "num": ("#8f4700", "#ebb07a"),
    "com": ("#5b636d", "#97a0ab"),
    "deco": ("#8a3a62", "#eba3c4"),
}
"""By token: in the light, in the dark."""

_ANSI: Final = {
    "fg-black": "color:var(--ink)",
    "fg-red": "color:var(--err)",
    "fg-green": "color:var(--ok)",
    "fg-yellow": "color:var(--stale)",
    "fg-blue": "color:var(--accent)",
    "fg-magenta": "color:var(--plum)",
    "fg-cyan": "color:var(--lagoon)",
    "fg-white": "color:var(--ink3)",
    "bg-red": "background:var(--errbg)",
    "bg-green": "background:var(--okbg)",
    "bg-yellow": "background:var(--stalebg)",
    "bg-blue": "background:var(--accentbg)",
    "bg-cyan": "background:var(--accentbg)",
    "bg-magenta": "background:var(--sunk)",
    "bg-white": "background:var(--sunk)",
    "bg-black": "background:var(--sunk)",
    "bold": "font-weight:600",
    "dim": "color:var(--ink3)",
    "italic": "font-style:italic",
    "underline": "text-decoration:underline",
    "strike": "text-decoration:line-through",
    "rgb": "color:light-dark(oklch(from var(--rgb) .45 c h),oklch(from var(--rgb) .82 c h))",
}

_TOKENS: Final = "".join(
    f"--{name}:light-dark({light},{dark});" for name, (light, dark) in _COLOURS.items()
)
_RULES: Final = """
*{box-sizing:border-box;margin:0}
body{font:400 .8125rem/1.25rem var(--ui);color:var(--ink);background:var(--paper)}
a{color:var(--accent)}
main{max-width:52.5rem;margin:0 auto;padding:1.5rem 1rem 4rem}
.doc-cell{position:relative;padding:.5rem 0 .5rem 3.5rem}
.doc-count{position:absolute;left:0;width:3rem;padding-top:.5625rem;text-align:right;
  font:400 .75rem/1.25rem var(--mono);color:var(--ink3)}
pre{font:400 .8125rem/1.25rem var(--mono);font-variant-ligatures:none;tab-size:4}
.doc-code{background:var(--code);border-radius:.25rem;padding:.5625rem 1rem;overflow-x:auto}
.doc-raw{color:var(--ink2);white-space:pre-wrap;padding:0 1rem}
.doc-folded>summary{font:400 .75rem/1.25rem var(--ui);color:var(--ink3);padding:.5rem 1rem 0}
.output{padding:.375rem 1rem 2px;position:relative}
.output pre.text{color:var(--ink2);overflow-x:auto;tab-size:8}
.output.stderr{border-left:1px solid var(--edge)}
.notice{font-size:.75rem;color:var(--ink3)}
.picture img,.md img{max-width:100%;height:auto}
.picture.plated img{--plate:light-dark(transparent,#fff);background:var(--plate);
  box-shadow:0 0 0 .375rem var(--plate);border-radius:2px;margin:.375rem 0}
.framed iframe{display:block;width:100%;height:20rem;border:0;resize:vertical;color-scheme:inherit}
.md{padding:0 1rem;max-width:42rem;font:400 1.0625rem/1.6875rem var(--prose);
  overflow-wrap:break-word}
.md :is(h1,h2,h3,h4,h5,h6){font-weight:600;text-wrap:balance;margin:1rem 0 .375rem}
.md h1{font-size:1.9375rem;line-height:2.375rem}
.md h2{font-size:1.375rem;line-height:1.875rem}
.md h3{font-size:1.125rem}
.md :where(p,ul,ol,dl,blockquote,pre,table,section){margin:0 0 .75rem}
.md blockquote{padding-left:.875rem;border-left:2px solid var(--line);color:var(--ink2)}
.md hr{border:0;border-top:1px solid var(--line);margin:1.25rem 0}
.md :not(pre)>code{font:400 .82em/1 var(--mono);background:var(--code);border-radius:3px;
  padding:1px .25rem}
.md pre{background:var(--code);border-radius:.25rem;padding:.5625rem 1rem;overflow-x:auto}
pre code{font:inherit}
.md table{display:block;overflow-x:auto;border-collapse:collapse;
  font:400 .8125rem/1.25rem var(--ui)}
.md :is(th,td){padding:3px 2rem 3px 0;text-align:left;border-bottom:1px solid var(--line)}
.md .task-list-item{list-style:none}
math{font-size:1.06em}
math[display=block]{margin:.75rem 0;overflow-x:auto;overflow-y:hidden}
@media(max-width:37.5rem){
main{padding:.75rem 0 2rem}
.doc-cell{padding-left:0}
.doc-count{position:static;width:auto;text-align:left;padding:0 1rem}
.doc-code{border-radius:0}
}
@media print{
:root{color-scheme:light}
main{max-width:none;padding:0}
.doc-code,.output pre.text{white-space:pre-wrap;overflow-wrap:anywhere}
.picture,tr{break-inside:avoid}
h1,h2,h3,h4,h5,h6{break-after:avoid}
}
"""

STYLE: Final = "".join(
    (
        ":root{color-scheme:light dark;--ui:system-ui,-apple-system,'Segoe UI',sans-serif;",
        "--prose:Charter,'Iowan Old Style',Georgia,serif;",
        "--mono:ui-monospace,'SF Mono','Cascadia Mono',Consolas,monospace;",
        _TOKENS,
        "}",
        _RULES,
        *(f".ansi-{name}{{{rule}}}" for name, rule in _ANSI.items()),
        *(f".tok-{name}{{color:var(--{name})}}" for name in ("kw", "str", "num", "com", "deco")),
        ".tok-com{font-style:italic}.tok-def{font-weight:600}",
    )
)
