"""What a passenger sees: their own journeys, and what each owes the Region. The driver is paid nothing by them."""

from dataclasses import dataclass
from datetime import date

import orjson
from sqlalchemy.orm import Session

from covoit.model.journeys import Journey
from covoit.rules import awards as rules
from covoit.service.awards import fare_receivable
from covoit.store import awards as store
from covoit.store import journeys as journey_store
from covoit.store.files import files_of
from mobigo.base.errors import NotFound
from mobigo.base.money import ZERO, Money
from mobigo.ledger import service as ledger


@dataclass(frozen=True, slots=True)
class Ridden:
    """A journey made as a passenger; `fare` None: not known yet."""

    journey: Journey
    fare: Money | None


def owed(session: Session, person: str) -> Money:
    """What a passenger owes the Region for journeys made, and has not paid."""
    net = ZERO
    for file in files_of(session, person):
        try:
            net += ledger.balance(session, fare_receivable(file)).net
        except NotFound:
            continue
    return max(ZERO, -net)


def ridden(session: Session, person: str, first_day: date, last_day: date) -> list[Ridden]:
    """The journeys of a passenger between two days, the latest first, each with its fare."""
    journeys = journey_store.journeys_of_passenger(session, person, first_day=first_day, last_day=last_day)
    keys = [(each.operator, each.operator_trip_id) for each in journeys]
    known = {key: orjson.loads(text) for key, text in store.documents_of_trips(session, keys).items()}
    fares = {key: rules.fares_of(document) for key, document in known.items()}
    shown = []
    for journey, key in zip(journeys, keys, strict=True):
        owes = fares.get(key, {}).get(journey.id)
        priced = key in known and "inputs" in known[key]
        shown.append(Ridden(journey, Money(owes[1]) if owes is not None else ZERO if priced else None))
    return shown[::-1]
