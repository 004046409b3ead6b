"""Share links: what they say, which are refused, and that no secret gets out on the way."""

import base64
import traceback
from typing import Any

import msgpack
import pytest
from foldbook import link
from foldbook.errors import BadLink
from foldbook.link import SIGNING, ShareLink, parse
from foldbook.row import Role
from hypothesis import given
from hypothesis import strategies as st

RELAY = "https://relay.example/foldbook"
TOKEN = b"token-token-token-token"
KEY = b"K" * 31 + b"k"
VERIFY = b"V" * 32
SEED = b"S" * 31 + b"s"
SECRETS = (TOKEN, KEY, SEED)
PARTS: dict[str, Any] = {
    "relay": RELAY, "room": "n0tebook-_1A", "role": Role.RUN,
    "token": TOKEN, "key": KEY, "verify": VERIFY, "seed": SEED,
}  # fmt: skip
LINK = ShareLink(**PARTS)
VALUES = [1, RELAY, "run", TOKEN, KEY, VERIFY, SEED]


def fragment(values: object, room: str = "book") -> str:
    packed = msgpack.packb(values)
    return f"join/{room}/{base64.urlsafe_b64encode(packed).rstrip(b'=').decode()}"


def changed(**parts: Any) -> list[Any]:
    """The values of a link, some of them others. version and role by their plain values."""
    names = ("version", "relay", "role", "token", "key", "verify", "seed")
    return list((dict(zip(names, VALUES, strict=True)) | parts).values())


@st.composite
def links(draw: st.DrawFn) -> ShareLink:
    role = draw(st.sampled_from(Role))
    key = st.binary(min_size=32, max_size=32)
    return ShareLink(
        draw(st.sampled_from([RELAY, "http://127.0.0.1:8800", "https://[2001:db8::1]:1/a/b/"])),
        draw(st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z")),
        role,
        draw(st.binary(min_size=16, max_size=32)),
        draw(key),
        draw(key),
        draw(key) if role in SIGNING else None,
    )


@given(links())
def test_a_link_comes_back_as_it_was(told: ShareLink) -> None:
    assert parse(told.fragment()) == parse("#" + told.fragment()) == told


def test_a_link_is_the_pages_address_and_a_fragment() -> None:
    assert LINK.fragment() == fragment(VALUES, "n0tebook-_1A")
    assert LINK.address("https://site.example/") == f"https://site.example/#{LINK.fragment()}"
    assert LINK.address("https://site.example/?a#old") == (
        f"https://site.example/?a#{LINK.fragment()}"
    )
    assert set(LINK.fragment()) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/"
    )


def test_a_link_that_was_cut_off_anywhere_is_refused() -> None:
    whole = LINK.fragment()
    for size in range(len(whole)):
        with pytest.raises(BadLink):
            parse(whole[:size])
    for more in ("A", "AAAA", "=", "/", " ", "\n"):
        with pytest.raises(BadLink):
            parse(whole + more)
    assert parse(whole) == LINK


def test_a_link_is_written_in_one_way_only() -> None:
    told = ShareLink(**PARTS | {"relay": RELAY + "/a"}).fragment()
    assert len(told.rpartition("/")[2]) % 4 == 3  # so its last character has bits to spare
    with pytest.raises(BadLink, match="cut off or changed"):
        parse(told[:-1] + chr(ord(told[-1]) + 1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "begins with #join/"),
        ("book/book/AAAA", "begins with #join/"),
        ("##join/book/AAAA", "begins with #join/"),
        ("join/book", "cut off: #join/, a room, / and its keys expected"),
        ("join/book/", "cut off"),
        ("join/book/!!!!", "cut off or changed: its last part, of 4 characters"),
        ("join/book/é", "cut off or changed"),
        ("join/book/AB=", "cut off or changed"),
        ("join/book/wQ", "cut off or changed"),
        (fragment({}), "a list of a link's parts expected"),
        (fragment([]), "a list of a link's parts expected"),
        (fragment(["1"]), "version is a number, str came"),
        (fragment([True]), "version is a number, bool came"),
        (fragment([2, "anything"]), "version 1 expected, version 2 came"),
        (fragment(VALUES[:6]), "has 7 parts, this one has 6"),
        (fragment([*VALUES, 1]), "has 7 parts, this one has 8"),
        (fragment(changed(relay=b"r")), "a relay's address expected, bytes came"),
        (fragment(changed(role=3)), "a role expected, int came"),
        (fragment(changed(role="boss")), "roles view, comment, edit, run, own, runtime expected"),
        (fragment(changed(token="t" * 20)), "token is bytes, str came"),
        (fragment(changed(token=b"t" * 15)), "token has 16 to 32 bytes, this has 15"),
        (fragment(changed(token=b"t" * 33)), "token has 16 to 32 bytes, this has 33"),
        (fragment(changed(key=None)), "key is bytes, NoneType came"),
        (fragment(changed(key=b"k")), "key has 32 bytes, this has 1"),
        (fragment(changed(verify=None)), "verify is bytes, NoneType came"),
        (fragment(changed(verify=b"k" * 33)), "verify has 32 bytes, this has 33"),
        (fragment(changed(seed="s" * 32)), "seed is bytes or nothing, str came"),
        (fragment(changed(seed=b"")), "seed has 32 bytes, this has 0"),
        (fragment(changed(seed=None)), "run and own carry a seed.*none came with the role run"),
        (fragment(changed(role="edit")), "one came with the role edit"),
        (fragment(changed(role="runtime")), "one came with the role runtime"),
        (fragment(VALUES, ""), "1 to 64 letters, digits, - and _; this one has 0 characters"),
        (fragment(VALUES, "a" * 65), "this one has 65 characters"),
        (fragment(VALUES, "a.b"), "names its room"),
        (fragment(VALUES, "a%20b"), "names its room"),
        (fragment(VALUES, "é"), "names its room"),
    ],
)
def test_a_bad_link_says_what_was_expected_and_what_came(text: str, problem: str) -> None:
    with pytest.raises(BadLink, match=problem):
        parse(text)


@pytest.mark.parametrize("name", ["token", "key", "verify", "seed", "room", "relay"])
def test_a_link_cannot_be_made_of_unfit_parts(name: str) -> None:
    unfit = "" if name in ("room", "relay") else b""
    with pytest.raises(BadLink):
        ShareLink(**PARTS | {name: unfit})


@pytest.mark.parametrize(
    "relay",
    [
        "https://relay.example",
        "https://relay.example/",
        "https://relay.example:8443/a/b-c/~d%20e/",
        "http://localhost:8800",
        "http://192.168.1.2:1",
        "https://[2001:db8::1]",
        "https://1.example.2nd",
        "https://xn--mbius-jua.example",
    ],
)
def test_a_relay_has_an_ordinary_address(relay: str) -> None:
    assert ShareLink(**PARTS | {"relay": relay}).relay == relay


@pytest.mark.parametrize(
    ("relay", "problem"),
    [
        ("", "begins otherwise"),
        ("relay.example", "begins otherwise"),
        ("//relay.example", "begins otherwise"),
        ("ws://relay.example", "begins otherwise"),
        ("HTTPS://relay.example", "begins otherwise"),
        ("javascript:alert(1)", "begins otherwise"),
        ("file:///etc/passwd", "begins otherwise"),
        (" https://relay.example", "begins otherwise"),
        ("https://", "characters or parts"),
        ("https:///a", "characters or parts"),
        ("https://relay.example\n", "characters or parts"),
        ("https://relay.example\\@other.example", "name or password"),
        ("https://mara:pass-word@relay.example", "name or password"),
        ("https://mara@relay.example/a", "name or password"),
        ("https://relay.example?a=pass-word", "query or a fragment"),
        ("https://relay.example/a?", "query or a fragment"),
        ("https://relay.example/#pass-word", "query or a fragment"),
        ("https://relay.example:", "characters or parts"),
        ("https://relay.example:0", "port is 1 to 65535, 0 came"),
        ("https://relay.example:65536", "port is 1 to 65535, 65536 came"),
        ("https://relay.example:http", "characters or parts"),
        ("https://möbius.example", "characters or parts"),
        ("https://relay .example", "characters or parts"),
        ("https://127.1", "no IP address, nor a name"),
        ("https://2130706433", "no IP address, nor a name"),
        ("https://0x7f.0.0.0x1", "no IP address, nor a name"),
        ("https://0127.0.0.1", "no IP address, nor a name"),
        ("https://[::1", "characters or parts"),
        ("https://[10.0.0.1]", "no IP address, nor a name"),
        ("https://[1.2.3]", "no IP address, nor a name"),
        ("https://relay.example/" + "a" * 2000, "at most 1024 characters; this one has 2022"),
    ],
)
def test_any_other_address_is_refused_and_not_repeated(relay: str, problem: str) -> None:
    with pytest.raises(BadLink, match=problem) as caught:
        parse(fragment(changed(relay=relay)))
    assert "pass-word" not in str(caught.value)
    assert "mara" not in str(caught.value)


def shown(secret: bytes) -> list[str]:
    """How a secret could be seen: pieces of it, too short to be cut and long enough to tell."""
    spread = base64.urlsafe_b64encode(secret).decode()
    return [secret.hex()[:16], repr(secret)[2:10], spread[:12], secret.decode("latin-1")[:8]]


def assert_says_no_secret(text: str) -> None:
    for secret in SECRETS:
        for piece in shown(secret):
            assert piece not in text


def test_what_is_shown_of_a_link_has_no_secret() -> None:
    assert_says_no_secret(repr(LINK))
    assert_says_no_secret(str(LINK))
    assert "relay.example" in repr(LINK)
    with pytest.raises(AssertionError):
        assert_says_no_secret(LINK.key.hex())


@given(st.permutations(VALUES), st.data())
def test_what_is_said_of_a_bad_link_has_no_secret(values: list[Any], data: st.DataObject) -> None:
    text = [each.decode() if isinstance(each, bytes) else each for each in values]
    room = data.draw(st.sampled_from(["book", *shown(KEY), *shown(SEED), KEY.decode()]))
    told = fragment(data.draw(st.sampled_from([values, text])), room)
    size = data.draw(st.integers(0, len(told)))
    for each in (told, told[:size], told[size:], "join/" + told[size:]):
        why = refusal(each)
        if why is not None:
            assert_says_no_secret("".join(traceback.format_exception(why)))


def refusal(text: str) -> BadLink | None:
    try:
        parse(text)
    except BadLink as why:
        return why
    return None


@given(st.text(), st.binary(max_size=60))
def test_whatever_comes_is_a_link_or_a_bad_link(text: str, data: bytes) -> None:
    packed = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    for each in (text, f"join/{text}", f"join/book/{text}", f"join/book/{packed}"):
        with pytest.raises(BadLink):
            parse(each)


@given(
    st.integers(0, 6),
    st.none() | st.integers() | st.text() | st.binary() | st.lists(st.integers()) | st.floats(),
)
def test_whatever_stands_in_a_part_is_a_link_or_a_bad_link(place: int, value: object) -> None:
    values = [*VALUES]
    values[place] = value
    try:
        told = fragment(values)
    except OverflowError:
        return
    try:
        assert parse(told)
    except BadLink:
        pass


LOOPBACK = [
    "http://localhost", "http://localhost:8800/a", "https://LOCALHOST", "https://a.localhost",
    "https://localhost.", "http://127.0.0.1:8800", "http://127.8.9.10", "http://[::1]:1",
    "http://[0:0:0:0:0:0:0:1]", "http://[::ffff:127.0.0.1]", "http://0.0.0.0", "http://[::]",
]  # fmt: skip
FAR = [
    "https://relay.example", "https://localhost.example", "https://mylocalhost",
    "https://10.0.0.1", "https://128.0.0.1", "https://[2001:db8::1]",
]  # fmt: skip


@pytest.mark.parametrize("relay", LOOPBACK)
def test_a_relay_on_this_machine_serves_nobody_else(relay: str) -> None:
    assert link.is_loopback(relay)
    problem = link.problem_for_others(relay)
    assert problem is not None
    assert "every machine gives itself" in problem


@pytest.mark.parametrize("relay", FAR)
def test_a_relay_elsewhere_serves_others_over_https_only(relay: str) -> None:
    assert not link.is_loopback(relay)
    assert link.problem_for_others(relay) is None
    plain = link.problem_for_others(relay.replace("https:", "http:"))
    assert plain is not None
    assert "needs an https address" in plain


def test_what_is_no_address_is_neither() -> None:
    for question in (link.is_loopback, link.problem_for_others):
        with pytest.raises(BadLink):
            question("relay.example")
