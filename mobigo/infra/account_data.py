"""What the account tables hold of a person, given to them and forgotten on demand (GDPR, articles 15 and 17)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mobigo.infra import apikeys, sessions
from mobigo.infra.account_links import Link
from mobigo.infra.accounts import Account, OutsideIdentity, Password, Person, close, profile
from mobigo.infra.db import changed
from mobigo.infra.grants import GrantRow
from mobigo.infra.outbox import MessageRow
from mobigo.infra.privacy import register_subject

# Children before their parent.
_PERSONAL: Final = (
    (Link, Link.subject),
    (OutsideIdentity, OutsideIdentity.subject),
    (Password, Password.subject),
    (Person, Person.subject),
)


def export_subject(session: Session, subject: str) -> Mapping[str, object]:
    """All that this package holds about a person, except secrets."""
    known = profile(session, subject)
    held = session.scalars(select(GrantRow).where(GrantRow.subject == subject).order_by(GrantRow.granted_at))
    return {
        "subject": subject,
        "email": known.email,
        "name": known.name,
        "language": known.language,
        "created_at": known.created_at,
        "closed_at": known.closed_at,
        "has_password": known.has_password,
        "providers": list(known.issuers),
        "grants": [
            {"role": row.role, "organisation": row.organisation, "from": row.granted_at, "until": row.ended_at}
            for row in held
        ],
        "sessions": [
            {"opened_at": row.created_at, "last_used_at": row.seen_at, "closed_at": row.closed_at}
            for row in sessions.list_sessions(session, subject)
        ],
        "letters": [
            {"at": row.created_at, "to": row.recipient, "subject": row.subject}
            for row in session.scalars(select(MessageRow).where(MessageRow.person == subject).order_by(MessageRow.id))
        ],
        "api_keys": [
            {"label": row.label, "prefix": row.prefix, "scopes": row.scopes, "expires_at": row.expires_at}
            for row in apikeys.list_keys(session, subject)
        ],
    }


def erase_subject(session: Session, subject: str, now: datetime) -> int:
    """Forgets a person: name, address, password, providers, links, letters, sessions; closes the account.

    Returns the rows touched."""
    account = session.get(Account, subject)
    if account is None:
        return 0
    if account.closed_at is None:
        close(session, subject, now)
    address = session.scalar(select(Person.email).where(Person.subject == subject))
    touched = apikeys.forget(session, subject) + sessions.forget(session, subject)
    # Letters too, sent or not: they hold the address, and some went out before there was an account to tie them to.
    theirs = MessageRow.person == subject
    theirs = theirs if address is None else theirs | (MessageRow.recipient == address)
    touched += changed(session, delete(MessageRow).where(theirs))
    for table, column in _PERSONAL:
        touched += changed(session, delete(table).where(column == subject))
    return touched


register_subject("mobigo.infra.accounts", export=export_subject, erase=erase_subject)
