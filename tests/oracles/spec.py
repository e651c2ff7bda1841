"""A feed read the slow way, straight from the GTFS Schedule reference: who runs when, what joins in-seat, how long a
change takes.

It shares no code with the product, which it judges, and prefers the plainest form to the fastest. The rules it applies:

 1. A service runs on the days of calendar.txt (weekday set, from start_date to end_date, both included);
    calendar_dates.txt adds (1) and removes (2) days.
 2. A service time counts from noon minus 12 h of the service day in agency_timezone; it may pass 24 h. So on the two
    days when the clocks change it is not the time on the wall before that change.
 3. Calls of a trip follow stop_sequence (of two with the same, the earlier first). A call with one of its two times
    has both equal. Calls without any time lie between those around them; this world does not search such trips
    exactly (`Call.guessed`). A trip with fewer than two calls, without first or last time, or whose times go
    backwards, does not run. Rows that name no known stop are left out.
 4. frequencies.txt replaces the trip's own times: a departure from its first stop at start_time, then every
    headway_secs while before end_time, whether exact_times is 1 or 0 (then it is only about then, which an answer
    must say); all times shift together. Overlapping rows of one trip each count, a departure written twice once.
 5. pickup_type 1 lets nobody on, drop_off_type 1 lets nobody off, at that position of the trip alone; 2 and 3 (by
    telephone, by arrangement with the driver) and unknown values let people on and off.
 6. In-seat, by block: on each service day, of the trips of a block that run that day, in order of first departure
    (then last arrival, then trip_id), each continues as the next one if its last stop is the next one's first (same
    stop_id) and it arrives no later than that departs. By transfers.txt: type 4 with both trip ids joins this pair
    wherever it stops, on the same service day, if it arrives no later than the other departs; then the block says
    nothing of the first trip that day. Type 5 with both trip ids keeps the pair apart, and wins over 4. Trips of
    frequencies.txt are never joined. From one service day to the next ("may be later than the first departure time of
    the to_trip_id trip in case the to_trip_id trip is occurring the subsequent service day"): a pair of type 4, and
    the last trip of a block's day with the first of its next day, where the second departs within an hour of the
    first's arrival; who stays seated does so over one change of service day at most.
 7. Who stays seated counts one vehicle. Where a trip ends at the stop at which the next begins, the two calls are one:
    people get off by the flag and hour of the first and on by those of the second. Where they are two stops (type 4
    alone can join those), both are calls like others, the last of a trip left when it is reached.
 8. A change from trip X, left at stop P, to trip Y, boarded at stop Q, takes the time of the rule of transfers.txt of
    types 0 to 3 that is most specific: both trips; a trip and a route; one trip; both routes; one route; stops alone.
    A trip id on a side makes the route id on that side mute. A rule for a station holds for its stops and itself;
    between equally specific rules one that names both stops wins over one that names a station, then the longer time
    wins (never being longest). (The reference is silent on both.)
 9. Seconds by type: 0 or blank, the default change time at one stop, the walk plus the default change time between
    two; 1, nothing at one stop, the walk between two; 2, min_transfer_time as given, or as type 0 when it is blank;
    3, never. Walk: crow's flight × 1.3 at 1.2 m/s, rounded up.
10. Where no rule speaks: at one stop the default change time (120 s); between two stops nearer than 400 m as the crow
    flies as type 0; otherwise no way. Instead of the 400 m rule a caller may give the walks, in seconds, or none.
11. A walk or a change stands between two rides, never two walks in a row.
12. Wheelchair: rides on trips whose wheelchair_accessible is 1; on and off at stops whose wheelchair_boarding is 1,
    or blank or 0 with the station's being 1. Unknown is no. Walks are taken as possible.
"""

import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

NIGHT_PAUSE_S_MAX = 3600
EARTH_RADIUS_M = 6_371_008.8
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Rules:
    """What the reference leaves to whoever plans."""

    change_s: int = 120
    link_m_max: float = 400.0
    detour: float = 1.3
    speed_m_s: float = 1.2


@dataclass(frozen=True, slots=True)
class Call:
    """A visit of a stop: seconds of the service day."""

    stop: str
    arrive_s: int
    depart_s: int
    may_board: bool
    may_alight: bool
    guessed: bool  # the feed gives no time here: the times are only bounds around it


@dataclass(frozen=True, slots=True)
class Trip:
    trip_id: str
    route_id: str
    service_id: str
    block_id: str
    wheelchair: bool
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Transfer:
    """A row of transfers.txt, blanks as empty strings."""

    from_stop: str
    to_stop: str
    kind: str
    min_s: str
    from_trip: str
    to_trip: str
    from_route: str
    to_route: str


def rows(files: Mapping[str, str], name: str) -> Iterator[dict[str, str]]:
    """Rows of a file, blanks around cells removed; none when there is no such file."""
    text = files.get(name, "")
    for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), skipinitialspace=True):
        yield {key: (value or "").strip() for key, value in row.items() if key is not None}


def seconds_of(text: str) -> int | None:
    """Seconds of `H:MM:SS`; None when blank or unreadable."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.strip().isdigit() for part in parts):
        return None
    return int(parts[0]) * 3600 + int(parts[1]) * 60 + int(parts[2])


def crow_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle metres."""
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    half = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


class World:
    """One feed, from its files' text. `walks` are seconds from stop to another stop, None for rule 10's 400 m."""

    def __init__(
        self,
        files: Mapping[str, str],
        rules: Rules | None = None,
        walks: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        self.files = files
        self.rules = rules or Rules()
        self.zone = ZoneInfo(next(rows(files, "agency.txt"))["agency_timezone"])
        self.stops = {row["stop_id"]: row for row in rows(files, "stops.txt")}
        self.children: dict[str, list[str]] = defaultdict(list)
        for stop_id, row in self.stops.items():
            if row.get("parent_station") and row.get("location_type", "") in ("", "0"):
                self.children[row["parent_station"]].append(stop_id)
        self.trips = self._trips()
        self._given = None if walks is None else dict(walks)
        self._crow_m: dict[tuple[str, str], float] = {}  # asked again and again of the same stops

    # --- days and times

    @cached_property
    def service_days(self) -> dict[str, frozenset[date]]:
        days: dict[str, set[date]] = defaultdict(set)
        for row in rows(self.files, "calendar.txt"):
            day, last = _date(row["start_date"]), _date(row["end_date"])
            while day <= last:
                if row[WEEKDAYS[day.weekday()]] == "1":
                    days[row["service_id"]].add(day)
                day += timedelta(days=1)
        for row in rows(self.files, "calendar_dates.txt"):
            if row["exception_type"] == "1":
                days[row["service_id"]].add(_date(row["date"]))
            elif row["exception_type"] == "2":
                days[row["service_id"]].discard(_date(row["date"]))
        return {service: frozenset(on) for service, on in days.items()}

    def runs_on(self, trip: Trip, day: date) -> bool:
        return day in self.service_days.get(trip.service_id, frozenset())

    @lru_cache(maxsize=4096)  # noqa: B019 - worlds are few and live as long as their test
    def day_start(self, day: date) -> int:
        """Noon minus 12 h, in seconds since 1970."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self.zone)
        return int(noon.astimezone(UTC).timestamp()) - 12 * 3600

    # --- trips

    def _trips(self) -> dict[str, Trip]:
        calls: dict[str, list[tuple[int, str, int | None, int | None, bool, bool]]] = defaultdict(list)
        for row in rows(self.files, "stop_times.txt"):
            if row["stop_id"] not in self.stops:
                continue
            calls[row["trip_id"]].append(
                (
                    int(row["stop_sequence"]),
                    row["stop_id"],
                    seconds_of(row.get("arrival_time", "")),
                    seconds_of(row.get("departure_time", "")),
                    row.get("pickup_type", "") != "1",
                    row.get("drop_off_type", "") != "1",
                )
            )
        trips = {}
        for row in rows(self.files, "trips.txt"):
            ordered = _complete(sorted(calls.get(row["trip_id"], ()), key=_order))
            if ordered:
                trips[row["trip_id"]] = Trip(
                    row["trip_id"],
                    row["route_id"],
                    row["service_id"],
                    row.get("block_id", ""),
                    row.get("wheelchair_accessible", "") == "1",
                    ordered,
                )
        return trips

    @cached_property
    def frequencies(self) -> dict[str, list[tuple[int, bool]]]:
        """trip → its departures (seconds of the service day, exact), where frequencies.txt replaces its times."""
        found: dict[str, dict[int, bool]] = defaultdict(dict)
        for row in rows(self.files, "frequencies.txt"):
            start, end, headway = seconds_of(row["start_time"]), seconds_of(row["end_time"]), int(row["headway_secs"])
            starts = found[row["trip_id"]]
            if start is None or end is None or headway <= 0:
                continue
            for start_s in range(start, end, headway):
                starts[start_s] = starts.get(start_s, False) or row.get("exact_times", "") == "1"
        return {trip_id: sorted(starts.items()) for trip_id, starts in found.items()}

    def shifts(self, trip: Trip) -> list[tuple[int, bool]]:
        """(seconds to add to the trip's times, exact) for each of its departures on a day."""
        if trip.trip_id not in self.frequencies:
            return [(0, True)]
        first_s = trip.calls[0].depart_s
        return [(start_s - first_s, exact) for start_s, exact in self.frequencies[trip.trip_id]]

    # --- in-seat joins

    @cached_property
    def linked(self) -> tuple[dict[str, list[str]], frozenset[tuple[str, str]]]:
        """Pairs of transfer type 4, by their first trip, and pairs of type 5."""
        together, apart = defaultdict(list), set()
        for row in rows(self.files, "transfers.txt"):
            pair = row.get("from_trip_id", ""), row.get("to_trip_id", "")
            if all(pair) and row["transfer_type"] == "4":
                together[pair[0]].append(pair[1])
            elif all(pair) and row["transfer_type"] == "5":
                apart.add(pair)
        return together, frozenset(apart)

    @cached_property
    def blocks(self) -> dict[str, list[Trip]]:
        blocks: dict[str, list[Trip]] = defaultdict(list)
        for trip in self.trips.values():
            if trip.block_id and trip.trip_id not in self.frequencies:
                blocks[trip.block_id].append(trip)
        for members in blocks.values():
            members.sort(key=lambda trip: (trip.calls[0].depart_s, trip.calls[-1].arrive_s, trip.trip_id))
        return blocks

    def continues_as(self, trip: Trip, day: date) -> list[tuple[Trip, date]]:
        """What `trip` of that service day becomes at its end, for who stays seated: trips and their service days."""
        if trip.trip_id in self.frequencies:
            return []
        together, apart = self.linked
        tomorrow = day + timedelta(days=1)
        follow = []
        for other_id in dict.fromkeys(together.get(trip.trip_id, ())):
            other = self.trips.get(other_id)
            if other is None or other is trip or other_id in self.frequencies or (trip.trip_id, other_id) in apart:
                continue
            if self.runs_on(other, day) and self._pause_s(trip, day, other, day) >= 0:
                follow.append((other, day))
            if self.runs_on(other, tomorrow) and 0 <= self._pause_s(trip, day, other, tomorrow) <= NIGHT_PAUSE_S_MAX:
                follow.append((other, tomorrow))
        if follow or not trip.block_id:
            return follow
        block = self.blocks[trip.block_id]
        left = [(other, day) for other in block if self.runs_on(other, day)]
        left = left[left.index((trip, day)) + 1 :]
        first = left or [(other, tomorrow) for other in block if self.runs_on(other, tomorrow)]
        if not first:
            return []
        other, on = first[0]
        pause_s = self._pause_s(trip, day, other, on)
        soon = pause_s >= 0 and (on == day or pause_s <= NIGHT_PAUSE_S_MAX)
        here = other.calls[0].stop == trip.calls[-1].stop and (trip.trip_id, other.trip_id) not in apart
        return [(other, on)] if soon and here else []

    def _pause_s(self, trip: Trip, day: date, other: Trip, on: date) -> int:
        """Seconds from the end of a trip to the departure of another."""
        leaves = self.day_start(on) + other.calls[0].depart_s
        return leaves - self.day_start(day) - trip.calls[-1].arrive_s

    # --- changes and walks

    @cached_property
    def transfers(self) -> dict[tuple[str, str], list[tuple[int, Transfer]]]:
        """Rules of types 0 to 3 by pair of stops, each with 1 when it names a station, 0 when it names both stops."""
        found: dict[tuple[str, str], list[tuple[int, Transfer]]] = defaultdict(list)
        for row in rows(self.files, "transfers.txt"):
            kind = row.get("transfer_type", "") or "0"
            a, b = row.get("from_stop_id", ""), row.get("to_stop_id", "")
            if kind not in ("0", "1", "2", "3") or a not in self.stops or b not in self.stops:
                continue
            rule = Transfer(
                a,
                b,
                kind,
                row.get("min_transfer_time", ""),
                row.get("from_trip_id", ""),
                row.get("to_trip_id", ""),
                row.get("from_route_id", ""),
                row.get("to_route_id", ""),
            )
            station = int(a in self.children or b in self.children)
            for x in (a, *self.children.get(a, ())):
                for y in (b, *self.children.get(b, ())):
                    found[x, y].append((station, rule))
        return found

    def targets(self, stop: str) -> list[str]:
        """The stops where someone who gets off at `stop` might board."""
        return list(dict.fromkeys([stop, *self.walks_from.get(stop, ()), *self._ruled_targets.get(stop, ())]))

    @cached_property
    def _ruled_targets(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for a, b in self.transfers:
            found[a].append(b)
        return found

    def transfer_s(self, stop: str, trip: Trip, to_stop: str, to_trip: Trip) -> int | None:
        """Seconds between getting off and being able to board; None when nobody may."""
        best: tuple[int, int, float] | None = None
        for station, rule in self.transfers.get((stop, to_stop), ()):
            if not _applies(rule.from_trip, rule.from_route, trip) or not _applies(
                rule.to_trip, rule.to_route, to_trip
            ):
                continue
            needed = self._rule_s(rule, stop, to_stop)
            candidate = (_specificity(rule), -station, math.inf if needed is None else needed)
            if best is None or candidate > best:
                best = candidate
        if best is not None:
            return None if best[2] == math.inf else int(best[2])
        return self.rules.change_s if stop == to_stop else self._plain_walk(stop, to_stop)

    def _rule_s(self, rule: Transfer, stop: str, to_stop: str) -> int | None:
        if rule.kind == "3":
            return None
        if rule.kind == "2" and rule.min_s:
            return int(rule.min_s)
        walk = 0 if stop == to_stop else self.walk_s(stop, to_stop)
        return walk if rule.kind == "1" else walk + self.rules.change_s

    def position(self, stop: str) -> tuple[float, float]:
        row = self.stops[stop]
        return float(row["stop_lat"]), float(row["stop_lon"])

    def _metres(self, a: str, b: str) -> float:
        if (a, b) not in self._crow_m:
            self._crow_m[a, b] = crow_m(self.position(a), self.position(b))
        return self._crow_m[a, b]

    def walk_s(self, a: str, b: str) -> int:
        """Seconds on foot between two stops, as the crow flies, detour included, rounded up."""
        return math.ceil(self._metres(a, b) * self.rules.detour / self.rules.speed_m_s)

    def _plain_walk(self, a: str, b: str) -> int | None:
        """Seconds to change from one stop to another where no rule speaks; None where they are too far apart."""
        if self._given is not None:
            return self._given.get((a, b))
        if self._metres(a, b) > self.rules.link_m_max:
            return None
        return self.walk_s(a, b) + self.rules.change_s

    @cached_property
    def walks(self) -> dict[tuple[str, str], int]:
        """All walks where no rule speaks; only for feeds of few stops."""
        if self._given is not None:
            return self._given
        platforms = [s for s, row in self.stops.items() if row.get("location_type", "") in ("", "0")]
        pairs = [(a, b) for a in platforms for b in platforms if a != b]
        return {pair: seconds for pair in pairs if (seconds := self._plain_walk(*pair)) is not None}

    @cached_property
    def walks_from(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for a, b in self.walks:
            found[a].append(b)
        return found

    def wheelchair_stop(self, stop: str) -> bool:
        own = self.stops[stop].get("wheelchair_boarding", "")
        if own in ("1", "2"):
            return own == "1"
        parent = self.stops.get(self.stops[stop].get("parent_station", ""), {})
        return parent.get("wheelchair_boarding", "") == "1"


def _order(call: tuple[int, str, int | None, int | None, bool, bool]) -> tuple[int, int, str]:
    when = call[3] if call[3] is not None else call[2]
    return call[0], -1 if when is None else when, call[1]


def _date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _applies(trip_id: str, route_id: str, trip: Trip) -> bool:
    if trip_id:
        return trip_id == trip.trip_id
    return not route_id or route_id == trip.route_id


def _specificity(rule: Transfer) -> int:
    """The reference's ranking, 6 the most specific."""
    sides = [
        "trip" if trip else "route" if route else ""
        for trip, route in ((rule.from_trip, rule.from_route), (rule.to_trip, rule.to_route))
    ]
    ranking = [["trip", "trip"], ["route", "trip"], ["", "trip"], ["route", "route"], ["", "route"], ["", ""]]
    return 6 - ranking.index(sorted(sides))


def _complete(calls: list[tuple[int, str, int | None, int | None, bool, bool]]) -> tuple[Call, ...]:
    """Calls with both times; empty when the trip does not run. Blank ones get the bounds around them."""
    if len(calls) < 2:
        return ()
    arrivals = [arrive if arrive is not None else depart for _, _, arrive, depart, _, _ in calls]
    departures = [depart if depart is not None else arrive for _, _, arrive, depart, _, _ in calls]
    if arrivals[0] is None or arrivals[-1] is None:
        return ()
    done: list[Call] = []
    earliest = arrivals[0]
    for i, (_, stop, _, _, may_board, may_alight) in enumerate(calls):
        arrive, depart = arrivals[i], departures[i]
        if arrive is None or depart is None:
            latest = next(time_s for time_s in arrivals[i:] if time_s is not None)
            done.append(Call(stop, earliest, latest, may_board, may_alight, guessed=True))
            continue
        if arrive < earliest or depart < arrive:
            return ()
        done.append(Call(stop, arrive, depart, may_board, may_alight, guessed=False))
        earliest = depart
    return tuple(done)
