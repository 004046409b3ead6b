"""The relay beside the served page: a child process that runs with the project's own Python."""

import contextlib
import os
import queue
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builder import paths
from builder.console import say

PORT = 8787
_NEXT_PORTS = 50
_START_SECONDS = 20
_END_SECONDS = 15
_TOLD = "Foldbook relay at "


@contextmanager
def running(data: Path, port: int | None = None) -> Iterator[str | None]:
    """Run a relay while the block runs; gives its address, or None where it does not start.

    It keeps its data in the folder `data`. Without `port` the usual one or the next free one:
    who was given the address of a room finds it there the next time, too.
    """
    process = _start(data, _free_port() if port is None else port)
    try:
        yield _address(process) if process else None
    finally:
        if process:
            _end(process)


def _start(data: Path, port: int) -> "subprocess.Popen[str] | None":
    settings = {"DATA": str(data), "HOST": "127.0.0.1", "PORT": str(port)}
    others = {
        name: value for name, value in os.environ.items() if not name.startswith("FOLDBOOK_RELAY_")
    }
    env = {
        **others,
        **{f"FOLDBOOK_RELAY_{name}": value for name, value in settings.items()},
        "PYTHONPATH": os.pathsep.join([str(paths.ROOT / "py"), str(paths.ROOT)]),
        "PYTHONUNBUFFERED": "1",
    }
    try:
        data.mkdir(parents=True, exist_ok=True)
        return subprocess.Popen(
            [paths.venv_program("python"), "-m", "sync_relay.main", "--until-eof"],
            cwd=paths.ROOT,
            env=env,
            stdin=subprocess.PIPE,  # it ends with us, however we end
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ctrl-C is for whoever started us; the relay is told to end after the page's server.
            start_new_session=True,
        )
    except OSError as failure:
        say(f"  the relay does not start: {failure}")
        return None


def _address(process: "subprocess.Popen[str]") -> str | None:
    """Where it listens, once it does; what it says otherwise is shown as it comes."""
    told: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(_TOLD):
                told.put(line.removeprefix(_TOLD).strip())
            else:
                say(f"  relay: {line.rstrip()}")
        told.put(None)

    threading.Thread(target=read, daemon=True).start()
    try:
        address = told.get(timeout=_START_SECONDS)
    except queue.Empty:
        address = None
    if address is None:
        say("  the relay did not start; notebooks cannot be shared from here")
    return address


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    for port in range(PORT, PORT + _NEXT_PORTS):
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(("127.0.0.1", port))
            return port
    return 0
