"""Photographs without what they tell beside the picture: the place, the time, the telephone, a thumbnail, a second
file glued behind the first. The picture itself is copied as it is: nothing is decoded, so that no small file becomes a
huge one here.

JPEG: ITU-T T.81, annex B; Exif 2.3 for the one value kept, which way is up. PNG: W3C PNG, third edition, chapter 5.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

PIXELS_MAX: Final = 60_000_000  # a telephone's largest photograph; an agent's browser has to draw it
JPEG: Final = b"\xff\xd8\xff"
PNG: Final = b"\x89PNG\r\n\x1a\n"
_AFTER_SCAN: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # the marker that ends compressed data
_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # frame headers
_DROPPED: Final = (frozenset(range(0xE0, 0xF0)) | {0xFE}) - {
    0xE0,
    0xEE,
}  # notes of programs, but JFIF and Adobe
_KEPT: Final = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs")
)


class Broken(ValueError):
    """What began as a picture does not go on as one."""


class TooManyPixels(ValueError):
    """A picture nobody could draw."""


def bare_jpeg(content: bytes) -> bytes:
    """The same photograph, told apart from nothing but its colours and which way is up. Raises Broken or
    TooManyPixels."""
    parts, up, drawn = [content[:2]], 1, False
    for marker, segment in _segments(content):
        if marker in _SIZES and len(segment) >= 9:
            _fits(*struct.unpack(">HH", segment[5:9]))
            drawn = True
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            up = _orientation(segment[10:])
        if marker not in _DROPPED or (marker == 0xE2 and segment[4:16] == b"ICC_PROFILE\0"):
            parts.append(segment)
    if not drawn:
        raise Broken
    if up != 1:
        parts.insert(1, _turned(up))
    return b"".join(parts)


def bare_png(content: bytes) -> bytes:
    """The same picture without texts, times and places. Raises Broken or TooManyPixels."""
    parts, at, kind = [PNG], len(PNG), b""
    while kind != b"IEND":
        if at + 12 > len(content):
            raise Broken
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, end = content[at + 4 : at + 8], at + 12 + length
        chunk = content[at:end]
        if len(chunk) < 12 + length or zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
            raise Broken
        if (kind == b"IHDR") != (at == len(PNG)) or (kind == b"IHDR" and length != 13):
            raise Broken
        if kind == b"IHDR":
            _fits(*struct.unpack(">II", chunk[8:16]))
        if kind in _KEPT:
            parts.append(chunk)
        at = end
    return b"".join(parts)


def _fits(height: int, width: int) -> None:
    if height < 1 or width < 1:
        raise Broken
    if height * width > PIXELS_MAX:
        raise TooManyPixels


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, its bytes, compressed data included) until the end of the picture; what stands behind it is left out."""
    at = 2
    while True:
        while content[at : at + 2] == b"\xff\xff":
            at += 1
        if len(content) < at + 2 or content[at] != 0xFF:
            raise Broken
        marker = content[at + 1]
        if marker == 0xD9:
            yield marker, content[at : at + 2]
            return
        if len(content) < at + 4:
            raise Broken
        end = at + 2 + int(struct.unpack(">H", content[at + 2 : at + 4])[0])
        if marker == 0xDA:
            following = _AFTER_SCAN.search(content, end)
            end = len(content) if following is None else following.start()
        if end < at + 4 or end > len(content):
            raise Broken
        yield marker, content[at:end]
        at = end


def _orientation(exif: bytes) -> int:
    """Which way is up (tag 0x0112), 1 where it is not said or not readable."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2], "")
    try:
        if not order:
            return 1
        (first,) = struct.unpack(order + "I", exif[4:8])
        (count,) = struct.unpack(order + "H", exif[first : first + 2])
        for entry in range(first + 2, first + 2 + 12 * count, 12):
            tag, _kind, _count, value = struct.unpack(order + "HHIH", exif[entry : entry + 10])
            if tag == 0x0112:
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _turned(up: int) -> bytes:
    exif = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, up, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
