"""Scenarios: a name, and the edits of each. An edit is never changed: it is taken back, and another written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import Conflict, NotFound
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, describe
from mobigo.network.model.scenarios import Edit, Scenario, Written, checked, decoded, encoded

EDITS_MAX = 200


class ScenarioRow(Base):
    """A scenario."""

    __tablename__ = "network_scenario"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(26))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ScenarioEditRow(Base):
    """An edit of a scenario, in order of `number`."""

    __tablename__ = "network_scenario_edit"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    scenario: Mapped[str] = mapped_column(ForeignKey("network_scenario.id", ondelete="CASCADE"), index=True)
    number: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    written_by: Mapped[str] = mapped_column(String(26))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    ScenarioRow,
    purpose="study what a change of the timetables would do",
    keep=Always("it explains decisions about a public service; it holds random subject ids only"),
    plain="id name note created_at created_by closed_at",
)
describe(
    ScenarioEditRow,
    purpose="tell what a scenario changes, who wrote it and when",
    keep=Always("it is what was compared; it holds random subject ids only"),
    plain="id scenario number kind content written_at written_by undone_at",
)


def create(session: Session, name: str, note: str, *, by: str, now: datetime) -> str:
    """A new scenario, without edits; its id."""
    row = ScenarioRow(id=new_id(now), name=name[:120], note=note, created_at=now, created_by=by, closed_at=None)
    session.add(row)
    session.flush()
    return row.id


def get(session: Session, scenario_id: str) -> Scenario:
    """The scenario with all its edits. Raises NotFound("scenario.unknown")."""
    row = session.get(ScenarioRow, scenario_id)
    if row is None:
        raise NotFound("scenario.unknown", scenario=scenario_id[:40])
    edits = session.scalars(
        select(ScenarioEditRow).where(ScenarioEditRow.scenario == scenario_id).order_by(ScenarioEditRow.number)
    )
    return _scenario(row, [_written(each) for each in edits])


def list_scenarios(session: Session) -> list[Scenario]:
    """Every scenario, the newest first, without its edits."""
    return [_scenario(row, ()) for row in session.scalars(select(ScenarioRow).order_by(ScenarioRow.id.desc()))]


def write(session: Session, scenario_id: str, edit: Edit, *, by: str, now: datetime) -> Written:
    """One more edit, at the end. Raises NotFound, InvalidInput for one that says nothing, Conflict for a scenario that
    is closed or has `EDITS_MAX`."""
    checked(edit)
    row = _open(session, scenario_id)
    last = session.scalar(select(func.max(ScenarioEditRow.number)).where(ScenarioEditRow.scenario == row.id)) or 0
    if last >= EDITS_MAX:
        raise Conflict("scenario.too_many_edits", most=EDITS_MAX)
    kind, content = encoded(edit)
    made = ScenarioEditRow(
        id=new_id(now), scenario=row.id, number=last + 1, kind=kind, content=content, written_at=now, written_by=by,
        undone_at=None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return _written(made)


def undo(session: Session, scenario_id: str, edit_id: str, now: datetime) -> None:
    """Take an edit back; twice is once. Raises NotFound, Conflict for a closed scenario."""
    _open(session, scenario_id)
    row = session.get(ScenarioEditRow, edit_id)
    if row is None or row.scenario != scenario_id:
        raise NotFound("scenario.unknown_edit", edit=edit_id[:40])
    row.undone_at = row.undone_at or now
    session.flush()


def close(session: Session, scenario_id: str, now: datetime, *, closed: bool) -> None:
    """Put a scenario away, or take it out again. Raises NotFound."""
    row = session.get(ScenarioRow, scenario_id)
    if row is None:
        raise NotFound("scenario.unknown", scenario=scenario_id[:40])
    row.closed_at = now if closed else None
    session.flush()


def _open(session: Session, scenario_id: str) -> ScenarioRow:
    row = session.get(ScenarioRow, scenario_id, with_for_update=True)
    if row is None:
        raise NotFound("scenario.unknown", scenario=scenario_id[:40])
    if row.closed_at is not None:
        raise Conflict("scenario.closed")
    return row


def _scenario(row: ScenarioRow, edits: Sequence[Written]) -> Scenario:
    return Scenario(row.id, row.name, row.note, row.created_at, row.created_by, row.closed_at, tuple(edits))


def _written(row: ScenarioEditRow) -> Written:
    edit = decoded(row.kind, row.content)
    return Written(row.id, row.number, edit, row.written_at, row.written_by, row.undone_at)
