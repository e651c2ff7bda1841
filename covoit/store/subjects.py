"""What carpool holds of one person, for their own eyes; and how they are forgotten."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from covoit.store.journeys import JourneyRow, PositionRow, positions_of
from covoit.store.people import OperatorUserRow, PersonRow, forget
from mobigo.base.instants import paris_day
from mobigo.infra.db import changed
from mobigo.infra.privacy import register_subject


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """All that carpool holds of the person whose account this is."""
    row = session.scalar(select(PersonRow).where(PersonRow.subject == subject))
    if row is None:
        return {}
    both = or_(JourneyRow.driver == row.id, JourneyRow.passenger == row.id)
    found = session.scalars(select(JourneyRow).where(both).order_by(JourneyRow.started_at, JourneyRow.id)).all()
    exact = positions_of(session, [each.id for each in found])
    return {
        "person": row.id,
        "identity_key": row.identity_key,
        "phone": row.phone,
        "phone_trunc": row.phone_trunc,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "over_18": row.over_18,
        "operators": [
            {"operator": each.operator, "user": each.operator_user_id}
            for each in session.scalars(select(OperatorUserRow).where(OperatorUserRow.person == row.id))
        ],
        "journeys": [
            {
                "role": "driver" if each.driver == row.id else "passenger",
                "operator": each.operator,
                "journey": each.operator_journey_id,
                "started_at": each.started_at,
                "ended_at": each.ended_at,
                "distance_m": each.distance_m,
                "seats": each.seats,
                "status": each.status,
                "from": None if each.id not in exact else [exact[each.id][0].lat, exact[each.id][0].lon],
                "to": None if each.id not in exact else [exact[each.id][1].lat, exact[each.id][1].lon],
            }
            for each in found
        ],
    }


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Forget a person: name, number, account, exact positions. Their key and truncated number stay while a driver's
    money may still be claimed or claimed back (four years from the first of January that follows, law 68-1250); the
    journeys stay, as a pseudonym's."""
    person = session.scalar(select(PersonRow.id).where(PersonRow.subject == subject))
    if person is None:
        return 0
    since = date(paris_day(now).year - 4, 1, 1)
    claimable = session.scalar(
        select(JourneyRow.id).where(JourneyRow.driver == person, JourneyRow.day >= since).limit(1)
    )
    both = or_(JourneyRow.driver == person, JourneyRow.passenger == person)
    theirs = select(JourneyRow.id).where(both)
    touched = changed(session, PositionRow.__table__.delete().where(PositionRow.journey.in_(theirs)))  # type: ignore[attr-defined]
    if claimable is None:
        users = OperatorUserRow.__table__.delete()  # type: ignore[attr-defined]
        touched += changed(session, users.where(OperatorUserRow.person == person))
    return touched + forget(session, person, now, keep_key=claimable is not None)


register_subject("covoit", export=export_subject, erase=erase_subject)
