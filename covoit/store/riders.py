"""What the lines hold of one person, and how they forget them.

Registered under a name that sorts before the registry's own ("covoit"), which unties the account from the person:
afterwards nobody could tell any more whose rows these are.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from covoit.model.bookings import OfferState
from covoit.store.bookings import BookingRow
from covoit.store.lines import GuaranteeRow, WaitingRow
from covoit.store.offers import BlockRow, MemberRow, OfferRow, RegularRow, ReportRow
from covoit.store.people import find_person
from covoit.store.proofs import EvidenceRow
from covoit.store.telephones import PhoneCheckRow
from mobigo.infra.db import changed
from mobigo.infra.privacy import register_subject

_MEMBER = (
    "alias", "car", "licence_at", "insurance_at", "terms_version", "terms_at", "guardian_consent_at", "banned_at",
)  # fmt: skip


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """Declarations, rides, seats, waits, blocks and reports of the person whose account this is."""
    person = find_person(session, subject=subject)
    if person is None:
        return {}
    member = session.get(MemberRow, person.id)
    mine: dict[str, tuple[Any, Any, str]] = {
        "rides": (OfferRow, OfferRow.driver, "id line from_stop to_stop leaves_at seats state"),
        "usual": (RegularRow, RegularRow.driver, "line from_stop to_stop leaves weekdays seats"),
        "seats": (BookingRow, BookingRow.passenger, "id line from_stop to_stop pickup_at seats state"),
        "waits": (WaitingRow, WaitingRow.passenger, "stop to_stop since ended_at outcome"),
        "guaranteed": (GuaranteeRow, GuaranteeRow.passenger, "stop to_stop kind opened_at outcome"),
        "blocked": (BlockRow, BlockRow.by, "at"),
        "numbers": (PhoneCheckRow, PhoneCheckRow.person, "phone first_name last_name state asked_at"),
        "reports": (ReportRow, ReportRow.by, "kind words at"),
    }
    declared = {} if member is None else {name: getattr(member, name) for name in _MEMBER}
    found = {name: _rows(session, owner, whose == person.id, columns) for name, (owner, whose, columns) in mine.items()}
    return {"declared": declared, **found}


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Forget what was declared, written and waited; rides to come are withdrawn. Past rides and seats stay as a
    pseudonym's, with the journeys they prove. A block that somebody else asked for stays: it protects them."""
    person = find_person(session, subject=subject)
    if person is None:
        return 0
    me = person.id
    seats = select(BookingRow.id).where(BookingRow.passenger == me)
    coming = (OfferRow.driver == me, OfferRow.state == str(OfferState.PUBLISHED))
    acts: tuple[Any, ...] = (
        delete(MemberRow).where(MemberRow.person == me),
        delete(PhoneCheckRow).where(PhoneCheckRow.person == me),
        delete(BlockRow).where(BlockRow.by == me),
        delete(ReportRow).where(ReportRow.by == me, ReportRow.read_at.is_not(None)),
        update(RegularRow).where(RegularRow.driver == me, RegularRow.ended_at.is_(None)).values(ended_at=now),
        update(OfferRow).where(*coming).values(state=str(OfferState.CANCELLED), ended_at=now),
        update(WaitingRow).where(WaitingRow.passenger == me).values(passenger=None),
        update(GuaranteeRow).where(GuaranteeRow.passenger == me).values(passenger=None),
        update(BookingRow).where(BookingRow.passenger == me).values(wire=None),
        update(EvidenceRow).where(EvidenceRow.booking.in_(seats), EvidenceRow.side == "passenger").values(
            lat=None, lon=None, device=None
        ),
    )  # fmt: skip
    return sum(changed(session, act) for act in acts)


def _rows(session: Session, owner: Any, condition: Any, columns: str) -> list[dict[str, object]]:
    names = columns.split()
    asked = select(*(getattr(owner, name) for name in names)).where(condition)
    return [dict(zip(names, row, strict=True)) for row in session.execute(asked)]


register_subject("carpool_lines", export=export_subject, erase=erase_subject)
