"""What a journey emits, leg by leg, by dated factors (article L. 1431-3 du code des transports: whoever sells or
organises transport tells the greenhouse gases of a journey).

Metres are those of the straight lines from stop to stop, or along the streets: never more than the way itself, and said
so. A leg that no factor names makes the whole unknown, never zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from mobigo.base.geo import Point, distance_m
from mobigo.network.model.timetable import Timetable
from mobigo.planner.model import By, Emission, Journey, Leg, LegEmission, Ride

CAR, CARPOOL = "car", "carpool"


@dataclass(frozen=True, slots=True)
class Factor:
    """Milligrams of CO2 equivalent for one passenger over one kilometre, of the vehicles of some route types (of some
    agencies only, by their plain names, where `agencies` is not empty), or of what one moves by oneself."""

    mode: str
    mg_per_km: int
    route_types: frozenset[int] = frozenset()
    agencies: frozenset[str] = frozenset()
    by: frozenset[By] = frozenset()


@dataclass(frozen=True, slots=True)
class FactorTable:
    """The factors from a day on, until the next table begins; the first one that fits counts."""

    first_day: date
    source: str
    factors: tuple[Factor, ...]

    def of_mode(self, mode: str) -> Factor | None:
        return next((each for each in self.factors if each.mode == mode), None)


def table_on(tables: Iterable[FactorTable], day: date) -> FactorTable | None:
    """The last table that began."""
    return max((each for each in tables if each.first_day <= day), key=lambda each: each.first_day, default=None)


def emission(table: FactorTable, timetable: Timetable, journey: Journey, plain_agencies: Sequence[str]) -> Emission:
    """The emissions of a journey for one passenger. `plain_agencies`: the plain name of each agency."""
    legs, exact_mg, metres = [], Fraction(0), 0
    for leg in journey.legs:
        factor, length_m = _factor(table, timetable, leg, plain_agencies), _metres(timetable, leg)
        mg = None if factor is None else Fraction(length_m * factor.mg_per_km, 1000)
        legs.append(LegEmission("" if factor is None else factor.mode, length_m, None if mg is None else _grams(mg)))
        exact_mg, metres = exact_mg + (mg or 0), metres + length_m
    is_known = all(each.grams is not None for each in legs)
    car = table.of_mode(CAR)
    return Emission(
        _grams(exact_mg) if is_known else None,
        tuple(legs),
        None if car is None else _grams(Fraction(metres * car.mg_per_km, 1000)),
        table.source,
        table.first_day,
    )


def _grams(mg: Fraction) -> int:
    """Whole grams, half up."""
    return int((mg / 1000 + Fraction(1, 2)) // 1)


def _factor(table: FactorTable, timetable: Timetable, leg: Leg, plain_agencies: Sequence[str]) -> Factor | None:
    """The one factor of a leg; None where the trips of a ride, joined in-seat, have not all the same."""
    if not isinstance(leg, Ride):
        return next((each for each in table.factors if leg.by in each.by), None)
    found = set()
    for trip, _ in leg.trips:
        route = int(timetable.trip_route[trip])
        agency = int(timetable.route_agency[route])
        name = plain_agencies[agency] if agency >= 0 else ""
        found.add(
            next(
                (
                    each
                    for each in table.factors
                    if int(timetable.route_type[route]) in each.route_types
                    and (not each.agencies or name in each.agencies)
                ),
                None,
            )
        )
    return found.pop() if len(found) == 1 else None


def _metres(timetable: Timetable, leg: Leg) -> int:
    if not isinstance(leg, Ride):
        return leg.distance_m
    points = [Point(float(timetable.stop_lat[v.stop]), float(timetable.stop_lon[v.stop])) for v in leg.visits]
    return round(sum(distance_m(a, b) for a, b in pairwise(points)))
