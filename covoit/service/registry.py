"""The asynchronous checks of the registry: what each journey looks like beside the others, and when it is final."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.model.registry import Kind, Near
from covoit.rules import anomalies, status
from covoit.rules.status import Acquisition, Check
from covoit.service.journeys import near_value
from covoit.store import registry
from covoit.store.registry import Checked, Unchecked
from mobigo.infra.db import reading, transaction

BATCH: Final = 2_000
_DAY: Final = timedelta(days=1)


def check(engine: Engine, now: datetime, tell: Callable[[int], None] = lambda _done: None) -> int:
    """Check every journey that was not, in the order received; how many. A journey that changes meanwhile is left to
    the next round. Then, even when the checks failed, make final those whose time is up: `freeze`."""
    try:
        return _check(engine, tell)
    finally:
        freeze(engine, now)


def _check(engine: Engine, tell: Callable[[int], None]) -> int:
    done = 0
    while True:
        with reading(engine) as session:
            waiting = registry.unchecked(session, BATCH)
            beside = _beside(session, waiting) if waiting else []
        if not waiting:
            break
        checked = judge(waiting, beside)
        with transaction(engine) as session:
            registry.note_checked(session, checked)
        done += len(checked)
        tell(done)
        if len(waiting) < BATCH:
            break
    return done


def freeze(engine: Engine, now: datetime) -> int:
    """Make final the journeys whose time is up, checked or not: when the checker is down, they are taken as good."""
    with transaction(engine) as session:
        return registry.freeze(session, now)


def judge(waiting: list[Unchecked], beside: list[Near]) -> list[Checked]:
    """What the checks find of journeys, in their order: one that fails is no longer held against those after it."""
    by_person: dict[str, dict[str, Near]] = {}
    by_trip: dict[tuple[str, str], dict[str, Near]] = {}
    for each in [*beside, *(near_value(one.journey) for one in waiting)]:
        for person in {each.driver, each.passenger}:
            by_person.setdefault(person, {})[each.journey] = each
        by_trip.setdefault((each.operator, each.operator_trip_id), {})[each.journey] = each
    checked = []
    for one in waiting:
        journey = one.journey
        near = {
            **by_person.get(journey.driver, {}),
            **by_person.get(journey.passenger, {}),
            **by_trip.get((journey.operator, journey.operator_trip_id), {}),
        }
        found = anomalies.anomalies(journey, near.values(), one.positions) + anomalies.frauds(journey, near.values())
        fraud = _outcome(any(each.kind is Kind.FRAUD for each in found))
        anomaly = _outcome(any(each.kind is Kind.ANOMALY for each in found))
        word = status.public_status(Acquisition.PROCESSED, fraud, anomaly)
        checked.append(Checked(journey.id, one.revision, fraud, anomaly, word, [each.as_json() for each in found]))
        if found:
            for person in (journey.driver, journey.passenger):
                by_person[person].pop(journey.id, None)
            by_trip[(journey.operator, journey.operator_trip_id)].pop(journey.id, None)
    return checked


def _outcome(failed: bool) -> Check:
    return Check.FAILED if failed else Check.PASSED


def _beside(session: Session, waiting: list[Unchecked]) -> list[Near]:
    journeys = [one.journey for one in waiting]
    persons = {person for journey in journeys for person in (journey.driver, journey.passenger)}
    days = [journey.day for journey in journeys]
    trips = {(journey.operator, journey.operator_trip_id) for journey in journeys}
    return registry.near(session, persons, min(days) - _DAY, max(days) + _DAY, trips=trips)
