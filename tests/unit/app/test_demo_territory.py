"""The demonstration territory: the same every time, believable, and exactly what its README says."""

import csv
import io
import json
import zipfile
from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.app.demo import facts, territory, villages
from mobigo.app.demo.days import as_calendar, days_between, days_of
from mobigo.app.demo.trips import offsets_s
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.geo import Point, distance_m
from mobigo.base.periods import Period
from mobigo.base.servicetime import parse_service_time

FIRST_DAY = date(2026, 10, 26)
NOEL = Period(date(2026, 12, 19), date(2027, 1, 3))
# metres a second as the crow flies, between two calls: 180 km/h for a train, 100 for a coach, 60 in town
SPEED_MAX = {"2": 50.0, "3": 28.0, "0": 17.0}


@cache
def feeds(size: str) -> dict[str, bytes]:
    return territory.build(size, FIRST_DAY)


@cache
def table(size: str, feed: str, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(feeds(size)[feed])) as opened:
        return list(csv.DictReader(io.StringIO(opened.read(f"{name}.txt").decode())))


def days_run(size: str, feed: str, service: str) -> set[date]:
    """The days of a service, read back from the calendar files as the specification says."""
    days = set()
    for row in table(size, feed, "calendar"):
        if row["service_id"] != service:
            continue
        day, last = date.fromisoformat(row["start_date"]), date.fromisoformat(row["end_date"])
        names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        while day <= last:
            if row[names[day.weekday()]] == "1":
                days.add(day)
            day += timedelta(days=1)
    for row in table(size, feed, "calendar_dates"):
        if row["service_id"] == service:
            (days.add if row["exception_type"] == "1" else days.discard)(date.fromisoformat(row["date"]))
    return days


def days_of_line(feed: str, line: str) -> set[date]:
    services = {trip["service_id"] for trip in table("s", feed, "trips") if trip["route_id"] == line}
    return set().union(*(days_run("s", feed, service) for service in services))


def test_the_same_size_and_first_day_give_the_same_bytes():
    assert territory.build("s", FIRST_DAY) == feeds("s")


def test_an_unknown_size_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInput) as refusal:
        territory.build("xl", FIRST_DAY)
    assert refusal.value.decision.params["sizes"] == "s, m, l"


def test_facts_that_are_not_there_are_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(facts, "__file__", str(tmp_path / "a" / "b" / "c" / "facts.py"))
    with pytest.raises(NotFound):
        facts.folder()


@pytest.mark.parametrize(
    ("today", "first_day"),
    [
        (date(2026, 11, 23), date(2026, 10, 26)),  # a Monday: four weeks before
        (date(2026, 11, 29), date(2026, 10, 26)),  # the Sunday of the same week
        (date(2026, 11, 30), date(2026, 11, 2)),  # the Monday after
    ],
)
def test_the_timetable_begins_on_the_monday_four_weeks_before_this_week(today: date, first_day: date):
    assert territory.first_day_for(today) == first_day


@pytest.mark.parametrize(
    ("day", "runs"),
    [
        (date(2026, 11, 25), True),  # a Wednesday in term
        (date(2026, 11, 24), False),  # a Tuesday
        (date(2026, 11, 11), False),  # a Wednesday, but a public holiday
        (date(2026, 12, 16), True),  # the last Wednesday before Noël
        (date(2026, 12, 23), False),  # in the holidays
        (date(2027, 1, 6), True),  # the first Wednesday after them
        (date(2027, 7, 7), False),  # summer
    ],
)
def test_line_127_runs_on_wednesdays_in_term_and_on_no_other_day(day: date, runs: bool):
    assert (day in days_of_line("cars", "127")) is runs


def test_line_127_runs_on_no_day_but_wednesdays():
    assert {day.weekday() for day in days_of_line("cars", "127")} == {2}


@pytest.mark.parametrize(
    ("feed", "line", "day", "runs"),
    [
        ("cars", "119", date(2026, 11, 24), True),
        ("cars", "119", date(2026, 11, 11), True),  # a public holiday runs like a Sunday
        ("cars", "119", date(2027, 5, 1), False),  # no coach on 1 May
        ("ter", "T01", date(2027, 5, 1), True),  # trains run
        ("dijon", "T1", date(2027, 5, 1), False),
        ("cars", "315", date(2027, 7, 14), True),  # summer line, every day
        ("cars", "315", date(2027, 6, 30), False),
        ("cars", "N1", date(2026, 11, 27), True),  # Friday night
        ("cars", "N1", date(2026, 11, 29), False),  # Sunday
    ],
)
def test_each_line_runs_on_the_days_its_set_names(feed: str, line: str, day: date, runs: bool):
    assert (day in days_of_line(feed, line)) is runs


def test_the_commuter_of_saulieu_is_at_chatillon_before_eight_with_a_guaranteed_change_at_montbard():
    times: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in table("s", "cars", "stop_times"):
        times[row["trip_id"]].append((row["stop_id"], row["departure_time"]))
    first = next(calls for trip, calls in times.items() if trip.startswith("119-A-weekdays-0552"))
    second = next(calls for trip, calls in times.items() if trip.startswith("125-A-weekdays-0712"))
    assert first[0] == ("saulieu-place-monge", "05:52:00")
    assert first[-1] == ("montbard-gare", "06:56:00")
    assert second[0] == ("montbard-gare", "07:12:00")
    assert ("chatillon-sur-seine-centre", "07:51:00") in second
    transfers = table("s", "cars", "transfers")
    assert any((t["from_route_id"], t["to_route_id"], t["transfer_type"]) == ("119", "125", "1") for t in transfers)


def test_one_vehicle_with_two_numbers_is_written_as_a_block_and_an_in_seat_transfer():
    block = [trip for trip in table("s", "ter", "trips") if trip["block_id"]]
    assert [trip["route_id"] for trip in block] == ["T23", "T24"]
    joined = [row for row in table("s", "ter", "transfers") if row["transfer_type"] == "4"]
    assert [(row["from_trip_id"], row["to_trip_id"]) for row in joined] == [(block[0]["trip_id"], block[1]["trip_id"])]


def test_both_kinds_of_frequency_and_a_run_past_midnight_are_there():
    kinds = {row["exact_times"] for feed in ("dijon", "besancon") for row in table("s", feed, "frequencies")}
    assert kinds == {"0", "1"}
    assert any(row["departure_time"] >= "24:00:00" for row in table("s", "ter", "stop_times"))


def test_wheelchair_boarding_is_sometimes_yes_sometimes_no_sometimes_unknown():
    assert {row["wheelchair_boarding"] for row in table("s", "cars", "stops")} == {"0", "1", "2"}


def test_a_hundred_villages_are_served_by_the_smallest_size_and_every_commune_by_the_largest():
    def served(size: str) -> set[str]:
        return {row["stop_id"][1:] for row in table(size, "cars", "stops") if row["stop_id"].startswith("V")}

    small, medium, large = served("s"), served("m"), served("l")
    assert len(small) > 100
    assert small < medium < large
    known = facts.load()
    towns = {stop.name.split(",")[0] for stop in known.stops["coaches"]}  # they have stops of their own
    villages_known = [commune for commune in known.communes if commune.name not in towns]
    assert not [each.name for each in villages_known if each.population >= 700 and each.code not in medium]
    assert not [each.name for each in villages_known if each.code not in large]


def test_a_town_is_where_its_stops_are():
    placed = {stop.name: stop.point for stop in facts.load().stops["coaches"]}
    where = {(commune.name, commune.departement): commune.point for commune in facts.load().communes}
    assert distance_m(where["Châtillon-sur-Seine", "21"], placed["Châtillon-sur-Seine, centre"]) < 150
    assert distance_m(where["Saulieu", "21"], placed["Saulieu, place Monge"]) < 150


@pytest.mark.parametrize("size", territory.SIZES)
@pytest.mark.parametrize("feed", ["ter", "cars", "dijon", "besancon"])
def test_vehicles_drive_at_believable_speeds_and_forward_in_time(size: str, feed: str):
    stops = table(size, feed, "stops")
    where = {row["stop_id"]: Point(float(row["stop_lat"]), float(row["stop_lon"])) for row in stops}
    kind = {row["route_id"]: row["route_type"] for row in table(size, feed, "routes")}
    route = {row["trip_id"]: row["route_id"] for row in table(size, feed, "trips")}
    before: dict[str, str] = {}
    for row in table(size, feed, "stop_times"):
        arrive_s, depart_s = parse_service_time(row["arrival_time"]), parse_service_time(row["departure_time"])
        assert arrive_s is not None
        assert depart_s is not None
        assert arrive_s <= depart_s, row
        if before and before["trip_id"] == row["trip_id"]:
            left_s = parse_service_time(before["departure_time"])
            assert left_s is not None
            assert left_s < arrive_s, row
            metres = distance_m(where[before["stop_id"]], where[row["stop_id"]])
            assert metres / (arrive_s - left_s) <= SPEED_MAX[kind[route[row["trip_id"]]]], (before, row)
        before = row


@pytest.mark.parametrize("size", territory.SIZES)
@pytest.mark.parametrize("feed", ["ter", "cars", "dijon", "besancon"])
def test_every_id_is_unique_and_everything_joins(size: str, feed: str):
    for name, key in (("stops", "stop_id"), ("routes", "route_id"), ("trips", "trip_id"), ("calendar", "service_id")):
        assert [each for each, times in Counter(row[key] for row in table(size, feed, name)).items() if times > 1] == []
    stops = {row["stop_id"] for row in table(size, feed, "stops")}
    trips = {row["trip_id"] for row in table(size, feed, "trips")}
    assert {row["stop_id"] for row in table(size, feed, "stop_times")} <= stops
    assert {row["trip_id"] for row in table(size, feed, "stop_times")} == trips
    assert {row["parent_station"] for row in table(size, feed, "stops")} <= stops | {""}


@pytest.mark.parametrize("feed", ["ter", "cars", "dijon", "besancon"])
def test_a_validator_we_did_not_write_finds_no_error_and_no_warning(feed: str, tmp_path: Path):
    import gtfs_guru

    path = tmp_path / f"{feed}.zip"
    path.write_bytes(feeds("m")[feed])
    found = [(str(notice.severity), notice.code) for notice in gtfs_guru.validate(str(path)).notices]
    assert [each for each in found if each[0] != "INFO"] == []


# --- laws of the parts


@given(st.lists(st.integers(0, 400), max_size=60, unique=True))
def test_a_calendar_holds_exactly_the_days_it_was_made_of(offsets: list[int]):
    last_day = FIRST_DAY + timedelta(days=400)
    days = sorted(FIRST_DAY + timedelta(days=offset) for offset in offsets)
    written = as_calendar(days, FIRST_DAY, last_day)
    every = (FIRST_DAY + timedelta(days=n) for n in range(401))
    read = {day for day in every if written.weekdays[day.weekday()] and day not in written.removed} | set(written.added)
    assert sorted(read) == days


def test_each_working_day_is_a_school_day_a_school_wednesday_or_a_holiday():
    known = days_between(FIRST_DAY, FIRST_DAY + timedelta(days=364), [NOEL])
    parts = [set(days_of(name, known)) for name in ("school", "school-wednesdays", "holiday-weekdays")]
    assert set().union(*parts) == set(days_of("weekdays", known))
    assert sum(len(part) for part in parts) == len(set().union(*parts))


def test_weekdays_saturdays_and_sundays_share_the_year_out():
    known = days_between(FIRST_DAY, FIRST_DAY + timedelta(days=364), [])
    parts = [set(days_of(name, known)) for name in ("weekdays", "saturdays", "sundays")]
    assert sum(len(part) for part in parts) == 365 == len(set().union(*parts))


@pytest.mark.parametrize(
    ("lons", "minutes", "expected"),
    [
        ([0.0, 1.0], [0, 10], [0, 600]),
        ([0.0, 0.5, 1.0], [0, None, 10], [0, 300, 600]),  # half way
        ([0.0, 0.2, 1.0], [0, None, 10], [0, 120, 600]),
        ([0.0, 0.001, 1.0], [0, None, 10], [0, 60, 600]),  # never less than a minute apart
        ([0.0, 0.5, 1.0], [0, 8, 10], [0, 480, 600]),  # as written
    ],
)
def test_minutes_left_out_are_spread_by_distance(lons: list[float], minutes: list[float | None], expected: list[int]):
    assert offsets_s([Point(0.0, lon) for lon in lons], minutes) == expected


@pytest.mark.parametrize("minutes", [[None, 10], [0, None], [None, None]])
def test_a_line_says_when_it_begins_and_ends(minutes: list[float | None]):
    with pytest.raises(InvalidInput):
        offsets_s([Point(0.0, 0.0), Point(0.0, 1.0)], minutes)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("Arbois | 44", facts.Call("Arbois", 44)),
        ("Arbois", facts.Call("Arbois", None)),
        ("Saulieu, place Monge ^ | 0", facts.Call("Saulieu, place Monge", 0, pickup_only=True)),
        ("Dijon v | 9", facts.Call("Dijon", 9, drop_off_only=True)),
        ("Malay (71)", facts.Call("Malay (71)", None)),
    ],
)
def test_a_place_is_written_on_a_line_of_its_own(place: str, expected: facts.Call):
    assert list(facts._calls(place)) == [expected]


def test_drawn_lines_serve_each_commune_once_and_end_in_their_town():
    known = facts.load()
    towns = [stop for stop in known.stops["coaches"] if stop.name in ("Vesoul, gare", "Dole, gare")]
    drawn = list(villages.lines_for("m", known.communes, frozenset(), towns))
    assert {line.calls[-1].place for line in drawn} == {"Vesoul, gare", "Dole, gare"}
    served = Counter(call.place for line in drawn for call in line.calls[:-1])
    assert set(served.values()) == {1}
    assert all(0 < len(line.calls) - 1 <= villages.VILLAGES_PER_LINE for line in drawn)


def test_outlines_hold_the_region_and_its_eight_departements_coarsely():
    drawn = json.loads((facts.folder() / "territory" / "outlines.geojson").read_text())["features"]
    assert Counter(feature["properties"]["kind"] for feature in drawn) == {"region": 1, "departement": 8}
    assert sum(len(feature["geometry"]["coordinates"][0]) for feature in drawn) < 1500
