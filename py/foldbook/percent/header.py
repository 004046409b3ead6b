"""The header of a script: what the notebook's metadata says of its kernel, in YAML.

Of YAML only what such headers have is read: mappings by indentation, lists, scalars, and values
in JSON. A header that is more than that is kept as it stands, and told.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from foldbook.errors import BadNotebookFile
from foldbook.percent.lines import comment, uncomment

Values = dict[str, Any]

JUPYTEXT: Final = "jupytext"
"""jupytext's own key in a notebook's metadata."""
FILTER: Final = "notebook_metadata_filter"
"""Its key for which metadata a header has; "-all": there is none."""
FORMAT: Final = {"extension": ".py", "format_name": "percent", "format_version": "1.3"}

_KEPT: Final = (JUPYTEXT, "kernelspec", "kernel_info", "org_babel", "orphan", "tocdepth")
_FENCE: Final = re.compile(r"---\s*")
_ENCODING: Final = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)")
_KEY: Final = re.compile(
    r"""(?P<indent>\ *)
    (?P<key> "(?:\\.|[^"\\])*" | '(?:\'\'|[^'])*' | [^\s'"\#:\[{-][^:]* )
    :(?:\ (?P<value>.*))?""",
    re.VERBOSE,
)
_PLAIN: Final = re.compile(r"[A-Za-z_/(][^:#'\"\x00-\x1f]*(?<! )|\.py")
_NUMBER: Final = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_WORDS: Final[Mapping[str, Any]] = {
    **dict.fromkeys("true True TRUE yes Yes YES on On ON".split(), True),
    **dict.fromkeys("false False FALSE no No NO off Off OFF".split(), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}


@dataclass(slots=True)
class Header:
    """What a script begins with. raw: what stands in the header beside the notebook's metadata,
    as the source of a raw cell. end: the number of lines that it takes."""

    metadata: Values = field(default_factory=dict)
    raw: str | None = None
    end: int = 0
    is_there: bool = False


def write(metadata: Mapping[str, Any], raw: str | None = None) -> list[str]:
    """The lines of a notebook's header; raw: the source of its first cell where that is `raw`."""
    told = {key: metadata[key] for key in _KEPT if metadata.get(key)}
    own = dict(told.get(JUPYTEXT, {})) if isinstance(told.get(JUPYTEXT), Mapping) else {}
    lines = [
        start + own.pop(key)
        for key, start in (("executable", "#!"), ("encoding", ""))
        if isinstance(own.get(key), str) and own[key].isprintable()
    ]
    inner = raw.strip().split("\n")[1:-1] if raw is not None else []
    if own.get(FILTER) != "-all":
        own["text_representation"] = FORMAT
        inner += ["jupyter:", *_yaml({**told, JUPYTEXT: own}, "  ")]
    if inner:
        lines += [comment(line) for line in ("---", *inner, "---")]
    return lines


def is_raw(source: str) -> bool:
    """Whether a raw cell is what a header has beside the notebook's metadata."""
    lines = source.strip().split("\n")
    return len(lines) > 1 and all(_FENCE.fullmatch(lines[i]) for i in (0, -1))


def read(lines: Sequence[str], name: str, notes: list[str]) -> Header:
    """What the script begins with. Raises `BadNotebookFile` for text that is not UTF-8."""
    found = Header()
    own: Values = {}
    if lines and lines[0].startswith("#!"):
        own["executable"] = lines[0][2:]
        found.end = 1
    coding = _ENCODING.match(lines[found.end]) if found.end < len(lines) else None
    if coding and not lines[found.end].startswith("# %%"):
        if coding[1].lower() not in ("utf-8", "utf8", "ascii", "us-ascii"):
            raise BadNotebookFile(
                f"{name}: text in UTF-8 expected, this is said to be {coding[1]}."
            )
        own["encoding"] = lines[found.end]
        found.end += 1
    _read_fenced(lines, found, f"{name}: the header", notes)
    if own:
        known = found.metadata.get(JUPYTEXT)
        found.metadata[JUPYTEXT] = {**(known if isinstance(known, dict) else {}), **own}
    return found


def _read_fenced(lines: Sequence[str], found: Header, place: str, notes: list[str]) -> None:
    start = found.end
    while start < len(lines) and not uncomment(lines[start]).strip() and lines[start]:
        start += 1
    if start >= len(lines) or not _is_fence(lines[start]):
        return
    end = next(
        (i for i in range(start + 1, len(lines)) if not lines[i].startswith("#")), len(lines)
    )
    end = next((i for i in range(start + 1, end) if _is_fence(lines[i])), -1)
    if end < 0:
        return
    inner = [uncomment(line) for line in lines[start + 1 : end]]
    own, rest = _parted(inner)
    found.is_there = bool(own)
    try:
        found.metadata = _mapping(own)
    except (ValueError, RecursionError) as why:
        notes.append(f"{place} is kept as text: {why}.")
        rest = inner
    if rest:
        found.raw = "\n".join(("---", *rest, "---"))
    found.end = end + 1
    if found.end < len(lines) and not lines[found.end].strip():
        found.end += 1


def _is_fence(line: str) -> bool:
    return line.startswith("#") and _FENCE.fullmatch(uncomment(line)) is not None


def _parted(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """What stands under ``jupyter:``, and the rest."""
    own: list[str] = []
    rest: list[str] = []
    is_own = False
    for line in lines:
        if re.fullmatch(r"jupyter\s*:\s*", line):
            is_own = True
            continue
        if line and not line[0].isspace():
            is_own = False
        (own if is_own else rest).append(line)
    return own, rest


def _yaml(values: Mapping[str, Any], indent: str) -> list[str]:
    lines: list[str] = []
    for key in sorted(values):
        value = values[key]
        if isinstance(value, Mapping) and value:
            lines += [f"{indent}{_scalar(key)}:", *_yaml(value, indent + "  ")]
        else:
            lines.append(f"{indent}{_scalar(key)}: {_scalar(value)}")
    return lines


def _scalar(value: object) -> str:
    if not isinstance(value, str):
        return _json(value)
    if _PLAIN.fullmatch(value) and value.isprintable() and value not in _WORDS:
        return value
    if value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return _json(value)


def _json(value: object) -> str:
    """JSON that YAML understands too: it has no pairs of surrogates."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _mapping(lines: Sequence[str]) -> Values:
    """The mapping that these lines are. Raises `ValueError`, fit for people."""
    found: Values = {}
    left = [line.rstrip() for line in lines if line.strip()]
    while left:
        line = left.pop(0)
        key = _KEY.fullmatch(line)
        if key is None:
            raise ValueError(f"“{line.strip()[:60]}” is not understood")
        depth = len(key["indent"])
        inner = []
        while left and (
            _depth(left[0]) > depth or (_is_item(left[0]) and _depth(left[0]) == depth)
        ):
            inner.append(left.pop(0))
        found[str(_value(key["key"].strip()))] = _inner(key["value"] or "", inner)
    return found


def _inner(value: str, lines: list[str]) -> Any:
    value = value.strip()
    if value or not lines:
        return _value(" ".join((value, *(line.strip() for line in lines))))
    if not _is_item(lines[0]):
        return _mapping(lines)
    if all(_is_item(line) for line in lines):
        return [_value(line.strip()[1:].strip()) for line in lines]
    raise ValueError(f"the list at “{lines[0].strip()[:60]}” is not understood")


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_item(line: str) -> bool:
    return line.lstrip(" ").startswith("- ")


def _value(text: str) -> Any:
    """A scalar, or a value in JSON. Raises `ValueError`."""
    if text[:1] == "'" and text[-1:] == "'" and len(text) > 1:
        return text[1:-1].replace("''", "'")
    if text[:1] in ('"', "[", "{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError(f"“{text[:60]}” is not understood") from None
    if text[:1] in ("&", "*", "!", "|", ">", "%", "@", "`"):
        raise ValueError(f"“{text[:60]}” is not understood")
    text = re.sub(r" #.*$", "", text)
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        number = text.replace("_", "")
        return int(number) if re.fullmatch(r"[-+]?\d+", number) else float(number)
    return text
