"""Whose a telephone number is: a code sent to it and given back, or an agent who saw the person.

Until then nothing counts on the number: no message of ours goes there but the code itself, no journey is tied to it.
Whoever asks is told the same whatever the number is; only who holds the telephone learns that another account has it.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from covoit.rules import identity
from covoit.rules import telephones as rules
from covoit.service.rights import not_oneself, require
from covoit.store import telephones as store
from covoit.store.people import Person, PersonRow, find_by_key, get_person
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.infra import accounts, audit
from mobigo.infra.clock import new_id
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language
from mobigo.infra.outbox import Message, send
from mobigo.infra.roles import Identity, Permission

NAME_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Given:
    """A number and a name as they were typed, once read."""

    phone: str  # E.164
    first_name: str | None
    last_name: str


def read(phone: str, first_name: str, last_name: str) -> Given:
    """What was typed, as it is kept. Raises InvalidInput("covoit.bad_phone" | "covoit.bad_last_name")."""
    identity.normal_last_name(last_name)
    number = identity.normal_phone(phone)
    first = " ".join(first_name.split())[:NAME_MAX]
    return Given(number, first or None, " ".join(last_name.split())[:NAME_MAX])


def ask(session: Session, person: str, given: Given, *, now: datetime, language: str = "fr") -> None:
    """Send a code to a number; the one that waited before waits no more.

    Raises Refused("covoit.phone_without_texts") for a fixed line.
    """
    refusal = rules.refusal_of_text(given.phone)
    if refusal is not None:
        raise Refused(refusal.code, **refusal.params)
    _end_waiting(session, person, now)
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = store.PhoneCheckRow(
        id=new_id(now), person=person, phone=given.phone, first_name=given.first_name, last_name=given.last_name,
        state=store.WAITING, tries=0, asked_at=now, expires_at=now + rules.CODE_LIFE,
    )  # fmt: skip
    row.code_hash = _code_hash(row.id, code)
    session.add(row)
    session.flush()
    with use_language(language):
        words = _(
            "Code pour vérifier votre numéro : %(code)s (valable 15 minutes). Si vous n’avez rien demandé, ne le donnez"
            " à personne.",
            code=code,
        )
    whose = get_person(session, person).subject or person
    send(session, Message("sms", given.phone, "Mobigo", words, whose), key=f"covoit:phone:{row.id}", now=now)
    audit.record(session, "covoit.phone_asked", actor=person, object_kind="covoit_person", object_id=person, now=now)


def confirm(session: Session, person: str, code: str, *, now: datetime) -> Decision | None:
    """Give the code back: None when the number is now the person's, else why not. The caller commits both: tries
    count."""
    row = store.waiting(session, person)
    if row is None or row.code_hash is None:
        return Decision("covoit.phone_nothing_waits")
    refusal = rules.refusal_of_code(expires_at=row.expires_at, tries=row.tries, now=now)
    if refusal is not None:
        _end(row, store.ENDED, now)
        session.flush()
        return refusal
    row.tries += 1
    if not hmac.compare_digest(row.code_hash, _code_hash(row.id, code.strip())):
        session.flush()
        return Decision("covoit.phone_wrong_code", left=rules.TRIES_MAX - row.tries)
    given = Given(row.phone, row.first_name, row.last_name)
    if not _take(session, person, given, by=person, now=now):
        _end(row, store.PROVEN, now)
        session.flush()
        return Decision("covoit.phone_of_another")
    _end(row, store.ENDED, now)
    session.flush()
    return None


def verify_at_counter(session: Session, person: str, given: Given, *, by: Identity, now: datetime) -> None:
    """An agent saw the person, their identity paper, and that the number is theirs.

    Raises Refused("covoit.not_allowed" | "covoit.own_case"), NotFound, Conflict("covoit.phone_of_another_account").
    """
    require(by, Permission.COVOIT_DESK)
    not_oneself(session, [person], by)
    get_person(session, person)
    _end_waiting(session, person, now)
    if not _take(session, person, given, by=by.subject, now=now):
        raise Conflict("covoit.phone_of_another_account")


def person_at_counter(session: Session, given: Given, email: str, *, by: Identity, now: datetime) -> str:
    """The person an agent has before them: the one of the account with this e-mail, else the one of this number and
    name; made when there is none. Raises NotFound("covoit.no_such_account"), Refused."""
    from covoit.service.offers import person_here
    from covoit.store.people import person_of

    require(by, Permission.COVOIT_DESK)
    if email.strip():
        subject = accounts.find_by_email(session, email)
        if subject is None:
            raise NotFound("covoit.no_such_account")
        return person_here(session, subject, now)
    key = identity.identity_key(given.phone, given.last_name)
    return person_of(session, key, now=now)


def release(session: Session, person: str, *, by: Identity, reason: str, now: datetime) -> None:
    """Take a number away from a person: it is somebody else's now. They are told by e-mail, or by letter.

    Raises InvalidInput("covoit.decision_without_reason"), Refused, NotFound, Conflict("covoit.phone_not_verified").
    """
    require(by, Permission.COVOIT_DESK)
    not_oneself(session, [person], by)
    if not reason.strip():
        raise InvalidInput("covoit.decision_without_reason")
    row = session.get(PersonRow, person, with_for_update=True)
    if row is None:
        raise NotFound("covoit.unknown_person", person=person[:40])
    if row.phone is None or row.phone_verified_at is None:
        raise Conflict("covoit.phone_not_verified")
    kept_end = row.phone[-2:]
    row.phone = row.phone_verified_at = None
    session.flush()
    audit.record(
        session, "covoit.phone_released", actor=by.subject, object_kind="covoit_person", object_id=person, now=now,
        detail={"reason": reason.strip()[:200]},
    )  # fmt: skip
    name = " ".join(part for part in (row.first_name, row.last_name) if part)
    email = None if row.subject is None else accounts.profile(session, row.subject).email
    with use_language("fr"):
        words = _(
            "Le numéro de téléphone qui finit par %(end)s n’est plus rattaché à votre compte de covoiturage. Motif :"
            " %(reason)s. Si c’est une erreur, passez au guichet ou répondez à ce message : vous pouvez le contester.",
            end=kept_end,
            reason=reason.strip(),
        )
        subject = _("Votre numéro de téléphone")
    message = Message("email" if email else "letter", email or name or person, subject, words, row.subject or person)
    send(session, message, key=f"covoit:phone-released:{new_id(now)}", now=now)


def _take(session: Session, person: str, given: Given, *, by: str, now: datetime) -> bool:
    """Write a proven number on the person; False when another account has it. The identity key comes with it, unless
    the person has one, or somebody already known has this one (`covoit.service.identities` then ties them)."""
    row = session.get_one(PersonRow, person, with_for_update=True)
    if row.subject is not None and _holder(session, given.phone, person) is not None:
        return False
    try:
        with session.begin_nested():
            row.phone, row.phone_trunc, row.phone_verified_at = given.phone, identity.truncated(given.phone), now
            session.flush()
    except IntegrityError:  # another account just verified it
        session.refresh(row)
        return False
    row.first_name, row.last_name = given.first_name or row.first_name, row.last_name or given.last_name
    key = identity.identity_key(given.phone, row.last_name)
    if row.identity_key is None and find_by_key(session, key) is None:
        row.identity_key = key
    row.seen_at = max(row.seen_at, now)
    session.flush()
    audit.record(
        session, "covoit.phone_verified", actor=by, object_kind="covoit_person", object_id=person, now=now,
        detail={"at_counter": by != person},
    )  # fmt: skip
    return True


def holder_of(session: Session, phone: str, but: str) -> Person | None:
    """The other person with an account who has this number for theirs."""
    found = _holder(session, phone, but)
    return None if found is None else get_person(session, found)


def _holder(session: Session, phone: str, but: str) -> str | None:
    return session.scalar(
        select(PersonRow.id).where(
            PersonRow.phone == phone, PersonRow.phone_verified_at.is_not(None), PersonRow.subject.is_not(None),
            PersonRow.id != but,
        )
    )  # fmt: skip


def _end_waiting(session: Session, person: str, now: datetime) -> None:
    before = store.waiting(session, person)
    if before is not None:
        _end(before, store.ENDED, now)
        session.flush()


def _end(row: store.PhoneCheckRow, state: str, now: datetime) -> None:
    row.state, row.ended_at, row.code_hash = state, now, None


def _code_hash(check: str, code: str) -> str:
    return sha256(f"{check}:{code}".encode()).hexdigest()
