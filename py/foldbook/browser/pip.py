"""What people write behind ``%pip``, what of it is worth recording, words for what goes wrong."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

_ELSEWHERE: Final = "a Python of your own can install it: Runtimes, Attach, and there %pip install"
_NO_WHEEL: Final = re.compile(r"Can't find a pure Python 3 wheel for:? '?(?P<what>[^'\n]+)")
_NO_PACKAGE: Final = re.compile(r"Can't fetch metadata for '(?P<what>[^']+)'")
_NO_FILE: Final = re.compile(r"Can't fetch wheel from '(?P<what>[^']+)'")
_NO_NETWORK: Final = re.compile(r"Failed to fetch|NetworkError|Load failed")
_NAMED: Final = re.compile(r"\s*(?P<name>[\w.-]+)\s*(?P<extras>\[[^]]*\])?\s*(?:[<>=!~;].*)?")


def read_options(words: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """What pip's words mean to micropip: (requirements, keyword arguments). Raises `ValueError`."""
    requirements: list[str] = []
    options: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, _, value = word.partition("=")
        if word in ("-q", "--quiet", "-y", "--yes", "--user", "--no-cache-dir"):
            continue
        if word in ("-U", "--upgrade", "--force-reinstall"):
            options["reinstall"] = True
        elif word == "--pre":
            options["pre"] = True
        elif word == "--no-deps":
            options["deps"] = False
        elif name in ("-i", "--index-url", "--extra-index-url"):
            options.setdefault("index_urls", []).append(value or _value(name, rest))
        elif name in ("-r", "--requirement"):
            requirements += _requirements(value or _value(name, rest))
        elif word.startswith("-"):
            raise ValueError(f"%pip in the browser does not know the option {word}")
        else:
            requirements.append(word)
    return requirements, options


def lasting(
    requirements: Sequence[str],
    version: Callable[[str], str | None],
    is_pinned: Callable[[str], bool],
) -> tuple[str, ...]:
    """What to ask for to have the same again, another day and on another machine.

    version: of what is installed. is_pinned: whether the site itself says which version there is;
    it may be another one after an update. Files of this runtime are gone with it, and left out.
    """
    found: dict[str, None] = {}
    for requirement in requirements:
        if "://" in requirement:
            if requirement.startswith(("https://", "http://")):
                found[requirement] = None
            continue
        named = _NAMED.fullmatch(requirement)
        number = version(named["name"]) if named else None
        if named and number:
            name = named["name"] + (named["extras"] or "")
            found[name if is_pinned(named["name"]) else f"{name}=={number}"] = None
    return tuple(found)


def explained(why: Exception) -> str:
    """What micropip says, for people: what is missing, and what to do instead."""
    text = str(why)
    if found := _NO_WHEEL.search(text):
        what = found["what"].strip()
        return (
            f"{what} has no wheel for Python in the browser: it needs code that is compiled for"
            f" another machine, or there is no such version. But {_ELSEWHERE} {what}."
        )
    if found := _NO_PACKAGE.search(text):
        return f"the package index knows nothing of the name {found['what']}, or does not answer."
    if found := _NO_FILE.search(text):
        return (
            f"{found['what']} cannot be read: its server does not answer, or does not let a page"
            " of another site read it (CORS). Add the wheel to this notebook's files and install"
            f" it by its name; or {_ELSEWHERE} it."
        )
    if _NO_NETWORK.search(text):
        return "the package index does not answer. Is there a network?"
    return text


def _value(option: str, rest: list[str]) -> str:
    if not rest:
        raise ValueError(f"%pip: {option} needs a value")
    return rest.pop(0)


def _requirements(path: str) -> list[str]:
    lines = (line.split("#")[0].strip() for line in Path(path).read_text().splitlines())
    return [line for line in lines if line and not line.startswith("-")]
