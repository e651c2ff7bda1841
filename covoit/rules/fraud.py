"""The analytical checks of a month of journeys: nine frauds, each a function from sightings to alerts.

Sources: the registry's own views (simultaneous trips of one run, role changes within a day, components of people who
change roles, overlaps between operators, share of the night, low variance), and the fraud of 2023 in Rouen, where one
person with two phones rode the coach. What honest people do too (a couple on fixed hours, colleagues who drive in turn,
two cars to one event, a fast train between two journeys, a parent's Saturday, night work, Saturday nights) stays below
the thresholds of `covoit.model.fraud`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import pstdev
from typing import Final

from covoit.model.fraud import THRESHOLDS, Alert, Coaches, NoCoaches, Sighting, Suspicion, Thresholds
from mobigo.base.decisions import Decision
from mobigo.base.geo import distance_m
from mobigo.base.instants import PARIS

Trips = Mapping[tuple[str, str], Sequence[Sighting]]


def alerts(
    sightings: Iterable[Sighting], coaches: Coaches | None = None, limits: Thresholds = THRESHOLDS
) -> list[Alert]:
    """Every suspicion in a month of journeys, in a fixed order: same journeys in any order, same alerts."""
    seen = sorted(sightings, key=lambda each: (each.started_at, each.operator, each.journey))
    found = [
        *clones(seen, limits),
        *teleports(seen, limits),
        *simultaneous(seen, limits),
        *role_swaps(seen, limits),
        *shuttles(seen, limits),
        *coach_axes(seen, coaches or NoCoaches(), limits),
        *nights(seen, limits),
        *regular(seen, limits),
    ]
    return sorted(found, key=lambda alert: (alert.suspicion, sorted(alert.people), alert.journeys))


def clones(seen: Sequence[Sighting], limits: Thresholds) -> list[Alert]:
    """One run declared at two operators: same two people, times that overlap."""
    by_people: dict[frozenset[str], list[Sighting]] = defaultdict(list)
    for each in seen:
        by_people[each.people].append(each)
    found = []
    for people, rides in by_people.items():
        pairs = [(a, b) for a, b in _near(rides, limits) if a.operator != b.operator]
        cloned = [(a, b) for a, b in pairs if overlap_pct(a, b) >= limits.clone_overlap_pct]
        if cloned:
            concerned = [ride for pair in cloned for ride in pair]
            operators = sorted({ride.operator for ride in concerned})
            reason = Decision("covoit.suspect_clone", count=len(cloned), operators=operators)
            found.append(_alert(Suspicion.CLONE, people, concerned, reason))
    return found


def _near(rides: Sequence[Sighting], limits: Thresholds) -> Iterable[tuple[Sighting, Sighting]]:
    """The pairs of rides (in order of start) that start close enough to be one run."""
    for index, first in enumerate(rides):
        for second in rides[index + 1 :]:
            if (second.started_at - first.started_at).total_seconds() > limits.clone_start_gap_s_max:
                break
            yield first, second


def overlap_pct(a: Sighting, b: Sighting) -> int:
    """The common time of two journeys, in % of the shorter one; 0 when that one has no duration."""
    common = (min(a.ended_at, b.ended_at) - max(a.started_at, b.started_at)).total_seconds()
    shorter = min(_duration_s(a), _duration_s(b))
    return int(100 * max(0.0, common) / shorter) if shorter > 0 else 0


def teleports(seen: Sequence[Sighting], limits: Thresholds) -> list[Alert]:
    """A person in two places: a journey no car drives, or the next one starting where nobody can be yet.

    Journeys of one vehicle trip follow one another in one car, and are not compared; nor are clones, named above.
    """
    by_person: dict[str, list[Sighting]] = defaultdict(list)
    for each in seen:
        for person in each.people:
            by_person[person].append(each)
    found = []
    for person, rides in by_person.items():
        concerned: list[Sighting] = []
        reasons = []
        for ride in rides:
            speed = _kmh(max(distance_m(ride.start, ride.end), 0.0), _duration_s(ride))
            if speed > limits.own_kmh_max and distance_m(ride.start, ride.end) > 1_000:
                concerned.append(ride)
                reasons.append(Decision("covoit.suspect_too_fast", speed_kmh=speed, at=ride.started_at))
        for before, after in pairwise(rides):
            cloned = before.people == after.people and before.operator != after.operator
            if cloned or before.trip == after.trip:
                continue
            gap_m = distance_m(before.end, after.start)
            gap_s = (after.started_at - before.ended_at).total_seconds()
            if gap_m >= limits.teleport_gap_m_min and _kmh(gap_m, max(gap_s, 1.0)) > limits.teleport_kmh_max:
                concerned += [before, after]
                km = round(gap_m / 1000)
                reasons.append(
                    Decision("covoit.suspect_two_places", km=km, minutes=max(0, int(gap_s // 60)), at=after.started_at)
                )
        if concerned:
            found.append(_alert(Suspicion.TELEPORT, frozenset((person,)), concerned, *reasons[:5]))
    return found


def simultaneous(seen: Sequence[Sighting], limits: Thresholds) -> list[Alert]:
    """Several cars making one same run, on several days with the same people: phones in one vehicle, or in none.

    Once is an event to which friends drive in convoy; the same convoy again and again, to the metre, is not.
    """
    by_axis: dict[tuple[object, object, date], list[Sighting]] = defaultdict(list)
    for each in seen:
        by_axis[(_commune(each, True), _commune(each, False), each.day)].append(each)
    groups = [group for rides in by_axis.values() for group in _convoys(rides, limits)]
    by_drivers: dict[frozenset[str], list[list[Sighting]]] = defaultdict(list)
    for group in groups:
        by_drivers[frozenset(ride.driver for ride in group)].append(group)
    found = []
    for drivers, convoys in _merged(by_drivers):
        days = {group[0].day for group in convoys}
        if len(days) >= limits.simultaneous_days_min:
            concerned = [ride for group in convoys for ride in group]
            people = frozenset(person for ride in concerned for person in ride.people)
            reason = Decision("covoit.suspect_simultaneous", cars=len(drivers), days=len(days))
            found.append(_alert(Suspicion.SIMULTANEOUS, people, concerned, reason))
    return found


def _convoys(rides: Sequence[Sighting], limits: Thresholds) -> list[list[Sighting]]:
    """Runs of one axis and day that start together and measure the same, three cars or more."""
    out: list[list[Sighting]] = []
    left = list(rides)
    while left:
        first = left[0]
        group = [
            ride
            for ride in left
            if (ride.started_at - first.started_at).total_seconds() <= limits.simultaneous_start_s_max
            and abs(ride.distance_m - first.distance_m) <= limits.simultaneous_distance_m_max
        ]
        if len({ride.driver for ride in group}) >= limits.simultaneous_trips_min:
            out.append(group)
            taken = {ride.journey for ride in group}
            left = [ride for ride in left if ride.journey not in taken]
        else:
            left = left[1:]
    return out


def _merged(
    by_drivers: Mapping[frozenset[str], list[list[Sighting]]],
) -> list[tuple[frozenset[str], list[list[Sighting]]]]:
    """Convoys that share at least half of their drivers are the same people's."""
    out: list[tuple[frozenset[str], list[list[Sighting]]]] = []
    for drivers, convoys in sorted(by_drivers.items(), key=lambda item: sorted(item[0])):
        for index, (known, kept) in enumerate(out):
            if 2 * len(known & drivers) >= min(len(known), len(drivers)):
                out[index] = (known | drivers, kept + convoys)
                break
        else:
            out.append((drivers, list(convoys)))
    return out


def role_swaps(seen: Sequence[Sighting], limits: Thresholds) -> list[Alert]:
    """People who change seats within the day: who drove there is driven back, and whose car is it?

    Colleagues who drive in turn change from one day to the next; a car left at the garage makes it happen once.
    Three people or more joined by such changes are a ring.
    """
    days_of: dict[frozenset[str], set[date]] = defaultdict(set)
    roles: dict[tuple[frozenset[str], date], set[str]] = defaultdict(set)
    for each in seen:
        days_of[each.people].add(each.day)
        roles[(each.people, each.day)].add(each.driver)
    swapped: dict[frozenset[str], list[date]] = defaultdict(list)
    for (people, day), drivers in roles.items():
        if len(drivers) == 2:
            swapped[people].append(day)
    suspect = {
        people: days
        for people, days in swapped.items()
        if len(days) >= limits.swap_days_min and 100 * len(days) >= limits.swap_share_pct_min * len(days_of[people])
    }
    rings = [group for group in _components(swapped) if len(group) >= 3]
    found = []
    ringed: set[str] = set()
    for group in rings:
        inside = [each for each in seen if each.people <= group]
        days = {day for people, several in swapped.items() if people <= group for day in several}
        ridden = {each.day for each in inside}
        often = len(days) >= limits.swap_days_min and 100 * len(days) >= limits.swap_share_pct_min * len(ridden)
        if often:
            ringed |= group
            reason = Decision("covoit.suspect_ring", people=len(group), days=len(days))
            found.append(_alert(Suspicion.RING, group, inside, reason))
    for people, changes in suspect.items():
        if not people <= ringed:
            concerned = [each for each in seen if each.people == people]
            reason = Decision("covoit.suspect_role_swap", days=len(changes), of_days=len(days_of[people]))
            found.append(_alert(Suspicion.ROLE_SWAP, people, concerned, reason))
    return found


def _components(edges: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """The groups of people joined by changes of role, directly or through others."""
    group_of: dict[str, set[str]] = {}
    for edge in edges:
        joined = set(edge).union(*(group_of.get(person, ()) for person in edge))
        for person in joined:
            group_of[person] = joined
    return sorted({frozenset(group) for group in group_of.values()}, key=sorted)


def shuttles(seen: Sequence[Sighting], limits: Thresholds) -> list[Alert]:
    """Two people who ride with nobody else, to and fro with hardly a stop, many times a day, on several days."""
    partners: dict[str, set[str]] = defaultdict(set)
    for each in seen:
        partners[each.driver].add(each.passenger)
        partners[each.passenger].add(each.driver)
    by_pair: dict[frozenset[str], dict[date, list[Sighting]]] = defaultdict(lambda: defaultdict(list))
    for each in seen:
        if len(each.people) == 2 and all(len(partners[person]) == 1 for person in each.people):
            by_pair[each.people][each.day].append(each)
    found = []
    for people, days in by_pair.items():
        busy = {day: rides for day, rides in days.items() if _to_and_fro(rides, limits)}
        if len(busy) >= limits.shuttle_days_min:
            concerned = [ride for rides in days.values() for ride in rides]
            most = max(len(rides) for rides in busy.values())
            reason = Decision("covoit.suspect_shuttle", days=len(busy), trips=most)
            found.append(_alert(Suspicion.SHUTTLE, people, concerned, reason))
    return found


def _to_and_fro(rides: Sequence[Sighting], limits: Thresholds) -> bool:
    """Many rides in a day, at least half of the waits between them shorter than a turn."""
    turn = timedelta(seconds=limits.shuttle_turn_s_max)
    short = sum(after.started_at - before.ended_at <= turn for before, after in pairwise(rides))
    return len(rides) >= limits.shuttle_trips_a_day_min and 2 * short >= len(rides) - 1


def coach_axes(seen: Sequence[Sighting], coaches: Coaches, limits: Thresholds) -> list[Alert]:
    """Trips that leave and arrive with the coach, stop for stop and minute for minute, most of the time."""
    by_people: dict[frozenset[str], list[Sighting]] = defaultdict(list)
    for each in seen:
        by_people[each.people].append(each)
    found = []
    for people, rides in by_people.items():
        if len(rides) < limits.coach_trips_min:
            continue
        alike = [ride for ride in rides if coaches.runs_like(ride)]
        if len(alike) >= limits.coach_trips_min and 100 * len(alike) >= limits.coach_share_pct_min * len(rides):
            reason = Decision("covoit.suspect_coach", trips=len(alike), of_trips=len(rides))
            found.append(_alert(Suspicion.COACH, people, rides, reason))
    return found


def nights(seen: Sequence[Sighting], limits: Thresholds) -> list[Alert]:
    """A driver who drives there and back within the night, night after night, and hardly ever by day."""
    by_driver: dict[str, list[Sighting]] = defaultdict(list)
    for each in seen:
        by_driver[each.driver].append(each)
    found = []
    for driver, rides in by_driver.items():
        dark = [ride for ride in rides if _at_night(ride, limits)]
        trips, of_trips = len({ride.trip for ride in dark}), len({ride.trip for ride in rides})
        by_night: dict[date, set[tuple[str, str]]] = defaultdict(set)
        for ride in dark:
            by_night[_night_of(ride, limits)].add(ride.trip)
        busy = sum(len(inside) >= limits.night_trips_a_night_min for inside in by_night.values())
        if busy >= limits.night_days_min and 100 * trips >= limits.night_share_pct_min * of_trips:
            people = frozenset({driver, *(ride.passenger for ride in dark)})
            reason = Decision("covoit.suspect_night", trips=trips, of_trips=of_trips, nights=busy)
            found.append(_alert(Suspicion.NIGHT, people, dark, reason))
    return found


def _at_night(ride: Sighting, limits: Thresholds) -> bool:
    hour = ride.started_at.astimezone(PARIS).hour
    return hour >= limits.night_from_h or hour < limits.night_to_h


def _night_of(ride: Sighting, limits: Thresholds) -> date:
    """The evening a night began, whatever side of midnight the ride is on."""
    return (ride.started_at.astimezone(PARIS) - timedelta(hours=limits.night_to_h)).date()


def regular(seen: Sequence[Sighting], limits: Thresholds) -> list[Alert]:
    """Rides of two people from one commune to another that leave at the same second of the day and measure the same,
    again and again: a clockwork declares them. People are late, and park elsewhere."""
    by_way: dict[tuple[str, str, object, object], list[Sighting]] = defaultdict(list)
    for each in seen:
        by_way[(each.driver, each.passenger, _commune(each, True), _commune(each, False))].append(each)
    found: dict[frozenset[str], tuple[list[Sighting], list[Decision]]] = {}
    for rides in by_way.values():
        if len(rides) < limits.regular_trips_min:
            continue
        starts, lengths = _clock_s(rides), [ride.distance_m for ride in rides]
        punctual = within_deviation(starts, limits.regular_start_s_max)
        if punctual and within_deviation(lengths, limits.regular_distance_m_max):
            reason = Decision(
                "covoit.suspect_regular", trips=len(rides), seconds=round(pstdev(starts)), metres=round(pstdev(lengths))
            )
            concerned, reasons = found.setdefault(rides[0].people, ([], []))
            concerned += rides
            reasons.append(reason)
    return [_alert(Suspicion.REGULAR, people, rides, *reasons) for people, (rides, reasons) in found.items()]


def _clock_s(rides: Sequence[Sighting]) -> list[int]:
    """When each starts on the clock of France, in seconds around the first one's hour: midnight is no jump."""
    local = [ride.started_at.astimezone(PARIS) for ride in rides]
    clock = [each.hour * 3600 + each.minute * 60 + each.second for each in local]
    return [(each - clock[0] + _HALF_DAY_S) % (2 * _HALF_DAY_S) for each in clock]


_HALF_DAY_S: Final = 43_200


def within_deviation(values: Sequence[int], most: int) -> bool:
    """Whether the standard deviation of whole numbers is at most `most`, exactly."""
    count = len(values)
    return count * sum(each * each for each in values) - sum(values) ** 2 <= (most * count) ** 2


def _alert(suspicion: Suspicion, people: frozenset[str], rides: Sequence[Sighting], *reasons: Decision) -> Alert:
    return Alert(suspicion, people, tuple(sorted({ride.journey for ride in rides})), reasons)


def _duration_s(ride: Sighting) -> float:
    return (ride.ended_at - ride.started_at).total_seconds()


def _kmh(metres: float, seconds: float) -> int:
    """Kilometres per hour; a distance in no time is faster than anything."""
    return round(metres / seconds * 3.6) if seconds > 0 else (10_000 if metres > 0 else 0)


def _commune(ride: Sighting, start: bool) -> object:
    """The commune, or a square of about a kilometre where it is not known."""
    insee, point = (ride.start_insee, ride.start) if start else (ride.end_insee, ride.end)
    return insee if insee is not None else (round(point.lat, 2), round(point.lon, 2))
