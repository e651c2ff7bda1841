"""One PMTiles archive (version 3) of pictures: map tiles in one local file, read where they lie, checked as they are
read. Written from the public specification; vector tiles are not drawn (see docs/decisions/0032)."""

import gzip
import json
import os
import re
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

from mobigo.base.errors import InvalidInput

HEADER = struct.Struct("<7sB11Q6B")  # as far as the greatest zoom; boxes and centre follow, and are not needed
MEDIA: Final = {2: "image/png", 3: "image/jpeg", 4: "image/webp", 5: "image/avif"}  # by tile type
PLAIN, GZIP = 1, 2
DIRECTORY_BYTES_MAX = 16 << 20
TILE_BYTES_MAX = 2 << 20
DEPTH_MAX = 4
ZOOM_MAX = 22
_TAG = re.compile(r"<[^>]*>")


class Entry(NamedTuple):
    """Tiles of one content: `run` of them from `tile` on; a run of 0 points at a directory."""

    tile: int
    offset: int
    length: int
    run: int


@dataclass(frozen=True)
class Archive:
    """An archive, open for the life of the process. `credit`: whom its pictures are owed to, without markup."""

    file: int
    media_type: str
    zoom_min: int
    zoom_max: int
    credit: str
    root: tuple[Entry, ...]
    leaves_at: int
    tiles_at: int
    compression: int

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """The picture of a tile; None where the archive has none. Raises InvalidInput for a damaged archive."""
        if not self.zoom_min <= z <= self.zoom_max or not (0 <= x < 1 << z and 0 <= y < 1 << z):
            return None
        wanted, entries = tile_id(z, x, y), self.root
        for _ in range(DEPTH_MAX):
            entry = _find(entries, wanted)
            if entry is None:
                return None
            if entry.run:
                if entry.length > TILE_BYTES_MAX:
                    raise _broken("tile")
                return _read(self.file, self.tiles_at + entry.offset, entry.length)
            entries = self._leaf(entry.offset, entry.length)
        raise _broken("directory")

    def _leaf(self, offset: int, length: int) -> tuple[Entry, ...]:
        return _leaf(self.file, self.leaves_at + offset, length, self.compression)


def open_archive(path: Path) -> Archive:
    """The archive at `path`. Raises InvalidInput("planner.map_tiles") when it is none, or one of no pictures, and
    OSError when it cannot be opened."""
    file = os.open(path, os.O_RDONLY)
    try:
        (
            magic, version, root_at, root_length, told_at, told_length, leaves_at, _leaves_length, tiles_at,
            _tiles_length, _addressed, _entries, _contents, _clustered, inner, outer, kind, zoom_min, zoom_max,
        ) = HEADER.unpack(_read(file, 0, HEADER.size))  # fmt: skip
        if magic != b"PMTiles" or version != 3:
            raise _broken("header")
        if kind not in MEDIA or outer not in (0, PLAIN) or inner not in (PLAIN, GZIP):
            raise InvalidInput("planner.map_tiles_kind", file=path.name)
        if not zoom_min <= zoom_max <= ZOOM_MAX:
            raise _broken("zoom")
        root = directory(_unpacked(_read(file, root_at, _bounded(root_length)), inner))
        told = json.loads(_unpacked(_read(file, told_at, _bounded(told_length)), inner) or b"{}")
        credit = str(told.get("attribution") or "") if isinstance(told, dict) else ""
    except InvalidInput:
        os.close(file)
        raise
    except ValueError:
        os.close(file)
        raise _broken("metadata") from None
    shown = " ".join(unescape(_TAG.sub(" ", credit)).split())[:200]
    return Archive(file, MEDIA[kind], zoom_min, zoom_max, shown, root, leaves_at, tiles_at, inner)


def tile_id(z: int, x: int, y: int) -> int:
    """The number of a tile: those of lesser zooms first, then along the Hilbert curve."""
    number = ((1 << (2 * z)) - 1) // 3
    for level in range(z - 1, -1, -1):
        side = 1 << level
        right, low = bool(x & side), bool(y & side)
        number += side * side * ((3 * right) ^ low)
        if not low:
            if right:
                x, y = side - 1 - (x & side - 1), side - 1 - (y & side - 1)
            x, y = y, x
    return number


def directory(content: bytes) -> tuple[Entry, ...]:
    """The entries of a directory, unpacked. Raises InvalidInput for one cut short."""
    stream = BytesIO(content)
    count = _varint(stream)
    if count > len(content):  # an entry takes four bytes at least
        raise _broken("directory")
    tiles, last = [], 0
    for _ in range(count):
        last += _varint(stream)
        tiles.append(last)
    runs = [_varint(stream) for _ in range(count)]
    lengths = [_varint(stream) for _ in range(count)]
    offsets: list[int] = []
    for i in range(count):
        told = _varint(stream)
        if told == 0 and i == 0:
            raise _broken("directory")
        offsets.append(offsets[-1] + lengths[i - 1] if told == 0 else told - 1)
    return tuple(Entry(*each) for each in zip(tiles, offsets, lengths, runs, strict=True))


@lru_cache(maxsize=64)
def _leaf(file: int, at: int, length: int, compression: int) -> tuple[Entry, ...]:
    return directory(_unpacked(_read(file, at, _bounded(length)), compression))


def _find(entries: tuple[Entry, ...], wanted: int) -> Entry | None:
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        if entries[middle].tile <= wanted:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return None
    entry = entries[low - 1]
    return entry if entry.run == 0 or wanted - entry.tile < entry.run else None


def _varint(stream: BytesIO) -> int:
    value = shift = 0
    while True:
        byte = stream.read(1)
        if not byte or shift > 63:
            raise _broken("directory")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
        shift += 7


def _read(file: int, at: int, length: int) -> bytes:
    """Bytes of the file, whatever else reads it at the same time."""
    if at > 1 << 50:
        raise _broken("offset")
    content = os.pread(file, length, at)
    if len(content) != length:
        raise _broken("length")
    return content


def _bounded(length: int) -> int:
    if length > DIRECTORY_BYTES_MAX:
        raise _broken("directory")
    return length


def _unpacked(content: bytes, compression: int) -> bytes:
    if compression == PLAIN or not content:
        return content
    try:
        with gzip.open(BytesIO(content)) as packed:
            plain = packed.read(DIRECTORY_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error):
        raise _broken("directory") from None
    _bounded(len(plain))
    return plain


def _broken(part: str) -> InvalidInput:
    return InvalidInput("planner.map_tiles", part=part)
