"""Archives: what real ones contain is read; what hostile ones try is refused, in bounded time and memory."""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from mobigo.base.errors import InvalidInput, MobigoError, NotFound, Refused
from mobigo.network.gateway import gtfs
from mobigo.network.gateway.archive import open_feed
from mobigo.network.gateway.limits import Limits
from tests.builders import feed, trip, write_folder, write_zip

FILES = feed([trip("early", "A 07:55 B 08:05 C 08:20")])


def pack(path: Path, members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return path


def whole(prefix: str = "") -> list[tuple[str, bytes]]:
    return [(prefix + name, text.encode()) for name, text in FILES.items()]


def test_a_zip_and_a_folder_of_the_same_files_are_the_same_feed(tmp_path: Path) -> None:
    zipped = gtfs.read(write_zip(FILES, tmp_path / "feed.zip"))
    folder = gtfs.read(write_folder(FILES, tmp_path / "feed"))
    assert zipped.content_hash == folder.content_hash
    assert set(zipped.tables.tables) == set(folder.tables.tables) == {name.removesuffix(".txt") for name in FILES}
    for name, frame in zipped.tables.tables.items():
        assert frame.equals(folder.tables[name])


def test_how_it_was_packed_does_not_change_a_content(tmp_path: Path) -> None:
    stored = pack(tmp_path / "a.zip", whole(), zipfile.ZIP_STORED)
    deflated = pack(tmp_path / "b.zip", whole()[::-1])
    assert gtfs.read(stored).content_hash == gtfs.read(deflated).content_hash
    assert stored.read_bytes() != deflated.read_bytes()


def test_any_change_of_a_file_changes_the_content(tmp_path: Path) -> None:
    changed = [(name, data.replace(b"early", b"later")) for name, data in whole()]
    named = [*whole(), ("LISEZMOI.md", b"")]
    hashes = {gtfs.read(pack(tmp_path / f"{n}.zip", m)).content_hash for n, m in enumerate([whole(), changed, named])}
    assert len(hashes) == 3


def test_a_sub_folder_and_the_litter_of_macs_are_seen_through(tmp_path: Path) -> None:
    members = [*whole("gtfs/"), ("__MACOSX/gtfs/._stops.txt", b"\0\1"), ("gtfs/.DS_Store", b"\0"), ("gtfs/", b"")]
    read = gtfs.read(pack(tmp_path / "feed.zip", members))
    assert "stops" in read.tables
    assert "invalid_input_files_in_subfolder" in read.report.codes


def test_windows_separators_are_understood(tmp_path: Path) -> None:
    assert "stops" in gtfs.read(pack(tmp_path / "feed.zip", whole("gtfs\\"))).tables


def test_unknown_files_are_kept_and_told(tmp_path: Path) -> None:
    members = [*whole(), ("notes.txt", b"x,y\n1,2\n"), ("desktop.ini", b"\0\0"), ("prose.txt", b"\0not a table")]
    read = gtfs.read(pack(tmp_path / "feed.zip", members))
    assert read.tables["notes"]["y"].to_list() == ["2"]
    told = read.report.find("unknown_file")
    assert told is not None
    assert {notice.file for notice in told.examples} == {"notes.txt", "desktop.ini", "prose.txt"}
    assert "prose" not in read.tables  # cannot be read, and we do not need it


def refusal(path: Path, limits: Limits | None = None) -> tuple[type[MobigoError], str]:
    with pytest.raises(MobigoError) as refused:
        gtfs.read(path, limits or Limits())
    return type(refused.value), refused.value.decision.code


@pytest.mark.parametrize("name", ["../stops.txt", "/etc/stops.txt", "a/../../stops.txt", "C:/stops.txt", "a\nb.txt"])
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / "feed.zip", [*whole(), (name, b"x")])
    assert refusal(path) == (Refused, "network.archive_unsafe_name")


def test_a_member_that_is_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("stops.txt")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert refusal(path) == (Refused, "network.archive_link")


def test_links_and_pipes_in_a_folder_are_refused(tmp_path: Path) -> None:
    linked = write_folder(FILES, tmp_path / "linked")
    (linked / "secret.txt").symlink_to("/etc/passwd")
    assert refusal(linked) == (Refused, "network.archive_link")
    piped = write_folder(FILES, tmp_path / "piped")
    os.mkfifo(piped / "frequencies.txt")
    assert refusal(piped) == (Refused, "network.archive_link")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = pack(tmp_path / "feed.zip", [*whole(), ("shapes.txt", b"0" * (64 << 20))])
    assert refusal(path) == (Refused, "network.archive_bomb")


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(archive_bytes_max=100), "network.archive_too_large"),
        (Limits(member_bytes_max=100), "network.archive_member_too_large"),
        (Limits(total_bytes_max=200), "network.archive_too_large_unpacked"),
        (Limits(members_max=3), "network.archive_too_many_members"),
        (Limits(directory_bytes_max=100), "network.archive_directory_too_large"),
    ],
)
def test_each_limit_refuses(tmp_path: Path, limits: Limits, code: str) -> None:
    assert refusal(write_zip(FILES, tmp_path / "feed.zip"), limits) == (Refused, code)


def test_too_many_files_in_a_folder_are_refused(tmp_path: Path) -> None:
    folder = write_folder(FILES, tmp_path / "feed")
    assert refusal(folder, Limits(members_max=3)) == (Refused, "network.archive_too_many_members")


def test_a_million_tiny_members_are_refused_from_the_directory_s_own_figures(tmp_path: Path) -> None:
    """The end record alone says a million; nothing of it is read."""
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 50_000_000, 0, 0)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, 50_000_000, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    (path := tmp_path / "feed.zip").write_bytes(end64 + locator + end)
    assert refusal(path) == (Refused, "network.archive_too_many_members")


def test_a_member_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = pack(tmp_path / "feed.zip", [*whole(), ("stops.txt", b"stop_id\nX\n")])
    assert refusal(path) == (Refused, "network.archive_duplicate_member")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "feed.zip", whole())
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\1\2")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert refusal(path) == (Refused, "network.archive_encrypted")


def test_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "feed.zip", whole(), zipfile.ZIP_LZMA)
    assert refusal(path) == (Refused, "network.archive_unknown_compression")


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "feed.zip", whole(), zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    entries = [at for at in range(len(data)) if data.startswith(b"PK\1\2", at)]
    first = struct.unpack_from("<L", data, entries[0] + 42)[0]
    struct.pack_into("<L", data, entries[1] + 42, first)
    path.write_bytes(data)
    assert refusal(path) == (Refused, "network.archive_overlap")


@pytest.mark.parametrize("size", [1, 10_000_000])
def test_a_false_size_is_refused(tmp_path: Path, size: int) -> None:
    path = pack(tmp_path / "feed.zip", whole())
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.find(b"PK\1\2") + 24, size)
    path.write_bytes(data)
    with pytest.raises((Refused, InvalidInput)) as refused:
        gtfs.read(path)
    assert refused.value.decision.code in ("network.archive_false_size", "network.archive_bomb")


def test_sizes_of_zip64_that_lie_are_refused(tmp_path: Path) -> None:
    """A Zip64 field that says 4 EiB is out of every limit."""
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("stops.txt")
        archive.writestr(info, "stop_id\nA\n")
    data = bytearray(path.read_bytes())
    entry = data.find(b"PK\1\2")
    extra = struct.pack("<2H2Q", 1, 16, 1 << 62, 1 << 62)
    struct.pack_into("<2L", data, entry + 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", data, entry + 30, len(extra))
    name_end = entry + 46 + len("stops.txt")
    data[name_end:name_end] = extra
    end = data.rfind(b"PK\5\6")
    struct.pack_into("<L", data, end + 12, struct.unpack_from("<L", data, end + 12)[0] + len(extra))
    path.write_bytes(data)
    word, code = refusal(path)
    assert word in (Refused, InvalidInput)
    assert code in ("network.archive_overlap", "network.archive_member_too_large", "network.not_a_zip")


def test_damage_is_told(tmp_path: Path) -> None:
    path = pack(tmp_path / "feed.zip", whole(), zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.find(b"stop_id") + 1] ^= 1
    path.write_bytes(data)
    assert refusal(path) == (InvalidInput, "network.archive_damaged")
    deflated = pack(tmp_path / "deflated.zip", [("stops.txt", b"stop_id\n" + os.urandom(500).hex().encode())])
    data = bytearray(deflated.read_bytes())
    data[60] ^= 0xFF
    deflated.write_bytes(data)
    assert refusal(deflated)[1] in ("network.archive_damaged", "network.archive_false_size")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "network.not_a_zip"),
        (b"not a zip", "network.not_a_zip"),
        (b"PK\5\6", "network.not_a_zip"),
        (b"PK\5\6" + b"\0" * 18, "network.no_tables"),
        (b"PK\5\6" + b"\xff" * 18, "network.archive_too_many_members"),
        (b"<html>404</html>", "network.not_a_zip"),
    ],
)
def test_what_is_no_archive_is_said_so(tmp_path: Path, data: bytes, code: str) -> None:
    (path := tmp_path / "feed.zip").write_bytes(data)
    with pytest.raises((InvalidInput, Refused)) as refused:
        gtfs.read(path)
    assert refused.value.decision.code == code


def test_nothing_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_feed(tmp_path / "nothing.zip")


def test_an_archive_in_an_archive_is_not_opened(tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner.zip", whole()).read_bytes()
    assert refusal(pack(tmp_path / "outer.zip", [("inner.zip", inner)])) == (Refused, "network.archive_nested")


def test_several_feeds_in_one_archive_are_named(tmp_path: Path) -> None:
    path = pack(tmp_path / "two.zip", [*whole("one/"), *whole("two/")])
    with pytest.raises(InvalidInput, match="one, two"):
        gtfs.read(path)


def test_a_feed_too_large_for_memory_is_never_read(tmp_path: Path) -> None:
    """A stored member that states more than is there is refused by its place in the file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("stops.txt", "stop_id\nA\n")
    data = bytearray(buffer.getvalue())
    entry = data.find(b"PK\1\2")
    struct.pack_into("<3L", data, entry + 16, zlib.crc32(b""), 1 << 30, 1 << 30)
    (path := tmp_path / "feed.zip").write_bytes(data)
    assert refusal(path)[0] is Refused
