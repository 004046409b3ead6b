"""Text of a terminal as HTML: colours by class, what was overwritten left out."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

_SEQUENCE: Final = re.compile(r"\x1b\[([0-9;:]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
_COLOURS: Final = "black red green yellow blue magenta cyan white".split()
_STYLES: Final = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 9: "strike"}
_ENDS: Final = {22: {"bold", "dim"}, 23: {"italic"}, 24: {"underline"}, 29: {"strike"}}


def to_html(text: str) -> str:
    """The text with its colours."""
    return "".join(_pieces("\n".join(map(_last, text.replace("\r\n", "\n").split("\n")))))


def _last(line: str) -> str:
    """What is seen of a line that was written over."""
    parts = [part for part in line.split("\r") if part]
    return parts[-1] if parts else ""


def _pieces(text: str) -> Iterator[str]:
    style: dict[str, str] = {}
    at = 0
    for found in _SEQUENCE.finditer(text):
        yield _span(text[at : found.start()], style)
        at = found.end()
        if found[2] == "m":
            _change(style, found[1])
    yield _span(text[at:], style)


def _span(text: str, style: dict[str, str]) -> str:
    shown = escape(text, quote=False).replace("\b", "")
    if not shown or not style:
        return shown
    rgb = style.get("fg", "") if style.get("fg", "").startswith("rgb(") else ""
    names = [f"ansi-{each}" for each in style if each not in ("fg", "bg")]
    names += [f"ansi-{side}-{style[side]}" for side in ("fg", "bg") if style.get(side) in _COLOURS]
    names += ["ansi-rgb"] if rgb else []
    told = f' style="--rgb:{rgb}"' if rgb else ""
    return f'<span class="{" ".join(names)}"{told}>{shown}</span>'


def _change(style: dict[str, str], codes: str) -> None:
    numbers = [int(each) if each else 0 for each in re.split("[;:]", codes)]
    while numbers:
        number = numbers.pop(0)
        if number == 0:
            style.clear()
        elif number in _STYLES:
            style[_STYLES[number]] = ""
        elif number in _ENDS:
            for name in _ENDS[number]:
                style.pop(name, None)
        elif number in (38, 48):
            colour, numbers = _extended(numbers)
            style["fg" if number == 38 else "bg"] = colour
        elif number in (39, 49):
            style.pop("fg" if number == 39 else "bg", None)
        elif number // 10 in (3, 4, 9, 10) and number % 10 < 8:
            style["fg" if number // 10 in (3, 9) else "bg"] = _COLOURS[number % 10]


def _extended(numbers: list[int]) -> tuple[str, list[int]]:
    """A colour of 256 or of all, and what follows it."""
    if numbers[:1] == [5] and len(numbers) > 1:
        index = min(255, numbers[1])
        if index < 16:
            return _COLOURS[index % 8], numbers[2:]
        if index > 231:
            level = 8 + 10 * (index - 232)
            return f"rgb({level} {level} {level})", numbers[2:]
        steps = (0, 95, 135, 175, 215, 255)
        red, green, blue = (steps[(index - 16) // part % 6] for part in (36, 6, 1))
        return f"rgb({red} {green} {blue})", numbers[2:]
    if numbers[:1] == [2] and len(numbers) > 3:
        red, green, blue = (min(255, each) for each in numbers[1:4])
        return f"rgb({red} {green} {blue})", numbers[4:]
    return "", []
