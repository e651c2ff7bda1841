"""The privacy register: what each column holds, why, for how long; erasure by time; export and erasure of a person.

A `store` describes each of its tables once, right below its class:

    describe(
        Account,
        purpose="sign in and be written to",
        keep=Days(3 * 365, after="last_seen_at", then=DELETE),
        personal={"email": "writing to the person", "name": "greeting the person"},
        plain="id created_at last_seen_at",
    )

Every column is named, as personal (with its own reason) or as plain: `undescribed` finds those that are not, and a test
keeps that list empty. `docs/privacy.md` is written from the register.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, Date, Table, delete, or_, type_coerce, update
from sqlalchemy.orm import Session

from mobigo.base.instants import paris_day
from mobigo.infra.db import Base, changed, table_of

DELETE: Final = "delete"
BLANK: Final = "blank"


@dataclass(frozen=True, slots=True)
class Days:
    """Kept `count` days after the instant (or the day) in column `after`; a row where it is empty is not due yet.
    `or_after`: another column that counts where it is earlier.

    Then the row is deleted, or its personal columns are emptied (NULL; where a column may not be NULL, "" or an empty
    list).
    """

    count: int
    after: str
    then: str = DELETE
    or_after: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that time is counted from."""
        return (self.after,) if self.or_after is None else (self.after, self.or_after)

    def __str__(self) -> str:
        end = "row deleted" if self.then == DELETE else "personal columns emptied"
        since = " or ".join(f"`{name}`" for name in self.columns)
        earlier = "" if self.or_after is None else ", whichever is earlier"
        return f"{self.count} days after {since}{earlier}, then {end}"


@dataclass(frozen=True, slots=True)
class With:
    """Kept as long as the row of another table it belongs to, and erased with it (ON DELETE CASCADE)."""

    table: str

    def __str__(self) -> str:
        return f"as long as its `{self.table}`"


@dataclass(frozen=True, slots=True)
class Always:
    """Kept as long as the service exists, for the reason given."""

    because: str

    def __str__(self) -> str:
        return f"always: {self.because}"


Keep = Days | With | Always


@dataclass(frozen=True, slots=True)
class Entry:
    """What the register says of one table."""

    table: Table
    purpose: str
    keep: Keep
    personal: Mapping[str, str]
    plain: frozenset[str]


_register: dict[str, Entry] = {}


def describe(
    owner: type[Base], *, purpose: str, keep: Keep, personal: Mapping[str, str] | None = None, plain: str = ""
) -> None:
    """Enter a table in the register. Raises ValueError when it names a column the table does not have, names one twice,
    or counts its time from a column that is not there."""
    table = table_of(owner)
    told, ordinary = dict(personal or {}), frozenset(plain.split())
    named = set(told) | ordinary | (set(keep.columns) if isinstance(keep, Days) else set())
    unknown, twice = named - set(table.columns.keys()), set(told) & ordinary
    if unknown or twice:
        raise ValueError(f"{table.name}: unknown columns {sorted(unknown)}, named twice {sorted(twice)}")
    _register[table.name] = Entry(table, purpose, keep, told, ordinary)


def entries() -> list[Entry]:
    """The register, by table name."""
    return [_register[name] for name in sorted(_register)]


def undescribed() -> list[str]:
    """Every `table.column` known to the database that the register does not name; to be empty."""
    missing = []
    for table in Base.metadata.sorted_tables:
        entry = _register.get(table.name)
        named = set() if entry is None else set(entry.personal) | entry.plain
        missing += [f"{table.name}.{column.name}" for column in table.columns if column.name not in named]
    return sorted(missing)


def erase_due(session: Session, now: datetime) -> dict[str, int]:
    """Erase what the register says is over at `now`: rows deleted, or personal columns emptied. Counts by table.

    Children before their parents, so that no foreign key is in the way. Running it twice erases nothing more.
    """
    counts = {}
    for table in reversed(Base.metadata.sorted_tables):
        entry = _register.get(table.name)
        if entry is not None and isinstance(entry.keep, Days):
            counts[table.name] = _erase(session, entry, entry.keep, now)
    return counts


def _erase(session: Session, entry: Entry, keep: Days, now: datetime) -> int:
    limit = now - timedelta(days=keep.count)
    counted = [entry.table.c[name] for name in keep.columns]
    over = or_(*(since <= (paris_day(limit) if isinstance(since.type, Date) else limit) for since in counted))
    if keep.then == DELETE:
        return changed(session, delete(entry.table).where(over))
    columns = [entry.table.c[name] for name in entry.personal]
    empty = {column: None if column.nullable else _nothing(column) for column in columns}
    held = [column.is_not(None) if column.nullable else column != _nothing(column) for column in columns]
    return changed(session, update(entry.table).where(over, or_(*held)).values(empty))


def _nothing(column: ColumnElement[Any]) -> Any:
    """What an emptied column holds where it may not be NULL: no text, or an empty list."""
    return type_coerce([], column.type) if isinstance(column.type, JSON) else ""


# ---------------------------------------------------------------- one person

ExportSubject = Callable[[Session, str], Mapping[str, object]]
EraseSubject = Callable[[Session, str, datetime], int]
_subjects: dict[str, tuple[ExportSubject, EraseSubject]] = {}


def register_subject(package: str, *, export: ExportSubject, erase: EraseSubject) -> None:
    """What `package` knows of a person, and how it forgets it. A person is their random subject id."""
    _subjects[package] = (export, erase)


def subject_packages() -> list[str]:
    """The packages that registered, by name."""
    return sorted(_subjects)


def export_subject(session: Session, subject: str) -> dict[str, Mapping[str, object]]:
    """All that is held about a person, by package: the answer to a request for access (GDPR, article 15)."""
    return {package: _subjects[package][0](session, subject) for package in subject_packages()}


def erase_subject(session: Session, subject: str, now: datetime) -> dict[str, int]:
    """Forget a person wherever no law says to keep (GDPR, article 17); the number of rows touched, by package."""
    return {package: _subjects[package][1](session, subject, now) for package in subject_packages()}


# ---------------------------------------------------------------- the page


def page() -> str:
    """The register as the page `docs/privacy.md`."""
    lines = [
        "# Privacy register",
        "",
        "Written from the register in the code by `python -m mobigo.app.privacy_page`; do not edit.",
        "Tables without personal data are listed at the end. Names stand in few tables; everything else holds random",
        "subject ids.",
    ]
    for entry in (entry for entry in entries() if entry.personal):
        lines += ["", f"## {entry.table.name}", "", f"Purpose: {entry.purpose}. Kept {entry.keep}.", ""]
        lines += ["| personal column | why |", "|---|---|"]
        lines += [f"| `{name}` | {why} |" for name, why in entry.personal.items()]
    lines += ["", "## Tables without personal data", "", "| table | purpose | kept |", "|---|---|---|"]
    lines += [f"| `{entry.table.name}` | {entry.purpose} | {entry.keep} |" for entry in entries() if not entry.personal]
    return "\n".join(lines) + "\n"
