"""A leg that is several ways one after the other (on foot to a bicycle, by car to a park and on foot): taken apart, and
each part drawn along the streets."""

from collections.abc import Callable
from dataclasses import replace

from mobigo.base.geo import Point
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.indoors import ways_to
from mobigo.planner.model import AccessEgress, By, Journey, Leg, Spot, Walk


def split(journey: Journey, by: By, parts: Callable[[Walk], list[Leg]]) -> Journey:
    """The journey with each leg by this vehicle in its parts."""
    legs: list[Leg] = []
    for leg in journey.legs:
        legs += parts(leg) if isinstance(leg, Walk) and leg.by is by else [leg]
    return replace(journey, legs=tuple(legs))


def drawn(
    journey: Journey, door_a: Point | None, door_b: Point | None, places: Timetable,
    along: Callable[[By], tuple[AccessEgress, int]],
) -> Journey:  # fmt: skip
    """The journey with each part to or from a spot drawn along the streets. `along`: what draws a way by this vehicle,
    and no farther than so many metres."""
    legs: list[Leg] = []
    for leg in journey.legs:
        if isinstance(leg, Walk) and (leg.from_spot or leg.to_spot):
            a = _end(leg.from_spot, leg.from_stop, door_a, places)
            b = _end(leg.to_spot, leg.to_stop, door_b, places)
            if a is not None and b is not None:
                streets, bound_m = along(leg.by)
                if leg.to_stop is not None:
                    [way] = ways_to(streets, places, a, [leg.to_stop], bound_m, leaving=True)
                elif leg.from_stop is not None:
                    [way] = ways_to(streets, places, b, [leg.from_stop], bound_m, leaving=False)
                else:
                    [way] = streets.ways(a, [b], bound_m, leaving=True)
                leg = replace(leg, path=way.path, directions=way.directions)
        legs.append(leg)
    return replace(journey, legs=tuple(legs))


def _end(spot: Spot | None, stop: int | None, door: Point | None, places: Timetable) -> Point | None:
    if spot is not None:
        return spot.point
    return door if stop is None else Point(float(places.stop_lat[stop]), float(places.stop_lon[stop]))
