"""`mobigo backup F` and `mobigo restore F`: one file that holds what cannot be made again, and back.

A backup is the database (one state of it, taken while others go on writing), then received and produced files and
publications. What lies under home/cache is made again from these (`mobigo network build`). The secret key is not in a
backup: keep it apart.
A restore takes everything out beside the home, checks it, fills a new database, and only then changes places; when
anything fails before that, the home is as it was.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Final

import click
from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.orm import Session

from mobigo.app import archive, dump, schema
from mobigo.app.figures import LAST_BACKUP
from mobigo.app.tables import metadata
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.infra import clock, console
from mobigo.infra.blobs import BlobRow, Blobs, write_whole
from mobigo.infra.config import Config, load_config
from mobigo.infra.db import open_engine, reading
from mobigo.infra.i18n import gettext as _

FOLDERS: Final = ("blobs", "publications")
# Present while a restore changes places: found later, it tells that the machine stopped in between.
MARKER: Final = ".restoring"
Undo = list[tuple[Path, Path]]


@dataclass(frozen=True, slots=True)
class Done:
    """What was written or restored."""

    rows: int
    files: int
    bytes: int
    revision: str
    made_at: str


def save(config: Config, engine: Engine, path: Path, now: datetime) -> Done:
    """Write a backup to `path`, which must not exist yet; whole or not at all.

    Raises Conflict("backup.exists"), Refused("database.not_migrated"), Refused("backup.missing_blob") when a file the
    database names is not there.
    """
    if path.exists():
        raise Conflict("backup.exists", file=str(path))
    found = schema.current(engine)
    if found != schema.head():
        raise Refused("database.not_migrated", found=found or "-", wanted=schema.head())
    made: list[archive.Manifest] = []
    blobs = Blobs(config.home / "blobs")
    with blobs.unswept():
        write_whole(path, lambda out: made.append(_write(config, engine, out, now)))
    path.chmod(0o600)
    (config.home / LAST_BACKUP).touch()
    return _done(made[0])


def bring_back(config: Config, path: Path, *, force: bool = False) -> Done:
    """Restore a backup into the home and the database of `config`, all or nothing.

    Raises Refused("restore.not_empty") when either holds something and `force` is not given; what `extract` raises for
    a damaged file; Refused("database.newer") for a backup of a later version.
    """
    engine = open_engine(config.database_url)
    try:
        if not force and (busy := occupied(config, engine)):
            raise Refused("restore.not_empty", found=busy)
        config.home.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".restore-", dir=config.home))
        try:
            with path.open("rb") as source:
                manifest = archive.extract(source, staging)
            if manifest.revision not in schema.known_revisions():
                raise Refused("database.newer", found=manifest.revision, known=schema.head())
            with _exchange(config.home / MARKER) as undo:
                if engine.dialect.name == "sqlite":
                    _fill_new_sqlite(staging, manifest)
                    engine.dispose()
                    _swap(config, staging, undo, with_sqlite=Path(str(engine.url.database)))
                else:
                    with engine.begin() as connection:
                        schema.lock(connection)
                        schema.drop_all(connection)
                        _fill(connection, staging, manifest)
                        _swap(config, staging, undo, with_sqlite=None)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    finally:
        engine.dispose()
    return _done(manifest)


def occupied(config: Config, engine: Engine) -> str | None:
    """What a restore would overwrite: the name of a folder, of the database file or of a table; None when empty."""
    for name in FOLDERS:
        if any(archive.files_of(config.home / name)):
            return name
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
        return None
    with reading(engine) as session:
        present = set(inspect(session.connection()).get_table_names())
        for table in metadata.sorted_tables:
            if table.name in present and session.scalar(select(func.count()).select_from(table)):
                return table.name
    return None


# ---------------------------------------------------------------- writing


def _write(config: Config, engine: Engine, out: BinaryIO, now: datetime) -> archive.Manifest:
    writer, rows = archive.Writer(out, now), {}
    with reading(engine) as session:
        for table in metadata.sorted_tables:
            if "not_in_a_backup" in table.info:
                continue  # what may be kept for hours only would be kept as long as the backup
            with tempfile.TemporaryFile(dir=_scratch(config)) as lines:
                count = -1  # the first line names the columns
                for line in dump.dump(session, table):
                    lines.write(line)
                    count += 1
                size = lines.tell()
                lines.seek(0)
                writer.add(f"database/{table.name}.ndjson", lines, size)
                rows[table.name] = count
        named = _named_blobs(session)
    for folder in FOLDERS:
        root = config.home / folder
        for file in archive.files_of(root):
            try:
                content = file.open("rb")
            except FileNotFoundError:
                continue  # removed meanwhile; a file that the database names is missed below
            with content:
                writer.add(f"files/{folder}/{file.relative_to(root).as_posix()}", content, file.stat().st_size)
    written = {member.name for member in writer.members}
    for digest in named:
        if f"files/blobs/{digest[:2]}/{digest[2:]}" not in written:
            raise Refused("backup.missing_blob", sha256=digest)
    return writer.finish(product=version("mobigo"), revision=schema.head(), rows=rows, now=now)


def _named_blobs(session: Session) -> list[str]:
    return sorted(session.scalars(select(BlobRow.sha256).distinct()))


def _scratch(config: Config) -> Path:
    folder = config.home / "cache" / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# ---------------------------------------------------------------- restoring


def _fill_new_sqlite(staging: Path, manifest: archive.Manifest) -> None:
    fresh = open_engine(f"sqlite:///{staging / 'mobigo.sqlite'}")
    try:
        with fresh.begin() as connection:
            _fill(connection, staging, manifest)
    finally:
        fresh.dispose()


def _fill(connection: Connection, staging: Path, manifest: archive.Manifest) -> None:
    """The schema of the backup, its rows, then this version's schema."""
    schema.upgrade(connection, manifest.revision)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    for table in metadata.sorted_tables:
        member = f"database/{table.name}.ndjson"
        if table.name in manifest.rows:
            with (staging / member).open("rb") as lines:
                loaded = dump.load(connection, table, lines)
            if loaded != manifest.rows[table.name]:
                raise Refused("backup.damaged", member=member)
    dump.advance_counters(connection)
    schema.upgrade(connection, "head")


def _swap(config: Config, staging: Path, undo: Undo, *, with_sqlite: Path | None) -> None:
    """Exchange the folders (and the SQLite file) of the home with the restored ones."""
    moves = [(staging / "files" / name, config.home / name) for name in FOLDERS]
    if with_sqlite is not None:
        moves.append((staging / "mobigo.sqlite", with_sqlite))
    trash = staging / f"replaced-{secrets.token_hex(4)}"
    trash.mkdir()
    os.sync()
    for restored, place in moves:
        for old in _old_files(place, is_database=place == with_sqlite):
            _move(old, trash / old.name, undo)
        if restored.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            _move(restored, place, undo)


def _old_files(place: Path, *, is_database: bool) -> list[Path]:
    """What stands at a place; SQLite keeps two more files beside its own."""
    names = [place.name, f"{place.name}-wal", f"{place.name}-shm"] if is_database else [place.name]
    return [place.with_name(name) for name in names if place.with_name(name).exists()]


def _move(source: Path, target: Path, undo: Undo) -> None:
    shutil.move(source, target)
    undo.append((target, source))


@contextmanager
def _exchange(marker: Path) -> Iterator[Undo]:
    """Take back the moves made inside when it fails. The marker stays only where even that was not possible, or the
    machine stopped: `mobigo doctor` then says so, and what was replaced is still in a `.restore-…` folder."""
    undo: Undo = []
    marker.touch()
    try:
        yield undo
    except BaseException:
        for now_at, was_at in reversed(undo):
            shutil.move(now_at, was_at)
        marker.unlink()
        raise
    marker.unlink()


def _done(manifest: archive.Manifest) -> Done:
    return Done(sum(manifest.rows.values()), len(manifest.members), manifest.bytes, manifest.revision, manifest.made_at)


# ---------------------------------------------------------------- commands


@click.command(help="Écrire une sauvegarde complète dans un fichier.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@console.json_option
def backup(file: Path, as_json: bool) -> None:
    """Backs up the configured home and database into FILE."""
    config = load_config()
    engine = open_engine(config.database_url)
    try:
        done = save(config, engine, file, clock.now())
    finally:
        engine.dispose()
    document = {"file": str(file), "rows": done.rows, "files": done.files, "bytes": done.bytes}
    text = _("Sauvegarde écrite : %(rows)s lignes et %(files)s fichiers.", rows=done.rows, files=done.files)
    console.emit(document, as_json, text)


@click.command(help="Rétablir une sauvegarde dans un dossier vide.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Remplacer ce que le dossier et la base contiennent.")
@console.json_option
def restore(file: Path, force: bool, as_json: bool) -> None:
    """Restores FILE into the configured home and database; the service is to be stopped meanwhile."""
    if not file.is_file():
        raise InvalidInput("backup.no_such_file", file=str(file))
    done = bring_back(load_config(), file, force=force)
    document = {"rows": done.rows, "files": done.files, "bytes": done.bytes, "made_at": done.made_at}
    text = _("Sauvegarde du %(day)s rétablie : %(rows)s lignes.", day=done.made_at[:10], rows=done.rows)
    console.emit(document, as_json, text)
