"""The other parent, or a family that signed on paper, ties an account to a pupil: by a code, said or written, once.

A judge's decision about who may see what is recorded by an agent (`limit`), with its date and never its words.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from scolaire.model.people import Access, HomeKind, Tie
from scolaire.rules.asking import clean_name
from scolaire.store import documents
from scolaire.store import pupils as store
from scolaire.store.pupils import BondRow, GuardianRow, InviteRow, PupilRow
from scolaire.store.registrations import RegistrationRow

LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 12
LIFE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Invited:
    """The code to hand over, once; and until when it serves."""

    code: str
    expires_at: datetime


def invite_other(session: Session, pupil: str, first_name: str, last_name: str, *, by: str, now: datetime) -> Invited:
    """The other parent of a pupil: a guardian with full access (parental authority is shared, code civil, article 372),
    from the second home when there is one; and the code that ties their account."""
    today = paris_day(now)
    other = next((each for each in store.homes(session, pupil, _within(session, pupil, today))
                  if each.kind == str(HomeKind.SECOND)), None)  # fmt: skip
    guardian = GuardianRow(
        id=new_id(now), first_name=clean_name(first_name, "first_name"), last_name=clean_name(last_name, "last_name"),
        created_at=now, last_day=session.get_one(PupilRow, pupil).last_day,
    )  # fmt: skip
    session.add(guardian)
    session.flush()
    session.add(
        BondRow(
            id=new_id(now), pupil=pupil, guardian=guardian.id, tie=str(Tie.PARENT), access=str(Access.FULL),
            home=None if other is None else other.id, first_day=today, recorded_by=by, recorded_at=now,
        )
    )  # fmt: skip
    audit.record(session, "scolaire.parent_invited", actor=by, object_kind="scolaire_pupil", object_id=pupil, now=now)
    return invite(session, guardian.id, by=by, now=now)


def invite(session: Session, guardian: str, *, by: str, now: datetime) -> Invited:
    """A code for a guardian who has no account yet. Raises NotFound("scolaire.unknown_guardian"), Conflict(
    "scolaire.guardian_has_account")."""
    row = session.get(GuardianRow, guardian)
    if row is None:
        raise NotFound("scolaire.unknown_guardian")
    if row.subject is not None:
        raise Conflict("scolaire.guardian_has_account")
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    made = InviteRow(
        id=new_id(now), code_hash=_hash(code), guardian=guardian, made_by=by, made_at=now, expires_at=now + LIFE
    )  # fmt: skip
    session.add(made)
    session.flush()
    return Invited(f"{code[:4]} {code[4:8]} {code[8:]}", made.expires_at)


def join(session: Session, subject: str, code: str, now: datetime) -> int:
    """Tie an account to the guardian of a code: its bonds become the account's; how many pupils that opens. Raises
    InvalidInput("scolaire.bad_code") for a code that is none, was used, or is too old."""
    row = session.scalar(select(InviteRow).where(InviteRow.code_hash == _hash(code)).with_for_update())
    if row is None or row.used_at is not None or now > row.expires_at:
        raise InvalidInput("scolaire.bad_code")
    row.used_at = now
    guardian = session.get_one(GuardianRow, row.guardian)
    if guardian.subject is not None:
        raise InvalidInput("scolaire.bad_code")
    own = store.find_guardian(session, subject)
    bonds = list(session.scalars(select(BondRow).where(BondRow.guardian == guardian.id)))
    if own is None:
        guardian.subject = subject
    else:  # an account is one guardian: what was the other's moves to it, and the other is no more
        for bond in bonds:
            bond.guardian = own.id
        own.last_day = max(own.last_day, guardian.last_day)
        asked = update(RegistrationRow).where(RegistrationRow.asked_by == guardian.id)
        session.execute(asked.values(asked_by=own.id))
        documents.move(session, guardian.id, own.id)
        session.flush()
        session.delete(guardian)
    audit.record(
        session, "scolaire.parent_joined", actor=subject, object_kind="scolaire_guardian", object_id=guardian.id,
        now=now,
    )  # fmt: skip
    session.flush()
    return len(bonds)


def limit(session: Session, bond: str, access: Access, ground: str, *, by: str, now: datetime) -> BondRow:
    """What a judge decided of somebody's access: the bond ends, another begins today. Raises NotFound(
    "scolaire.unknown_bond"), InvalidInput("scolaire.no_ground")."""
    row = session.get(BondRow, bond)
    if row is None:
        raise NotFound("scolaire.unknown_bond")
    said = " ".join(ground.split())[:200]
    if not said:
        raise InvalidInput("scolaire.no_ground")
    today = paris_day(now)
    made = BondRow(
        id=new_id(now), pupil=row.pupil, guardian=row.guardian, tie=row.tie, access=str(access), home=row.home,
        ground=said, first_day=today, recorded_by=by, recorded_at=now,
    )  # fmt: skip
    if row.first_day < today:
        row.last_day = today - timedelta(days=1)
    else:
        session.delete(row)
    session.add(made)
    audit.record(
        session, "scolaire.access_limited", actor=by, object_kind="scolaire_pupil", object_id=row.pupil, now=now,
        detail={"access": str(access)},
    )  # fmt: skip
    session.flush()
    return made


def _within(session: Session, pupil: str, today: date) -> date:
    """Today, or the first day of the school year to come, when no home is recorded for today yet."""
    if store.homes(session, pupil, today):
        return today
    last = session.get_one(PupilRow, pupil).last_day
    return date(last.year - 1, 9, 1)


def _hash(code: str) -> str:
    """The hash of a code as somebody types it."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return sha256(f"scolaire.invite:{plain}".encode()).hexdigest()
