"""Instances that are strange and lawful: a plan in which everybody rides or is named."""

from dataclasses import replace

import numpy as np
import pytest

from scolaire.engine.day import DayAsk, DayLimits, plan_day
from scolaire.engine.solve import Limits
from scolaire.engine.stops import StopLimits
from scolaire.model.day import DayPlan
from scolaire.model.demand import MORNING, Demand, DepotSite, Place, Pupil, SchoolSite, StopSite
from scolaire.model.problem import Travel, VehicleType
from scolaire.rules.day import day_faults
from scolaire.rules.halves import travel_of
from scolaire.rules.kpi import kpis
from tests.school_world import MINUTE, sector

QUICK = DayLimits(StopLimits(60), Limits(20, 0, 10.0))
HERE, NEAR = Place(47.2, 4.6), Place(47.22, 4.6)
WINDOW = {"matin": (470 * MINUTE, 480 * MINUTE)}
SAME = Demand(
    "t",
    (SchoolSite("S", "École", HERE, WINDOW), SchoolSite("T", "Collège", HERE, WINDOW)),
    (StopSite("a", "A", NEAR), StopSite("b", "B", NEAR), StopSite("c", "C", HERE)),
    (
        Pupil("p", "S", (("a", 300),), ("matin",), 45 * MINUTE),
        Pupil("q", "T", (("b", 300),), ("matin",), 45 * MINUTE),
        Pupil("r", "S", (("c", 10),), ("matin",), 45 * MINUTE),
    ),
    (VehicleType("car", 3),),
    (DepotSite("d", "Dépôt", HERE),),
    halves=(MORNING,),
)  # fmt: skip


def all_told(plan: DayPlan, demand: Demand) -> None:
    """Nobody is dropped in silence, and the checker, which trusts nobody, has nothing to say."""
    assert {*plan.seats, *(each.pupil for each in plan.left)} == {each.id for each in demand.pupils}
    assert day_faults(plan, demand) == []


def test_stops_schools_and_the_depot_at_one_and_the_same_place() -> None:
    plan = plan_day(SAME, DayAsk(), QUICK, 1)
    all_told(plan, SAME)
    assert plan.left == ()


@pytest.mark.parametrize("far_ms", [24 * 60 * MINUTE, 2_000_000_000])
def test_a_stop_that_no_road_reaches_leaves_its_pupils_by_name(far_ms: int) -> None:
    """No way to the second stop, none from it: as long as a day, or as a matrix that knows no other infinity has it."""
    travel = travel_of(SAME)
    ms = travel.ms.copy().astype(np.int32)
    node = len(SAME.depots) + len(SAME.schools) + 1
    ms[node, :] = ms[:, node] = far_ms
    ms[node, node] = 0
    demand = replace(SAME, travel=Travel(ms, travel.metres))
    plan = plan_day(demand, DayAsk(), QUICK, 1)
    all_told(plan, demand)
    assert [(each.pupil, each.why.code) for each in plan.left] == [("q", "scolaire.left_too_far")]


def test_a_pupil_of_two_homes_has_a_seat_from_each() -> None:
    """The same registration from two homes is two pupils of the demand: each home keeps its own stop."""
    pupils = (replace(SAME.pupils[0], id="r1.h1"), replace(SAME.pupils[0], id="r1.h2", reach=(("c", 20),)))
    demand = replace(SAME, pupils=pupils)
    plan = plan_day(demand, DayAsk(), QUICK, 1)
    all_told(plan, demand)
    assert {name: seat.stop for name, seat in plan.seats.items()} == {"r1.h1": "a", "r1.h2": "c"}


def moved(demand: Demand, *, lat: float, lon: float, turn: int = 1) -> Demand:
    """The same map `lat` and `lon` degrees away, in a mirror for `turn` −1; driven as long as before."""

    def at(place: Place) -> Place:
        return Place(place.lat + lat, turn * place.lon + lon)

    return replace(
        demand,
        schools=tuple(replace(each, at=at(each.at)) for each in demand.schools),
        stops=tuple(replace(each, at=at(each.at)) for each in demand.stops),
        depots=tuple(replace(each, at=at(each.at)) for each in demand.depots),
    )


@pytest.mark.parametrize(
    ("lat", "lon", "turn"),
    [(0.0, 1.5, 1), (0.0, 9.0, -1), (0.4, 0.0, 1)],
    ids=["shifted-east", "mirrored", "shifted-north-by-its-own-table"],
)
def test_a_shifted_or_mirrored_sector_needs_the_same_fleet(lat: float, lon: float, turn: int) -> None:
    """East, or in a mirror, distances are the same as the crow flies; to the north they shrink, so the table of driving
    times goes with it."""
    small = sector(6, schools=2, stops=6, pupils=16, evenings=False)
    other = moved(small, lat=lat, lon=lon, turn=turn)
    if lat:
        other, small = (replace(each, travel=travel_of(small)) for each in (other, small))
    here, there = (plan_day(each, DayAsk(), QUICK, 1) for each in (small, other))
    all_told(there, other)
    assert kpis(here, small).buses == kpis(there, other).buses


def test_every_bell_at_the_same_minute_and_schools_nobody_goes_to() -> None:
    small = sector(7, schools=3, stops=6, pupils=12, evenings=False)
    empty = SchoolSite("vide", "École vide", HERE, WINDOW)
    demand = replace(
        small,
        schools=(*(replace(each, windows={"matin": (480 * MINUTE, 480 * MINUTE)}) for each in small.schools), empty),
        halves=tuple(each for each in small.halves if each.id == "matin"),
        pupils=tuple(replace(each, halves=("matin",)) for each in small.pupils),
    )
    all_told(plan_day(demand, DayAsk(), QUICK, 1), demand)
