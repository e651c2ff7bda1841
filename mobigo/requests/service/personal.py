"""What requests hold of one person, and how they forget it: registered for the page of one's data."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from mobigo.infra.db import changed
from mobigo.infra.privacy import register_subject
from mobigo.requests.model import OPEN, Ending, State
from mobigo.requests.store import files
from mobigo.requests.store import requests as store


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """Every request of the account, with who asked and all that was said in it."""
    return {"requests": [_exported(session, row) for row in store.of_subject(session, subject)]}


def _exported(session: Session, row: store.RequestRow) -> Mapping[str, object]:
    contact = store.contact_of(session, row.id)
    return {
        "number": row.number, "kind": row.kind, "state": row.state, "received_at": row.received_at,
        "promised_on": row.promised_on, "about": row.facts,
        "contact": {"name": contact.name, "email": contact.email, "phone": contact.phone, "postal": contact.postal},
        "said": [{"at": each.at, "side": each.side, "act": each.act, "words": each.words}
                 for each in store.entries_of(session, row.id)],
        "files": [{"at": each.at, "side": each.side, "name": each.name, "type": each.media, "bytes": each.size,
                   "sha256": each.sha256} for each in files.of_request(session, row.id)],
    }  # fmt: skip


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Forget who asked and what was written in every request of the account."""
    return forget(session, store.of_subject(session, subject), now)


def forget(session: Session, rows: Sequence[store.RequestRow], now: datetime) -> int:
    """Forget who asked these, what was written and joined; how many rows were touched. One still to be answered is
    closed: nobody is left to answer."""
    for row in rows:
        row.subject, row.facts = None, []
        if State(row.state) in OPEN:
            row.ending = str(Ending.WITHDRAWN)
        row.state, row.ended_at = str(State.CLOSED), row.ended_at or now
        row.changes += 1
        row.changed_at = now
    session.flush()
    ids = [row.id for row in rows]
    gone = delete(store.ContactRow).where(store.ContactRow.request.in_(ids))
    said = delete(store.EntryRow).where(store.EntryRow.request.in_(ids))
    return len(rows) + files.forget(session, ids) + changed(session, gone) + changed(session, said)


register_subject("requests", export=export_subject, erase=erase_subject)
