"""Markdown with formulas as clean HTML."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import latex2mathml.converter
import mdurl
import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from foldbook.webpage.code import block

_PICTURE: Final = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=\s]+")
_HEADING: Final = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)
_TAGS: Final = nh3.ALLOWED_TAGS | {"input", "section", "details", "summary", "figure", "figcaption"}
_ATTRIBUTES: Final = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": {"id", "class", "align", "title", "dir", "lang"},
    "input": {"type", "checked", "disabled"},
    "img": {"src", "alt", "width", "height"},
    "details": {"open"},
}


def to_html(source: str, attachments: Mapping[str, Any] | None = None) -> str:
    """The HTML of a Markdown source. attachments: whole bundles, by name."""
    return _Prose(attachments or {}).render(source)


def formula(tex: str, is_display: bool) -> str:
    """A formula as MathML; its source where that has no way to say it."""
    wanted = re.sub(r"\\label\{[^}]*\}", "", tex)
    try:
        made: str = latex2mathml.converter.convert(
            wanted, display="block" if is_display else "inline"
        )
    except Exception:  # of many kinds: whatever it stumbles over is shown as it was written
        return f'<code class="math-problem">{escape(tex.strip(), quote=False)}</code>'
    return made


class _Prose:
    """One source. What is known to be harmless stands aside while the rest is cleaned."""

    def __init__(self, attachments: Mapping[str, Any]) -> None:
        self._attachments = attachments
        self._aside: list[str] = []
        md = MarkdownIt("commonmark").enable(["table", "strikethrough"])
        md.use(dollarmath_plugin, double_inline=True, allow_space=False)
        md.use(amsmath_plugin).use(footnote_plugin).use(tasklists_plugin)
        rules = {
            "math_inline": False,
            "math_inline_double": True,
            "math_block": True,
            "amsmath": True,
        }
        known: Any = md.renderer.rules  # type: ignore[attr-defined]
        known |= {name: self._math(is_display) for name, is_display in rules.items()}
        known |= {"fence": self._fence, "image": self._image}
        self._md = md

    def render(self, source: str) -> str:
        found = nh3.clean(
            self._md.render(source.replace("\x01", "")),
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            attribute_filter=_filtered,
            url_schemes={"http", "https", "mailto", "data"},
        )
        found = _HEADING.sub(_named, found)
        return re.sub("\x01(\\d+)\x01", lambda each: self._aside[int(each[1])], found)

    def _keep(self, html: str) -> str:
        self._aside.append(html)
        return f"\x01{len(self._aside) - 1}\x01"

    def _math(self, is_display: bool) -> Any:
        def rule(tokens: list[Token], index: int, _options: Any, _env: Any) -> str:
            made = self._keep(formula(tokens[index].content, is_display))
            return f"<p>{made}</p>\n" if tokens[index].block else made

        return rule

    def _fence(self, tokens: list[Token], index: int, _options: Any, _env: Any) -> str:
        language = (tokens[index].info.split(maxsplit=1) or [""])[0]
        return self._keep(f"<pre>{block(tokens[index].content, language)}</pre>\n")

    def _image(self, tokens: list[Token], index: int, _options: Any, _env: Any) -> str:
        token = tokens[index]
        source, words = str(token.attrs.get("src", "")), escape(token.content)
        if source.startswith("attachment:"):
            bundle = self._attachments.get(mdurl.decode(source.removeprefix("attachment:"), ""))
            source = _picture(bundle) if isinstance(bundle, Mapping) else ""
        if _PICTURE.fullmatch(source):
            return self._keep(f'<img src="{source}" alt="{words}">')
        if source.startswith(("http://", "https://")):  # it would tell its host who reads
            return f'<a href="{escape(source)}">{words or escape(source)}</a>'
        return f"<i>Picture “{words}” is not in this notebook</i>"


def _picture(bundle: Mapping[str, Any]) -> str:
    for mime, value in bundle.items():
        if mime.startswith("image/") and isinstance(value, str):
            return f"data:{mime};base64,{''.join(value.split())}"
    return ""


def _filtered(tag: str, name: str, value: str) -> str | None:
    if name == "src":
        return value if _PICTURE.fullmatch(value) else None
    if name == "href" and value.lower().startswith("data:"):
        return None
    return value


def _named(heading: "re.Match[str]") -> str:
    level, inner = heading.groups()
    words = re.sub(r"<[^>]*>|\x01\d+\x01", "", inner)
    return f'<h{level} id="{words.strip().replace(" ", "-")}">{inner}</h{level}>'
