"""What leaves a stop and how the vehicles of lines run, as SIRI tells it (StopMonitoring, EstimatedTimetable), and what
stops and lines there are. Identifiers are those of the regional GTFS: `feed:stop_id`, `feed:route_id`, `feed:trip_id`.

An aimed time is of the timetable, an expected one of realtime: where nothing is known of a call, none is expected.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.base.servicetime import service_day_start
from mobigo.network.engine.boards import BoardIndex, Departure, departures
from mobigo.network.export.siri import Tree, ref, stamp, texts
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import NONE
from mobigo.network.model.today import EXPECTED, SKIPPED
from mobigo.planner.export import names, today

ON_TIME, EARLY, DELAYED, CANCELLED = "onTime", "early", "delayed", "cancelled"


@dataclass(frozen=True, slots=True)
class Run:
    """A trip on a day: `shift_s` is added to its times; `is_cancelled`, of a planned trip that does not run."""

    trip: int
    day: date
    shift_s: int
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class _Times:
    """When a call was aimed at, and when it is expected; None where nothing is known."""

    aimed: datetime | None
    expected: datetime | None

    def as_tree(self, kind: str, zone: ZoneInfo, *, cancelled: bool = False) -> Tree:
        out: Tree = {}
        if self.aimed is not None:
            out[f"Aimed{kind}Time"] = stamp(self.aimed, zone)
        if self.expected is not None and not cancelled:
            out[f"Expected{kind}Time"] = stamp(self.expected, zone)
        if cancelled:
            out[f"{kind}Status"] = CANCELLED
        elif self.aimed is not None and self.expected is not None:
            late_s = (self.expected - self.aimed).total_seconds()
            moved = EARLY if late_s < 0 else DELAYED
            out[f"{kind}Status"] = ON_TIME if abs(late_s) < today.LATE_S else moved
        return out


def stop_monitoring(
    live: LiveNetwork, boards: BoardIndex, monitored: str, stops: Collection[int], since: datetime, until: datetime,
    *, line: str = "", most: int,
) -> tuple[Tree, bool]:  # fmt: skip
    """What leaves these stops from `since` to `until`, at most so many, and whether there was more; with what was to
    leave there and does not. `line`: of this line alone."""
    gone = dict(today.unserved_departures(live, stops, since, until))
    found = [*departures(boards, stops, since, until), *gone]
    found = [each for each in found if not line or _line(live, each.trip).id == line]
    found.sort(key=lambda each: (each.depart_at, each.trip, each.position))
    visits = [_visit(live, monitored, each, since, is_gone=each in gone) for each in found[:most]]
    return ({"MonitoredStopVisit": visits} if visits else {}), len(found) > most


def _visit(live: LiveNetwork, monitored: str, each: Departure, at: datetime, *, is_gone: bool) -> Tree:
    table, zone = live.timetable, ZoneInfo(live.timetable.zone)
    run = Run(each.trip, each.service_day, each.shift_s, is_gone)
    call = _call(live, run, each.position, zone)
    return {
        "RecordedAtTime": stamp(at, zone),
        "ItemIdentifier": f"{_journey_id(live, each.trip)}:{each.service_day.isoformat()}:{each.position}",
        "MonitoringRef": ref(monitored),
        "MonitoredVehicleJourney": {
            **_journey(live, run),
            **_operator(live, each.trip),
            **_destination(live, each.trip, each.position),
            **_number(live, each.trip),
            "Monitored": not is_gone and "ExpectedDepartureTime" in call,
            "MonitoredCall": {
                "StopPointRef": ref(names.feed_stop_id(table, each.stop)),
                "Order": each.position + 1,
                "StopPointName": texts({"": str(table.stop_name[each.stop])}),
                "DestinationDisplay": texts({"": names.headsign(table, each.trip, each.position)}),
                **call,
            },
        },
    }


def estimated_timetable(
    live: LiveNetwork, boards: BoardIndex, routes: Collection[int], since: datetime, until: datetime, *, most: int
) -> tuple[Tree, bool]:
    """How the vehicles of these lines run that are on their way between `since` and `until`, call by call; at most so
    many, and whether there were more."""
    zone = ZoneInfo(live.timetable.zone)
    found = sorted({*runs(boards, routes, since, until), *_cancelled(live, routes, since, until)}, key=_in_order)
    journeys = [_estimated(live, each, zone) for each in found[:most]]
    frame = {"RecordedAtTime": stamp(since, zone), "EstimatedVehicleJourney": journeys}
    return ({"EstimatedJourneyVersionFrame": [frame]} if journeys else {}), len(found) > most


def runs(boards: BoardIndex, routes: Collection[int], since: datetime, until: datetime) -> Iterator[Run]:
    """The trips of these lines that are on their way at some time from `since` to `until`."""
    table = boards.timetable
    zone = ZoneInfo(table.zone)
    trips = np.flatnonzero(np.isin(table.trip_route, list(routes)))
    count = np.diff(boards.trip_start)[trips]
    trip = np.repeat(trips, count)  # once for each of its runs in a day
    nth = np.arange(trip.size) - np.repeat(np.cumsum(count) - count, count)
    shift_s = boards.shift_s[boards.trip_start[trip] + nth].astype(np.int64)
    begins = table.visit_depart_s[table.trip_visit_start[trip]] + shift_s
    ends = table.visit_arrive_s[table.trip_visit_start[trip + 1] - 1] + shift_s
    day = since.astimezone(zone).date() - timedelta(days=boards.back_days)
    while day <= until.astimezone(zone).date() + timedelta(days=1):
        bit, start = day.toordinal() - table.first_day_ordinal, service_day_start(day, zone).timestamp()
        if 0 <= bit < table.day_count:
            on_day = (table.days[table.trip_days[trip], bit >> 6] >> np.uint64(bit & 63)) & np.uint64(1) != 0
            under_way = (begins + start < until.timestamp()) & (ends + start >= since.timestamp())
            for row in np.flatnonzero(on_day & under_way).tolist():
                yield Run(int(trip[row]), day, int(shift_s[row]))
        day += timedelta(days=1)


def _cancelled(live: LiveNetwork, routes: Collection[int], since: datetime, until: datetime) -> Iterator[Run]:
    """The trips of these lines that were to leave some stop in that time, and do not run."""
    overlay = None if live.today is None else live.today.overlay
    for each in () if overlay is None else overlay.unserved:
        in_time = since.timestamp() <= each.depart_s < until.timestamp()
        if each.is_cancelled and in_time and int(live.timetable.trip_route[each.trip]) in routes:
            yield Run(each.trip, each.service_day, each.shift_s, True)


def _in_order(run: Run) -> tuple[date, int, int, bool]:
    return run.day, run.shift_s, run.trip, run.is_cancelled


def _estimated(live: LiveNetwork, run: Run, zone: ZoneInfo) -> Tree:
    table = live.timetable
    first, last = (int(each) for each in table.trip_visit_start[run.trip : run.trip + 2])
    calls = []
    for position in range(last - first):
        stop = int(table.visit_stop[first + position])
        is_skipped = _word(live, run.trip, position) == SKIPPED
        calls.append(
            {
                "StopPointRef": ref(names.feed_stop_id(table, stop)),
                "Order": position + 1,
                "StopPointName": texts({"": str(table.stop_name[stop])}),
                **({"Cancellation": True} if is_skipped else {}),
                **_call(live, run, position, zone, is_skipped=is_skipped),
            }
        )
    fate = {"Cancellation": True} if run.is_cancelled else {"ExtraJourney": True} if _is_added(live, run.trip) else {}
    told = any(f"Expected{kind}Time" in call for call in calls for kind in ("Arrival", "Departure"))
    return {
        **_journey(live, run, fate),
        **_destination(live, run.trip, 0),  # the schema wants these in another order than above
        **_operator(live, run.trip),
        **_number(live, run.trip),
        "Monitored": told,
        "EstimatedCalls": {"EstimatedCall": calls},
        "IsCompleteStopSequence": True,
    }


def _journey(live: LiveNetwork, run: Run, fate: Tree | None = None) -> Tree:
    line = _line(live, run.trip)
    return {
        "LineRef": ref(line.id),
        "DirectionRef": ref(str(int(live.timetable.trip_direction[run.trip]))),
        "FramedVehicleJourneyRef": {
            "DataFrameRef": ref(run.day.isoformat()),
            "DatedVehicleJourneyRef": _journey_id(live, run.trip),
        },
        **(fate or {}),
        "PublishedLineName": texts({"": line.label}),
    }


def _operator(live: LiveNetwork, trip: int) -> Tree:
    agency = _line(live, trip).agency_id
    return {"OperatorRef": ref(agency)} if agency else {}


def _number(live: LiveNetwork, trip: int) -> Tree:
    number = names.train_number(live.timetable, trip)
    return {"VehicleJourneyName": texts({"": number})} if number else {}


def _destination(live: LiveNetwork, trip: int, position: int) -> Tree:
    table = live.timetable
    last = int(table.visit_stop[int(table.trip_visit_start[trip + 1]) - 1])
    return {
        "DestinationRef": ref(names.feed_stop_id(table, last)),
        "DestinationName": texts({"": names.headsign(table, trip, position)}),
    }


def _call(live: LiveNetwork, run: Run, position: int, zone: ZoneInfo, *, is_skipped: bool = False) -> Tree:
    table = live.timetable
    begin, end = (int(each) for each in table.trip_visit_start[run.trip : run.trip + 2])
    visit = begin + position
    platform = str(table.stop_platform[int(table.visit_stop[visit])])
    gone = run.is_cancelled or is_skipped
    out: Tree = {}
    for kind, column, is_end in (
        ("Arrival", table.visit_arrive_s, position == 0),
        ("Departure", table.visit_depart_s, visit == end - 1),
    ):
        if not is_end:
            at = service_day_start(run.day, zone) + timedelta(seconds=int(column[visit]) + run.shift_s)
            out |= _times(live, run, position, at, kind).as_tree(kind, zone, cancelled=gone)
            if platform:
                out[f"{kind}PlatformName"] = {"value": platform}
    return out


def _times(live: LiveNetwork, run: Run, position: int, at: datetime, kind: str) -> _Times:
    overlay = None if live.today is None else live.today.overlay
    if overlay is None or run.is_cancelled:
        return _Times(at, None)
    planned = overlay.planned_call(run.trip, position)
    if planned is None:
        return _Times(None, at) if _is_added(live, run.trip) else _Times(at, None)
    aimed = datetime.fromtimestamp(planned.arrive_s if kind == "Arrival" else planned.depart_s, UTC)
    return _Times(aimed, at if overlay.word_of(run.trip, position) == EXPECTED else None)


def _word(live: LiveNetwork, trip: int, position: int) -> int:
    overlay = None if live.today is None else live.today.overlay
    return 0 if overlay is None else overlay.word_of(trip, position)


def _is_added(live: LiveNetwork, trip: int) -> bool:
    overlay = None if live.today is None else live.today.overlay
    return overlay is not None and overlay.planned_trip_of(trip) == NONE


def _journey_id(live: LiveNetwork, trip: int) -> str:
    overlay = None if live.today is None else live.today.overlay
    planned = trip if overlay is None else overlay.planned_trip_of(trip)
    return names.trip_id(live.timetable, trip if planned == NONE else planned)


def _line(live: LiveNetwork, trip: int) -> names.Line:
    return names.lines_of(live)[int(live.timetable.trip_route[trip])]


# ---------------------------------------------------------------- what there is


def stops_discovered(live: LiveNetwork, rows: Sequence[int]) -> Tree:
    """These stops: where they are and what they are called."""
    table = live.timetable
    return {
        "AnnotatedStopPointRef": [
            {
                "StopPointRef": ref(names.feed_stop_id(table, row)),
                "StopName": {"value": str(table.stop_name[row])},
                **_location(float(table.stop_lat[row]), float(table.stop_lon[row])),
            }
            for row in rows
        ]
    }


def _location(lat: float, lon: float) -> Tree:
    known = math.isfinite(lat) and math.isfinite(lon)
    return {"Location": {"Longitude": round(lon, 6), "Latitude": round(lat, 6)}} if known else {}


def lines_discovered(live: LiveNetwork) -> Tree:
    """Every line: what it is called and who runs it."""
    return {
        "AnnotatedLineRef": [
            {"LineRef": ref(line.id), "LineName": {"value": line.label}, "Monitored": live.today is not None}
            for line in names.lines_of(live)
        ]
    }
