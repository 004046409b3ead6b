"""The nginx of the README, for real: page and relay at one address, with TLS."""

import datetime
import ipaddress
import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from builder import paths
from builder import relay as relays
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from shared import BEGIN, Someone, alike, until
from stories import story

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin") or ""

pytestmark = pytest.mark.skipif(not NGINX, reason="no nginx on the PATH")


def certificate(folder: Path) -> Path:
    """A certificate for loopback that nobody but these tests trusts; its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Foldbook tests")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    path = folder / "cert.pem"
    path.write_bytes(made.public_bytes(pem))
    return path


def settings(folder: Path, port: int, relay: str) -> str:
    """The README's, for other places than it names."""
    text = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    block = re.sub(r"/etc/letsencrypt/\S+fullchain.pem", str(folder / "cert.pem"), block)
    block = re.sub(r"/etc/letsencrypt/\S+privkey.pem", str(folder / "key.pem"), block)
    block = block.replace("/srv/foldbook/dist", str(folder / "dist"))
    block = block.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    block = block.replace("http://127.0.0.1:8787/", f"{relay}/")
    block = block.replace("include mime.types", "include /etc/nginx/mime.types")
    brotli = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")
    load = f"load_module {brotli};" if brotli.exists() else ""
    block = block if load else block.replace("brotli_static on;", "")
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"{load} daemon off; pid {folder}/pid; error_log {folder}/error.log; user root;"
        f"events {{}} http {{ {temporary} access_log {folder}/access.log; {block} }}"
    )


@pytest.fixture
def hosted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a small site, and of a relay below it, that nginx answers for."""
    site = tmp_path / "dist"
    (site / "chunks").mkdir(parents=True)
    (site / "index.html").write_text("<!doctype html><title>page</title>")
    (site / "chunks" / "home-0123ABCD.js").write_text("export {};")
    (site / "lib.mjs").write_text("export {};")
    tmp_path.chmod(0o755)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with relays.running(tmp_path / "relay", 0) as relay:
        assert relay is not None
        config = tmp_path / "nginx.conf"
        config.write_text(settings(tmp_path, port, relay), encoding="utf-8")
        process = subprocess.Popen([NGINX, "-c", config, "-e", tmp_path / "error.log"])
        try:
            wait_for(port, process)
            yield f"https://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Ask until somebody listens there: nginx does not say when it does."""
    for _ in range(100):
        assert process.poll() is None, "nginx does not take the README's settings"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("nginx does not listen")


def headers(url: str) -> dict[str, list[str]]:
    with urllib.request.urlopen(url, context=ssl.create_default_context()) as answer:
        return {name.lower(): answer.headers.get_all(name) for name in answer.headers}


def test_the_page_is_isolated_and_the_relay_says_itself_who_may_read(hosted: str) -> None:
    page = headers(f"{hosted}/")
    assert page["cross-origin-opener-policy"] == ["same-origin"]
    assert page["cross-origin-embedder-policy"] == ["require-corp"]
    assert page["cache-control"] == ["no-cache"]
    assert page["content-type"][0].startswith("text/html")
    assert "immutable" in headers(f"{hosted}/chunks/home-0123ABCD.js")["cache-control"][0]
    assert headers(f"{hosted}/lib.mjs")["content-type"][0].startswith("text/javascript")
    health = headers(f"{hosted}/relay/health")
    assert health["access-control-allow-origin"] == ["*"], "once, not twice"
    assert "cross-origin-embedder-policy" not in health


def test_a_notebook_is_shared_over_tls(hosted: str) -> None:
    share_at(f"{hosted}/relay")


@story
async def share_at(relay: str) -> None:
    """Two people, one notebook and a large file."""
    mara = Someone("Mara", BEGIN)
    await mara.open()
    await mara.share(relay)
    ines = Someone("Ines", {"do": "join", "link": await mara.link("edit")})
    await ines.open()
    await until(lambda: ines.peer.is_linked)
    ines.type(0, "sealed twice: ")
    digest = ines.peer.put_blob(b"x" * 2_000_000)
    await until(lambda: not [n for n in ines.store.load().meta if n.startswith("upload/")])
    await until(lambda: alike(mara, ines))
    assert mara.sources == ["sealed twice: first"]
    assert await mara.peer.get_blob(digest) == b"x" * 2_000_000
    for each in (mara, ines):
        await each.close()
