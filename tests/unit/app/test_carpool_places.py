"""Carpool stops and places of the timetable, joined: both sides name the same id, and what finds none is told."""

from typing import Any

from covoit.model.lines import PlaceNear
from mobigo.app.carpool_places import _join, of_line
from mobigo.base.geo import Point, distance_m
from mobigo.network.model.places import Kind
from tests.covoit_lines_world import line


class TwoPlaces:
    """A timetable that knows the first stop of the line and, far from every stop, somewhere else."""

    def __init__(self, at: Point) -> None:
        self._places = [("P1", "Saulieu", at), ("P2", "Ailleurs", Point(46.0, 3.0))]

    def near(self, point: Point, radius_m: float, limit: int, kinds: Any) -> list[tuple[Any, int]]:
        assert set(kinds) == {Kind.STATION, Kind.STOP}
        found = [(_place(*each), round(distance_m(point, each[2]))) for each in self._places]
        return [each for each in found if each[1] <= radius_m][:limit]


def _place(id: str, name: str, point: Point) -> Any:
    return type("Place", (), {"id": id, "name": name, "point": point})


def test_each_stop_has_its_place_or_is_told_without() -> None:
    first = line().stops[0]
    found = _join(TwoPlaces(first.point), [line()])  # type: ignore[arg-type]  # the part of an index that is asked
    assert [each.stop.id for each in found] == [stop.id for stop in line().stops]
    assert [each.stop.id for each in found if each.place is None] == [stop.id for stop in line().stops[1:]]
    assert of_line(found, line()) == {first.id: PlaceNear("P1", "Saulieu", 0)}
