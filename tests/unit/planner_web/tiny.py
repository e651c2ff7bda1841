"""Tiny timetables for the tests of boards, places and pages: a few stops and trips given by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from mobigo.base.servicetime import parse_service_time
from mobigo.network.model.timetable import Strings, Timetable


@dataclass(frozen=True)
class Stop:
    name: str
    lat: float = 47.0
    lon: float = 5.0
    parent: int = -1
    kind: int = 0
    feed: int = 0
    platform: str = ""
    place: str = ""


@dataclass(frozen=True)
class Route:
    short: str = "LR 1"
    long: str = ""
    type: int = 3
    color: str = ""


@dataclass(frozen=True)
class Trip:
    """`calls`: (stop, "H:MM") or (stop, arrival, departure), seconds left out; `days`: ordinals from the first day."""

    calls: Sequence[tuple]  # type: ignore[type-arg]  # two shapes, see above
    days: Sequence[int] = (0,)
    route: int = 0
    headsign: str = ""
    direction: int = -1
    flags: Sequence[int] = ()
    repeats_s: Sequence[int] = (0,)  # starts of a frequency, seconds after the times given
    by_frequency: int = 0


def seconds(text: str) -> int:
    value = parse_service_time(text + ":00")
    assert value is not None, text
    return value


def timetable(
    stops: Sequence[Stop], trips: Sequence[Trip], routes: Sequence[Route] = (Route(),),
    first_day: date = date(2026, 11, 23), day_count: int = 14, feeds: Sequence[str] = ("demo",),
) -> Timetable:  # fmt: skip
    """Those trips as a timetable, each its own pattern; enough for what reads boards, lines and places."""
    i32 = lambda values: np.array(values, np.int32)  # noqa: E731 - a short name for what stands in every line below
    texts = lambda count, mark: Strings.of([f"{mark}{i}" for i in range(count)])  # noqa: E731
    words = max(1, (day_count + 63) // 64)
    days = np.zeros((len(trips) + 1, words), np.uint64)
    visit_stop: list[int] = []
    arrive: list[int] = []
    depart: list[int] = []
    flags: list[int] = []
    starts = [0]
    run_start: list[int] = []
    run_times: list[int] = []
    run_trip: list[int] = []
    run_frequency: list[int] = []
    pattern_run = [0]
    for row, trip in enumerate(trips):
        for day in trip.days:
            days[row + 1, day >> 6] |= np.uint64(1) << np.uint64(day & 63)
        for call in trip.calls:
            visit_stop.append(call[0])
            arrive.append(seconds(call[1]))
            depart.append(seconds(call[-1]))
        flags += list(trip.flags) or [0] * len(trip.calls)
        for offset in trip.repeats_s:
            run_start.append(arrive[starts[-1]] + offset)
            run_times.append(starts[-1])
            run_trip.append(row)
            run_frequency.append(trip.by_frequency)
        starts.append(len(visit_stop))
        pattern_run.append(len(run_trip))
    base = np.repeat([arrive[at] for at in starts[:-1]], np.diff(starts)) if trips else np.zeros(0)
    s, t, r = len(stops), len(trips), len(routes)
    return Timetable(
        hash="0" * 64, zone="Europe/Paris", first_day_ordinal=first_day.toordinal(), day_count=day_count, back_days=1,
        feed_name=Strings.of(list(feeds)),
        agency_feed=i32([0]), agency_id=Strings.of(["A"]), agency_name=Strings.of(["Mobigo"]),
        agency_url=Strings.of(["https://example.org"]), agency_phone=Strings.of(["03 00 00 00 00"]),
        route_feed=i32([0] * r), route_agency=i32([0] * r), route_id=texts(r, "R"),
        route_short_name=Strings.of([x.short for x in routes]), route_long_name=Strings.of([x.long for x in routes]),
        route_type=np.array([x.type for x in routes], np.int16), route_color=Strings.of([x.color for x in routes]),
        route_text_color=Strings.of([""] * r),
        stop_feed=i32([x.feed for x in stops]), stop_id=texts(s, "S"), stop_code=Strings.of([""] * s),
        stop_name=Strings.of([x.name for x in stops]), stop_platform=Strings.of([x.platform for x in stops]),
        stop_place=Strings.of([x.place for x in stops]),
        stop_lat=np.array([x.lat for x in stops], np.float64), stop_lon=np.array([x.lon for x in stops], np.float64),
        stop_type=np.array([x.kind for x in stops], np.int8), stop_parent=i32([x.parent for x in stops]),
        stop_wheelchair=np.zeros(s, np.int8), days=days,
        trip_feed=i32([0] * t), trip_id=texts(t, "T"), trip_route=i32([x.route for x in trips]),
        trip_headsign=Strings.of([x.headsign for x in trips]), trip_short_name=Strings.of([""] * t),
        trip_direction=np.array([x.direction for x in trips], np.int8), trip_wheelchair=np.zeros(t, np.int8),
        trip_bikes=np.zeros(t, np.int8), trip_shape=i32([-1] * t), trip_days=i32(range(1, t + 1)),
        trip_visit_start=np.array(starts, np.int64), visit_stop=i32(visit_stop),
        visit_sequence=i32(range(len(visit_stop))), visit_arrive_s=i32(arrive),
        visit_depart_s=i32(depart), visit_flags=np.array(flags, np.uint8), visit_headsign=i32([-1] * len(visit_stop)),
        headsign=Strings.of([]),
        shape_start=np.zeros(1, np.int64), shape_lat=np.zeros(0), shape_lon=np.zeros(0),
        node_stop=i32(range(s)), node_change_s=i32([120] * s),
        pattern_node_start=i32(starts), pattern_node=i32(visit_stop), pattern_flags=np.array(flags, np.uint8),
        pattern_run_start=i32(pattern_run), run_start_s=i32(run_start), run_times=i32(run_times),
        run_days=i32([trip + 1 for trip in run_trip]), run_trip_start=i32(range(len(run_trip) + 1)),
        run_trip=i32(run_trip), run_trip_first=i32([0] * len(run_trip)),
        run_frequency=np.array(run_frequency, np.uint8),
        times_arrive_s=(i32(arrive) - base).astype(np.int32), times_depart_s=(i32(depart) - base).astype(np.int32),
        node_pattern_start=i32([0] * (s + 1)), node_pattern=i32([]), node_pattern_position=i32([]),
        foot_start=i32([0] * (s + 1)), foot_node=i32([]), foot_s=i32([]), foot_m=i32([]),
        lb_to_s=np.zeros((0, s), np.int32), lb_from_s=np.zeros((0, s), np.int32),
    )  # fmt: skip
