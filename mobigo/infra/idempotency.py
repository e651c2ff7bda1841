"""Writes that may be retried: same key and same request, same answer and one effect; another request, a Conflict.

The key is claimed in the transaction of the effect itself: a concurrent request with the same key waits for it, then
finds the stored answer; and if the first one fails, nothing of it remains, so the second one does the work.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import Conflict, InvalidInput
from mobigo.infra.db import Base, Json, UtcDateTime, insert_new
from mobigo.infra.privacy import Days, describe

MAX_KEY_LENGTH: Final = 200


class IdempotencyKey(Base):
    """One answered request. `scope` separates use cases and askers, so that no key opens another's answer."""

    __tablename__ = "idempotency_key"

    scope: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(MAX_KEY_LENGTH), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    answer: Mapped[Any] = mapped_column(Json, nullable=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


describe(
    IdempotencyKey,
    purpose="answer a repeated request without doing it twice",
    keep=Days(30, after="created_at"),
    personal={"answer": "the answer given, repeated as it was; it may name the asker"},
    plain="scope key request_hash created_at",
)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer, and whether it was stored by an earlier request."""

    answer: Any
    replayed: bool


def once(session: Session, scope: str, key: str, request: object, act: Callable[[], Any], *, now: datetime) -> Answered:
    """The answer of `act()` for this key: computed once, stored with its effects, repeated afterwards.

    `request` is whatever decides the answer, and the answer a JSON document. Raises InvalidInput for a key that is
    empty, longer than 200 characters or not printable, Conflict for a key already used with another request.
    """
    if not (1 <= len(key) <= MAX_KEY_LENGTH and key.isprintable()):
        raise InvalidInput("idempotency.bad_key", longest=MAX_KEY_LENGTH)
    asked = request_hash(request)
    if not _claim(session, scope, key, asked, now):
        stored = session.execute(
            select(IdempotencyKey.request_hash, IdempotencyKey.answer).where(_is(scope, key))
        ).one()
        if stored.request_hash != asked:
            raise Conflict("idempotency.other_request", key=key)
        return Answered(stored.answer, replayed=True)
    answer = act()
    session.execute(update(IdempotencyKey).where(_is(scope, key)).values(answer=answer))
    return Answered(answer, replayed=False)


def request_hash(request: object) -> str:
    """The hash of a request: equal for equal documents, whatever the order of their keys."""
    if isinstance(request, bytes):
        return sha256(b"bytes " + request).hexdigest()
    text = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(b"json " + text.encode()).hexdigest()


def _is(scope: str, key: str) -> Any:
    return (IdempotencyKey.scope == scope) & (IdempotencyKey.key == key)


def _claim(session: Session, scope: str, key: str, asked: str, now: datetime) -> bool:
    """Whether this transaction is the first with this key; waits for another one that is just trying it."""
    row = {"scope": scope, "key": key, "request_hash": asked, "answer": None, "created_at": now}
    return insert_new(session, IdempotencyKey, row)
