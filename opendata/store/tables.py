"""The tables of publication. A version and its files are never changed but for the state; pointers move; events and
approvals only grow.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe

_PUBLIC = "what was published, when and why: the history that reusers rely on; it names no person"


class DatasetRow(Base):
    """A dataset, as its declaration last said. `removed_at`: its addresses answer 410 with `removed_because`."""

    __tablename__ = "opendata_dataset"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    declaration: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    modified_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_because: Mapped[str] = mapped_column(Text, default="")
    replaced_by: Mapped[str | None] = mapped_column(String(64))


class VersionRow(Base):
    """One content of a dataset."""

    __tablename__ = "opendata_version"
    __table_args__ = (UniqueConstraint("dataset", "content_hash"), UniqueConstraint("dataset", "number"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    dataset: Mapped[str] = mapped_column(ForeignKey("opendata_dataset.code"))
    number: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12), index=True)
    slot: Mapped[str] = mapped_column(String(8))
    facts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str | None] = mapped_column(String(64))
    first_day: Mapped[date | None] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    counts: Mapped[dict[str, int]] = mapped_column(Json)
    withdrawn_because: Mapped[str] = mapped_column(Text, default="")


class FileRow(Base):
    """A file of a version. `gzip_sha256`: the same, compressed once, for whoever reads text compressed."""

    __tablename__ = "opendata_file"

    version_id: Mapped[str] = mapped_column(ForeignKey("opendata_version.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    content_sha256: Mapped[str] = mapped_column(String(64))
    gzip_sha256: Mapped[str | None] = mapped_column(String(64))
    gzip_size: Mapped[int | None] = mapped_column(BigInteger)
    rows: Mapped[int | None] = mapped_column(BigInteger)


class CheckRow(Base):
    """What one judge said of a version, on a day. A later word of the same judge replaces none: the last one counts."""

    __tablename__ = "opendata_check"
    __table_args__ = (Index(None, "version_id", "judge"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("opendata_version.id"))
    judge: Mapped[str] = mapped_column(String(60))
    judge_version: Mapped[str] = mapped_column(String(60))
    file: Mapped[str] = mapped_column(String(120))
    verdict: Mapped[str] = mapped_column(String(10))
    required: Mapped[bool]
    findings: Mapped[list[Any]] = mapped_column(Json)
    because: Mapped[dict[str, Any] | None] = mapped_column(Json)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApprovalRow(Base):
    """A person's yes or no to a version, or the system's where no person is asked; it holds a random subject id."""

    __tablename__ = "opendata_approval"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("opendata_version.id"), index=True)
    step: Mapped[str] = mapped_column(String(12))
    by: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)


class PointerRow(Base):
    """What `latest` and `next` of a dataset show: moved in one transaction: a reader sees the old or the new."""

    __tablename__ = "opendata_pointer"

    dataset: Mapped[str] = mapped_column(ForeignKey("opendata_dataset.code"), primary_key=True)
    slot: Mapped[str] = mapped_column(String(8), primary_key=True)
    version_id: Mapped[str | None] = mapped_column(ForeignKey("opendata_version.id"))
    facts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when the facts were last found to be this content
    held: Mapped[bool] = mapped_column(default=False)  # after a rollback: only a person moves it on


class EventRow(Base):
    """What happened to a dataset in public: what its feeds and its followers tell. `number` counts from 1 within the
    dataset, in the order of what happened."""

    __tablename__ = "opendata_event"
    __table_args__ = (UniqueConstraint("dataset", "number"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    dataset: Mapped[str] = mapped_column(ForeignKey("opendata_dataset.code"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    slot: Mapped[str | None] = mapped_column(String(8))
    version_id: Mapped[str | None] = mapped_column(ForeignKey("opendata_version.id"))
    before_id: Mapped[str | None] = mapped_column(ForeignKey("opendata_version.id"))
    by: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)


class WaiverRow(Base):
    """A finding that may stand until a day, and why. It ends by itself."""

    __tablename__ = "opendata_waiver"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    dataset: Mapped[str] = mapped_column(ForeignKey("opendata_dataset.code"), index=True)
    judge: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(64))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)


append_only(EventRow)
append_only(ApprovalRow)
append_only(CheckRow)
describe(
    DatasetRow,
    purpose="know the datasets, and what each says of itself",
    keep=Always(_PUBLIC),
    plain="code declaration created_at modified_at removed_at removed_because replaced_by",
)
describe(
    VersionRow,
    purpose="know each content a dataset has had",
    keep=Always(_PUBLIC),
    plain="id dataset number content_hash state slot facts_at made_by first_day last_day counts withdrawn_because",
)
describe(
    FileRow,
    purpose="find the files of a version",
    keep=Always(_PUBLIC),
    plain="version_id name media_type sha256 size content_sha256 gzip_sha256 gzip_size rows",
)
describe(
    CheckRow,
    purpose="show what each judge said",
    keep=Always(_PUBLIC),
    plain="id version_id judge judge_version file verdict required findings because checked_at",
)
describe(
    ApprovalRow,
    purpose="prove who agreed to a publication",
    keep=Always("it is the proof that two people looked; it holds random subject ids only"),
    plain="id version_id step by at reason",
)
describe(
    PointerRow,
    purpose="know what the moving addresses show",
    keep=Always(_PUBLIC),
    plain="dataset slot version_id facts_at moved_at seen_at held",
)
describe(
    EventRow,
    purpose="tell reusers what happened",
    keep=Always(_PUBLIC),
    plain="id number at dataset kind slot version_id before_id by reason",
)
describe(
    WaiverRow,
    purpose="say which findings are accepted, why and until when",
    keep=Always(_PUBLIC),
    plain="id dataset judge code reason by first_day last_day",
)
