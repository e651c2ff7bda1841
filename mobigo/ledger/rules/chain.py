"""How lines are chained: what is hashed, in which order, in which form.

    request hash = SHA-256 of the JSON array [phase, key, debit, credit, moved, held, kind, ref, memo, group, position,
                   size, of, expires, happened], without `happened` for an order that does not state it (settle, void,
                   expire, reverse)
    hash         = SHA-256 of the previous line's hash (32 zero bytes before the first), then number, time of record and
                   time of the event as three 64-bit big-endian integers, then the request hash

The JSON array is written without spaces, in UTF-8, so anyone can compute the chain again with common tools.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import orjson

from mobigo.ledger.model import Head, Phase

ERA: Final = 8_192  # lines; sums of accounts are kept inside each era, so that no balance needs more than one in full
MARK_EVERY: Final = 64  # lines of one account in one era
GENESIS: Final = Head(0, bytes(32), 0)
STATED: Final = (Phase.POST.value, Phase.HOLD.value)  # the orders that state when the event happened
three_integers: Final[Callable[[int, int, int], bytes]] = struct.Struct(">qqq").pack
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def request_hash(asked: Sequence[Any]) -> bytes:
    """The hash of an order: of the columns of its line from `phase` to `happened_us`."""
    return sha256(orjson.dumps(asked if asked[0] in STATED else asked[:-1])).digest()


def line_hash(previous: bytes, n: int, recorded_us: int, happened_us: int, request: bytes) -> bytes:
    """The hash of a line."""
    return sha256(previous + three_integers(n, recorded_us, happened_us) + request).digest()


def to_us(instant: datetime) -> int:
    """Whole microseconds since 1970. Raises ValueError for an instant without its zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant carries its zone")
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_us(us: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + timedelta(microseconds=us)


def whole_eras(n: int) -> int:
    """How many eras are whole once line `n` is the last."""
    return (n + 1) // ERA
