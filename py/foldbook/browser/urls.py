"""``urllib`` over the browser's fetch, and words for what a browser does not let through.

`requests` and `urllib3` have their own way over fetch; theirs are only the words.
"""

import email.message
import io
import re
import urllib.error
import urllib.parse
import urllib.request
import urllib.response
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_NO_ANSWER: Final = re.compile(r"Failed to fetch|NetworkError|Network error|Load failed")
"""What browsers say: Chromium, Firefox, Pyodide, WebKit."""
_ITS_OWN: Final = frozenset(
    "host content-length user-agent connection accept-encoding transfer-encoding".split()
)
"""Headers that a browser sets by itself; a server that is asked with others may refuse."""
_UNPACKED: Final = {"content-encoding", "content-length"}
"""Headers of what has been unpacked on its way."""
_LOCAL: Final = {"localhost", "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Question:
    """A request as fetch takes it. timeout: in seconds, if any."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: url is the last one, behind all redirections."""

    status: int
    reason: str
    url: str
    headers: Mapping[str, str]
    body: bytes


Ask = Callable[[Question], Answer]
"""Raises `OSError` where there is no answer."""


def open_by(ask: Ask) -> None:
    """From now on ``urllib.request`` asks this for all that begins with http: or https:."""

    def open_(_handler: object, request: urllib.request.Request) -> Any:
        return _opened(ask, request)

    for handler in _handlers():
        for name in ("http_open", "https_open"):
            setattr(handler, name, open_)


def _handlers() -> Iterator[type]:
    yield urllib.request.HTTPHandler
    secure = getattr(urllib.request, "HTTPSHandler", None)  # not without ssl
    if secure is not None:
        yield secure


def _opened(ask: Ask, request: urllib.request.Request) -> Any:
    question = question_of(request)
    try:
        answer = ask(question)
    except TimeoutError:
        raise urllib.error.URLError(TimeoutError("timed out")) from None
    except OSError as why:
        words = f"{why}. {barred_words(question.url)}" if is_barred(why) else str(why)
        raise urllib.error.URLError(words) from None
    headers = email.message.Message()
    for name, value in answer.headers.items():
        if name.lower() not in _UNPACKED:
            headers[name] = value
    response = urllib.response.addinfourl(
        io.BytesIO(answer.body), headers, answer.url, answer.status
    )
    response.msg = answer.reason  # type: ignore[attr-defined]
    return response


def question_of(request: urllib.request.Request) -> Question:
    """What fetch is to ask."""
    headers = {
        name: value for name, value in request.header_items() if name.lower() not in _ITS_OWN
    }
    body = _bytes_of(request.data)
    if body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    timeout = request.timeout if isinstance(request.timeout, (int, float)) else None
    return Question(request.get_method(), request.full_url, headers, body, timeout)


def _bytes_of(data: Any) -> bytes | None:
    if data is None or isinstance(data, bytes):
        return data
    return bytes(data.read() if hasattr(data, "read") else b"".join(data))


def is_barred(error: BaseException) -> bool:
    """Whether a browser says by this error that it got no answer that code may read."""
    return _NO_ANSWER.search(str(error)) is not None


def advice(error: BaseException) -> str:
    """What else to say of an error that code raised; empty where it is not of this kind."""
    seen: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in seen:
        seen.append(step)
        if is_barred(step) and isinstance(step, urllib.error.URLError):
            return ""  # it says so itself
        step = step.__cause__ or step.__context__
    if not any(is_barred(each) for each in seen):
        return ""
    return barred_words(next((url for each in seen if (url := _url_of(each))), ""))


def _url_of(error: BaseException) -> str:
    url = getattr(getattr(error, "request", None), "url", None)
    return url if isinstance(url, str) else ""


def barred_words(url: str) -> str:
    """Why a browser may not have read this address, and what to do instead."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        return f"Code in a browser reads only https:// addresses; this is {url}."
    who = parts.hostname or "the server"
    return (
        f"Either {who} does not answer, or it does not let a page of another site read this (CORS:"
        " it would have to send Access-Control-Allow-Origin). Add the file to this notebook and"
        " read it by its name; or run this on a Python of your own, which nothing of this binds:"
        " Runtimes, Attach."
    )
