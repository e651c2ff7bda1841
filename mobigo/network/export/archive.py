"""Reproducible archives: the same files give the same bytes.

`zip_bytes` packs a few small files by the standard library; `write_zip` packs any number of large ones, each made when
its turn comes, by ISA-L, several times as fast. What either packs is named by the hash of the files, not of the
archive: deflate gives other bytes with another build of its library.
"""

import os
import secrets
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from mobigo.base.errors import Refused

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first date a zip can hold
_DOS_DAY = 1 << 5 | 1  # the same in a zip's own writing; its time is 0
_UTF8: Final = 0x800  # the flag of a name that is not ASCII
_UNIX: Final = 3
_FILE_MODE: Final = 0o100644 << 16
_VERSION: Final = 20
_LEVEL: Final = 2  # of ISA-L: within a tenth of zlib's size, at a tenth of its time
_SIZE_MAX: Final = 0xFFFF_FFFF
_MEMBERS_MAX: Final = 0xFFFF
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s2B5H3L5H2L")
_END = struct.Struct("<4s4H2LH")


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files: sorted by name, all dated 1980-01-01, no attribute of the machine that wrote it."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=zlib.Z_DEFAULT_COMPRESSION) as archive:
        for name in sorted(files):
            info = ZipInfo(name, _LONG_AGO)
            info.compress_type = ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def content_hash(digests: Mapping[str, str]) -> str:
    """The hash of a set of files: of their names and the SHA-256 of each, whatever packs them."""
    return sha256("".join(f"{name}\0{digests[name]}\0" for name in sorted(digests)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Packed:
    """An archive as written: what names its content, what names its bytes, and how large it is (bytes)."""

    content_hash: str
    sha256: str
    size: int
    digests: Mapping[str, str]  # SHA-256 of each file, unpacked


def write_zip(path: Path, members: Mapping[str, Callable[[], bytes]]) -> Packed:
    """Write a zip of these files at `path`, in the order of their names, each made when its turn comes.

    All or nothing: what stood at `path` stands until the archive is whole. Raises Refused("network.export_too_large")
    for what the format without its 64-bit extension cannot hold.
    """
    if len(members) > _MEMBERS_MAX:
        raise Refused("network.export_too_large", file=path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        with draft.open("xb") as file:
            out = _Writer(file, path.name)
            for name in sorted(members):
                out.add(name, members[name]())
            out.close()
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return Packed(content_hash(out.digests), out.digest.hexdigest(), out.at, out.digests)


class _Writer:
    """The records of a zip (APPNOTE.TXT 6.3.10, §4.3), sizes and sums before the data."""

    def __init__(self, file: BinaryIO, shown: str) -> None:
        self._file = file
        self._shown = shown
        self._directory: list[bytes] = []
        self.digest = sha256()
        self.digests: dict[str, str] = {}
        self.at = 0

    def add(self, name: str, data: bytes) -> None:
        from isal import isal_zlib

        packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(data) + packer.flush()
        method = ZIP_DEFLATED
        if len(packed) >= len(data):
            packed, method = data, ZIP_STORED
        if len(data) > _SIZE_MAX or self.at + len(packed) > _SIZE_MAX:
            raise Refused("network.export_too_large", file=self._shown)
        self.digests[name] = sha256(data).hexdigest()
        encoded = name.encode()
        flags, crc = 0 if name.isascii() else _UTF8, isal_zlib.crc32(data)
        common = (_VERSION, flags, method, 0, _DOS_DAY, crc, len(packed), len(data), len(encoded), 0)
        entry = _CENTRAL.pack(b"PK\x01\x02", _VERSION, _UNIX, *common, 0, 0, 0, _FILE_MODE, self.at)
        self._directory.append(entry + encoded)
        self._put(_LOCAL.pack(b"PK\x03\x04", *common) + encoded)
        self._put(packed)

    def close(self) -> None:
        start, directory = self.at, b"".join(self._directory)
        if start + len(directory) > _SIZE_MAX:
            raise Refused("network.export_too_large", file=self._shown)
        count = len(self._directory)
        self._put(directory)
        self._put(_END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0))

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self.digest.update(data)
        self.at += len(data)
