"""`PROTOCOL.md` tells the truth: its examples are played against a real relay, line by line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgpack
import pytest
from foldbook import wire
from relay_desk import Caller, Web, relay
from websockets.exceptions import ConnectionClosed

from sync_relay.main import Relay

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "sync_relay" / "PROTOCOL.md").read_text(encoding="utf-8")
STORY = [
    line
    for block in re.findall(r"```foldbook\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]
PEOPLE = {
    "mara": (b"1", b"M"),
    "olli": (b"2", b"O"),
    "loom": (b"3", b"L"),
    "stranger": (b"9", b"S"),
}
LOCAL = {
    wire.BlobPut,
    wire.BlobWant,
    wire.BlobHave,
    wire.Snap,
}  # between the parts of one page only
ANY = "…"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Relay]:
    with relay(tmp_path) as found:
        yield found


def as_bytes(value: Any) -> Any:
    """Bytes for "hex:…", all the way down."""
    if isinstance(value, dict):
        return {name: as_bytes(each) for name, each in value.items()}
    if isinstance(value, list):
        return [as_bytes(each) for each in value]
    if isinstance(value, str) and value.startswith("hex:"):
        return bytes.fromhex(value[4:])
    return value


def fits(shown: Any, came: Any) -> bool:
    """Whether what came is what the text shows."""
    if shown == ANY:
        return True
    if isinstance(shown, dict) and isinstance(came, dict):
        return shown.keys() == came.keys() and all(fits(shown[key], came[key]) for key in shown)
    if isinstance(shown, list) and isinstance(came, list):
        return len(shown) == len(came) and all(map(fits, shown, came))
    return bool(shown == came)


class Player:
    """Plays lines; what a peer hears is kept until a line tells of it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._callers: dict[str, Caller] = {}
        self._heard: dict[str, list[dict[str, Any]]] = {}
        self._answer: tuple[int, Any] | None = None
        self.names: set[str] = set()

    def play(self, line: str) -> None:
        """One line. Raises `AssertionError` where the relay does something else."""
        who, verb, *rest = line.split(" ", 2)
        told = rest[0] if rest else ""
        if not who:
            assert self._answer is not None
            assert fits(self._answer[0], int(verb)), self._answer
            assert fits(_body(told), self._answer[1]), self._answer
        elif verb == "opens":
            self._callers[who] = Caller(self._address, room=told.split("/")[2]).__enter__()
            self._heard[who] = []
        elif verb == "closes":
            self._callers[who].socket.close()
        elif verb == "is":
            with pytest.raises(ConnectionClosed):
                self._hear(who)
        elif verb in "<>":
            name, _, fields = told.partition(" ")
            self.names.add(name)
            {"<": self._expect, ">": self._say}[verb](who, name, as_bytes(json.loads(fields)))
        else:
            self._ask(who, verb, told)

    def close(self) -> None:
        """End, as everybody does."""
        for caller in self._callers.values():
            caller.socket.close()

    def _ask(self, who: str, method: str, told: str) -> None:
        token, actor = PEOPLE[who]
        path, _, body = told.partition(" ")
        web = Web(self._address, token * 16, actor * 16)
        self._answer = web.ask(method, path, _body(body))

    def _say(self, who: str, name: str, fields: dict[str, Any]) -> None:
        self._callers[who].socket.send(msgpack.packb({"t": name, **fields}))

    def _expect(self, who: str, name: str, fields: dict[str, Any]) -> None:
        heard = self._heard[who]
        while not any(each["t"] == name for each in heard):
            self._hear(who)
        found = next(each for each in heard if each["t"] == name)
        heard.remove(found)
        assert fits({"t": name, **fields}, found), f"came: {found!r}"

    def _hear(self, who: str) -> None:
        data = self._callers[who].socket.recv(20)
        wire.decode(data)
        self._heard[who].append(msgpack.unpackb(data))


def _body(told: str) -> Any:
    if not told:
        return None
    return as_bytes(told) if told.startswith("hex:") else json.loads(told)


def test_every_example_is_what_happens(running: Relay) -> None:
    player = Player(running.address)
    try:
        for number, line in enumerate(STORY, 1):
            try:
                player.play(line)
            except Exception as why:
                raise AssertionError(f"line {number} of the examples: {line[:200]}\n{why}") from why
    finally:
        player.close()
    exchanged = {wire._FORMS[each].name for each in set(get_args(wire.Message)) - LOCAL}
    assert player.names == exchanged, "every message stands in the examples"


def test_every_field_is_named() -> None:
    for message in set(get_args(wire.Message)) - LOCAL:
        for name, _, _ in wire._FORMS[message].fields:
            assert re.search(rf"[`\"]{name}[`\"]", TEXT), f"{message.__name__}.{name}"


def test_every_code_is_named() -> None:
    sources = [*(ROOT / "sync_relay").glob("*.py"), ROOT / "py/foldbook/room.py"]
    sources += [ROOT / f"py/foldbook/{name}.py" for name in ("ledger", "access")]
    pattern = r'(?:Err|Bye|Denial|Problem)\((?:\d+, )?"(\w+)"'
    codes = {code for path in sources for code in re.findall(pattern, path.read_text())}
    assert len(codes) > 20
    missing = {code for code in codes if f"`{code}`" not in TEXT}
    assert not missing
