"""Rules of the lines: reading a file's content, legs on the kilometre table, hours, expected waits. Pure."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final

from covoit.model.journeys import LineLeg
from covoit.model.lines import (
    UNKNOWN_WAIT,
    ExpectedWait,
    Guarantee,
    Help,
    Hours,
    Line,
    LineStop,
    Measure,
    Wait,
    Waited,
    WaitFrom,
)
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.geo import Point, distance_m
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import Money
from mobigo.base.periods import Period

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Under so many boardings, the past says nothing that would still be true tomorrow.
HISTORY_MIN: Final = 8
HISTORY: Final = timedelta(days=90)
NEAR_STOP_M: Final = 1_000  # a telephone in a village is often hundreds of metres off


# ---------------------------------------------------------------- from files


def digest_of(content: Mapping[str, Any]) -> str:
    """The hash of a file's content, whatever its layout: sha256 over JSON with sorted keys."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def line_of(content: Mapping[str, Any]) -> Line:
    """The line a file describes.

    Raises InvalidInput("covoit.bad_line") saying what is wrong: a table of kilometres that does not rise from 0 to the
    length, two stops of one id, a leg shorter than the crow flies, hours that end before they begin.
    """
    code = str(content.get("code", "?"))
    try:
        stops = tuple(_stop(each) for each in content["stop"])
        line = Line(
            code=code,
            number=content["number"],
            name=content["name"],
            period=_period(content),
            stops=stops,
            length_m=content["length_m"],
            duration_s=content["duration_min"] * 60,
            hours=tuple(_hours(each) for each in content["hours"]),
            source=content["source"],
            digest=digest_of(content),
        )
    except (KeyError, TypeError, ValueError) as cause:
        raise InvalidInput("covoit.bad_line", line=code, fault=str(cause)) from cause
    fault = _fault_of(line)
    if fault:
        raise InvalidInput("covoit.bad_line", line=code, fault=fault)
    return line


def _stop(row: Mapping[str, Any]) -> LineStop:
    return LineStop(
        id=row["id"],
        name=row["name"],
        insee=row["insee"],
        commune=row["commune"],
        point=Point(row["lat"], row["lon"]),
        position_m=row["position_m"],
        where=row["where"],
    )


def _hours(row: Mapping[str, Any]) -> Hours:
    return Hours(row["direction"], frozenset(WEEKDAYS.index(day) for day in row["days"]), row["from"], row["until"])


def _period(content: Mapping[str, Any]) -> Period:
    return Period(content["first_day"], content.get("last_day"))


def _fault_of(line: Line) -> str:
    positions = [stop.position_m for stop in line.stops]
    if len(positions) < 2 or positions[0] != 0 or positions[-1] != line.length_m:
        return "the kilometre table does not go from 0 to the length"
    if any(after <= before for before, after in pairwise(positions)):
        return "the kilometre table does not rise"
    if len({stop.id for stop in line.stops}) != len(line.stops):
        return "two stops have one id"
    for a, b in pairwise(line.stops):
        if b.position_m - a.position_m < distance_m(a.point, b.point) - 150:  # positions are known to about 100 m
            return f"{a.id} to {b.id} is shorter than the crow flies"
    if any(hours.until <= hours.since or hours.direction not in (0, 1) for hours in line.hours):
        return "hours end before they begin"
    return ""


def guarantee_of(content: Mapping[str, Any]) -> Guarantee:
    """The rule of départ et retour garantis that a file describes. Raises InvalidInput("covoit.bad_line")."""
    try:
        return Guarantee(
            code=content["code"],
            period=_period(content),
            wait_min=content["wait_min"],
            kinds=tuple(Help(kind) for kind in content["kinds"]),
            cost_max=Money(content["cost_max_cents"]),
            source=content["source"],
            digest=digest_of(content),
        )
    except (KeyError, TypeError, ValueError) as cause:
        raise InvalidInput("covoit.bad_line", line=str(content.get("code", "?")), fault=str(cause)) from cause


def measure_of(content: Mapping[str, Any]) -> Measure:
    """The longest ban that a file sets. Raises InvalidInput("covoit.bad_line")."""
    try:
        made = Measure(content["code"], _period(content), int(content["ban_days_max"]), content["source"])
    except (KeyError, TypeError, ValueError) as cause:
        raise InvalidInput("covoit.bad_line", line=str(content.get("code", "?")), fault=str(cause)) from cause
    if made.ban_days_max < 1:
        raise InvalidInput("covoit.bad_line", line=made.code, fault="a ban lasts a day at least")
    return made


# ---------------------------------------------------------------- legs


def leg_between(line: Line, a: str, b: str) -> LineLeg:
    """The leg from stop `a` to stop `b`: its direction follows from the order of the two.

    Raises NotFound("covoit.no_such_stop"), InvalidInput("covoit.same_stop").
    """
    start, end = stop_of(line, a).position_m, stop_of(line, b).position_m
    if start == end:
        raise InvalidInput("covoit.same_stop")
    if start < end:
        return LineLeg(line.code, 0, start, end)
    return LineLeg(line.code, 1, line.length_m - start, line.length_m - end)


def stop_of(line: Line, stop_id: str) -> LineStop:
    """The stop of this id. Raises NotFound("covoit.no_such_stop")."""
    found = line.stop(stop_id)
    if found is None:
        raise NotFound("covoit.no_such_stop", stop=stop_id[:80])
    return found


def stops_in(line: Line, direction: int) -> tuple[LineStop, ...]:
    """The stops in the order one meets them."""
    return line.stops if direction == 0 else line.stops[::-1]


def along_m(line: Line, direction: int, stop: LineStop) -> int:
    """How far along the way of this direction a stop lies."""
    return stop.position_m if direction == 0 else line.length_m - stop.position_m


def ride_s(line: Line, metres: int) -> int:
    """About how long a car takes for so many metres of this line, to the whole minute, half up."""
    minutes = (line.duration_s * metres * 2 + 60 * line.length_m) // (120 * line.length_m)
    return max(1, minutes) * 60


def passes_at(line: Line, leg: LineLeg, leaves_at: datetime, stop: LineStop) -> datetime:
    """When a car that begins `leg` at `leaves_at` is about to pass at a stop of it."""
    ahead = along_m(line, leg.direction, stop) - leg.from_m
    return leaves_at if ahead <= 0 else leaves_at + timedelta(seconds=ride_s(line, ahead))


def within(inner: LineLeg, outer: LineLeg) -> bool:
    """Whether a passenger's leg lies on the way of a car."""
    return (
        inner.line == outer.line
        and inner.direction == outer.direction
        and outer.from_m <= inner.from_m
        and inner.to_m <= outer.to_m
    )


def nearest_stop(line: Line, point: Point, within_m: int = NEAR_STOP_M) -> LineStop | None:
    """The nearest stop of the line, when one is near enough to have been there."""
    far, stop = min(((distance_m(point, stop.point), stop) for stop in line.stops), key=lambda pair: pair[0])
    return stop if far <= within_m else None


# ---------------------------------------------------------------- hours


def expected_at(line: Line, direction: int, moment: datetime) -> Hours | None:
    """The hours in which drivers are expected at this instant, in this direction; None outside them."""
    local = moment.astimezone(PARIS)
    clock = local.time().replace(tzinfo=None)
    return next(
        (
            hours
            for hours in line.hours
            if hours.direction == direction and local.weekday() in hours.weekdays and hours.since <= clock < hours.until
        ),
        None,
    )


def hours_of_day(line: Line, direction: int, day: date) -> list[tuple[time, time]]:
    """When drivers are expected that day, in order."""
    found = [hours for hours in line.hours if hours.direction == direction and day.weekday() in hours.weekdays]
    return sorted((hours.since, hours.until) for hours in found)


# ---------------------------------------------------------------- expected wait


def alike(waits: Iterable[Wait], now: datetime) -> list[Waited]:
    """Those of the last 90 days (`HISTORY`) that began in this hour of the Paris clock, on days of the same sort."""
    here, found = now.astimezone(PARIS), []
    for each in waits:
        local = each.since.astimezone(PARIS)
        same = local.hour == here.hour and (local.weekday() >= 5) == (here.weekday() >= 5)
        if same and now - HISTORY < each.since <= now:
            lasted_s = int((each.ended_at - each.since).total_seconds())
            found.append(Waited(paris_day(each.since), lasted_s, each.boarded))
    return found


def expected_wait(history: Sequence[Waited], declared: int, hour_min: int = 60) -> ExpectedWait:
    """How long one waits at this hour: from what was observed, else from the drivers declared, else unknown.

    Observed: cars are taken to come at a steady rate within the hour; the best estimate of the mean wait is then the
    whole time waited divided by the number of boardings (those who gave up count for the time they stayed), and nine
    waits in ten last less than ln(10) times the mean. Fewer than eight boardings say nothing.
    Declared: `k` cars spread evenly over the hour leave on average `hour / (k + 1)` minutes to wait.
    """
    boarded = sum(wait.boarded for wait in history)
    if boarded >= HISTORY_MIN:
        mean_s = sum(wait.waited_s for wait in history) / boarded
        return ExpectedWait(WaitFrom.HISTORY, _minutes(mean_s), _minutes(mean_s * math.log(10)), boarded)
    if declared > 0:
        return ExpectedWait(WaitFrom.DECLARED, _minutes(hour_min * 60 / (declared + 1)), None, declared)
    return UNKNOWN_WAIT


def _minutes(seconds: float) -> int:
    """Rounded up: a wait announced too short is a broken promise."""
    return max(1, math.ceil(seconds / 60))


def in_force(things: Iterable[Any], day: date) -> list[Any]:
    """Those whose period holds the day, in the order given."""
    return [thing for thing in things if day in thing.period]
