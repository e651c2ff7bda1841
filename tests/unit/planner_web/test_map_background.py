"""The background of the map: one archive of pictures read where it lies, and every way it can be wrong."""

import gzip
import json
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from mobigo.base.errors import InvalidInput
from mobigo.planner.gateway.pmtiles import Entry, directory, open_archive, tile_id

CREDITED = {"attribution": '<a href="https://example.org">©&nbsp;Exemple</a>'}
PICTURE = b"\x89PNG a picture"


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def packed(entries: Sequence[Entry]) -> bytes:
    """A directory as the specification writes it, every offset in full."""
    last, tiles = 0, b""
    for entry in entries:
        tiles += varint(entry.tile - last)
        last = entry.tile
    return b"".join(
        [varint(len(entries)), tiles, *(varint(e.run) for e in entries), *(varint(e.length) for e in entries),
         *(varint(e.offset + 1) for e in entries)]
    )  # fmt: skip


def archive(
    root: bytes, leaves: bytes = b"", tiles: bytes = PICTURE, *, kind: int = 2, inner: int = 2, version: int = 3,
    zooms: tuple[int, int] = (0, 3), metadata: object = None,
) -> bytes:  # fmt: skip
    told = json.dumps(
        {"attribution": '<a href="https://example.org">©&nbsp;Exemple</a>'} if metadata is None else metadata
    )
    pack = gzip.compress if inner == 2 else bytes
    parts = [pack(root), pack(told.encode()), leaves, tiles]
    where, at = [], 127
    for part in parts:
        where += [at, len(part)]
        at += len(part)
    head = struct.pack("<7sB11Q6B", b"PMTiles", version, *where, 1, 1, 1, 1, inner, 1, kind, *zooms)
    return head.ljust(127, b"\0") + b"".join(parts)


@pytest.mark.parametrize(
    ("z", "x", "y", "number"),
    [(0, 0, 0, 0), (1, 0, 0, 1), (1, 0, 1, 2), (1, 1, 1, 3), (1, 1, 0, 4), (2, 0, 0, 5), (12, 3423, 1763, 19078479)],
)
def test_tiles_are_numbered_along_the_curve(z: int, x: int, y: int, number: int) -> None:
    assert tile_id(z, x, y) == number


def test_each_tile_of_a_zoom_has_a_number_of_its_own() -> None:
    assert sorted(tile_id(3, x, y) for x in range(8) for y in range(8)) == list(range(21, 85))


def test_a_tile_is_read_from_the_root_from_a_leaf_and_from_a_run(tmp_path: Path) -> None:
    leaf = gzip.compress(packed([Entry(tile_id(3, 0, 0), 4, 4, 1)]))
    root = packed([Entry(0, 0, 4, 1), Entry(1, 8, 4, 4), Entry(21, 0, len(leaf), 0)])
    (tmp_path / "a.pmtiles").write_bytes(archive(root, leaf, b"zeroleafruns"))
    opened = open_archive(tmp_path / "a.pmtiles")
    assert (opened.media_type, opened.zoom_min, opened.zoom_max, opened.credit) == ("image/png", 0, 3, "© Exemple")
    assert opened.tile(0, 0, 0) == b"zero"
    assert [opened.tile(1, x, y) for x in (0, 1) for y in (0, 1)] == [b"runs"] * 4
    assert opened.tile(3, 0, 0) == b"leaf"
    assert opened.tile(2, 0, 0) is None  # nothing there
    assert opened.tile(3, 7, 7) is None
    for outside in ((4, 0, 0), (1, 2, 0), (1, 0, -1), (-1, 0, 0)):
        assert opened.tile(*outside) is None


def test_offsets_left_out_follow_the_content_before() -> None:
    content = bytes([2, 0, 1, 1, 1, 5, 7, 1, 0])  # two tiles, 5 and 7 bytes, the second right behind the first
    assert directory(content) == (Entry(0, 0, 5, 1), Entry(1, 5, 7, 1))


GOOD = packed([Entry(0, 0, len(PICTURE), 1)])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "planner.map_tiles"),
        (b"PK\x03\x04" * 100, "planner.map_tiles"),
        (archive(GOOD, version=2), "planner.map_tiles"),
        (archive(GOOD, kind=1), "planner.map_tiles_kind"),  # vector tiles
        (archive(GOOD, inner=4), "planner.map_tiles_kind"),  # zstd
        (archive(GOOD, zooms=(5, 3)), "planner.map_tiles"),
        (archive(GOOD, zooms=(0, 99)), "planner.map_tiles"),
        (archive(GOOD)[:140], "planner.map_tiles"),
        (archive(b"\xff" * 12), "planner.map_tiles"),
        (archive(varint(1 << 40)), "planner.map_tiles"),
        (archive(b"\0" * (17 << 20)), "planner.map_tiles"),  # a directory that swells
        (archive(bytes([1, 0, 1, 4, 0])), "planner.map_tiles"),  # the first offset follows nothing
    ],
)
def test_what_is_no_archive_of_pictures_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "a.pmtiles").write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        open_archive(tmp_path / "a.pmtiles")
    assert refused.value.decision.code == code


@pytest.mark.parametrize("metadata", [[], {"attribution": None}, {}])
def test_an_archive_may_credit_nobody(tmp_path: Path, metadata: object) -> None:
    (tmp_path / "a.pmtiles").write_bytes(archive(GOOD, inner=1, metadata=metadata))
    opened = open_archive(tmp_path / "a.pmtiles")
    assert opened.credit == ""
    assert opened.tile(0, 0, 0) == PICTURE


@pytest.mark.parametrize("entry", [Entry(0, 0, 3 << 20, 1), Entry(0, 1 << 60, 4, 1), Entry(0, 0, 4, 0)])
def test_a_damaged_tile_is_told_not_served(tmp_path: Path, entry: Entry) -> None:
    """Too long, out of the file, or a directory that leads to no end."""
    (tmp_path / "a.pmtiles").write_bytes(archive(packed([entry]), inner=1))
    with pytest.raises(InvalidInput):
        open_archive(tmp_path / "a.pmtiles").tile(0, 0, 0)
