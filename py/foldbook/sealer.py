"""Sealing and opening with a cipher: the async hands around `foldbook.seal`.

A cipher is asked for many things at once, because WebCrypto answers asynchronously and each
question costs. Nothing here raises on what others sent: what cannot be opened says why.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, Protocol

from foldbook import seal
from foldbook.row import Row
from foldbook.seal import KEY_SIZE, Envelope, Keys, Unopened

_REMEMBERED: Final = 1024  # signatures: more than a session has of unacknowledged runs


def new_room_key() -> bytes:
    """32 bytes of chance."""
    return secrets.token_bytes(KEY_SIZE)


def new_seed() -> bytes:
    """32 bytes of chance to make Ed25519 keys from, the first not zero.

    WebKitGTK loses a zero at a seed's beginning, and then refuses the seed.
    """
    while not (seed := secrets.token_bytes(KEY_SIZE))[0]:
        pass
    return seed


class Cipher(Protocol):
    """AES-256-GCM with a room's payload key, and Ed25519 with the room's keys.

    Implementations: `foldbook.native.cipher`, `foldbook.browser.cipher`.
    """

    async def seal_many(self, items: Sequence[tuple[bytes, bytes, bytes]]) -> list[bytes]:
        """The ciphertext, with its tag of 16 bytes, of each (nonce, additional data, plaintext)."""

    async def open_many(self, items: Sequence[tuple[bytes, bytes, bytes]]) -> list[bytes | None]:
        """The plaintext of each (nonce, additional data, ciphertext); None: not authentic."""

    async def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        """The signature, 64 bytes, of each message. Raises `Mine` without a seed.

        The same message need not get the same signature again: Safari's are made with chance.
        """

    async def verify_many(self, items: Sequence[tuple[bytes, bytes]]) -> list[bool]:
        """Whether each (signature, message) was signed with the room's seed.

        A signature may be any bytes, of any length.
        """


class Sealer:
    """Seals and opens anything: give the additional data that fits (``seal.data_of_…``)."""

    def __init__(self, cipher: Cipher, keys: Keys) -> None:
        self._cipher = cipher
        self._keys = keys

    async def seal(self, items: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """The sealed form of each (additional data, plaintext); the same gives the same."""
        keys = self._keys
        nonces = [keys.nonce_for(data, plain) for data, plain in items]
        asked = [(nonce, *item) for nonce, item in zip(nonces, items, strict=True)]
        ciphertexts = await self._cipher.seal_many(asked)
        pairs = zip(nonces, ciphertexts, strict=True)
        return [seal.join(keys, nonce, ciphertext) for nonce, ciphertext in pairs]

    async def open(self, items: Sequence[tuple[bytes, bytes]]) -> list[bytes | Unopened]:
        """The plaintext of each (additional data, sealed form), or why there is none."""
        found: list[bytes | Unopened] = []
        asked: dict[int, tuple[bytes, bytes, bytes]] = {}
        for place, (data, sealed) in enumerate(items):
            parts = seal.split(self._keys, sealed)
            if isinstance(parts, Unopened):
                found.append(parts)
            else:
                found.append(Unopened.CHANGED)
                asked[place] = (parts[0], data, parts[1])
        plains = await self._cipher.open_many(list(asked.values()))
        for place, plain in zip(asked, plains, strict=True):
            if plain is not None:
                found[place] = plain
        return found


@dataclass(frozen=True, slots=True)
class Opened:
    """A row as it was found inside its seal.

    row: with the plain payload; with the sealed one where there is a ``problem``.
    signed: whether the room's seed signed it, as rows that `seal.must_be_signed` are expected to
    be. It says nothing of the row's role, time and seq, which the relay gave.
    """

    row: Row
    signed: bool = False
    problem: Unopened | None = None


class RowSealer:
    """Seals and opens rows of one epoch of a room.

    can_sign: whether the cipher has the room's seed. Without it, rows that should be signed are
    sealed without a signature.
    """

    def __init__(
        self, cipher: Cipher, keys: Keys, room: str, epoch: str, *, can_sign: bool = False
    ) -> None:
        self._cipher = cipher
        self._sealer = Sealer(cipher, keys)
        self._room = room
        self._epoch = epoch
        self.can_sign = can_sign
        self._signatures: dict[bytes, bytes] = {}

    async def seal(self, rows: Sequence[Row], actor: str) -> list[Row]:
        """The rows of ``actor`` with sealed payloads, at most `seal.OVERHEAD` bytes longer.

        actor: what the relay will write into these rows, whatever they say themselves.
        """
        datas = [seal.data_of_row(self._room, self._epoch, row, actor) for row in rows]
        signatures = await self._sign(rows, datas)
        plains = [
            Envelope(row.payload, signatures.get(place)).pack() for place, row in enumerate(rows)
        ]
        sealed = await self._sealer.seal(list(zip(datas, plains, strict=True)))
        return [replace(row, payload=each) for row, each in zip(rows, sealed, strict=True)]

    async def open(self, rows: Sequence[Row]) -> list[Opened]:
        """Each row with its plain payload, or with the reason why it has none."""
        datas = [seal.data_of_row(self._room, self._epoch, row, row.actor) for row in rows]
        pairs = zip(datas, rows, strict=True)
        plains = await self._sealer.open([(data, row.payload) for data, row in pairs])
        insides = [
            plain if isinstance(plain, Unopened) else Envelope.unpack(plain) for plain in plains
        ]
        signed = await self._verify(insides, datas)
        return [
            Opened(row, problem=inside)
            if isinstance(inside, Unopened)
            else Opened(replace(row, payload=inside.payload), signed=place in signed)
            for place, (row, inside) in enumerate(zip(rows, insides, strict=True))
        ]

    async def _sign(self, rows: Sequence[Row], datas: Sequence[bytes]) -> dict[int, bytes]:
        """Signatures by place in ``rows``. One that was made is kept: a second may be another."""
        if not self.can_sign:
            return {}
        messages = {
            place: seal.signing_input(datas[place], row.payload)
            for place, row in enumerate(rows)
            if seal.must_be_signed(row.kind)
        }
        names = {place: sha256(message).digest() for place, message in messages.items()}
        found = {p: self._signatures[name] for p, name in names.items() if name in self._signatures}
        new = [place for place in messages if place not in found]
        if new:
            made = await self._cipher.sign_many([messages[place] for place in new])
            for place, signature in zip(new, made, strict=True):
                # Not replaced: who asked at the same time may have been faster.
                found[place] = self._signatures.setdefault(names[place], signature)
        while len(self._signatures) > _REMEMBERED:
            del self._signatures[next(iter(self._signatures))]
        return found

    async def _verify(
        self, insides: Sequence[Envelope | Unopened], datas: Sequence[bytes]
    ) -> set[int]:
        """The places whose signature is there and right."""
        asked = {
            place: (inside.signature, seal.signing_input(datas[place], inside.payload))
            for place, inside in enumerate(insides)
            if isinstance(inside, Envelope) and inside.signature is not None
        }
        if not asked:
            return set()
        verdicts = await self._cipher.verify_many(list(asked.values()))
        return {place for place, is_right in zip(asked, verdicts, strict=True) if is_right}
