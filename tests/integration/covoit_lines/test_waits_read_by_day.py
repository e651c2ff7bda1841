"""What is known of waiting, read once a day for each line: instant by instant the same as one who asks for that instant
alone, against a count of every wait and every car; and the reads are counted."""

import random
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.model.lines import Waited
from covoit.rules.lines import expected_wait, stops_in
from covoit.service import lines
from covoit.store import lines as store
from mobigo.base.errors import MobigoError
from mobigo.base.instants import PARIS, paris_day
from mobigo.infra.db import reading, transaction
from tests.covoit_lines_world import MINUTE, NOW, A, Z, driver, line, published

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
ENDS = (datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 24, 23, tzinfo=UTC))  # of a day of UTC, of Paris
Seen = tuple[int, datetime, datetime, str]  # direction, since, ended, outcome


def drawn_waits(session: Session, chance: random.Random) -> list[Seen]:
    """Many around the edge of ninety days, and around now."""
    out = []
    for _ in range(240):
        since = NOW + chance.choice([
            timedelta(days=-90, seconds=chance.randint(-86_400, 86_400)), timedelta(hours=-chance.randint(0, 400)),
            timedelta(days=-chance.randint(0, 89), seconds=chance.randint(0, 3_599)),  # at seven too
            timedelta(minutes=chance.randint(0, 2_000)),
        ])  # fmt: skip
        way, outcome = chance.randrange(2), chance.choice([store.BOARDED, store.BOARDED, store.LEFT, store.EXPIRED])
        ended = since + chance.randint(0, 40) * MINUTE
        row = store.add_waiting(
            session, line=line().code, direction=way, stop=A, to_stop=Z, passenger=None, seats=1, now=since
        )
        assert store.end_waiting(session, row.id, outcome, ended)
        out.append((way, since, ended, outcome))
    return out


def alike(seen: list[Seen], direction: int, at: datetime) -> list[Waited]:
    """By looking at each."""
    here = at.astimezone(PARIS)
    return [
        Waited(paris_day(since), int((ended - since).total_seconds()), outcome == store.BOARDED)
        for way, since, ended, outcome in seen
        if way == direction and outcome != store.EXPIRED and at - timedelta(days=90) < since <= at
        and since.astimezone(PARIS).hour == here.hour
        and (since.astimezone(PARIS).weekday() > 4) == (here.weekday() > 4)
    ]  # fmt: skip


def instants(chance: random.Random) -> list[datetime]:
    edges = [each + step for each in ENDS for step in (-HOUR, -SECOND, timedelta(0), SECOND, 5 * MINUTE + SECOND)]
    at_seven = [NOW + timedelta(seconds=chance.randint(0, 3_599)) for _ in range(10)]
    return [*edges, *at_seven, *(NOW + timedelta(seconds=chance.randint(-7_200, 2 * 86_400)) for _ in range(10))]


@pytest.mark.parametrize("seed", range(6))
def test_instant_by_instant_it_is_what_one_who_asks_for_it_alone_is_told(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    with transaction(engine) as session:
        seen = drawn_waits(session, chance)
        for key in "abcdefghijkl":
            at = NOW + timedelta(minutes=chance.randint(1, 1_500))
            both = chance.sample([stop.id for stop in line().stops], 2)
            try:
                published(session, driver(session, key), at=at, a=both[0], z=both[1])
            except MobigoError:
                continue  # two stops that no car goes between
    told = 0
    with reading(engine) as session:
        known = lines.Expected(lambda: reading(engine))
        for at in instants(chance):
            for direction in (0, 1):
                stop = chance.choice(stops_in(line(), direction))
                cars = len(lines.next_drivers(session, line(), direction, stop, at, until=at + HOUR))
                wait = expected_wait(alike(seen, direction, at), cars)
                asked = (line(), direction, stop, at)
                assert known.at(*asked) == (wait, cars)
                assert lines.expected_wait(session, *asked) == wait
                assert lines.drivers_expected(session, *asked) == cars
                told += cars > 0 or wait.sample > 0
    assert told >= 5


def test_a_line_is_read_once_for_each_day_and_way(engine: Engine) -> None:
    read: list[date] = []

    def counted() -> AbstractContextManager[Session]:
        read.append(NOW.date())
        return reading(engine)

    known, stop = lines.Expected(counted), line().stops[0]
    for minute in range(0, 600, 7):
        known.at(line(), 0, stop, NOW + minute * MINUTE)
    assert len(read) == 1
    known.at(line(), 1, stop, NOW)
    known.at(line(), 0, stop, NOW + timedelta(days=1))
    assert len(read) == 3
