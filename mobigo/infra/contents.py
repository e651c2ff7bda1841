"""Files named by the SHA-256 of their content: written whole or not at all, never changed. `ContentStore` is what the
product asks of a place that keeps them; `Contents` is that place as one folder, on this machine or shared by several.

Who needs which file is somebody else's to say (`mobigo.infra.blobs` by rows, `opendata` by versions). Putting and
sweeping exclude one another by a lock file, so that a file put again while it is being swept is not lost.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from mobigo.base.errors import InvalidInput, NotFound, Upstream

CHUNK: Final = 1 << 20


class ContentStore(Protocol):
    """Where contents are kept. What is promised here is what `tests/integration/infra/test_content_stores.py` asks of
    every implementation."""

    def keep(self, source: BinaryIO, *, max_bytes: int | None = None) -> tuple[str, int]:
        """Keep what the stream gives; its hash and size in bytes. It survives a power cut then. Raises
        InvalidInput("blob.too_large") past `max_bytes`, keeping nothing."""

    def open(self, digest: str) -> BinaryIO:
        """The content, to read. Raises NotFound("blob.unknown")."""

    def read(self, digest: str) -> bytes:
        """The whole content, checked against its hash. Raises NotFound, or Upstream("blob.damaged")."""

    def path(self, digest: str) -> Path:
        """A file of this machine that holds the content, if it is kept at all: never to be written. Raises NotFound
        for what is no hash."""

    def digests(self) -> Iterator[str]:
        """Every content kept, sorted."""

    def damaged(self) -> Iterator[str]:
        """The contents that are no more what their name says."""

    def sweep_but(self, needed: Callable[[], Collection[str]], *, untouched_since_s: float) -> int:
        """Remove what `needed` does not name and nobody kept (again) since that time; how many went. A content kept
        while this runs stays."""

    def remove(self, digests: Collection[str], needed: Callable[[], Collection[str]]) -> int:
        """Remove these contents at once, but for those that `needed` names; how many went."""

    def unswept(self) -> AbstractContextManager[None]:
        """While this is held nothing is swept or removed, on any machine."""


class Contents:
    """The files under one folder: two letters of the hash, then the others."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, source: BinaryIO, *, max_bytes: int | None = None) -> tuple[str, int]:
        """Keep what the stream gives, read by pieces of 1 MiB; its hash and size in bytes. It is safe on disk then.

        Raises InvalidInput("blob.too_large") past `max_bytes`, and OSError when the disk is full, keeping nothing.
        """
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

    def digests(self) -> Iterator[str]:
        """Every content on disk, sorted."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            for file in sorted(folder.iterdir()):
                yield folder.name + file.name

    def damaged(self) -> Iterator[str]:
        """The contents that are no more what their name says: every file is hashed again."""
        return (digest for digest in self.digests() if hash_of(self.path(digest)) != digest)

    def sweep_but(self, needed: Callable[[], Collection[str]], *, untouched_since_s: float) -> int:
        """Remove what `needed` (asked once nobody can put any more) does not name and nobody touched since that time
        (seconds since 1970); returns how many contents went."""
        removed = 0
        with self.lock(fcntl.LOCK_EX):
            kept = needed()
            for digest in list(self.digests()):
                path = self.path(digest)
                if digest not in kept and path.stat().st_mtime < untouched_since_s:
                    path.unlink()
                    removed += 1
            for draft in (self.root / "incoming").glob("*"):
                if draft.stat().st_mtime < untouched_since_s:
                    draft.unlink()
        return removed

    def remove(self, digests: Collection[str], needed: Callable[[], Collection[str]]) -> int:
        """Remove these contents at once, but for those that `needed` (asked once nobody can put any more) names;
        returns how many went."""
        with self.lock(fcntl.LOCK_EX):
            gone = [self.path(digest) for digest in set(digests) - set(needed())]
            found = [path for path in gone if path.exists()]
            for path in found:
                path.unlink()
        return len(found)

    @contextmanager
    def unswept(self) -> Iterator[None]:
        """While this is held no file is swept: what the database names at its start is there until its end."""
        with self.lock(fcntl.LOCK_SH):
            yield

    @contextmanager
    def lock(self, kind: int) -> Iterator[None]:
        """Hold the folder, shared (LOCK_SH) or alone (LOCK_EX)."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("a") as file:
            fcntl.flock(file, kind)
            yield

    def _settle(self, draft: Path, digest: str) -> None:
        path = self.path(digest)
        with self.lock(fcntl.LOCK_SH):
            if path.exists():
                os.utime(path)  # young again: a sweep leaves it alone until the new row is committed
                return
            path.parent.mkdir(exist_ok=True)
            draft.replace(path)
            sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut (POSIX: the folder is synced like a file)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hash_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal, read by pieces."""
    digest = sha256()
    with path.open("rb") as file:
        shutil.copyfileobj(file, _Into(digest.update), CHUNK)
    return digest.hexdigest()


class _Into:
    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write
