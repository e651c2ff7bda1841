"""What the simulated provider remembers: one SQLite file of its own, which an auditor reads alone.

`object` holds its documents, `event` what it says, `delivery` when each event leaves, `answered` the answers kept by
key, `log` every request and what came of it, `script` the faults to come. A call is one transaction of this file,
whatever becomes of ours: as with a real provider, money moves there even when nobody here learns of it.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

Document = dict[str, Any]

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS object (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, created INTEGER NOT NULL, n INTEGER NOT NULL, parent TEXT, note TEXT,
  document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, n);
CREATE INDEX IF NOT EXISTS object_parent ON object (parent);
CREATE INDEX IF NOT EXISTS object_note ON object (note);
CREATE TABLE IF NOT EXISTS event (
  n INTEGER PRIMARY KEY, id TEXT UNIQUE, created INTEGER NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (n INTEGER PRIMARY KEY, event TEXT NOT NULL, due REAL NOT NULL, sent REAL);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (sent, due);
CREATE TABLE IF NOT EXISTS answered (
  key TEXT PRIMARY KEY, path TEXT NOT NULL, asked TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL,
  at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS log (
  n INTEGER PRIMARY KEY, at REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, key TEXT, status INTEGER,
  fault TEXT);
CREATE TABLE IF NOT EXISTS script (n INTEGER PRIMARY KEY, path TEXT NOT NULL, fault TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS number (name TEXT PRIMARY KEY, last INTEGER NOT NULL);
"""


class Book:
    """The file, opened for one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute

    def number(self, name: str) -> int:
        """The next number of this name, from 1."""
        row = self._run(
            "INSERT INTO number VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last", (name,)
        ).fetchone()
        return int(row[0])

    def put(self, document: Document, *, parent: str | None = None, note: str | None = None) -> Document:
        """Write a document; `parent` and `note` are what it is listed and found by."""
        known = self._run("SELECT n, parent, note FROM object WHERE id = ?", (document["id"],)).fetchone()
        n = known[0] if known else self.number("object")
        self._run(
            "INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                document["id"], document["object"], document.get("created", 0), n,
                parent or (known[1] if known else None),
                note or (known[2] if known else None), json.dumps(document),
            ),
        )  # fmt: skip
        return document

    def get(self, kind: str, ref: str) -> Document | None:
        """A document."""
        row = self._run("SELECT document FROM object WHERE id = ? AND kind = ?", (ref, kind)).fetchone()
        return None if row is None else json.loads(row[0])

    def listed(
        self, kind: str, *, parent: str | None = None, note: str | None = None, created_min: int = 0,
        created_max: int = 1 << 62,
    ) -> list[Document]:  # fmt: skip
        """Documents of a kind, newest first."""
        where, values = "kind = ? AND created BETWEEN ? AND ?", [kind, created_min, created_max]
        for column, value in (("parent", parent), ("note", note)):
            if value is not None:
                where, values = f"{where} AND {column} = ?", [*values, value]
        rows = self._run(f"SELECT document FROM object WHERE {where} ORDER BY n DESC", values)  # noqa: S608 - our words
        return [json.loads(row[0]) for row in rows]

    def say(self, event: Document, due: float) -> None:
        """Remember an event, to be delivered."""
        self._run(
            "INSERT INTO event (id, created, document) VALUES (?, ?, ?)",
            (event["id"], event["created"], json.dumps(event)),
        )
        self._run("INSERT INTO delivery (event, due) VALUES (?, ?)", (event["id"], due))

    def events(self, created_min: int) -> list[Document]:
        """What it said since, newest first."""
        rows = self._run("SELECT document FROM event WHERE created >= ? ORDER BY n DESC", (created_min,))
        return [json.loads(row[0]) for row in rows]

    def due(self, at: float, limit: int) -> list[tuple[int, Document]]:
        """The deliveries due, oldest first."""
        rows = self._run(
            "SELECT d.n, e.document FROM delivery d JOIN event e ON e.id = d.event"
            " WHERE d.sent IS NULL AND d.due <= ? ORDER BY d.due, d.n LIMIT ?",
            (at, limit),
        )
        return [(int(row[0]), json.loads(row[1])) for row in rows]

    def sent(self, n: int, at: float) -> None:
        """A delivery was taken by the other side."""
        self._run("UPDATE delivery SET sent = ? WHERE n = ?", (at, n))

    def later(self, n: int, due: float) -> None:
        """A delivery comes again later, unless it is taken until then."""
        self._run("UPDATE delivery SET due = ? WHERE n = ?", (due, n))

    def answered(self, key: str, since: float) -> tuple[str, str, int, Document] | None:
        """(path, what was asked, status, answer) kept for a key."""
        row = self._run(
            "SELECT path, asked, status, answer FROM answered WHERE key = ? AND at > ?", (key, since)
        ).fetchone()
        return None if row is None else (row[0], row[1], int(row[2]), json.loads(row[3]))

    def keep(self, key: str, path: str, asked: str, status: int, answer: Document, at: float) -> None:
        """Keep an answer under its key."""
        self._run(
            "INSERT OR REPLACE INTO answered VALUES (?, ?, ?, ?, ?, ?)",
            (key, path, asked, status, json.dumps(answer), at),
        )

    def log(self, at: float, method: str, path: str, key: str | None, status: int | None, fault: str | None) -> None:
        """Write what was asked, and what came of it."""
        self._run(
            "INSERT INTO log (at, method, path, key, status, fault) VALUES (?, ?, ?, ?, ?, ?)",
            (at, method, path, key, status, fault),
        )

    def script(self, path: str, fault: str) -> None:
        """Prepare a fault for the next call of this path."""
        self._run("INSERT INTO script (path, fault) VALUES (?, ?)", (path, fault))

    def next_fault(self, path: str) -> str | None:
        """The fault prepared for this call, used up."""
        row = self._run(
            "DELETE FROM script WHERE n = (SELECT min(n) FROM script WHERE ? LIKE path || '%') RETURNING fault", (path,)
        ).fetchone()
        return None if row is None else str(row[0])


class Shelf:
    """The file. One connection a transaction, so that any number of processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made = False
        self._turn = Lock()  # threads of a process come one after the other; SQLite would let them sleep and try again

    @contextmanager
    def open(self) -> Iterator[Book]:
        """One transaction: kept when the block ends, forgotten when it raises."""
        with self._turn, self._opened() as book:
            yield book

    @contextmanager
    def _opened(self) -> Iterator[Book]:
        if not self._made:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        try:
            if not self._made:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_TABLES)
                self._made = True
            # The machine may be switched off in the middle of a simulation; nobody loses money by it.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN IMMEDIATE")
            yield Book(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            connection.close()
