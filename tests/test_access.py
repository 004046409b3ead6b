"""Links, grants, and what an owner asks of the room."""

import hashlib
from typing import Any

import pytest
from foldbook.access import GRANTS, LINKS, Access, Admission, Denial, Grant, Link
from foldbook.row import Role
from foldbook.wire import FRAME_LIMIT, Reply, encode

LADDER = [Role.VIEW, Role.COMMENT, Role.EDIT, Role.RUN, Role.OWN]
NOW = 1000


def token(name: str) -> str:
    return name.encode().hex()


def link(name: str, role: Role = Role.EDIT, **more: Any) -> Link:
    """A link whose token is its name."""
    return Link(name, role, hashlib.sha256(name.encode()).hexdigest(), 1, **more)


def said(name: str, role: Role = Role.EDIT, **more: Any) -> dict[str, Any]:
    """What one says to add that link."""
    mark = hashlib.sha256(name.encode()).hexdigest()
    return {"id": name, "role": role.value, "token_hash": mark, **more}


def code(found: Admission | Denial) -> str:
    assert isinstance(found, Denial)
    return found.code


def role(found: Admission | Denial) -> Role:
    assert isinstance(found, Admission), found
    return found.role


def test_a_link_gives_a_grant_which_then_counts_alone() -> None:
    access = Access([link("l")])
    found = access.admit(token("l"), "mara", NOW)
    grant, used = Grant("mara", Role.EDIT, "l"), link("l", used=1)
    assert found == Admission(Role.EDIT, "l", (grant, used))
    assert access.admit(None, "mara", NOW) == Admission(Role.EDIT)
    assert access.admit(token("l"), "mara", NOW) == Admission(Role.EDIT)
    assert access.link("l") == used


def test_looking_gives_nobody_a_grant() -> None:
    access = Access([link("l")])
    assert role(access.decide(token("l"), "mara", NOW)) is Role.EDIT
    assert code(access.decide(None, "mara", NOW)) == "denied"


@pytest.mark.parametrize("wrong", [None, "", "00" * 16, "no hex", "0"])
def test_without_a_token_of_a_link_nobody_comes_in(wrong: str | None) -> None:
    assert code(Access([link("l")]).admit(wrong, "mara", NOW)) == "denied"


@pytest.mark.parametrize("second", LADDER)
@pytest.mark.parametrize("first", LADDER)
def test_a_better_link_raises_a_grant_and_a_lesser_one_takes_nothing(
    first: Role, second: Role
) -> None:
    access = Access([link("a", first), link("b", second)])
    access.admit(token("a"), "mara", NOW)
    best = max(first, second, key=LADDER.index)
    assert role(access.admit(token("b"), "mara", NOW)) is best
    assert role(access.admit(None, "mara", NOW)) is best


def test_a_runtime_s_link_changes_nobody_s_grant() -> None:
    access = Access([link("l", Role.OWN), link("r", Role.RUNTIME)])
    access.admit(token("l"), "mara", NOW)
    assert access.admit(token("r"), "mara", NOW) == Admission(Role.RUNTIME, "r")
    assert role(access.admit(None, "mara", NOW)) is Role.OWN
    access.admit(token("r"), "loom", NOW)
    assert code(access.admit(None, "loom", NOW)) == "denied"


@pytest.mark.parametrize(
    ("dead", "why"), [({"revoked": True}, "revoked"), ({"expires": NOW}, "expired")]
)
def test_a_dead_link_stops_newcomers_only(dead: dict[str, Any], why: str) -> None:
    access = Access([link("l", **dead), Grant("mara", Role.EDIT, "l")])
    assert role(access.admit(token("l"), "mara", NOW)) is Role.EDIT
    assert code(access.admit(token("l"), "olli", NOW)) == why
    assert role(Access([link("l", expires=NOW + 1)]).admit(token("l"), "olli", NOW)) is Role.EDIT


def test_who_is_removed_stays_out_with_any_link() -> None:
    access = Access([link("l"), link("r", Role.RUNTIME), Grant("mara", Role.EDIT, "l", True)])
    for told in (None, token("l"), token("r")):
        assert code(access.admit(told, "mara", NOW)) == "removed"


def test_a_notebook_has_a_limit_of_people() -> None:
    grants = [Grant(str(i), Role.VIEW, "l") for i in range(GRANTS)]
    access = Access([link("l"), *grants])
    assert code(access.admit(token("l"), "one more", NOW)) == "full"
    assert role(access.admit(token("l"), "7", NOW)) is Role.EDIT


def test_the_longest_answers_fit_into_a_frame() -> None:
    grants = [Grant(f"{i:032x}", Role.RUNTIME, "x" * 64, removed=True) for i in range(GRANTS)]
    links = [
        Link(f"{i:064x}", Role.RUNTIME, f"{i:064x}", 2**53 - 1, 2**53 - 1, used=2**53 - 1)
        for i in range(LINKS)
    ]
    for method in ("people", "links"):
        outcome = Access([*links, *grants]).answer("mara", method, {}, set(), NOW)
        assert len(encode(Reply("x" * 64, ok=True, value=outcome.value))) < FRAME_LIMIT


class TestOwner:
    def access(self) -> Access:
        return Access([link("first", Role.OWN), Grant("mara", Role.OWN, "first")])

    def ask(self, access: Access, method: str, **params: Any) -> Any:
        return access.answer("mara", method, params, {"mara"}, NOW)

    def test_links_are_added_listed_and_revoked(self) -> None:
        access = self.access()
        added = self.ask(access, "add_link", **said("l", expires=NOW + 5))
        assert added.changes == (
            Link("l", Role.EDIT, said("l")["token_hash"], NOW, expires=NOW + 5),
        )
        assert [each["id"] for each in self.ask(access, "links").value] == ["first", "l"]
        assert "token_hash" not in self.ask(access, "links").value[0]
        revoked = self.ask(access, "revoke_link", id="l")
        assert (revoked.revoked, revoked.changes[0].revoked) == ("l", True)
        assert code(access.admit(token("l"), "olli", NOW)) == "revoked"

    def test_adding_a_link_twice_is_adding_it_once(self) -> None:
        access = self.access()
        first = self.ask(access, "add_link", **said("l"))
        again = self.ask(access, "add_link", **said("l"))
        assert (again.ok, again.value, again.changes) == (True, first.value, ())
        assert not self.ask(access, "add_link", **said("l", Role.RUN)).ok
        assert not self.ask(access, "add_link", **said("l") | {"id": "other"}).ok

    @pytest.mark.parametrize(
        "wrong",
        [
            {"id": ""}, {"id": 7}, {"id": "a b"}, {"role": "king"}, {"role": None},
            {"token_hash": "00"}, {"token_hash": None}, {"expires": "soon"}, {"expires": NOW},
            {"expires": 2**60}, {"expires": True},
        ],
    )  # fmt: skip
    def test_an_unsound_link_is_answered_with_words(self, wrong: dict[str, Any]) -> None:
        outcome = self.ask(self.access(), "add_link", **said("l") | wrong)
        assert (outcome.ok, outcome.changes) == (False, ())
        assert outcome.value.startswith("a link")

    def test_a_notebook_has_a_limit_of_links(self) -> None:
        access = Access([link(str(i)) for i in range(LINKS)])
        assert "at most" in self.ask(access, "add_link", **said("l")).value

    def test_people_are_listed_and_removed(self) -> None:
        access = self.access()
        self.ask(access, "add_link", **said("l"))
        access.admit(token("l"), "olli", NOW)
        assert self.ask(access, "people").value == [
            {"actor": "mara", "role": "own", "removed": False, "here": True},
            {"actor": "olli", "role": "edit", "removed": False, "here": False},
        ]
        removed = self.ask(access, "remove", actor="olli")
        assert removed.removed == "olli"
        assert removed.changes == (Grant("olli", Role.EDIT, "l", removed=True),)
        assert code(access.admit(None, "olli", NOW)) == "removed"

    def test_the_last_owner_stays(self) -> None:
        access = self.access()
        assert not self.ask(access, "remove", actor="mara").ok
        access.admit(token("first"), "olli", NOW)
        assert self.ask(access, "remove", actor="mara").ok
        assert not self.ask(access, "remove", actor="olli").ok

    @pytest.mark.parametrize(
        ("method", "params"),
        [
            ("revoke_link", {}), ("revoke_link", {"id": "none"}), ("revoke_link", {"id": [1]}),
            ("remove", {}), ("remove", {"actor": "nobody"}), ("remove", {"actor": {}}),
            ("dance", {}),
        ],
    )  # fmt: skip
    def test_what_is_not_there_is_answered_with_words(
        self, method: str, params: dict[str, Any]
    ) -> None:
        outcome = self.ask(self.access(), method, **params)
        assert (outcome.ok, outcome.changes) == (False, ())
        assert outcome.value
