"""Files by content: kept with their reason, shared, checked, swept; nothing lost by a crash, a rollback or a race."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from mobigo.base.errors import InvalidInput, NotFound, Upstream
from mobigo.infra import privacy
from mobigo.infra.blobs import CHUNK, BlobRow, Blobs, Orphans, write_whole
from mobigo.infra.db import reading, transaction

NOW = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)  # 23:30 in France


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def put(blobs: Blobs, engine: Engine, content: bytes, **over: object) -> str:
    told: dict[str, object] = {"owner": "feed/ter", "purpose": "import", "keep_days": None, "now": NOW} | over
    with transaction(engine) as session:
        return blobs.put(session, content, **told)  # type: ignore[arg-type]  # a test may change any argument


def rows(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(BlobRow)) or 0


def root(blobs: Blobs) -> Path:
    return blobs.path("0" * 64).parents[1]


def files(blobs: Blobs) -> list[Path]:
    return [path for path in root(blobs).rglob("*") if path.is_file() and path.name != ".lock"]


@pytest.mark.parametrize("content", [b"", b"\0", b"a" * (CHUNK - 1), b"b" * CHUNK, b"c" * (CHUNK + 1)], ids=len)
def test_what_is_put_comes_back(blobs: Blobs, engine: Engine, content: bytes) -> None:
    digest = put(blobs, engine, content)
    assert digest == sha256(content).hexdigest()
    with blobs.open(digest) as file:
        assert file.read() == content
    assert blobs.read(digest) == content


def test_a_stream_is_read_by_pieces(blobs: Blobs, engine: Engine) -> None:
    class Endless(BytesIO):
        asked: list[int]

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert 0 < size <= CHUNK
            return super().read(size)

    with transaction(engine) as session:
        digest = blobs.put(session, Endless(b"x" * 3_000_000), owner="o", purpose="p", keep_days=1, now=NOW)
    assert len(blobs.read(digest)) == 3_000_000


def test_two_owners_of_one_content_share_one_file(blobs: Blobs, engine: Engine) -> None:
    one, other = put(blobs, engine, b"same", owner="a"), put(blobs, engine, b"same", owner="b")
    assert one == other
    assert (len(files(blobs)), rows(engine)) == (1, 2)
    with transaction(engine) as session:
        assert blobs.drop(session, one, owner="a") == 1
        assert blobs.sweep(session, datetime.now(UTC) + timedelta(days=9)) == 0
    assert blobs.read(one) == b"same"
    with transaction(engine) as session:
        assert blobs.drop(session, one, owner="b") == 1
    with transaction(engine) as session:
        assert blobs.sweep(session, datetime.now(UTC) + timedelta(days=9)) == 1
    with pytest.raises(NotFound):
        blobs.open(one)


@pytest.mark.parametrize(("keep_days", "last_day"), [(None, None), (0, date(2026, 11, 24)), (30, date(2026, 12, 24))])
def test_retention_counts_days_in_france(
    blobs: Blobs, engine: Engine, keep_days: int | None, last_day: date | None
) -> None:
    put(blobs, engine, b"x", keep_days=keep_days)
    with reading(engine) as session:
        assert session.scalars(select(BlobRow.last_day)).one() == last_day


def test_the_erasure_job_ends_what_is_over_and_the_sweep_removes_its_file(blobs: Blobs, engine: Engine) -> None:
    kept, over = put(blobs, engine, b"kept", keep_days=31), put(blobs, engine, b"over", keep_days=29)
    put(blobs, engine, b"for ever", keep_days=None)
    with transaction(engine) as session:
        assert privacy.erase_due(session, NOW + timedelta(days=30))["blob"] == 1
    with transaction(engine) as session:
        assert blobs.sweep(session, datetime.now(UTC) + timedelta(days=2)) == 1
    assert blobs.read(kept) == b"kept"
    with pytest.raises(NotFound):
        blobs.open(over)


def test_too_large_a_file_is_refused_and_leaves_nothing(blobs: Blobs, engine: Engine) -> None:
    put(blobs, engine, b"x" * 10, max_bytes=10)
    with pytest.raises(InvalidInput, match="too_large"):
        put(blobs, engine, b"y" * 11, max_bytes=10)
    assert (len(files(blobs)), rows(engine)) == (1, 1)


def test_a_source_that_breaks_leaves_nothing(blobs: Blobs, engine: Engine) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= CHUNK:
                raise OSError("the line was cut")
            return super().read(size)

    with pytest.raises(OSError, match="cut"), transaction(engine) as session:
        blobs.put(session, Broken(b"x" * 2 * CHUNK), owner="o", purpose="p", keep_days=1, now=NOW)
    assert (files(blobs), rows(engine)) == ([], 0)


def test_a_rolled_back_put_is_an_orphan_removed_only_once_it_is_old(blobs: Blobs, engine: Engine) -> None:
    def rolled_back() -> None:
        with transaction(engine) as session:
            blobs.put(session, b"lost", owner="o", purpose="p", keep_days=1, now=NOW)
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        rolled_back()
    digest = sha256(b"lost").hexdigest()
    with transaction(engine) as session:
        assert blobs.check(session) == Orphans((digest,), (), ())
        assert blobs.sweep(session, datetime.now(UTC)) == 0
        assert blobs.sweep(session, datetime.now(UTC) + timedelta(hours=25)) == 1


def test_an_old_orphan_put_again_is_young_again(blobs: Blobs, engine: Engine) -> None:
    digest = put(blobs, engine, b"again")
    os.utime(blobs.path(digest), (0, 0))
    with transaction(engine) as session:
        blobs.drop(session, digest, owner="feed/ter")
    with transaction(engine) as waiting:  # put again, its row not committed yet
        blobs.put(waiting, b"again", owner="o", purpose="p", keep_days=1, now=NOW)
        with reading(engine) as other:
            assert blobs.sweep(other, datetime.now(UTC)) == 0
    assert blobs.read(digest) == b"again"


def test_a_draft_left_by_a_crash_is_swept(blobs: Blobs, engine: Engine) -> None:
    (root(blobs) / "incoming").mkdir(parents=True)
    (root(blobs) / "incoming" / "cut").write_bytes(b"half")
    with transaction(engine) as session:
        blobs.sweep(session, datetime.now(UTC))
        assert files(blobs)
        blobs.sweep(session, datetime.now(UTC) + timedelta(hours=25))
    assert files(blobs) == []


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(b"other"), "damaged"),
        (lambda path: path.write_bytes(b""), "damaged"),
    ],
)
def test_harm_done_to_a_file_is_found(blobs: Blobs, engine: Engine, harm: Callable[[Path], object], found: str) -> None:
    digest = put(blobs, engine, b"precious")
    harm(blobs.path(digest))
    with reading(engine) as session:
        orphans = blobs.check(session)
    assert getattr(orphans, found) == (digest,)
    with pytest.raises((NotFound, Upstream)):
        blobs.read(digest)


@pytest.mark.parametrize(
    "digest", ["", "..", "../" * 21 + "a", "g" * 64, "A" * 64, "0" * 63, "0" * 65, "/etc/passwd", "0" * 62 + "/."]
)
def test_a_name_that_is_no_hash_opens_nothing(blobs: Blobs, digest: str) -> None:
    with pytest.raises(NotFound):
        blobs.open(digest)


def test_twenty_threads_putting_the_same_and_sweeping_lose_nothing(blobs: Blobs, engine: Engine) -> None:
    def work(number: int) -> str | None:
        if number % 4 == 3:
            with transaction(engine) as session:
                blobs.sweep(session, datetime.now(UTC) + timedelta(days=-1))
            return None
        return put(blobs, engine, f"content {number % 3}".encode() * 10_000, owner=f"o{number}")

    with ThreadPoolExecutor(8) as threads:
        digests = {digest for digest in threads.map(work, range(20)) if digest is not None}
    assert len(digests) == 3
    with reading(engine) as session:
        assert blobs.check(session) == Orphans((), (), ())
    assert rows(engine) == 15


@given(content=st.binary(max_size=300), before=st.binary(max_size=20))
def test_a_file_is_written_whole_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, before: bytes
) -> None:
    folder = tmp_path_factory.mktemp("whole")
    path = folder / "file"
    path.write_bytes(before)

    def cut(file: object) -> None:
        file.write(content[: len(content) // 2])  # type: ignore[attr-defined]  # a binary file
        raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        write_whole(path, cut)
    assert path.read_bytes() == before
    write_whole(path, lambda file: file.write(content))
    assert path.read_bytes() == content
    assert [each.name for each in folder.iterdir()] == ["file"]
