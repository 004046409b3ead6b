"""Fetch, as Python calls it: it waits where the browser can wait, and blocks where it cannot.

What belongs to the browser is looked up when it is wanted: the build imports this in Node, and
keeps the memory.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable

from pyodide.ffi import JsException, can_run_sync, to_js

from foldbook.browser.urls import Answer, Ask, Question

Wait = Callable[[Awaitable[Answer]], Answer]


def asking(wait: Wait) -> Ask:
    """How `foldbook.browser.urls` asks. ``wait`` blocks the running cell; an interrupt ends it."""

    def ask(question: Question) -> Answer:
        return wait(_fetch(question)) if can_run_sync() else _block(question)

    return ask


async def _fetch(question: Question) -> Answer:
    http = importlib.import_module("pyodide.http")
    async with asyncio.timeout(question.timeout):
        came = await http.pyfetch(
            question.url,
            method=question.method,
            headers=dict(question.headers),
            body=None if question.body is None else to_js(question.body),
        )
        body = await came.bytes()
    return Answer(came.status, came.status_text, came.url, came.headers, body)


def _block(question: Question) -> Answer:
    """Without stack switching (WebKit): nothing else goes on meanwhile."""
    request = importlib.import_module("js").XMLHttpRequest.new()
    request.open(question.method, question.url, False)
    request.responseType = "arraybuffer"
    for name, value in question.headers.items():
        request.setRequestHeader(name, value)
    try:
        request.send(None if question.body is None else to_js(question.body))
    except JsException as why:
        raise OSError(f"Network error: {why}") from None
    lines = (line.partition(": ") for line in request.getAllResponseHeaders().splitlines())
    headers = {name: value for name, _, value in lines}
    body = request.response.to_bytes()
    return Answer(request.status, request.statusText, request.responseURL, headers, body)
