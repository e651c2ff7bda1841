"""The port that gives the planner the carpool lines, on a database of its own and with no coach at all: hours, a line
that closes, the guarantee and the price of the day, drivers who announce themselves, waits that were seen."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from covoit.gateway import lines as files
from covoit.gateway.scales import coach_fares
from covoit.service import lines, offers
from covoit.store import lines as line_store
from mobigo.app import create_app
from mobigo.app.carpool_ways import CarpoolWays
from mobigo.base.geo import Point
from mobigo.base.instants import PARIS
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.i18n import sentence, use_language
from mobigo.planner.model import CarpoolWay
from tests.covoit_lines_world import SEMUR, A, Z, line, published
from tests.covoit_lines_world import driver as a_driver

TUESDAY, SATURDAY, SUNDAY = date(2026, 11, 24), date(2026, 11, 28), date(2026, 11, 29)
SAULIEU, CHATILLON = line().stops[0].point, line().stops[-1].point


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)


@pytest.fixture
def ways(engine: Engine, database_config: Config) -> Iterator[CarpoolWays]:
    app = create_app(replace(database_config, environment="development", base_url="http://localhost"))
    services = app.extensions["mobigo"]
    assert isinstance(services.carpool, CarpoolWays)
    yield services.carpool
    services.engine.dispose()


def asked(
    ways: CarpoolWays, when: datetime, *, a: Point = SAULIEU, z: Point = CHATILLON, arrive_by: bool = False
) -> Sequence[CarpoolWay]:
    return ways.ways(a, z, when, arrive_by=arrive_by, window_s=0, walk_m_max=2_000)


def test_without_any_coach_the_line_is_the_way(ways: CarpoolWays) -> None:
    (way,) = asked(ways, at(TUESDAY, 7))
    assert (way.line, way.href) == ("Saulieu – Châtillon-sur-Seine", "/covoiturage/lignes/saulieu-chatillon")
    assert (way.board, way.alight) == (line().stops[0].name, line().stops[-1].name)
    assert (way.distance_m, way.ride_s, way.walk_to_m, way.walk_from_m) == (80_000, 75 * 60, 0, 0)
    assert (way.leave_at, way.since, way.until) == (at(TUESDAY, 7), at(TUESDAY, 6), at(TUESDAY, 9, 30))
    assert way.arrive_at == at(TUESDAY, 7) + timedelta(minutes=20 + 75)
    assert (way.price, way.wait.code, way.drivers_expected) == (Money(150), "carpool.wait_unknown", 0)
    assert way.guarantee is not None
    assert (way.guarantee.code, way.guarantee.params) == ("carpool.guaranteed", {"minutes": 20})
    assert (way.board_place, way.alight_place) == (None, None)  # no network is served: no place of a timetable
    (back,) = asked(ways, at(TUESDAY, 17), a=CHATILLON, z=SAULIEU)
    assert back.board == line().stops[-1].name


@pytest.mark.parametrize(
    ("when", "arrive_by", "leave"),
    [
        (at(TUESDAY, 9, 29), False, at(TUESDAY, 9, 29)),
        (at(TUESDAY, 9, 30), False, None),  # drivers again at 16:00, more than four hours later
        (at(TUESDAY, 12), False, at(TUESDAY, 16)),
        (at(TUESDAY, 19), False, None),
        (at(TUESDAY, 8), True, at(TUESDAY, 6, 25)),  # 20 minutes guaranteed and 75 of road
        (at(TUESDAY, 7, 34), True, None),
        (at(SATURDAY, 8), False, at(SATURDAY, 8)),
        (at(SATURDAY, 12), False, None),
        (at(SUNDAY, 8), False, None),
    ],
)
def test_out_of_hours_there_is_no_way(
    ways: CarpoolWays, when: datetime, arrive_by: bool, leave: datetime | None
) -> None:
    found = asked(ways, when, arrive_by=arrive_by)
    assert [each.leave_at for each in found] == ([] if leave is None else [leave])


@pytest.mark.parametrize(
    ("a", "z", "there"),
    [
        (SAULIEU, CHATILLON, True),
        (SAULIEU, SAULIEU, False),
        (Point(SAULIEU.lat + 0.0135, SAULIEU.lon), CHATILLON, True),  # 1,951 m on foot
        (Point(SAULIEU.lat + 0.0140, SAULIEU.lon), CHATILLON, False),  # 2,024 m
        (Point(47.322, 5.041), CHATILLON, False),  # Dijon: another line, which does not go there
    ],
)
def test_both_ends_are_within_a_walk_of_one_line(ways: CarpoolWays, a: Point, z: Point, there: bool) -> None:
    assert bool(asked(ways, at(TUESDAY, 7), a=a, z=z)) is there


@pytest.mark.parametrize(
    ("when", "a", "z", "code"),
    [
        (at(TUESDAY, 19), SAULIEU, CHATILLON, "carpool.nobody_then"),
        (at(SUNDAY, 8), SAULIEU, CHATILLON, "carpool.nobody_then"),
        (at(TUESDAY, 7), Point(SAULIEU.lat + 0.0140, SAULIEU.lon), CHATILLON, "carpool.line_too_far"),
        (at(TUESDAY, 7), Point(48.8566, 2.3522), CHATILLON, "carpool.no_line"),  # from Paris
    ],
)
def test_who_counts_on_a_line_is_told_why_there_is_none(
    ways: CarpoolWays, when: datetime, a: Point, z: Point, code: str
) -> None:
    assert asked(ways, when, a=a, z=z) == []
    why = ways.why_none(a, z, when, walk_m_max=2_000)
    assert why is not None
    assert why.code == code
    for language in ("fr", "en"):
        with use_language(language):
            assert code not in sentence(why)


def test_without_lines_nothing_is_said(ways: CarpoolWays, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "every_line", lambda: ())
    assert ways.why_none(SAULIEU, CHATILLON, at(TUESDAY, 7), walk_m_max=2_000) is None


@pytest.mark.parametrize(
    ("day", "there"), [(TUESDAY - timedelta(days=1), True), (TUESDAY, True), (TUESDAY + timedelta(days=1), False)]
)
def test_a_line_that_closes_is_there_on_its_last_day(
    ways: CarpoolWays, monkeypatch: pytest.MonkeyPatch, day: date, there: bool
) -> None:
    closed = tuple(replace(each, period=Period(each.period.first_day, TUESDAY)) for each in files.every_line())
    monkeypatch.setattr(files, "every_line", lambda: closed)
    assert bool(asked(ways, at(day, 7))) is there


@pytest.mark.parametrize("day", [date(2020, 8, 31), date(2020, 9, 1)])
def test_before_its_first_day_a_line_is_not_there(ways: CarpoolWays, day: date) -> None:
    assert bool(asked(ways, at(day, 7))) is (day == date(2020, 9, 1))


@pytest.mark.parametrize(("day", "minutes"), [(TUESDAY, 20), (TUESDAY + timedelta(days=1), None)])
def test_the_guarantee_bounds_the_wait_while_it_is_in_force(
    ways: CarpoolWays, monkeypatch: pytest.MonkeyPatch, day: date, minutes: int | None
) -> None:
    known = files.guarantee_on(TUESDAY)
    assert known is not None
    ended = replace(known, period=Period(known.period.first_day, TUESDAY))
    monkeypatch.setattr(files, "_guarantees", lambda: (ended,))
    (way,) = asked(ways, at(day, 7))
    assert (None if way.guarantee is None else way.guarantee.params["minutes"]) == minutes
    assert way.wait_s == (minutes or 30) * 60  # half an hour where nothing is known, nor guaranteed


@pytest.mark.parametrize(
    ("day", "cents"), [(TUESDAY - timedelta(days=1), 150), (TUESDAY, 180), (TUESDAY + timedelta(days=1), 180)]
)
def test_the_price_is_that_of_the_day(
    ways: CarpoolWays, monkeypatch: pytest.MonkeyPatch, day: date, cents: int
) -> None:
    (fare,) = coach_fares()
    dearer = replace(fare, period=Period(TUESDAY), single=Money(180))
    monkeypatch.setattr(lines, "coach_fares", lambda: (fare, dearer))
    (way,) = asked(ways, at(day, 7))
    assert way.price == Money(cents)


def test_without_a_fare_in_force_nothing_is_promised_and_nothing_breaks(
    ways: CarpoolWays, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fare,) = coach_fares()
    monkeypatch.setattr(lines, "coach_fares", lambda: (replace(fare, period=Period(TUESDAY + timedelta(days=1))),))
    assert asked(ways, at(TUESDAY, 7)) == []


def test_drivers_who_announce_themselves_are_counted_for_whom_they_pass(ways: CarpoolWays, engine: Engine) -> None:
    with transaction(engine) as session:
        one, two, gone = (a_driver(session, key) for key in ("d", "e", "f"))
        published(session, one, at=at(TUESDAY, 7, 30))
        published(session, two, at=at(TUESDAY, 7, 45), a=SEMUR)  # passes at Saulieu never
        cancelled = published(session, gone, at=at(TUESDAY, 7, 40))
        offers.withdraw(session, cancelled.id, gone, at(TUESDAY, 7))
    (way,) = asked(ways, at(TUESDAY, 7, 15))
    assert way.drivers_expected == 1
    assert way.wait.code == "carpool.wait_declared"
    (early,) = asked(ways, at(TUESDAY, 6, 25))
    assert early.drivers_expected == 0  # within the hour, none


def test_waits_that_were_seen_are_counted_on(ways: CarpoolWays, engine: Engine) -> None:
    """Thirty waits of eight minutes at that hour: eight are counted to leave, and said with what they rest on."""
    with transaction(engine) as session:
        for day in range(1, 31):
            since = at(TUESDAY - timedelta(days=7 * day if day < 6 else day), 7, 5)
            row = lines.start_waiting(session, from_stop=A, to_stop=Z, passenger=None, seats=1, now=since)
            line_store.end_waiting(session, row.id, line_store.BOARDED, since + timedelta(minutes=8))
    (way,) = asked(ways, at(TUESDAY, 7))
    assert (way.wait.code, way.wait_s) == ("carpool.wait_seen", 8 * 60)
    assert way.arrive_at == at(TUESDAY, 7) + timedelta(minutes=8 + 75)
