"""Opens a feed, a zip or a folder, and gives its files by name, within bounds. Nothing is ever written under a name
it gives.

Not here: what is in the files. A zip is read by its central directory alone (APPNOTE.TXT 6.3.10, §4.3); where the
directory, a member's own header and the data disagree, the archive is refused.
"""

import stat
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from mobigo.base.archives import unbroken
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.network.gateway.limits import LIMITS, Limits

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x06"
_LOCATOR_64 = b"PK\x06\x07"
_KEY_TABLES = frozenset({"agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt"})


@dataclass(frozen=True)
class Archive:
    """The files of a feed. `folder` is the sub-folder of the archive in which they lie ("" for its root)."""

    name: str
    folder: str
    sizes: Mapping[str, int]  # name within the folder → bytes, in the archive's order
    others: tuple[str, ...]  # files outside the folder, `__MACOSX` and the like
    _read: Callable[[str], bytes]

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises Refused or InvalidInput when they are not what the archive's directory says."""
        return self._read(name)


def open_feed(path: Path, limits: Limits = LIMITS) -> Archive:
    """The feed at `path`, a zip or a folder.

    Raises NotFound when nothing is there, InvalidInput when it is neither or is damaged, Refused when it is hostile:
    encrypted, too large once unpacked, names that leave the folder, links, members twice or overlapping.
    """
    if path.is_dir():
        return _open_folder(path, limits)
    if not path.is_file():
        raise NotFound("network.no_such_file", file=path.name)
    return _open_zip(path, limits)


# --- folders


def _open_folder(path: Path, limits: Limits) -> Archive:
    sizes: dict[str, int] = {}
    for entry in sorted(path.rglob("*")):
        name = entry.relative_to(path).as_posix()
        mode = entry.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        if not stat.S_ISREG(mode):
            raise Refused("network.archive_link", file=path.name, member=_shown(name))
        sizes[name] = entry.stat().st_size
        if len(sizes) > limits.members_max:
            raise Refused("network.archive_too_many_members", file=path.name, limit=limits.members_max)
    _check_sizes(path.name, sizes, limits)

    def read(name: str) -> bytes:
        return (path / name).read_bytes()

    return _within_folder(path.name, sizes, read)


# --- zips


def _open_zip(path: Path, limits: Limits) -> Archive:
    if path.stat().st_size > limits.archive_bytes_max:
        raise Refused("network.archive_too_large", file=path.name, limit_mb=limits.archive_bytes_max >> 20)
    _check_directory(path, limits)
    with unbroken(InvalidInput("network.not_a_zip", file=path.name)), ZipFile(path) as opened:
        infos = opened.infolist()
        directory_at = opened.start_dir
    members = _checked_members(path, infos, directory_at, limits)
    _check_sizes(path.name, {name: info.file_size for name, info in members.items()}, limits)

    def read(name: str) -> bytes:
        return _unpack(path, members[name])

    return _within_folder(path.name, {name: info.file_size for name, info in members.items()}, read)


def _check_directory(path: Path, limits: Limits) -> None:
    """Refuses a list of members that would itself cost too much, before it is read."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (65_535 + 22 + 20 + 56)))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise InvalidInput("network.not_a_zip", file=path.name)
    count, size = struct.unpack_from("<HL", tail, at + 10)
    if at >= 20 and tail.startswith(_LOCATOR_64, at - 20):
        at_64 = tail.rfind(_END_64, 0, at)
        if at_64 < 0 or len(tail) - at_64 < 56:
            raise InvalidInput("network.not_a_zip", file=path.name)
        count_64, size_64 = struct.unpack_from("<QQ", tail, at_64 + 32)
        count = count_64 if count == 0xFFFF else max(count, count_64)
        size = size_64 if size == 0xFFFFFFFF else max(size, size_64)
    if count > limits.members_max:
        raise Refused("network.archive_too_many_members", file=path.name, limit=limits.members_max)
    if size > limits.directory_bytes_max:
        raise Refused("network.archive_directory_too_large", file=path.name)


def _checked_members(path: Path, infos: list[ZipInfo], directory_at: int, limits: Limits) -> dict[str, ZipInfo]:
    members: dict[str, ZipInfo] = {}
    if len(infos) > limits.members_max:
        raise Refused("network.archive_too_many_members", file=path.name, limit=limits.members_max)
    for info in infos:
        name = _safe_name(path.name, info)
        if info.flag_bits & 0x1 or info.flag_bits & 0x40 or info.flag_bits & 0x2000:
            raise Refused("network.archive_encrypted", file=path.name, member=_shown(name))
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Refused("network.archive_link", file=path.name, member=_shown(name))
        if name.endswith("/"):
            continue
        if name in members:
            raise Refused("network.archive_duplicate_member", file=path.name, member=_shown(name))
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise Refused("network.archive_unknown_compression", file=path.name, member=_shown(name))
        if info.file_size > limits.ratio_from_bytes and info.file_size > limits.ratio_max * max(1, info.compress_size):
            raise Refused("network.archive_bomb", file=path.name, member=_shown(name))
        members[name] = info
    _check_overlaps(path, sorted(infos, key=lambda info: info.header_offset), directory_at)
    return members


def _check_overlaps(path: Path, infos: list[ZipInfo], directory_at: int) -> None:
    """Each member's data must end before the next one's header: overlapping members are how small bombs unpack to
    petabytes."""
    ends = [*(info.header_offset for info in infos[1:]), directory_at]
    for info, end in zip(infos, ends, strict=False):
        if info.header_offset < 0:
            raise InvalidInput("network.archive_damaged", file=path.name, member=_shown(info.filename))
        if info.header_offset + _LOCAL_HEADER.size + info.compress_size > end:
            raise Refused("network.archive_overlap", file=path.name, member=_shown(info.filename))


def _safe_name(file: str, info: ZipInfo) -> str:
    original = info.orig_filename
    if "\0" in original:
        raise Refused("network.archive_unsafe_name", file=file, member=_shown(original))
    name = original.replace("\\", "/")
    if name.startswith("/") or ":" in name.split("/")[0] or ".." in name.split("/") or any(ord(c) < 32 for c in name):
        raise Refused("network.archive_unsafe_name", file=file, member=_shown(original))
    return name


def _unpack(path: Path, info: ZipInfo) -> bytes:
    from isal import isal_zlib  # several times the speed of zlib at inflating

    member = _shown(info.filename)
    damaged = InvalidInput("network.archive_damaged", file=path.name, member=member)
    with path.open("rb") as file:
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
            raise damaged
        fields = _LOCAL_HEADER.unpack(header)
        file.seek(fields[9] + fields[10], 1)
        packed = file.read(info.compress_size)
    if len(packed) != info.compress_size:
        raise damaged
    if info.compress_type == ZIP_STORED:
        data = packed
    else:
        inflater = isal_zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = inflater.decompress(packed, info.file_size + 1)
        except Exception as error:
            raise damaged from error
    if len(data) != info.file_size:
        raise Refused("network.archive_false_size", file=path.name, member=member)
    if isal_zlib.crc32(data) != info.CRC:
        raise damaged
    return bytes(data)


# --- both


def _check_sizes(file: str, sizes: Mapping[str, int], limits: Limits) -> None:
    for name, size in sizes.items():
        if size > limits.member_bytes_max:
            raise Refused(
                "network.archive_member_too_large",
                file=file,
                member=_shown(name),
                limit_mb=limits.member_bytes_max >> 20,
            )
    if sum(sizes.values()) > limits.total_bytes_max:
        raise Refused("network.archive_too_large_unpacked", file=file, limit_mb=limits.total_bytes_max >> 20)


def _within_folder(file: str, sizes: Mapping[str, int], read: Callable[[str], bytes]) -> Archive:
    folder = _feed_folder(file, sizes)
    inside = {name[len(folder) :]: size for name, size in sizes.items() if _is_in(name, folder)}
    others = tuple(name for name in sizes if not _is_in(name, folder))
    return Archive(file, folder, inside, others, lambda name: read(folder + name))


def _is_in(name: str, folder: str) -> bool:
    return (
        name.startswith(folder)
        and not _is_litter(name)
        and (folder != "" or "/" not in name or name.endswith(".geojson"))
    )


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1] in (".DS_Store", "Thumbs.db")


def _feed_folder(file: str, sizes: Mapping[str, int]) -> str:
    """The folder that holds the feed: the root if a table is there, else the only sub-folder with some."""
    holders = {
        name.rpartition("/")[0] for name in sizes if name.rpartition("/")[2] in _KEY_TABLES and not _is_litter(name)
    }
    if not holders:
        nested = [name for name in sizes if name.lower().endswith(".zip")]
        if nested:
            raise Refused("network.archive_nested", file=file, member=_shown(nested[0]))
        raise InvalidInput("network.no_tables", file=file)
    if "" in holders:
        return ""
    if len(holders) > 1:
        raise InvalidInput("network.several_feeds", file=file, folders=", ".join(sorted(holders)[:10]))
    return holders.pop() + "/"


def _shown(name: str) -> str:
    """A member's name fit for a message."""
    return "".join(letter if letter.isprintable() else "�" for letter in name[:100])
