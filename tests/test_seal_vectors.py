"""What sealing gives, byte for byte, for other implementations: see tests/js/cipher.test.mjs."""

import asyncio
import json
from pathlib import Path
from typing import Any

from foldbook import seal
from foldbook.native.cipher import NativeCipher, public_key
from foldbook.row import Kind, Role, Row
from foldbook.seal import Keys
from foldbook.sealer import RowSealer

VECTORS = Path(__file__).parent / "samples" / "seal_vectors.json"
KEYS = Keys.of(bytes(range(32)))
# RFC 8032, 7.1, test 1: with the public key and the signature of an empty message that stand there.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
VERIFY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
SIGNATURE = (
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b4"
    "6bd25bf5f0595bbe24655141438e7a100b"
)
CIPHER = NativeCipher(KEYS.payload, bytes.fromhex(VERIFY), SEED)
ROOM, EPOCH, ACTOR, SESSION = "n0tebook-_1A", "ep0ch", "ac" * 16, "5e" * 16
PAYLOADS = {
    Kind.NOTE: '{"type":"commented","text":"Möbius"}',
    Kind.EDIT: '{"type":"cellSourceEdited"}',
    Kind.RUN: '{"type":"executionRequested"}',
    Kind.OUTPUT: "",
    Kind.ADMIN: '{"type":"removed","actor":"x"}',
}
BOXES = [
    (b"", b""),
    (b"data", b""),
    (b"", b"plain"),
    (seal.data_of_blob(ROOM, "0" * 64), bytes(range(256)) * 3),
    (seal.data_of_message("presence", ROOM, SESSION), b"\x80"),
    (seal.data_of_snapshot(ROOM, EPOCH, 2**53 - 1), "Ω".encode() * 50),
    (seal.data_of_segment(ROOM, EPOCH, 1, 256), b"\0" * 17),
]
DIGESTS = ("0" * 64, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


async def make_rows() -> list[dict[str, Any]]:
    """A row of each kind: what it is made of, its additional data, and its sealed payload."""
    made = []
    for n, kind in enumerate(Kind, 1):
        row = Row(0, SESSION, n, 2**n - 2, "", Role.OWN, kind, 0, PAYLOADS[kind].encode())
        sealer = RowSealer(CIPHER, KEYS, ROOM, EPOCH, can_sign=True)
        (sealed,) = await sealer.seal([row], ACTOR)
        data = seal.data_of_row(ROOM, EPOCH, row, ACTOR).hex()
        told = {"session": SESSION, "n": n, "seen": row.seen, "kind": kind.value, "actor": ACTOR}
        told |= {"payload": row.payload.hex(), "data": data, "sealed": sealed.payload.hex()}
        made.append({"room": ROOM, "epoch": EPOCH} | told)
    return made


async def make_boxes() -> list[dict[str, str]]:
    """Additional data, plaintext, nonce and ciphertext."""
    made = []
    for data, plain in BOXES:
        nonce = KEYS.nonce_for(data, plain)
        (ciphertext,) = await CIPHER.seal_many([(nonce, data, plain)])
        parts = {"nonce": nonce, "data": data, "plain": plain, "ciphertext": ciphertext}
        made.append({name: part.hex() for name, part in parts.items()})
    return made


async def make_vectors() -> dict[str, Any]:
    """All of them; bytes are in hex."""
    messages = [b"", b"r", b"foldbook" * 40]
    signed = zip(messages, await CIPHER.sign_many(messages), strict=True)
    names = ("id", "payload", "nonce", "blob_name")
    return {
        "room_key": bytes(range(32)).hex(),
        "keys": {name: getattr(KEYS, name).hex() for name in names},
        "seed": SEED.hex(),
        "verify": VERIFY,
        "blob_names": {digest: KEYS.name_of_blob(digest) for digest in DIGESTS},
        "signatures": [
            {"message": message.hex(), "signature": signature.hex()}
            for message, signature in signed
        ],
        "boxes": await make_boxes(),
        "rows": await make_rows(),
    }


def test_the_shared_vectors_are_what_sealing_gives() -> None:
    made = asyncio.run(make_vectors())
    assert public_key(SEED).hex() == VERIFY
    assert made["signatures"][0] == {"message": "", "signature": SIGNATURE}
    assert json.loads(VECTORS.read_text(encoding="utf-8")) == made, (
        f"once they were released, old rows would not open; else: python {Path(__file__).name}"
    )


def test_the_sealed_rows_of_the_vectors_open() -> None:
    told = json.loads(VECTORS.read_text(encoding="utf-8"))["rows"]
    assert [each["kind"] for each in told] == [kind.value for kind in Kind]
    for each in told:
        kind = Kind(each["kind"])
        row = Row(
            seq=1, session=each["session"], n=each["n"], seen=each["seen"], actor=each["actor"],
            role=Role.OWN, kind=kind, ts=0, payload=bytes.fromhex(each["sealed"]),
        )  # fmt: skip
        sealer = RowSealer(CIPHER, KEYS, each["room"], each["epoch"])
        (opened,) = asyncio.run(sealer.open([row]))
        assert opened.row.payload.hex() == each["payload"]
        assert opened.signed == seal.must_be_signed(kind)


if __name__ == "__main__":
    text = json.dumps(asyncio.run(make_vectors()), indent=1)
    VECTORS.write_text(text + "\n", encoding="utf-8")
