"""What goes over the line between people and their relay: nothing that could be read."""

import base64

import pytest
from cable import cable
from foldbook.link import parse
from foldbook.wire import Hello, Push, decode, encode
from shared import BEGIN, Someone, alike, outputs, until, with_runtime
from stories import story
from wiretap import forms, frames, listen, secrets_of

SECRET = "a thing that nobody else must know"
FILE = b"bytes of a file, which are of no concern to anybody"


@story
async def test_nothing_that_could_be_read_goes_over_the_line(relay: str) -> None:
    with cable(relay) as wire:
        mara = Someone("Mara Lindqvist", BEGIN)
        await mara.open()
        await with_runtime(mara)
        await until(lambda: mara.host.desk.notebook.selected_runtime is not None)
        mara.type(0, "told before, ")
        await mara.share(wire.address)
        links = [await mara.link(role) for role in ("run", "runtime")]
        ines = Someone("Ines Okafor", {"do": "join", "link": links[0]})
        await ines.open()
        await until(lambda: ines.peer.is_linked)
        mara.type(0, SECRET + " ")
        ines.do("introduce", name="Ines Okafor", hue="plum")
        ines.do("rename_notebook", name=SECRET.upper())
        place = {"t": "presence", "view": "v", "cell": "c", "anchor": 1, "head": 3, "mode": "edit"}
        ines.host.receive(place, "page")
        await until(lambda: alike(mara, ines))
        ines.do("run_cells", cell_ids=["c"])
        await until(lambda: SECRET in "".join(outputs(ines)) and alike(mara, ines))
        digest = ines.peer.put_blob(FILE)
        ines.do("add_file", path="budget.csv", digest=digest, size=len(FILE))
        await until(lambda: not [n for n in ines.store.load().meta if n.startswith("upload/")])
        await until(lambda: alike(mara, ines))
        assert await mara.peer.get_blob(digest) == FILE
        for each in (mara, ines):
            await each.close()
    heard = listen(wire.streams)
    assert len(heard.hellos) >= 2
    assert any(isinstance(each, Push) for each in heard.messages)
    assert heard.authorizations
    # Long ones only: a few letters stand anywhere in so many bytes by chance.
    words = [SECRET, SECRET.upper(), "told before", "Mara Lindqvist", "Ines Okafor", "budget.csv"]
    words += ["cellCreated", "cellSourceEdited", "nobody else must know", "of no concern", digest]
    assert {word: heard.finds(word.encode()) for word in words} == {word: [] for word in words}
    for fragment in links:
        link = parse(fragment)
        for name, secret in secrets_of(link).items():
            assert heard.finds(secret) == [], name
            every = [each for each in wire.streams if secret in each]
            assert every == [], name
        assert heard.finds(link.token) == [], "a token stands in hello and Authorization only"
    run = parse(links[0])
    assert run.token.hex() in [each.role_token for each in heard.hellos]


def test_whoever_said_it_openly_would_be_found() -> None:
    """The control of the story above."""
    hello = Hello("room-of-all", "", bytes(16), bytes(16), 0, b"a token of it".hex())
    said = [encode(hello), b'{"secret":"' + SECRET.encode() + b'"}']
    head = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nAuthorization: Foldbook 00.11\r\n\r\n"
    stream = head + b"".join(
        masked(each, opcode) for each, opcode in zip(said, (2, 1), strict=True)
    )
    heard = listen([stream, b"POST / HTTP/1.1\r\n\r\n" + b"x" * 7 + SECRET.encode().hex().encode()])
    assert heard.finds(SECRET.encode()) == ["bytes", "hex"]
    assert heard.finds(b"a token of it") == []
    assert heard.hellos == [hello]
    assert heard.authorizations == [b"Authorization: Foldbook 00.11\r\n"]
    assert [decode(frame) for _, frame in frames(masked(said[0], 2))] == [hello]


@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_base64_is_found_wherever_it_begins(before: str) -> None:
    whole = base64.b64encode(before.encode() + SECRET.encode() + b"!?")
    assert any(form in whole for name, form in forms(SECRET.encode()) if "base64 " in name)


def masked(payload: bytes, opcode: int) -> bytes:
    """One frame as a browser sends it."""
    mask = b"\x01\x7f\x80\xff"
    size = (
        bytes([128 | len(payload)])
        if len(payload) < 126
        else b"\xfe" + len(payload).to_bytes(2, "big")
    )
    return (
        bytes([128 | opcode]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    )
