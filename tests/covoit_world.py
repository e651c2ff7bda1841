"""Carpools for tests and benchmarks: one journey with what differs, and whole months drawn from a seed.

The shapes drawn are those of public figures: the region's lines (six, 30 to 110 km, few trips, drivers who come back),
and the national registry (a million trips a month, few passengers a car, 2 to 80 km, most off any line).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from covoit.model.journeys import Journey, JourneyState, LineLeg, ProofClass, VehicleTrip

AT: Final = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)  # a Monday, 7:30 in France
LINES: Final = {  # code → length in metres (the public lengths of the six lines)
    "saulieu-chatillon": 80_000,
    "sens-auxerre": 53_000,
    "ancy-dijon": 110_000,
    "epoisses-les-laumes": 30_000,
    "besancon-fuans": 51_000,
    "baume-avoudrey": 33_000,
}

ONE: Final = Journey(
    id="j1",
    operator="mobigo",
    operator_journey_id="oj1",
    operator_trip_id="t1",
    proof_class=ProofClass.C,
    driver="driver",
    passenger="karim",
    seats=1,
    started_at=AT,
    ended_at=AT + timedelta(minutes=30),
    distance_m=33_000,
    received_at=AT + timedelta(minutes=40),
    state=JourneyState.OK,
    leg=LineLeg("baume-avoudrey", 0, 0, 33_000),
)


def journey(from_m: int | None = 0, to_m: int = 33_000, **differs: Any) -> Journey:
    """`ONE` on another stretch of its line (off any line with `from_m` None: then `to_m` is its length)."""
    length = to_m - (from_m or 0)
    line = differs.pop("line", "baume-avoudrey")
    direction = differs.pop("direction", 0)
    leg = None if from_m is None else LineLeg(line, direction, from_m, to_m)
    made = replace(ONE, leg=leg, distance_m=length)
    if "started_at" in differs and "ended_at" not in differs:
        differs["ended_at"] = differs["started_at"] + timedelta(minutes=30)
    return replace(made, **differs)


def trip(*journeys: Journey, trip_id: str = "t1", driver: str = "driver", driven: LineLeg | None = None) -> VehicleTrip:
    """The journeys as one vehicle trip; ids and passengers made distinct where they are all alike."""
    named = [
        replace(
            each,
            id=f"{trip_id}-{number}" if each.id == "j1" else each.id,
            operator_journey_id=f"{trip_id}-{number}"
            if each.operator_journey_id == "oj1"
            else each.operator_journey_id,
            operator_trip_id=trip_id,
            driver=driver,
            passenger=f"karim{number}" if each.passenger == "karim" else each.passenger,
        )
        for number, each in enumerate(journeys)
    ]
    return VehicleTrip("mobigo", trip_id, driver, tuple(named), driven)


def generate_trips(
    n: int,
    seed: int,
    *,
    shape: str = "bfc",
    first_day: datetime = datetime(2026, 11, 1, tzinfo=UTC),
    days: int = 30,
    faults: float = 0.06,
) -> Iterator[VehicleTrip]:
    """`n` vehicle trips in the order drawn (not of time): the same seed, the same trips.

    `faults`: the share of journeys that do not count, or are odd: another state, class A, too short, driver as
    passenger, declared too long, the same person twice, out of the lines, several seats.
    """
    if shape not in ("bfc", "national"):
        raise ValueError(shape)
    drawn = 0
    block = 20_000
    while drawn < n:
        count = min(block, n - drawn)
        yield from _block(count, drawn, n, np.random.default_rng([seed, drawn]), shape, first_day, days, faults)
        drawn += count


_STATES: Final = tuple(JourneyState)
_CLASSES: Final = tuple(ProofClass)


def _block(
    count: int, start: int, n: int, rng: np.random.Generator, shape: str, first_day: datetime, days: int, faults: float
) -> Iterator[VehicleTrip]:
    national = shape == "national"
    drivers = max(2, n // (12 if national else 20))
    on_line = rng.random(count) < (0.05 if national else 0.95)
    who = rng.integers(0, drivers, count)
    hour = rng.choice([6, 7, 8, 12, 16, 17, 18, 21, 22, 23], count)  # UTC: late ones pass midnight in France
    second = rng.integers(0, days, count) * 86_400 + hour * 3_600 + rng.integers(0, 3_600, count)
    pairs = rng.choice([1, 2, 3, 4, 5], count, p=[0.72, 0.19, 0.06, 0.02, 0.01])
    lines = list(LINES.items())
    which = rng.integers(0, len(lines), count)
    direction = rng.integers(0, 2, count)
    ends = rng.random((count, 5, 2))
    short = rng.lognormal(9.8, 0.75, (count, 5))
    odd = rng.random((count, 5, 6))
    seats = rng.choice([1, 1, 1, 1, 1, 1, 2, 3], (count, 5))
    proof = rng.choice([1, 2, 2, 2], (count, 5))
    for i in range(count):
        number = start + i
        trip_id = f"{'abcdef'[number % 6]}{number:07d}"
        operator = "mobigo" if on_line[i] else ("blue", "green", "red")[number % 3]
        driver = f"d{who[i]}"
        at = first_day + timedelta(seconds=int(second[i]))
        line, length = lines[which[i]]
        journeys = []
        for k in range(int(pairs[i])):
            chance = odd[i, k]
            passenger = f"p{(who[i] * 7 + k * 13 + number % 5) % (drivers * 3)}"
            if chance[0] < faults / 4:
                passenger = driver
            elif chance[0] < faults / 2 and journeys:
                passenger = journeys[0].passenger
            leg, distance = None, max(300, min(300_000, int(short[i, k])))
            if on_line[i]:
                a, b = sorted((int(ends[i, k, 0] * length), int(ends[i, k, 1] * length)))
                if chance[1] > 0.5:
                    a = 0
                if chance[1] > 0.6:
                    b = length
                b = min(length, max(b, a + 1))
                leg = LineLeg(line, int(direction[i]), a, b)
                distance = int((b - a) * (1.5 if chance[2] < faults else 0.98)) + 1
                if chance[2] > 1 - faults / 4:
                    leg = None
            begins = at + timedelta(seconds=k * 240)
            state = _STATES[int(chance[3] / faults * 4 * 5) % 6] if chance[3] < faults / 4 else JourneyState.OK
            journeys.append(
                Journey(
                    id=f"{trip_id}-{k}",
                    operator=operator,
                    operator_journey_id=f"{trip_id}-{k}",
                    operator_trip_id=trip_id,
                    proof_class=ProofClass.A if chance[4] < faults / 4 else _CLASSES[proof[i, k]],
                    driver=driver,
                    passenger=passenger,
                    seats=int(seats[i, k]),
                    started_at=begins,
                    ended_at=begins + timedelta(seconds=distance // 15),
                    distance_m=distance,
                    received_at=begins + timedelta(hours=2),
                    state=state,
                    leg=leg,
                    start_insee=f"{21 + number % 4:02d}{1 + number % 300:03d}",
                    end_insee=f"{21 + number % 3:02d}{1 + number % 290:03d}",
                )
            )
        driven = LineLeg(line, int(direction[i]), 0, length) if on_line[i] and ends[i, 0, 0] < 0.9 else None
        yield VehicleTrip(operator, trip_id, driver, tuple(journeys), driven)
