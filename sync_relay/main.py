"""`foldbook-relay`: the relay as a program of its own."""

import logging
import socket
import sys
import threading

import uvicorn
from foldbook.wire import FRAME_LIMIT
from starlette.types import ASGIApp

from sync_relay.app import make_app
from sync_relay.config import BadConfig, Config, from_environment
from sync_relay.hub import Hub
from sync_relay.shelf import Shelf
from sync_relay.sqlite import SqliteStore
from sync_relay.store import RelayStore

_UNSENT_SECONDS = 60  # after it the system drops a peer that takes no bytes at all


class Relay(uvicorn.Server):
    """The relay on a socket. Told to end, it first says goodbye to everybody."""

    def __init__(self, config: Config, store: RelayStore | None = None) -> None:
        self.address = ""
        self._settings = config
        config.data.mkdir(parents=True, exist_ok=True)
        shelf = Shelf(config.data / "files", config.limits.room)
        self.hub = Hub(store or SqliteStore(config.data / "relay.sqlite"), shelf, config.limits)
        super().__init__(_settings(self._app(shelf)))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        bound = _bind(self._settings)
        await super().startup([bound])
        host, port = bound.getsockname()[:2]
        self.address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        print(f"Foldbook relay at {self.address}", flush=True)

    async def on_tick(self, counter: int) -> bool:
        """See uvicorn. A relay that cannot write ends: whoever watches over it starts it anew."""
        return self.hub.broken or await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        for server in self.servers:
            server.close()
        await self.hub.drain()
        await super().shutdown(sockets)

    def _app(self, shelf: Shelf) -> ASGIApp:
        async def opening() -> None:
            await shelf.open()
            await self.hub.store.open()

        return make_app(self._settings, self.hub, opening=opening)


def main() -> None:
    """Run until SIGTERM or Ctrl-C, as the environment says (`sync_relay.config`).

    With ``--until-eof`` also until the standard input ends: so whoever starts it holds it.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        config = from_environment()
    except BadConfig as why:
        sys.exit(f"foldbook-relay: {why}")
    relay = Relay(config)
    if "--until-eof" in sys.argv[1:]:
        threading.Thread(target=_end_at_eof, args=(relay,), daemon=True).start()
    try:
        relay.run()
    except KeyboardInterrupt:
        pass  # it has said goodbye to everybody by now
    if relay.hub.broken:
        sys.exit(1)


def _end_at_eof(relay: Relay) -> None:
    sys.stdin.buffer.read()
    relay.should_exit = True


def _settings(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=FRAME_LIMIT,
        ws_per_message_deflate=False,  # what travels is sealed, and does not get smaller
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )


def _bind(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # With its protocol: asyncio sends small answers at once only where it is told that it is TCP.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNSENT_SECONDS * 1000)
    bound.bind((config.host, config.port))
    return bound


if __name__ == "__main__":
    main()
