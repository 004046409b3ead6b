"""The relay's addresses: rooms and their files over HTTP, their logs over WebSocket."""

import asyncio
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from foldbook.access import Admission, Link
from foldbook.row import RIGHTS, Kind, Role, Row, encode_segment
from foldbook.wire import identify, size_of
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from sync_relay.asked import Problem, body_of, creation, failure, json_of
from sync_relay.config import Config
from sync_relay.headers import Headers
from sync_relay.hub import Hub
from sync_relay.live import Live, now
from sync_relay.shelf import Kind as Files
from sync_relay.shelf import NoRoom, TooLarge
from sync_relay.store import RoomInfo, StoreFailed

SUBPROTOCOL: Final = "foldbook.v1"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_ROWS_BYTES: Final = 1024 * 1024  # of rows in one answer, give or take a message


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for something of a room."""

    live: Live
    role: Role


class Pages:
    """Answers requests."""

    def __init__(self, config: Config, hub: Hub) -> None:
        self._config = config
        self._hub = hub

    def routes(self) -> list[Route | WebSocketRoute]:
        """Every address that there is."""
        room = "/rooms/{room}"
        segment = room + "/segments/{first:int}-{last:int}"
        snapshot = room + "/snapshots/{seq:int}"
        blob = room + "/blobs/{name}"
        return [
            Route("/health", self.health, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
            Route("/rooms", self.create, methods=["POST"]),
            Route(room, self.room, methods=["GET"]),
            Route(room + "/open", self.open, methods=["POST"]),
            Route(room + "/rows", self.rows, methods=["GET"]),
            Route(segment, self.put_segment, methods=["PUT"]),
            Route(segment, self.get_segment, methods=["GET"]),
            Route(snapshot, self.put_snapshot, methods=["PUT"]),
            Route(snapshot, self.get_snapshot, methods=["GET"]),
            Route(blob, self.put_blob, methods=["PUT"]),
            Route(blob, self.get_blob, methods=["GET"]),
            WebSocketRoute(room + "/socket", self.socket),
        ]

    async def health(self, request: Request) -> Response:
        """Whether it is up: 503 while it ends."""
        status = 503 if self._hub.draining else 200
        return JSONResponse({"ok": not self._hub.draining}, status)

    async def metrics(self, request: Request) -> Response:
        """Counters, one a line."""
        hub = self._hub
        counts = {
            "rooms": hub.rooms,
            "connections": hub.connections,
            "joined_total": hub.joined,
            "rows_total": hub.commits.rows,
            "commits_total": hub.commits.count,
            "heard_bytes_total": hub.heard_bytes,
            "sent_bytes_total": hub.sent_bytes,
        }
        lines = [f"foldbook_relay_{name} {value}\n" for name, value in counts.items()]
        return PlainTextResponse("".join(lines))

    async def create(self, request: Request) -> Response:
        """A new draft."""
        self._may_create(request)
        info, owner = creation(await json_of(request), now())
        if not await self._hub.store.create(info, owner):
            live = await self._hub.live(info.name)
            if live is None or not _is_same(live, info, owner):
                raise Problem(409, "exists", f"there is a room {info.name} already")
        live = await self._known(info.name)
        return JSONResponse(self._about(live), 201)

    async def room(self, request: Request) -> Response:
        """What one must know to join."""
        asker = await self._asker(request)
        return JSONResponse(await asyncio.to_thread(self._about, asker.live))

    async def open(self, request: Request) -> Response:
        """From now on rows are numbered."""
        asker = await self._asker(request)
        _need(asker.role is Role.OWN, asker, "to open the room")
        info = asker.live.info
        told = await json_of(request)
        base, session, n = told.get("base"), told.get("session", ""), told.get("n", 0)
        if type(base) is not int or base < 0:
            raise Problem(400, "malformed", "base: the number of rows that are told of, expected")
        if type(n) is not int or n < 0 or not isinstance(session, str) or len(session) > 64:
            raise Problem(400, "malformed", "session and n: an id and its newest number expected")
        if info.open and base != info.base:
            raise Problem(409, "base", f"the room is open with base {info.base}, {base} came")
        if not info.open:
            reached = await asyncio.to_thread(self._reach, info.name)
            if reached != base:
                text = f"segments of the rows 1 to {base} expected, they end at {reached}"
                raise Problem(409, "segments", text)
            await self._hub.open_room(info.name, base, session, n)
        return JSONResponse(self._about(await self._known(info.name)))

    async def rows(self, request: Request) -> Response:
        """Rows from long ago, for whoever began with a snapshot: as one record."""
        asker = await self._asker(request)
        told = request.query_params.get("after", "")
        after = int(told) if _NUMBER.fullmatch(told) else -1
        base, head = asker.live.info.base, asker.live.room.head
        if not base <= after <= head:
            text = f"after: a number from {base} to {head} expected, {told[:64]} came"
            raise Problem(409, "base", text)
        found: list[Row] = []
        while after < head and sum(map(size_of, found)) < _ROWS_BYTES:
            found += await self._hub.store.rows(asker.live.name, after)
            after = found[-1].seq
        return Response(encode_segment(found), media_type="application/octet-stream")

    async def put_segment(self, request: Request) -> Response:
        """Rows that the owner tells of."""
        asker = await self._asker(request)
        _need(asker.role is Role.OWN, asker, "to tell of rows")
        info = asker.live.info
        first, last = request.path_params["first"], request.path_params["last"]
        if info.open:
            raise Problem(409, "open", "the room is open: its first rows are as they are")
        name = f"{first}-{last}"
        known = self._hub.shelf.sizes(info.name, "segments")
        reached = self._reach(info.name)
        if name not in known and not first == reached + 1 <= last:
            text = f"rows from {reached + 1} on expected, {name} came"
            raise Problem(409, "segments", text)
        return await self._put(request, info.name, "segments", name, self._hub.limits.segment)

    async def get_segment(self, request: Request) -> Response:
        """Rows that the owner told of."""
        name = "{first}-{last}".format(**request.path_params)
        return await self._get(request, "segments", name)

    async def put_snapshot(self, request: Request) -> Response:
        """The fold of the log up to a row."""
        asker = await self._asker(request)
        _need(Kind.EDIT in RIGHTS[asker.role], asker, "to leave a snapshot")
        seq: int = request.path_params["seq"]
        name = asker.live.name
        head = asker.live.room.head if asker.live.info.open else self._reach(name)
        if not 0 < seq <= head:
            raise Problem(409, "ahead", f"a row from 1 to {head} expected, {seq} came")
        limit = self._hub.limits.snapshot
        answer = await self._put(request, name, "snapshots", str(seq), limit)
        for old in sorted(map(int, self._hub.shelf.sizes(name, "snapshots")))[:-2]:
            self._hub.shelf.remove(name, "snapshots", str(old))
        return answer

    async def get_snapshot(self, request: Request) -> Response:
        """The fold of the log up to a row."""
        return await self._get(request, "snapshots", str(request.path_params["seq"]))

    async def put_blob(self, request: Request) -> Response:
        """A blob; one that is there stays as it is, whatever comes."""
        asker = await self._asker(request)
        _need(bool(RIGHTS[asker.role]), asker, "to leave a blob")
        name, room = _blob(request), asker.live.name
        path = self._hub.shelf.path(room, "blobs", name)
        if path is None:
            return await self._put(request, room, "blobs", name, self._hub.limits.blob)
        async for _ in body_of(request):
            pass
        return JSONResponse({"size": path.stat().st_size})

    async def get_blob(self, request: Request) -> Response:
        """A blob."""
        return await self._get(request, "blobs", _blob(request))

    async def socket(self, socket: WebSocket) -> None:
        """The log."""
        origin = socket.headers.get("origin", "")
        # Only browsers tell an origin, and only they can be made to come from a foreign page.
        allowed = not origin or not self._config.origins or origin in self._config.origins
        if not allowed or SUBPROTOCOL not in socket.scope["subprotocols"]:
            text = f"the subprotocol {SUBPROTOCOL} expected" if allowed else f"not for {origin}"
            await socket.send_denial_response(failure(403, "denied", text))
            return
        await socket.accept(SUBPROTOCOL)
        await self._hub.serve(socket.path_params["room"], socket)

    def _may_create(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        wanted = self._config.token
        told = token if scheme.lower() == "bearer" else ""
        if wanted and not hmac.compare_digest(told.encode(), wanted.encode()):
            raise Problem(401, "denied", "creating a room needs this relay's creation token")

    async def _asker(self, request: Request) -> Asker:
        """Who asks, and what may he do? Nobody is given a grant here."""
        live = await self._known(request.path_params["room"])
        scheme, _, both = request.headers.get("authorization", "").partition(" ")
        token, _, secret = both.partition(".")
        if scheme.lower() != "foldbook" or not re.fullmatch("([0-9a-f]{2}){16,64}", secret):
            text = "Authorization: Foldbook <token>.<secret of the actor>, both in hex, expected"
            raise Problem(401, "denied", text)
        actor = identify(bytes.fromhex(secret))
        found = live.room.access.decide(token or None, actor, now())
        if not isinstance(found, Admission):
            raise Problem(403, found.code, found.message)
        return Asker(live, found.role)

    async def _known(self, name: str) -> Live:
        live = await self._hub.live(name) if _NAME.fullmatch(name) else None
        if live is None:
            raise Problem(404, "room", f"there is no room {name[:64]}")
        return live

    async def _put(
        self, request: Request, room: str, kind: Files, name: str, limit: int
    ) -> Response:
        told = request.headers.get("content-length", "")
        if told.isdigit() and int(told) > limit:
            raise Problem(413, "size", f"at most {limit} bytes expected, {told} are coming")
        try:
            size = await self._hub.shelf.put(room, kind, name, body_of(request), limit)
        except TooLarge as why:
            raise Problem(413, "size", str(why)) from None
        except NoRoom as why:
            raise Problem(507, "space", str(why)) from None
        return JSONResponse({"size": size}, 201)

    async def _get(self, request: Request, kind: Files, name: str) -> Response:
        asker = await self._asker(request)
        path = self._hub.shelf.path(asker.live.name, kind, name)
        if path is None:
            raise Problem(404, "file", f"there is no {name} under {kind}")
        # What is sealed is never the same twice, but under its name it never changes, either.
        headers = {"Cache-Control": "private, no-cache"}
        return FileResponse(path, headers=headers, media_type="application/octet-stream")

    def _about(self, live: Live) -> dict[str, Any]:
        info = live.info
        segments = self._segments(info.name)
        snapshots = self._hub.shelf.sizes(info.name, "snapshots")
        newest = max(map(int, snapshots), default=None)
        return {
            "room": info.name,
            "epoch": info.epoch,
            "base": info.base,
            "head": live.room.head,
            "key_id": info.key_id,
            "verify": info.verify,
            "open": info.open,
            "segments": [
                {"first": first, "last": last, "size": size} for first, last, size in segments
            ],
            "snapshot": newest and {"seq": newest, "size": snapshots[str(newest)]},
        }

    def _segments(self, room: str) -> list[tuple[int, int, int]]:
        found = []
        for name, size in self._hub.shelf.sizes(room, "segments").items():
            first, _, last = name.partition("-")
            found.append((int(first), int(last), size))
        return sorted(found)

    def _reach(self, room: str) -> int:
        """The last row of the segments; they follow each other from 1 on."""
        return max((last for _, last, _ in self._segments(room)), default=0)


def make_app(config: Config, hub: Hub, *, opening: Callable[[], Awaitable[None]]) -> ASGIApp:
    """The application. opening: what is to be done before the hub runs."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await opening()
        running = asyncio.get_running_loop().create_task(hub.run())
        running.add_done_callback(hub.ended)
        try:
            yield
        finally:
            if not hub.draining:
                await hub.drain()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await hub.store.close()

    app = Starlette(
        routes=Pages(config, hub).routes(),
        lifespan=lifespan,
        exception_handlers={Problem: _problem, StoreFailed: _broken, 404: _absent, 405: _absent},
    )
    return Headers(app, config.origins)


async def _problem(request: Request, why: Exception) -> Response:
    assert isinstance(why, Problem)
    return failure(why.status, why.code, str(why))


async def _broken(request: Request, why: Exception) -> Response:
    return failure(503, "store", "the relay cannot read or write at the moment")


async def _absent(request: Request, why: Exception) -> Response:
    return failure(404, "absent", "there is nothing here")


def _blob(request: Request) -> str:
    name: str = request.path_params["name"]
    if not re.fullmatch("[0-9a-f]{64}", name):
        raise Problem(400, "malformed", "a blob's name has 64 digits of lower-case hex")
    return name


def _need(allowed: bool, asker: Asker, what: str) -> None:
    if not allowed:
        raise Problem(403, "right", f"the right {asker.role} does not suffice {what}")


def _is_same(live: Live, info: RoomInfo, owner: Link) -> bool:
    """Whether a draft is the one that is asked for: the first answer was lost."""
    known = live.room.access.link(owner.id)
    return (
        not live.info.open
        and live.info.epoch == info.epoch
        and known is not None
        and known.token_hash == owner.token_hash
    )
