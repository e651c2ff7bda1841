"""What every place that keeps files by their content promises, asked of each one that there is. A new one adds a line
to `STORES`, and the product may use it."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import Engine

from mobigo.base.errors import InvalidInput, NotFound, Upstream
from mobigo.infra.blobs import Blobs, Orphans
from mobigo.infra.contents import CHUNK, Contents, ContentStore
from mobigo.infra.db import reading, transaction

FUTURE_S, PAST_S = 4e9, 0.0
NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


class InMemory:
    """A store that is no folder: as far from one as an object store is, with local copies made when asked for."""

    def __init__(self, cache: Path) -> None:
        self._cache, self._held = cache, dict[str, tuple[bytes, float]]()

    def keep(self, source: BinaryIO, *, max_bytes: int | None = None) -> tuple[str, int]:
        content = source.read()
        if max_bytes is not None and len(content) > max_bytes:
            raise InvalidInput("blob.too_large", max_bytes=max_bytes)
        digest = sha256(content).hexdigest()
        self._held[digest] = content, datetime.now(UTC).timestamp()
        return digest, len(content)

    def open(self, digest: str) -> BinaryIO:
        self.path(digest)
        if digest not in self._held:
            raise NotFound("blob.unknown", sha256=digest)
        return BytesIO(self._held[digest][0])

    def read(self, digest: str) -> bytes:
        with self.open(digest) as file:
            content = file.read()
        if sha256(content).hexdigest() != digest:
            raise Upstream("blob.damaged", sha256=digest)
        return content

    def path(self, digest: str) -> Path:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise NotFound("blob.unknown", sha256=digest[:64])
        if digest in self._held:
            self._cache.mkdir(exist_ok=True)
            (self._cache / digest).write_bytes(self._held[digest][0])
        return self._cache / digest

    def digests(self) -> Iterator[str]:
        return iter(sorted(self._held))

    def damaged(self) -> Iterator[str]:
        return (digest for digest in self.digests() if sha256(self._held[digest][0]).hexdigest() != digest)

    def sweep_but(self, needed: Callable[[], Collection[str]], *, untouched_since_s: float) -> int:
        kept = needed()
        gone = [digest for digest, (_, at_s) in self._held.items() if digest not in kept and at_s < untouched_since_s]
        for digest in gone:
            del self._held[digest]
        return len(gone)

    def remove(self, digests: Collection[str], needed: Callable[[], Collection[str]]) -> int:
        return len([self._held.pop(digest) for digest in set(digests) - set(needed()) if digest in self._held])

    def unswept(self) -> AbstractContextManager[None]:
        return nullcontext()

    def spoil(self, digest: str) -> None:
        self._held[digest] = b"spoiled", 0.0


def spoil(store: ContentStore, digest: str) -> None:
    """Change what is kept under a name, as a failing disk would."""
    if isinstance(store, InMemory):
        store.spoil(digest)
    else:
        store.path(digest).write_bytes(b"spoiled")


STORES: dict[str, Callable[[Path], ContentStore]] = {
    "folder": lambda place: Contents(place / "contents"),
    "in-memory": lambda place: InMemory(place / "cache"),  # to show that nothing but the interface is relied on
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ContentStore:
    return STORES[request.param](tmp_path)


def kept(store: ContentStore, content: bytes) -> str:
    return store.keep(BytesIO(content))[0]


@pytest.mark.parametrize("content", [b"", b"\0", b"a" * (CHUNK + 1)], ids=len)
def test_a_content_comes_back_by_its_hash(store: ContentStore, content: bytes) -> None:
    digest, size = store.keep(BytesIO(content))
    assert (digest, size) == (sha256(content).hexdigest(), len(content))
    with store.open(digest) as file:
        assert file.read() == content
    assert store.read(digest) == content
    assert store.path(digest).read_bytes() == content
    assert store.keep(BytesIO(content)) == (digest, size)  # again: the same, once
    assert list(store.digests()) == [digest]


@pytest.mark.parametrize(("most", "is_kept"), [(3, True), (2, False)])
def test_what_is_too_large_leaves_nothing(store: ContentStore, most: int, is_kept: bool) -> None:
    if is_kept:
        store.keep(BytesIO(b"abc"), max_bytes=most)
    else:
        with pytest.raises(InvalidInput, match="too_large"):
            store.keep(BytesIO(b"abc"), max_bytes=most)
    assert len(list(store.digests())) == is_kept


@pytest.mark.parametrize("digest", ["0" * 64, "", "../../etc/passwd", "A" * 64, "0" * 63])
def test_what_is_not_kept_is_not_found(store: ContentStore, digest: str) -> None:
    with pytest.raises(NotFound):
        store.open(digest)
    with pytest.raises(NotFound):
        store.read(digest)


def test_names_come_sorted_and_a_spoiled_content_is_told(store: ContentStore) -> None:
    names = sorted(kept(store, bytes([i])) for i in range(6))
    assert list(store.digests()) == names
    assert list(store.damaged()) == []
    spoil(store, names[2])
    assert list(store.damaged()) == [names[2]]
    with pytest.raises(Upstream, match="damaged"):
        store.read(names[2])


def test_a_sweep_takes_what_nobody_needs_and_nobody_kept_lately(store: ContentStore) -> None:
    needed, other = kept(store, b"needed"), kept(store, b"other")
    assert store.sweep_but(lambda: {needed}, untouched_since_s=PAST_S) == 0  # both are too young
    assert store.sweep_but(lambda: {needed}, untouched_since_s=FUTURE_S) == 1
    assert list(store.digests()) == [needed]
    with pytest.raises(NotFound):
        store.open(other)


def test_a_removal_spares_what_is_needed_and_what_is_not_there(store: ContentStore) -> None:
    one, two = kept(store, b"1"), kept(store, b"2")
    assert store.remove([one, two, "0" * 64], lambda: {two}) == 1
    assert list(store.digests()) == [two]
    with store.unswept():
        assert store.read(two) == b"2"


def test_files_with_their_reasons_work_over_any_store(store: ContentStore, engine: Engine) -> None:
    blobs = Blobs(store)
    with transaction(engine) as session:
        digest = blobs.put(session, b"proof", owner="o", purpose="p", keep_days=1, now=NOW)
        assert blobs.read(digest) == b"proof"
        assert blobs.check(session) == Orphans((), (), ())
        assert blobs.sweep(session, NOW + timedelta(days=4_000)) == 0
        blobs.drop(session, digest, owner="o")
    with reading(engine) as session:
        assert blobs.check(session) == Orphans((digest,), (), ())
        assert blobs.sweep(session, NOW + timedelta(days=4_000)) == 1


def test_a_folder_keeps_a_content_put_again_young(tmp_path: Path) -> None:
    store = Contents(tmp_path / "contents")
    digest = kept(store, b"again")
    os.utime(store.path(digest), (0, 0))
    kept(store, b"again")
    assert store.sweep_but(set, untouched_since_s=1.0) == 0
