"""Random days as they run: what operators would say of a tiny network in GTFS Realtime, and, made apart from the
product, the timetable that comes to the same.

Trips joined in-seat are left out here: what a late vehicle does with its next trip is a rule of ours, not the feed's.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from google.transit import gtfs_realtime_pb2 as pb

from tests.builders import BuiltTrip, Row, Spec
from tests.strategies import ZONE, Case, _clock, _seconds, random_case

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class RunningDay:
    """A case, what is said of it, and the same as a timetable."""

    case: Case
    message: bytes
    updated: Spec
    update_count: int


def start_of(day: date) -> int:
    """Noon minus 12 h, in seconds since 1970."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    return int((noon - timedelta(hours=12)).timestamp())


def days_of(spec: Spec, service: str) -> set[date]:
    """The days of a service."""
    out: set[date] = set()
    for row in spec.calendar:
        if row["service_id"] == service:
            day, last = _day(row["start_date"]), _day(row["end_date"])
            while day <= last:
                if row[WEEKDAYS[day.weekday()]]:
                    out.add(day)
                day += timedelta(days=1)
    for row in spec.calendar_dates:
        if row["service_id"] == service:
            (out.add if str(row["exception_type"]) == "1" else out.discard)(_day(row["date"]))
    return out


def _day(text: object) -> date:
    digits = str(text)
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def random_day(seed: int) -> RunningDay:
    """The day of that seed, always the same."""
    chance = random.Random(seed * 7919 + 1)
    case = random_case(seed)
    plain = [replace(built, row={**built.row, "block_id": ""}) for built in case.spec.trips]
    transfers = [row for row in case.spec.transfers if int(str(row["transfer_type"])) < 4]
    spec = replace(case.spec, trips=plain, transfers=transfers)
    case = replace(case, spec=spec)
    return _Day(chance, case).made()


class _Day:
    def __init__(self, chance: random.Random, case: Case) -> None:
        self.chance, self.case, self.spec = chance, case, case.spec
        self.scoped = any(str(key).endswith(("trip_id", "route_id")) for row in self.spec.transfers for key in row)
        self.gone: dict[str, set[date]] = {}
        self.copies: list[tuple[str, date, BuiltTrip]] = []  # of which trip
        self.feed = pb.FeedMessage()
        self.feed.header.gtfs_realtime_version = "2.0"
        self.feed.header.timestamp = start_of(date(2025, 3, 18)) + 36_000

    def made(self) -> RunningDay:
        chance, spec = self.chance, self.spec
        starts = _starts(spec)
        for built in spec.trips:
            days = sorted(days_of(spec, built.row["service_id"]))
            for day in days:
                if chance.random() < 0.35:
                    if built.row["trip_id"] in starts:
                        self._by_headway(built, day, starts[built.row["trip_id"]])
                    else:
                        self._change(built, day, None)
        if not self.scoped:
            self._add()
        trips = []
        services: dict[str, list[str | date]] = {}
        for built in spec.trips:
            name = built.row["trip_id"]
            left = days_of(spec, built.row["service_id"]) - self.gone.get(name, set())
            if left:
                services[f"of {name}"] = sorted(left)
                trips.append(replace(built, row={**built.row, "service_id": f"of {name}"}))
        copies: dict[str, list[str]] = {}
        for name, day, built in self.copies:
            services[f"on {day}"] = [day]
            trips.append(built)
            copies.setdefault(name, []).append(built.row["trip_id"])
        updated = replace(
            spec, trips=trips, services=services, calendar=(), calendar_dates=(),
            frequencies=[row for row in spec.frequencies if any(b.row["trip_id"] == row["trip_id"] for b in trips)],
            transfers=_copied(spec.transfers, copies),
        )  # fmt: skip
        return RunningDay(self.case, self.feed.SerializeToString(), updated, len(self.feed.entity))

    def _update(self, trip_id: str, day: date | None) -> Any:
        entity = self.feed.entity.add(id=f"e{len(self.feed.entity)}")
        entity.trip_update.trip.trip_id = trip_id
        if day is not None:
            entity.trip_update.trip.start_date = f"{day:%Y%m%d}"
        return entity.trip_update

    def _by_headway(self, built: BuiltTrip, day: date, starts: Sequence[int]) -> None:
        """One departure of several is changed: all become trips of their own that day."""
        picked = self.chance.choice(starts)
        self.gone.setdefault(built.row["trip_id"], set()).add(day)
        for start_s in starts:
            moved = _moved(built, start_s)
            if start_s == picked:
                self._change(moved, day, start_s)
            else:
                self._copy(built.row["trip_id"], day, start_s, list(moved.calls))

    def _copy(self, trip: str, day: date, start_s: int | None, calls: list[dict[str, str]]) -> None:
        row = next(b.row for b in self.spec.trips if b.row["trip_id"] == trip)
        name = f"{trip}@{day}" + ("" if start_s is None else f"#{start_s}")
        if len(calls) > 1:
            built = BuiltTrip(
                {**row, "trip_id": name, "service_id": f"on {day}"},
                tuple({**call, "trip_id": name, "stop_sequence": str(n)} for n, call in enumerate(calls)),
            )
            self.copies.append((trip, day, built))

    def _change(self, built: BuiltTrip, day: date, start_s: int | None) -> None:
        chance, trip = self.chance, built.row["trip_id"]
        kind = chance.random()
        if kind < 0.2:
            update = self._update(trip, day)
            update.trip.schedule_relationship = chance.choice((3, 3, 7))
            calls: list[dict[str, str]] = []
        elif kind < 0.3 and not self.scoped:
            update, calls = self._replaced(built, day)
        else:
            found = next((made for made in (self._late(built) for _ in range(20)) if made is not None), None)
            if found is None:
                if start_s is not None:
                    self._copy(trip, day, start_s, list(built.calls))
                return
            said, calls = found
            update = self._update(trip, day)
            for call in said:
                call(update, start_of(day))
        if start_s is not None:
            update.trip.start_time = _clock(start_s)
        self.gone.setdefault(trip, set()).add(day)
        self._copy(trip, day, start_s, calls)

    def _late(self, built: BuiltTrip) -> tuple[list[Any], list[dict[str, str]]] | None:
        """What is said of the calls, and the calls it comes to; None when these would go backwards."""
        chance = self.chance
        said, calls, lag = [], [], 0
        by_sequence, told = chance.random() < 0.7, False
        own = [call["stop_id"] for call in built.calls]
        for n, call in enumerate(built.calls):
            arrive, depart = _seconds(call["arrival_time"]), _seconds(call["departure_time"])
            words: dict[str, Any] = {"stop_sequence": int(call["stop_sequence"])}
            if not by_sequence:
                if len(set(own)) < len(own):
                    return None
                words = {"stop_id": call["stop_id"]}
            draw = chance.random()
            stop = call["stop_id"]
            if draw < 0.15:
                said.append(_saying(words, skipped=True))
                continue
            if draw < 0.2:
                lag = 0
                said.append(_saying(words, no_data=True))
            elif draw < 0.6 or (n == len(own) - 1 and not told):
                lag = chance.choice((-60, 0, 0, 30, 60, 240, 300, 600, 1500, 4000))
                late = lag + (chance.choice((0, 0, 60)) if depart > arrive else 0)
                if not self.scoped and chance.random() < 0.2:
                    stop = chance.choice([c["stop_id"] for b in self.spec.trips for c in b.calls])
                said.append(
                    _saying(
                        words, arrive + lag, depart + late, lag, late, absolute=chance.random() < 0.5,
                        platform=stop if stop != call["stop_id"] else "",
                    )
                )  # fmt: skip
                told = True
                calls.append(_call(call, stop, arrive + lag, depart + late))
                lag = late
                continue
            calls.append(_call(call, stop, arrive + lag, depart + lag))
        times = [_signed(call[key]) for call in calls for key in ("arrival_time", "departure_time")]
        if not told or any(a > b for a, b in pairwise(times)) or (times and times[0] < 0):
            return None
        return said, calls

    def _way(self, day: date) -> tuple[list[str], list[int]]:
        chance = self.chance
        called = sorted({call["stop_id"] for built in self.spec.trips for call in built.calls})
        stops = [chance.choice(called) for _ in range(chance.choice((2, 3, 4)))]
        now = _seconds(chance.choice(chance.choice(self.spec.trips).calls)["arrival_time"])
        times = []
        for _ in stops:
            times.append(now)
            now += chance.choice((0, 60, 240, 600))
        return stops, times

    def _tell_way(self, update: Any, day: date, stops: list[str], times: list[int]) -> list[dict[str, str]]:
        calls = []
        for n, (stop, time_s) in enumerate(zip(stops, times, strict=True)):
            call = update.stop_time_update.add(stop_sequence=n, stop_id=stop)
            call.arrival.time = start_of(day) + time_s
            calls.append({"arrival_time": _clock(time_s), "departure_time": _clock(time_s), "stop_id": stop})
        return calls

    def _replaced(self, built: BuiltTrip, day: date) -> tuple[Any, list[dict[str, str]]]:
        update = self._update(built.row["trip_id"], day)
        update.trip.schedule_relationship = 5
        return update, self._tell_way(update, day, *self._way(day))

    def _add(self) -> None:
        """Trips that are not planned, on the route of one that is."""
        for number in range(self.chance.choice((0, 0, 1, 2))):
            like = self.chance.choice(self.spec.trips)
            days = sorted(days_of(self.spec, like.row["service_id"]))
            if not days:
                continue
            day = self.chance.choice(days)
            update = self._update(f"more{number}", day)
            update.trip.schedule_relationship = self.chance.choice((1, 8))
            update.trip.route_id = like.row["route_id"]
            calls = self._tell_way(update, day, *self._way(day))
            name = f"more{number}"
            row = {"route_id": like.row["route_id"], "service_id": f"on {day}", "trip_id": name, "block_id": ""}
            told = [{**call, "trip_id": name, "stop_sequence": str(n)} for n, call in enumerate(calls)]
            self.copies.append((name, day, BuiltTrip(row, tuple(told))))


def _saying(
    words: Mapping[str, Any], arrive: int = 0, depart: int = 0, lag: int = 0, late: int = 0, *,
    absolute: bool = False, platform: str = "", skipped: bool = False, no_data: bool = False,
) -> Any:  # fmt: skip
    def say(update: Any, zero: int) -> None:
        call = update.stop_time_update.add(**words)
        if skipped or no_data:
            call.schedule_relationship = 1 if skipped else 2
            return
        if absolute:
            call.arrival.time, call.departure.time = zero + arrive, zero + depart
        else:
            call.arrival.delay, call.departure.delay = lag, late
        if platform:
            call.stop_time_properties.assigned_stop_id = platform

    return say


def _call(call: Mapping[str, str], stop: str, arrive: int, depart: int) -> dict[str, str]:
    if arrive < 0 or depart < 0:
        return {**call, "arrival_time": "-", "departure_time": "-", "stop_id": stop}
    return {**call, "arrival_time": _clock(arrive), "departure_time": _clock(depart), "stop_id": stop}


def _signed(text: str) -> int:
    return -1 if text == "-" else _seconds(text)


def _starts(spec: Spec) -> dict[str, list[int]]:
    out: dict[str, set[int]] = {}
    for row in spec.frequencies:
        first, end = _seconds(str(row["start_time"])), _seconds(str(row["end_time"]))
        out.setdefault(str(row["trip_id"]), set()).update(range(first, end, int(str(row["headway_secs"]))))
    return {name: sorted(starts) for name, starts in out.items()}


def _moved(built: BuiltTrip, start_s: int) -> BuiltTrip:
    own = _seconds(built.calls[0]["departure_time"])
    return replace(
        built,
        calls=tuple(
            {**call, **{key: _clock(_seconds(call[key]) - own + start_s) for key in ("arrival_time", "departure_time")}}
            for call in built.calls
        ),
    )


def _copied(transfers: Sequence[Row], copies: Mapping[str, Sequence[str]]) -> list[Row]:
    """The rules of a trip hold for what it is on a day."""
    out: list[Row] = []
    for row in transfers:
        a, b = str(row.get("from_trip_id", "")), str(row.get("to_trip_id", ""))
        for first in (a, *copies.get(a, ())) if a else ("",):
            for second in (b, *copies.get(b, ())) if b else ("",):
                named = {key: value for key, value in (("from_trip_id", first), ("to_trip_id", second)) if value}
                out.append({**row, **named})
    return out
