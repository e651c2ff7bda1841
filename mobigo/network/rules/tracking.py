"""What may be told of a coach from what its driver noted. Nothing is made up: a coach of which nothing was heard is as
timetabled, and one of which nothing is heard any longer is no longer told.

A coach leaves no stop before its planned hour, and keeps its delay to the end; a call that should have taken place is
expected now at the earliest. The figures are the product's own choice.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.geo import Point
from mobigo.network.model.realtime import CallUpdate, Moment, TripUpdate, Vehicle
from mobigo.network.model.tracking import Act, PlannedRun, Run

POSITION_STALE_S: Final = 300  # older, a coach is elsewhere
SILENCE_S: Final = 900  # after the next call was expected, nothing heard for so long: the run is no longer told
EARLY_S_MAX: Final = 3 * 3600  # before its first departure a run cannot begin
LATE_S_MAX: Final = 12 * 3600  # after its last arrival nothing more is noted
AHEAD_S_MAX: Final = 60  # the clock of a telephone
Times = tuple[int | None, int | None]


def noted(
    run: Run, planned: PlannedRun, act: Act, at: int, now: int, *, position: int, point: Point | None,
    undone: Act | None = None,
) -> Run:  # fmt: skip
    """The run with what happened at `at`, told at `now`: the same twice changes nothing, and a telephone without a
    network may tell it later, in order. What is taken back is named (the call, and `undone`: arriving or leaving), so
    that a telephone which never heard the answer takes back one note, however often it asks.

    Raises InvalidInput for an hour of the future, for one before or after which nothing is noted of this run, for a
    call the trip does not have, for a position that is none; Refused for a run that is over, and for what happened
    before what was noted last.
    """
    begins = planned.depart[0] - EARLY_S_MAX
    if now < begins:
        raise InvalidInput("tracking.too_early", at=datetime.fromtimestamp(begins, UTC))
    if at > now + AHEAD_S_MAX or not begins <= at <= planned.arrive[-1] + LATE_S_MAX:
        raise InvalidInput("tracking.bad_hour")
    run = replace(run, heard=max(run.heard, min(at, now)))
    if act is Act.END:
        return run if run.ended is not None else replace(run, ended=at, seen=None)
    if act is Act.START:
        return run
    if run.ended is not None:
        raise Refused("tracking.over")
    if act is Act.SEEN:
        if point is None:
            raise InvalidInput("tracking.bad_position")
        return replace(run, seen=(point, at)) if run.seen is None or run.seen[1] < at else run
    if act is Act.UNDO:
        return replace(run, calls=_without(run.calls, position, undone))
    if not 0 <= position <= planned.last:
        raise InvalidInput("tracking.no_such_call")
    arrived, left = run.calls.get(position, (None, None))
    if (arrived if act is Act.ARRIVED else left) is not None:
        return run
    last = _last(run.calls)
    if last is not None and (position < last[0] or at < last[1] or (position == last[0] and act is Act.ARRIVED)):
        raise Refused("tracking.before_last")
    times = (at, left) if act is Act.ARRIVED else (arrived, at)
    return replace(run, calls={**run.calls, position: times})


def _last(calls: Mapping[int, Times]) -> tuple[int, int] | None:
    """(position, instant) of what was noted last."""
    found = [
        (position, max(t for t in times if t is not None)) for position, times in calls.items() if times != (None, None)
    ]
    return max(found, default=None)


def _without(calls: Mapping[int, Times], position: int, undone: Act | None) -> dict[int, Times]:
    """Without this note; as they are when it is not there (any more). Raises Refused when another came after it."""
    arrived, left = calls.get(position, (None, None))
    if (left if undone is Act.LEFT else arrived) is None:
        return dict(calls)
    if position != max(calls) or (undone is not Act.LEFT and left is not None):
        raise Refused("tracking.before_last")
    kept = {each: times for each, times in calls.items() if each != position}
    return {**kept, position: (arrived, None)} if undone is Act.LEFT and arrived is not None else kept


def expected(run: Run, planned: PlannedRun, now: int) -> list[tuple[int, int]]:
    """(arriving, leaving) of each call from the one that comes next on, in seconds since 1970; for the one where the
    coach stands, when it arrived and when it leaves."""
    here = run.at
    out: list[tuple[int, int]] = []
    late = 0
    if here is not None:
        arrived, left = run.calls[here[0]]
        late = (left - planned.depart[here[0]]) if left is not None else (arrived or now) - planned.arrive[here[0]]
    for position in range(run.following, planned.last + 1):
        stands = here == (position, True)
        arrive = run.calls[position][0] if stands else None
        if arrive is None:
            arrive = planned.arrive[position] + late
            arrive = max(arrive, now) if here is not None or not out else arrive
        depart = max(planned.depart[position], arrive, now if stands or not out else arrive)
        out.append((arrive, depart))
        late = depart - planned.depart[position]
    return out


def update_of(run: Run, planned: PlannedRun, now: int) -> TripUpdate | None:
    """What is told of the trip; None for one that is over, has no call left, or of which nothing is heard any more."""
    coming = expected(run, planned, now)
    if run.ended is not None or not coming or _is_silent(run, planned, now):
        return None
    calls = []
    for position, (arrived, left) in sorted(run.calls.items()):
        if position < run.following:
            calls.append(_call(planned, position, arrived, left))
    for position, (arrive, depart) in enumerate(coming, run.following):
        calls.append(_call(planned, position, arrive, depart if position < planned.last else None))
    return TripUpdate(
        planned.trip_id, route_id=planned.route_id, start_day=planned.day, calls=tuple(calls), at=run.heard
    )  # fmt: skip


def vehicle_of(run: Run, planned: PlannedRun, now: int) -> Vehicle | None:
    """Where the coach is: as its telephone said, or at the stop where it stands; None when that is too old, or of the
    future."""
    if run.ended is not None:
        return None
    where, here = run.seen, run.at
    if here is not None and here[1]:
        arrived = run.calls[here[0]][0] or run.heard
        where = where if where is not None and where[1] >= arrived else (planned.point[here[0]], arrived)
    if where is None or not now - POSITION_STALE_S <= where[1] <= now + AHEAD_S_MAX:
        return None
    point, at = where
    return Vehicle(run.id, planned.trip_id, planned.route_id, planned.day, round(point.lat, 5), round(point.lon, 5), at)


def _is_silent(run: Run, planned: PlannedRun, now: int) -> bool:
    """Whether something should have been heard since, and was not."""
    here, following = run.at, run.following
    late = 0
    if here is not None:
        arrived, left = run.calls[here[0]]
        late = (left - planned.depart[here[0]]) if left is not None else (arrived or 0) - planned.arrive[here[0]]
    due = planned.depart[following] if here is None or here[1] else planned.arrive[following]
    return now > max(run.heard, due + max(0, late)) + SILENCE_S


def _call(planned: PlannedRun, position: int, arrive: int | None, depart: int | None) -> CallUpdate:
    return CallUpdate(
        planned.sequence[position], planned.stop_id[position],
        arrive=None if arrive is None else Moment(at=arrive), depart=None if depart is None else Moment(at=depart),
    )  # fmt: skip
