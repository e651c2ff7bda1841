"""Identities at a provider (FranceConnect, ProConnect, a local one), each tied to one account."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, Refused
from mobigo.infra.accounts import Account, OutsideIdentity, Password


def find(session: Session, issuer: str, external: str) -> str | None:
    """The open account tied to this identity at a provider, or None."""
    return session.scalar(
        select(OutsideIdentity.subject)
        .join(Account, Account.subject == OutsideIdentity.subject)
        .where(OutsideIdentity.issuer == issuer, OutsideIdentity.external == external, Account.closed_at.is_(None))
    )


def link(session: Session, subject: str, issuer: str, external: str, now: datetime) -> None:
    """Ties an identity at a provider to an account. Raises Conflict("oidc.linked_elsewhere")."""
    try:
        with session.begin_nested():
            session.add(OutsideIdentity(issuer=issuer, external=external, subject=subject, linked_at=now))
    except IntegrityError:
        raise Conflict("oidc.linked_elsewhere") from None


def unlink(session: Session, subject: str, issuer: str) -> None:
    """Unties a provider. Raises Refused("oidc.only_way_in") when the person could no longer sign in."""
    others = session.scalars(
        select(OutsideIdentity).where(OutsideIdentity.subject == subject, OutsideIdentity.issuer != issuer)
    ).all()
    if not others and session.get(Password, subject) is None:
        raise Refused("oidc.only_way_in")
    session.execute(delete(OutsideIdentity).where(OutsideIdentity.subject == subject, OutsideIdentity.issuer == issuer))
