"""A coach followed: what its driver notes, and what is told of it. A trip leaves A at 8:00, is at B from 8:10 to 8:12
and at C at 8:30; hours are minutes after 8:00."""

from dataclasses import replace
from datetime import date

import pytest
from google.transit import gtfs_realtime_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import MobigoError
from mobigo.base.geo import Point
from mobigo.network.export.tracking import written
from mobigo.network.gateway import gtfs_realtime
from mobigo.network.model.tracking import Act, PlannedRun, Run
from mobigo.network.rules.tracking import expected, noted, update_of, vehicle_of

EIGHT = 1_742_281_200  # 18 March 2025, 8 h in France


def at(minute: float) -> int:
    return EIGHT + int(minute * 60)


PLANNED = PlannedRun(
    "region", "t", "R", date(2025, 3, 18), ("A", "B", "C"), ("A", "B", "C"),
    (Point(47, 4), Point(47.1, 4), Point(47.2, 4)), (5, 10, 15), (at(0), at(10), at(30)), (at(0), at(12), at(30)),
)  # fmt: skip
NEW = Run("01K", "region", "t", PLANNED.day, at(-5), at(-5))
HERE = Point(47.05, 4.01)


def after(*acts: tuple[Act, float, int], run: Run = NEW) -> Run:
    for act, minute, position in acts:
        run = noted(run, PLANNED, act, at(minute), at(minute), position=position, point=HERE)
    return run


def undo(run: Run, position: int, undone: Act) -> Run:
    return noted(run, PLANNED, Act.UNDO, at(6), at(6), position=position, point=None, undone=undone)


LATE = after((Act.ARRIVED, -2, 0), (Act.LEFT, 4, 0))


def minutes(run: Run, now: float) -> list[tuple[float, float]]:
    return [((a - EIGHT) / 60, (d - EIGHT) / 60) for a, d in expected(run, PLANNED, at(now))]


@pytest.mark.parametrize(
    ("run", "now", "coming"),
    [
        (NEW, -5, [(0, 0), (10, 12), (30, 30)]),  # as timetabled
        (NEW, 3, [(3, 3), (13, 13), (31, 31)]),  # begun, not left: now at the earliest
        (after((Act.ARRIVED, -2, 0)), -1, [(-2, 0), (10, 12), (30, 30)]),  # it waits for its hour
        (LATE, 5, [(14, 14), (32, 32)]),  # 4 minutes late, of which 2 are made up at B
        (LATE, 20, [(20, 20), (38, 38)]),  # not seen at B: it cannot have been there before now
        (after((Act.ARRIVED, -2, 0), (Act.LEFT, 0, 0), (Act.ARRIVED, 8, 1)), 9, [(8, 12), (30, 30)]),  # early
        (after((Act.LEFT, 25, 1)), 26, [(43, 43)]),  # the first stop was not noted
        (after((Act.ARRIVED, 41, 2)), 42, [(41, 42)]),
    ],
)
def test_a_delay_is_kept_and_no_stop_left_before_its_hour(
    run: Run, now: float, coming: list[tuple[float, float]]
) -> None:
    assert minutes(run, now) == coming


@pytest.mark.parametrize(
    ("run", "act", "minute", "now", "position", "code"),
    [
        (NEW, Act.LEFT, 2, 0.5, 0, "tracking.bad_hour"),  # of the future
        (NEW, Act.LEFT, -181, 5, 0, "tracking.bad_hour"),  # of a telephone whose clock is slow
        (NEW, Act.START, -181, -181, 0, "tracking.too_early"), (NEW, Act.LEFT, 751, 751, 0, "tracking.bad_hour"),
        (NEW, Act.LEFT, 0, 0, 3, "tracking.no_such_call"), (NEW, Act.LEFT, 0, 0, -1, "tracking.no_such_call"),
        (LATE, Act.ARRIVED, 3, 5, 1, "tracking.before_last"),
        (after((Act.LEFT, 12, 1)), Act.LEFT, 13, 13, 0, "tracking.before_last"),
        (after((Act.LEFT, 12, 1)), Act.ARRIVED, 13, 13, 1, "tracking.before_last"),
        (after((Act.END, 12, 0)), Act.LEFT, 13, 13, 0, "tracking.over"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    run: Run, act: Act, minute: float, now: float, position: int, code: str
) -> None:
    with pytest.raises(MobigoError) as refused:
        noted(run, PLANNED, act, at(minute), at(now), position=position, point=None)
    assert refused.value.decision.code == code


@pytest.mark.parametrize("minute", [-180, 750])
def test_the_edges_of_a_run(minute: float) -> None:
    noted(NEW, PLANNED, Act.START, at(minute), at(minute), position=0, point=None)


def test_a_telephone_ahead_by_a_minute_is_believed() -> None:
    assert noted(NEW, PLANNED, Act.LEFT, at(1), at(0), position=0, point=None).calls == {0: (None, at(1))}


def test_the_same_twice_changes_nothing_and_a_mistake_is_taken_back() -> None:
    assert after((Act.LEFT, 6, 0), run=LATE).calls == LATE.calls
    back = undo(LATE, 0, Act.LEFT)
    assert back.calls == {0: (at(-2), None)}
    assert undo(back, 0, Act.LEFT).calls == back.calls  # the same again: its answer was lost
    assert undo(undo(back, 0, Act.ARRIVED), 0, Act.ARRIVED).calls == {}


@pytest.mark.parametrize(
    ("run", "position", "undone", "code"),
    [
        (LATE, 0, Act.ARRIVED, "tracking.before_last"),  # it has left since
        (after((Act.LEFT, 4, 0), (Act.ARRIVED, 14, 1)), 0, Act.LEFT, "tracking.before_last"),
        (after((Act.END, 12, 0), run=LATE), 0, Act.LEFT, "tracking.over"),
    ],
)
def test_only_what_was_noted_last_is_taken_back(run: Run, position: int, undone: Act, code: str) -> None:
    with pytest.raises(MobigoError) as refused:
        undo(run, position, undone)
    assert refused.value.decision.code == code


def test_a_position_that_is_none_is_refused() -> None:
    with pytest.raises(MobigoError) as refused:
        noted(LATE, PLANNED, Act.SEEN, at(5), at(5), position=0, point=None)
    assert refused.value.decision.code == "tracking.bad_position"


def test_the_end_forgets_where_the_coach_was() -> None:
    seen = after((Act.SEEN, 5, 0), run=LATE)
    assert seen.seen == (HERE, at(5))
    over = after((Act.END, 40, 0), (Act.END, 50, 0), run=seen)
    assert (over.seen, over.ended) == (None, at(40))
    assert (update_of(over, PLANNED, at(41)), vehicle_of(over, PLANNED, at(41))) == (None, None)


@pytest.mark.parametrize(
    ("run", "now", "told"),
    [
        (LATE, 5, True), (LATE, 29, True), (LATE, 29.1, False),  # due at B at 8:14, and a quarter of an hour
        (after((Act.SEEN, 28, 0), run=LATE), 43, True), (after((Act.SEEN, 28, 0), run=LATE), 43.1, False),
        (NEW, 15, True), (NEW, 15.1, False),
        (after((Act.ARRIVED, 30, 2), (Act.LEFT, 31, 2)), 31, False),  # no call left
    ],
)  # fmt: skip
def test_a_coach_of_which_nothing_is_heard_is_no_longer_told(run: Run, now: float, told: bool) -> None:
    assert (update_of(run, PLANNED, at(now)) is not None) is told


@pytest.mark.parametrize(
    ("run", "now", "where"),
    [
        (LATE, 4, None),  # under way, no position sent
        (after((Act.SEEN, 5, 0), run=LATE), 10, HERE), (after((Act.SEEN, 5, 0), run=LATE), 10.1, None),  # stale
        (after((Act.ARRIVED, 14, 1), run=LATE), 15, PLANNED.point[1]),
        (after((Act.SEEN, 5, 0), (Act.ARRIVED, 14, 1), run=LATE), 15, PLANNED.point[1]),
        (replace(LATE, seen=(HERE, at(9))), 7, None),  # of the future
    ],
)  # fmt: skip
def test_where_a_coach_is_told_to_be(run: Run, now: float, where: Point | None) -> None:
    vehicle = vehicle_of(run, PLANNED, at(now))
    assert (None if vehicle is None else Point(vehicle.lat, vehicle.lon)) == where


def test_the_message_names_the_regional_ids_and_nobody() -> None:
    run = after((Act.ARRIVED, 14, 1), run=LATE)
    told = (update_of(run, PLANNED, at(15)), vehicle_of(run, PLANNED, at(15)), 10)
    data = written([("region", told)], at(15), version="4a1f")
    found = pb.FeedMessage()
    found.ParseFromString(data)
    update, position = found.entity[0].trip_update, found.entity[1].vehicle
    assert (update.trip.trip_id, update.trip.route_id, update.trip.start_date) == ("region:t", "region:R", "20250318")
    assert [(c.stop_sequence, c.stop_id, c.arrival.time, c.departure.time) for c in update.stop_time_update] == [
        (5, "region:A", at(-2), at(4)), (10, "region:B", at(14), at(15)), (15, "region:C", at(33), 0),
    ]  # fmt: skip
    assert (position.vehicle.id, position.stop_id, position.current_status) == ("01K", "region:B", 1)
    assert found.header.feed_version == "4a1f"
    assert written([("region", told)], at(15), version="4a1f") == data
    [read] = gtfs_realtime.read(written([("region", told)], at(15), prefixed=False)).trips
    assert (read.trip_id, read.start_day) == ("t", PLANNED.day)


acts = st.lists(
    st.tuples(st.sampled_from([Act.ARRIVED, Act.LEFT, Act.SEEN, Act.UNDO]), st.integers(0, 400), st.integers(0, 2)),
    max_size=12,
)


@given(acts, st.integers(0, 120))
def test_what_is_told_never_goes_backwards_nor_promises_the_past(drawn: list[tuple[Act, int, int]], later: int) -> None:
    run, second = NEW, at(0)
    for act, gap_s, position in drawn:
        second += gap_s
        try:
            run = noted(run, PLANNED, act, second, second, position=position, point=HERE)
        except MobigoError:
            continue
    now = second + later
    coming = expected(run, PLANNED, now)
    flat = [instant for pair in coming for instant in pair]
    assert flat == sorted(flat)
    assert len(coming) == 3 - run.following
    for position, (arrive, depart) in enumerate(coming, run.following):
        stands = run.at == (position, True)
        assert depart >= max(PLANNED.depart[position], now if position == run.following else 0)
        assert stands or arrive >= (now if position == run.following else 0)
