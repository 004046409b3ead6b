"""Order keys: cells are sorted by text keys, and between two keys there is always a third. Pure.

A key is digits and letters (base 62, in ASCII order). None that this module makes ends in the
lowest digit, ``0``: there would be too little room below it. It starts with a whole number
whose first letter tells its length (``a`` + 1 digit, ``b`` + 2 digits ..., and downwards ``Z``
+ 1 digit, ``Y`` + 2 digits ...), so that long runs of appends or prepends count on and their
keys stay short. Any other key of these characters is ordered as well and may be given.
"""

from typing import Final

from foldbook.errors import OrderMisfit

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_VALUE: Final = {digit: value for value, digit in enumerate(DIGITS)}
_BASE: Final = len(DIGITS)
_MIDDLE: Final = DIGITS[_BASE // 2]
_FIRST: Final = "a" + _MIDDLE
_HEADS: Final = DIGITS[10:]  # upper-case: numbers below zero, the longest first; lower-case: above


def between(before: str | None, after: str | None, salt: str = "") -> str:
    """A key strictly between two (None: no neighbour on that side).

    ``salt`` (a few hex digits of the writer's session) makes the keys differ that two writers
    choose for one place at the same time. Raises `OrderMisfit`.
    """
    for key in (before, after, salt or None):
        _check(key)
    if before is not None and after is not None and before >= after:
        raise OrderMisfit(f"the smaller key comes first, {before!r} and {after!r} came")
    key = _place(before, after) + salt
    return key + _MIDDLE if key.endswith(DIGITS[0]) else key


def spread(count: int, before: str | None, after: str | None, salt: str = "") -> list[str]:
    """``count`` keys in rising order, strictly between two. Raises `OrderMisfit`."""
    if count <= 0:
        return []
    if after is None:
        return _run(count, before, salt)
    middle = between(before, after, salt)
    left = count // 2
    return [
        *spread(left, before, middle, salt),
        middle,
        *spread(count - 1 - left, middle, after, salt),
    ]


def _run(count: int, before: str | None, salt: str) -> list[str]:
    keys: list[str] = []
    for _ in range(count):
        before = between(before, None, salt)
        keys.append(before)
    return keys


def _check(key: str | None) -> None:
    if key is not None and not (key and set(key) <= _VALUE.keys()):
        raise OrderMisfit(f"an order key is digits and letters, {key!r} came")


def _place(before: str | None, after: str | None) -> str:
    """Digits strictly between two that ``after`` does not begin with: more may follow them."""
    if before is None and after is None:
        return _FIRST
    stepped = None
    if after is None and before is not None:
        stepped = _step(before, 1)
    elif before is None and after is not None:
        stepped = _step(after, -1)
    return stepped or _middle(before or "", after)


def _middle(before: str, after: str | None) -> str:
    """Digits between two fractions; a missing digit of ``before`` is 0, None is 1."""
    same = ""
    while True:
        at = len(same)
        low = _VALUE[before[at]] if at < len(before) else 0
        if after is not None and at == len(after):
            raise OrderMisfit(f"no key lies between {before!r} and {after!r}")
        high = _BASE if after is None else _VALUE[after[at]]
        if high - low > 1:
            return same + DIGITS[_choose(low, high, at < len(before), after is not None)]
        if high > low:
            after = None
        same += DIGITS[low]


def _choose(low: int, high: int, is_low: bool, is_high: bool) -> int:
    """One step from the only bound there is (runs go on that way), else the middle."""
    if is_low and not is_high:
        return low + 1
    if is_high and not is_low:
        return high - 1
    return (low + high) // 2


def _step(key: str, step: int) -> str | None:
    """The whole number that the key starts with, one up or down; None where there is none."""
    length = _length(key[0])
    number = key[1 : 1 + length]
    if not length or len(number) < length:
        return None
    wrapped = DIGITS[0] if step > 0 else DIGITS[-1]
    rest = ""
    while number:
        value = _VALUE[number[-1]] + step
        if 0 <= value < _BASE:
            return key[0] + number[:-1] + DIGITS[value] + rest
        number, rest = number[:-1], rest + wrapped
    head = _HEADS.index(key[0]) + step
    if not 0 <= head < len(_HEADS):
        return None
    return _HEADS[head] + wrapped * _length(_HEADS[head])


def _length(head: str) -> int:
    """Digits of the whole number that starts with this letter; 0 where it is none."""
    if head not in _HEADS:
        return 0
    half = len(_HEADS) // 2
    at = _HEADS.index(head)
    return at - half + 1 if at >= half else half - at
