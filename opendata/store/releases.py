"""The release ledger: what each publication about people made known, so that none after it tells a few of them apart.

Only public figures are kept, never what was hidden. A row counts once a version of its content may be public: checked,
approved, published or withdrawn (what was public stays known).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Index, Integer, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra.append_only import append_only
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import Always, describe
from opendata.model.editions import State
from opendata.model.secrecy import Release
from opendata.store.tables import VersionRow

KNOWN: Final = (State.CHECKED, State.APPROVED, State.PUBLISHED, State.WITHDRAWN)


class ReleaseRow(Base):
    """What one content of a dataset makes known. `cells`: [key, figures or null] each; `rows`: fingerprints."""

    __tablename__ = "opendata_release"
    __table_args__ = (UniqueConstraint("dataset", "content_hash"), Index(None, "subject", "made_at"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(64))
    period: Mapped[str] = mapped_column(String(10))
    content_hash: Mapped[str] = mapped_column(String(64))
    k: Mapped[int] = mapped_column(Integer)
    base: Mapped[int] = mapped_column(Integer)
    dimensions: Mapped[list[Any]] = mapped_column(Json)
    time: Mapped[list[Any]] = mapped_column(Json)
    cells: Mapped[list[Any]] = mapped_column(Json)
    rows: Mapped[list[Any]] = mapped_column(Json)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(ReleaseRow)
describe(
    ReleaseRow,
    purpose="compare each publication with those before, so that their difference tells of nobody",
    keep=Always("what was published stays known; it holds public figures only"),
    plain="id dataset subject period content_hash k base dimensions time cells rows made_at",
)


def add(session: Session, release: Release, content_hash: str, now: datetime) -> None:
    """Enter what a content makes known; once, however often it is made."""
    insert_new(
        session,
        ReleaseRow,
        {
            "id": new_id(now), "dataset": release.dataset, "subject": release.subject, "period": release.period,
            "content_hash": content_hash, "k": release.k, "base": release.base,
            "dimensions": list(release.dimensions), "time": list(release.time),
            "cells": [[list(key), None if shown is None else list(shown)] for key, shown in release.cells.items()],
            "rows": list(release.rows), "made_at": now,
        },
        ["dataset", "content_hash"],
    )  # fmt: skip


def known(session: Session, subject: str) -> Sequence[Release]:
    """What readers may know of a subject, the oldest first."""
    asked = (
        select(ReleaseRow)
        .join(
            VersionRow,
            (VersionRow.dataset == ReleaseRow.dataset) & (VersionRow.content_hash == ReleaseRow.content_hash),
        )
        .where(ReleaseRow.subject == subject, VersionRow.state.in_([str(state) for state in KNOWN]))
        .order_by(ReleaseRow.made_at, ReleaseRow.id)
    )
    return [_release(row) for row in session.scalars(asked)]


def _release(row: ReleaseRow) -> Release:
    return Release(
        dataset=row.dataset,
        subject=row.subject,
        period=row.period,
        k=row.k,
        base=row.base,
        dimensions=tuple(row.dimensions),
        time=tuple(row.time),
        cells={tuple(key): None if shown is None else tuple(shown) for key, shown in row.cells},
        rows=tuple(row.rows),
    )
