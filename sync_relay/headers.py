"""What every answer tells a browser: pages of other origins may read it."""

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Headers:
    """Lets pages of other origins read, isolated ones too, and answers what browsers ask first."""

    def __init__(self, app: ASGIApp, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"])
        opened = self._opened(told.get(b"origin", b"").decode("latin-1"))

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *opened]
            await send(message)

        if scope["method"] == "OPTIONS" and b"access-control-request-method" in told:
            asked = {
                "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT",
                "Access-Control-Allow-Headers": "authorization, content-type",
                "Access-Control-Allow-Private-Network": "true",
                "Access-Control-Max-Age": "86400",
            }
            await Response(status_code=204, headers=asked)(scope, receive, send_with)
        else:
            await self._app(scope, receive, send_with)

    def _opened(self, origin: str) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"cross-origin-resource-policy", b"cross-origin"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if not self._origins:
            headers.append((b"access-control-allow-origin", b"*"))
        elif origin in self._origins:
            headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
            headers.append((b"vary", b"origin"))
        return headers
