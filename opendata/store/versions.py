"""Versions and pointers in the database: recorded whole, moved in one transaction, never overwritten."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mobigo.base.errors import NotFound
from mobigo.infra.clock import new_id
from mobigo.infra.db import insert_new
from opendata.model.datasets import Declaration, Slot
from opendata.model.editions import KeptFile, State, Version
from opendata.rules.declared import from_json, to_json
from opendata.rules.publishing import Approval, Step
from opendata.store.tables import ApprovalRow, DatasetRow, EventRow, FileRow, PointerRow, VersionRow


@dataclass(frozen=True, slots=True)
class Kept:
    """A dataset as it is kept."""

    declared: Declaration
    created_at: datetime
    modified_at: datetime
    removed_at: datetime | None = None
    removed_because: str = ""
    replaced_by: str | None = None

    @property
    def code(self) -> str:
        return self.declared.code


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a moving address shows: `moved_at` since when, `seen_at` when the facts were last found to be that."""

    dataset: str
    slot: Slot
    version_id: str | None
    facts_at: datetime
    moved_at: datetime
    seen_at: datetime
    held: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in public."""

    id: str
    at: datetime
    dataset: str
    kind: str
    slot: Slot | None
    version_id: str | None
    before_id: str | None
    by: str | None
    reason: str


# ---------------------------------------------------------------- datasets


def declare(session: Session, declared: Declaration, now: datetime) -> DatasetRow:
    """Keep what a dataset says of itself; its row, held until the end of the transaction, so that versions of one
    dataset are numbered one at a time."""
    document = to_json(declared)
    fresh = {
        "code": declared.code, "declaration": document, "created_at": now, "modified_at": now,
        "removed_because": "", "removed_at": None, "replaced_by": None,
    }  # fmt: skip
    insert_new(session, DatasetRow, fresh, ["code"])
    row = session.scalars(select(DatasetRow).where(DatasetRow.code == declared.code).with_for_update()).one()
    if row.declaration != document:
        row.declaration, row.modified_at = document, now
    session.flush()
    return row


def kept_of(row: DatasetRow) -> Kept:
    """The value of a row."""
    return Kept(
        from_json(row.declaration), row.created_at, row.modified_at, row.removed_at, row.removed_because,
        row.replaced_by,
    )  # fmt: skip


def list_datasets(session: Session, *, removed: bool = False) -> list[Kept]:
    """Every dataset by code; those removed only when asked."""
    asked = select(DatasetRow).order_by(DatasetRow.code)
    if not removed:
        asked = asked.where(DatasetRow.removed_at.is_(None))
    return [kept_of(row) for row in session.scalars(asked)]


def find_dataset(session: Session, code: str) -> Kept | None:
    """The dataset of this code, removed or not."""
    row = session.get(DatasetRow, code)
    return None if row is None else kept_of(row)


def get_dataset(session: Session, code: str) -> Kept:
    """The dataset of this code. Raises NotFound("opendata.unknown_dataset")."""
    found = find_dataset(session, code)
    if found is None:
        raise NotFound("opendata.unknown_dataset", dataset=code)
    return found


def remove_dataset(session: Session, code: str, because: str, replaced_by: str | None, now: datetime) -> None:
    """Make its addresses answer that it is gone; nothing is forgotten."""
    values = {"removed_at": now, "removed_because": because, "replaced_by": replaced_by}
    session.execute(update(DatasetRow).where(DatasetRow.code == code).values(values))


# ---------------------------------------------------------------- versions


@dataclass(frozen=True, slots=True)
class Gzipped:
    """The compressed twin of a file: its own hash, and bytes."""

    sha256: str
    size: int


def add_version(session: Session, new: Version, twins: dict[str, Gzipped]) -> Version:
    """Record a version of a dataset whose row is held (`declare`); its number follows the last one's. `twins`: file
    name → compressed twin."""
    last = session.scalar(select(func.max(VersionRow.number)).where(VersionRow.dataset == new.dataset))
    numbered = replace(new, number=(last or 0) + 1)
    session.add(
        VersionRow(
            id=numbered.id, dataset=numbered.dataset, number=numbered.number, content_hash=numbered.content_hash,
            state=numbered.state.value, slot=numbered.slot.value, facts_at=numbered.facts_at,
            made_by=numbered.made_by, first_day=numbered.first_day, last_day=numbered.last_day,
            counts=dict(numbered.counts), withdrawn_because="",
        )
    )  # fmt: skip
    session.flush()
    for file in numbered.files:
        twin = twins.get(file.name)
        session.add(
            FileRow(
                version_id=numbered.id, name=file.name, media_type=file.media_type, sha256=file.sha256,
                size=file.size, content_sha256=file.content_sha256, rows=file.rows,
                gzip_sha256=twin and twin.sha256, gzip_size=twin and twin.size,
            )
        )  # fmt: skip
    session.flush()
    return numbered


def _values(session: Session, rows: Sequence[VersionRow]) -> list[Version]:
    files: dict[str, list[KeptFile]] = {}
    for file in session.scalars(
        select(FileRow).where(FileRow.version_id.in_([row.id for row in rows])).order_by(FileRow.name)
    ):
        kept = KeptFile(
            name=file.name, media_type=file.media_type, sha256=file.sha256, size=file.size,
            content_sha256=file.content_sha256, rows=file.rows,
        )  # fmt: skip
        files.setdefault(file.version_id, []).append(kept)
    return [
        Version(
            id=row.id, dataset=row.dataset, number=row.number, content_hash=row.content_hash, state=State(row.state),
            slot=Slot(row.slot), facts_at=row.facts_at, made_by=row.made_by, files=tuple(files.get(row.id, ())),
            first_day=row.first_day, last_day=row.last_day, counts=row.counts,
        )
        for row in rows
    ]  # fmt: skip


def find_by_content(session: Session, dataset: str, content_hash: str) -> Version | None:
    """The version of the dataset with this content."""
    asked = select(VersionRow).where(VersionRow.dataset == dataset, VersionRow.content_hash == content_hash)
    return next(iter(_values(session, list(session.scalars(asked)))), None)


def find_by_label(session: Session, dataset: str, label: str) -> Version | None:
    """The version whose content hash begins with this label (twelve letters, as in its address)."""
    asked = select(VersionRow).where(VersionRow.dataset == dataset, VersionRow.content_hash.startswith(label))
    return next(iter(_values(session, list(session.scalars(asked.order_by(VersionRow.number).limit(1))))), None)


def get_version(session: Session, version_id: str) -> Version:
    """The version of this id. Raises NotFound("opendata.unknown_version")."""
    row = session.get(VersionRow, version_id, populate_existing=True)
    if row is None:
        raise NotFound("opendata.unknown_version", version=version_id)
    return _values(session, [row])[0]


def versions_of(session: Session, ids: Collection[str]) -> dict[str, Version]:
    """Versions by id."""
    rows = list(session.scalars(select(VersionRow).where(VersionRow.id.in_(list(ids)))))
    return {version.id: version for version in _values(session, rows)}


def list_versions(
    session: Session, dataset: str, *, below: int | None = None, limit: int | None = None, public_only: bool = False
) -> list[Version]:
    """Versions of a dataset, the newest first; those numbered under `below`, at most `limit`."""
    asked = select(VersionRow).where(VersionRow.dataset == dataset).order_by(VersionRow.number.desc())
    if below is not None:
        asked = asked.where(VersionRow.number < below)
    if public_only:
        asked = asked.where(VersionRow.state.in_([State.PUBLISHED.value, State.WITHDRAWN.value]))
    return _values(session, list(session.scalars(asked.limit(limit))))


def list_in_state(session: Session, states: Collection[State]) -> list[Version]:
    """Versions in one of these states, the oldest first."""
    asked = select(VersionRow).where(VersionRow.state.in_([each.value for each in states])).order_by(VersionRow.id)
    return _values(session, list(session.scalars(asked)))


def set_state(session: Session, version_id: str, state: State, *, because: str = "") -> None:
    """Move a version on in its life."""
    values: dict[str, Any] = {"state": state.value}
    if state is State.WITHDRAWN:
        values["withdrawn_because"] = because
    session.execute(update(VersionRow).where(VersionRow.id == version_id).values(values))


def withdrawn_because(session: Session, version_id: str) -> str:
    """Why a version was withdrawn."""
    return session.scalars(select(VersionRow.withdrawn_because).where(VersionRow.id == version_id)).one()


def needed_contents(session: Session) -> set[str]:
    """The hash of every file that an address may still ask for: all but those of withdrawn versions."""
    rows = session.execute(
        select(FileRow.sha256, FileRow.gzip_sha256)
        .join(VersionRow, VersionRow.id == FileRow.version_id)
        .where(VersionRow.state != State.WITHDRAWN.value)
    )
    return {digest for pair in rows for digest in pair if digest is not None}


def contents_named(session: Session, version_id: str) -> set[str]:
    """The hashes of a version's files and of their twins."""
    rows = session.execute(select(FileRow.sha256, FileRow.gzip_sha256).where(FileRow.version_id == version_id))
    return {digest for pair in rows for digest in pair if digest is not None}


# ---------------------------------------------------------------- pointers and events


def _pointer(row: PointerRow) -> Pointer:
    return Pointer(
        row.dataset, Slot(row.slot), row.version_id, row.facts_at, row.moved_at, row.seen_at, row.held
    )  # fmt: skip


def list_pointers(session: Session, dataset: str | None = None) -> dict[tuple[str, Slot], Pointer]:
    """The pointers by (dataset, slot): of one dataset, or all."""
    asked = select(PointerRow)
    if dataset is not None:
        asked = asked.where(PointerRow.dataset == dataset)
    return {(row.dataset, Slot(row.slot)): _pointer(row) for row in session.scalars(asked)}


def find_pointer(session: Session, dataset: str, slot: Slot) -> Pointer | None:
    """What this address shows."""
    row = session.get(PointerRow, (dataset, slot.value), populate_existing=True)
    return None if row is None else _pointer(row)


def move_pointer(
    session: Session,
    dataset: str,
    slot: Slot,
    version_id: str | None,
    *,
    facts_at: datetime,
    now: datetime,
    held: bool = False,
) -> None:
    """Make the address show this version (None: nothing) from the commit on. The caller holds the dataset's row."""
    row = session.get(PointerRow, (dataset, slot.value), with_for_update=True)
    if row is None:
        row = PointerRow(dataset=dataset, slot=slot.value)
        session.add(row)
    row.version_id, row.facts_at, row.moved_at, row.seen_at, row.held = version_id, facts_at, now, facts_at, held
    session.flush()


def note_seen(session: Session, dataset: str, slot: Slot, at: datetime) -> None:
    """The facts were looked at again, and are what the address shows."""
    where = (PointerRow.dataset == dataset, PointerRow.slot == slot.value, PointerRow.seen_at < at)
    session.execute(update(PointerRow).where(*where).values(seen_at=at, facts_at=at))


def release(session: Session, dataset: str, slot: Slot) -> None:
    """Let the address move on by itself again."""
    where = (PointerRow.dataset == dataset, PointerRow.slot == slot.value)
    session.execute(update(PointerRow).where(*where).values(held=False))


def add_event(
    session: Session,
    dataset: str,
    kind: str,
    now: datetime,
    *,
    slot: Slot | None = None,
    version_id: str | None = None,
    before_id: str | None = None,
    by: str | None = None,
    reason: str = "",
) -> str:
    """Write what happened, in the transaction in which it happens; the event's id. The dataset's row is held from then
    on, so that events of one dataset are numbered one at a time."""
    session.scalars(select(DatasetRow.code).where(DatasetRow.code == dataset).with_for_update()).one()
    last = session.scalar(select(func.max(EventRow.number)).where(EventRow.dataset == dataset))
    row = EventRow(
        id=new_id(now), number=(last or 0) + 1, at=now, dataset=dataset, kind=kind,
        slot=None if slot is None else slot.value, version_id=version_id, before_id=before_id, by=by, reason=reason,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def list_events(session: Session, dataset: str | None = None, *, limit: int = 50) -> list[Event]:
    """What happened, the newest first: to one dataset, or to any."""
    asked = select(EventRow).order_by(EventRow.at.desc(), EventRow.number.desc()).limit(limit)
    if dataset is not None:
        asked = asked.where(EventRow.dataset == dataset)
    return [_event(row) for row in session.scalars(asked)]


def _event(row: EventRow) -> Event:
    slot = None if row.slot is None else Slot(row.slot)
    return Event(row.id, row.at, row.dataset, row.kind, slot, row.version_id, row.before_id, row.by, row.reason)


def has_event(session: Session, dataset: str, kind: str, version_id: str | None, reason: str | None = None) -> bool:
    """Whether this happened already (with this reason, when one is given)."""
    asked = select(EventRow.id).where(
        EventRow.dataset == dataset, EventRow.kind == kind, EventRow.version_id == version_id
    )
    if reason is not None:
        asked = asked.where(EventRow.reason == reason)
    return session.scalar(asked.limit(1)) is not None


def in_force_before(session: Session, version: Version) -> str | None:
    """The version that `latest` showed before it first showed this one; or, of one that it never showed, that it showed
    when this one was announced. None: there was none."""
    shown = select(EventRow).where(EventRow.dataset == version.dataset, EventRow.version_id == version.id)
    shown = shown.where(EventRow.slot.is_not(None)).order_by(EventRow.number).limit(1)
    first = session.scalars(shown.where(EventRow.slot == Slot.LATEST.value)).first()
    if first is not None:
        return first.before_id
    announced = session.scalars(shown).first()
    if announced is None:
        return None
    asked = select(EventRow.version_id).where(
        EventRow.dataset == version.dataset, EventRow.slot == Slot.LATEST.value, EventRow.number < announced.number,
        EventRow.kind != "expiring",
    )  # fmt: skip
    return session.scalars(asked.order_by(EventRow.number.desc()).limit(1)).first()


def get_event(session: Session, event_id: str) -> Event:
    """The event of this id. Raises NotFound("opendata.unknown_event")."""
    row = session.get(EventRow, event_id)
    if row is None:
        raise NotFound("opendata.unknown_event")
    return _event(row)


# ---------------------------------------------------------------- who said what


def add_approval(session: Session, version_id: str, approval: Approval) -> None:
    """Keep what somebody said of a version."""
    session.add(
        ApprovalRow(
            id=new_id(approval.at), version_id=version_id, step=approval.step.value, by=approval.by, at=approval.at,
            reason=approval.reason,
        )
    )  # fmt: skip
    session.flush()


def list_approvals(session: Session, version_id: str) -> list[Approval]:
    """What was said of a version, in order."""
    asked = select(ApprovalRow).where(ApprovalRow.version_id == version_id).order_by(ApprovalRow.id)
    return [Approval(Step(row.step), row.by, row.at, row.reason) for row in session.scalars(asked)]
