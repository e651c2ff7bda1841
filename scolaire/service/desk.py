"""What an agent has to do and may find: registrations by state, by name or reference, inside their scope."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from mobigo.infra.config import Config
from scolaire.model.rights import Outcome
from scolaire.rules.asking import folded
from scolaire.service.access import Scope, within
from scolaire.service.judging import judge
from scolaire.service.registering import doubles
from scolaire.store.pupils import IdentityRow
from scolaire.store.registrations import AppealRow, DecisionRow, PassRow, RegistrationRow
from scolaire.store.schools import SchoolRow

PAGE = 50
STATES = ("received", "incomplete", "unpaid", "decided", "cancelled")


@dataclass(frozen=True, slots=True)
class Line:
    """A registration in a list: who, where, how it stands, what the rule proposes when nothing is decided yet."""

    row: RegistrationRow
    identity: IdentityRow
    school: SchoolRow
    proposed: Outcome | None
    double: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of registrations, and how many there are in all."""

    lines: tuple[Line, ...]
    total: int


def find(
    session: Session, scope: Scope, config: Config, *, words: str = "", state: str = "", year: int | None = None,
    page: int = 0, judged: bool = False,
) -> Found:  # fmt: skip
    """Registrations inside a scope, oldest first: in a state, whose reference is `words` or whose pupil's last name
    begins with them (accents and capitals aside). `judged`: with what the rule proposes."""
    asked = (
        select(RegistrationRow, IdentityRow, SchoolRow)
        .join(IdentityRow, IdentityRow.pupil == RegistrationRow.pupil)
        .join(SchoolRow, SchoolRow.uai == RegistrationRow.uai)
        .where(and_(within(scope), *_conditions(words, state, year)))
    )
    total = session.scalar(select(func.count()).select_from(asked.subquery())) or 0
    rows = session.execute(
        asked.order_by(RegistrationRow.received_at, RegistrationRow.id).offset(page * PAGE).limit(PAGE)
    ).all()
    lines = []
    for row, identity, school in rows:
        waits = judged and row.state in ("received", "incomplete")
        proposed = judge(session, row, config).right.outcome if waits else None
        lines.append(Line(row, identity, school, proposed, bool(doubles(session, row)) if waits else False))
    return Found(tuple(lines), total)


def counts(session: Session, scope: Scope) -> dict[str, int]:
    """How many wait in each state."""
    return {
        state: session.scalar(
            select(func.count()).select_from(RegistrationRow).where(and_(within(scope), *_conditions("", state, None)))
        )
        or 0
        for state in STATES
    }


def appeals_due(session: Session, today: date) -> tuple[int, int]:
    """(appeals that wait, those whose two months are over or end within a fortnight)."""
    rows = session.scalars(select(AppealRow.answer_by).where(AppealRow.closed_at.is_(None))).all()
    return len(rows), sum((day - today).days <= 14 for day in rows)


def _conditions(words: str, state: str, year: int | None) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if year is not None:
        asked.append(RegistrationRow.year == year)
    if state == "unpaid":
        asked += [
            RegistrationRow.state == "decided",
            RegistrationRow.outcome == "paying",
            RegistrationRow.id.not_in(select(PassRow.registration).where(PassRow.ended_at.is_(None))),
            RegistrationRow.id.in_(select(DecisionRow.registration).where(DecisionRow.price_cents > 0)),
        ]
    elif state in STATES:
        asked.append(RegistrationRow.state == state)
    plain = folded(words)
    if plain:
        escaped = plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        asked.append(
            or_(
                RegistrationRow.reference == words.strip().upper(),
                RegistrationRow.paper == words.strip(),
                IdentityRow.folded.like(f"{escaped}%", escape="\\"),
            )
        )
    return asked
