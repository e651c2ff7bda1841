"""What tickets hold of one person, and how it is forgotten: registered for the account's page of one's data."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from billettique.store import tickets as store
from billettique.store.tickets import CodeRow, EntitlementRow
from mobigo.infra.db import changed
from mobigo.infra.privacy import register_subject


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """Every ticket bought with the account: what it is, where it stands, the name on it, how often it moved."""
    return {
        "tickets": [
            {
                "reference": row.reference, "name": row.name, "kind": row.kind, "state": row.state,
                "holder": row.holder, "first_at": row.first_at, "last_at": row.last_at,
                "activated_at": row.activated_at,
                "units_left": row.units_left, "on_a_telephone": row.bound_key is not None, "moves": row.moves,
            }
            for row in store.of_subject(session, subject)
        ]
    }  # fmt: skip


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Untie every ticket from the person. Of those that are over, the name and the codes go at once; one still to be
    used keeps them, since it travels with its holder, until the register's time."""
    mine = EntitlementRow.subject == subject
    over = [row.id for row in store.of_subject(session, subject) if row.last_at < now]
    session.execute(delete(CodeRow).where(CodeRow.entitlement.in_(over)))
    session.execute(update(EntitlementRow).where(EntitlementRow.id.in_(over)).values(holder=None, bound_key=None))
    return changed(session, update(EntitlementRow).where(mine).values(subject=None))


register_subject("billettique_tickets", export=export_subject, erase=erase_subject)
