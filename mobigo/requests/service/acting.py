"""What happens to a request once it is made: said, taken, asked, answered, handed on, closed, reopened. Each act is
kept in its file, and in the audit log when an agent made it."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from mobigo.infra.roles import Identity
from mobigo.requests.gateway.deadlines import tables
from mobigo.requests.model import BY_AGENT, OPEN, Act, Content, Ending, Kind, Service, Side, State
from mobigo.requests.rules import deadlines, steps, writing
from mobigo.requests.service import telling
from mobigo.requests.service.asking import link_of, refuse
from mobigo.requests.store import files
from mobigo.requests.store import requests as store

AUDITED: Final = "request"


def may_read(row: store.RequestRow, by: Identity) -> bool:
    """Whether this agent answers for the service the request is addressed to."""
    return by.may_in(steps.NEEDS[Service(row.service)], None)


def services_of(by: Identity) -> list[str]:
    """The services this agent answers for."""
    return [str(service) for service, permission in steps.NEEDS.items() if by.may_in(permission, None)]


def read(session: Session, number: str, *, by: Identity, now: datetime) -> store.RequestRow:
    """The request, opened by an agent: it is noted who read it. Raises NotFound("requests.unknown"), also for one of
    a service that is not theirs."""
    row = store.get(session, number)
    if not may_read(row, by):
        raise NotFound("requests.unknown")
    _audit(session, row, "requests.read", by, now)
    return row


def act_as_agent(
    session: Session, config: Config, number: str, act: Act, *, by: Identity, seen: int, now: datetime, words: str = "",
    detail: str = "",
) -> store.RequestRow:  # fmt: skip
    """An agent takes, asks, answers, hands on (`detail`: the service), closes (`detail`: why) or reopens.

    `seen` is what `changes` was when they read it. Raises NotFound("requests.unknown"), Refused("requests.own"),
    Conflict("requests.changed_meanwhile") when somebody acted since, Conflict("requests.not_now"), InvalidInput for
    words, a service or a reason that are none.
    """
    row = store.get(session, number, lock=True)
    if not may_read(row, by):
        raise NotFound("requests.unknown")
    if row.subject == by.subject:
        raise Refused("requests.own")
    if row.changes != seen:
        raise Conflict("requests.changed_meanwhile")
    said = writing.clean(words)
    if act in (Act.ASK, Act.ANSWER) or said:
        refuse(writing.refusal_of_words(said))
    detail = _detail(act, detail)
    _do(session, config, row, act, Side.AGENT, by.subject, said, detail, now)
    if act is Act.HAND:
        row.service, row.taken_by = detail, None
    elif act is not Act.CLOSE and act is not Act.REOPEN:
        row.taken_by = by.subject
    _audit(session, row, f"requests.{act}", by, now, {"detail": detail} if detail else None)
    session.flush()
    if act in (Act.ASK, Act.ANSWER, Act.CLOSE):
        contact, link = store.contact_of(session, row.id), link_of(config, row)
        telling.moved(session, row, act, contact, link, now)
    return row


def act_as_person(
    session: Session, config: Config, row: store.RequestRow, act: Act, *, words: str = "", now: datetime
) -> None:
    """Whoever asked writes more, comes back to it, or ends it. `row` is held by the caller. Raises Conflict(
    "requests.not_now"), Refused for a request that is too old, InvalidInput for words that are none."""
    said = writing.clean(words)
    if act in (Act.SAY, Act.REOPEN) or said:
        refuse(writing.refusal_of_words(said))
    ending = Ending.DONE if State(row.state) is State.ANSWERED else Ending.WITHDRAWN
    _do(session, config, row, act, Side.PERSON, row.subject, said, str(ending) if act is Act.CLOSE else "", now)
    session.flush()


def rate(session: Session, row: store.RequestRow, content: str) -> None:
    """Whether the person is content: said once the request is closed, and may be said anew. Raises InvalidInput(
    "requests.bad_content"), Conflict("requests.not_now") before."""
    if content not in set(Content):
        raise InvalidInput("requests.bad_content")
    if State(row.state) is not State.CLOSED:
        raise Conflict("requests.not_now", act="rate", state=row.state)
    row.content = content
    session.flush()


def close_silent(session: Session, config: Config, now: datetime) -> int:
    """Close what nobody came back to: answers after thirty days, questions of ours after sixty; how many."""
    done = 0
    for state, days, ending in (
        (State.ANSWERED, steps.SILENT_DAYS, Ending.SILENT), (State.ASKED, steps.NO_REPLY_DAYS, Ending.NO_REPLY),
    ):  # fmt: skip
        for row in store.ended_before(session, state, now - timedelta(days=days)):
            _do(session, config, row, Act.CLOSE, Side.SYSTEM, None, "", str(ending), now)
            if ending is Ending.NO_REPLY:
                contact, link = store.contact_of(session, row.id), link_of(config, row)
                telling.moved(session, row, Act.CLOSE, contact, link, now)
            done += 1
    session.flush()
    return done


def _detail(act: Act, given: str) -> str:
    if act is Act.HAND:
        if given not in set(Service):
            raise InvalidInput("requests.bad_service")
        return given
    if act is Act.CLOSE:
        if given not in BY_AGENT:
            raise InvalidInput("requests.bad_ending")
        return given
    return ""


def _do(
    session: Session, config: Config, row: store.RequestRow, act: Act, side: Side, actor: str | None, words: str,
    detail: str, now: datetime,
) -> None:  # fmt: skip
    state, today = State(row.state), paris_day(now)
    refuse(steps.refusal(state, act, side))
    if act is Act.REOPEN:
        ended = paris_day(row.ended_at or row.changed_at)
        refuse(steps.refusal_to_reopen(ended, row.reopened, today))
        _promise_anew(config, row, now)
    if act is Act.HAND and detail == row.service:
        raise InvalidInput("requests.bad_service")
    after = steps.after(state, act, taken=row.taken_by is not None)
    if row.in_time is None and (act is Act.ANSWER or (act is Act.CLOSE and side is Side.AGENT)):
        row.answered_at, row.in_time = now, today <= row.promised_on
    row.state = str(after)
    if act is Act.CLOSE:
        row.ending = detail
    if after in OPEN:
        row.ended_at = None
    elif row.ended_at is None:
        row.ended_at = now
    contact = session.get(store.ContactRow, row.id)
    if contact is not None:
        contact.ended_at = row.ended_at
    files.ended(session, row.id, row.ended_at)
    row.changes += 1
    row.changed_at = now
    session.add(
        store.EntryRow(
            id=new_id(now), request=row.id, act=str(act), side=str(side), actor=actor, words=words, detail=detail,
            at=now,
        )
    )  # fmt: skip


def _promise_anew(config: Config, row: store.RequestRow, now: datetime) -> None:
    table = deadlines.table_on(tables(config.home), paris_day(now))
    promise = deadlines.promise(table, Kind(row.kind), paris_day(now))
    row.promised_on, row.legal_on, row.rules = promise.promised_on, promise.legal_on, table.code
    row.reopened += 1
    row.ending = row.content = None


def _audit(
    session: Session, row: store.RequestRow, action: str, by: Identity, now: datetime,
    detail: dict[str, object] | None = None,
) -> None:  # fmt: skip
    audit.record(
        session, action, actor=by.subject, object_kind=AUDITED, object_id=row.number, now=now, detail=detail
    )  # fmt: skip
