"""``urllib`` over a browser's fetch, as code uses it; and what is said where a browser bars it."""

import urllib.error
import urllib.request
from typing import Any

import pytest
from foldbook.browser.urls import Answer, Question, advice, open_by


class Browser:
    """Answers what is asked, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.answer: Answer | OSError = Answer(200, "OK", "https://there.example/", {}, b"")

    def ask(self, question: Question) -> Answer:
        """As `foldbook.browser.urls.Ask`."""
        self.asked.append(question)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """One that all of this process's ``urllib`` asks."""
    handlers = [urllib.request.HTTPHandler]
    if secure := getattr(urllib.request, "HTTPSHandler", None):
        handlers.append(secure)
    for handler in handlers:
        for name in ("http_open", "https_open"):
            monkeypatch.setattr(handler, name, None, raising=False)
    monkeypatch.setattr(urllib.request, "_opener", None)
    made = Browser()
    open_by(made.ask)
    return made


def open_url(what: Any) -> Any:
    return urllib.request.urlopen(what)


def test_what_came_is_read_as_from_a_socket(browser: Browser) -> None:
    headers = {"content-type": "text/csv; charset=utf-8", "content-encoding": "gzip"}
    browser.answer = Answer(200, "OK", "https://there.example/b.csv", headers, b"a,b\n1,2\n")
    with open_url("https://there.example/a.csv") as response:
        assert response.read() == b"a,b\n1,2\n"
        assert response.status == 200
        assert response.url == "https://there.example/b.csv"
        assert response.headers.get_content_charset() == "utf-8"
        assert "content-encoding" not in response.headers, "it is unpacked already"
    [asked] = browser.asked
    assert (asked.method, asked.url) == ("GET", "https://there.example/a.csv")
    assert asked.headers == {}, "a header of our own makes a server refuse other pages"


def test_what_is_sent_goes_with_its_headers(browser: Browser) -> None:
    request = urllib.request.Request(
        "https://there.example/", data=b"{}", headers={"Content-Type": "application/json"}
    )
    open_url(request)
    open_url(urllib.request.Request("https://there.example/", data=[b"a=", b"1"], method="PUT"))
    first, second = browser.asked
    assert (first.method, first.body) == ("POST", b"{}")
    assert first.headers == {"Content-type": "application/json"}
    assert (second.method, second.body) == ("PUT", b"a=1")
    sent = {name.lower(): value for name, value in second.headers.items()}
    assert sent == {"content-type": "application/x-www-form-urlencoded"}


def test_a_status_that_is_an_error_raises_as_ever(browser: Browser) -> None:
    browser.answer = Answer(404, "Not Found", "https://there.example/", {}, b"gone")
    with pytest.raises(urllib.error.HTTPError, match="404: Not Found") as caught:
        open_url("https://there.example/")
    assert caught.value.read() == b"gone"


def test_what_a_browser_bars_is_explained_with_a_way_out(browser: Browser) -> None:
    browser.answer = OSError("Failed to fetch")
    with pytest.raises(urllib.error.URLError) as caught:
        open_url("https://there.example/a.csv")
    words = str(caught.value)
    assert "there.example does not answer" in words
    assert "Access-Control-Allow-Origin" in words
    assert "Runtimes, Attach" in words
    assert advice(caught.value) == "", "it says so itself"
    browser.answer = OSError("NetworkError when attempting to fetch resource.")
    with pytest.raises(urllib.error.URLError, match="reads only https:// addresses"):
        open_url("http://there.example/a.csv")


def test_a_timeout_is_one(browser: Browser) -> None:
    browser.answer = TimeoutError()
    with pytest.raises(urllib.error.URLError, match="timed out"):
        urllib.request.urlopen("https://there.example/", timeout=2)
    assert browser.asked[0].timeout == 2


def test_errors_of_other_libraries_are_explained_by_what_is_behind_them() -> None:
    class Request:
        url = "https://there.example/a"

    class Refused(Exception):
        request = Request()

    error = Refused("Connection aborted.")
    error.__cause__ = OSError("Failed to fetch")
    assert "Either there.example does not answer" in advice(error)
    assert advice(ValueError("no")) == ""
