"""No silly answer on real feeds: nobody drives a hundred metres to a train, walks where the vehicle just left goes on
to, walks to a stop where the vehicle has passed a nearer one, or makes two walks of one."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from mobigo.base.geo import Point
from mobigo.network.engine.compile import compile_feeds
from mobigo.network.engine.feedpart import CompileInput
from mobigo.network.gateway.gtfs import read_feed
from mobigo.network.model.live import LiveNetwork
from mobigo.planner import service
from mobigo.planner.engine.reach import CrowFlight
from mobigo.planner.model import By, Endpoint, Journey, Own, Query, Ride, Walk
from mobigo.planner.rules.own import TAKEN

pytestmark = pytest.mark.realdata

QUESTIONS = 100  # of each feed: two hundred in all


def silly(t: Any, journey: Journey, query: Query) -> Iterator[str]:
    """What is silly in a journey, in words."""
    legs = journey.legs
    for one, other in pairwise(legs):
        if isinstance(one, Walk) and isinstance(other, Walk) and one.by is other.by:
            yield "two walks in a row"
    for leg in legs:
        if isinstance(leg, Walk) and leg.by is not By.WALK and journey.rides and leg.distance_m < TAKEN[leg.by].least_m:
            yield f"{leg.distance_m} m by {leg.by}, then a vehicle"
    for ride, walk in pairwise(legs):
        if isinstance(ride, Ride) and isinstance(walk, Walk) and walk.by is By.WALK:
            yield from _stays_on(t, ride, walk, query)
    if len(legs) > 1 and isinstance(legs[0], Walk) and legs[0].by is By.WALK and isinstance(legs[1], Ride):
        yield from _passed_nearer(t, journey, legs[1], legs[0], query)


def _calls(t: Any, ride: Ride, day_s: int, last: bool) -> Iterator[tuple[int, int, int]]:
    """(stop, arrival, departure) of each call of the trip before where it is boarded, or behind where it is left."""
    row = ride.trips[-1 if last else 0][0]
    span = range(int(t.trip_visit_start[row]), int(t.trip_visit_start[row + 1]))
    known = ride.visits[-1 if last else 0]
    seen_s = int(known.arrive_at.timestamp() if last else known.depart_at.timestamp())
    told = t.visit_arrive_s if last else t.visit_depart_s
    at = next(k for k in span if t.visit_stop[k] == known.stop and int(told[k]) % 86400 == (seen_s - day_s) % 86400)
    base = seen_s - int(told[at])
    for k in span:
        if (k > at) if last else (k < at):
            yield int(t.visit_stop[k]), base + int(t.visit_arrive_s[k]), base + int(t.visit_depart_s[k])


def _flown(t: Any, stop: int, place: Point) -> tuple[int, int] | None:
    return CrowFlight().direct(Point(float(t.stop_lat[stop]), float(t.stop_lon[stop])), place, 10_000)


def _stays_on(t: Any, ride: Ride, walk: Walk, query: Query) -> Iterator[str]:
    there_s = walk.arrive_at.timestamp()
    for stop, arrive_s, _depart in _calls(t, ride, _day_s(query), last=True):
        if walk.to_stop is not None:
            if stop == walk.to_stop and arrive_s <= there_s:
                yield f"walks {walk.distance_m} m to a stop where the vehicle goes on to"
        elif query.destination.point is not None:
            way = _flown(t, stop, query.destination.point)
            if way is not None and way[1] < walk.distance_m and arrive_s + way[0] <= there_s:
                yield f"walks {walk.distance_m} m to the door, {way[1]} m from where the vehicle goes on to"


def _passed_nearer(t: Any, journey: Journey, ride: Ride, walk: Walk, query: Query) -> Iterator[str]:
    if query.origin.point is None:
        return
    for stop, _arrive, depart_s in _calls(t, ride, _day_s(query), last=False):
        way = _flown(t, stop, query.origin.point)
        if way is not None and way[1] < walk.distance_m and depart_s - way[0] >= journey.depart_at.timestamp():
            yield f"walks {walk.distance_m} m to a stop, {way[1]} m from where the vehicle passed"


def _day_s(query: Query) -> int:
    midnight = query.at.replace(hour=0, minute=0, second=0)
    return int(midnight.timestamp())


@pytest.mark.parametrize(
    ("name", "day", "zone"),
    [
        ("sncf-ter-2025-01.zip", date(2025, 3, 18), "Europe/Paris"),
        ("porto-alegre-eptc-2019.zip", date(2019, 6, 11), "America/Sao_Paulo"),
    ],
)
def test_of_two_hundred_questions_no_answer_is_silly(realdata: Path, name: str, day: date, zone: str) -> None:
    t = compile_feeds([CompileInput("feed", read_feed(realdata / "gtfs" / name))], zone, "hash")
    live = LiveNetwork(t, "hash")
    chance = random.Random(11)
    stops = [int(stop) for stop in np.unique(t.visit_stop) if np.isfinite(t.stop_lat[stop])]
    found: list[object] = []
    answered = 0
    for number in range(QUESTIONS):
        a, b = chance.sample(stops, 2)
        ends = [
            Endpoint(str(stop), Point(float(t.stop_lat[stop]) + chance.uniform(-0.004, 0.004), float(t.stop_lon[stop])))
            for stop in (a, b)
        ]
        at = datetime(day.year, day.month, day.day, 6, tzinfo=ZoneInfo(zone)) + timedelta(
            minutes=chance.randrange(14 * 60)
        )
        own = (None, None, None, Own(By.CAR), Own(By.BIKE))[number % 5]
        query = Query(ends[0], ends[1], at, arrive_by=number % 4 == 1, window_s=(0, 3600)[number % 2], own=own)
        journeys = service.plan(live, query).journeys
        answered += bool(journeys)
        found += [
            (number, t.stop_id[a], t.stop_id[b], at, words) for each in journeys for words in silly(t, each, query)
        ]
    assert found == []
    assert answered > QUESTIONS // 4
