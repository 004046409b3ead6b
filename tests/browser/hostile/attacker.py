"""A server that is not the page's own, to see what reaches it: over http and over https."""

import contextlib
import datetime
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.browser.servers import HOST, running

PATIENCE = 120.0
"""Seconds that something which must arrive may take on a loaded machine."""
_PIXEL = b"<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'></svg>"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that arrived."""

    path: str
    cookie: str
    body: str


@dataclass(slots=True)
class Attacker:
    """Where the attacker's server is, and what it was asked for."""

    http: str = ""
    https: str = ""
    asked: list[Asked] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def note(self, asked: Asked) -> None:
        """A request has arrived."""
        with self._news:
            self.asked.append(asked)
            self._news.notify_all()

    def expect(self, path: str) -> Asked:
        """Wait for a request of this path."""
        with self._news:
            found = self._news.wait_for(lambda: self._find(path), PATIENCE)
        assert found, f"{path} expected, only {self.paths()} came"
        return found

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [each.path for each in self.asked]

    def _find(self, path: str) -> Asked | None:
        return next((each for each in self.asked if each.path == path), None)


@contextlib.contextmanager
def listening(folder: Path) -> Iterator[Attacker]:
    """Run the attacker's servers while the block runs; ``folder`` takes its certificate."""
    attacker = Attacker()
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(_certificate(folder))
    with _serving(attacker, None) as attacker.http, _serving(attacker, secure) as attacker.https:
        yield attacker


@contextlib.contextmanager
def _serving(attacker: Attacker, secure: ssl.SSLContext | None) -> Iterator[str]:
    class Listening(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size).decode(errors="replace")
            attacker.note(Asked(self.path, self.headers.get("Cookie") or "", body))
            self.send_response(200)
            self.send_header("Content-Type", "image/svg+xml")
            self.send_header("Content-Length", str(len(_PIXEL)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Cross-Origin-Resource-Policy", "cross-origin")
            self.end_headers()
            self.wfile.write(_PIXEL)

        do_POST = do_GET  # noqa: N815 - the name that the base class looks for

        def handle(self) -> None:
            with contextlib.suppress(OSError):  # a browser that leaves in the middle
                super().handle()

        def log_message(self, *_: object) -> None:
            """Tests print nothing of their own."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request: object, client_address: object) -> None:
            # The handshake is done here, in the connection's own thread.
            with contextlib.suppress(OSError):
                wrapped = secure.wrap_socket(request, server_side=True) if secure else request
                super().finish_request(wrapped, client_address)

    with running(Server((HOST, 0), Listening)) as place:
        yield f"{'https' if secure else 'http'}://{place}"


def _certificate(folder: Path) -> Path:
    """A file with a key and a certificate that nobody has reason to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "attacker.invalid")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "attacker.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
