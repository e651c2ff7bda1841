"""Pupils on regular lines before any circuit: in time, without a change, no more than there are seats; judged anew."""

from dataclasses import replace

import pytest

from mobigo.base.geo import Point
from scolaire.engine.lines import with_riders
from scolaire.export.plan_json import demand_json
from scolaire.gateway.plan_json import read_demand
from scolaire.model.demand import (
    EVENING,
    MORNING,
    Demand,
    DepotSite,
    Direction,
    Half,
    Place,
    Pupil,
    SchoolSite,
    StopSite,
)
from scolaire.model.lines import LineCall, LineRun, Spare
from scolaire.model.problem import VehicleType
from scolaire.rules.demand import demand_faults
from scolaire.rules.lines import rider_faults, rides

MIN_MS = 60_000
HALVES = (MORNING.id, EVENING.id)
# The line calls at the village's stop at 7:20 and, 100 m from the school (130 m to walk, 130 s), at 7:45.
VILLAGE, SCHOOL, BY_SCHOOL = Point(47.2, 4.0), Point(47.0, 4.0), Point(47.0009, 4.0)
PUPIL = Pupil("a", "e", (("v", 300),), HALVES, 45 * MIN_MS)
DEMAND = Demand(
    "d",
    (SchoolSite("e", "Collège", Place(47.0, 4.0), {"matin": (460 * MIN_MS, 475 * MIN_MS),
                                                   "soir": (1_025 * MIN_MS, 1_040 * MIN_MS)}),),
    (StopSite("v", "Village", Place(47.2, 4.0)), StopSite("x", "Hameau", Place(47.1, 4.1))),
    tuple(replace(PUPIL, id=name) for name in "abc"),
    (VehicleType("car", 50),), (DepotSite("d", "Dépôt", Place(47.0, 4.0)),), (MORNING, EVENING),
)  # fmt: skip


def run(name: str, *calls: tuple[str, Point, str]) -> LineRun:
    def seconds(text: str) -> int:
        return int(text[:2]) * 3600 + int(text[3:]) * 60

    return LineRun(name, tuple(LineCall(stop, at, seconds(hour), seconds(hour)) for stop, at, hour in calls))


IN = run("in", ("Village", VILLAGE, "07:20"), ("Collège", BY_SCHOOL, "07:45"))
OUT = run("out", ("Collège", BY_SCHOOL, "17:15"), ("Village", VILLAGE, "17:40"))
SPARE = Spare("l", "Ligne 7", 2, {"matin": (IN,), "soir": (OUT,)}, {})


def test_pupils_take_the_seats_there_are_and_the_others_keep_a_circuit() -> None:
    made = with_riders(DEMAND, [SPARE])
    assert len(made.riders) == 2
    assert len(made.pupils) == 1
    assert {each.pupil for each in made.riders} | {each.id for each in made.pupils} == {"a", "b", "c"}
    morning, evening = made.riders[0].rides
    assert (morning.half, morning.stop_s, morning.school_s, morning.walk_m) == ("matin", 26_400, 27_900, 130)
    assert (evening.half, evening.school_s, evening.stop_s) == ("soir", 62_100, 63_600)
    assert read_demand(demand_json(made)) == made
    assert made == with_riders(DEMAND, [SPARE])
    assert demand_faults(made) == []
    assert rider_faults(made.riders, DEMAND.pupil_of, made, [SPARE]) == []
    assert demand_faults(replace(made, pupils=DEMAND.pupils))  # nobody is carried twice


def hours(*calls: tuple[str, Point, str]) -> Spare:
    return replace(SPARE, runs={"matin": (run("in", *calls),), "soir": (OUT,)})


@pytest.mark.parametrize(
    ("spare", "pupil"),
    [
        # 7:52:50 + 2 min 10 is 7:55:00, and the window ends at 7:55
        (hours(("Village", VILLAGE, "07:20"), ("Collège", BY_SCHOOL, "07:53")), PUPIL),
        (hours(("Village", VILLAGE, "07:10"), ("Collège", BY_SCHOOL, "07:37")), PUPIL),  # before the gates open
        (hours(("Village", VILLAGE, "06:55"), ("Collège", BY_SCHOOL, "07:45")), PUPIL),  # 50 minutes on board
        (hours(("Collège", BY_SCHOOL, "07:20"), ("Village", VILLAGE, "07:45")), PUPIL),  # the other way
        (hours(("Village", VILLAGE, "07:20"), ("Loin", Point(47.01, 4.0), "07:45")), PUPIL),  # 1 445 m from school
        (hours(("Plus loin", Point(47.2006, 4.0), "07:20"), ("Collège", BY_SCHOOL, "07:45")), PUPIL),  # 67 m away
        (replace(SPARE, runs={"matin": (IN,)}), PUPIL),  # nothing to go home
        (replace(SPARE, seats=0), PUPIL),
        (replace(SPARE, taken={"in": 2}), PUPIL),  # other plans have given them
        (SPARE, replace(PUPIL, wheelchair=True)),
        (SPARE, replace(PUPIL, reach=(("x", 100),))),
    ],
    ids=["late", "early", "long", "away", "far", "other-stop", "no-return", "no-seat", "taken", "wheelchair", "reach"],
)  # fmt: skip
def test_a_line_that_does_not_suit_takes_nobody(spare: Spare, pupil: Pupil) -> None:
    asked = replace(DEMAND, pupils=(pupil,))
    assert with_riders(asked, [spare]) == asked


def test_a_run_on_the_last_second_is_in_time() -> None:
    last = replace(IN, calls=(IN.calls[0], replace(IN.calls[1], arrives_s=7 * 3600 + 55 * 60 - 130)))
    spare = replace(SPARE, runs={"matin": (last,)})
    assert rides(PUPIL, "v", "matin", DEMAND, [spare])
    later = replace(last, calls=(last.calls[0], replace(last.calls[1], arrives_s=last.calls[1].arrives_s + 1)))
    assert not rides(PUPIL, "v", "matin", DEMAND, [replace(spare, runs={"matin": (later,)})])


def test_what_changed_since_is_named() -> None:
    made = with_riders(DEMAND, [SPARE])

    def codes(spares: list[Spare]) -> set[str]:
        return {each.code for each in rider_faults(made.riders, DEMAND.pupil_of, made, spares)}

    assert codes([]) == {"scolaire.rider_run"}
    earlier = hours(("Village", VILLAGE, "07:18"), ("Collège", BY_SCHOOL, "07:45"))
    assert codes([earlier]) == {"scolaire.rider_run"}
    assert codes([replace(SPARE, seats=1)]) == {"scolaire.rider_seats"}
    moved = {name: replace(pupil, reach=(("x", 5),)) for name, pupil in DEMAND.pupil_of.items()}
    assert {each.code for each in rider_faults(made.riders, moved, made, [SPARE])} == {"scolaire.rider_stop"}
    more = {name: replace(pupil, halves=("matin",)) for name, pupil in DEMAND.pupil_of.items()}
    assert {each.code for each in rider_faults(made.riders, more, made, [SPARE])} == {"scolaire.rider_halves"}


def test_each_half_day_has_its_line() -> None:
    noon = Half("mercredi", Direction.FROM, (2,))
    demand = replace(DEMAND, halves=(MORNING, EVENING, noon), pupils=(replace(PUPIL, halves=(*HALVES, "mercredi")),))
    assert with_riders(demand, [SPARE]).riders == ()  # on foot at noon: never
