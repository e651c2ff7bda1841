"""Receive, correct and withdraw journeys, one or thousands by the same code: who is who, is it a repetition, do the
terms hold, keep it. Nothing is answered before it is committed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from covoit.gateway import ndjson
from covoit.gateway.ndjson import Correction, Declared, Identity
from covoit.model.journeys import Journey, JourneyState, ProofClass
from covoit.model.registry import Finding, Near, Terms
from covoit.rules import identity, terms
from covoit.store import journeys as store
from covoit.store import people, registry
from covoit.store.journeys import Stored
from mobigo.base.errors import Conflict, InvalidInput
from mobigo.infra.clock import new_id
from mobigo.infra.db import transaction

Answer = TypeVar("Answer")
TRIES: Final = 5
_DAY: Final = timedelta(days=1)
_CLASSES: Final = {each.value: each for each in ProofClass}


class Kind(StrEnum):
    """What became of a declared journey."""

    NEW = "new"
    KNOWN = "known"  # the same content was received before
    DIFFERS = "differs"  # other content was received under this id


@dataclass(frozen=True, slots=True)
class Received:
    """The answer to one declared journey: the same again for the same content. `violations`: the terms it broke."""

    kind: Kind
    operator_journey_id: str
    received_at: datetime
    violations: Sequence[Mapping[str, Any]]
    digest: str
    known_digest: str = ""


def receive(engine: Engine, operator: str, declared: Declared, digest: str, rules: Terms, now: datetime) -> Received:
    """Receive one journey of an operator, durably.

    The same content again gets the first answer (defect 9 of the registry: a retry got a bare 409). Raises
    Conflict("covoit.journey_differs") for other content under a known id, with both digests.
    """

    def act() -> Received:
        with transaction(engine) as session:
            return receive_many(session, operator, [(declared, digest)], rules, now)[0]

    answer = insisting(act)
    if answer.kind is Kind.DIFFERS:
        raise Conflict(
            "covoit.journey_differs", journey=answer.operator_journey_id, known=answer.known_digest, given=digest
        )
    return answer


def receive_many(
    session: Session,
    operator: str,
    batch: Sequence[tuple[Declared, str]],
    rules: Terms,
    now: datetime,
    *,
    first: int = 0,
    intake: str | None = None,
) -> list[Received]:
    """Receive a batch in the caller's transaction, in its order: each is received one microsecond after the one before
    (`first`: how many came before the batch), so that "received first" is always decided.

    The rows of its persons are locked first, so that two requests about one person see each other's journeys and no
    daily limit is passed by racing (defect 1).
    """
    persons = people.people_of(session, _declared_people(batch), now=now)
    there = registry.known(session, operator, sorted({declared.operator_journey_id for declared, _ in batch}))
    fresh: list[tuple[int, Journey, Declared, str]] = []
    answers: list[Received | None] = [None] * len(batch)
    mine: dict[str, int] = {}
    for place, (declared, digest) in enumerate(batch):
        name = declared.operator_journey_id
        if name in there:
            answers[place] = _repeated(session, operator, there[name], name, digest)
        elif name in mine:
            continue  # twice in one batch: answered below
        else:
            mine[name] = place
            received_at = now + timedelta(microseconds=first + place)
            fresh.append((place, _journey(operator, declared, persons, received_at), declared, digest))
    _keep(session, operator, fresh, answers, rules, intake)
    users = {
        (person.operator_user_id, persons[person.identity_key])
        for _, _, declared, _ in fresh
        for person in (declared.driver.identity, declared.passenger.identity)
    }
    people.note_operator_users(session, operator, users, now)
    for place, (declared, digest) in enumerate(batch):
        if answers[place] is None:
            before = answers[mine[declared.operator_journey_id]]
            assert before is not None  # noqa: S101 - the first of them was answered above
            same = before.digest == digest
            answers[place] = replace(
                before, kind=Kind.KNOWN if same else Kind.DIFFERS, digest=digest, known_digest=before.digest
            )
    return [answer for answer in answers if answer is not None]


def correct(
    engine: Engine, operator: str, operator_journey_id: str, correction: Correction, rules: Terms, now: datetime
) -> tuple[Stored, Sequence[Finding]]:
    """Correct a journey (PATCH): its id stays, its checks start again, its geocoding goes.

    A correction that breaks the terms is not made, and says which. The same again changes nothing. Raises NotFound,
    Conflict("covoit.frozen") once the status is final, Conflict("covoit.canceled").
    """

    def act() -> tuple[Stored, Sequence[Finding]]:
        with transaction(engine) as session:
            return _correct(session, operator, operator_journey_id, correction, rules, now)

    return insisting(act)


def withdraw(
    engine: Engine, operator: str, operator_journey_id: str, code: str, message: str, now: datetime
) -> Journey:
    """Withdraw a journey, at any time, once. Raises NotFound("covoit.unknown_journey")."""

    def act() -> Journey:
        with transaction(engine) as session:
            return store.cancel(session, operator, operator_journey_id, code=code, message=message or None, now=now)

    return insisting(act)


def insisting(act: Callable[[], Answer]) -> Answer:
    """Do `act` again when two transactions stood in each other's way (a deadlock broken by the database, a row that
    appeared meanwhile): it then finds what the other one did."""
    for attempt in range(1, TRIES + 1):
        try:
            return act()
        except IntegrityError:
            if attempt == TRIES:
                raise
        except OperationalError as failure:
            if attempt == TRIES or getattr(failure.orig, "sqlstate", None) not in ("40P01", "40001"):
                raise
        time.sleep(0.01 * attempt)
    raise AssertionError("the last try returns or raises")


def _declared_people(batch: Sequence[tuple[Declared, str]]) -> dict[str, people.Declared]:
    declared: dict[str, people.Declared] = {}
    for journey, _ in batch:
        for person in (journey.driver.identity, journey.passenger.identity):
            before = declared.get(person.identity_key)
            if before is None:
                declared[person.identity_key] = people.Declared(person.phone or None, _trunc(person), person.over_18)
            elif before.over_18 is None and person.over_18 is not None:
                declared[person.identity_key] = replace(before, over_18=person.over_18)
    return declared


def _trunc(person: Identity) -> str:
    return person.phone_trunc or identity.truncated(person.phone)


def _journey(operator: str, declared: Declared, persons: Mapping[str, str], received_at: datetime) -> Journey:
    return Journey(
        id=new_id(received_at),
        operator=operator,
        operator_journey_id=declared.operator_journey_id,
        operator_trip_id=declared.operator_trip_id,
        proof_class=_CLASSES[declared.operator_class],
        driver=persons[declared.driver.identity.identity_key],
        passenger=persons[declared.passenger.identity.identity_key],
        seats=int(declared.passenger.seats),
        started_at=ndjson.instant(declared.start),
        ended_at=ndjson.instant(declared.end),
        distance_m=int(declared.distance),
        received_at=received_at,
        passenger_over_18=declared.passenger.identity.over_18,
    )


def _repeated(session: Session, operator: str, known: registry.Known, name: str, digest: str) -> Received:
    if known.digest != digest:
        return Received(Kind.DIFFERS, name, known.received_at, (), digest, known.digest)
    found: Sequence[Mapping[str, Any]] = [each for each in known.findings if each.get("kind") == "terms"]
    if known.revision:
        found = store.first_findings(session, store.get_stored(session, operator, name))
    return Received(Kind.KNOWN, name, known.received_at, found, digest, known.digest)


def _keep(
    session: Session,
    operator: str,
    fresh: Sequence[tuple[int, Journey, Declared, str]],
    answers: list[Received | None],
    rules: Terms,
    intake: str | None,
) -> None:
    """Judge the new journeys by the terms, in order, each seeing those before it; keep them all."""
    if not fresh:
        return
    beside = _Beside(session, [journey for _, journey, _, _ in fresh], operator)
    rows, positions = [], []
    for place, journey, declared, digest in fresh:
        found = terms.violations(journey, beside.of(journey), rules)
        violations = [finding.as_json() for finding in found]
        if found:
            journey = replace(journey, state=JourneyState.TERMS_VIOLATION)
        else:
            beside.add(journey)
        ends = ndjson.positions(declared.start, declared.end)
        rows.append(
            store.row_of(
                journey, digest=digest, positions=ends, findings=violations,
                revenue_cents=int(declared.driver.revenue), contribution_cents=int(declared.passenger.contribution),
                sums=_sums(declared.incentives, declared.passenger.payments), intake=intake,
            )
        )  # fmt: skip
        positions.append(store.position_of(journey, ends, declared.licence_plate or None))
        answers[place] = Received(
            Kind.NEW, journey.operator_journey_id, journey.received_at, violations, digest, digest
        )
    store.insert_many(session, rows, positions)


class _Beside:
    """The journeys near those of a batch, by person: the operator's own, kept or just judged."""

    def __init__(self, session: Session, journeys: Sequence[Journey], operator: str) -> None:
        self._by_person: dict[str, list[Near]] = {}
        days = [journey.day for journey in journeys]
        persons = {person for journey in journeys for person in (journey.driver, journey.passenger)}
        for each in registry.near(session, persons, min(days) - _DAY, max(days) + _DAY, operator=operator):
            self._index(each)

    def of(self, journey: Journey) -> list[Near]:
        """Those of either of its two persons."""
        driver = self._by_person.get(journey.driver, ())
        passenger = self._by_person.get(journey.passenger, ())
        return [*driver, *passenger]

    def add(self, journey: Journey) -> None:
        """One more that counts."""
        self._index(near_value(journey))

    def _index(self, each: Near) -> None:
        for person in {each.driver, each.passenger}:
            self._by_person.setdefault(person, []).append(each)


def near_value(journey: Journey) -> Near:
    """A journey as others see it."""
    return Near(
        journey.id, journey.operator, journey.operator_journey_id, journey.operator_trip_id, journey.driver,
        journey.passenger, journey.started_at, journey.ended_at, journey.received_at, journey.day,
    )  # fmt: skip


def _sums(incentives: Sequence[Any], payments: Sequence[Any]) -> dict[str, Any] | None:
    sums: dict[str, Any] = {}
    if incentives:
        sums["incentives"] = [
            {"index": int(each.index), "siret": each.siret, "amount": int(each.amount)} for each in incentives
        ]
    if payments:
        sums["payments"] = [
            {"index": int(each.index), "siret": each.siret, "type": each.type, "amount": int(each.amount)}
            for each in payments
        ]
    return sums or None


def _correct(
    session: Session, operator: str, name: str, correction: Correction, rules: Terms, now: datetime
) -> tuple[Stored, Sequence[Finding]]:
    stored = store.get_stored(session, operator, name, lock=True)
    before = stored.journey
    if before.state is JourneyState.CANCELLED:
        raise Conflict("covoit.canceled", journey=name)
    if stored.frozen_at is not None or stored.freezes_at <= now:
        raise Conflict("covoit.frozen", journey=name)
    after = replace(
        before,
        operator_trip_id=correction.operator_trip_id or before.operator_trip_id,
        proof_class=_CLASSES[correction.operator_class],
        started_at=ndjson.instant(correction.start),
        ended_at=ndjson.instant(correction.end),
        distance_m=int(correction.distance),
    )
    ends = ndjson.positions(correction.start, correction.end)
    payments = (stored.sums or {}).get("payments")
    sums = _sums(correction.incentives, ())
    if payments:
        sums = {**(sums or {}), "payments": payments}
    unmoved = store.positions_of(session, [before.id]).get(before.id) == ends
    if after == before and unmoved and sums == (stored.sums or None):
        return stored, ()
    if after.started_at > before.received_at:
        raise InvalidInput("covoit.start_after_reception", journey=name)
    beside = registry.near(
        session, {after.driver, after.passenger}, after.day - _DAY, after.day + _DAY, operator=operator
    )
    found = terms.violations(after, [each for each in beside if each.journey != before.id], rules)
    if found:
        return stored, found
    store.amend(
        session, stored, replace(after, state=JourneyState.PENDING), positions=ends, sums=sums, findings=(), now=now
    )
    return store.get_stored(session, operator, name), ()
