"""What on-demand transport holds of one person, and how it forgets it: registered for the page of one's data."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from mobigo.infra.db import changed
from mobigo.infra.privacy import register_subject
from mobigo.tad.model.bookings import LIVE, State
from mobigo.tad.store import bookings as store


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """Every booking of the account, with whom we would call."""
    rows = store.of_subject(session, subject)
    contacts = store.contacts_of(session, [row.id for row in rows])
    return {
        "bookings": [
            {"id": row.id, "service": row.service, "day": row.day, "from": row.from_name, "to": row.to_name,
             "earliest_s": row.earliest_s, "riders": list(row.riders), "state": row.state, "cents": row.price_cents,
             "contact": None if row.id not in contacts else contacts[row.id].phone}
            for row in rows
        ]
    }  # fmt: skip


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Forget who it was and where they live; a booking still to come keeps what its driver needs until its day."""
    rows = [row for row in store.of_subject(session, subject) if State(row.state) not in LIVE]
    for row in rows:
        row.subject = None
        row.from_name, row.to_name = "", ""
        row.from_lat = row.from_lon = row.to_lat = row.to_lon = None
    session.flush()
    gone = delete(store.ContactRow).where(store.ContactRow.booking.in_([row.id for row in rows]))
    return len(rows) + changed(session, gone)


register_subject("tad", export=export_subject, erase=erase_subject)
