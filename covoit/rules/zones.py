"""Whether a place lies in a zone of a campaign: by its commune and the territories of that day, or by its position."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from covoit.model.campaign import Zone
from mobigo.base.geo import Point, distance_m

FRANCE: Final = "99100"  # INSEE: codes of countries begin with 99, and communes are in France


def contains(zone: Zone, day: date, point: Point | None, insee: str | None) -> bool:
    """Whether a place, of which commune or position may be unknown, is in the zone; what is unknown is not."""
    if insee is not None and _holds(zone, day, insee):
        return True
    if point is None:
        return False
    if any(distance_m(circle.centre, point) <= circle.radius_m for circle in zone.circles):
        return True
    return any(_in_polygon(point, polygon) for polygon in zone.polygons)


def _holds(zone: Zone, day: date, insee: str) -> bool:
    """Whether a commune, or a country abroad, is in the zone that day."""
    if country_of(insee) in zone.countries:
        return True
    if country_of(insee) != FRANCE:
        return insee in zone.communes
    departement = departement_of(insee)
    if insee in zone.communes or departement in zone.departements:
        return True
    return any(day in period for name in (insee, departement) for period in zone.members.get(name, ()))


def country_of(insee: str) -> str:
    """The country of a code: a place abroad has the code of its country, a commune is in France."""
    return insee if insee.startswith("99") else FRANCE


def departement_of(insee: str) -> str:
    """The département of a commune's code: its first two characters, three overseas."""
    return insee[:3] if insee.startswith("97") else insee[:2]


def _in_polygon(point: Point, ring: Sequence[Point]) -> bool:
    """By counting the sides that a line towards the east crosses; a side's northern end is not part of it."""
    inside = False
    for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (a.lat > point.lat) is not (b.lat > point.lat):
            at_lon = a.lon + (point.lat - a.lat) * (b.lon - a.lon) / (b.lat - a.lat)
            inside ^= point.lon < at_lon
    return inside
