"""Whether a cell's outputs are those that were saved, as nbval judges it: what differs from run to
run, or between two versions of the same words, is taken out on both sides.

Taken out are metadata, colours, addresses, how fast something was, the bytes of figures, the frames
of tracebacks, and the order of what has none. Everything else has to be the same.
"""

import ast
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from outputs import text_of, value_of

Output = dict[str, Any]

_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_OBJECT: Final = re.compile(r"<([\w.]+) (?:object at 0x[0-9a-f]+|at 0x[0-9a-f]+|object)>")
_ADDRESS: Final = re.compile(r"\bat 0x[0-9a-f]+")
_FIGURE: Final = re.compile(r"<(?:matplotlib\.figure\.)?Figure (?:size .+|at 0x[0-9a-f]+)>")
_SPEEDS: Final = (
    re.compile(r"[\d,]+ loops?, best of \d+: \S+ \S+ per loop"),
    re.compile(
        r"\S+ \S+ ± \S+ \S+ per loop \(mean ± std\. dev\. of \d+ runs?, [\d,]+ loops? each\)"
    ),
    re.compile(r"CPU times: .*"),
    re.compile(r"Wall time: .*"),
)
_SLOWEST: Final = re.compile(r"The slowest run took .*\n(?: could mean .*\n)?")
_PLACE: Final = re.compile(r" \([^()]*, line \d+\)$")
_SHOWN: Final = 160
"""Characters of an output that a difference shows."""


def difference(wanted: Sequence[Output], found: Sequence[Output]) -> str | None:
    """What differs between saved outputs and those that came, in words; None: nothing."""
    ours, theirs = _plain(found), _plain(wanted)
    for place in range(max(len(ours), len(theirs))):
        saved = theirs[place] if place < len(theirs) else None
        came = ours[place] if place < len(ours) else None
        if not _are_alike(saved, came):
            return f"{_shown(saved)} was saved, {_shown(came)} came"
    return None


def _are_alike(saved: Output | None, came: Output | None) -> bool:
    if saved is None or came is None or saved.keys() != came.keys():
        return saved is came
    return all(_is_same_value(value, came[key]) for key, value in saved.items())


def _is_same_value(saved: Any, came: Any) -> bool:
    if saved == came or not (isinstance(saved, str) and isinstance(came, str)):
        return bool(saved == came)
    letters = [sorted("".join(each.split())) for each in (saved, came)]
    return letters[0] == letters[1] and _literal(saved) == _literal(came) is not None


def _literal(text: str) -> Any:
    """The value that a text stands for, in which sets and dictionaries have no order; None where
    it stands for none."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None


def _plain(outputs: Sequence[Output]) -> list[Output]:
    """Outputs without what may differ; of streams that follow each other there is one of a name,
    for how they are cut, and which of the two comes first, is chance."""
    made: list[Output] = []
    for is_stream, group in groupby(outputs, lambda each: each["output_type"] == "stream"):
        each_of = list(group)
        made += _streams(each_of) if is_stream else map(_plain_one, each_of)
    return made


def _streams(outputs: list[Output]) -> list[Output]:
    texts: dict[str, str] = {}
    for each in outputs:
        texts[each["name"]] = texts.get(each["name"], "") + text_of(each["text"])
    return [
        {"output_type": f"stream {name}", "text": _words(texts[name])} for name in sorted(texts)
    ]


def _plain_one(output: Output) -> Output:
    kind = output["output_type"]
    if kind == "error":
        evalue = _PLACE.sub("", _ANSI.sub("", output["evalue"]).strip())
        return {"output_type": kind, "text": _words(f"{output['ename']}: {evalue}")}
    data = output.get("data", {})
    is_figure = bool(_FIGURE.fullmatch(text_of(data.get("text/plain", ""))))
    made = {mime: _value(mime, value, is_figure) for mime, value in data.items()}
    return {"output_type": kind, **made}


def _value(mime: str, value: Any, is_figure: bool) -> Any:
    if mime.startswith("image/"):
        return "<an image>" if is_figure else value_of(mime, value)
    return value if mime.endswith("json") else _words(text_of(value))


def _words(text: str) -> str:
    text = _SLOWEST.sub("", _ANSI.sub("", text))
    for speed in _SPEEDS:
        text = speed.sub("<so fast>", text)
    return _ADDRESS.sub("at <address>", _OBJECT.sub(r"<\1>", _FIGURE.sub("<a figure>", text)))


def _shown(output: Output | None) -> str:
    if output is None:
        return "nothing"
    kind, *values = output.values()
    text = " ".join(str(each) for each in values)
    return f"{kind} {text[:_SHOWN]!r}{'…' if len(text) > _SHOWN else ''}"
