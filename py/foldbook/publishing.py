"""A notebook that was local becomes a shared one.

publish      makes its room at the relay, which numbers the rows from then on
link_for     the link for a role: the one that there is, or a new one
"""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from foldbook.authority import LocalAuthority
from foldbook.peer import Peer
from foldbook.row import Role
from foldbook.sealed_blobs import OLDER
from foldbook.sharing import SHARE, MadeLink, Share, Sharing, begin
from foldbook.store import Batch
from foldbook.ties import Surroundings
from foldbook.upstream import Outside
from foldbook.wire import ROOM


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
    # The files that the rows name are sent as soon as it is linked (`foldbook.relaying`).
    saver.put(Batch(meta={SHARE: share.pack(), OLDER: share.base}))
    return share


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
