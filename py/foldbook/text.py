"""Text changes: what they are, and how two of them made at once both find their place. Pure.

A `Change` is a tuple of sections over a text, from its start, counted in code points: a number
keeps that many, ``(n, s)`` puts ``s`` in the place of the next ``n``. What follows the last
section is kept, so the empty tuple changes nothing, and a keystroke in a long text is two
sections. Every change that comes out of this module is in *canonical form*: no section does
nothing, keeps and replacements alternate, the last section is a replacement.

Where two changes were made on one text, one stands *later* in the log. The order of what they
insert is decided by where the replaced range starts, then by its length (the shorter goes left),
and for the same range: **the later one in the log goes left**. With that rule the characters
that one person types never mix with another's at the same place.
"""

from collections.abc import Iterable

from foldbook.errors import TextMisfit

Section = int | tuple[int, str]
Change = tuple[Section, ...]

_Part = tuple[int, int, str]  # a replacement with its start: (start, deleted, inserted)


def normal(sections: Iterable[Section]) -> Change:
    """The canonical form. Raises `TextMisfit` where a section counts below zero."""
    sections = tuple(sections)
    if _is_keystroke(sections):
        return sections
    out = _Sections()
    for section in sections:
        count = section if isinstance(section, int) else section[0]
        if count < 0:
            raise TextMisfit(f"a section counts from 0, this is {section!r}")
        if isinstance(section, int):
            out.keep(section)
        else:
            out.put(*section)
    return out.done()


def _is_keystroke(change: Change) -> bool:
    """Whether this is one replacement behind the start, in canonical form: the usual change."""
    if len(change) != 2:
        return False
    kept, put = change
    if not isinstance(kept, int) or isinstance(put, int):
        return False
    return kept > 0 and put[0] >= 0 and put != (0, "")


def replace(position: int, deleted: int, inserted: str) -> Change:
    """The change that puts ``inserted`` in the place of ``deleted`` code points at ``position``."""
    if position < 0 or deleted < 0:
        raise TextMisfit(f"place and length count from 0, these are {position} and {deleted}")
    if not deleted and not inserted:
        return ()
    return (position, (deleted, inserted)) if position else ((deleted, inserted),)


def from_patches(patches: Iterable[tuple[int, int, str]]) -> Change:
    """One change from patches ``(position, deleted, inserted)``, each on the result of the last."""
    change: Change = ()
    for position, deleted, inserted in patches:
        change = compose(change, replace(position, deleted, inserted))
    return change


def extent(change: Change) -> int:
    """Code points that a text must have, at least, for the change to fit it."""
    needed = 0
    for each in change:  # for two sections, `sum` over a generator costs more than the sum
        needed += each if isinstance(each, int) else each[0]
    return needed


def growth(change: Change) -> int:
    """Code points added minus code points removed."""
    grown = 0
    for each in change:
        if not isinstance(each, int):
            grown += len(each[1]) - each[0]
    return grown


def check(change: Change, length: int) -> None:
    """Raises `TextMisfit` where the change reaches beyond a text of ``length`` code points."""
    needed = extent(change)
    if needed > length:
        raise TextMisfit(f"a text of at least {needed} expected, one of {length} came")


def apply(change: Change, text: str) -> str:
    """The changed text. Raises `TextMisfit` where the change reaches beyond it."""
    check(change, len(text))
    pieces: list[str] = []
    at = 0
    for section in change:
        if isinstance(section, int):
            pieces.append(text[at : at + section])
            at += section
        else:
            pieces.append(section[1])
            at += section[0]
    pieces.append(text[at:])
    return "".join(pieces)


def coarse(change: Change, text: str) -> Change:
    """The change as one replacement, from where its first one begins to where its last one ends."""
    if not change:
        return change
    start, end = change[0] if isinstance(change[0], int) else 0, extent(change)
    made = apply(change, text)
    return replace(start, end - start, made[start : end + growth(change)])


def invert(change: Change, text: str) -> Change:
    """What takes the change back; ``text`` is the text before it."""
    check(change, len(text))
    out = _Sections()
    at = 0
    for section in change:
        if isinstance(section, int):
            out.keep(section)
            at += section
        else:
            out.put(len(section[1]), text[at : at + section[0]])
            at += section[0]
    return out.done()


def map_position(change: Change, position: int, stay_left: bool = True) -> int:
    """Where a place between two code points (a cursor) is after the change.

    At an insertion, and inside of what is replaced, it stays left of the new text, or goes
    right of it. At the edges of what is replaced it stays at that edge.
    """
    at = shift = 0
    for section in change:
        if isinstance(section, int):
            at += section
            if at > position:
                break
            continue
        deleted, inserted = section
        end = at + deleted
        if end > position or (end == position and stay_left and not deleted):
            if position == at or stay_left:
                return at + shift
            return at + shift + len(inserted)
        shift += len(inserted) - deleted
        at = end
    return position + shift


def compose(first: Change, second: Change) -> Change:
    """One change that does what ``first`` and then ``second`` does."""
    if not first or not second:
        return first or second
    return _typed_on(first, second) or _compose(first, second)


def transform(later: Change, earlier: Change) -> Change:
    """The change that stands later in the log, rewritten to apply after ``earlier``."""
    return _over(_parts(later), _parts(earlier), left=True)


def transform_pair(later: Change, earlier: Change) -> tuple[Change, Change]:
    """Both changes, each rewritten to apply after the other; both ways end in the same text."""
    if not later or not earlier:
        return later, earlier
    if len(later) == 2 and len(earlier) == 2:
        apart = _apart(later, earlier)
        if apart:
            return apart
    mine, theirs = _parts(later), _parts(earlier)
    return _over(mine, theirs, left=True), _over(theirs, mine, left=False)


def _apart(later: Change, earlier: Change) -> tuple[Change, Change] | None:
    """`transform_pair` of two keystrokes that do not touch: one of them is only shifted."""
    (at, one), (place, other) = later, earlier
    if not isinstance(at, int) or not isinstance(place, int):
        return None
    if isinstance(one, int) or isinstance(other, int):
        return None
    if at + one[0] < place:
        return later, (place + len(one[1]) - one[0], other)
    if place + other[0] < at:
        return (at + len(other[1]) - other[0], one), earlier
    return None


class _Sections:
    """Builds a change in canonical form."""

    __slots__ = ("_sections", "_used")

    def __init__(self) -> None:
        self._sections: list[Section] = []
        self._used = 0

    def keep(self, count: int) -> None:
        if not count:
            return
        self._used += count
        last = self._sections[-1] if self._sections else None
        if isinstance(last, int):
            self._sections[-1] = last + count
        else:
            self._sections.append(count)

    def put(self, deleted: int, inserted: str) -> None:
        if not deleted and not inserted:
            return
        self._used += deleted
        last = self._sections[-1] if self._sections else 0
        if isinstance(last, int):
            self._sections.append((deleted, inserted))
        else:
            self._sections[-1] = (last[0] + deleted, last[1] + inserted)

    def put_at(self, position: int, deleted: int, inserted: str) -> None:
        """`put`, at a position of the text that is not before what has been used of it."""
        if deleted or inserted:
            self.keep(position - self._used)
            self.put(deleted, inserted)

    def done(self) -> Change:
        if self._sections and isinstance(self._sections[-1], int):
            self._sections.pop()
        return tuple(self._sections)


def _parts(change: Change) -> list[_Part]:
    parts: list[_Part] = []
    at = 0
    for section in change:
        if isinstance(section, int):
            at += section
        else:
            parts.append((at, *section))
            at += section[0]
    return parts


def _over(mine: list[_Part], theirs: list[_Part], *, left: bool) -> Change:
    """``mine`` rewritten to apply after ``theirs``; for the same range mine goes ``left``."""
    out = _Sections()
    shift = 0  # by those of theirs that end where we are, or before
    i, count = 0, len(theirs)
    for start, deleted, inserted in mine:
        place = None
        while i < count and _first(theirs[i], start, deleted, not left):
            other, gone, new = theirs[i]
            if other + gone > start:  # it swallows my start
                place = other + shift + len(new)
                break
            shift += len(new) - gone
            i += 1
        out.put_at(start + shift if place is None else place, 0, inserted)
        at, end = start, start + deleted
        while i < count and at < end and theirs[i][0] < end:
            other, gone, new = theirs[i]
            out.put_at(at + shift, max(0, other - at), "")
            at = max(at, other + gone)
            if other + gone > end:
                break  # it may swallow more of mine
            shift += len(new) - gone
            i += 1
        out.put_at(at + shift, max(0, end - at), "")
    return out.done()


def _first(part: _Part, start: int, deleted: int, ties: bool) -> bool:
    """Whether what ``part`` inserts goes left of what is inserted for this other range."""
    if part[0] != start:
        return part[0] < start
    return part[1] < deleted or (part[1] == deleted and ties)


def _typed_on(first: Change, second: Change) -> Change | None:
    """`compose` where the second changes only what the first has inserted: typing on."""
    if len(first) != 2 or len(second) != 2:
        return None
    (at, one), (place, two) = first, second
    if not isinstance(at, int) or not isinstance(place, int):
        return None
    if isinstance(one, int) or isinstance(two, int):
        return None
    begin, end = place - at, place - at + two[0]
    if begin < 0 or end > len(one[1]):
        return None
    return replace(at, one[0], one[1][:begin] + two[1] + one[1][end:])


def _compose(first: Change, second: Change) -> Change:
    out = _Sections()
    source = _Source(first, out)
    for section in second:
        if isinstance(section, int):
            source.take(section, drop=False)
        else:
            out.put(0, section[1])
            source.take(section[0], drop=True)
    source.finish()
    return out.done()


class _Source:
    """The text that a change makes, read from its start, to be kept or dropped."""

    __slots__ = ("_kept", "_next", "_out", "_sections", "_text")

    def __init__(self, change: Change, out: _Sections) -> None:
        self._sections = change
        self._next = 0
        self._out = out
        self._kept = 0
        self._text = ""

    def take(self, count: int, *, drop: bool) -> None:
        while count:
            if self._text:
                used = min(count, len(self._text))
                if not drop:
                    self._out.put(0, self._text[:used])
                self._text = self._text[used:]
            elif self._kept:
                used = min(count, self._kept)
                self._pass(used, drop)
                self._kept -= used
            elif self._load():
                continue
            else:  # beyond the last section everything is kept
                used = count
                self._pass(used, drop)
            count -= used

    def finish(self) -> None:
        """What is left of the change goes through unchanged."""
        self._flush()
        while self._load():
            self._flush()

    def _flush(self) -> None:
        self._out.put(0, self._text)
        self._out.keep(self._kept)
        self._text, self._kept = "", 0

    def _pass(self, count: int, drop: bool) -> None:
        if drop:
            self._out.put(count, "")
        else:
            self._out.keep(count)

    def _load(self) -> bool:
        if self._next == len(self._sections):
            return False
        section = self._sections[self._next]
        self._next += 1
        if isinstance(section, int):
            self._kept = section
        else:
            self._out.put(section[0], "")
            self._text = section[1]
        return True
