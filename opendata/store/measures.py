"""What was measured of each dataset, day by day: how often its files could be had, what stood in the way, the errors
that judges find in what is in force, and the day's scores."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.decisions import Decision
from mobigo.infra.db import Base, Json, insert_new
from mobigo.infra.privacy import Always, describe


class MeasureRow(Base):
    """A day of a dataset. Scores are from 0 to 1, smoothed with those before; None: nothing could be scored."""

    __tablename__ = "opendata_measure"

    dataset: Mapped[str] = mapped_column(String(64), ForeignKey("opendata_dataset.code"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    probes: Mapped[int] = mapped_column(default=0)
    good: Mapped[int] = mapped_column(default=0)
    available: Mapped[bool] = mapped_column(default=True)  # at the last look
    availability: Mapped[float | None]
    freshness: Mapped[float | None]
    compliance: Mapped[float | None]
    errors: Mapped[int | None]  # None: no judge had spoken
    fault: Mapped[dict[str, Any] | None] = mapped_column(Json)  # the last of the day, a decision; None: there was none


describe(
    MeasureRow,
    purpose="show how available, fresh and sound the published data are",
    keep=Always("a history of the service; it names no person"),
    plain="dataset day probes good available availability freshness compliance errors fault",
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A day of a dataset, as a value."""

    dataset: str
    day: date
    probes: int
    good: int
    available: bool
    availability: float | None
    freshness: float | None
    compliance: float | None
    errors: int | None
    fault: Decision | None


def _value(row: MeasureRow) -> Measure:
    fault = None if row.fault is None else Decision(row.fault["code"], **row.fault["params"])
    return Measure(
        row.dataset, row.day, row.probes, row.good, row.available, row.availability, row.freshness, row.compliance,
        row.errors, fault,
    )  # fmt: skip


def note_probe(session: Session, dataset: str, day: date, fault: Decision | None) -> bool:
    """Count a look; whether the last one, on this day or an earlier one, went as this one."""
    last, good = latest(session, dataset), fault is None
    fresh = {
        "dataset": dataset, "day": day, "probes": 0, "good": 0, "available": good, "availability": None,
        "freshness": None, "compliance": None, "errors": None, "fault": None,
    }  # fmt: skip
    insert_new(session, MeasureRow, fresh, ["dataset", "day"])
    row = session.get_one(MeasureRow, (dataset, day), with_for_update=True)
    row.probes, row.good, row.available = row.probes + 1, row.good + good, good
    if fault is not None:
        row.fault = {"code": fault.code, "params": dict(fault.params)}
    session.flush()
    return (last is None and good) or (last is not None and last.available == good)


def set_scores(
    session: Session,
    dataset: str,
    day: date,
    *,
    availability: float | None,
    freshness: float | None,
    compliance: float | None,
    errors: int,
) -> None:
    """Keep a day's scores; the day was measured."""
    row = session.get_one(MeasureRow, (dataset, day))
    row.availability, row.freshness, row.compliance = availability, freshness, compliance
    row.errors = None if compliance is None and not errors else errors
    session.flush()


def latest(session: Session, dataset: str, *, before: date | None = None) -> Measure | None:
    """The last day measured (before this one, when given)."""
    asked = select(MeasureRow).where(MeasureRow.dataset == dataset).order_by(MeasureRow.day.desc()).limit(1)
    if before is not None:
        asked = asked.where(MeasureRow.day < before)
    row = session.scalars(asked).first()
    return None if row is None else _value(row)


def since(session: Session, day: date, dataset: str | None = None) -> dict[str, list[Measure]]:
    """The days from this one on, of one dataset or by dataset, the oldest first."""
    asked = select(MeasureRow).where(MeasureRow.day >= day).order_by(MeasureRow.dataset, MeasureRow.day)
    if dataset is not None:
        asked = asked.where(MeasureRow.dataset == dataset)
    found: dict[str, list[Measure]] = {}
    for row in session.scalars(asked):
        found.setdefault(row.dataset, []).append(_value(row))
    return found


def month_ago(today: date) -> date:
    """The first of thirty days that end today."""
    return today - timedelta(days=29)
