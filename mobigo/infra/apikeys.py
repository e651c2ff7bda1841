"""API keys: made by a person for a program, limited to scopes, shown once, kept as a hash, ended by a date.

A key never gives more than its person holds at the moment it is used, nor what no key may carry (`NEVER_BY_KEY`).
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.infra import accounts, grants
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, Json, UtcDateTime, changed, reading, transaction
from mobigo.infra.privacy import Days, describe
from mobigo.infra.roles import Grant, Identity, Permission, scopes_offered

LABEL_LENGTH_MAX: Final = 80
LIFE_DAYS_MAX: Final = 366
LIVE_KEYS_MAX: Final = 20
USED_EVERY: Final = timedelta(minutes=10)
TOKEN_MARK: Final = "mbt_"  # noqa: S105  # how a token starts
TOKEN_LIFE: Final = timedelta(minutes=5)
_SHAPE: Final = re.compile(r"mbg_([0-9A-Za-z]{8})_([0-9A-Za-z_-]{43})", re.ASCII)
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class KeyRow(Base):
    """One key. `prefix` finds it and names it to people; its secret, 256 random bits, is kept as a SHA-256."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    prefix: Mapped[str] = mapped_column(String(8), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(ForeignKey("account.subject"), index=True)
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    label: Mapped[str] = mapped_column(String(LABEL_LENGTH_MAX))
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    KeyRow,
    purpose="let a person's programs use the API in their name",
    keep=Days(365, after="expires_at"),
    personal={"label": "the name the person gave to the key", "used_at": "showing the person when it was last used"},
    plain="id prefix secret_hash subject organisation scopes created_at expires_at revoked_at",
)


class AccessToken(Base):
    """What a key was exchanged for: it opens the same for five minutes, without the key being sent at each request."""

    __tablename__ = "api_access_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(ForeignKey("api_key.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


describe(
    AccessToken,
    purpose="let a program ask for five minutes without sending its key each time",
    keep=Days(1, after="expires_at"),
    plain="digest key expires_at",
)


def make(
    session: Session,
    owner: Identity,
    label: str,
    scopes: Iterable[str],
    life_days: int,
    now: datetime,
    organisation: str | None = None,
) -> tuple[KeyRow, str]:
    """A new key and its full text, which is shown once and kept nowhere.

    Raises InvalidInput("api_key.bad_label" | "api_key.bad_life" | "api_key.no_scope"),
    Refused("api_key.scope_not_yours") when a scope is not the person's own, Refused("api_key.too_many"),
    NotFound("organisation.unknown").
    """
    name = " ".join(label.split())
    if not 1 <= len(name) <= LABEL_LENGTH_MAX or not name.isprintable():
        raise InvalidInput("api_key.bad_label", length=LABEL_LENGTH_MAX)
    if not 1 <= life_days <= LIFE_DAYS_MAX:
        raise InvalidInput("api_key.bad_life", days=LIFE_DAYS_MAX)
    wanted = sorted(set(scopes))
    if not wanted:
        raise InvalidInput("api_key.no_scope")
    offered = {str(scope) for scope in scopes_offered(owner)}
    for scope in wanted:
        if scope not in offered or not (organisation is None or owner.may_in(Permission(scope), organisation)):
            raise Refused("api_key.scope_not_yours", scope=scope[:80])
    if owner.by_key:
        raise Refused("api_key.scope_not_yours", scope=str(Permission.API_KEYS_OWN))
    if organisation is not None and session.get(grants.Organisation, organisation) is None:
        raise NotFound("organisation.unknown")
    if len([key for key in list_keys(session, owner.subject) if is_live(key, now)]) >= LIVE_KEYS_MAX:
        raise Refused("api_key.too_many", number=LIVE_KEYS_MAX)
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    secret = secrets.token_urlsafe(32)
    row = KeyRow(
        id=new_id(now), prefix=prefix, secret_hash=_digest(secret), subject=owner.subject, organisation=organisation,
        label=name, scopes=wanted, created_at=now, expires_at=now + timedelta(days=life_days),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row, f"mbg_{prefix}_{secret}"


def identify(engine: Engine, text: str, now: datetime) -> Identity | None:
    """Whose key this is, limited to its scopes; None when it is not a key that works (one answer for every reason)."""
    if text.startswith(TOKEN_MARK):
        row, held = _behind_token(engine, text, now)
        right = row is not None
    else:
        shape = _SHAPE.fullmatch(text)
        if shape is None:
            return None
        with reading(engine) as session:
            row = _named(session, shape[1])
            held = () if row is None else grants.grants_of(session, row.subject)
        right = hmac.compare_digest(_digest(shape[2]), _digest("") if row is None else row.secret_hash)
    if row is None or not right or not is_live(row, now):
        return None
    if row.used_at is None or now - row.used_at >= USED_EVERY:
        with transaction(engine) as session:
            session.execute(update(KeyRow).where(KeyRow.id == row.id).values(used_at=now))
            accounts.touch(session, row.subject, now)
    known = frozenset(Permission(scope) for scope in row.scopes if scope in set(Permission))
    return Identity(row.subject, held, scopes=known, key_organisation=row.organisation)


def exchange(session: Session, prefix: str, secret: str, now: datetime) -> str | None:
    """A token for five minutes, of the key with this short name; `secret` is the key's full text, or what follows its
    name. None when it is not a key that works (one answer for every reason)."""
    shape = _SHAPE.fullmatch(secret if secret.startswith("mbg_") else f"mbg_{prefix}_{secret}")
    row = None if shape is None or shape[1] != prefix else _named(session, prefix)
    right = hmac.compare_digest(_digest(shape[2] if shape else ""), _digest("-") if row is None else row.secret_hash)
    if row is None or not right or not is_live(row, now):
        return None
    token = TOKEN_MARK + secrets.token_urlsafe(32)
    session.add(AccessToken(digest=_digest(token), key=row.id, expires_at=now + TOKEN_LIFE))
    session.flush()
    return token


def _named(session: Session, prefix: str) -> KeyRow | None:
    """The key of this short name, its person's account being open."""
    return session.scalar(
        select(KeyRow)
        .join(accounts.Account, accounts.Account.subject == KeyRow.subject)
        .where(KeyRow.prefix == prefix, accounts.Account.closed_at.is_(None))
    )


def _behind_token(engine: Engine, token: str, now: datetime) -> tuple[KeyRow | None, tuple[Grant, ...]]:
    """The key a token was given for, while it lives, and what its person holds."""
    with reading(engine) as session:
        row = session.scalar(
            select(KeyRow)
            .join(AccessToken, AccessToken.key == KeyRow.id)
            .join(accounts.Account, accounts.Account.subject == KeyRow.subject)
            .where(
                AccessToken.digest == _digest(token), AccessToken.expires_at > now, accounts.Account.closed_at.is_(None)
            )
        )
        return row, () if row is None else grants.grants_of(session, row.subject)


def is_live(row: KeyRow, now: datetime) -> bool:
    """Whether a key still opens anything."""
    return row.revoked_at is None and now < row.expires_at


def list_keys(session: Session, subject: str) -> Sequence[KeyRow]:
    """The keys of a person, the newest first."""
    return session.scalars(select(KeyRow).where(KeyRow.subject == subject).order_by(KeyRow.id.desc())).all()


def revoke(session: Session, subject: str, key_id: str, now: datetime) -> KeyRow:
    """Ends a key at once. Raises NotFound("api_key.unknown") for a key that is not this person's, or already ended."""
    row = session.scalar(
        select(KeyRow).where(KeyRow.id == key_id, KeyRow.subject == subject, KeyRow.revoked_at.is_(None))
    )
    if row is None:
        raise NotFound("api_key.unknown")
    row.revoked_at = now
    session.flush()
    return row


def revoke_all(session: Session, subject: str, now: datetime) -> None:
    """Ends every key of a person."""
    session.execute(update(KeyRow).where(KeyRow.subject == subject, KeyRow.revoked_at.is_(None)).values(revoked_at=now))


def forget(session: Session, subject: str) -> int:
    """Deletes every key of a person; how many."""
    return changed(session, delete(KeyRow).where(KeyRow.subject == subject))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
