"""Parameters of a notebook: read from a command line, and written as code of its language.

As papermill has them: ``-p`` takes True, False, None and numbers for what they are and anything
else as text, ``-r`` all as text, ``-y`` YAML. A cell tagged ``injected-parameters`` gets them,
right behind the one that is tagged ``parameters``, or at the top.
"""

import json
import keyword
import math
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from foldbook.api import Cell, Notebook
from foldbook.errors import BadParameters

PARAMETERS: Final = "parameters"
INJECTED: Final = "injected-parameters"
"""Tags of cells, as papermill's."""

Values = Mapping[str, Any]

_NAME: Final = re.compile(r"[^\W\d]\w*")
_YAML_FILES: Final = (".yaml", ".yml", ".json")


class _Loader(yaml.SafeLoader):
    """YAML whose dates stay text: no language here has a way to write them down."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own form
        first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def typed(value: str) -> Any:
    """The value of a ``-p``."""
    constants = {"True": True, "False": False, "None": None}
    if value in constants:
        return constants[value]
    for number in (int, float):
        try:
            return number(value)
        except ValueError:
            pass
    return value


def from_yaml(given: str) -> dict[str, Any]:
    """The parameters of a ``-y``: a file's name, or YAML itself. Raises `BadParameters`."""
    place, text = "the YAML", given
    if given.endswith(_YAML_FILES) or _is_file(given):
        place = given
        try:
            text = Path(given).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as why:
            raise BadParameters(f"{given} cannot be read: {why}") from None
    try:
        values = yaml.load(text, _Loader)
    except yaml.YAMLError as why:
        raise BadParameters(f"{place} is not YAML: {why}") from None
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise BadParameters(f"{place}: names with values expected, {json.dumps(text[:60])} came")
    return values


def _is_file(given: str) -> bool:
    try:
        return Path(given).is_file()
    except (OSError, ValueError):  # too long, or with characters that no name has
        return False


@dataclass(frozen=True, slots=True)
class Language:
    """How a language writes values. listed, mapped: opening and closing; none: it has none."""

    none: str
    true: str
    false: str
    quote: Callable[[str], str]
    number: Callable[[float], str]
    listed: tuple[str, str] | None = None
    mapped: tuple[str, str] | None = None
    pair: str = ": "
    comment: str = "#"
    assign: str = "{name} = {value}"

    def write(self, value: Any) -> str:
        """A value as an expression. Raises `TypeError` where the language has no such thing."""
        match value:
            case None:
                return self.none
            case bool():
                return self.true if value else self.false
            case int():
                return str(value)
            case float():
                return self.number(value)
            case str():
                return self.quote(value)
            case list() if self.listed:
                return ", ".join(map(self.write, value)).join(self.listed)
            case dict() if self.mapped:
                pairs = (
                    f"{self.key(key)}{self.pair}{self.write(each)}" for key, each in value.items()
                )
                return ", ".join(pairs).join(self.mapped)
            case _:
                raise TypeError(type(value).__name__)

    def key(self, key: Any) -> str:
        """The key of a mapping."""
        return self.write(key)


class _Texts(Language):
    """A language whose keys are always text."""

    __slots__ = ()

    def key(self, key: Any) -> str:
        """See `Language`."""
        return self.quote(str(key))


def _special(nan: str, infinite: str) -> Callable[[float], str]:
    """Writes numbers; those that are none under these names."""

    def write(value: float) -> str:
        if math.isfinite(value):
            return repr(value)
        return nan if math.isnan(value) else infinite if value > 0 else f"-{infinite}"

    return write


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_JAVASCRIPT: Final = _Texts(
    none="null",
    true="true",
    false="false",
    quote=_json,
    number=_special("NaN", "Infinity"),
    listed=("[", "]"),
    mapped=("{", "}"),
    comment="//",
    assign="var {name} = {value};",
)
_BASH: Final = Language(
    none="''",
    true="true",
    false="false",
    quote=shlex.quote,
    number=_special("nan", "inf"),
    assign="{name}={value}",
)
LANGUAGES: Final[Mapping[str, Language]] = {
    "python": Language(
        none="None",
        true="True",
        false="False",
        quote=repr,
        number=_special("float('nan')", "float('inf')"),
        listed=("[", "]"),
        mapped=("{", "}"),
    ),
    "r": _Texts(
        none="NULL",
        true="TRUE",
        false="FALSE",
        quote=_json,
        number=_special("NaN", "Inf"),
        listed=("list(", ")"),
        mapped=("list(", ")"),
        pair=" = ",
    ),
    "julia": Language(
        none="nothing",
        true="true",
        false="false",
        quote=lambda text: _json(text).replace("$", "\\$"),
        number=_special("NaN", "Inf"),
        listed=("[", "]"),
        mapped=("Dict(", ")"),
        pair=" => ",
    ),
    "javascript": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "bash": _BASH,
    "sh": _BASH,
    "zsh": _BASH,
}
"""By the name that a kernel gives its language, in small letters."""


def code(values: Values, language: str) -> str:
    """Assignments of these values. Raises `BadParameters`."""
    known = LANGUAGES.get(language.lower())
    if known is None:
        raise BadParameters(
            f"parameters can be written in {', '.join(LANGUAGES)}; this kernel's language is "
            f"{language or 'not told'}"
        )
    return "\n".join([f"{known.comment} Parameters", *_lines(values, language, known)])


def _lines(values: Values, language: str, known: Language) -> Iterable[str]:
    for name, value in values.items():
        if not _NAME.fullmatch(name) or (language == "python" and keyword.iskeyword(name)):
            raise BadParameters(f"a parameter's name is that of a variable, {name!r} came")
        try:
            yield known.assign.format(name=name, value=known.write(value))
        except TypeError as why:
            raise BadParameters(f"{name}: {language} has no way to write a {why}") from None


def inject(notebook: Notebook, source: str) -> Cell:
    """Put a cell with this source where parameters belong; one that is there gets the source."""
    tagged = {tag: cell for cell in reversed(list(notebook.cells)) for tag in cell.tags}
    known = tagged.get(INJECTED)
    if known is not None:
        known.source = source
        return known
    behind = tagged.get(PARAMETERS)
    place = list(notebook.cells).index(behind) + 1 if behind else 0
    made = notebook.insert(place, source)
    made.set_metadata({"tags": [INJECTED]})
    return made
