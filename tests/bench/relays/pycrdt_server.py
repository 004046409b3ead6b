"""pycrdt's WebSocket server as a program: a port, and a folder for what it keeps.

Each update is written to its own SQLite store before the next one of that document.
"""

import asyncio
import sys
from pathlib import Path

import uvicorn
from pycrdt.store import SQLiteYStore
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom


class Store(SQLiteYStore):
    """All documents in one file."""

    db_path = str(Path(sys.argv[2]) / "documents.sqlite")


class Kept(WebsocketServer):
    """Its rooms are kept, which its own way of making them does not provide for."""

    async def get_room(self, name: str) -> YRoom:
        if name not in self.rooms:
            store = Store(name)
            self.rooms[name] = YRoom(ready=self.rooms_ready, ystore=store, log=self.log)
        room = self.rooms[name]
        await self.start_room(room)
        return room


async def main() -> None:
    # Rooms that begin at the same time would each make the tables, and all but one fail.
    async with Store("first") as store:
        await store.db_initialized.wait()
    rooms = Kept(auto_clean_rooms=False)
    config = uvicorn.Config(
        ASGIServer(rooms), port=int(sys.argv[1]), log_level="error", ws_per_message_deflate=False
    )
    async with rooms:
        await uvicorn.Server(config).serve()


asyncio.run(main())
