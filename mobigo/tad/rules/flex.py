"""What can be asked of the on-demand trips of a feed between two positions: when, and until when one books.

Between two fixed calls nothing is answered: the timetable holds them. Only calls with a window are ours to say.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from math import ceil
from typing import Final

from mobigo.base.geo import Point, distance_m
from mobigo.base.instants import PARIS, paris_day, to_utc
from mobigo.base.servicetime import instant_of, service_day_start
from mobigo.tad.model.flex import BookingRule, FlexCall, FlexFeed, FlexLeg, FlexTrip
from mobigo.tad.model.services import Place

WALK_M_MAX: Final = 1_000
DETOUR, SPEED_M_S, SPEED_DRIVEN_M_S = 1.3, 1.2, 12.5
DAYS_BACK_MAX: Final = 60  # how far back the days that count are looked for


def legs(
    feed: FlexFeed, a: tuple[str, Point], b: tuple[str, Point], day: date, wanted_s: int, now: datetime, *,
    arrive_by: bool,
) -> Iterator[FlexLeg]:  # fmt: skip
    """The rides of a service day from one named position to another, leaving from `wanted_s` on (there by then). Where
    one books the same day, no sooner than the notice allows at `now`; whether one still may: `bookable`."""
    here, there = _Ends(*a), _Ends(*b)
    runs: dict[int, bool] = {}  # trips share their days
    for trip in feed.trips:
        if id(trip.days) not in runs:
            runs[id(trip.days)] = trip.days.runs_on(day)
        if not runs[id(trip.days)]:
            continue
        for number, first in enumerate(trip.calls):
            board = here.of(first) if first.picks_up else None
            if board is None:
                continue
            for last in trip.calls[number + 1 :]:
                if (first.is_fixed and last.is_fixed) or not last.sets_down:
                    continue
                alight = there.of(last)
                if alight is not None:
                    ready = ready_s(_rule(first, last), day, now)
                    leg = _leg(trip, day, first, last, board, alight, wanted_s, ready, arrive_by)
                    if leg is not None:
                        yield leg


class _Ends:
    """Where one gets in or out of calls, for one position: calls share their areas and groups, each is looked at
    once."""

    def __init__(self, name: str, point: Point) -> None:
        self._name, self._point = name, point
        self._known: dict[int, tuple[Place, int] | None] = {}

    def of(self, call: FlexCall) -> tuple[Place, int] | None:
        """The place and the metres to it on foot; None where the call does not serve the position."""
        key = id(call.stops) if call.area is None else id(call.area)
        if key not in self._known:
            self._known[key] = _end(call, self._name, self._point)
        return self._known[key]


def _end(call: FlexCall, name: str, point: Point) -> tuple[Place, int] | None:
    """(where one gets in or out, metres on foot): the door itself in an area, else the nearest stop within a walk."""
    if call.area is not None:
        from shapely import intersects_xy

        return (Place("", name, point), 0) if intersects_xy(call.area, point.lon, point.lat) else None
    near = min(call.stops, key=lambda each: (distance_m(each.point, point), each.id), default=None)
    if near is None:
        return None
    walk_m = round(distance_m(near.point, point) * DETOUR)
    return (near, walk_m) if walk_m <= WALK_M_MAX else None


def _leg(
    trip: FlexTrip, day: date, first: FlexCall, last: FlexCall, board: tuple[Place, int], alight: tuple[Place, int],
    wanted_s: int, ready: int, arrive_by: bool,
) -> FlexLeg | None:  # fmt: skip
    (origin, to_m), (destination, from_m) = board, alight
    to_s, from_s = (round(metres / SPEED_M_S) for metres in (to_m, from_m))
    direct_s = ceil(distance_m(origin.point, destination.point) * DETOUR / SPEED_DRIVEN_M_S)
    if direct_s <= 0:
        return None
    if trip.is_deviated:
        # The vehicle comes at some time of its window: one is ready when it begins, and there at the latest when it
        # ends.
        leave_s, until_s = (first.until_s, first.until_s) if first.is_fixed else (first.since_s, first.until_s)
        arrive_s = last.since_s if last.is_fixed else last.until_s
        fits = arrive_s + from_s <= wanted_s if arrive_by else leave_s - to_s >= wanted_s
        if not fits or arrive_s <= leave_s:
            return None
        return FlexLeg(trip, day, origin, destination, to_m, from_m, leave_s, until_s, arrive_s, _rule(first, last))
    ride_s = max(direct_s, ceil(first.safe_factor * direct_s + first.safe_offset_s))
    latest_s = min(first.until_s, last.until_s - ride_s)
    earliest_s = max(first.since_s, last.since_s - ride_s)
    leave_s = min(latest_s, wanted_s - from_s - ride_s) if arrive_by else max(earliest_s, wanted_s + to_s, ready)
    if not earliest_s <= leave_s <= latest_s:
        return None
    return FlexLeg(trip, day, origin, destination, to_m, from_m, leave_s, leave_s, leave_s + ride_s, _rule(first, last))


def _rule(first: FlexCall, last: FlexCall) -> BookingRule | None:
    return first.pickup_rule or last.drop_off_rule


def book_by(leg: FlexLeg) -> datetime | None:
    """The instant (UTC) of the cut-off; None where the feed names none (real-time booking, or no rule)."""
    rule = leg.rule
    if rule is None or rule.kind == 0:
        return None
    if rule.kind == 1:
        return instant_of(leg.day, leg.leave_s, PARIS) - timedelta(seconds=rule.min_s)
    last, left = leg.day, rule.last_days
    for _each in range(DAYS_BACK_MAX + rule.last_days):
        if left <= 0:
            break
        last -= timedelta(days=1)
        left -= rule.counted is None or rule.counted.runs_on(last)
    # An hour past 24:00 is of the day after, as everywhere in GTFS.
    over, seconds = divmod(rule.last_s, 86_400)
    clock = time(seconds // 3600, seconds // 60 % 60, seconds % 60)
    return to_utc(datetime.combine(last + timedelta(days=over), clock, PARIS))


def bookable(leg: FlexLeg, now: datetime) -> bool:
    """Whether one may still, and already, book at `now`. "Before 17 h" excludes 17:00:00; "30 minutes before" includes
    the thirtieth."""
    at = instant_of(leg.day, leg.leave_s, PARIS)
    rule, last = leg.rule, book_by(leg)
    if rule is not None and rule.ahead_days is not None and leg.day > paris_day(now) + timedelta(days=rule.ahead_days):
        return False
    if last is None or rule is None:
        return now < at
    return now <= last if rule.kind == 1 else now < last


def ready_s(rule: BookingRule | None, day: date, now: datetime) -> int:
    """From when on, that day, the notice lets one be picked up, where one books the same day; 0 otherwise."""
    if rule is None or rule.kind == 2:
        return 0
    soonest = now + timedelta(seconds=max(rule.min_s, 1))
    return max(0, ceil((soonest - service_day_start(day, PARIS)).total_seconds()))
