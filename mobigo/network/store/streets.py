"""The extracts of OpenStreetMap in use: one row each, the file in the blobs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, describe


class StreetExtractRow(Base):
    """An extract in use; importing under the same name replaces it."""

    __tablename__ = "street_extract"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255))
    way_count: Mapped[int] = mapped_column(Integer)
    point_count: Mapped[int] = mapped_column(Integer)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(
    StreetExtractRow,
    purpose="know which map extracts the streets come from",
    keep=Always("a few rows, about public files"),
    plain="name sha256 file_name way_count point_count imported_at",
)


@dataclass(frozen=True, slots=True)
class StreetExtract:
    """An extract in use: how many ways and points somebody may use, and the content of its file."""

    name: str
    sha256: str
    file_name: str
    way_count: int
    point_count: int
    imported_at: datetime


def list_extracts(session: Session) -> list[StreetExtract]:
    """The extracts in use, by name."""
    rows = session.scalars(select(StreetExtractRow).order_by(StreetExtractRow.name))
    return [
        StreetExtract(row.name, row.sha256, row.file_name, row.way_count, row.point_count, row.imported_at)
        for row in rows
    ]


def put_extract(session: Session, extract: StreetExtract) -> None:
    """Put an extract in use, in place of the one of that name."""
    session.merge(
        StreetExtractRow(
            name=extract.name,
            sha256=extract.sha256,
            file_name=extract.file_name,
            way_count=extract.way_count,
            point_count=extract.point_count,
            imported_at=extract.imported_at,
        )
    )


def remove_extract(session: Session, name: str) -> None:
    """Take an extract out of use. Raises NotFound("streets.unknown_extract")."""
    row = session.get(StreetExtractRow, name)
    if row is None:
        raise NotFound("streets.unknown_extract", name=name)
    session.delete(row)
