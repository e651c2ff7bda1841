"""The people of carpool: one erasable table between a random id, held everywhere else, and who it is.

A person is found by the registry's identity key, or by the account that is linked to them. An unknown age is not adult:
`over_18` has three values, and only True is adult.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Index, String, bindparam, func, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import Conflict, NotFound
from mobigo.infra.clock import new_id
from mobigo.infra.db import Base, UtcDateTime, changed, table_of
from mobigo.infra.privacy import BLANK, Days, describe

# The link to an identity: four years from the first of January after the claim arose (law 68-1250), and the current
# one.
IDENTITY_DAYS: Final = 5 * 366


class PersonRow(Base):
    """A driver or passenger, and all that tells who they are."""

    __tablename__ = "covoit_person"
    __table_args__ = (
        # A number that was verified is one account's.
        Index(
            "uq_covoit_person_verified", "phone", unique=True,
            sqlite_where=text("phone_verified_at IS NOT NULL AND subject IS NOT NULL"),
            postgresql_where=text("phone_verified_at IS NOT NULL AND subject IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    identity_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    subject: Mapped[str | None] = mapped_column(String(26), unique=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    phone_trunc: Mapped[str | None] = mapped_column(String(16))
    phone_verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_name: Mapped[str | None] = mapped_column(String(100))
    last_name: Mapped[str | None] = mapped_column(String(100))
    over_18: Mapped[bool | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OperatorUserRow(Base):
    """Under which name an operator knows a person: its own user id, which the payment call repeats to it."""

    __tablename__ = "covoit_operator_user"

    operator: Mapped[str] = mapped_column(String(40), primary_key=True)
    operator_user_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    person: Mapped[str] = mapped_column(String(26), primary_key=True, index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


describe(
    PersonRow,
    purpose="know who drove and who was driven, as long as money may be claimed or claimed back",
    keep=Days(IDENTITY_DAYS, after="seen_at", then=BLANK),
    personal={
        "identity_key": "the registry's key of a person: finding all their journeys, whoever declares them",
        "subject": "the account that is this person's",
        "phone": "reaching the person; proving that two declarations are one person's",
        "phone_trunc": "what operators may send instead of the number",
        "phone_verified_at": "when the number was proven to be the person's, by a code or at the counter",
        "first_name": "writing to the person, naming them on a payment",
        "last_name": "writing to the person, naming them on a payment",
        "over_18": "what is reserved to adults; unknown is not adult",
    },
    plain="id created_at seen_at erased_at",
)
describe(
    OperatorUserRow,
    purpose="tell an operator about its own users in its own words",
    keep=Days(IDENTITY_DAYS, after="seen_at"),
    personal={"operator_user_id": "the person's id at the operator", "person": "whose id it is (random person id)"},
    plain="operator seen_at",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who a random person id is, as far as we know."""

    id: str
    identity_key: str | None = None
    subject: str | None = None
    phone: str | None = None
    phone_trunc: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    over_18: bool | None = None
    phone_verified_at: datetime | None = None

    @property
    def reach(self) -> str | None:
        """The number messages may go to: an account's only once it was verified; of somebody without account, the one
        an agent or an operator wrote down."""
        return self.phone if self.phone_verified_at is not None or self.subject is None else None

    @property
    def adult(self) -> bool:
        """Whether they are known to be adult: an unknown age is not."""
        return self.over_18 is True


@dataclass(frozen=True, slots=True)
class Declared:
    """What an operator declares of a person beside their identity key."""

    phone: str | None = None
    phone_trunc: str | None = None
    over_18: bool | None = None


def person_of(
    session: Session,
    identity_key: str | None = None,
    *,
    subject: str | None = None,
    phone: str | None = None,
    phone_trunc: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    over_18: bool | None = None,
    verified: bool = False,
    now: datetime,
) -> str:
    """The random id of the person who has this identity key, or this account; made when there is none.

    What is given completes what is known, and replaces nothing but an unknown age. `verified`: whoever calls made sure
    that the number is theirs. Raises Conflict(
    "covoit.identity_of_another") when the key is one person's and the account another's. Waits for whoever is just
    making the same person.
    """
    if identity_key is None and subject is None:
        raise ValueError("a person is found by an identity key or by an account")
    by_key = None if identity_key is None else _locked(session, PersonRow.identity_key == identity_key)
    by_account = None if subject is None else _locked(session, PersonRow.subject == subject)
    if by_key is not None and by_account is not None and by_key.id != by_account.id:
        raise Conflict("covoit.identity_of_another")
    row = by_key or by_account
    if row is None:
        made = PersonRow(id=new_id(now), identity_key=identity_key, subject=subject, created_at=now, seen_at=now)
        columns = table_of(PersonRow).columns.keys()
        inserted = _insert_ignoring(session, PersonRow, [{name: getattr(made, name, None) for name in columns}])
        if not inserted:
            return person_of(
                session, identity_key, subject=subject, phone=phone, phone_trunc=phone_trunc, first_name=first_name,
                last_name=last_name, over_18=over_18, verified=verified, now=now,
            )  # fmt: skip
        row = session.get_one(PersonRow, made.id)
    if identity_key is not None and row.identity_key is None:
        row.identity_key = identity_key
    if subject is not None and row.subject is None:
        row.subject = subject
    elif subject is not None and row.subject != subject:
        raise Conflict("covoit.identity_of_another")
    row.phone = row.phone or phone
    row.phone_trunc = row.phone_trunc or phone_trunc
    row.first_name = row.first_name or first_name
    row.last_name = row.last_name or last_name
    row.over_18 = over_18 if row.over_18 is None else row.over_18
    if verified and phone is not None and row.phone == phone and row.phone_verified_at is None:
        row.phone_verified_at = now
    row.seen_at = max(row.seen_at, now)
    session.flush()
    return row.id


def people_of(
    session: Session, declared: Mapping[str, Declared], *, now: datetime, lock: bool = True
) -> dict[str, str]:
    """The random id behind each of many identity keys, made where there is none: a few statements for thousands.

    With `lock`, their rows are locked in one order until the transaction ends (PostgreSQL; SQLite has one writer), so
    that two requests about one person see each other's journeys.
    """
    keys = sorted(declared)
    found = _by_keys(session, keys, lock)
    missing = [key for key in keys if key not in found]
    if missing:
        rows: list[dict[str, Any]] = [
            {
                "id": new_id(now), "identity_key": key, "subject": None, "phone": declared[key].phone,
                "phone_trunc": declared[key].phone_trunc, "phone_verified_at": None, "first_name": None,
                "last_name": None, "over_18": declared[key].over_18, "created_at": now, "seen_at": now,
                "erased_at": None,
            }
            for key in missing
        ]  # fmt: skip
        inserted = _insert_ignoring(session, PersonRow, rows)
        if inserted == len(rows):
            for row in rows:
                found[row["identity_key"]] = _Known(row["id"], row["phone"], row["phone_trunc"], row["over_18"], now)
        else:  # somebody else was just making some of them
            found |= _by_keys(session, missing, lock)
    _complete(session, declared, found, now)
    return {key: known.id for key, known in found.items()}


def note_operator_users(session: Session, operator: str, users: Iterable[tuple[str, str]], now: datetime) -> None:
    """Record under which id the operator knows each person: (operator_user_id, person) pairs."""
    wanted = sorted(set(users))
    if not wanted:
        return
    rows = [
        {"operator": operator, "operator_user_id": user, "person": person, "seen_at": now} for user, person in wanted
    ]
    _insert_ignoring(session, OperatorUserRow, rows)


def operator_user_of(session: Session, operator: str, person: str) -> str | None:
    """The id under which an operator knows a person, the latest; None when it never named them."""
    return session.scalar(
        select(OperatorUserRow.operator_user_id)
        .where(OperatorUserRow.operator == operator, OperatorUserRow.person == person)
        .order_by(OperatorUserRow.seen_at.desc(), OperatorUserRow.operator_user_id)
        .limit(1)
    )


def get_person(session: Session, person: str) -> Person:
    """Who this is. Raises NotFound("covoit.unknown_person")."""
    row = session.get(PersonRow, person)
    if row is None:
        raise NotFound("covoit.unknown_person", person=person[:40])
    return person_value(row)


def find_by_key(session: Session, identity_key: str) -> Person | None:
    """The person who has this identity key, whoever declared them."""
    row = session.scalar(select(PersonRow).where(PersonRow.identity_key == identity_key))
    return None if row is None else person_value(row)


def who_answers(session: Session, phone: str) -> str | None:
    """The person a message from this number comes from: whose account verified it, else somebody without account for
    whom an agent or an operator wrote it down. What an account merely typed never counts."""
    counts = or_(PersonRow.phone_verified_at.is_not(None), PersonRow.subject.is_(None))
    asked = select(PersonRow.id).where(PersonRow.phone == phone, counts)
    by_trust = asked.order_by(PersonRow.subject.is_(None), PersonRow.phone_verified_at.is_(None), PersonRow.id)
    return session.scalar(by_trust.limit(1))


def find_person(session: Session, *, subject: str) -> Person | None:
    """The person whose account this is, None when the account never carpooled."""
    row = session.scalar(select(PersonRow).where(PersonRow.subject == subject))
    return None if row is None else person_value(row)


def people(session: Session, ids: Sequence[str]) -> dict[str, Person]:
    """Who several people are, by id; those unknown are left out."""
    return {
        row.id: person_value(row)
        for some in _slices(sorted(set(ids)))
        for row in session.scalars(select(PersonRow).where(PersonRow.id.in_(some)))
    }


def search(session: Session, words: str, limit: int = 50) -> list[Person]:
    """The people whose last or first name begins with `words`, accents and capitals aside, or whose number begins or
    ends with its figures; by name. Three characters at least: fewer find nobody."""
    typed = words.strip()
    if len(typed) < SEARCH_MIN:
        return []
    figures = re.sub(r"[\s.\-()/+]", "", typed)
    if figures.isascii() and figures.isdigit():
        begins = f"+33{figures[1:]}%" if figures.startswith("0") else f"+{figures}%"
        asked = select(PersonRow).where(or_(PersonRow.phone.like(begins), PersonRow.phone.like(f"%{figures}")))
        by_name = asked.order_by(PersonRow.last_name, PersonRow.id).limit(limit)
        return [person_value(row) for row in session.scalars(by_name)]
    folded = _folded(typed)
    # Every letter that may carry an accent is any letter to the database; what it finds is compared here.
    pattern = "".join("_" if letter in _ACCENTED or not letter.isalnum() else letter for letter in folded) + "%"
    columns = (func.lower(PersonRow.last_name), func.lower(PersonRow.first_name))
    asked = select(PersonRow).where(or_(*(column.like(pattern) for column in columns)))
    found = []
    for row in session.scalars(asked.order_by(PersonRow.last_name, PersonRow.id).execution_options(yield_per=1_000)):
        if any(_folded(name or "").startswith(folded) for name in (row.last_name, row.first_name)):
            found.append(person_value(row))
            if len(found) == limit:
                break
    return found


SEARCH_MIN: Final = 3
_ACCENTED: Final = frozenset("aceinouysæœ")


def _folded(name: str) -> str:
    """A name without accents, in small letters."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def link_account(session: Session, person: str, subject: str) -> None:
    """Tie an account to a person. Raises NotFound, Conflict("covoit.identity_of_another") when either is tied
    already to another."""
    row = session.get(PersonRow, person, with_for_update=True)
    if row is None:
        raise NotFound("covoit.unknown_person", person=person[:40])
    other = session.scalar(select(PersonRow.id).where(PersonRow.subject == subject))
    if (row.subject not in (None, subject)) or other not in (None, person):
        raise Conflict("covoit.identity_of_another")
    row.subject = subject
    session.flush()


def forget(session: Session, person: str, now: datetime, *, keep_key: bool) -> int:
    """Empty all that tells who a person is; their key and truncated number are kept while money may be claimed."""
    values: dict[str, Any] = {
        "subject": None, "phone": None, "phone_verified_at": None, "first_name": None, "last_name": None,
        "erased_at": now,
    }  # fmt: skip
    if not keep_key:
        values |= {"identity_key": None, "phone_trunc": None, "over_18": None}
    return changed(session, update(PersonRow).where(PersonRow.id == person).values(values))


def person_value(row: PersonRow) -> Person:
    """The value of a row."""
    return Person(
        row.id, row.identity_key, row.subject, row.phone, row.phone_trunc, row.first_name, row.last_name, row.over_18,
        row.phone_verified_at,
    )  # fmt: skip


# ---------------------------------------------------------------- many at once

_SLICE: Final = 5_000


@dataclass(slots=True)
class _Known:
    id: str
    phone: str | None
    phone_trunc: str | None
    over_18: bool | None
    seen_at: datetime


def _locked(session: Session, condition: Any) -> PersonRow | None:
    found: PersonRow | None = session.scalar(select(PersonRow).where(condition).with_for_update())
    return found


def _by_keys(session: Session, keys: Sequence[str], lock: bool) -> dict[str, _Known]:
    found = {}
    table = table_of(PersonRow).c
    for some in _slices(keys):
        query = (
            select(table.identity_key, table.id, table.phone, table.phone_trunc, table.over_18, table.seen_at)
            .where(table.identity_key.in_(some))
            .order_by(table.identity_key)
        )
        for key, *known in session.connection().execute(query.with_for_update() if lock else query):
            found[str(key)] = _Known(*known)
    return found


def _complete(session: Session, declared: Mapping[str, Declared], found: Mapping[str, _Known], now: datetime) -> None:
    """Add what was not known yet; the last sight is written once a day at most."""
    rows = []
    for key, said in declared.items():
        known = found[key]
        phone, trunc = known.phone or said.phone, known.phone_trunc or said.phone_trunc
        age = said.over_18 if known.over_18 is None else known.over_18
        fresher = (now - known.seen_at).days >= 1
        if fresher or (phone, trunc, age) != (known.phone, known.phone_trunc, known.over_18):
            seen = max(now, known.seen_at)
            rows.append({"at": known.id, "phone": phone, "phone_trunc": trunc, "over_18": age, "seen_at": seen})
    if rows:
        table = table_of(PersonRow)
        session.connection().execute(
            update(table)
            .where(table.c.id == bindparam("at"))
            .values({name: bindparam(name) for name in ("phone", "phone_trunc", "over_18", "seen_at")}),
            sorted(rows, key=lambda row: str(row["at"])),
        )


def _insert_ignoring(session: Session, owner: type[Base], rows: list[dict[str, Any]]) -> int:
    """Insert rows, leaving out those whose key is there; how many were inserted."""
    from sqlalchemy.dialects import postgresql, sqlite

    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table_of(owner)).on_conflict_do_nothing()
    return session.connection().execute(statement, rows).rowcount


def _slices(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _SLICE] for start in range(0, len(values), _SLICE))
