"""Organisations and grants: rows that give a role to a person, everywhere or inside one organisation.

What a role allows is in `mobigo.infra.roles`. A query over things that belong to organisations goes through `scoped`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, false, select, text, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, describe
from mobigo.infra.roles import NEEDS_ORGANISATION, Grant, Identity, Permission, Role, clash

NAME_LENGTH_MAX = 200


class Organisation(Base):
    """An operator, a mairie, a school, a town network: who owns things of its own here."""

    __tablename__ = "organisation"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH_MAX), unique=True)
    siren: Mapped[str | None] = mapped_column(String(9), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GrantRow(Base):
    """A role given; ended by a date, never removed, so that who could do what can still be said later."""

    __tablename__ = "account_grant"
    __table_args__ = (
        # The second lock: the same grant is not live twice. Two indexes, because NULL organisations are not equal.
        Index(
            "uq_account_grant_live_in_organisation",
            "subject", "role", "organisation",
            unique=True,
            sqlite_where=text("ended_at IS NULL AND organisation IS NOT NULL"),
            postgresql_where=text("ended_at IS NULL AND organisation IS NOT NULL"),
        ),
        Index(
            "uq_account_grant_live_everywhere",
            "subject", "role",
            unique=True,
            sqlite_where=text("ended_at IS NULL AND organisation IS NULL"),
            postgresql_where=text("ended_at IS NULL AND organisation IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    subject: Mapped[str] = mapped_column(ForeignKey("account.subject"))
    role: Mapped[str] = mapped_column(String(40))
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    granted_by: Mapped[str | None] = mapped_column(String(26))  # subject, or None for the command line
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(26))


def create_organisation(session: Session, name: str, now: datetime, siren: str | None = None) -> Organisation:
    """A new organisation. Raises InvalidInput("organisation.bad_name" | "organisation.bad_siren") or
    Conflict("organisation.exists")."""
    clean = " ".join(name.split())
    if not 2 <= len(clean) <= NAME_LENGTH_MAX:
        raise InvalidInput("organisation.bad_name", length=NAME_LENGTH_MAX)
    if siren is not None and not is_siren(siren):
        raise InvalidInput("organisation.bad_siren", value=siren)
    row = Organisation(id=new_id(now), name=clean, siren=siren, created_at=now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("organisation.exists", name=clean) from None
    return row


def is_siren(text: str) -> bool:
    """Whether `text` is nine digits whose Luhn sum is a multiple of ten (INSEE, identifiant SIREN)."""
    if len(text) != 9 or not (text.isascii() and text.isdigit()):
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(text))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def list_organisations(session: Session) -> Sequence[Organisation]:
    """All of them, by name."""
    return session.scalars(select(Organisation).order_by(Organisation.name)).all()


def give(session: Session, subject: str, grant: Grant, now: datetime, by: str | None) -> GrantRow:
    """Gives a role.

    Raises NotFound("account.unknown" | "organisation.unknown"), InvalidInput("grant.needs_organisation") for a role
    that acts on its own organisation only, Refused("grant.incompatible") for ordonnateur and comptable public on one
    person, Refused("grant.to_oneself"), Conflict("grant.exists").
    """
    from mobigo.infra.accounts import Account

    if by == subject:
        raise Refused("grant.to_oneself")

    # The row lock makes two concurrent gifts to one person see each other: else each would pass the incompatibility.
    account = session.scalar(select(Account).where(Account.subject == subject).with_for_update())
    if account is None:
        raise NotFound("account.unknown")
    if grant.role in NEEDS_ORGANISATION and grant.organisation is None:
        raise InvalidInput("grant.needs_organisation", role=str(grant.role))
    if grant.organisation is not None and session.get(Organisation, grant.organisation) is None:
        raise NotFound("organisation.unknown")
    held = grants_of(session, subject)
    together = clash([*(each.role for each in held), grant.role])
    if together is not None:
        raise Refused("grant.incompatible", first=min(together), second=max(together))
    if grant in held:
        raise Conflict("grant.exists", role=str(grant.role))
    row = GrantRow(
        id=new_id(now), subject=subject, role=str(grant.role), organisation=grant.organisation, granted_at=now,
        granted_by=by,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def take(session: Session, grant_id: str, now: datetime, by: str | None) -> GrantRow:
    """Ends a grant. Raises NotFound("grant.unknown"), Conflict("grant.ended"), and Refused("grant.last_administrator")
    rather than leave an installation that nobody can administer."""
    lock_administrators(session)
    row = session.scalar(select(GrantRow).where(GrantRow.id == grant_id).with_for_update())
    if row is None:
        raise NotFound("grant.unknown")
    if row.ended_at is not None:
        raise Conflict("grant.ended")
    if row.role == Role.ADMINISTRATOR and row.organisation is None and len(administrators(session)) <= 1:
        raise Refused("grant.last_administrator")
    row.ended_at = now
    row.ended_by = by
    session.flush()
    return row


def lock_administrators(session: Session) -> None:
    """Makes whoever else is about to remove an administrator wait: each would otherwise see the other as the one left.
    Taken before any other row, in one order, so that two of them cannot wait for each other."""
    live = (GrantRow.role == Role.ADMINISTRATOR.value, GrantRow.ended_at.is_(None))
    session.scalars(select(GrantRow.id).where(*live).order_by(GrantRow.id).with_for_update()).all()


def administrators(session: Session) -> set[str]:
    """The subjects that administer the whole installation and whose account is open."""
    from mobigo.infra.accounts import Account

    rows = session.scalars(
        select(GrantRow.subject)
        .join(Account, Account.subject == GrantRow.subject)
        .where(
            GrantRow.role == Role.ADMINISTRATOR.value,
            GrantRow.organisation.is_(None),
            GrantRow.ended_at.is_(None),
            Account.closed_at.is_(None),
        )
    )
    return set(rows)


def grants_of(session: Session, subject: str) -> tuple[Grant, ...]:
    """The live grants of a person, sorted. A role that this version no longer knows gives nothing."""
    rows = session.execute(
        select(GrantRow.role, GrantRow.organisation).where(GrantRow.subject == subject, GrantRow.ended_at.is_(None))
    )
    known = (Grant(Role(role), organisation) for role, organisation in rows if role in set(Role))
    return tuple(sorted(known, key=lambda grant: (grant.role, grant.organisation or "")))


def holds_inside(session: Session, subject: str, organisations: Collection[str]) -> bool:
    """Whether this person holds a live grant inside one of these organisations."""
    inside = select(GrantRow.id).where(
        GrantRow.subject == subject, GrantRow.organisation.in_(sorted(organisations)), GrantRow.ended_at.is_(None)
    )
    return session.scalars(inside.limit(1)).first() is not None


def scoped(
    query: Select[Any], column: InstrumentedAttribute[Any], identity: Identity, permission: Permission
) -> Select[Any]:
    """`query` limited to the organisations inside which this person holds `permission`.

    Everywhere: the query as it is. Nowhere: nothing. Rows of no organisation (NULL) are seen only from everywhere.
    """
    return query.where(within(column, identity, permission))


def within(column: InstrumentedAttribute[Any], identity: Identity, permission: Permission) -> ColumnElement[bool]:
    """The condition that `scoped` adds, for updates and joins."""
    where = identity.organisations(permission)
    if where is None:
        return true()
    return column.in_(sorted(where)) if where else false()


describe(
    Organisation,
    purpose="say whose things are whose",
    keep=Always("public bodies and companies; no person"),
    plain="id name siren created_at",
)
describe(
    GrantRow,
    purpose="say what a person may do, and who could do what at a past date",
    keep=Always("it is the proof of who was entitled to act; it holds random subject ids only"),
    plain="id subject role organisation granted_at granted_by ended_at ended_by",
)
