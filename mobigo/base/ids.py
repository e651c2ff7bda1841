"""Ids that sort by the time they were made and are safe in a URL.

A UUID version 7 (RFC 9562 §5.7: 48 bits of milliseconds, then 74 random bits) written in Crockford's base 32:
26 characters, no letter that reads like a digit.
"""

import secrets
from collections.abc import Iterator

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def new_id(now_ms: int) -> str:
    """A fresh id. `now_ms` is the time in milliseconds since 1970 (UTC): no clock is read here."""
    return _written(now_ms, secrets.randbits(74))


def rising_ids(now_ms: int) -> Iterator[str]:
    """Fresh ids made at one instant, each after the one before it (RFC 9562 §6.2, method 2): many rows made together
    lie side by side in the indexes of a database. What lies between two of them is random, 40 bits of it."""
    random = secrets.randbits(73)
    while True:
        yield _written(now_ms, random)
        random += 1 + secrets.randbits(40)


def _written(now_ms: int, random: int) -> str:
    if not 0 <= now_ms < 1 << 48:
        raise ValueError("milliseconds since 1970 fit in 48 bits")
    number = now_ms << 80 | 0x7 << 76 | random >> 62 << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return "".join([_PAIRS[number >> shift & 1_023] for shift in range(120, -1, -10)])


def is_id(text: str) -> bool:
    """Whether `text` could be one of our ids."""
    return len(text) == 26 and text[0] <= "7" and all(letter in _ALPHABET for letter in text)
