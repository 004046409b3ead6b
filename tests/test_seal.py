"""Sealing: what opens, and what does not and why."""

import asyncio
import hashlib
import itertools
from collections.abc import Coroutine, Sequence
from dataclasses import FrozenInstanceError, replace
from typing import Any, TypeVar

import msgpack
import pytest
from foldbook import seal, sealer
from foldbook.commands.base import PAYLOAD_LIMIT
from foldbook.errors import Mine
from foldbook.native.cipher import NativeCipher, public_key
from foldbook.row import ROW_LIMIT, Kind, Role, Row, digest
from foldbook.seal import Envelope, Keys, Unopened
from foldbook.sealer import Opened, RowSealer, Sealer
from foldbook.wire import size_of
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import row

ROOM_KEY = bytes(range(32))
SEED = b"s" * 32
VERIFY = public_key(SEED)
KEYS = Keys.of(ROOM_KEY)
CIPHER = NativeCipher(KEYS.payload, VERIFY, SEED)
ACTOR = "a" * 32
Value = TypeVar("Value")


def run(work: Coroutine[Any, Any, Value]) -> Value:
    return asyncio.run(work)


def sealer_of(
    room: str = "book", epoch: str = "e1", keys: Keys = KEYS, cipher: sealer.Cipher = CIPHER
) -> RowSealer:
    return RowSealer(cipher, keys, room, epoch, can_sign=True)


def stamped(rows: Sequence[Row], actor: str = ACTOR) -> list[Row]:
    """The rows as a relay hands them on."""
    return [each.numbered(100 + i, actor, Role.RUN, 5) for i, each in enumerate(rows)]


def sealed(*rows: Row) -> list[Row]:
    return stamped(run(sealer_of().seal(rows, ACTOR)))


def opened(rows: Sequence[Row], **how: Any) -> list[Opened]:
    return run(sealer_of(**how).open(rows))


def problems(rows: Sequence[Row], **how: Any) -> set[Unopened | None]:
    """All that opening these rows came to."""
    return {each.problem for each in opened(rows, **how)}


# Keys

RFC_5869 = [
    (
        "0b" * 22,
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(0x50)).hex(),
        bytes(range(0x60, 0xB0)).hex(),
        bytes(range(0xB0, 0x100)).hex(),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        "cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    (
        "0b" * 22,
        "",
        "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
]


@pytest.mark.parametrize(("key", "salt", "info", "made"), RFC_5869)
def test_keys_are_derived_as_rfc_5869_says(key: str, salt: str, info: str, made: str) -> None:
    given_bytes = [bytes.fromhex(each) for each in (key, salt, info)]
    assert seal.hkdf(*given_bytes, len(made) // 2).hex() == made


def test_the_cipher_is_aes_256_gcm() -> None:
    # Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation".
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    data = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    (found,) = run(NativeCipher(key, VERIFY).seal_many([(nonce, data, plain)]))
    assert found.hex() == (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )


def test_each_use_has_a_key_of_its_own_and_none_is_shown() -> None:
    made = [KEYS.payload, KEYS.nonce, KEYS.blob_name]
    assert [len(each) for each in made] == [32, 32, 32]
    assert len(KEYS.id) == 8
    assert len({each[:8] for each in (*made, KEYS.id, ROOM_KEY)}) == 5
    assert repr(KEYS) == f"Keys(id={KEYS.id!r})"
    with pytest.raises(FrozenInstanceError):
        KEYS.id = b""  # type: ignore[misc]


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_room_key_has_32_bytes(size: int) -> None:
    with pytest.raises(Mine, match=f"32 bytes, this has {size}"):
        Keys.of(bytes(size))


def test_new_keys_are_new() -> None:
    assert len({sealer.new_room_key() for _ in range(100)}) == 100
    assert {len(sealer.new_room_key()), len(sealer.new_seed())} == {32}


def test_no_new_seed_begins_with_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = iter([bytes(32), bytes([0]) + b"x" * 31, b"y" * 32])
    monkeypatch.setattr(sealer.secrets, "token_bytes", lambda size: next(chance))
    assert sealer.new_seed() == b"y" * 32


# Rows


@pytest.mark.parametrize("kind", Kind)
def test_a_row_comes_back_and_what_must_be_signed_is(kind: Kind) -> None:
    plain = row(1, kind=kind)
    (hidden,) = sealed(plain)
    assert plain.payload not in hidden.payload
    (found,) = opened([hidden])
    assert found == Opened(
        replace(hidden, payload=plain.payload), signed=kind in ("run", "admin"), problem=None
    )
    assert seal.must_be_signed(kind) == (kind in (Kind.RUN, Kind.ADMIN))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_any_payloads_come_back_in_their_order(payloads: list[bytes]) -> None:
    rows = [row(n, payload=payload) for n, payload in enumerate(payloads, 1)]
    assert [each.row.payload for each in opened(sealed(*rows))] == payloads


def test_the_same_row_sealed_again_gives_the_same_bytes() -> None:
    rows = [row(1, kind=Kind.RUN), row(2, kind=Kind.EDIT)]
    assert [digest(each) for each in sealed(*rows)] == [digest(each) for each in sealed(*rows)]
    assert sealed(*rows) == sealed(*rows)


class Capricious(NativeCipher):
    """Signs as Safari does: another signature each time. (These do not verify.)"""

    count = itertools.count()

    async def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        await asyncio.sleep(0)
        return [hashlib.sha512(b"%d" % next(self.count)).digest() for _ in messages]


def test_a_signature_that_was_made_is_kept_where_a_second_would_be_another() -> None:
    async def told() -> None:
        cipher = Capricious(KEYS.payload, VERIFY, SEED)
        mine = sealer_of(cipher=cipher)
        rows = [row(n, kind=Kind.RUN) for n in range(1, 4)]
        first = await mine.seal(rows, ACTOR)
        assert await mine.seal(rows[1:], ACTOR) == first[1:]
        more = [row(n, kind=Kind.RUN) for n in (8, 9)]
        one, two = await asyncio.gather(mine.seal(more, ACTOR), mine.seal(more, ACTOR))
        assert one == two
        assert await mine.seal([row(4, kind=Kind.RUN), *rows], ACTOR) != first
        assert await sealer_of(cipher=cipher).seal(rows, ACTOR) != first
        for each in range(5, 2000, 100):
            await mine.seal([row(n, kind=Kind.RUN) for n in range(each, each + 100)], ACTOR)
        assert len(mine._signatures) == sealer._REMEMBERED

    run(told())


def test_equal_payloads_in_two_rows_give_different_bytes() -> None:
    one, two = sealed(row(1, payload=b"{}"), row(2, payload=b"{}"))
    assert one.payload[9:] != two.payload[9:]
    assert one.payload[21:] != two.payload[21:]


def test_ten_thousand_rows_have_ten_thousand_nonces() -> None:
    rows = [row(n, session, payload=b"{}") for session in "ab" for n in range(1, 5001)]
    nonces = {each.payload[9:21] for each in run(sealer_of().seal(rows, ACTOR))}
    assert len(nonces) == 10_000


def test_no_changed_bit_goes_unseen() -> None:
    for hidden in sealed(row(1, kind=Kind.RUN), row(2)):
        changed = []
        for bit in range(len(hidden.payload) * 8):
            payload = bytearray(hidden.payload)
            payload[bit // 8] ^= 1 << bit % 8
            changed.append(replace(hidden, payload=bytes(payload)))
        found = [each.problem for each in opened(changed)]
        assert set(found[:8]) == {Unopened.VERSION}
        assert set(found[8:72]) == {Unopened.KEY}
        assert set(found[72:]) == {Unopened.CHANGED}


def test_truncation_at_any_length_is_told() -> None:
    (hidden,) = sealed(row(1, kind=Kind.RUN))
    whole = hidden.payload
    short = [replace(hidden, payload=whole[:size]) for size in range(len(whole))]
    assert problems(short[:37]) == {Unopened.TRUNCATED}
    assert problems(short[37:]) == {Unopened.CHANGED}
    assert problems([replace(hidden, payload=whole + b"\0")]) == {Unopened.CHANGED}
    assert problems([hidden]) == {None}


@pytest.mark.parametrize(
    "other",
    [
        {"session": "t"},
        {"n": 2},
        {"seen": 1},
        {"kind": Kind.ADMIN},
        {"actor": "b" * 32},
        {"session": "", "actor": "s" + ACTOR},
    ],
    ids=str,
)
def test_a_row_opens_under_no_other_name(other: dict[str, Any]) -> None:
    (hidden,) = sealed(row(1, kind=Kind.RUN))
    (found,) = opened([replace(hidden, **other)])
    assert found == Opened(replace(hidden, **other), signed=False, problem=Unopened.CHANGED)


@pytest.mark.parametrize(
    "where", [{"room": "other"}, {"epoch": "e2"}, {"room": "boo", "epoch": "ke1"}], ids=str
)
def test_a_row_opens_in_no_other_room_or_epoch(where: dict[str, str]) -> None:
    hidden = sealed(row(1))
    assert problems(hidden, **where) == {Unopened.CHANGED}
    assert problems(hidden) == {None}


def test_what_the_relay_gives_is_not_bound() -> None:
    (hidden,) = sealed(row(1, kind=Kind.RUN))
    (found,) = opened([hidden.numbered(7, hidden.actor, Role.VIEW, 0)])
    assert found.signed
    assert found.row.seq == 7


def test_another_key_is_told_from_damage() -> None:
    other = Keys.of(b"o" * 32)
    cipher = NativeCipher(other.payload, VERIFY)
    hidden = sealed(row(1))
    assert problems(hidden, keys=other, cipher=cipher) == {Unopened.KEY}
    disguised = [replace(e, payload=b"\1" + other.id + e.payload[9:]) for e in hidden]
    assert problems(disguised, keys=other, cipher=cipher) == {Unopened.CHANGED}


def test_what_does_not_open_does_not_keep_the_others_shut() -> None:
    rows = sealed(*(row(n, kind=Kind.RUN) for n in range(1, 6)))
    rows[0] = replace(rows[0], payload=b"")
    rows[1] = replace(rows[1], payload=b"\2" + rows[1].payload[1:])
    rows[3] = replace(rows[3], n=9)
    found = opened(rows)
    assert [each.problem for each in found] == [
        *(Unopened.TRUNCATED, Unopened.VERSION, None, Unopened.CHANGED, None)
    ]
    assert [each.signed for each in found] == [False, False, True, False, True]
    assert found[4].row.payload == row(5).payload


@settings(deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_nothing_raises_on_the_bytes_of_others(payload: bytes, is_ours: bool) -> None:
    head = bytes([seal.VERSION]) + KEYS.id if is_ours else b""
    (found,) = opened([replace(row(1), payload=head + payload, session="\ud800")])
    assert found.problem is not None
    assert found.row.payload == head + payload


# Signatures


def with_envelope(plain_row: Row, plain: bytes) -> Row:
    """A row that somebody sealed by hand, with the right key."""
    data = seal.data_of_row("book", "e1", plain_row, ACTOR)
    (payload,) = run(Sealer(CIPHER, KEYS).seal([(data, plain)]))
    return replace(plain_row, payload=payload, actor=ACTOR)


def signature_of(plain_row: Row, seed: bytes = SEED, **where: str) -> bytes:
    place = {"room": "book", "epoch": "e1", "actor": ACTOR} | where
    data = seal.data_of_row(place["room"], place["epoch"], plain_row, place["actor"])
    cipher = NativeCipher(KEYS.payload, public_key(seed), seed)
    return run(cipher.sign_many([seal.signing_input(data, plain_row.payload)]))[0]


RUN = row(1, kind=Kind.RUN)
WRONG = {
    "another seed": signature_of(RUN, b"z" * 32),
    "another row": signature_of(row(2, kind=Kind.RUN, payload=RUN.payload)),
    "another kind": signature_of(replace(RUN, kind=Kind.ADMIN)),
    "another payload": signature_of(replace(RUN, payload=b"{}")),
    "another epoch": signature_of(RUN, epoch="e2"),
    "another room": signature_of(RUN, room="other"),
    "another actor": signature_of(RUN, actor="b" * 32),
    "none": None,
    "short": signature_of(RUN)[:63],
    "long": signature_of(RUN) + b"\0",
    "nothing": b"",
    "zeros": bytes(64),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_row_with_a_wrong_signature_opens_and_is_not_signed(wrong: str) -> None:
    (found,) = opened([with_envelope(RUN, Envelope(RUN.payload, WRONG[wrong]).pack())])
    assert found.problem is None
    assert found.row.payload == RUN.payload
    assert not found.signed
    (right,) = opened([with_envelope(RUN, Envelope(RUN.payload, signature_of(RUN)).pack())])
    assert right.signed


def test_who_has_no_seed_seals_without_a_signature() -> None:
    cipher = NativeCipher(KEYS.payload, VERIFY)
    mine = RowSealer(cipher, KEYS, "book", "e1")
    (found,) = opened(stamped(run(mine.seal([RUN], ACTOR))))
    assert found.problem is None
    assert not found.signed
    with pytest.raises(Mine, match="cipher with a seed expected"):
        run(cipher.sign_many([b"message"]))


def test_a_seed_fits_its_public_key() -> None:
    with pytest.raises(Mine, match="seed of this room's public key expected"):
        NativeCipher(KEYS.payload, VERIFY, b"z" * 32)


@pytest.mark.parametrize(
    ("plain", "problem"),
    [
        (b"", Unopened.ENVELOPE),
        (b"\xc1", Unopened.ENVELOPE),
        (msgpack.packb({}), Unopened.ENVELOPE),
        (msgpack.packb([]), Unopened.ENVELOPE),
        (msgpack.packb([1, b"p"]), Unopened.ENVELOPE),
        (msgpack.packb([1, "p", None]), Unopened.ENVELOPE),
        (msgpack.packb([1, b"p", "s"]), Unopened.ENVELOPE),
        (msgpack.packb([1, b"p", None, 1]), Unopened.ENVELOPE),
        (msgpack.packb([1, b"p", None]) + b"\0", Unopened.ENVELOPE),
        (msgpack.packb([0, b"p", None]), Unopened.ENVELOPE),
        (msgpack.packb([2, b"p", None]), Unopened.VERSION),
        (msgpack.packb([2, "whatever"]), Unopened.VERSION),
    ],
)
def test_what_is_no_envelope_is_told(plain: bytes, problem: Unopened) -> None:
    assert problems([with_envelope(row(1), plain)]) == {problem}


@given(st.binary(max_size=100))
def test_any_plaintext_is_an_envelope_or_a_reason(plain: bytes) -> None:
    assert isinstance(Envelope.unpack(plain), (Envelope, Unopened))


# Sizes


@pytest.mark.parametrize("size", [0, 1, 255, 256, 60_000])
def test_sealing_adds_no_more_than_it_says(size: int) -> None:
    plain = row(1, kind=Kind.RUN, payload=b"x" * size)
    (hidden,) = sealed(plain)
    assert 0 < len(hidden.payload) - size <= seal.OVERHEAD
    assert seal.OVERHEAD - (len(hidden.payload) - size) <= 4


def test_the_largest_event_fits_a_row_when_it_is_sealed() -> None:
    (hidden,) = sealed(row(1, kind=Kind.RUN, payload=b"x" * PAYLOAD_LIMIT))
    assert size_of(hidden) <= ROW_LIMIT


# Everything else that is sealed

DATAS = {
    "row": seal.data_of_row("book", "e1", row(1), ACTOR),
    "message": seal.data_of_message("presence", "book", "s"),
    "call": seal.data_of_message("call", "book", "s"),
    "other session": seal.data_of_message("presence", "book", "t"),
    "moved": seal.data_of_message("presence", "books", ""),
    "blob": seal.data_of_blob("book", "0" * 64),
    "other blob": seal.data_of_blob("book", "1" * 64),
    "segment": seal.data_of_segment("book", "e1", 1, 2),
    "longer": seal.data_of_segment("book", "e1", 1, 3),
    "later": seal.data_of_segment("book", "e1", 2, 2),
    "other epoch": seal.data_of_segment("book", "e2", 1, 2),
    "snapshot": seal.data_of_snapshot("book", "e1", 2),
    "other room": seal.data_of_snapshot("look", "e1", 2),
    "other seq": seal.data_of_snapshot("book", "e1", 3),
}


def test_what_is_sealed_for_one_place_opens_in_no_other() -> None:
    async def told() -> None:
        mine = Sealer(CIPHER, KEYS)
        boxes = await mine.seal([(data, b"the same") for data in DATAS.values()])
        assert len({box[9:21] for box in boxes}) == len(DATAS)
        pairs = list(itertools.product(DATAS.values(), enumerate(boxes)))
        found = await mine.open([(data, box) for data, (_, box) in pairs])
        right = [plain for plain in found if plain == b"the same"]
        assert len(right) == len(DATAS)
        assert set(found) == {b"the same", Unopened.CHANGED}

    run(told())


def test_nothing_and_much_can_be_sealed() -> None:
    async def told() -> None:
        mine = Sealer(CIPHER, KEYS)
        plains = [b"", bytes(3_000_000)]
        boxes = await mine.seal([(b"data", plain) for plain in plains])
        sizes = [len(box) - len(plain) for box, plain in zip(boxes, plains, strict=True)]
        assert sizes == [seal.BOX_OVERHEAD] * 2
        assert await mine.open([(b"data", box) for box in boxes]) == plains
        assert await mine.open([]) == await mine.seal([]) == []

    run(told())


@given(st.tuples(*[st.text(max_size=3)] * 3), st.tuples(*[st.text(max_size=3)] * 3))
def test_no_two_places_have_the_same_data(
    one: tuple[str, str, str], two: tuple[str, str, str]
) -> None:
    same = seal.data_of_message(*one) == seal.data_of_message(*two)
    assert same == (one == two)


def test_a_blob_has_another_name_in_every_room() -> None:
    digest_of = hashlib.sha256(b"picture").hexdigest()
    name = KEYS.name_of_blob(digest_of)
    assert len(name) == 64
    assert int(name, 16) >= 0
    assert name != digest_of
    assert name == KEYS.name_of_blob(digest_of)
    assert name != KEYS.name_of_blob("0" * 64)
    assert name != Keys.of(b"o" * 32).name_of_blob(digest_of)
