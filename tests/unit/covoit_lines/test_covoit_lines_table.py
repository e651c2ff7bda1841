"""The six lines as they are shipped, and the rules of their kilometre table, hours and waits."""

import csv
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covoit.gateway import lines as files
from covoit.model.journeys import LineLeg
from covoit.model.lines import UNKNOWN_WAIT, ExpectedWait, Waited, WaitFrom
from covoit.rules import lines as rules
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.geo import Point, distance_m
from tests.covoit_lines_world import DAY, SAULIEU, line

COMMUNES = Path(__file__).parents[3] / "fixtures" / "territory" / "communes.csv"


@pytest.mark.parametrize(
    ("code", "name", "length_m"),
    [
        ("sens-auxerre", "Sens – Auxerre", 53_000),
        ("ancy-dijon", "Ancy-le-Franc – Dijon", 110_000),
        ("saulieu-chatillon", "Saulieu – Châtillon-sur-Seine", 80_000),
        ("epoisses-les-laumes", "Époisses – Semur – Les Laumes", 30_000),
        ("besancon-fuans", "Besançon – Fuans (Maîche)", 51_000),
        ("baume-avoudrey", "Baume-les-Dames – Avoudrey", 33_000),
    ],
)
def test_the_six_lines_have_their_names_and_lengths(code: str, name: str, length_m: int):
    found = files.get_line(code, DAY)
    assert (found.name, found.length_m, found.stops[-1].position_m) == (name, length_m, length_m)


def test_there_are_six_lines_and_no_other():
    assert len(files.lines_on(DAY)) == 6
    assert files.lines_on(date(2020, 8, 31)) == []


@pytest.mark.parametrize("each", files.every_line(), ids=lambda each: each.code)
def test_no_leg_is_shorter_than_the_crow_flies_nor_twice_as_long(each):
    for a, b in pairwise(each.stops):
        crow = distance_m(a.point, b.point)
        assert crow - 150 <= b.position_m - a.position_m <= 2 * crow + 150, (a.id, b.id)


def test_every_stop_stands_in_the_commune_it_names():
    with COMMUNES.open(encoding="utf-8") as read:
        communes = {row["code"]: row for row in csv.DictReader(read)}
    for each in files.every_line():
        for stop in each.stops:
            row = communes[stop.insee]
            assert stop.commune == row["name"]
            centre = Point(float(row["lat"]), float(row["lon"]))
            assert distance_m(stop.point, centre) < 2_500, stop.id


def test_a_stop_is_of_one_line_only():
    ids = [stop.id for each in files.every_line() for stop in each.stops]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"length_m": 79_999}, "length"),
        ({"stop": "first twice"}, "rise"),
        ({"hours": "backwards"}, "hours"),
        ({"stop": "through the ground"}, "crow"),
        ({"source": None}, "source"),
    ],
)
def test_a_line_that_cannot_be_is_refused_and_says_why(change: dict, fault: str):
    content = SAULIEU.copy()
    for key, value in change.items():
        if value is None:
            del content[key]
        elif value == "first twice":
            content["stop"] = [content["stop"][0], *content["stop"]]
        elif value == "backwards":
            content["hours"] = [{**content["hours"][0], "from": time(9), "until": time(9)}]
        elif value == "through the ground":
            content["stop"] = [{**each, "position_m": n * 10} for n, each in enumerate(content["stop"])]
            content["length_m"] = content["stop"][-1]["position_m"]
        else:
            content[key] = value
    with pytest.raises(InvalidInput) as refused:
        rules.line_of(content)
    assert fault in str(refused.value)


def test_the_digest_is_of_the_content_not_of_its_layout():
    upside_down = dict(reversed(list(SAULIEU.items())))
    assert rules.line_of(upside_down).digest == rules.line_of(SAULIEU).digest
    assert rules.line_of({**SAULIEU, "number": "C9"}).digest != rules.line_of(SAULIEU).digest


@pytest.mark.parametrize(
    ("a", "b", "leg"),
    [
        ("saulieu-place-monge", "chatillon-sur-seine-centre", LineLeg("saulieu-chatillon", 0, 0, 80_000)),
        ("chatillon-sur-seine-centre", "saulieu-place-monge", LineLeg("saulieu-chatillon", 1, 0, 80_000)),
        ("semur-en-auxois-gare-routiere", "montbard-gare", LineLeg("saulieu-chatillon", 0, 28_000, 44_000)),
        ("montbard-gare", "semur-en-auxois-gare-routiere", LineLeg("saulieu-chatillon", 1, 36_000, 52_000)),
    ],
)
def test_a_leg_has_the_direction_of_its_stops_and_rises(a: str, b: str, leg: LineLeg):
    assert rules.leg_between(line(), a, b) == leg


def test_a_leg_from_a_stop_to_itself_or_elsewhere_is_refused():
    with pytest.raises(InvalidInput):
        rules.leg_between(line(), "montbard-gare", "montbard-gare")
    with pytest.raises(NotFound):
        rules.leg_between(line(), "montbard-gare", "sens-gare")


@given(st.integers(0, 5), st.integers(0, 5))
def test_both_ways_of_a_leg_are_as_long(i: int, j: int):
    if i == j:
        return
    stops = line().stops
    there, back = (
        rules.leg_between(line(), *pair) for pair in ((stops[i].id, stops[j].id), (stops[j].id, stops[i].id))
    )
    assert there.to_m - there.from_m == back.to_m - back.from_m == abs(stops[i].position_m - stops[j].position_m)
    assert there.direction == 1 - back.direction
    assert there.from_m + back.to_m == line().length_m


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ((2026, 11, 24, 5, 59), False),
        ((2026, 11, 24, 6, 0), True),
        ((2026, 11, 24, 9, 29), True),
        ((2026, 11, 24, 9, 30), False),  # the end is excluded
        ((2026, 11, 29, 8, 0), False),  # a Sunday
        ((2026, 11, 28, 8, 0), True),  # a Saturday, on this line
        ((2026, 11, 28, 7, 59), False),
    ],
)
def test_drivers_are_expected_within_the_hours_of_the_paris_clock(local: tuple, expected: bool):
    moment = datetime(*local, tzinfo=rules.PARIS)
    assert (rules.expected_at(line(), 0, moment.astimezone(UTC)) is not None) is expected


@pytest.mark.parametrize(
    ("metres", "seconds"),
    [(80_000, 75 * 60), (40_000, 38 * 60), (1, 60), (28_000, 26 * 60)],  # 37.5 min is told 38; 26.25 is told 26
)
def test_a_ride_lasts_its_share_of_the_line_to_the_minute(metres: int, seconds: int):
    assert rules.ride_s(line(), metres) == seconds


def waits(*minutes: int, boarded: bool = True) -> list[Waited]:
    return [Waited(DAY, each * 60, boarded) for each in minutes]


@pytest.mark.parametrize(
    ("history", "declared", "expected"),
    [
        ([], 0, UNKNOWN_WAIT),
        (waits(*[4] * 7), 0, UNKNOWN_WAIT),  # seven boardings say nothing
        (waits(*[4] * 7), 2, ExpectedWait(WaitFrom.DECLARED, 20, None, 2)),  # 60 / 3
        (waits(*[4] * 8), 2, ExpectedWait(WaitFrom.HISTORY, 4, 10, 8)),  # 4 × ln 10 = 9.2, rounded up
        # Two gave up after 20 min: (8 × 4 + 2 × 20) / 8 = 9 min, not the 4 of those who were lucky.
        (waits(*[4] * 8) + waits(20, 20, boarded=False), 0, ExpectedWait(WaitFrom.HISTORY, 9, 21, 8)),
        ([], 1, ExpectedWait(WaitFrom.DECLARED, 30, None, 1)),
    ],
)
def test_the_wait_is_told_from_the_past_else_from_what_is_declared_else_not(history, declared: int, expected):
    assert rules.expected_wait(history, declared) == expected


@given(st.lists(st.integers(1, 90), min_size=8, max_size=30), st.lists(st.integers(1, 90), max_size=10))
def test_whoever_gave_up_never_makes_the_wait_look_shorter(boarded: list[int], gave_up: list[int]):
    lucky = rules.expected_wait(waits(*boarded), 0)
    all_of_them = rules.expected_wait(waits(*boarded) + waits(*gave_up, boarded=False), 0)
    assert lucky.mean_min is not None
    assert all_of_them.mean_min is not None
    assert all_of_them.mean_min >= lucky.mean_min
    assert all_of_them.sample == len(boarded)


def test_a_telephone_is_at_a_stop_within_a_kilometre():
    semur = line().stops[2]
    assert rules.nearest_stop(line(), semur.point) == semur
    assert rules.nearest_stop(line(), Point(semur.point.lat + 0.0089, semur.point.lon)) == semur  # 990 m
    assert rules.nearest_stop(line(), Point(semur.point.lat + 0.0091, semur.point.lon)) is None  # 1,012 m
