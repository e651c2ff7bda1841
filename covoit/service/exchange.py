"""Our own lines at the national registry: tell it our journeys, read its statuses, compare the books each month.

Off unless `MOBIGO_RPC_URL` is set: no call leaves by default. No transaction is open while the registry answers; what
it answered is written at once, so that a process that dies tells a journey twice at most, and the registry knows it.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.gateway import rpc
from covoit.gateway.rpc import Registry, Rpc, Told
from covoit.model.journeys import Journey
from covoit.rules import exchange as rules
from covoit.rules.exchange import Act, Difference
from covoit.store import journeys as store
from covoit.store import people, registry
from covoit.store.journeys import OWN_OPERATOR, Stored
from covoit.store.people import Person
from mobigo.base.errors import Refused, Upstream
from mobigo.base.geo import Point
from mobigo.base.instants import PARIS
from mobigo.base.sheets import guarded
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction

LOOK_BACK: Final = timedelta(days=400)  # a journey may be withdrawn long after
PAGE: Final = 200
FAILURES_MAX: Final = 3  # in a row: the registry is down, the next round will see


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of exchange did."""

    acts: Counter[str]
    polled: int = 0
    failed: int = 0

    @property
    def sent(self) -> int:
        return self.acts["create"] + self.acts["patch"] + self.acts["cancel"]


def open_registry(config: Config) -> Rpc:
    """The registry of the configuration. Raises Refused("covoit.rpc_off") when none is set."""
    if config.rpc_url is None:
        raise Refused("covoit.rpc_off", setting="MOBIGO_RPC_URL")
    return Rpc(config.rpc_url, config.rpc_access_key or "", config.rpc_secret_key or "")


def exchange(
    engine: Engine, peer: Registry, clock: Callable[[], datetime], tell: Callable[[int], None] = lambda _done: None
) -> Round:
    """Tell what is to be told, oldest first, then read the statuses that are due. What fails is left to the next
    round; after three failures in a row the round ends."""
    acts: Counter[str] = Counter()
    failures = failed = done = 0
    after = ""
    while failures < FAILURES_MAX:
        with reading(engine) as session:
            waiting = _waiting(session, clock(), after)
        for one in waiting:
            after = one.journey.id
            try:
                acts[_tell(engine, peer, one, clock).value] += 1
                failures = 0
            except Upstream:
                failed, failures = failed + 1, failures + 1
            done += 1
            tell(done)
            if failures == FAILURES_MAX:
                break
        if len(waiting) < PAGE:
            break
    polled, missed = (0, 0) if failures == FAILURES_MAX else _poll(engine, peer, clock)
    return Round(acts, polled, failed + missed)


def reconcile(engine: Engine, peer: Registry, month: date) -> list[Difference]:
    """Compare the books of a month (a day of it): each journey the two do not tell alike.

    Ours as we told it: what was never sent, for one reason or another, is absent here too.
    """
    first, last = _days_of(month)
    start = datetime(first.year, first.month, first.day, tzinfo=PARIS)
    end = datetime(last.year, last.month, last.day, tzinfo=PARIS) + timedelta(days=1, seconds=-1)
    theirs = {name: status for status in sorted(rules.FINAL | {"pending"}) for name in peer.listed(status, start, end)}
    with reading(engine) as session:
        ours = dict(_ours(session, first, last))
    return rules.differences(ours, theirs)


def as_csv(found: list[Difference]) -> bytes:
    """The differences as a file people open."""
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(["trajet", "chez nous", "registre national"])
    rows.writerows([guarded(cell) for cell in (each.journey, each.ours, each.theirs)] for each in found)
    return text.getvalue().encode("utf-8-sig")


# ---------------------------------------------------------------- telling


@dataclass(frozen=True, slots=True)
class _Waiting:
    journey: Journey
    revision: int
    stored: Stored
    told: str | None
    driver: Person | None
    passenger: Person | None
    positions: tuple[Point, Point] | None

    @property
    def complete(self) -> bool:
        return rpc.complete(self.driver) and rpc.complete(self.passenger) and self.positions is not None


def _waiting(session: Session, now: datetime, after: str) -> list[_Waiting]:
    found = registry.to_tell(session, OWN_OPERATOR, now - LOOK_BACK, PAGE, after)
    journeys = [journey for journey, _ in found]
    ids = [journey.id for journey in journeys]
    told = registry.sent(session, ids)
    known = people.people(session, [person for each in journeys for person in (each.driver, each.passenger)])
    positions = store.positions_of(session, ids)
    return [
        _Waiting(
            journey, revision, store.get_stored(session, OWN_OPERATOR, journey.operator_journey_id),
            told[journey.id].state if journey.id in told else None, known.get(journey.driver),
            known.get(journey.passenger), positions.get(journey.id),
        )
        for journey, revision in found
    ]  # fmt: skip


def _tell(engine: Engine, peer: Registry, one: _Waiting, clock: Callable[[], datetime]) -> Act:
    act = rules.act_on(one.journey, one.told, complete=one.complete, now=clock())
    if act is Act.INCOMPLETE and clock() - one.journey.started_at <= rules.SENT_WITHIN:
        return act  # a number may still be given; the next round looks again
    name = rpc.name_of(one.journey)
    answer: Told
    if act is Act.CREATE:
        answer = peer.create(_document(one))
    elif act is Act.PATCH:
        assert one.positions is not None  # noqa: S101 - complete
        answer = peer.patch(name, rpc.corrected(one.journey, one.positions))
    elif act is Act.CANCEL:
        answer = peer.cancel(name, one.stored.cancel_code or "withdrawn", "")
        answer = Told("canceled") if answer.state in ("sent", "missing") else answer
    else:
        answer = Told("canceled" if act is Act.NOTHING else act.value)
    now = clock()
    there = answer.state in ("sent", "canceled") and act is not Act.NOTHING
    values = {
        "state": answer.state, "revision": one.revision, "sent_at": now, "remote_status": None,
        "labels": list(answer.labels) or ([answer.detail] if answer.detail else None), "polled_at": None,
        "poll_at": max(now, one.journey.ended_at + rules.POLL_AFTER_END) if there else None,
    }  # fmt: skip
    with transaction(engine) as session:
        registry.note_sent(session, one.journey, values)
    return act


def _document(one: _Waiting) -> dict[str, object]:
    assert one.driver is not None  # noqa: S101 - complete
    assert one.passenger is not None  # noqa: S101
    assert one.positions is not None  # noqa: S101
    return rpc.declared(
        one.journey, one.driver, one.passenger, one.positions, revenue_cents=one.stored.revenue_cents or 0,
        contribution_cents=one.stored.contribution_cents or 0,
    )  # fmt: skip


def _poll(engine: Engine, peer: Registry, clock: Callable[[], datetime]) -> tuple[int, int]:
    polled = failures = 0
    with reading(engine) as session:
        due = registry.to_poll(session, clock(), 5 * PAGE)
        ended = {journey: found for journey, _ in due if (found := store.find_journey(session, journey)) is not None}
    for journey, _ in due:
        if failures == FAILURES_MAX:
            break
        if journey not in ended:
            continue
        try:
            heard = peer.status(rpc.name_of(ended[journey]))
        except Upstream:
            failures += 1
            continue
        now = clock()
        status = "absent" if heard is None else heard.status
        again = rules.poll_again(status, ended[journey].ended_at, now)
        with transaction(engine) as session:
            registry.note_polled(
                session, journey, status=status, labels=list(heard.labels) or None if heard else None,
                remote_id=heard.remote_id if heard else None, now=now, again=again,
            )  # fmt: skip
        polled += 1
    return polled, failures


def _ours(session: Session, first: date, last: date) -> list[tuple[str, str]]:
    """What we believe the registry holds, by its names: the status it last told, else our own."""
    found = []
    for journey, status, state, _ in registry.month_of(session, OWN_OPERATOR, first, last):
        if state in rules.THERE or state == "canceled":
            found.append((journey.lower(), status if state != "refused" else "terms_violation_error"))
    return found


def _days_of(month: date) -> tuple[date, date]:
    first = month.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
