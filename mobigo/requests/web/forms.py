"""What the forms of requests share: fields, faults by field, what a request is about."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Final

from flask import request
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra import forms
from mobigo.infra.db import transaction
from mobigo.infra.web import services
from mobigo.requests.model import Asked, Contact, Kind, Way
from mobigo.requests.rules.writing import WORDS_MAX

FIELDS: Final = {
    "requests.words_short": "words",
    "requests.words_long": "words",
    "requests.bad_name": "name",
    "account.bad_email": "email",
    "requests.email_missing": "email",
    "requests.bad_phone": "phone",
    "requests.phone_missing": "phone",
    "requests.bad_postal": "postal",
    "requests.postal_missing": "postal",
    "requests.bad_kind": "kind",
    "requests.received_later": "received",
    "requests.bad_content": "content",
    "requests.file_empty": "files",
    "requests.file_large": "files",
    "requests.file_kind": "files",
    "requests.file_broken": "files",
    "requests.file_pixels": "files",
    "requests.files_many": "files",
    "requests.files_full": "files",
}


class Faults(forms.Faults):
    """The sentences of a refused form of requests. What is not there is no fault of a form."""

    fields = FIELDS
    passing = (NotFound,)


@contextmanager
def writing() -> Iterator[Session]:
    """A transaction on the database of the application."""
    with transaction(services().engine) as session:
        yield session


def text(name: str, longest: int = 200) -> str:
    """One field of the form, or of the address; cut one letter past the longest text a rule takes, so that the rule
    says so."""
    return request.values.get(name, "").strip()[: longest + 1]


def words() -> str:
    """What is written."""
    return text("words", 2 * WORDS_MAX)


def kind() -> Kind:
    """What it is about. Raises InvalidInput("requests.bad_kind")."""
    try:
        return Kind(text("kind"))
    except ValueError:
        raise InvalidInput("requests.bad_kind") from None


def contact(way: Way | None) -> Contact:
    """Who asks; without a way, by what they gave: e-mail, else text message, else post."""
    email, phone, postal = text("email", 254), text("phone", 40), text("postal", 400)
    if way is None:
        way = Way.EMAIL if email else Way.SMS if phone else Way.LETTER if postal else Way.NONE
    return Contact(text("name", 200), email, phone, postal, way)


def asked(way: Way | None, now: datetime) -> Asked:
    """The request of the form, with what is known of the journey, order or booking it comes from."""
    origin, ref = text("depuis", 20), text("ref", 8_000)
    known = services().request_origins
    facts = () if not origin or known is None else known.facts(origin, ref, now)
    return Asked(kind(), words(), contact(way), facts, origin if facts else "")


def fresh_key() -> str:
    """What tells a form sent twice from two forms."""
    return secrets.token_urlsafe(24)


def received(now: datetime) -> datetime | None:
    """When a letter came, at noon of its day; None for today. Raises InvalidInput("requests.received_later")."""
    given = text("received", 10)
    if not given:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        raise InvalidInput("requests.received_later") from None
    at = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
    if day > now.date() or day < now.date() - timedelta(days=366):
        raise InvalidInput("requests.received_later")
    return min(at, now)
