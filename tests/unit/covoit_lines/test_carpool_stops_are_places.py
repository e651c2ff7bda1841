"""A stop of a carpool line is the place of the timetable that stands there, farther off only when its name agrees."""

from dataclasses import replace

import pytest

from covoit.export.map import map_of_line
from covoit.model.lines import PlaceNear
from covoit.rules.places import same_place
from mobigo.base.geo import Point
from tests.covoit_lines_world import line

STOP = replace(line().stops[0], name="Saulieu, place Monge", commune="Saulieu", point=Point(47.0, 4.0))


def north(metres: float) -> Point:
    """So many metres north of the stop: a degree of latitude is 111,195 m."""
    return Point(47.0 + metres / 111_195, 4.0)


@pytest.mark.parametrize(
    ("metres", "name", "same"),
    [
        (150, "Mairie", True),  # so near, whatever its name
        (151, "Mairie", False),
        (800, "SAULIEU Gare", True),
        (801, "SAULIEU Gare", False),
        (400, "Route de Saulieu", True),
        (400, "Saulieu-le-Vieux", True),
        (400, "Thoisy", False),
    ],
)
def test_near_it_is_the_place_and_farther_only_by_its_name(metres: int, name: str, same: bool) -> None:
    found = same_place(STOP, [("P1", name, north(metres))])
    assert found == (PlaceNear("P1", name, metres) if same else None)


def test_the_nearest_place_wins_and_of_equals_the_first_id() -> None:
    candidates = [("B", "Saulieu, gare", north(90)), ("C", "Saulieu, mairie", north(40)), ("A", "Autre", north(40))]
    assert same_place(STOP, candidates) == PlaceNear("A", "Autre", 40)
    assert same_place(STOP, []) is None


@pytest.mark.parametrize(
    ("commune", "place", "same"),
    [
        ("Saint-Père", "St Pere, église", True),
        ("Les Laumes", "LES LAUMES-ALÉSIA", True),
        ("Les Laumes", "Laumes", False),
        ("Précy-sous-Thil", "Precy sous Thil, centre", True),
    ],
)
def test_names_are_compared_by_their_words(commune: str, place: str, same: bool) -> None:
    found = same_place(replace(STOP, commune=commune), [("P", place, north(500))])
    assert (found is not None) is same


def test_the_map_of_a_line_has_its_stops_in_order_and_one_stroke() -> None:
    drawn = map_of_line(line())
    stroke, *stops = drawn["features"]
    assert [each["properties"]["name"] for each in stops] == [stop.name for stop in line().stops]
    assert stroke["geometry"]["coordinates"] == [each["geometry"]["coordinates"] for each in stops]
    assert stroke["properties"]["kind"] == "ride"
