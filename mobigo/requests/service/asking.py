"""A request is made, by whoever asks or by an agent for a caller; what opens it afterwards."""

import hmac
import secrets
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, audit, keys
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from mobigo.infra.db import insert_new
from mobigo.infra.roles import Identity
from mobigo.requests.gateway.deadlines import tables
from mobigo.requests.model import Act, Asked, Channel, Contact, Side, State
from mobigo.requests.rules import deadlines, facts, numbers, steps, writing
from mobigo.requests.service import telling
from mobigo.requests.store import requests as store

DRAWS: Final = 40  # numbers drawn before giving up: with a million requests one draw in ninety is taken

_WORD: Final[dict[str, type[MobigoError]]] = {"requests.not_now": Conflict, "requests.answered_meanwhile": Conflict}
_INPUT: Final = frozenset(
    {
        "requests.words_short", "requests.words_long", "requests.bad_name", "requests.bad_phone", "requests.bad_postal",
        "requests.email_missing", "requests.phone_missing", "requests.postal_missing",
    }
)  # fmt: skip


def refuse(decision: Decision | None) -> None:
    """Raises the error word of a refusal; nothing for None."""
    if decision is not None:
        word = InvalidInput if decision.code in _INPUT else _WORD.get(decision.code, Refused)
        raise word(decision.code, **decision.params)


def reached(contact: Contact) -> Contact:
    """The contact as it is kept, by e-mail, else by text message, where no way was chosen. Raises InvalidInput."""
    email = contact.email.strip()
    clean = replace(
        contact, name=writing.clean_line(contact.name), email=accounts.clean_email(email) if email else "",
        phone=writing.plain_phone(contact.phone), postal=writing.clean(contact.postal),
    )  # fmt: skip
    refuse(writing.refusal_of_contact(clean))
    return clean


def checked(asked: Asked) -> Contact:
    """The contact as it is kept, of a request that may be made as it is written. Raises InvalidInput."""
    refuse(writing.refusal_of_words(writing.clean(asked.words)))
    return reached(asked.contact)


def ask(
    session: Session, config: Config, asked: Asked, *, channel: Channel, language: str, now: datetime,
    subject: str | None = None, by: Identity | None = None, received: datetime | None = None,
) -> store.RequestRow:  # fmt: skip
    """A request with its number and its day, acknowledged to whoever gave an address. `by`: the agent who enters it;
    `received`: when a letter came, at most now.

    Raises InvalidInput for what may not be written so (`rules.writing`), or for an instant to come.
    """
    contact, words = checked(asked), writing.clean(asked.words)
    at = now if received is None else received
    if at > now:
        raise InvalidInput("requests.received_later")
    table = deadlines.table_on(tables(config.home), paris_day(at))
    promise = deadlines.promise(table, asked.kind, paris_day(at))
    request = new_id(now)
    row = {
        "id": request, "kind": str(asked.kind), "service": str(steps.SERVICE_OF[asked.kind]),
        "state": str(State.RECEIVED), "channel": str(channel), "language": language, "origin": asked.origin[:20],
        "facts": facts.document(asked.facts), "subject": subject, "entered_by": None if by is None else by.subject,
        "received_at": at, "rules": table.code, "promised_on": promise.promised_on, "legal_on": promise.legal_on,
        "reopened": 0, "changes": 0, "changed_at": now,
    }  # fmt: skip
    made = _numbered(session, row)
    session.add(
        store.ContactRow(
            request=request, name=contact.name, name_key=store.name_key(contact.name), email=contact.email,
            phone=contact.phone, postal=contact.postal, way=str(contact.way),
        )
    )  # fmt: skip
    actor = subject if by is None else by.subject
    session.add(
        store.EntryRow(
            id=new_id(now), request=request, act=str(Act.SAY), side=str(Side.PERSON if by is None else Side.AGENT),
            actor=actor, words=words, detail="", at=now,
        )
    )  # fmt: skip
    session.flush()
    audit.record(
        session, "requests.asked", actor=actor or "anonymous", object_kind="request", object_id=made.number, now=now,
        detail={"kind": made.kind, "channel": made.channel},
    )  # fmt: skip
    telling.received(session, made, contact, link_of(config, made), now)
    return made


def _numbered(session: Session, row: Mapping[str, object]) -> store.RequestRow:
    for _ in range(DRAWS):
        number = numbers.numbered(numbers.FIRST + secrets.randbelow(numbers.PAST - numbers.FIRST))
        if insert_new(session, store.RequestRow, {**row, "number": number}, ["number"]):
            return store.get(session, number)
    raise Conflict("requests.no_number")


# ---------------------------------------------------------------- links


def secret_of(config: Config, request_id: str) -> str:
    """What opens a request without an account, in its link. It does not follow from the number."""
    digest = hmac.new(keys.derived(config, "requests"), request_id.encode(), sha256).digest()
    return b32encode(digest)[:26].decode().lower()


def link_of(config: Config, row: store.RequestRow) -> str:
    """The whole address of the page that follows a request."""
    return f"{config.base_url}/demandes/{row.number}/{secret_of(config, row.id)}"


def opened(session: Session, config: Config, number: str, secret: str, *, lock: bool = False) -> store.RequestRow:
    """The request of a link. Raises NotFound("requests.unknown"), the same for a number that does not exist and for a
    wrong secret: nobody learns which numbers there are."""
    row = store.find(session, number, lock=lock)
    expected = secret_of(config, "" if row is None else row.id)
    if not hmac.compare_digest(expected.encode(), secret.lower().encode()) or row is None:
        raise NotFound("requests.unknown")
    return row
