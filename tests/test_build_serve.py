"""The static server: headers, tags, ports, and its end."""

import gzip
import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
from builder import manifest, paths, relay, serve
from builder.errors import BuildError


def _get(url: str, path: str = "", **headers: str) -> http.client.HTTPResponse:
    answer, _ = _fetch(url, path, **headers)
    return answer


def _fetch(url: str, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", f"/{path}", headers=headers)
    answer = connection.getresponse()
    return answer, answer.read()


def _json(url: str, path: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(_fetch(url, path)[1])
    return found


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


# -- compressed neighbours

PLAIN = b"<p>text</p>" * 50


@pytest.fixture
def packed_url(tmp_path: Path) -> Iterator[str]:
    """A server of one page that has both neighbours, one that has `.gz` only, one without."""
    for name, content in {
        "both.html": PLAIN,
        "both.html.br": brotli.compress(PLAIN),
        "both.html.gz": gzip.compress(PLAIN, mtime=0),
        "some.js": PLAIN,
        "some.js.gz": gzip.compress(PLAIN, mtime=0),
        "alone.css": PLAIN,
    }.items():
        (tmp_path / name).write_bytes(content)
    with serve.running(tmp_path) as url:
        yield url


def _ask(
    url: str, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    # http.client sends "Accept-Encoding: identity" of its own accord otherwise.
    connection.putrequest(method, f"/{path}", skip_accept_encoding=True)
    for name, value in named.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer, answer.read()


@pytest.mark.parametrize(
    ("wish", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip;q=0.5", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("BR ; Q=0.000 , GZip ; q=0.001", "gzip"),
        ("*", "br"),
        ("br;q=0, *;q=0.3", "gzip"),
        ("gzip;q=0.2, identity", None),
        ("gzip;q=0", None),
        ("gzip;q=much", None),
        ("deflate", None),
        ("", None),
    ],
)
def test_the_coding_that_the_client_likes_best_is_sent(
    packed_url: str, wish: str, coding: str | None
) -> None:
    answer, body = _ask(packed_url, "both.html", Accept_Encoding=wish)
    assert answer.headers["Content-Encoding"] == coding
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(body)
    assert _unpacked(coding, body) == PLAIN


def _unpacked(coding: str | None, body: bytes) -> bytes:
    match coding:
        case "br":
            return bytes(brotli.decompress(body))
        case "gzip":
            return gzip.decompress(body)
        case _:
            return body


def test_who_names_no_coding_or_wants_a_part_gets_the_file_itself(packed_url: str) -> None:
    for headers in ({}, {"Accept_Encoding": "br, gzip", "Range": "bytes=0-9"}):
        answer, body = _ask(packed_url, "both.html", **headers)
        assert (answer.status, answer.headers["Content-Encoding"], body) == (200, None, PLAIN)
        assert answer.headers["Vary"] == "Accept-Encoding"


def test_what_has_one_neighbour_or_none_is_sent_as_it_can_be(packed_url: str) -> None:
    some, body = _ask(packed_url, "some.js", Accept_Encoding="br, gzip;q=0.5")
    assert (some.headers["Content-Encoding"], gzip.decompress(body)) == ("gzip", PLAIN)
    alone, body = _ask(packed_url, "alone.css", Accept_Encoding="br, gzip")
    assert (alone.headers["Content-Encoding"], alone.headers["Vary"], body) == (None, None, PLAIN)


def test_each_coding_has_its_own_tag_and_is_not_sent_twice(packed_url: str) -> None:
    wishes = ("br", "gzip", "identity")
    tags = [_ask(packed_url, "both.html", Accept_Encoding=w)[0].headers["ETag"] for w in wishes]
    assert len(set(tags)) == 3
    for wish, tag in zip(wishes, tags, strict=True):
        known = {"If_None_Match": f'"other", {tag}'}
        again, body = _ask(packed_url, "both.html", Accept_Encoding=wish, **known)
        assert (again.status, body, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Vary"] == "Accept-Encoding"
    other, _ = _ask(packed_url, "both.html", Accept_Encoding="gzip", If_None_Match=tags[0])
    assert other.status == 200


def test_a_head_request_tells_the_same_and_sends_nothing(packed_url: str) -> None:
    wish = {"Accept_Encoding": "br"}
    full, body = _ask(packed_url, "both.html", **wish)
    head, nothing = _ask(packed_url, "both.html", "HEAD", **wish)
    names = ("Content-Encoding", "Content-Length", "Content-Type", "ETag", "Vary", "Cache-Control")
    assert [head.headers[name] for name in names] == [full.headers[name] for name in names]
    assert (len(body), nothing) == (int(head.headers["Content-Length"]), b"")


def test_a_neighbour_asked_for_by_name_is_an_archive(packed_url: str) -> None:
    answer, body = _ask(packed_url, "both.html.gz", Accept_Encoding="br, gzip")
    assert answer.headers["Content-Type"] == "application/gzip"
    assert (answer.headers["Content-Encoding"], gzip.decompress(body)) == (None, PLAIN)


def test_the_built_page_travels_compressed(dist: Path, site_url: str) -> None:
    plain = (dist / manifest.NAME).read_bytes()
    answer, body = _ask(site_url, manifest.NAME, Accept_Encoding="gzip, deflate, br, zstd")
    assert (answer.headers["Content-Encoding"], brotli.decompress(body)) == ("br", plain)


# -- what a browser may keep


@pytest.mark.parametrize(
    ("path", "is_kept"),
    [
        ("chunks/notebook-NEPST67K.js", True),
        ("snapshots/runtime.0123456789abcdef.bin", True),
        ("snapshots/runtime.0123456789abcdef.bin.gz", True),
        ("snapshots/runtime.bin", False),
        ("chunks/notebook.js", False),
        ("notebook-NEPST67K.js", False),
        ("index.html", False),
    ],
)
def test_only_what_is_named_by_its_content_is_kept_unasked(
    tmp_path: Path, path: str, is_kept: bool
) -> None:
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_bytes(PLAIN)
    keep, ask = "public, max-age=31536000, immutable", "no-cache"
    with serve.running(tmp_path) as url:
        first = _get(url, path)
        again = _get(url, path, **{"If-None-Match": first.headers["ETag"]})
        assert again.status == 304
        wanted = keep if is_kept else ask
        assert [one.headers["Cache-Control"] for one in (first, again)] == [wanted, wanted]


def test_what_is_absent_is_asked_for_again_also_after_a_file_that_is_kept(tmp_path: Path) -> None:
    (tmp_path / "chunks").mkdir()
    (tmp_path / "chunks" / "a-ABCDEFGH.js").write_bytes(PLAIN)
    with serve.running(tmp_path) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        kept = []
        for path in ("/chunks/a-ABCDEFGH.js", "/chunks/b-ABCDEFGH.js"):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            kept.append("immutable" in answer.headers["Cache-Control"])
    assert kept == [True, False]


def test_every_chunk_of_the_built_page_is_kept(dist: Path, site_url: str) -> None:
    chunks = sorted(path.name for path in (dist / "chunks").glob("*.js"))
    assert chunks
    for name in chunks:
        assert "immutable" in _get(site_url, f"chunks/{name}").headers["Cache-Control"]


# -- connections and ports


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
        try:
            told = next(line for line in process.stdout if "Foldbook is at http://" in line)
            (url,) = [word for word in told.split() if word.startswith("http://")]
            assert _get(url, "manifest.json").status == 200
            [relay_at] = _json(url, "relay.json").values()
            assert _json(relay_at, "health") == {"ok": True}
        except BaseException:
            process.kill()  # else it is waited for, for ever
            raise
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert (process.returncode, rest.strip()) == (0, "ended")


def test_a_relay_runs_beside_the_page_where_one_is_asked_for(tmp_path: Path) -> None:
    with serve.running_with_relay(tmp_path) as (url, relay_at):
        kind = _get(url, "relay.json").headers["Content-Type"]
        assert kind == "application/json; charset=utf-8"
        assert _json(url, "relay.json") == {"relay": relay_at}
        assert _json(relay_at, "health") == {"ok": True}
    with serve.running(tmp_path) as url:
        assert _get(url, "relay.json").status == 404


def test_the_page_is_served_where_the_relay_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "venv_program", lambda name: tmp_path / name)
    with relay.running(tmp_path) as relay_at:
        assert relay_at is None
    assert "the relay does not start" in capsys.readouterr().out
