"""The file of a backup: a tar whose last member is a manifest that names every other one with its size and hash.

    database/<table>.ndjson      see `mobigo.app.dump`
    files/<folder>/…             the folders of the home that cannot be made again
    manifest.json

A file without its manifest was cut; a member that is not in the manifest, or not as it says, was changed. Nothing is
taken out of such a file. Members are read by name from our own list: paths that leave the folder, links and devices are
refused before anything is written.
"""

import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO, Final

from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra.blobs import CHUNK

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_NAME: Final = re.compile(r"(database|files)(/[\w.,=@+-]+)+")
LONGEST_MANIFEST: Final = 1 << 28


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds, of which version of the schema, made when."""

    format: int
    product: str
    revision: str
    made_at: str
    rows: dict[str, int]
    members: list[Member]

    @property
    def bytes(self) -> int:
        return sum(member.size for member in self.members)


class Writer:
    """Adds members to a tar, hashing what is written."""

    def __init__(self, out: BinaryIO, now: datetime) -> None:
        self.tar = tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by finish
        self.members: list[Member] = []
        self.mtime = int(now.timestamp())

    def add(self, name: str, source: IO[bytes], size: int) -> None:
        """One member of `size` bytes read from `source`. Raises Refused("backup.file_changed") if it is shorter."""
        header = tarfile.TarInfo(name)
        header.size, header.mtime, header.mode = size, self.mtime, 0o600
        counted = _Hashed(source)
        try:
            self.tar.addfile(header, counted)
        except OSError as cut:
            if counted.size == size:
                raise
            raise Refused("backup.file_changed", file=name) from cut
        self.members.append(Member(name, size, counted.digest.hexdigest()))

    def finish(self, *, product: str, revision: str, rows: dict[str, int], now: datetime) -> Manifest:
        """Write the manifest and close the tar."""
        manifest = Manifest(FORMAT, product, revision, now.isoformat(), rows, self.members)
        text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
        header = tarfile.TarInfo(MANIFEST)
        header.size, header.mtime, header.mode = len(text), self.mtime, 0o600
        self.tar.addfile(header, io.BytesIO(text))
        self.tar.close()
        return manifest


def extract(source: BinaryIO, into: Path) -> Manifest:
    """Take a whole backup out into the empty folder `into`, and check every member against the manifest.

    Raises InvalidInput("backup.not_one") for another kind of file, Refused("backup.damaged", member) for one that was
    cut or changed. The caller removes `into` then.
    """
    found: dict[str, Member] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(fileobj=source, mode="r|") as tar:
            for header in tar:
                if manifest is not None or header.name in found or not header.isfile():
                    raise Refused("backup.damaged", member=header.name)
                content = tar.extractfile(header)
                if content is None:
                    raise Refused("backup.damaged", member=header.name)
                if header.name == MANIFEST:
                    manifest = _read_manifest(content)
                else:
                    found[header.name] = _take_out(header, content, into)
    except (tarfile.TarError, EOFError) as unreadable:
        if not found:
            raise InvalidInput("backup.not_one") from unreadable
        raise Refused("backup.damaged", member=MANIFEST) from unreadable
    if manifest is None:
        raise Refused("backup.damaged", member=MANIFEST) if found else InvalidInput("backup.not_one")
    if manifest.format != FORMAT:
        raise Refused("backup.other_format", found=manifest.format, known=FORMAT)
    wanted = {member.name: member for member in manifest.members}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise Refused("backup.damaged", member=name)
    return manifest


def files_of(root: Path) -> Iterator[Path]:
    """The files under a folder, in a fixed order; drafts and lock files (names with a leading dot) left out."""
    if root.is_dir():
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink() and not any(_hidden(path.relative_to(root).parts)):
                yield path


def _hidden(parts: Iterable[str]) -> Iterator[bool]:
    return (part.startswith(".") or part == "incoming" for part in parts)


def _take_out(header: tarfile.TarInfo, content: IO[bytes], into: Path) -> Member:
    parts = header.name.split("/")
    if not _NAME.fullmatch(header.name) or any(part.strip(".") == "" for part in parts):
        raise Refused("backup.damaged", member=header.name)
    path = into.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = sha256(), 0
    with path.open("xb") as out:
        while piece := content.read(CHUNK):
            digest.update(piece)
            size += len(piece)
            out.write(piece)
    return Member(header.name, size, digest.hexdigest())


def _read_manifest(content: IO[bytes]) -> Manifest:
    try:
        told = json.loads(content.read(LONGEST_MANIFEST))
        members = [Member(str(m["name"]), int(m["size"]), str(m["sha256"])) for m in told.pop("members")]
        rows = {str(table): int(count) for table, count in told.pop("rows").items()}
        return Manifest(
            int(told["format"]), str(told["product"]), str(told["revision"]), str(told["made_at"]), rows, members
        )
    except (ValueError, KeyError, TypeError, AttributeError) as unreadable:
        raise Refused("backup.damaged", member=MANIFEST) from unreadable


class _Hashed:
    """Reads through, hashing."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.digest, self.size = source, sha256(), 0

    def read(self, size: int = -1) -> bytes:
        piece = self.source.read(size)
        self.digest.update(piece)
        self.size += len(piece)
        return piece
