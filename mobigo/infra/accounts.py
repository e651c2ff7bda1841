"""Accounts: a random subject id, and beside it, in tables that can be erased, the person.

The log, the ledger and every other table know the subject id alone. Links sent to an address are in
`mobigo.infra.account_links`, identities at a provider in `mobigo.infra.account_providers`, export and erasure of a
person in `mobigo.infra.account_data`.
"""

import secrets
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, ForeignKey, Index, String, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.infra import passwords
from mobigo.infra.db import Base, UtcDateTime, reading, transaction
from mobigo.infra.privacy import Always, Days, With, describe

NAME_LENGTH_MAX: Final = 100
EMAIL_LENGTH_MAX: Final = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
UNUSED_FOR_DAYS: Final = 3 * 365
_SUBJECT_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Account(Base):
    """Somebody, by a random id that says nothing of them. Stays when the person is erased."""

    __tablename__ = "account"

    subject: Mapped[str] = mapped_column(String(26), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Person(Base):
    """Who it is. The only place of this package where a name or an address stands."""

    __tablename__ = "account_person"

    subject: Mapped[str] = mapped_column(ForeignKey("account.subject"), primary_key=True)
    email: Mapped[str | None] = mapped_column(String(EMAIL_LENGTH_MAX))
    email_key: Mapped[str | None] = mapped_column(String(EMAIL_LENGTH_MAX), unique=True)
    name: Mapped[str | None] = mapped_column(String(NAME_LENGTH_MAX))
    language: Mapped[str | None] = mapped_column(String(2))
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Password(Base):
    """The argon2id hash of a password; an account may have none (other sign-in, or counter only)."""

    __tablename__ = "account_password"

    subject: Mapped[str] = mapped_column(ForeignKey("account_person.subject", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(String(400))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OutsideIdentity(Base):
    """The same person at an OpenID provider."""

    __tablename__ = "account_identity"
    __table_args__ = (Index(None, "subject"),)

    issuer: Mapped[str] = mapped_column(String(200), primary_key=True)
    external: Mapped[str] = mapped_column(String(255), primary_key=True)  # the provider's `sub`
    subject: Mapped[str] = mapped_column(ForeignKey("account_person.subject", ondelete="CASCADE"))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(
    Account,
    purpose="tie what a person did to one random id",
    keep=Always("a random id, which says nothing once the person's row is erased"),
    plain="subject created_at closed_at",
)
describe(
    Person,
    purpose="let a person sign in, greet them and write to them",
    keep=Days(UNUSED_FOR_DAYS, after="last_used_at"),
    personal={
        "email": "signing in and being written to; optional",
        "email_key": "the same address, written one way, so that it is one account",
        "name": "greeting the person; agents see who they help; optional",
        "language": "speaking the language chosen",
    },
    plain="subject last_used_at",
)
describe(
    Password,
    purpose="check a password without knowing it",
    keep=With("account_person"),
    personal={"hash": "checking the password"},
    plain="subject changed_at",
)
describe(
    OutsideIdentity,
    purpose="recognise a person who signs in with FranceConnect, ProConnect or another provider",
    keep=With("account_person"),
    personal={"external": "the provider's identifier of the person, made for us alone"},
    plain="issuer subject linked_at",
)
# ---------------------------------------------------------------- values


def new_subject() -> str:
    """A random subject id: 26 letters of Crockford's base 32 (130 bits), in which even the time cannot be read."""
    return "".join(secrets.choice(_SUBJECT_ALPHABET) for _ in range(26))


def clean_email(text: str) -> str:
    """The address as it is written to. Raises InvalidInput("account.bad_email") when nobody can be written to there."""
    shown = unicodedata.normalize("NFC", text.strip())
    local, at, domain = shown.rpartition("@")
    try:
        host = domain.encode("idna").decode("ascii") if domain else ""
    except UnicodeError:
        host = ""
    labels = host.split(".")
    fine = (
        at == "@"
        and 1 <= len(local) <= 64
        and "@" not in local
        and len(f"{local}@{host}") <= EMAIL_LENGTH_MAX
        and len(shown) <= EMAIL_LENGTH_MAX
        and len(labels) >= 2
        and all(label and label.replace("-", "").isalnum() and label[0] != "-" != label[-1] for label in labels)
        and not any(letter.isspace() or not letter.isprintable() or letter in '<>()[],;:"\\' for letter in local)
        and not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
    )
    if not fine:
        raise InvalidInput("account.bad_email", value=shown[:80])
    return f"{local}@{host.lower()}"


def email_key(email: str) -> str:
    """One text for one mailbox, whatever the case it was typed in."""
    return unicodedata.normalize("NFKC", email).casefold()


def clean_name(text: str) -> str | None:
    """The name as it is shown, or None when there is none. Raises InvalidInput("account.bad_name")."""
    shown = " ".join(unicodedata.normalize("NFC", text).split())
    if len(shown) > NAME_LENGTH_MAX or not shown.isprintable() or any(letter in shown for letter in "<>"):
        raise InvalidInput("account.bad_name", length=NAME_LENGTH_MAX)
    return shown or None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the pages show of a person; every personal field may be missing."""

    subject: str
    email: str | None
    name: str | None
    language: str | None
    created_at: datetime
    closed_at: datetime | None
    has_password: bool
    issuers: tuple[str, ...]

    @property
    def shown(self) -> str:
        """A name, else an address, else the id."""
        return self.name or self.email or self.subject


# ---------------------------------------------------------------- accounts


def create(
    session: Session,
    now: datetime,
    *,
    email: str | None = None,
    name: str | None = None,
    password_hash: str | None = None,
    language: str | None = None,
) -> str:
    """A new account; returns its subject id. Raises InvalidInput on a bad address or name, Conflict("account.exists")
    when the address already has one: the unique key decides between two registrations at the same instant."""
    address = None if email is None else clean_email(email)
    subject = new_subject()
    try:
        with session.begin_nested():
            session.add(Account(subject=subject, created_at=now))
            session.flush()
            session.add(
                Person(
                    subject=subject,
                    email=address,
                    email_key=None if address is None else email_key(address),
                    name=None if name is None else clean_name(name),
                    language=language,
                    last_used_at=now,
                )
            )
            session.flush()
            if password_hash is not None:
                session.add(Password(subject=subject, hash=password_hash, changed_at=now))
    except IntegrityError:
        raise Conflict("account.exists") from None
    return subject


def find_by_email(session: Session, email: str) -> str | None:
    """The open account of this address, or None; an address that cannot exist has none."""
    try:
        key = email_key(clean_email(email))
    except InvalidInput:
        return None
    return session.scalar(
        select(Account.subject)
        .join(Person, Person.subject == Account.subject)
        .where(Person.email_key == key, Account.closed_at.is_(None))
    )


def check_password(engine: Engine, email: str, password: str) -> str | None:
    """The subject whose address and password these are, or None; as long to answer in every case.

    The hash is checked outside any transaction; one made with older figures is made again.
    """
    with reading(engine) as session:
        subject = find_by_email(session, email)
        kept = session.scalar(select(Password.hash).where(Password.subject == (subject or "")))
    if not passwords.matches(kept, password) or kept is None or subject is None:
        return None
    if passwords.is_dated(kept):
        fresh = passwords.hashed(password)
        with transaction(engine) as session:
            session.execute(
                update(Password).where(Password.subject == subject, Password.hash == kept).values(hash=fresh)
            )
    return subject


def check_own_password(engine: Engine, subject: str, password: str) -> bool:
    """Whether this is the password of this person, who is already signed in."""
    with reading(engine) as session:
        kept = session.scalar(select(Password.hash).where(Password.subject == subject))
    return passwords.matches(kept, password)


def set_password(session: Session, subject: str, password_hash: str, now: datetime) -> None:
    """Replaces the password, or gives the first one. Raises NotFound("account.unknown")."""
    if session.get(Person, subject) is None:
        raise NotFound("account.unknown")
    session.merge(Password(subject=subject, hash=password_hash, changed_at=now))
    session.flush()


def profile(session: Session, subject: str) -> Profile:
    """What is shown of a person. Raises NotFound("account.unknown")."""
    account = session.get(Account, subject)
    if account is None:
        raise NotFound("account.unknown")
    person = session.get(Person, subject)
    issuers = session.scalars(
        select(OutsideIdentity.issuer).where(OutsideIdentity.subject == subject).order_by(OutsideIdentity.issuer)
    )
    return Profile(
        subject=subject,
        email=person.email if person else None,
        name=person.name if person else None,
        language=person.language if person else None,
        created_at=account.created_at,
        closed_at=account.closed_at,
        has_password=session.get(Password, subject) is not None,
        issuers=tuple(issuers),
    )


def search(
    session: Session,
    text: str,
    *,
    role: str | None = None,
    within: Collection[str] | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Sequence[str]:
    """Subjects whose name or address contains `text` (or whose id it is), by id, at most `limit`, after id `after`.

    `within` keeps those who hold a grant inside one of these organisations; None keeps all.
    """
    from mobigo.infra.grants import GrantRow

    query = select(Account.subject).outerjoin(Person, Person.subject == Account.subject)
    if text:
        part = text.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        query = query.where(
            or_(
                Account.subject == text.upper(),
                Person.email_key.like(f"%{part}%", escape="\\"),
                Person.name.ilike(f"%{part}%", escape="\\"),
            )
        )
    if role is not None:
        live = select(GrantRow.subject).where(GrantRow.role == role, GrantRow.ended_at.is_(None))
        query = query.where(Account.subject.in_(live))
    if within is not None:
        inside = select(GrantRow.subject).where(GrantRow.organisation.in_(sorted(within)), GrantRow.ended_at.is_(None))
        query = query.where(Account.subject.in_(inside))
    if after is not None:
        query = query.where(Account.subject > after)
    return session.scalars(query.order_by(Account.subject).limit(limit)).all()


def rename(session: Session, subject: str, name: str, language: str | None) -> None:
    """Changes how a person is greeted, and in which language. Raises NotFound, InvalidInput("account.bad_name")."""
    person = session.get(Person, subject)
    if person is None:
        raise NotFound("account.unknown")
    person.name = clean_name(name)
    person.language = language
    session.flush()


def change_email(session: Session, subject: str, email: str) -> str | None:
    """Gives a person another address; returns the one before. Raises NotFound, InvalidInput,
    Conflict("account.exists")."""
    person = session.get(Person, subject)
    if person is None:
        raise NotFound("account.unknown")
    before, address = person.email, clean_email(email)
    try:
        with session.begin_nested():
            person.email, person.email_key = address, email_key(address)
    except IntegrityError:
        raise Conflict("account.exists") from None
    return before


def touch(session: Session, subject: str, now: datetime) -> None:
    """Remembers that the account was used: what is unused for three years is erased."""
    session.execute(update(Person).where(Person.subject == subject).values(last_used_at=now))


def close(session: Session, subject: str, now: datetime) -> None:
    """Closes an account: nobody signs in, its sessions and keys stop at once. Raises NotFound, Conflict, and
    Refused("grant.last_administrator")."""
    from mobigo.infra import apikeys, grants, sessions

    grants.lock_administrators(session)
    account = session.scalar(select(Account).where(Account.subject == subject).with_for_update())
    if account is None:
        raise NotFound("account.unknown")
    if account.closed_at is not None:
        raise Conflict("account.closed")
    if grants.administrators(session) == {subject}:
        raise Refused("grant.last_administrator")
    account.closed_at = now
    sessions.close_all(session, subject, now)
    apikeys.revoke_all(session, subject, now)
    session.flush()


def reopen(session: Session, subject: str) -> None:
    """Opens a closed account again. Raises NotFound, Conflict("account.open"), Refused("account.erased")."""
    account = session.get(Account, subject)
    if account is None:
        raise NotFound("account.unknown")
    if account.closed_at is None:
        raise Conflict("account.open")
    if session.get(Person, subject) is None:
        raise Refused("account.erased")
    account.closed_at = None
    session.flush()
