"""Texts that grow at their end, piece by piece. Pure."""

from typing import Final


class Rope:
    """A text, and what may be added to it without copying what is there.

    It is a value: adding makes another rope, which shares this one's pieces, and two that grow
    from one do not see each other's. The pieces are joined when somebody wants the text, and
    the joined text takes their place.
    """

    __slots__ = ("_before", "_length", "_piece")

    def __init__(self, text: str = "") -> None:
        self._before: Rope | None = None
        self._piece = text
        self._length = len(text)

    def plus(self, text: str) -> "Rope":
        """This text with more at its end. Costs the same however long this one is."""
        grown = Rope(text)
        grown._before = self
        grown._length += self._length
        return grown

    def since(self, older: "Rope") -> str | None:
        """What was added to ``older``; None where its text is not the beginning of this one.

        Costs what was added, where this one grew from ``older`` and has not been joined since.
        """
        pieces: list[str] = []
        rope = self
        while rope is not older and rope._before is not None and rope._length > older._length:
            pieces.append(rope._piece)
            rope = rope._before
        if rope is older:
            return "".join(reversed(pieces))
        whole, beginning = str(self), str(older)
        return whole[len(beginning) :] if whole.startswith(beginning) else None

    def __len__(self) -> int:
        return self._length

    def __str__(self) -> str:
        if self._before is not None:
            pieces: list[str] = []
            rope: Rope | None = self
            while rope is not None:
                pieces.append(rope._piece)
                rope = rope._before
            self._piece = "".join(reversed(pieces))
            self._before = None
        return self._piece

    def __repr__(self) -> str:
        return f"Rope({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rope):
            return NotImplemented
        return self is other or (self._length == other._length and str(self) == str(other))

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> tuple[type["Rope"], tuple[str]]:
        """Copies and pickles are of the text: pieces may be too many to follow one by one."""
        return Rope, (str(self),)


EMPTY: Final = Rope()
