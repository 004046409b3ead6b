"""Who may do what in a room: links that are handed out, and the grants they lead to. Pure.

A *link* carries a token; whoever joins with it is given its role as a personal *grant*, and
keeps that when the link is revoked, until he is removed. A better link raises a grant on the
ladder view < comment < edit < run < own. A link for runtimes stands beside the ladder: it
gives the runtime's right to that connection alone, and changes nobody's grant.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from foldbook.row import Role

LINKS: Final = 1000
"""Links of one room, at most."""
GRANTS: Final = 2000
"""People of one room, at most: the list of them fits into one frame."""

_LADDER: Final = (Role.VIEW, Role.COMMENT, Role.EDIT, Role.RUN, Role.OWN)
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_WHOLE_MAX: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Link:
    """Something to join with.

    token_hash: SHA-256 of the token's bytes, in hex. created, expires: ms since 1970; expires
    None: never. used: grants that came of it.
    """

    id: str
    role: Role
    token_hash: str
    created: int
    expires: int | None = None
    revoked: bool = False
    used: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person may do, and by which link."""

    actor: str
    role: Role
    link: str
    removed: bool = False


Change = Link | Grant
"""What is new or different, to be written; links by id, grants by actor."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Somebody may come in. link: by which one, "" where only the grant counts."""

    role: Role
    link: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Denial:
    """Somebody may not come in: "denied", "revoked", "expired", "removed" or "full"."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call to the room. ok: else ``value`` are words for people.

    changes: to be written before the answer is given. removed: this actor's connections are to
    be closed. revoked: so are the connections that runtimes have by this link.
    """

    ok: bool
    value: Any
    changes: tuple[Change, ...] = ()
    removed: str = ""
    revoked: str = ""


class Access:
    """The links and grants of one room, as they will be once everything is written."""

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self._links: dict[str, Link] = {}
        self._grants: dict[str, Grant] = {}
        self._keep(tuple(changes))

    def link(self, name: str) -> Link | None:
        """The link with this id, or None."""
        return self._links.get(name)

    def decide(self, token: str | None, actor: str, now: int) -> Admission | Denial:
        """May this actor come in with this token (hex) or none? Changes nothing here."""
        grant = self._grants.get(actor)
        if grant is not None and grant.removed:
            return Denial("removed", "an owner has removed you from this notebook")
        link = self._by_token(token) if token else None
        problem = _unusable(link, now)
        if problem is None and link is not None:
            return self._by_link(link, grant, actor)
        if grant is not None:
            return Admission(grant.role)
        return problem or Denial("denied", "no link to this notebook has this token")

    def admit(self, token: str | None, actor: str, now: int) -> Admission | Denial:
        """As `decide`, and what it changes counts from now on."""
        found = self.decide(token, actor, now)
        if isinstance(found, Admission):
            self._keep(found.changes)
        return found

    def answer(
        self,
        actor: str,
        method: str,
        params: Mapping[str, Any],
        here: Collection[str],
        now: int,
    ) -> Outcome:
        """An owner asks the room something. here: the actors that have a connection.

        links -> a list of {id, role, created, expires, revoked, used}
        people -> a list of {actor, role, removed, here}
        add_link {id, role, token_hash, expires?}, revoke_link {id}, remove {actor}
        """
        match method:
            case "links":
                return Outcome(ok=True, value=[_shown(each) for each in self._links.values()])
            case "people":
                return Outcome(ok=True, value=self._people(here))
            case "add_link":
                return self._add_link(params, now)
            case "revoke_link":
                return self._revoke_link(params)
            case "remove":
                return self._remove(actor, params)
            case _:
                return _wrong(f"the room knows no {method}")

    def _by_token(self, token: str) -> Link | None:
        try:
            mark = hashlib.sha256(bytes.fromhex(token)).hexdigest()
        except ValueError:
            return None
        return next((each for each in self._links.values() if each.token_hash == mark), None)

    def _by_link(self, link: Link, grant: Grant | None, actor: str) -> Admission | Denial:
        if link.role is Role.RUNTIME:
            return Admission(Role.RUNTIME, link.id)
        if grant is not None and _rank(grant.role) >= _rank(link.role):
            return Admission(grant.role)
        if grant is None and len(self._grants) >= GRANTS:
            return Denial("full", f"a notebook has at most {GRANTS} people")
        changes = (Grant(actor, link.role, link.id), replace(link, used=link.used + 1))
        return Admission(link.role, link.id, changes)

    def _people(self, here: Collection[str]) -> list[dict[str, Any]]:
        return [
            {
                "actor": each.actor,
                "role": each.role.value,
                "removed": each.removed,
                "here": each.actor in here,
            }
            for each in self._grants.values()
        ]

    def _add_link(self, params: Mapping[str, Any], now: int) -> Outcome:
        problem = _misfit(params, now)
        if problem is not None:
            return _wrong(problem)
        link = Link(
            params["id"], Role(params["role"]), params["token_hash"], now, params.get("expires")
        )
        known = self._links.get(link.id)
        if known is not None and known.token_hash == link.token_hash and known.role is link.role:
            return Outcome(ok=True, value=_shown(known))  # asked twice: the first answer was lost
        if known is not None or any(
            each.token_hash == link.token_hash for each in self._links.values()
        ):
            return _wrong("there is a link with this id or this token already")
        if len(self._links) >= LINKS:
            return _wrong(f"a notebook has at most {LINKS} links")
        return self._changed(Outcome(ok=True, value=_shown(link), changes=(link,)))

    def _revoke_link(self, params: Mapping[str, Any]) -> Outcome:
        link = self._links.get(params["id"]) if type(params.get("id")) is str else None
        if link is None:
            return _wrong("there is no link with this id")
        revoked = replace(link, revoked=True)
        return self._changed(
            Outcome(ok=True, value=_shown(revoked), changes=(revoked,), revoked=link.id)
        )

    def _remove(self, asker: str, params: Mapping[str, Any]) -> Outcome:
        found = params.get("actor")
        grant = self._grants.get(found) if type(found) is str else None
        if grant is None:
            return _wrong("there is nobody with this id")
        others = any(
            each.role is Role.OWN and not each.removed and each.actor != grant.actor
            for each in self._grants.values()
        )
        if grant.role is Role.OWN and not others:
            return _wrong("the last owner cannot be removed")
        removed = replace(grant, removed=True)
        return self._changed(Outcome(ok=True, value=None, changes=(removed,), removed=grant.actor))

    def _changed(self, outcome: Outcome) -> Outcome:
        self._keep(outcome.changes)
        return outcome

    def _keep(self, changes: tuple[Change, ...]) -> None:
        for each in changes:
            if isinstance(each, Link):
                self._links[each.id] = each
            else:
                self._grants[each.actor] = each


def link_problem(params: Mapping[str, Any]) -> str | None:
    """Why {id, token_hash} cannot stand for a link, or None."""
    if type(params.get("id")) is not str or not _ID.fullmatch(params["id"]):
        return "a link's id has 1 to 64 letters, digits, - and _"
    if type(params.get("token_hash")) is not str or not _HASH.fullmatch(params["token_hash"]):
        return "a link's token_hash is a SHA-256 in lower-case hex"
    return None


def _misfit(params: Mapping[str, Any], now: int) -> str | None:
    problem = link_problem(params)
    if problem is not None:
        return problem
    if params.get("role") not in [role.value for role in Role]:
        return f"a link's role is one of {', '.join(Role)}"
    expires = params.get("expires")
    if expires is not None and (type(expires) is not int or not now < expires <= _WHOLE_MAX):
        return "a link expires at a time to come, in ms since 1970, or never"
    return None


def _unusable(link: Link | None, now: int) -> Denial | None:
    if link is not None and link.revoked:
        return Denial("revoked", "this link has been revoked")
    if link is not None and link.expires is not None and link.expires <= now:
        return Denial("expired", "this link has expired")
    return None


def _rank(role: Role) -> int:
    return _LADDER.index(role)


def _shown(link: Link) -> dict[str, Any]:
    return {
        "id": link.id,
        "role": link.role.value,
        "created": link.created,
        "expires": link.expires,
        "revoked": link.revoked,
        "used": link.used,
    }


def _wrong(why: str) -> Outcome:
    return Outcome(ok=False, value=why)
