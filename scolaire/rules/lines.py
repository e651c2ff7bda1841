"""Which runs of a regular line bring a pupil to school or home, and whether those who ride them still may.

A line takes a pupil where it calls within `SAME_STOP_M` of a school stop in the pupil's reach, and within a walk of the
school; in time for the bell, no longer than the pupil may ride, without a change. Who is in a wheelchair is not sent on
a line: nobody declares that its vehicles take one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point, distance_m
from scolaire.model.demand import Demand, Direction, Half, Place, Pupil, SchoolSite
from scolaire.model.lines import LineCall, LineRide, LineRun, Rider, Spare

SAME_STOP_M: Final = 60  # a line's pole and the school stop of the same name
SCHOOL_WALK_M: Final = 800  # from the line to the school's gate, along the way (straight line × 1.3)
DETOUR: Final = 1.3
WALK_M_S: Final = 1.0  # children in a group


def rides(pupil: Pupil, stop: str, half: str, demand: Demand, spares: Sequence[Spare]) -> list[LineRide]:
    """The rides of a half-day that a pupil may make from a stop, best first: the shortest walk, then ride."""
    if pupil.wheelchair:
        return []
    day, school = demand.half_of[half], demand.school_of[pupil.school]
    here, found = _point(demand.stop_of[stop].at), []
    for spare in spares:
        for run in spare.runs.get(half, ()):
            ride = _ride(run, spare, day, here, school, pupil)
            if ride is not None:
                found.append(ride)
    return sorted(found, key=lambda each: (each.walk_m, abs(each.school_s - each.stop_s), each.line, each.run))


def _ride(run: LineRun, spare: Spare, half: Half, here: Point, school: SchoolSite, pupil: Pupil) -> LineRide | None:
    going, window = half.direction is Direction.TO, school.windows.get(half.id)
    if window is None:
        return None
    gate = _point(school.at)
    best: LineRide | None = None
    for first, on in enumerate(run.calls):
        for off in run.calls[first + 1 :]:
            near, far = (on, off) if going else (off, on)
            walk_m = round(distance_m(far.at, gate) * DETOUR)
            if not (on.on and off.off) or walk_m > SCHOOL_WALK_M or distance_m(near.at, here) > SAME_STOP_M:
                continue
            walk_ms = round(walk_m / WALK_M_S * 1000)
            at_gate_ms = far.arrives_s * 1000 + walk_ms if going else far.leaves_s * 1000 - walk_ms
            ride_ms = (off.arrives_s - on.leaves_s) * 1000
            if not window[0] <= at_gate_ms <= window[1] or ride_ms > pupil.ride_max_ms:
                continue
            made = _made(half, spare, run, near, far, going=going, walk_m=walk_m)
            if best is None or made.walk_m < best.walk_m:
                best = made
    return best


def _made(
    half: Half, spare: Spare, run: LineRun, near: LineCall, far: LineCall, *, going: bool, walk_m: int
) -> LineRide:
    stop_s, school_s = (near.leaves_s, far.arrives_s) if going else (near.arrives_s, far.leaves_s)
    return LineRide(half.id, spare.line, spare.name, run.id, stop_s, school_s, far.name, walk_m)


def rider_faults(riders: Sequence[Rider], pupils: Mapping[str, Pupil], demand: Demand, spares: Sequence[Spare]) -> list[
    Decision
]:  # fmt: skip
    """What is wrong with those who ride lines, judged anew from the timetable: a run that is no more or passes at
    another hour, more pupils than seats. `pupils`: as they asked, by id."""
    return [*_gone(riders, pupils, demand, spares), *_full(riders, spares)]


def _gone(
    riders: Sequence[Rider], pupils: Mapping[str, Pupil], demand: Demand, spares: Sequence[Spare]
) -> Iterator[Decision]:
    for rider in riders:
        pupil = pupils.get(rider.pupil)
        if pupil is None or rider.stop not in {stop for stop, _ in pupil.reach}:
            yield Decision("scolaire.rider_stop", pupil=rider.pupil)
            continue
        if sorted(each.half for each in rider.rides) != sorted(pupil.halves):
            yield Decision("scolaire.rider_halves", pupil=rider.pupil)
        for each in rider.rides:
            if each.half in demand.half_of and each not in rides(pupil, rider.stop, each.half, demand, spares):
                yield Decision("scolaire.rider_run", pupil=rider.pupil, line=each.name, half=each.half)


def _full(riders: Sequence[Rider], spares: Sequence[Spare]) -> Iterator[Decision]:
    known = {each.line: each for each in spares}
    counted = Counter((ride.line, ride.half, ride.run) for rider in riders for ride in rider.rides)
    for (line, half, run), pupils in sorted(counted.items()):
        spare = known.get(line)
        if spare is not None and pupils > spare.seats - spare.taken.get(run, 0):
            yield Decision("scolaire.rider_seats", line=spare.name, half=half, pupils=pupils, seats=spare.seats)


def _point(place: Place) -> Point:
    return Point(place.lat, place.lon)
