"""Services as dated versions: a change is another row; what bookings were made under is never edited."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.append_only import append_only
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe


class ServiceRow(Base):
    """One version of a service: the document it was read from, whole."""

    __tablename__ = "tad_service"
    __table_args__ = (Index(None, "code", "first_day"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    organisation: Mapped[str | None] = mapped_column(
        ForeignKey("organisation.id")
    )  # whose vehicles; None: the region's
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    document: Mapped[Any] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str | None] = mapped_column(String(26))  # subject; None: the command line


append_only(ServiceRow)
describe(
    ServiceRow,
    purpose="say where, when and at what price an on-demand service runs, as decided on each day",
    keep=Always("it is what bookings were made under; it holds random subject ids only"),
    plain="id code organisation first_day last_day document digest created_at created_by",
)


def add_version(
    session: Session, *, code: str, organisation: str | None, first_day: date, last_day: date | None, document: Any,
    digest: str, by: str | None, now: datetime,
) -> ServiceRow:  # fmt: skip
    """One version more, in force from its first day."""
    row = ServiceRow(
        id=new_id(now), code=code, organisation=organisation, first_day=first_day, last_day=last_day,
        document=document, digest=digest, created_at=now, created_by=by,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def versions_on(session: Session, day: date) -> list[ServiceRow]:
    """The version of each service in force that day (the last to have begun), by code."""
    asked = (
        select(ServiceRow)
        .where(ServiceRow.first_day <= day, or_(ServiceRow.last_day.is_(None), ServiceRow.last_day >= day))
        .order_by(ServiceRow.code, ServiceRow.first_day.desc(), ServiceRow.created_at.desc(), ServiceRow.id.desc())
    )
    latest: dict[str, ServiceRow] = {}
    for row in session.scalars(asked):
        latest.setdefault(row.code, row)
    return list(latest.values())


def version_on(session: Session, code: str, day: date) -> ServiceRow:
    """The version in force that day. Raises NotFound("tad.no_such_service")."""
    for row in versions_on(session, day):
        if row.code == code:
            return row
    raise NotFound("tad.no_such_service")


def get_version(session: Session, version_id: str) -> ServiceRow:
    """One version. Raises NotFound("tad.no_such_service")."""
    row = session.get(ServiceRow, version_id)
    if row is None:
        raise NotFound("tad.no_such_service")
    return row


def history(session: Session, code: str) -> Sequence[ServiceRow]:
    """Every version of a service, the latest first."""
    asked = select(ServiceRow).where(ServiceRow.code == code)
    return session.scalars(asked.order_by(ServiceRow.first_day.desc(), ServiceRow.created_at.desc())).all()
