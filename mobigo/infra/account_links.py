"""Single-use links sent to an address: registering, choosing a new password, changing an address.

Only the hash of a link's secret is kept. What is answered on the page never tells whether an address is known here.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import String, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import Refused
from mobigo.infra.accounts import EMAIL_LENGTH_MAX
from mobigo.infra.db import Base, UtcDateTime, changed
from mobigo.infra.privacy import Days, describe

LIFE: Final = timedelta(hours=1)


class Purpose(StrEnum):
    """What a link lets its holder do, once."""

    REGISTER = "register"
    RESET = "reset"
    EMAIL = "email"


class Link(Base):
    """A single-use link sent to an address. Only the hash of its secret is kept."""

    __tablename__ = "account_link"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str | None] = mapped_column(String(26))
    email: Mapped[str | None] = mapped_column(String(EMAIL_LENGTH_MAX))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    Link,
    purpose="prove that an address is the person's",
    keep=Days(1, after="expires_at"),
    personal={"email": "the address the link was sent to"},
    plain="hash purpose subject created_at expires_at used_at",
)


def make_link(
    session: Session, purpose: Purpose, now: datetime, *, subject: str | None = None, email: str | None = None
) -> str:
    """A fresh secret for a link that works once, for an hour. Only its hash is kept."""
    secret = secrets.token_urlsafe(32)
    session.add(
        Link(
            hash=digest(secret), purpose=str(purpose), subject=subject, email=email, created_at=now,
            expires_at=now + LIFE,
        )
    )  # fmt: skip
    session.flush()
    return secret


def find_link(session: Session, secret: str, purpose: Purpose, now: datetime) -> Link | None:
    """The link of this secret while it works, or None (used, expired, of another purpose, never made)."""
    link = session.get(Link, digest(secret), populate_existing=True)
    if link is None or link.purpose != purpose or link.used_at is not None or link.expires_at <= now:
        return None
    return link


def use_link(session: Session, secret: str, purpose: Purpose, now: datetime) -> Link:
    """Uses a link up: of two at the same instant one wins. Raises Refused("account.bad_link")."""
    live = (Link.used_at.is_(None), Link.expires_at > now)
    mine = (Link.hash == digest(secret), Link.purpose == str(purpose))
    won = changed(session, update(Link).where(*mine, *live).values(used_at=now)) == 1
    link = session.get(Link, digest(secret), populate_existing=True)
    if not won or link is None:
        raise Refused("account.bad_link")
    return link


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def drop_links(session: Session, subject: str, now: datetime) -> None:
    """Every link sent to this person before stops working."""
    session.execute(update(Link).where(Link.subject == subject, Link.used_at.is_(None)).values(used_at=now))
