"""Files received and produced, kept by the hash of their content, each with a row: owner, purpose, retention.

The file is safe on disk before its row is written; a row never points to a missing file. A file without a row (its
transaction was rolled back, or its last row was erased) is an orphan, removed by `sweep` after a while.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import BigInteger, Date, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.instants import paris_day
from mobigo.infra.clock import new_id
from mobigo.infra.contents import CHUNK, Contents, ContentStore, sync_folder
from mobigo.infra.db import Base, UtcDateTime, changed
from mobigo.infra.privacy import Days, describe

__all__ = ["CHUNK", "BlobRow", "Blobs", "Orphans", "forget_owner", "keep_until", "write_whole"]
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
    """The files of one store, by default a folder (`home/blobs`)."""

    def __init__(self, where: Path | ContentStore) -> None:
        self.contents: ContentStore = Contents(where) if isinstance(where, Path) else where

    def open(self, digest: str) -> BinaryIO:
        """The content, to read. Raises NotFound."""
        return self.contents.open(digest)

    def read(self, digest: str) -> bytes:
        """The whole content, checked against its hash. Raises NotFound, or Upstream("blob.damaged")."""
        return self.contents.read(digest)

    def path(self, digest: str) -> Path:
        """A file of this machine that holds the content. Raises NotFound for what is no hash."""
        return self.contents.path(digest)

    def unswept(self) -> AbstractContextManager[None]:
        """While this is held no file is swept: what the database names at its start is there until its end."""
        return self.contents.unswept()

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
        digest, size = self.contents.keep(source, max_bytes=max_bytes)
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

    def drop(self, session: Session, digest: str, *, owner: str) -> int:
        """Forget this owner's reasons to keep a content; the file goes with the first sweep after the last one."""
        return changed(session, delete(BlobRow).where(BlobRow.sha256 == digest, BlobRow.owner == owner))

    def check(self, session: Session, *, contents: bool = True) -> Orphans:
        """Compare the folder with the rows; `contents` also hashes every file again."""
        rows, files = _named(session), set(self.contents.digests())
        damaged = tuple(self.contents.damaged()) if contents else ()
        return Orphans(tuple(sorted(files - rows)), tuple(sorted(rows - files)), damaged)

    def sweep(self, session: Session, now: datetime, older_than: timedelta = ORPHAN_AGE) -> int:
        """Remove the files without a row that nobody touched since `older_than`; returns how many."""
        return self.contents.sweep_but(lambda: _named(session), untouched_since_s=(now - older_than).timestamp())


def keep_until(session: Session, owner: str, last_day: date | None) -> int:
    """Everything of this owner is kept until that day (None: until its owner drops it); how many rows."""
    return changed(session, update(BlobRow).where(BlobRow.owner == owner).values(last_day=last_day))


def forget_owner(session: Session, owner: str) -> int:
    """Drop everything of this owner: the files go with the next sweep, unless somebody else keeps them."""
    return changed(session, delete(BlobRow).where(BlobRow.owner == owner))


def _named(session: Session) -> set[str]:
    return set(session.scalars(select(BlobRow.sha256).distinct()))


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
