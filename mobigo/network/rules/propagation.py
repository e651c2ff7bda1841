"""What a vehicle does on a day, from its timetable and what is said of its calls.

GTFS Realtime Reference, "Trip Updates" and StopTimeUpdate: a delay holds for all calls that follow until one says
otherwise, over skipped calls too; NO_DATA ends it; the delay of the trip holds before the first call that says more;
nothing is known of the calls before the first one told. What must be true of those nevertheless is kept: a vehicle
left an earlier stop no later than it is at the next one told, and comes to a later one no sooner than to the last one
told. Times that go backwards between two calls told contradict each other: nothing of such an update is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from mobigo.network.model.realtime import CallKind


class Word(IntEnum):
    """What is known of a call."""

    NONE = 0  # as timetabled, for want of better
    EXPECTED = 1
    SKIPPED = 2


@dataclass(frozen=True, slots=True)
class Course:
    """The calls of a trip on a day: stops (rows), service seconds, and what is known of each."""

    stop: tuple[int, ...]
    arrive_s: tuple[int, ...]
    depart_s: tuple[int, ...]
    word: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """What is said of the call at `position`: service seconds, or delays, of arriving and leaving; another stop."""

    position: int
    kind: CallKind
    arrive_s: int | None = None
    depart_s: int | None = None
    arrive_delay_s: int | None = None
    depart_delay_s: int | None = None
    stop: int | None = None


def propagated(planned: Course, placed: Sequence[Placed], delay_s: int | None = None) -> Course | None:
    """The course of the day; None when what is said contradicts itself. `placed` is in order of position."""
    said = {each.position: each for each in placed}
    count = len(planned.stop)
    times, firm = [0] * (2 * count), [False] * (2 * count)
    stops, words = list(planned.stop), [Word.NONE] * count
    lag, first_told = delay_s, count
    for at in range(count):
        each = said.get(at)
        if each is not None:
            first_told = min(first_told, at)
            if each.stop is not None:
                stops[at] = each.stop
            if each.kind is CallKind.NO_DATA:
                lag = None
        timed = each if each is not None and each.kind is CallKind.SCHEDULED else Placed(at, CallKind.SCHEDULED)
        for k, own_s, time_s, late_s in (
            (2 * at, planned.arrive_s[at], timed.arrive_s, timed.arrive_delay_s),
            (2 * at + 1, planned.depart_s[at], timed.depart_s, timed.depart_delay_s),
        ):
            if time_s is not None:
                lag, firm[k] = time_s - own_s, True
            elif late_s is not None:
                lag, firm[k] = late_s, True
            times[k] = own_s + (lag or 0)
        if each is not None and each.kind is CallKind.SKIPPED:
            words[at] = Word.SKIPPED
        elif lag is not None:
            words[at] = Word.EXPECTED
    if delay_s is not None:
        first_told = 0
    for k in range(max(1, 2 * first_told + 1), 2 * count):
        if not firm[k] and words[k // 2] is Word.NONE:
            times[k] = max(times[k], times[k - 1])
    for k in range(2 * count - 2, -1, -1):
        if not firm[k]:
            times[k] = min(times[k], times[k + 1])
    if any(times[k] > times[k + 1] for k in range(2 * count - 1)):
        return None
    return Course(tuple(stops), tuple(times[0::2]), tuple(times[1::2]), tuple(words))
