"""The servers that are measured, each a process on one core with its data in a folder."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[2]
sys.path[:0] = [str(ROOT / ".build")]

from builder import crdts  # noqa: E402 - found through the path above

CORES: Final = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs. What it takes is not a number where the system does not tell."""

    address: str
    process: int

    def cpu_seconds(self) -> float:
        """Seconds of a core that it has taken since it started."""
        stat = Path(f"/proc/{self.process}/stat")
        if not stat.exists():
            return float("nan")
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MB of memory that it holds now."""
        status = Path(f"/proc/{self.process}/status")
        if not status.exists():
            return float("nan")
        [line] = [each for each in status.read_text().splitlines() if each.startswith("VmRSS:")]
        return int(line.split()[1]) / 1000


@dataclass(frozen=True, slots=True)
class Kind:
    """How a server is started. ``{port}`` and ``{data}`` in its command and environment are a
    free port and the folder for its data.
    """

    command: Sequence[str | Path]
    environment: Mapping[str, str]


def foldbook(*, unlimited: bool = False) -> Kind:
    """Our relay as it is; ``unlimited``: but for how much one connection may write."""
    settings = {
        "FOLDBOOK_RELAY_DATA": "{data}",
        "FOLDBOOK_RELAY_PORT": "{port}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "py"), str(ROOT)]),
    }
    more = {"FOLDBOOK_RELAY_RATE_KIB": str(64 * 1024)} if unlimited else {}
    return Kind([sys.executable, "-m", "sync_relay.main"], settings | more)


def y_websocket() -> Kind:
    """Yjs' own server, with the LevelDB that it offers; each update is written, and not synced."""
    folder = crdts.relays_folder()
    program = folder / "node_modules" / "@y" / "websocket-server" / "src" / "server.js"
    settings = {"HOST": "127.0.0.1", "PORT": "{port}", "YPERSISTENCE": "{data}/documents"}
    return Kind([crdts.relays_node(), program], settings)


def hocuspocus() -> Kind:
    """See ``hocuspocus.mjs``."""
    script = HERE / "hocuspocus.mjs"
    program = crdts.relays_folder(script) / script.name
    return Kind([crdts.relays_node(), program], {"PORT": "{port}", "DATA": "{data}"})


def pycrdt() -> Kind:
    """See ``pycrdt_server.py``."""
    return Kind([crdts.pycrdt_python(), HERE / "pycrdt_server.py", "{port}", "{data}"], {})


@contextmanager
def running(kind: Kind, data: Path | None = None) -> Iterator[Server]:
    """A server while the block runs; without ``data`` what it keeps is gone afterwards."""
    with ExitStack() as stack:
        scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True, dir=_disk())
        name = stack.enter_context(scratch)
        folder, port = data or Path(name), _free_port()
        told = {"port": str(port), "data": str(folder)}
        command = [str(each).format(**told) for each in kind.command]
        settings = {name: value.format(**told) for name, value in kind.environment.items()}
        said = stack.enter_context((folder / "said.txt").open("w+"))
        process = subprocess.Popen(
            [*_on_one_core(), *command], env={**os.environ, **settings}, stdout=said, stderr=said
        )
        try:
            if not _answers(port, process):
                said.seek(0)
                raise RuntimeError(f"a server did not start: {process.args!r}\n{said.read()}")
            yield Server(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _disk() -> Path | None:
    """A folder on a disk: temporary files may stand in memory only."""
    chosen = os.environ.get("FOLDBOOK_DISK")
    return Path(chosen) if chosen else None


def _on_one_core() -> list[str]:
    found = shutil.which("taskset")
    return [found, "-c", str(CORES[0])] if found and len(CORES) > 1 else []


@contextmanager
def beside() -> Iterator[None]:
    """The clients, which are this process, stay off the server's core."""
    if len(CORES) < 2:
        yield
        return
    os.sched_setaffinity(0, CORES[1:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, CORES)


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


def _answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    """Ask until somebody listens there: not every server says when it is ready."""
    limit = time.monotonic() + _SECONDS
    while time.monotonic() < limit and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False
