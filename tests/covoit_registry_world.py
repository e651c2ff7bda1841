"""Declared journeys for tests and benchmarks: one that is right, varied by what differs; and as many as wanted."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Engine

from mobigo.infra import accounts, apikeys, clock, grants
from mobigo.infra.db import transaction
from mobigo.infra.roles import Grant, Identity, Permission, Role

START = datetime(2026, 11, 3, 6, tzinfo=UTC)
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
BAUME, AVOUDREY = (47.35251, 6.36123), (47.13349, 6.43877)


def key_of(name: str) -> str:
    """An identity key that is somebody's."""
    return sha256(name.encode()).hexdigest()


def person(name: str, **changes: Any) -> dict[str, Any]:
    """A person as an operator declares them."""
    identity = {"operator_user_id": name, "identity_key": key_of(name), "phone_trunc": "+336010203", "over_18": None}
    return {**identity, **changes}


def declared(
    journey: str = "j1",
    trip: str = "t1",
    driver: str = "driver",
    passenger: str = "passenger",
    start: datetime = START,
    minutes: float = 35,
    distance_m: int = 33_000,
    **changes: Any,
) -> dict[str, Any]:
    """A right journey from Baume to Avoudrey."""
    return {
        "operator_journey_id": journey,
        "operator_trip_id": trip,
        "operator_class": "C",
        "incentives": [],
        "start": {"datetime": iso(start), "lat": BAUME[0], "lon": BAUME[1]},
        "end": {"datetime": iso(start + timedelta(minutes=minutes)), "lat": AVOUDREY[0], "lon": AVOUDREY[1]},
        "distance": distance_m,
        "driver": {"identity": person(driver), "revenue": 0},
        "passenger": {"identity": person(passenger), "contribution": 150, "seats": 1},
        **changes,
    }


def correction(whole: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The correction that leaves a declared journey as it is, but for what is changed."""
    kept = ("operator_trip_id", "operator_class", "incentives", "start", "end", "distance")
    return {**{name: whole[name] for name in kept}, **changes}


def iso(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def line(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document) + b"\n"


def many(count: int, seed: int = 1, day: datetime = START) -> Iterator[dict[str, Any]]:
    """Journeys as a region's operator declares them: commuters who drive and ride twice a day, some with two
    passengers, over as many days as needed."""
    chance = random.Random(seed)
    made = 0
    days = 1  # yesterday, so that all of them have ended
    drivers = max(10, min(4_000, count // 20))
    while made < count:
        for who in range(drivers):
            for leg, hour in ((0, 0), (1, 10)):
                start = day - timedelta(days=days) + timedelta(hours=hour, minutes=chance.randrange(60))
                for rider in range(1 + (chance.random() < 0.2)):
                    if made == count:
                        return
                    minutes = chance.randrange(20, 50)
                    name = f"{seed}-{days}-{who}-{leg}-{rider}"
                    yield declared(
                        f"j-{name}", f"t-{seed}-{days}-{who}-{leg}", f"d{who}", f"p{who}-{rider}",
                        start, minutes, chance.randrange(28_000, 40_000),
                    )  # fmt: skip
                    made += 1
        days += 1


@dataclass(frozen=True)
class Operator:
    """An operator's organisation, and its key."""

    id: str
    access_key: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}


def operator_in(engine: Engine, name: str = "Opérateur A") -> Operator:
    """A new operator with a key to the registry."""
    at = clock.now()
    with transaction(engine) as session:
        subject = accounts.create(session, at, email=f"{key_of(name)[:12]}@example.org", name=name)
        organisation = grants.create_organisation(session, name, at).id
        given = Grant(Role.OPERATOR, organisation)
        grants.give(session, subject, given, at, by=None)
        owner = Identity(subject, (given,))
        row, key = apikeys.make(session, owner, "registre", [Permission.COVOIT_API], 30, at, organisation)
        return Operator(organisation, row.prefix, key)
