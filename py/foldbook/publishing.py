"""A notebook that was local becomes a shared one.

publish      makes its room at the relay, which numbers the rows from then on
offer_all    has the files sent that its rows name
link_for     the link for a role: the one that there is, or a new one
"""

import asyncio
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from foldbook.authority import LocalAuthority
from foldbook.peer import Peer
from foldbook.row import Role, Row
from foldbook.saver import Saver
from foldbook.sealed_blobs import SealedBlobs
from foldbook.sharing import SHARE, MadeLink, Share, Sharing, begin, pieces
from foldbook.store import Batch
from foldbook.ties import Surroundings
from foldbook.upstream import Outside
from foldbook.wire import ROOM

_BLOB: Final = re.compile(rb'"([0-9a-f]{64})"')


async def publish(
    outside: Outside,
    relay: str,
    creation_token: str,
    authority: LocalAuthority,
    peer: Peer,
    actor_secret: bytes,
) -> Share:
    """Make the room of a local notebook; from then on its peer waits to be linked.

    Raises `Refused` and `BadLink`; then all is as before.
    """
    saver, room = authority.saver, authority.room
    share = await begin(outside, relay, creation_token, room.name, room.epoch, actor_secret)
    while peer.log.pending:
        await saver.flush()
        await asyncio.sleep(0)
    # From here to `move` nothing waits: the authority numbers nothing any more.
    share = replace(share, base=room.head, session=peer.session, n=peer.n)
    peer.move(room.name, room.epoch, share.link.token.hex())
    saver.put(Batch(meta={SHARE: share.pack()}))
    return share


async def offer_all(share: Share, saver: Saver, blobs: SealedBlobs) -> None:
    """Have every blob sent that is named by the rows from before the room, and is here."""
    offered: set[str] = set()
    async for rows in pieces(saver.rows, share.base):
        for digest in set(_blobs_of(rows)) - offered:
            offered.add(digest)
            if await saver.blob(digest) is not None:
                blobs.offer(digest)


async def link_for(
    sharing: Sharing,
    peer: Peer,
    around: Surroundings,
    role: Role,
    revoked: Iterable[str] = (),
) -> MadeLink:
    """The link for a role that was made here and is not revoked, or else a new one.

    Raises `Refused`.
    """
    gone = set(revoked)
    made = sharing.share.made
    known = next((each for each in made if each.role is role and each.id not in gone), None)
    if known is None:
        token, name = around.secret()[:16], around.secret().hex()[:12]
        digest = hashlib.sha256(token).hexdigest()
        told: dict[str, Any] = {"id": name, "role": role.value, "token_hash": digest}
        await peer.call(ROOM, "add_link", told)
        known = MadeLink(name, role, token, around.now())
        sharing.change(replace(sharing.share, made=(*sharing.share.made, known)))
    return known


def _blobs_of(rows: Sequence[Row]) -> list[str]:
    """What may be digests of blobs in these rows, once each."""
    found = (match for row in rows for match in _BLOB.findall(row.payload))
    return list(dict.fromkeys(each.decode() for each in found))
