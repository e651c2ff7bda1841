"""The two tables of the jobs, and how a row becomes the value the rules work on."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mobigo.base.decisions import Decision
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.jobs.states import Job, State
from mobigo.infra.privacy import Always, Days, describe


class JobRow(Base):
    """One job. `params`, `progress_text` and the outcome hold no personal data: ids only."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("name", "key"),
        Index("ix_job_state_due_at", "state", "due_at"),
        Index("ix_job_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(12))
    asked_by: Mapped[str | None] = mapped_column(String(26))
    key: Mapped[str | None] = mapped_column(String(200))
    tries: Mapped[int]
    tries_max: Mapped[int]
    backoff_s: Mapped[float]
    generation: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_owner: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    progress_done: Mapped[int]
    progress_total: Mapped[int | None]
    progress_text: Mapped[str] = mapped_column(String(200))
    outcome_code: Mapped[str | None] = mapped_column(String(100))
    outcome_params: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


KEPT_DAYS: Final = 90

describe(
    JobRow,
    purpose="work asked of the machine: do it exactly once, show how it goes and how it ended",
    keep=Days(KEPT_DAYS, after="ended_at"),
    personal={"asked_by": "telling the person who asked how it ended (a random account id)"},
    plain="id name params state key tries tries_max backoff_s generation due_at lease_owner lease_until progress_done "
    "progress_total progress_text outcome_code outcome_params created_at started_at ended_at",
)


class ScheduleRow(Base):
    """What runs by itself: a job, its params, its rhythm, when it is next due. `declared` rows follow the code."""

    __tablename__ = "job_schedule"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    job: Mapped[str] = mapped_column(String(100))
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    rhythm: Mapped[str] = mapped_column(String(40))
    next_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_job_id: Mapped[str | None] = mapped_column(String(26))
    declared: Mapped[bool]


describe(
    ScheduleRow,
    purpose="work that starts by itself at given times",
    keep=Always("a schedule lasts until it is withdrawn"),
    plain="name job params rhythm next_at last_at last_job_id declared",
)


_IN_BOTH: Final = tuple(field.name for field in fields(Job) if field.name not in ("state", "outcome"))


def to_job(row: JobRow) -> Job:
    """The value of a row."""
    params = {name: _read(value) for name, value in (row.outcome_params or {}).items()}
    outcome = None if row.outcome_code is None else Decision(row.outcome_code, **params)
    return Job(**{name: getattr(row, name) for name in _IN_BOTH}, state=State(row.state), outcome=outcome)


def write(row: JobRow, job: Job) -> None:
    """Bring a row to a value; columns that do not change are not written."""
    for name in _IN_BOTH:
        if getattr(row, name) != getattr(job, name):
            setattr(row, name, getattr(job, name))
    row.state = job.state.value
    row.outcome_code = None if job.outcome is None else job.outcome.code
    row.outcome_params = None if job.outcome is None else plain(job.outcome.params)


def plain(params: Mapping[str, object]) -> dict[str, Any]:
    """Params as JSON keeps them (dates and the like become text), so that what is compared is what is stored. A
    decision within them stays one: it is said when somebody reads."""
    document: dict[str, Any] = json.loads(json.dumps(dict(params), default=_written))
    return document


def _written(value: object) -> object:
    return {"decision": value.code, "params": dict(value.params)} if isinstance(value, Decision) else str(value)


def _read(value: object) -> object:
    """What was written, its decisions as such."""
    if isinstance(value, list):
        return [_read(each) for each in value]
    if isinstance(value, dict) and set(value) == {"decision", "params"}:
        return Decision(value["decision"], **{name: _read(each) for name, each in value["params"].items()})
    return value
