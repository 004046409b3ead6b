"""What stands behind the mark of a cell: title, type, metadata."""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Values = dict[str, Any]

KEY: Final = re.compile(r"[a-zA-Z0-9_.-]+")
"""What jupytext takes for a key of metadata."""
STRANGE: Final = "incorrectly_encoded_metadata"
"""jupytext's key for what could not be read, as it stands."""

_PAIR: Final = re.compile(rf"\s*({KEY.pattern})(\s*=\s*)?")
_NEXT: Final = re.compile(rf"\s+{KEY.pattern}\s*=|\s*$")
_TYPES: Final = {"[markdown]": "markdown", "[md]": "markdown", "[raw]": "raw"}
_UNKEPT: Final = frozenset(
    "autoscroll collapsed scrolled trusted execution ExecuteTime skipline noskipline cell_marker "
    "lines_to_next_cell lines_to_end_of_cell_marker".split()
)
"""What is no part of the text: how a screen shows the cell, and how the text was laid out."""


@dataclass(slots=True)
class Options:
    """type: None for code. depth: percent signs beyond two, of a cell within a cell."""

    type: str | None = None
    title: str = ""
    depth: int = 0
    metadata: Values = field(default_factory=dict)

    def write(self) -> str:
        """The whole mark, as of a cell that is not indented."""
        words = [f"%%{'%' * self.depth}"]
        metadata = self.metadata
        if _can_be_title(self.title):
            words.append(self.title)
        elif self.title:
            metadata = {"title": self.title, **metadata}
        if self.type is not None:
            words.append(f"[{self.type}]")
        words += [_pair(key, value) for key, value in metadata.items()]
        is_bare = self.depth > 0 and len(words) == 1  # more signs alone would be no mark
        return f"# {' '.join(words)}{' ' * is_bare}"


def kept(metadata: Mapping[str, Any]) -> tuple[Values, list[str]]:
    """The metadata of a cell that belongs into a script, and the keys that cannot stand there."""
    wanted = {
        key: value
        for key, value in metadata.items()
        if key not in _UNKEPT and not (key == "tags" and not value)
    }
    strange = [key for key in wanted if not KEY.fullmatch(key)]
    return {key: value for key, value in wanted.items() if key not in strange}, strange


def parse(text: str) -> Options:
    """What stands behind the two percent signs; nothing is too strange to be read."""
    found = Options(depth=len(text) - len(text.lstrip("%")))
    text = text[found.depth :].strip()
    brace, sign = text.find("{"), text.find("=")
    if brace >= 0 and (sign < 0 or brace < sign):
        title, found.metadata = text[:brace].strip(), _json(text[brace:])
    else:
        title = _title(text, sign)
        found.metadata = _pairs(text[len(title) :])
    for word, cell_type in _TYPES.items():
        if word in title:
            title, found.type = title.replace(word, "").strip(), cell_type
            break
    found.title = title.strip()
    return found


def is_active(where: str, metadata: Mapping[str, Any], otherwise: bool = True) -> bool:
    """Whether the cell's code is to be run there: "py", "ipynb". In jupytext's words."""
    control, tags, active = (metadata.get(key) for key in ("run_control", "tags", "active"))
    if isinstance(control, dict) and control.get("frozen") is True:
        return where == "ipynb"
    for tag in _texts(tags):
        if tag.startswith("active-"):
            return where in tag.split("-")
    return where in re.split(r"[.,]", active) if isinstance(active, str) else otherwise


def has_active_tag(metadata: Mapping[str, Any]) -> bool:
    """Whether a tag says where the cell's code is to be run."""
    return any(tag.startswith("active-") for tag in _texts(metadata.get("tags")))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Iterable) and not isinstance(value, str):
        yield from (each for each in value if isinstance(each, str))


def _can_be_title(title: str) -> bool:
    return bool(title) and not re.search(
        r"[{=\n\r]|\[(markdown|md|raw)\]|^[%\s]|\s$|(^| )\.", title
    )


def _pair(key: str, value: object) -> str:
    if key == STRANGE and isinstance(value, str):
        return value
    return f"{key}={json.dumps(value)}"


def _title(text: str, sign: int) -> str:
    """The words before the first key."""
    words = (text if sign < 0 else text[:sign].rstrip()).split(" ")
    if sign >= 0:
        words.pop()
    while words and (not words[-1] or words[-1].startswith(".")):
        words.pop()
    return " ".join(words)


def _pairs(text: str) -> Values:
    found: Values = {}
    at = 0
    while text[at:].strip():
        pair = _PAIR.match(text, at)
        if pair is None:
            return found | {STRANGE: text[at:].strip()}
        key, sign = pair.groups()
        if sign is None:
            found[key], at = None, pair.end()
            continue
        try:
            found[key], at = _value(text, pair.end())
        except ValueError:
            return found | {STRANGE: text[at:].strip()}
    return found


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value that begins here, in JSON or in Python's words, and where it ends."""
    try:
        value, end = json.JSONDecoder().raw_decode(text, at)
    except (ValueError, RecursionError):
        pass
    else:
        if not text[end : end + 1].strip():
            return value, end
    for end in (each.start() for each in _NEXT.finditer(text, at)):
        try:
            return _literal(text[at:end]), end
        except ValueError:
            continue
    raise ValueError(text)


def _literal(text: str) -> Any:
    try:
        return json.loads(json.dumps(ast.literal_eval(text.strip())))
    except (SyntaxError, TypeError, RecursionError, MemoryError) as why:
        raise ValueError(text) from why


def _json(text: str) -> Values:
    for read in (json.loads, _literal):
        try:
            found = read(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return {str(key): value for key, value in found.items()}
    return {STRANGE: text}
