"""A journey that is followed: made of one that was found, and its state in words."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mobigo.base.decisions import Decision
from mobigo.infra import formats
from mobigo.infra.i18n import current_language
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import NEVER_S, NONE, Timetable
from mobigo.planner.engine.doors import position_of
from mobigo.planner.engine.following import TIGHT_S, Breach, Running, TripNow
from mobigo.planner.export import names, today
from mobigo.planner.model import Endpoint, Journey, Limits, Query, Ride
from mobigo.planner.rules.followed import End, FollowedRide, FollowedTrip

LATE_S_SAID = 120  # less is not worth a word


def followed_of(
    live: LiveNetwork, journey: Journey, origin: Endpoint, destination: Endpoint, *, wheelchair: bool = False
) -> FollowedTrip | None:
    """The journey as it may be followed; None for one without a vehicle, or between places without a position."""
    table = live.timetable
    a, b = position_of(table, origin), position_of(table, destination)
    if a is None or b is None or not journey.rides:
        return None
    rides: list[FollowedRide] = []
    walk_s, before = 0, None
    for leg in journey.legs:
        if not isinstance(leg, Ride):
            walk_s += int((leg.arrive_at - leg.depart_at).total_seconds())
            continue
        if before is not None and not walk_s:
            least_s = int(table.node_change_s[leg.visits[0].stop])
            slack_s = int((leg.depart_at - before.arrive_at).total_seconds())
            walk_s = min(least_s, slack_s) if least_s < NEVER_S else 0
        rides.append(_ride(live, leg, max(0, walk_s)))
        walk_s, before = 0, leg
    return FollowedTrip(End(origin.name or "—", a), End(destination.name or "—", b), tuple(rides), walk_s, wheelchair)


def _ride(live: LiveNetwork, ride: Ride, walk_s: int) -> FollowedRide:
    table, overlay = live.timetable, None if live.today is None else live.today.overlay
    calls = today.ride_calls(live, ride)
    ends = []
    for (trip, position), visit, at in (
        (calls[0], ride.visits[0], ride.depart_at), (calls[-1], ride.visits[-1], ride.arrive_at),
    ):  # fmt: skip
        planned = None if overlay is None else overlay.planned_call(trip, position)
        row = trip if overlay is None or overlay.planned_trip_of(trip) == NONE else overlay.planned_trip_of(trip)
        stop, at_s = visit.stop, int(at.timestamp())
        if planned is not None:
            stop, at_s = planned.stop, planned.depart_s if visit is ride.visits[0] else planned.arrive_s
        ends.append((names.trip_id(table, row), names.feed_stop_id(table, stop), at_s))
    (trip_id, board, depart_s), (last_id, alight, arrive_s) = ends
    return FollowedRide(trip_id, last_id, ride.service_day, board, alight, depart_s, max(depart_s, arrive_s), walk_s)


def stop_name(live: LiveNetwork, stop: int) -> str:
    """The name of a stop."""
    return str(live.timetable.stop_name[stop])


def stop_row(live: LiveNetwork, stop_id: str) -> int | None:
    """The row of a stop by its `feed:stop_id`; None where the timetable has none."""

    def rows(table: Timetable) -> dict[str, int]:
        return {names.feed_stop_id(table, row): row for row in range(len(table.stop_id))}

    return live.derived("planner.stop_rows", rows, lasting=True).get(stop_id)


def line_of(live: LiveNetwork, trip: int) -> names.Line:
    """The line of a trip of today."""
    return names.lines_of(live)[int(live.timetable.trip_route[trip])]


def hour_of(live: LiveNetwork, at: datetime) -> str:
    """The hour there, in the language being read."""
    return formats.hour(at.astimezone(ZoneInfo(live.timetable.zone)), current_language())


def when_of(live: LiveNetwork, at: datetime, now: datetime) -> str:
    """The hour there, with its day when that is not today's."""
    zone = ZoneInfo(live.timetable.zone)
    if at.astimezone(zone).date() == now.astimezone(zone).date():
        return hour_of(live, at)
    return f"{formats.day(at.astimezone(zone), current_language())}, {hour_of(live, at)}"


def state_of(live: LiveNetwork, now_is: TripNow, now: datetime) -> Decision:
    """Where the journey stands, first what matters most: what breaks it, then the next step."""
    language = current_language()
    if now_is.broken is not None:
        return broken(live, now_is)
    number = now_is.next_ride(now)
    if number is None:
        there_at = now_is.arrive_at or datetime.fromtimestamp(now_is.asked.arrive_s, UTC)
        return Decision("planner.follow_over", place=now_is.asked.destination.name, hour=hour_of(live, there_at))
    ride = now_is.rides[number]
    board, alight = ride.board, ride.alight
    if board is None or alight is None:
        raise ValueError("a ride that is not known breaks the journey")
    line, stop, hour = line_of(live, ride.trip).label, stop_name(live, board.stop), hour_of(live, board.at)
    if now >= board.at:
        left = formats.duration(max(0, int((alight.at - now).total_seconds())), language)
        return Decision(
            "planner.follow_on_board", line=line, stop=stop_name(live, alight.stop),
            hour=hour_of(live, alight.at), left=left,
        )  # fmt: skip
    left = formats.duration(int((board.at - now).total_seconds()), language)
    if number == 0 and board.at - now > timedelta(hours=12):
        local = board.at.astimezone(ZoneInfo(live.timetable.zone))
        return Decision(
            "planner.follow_later_day",
            day=formats.day(local.date(), language, year=True),
            line=line,
            stop=stop,
            hour=hour,
        )
    if number and ride.margin_s is not None and ride.margin_s < TIGHT_S:
        return Decision("planner.follow_tight", left=left, line=line, stop=stop, hour=hour)
    return Decision("planner.follow_next", left=left, line=line, stop=stop, hour=hour)


def broken(live: LiveNetwork, now_is: TripNow) -> Decision:
    """Why a broken journey cannot be made as chosen."""
    ride = now_is.rides[now_is.broken or 0]
    planned = datetime.fromtimestamp(ride.asked.depart_s, UTC)
    if ride.running is Running.UNKNOWN or ride.board is None or ride.alight is None:
        return Decision("planner.follow_unknown", at=planned)
    line = line_of(live, ride.trip).label
    board, alight = stop_name(live, ride.board.stop), stop_name(live, ride.alight.stop)
    if now_is.breach is Breach.MISSED:
        return Decision("planner.follow_missed", line=line, stop=board, hour=hour_of(live, ride.board.at))
    if ride.running is Running.PASSES_BOARD:
        return Decision("planner.follow_passes", line=line, stop=board, hour=hour_of(live, ride.board.planned_at))
    if ride.running is Running.PASSES_ALIGHT:
        return Decision("planner.follow_passes", line=line, stop=alight, hour=hour_of(live, ride.alight.planned_at))
    return Decision("planner.follow_cancelled", line=line, stop=board, hour=hour_of(live, ride.board.planned_at))


def other_way(live: LiveNetwork, now_is: TripNow, now: datetime) -> Query:
    """What to search for when the journey breaks: from where one stands then to where one goes."""
    asked = now_is.asked
    stop, at = now_is.stranded()
    if stop is None:
        origin = Endpoint(asked.origin.name, asked.origin.at)
        at = datetime.fromtimestamp(asked.depart_s, UTC)
    else:
        origin = Endpoint(stop_name(live, stop), None, (stop,))
    destination = Endpoint(asked.destination.name, asked.destination.at)
    since = now if at is None else max(now, at)
    if now_is.missed_at is not None:  # and not that vehicle again
        since = max(since, now_is.missed_at + timedelta(minutes=1))
    return Query(origin, destination, since, limits=Limits(wheelchair=asked.wheelchair))


def best_of(journeys: Sequence[Journey]) -> Journey | None:
    """Of the journeys by a vehicle, the soonest there, then the last to leave, then the fewest changes."""
    return min(
        (each for each in journeys if each.rides),
        key=lambda each: (each.arrive_at, -each.depart_at.timestamp(), each.change_count),
        default=None,
    )


def delays_of(live: LiveNetwork, now_is: TripNow) -> list[Decision]:
    """The delays and changes of platform worth a word, in order."""
    out = []
    for ride in now_is.rides:
        if ride.running is not Running.RUNS or ride.board is None:
            continue
        line, minutes = line_of(live, ride.trip).label, ride.board.late_s // 60
        if ride.board.late_s >= LATE_S_SAID:
            out.append(
                Decision("planner.follow_late", line=line, minutes=minutes, hour=hour_of(live, ride.board.at),
                         stop=stop_name(live, ride.board.stop))
            )  # fmt: skip
        if ride.board.planned_stop is not None:
            platform = str(live.timetable.stop_platform[ride.board.stop]) or stop_name(live, ride.board.stop)
            out.append(
                Decision("planner.follow_platform", line=line, platform=platform, hour=hour_of(live, ride.board.at))
            )
    return out
