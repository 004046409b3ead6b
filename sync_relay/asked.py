"""What is read from requests, and how one is told that it cannot be met."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any, Final

from foldbook.access import Link, link_problem
from foldbook.row import Role
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from sync_relay.store import RoomInfo

_CREATION_LIMIT: Final = 4096  # bytes


class Problem(Exception):
    """A request that cannot be met: HTTP status, code and words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def failure(status: int, code: str, message: str) -> Response:
    """An answer that says why not."""
    return JSONResponse({"code": code, "message": message}, status)


async def json_of(request: Request) -> dict[str, Any]:
    """The object in a request. Raises `Problem`."""
    body = b""
    async for chunk in body_of(request):
        body += chunk
        if len(body) > _CREATION_LIMIT:
            raise Problem(413, "size", f"at most {_CREATION_LIMIT} bytes expected")
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Problem(400, "malformed", "a JSON object expected")
    return found


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """The bytes of a request as they come. Raises `Problem` where they end early."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        raise Problem(400, "malformed", "the body ended early") from None


def creation(told: dict[str, Any], at: int) -> tuple[RoomInfo, Link]:
    """The room and the owner's link that a request asks for, ``at`` ms since 1970. Raises
    `Problem`.
    """
    owner = told.get("owner")
    if not _is_match("[A-Za-z0-9_-]{8,64}", told.get("room")):
        problem: str | None = "room: 8 to 64 letters, digits, - and _ expected"
    elif not _is_match("[A-Za-z0-9_-]{1,64}", told.get("epoch")):
        problem = "epoch: 1 to 64 letters, digits, - and _ expected"
    elif not _is_match("[0-9a-f]{16}", told.get("key_id")):
        problem = "key_id: 16 digits of lower-case hex expected"
    elif not _is_match("[0-9a-f]{64}", told.get("verify")):
        problem = "verify: 64 digits of lower-case hex expected"
    else:
        problem = link_problem(owner) if isinstance(owner, dict) else "owner: an object expected"
    if problem is not None or not isinstance(owner, dict):
        raise Problem(400, "malformed", problem or "")
    info = RoomInfo(told["room"], told["epoch"], 0, told["key_id"], told["verify"], at)
    return info, Link(owner["id"], Role.OWN, owner["token_hash"], at)


def _is_match(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
