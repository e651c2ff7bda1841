"""Cases: constats, what is owed, contests and answers. The person stands in a table of its own, erased on time; the
rest names nobody and stays with the accounts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.model.cases import CLOSED, MOVES, CaseState, Person
from mobigo.base.errors import Conflict, NotFound
from mobigo.base.money import Money
from mobigo.infra.append_only import append_only
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Always, Days, describe

_STATES: Final = ", ".join(f"'{state}'" for state in CaseState)


class CaseRow(Base):
    """One case. `reference` and the secret, of which only a digest is kept, are what the traveller holds."""

    __tablename__ = "billettique_case"
    __table_args__ = (
        Index(None, "state", "term"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("owed_cents >= 0 AND paid_cents >= 0", name="amounts"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    reference: Mapped[str] = mapped_column(String(14), unique=True)
    secret_digest: Mapped[str] = mapped_column(String(64))
    content_hash: Mapped[str] = mapped_column(String(64))  # of the constat as it came: sent again, it is the same
    penalties: Mapped[str] = mapped_column(String(60))  # the amounts in force that day
    ground: Mapped[str] = mapped_column(String(40))
    line: Mapped[str] = mapped_column(String(60))
    stop: Mapped[str] = mapped_column(String(60))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    inspector: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(40))
    indemnity_cents: Mapped[int]
    fare_cents: Mapped[int]
    fee_cents: Mapped[int]
    owed_cents: Mapped[int]  # as it stands: a regularisation or a withdrawal lowers it
    paid_cents: Mapped[int] = mapped_column(default=0)
    pass_holder: Mapped[bool]
    paid_days: Mapped[int]  # how long a name is kept once it is paid
    state: Mapped[str] = mapped_column(String(12))
    term: Mapped[date] = mapped_column(Date)
    answer_by: Mapped[date | None] = mapped_column(Date)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CasePersonRow(Base):
    """Who a case is about, and what they wrote. `forget_at` is set from the first day, and moved when it is closed."""

    __tablename__ = "billettique_case_person"

    case_id: Mapped[str] = mapped_column(ForeignKey("billettique_case.id"), primary_key=True)
    last_name: Mapped[str] = mapped_column(String(100))
    first_name: Mapped[str] = mapped_column(String(100))
    born_on: Mapped[date | None] = mapped_column(Date)
    born_at: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(200))
    postcode: Mapped[str] = mapped_column(String(10))
    town: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    note: Mapped[str] = mapped_column(Text)
    forget_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ContestRow(Base):
    """A contest of a case, and the answer."""

    __tablename__ = "billettique_case_contest"

    case_id: Mapped[str] = mapped_column(ForeignKey("billettique_case.id"), primary_key=True)
    contested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(String(64))
    withdrawn: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(Text)
    forget_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CaseMoveRow(Base):
    """One thing that happened to a case: codes, amounts and random ids only."""

    __tablename__ = "billettique_case_move"
    __table_args__ = (Index(None, "case_id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("billettique_case.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(20))
    by: Mapped[str] = mapped_column(String(64))  # a random subject id, "system" or "citizen"
    cents: Mapped[int | None]
    detail: Mapped[Any] = mapped_column(Json, nullable=True)


append_only(CaseMoveRow)
describe(
    CaseRow,
    purpose="follow what is owed after a constat; it names nobody once its person is erased",
    keep=Always("an accounting paper, with random ids only"),
    plain="id reference secret_digest content_hash penalties ground line stop found_at received_at inspector device "
    "indemnity_cents fare_cents fee_cents owed_cents paid_cents pass_holder paid_days state term answer_by closed_at",
)
describe(
    CasePersonRow,
    purpose="name whom a constat concerns, as the law asks, until it is settled and a while after (dated data)",
    keep=Days(0, after="forget_at"),
    personal={
        "last_name": "the constat names a person (code de procédure pénale, 529-4)",
        "first_name": "the same",
        "born_on": "the ministère public asks for it",
        "born_at": "the ministère public asks for it",
        "address": "writing to the person; the ministère public asks for it",
        "postcode": "the same",
        "town": "the same",
        "email": "writing to the person, when given",
        "note": "what the inspector saw",
    },
    plain="case_id forget_at",
)
describe(
    ContestRow,
    purpose="answer a contest",
    keep=Days(0, after="forget_at"),
    personal={"text": "what the person wrote", "answer": "what was answered", "answered_by": "who answered"},
    plain="case_id contested_at answered_at withdrawn forget_at",
)
describe(
    CaseMoveRow, purpose="say what happened to a case", keep=Always("it is the proof; it holds random ids only"),
    plain="id case_id at kind by cents detail",
)  # fmt: skip


def find_case(session: Session, case_id: str, *, lock: bool = False) -> CaseRow | None:
    """The case of this id."""
    asked = select(CaseRow).where(CaseRow.id == case_id)
    return session.scalars(asked.with_for_update() if lock else asked).one_or_none()


def get_case(session: Session, case_id: str, *, lock: bool = False) -> CaseRow:
    """Raises NotFound("billettique.no_case")."""
    row = find_case(session, case_id, lock=lock)
    if row is None:
        raise NotFound("billettique.no_case")
    return row


def by_reference(session: Session, reference: str) -> CaseRow | None:
    """The case of this reference."""
    return session.scalars(select(CaseRow).where(CaseRow.reference == reference)).one_or_none()


def add_case(session: Session, row: CaseRow, person: Person | None, note: str, forget_at: datetime) -> None:
    """A case more."""
    session.add(row)
    session.flush()
    if person is not None:
        session.add(
            CasePersonRow(
                case_id=row.id, last_name=person.last_name, first_name=person.first_name, born_on=person.born_on,
                born_at=person.born_at, address=person.address, postcode=person.postcode, town=person.town,
                email=person.email, note=note, forget_at=forget_at,
            )
        )  # fmt: skip
        session.flush()


def person_of(session: Session, case_id: str) -> CasePersonRow | None:
    """Who the case is about, while that is known."""
    return session.get(CasePersonRow, case_id)


def contest_of(session: Session, case_id: str) -> ContestRow | None:
    """The contest of a case, while it is kept."""
    return session.get(ContestRow, case_id)


def waits(contest: ContestRow | None) -> bool:
    """Whether this contest waits for its answer."""
    return contest is not None and contest.answered_at is None


def unanswered(session: Session, limit: int) -> list[tuple[CaseRow, ContestRow]]:
    """The contests that wait, the earliest day to answer by first."""
    asked = select(CaseRow, ContestRow).join(ContestRow, ContestRow.case_id == CaseRow.id)
    asked = asked.where(ContestRow.answered_at.is_(None)).order_by(CaseRow.answer_by, CaseRow.id).limit(limit)
    return [(row, contest) for row, contest in session.execute(asked)]


def add_contest(session: Session, case_id: str, text: str, now: datetime, forget_at: datetime) -> None:
    """A contest; there is one a case."""
    session.add(ContestRow(case_id=case_id, contested_at=now, text=text, forget_at=forget_at))
    session.flush()


def move(
    session: Session, row: CaseRow, kind: str, by: str, now: datetime, *, state: CaseState | None = None,
    amount: Money | None = None, detail: dict[str, object] | None = None,
) -> None:  # fmt: skip
    """Note what happened, and leave the state for another. Raises Conflict("billettique.case_move")."""
    if state is not None:
        if state not in MOVES[CaseState(row.state)]:
            raise Conflict("billettique.case_move", state=row.state, wanted=str(state))
        row.state = str(state)
        row.closed_at = now if state in CLOSED else None
    session.add(
        CaseMoveRow(
            id=new_id(now), case_id=row.id, at=now, kind=kind, by=by,
            cents=None if amount is None else amount.cents, detail=detail,
        )
    )  # fmt: skip
    session.flush()


def forget_from(session: Session, case_id: str, at: datetime) -> None:
    """The person of a case, and what was written, are forgotten at that instant."""
    for row in (person_of(session, case_id), contest_of(session, case_id)):
        if row is not None:
            row.forget_at = at
    session.flush()


def moves_of(session: Session, case_id: str) -> list[CaseMoveRow]:
    """What happened to a case, in order; of one instant, what began it first."""
    asked = select(CaseMoveRow).where(CaseMoveRow.case_id == case_id)
    return list(session.scalars(asked.order_by(CaseMoveRow.at, CaseMoveRow.kind != "drawn_up", CaseMoveRow.id)))


def list_cases(session: Session, state: CaseState | None, after: int, limit: int) -> Sequence[CaseRow]:
    """Cases by state, those whose term comes first at the top; closed ones the latest first."""
    asked = select(CaseRow)
    if state is not None:
        asked = asked.where(CaseRow.state == str(state))
    late = state in (CaseState.OPEN, CaseState.CONTESTED)
    order = (CaseRow.term, CaseRow.id) if late else (CaseRow.found_at.desc(), CaseRow.id)
    return list(session.scalars(asked.order_by(*order).offset(after).limit(limit)))


def count_by_state(session: Session) -> dict[str, int]:
    """How many cases stand where."""
    asked = select(CaseRow.state, func.count()).group_by(CaseRow.state)
    return {state: int(count) for state, count in session.execute(asked)}


def over_term(session: Session, today: date, limit: int) -> Sequence[CaseRow]:
    """Open cases whose term is over, locked."""
    asked = select(CaseRow).where(CaseRow.state == str(CaseState.OPEN), CaseRow.term < today)
    return list(session.scalars(asked.order_by(CaseRow.term, CaseRow.id).limit(limit).with_for_update()))
