"""The search against an exhaustive one on random tiny networks: the same fronts leaving after, arriving by and over a
window, and every journey possible by the raw files. A failure prints the smallest world found that still fails."""

from collections.abc import Iterator

import pytest

from tests.counts import count
from tests.oracles.brute_force import Expanded
from tests.oracles.spec import Trip, World
from tests.oracles.validator import Validator
from tests.planner_adaptor import Asked, arrivals, ask_of, compiled, departures, profile_points
from tests.strategies import Case, random_case, smaller

DAY_S = 86_400
CHUNK = 100
CHUNKS_IN_CI = 6
CHUNKS = 100  # all together: the 10,000 networks


def differences(case: Case) -> Iterator[str]:
    """What the two searches or the validator disagree on."""
    files = case.spec.files()
    world = World(files)
    asked = Asked(compiled(files))
    validator = Validator(asked.timetable, {"feed": world})
    first = min(min(question.at, question.by) for question in case.questions)
    last = max(max(question.at, question.by) + question.window_s for question in case.questions)
    expanded = Expanded(world, first - DAY_S, last + DAY_S)
    for question in case.questions:
        if question.access.keys() & question.egress.keys():
            continue  # a journey of no vehicle is not the search's to find
        for by_way in (False, True):
            ask = ask_of(question, by_way=by_way)
            leaving, arriving = (find(question, by_way=by_way) for find in (asked.leaving, asked.arriving))
            profile = asked.profile(question, by_way=by_way)
            for kind, expected, found in (
                ("leaving at", expanded.forward(ask, question.at)[0], arrivals(leaving)),
                ("arriving by", expanded.backward(ask, question.by), departures(arriving)),
                ("window", expanded.profile(ask, question.at, question.window_s), profile_points(profile)),
            ):
                if expected != found:
                    yield f"{kind}, by way {by_way}: {question.text()}\n  expected {expected}\n  found    {found}"
            for itineraries, arrive_by in ((leaving, False), (arriving, True), (profile, False)):
                for itinerary in itineraries:
                    least = asked.settled(question, itinerary, by_way=by_way)
                    journey = asked.journey(question, least)
                    faults = validator.faults(journey, asked.query(question, arrive_by=arrive_by))
                    if faults:
                        yield f"not possible: {question.text()}\n  {faults}"
                    before = asked.journey(question, itinerary)
                    leave, arrive = (int(at.timestamp()) for at in (before.depart_at, before.arrive_at))
                    metres = expanded.least_metres(ask, asked.vehicles(itinerary), leave, arrive)
                    if journey.walk_m != metres or journey.depart_at < before.depart_at:
                        yield f"walks {journey.walk_m} m, not {metres}, by way {by_way}: {question.text()}"


def fails(case: Case) -> bool:
    return next(differences(case), None) is not None


def check(seeds: range) -> None:
    for seed in seeds:
        case = random_case(seed)
        if fails(case):
            least = smaller(case, fails)
            pytest.fail("\n".join([*differences(least), least.text()]))


@pytest.mark.parametrize("chunk", range(count(CHUNKS_IN_CI, 2)))
def test_fronts_are_those_of_an_exhaustive_search(chunk: int) -> None:
    check(range(chunk * CHUNK, (chunk + 1) * CHUNK))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(count(CHUNKS_IN_CI, 2), CHUNKS))
def test_fronts_are_those_of_an_exhaustive_search_on_ten_thousand_networks(chunk: int) -> None:
    check(range(chunk * CHUNK, (chunk + 1) * CHUNK))


def test_random_networks_hold_what_makes_timetables_hard() -> None:
    """Each trait is common among the networks of the generator, journeys of several vehicles too."""
    traits: dict[str, int] = {}
    for seed in range(200):
        case = random_case(seed)
        files = case.spec.files()
        world = World(files)
        trips = list(world.trips.values())
        found = {
            "second visit": any(len({call.stop for call in trip.calls}) < len(trip.calls) for trip in trips),
            "past midnight": any(trip.calls[-1].arrive_s >= DAY_S for trip in trips),
            "frequency": bool(world.frequencies),
            "no boarding": any(not call.may_board for trip in trips for call in trip.calls),
            "no alighting": any(not call.may_alight for trip in trips for call in trip.calls),
            "joined in-seat": any(
                world.continues_as(trip, day) for trip in trips for day in world.service_days.get(trip.service_id, ())
            ),
            "joined over a change of service day": any(
                on > day
                for trip in trips
                for day in world.service_days.get(trip.service_id, ())
                for _, on in world.continues_as(trip, day)
            ),
            "transfer rule": bool(world.transfers),
            "scoped transfer": any(
                rule.from_trip or rule.to_trip or rule.from_route or rule.to_route
                for rules in world.transfers.values()
                for _, rule in rules
            ),
            "station": bool(world.children),
            "near stops": bool(world.walks),
            "clocks change": any(day in question.text() for question in case.questions for day in ("-03-30", "-10-26")),
            "overtaking": _overtaking(trips),
        }
        expanded = Expanded(world, case.questions[0].at - DAY_S, case.questions[0].at + 2 * DAY_S)
        points = [point for q in case.questions for point in expanded.forward(ask_of(q), q.at)[0]]
        found["two vehicles"] = any(vehicles > 1 for _, vehicles in points)
        for trait, present in found.items():
            traits[trait] = traits.get(trait, 0) + present
    assert {trait for trait, count in traits.items() if count < 10} == set()


def _overtaking(trips: list[Trip]) -> bool:
    """Two trips with the same stops of which the later one is somewhere no later."""
    for a in trips:
        for b in trips:
            if [call.stop for call in a.calls] == [call.stop for call in b.calls]:
                lead = [y.depart_s - x.depart_s for x, y in zip(a.calls, b.calls, strict=True)]
                if lead[0] > 0 > min(lead):
                    return True
    return False
