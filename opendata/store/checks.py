"""What judges said of each version, and the findings that may stand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.canonical import plain
from mobigo.base.decisions import Decision
from mobigo.infra.clock import new_id
from mobigo.network.model.notices import Severity
from opendata.model.checks import Check, Finding, Verdict
from opendata.rules.publishing import Waiver
from opendata.store.tables import CheckRow, WaiverRow

FINDINGS_MAX = 200  # codes kept a check; no judge has more


def add(session: Session, version_id: str, checks: Sequence[tuple[Check, bool]], now: datetime) -> None:
    """Keep each (check, whether its judge is required) that is not what the judge said last."""
    last = {(check.judge, check.file): (check, required) for check, required, _at in of_version(session, version_id)}
    for check, required in checks:
        if last.get((check.judge, check.file)) == (_as_kept(check), required):
            continue
        because = check.because
        session.add(
            CheckRow(
                id=new_id(now), version_id=version_id, judge=check.judge, judge_version=check.judge_version,
                file=check.file, verdict=check.verdict.value, required=required,
                findings=[
                    [each.code, each.severity.value, each.total, {name: _text(v) for name, v in each.example.items()}]
                    for each in check.findings[:FINDINGS_MAX]
                ],
                because=None if because is None else {
                    "code": because.code, "params": {name: _text(value) for name, value in because.params.items()}
                },
                checked_at=now,
            )
        )  # fmt: skip
    session.flush()


def _as_kept(check: Check) -> Check:
    """The check as it comes back from its row."""
    because = check.because
    return replace(
        check,
        findings=tuple(
            replace(each, example={name: _text(value) for name, value in each.example.items()})
            for each in check.findings[:FINDINGS_MAX]
        ),
        because=None
        if because is None
        else Decision(because.code, **{name: _text(value) for name, value in because.params.items()}),
    )


def _text(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(plain(value))


def of_version(session: Session, version_id: str) -> list[tuple[Check, bool, datetime]]:
    """The last word of each judge on each file: (check, required, when), by judge and file."""
    asked = select(CheckRow).where(CheckRow.version_id == version_id).order_by(CheckRow.id)
    last = {(row.judge, row.file): row for row in session.scalars(asked)}
    return [(_check(row), row.required, row.checked_at) for _, row in sorted(last.items())]


def _check(row: CheckRow) -> Check:
    because = row.because
    return Check(
        judge=row.judge,
        judge_version=row.judge_version,
        verdict=Verdict(row.verdict),
        file=row.file,
        findings=tuple(
            Finding(code, Severity(gravity), total, example) for code, gravity, total, example in row.findings
        ),
        because=None if because is None else Decision(because["code"], **because["params"]),
    )


def add_waiver(session: Session, dataset: str, waiver: Waiver, by: str, now: datetime) -> str:
    """Let a finding stand; the waiver's id."""
    row = WaiverRow(
        id=new_id(now), dataset=dataset, judge=waiver.judge, code=waiver.code, reason=waiver.reason, by=by,
        first_day=waiver.first_day, last_day=waiver.last_day,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def list_waivers(
    session: Session, dataset: str | None = None, *, on: date | None = None
) -> list[tuple[str, str, Waiver]]:
    """(id, dataset, waiver), the newest first: of one dataset or all; only those in force `on` a day, when given."""
    asked = select(WaiverRow).order_by(WaiverRow.id.desc())
    if dataset is not None:
        asked = asked.where(WaiverRow.dataset == dataset)
    if on is not None:
        asked = asked.where(WaiverRow.first_day <= on, WaiverRow.last_day >= on)
    return [
        (row.id, row.dataset, Waiver(row.judge, row.code, row.first_day, row.last_day, row.reason))
        for row in session.scalars(asked)
    ]
