"""What a public address leads to, in one query: asked at each download."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from opendata.model.datasets import Gate, Slot
from opendata.model.editions import State
from opendata.store.tables import DatasetRow, FileRow, PointerRow, VersionRow


@dataclass(frozen=True, slots=True)
class Address:
    """A file behind an address: the version it is of, its content, the compressed twin (None: none), since when the
    address shows it. `gone`: why it does not any more ("" while it does)."""

    dataset: str
    label: str
    number: int
    name: str
    media_type: str
    sha256: str
    size: int
    gzip_sha256: str | None
    gzip_size: int | None
    since: datetime
    licence: str
    touches_people: bool
    gone: str = ""
    replaced_by: str | None = None


def at_slot(session: Session, dataset: str, slot: Slot, name: str) -> Address | None:
    """What `latest` or `next` shows under this name; None when nothing."""
    asked = (
        _asked(dataset, name)
        .add_columns(PointerRow.moved_at)
        .join(PointerRow, (PointerRow.version_id == VersionRow.id) & (PointerRow.slot == slot.value))
    )
    return _found(session, asked)


def at_label(session: Session, dataset: str, label: str, name: str) -> Address | None:
    """What the version of this label (how its content's hash begins, twelve letters or more) holds under this
    name."""
    asked = (
        _asked(dataset, name)
        .add_columns(VersionRow.facts_at)
        .where(
            VersionRow.content_hash.startswith(label, autoescape=True),
            VersionRow.state.in_([State.PUBLISHED.value, State.WITHDRAWN.value]),
        )
        .order_by(VersionRow.number)
        .limit(1)
    )
    return _found(session, asked)


def _asked(dataset: str, name: str) -> Select[DatasetRow, VersionRow, FileRow]:
    return (
        select(DatasetRow, VersionRow, FileRow)
        .join(VersionRow, VersionRow.dataset == DatasetRow.code)
        .join(FileRow, FileRow.version_id == VersionRow.id)
        .where(DatasetRow.code == dataset, FileRow.name == name)
    )


def _found(session: Session, asked: Select[DatasetRow, VersionRow, FileRow, datetime]) -> Address | None:
    row = session.execute(asked).first()
    if row is None:
        return None
    dataset, version, file, since = row
    gone = ""
    if dataset.removed_at is not None:
        gone = dataset.removed_because
    elif version.state == State.WITHDRAWN.value:
        gone = version.withdrawn_because
    return Address(
        dataset=dataset.code, label=version.content_hash[:12], number=version.number, name=file.name,
        media_type=file.media_type, sha256=file.sha256, size=file.size, gzip_sha256=file.gzip_sha256,
        gzip_size=file.gzip_size, since=since, licence=dataset.declaration["licence"],
        touches_people=dataset.declaration["gate"] == Gate.PEOPLE.value, gone=gone,
        replaced_by=dataset.replaced_by if dataset.removed_at is not None else None,
    )  # fmt: skip
