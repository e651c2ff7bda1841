"""Random tiny networks with everything that makes timetables hard, from a seed; and how to make a failing one smaller.

Each has loops and second visits, overtaking, frequencies, pickup and drop-off flags, blocks and in-seat transfers,
transfers of every type and scope, times past midnight and the two days when the clocks change, near stops and
stations; all in so narrow a space that journeys connect. A plain seeded generator, not hypothesis's, because ten
thousand networks must pass in minutes; `seeds()` makes it a strategy.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.builders import BuiltTrip, Row, Spec, frequency, transfer

ZONE = "Europe/Paris"
BASE_DAYS = (
    date(2025, 3, 18),  # a plain Tuesday
    date(2025, 3, 30),  # the clocks go from 2:00 to 3:00
    date(2025, 10, 26),  # the clocks go from 3:00 back to 2:00
    date(2024, 12, 31),
)
NEAR_DEGREES = 0.001  # 111 m
QUESTIONS = 4  # about each network


@dataclass(frozen=True)
class Question:
    """Leave at `at`, or be there by `by` (seconds since 1970); access and egress in seconds by stop."""

    access: Mapping[str, int]
    egress: Mapping[str, int]
    at: int
    by: int
    window_s: int
    vehicles_max: int
    extra_change_s: int
    wheelchair: bool
    via: tuple[str, ...] = ()
    via_stay_s: int = 0

    def text(self) -> str:
        """The question in words."""
        zone = ZoneInfo(ZONE)
        return (
            f"from {dict(self.access)} to {dict(self.egress)}, "
            f"leave at {datetime.fromtimestamp(self.at, zone)} ({self.at}), window {self.window_s} s, "
            f"or there by {datetime.fromtimestamp(self.by, zone)} ({self.by}), at most {self.vehicles_max} vehicles, "
            f"{self.extra_change_s} s more per change, wheelchair {self.wheelchair}, "
            f"by way of {self.via} for {self.via_stay_s} s"
        )


@dataclass(frozen=True)
class Case:
    """A network and questions about it."""

    seed: int
    spec: Spec
    questions: tuple[Question, ...]

    def text(self) -> str:
        """The whole world of the case, to paste in a test."""
        files = "\n".join(f"--- {name}\n{text}" for name, text in self.spec.files().items() if name != "agency.txt")
        asked = "\n".join(question.text() for question in self.questions)
        return f"seed {self.seed}\n{asked}\n{files}"


def seeds() -> Any:
    """A hypothesis strategy of cases; it shrinks towards seed 0, which says little: use `smaller` on a failure."""
    from hypothesis import strategies as st

    return st.integers(0, 2**32).map(random_case)


def random_case(seed: int) -> Case:
    """The case of that seed, always the same."""
    chance = random.Random(seed)
    base = chance.choice(BASE_DAYS)
    stops = _stops(chance)
    platforms = [str(row["stop_id"]) for row in stops if row.get("location_type") != "1"]
    routes = [f"R{n}" for n in range(chance.randint(1, 4))]
    services, calendar, calendar_dates = _services(chance, base)
    anchor_min = chance.choice((0, 60, 120, 180, 300, 720, 1320, 1430, 1440, 1500, 1560))
    trips = _trips(chance, platforms, routes, services, anchor_min)
    frequencies = _frequencies(chance, trips)
    transfers = _transfers(chance, stops, routes, trips)
    midnight = int(datetime(base.year, base.month, base.day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC).timestamp())
    spec = Spec(
        trips,
        stops=stops,
        transfers=transfers,
        frequencies=frequencies,
        calendar=calendar,
        calendar_dates=calendar_dates,
        zone=ZONE,
    )
    return Case(seed, spec, tuple(_question(chance, platforms, midnight + anchor_min * 60) for _ in range(QUESTIONS)))


def _question(chance: random.Random, platforms: Sequence[str], anchor: int) -> Question:
    access = _ends(chance, platforms)
    egress = _ends(chance, [stop for stop in platforms if stop not in access or chance.random() < 0.05])
    offset_min = chance.randint(-90, 20) + 1440 * chance.choice((-1, 0, 0, 0, 0, 0, 0, 1))
    at = anchor + offset_min * 60 + chance.choice((0, 0, 17))
    return Question(
        access,
        egress,
        at=at,
        by=at + chance.choice((60, 90, 120, 180, 240, 1440)) * 60,
        window_s=chance.choice((3600, 3 * 3600, 24 * 3600)),
        vehicles_max=chance.choice((1, 2, 3, 8, 8, 8)),
        extra_change_s=chance.choice((0, 0, 0, 90)),
        wheelchair=chance.random() < 0.1,
        via=tuple(sorted(chance.sample(platforms, chance.choice((1, 1, 2))))),
        via_stay_s=chance.choice((0, 0, 60, 600)),
    )


def _ends(chance: random.Random, platforms: Sequence[str]) -> dict[str, int]:
    count = chance.choice((1, 1, 2))
    return {stop: chance.choice((1, 1, 60, 137, 600)) for stop in chance.sample(platforms, min(count, len(platforms)))}


def _stops(chance: random.Random) -> list[Row]:
    """Stops in a few places far apart; stops of one place lie 0 to 6 steps of 111 m from each other."""
    count = chance.randint(4, 7)
    places = chance.randint(max(2, count - 3), count)
    rows: list[Row] = []
    stations: dict[int, str] = {}
    for number in range(count):
        place = number if number < places else chance.randrange(places)
        lat = 46 + 0.1 * place + (NEAR_DEGREES * chance.randint(0, 6) if number >= places else 0)
        row: dict[str, object] = {
            "stop_id": "ABCDEFG"[number],
            "stop_lat": f"{lat:.6f}",
            "stop_lon": "4.000000",
            "location_type": chance.choice(("", "0")),
            "parent_station": "",
            "wheelchair_boarding": chance.choice(("", "0", "1", "1", "1", "2")),
        }
        if chance.random() < 0.3:
            row["parent_station"] = stations.setdefault(place, f"S{place}")
        rows.append(row)
    rows.extend(
        {
            "stop_id": station,
            "stop_lat": f"{46 + 0.1 * place:.6f}",
            "stop_lon": "4.000000",
            "location_type": "1",
            "wheelchair_boarding": chance.choice(("", "1", "2")),
        }
        for place, station in stations.items()
    )
    return rows


def _services(chance: random.Random, base: date) -> tuple[list[str], list[Row], list[Row]]:
    """Up to three services: by weekdays with exceptions, or by dates alone."""
    names = [f"s{n}" for n in range(chance.randint(1, 3))]
    calendar: list[Row] = []
    dates: list[Row] = []
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for name in names:
        around = [base + timedelta(days=n) for n in (-2, -1, 0, 1, 2)]
        if chance.random() < 0.5:
            mask = {weekday: int(chance.random() < 0.7) for weekday in weekdays}
            mask[weekdays[base.weekday()]] = 1
            first, last = base - timedelta(days=chance.randint(0, 5)), base + timedelta(days=chance.randint(0, 5))
            calendar.append({"service_id": name, "start_date": f"{first:%Y%m%d}", "end_date": f"{last:%Y%m%d}", **mask})
            dates += [_exception(name, day, chance.choice((1, 2))) for day in around if chance.random() < 0.15]
        else:
            days = [day for day in around if day == base or chance.random() < 0.5]
            dates += [_exception(name, day, 1) for day in days]
    return names, calendar, dates


def _exception(service: str, day: date, kind: int) -> Row:
    return {"service_id": service, "date": f"{day:%Y%m%d}", "exception_type": kind}


def _trips(
    chance: random.Random, platforms: Sequence[str], routes: Sequence[str], services: Sequence[str], anchor_min: int
) -> list[BuiltTrip]:
    """Trips around the anchor: new ways, known ones at other hours and speeds (they overtake), sequels in a block."""
    trips: list[BuiltTrip] = []
    ways: list[tuple[list[str], list[tuple[str, str]]]] = []
    for number in range(chance.choice((3, 6, 9, 12, 16))):
        start_s = max(0, anchor_min + chance.randint(-75, 120)) * 60
        service, block = chance.choice(services), ""
        kind = chance.random()
        if trips and kind < 0.3:
            way, flags = chance.choice(ways)
        elif trips and kind < 0.55:
            before = chance.choice(trips)
            block = before.row["block_id"] or f"b{number}"
            before.row["block_id"] = block
            service = before.row["service_id"] if chance.random() < 0.8 else service
            way, flags = _way(chance, platforms, before.calls[-1]["stop_id"] if chance.random() < 0.85 else None)
            start_s = max(0, _seconds(before.calls[-1]["departure_time"]) + chance.choice((-60, 0, 0, 60, 300, 900)))
            if start_s >= 82_800 and chance.random() < 0.5:  # the sequel runs on the next service day
                start_s = max(0, start_s - chance.choice((86_400, 86_400, 86_400, 82_800, 90_000)))
        elif trips and kind < 0.85:
            call = chance.choice(chance.choice(trips).calls)
            way, flags = _way(chance, platforms, call["stop_id"])
            start_s = _seconds(call["arrival_time"]) + chance.choice((0, 60, 120, 121, 180, 300, 600))
        else:
            way, flags = _way(chance, platforms, None)
        ways.append((way, flags))
        row = {
            "route_id": chance.choice(routes),
            "service_id": service,
            "trip_id": f"t{number}",
            "block_id": block,
            "wheelchair_accessible": chance.choice(("", "1", "1", "1", "2")),
        }
        trips.append(BuiltTrip(row, tuple(_calls(chance, f"t{number}", way, flags, start_s))))
    return trips


def _way(chance: random.Random, platforms: Sequence[str], first: str | None) -> tuple[list[str], list[tuple[str, str]]]:
    """Stops, second visits and immediate returns included, and their flags."""
    way = [first or chance.choice(platforms)]
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        others = [stop for stop in platforms if stop != way[-1]]
        way.append(chance.choice(others) if chance.random() < 0.97 else way[-1])
    types = ("0", "0", "0", "0", "0", "", "0", "1", "2", "3")
    return way, [(chance.choice(types), chance.choice(types)) for _ in way]


def _calls(
    chance: random.Random, trip_id: str, way: Sequence[str], flags: Sequence[tuple[str, str]], start_s: int
) -> list[dict[str, str]]:
    calls = []
    now = start_s
    for sequence, (stop, (pickup, drop_off)) in enumerate(zip(way, flags, strict=True)):
        dwell_s = chance.choice((0, 0, 0, 60, 180)) if 0 < sequence < len(way) - 1 else 0
        arrive, now = now, now + dwell_s
        calls.append(
            {
                "trip_id": trip_id,
                "arrival_time": _clock(arrive),
                "departure_time": _clock(now),
                "stop_id": stop,
                "stop_sequence": str(sequence * 2 + 1),
                "pickup_type": pickup,
                "drop_off_type": drop_off,
            }
        )
        now += chance.choice((0, 60, 240, 240, 600, 600, 1200, 1217))
    return calls


def _frequencies(chance: random.Random, trips: Sequence[BuiltTrip]) -> list[Row]:
    rows: list[Row] = []
    for built in trips:
        if chance.random() < 0.08:
            start = max(0, _seconds(built.calls[0]["departure_time"]) + chance.choice((-600, 0, 900)))
            end = start + chance.choice((600, 1800, 3600))
            rows.append(
                frequency(
                    built.row["trip_id"],
                    _clock(start),
                    _clock(end),
                    chance.choice((300, 600, 1300)),
                    exact=chance.random() < 0.5,
                )
            )
            if chance.random() < 0.3:
                rows.append(frequency(built.row["trip_id"], _clock(end), _clock(end + 1200), 400, exact=True))
    return rows


def _transfers(
    chance: random.Random, stops: Sequence[Row], routes: Sequence[str], trips: Sequence[BuiltTrip]
) -> list[Row]:
    """Rows of all types; no two for the same stops and the same scope."""
    found: dict[tuple[str, ...], Row] = {}
    places = [str(row["stop_id"]) for row in stops]
    called = [call["stop_id"] for built in trips for call in built.calls]
    names = [built.row["trip_id"] for built in trips]
    for _ in range(chance.choice((0, 0, 1, 2, 3, 5))):
        a = chance.choice(called if chance.random() < 0.7 else places)
        b = a if chance.random() < 0.6 else chance.choice(places)
        scope: dict[str, str] = {}
        for side in ("from", "to"):
            draw = chance.random()
            if draw < 0.25:
                scope[f"{side}_trip_id"] = chance.choice(names)
            elif draw < 0.5:
                scope[f"{side}_route_id"] = chance.choice(routes)
        kind = chance.choice((0, 1, 2, 2, 2, 3))
        min_s = chance.choice((0, 30, 240, 600, None)) if kind == 2 else chance.choice((None, None, 300))
        found[a, b, *(f"{k}={v}" for k, v in sorted(scope.items()))] = transfer(a, b, kind, min_s, **scope)
    by_id = {built.row["trip_id"]: built for built in trips}
    begins = {name: _seconds(by_id[name].calls[0]["departure_time"]) + 86_400 for name in names}
    ends = {name: _seconds(by_id[name].calls[-1]["arrival_time"]) for name in names}
    tomorrow = [(a, b) for a in names for b in names if abs(begins[b] - ends[a]) <= 7200]
    for _ in range(chance.choice((0, 0, 1, 2))):
        first, second = chance.choice(names), chance.choice(names)
        if tomorrow and chance.random() < 0.5:
            first, second = chance.choice(tomorrow)
        if first != second:
            a, b = by_id[first].calls[-1]["stop_id"], by_id[second].calls[0]["stop_id"]
            kind = chance.choice((4, 5))
            found["linked", first, second] = transfer(a, b, kind, from_trip_id=first, to_trip_id=second)
    return list(found.values())


def _seconds(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _clock(time_s: int) -> str:
    return f"{time_s // 3600:02d}:{time_s // 60 % 60:02d}:{time_s % 60:02d}"


def smaller(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The case less all it needs not to fail: trips, calls, rows and limits go one at a time until none more can."""
    shrunk = True
    while shrunk:
        shrunk = False
        for candidate in _shrinks(case):
            try:
                still = fails(candidate)
            except (KeyError, IndexError, ValueError, StopIteration):
                still = False
            if still:
                case, shrunk = candidate, True
                break
    return case


def _shrinks(case: Case) -> list[Case]:
    spec = case.spec
    out = [
        replace(case, spec=replace(spec, trips=[*spec.trips[:i], *spec.trips[i + 1 :]])) for i in range(len(spec.trips))
    ]
    for name in ("transfers", "frequencies", "calendar_dates", "calendar", "stops"):
        rows = getattr(spec, name)
        for i in range(len(rows)):
            fewer: Any = {name: [*rows[:i], *rows[i + 1 :]]}
            out.append(replace(case, spec=replace(spec, **fewer)))
    for i, built in enumerate(spec.trips):
        if len(built.calls) > 2:
            for j in range(len(built.calls)):
                slim = replace(built, calls=(*built.calls[:j], *built.calls[j + 1 :]))
                out.append(replace(case, spec=replace(spec, trips=[*spec.trips[:i], slim, *spec.trips[i + 1 :]])))
        if built.row["block_id"]:
            plain = replace(built, row=built.row | {"block_id": ""})
            out.append(replace(case, spec=replace(spec, trips=[*spec.trips[:i], plain, *spec.trips[i + 1 :]])))
        for j, call in enumerate(built.calls):
            for flag in ("pickup_type", "drop_off_type"):
                if call[flag] not in ("", "0"):
                    calls = (*built.calls[:j], call | {flag: "0"}, *built.calls[j + 1 :])
                    slim = replace(built, calls=calls)
                    out.append(replace(case, spec=replace(spec, trips=[*spec.trips[:i], slim, *spec.trips[i + 1 :]])))
    for i, question in enumerate(case.questions):
        if len(case.questions) > 1:
            out.append(replace(case, questions=(*case.questions[:i], *case.questions[i + 1 :])))
        slimmer = [replace(question, extra_change_s=0)] if question.extra_change_s else []
        slimmer += [replace(question, wheelchair=False)] if question.wheelchair else []
        for ends in ("access", "egress"):
            have = getattr(question, ends)
            closer = [{s: t for s, t in have.items() if s != left} for left in have] if len(have) > 1 else []
            closer += [have | {s: 1} for s, t in have.items() if t > 1]
            for reach in closer:
                changed: Any = {ends: reach}
                slimmer.append(replace(question, **changed))
        out += [replace(case, questions=(*case.questions[:i], slim, *case.questions[i + 1 :])) for slim in slimmer]
    return out
