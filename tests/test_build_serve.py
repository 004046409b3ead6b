"""The static server: headers, tags, ports, and its end."""

import http.client
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from builder import paths, serve
from builder.errors import BuildError


def _get(url: str, path: str = "", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", f"/{path}", headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer


def test_the_served_page_is_isolated_and_open_to_opaque_frames(site_url: str) -> None:
    headers = _get(site_url, "pyodide/pyodide.mjs").headers
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_without_isolation_the_isolating_headers_are_missing(site_url_plain: str) -> None:
    headers = _get(site_url_plain, "manifest.json").headers
    assert "Cross-Origin-Opener-Policy" not in headers
    assert "Cross-Origin-Embedder-Policy" not in headers
    assert headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("pyodide/pyodide.mjs", "text/javascript; charset=utf-8"),
        ("pyodide/pyodide.asm.wasm", "application/wasm"),
        ("pyodide/pyodide-lock.json", "application/json; charset=utf-8"),
        ("pyodide/python_stdlib.zip", "application/zip"),
    ],
)
def test_files_are_sent_as_what_they_are(site_url: str, path: str, kind: str) -> None:
    assert _get(site_url, path).headers["Content-Type"] == kind


def test_an_unchanged_file_is_not_sent_twice(site_url: str) -> None:
    first = _get(site_url, "manifest.json")
    again = _get(site_url, "manifest.json", **{"If-None-Match": first.headers["ETag"]})
    assert (first.status, again.status) == (200, 304)
    assert first.headers["Cache-Control"] == "no-cache"


def test_a_changed_file_gets_another_tag(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("one")
    with serve.running(tmp_path) as url:
        first = _get(url, "page.html")
        (tmp_path / "page.html").write_text("other")
        again = _get(url, "page.html", **{"If-None-Match": first.headers["ETag"]})
    assert again.status == 200


def test_one_connection_carries_many_answers(site_url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(site_url).netloc, timeout=10)
    for path, status in (("/manifest.json", 200), ("/absent", 404), ("/manifest.json", 200)):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.version) == (status, 11)


@pytest.mark.parametrize("path", ["../pyproject.toml", "%2e%2e/pyproject.toml", "pyodide"])
def test_nothing_outside_and_no_folder_listing_is_served(site_url: str, path: str) -> None:
    assert _get(site_url, path).status == 404


def test_a_taken_port_is_refused_or_passed_over(tmp_path: Path) -> None:
    with serve.open_server(tmp_path) as taken:
        port = taken.server_address[1]
        with pytest.raises(BuildError, match=f"Port {port} .* is taken"):
            serve.open_server(tmp_path, port)
        with serve.open_server(tmp_path, port, strict=False) as other:
            assert other.server_address[1] > port


@pytest.mark.skipif(sys.platform == "win32", reason="a console event there, not a signal")
@pytest.mark.usefixtures("dist")
def test_serve_tells_its_address_and_ends_cleanly_at_ctrl_c() -> None:
    command = [sys.executable, "-u", paths.ROOT / "build.py", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = next(line for line in process.stdout if "http://" in line)
        (url,) = [word for word in told.split() if word.startswith("http://")]
        assert _get(url, "manifest.json").status == 200
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert (process.returncode, rest.strip()) == (0, "ended")
