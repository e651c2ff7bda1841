"""Sessions: server-side rows, known by the hash of a random token that only the browser holds.

How long one lasts depends on what its person may do today, not on what they could when it was opened.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Engine, ForeignKey, String, Text, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.infra import accounts, grants
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime, changed, reading, transaction
from mobigo.infra.privacy import Days, describe
from mobigo.infra.roles import Grant, Identity, Role


@dataclass(frozen=True, slots=True)
class Life:
    """How long a session lasts: without being used, and in all."""

    idle: timedelta
    whole: timedelta


PUBLIC_LIFE: Final = Life(idle=timedelta(days=14), whole=timedelta(days=90))
AGENT_LIFE: Final = Life(idle=timedelta(hours=1), whole=timedelta(hours=12))
PUBLIC_ROLES: Final = frozenset({Role.TRAVELLER, Role.DRIVER, Role.FAMILY})
# A use is written down at most this often: reading a page does not write to the database each time.
SEEN_EVERY: Final = timedelta(minutes=1)


class SessionRow(Base):
    """A person signed in, in one browser. The token itself is nowhere here."""

    __tablename__ = "account_session"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    subject: Mapped[str] = mapped_column(ForeignKey("account.subject"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the latest it may last, whatever the roles
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Of a sign-in at an OpenID provider: to sign out there too. Emptied when the session closes.
    issuer: Mapped[str | None] = mapped_column(String(200))
    id_token: Mapped[str | None] = mapped_column(Text)


describe(
    SessionRow,
    purpose="keep a person signed in, and let them see and close their sessions",
    keep=Days(30, after="expires_at"),
    personal={
        "seen_at": "showing the person when each session was last used",
        "id_token": "signing out at the provider too; emptied at sign-out",
    },
    plain="id token_hash subject created_at expires_at closed_at issuer",
)


def life_of(held: Sequence[Grant]) -> Life:
    """Agents' sessions are short; a traveller stays signed in."""
    return PUBLIC_LIFE if all(grant.role in PUBLIC_ROLES for grant in held) else AGENT_LIFE


def open_session(
    session: Session, subject: str, now: datetime, issuer: str | None = None, id_token: str | None = None
) -> str:
    """A new session; returns its token, for the cookie alone. `issuer` and `id_token` when a provider vouched."""
    token = secrets.token_urlsafe(32)
    session.add(
        SessionRow(
            id=new_id(now), token_hash=_digest(token), subject=subject, created_at=now, seen_at=now,
            expires_at=now + PUBLIC_LIFE.whole,
            issuer=issuer,
            id_token=id_token,
        )
    )  # fmt: skip
    accounts.touch(session, subject, now)
    session.flush()
    return token


def identify(engine: Engine, token: str, now: datetime) -> Identity | None:
    """Whose session this token opens, with the grants of this moment; None when it opens none any longer."""
    with reading(engine) as session:
        row = session.scalar(
            select(SessionRow)
            .join(accounts.Account, accounts.Account.subject == SessionRow.subject)
            .where(
                SessionRow.token_hash == _digest(token),
                SessionRow.closed_at.is_(None),
                accounts.Account.closed_at.is_(None),
            )
        )
        if row is None:
            return None
        held = grants.grants_of(session, row.subject)
    if not is_live(row, life_of(held), now):
        return None
    # Seen later than now: a clock was ahead, and the session would last that much longer.
    if abs(now - row.seen_at) >= SEEN_EVERY:
        wrong = (SessionRow.seen_at < now) | (SessionRow.seen_at > now + SEEN_EVERY)
        with transaction(engine) as session:
            session.execute(update(SessionRow).where(SessionRow.id == row.id, wrong).values(seen_at=now))
    return Identity(row.subject, held, session_id=row.id)


def is_live(row: SessionRow, life: Life, now: datetime) -> bool:
    """Whether a session that was not closed still lasts at `now`: the last instant of its life is already over."""
    return now < row.created_at + life.whole and now < row.seen_at + life.idle


def close(session: Session, token: str, now: datetime) -> None:
    """Closes the session of this token, if there is one."""
    _close(session, now, SessionRow.token_hash == _digest(token))


def provider_of(session: Session, token: str) -> tuple[str, str] | None:
    """The issuer and identity token of the session of this token, when a provider vouched for it."""
    found = session.execute(
        select(SessionRow.issuer, SessionRow.id_token).where(SessionRow.token_hash == _digest(token))
    ).one_or_none()
    return None if found is None or found[0] is None or found[1] is None else (found[0], found[1])


def close_one(session: Session, subject: str, session_id: str, now: datetime) -> bool:
    """Closes one session of this person; False when they have no such open session."""
    return _close(session, now, SessionRow.id == session_id, SessionRow.subject == subject) == 1


def close_all(session: Session, subject: str, now: datetime, keep: str | None = None) -> int:
    """Closes every session of a person, but the one with id `keep`; how many were closed."""
    kept = () if keep is None else (SessionRow.id != keep,)
    return _close(session, now, SessionRow.subject == subject, *kept)


def list_sessions(session: Session, subject: str) -> Sequence[SessionRow]:
    """The sessions of a person, the last used first."""
    return session.scalars(
        select(SessionRow).where(SessionRow.subject == subject).order_by(SessionRow.seen_at.desc(), SessionRow.id)
    ).all()


def live_sessions(session: Session, subject: str, now: datetime) -> list[SessionRow]:
    """Those that still open the door."""
    life = life_of(grants.grants_of(session, subject))
    return [row for row in list_sessions(session, subject) if row.closed_at is None and is_live(row, life, now)]


def forget(session: Session, subject: str) -> int:
    """Deletes every session row of a person; how many."""
    return changed(session, delete(SessionRow).where(SessionRow.subject == subject))


def _close(session: Session, now: datetime, *which: ColumnElement[bool]) -> int:
    still = SessionRow.closed_at.is_(None)
    return changed(session, update(SessionRow).where(still, *which).values(closed_at=now, id_token=None))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
