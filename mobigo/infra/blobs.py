"""Files received and produced, kept by the hash of their content, each with a row: owner, purpose, retention.

The file is safe on disk before its row is written; a row never points to a missing file. A file without a row (its
transaction was rolled back, or its last row was erased) is an orphan, removed by `sweep` after a while. Putting and
sweeping exclude one another by a lock file, so that a file put again while it is being swept is not lost.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import BigInteger, Date, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import InvalidInput, NotFound, Upstream
from mobigo.base.instants import paris_day
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime, changed
from mobigo.infra.privacy import Days, describe

CHUNK: Final = 1 << 20
ORPHAN_AGE: Final = timedelta(hours=24)


class BlobRow(Base):
    """Why a file is kept: one row per owner and use; several may share one content."""

    __tablename__ = "blob"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[str] = mapped_column(String(100), index=True)
    purpose: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_day: Mapped[date | None] = mapped_column(Date, index=True)


describe(
    BlobRow,
    purpose="keep files received and produced as long as their use needs them",
    keep=Days(1, after="last_day"),
    personal={"name": "the name the file was given; people put names into file names", "owner": "whose file it is"},
    plain="id sha256 size purpose created_at last_day",
)


@dataclass(frozen=True, slots=True)
class Orphans:
    """What a look over the folder found: files without a row, rows without their file, files that changed."""

    files: tuple[str, ...]
    missing: tuple[str, ...]
    damaged: tuple[str, ...]


class Blobs:
    """The files under one folder (`home/blobs`)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(
        self,
        session: Session,
        content: bytes | BinaryIO,
        *,
        owner: str,
        purpose: str,
        keep_days: int | None,
        now: datetime,
        name: str = "",
        max_bytes: int | None = None,
    ) -> str:
        """Keep a file and the reason why; returns its sha256. Reads a stream by pieces of 1 MiB.

        `keep_days` counts from today (None: until its owner drops it). Raises InvalidInput("blob.too_large") past
        `max_bytes`, keeping nothing.
        """
        source = BytesIO(content) if isinstance(content, bytes) else content
        digest, size = self._write(source, max_bytes)
        last_day = None if keep_days is None else paris_day(now) + timedelta(days=keep_days)
        session.add(
            BlobRow(
                id=new_id(now),
                sha256=digest,
                size=size,
                owner=owner,
                purpose=purpose,
                name=name[:255],
                created_at=now,
                last_day=last_day,
            )
        )
        session.flush()
        return digest

    def open(self, digest: str) -> BinaryIO:
        """The content, to read. Raises NotFound."""
        try:
            return self.path(digest).open("rb")
        except FileNotFoundError:
            raise NotFound("blob.unknown", sha256=digest) from None

    def read(self, digest: str) -> bytes:
        """The whole content, checked against its hash. Raises NotFound, or Upstream("blob.damaged")."""
        with self.open(digest) as file:
            content = file.read()
        if sha256(content).hexdigest() != digest:
            raise Upstream("blob.damaged", sha256=digest)
        return content

    def path(self, digest: str) -> Path:
        """Where a content lies. Raises NotFound for what is not the hexadecimal form of a sha256."""
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise NotFound("blob.unknown", sha256=digest[:64])
        return self.root / digest[:2] / digest[2:]

    def drop(self, session: Session, digest: str, *, owner: str) -> int:
        """Forget this owner's reasons to keep a content; the file goes with the first sweep after the last one."""
        return changed(session, delete(BlobRow).where(BlobRow.sha256 == digest, BlobRow.owner == owner))

    def digests(self) -> Iterator[str]:
        """Every content on disk, sorted."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            for file in sorted(folder.iterdir()):
                yield folder.name + file.name

    def check(self, session: Session, *, contents: bool = True) -> Orphans:
        """Compare the folder with the rows; `contents` also hashes every file again."""
        rows, files = set(session.scalars(select(BlobRow.sha256).distinct())), set(self.digests())
        damaged = [d for d in sorted(files) if contents and _hash_of(self.path(d)) != d]
        return Orphans(tuple(sorted(files - rows)), tuple(sorted(rows - files)), tuple(damaged))

    def sweep(self, session: Session, now: datetime, older_than: timedelta = ORPHAN_AGE) -> int:
        """Remove the files without a row that nobody touched since `older_than`; returns how many."""
        limit = (now - older_than).timestamp()
        removed = 0
        with self._lock(fcntl.LOCK_EX):
            rows = set(session.scalars(select(BlobRow.sha256).distinct()))
            for digest in list(self.digests()):
                path = self.path(digest)
                if digest not in rows and path.stat().st_mtime < limit:
                    path.unlink()
                    removed += 1
            for draft in (self.root / "incoming").glob("*"):
                if draft.stat().st_mtime < limit:
                    draft.unlink()
        return removed

    @contextmanager
    def unswept(self) -> Iterator[None]:
        """While this is held no file is swept: what the database names at its start is there until its end."""
        with self._lock(fcntl.LOCK_SH):
            yield

    def _write(self, source: BinaryIO, max_bytes: int | None) -> tuple[str, int]:
        drafts = self.root / "incoming"
        drafts.mkdir(parents=True, exist_ok=True)
        draft = drafts / secrets.token_hex(16)
        digest, size = sha256(), 0
        try:
            with draft.open("xb") as file:
                while piece := source.read(CHUNK):
                    size += len(piece)
                    if max_bytes is not None and size > max_bytes:
                        raise InvalidInput("blob.too_large", max_bytes=max_bytes)
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            self._settle(draft, digest.hexdigest())
        finally:
            draft.unlink(missing_ok=True)
        return digest.hexdigest(), size

    def _settle(self, draft: Path, digest: str) -> None:
        path = self.path(digest)
        with self._lock(fcntl.LOCK_SH):
            if path.exists():
                os.utime(path)  # young again: a sweep leaves it alone until the new row is committed
                return
            path.parent.mkdir(exist_ok=True)
            draft.replace(path)
            sync_folder(path.parent)

    @contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("a") as file:
            fcntl.flock(file, kind)
            yield


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut (POSIX: the folder is synced like a file)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file that is there whole or not at all, and stays there: draft beside it, fsync, rename, fsync."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with draft.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _hash_of(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        shutil.copyfileobj(file, _Into(digest.update), CHUNK)
    return digest.hexdigest()


class _Into:
    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write
