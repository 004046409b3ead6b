"""The link that shares a notebook: where its room is, what one may do there, and its keys. Pure.

    https://site.example/#join/<room>/<base64url, unpadded, of MessagePack:
        [1, relay, role, token, key, verify, seed or nil]>

All of it stands behind the ``#``, which browsers do not send. Whoever has the link has what it
gives, so no message and no ``repr`` here shows key, token or seed, nor a part of a link that is
not understood: a secret may stand there.
"""

import base64
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final

import msgpack

from foldbook.errors import BadLink
from foldbook.row import Role

VERSION: Final = 1
SIGNING: Final = frozenset({Role.RUN, Role.OWN})
"""The roles whose links carry a seed."""

_LADDER: Final = (Role.VIEW, Role.COMMENT, Role.EDIT, Role.RUN, Role.OWN)
_PREFIX: Final = "join/"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*)"
)
_URL_LIMIT: Final = 1024
_ROLES: Final = {role.value: role for role in Role}
_TOKEN_SIZES: Final = range(16, 33)
_KEY_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class ShareLink:
    """What a share link says. Raises `BadLink` where its parts are not what they should be.

    relay: the relay's address, http or https. room: the notebook's id. role: what the link gives
    a right to. token: 16 to 32 bytes that the relay knows as that right. key: the room key, 32
    bytes. verify: the room's Ed25519 public key, 32 bytes; seed: the 32 bytes behind it, in links
    of the `SIGNING` roles and in no other.
    """

    relay: str
    room: str
    role: Role
    token: bytes = field(repr=False)
    key: bytes = field(repr=False)
    verify: bytes
    seed: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _host(self.relay)
        if not _ID.fullmatch(self.room):
            raise BadLink(
                "a link names its room by 1 to 64 letters, digits, - and _; "
                f"this one has {len(self.room)} characters there"
            )
        if len(self.token) not in _TOKEN_SIZES:
            raise BadLink(f"a link's token has 16 to 32 bytes, this has {len(self.token)}")
        for name, value in (("key", self.key), ("verify", self.verify), ("seed", self.seed)):
            if value is not None and len(value) != _KEY_SIZE:
                raise BadLink(f"a link's {name} has {_KEY_SIZE} bytes, this has {len(value)}")
        if (self.seed is not None) != (self.role in SIGNING):
            came = "none" if self.seed is None else "one"
            raise BadLink(
                f"links of the roles run and own carry a seed, others none: {came} came "
                f"with the role {self.role}"
            )

    def is_same_room(self, other: "ShareLink") -> bool:
        """Whether both lead to the same notebook.

        Room and key alone do not tell: everybody who reads has them, and could write another
        relay, or other people's right to run, into a link.
        """
        mine = (self.relay, self.room, self.key, self.verify)
        return mine == (other.relay, other.room, other.key, other.verify)

    def gives_more(self, other: "ShareLink") -> bool:
        """Whether its role stands above the other's; the one for runtimes stands beside."""
        if self.role not in _LADDER or other.role not in _LADDER:
            return False
        return _LADDER.index(self.role) > _LADDER.index(other.role)

    def fragment(self) -> str:
        """The link behind its ``#``."""
        values = [
            VERSION, self.relay, self.role.value, self.token, self.key, self.verify, self.seed,
        ]  # fmt: skip
        packed: bytes = msgpack.packb(values, use_bin_type=True)
        return f"{_PREFIX}{self.room}/{_encode(packed)}"

    def address(self, site: str) -> str:
        """The whole link; site: the address of the page, whose own fragment is left out."""
        return f"{site.partition('#')[0]}#{self.fragment()}"


def parse(fragment: str) -> ShareLink:
    """The link of a fragment, with or without its ``#``. Raises `BadLink`."""
    text = fragment.removeprefix("#")
    if not text.startswith(_PREFIX):
        raise BadLink("a link to a shared notebook begins with #join/, this one does not")
    room, slash, rest = text.removeprefix(_PREFIX).partition("/")
    if not slash or not rest:
        raise BadLink("the link is cut off: #join/, a room, / and its keys expected")
    return _read(room, _unpack(rest))


def _unpack(text: str) -> list[object]:
    """The seven values, of whatever types."""
    try:
        values = msgpack.unpackb(_decode(text), raw=False, strict_map_key=True)
    except ValueError:
        raise BadLink(
            f"the link is cut off or changed: its last part, of {len(text)} characters, "
            "cannot be read to its end"
        ) from None
    if not isinstance(values, list) or not values:
        raise BadLink("a list of a link's parts expected, something else came")
    version = values[0]
    if type(version) is not int:
        raise BadLink(f"a link's version is a number, {type(version).__name__} came")
    if version != VERSION:
        raise BadLink(f"a link of version {VERSION} expected, version {version} came")
    if len(values) != 7:
        raise BadLink(f"a link has 7 parts, this one has {len(values)}")
    return values


def _read(room: str, values: list[object]) -> ShareLink:
    _, relay, role, token, key, verify, seed = values
    if not isinstance(relay, str):
        raise BadLink(f"a relay's address expected, {type(relay).__name__} came")
    if not isinstance(role, str):
        raise BadLink(f"a role expected, {type(role).__name__} came")
    if role not in _ROLES:
        raise BadLink(f"one of the roles {', '.join(_ROLES)} expected, another text came")
    if not isinstance(token, bytes):
        raise BadLink(f"a link's token is bytes, {type(token).__name__} came")
    if not isinstance(key, bytes):
        raise BadLink(f"a link's key is bytes, {type(key).__name__} came")
    if not isinstance(verify, bytes):
        raise BadLink(f"a link's verify is bytes, {type(verify).__name__} came")
    if not (seed is None or isinstance(seed, bytes)):
        raise BadLink(f"a link's seed is bytes or nothing, {type(seed).__name__} came")
    return ShareLink(relay, room, _ROLES[role], token, key, verify, seed)


def is_loopback(relay: str) -> bool:
    """Whether this relay's address means the machine it is used on. Raises `BadLink`."""
    host = _host(relay)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.removesuffix(".").lower()
        return name == "localhost" or name.endswith(".localhost")
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    return address.is_loopback or address.is_unspecified


def problem_for_others(relay: str) -> str | None:
    """Why other people cannot use this relay, in words for people; None: they can.

    Raises `BadLink`.
    """
    if is_loopback(relay):
        return (
            "This relay has an address that every machine gives itself: on another machine the "
            "link would lead nowhere. A relay with a name in the network is needed."
        )
    if relay.startswith("http:"):
        return (
            "This relay is reached over http. Browsers let no page that came over https speak "
            "with it, and encrypt in no page that came over http. It needs an https address."
        )
    return None


def _host(relay: str) -> str:
    """The host of a relay's address, without brackets. Raises `BadLink`."""
    rule = "a relay's address is http:// or https://, a host, perhaps a port and a path"
    found = _URL.fullmatch(relay) if len(relay) <= _URL_LIMIT else None
    if found is None:
        raise BadLink(f"{rule}; {_what_is_wrong(relay)}")
    host, port = found["host"], found["port"]
    if port is not None and not 0 < int(port) < 2**16:
        raise BadLink(f"{rule}; its port is 1 to 65535, {port} came")
    last = host.removesuffix(".").rpartition(".")[2]
    # A browser reads such a host as a number, written in one of many ways: one is enough.
    try:
        if host.startswith("["):
            return str(ipaddress.IPv6Address(host[1:-1]))
        if re.fullmatch(r"[0-9]+|0[xX][0-9A-Fa-f]*", last):
            return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise BadLink(f"{rule}; the host of this one is no IP address, nor a name") from None
    return host


def _what_is_wrong(relay: str) -> str:
    """In words, without the address: it may hold a password."""
    if len(relay) > _URL_LIMIT:
        return f"at most {_URL_LIMIT} characters; this one has {len(relay)}"
    if not relay.startswith(("http://", "https://")):
        return "this one begins otherwise"
    authority, _, _ = relay.partition("//")[2].partition("/")
    if "@" in authority:
        return "this one has a user's name or password"
    if "?" in relay or "#" in relay:
        return "this one has a query or a fragment"
    return "this one has characters or parts that do not belong there"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Raises `ValueError` for all but what `_encode` makes."""
    if not _BASE64URL.fullmatch(text):
        raise ValueError("letters, digits, - and _ expected")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(data) != text:
        raise ValueError("bits that mean nothing")
    return data
