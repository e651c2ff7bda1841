"""A small world of money for tests: a scale with caps and its act in a home, journeys recorded, months closed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from covoit.model.journeys import Journey, JourneyState, VehicleTrip
from covoit.service import awards
from covoit.store import journeys as journey_store
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction
from mobigo.ledger import service as ledger
from tests.covoit_world import journey, trip

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
CLOSING = datetime(2026, 12, 6, 8, 0, tzinfo=UTC)
CAMPAIGN = "essai"
RATES = {"rate_cents": 10, "bonus_cents": 100}

SCALE = """
code = "essai"
first_day = 2026-01-01
applies = true
source = "essai"
rate_cents = 10
rate_unit_m = 1_000
bonus_cents = 100
first_counted_passenger = {first}
passengers_max = 3
leg_m_min = 2_000
proof_class_min = "B"
distance_basis = "with_passenger"
reference_tolerance_pct = 120
overlap_pct = 70
proof_deadline_days = 30
caps = [{caps}]

[title]
fr = "essai"
en = "test"
{act}
"""
ACT = """
[act]
number = "26-1"
date = 2026-01-01
document = "Délibération d'essai"
"""
MONTH_CAP = '{of = "driver", per = "month", measure = "amount", limit = 15000}'
TRIPS_CAP = '{of = "driver", per = "day", measure = "trips", limit = 4}'


def home_with(folder: Path, *caps: str, act: bool = True, first: int = 1) -> Path:
    """A home whose scale in force in 2026 is `essai`, with these caps."""
    (folder / "scales").mkdir(parents=True, exist_ok=True)
    text = SCALE.format(caps=", ".join(caps), act=ACT if act else "", first=first)
    (folder / "scales" / "essai.toml").write_text(text, encoding="utf-8")
    return folder


_numbers = count(1)


def ride(
    driver: str = "driver", *, at: datetime, metres: int = 33_000, passengers: int = 1, trip_id: str | None = None,
    **differs: Any,
) -> VehicleTrip:  # fmt: skip
    """A vehicle trip of our own line from 0 to `metres`, its proof received at once."""
    name = trip_id or f"t{next(_numbers):05d}"
    line = "ancy-dijon" if metres > 33_000 else "baume-avoudrey"
    return trip(
        *(
            journey(0, metres, line=line, started_at=at, received_at=at + timedelta(hours=1), **differs)
            for _ in range(passengers)
        ),
        trip_id=name,
        driver=driver,
    )


def record(engine: Engine, trips: Iterable[VehicleTrip]) -> None:
    with transaction(engine) as session:
        for each in trips:
            for one in each.journeys:
                journey_store.record(session, one)


def fund(engine: Engine, cents: int, home: Path | None, *, campaign: str = CAMPAIGN, key: str = "vote-1") -> None:
    with transaction(engine) as session:
        awards.fund(session, campaign, Money(cents), act="26-1", by="system", key=key, home=home, now=NOW)


def cancel(engine: Engine, one: Journey, now: datetime = NOW) -> None:
    with transaction(engine) as session:
        journey_store.cancel(session, one.operator, one.operator_journey_id, code="x", now=now)


def net(engine: Engine, account: str) -> int:
    """What an account holds in cents; 0 for one that was never opened."""
    from mobigo.base.errors import NotFound

    with reading(engine) as session:
        try:
            return ledger.balance(session, account).net.cents
        except NotFound:
            return 0


def with_state(one: VehicleTrip, state: JourneyState) -> VehicleTrip:
    return replace(one, journeys=tuple(replace(each, state=state) for each in one.journeys))
