"""What the money side holds of one person, and how it forgets it: registered for the account's page of one's data.

Registered under a name that sorts before the registry's own ("covoit"), which unties the account from the person.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from covoit.store.people import find_person
from mobigo.infra.privacy import register_subject


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """Accounts for payment, statements line by line, requests, cases and decisions; what is owed as a passenger."""
    from covoit.service import claims, fares
    from covoit.store import awards

    person = find_person(session, subject=subject)
    if person is None:
        return {}
    lines = [
        {"award": row.id, "started_at": row.started_at, "operator": row.operator, "trip": row.operator_trip_id,
         "month": month, "distance_m": row.distance_m, "passengers": row.passengers, "cents": cents}
        for month, row, cents in awards.lines_of_person(session, person.id)
    ]  # fmt: skip
    owed = fares.owed(session, person.id).cents
    return {**claims.export_money(session, person.id), "lines": lines, "fares_owed_cents": owed}


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Forget the accounts and what was written; amounts stay, as a pseudonym's accounting papers."""
    from covoit.service import claims

    person = find_person(session, subject=subject)
    return 0 if person is None else claims.erase_money(session, person.id, now)


register_subject("carpool_money", export=export_subject, erase=erase_subject)
