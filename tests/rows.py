"""Rows for tests that do not look at what the rows say."""

from foldbook.row import Kind, Role, Row


def row(
    n: int,
    session: str = "s",
    *,
    seq: int = 0,
    seen: int = 0,
    kind: Kind = Kind.EDIT,
    payload: bytes | None = None,
) -> Row:
    """Row ``n`` of a session."""
    told = payload if payload is not None else b'{"type":"test","n":%d}' % n
    return Row(seq, session, n, seen, "", Role.OWN, kind, 0, told)


def log(count: int, session: str = "s") -> list[Row]:
    """A log of so many rows, as an authority has numbered them."""
    return [row(n, session).numbered(n, "actor", Role.OWN, 1000 + n) for n in range(1, count + 1)]
