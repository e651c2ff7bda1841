"""What a person left behind them: rides, money, cases. Read before an account is tied to somebody already known."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from covoit.store.awards import AwardRow, StatementRow
from covoit.store.bookings import BookingRow
from covoit.store.claims import BanRow, CaseRow, ClaimRow, DecisionRow
from covoit.store.ibans import ACTIVE, IbanRow
from covoit.store.journeys import JourneyRow
from covoit.store.lines import GuaranteeRow, WaitingRow
from covoit.store.offers import BlockRow, MemberRow, OfferRow, RegularRow, ReportRow
from covoit.store.people import OperatorUserRow, PersonRow
from covoit.store.telephones import PhoneCheckRow


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was declared of a person before they had an account."""

    driven: int
    ridden: int
    first_day: date | None
    last_day: date | None
    operators: tuple[str, ...]


def earlier(session: Session, person: str) -> Earlier:
    """The journeys of a person, counted."""
    driven, ridden = JourneyRow.driver == person, JourneyRow.passenger == person
    both = or_(driven, ridden)
    days = session.execute(select(func.min(JourneyRow.day), func.max(JourneyRow.day)).where(both)).one()
    operators = session.scalars(select(JourneyRow.operator).where(both).distinct().order_by(JourneyRow.operator))
    return Earlier(_count(session, driven), _count(session, ridden), days[0], days[1], tuple(operators))


def _count(session: Session, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(JourneyRow).where(which)) or 0


def bare(session: Session, person: str) -> bool:
    """Whether nothing of a person would be lost if their row went: no ride, seat, wait, money, case, decision, ban."""
    owned: tuple[tuple[Any, Any], ...] = (
        (JourneyRow, or_(JourneyRow.driver == person, JourneyRow.passenger == person)),
        (AwardRow, AwardRow.driver == person),
        (StatementRow, StatementRow.person == person),
        (BookingRow, BookingRow.passenger == person),
        (OfferRow, OfferRow.driver == person),
        (RegularRow, RegularRow.driver == person),
        (WaitingRow, WaitingRow.passenger == person),
        (GuaranteeRow, GuaranteeRow.passenger == person),
        (ClaimRow, ClaimRow.person == person),
        (CaseRow, CaseRow.person == person),
        (DecisionRow, DecisionRow.person == person),
        (BanRow, BanRow.person == person),
        (IbanRow, IbanRow.person == person),
        (OperatorUserRow, OperatorUserRow.person == person),
        (BlockRow, or_(BlockRow.by == person, BlockRow.other == person)),
        (ReportRow, or_(ReportRow.by == person, ReportRow.about == person)),
    )
    return not any(session.scalar(select(select(owner).where(whose).exists())) for owner, whose in owned)


def has_account_for_payment(session: Session, person: str) -> bool:
    """Whether a bank account counts for them already: an agent entered it."""
    found = select(IbanRow.id).where(IbanRow.person == person, IbanRow.state == ACTIVE)
    return session.scalar(select(found.exists())) is True


def move_declarations(session: Session, before: str, after: str) -> None:
    """What was declared and signed, and the numbers that were given, become `after`'s; what it has already stays."""
    mine, theirs = session.get(MemberRow, before), session.get(MemberRow, after)
    if mine is not None:
        if theirs is None:
            theirs = MemberRow(person=after, changed_at=mine.changed_at)
            session.add(theirs)
        for name in (
            "guardian_consent_at", "age_corrected_at", "licence_at", "insurance_at", "terms_version", "terms_at", "car",
            "alias", "banned_at",
        ):  # fmt: skip
            if getattr(theirs, name) is None:
                setattr(theirs, name, getattr(mine, name))
        session.flush()
    session.execute(update(PhoneCheckRow).where(PhoneCheckRow.person == before).values(person=after))


def remove_bare(session: Session, person: str) -> None:
    """Delete the row of a person of whom nothing is left (`bare`); their declarations go with it."""
    session.execute(delete(MemberRow).where(MemberRow.person == person))
    session.execute(delete(PersonRow).where(PersonRow.id == person))
