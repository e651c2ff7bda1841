"""Payment requests, the cases agents answer (complaints, paper claims, bans, recoveries), and individual decisions.

A person has at most one payment request that waits; the database holds that. A request that took the place of another
names it, once.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import CheckConstraint, ColumnElement, Date, Index, String, Text, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.model.claims import Kind, Outcome
from covoit.model.payments import Stage
from covoit.rules.claims import answer_by
from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime, changed
from mobigo.infra.privacy import BLANK, Always, Days, describe

_TEN_YEARS: Final = "an accounting paper, with random ids only: they mean nothing once the person is erased"
_ALERT: Final = "alert:"
_CASE_DAYS: Final = 5 * 366  # as long as the claim it is about may be made (law 68-1250)


class ClaimRow(Base):
    """A payment request. `cents` is what was payable when it was made."""

    __tablename__ = "covoit_claim"
    __table_args__ = (
        Index(
            "uq_covoit_claim_waiting", "person", unique=True,
            sqlite_where=text("stage = 'claimed'"), postgresql_where=text("stage = 'claimed'"),
        ),
        CheckConstraint("cents > 0", name="positive"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    person: Mapped[str] = mapped_column(String(26), index=True)
    cents: Mapped[int] = mapped_column()
    last_month: Mapped[str] = mapped_column(String(7), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(12), index=True)
    batch: Mapped[str | None] = mapped_column(String(26), index=True)
    reissue_of: Mapped[str | None] = mapped_column(String(26), unique=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(60))


class CaseRow(Base):
    """Something an agent has to answer, with its deadline. For a recovery: what is owed, when the driver was told."""

    __tablename__ = "covoit_case"
    __table_args__ = (Index(None, "kind", "answered_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    person: Mapped[str] = mapped_column(String(26), index=True)
    object_id: Mapped[str] = mapped_column(String(200))
    cents: Mapped[int | None] = mapped_column()
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_by: Mapped[date] = mapped_column(Date)
    said: Mapped[str | None] = mapped_column(Text)
    notified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heard: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision: Mapped[str | None] = mapped_column(String(26))


class DecisionRow(Base):
    """An individual decision, as it was taken."""

    __tablename__ = "covoit_decision"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(10))
    proposed: Mapped[str] = mapped_column(String(10))
    algorithmic: Mapped[bool] = mapped_column()
    person: Mapped[str] = mapped_column(String(26), index=True)
    object_id: Mapped[str] = mapped_column(String(200), index=True)
    facts: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    remedies: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    signatory: Mapped[str] = mapped_column(String(64))
    signatory_name: Mapped[str] = mapped_column(String(100))
    capacity: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class BanRow(Base):
    """Someone who may not be paid, or drive on the lines, for a time."""

    __tablename__ = "covoit_ban"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    person: Mapped[str] = mapped_column(String(26), index=True)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    decision: Mapped[str] = mapped_column(String(26))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    ClaimRow, purpose="pay drivers what they ask for, once", keep=Always(_TEN_YEARS),
    plain="id person cents last_month made_at made_by stage batch reissue_of ended_at reason",
)  # fmt: skip
describe(
    CaseRow,
    purpose="answer those who ask, in time",
    keep=Days(_CASE_DAYS, after="answered_at", then=BLANK),
    personal={"said": "what the person wrote", "heard": "what the person answered before a recovery"},
    plain="id kind person object_id cents opened_at answer_by notified_at heard_at answered_at decision",
)
describe(
    DecisionRow,
    purpose="prove what was decided for someone, by whom, why, and what they can do about it",
    keep=Days(3_653, after="decided_at", then=BLANK),
    personal={"reason": "the agent's words, sent to the person", "signatory_name": "who signed (CRPA, L212-1)"},
    plain="id kind outcome proposed algorithmic person object_id facts rule remedies signatory capacity decided_at",
)
describe(
    BanRow, purpose="keep out those whom a decision keeps out", keep=Days(_CASE_DAYS, after="last_day"),
    plain="id person first_day last_day decision lifted_at",
)  # fmt: skip


# ---------------------------------------------------------------- payment requests


def get_claim(session: Session, claim: str, *, lock: bool = False) -> ClaimRow:
    """One request. Raises NotFound("covoit.unknown_claim")."""
    row = session.get(ClaimRow, claim, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound("covoit.unknown_claim", claim=claim[:40])
    return row


def open_claim(session: Session, person: str) -> ClaimRow | None:
    """The request that waits, in a batch that was not ordered or in none."""
    return session.scalar(select(ClaimRow).where(ClaimRow.person == person, ClaimRow.stage == Stage.CLAIMED))


def claims_of(session: Session, person: str) -> list[ClaimRow]:
    """Every request of a person, oldest first."""
    return list(
        session.scalars(select(ClaimRow).where(ClaimRow.person == person).order_by(ClaimRow.made_at, ClaimRow.id))
    )


def returned_claim(session: Session, person: str) -> ClaimRow | None:
    """The oldest request whose payment came back and that no other replaced yet."""
    asked = select(ClaimRow).where(ClaimRow.person == person, ClaimRow.stage == Stage.RETURNED)
    return session.scalars(asked.order_by(ClaimRow.made_at, ClaimRow.id)).first()


def claims_to_pay(session: Session, last_month: str) -> list[ClaimRow]:
    """The requests that wait, in no batch, about months up to `last_month`: by person, locked."""
    asked = select(ClaimRow).where(
        ClaimRow.stage == Stage.CLAIMED, ClaimRow.batch.is_(None), ClaimRow.last_month <= last_month
    )
    return list(session.scalars(asked.order_by(ClaimRow.person, ClaimRow.id).with_for_update()))


def waiting_claims(session: Session) -> list[ClaimRow]:
    """What agents see: the requests that wait, oldest first."""
    asked = select(ClaimRow).where(ClaimRow.stage == Stage.CLAIMED).order_by(ClaimRow.made_at, ClaimRow.id)
    return list(session.scalars(asked))


def list_claims(
    session: Session, stage: str | None, month: str | None, *, limit: int | None, offset: int
) -> list[ClaimRow]:
    """The requests at a stage about a last month (None: any), oldest first."""
    asked = select(ClaimRow).where(*_chosen(stage, month)).order_by(ClaimRow.made_at, ClaimRow.id)
    return list(session.scalars(asked.limit(limit).offset(offset)))


def count_claims(session: Session, stage: str | None, month: str | None) -> tuple[int, int]:
    """How many there are, and the sum of what they ask, in cents."""
    asked = select(func.count(), func.sum(ClaimRow.cents)).where(*_chosen(stage, month))
    count, cents = session.execute(asked).one()
    return int(count), int(cents or 0)


def claim_months(session: Session) -> list[str]:
    """The last months that requests are about, the latest first."""
    return list(session.scalars(select(ClaimRow.last_month).distinct().order_by(ClaimRow.last_month.desc())))


def _chosen(stage: str | None, month: str | None) -> list[ColumnElement[bool]]:
    wanted = ((ClaimRow.stage, stage), (ClaimRow.last_month, month))
    return [column == value for column, value in wanted if value is not None]


def people_owing(session: Session) -> list[str]:
    """The people of whom something was ever asked back, the cases of fraud alerts aside."""
    asked = select(CaseRow.person).where(CaseRow.kind == Kind.RECOVERY, CaseRow.object_id.not_like(f"{_ALERT}%"))
    return sorted(session.scalars(asked.distinct()))


def list_cases(session: Session, *, kinds: Sequence[str], answered: bool | None, limit: int = 500) -> list[CaseRow]:
    """Cases of these kinds, the nearest deadline first; answered ones the latest first."""
    asked = select(CaseRow).where(CaseRow.kind.in_(list(kinds)))
    if answered is True:
        asked = asked.where(CaseRow.answered_at.is_not(None)).order_by(CaseRow.answered_at.desc(), CaseRow.id)
    elif answered is False:
        asked = asked.where(CaseRow.answered_at.is_(None)).order_by(CaseRow.answer_by, CaseRow.id)
    else:
        asked = asked.order_by(CaseRow.answered_at.is_not(None), CaseRow.answer_by, CaseRow.id)
    return list(session.scalars(asked.limit(limit)))


def waiting_sums(session: Session) -> list[tuple[datetime, int]]:
    """(when it was made, cents) of each request that waits in no batch."""
    asked = select(ClaimRow.made_at, ClaimRow.cents).where(ClaimRow.stage == Stage.CLAIMED, ClaimRow.batch.is_(None))
    return [(row[0], row[1]) for row in session.execute(asked)]


def last_request_year(session: Session, person: str) -> int | None:
    """The year of the last payment request or complaint: it interrupts the prescription (law 68-1250, article 2)."""
    instants = (
        session.scalar(select(func.max(ClaimRow.made_at)).where(ClaimRow.person == person)),
        session.scalar(
            select(func.max(CaseRow.opened_at)).where(CaseRow.person == person, CaseRow.kind == Kind.COMPLAINT)
        ),
    )
    years = [paris_day(instant).year for instant in instants if instant is not None]
    return max(years, default=None)


# ---------------------------------------------------------------- cases


def open_case(
    session: Session, kind: Kind, person: str, object_id: str, said: str | None, now: datetime, cents: int | None = None
) -> CaseRow:
    """Something to answer within two months."""
    row = CaseRow(
        id=new_id(now), kind=str(kind), person=person, object_id=object_id, cents=cents, opened_at=now,
        answer_by=answer_by(paris_day(now)), said=said,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def open_recovery(session: Session, person: str, month: str, owed: Money, now: datetime) -> CaseRow:
    """Something paid too much: to be told to the driver, who has 15 days to answer, then decided by a person."""
    return open_case(session, Kind.RECOVERY, person, month, None, now, owed.cents)


def get_case(session: Session, case: str, *, lock: bool = False) -> CaseRow:
    """One case. Raises NotFound("covoit.unknown_case")."""
    row = session.get(CaseRow, case, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound("covoit.unknown_case", case=case[:40])
    return row


def cases_to_answer(session: Session, kind: Kind | None = None) -> list[CaseRow]:
    """The cases not answered yet, the nearest deadline first."""
    asked = select(CaseRow).where(CaseRow.answered_at.is_(None)).order_by(CaseRow.answer_by, CaseRow.id)
    return list(session.scalars(asked if kind is None else asked.where(CaseRow.kind == kind)))


def cases_of(session: Session, person: str, kind: Kind | None = None) -> list[CaseRow]:
    """A person's cases, oldest first."""
    asked = select(CaseRow).where(CaseRow.person == person).order_by(CaseRow.opened_at, CaseRow.id)
    return list(session.scalars(asked if kind is None else asked.where(CaseRow.kind == kind)))


def alert_object(alert: str) -> str:
    """What a case opened after a fraud alert is about. Its sum is what the journeys were due, not what is owed: when it
    is granted the journeys are withdrawn, and what was paid for them comes back by the closing's own recovery."""
    return f"{_ALERT}{alert}"


def about_alert(object_id: str) -> str | None:
    """The alert a case is about, None for any other."""
    return object_id.removeprefix(_ALERT) if object_id.startswith(_ALERT) else None


def cases_about(session: Session, object_id: str) -> list[CaseRow]:
    """The cases about one thing, oldest first."""
    return list(session.scalars(select(CaseRow).where(CaseRow.object_id == object_id).order_by(CaseRow.id)))


def decided_recoveries(session: Session, people: Iterable[str]) -> dict[str, Money]:
    """What a decision allows to take back from each person, all told."""
    found: dict[str, Money] = {}
    chosen = sorted(set(people))
    for start in range(0, len(chosen), 2_000):
        asked = (
            select(CaseRow.person, func.sum(CaseRow.cents))
            .join(DecisionRow, DecisionRow.id == CaseRow.decision)
            .where(
                CaseRow.kind == Kind.RECOVERY, DecisionRow.outcome == Outcome.GRANTED,
                CaseRow.person.in_(chosen[start : start + 2_000]), CaseRow.object_id.not_like(f"{_ALERT}%"),
            )
            .group_by(CaseRow.person)
        )  # fmt: skip
        found.update((person, Money(int(cents or 0))) for person, cents in session.execute(asked))
    return found


def undecided_recoveries(session: Session, person: str) -> Money:
    """What is owed by a person and waits for a decision: nothing of it is taken meanwhile."""
    asked = select(func.sum(CaseRow.cents)).where(
        CaseRow.person == person, CaseRow.kind == Kind.RECOVERY, CaseRow.answered_at.is_(None),
        CaseRow.object_id.not_like(f"{_ALERT}%"),
    )  # fmt: skip
    return Money(int(session.scalar(asked) or 0))


# ---------------------------------------------------------------- decisions, bans


def decisions_of(session: Session, person: str) -> list[DecisionRow]:
    """What was decided for a person, oldest first."""
    asked = select(DecisionRow).where(DecisionRow.person == person).order_by(DecisionRow.decided_at, DecisionRow.id)
    return list(session.scalars(asked))


def get_decision(session: Session, decision: str) -> DecisionRow:
    """One decision. Raises NotFound("covoit.unknown_decision")."""
    row = session.get(DecisionRow, decision)
    if row is None:
        raise NotFound("covoit.unknown_decision", decision=decision[:40])
    return row


def banned(session: Session, people: Sequence[str], day: date) -> set[str]:
    """Which of these people are kept out on a day."""
    found: set[str] = set()
    for start in range(0, len(people), 2_000):
        asked = select(BanRow.person).where(
            BanRow.person.in_(people[start : start + 2_000]), BanRow.first_day <= day, BanRow.last_day >= day,
            BanRow.lifted_at.is_(None),
        )  # fmt: skip
        found |= set(session.scalars(asked))
    return found


def bans_of(session: Session, person: str) -> list[BanRow]:
    """Every ban of a person, the latest first."""
    asked = select(BanRow).where(BanRow.person == person).order_by(BanRow.last_day.desc(), BanRow.id.desc())
    return list(session.scalars(asked))


def get_ban(session: Session, ban: str, *, lock: bool = False) -> BanRow:
    """One ban. Raises NotFound("covoit.unknown_ban")."""
    row = session.get(BanRow, ban, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound("covoit.unknown_ban", ban=ban[:40])
    return row


def forget_words(session: Session, person: str) -> int:
    """Empty what a person wrote."""
    return changed(session, update(CaseRow).where(CaseRow.person == person).values(said=None, heard=None))
