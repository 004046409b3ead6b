"""Code with its colours: Pygments' tokens under the names that the page gives them."""

from collections.abc import Iterator
from html import escape
from typing import Final

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

_NAMES: Final[tuple[tuple[_TokenType, str], ...]] = (
    (Comment, "com"),
    (Keyword, "kw"),
    (Operator.Word, "kw"),
    (String, "str"),
    (Number, "num"),
    (Name.Decorator, "deco"),
    (Name.Function, "def"),
    (Name.Class, "def"),
)


def coloured(source: str, language: str) -> str:
    """The source as HTML; plain where the language is not known."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(source, quote=False)
    return "".join(_pieces(lexer.get_tokens(source)))


def block(source: str, language: str) -> str:
    """The source as HTML that tells its language, as a fence of Markdown does."""
    told = f' class="language-{escape(language)}"' if language else ""
    return f"<code{told}>{coloured(source, language)}</code>"


def _pieces(tokens: Iterator[tuple[_TokenType, str]]) -> Iterator[str]:
    for kind, text in tokens:
        shown = escape(text, quote=False)
        name = next((name for wanted, name in _NAMES if kind in wanted), None)
        yield shown if name is None else f'<span class="tok-{name}">{shown}</span>'
