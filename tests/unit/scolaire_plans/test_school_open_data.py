"""What school transport hands over for publication: exact rows with who is behind them; a public timetable to the
minute, of the services open to everybody alone."""

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from scolaire.export.gtfs import Publisher, short_name
from scolaire.export.opendata import CIRCUITS, PLACES, InForce, circuit_id, datasets, person, runs_of
from scolaire.export.public_gtfs import public_gtfs
from scolaire.model.day import DayPlan, Seat
from scolaire.model.demand import DAY_MS, EVENING, MORNING, Demand, DepotSite, Place, Pupil, SchoolSite, StopSite
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan
from scolaire.model.problem import Handling, Travel, VehicleType

MINUTE = 60_000
LINE = np.abs(np.subtract.outer(np.arange(4), np.arange(4))).astype(np.int32)
WINDOWS = {"matin": (470 * MINUTE, 480 * MINUTE), "soir": (990 * MINUTE, 1_000 * MINUTE)}
# Three at the square (two homes of one child among them), one at the cross, three seconds each at the doors.
DEMAND = Demand(
    "d",
    (SchoolSite("0210001A", "Collège", Place(47, 4), WINDOWS),),
    (StopSite("a", "Place", Place(47.1, 4)), StopSite("b", "Croix", Place(47.2, 4))),
    tuple(
        Pupil(name, "0210001A", ((stop, 200),), ("matin", "soir"), 45 * MINUTE)
        for name, stop in (("r1.h1", "a"), ("r2.h2", "a"), ("r2.h3", "a"), ("r3.h4", "b"))
    ),
    (VehicleType("car", 53),),
    (DepotSite("d", "Dépôt", Place(47, 4)),),
    (MORNING, EVENING),
    Handling(15_000, 3_000, 30_000, 1_500),
    travel=Travel(LINE * 10 * MINUTE, LINE * 10_000),
)  # fmt: skip
OUT = 995 * MINUTE
NEED = "{}>0210001A"
PLAN = DayPlan(
    {each.id: Seat(each.reach[0][0]) for each in DEMAND.pupils},
    {
        "matin": Plan(
            (Circuit("m", (Board(NEED.format("b"), 1, 460 * MINUTE + 25_000), Board(NEED.format("a"), 3, 471 * MINUTE),
                           Leave("0210001A", 482 * MINUTE + 1_000))),),
            (Block("car-1", "car", "d", ("m",)),),
        ),
        "soir": Plan(
            (Circuit("s", (Board(NEED.format("b"), 1, DAY_MS - OUT - 21 * MINUTE),
                           Board(NEED.format("a"), 3, DAY_MS - OUT - 10 * MINUTE), Leave("0210001A", DAY_MS - OUT))),),
            (Block("car-1", "car", "d", ("s",)),),
        ),
    },
)  # fmt: skip
DAYS = {"matin": [date(2026, 9, 1), date(2026, 9, 3)], "soir": [date(2026, 9, 1)]}
HELD = InForce("plan1", 2026, "Cars du Morvan", DEMAND, PLAN, {"m"}, {"a"}, DAYS)
WHO = Publisher("Région", "https://example.org", "03 80 00 00 00")
M, S = (circuit_id("plan1", half, name) for half, name in (("matin", "m"), ("soir", "s")))
EVERYWHERE: Callable[[str, int], bool] = lambda _circuit, _rank: True  # noqa: E731 - a value, as the gate hands it over


def test_each_circuit_is_a_row_with_the_persons_on_it() -> None:
    table = datasets([HELD])[CIRCUITS]
    assert table.behind is not None
    assert list(zip(table.rows(), table.behind(), strict=True)) == [
        (
            ("2026-2027", M, short_name("m"), "matin", "lundi mardi mercredi jeudi vendredi", "0210001A",
             "Cars du Morvan", True,
             53, 3),
            ("r1", "r2", "r3"),  # two homes are one child
        ),
        (
            ("2026-2027", S, short_name("s"), "soir", "lundi mardi jeudi vendredi", "0210001A", "Cars du Morvan", False,
             53, 3),
            ("r1", "r2", "r3"),
        ),
    ]  # fmt: skip
    assert table.privacy is not None
    assert table.privacy.k == 11


def test_each_place_is_a_row_with_the_persons_there_and_none_at_school() -> None:
    table = datasets([HELD])[PLACES]
    assert table.behind is not None
    told = [(row[1], row[2], f"{row[3]}:{row[4]}", row[7], people)
            for row, people in zip(table.rows(), table.behind(), strict=True)]  # fmt: skip
    assert told == [
        (M, 1, "stop:b", False, ("r3",)), (M, 2, "stop:a", True, ("r1", "r2")), (M, 3, "school:0210001A", False, ()),
        (S, 1, "school:0210001A", False, ()), (S, 2, "stop:a", True, ("r1", "r2")), (S, 3, "stop:b", False, ("r3",)),
    ]  # fmt: skip


def test_the_name_of_a_circuit_says_nothing_and_stays() -> None:
    assert circuit_id("plan1", "matin", "chez Dupont") == circuit_id("plan1", "matin", "chez Dupont")
    assert len({M, S, circuit_id("plan2", "matin", "m")}) == 3
    assert person("r2.h3") == person("r2") == "r2"


def test_nobody_s_home_changes_the_rows() -> None:
    moved = replace(DEMAND, pupils=tuple(replace(each, reach=((each.reach[0][0], 999),)) for each in DEMAND.pupils))
    assert datasets([replace(HELD, demand=moved)])[CIRCUITS].rows() == datasets([HELD])[CIRCUITS].rows()


# ---------------------------------------------------------------- the public feed


def feed(held: InForce = HELD, shown: Callable[[str, int], bool] = EVERYWHERE) -> dict[str, list[dict[str, str]]]:
    data = public_gtfs(runs_of(held), WHO, shown, contact="donnees@example.org")
    assert data is not None
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            name.removesuffix(".txt"): list(csv.DictReader(io.StringIO(archive.read(name).decode())))
            for name in archive.namelist()
        }


def test_only_services_open_to_everybody_are_in_the_public_feed() -> None:
    told = feed()
    assert [(row["route_id"], row["route_type"], row["route_long_name"]) for row in told["routes"]] == [
        (M, "713", "Croix – Collège")
    ]
    assert [row["date"] for row in told["calendar_dates"]] == ["20260901", "20260903"]
    assert public_gtfs(runs_of(replace(HELD, open_services=())), WHO, EVERYWHERE) is None


def test_times_are_minutes_and_tell_nobody_s_number() -> None:
    """Doors open at 7:40:25 for one pupil (18 s), at 7:51 for three (24 s), at school at 8:02:01."""
    told = [(row["stop_id"], row["arrival_time"], row["departure_time"]) for row in feed()["stop_times"]]
    assert told == [
        ("stop:b", "07:40:00", "07:40:00"), ("stop:a", "07:51:00", "07:51:00"),
        ("school:0210001A", "08:03:00", "08:03:00"),
    ]  # fmt: skip


def test_a_stop_that_may_not_be_named_is_nowhere_and_leaves_no_gap() -> None:
    told = feed(shown=lambda _circuit, rank: rank != 1)
    assert [row["stop_id"] for row in told["stops"]] == ["school:0210001A", "stop:a"]
    assert [(row["stop_id"], row["stop_sequence"]) for row in told["stop_times"]] == [
        ("stop:a", "1"), ("school:0210001A", "2")
    ]  # fmt: skip
    assert "Croix" not in str(told)
    assert told["feed_info"][0]["feed_version"] != feed()["feed_info"][0]["feed_version"]


@pytest.mark.parametrize("left", [0, 1])
def test_a_service_of_less_than_two_places_is_not_in_the_feed(left: int) -> None:
    assert public_gtfs(runs_of(HELD), WHO, lambda _circuit, rank: rank <= left) is None


def test_a_service_that_never_runs_is_not_in_the_feed() -> None:
    assert public_gtfs(runs_of(replace(HELD, days={"matin": [], "soir": DAYS["soir"]})), WHO, EVERYWHERE) is None


def test_the_same_facts_give_the_same_bytes_whatever_their_order() -> None:
    other = replace(HELD, plan_id="plan2")
    runs = [*runs_of(HELD), *runs_of(other)]
    assert public_gtfs(runs, WHO, EVERYWHERE) == public_gtfs(runs[::-1], WHO, EVERYWHERE)


def test_a_day_without_a_coach_is_not_told_and_the_day_beside_it_is() -> None:
    """Two days of school; nothing drives the service on the first one. What another service does not do that day
    changes nothing, and a service without a coach on every day is in no feed."""
    first, second = DAYS["matin"]
    off = feed(replace(HELD, no_coach={"m": {first}}))
    assert [(row["service_id"], row["date"]) for row in off["calendar_dates"]] == [(f"plan1:matin:{M}", "20260903")]
    assert [row["service_id"] for row in off["trips"]] == [f"plan1:matin:{M}"]
    assert [row["feed_start_date"] for row in off["feed_info"]] == ["20260903"]
    other = feed(replace(HELD, no_coach={"s": {first}}))
    assert [row["date"] for row in other["calendar_dates"]] == ["20260901", "20260903"]
    never = replace(HELD, no_coach={"m": {first, second}})
    assert public_gtfs(runs_of(never), WHO, EVERYWHERE) is None


def test_of_two_services_of_a_half_day_each_keeps_its_own_days() -> None:
    """The evening is open too, and runs on the first day alone; the morning has no coach then."""
    held = replace(HELD, open_services={"m", "s"}, no_coach={"m": {DAYS["matin"][0]}})
    told = feed(held)
    calendars = {row["trip_id"]: row["service_id"] for row in told["trips"]}
    days = [(row["service_id"], row["date"]) for row in told["calendar_dates"]]
    assert days == sorted([(calendars[M], "20260903"), (calendars[S], "20260901")])
