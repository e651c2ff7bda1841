"""Changes of an input, the same for the same seed: what a cut line, a broken disk, a clumsy editor or an enemy does."""

import random
from collections.abc import Iterator
from typing import Final

_TELLING: Final = (
    b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"-1", b"0", b"9" * 400, b"1e999", b"NaN", b"Infinity", b"null", b"[]", b"{}",
    b'"', b"'", b"\n", b"\r", b";", b",", b"<", b">", b"&#0;", b"<!--", b"]]>", b"=cmd|' /C calc'!A0", b"\xed\xa0\x80",
    b"25:61:61", b"2025-02-30", b"99999999999999999999", b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", b"A" * 70_000,
    b"[" * 3_000, b'{"a":' * 3_000, b"\xe2\x80\xae", b"0x10", b"\xc2\xa0", b"true",
)  # fmt: skip


def changed(seed: bytes, others: tuple[bytes, ...], count: int, number: int) -> Iterator[bytes]:
    """`count` inputs made from a good one, one to four changes each."""
    draw = random.Random(number)
    for _ in range(count):
        data = bytearray(seed)
        for _ in range(draw.choice((1, 1, 1, 2, 3, 4))):
            _change(data, draw, others)
        yield bytes(data)


def _change(data: bytearray, draw: random.Random, others: tuple[bytes, ...]) -> None:
    at = draw.randint(0, len(data))
    upto = min(len(data), at + draw.choice((1, 1, 2, 4, 8, 32, 200)))
    match draw.randrange(8):
        case 0 if data:
            data[min(at, len(data) - 1)] ^= 1 << draw.randrange(8)
        case 1:
            del data[at:upto]
        case 2:
            data[at:at] = data[at:upto] * draw.choice((1, 2, 50))
        case 3:
            data[at:upto] = draw.choice(_TELLING)
        case 4:
            data[at:at] = draw.choice(_TELLING)
        case 5:
            del data[at:]
        case 6:
            data[at:upto] = draw.randbytes(upto - at)
        case _:
            other = draw.choice(others)
            cut = draw.randint(0, len(other))
            data[at:] = other[cut:]
