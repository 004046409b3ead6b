"""Completions by IPython's own completer, with their types where they can be known cheaply.

jedi stays off: it blocks for a second on first use, and the runtime's thread runs the cells.
"""

import builtins
import inspect
import keyword
import re
from collections.abc import Mapping
from typing import Any, Final

from IPython.core.completer import (
    Completion,
    IPCompleter,
    provisionalcompleter,
    rectify_completions,
)

from foldbook.executor import Completions

LIMIT: Final = 500
"""Matches handed over, at most."""
_VAGUE: Final = frozenset({"", "<unknown>", "unknown", "variable", "attribute"})
_OWNER: Final = re.compile(r"(?P<name>(?:[^\W\d]\w*\.)+)$")


def complete(
    completer: IPCompleter, namespace: Mapping[str, Any], source: str, position: int
) -> Completions:
    """What could stand at ``position`` (code points) of ``source``."""
    with provisionalcompleter():
        found = list(completer.completions(source, position))
        found = list(rectify_completions(source, _distinct(found)))[:LIMIT]
    if not found:
        return Completions([], position, position)
    start, end = found[0].start, found[0].end
    # The completer answers "np.li" with ".linspace" in place of ".li".
    dot = 1 if source[start : start + 1] == "." else 0
    matches = [each.text[dot:] for each in found]
    owner = _OWNER.search(source[: start + dot])
    prefix = owner["name"] if owner else ""
    types = [
        _type(each, prefix + match, namespace) for each, match in zip(found, matches, strict=True)
    ]
    return Completions(matches, start + dot, end, types)


def _distinct(found: list[Completion]) -> list[Completion]:
    seen: dict[tuple[str, int, int], Completion] = {}
    for each in found:
        seen.setdefault((each.text, each.start, each.end), each)
    return list(seen.values())


def _type(completion: Completion, name: str, namespace: Mapping[str, Any]) -> str:
    known = completion.type or ""
    if known not in _VAGUE:
        return known
    text = completion.text
    if text.startswith("%"):
        return "magic"
    if keyword.iskeyword(text):
        return "keyword"
    if text.endswith("="):
        return "param"
    return _type_of_name(name.removesuffix("("), namespace) or known.strip("<>")


def _type_of_name(dotted: str, namespace: Mapping[str, Any]) -> str:
    """The type of what a dotted name stands for, found without running anybody's code."""
    first, *rest = dotted.split(".")
    if not first.isidentifier():
        return ""
    if first in namespace:
        value = namespace[first]
    elif hasattr(builtins, first):
        value = getattr(builtins, first)
    else:
        return ""
    for name in rest:
        try:
            value = inspect.getattr_static(value, name)
        except AttributeError:
            return ""
    return _type_of(value)


def _type_of(value: object) -> str:
    if inspect.ismodule(value):
        return "module"
    if inspect.isclass(value):
        return "class"
    if isinstance(value, property) or inspect.isdatadescriptor(value):
        return "property"
    if callable(value) or isinstance(value, (staticmethod, classmethod)):
        return "function"
    return "instance"
