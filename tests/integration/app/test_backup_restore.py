"""Backup and restore: everything comes back, on either database; a damaged file changes nothing."""

import io
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import DBAPIError

from mobigo.app import backup as module
from mobigo.app import schema
from mobigo.app.backup import bring_back, occupied, save
from mobigo.app.tables import metadata
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.infra import outbox
from mobigo.infra.audit import AuditEntry, record
from mobigo.infra.blobs import Blobs
from mobigo.infra.config import Config, load_config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.idempotency import IdempotencyKey
from mobigo.infra.outbox import emit
from tests.conftest import postgres_database

NOW = datetime(2026, 11, 24, 8, 0, 0, 250, tzinfo=UTC)


Instance = Callable[[str, Path], AbstractContextManager[tuple[Config, Engine]]]


@pytest.fixture
def instance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """`instance(kind, home)`: an instance with every table, on SQLite or on a PostgreSQL database of its own. What is
    written to an outbox asks for no job there, whatever application this process made before."""
    monkeypatch.setattr(outbox, "_ask", None)

    @contextmanager
    def opened(kind: str, home: Path) -> Iterator[tuple[Config, Engine]]:
        config = load_config({"MOBIGO_HOME": str(home)})
        with ExitStack() as stack:
            if kind == "sqlite":
                config.home.mkdir(parents=True)
                shutil.copyfile(request.getfixturevalue("sqlite_template"), config.home / "mobigo.sqlite")
            else:
                url = stack.enter_context(postgres_database(request.getfixturevalue("postgres_template")))
                config = replace(config, database_url=url)
            engine = open_engine(config.database_url)
            stack.callback(engine.dispose)
            yield config, engine

    return opened


KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def fill(config: Config, engine: Engine) -> None:
    """A little of everything: accents, nothing, documents, instants, files in two folders."""
    with transaction(engine) as session:
        Blobs(config.home / "blobs").put(session, b"\0proof\xff", owner="o", purpose="p", keep_days=30, now=NOW)
        for number in range(3):
            record(session, "çà.et là", actor="s", object_kind="o", object_id=str(number), now=NOW, detail={"é": [1.5]})
        answers: list[Any] = [None, {"a": None}, [], "texte", 0, False]
        for number, answer in enumerate(answers):
            row = {"scope": "s", "key": f"k{number}", "request_hash": "h", "answer": answer, "created_at": NOW}
            session.execute(insert(IdempotencyKey), [row])
    (config.home / "publications" / "ter").mkdir(parents=True)
    (config.home / "publications" / "ter" / "stops.txt").write_text("stop_id\nDijon\n")


def everything(config: Config, engine: Engine) -> dict[str, Any]:
    """All rows and all files, to compare."""
    with reading(engine) as session:
        rows = {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }
    files = {
        path.relative_to(config.home).as_posix(): path.read_bytes()
        for name in module.FOLDERS
        for path in (config.home / name).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    return {"rows": rows, "files": files}


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_everything_comes_back_on_either_database(instance: Instance, source: str, target: str, tmp_path: Path) -> None:
    with instance(source, tmp_path / "one") as (config, engine):
        fill(config, engine)
        before = everything(config, engine)
        saved = save(config, engine, tmp_path / "backup.tar", NOW)
    with instance(target, tmp_path / "two") as (config, engine):
        restored = bring_back(config, tmp_path / "backup.tar")
        engine.dispose()
        assert everything(config, engine) == before
        assert schema.differences(engine) == []
        assert schema.current(engine) == schema.head()
        with pytest.raises(DBAPIError), transaction(engine) as session:
            session.execute(AuditEntry.__table__.delete())  # type: ignore[attr-defined]  # a table
    assert restored == saved
    assert not list((tmp_path / "two").glob(".rest*"))


def test_a_backup_is_for_its_owner_and_never_overwrites(instance: Instance, tmp_path: Path) -> None:
    with instance("sqlite", tmp_path / "one") as (config, engine):
        save(config, engine, tmp_path / "backup.tar", NOW)
        content = (tmp_path / "backup.tar").read_bytes()
        assert (tmp_path / "backup.tar").stat().st_mode & 0o077 == 0
        with pytest.raises(Conflict, match=r"backup\.exists"):
            save(config, engine, tmp_path / "backup.tar", NOW)
    assert (tmp_path / "backup.tar").read_bytes() == content


def test_the_same_state_gives_the_same_bytes(instance: Instance, tmp_path: Path) -> None:
    with instance("sqlite", tmp_path / "one") as (config, engine):
        fill(config, engine)
        for name in ("a.tar", "b.tar"):
            save(config, engine, tmp_path / name, NOW)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_a_backup_does_not_hold_the_secret_key_nor_what_can_be_made_again(instance: Instance, tmp_path: Path) -> None:
    with instance("sqlite", tmp_path / "one") as (config, engine):
        for name in ("secrets/secret_key", "cache/x", "broker/y", "publications/.draft", "blobs/incoming/x"):
            (config.home / name).parent.mkdir(parents=True, exist_ok=True)
            (config.home / name).write_text("NOT THIS")
        save(config, engine, tmp_path / "backup.tar", NOW)
    assert b"NOT THIS" not in (tmp_path / "backup.tar").read_bytes()


def test_a_database_that_names_a_missing_file_is_not_backed_up_in_silence(instance: Instance, tmp_path: Path) -> None:
    with instance("sqlite", tmp_path / "one") as (config, engine):
        fill(config, engine)
        shutil.rmtree(config.home / "blobs")
        with pytest.raises(Refused, match=r"backup\.missing_blob"):
            save(config, engine, tmp_path / "backup.tar", NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_is_one_state_while_others_write(instance: Instance, kind: str, tmp_path: Path) -> None:
    stop = Event()
    with instance(kind, tmp_path / "one") as (config, engine):

        def write() -> None:
            number = 0
            while not stop.is_set():
                with transaction(engine) as session:  # always one of each: an audit entry, an effect and a file
                    record(session, "a", actor="s", object_kind="o", object_id=str(number), now=NOW)
                    emit(session, "t", {}, key=str(number), now=NOW)
                    content = str(number).encode()
                    Blobs(config.home / "blobs").put(session, content, owner="o", purpose="p", keep_days=1, now=NOW)
                number += 1

        writer = Thread(target=write)
        writer.start()
        try:
            for round_number in range(5):
                save(config, engine, tmp_path / f"{round_number}.tar", NOW)
        finally:
            stop.set()
            writer.join()
    counts = []
    for round_number in range(5):
        with instance("sqlite", tmp_path / f"restored{round_number}") as (config, engine):
            bring_back(config, tmp_path / f"{round_number}.tar")
            found = everything(config, engine)
            with reading(engine) as session:
                assert Blobs(config.home / "blobs").check(session).missing == ()
        rows = found["rows"]
        counts.append(len(rows["audit_entry"]))
        assert len(rows["audit_entry"]) == len(rows["outbox_effect"]) == len(rows["blob"])
    assert counts == sorted(counts)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("kind", KINDS)
def test_a_home_that_holds_something_is_not_overwritten(instance: Instance, kind: str, tmp_path: Path) -> None:
    with instance("sqlite", tmp_path / "one") as (config, engine):
        fill(config, engine)
        save(config, engine, tmp_path / "backup.tar", NOW)
        wanted = everything(config, engine)
    with instance(kind, tmp_path / "two") as (config, engine):
        with transaction(engine) as session:
            emit(session, "t", {}, key="mine", now=NOW)
        (config.home / "publications").mkdir(parents=True)
        before = everything(config, engine)
        assert occupied(config, engine) == "outbox_effect"
        with pytest.raises(Refused, match=r"restore\.not_empty"):
            bring_back(config, tmp_path / "backup.tar")
        assert everything(config, engine) == before
        engine.dispose()
        bring_back(config, tmp_path / "backup.tar", force=True)
        assert everything(config, engine) == wanted


def rewritten(path: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], object]) -> None:
    """Write the tar anew with its members changed."""
    with tarfile.open(path) as tar:
        members = [(header, tar.extractfile(header).read()) for header in tar]  # type: ignore[union-attr]  # all files
    change(members)
    with tarfile.open(path, "w") as tar:
        for header, content in members:
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))


def evil(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = ""
) -> Callable[[list[tuple[tarfile.TarInfo, bytes]]], object]:
    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        header = tarfile.TarInfo(name)
        header.type, header.linkname = kind, link
        members.insert(0, (header, b"" if kind != tarfile.REGTYPE else b"x"))

    return change


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut in the middle": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut before its manifest": lambda path: rewritten(path, lambda members: members.pop()),
    "a member missing": lambda path: rewritten(path, lambda members: members.pop(0)),
    "a member twice": lambda path: rewritten(path, lambda members: members.insert(0, members[0])),
    "a member changed": lambda path: rewritten(path, lambda members: members.insert(0, (members.pop(0)[0], b"[]\n"))),
    "a member too many": lambda path: rewritten(path, evil("files/blobs/00/extra")),
    "a path that climbs": lambda path: rewritten(path, evil("files/../../climbed")),
    "an absolute path": lambda path: rewritten(path, evil("/climbed")),
    "a symbolic link": lambda path: rewritten(path, evil("files/blobs/link", tarfile.SYMTYPE, "/etc")),
    "a device": lambda path: rewritten(path, evil("files/blobs/device", tarfile.CHRTYPE)),
    "a manifest that is no JSON": lambda path: rewritten(path, lambda m: m.append((m.pop()[0], b"{"))),
    "a manifest of another shape": lambda path: rewritten(path, lambda m: m.append((m.pop()[0], b'{"members": 3}'))),
    "another file": lambda path: path.write_bytes(b"PK\3\4 a zip perhaps" * 100),
    "an empty file": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_changes_nothing(instance: Instance, damage: str, tmp_path: Path) -> None:
    with instance("sqlite", tmp_path / "one") as (config, engine):
        fill(config, engine)
        save(config, engine, tmp_path / "backup.tar", NOW)
        DAMAGE[damage](tmp_path / "backup.tar")
        before = everything(config, engine)
        with pytest.raises((Refused, InvalidInput), match="backup"):
            bring_back(config, tmp_path / "backup.tar", force=True)
        assert everything(config, engine) == before
        assert not list(config.home.glob(".rest*"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "one"]


def test_any_flipped_byte_of_the_contents_is_noticed(instance: Instance, tmp_path: Path) -> None:
    with instance("sqlite", tmp_path / "one") as (config, engine):
        fill(config, engine)
        save(config, engine, tmp_path / "backup.tar", NOW)
    whole = (tmp_path / "backup.tar").read_bytes()
    with tarfile.open(tmp_path / "backup.tar") as tar:
        places = [
            header.offset_data + header.size // 2 for header in tar if header.size and header.name != "manifest.json"
        ]
    places = places[:: max(1, len(places) // 15)]  # members are alike: some fifteen, from the first to the last
    with instance("sqlite", tmp_path / "two") as (config, engine):
        for place in places:
            flipped = bytearray(whole)
            flipped[place] ^= 1
            (tmp_path / "flipped.tar").write_bytes(flipped)
            with pytest.raises(Refused, match=r"backup\.damaged"):
                bring_back(config, tmp_path / "flipped.tar")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"revision": "0001"', '"revision": "9999"', r"database\.newer"),
        ('"format": 1', '"format": 2', r"backup\.other_format"),
    ],
)
def test_a_backup_of_a_later_version_is_refused(
    instance: Instance, old: str, new: str, code: str, tmp_path: Path
) -> None:
    def later(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        header, content = members.pop()
        assert old.encode() in content
        members.append((header, content.replace(old.encode(), new.encode())))

    with instance("sqlite", tmp_path / "one") as (config, engine):
        save(config, engine, tmp_path / "backup.tar", NOW)
        rewritten(tmp_path / "backup.tar", later)
        with pytest.raises(Refused, match=code):
            bring_back(config, tmp_path / "backup.tar")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [1, 3, 5])
def test_a_restore_that_stops_anywhere_leaves_the_old_state(
    instance: Instance, kind: str, step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with instance("sqlite", tmp_path / "one") as (config, engine):
        fill(config, engine)
        save(config, engine, tmp_path / "backup.tar", NOW)
    with instance(kind, tmp_path / "two") as (config, engine):
        fill(config, engine)
        with transaction(engine) as session:
            emit(session, "t", {}, key="mine", now=NOW)
        before, moves = everything(config, engine), 0
        engine.dispose()
        really = module._move

        def breaks(source: Path, target: Path, undo: Any) -> None:
            nonlocal moves
            moves += 1
            if moves == step:
                raise OSError("disk full")
            really(source, target, undo)

        monkeypatch.setattr(module, "_move", breaks)
        try:
            bring_back(config, tmp_path / "backup.tar", force=True)
        except OSError:
            assert everything(config, engine) == before
        else:
            assert moves < step  # fewer moves than that were needed
            assert everything(config, engine) != before
        assert not list(config.home.glob(".rest*"))
