"""Reproducible archives: the same files give the same bytes.

What is packed is named by the hash of the files, not of the archive: deflate gives other bytes with another build of
its library.
"""

import os
import secrets
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first date a zip can hold
_READ_BYTES = 1 << 20


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files: sorted by name, all dated 1980-01-01, no attribute of the machine that wrote it."""
    buffer = BytesIO()
    _pack(buffer, {name: lambda data=data: data for name, data in files.items()})  # type: ignore[misc]  # a default
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
    """Write the zip of `zip_bytes` at `path`, each file made when its turn comes: no two are in memory together.

    All or nothing: what stood at `path` stands until the archive is whole and on disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        with draft.open("x+b") as file:
            digests = _pack(file, members)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = sha256()
            while piece := file.read(_READ_BYTES):
                digest.update(piece)
            size = file.tell()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return Packed(content_hash(digests), digest.hexdigest(), size, digests)


def _pack(out: BinaryIO, members: Mapping[str, Callable[[], bytes]]) -> dict[str, str]:
    """Write the zip; the SHA-256 of each file."""
    digests: dict[str, str] = {}
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=zlib.Z_DEFAULT_COMPRESSION) as archive:
        for name in sorted(members):
            data = members[name]()
            info = ZipInfo(name, _LONG_AGO)
            info.compress_type = ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
            digests[name] = sha256(data).hexdigest()
    return digests
