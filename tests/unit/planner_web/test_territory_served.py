"""How many vehicles leave from near the centre of a commune on a day."""

from datetime import date

import pytest

from mobigo.network.engine.boards import build_boards
from mobigo.network.model.places import Commune
from mobigo.planner.service.served import departures_by_commune
from tests.unit.planner_web.tiny import Stop, Trip, timetable

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
NORTH_900_M, NORTH_1100_M = 47.0 + 0.9 / 111.2, 47.0 + 1.1 / 111.2
HERE = Commune("21000", "Ici", 47.0, 5.0)
STOPS = [Stop("Mairie"), Stop("École", NORTH_900_M), Stop("Loin", NORTH_1100_M), Stop("Ville", 47.5)]


def count(trips: list[Trip], day: date = MONDAY) -> int:
    return departures_by_commune(build_boards(timetable(STOPS, trips)), [HERE], day)[0]


@pytest.mark.parametrize(
    ("trip", "expected"),
    [
        (Trip([(0, "8:00"), (3, "9:00")]), 1),
        (Trip([(1, "8:00"), (3, "9:00")]), 1),  # 900 m away
        (Trip([(2, "8:00"), (3, "9:00")]), 0),  # 1,100 m away
        (Trip([(0, "8:00"), (1, "8:05"), (3, "9:00")]), 1),  # one coach at two stops
        (Trip([(3, "8:00"), (0, "9:00")]), 0),  # it ends here: nobody gets in
        (Trip([(3, "8:00"), (0, "9:00"), (2, "9:10")]), 1),
        (Trip([(0, "8:00"), (3, "9:00")], flags=[1, 0]), 0),  # nobody may get in
        (Trip([(0, "8:00"), (3, "9:00")], days=[1]), 0),  # on another day
        (Trip([(0, "8:00"), (3, "9:00")], repeats_s=(0, 1800, 3600), by_frequency=1), 3),
    ],
)
def test_a_vehicle_counts_once_where_people_get_in(trip: Trip, expected: int) -> None:
    assert count([trip]) == expected


def test_days_are_told_apart_and_none_is_told_outside_the_timetable() -> None:
    trips = [Trip([(0, "8:00"), (3, "9:00")], days=[0, 1]), Trip([(3, "17:00"), (0, "18:00"), (2, "18:10")], days=[0])]
    assert (count(trips), count(trips, TUESDAY), count(trips, date(2026, 12, 25))) == (2, 1, 0)


def test_communes_come_in_their_order() -> None:
    town = Commune("21001", "Ville", 47.5, 5.0)
    index = build_boards(timetable(STOPS, [Trip([(3, "8:00"), (0, "9:00")])]))
    assert departures_by_commune(index, [HERE, town], MONDAY) == [0, 1]
    assert departures_by_commune(index, [], MONDAY) == []
