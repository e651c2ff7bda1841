"""The published files on disk: `home/publications/data`, by content hash, text with a compressed twin made once."""

import zipfile
import zlib
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from mobigo.infra.contents import CHUNK, Contents, ContentStore, hash_of
from mobigo.infra.delivery import LEAST_BYTES, LEVEL_FILE, compressible
from opendata.model.editions import KeptFile, Produced
from opendata.rules.publishing import content_hash
from opendata.store.versions import Gzipped

ARCHIVES: Final = ("application/zip",)


def contents_of(home: Path) -> Contents:
    """The published files of this home."""
    return Contents(home / "publications" / "data")


def keep(contents: ContentStore, made: Produced, folder: Path) -> tuple[KeptFile, Gzipped | None]:
    """Keep a produced file, and its compressed twin where that is smaller. Both are safe on disk then; without a row
    they are orphans. `folder`: where drafts may lie. Raises OSError when the disk is full."""
    with _opened(made) as source:
        digest, size = contents.keep(source)
    said = made.content_sha256
    if said is None:
        said = archive_hash(contents.path(digest)) if made.media_type in ARCHIVES else digest
    kept = KeptFile(
        name=made.name, media_type=made.media_type, sha256=digest, size=size, content_sha256=said, rows=made.rows
    )
    twin = None
    if compressible(made.media_type) and size >= LEAST_BYTES:
        draft = folder / f"{digest}.gz"
        compress(contents.path(digest), draft)
        if draft.stat().st_size < size:
            with draft.open("rb") as source:
                twin = Gzipped(*contents.keep(source))
        draft.unlink()
    return kept, twin


def archive_hash(path: Path) -> str:
    """The hash of what an archive says: its entries by name, whatever compressed them."""
    with zipfile.ZipFile(path) as archive:
        entries = []
        for name in archive.namelist():
            digest = sha256()
            with archive.open(name) as entry:
                while piece := entry.read(CHUNK):
                    digest.update(piece)
            entries.append((name, digest.hexdigest()))
    return content_hash(entries)


def compress(source: Path, target: Path) -> None:
    """Write the gzip of a file, without name or date: the same content gives the same bytes."""
    packer = zlib.compressobj(LEVEL_FILE, zlib.DEFLATED, 31)
    with source.open("rb") as reading, target.open("wb") as writing:
        while piece := reading.read(CHUNK):
            writing.write(packer.compress(piece))
        writing.write(packer.flush())


def verify(contents: ContentStore, file: KeptFile) -> bool:
    """Whether the file is there and is what its hash says."""
    path = contents.path(file.sha256)
    return path.exists() and path.stat().st_size == file.size and hash_of(path) == file.sha256


def _opened(made: Produced) -> BinaryIO:
    return BytesIO(made.content) if isinstance(made.content, bytes) else made.content.open("rb")
