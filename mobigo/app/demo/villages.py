"""Coaches of the villages: lines drawn by rule, so that the demonstration can grow to every commune of the region.

Written lines (`fixtures/territory/lines`) are left alone; a village they serve gets no other line.
"""

from collections.abc import Iterator, Sequence
from math import atan2, cos, radians

from mobigo.app.demo.facts import Call, Commune, Line, Runs, StopFact, seconds
from mobigo.base.geo import Point, distance_m

INHABITANTS_MIN = {"s": None, "m": 700, "l": 0}  # communes from this population on get a line; None: none does
VILLAGES_PER_LINE = 7
REACH_M = 45_000
SPEED_M_PER_MIN = 40_000 / 60  # along a road 1.3 times as long as the crow's flight


def lines_for(
    size: str, communes: Sequence[Commune], served: frozenset[str], hubs: Sequence[StopFact]
) -> Iterator[Line]:
    """Lines from the communes not in `served` (INSEE codes) to the nearest of `hubs`, a sector each, far end first."""
    inhabitants_min = INHABITANTS_MIN[size]
    if inhabitants_min is None:
        return
    around: dict[str, list[Commune]] = {hub.id: [] for hub in hubs}
    for commune in communes:
        if commune.code in served or commune.population < inhabitants_min:
            continue
        hub = min(hubs, key=lambda place: (distance_m(place.point, commune.point), place.id))
        if distance_m(hub.point, commune.point) <= REACH_M:
            around[hub.id].append(commune)
    for hub_number, hub in enumerate(hubs, 1):
        by_bearing = sorted(around[hub.id], key=lambda commune: (_bearing(hub.point, commune.point), commune.code))
        for number, start in enumerate(range(0, len(by_bearing), VILLAGES_PER_LINE), 1):
            yield _line(hub, hub_number, number, by_bearing[start : start + VILLAGES_PER_LINE])


def _line(hub: StopFact, hub_number: int, number: int, villages: Sequence[Commune]) -> Line:
    ordered = _far_end_first(hub.point, villages)
    calls, minutes = [], 0.0
    for index, village in enumerate(ordered):
        calls.append(Call(village.code, minutes))
        after = ordered[index + 1].point if index + 1 < len(ordered) else hub.point
        minutes += max(2.0, round(1.3 * distance_m(village.point, after) / SPEED_M_PER_MIN) + 1.0)
    calls.append(Call(hub.name, minutes))
    town = hub.name.split(",")[0]
    code = f"P{hub_number:02d}{number:02d}"
    return Line(
        id=code,
        number=code,
        name=f"{ordered[0].name} – {town}",
        mode="coach",
        color="5b5149",
        calls=tuple(calls),
        there=(
            _runs("school", "07:00 13:20"),
            _runs("school-wednesdays", "07:00"),
            _runs("holiday-weekdays", "08:30"),
        ),
        back=(
            _runs("school", "12:10 17:40"),
            _runs("school-wednesdays", "12:10"),
            _runs("holiday-weekdays", "17:10"),
        ),
        moved_by="villages",
    )


def _runs(days: str, hours: str) -> Runs:
    return Runs(days, tuple(seconds(hour) for hour in hours.split()))


def _far_end_first(hub: Point, villages: Sequence[Commune]) -> list[Commune]:
    """From the village farthest from the hub, each time to the nearest left, so that the coach does not turn about."""
    left = sorted(villages, key=lambda village: (-distance_m(hub, village.point), village.code))
    ordered = [left.pop(0)]
    while left:
        here = ordered[-1].point
        nearest = min(left, key=lambda village: (distance_m(here, village.point), village.code))
        left.remove(nearest)
        ordered.append(nearest)
    return ordered


def _bearing(centre: Point, point: Point) -> float:
    return atan2(point.lat - centre.lat, (point.lon - centre.lon) * cos(radians(centre.lat)))
