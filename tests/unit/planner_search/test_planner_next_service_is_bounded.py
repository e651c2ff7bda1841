"""How far the next service is looked for when a question has no answer: so many days, so many unlike timetables, never
more. Counted, not timed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mobigo.network.model.live import LiveNetwork
from mobigo.planner.engine.search import Searcher
from mobigo.planner.engine.upcoming import DAYS_MAX, SEARCHES_MAX
from mobigo.planner.model import Answer, Endpoint, Limits, Query
from mobigo.planner.service import plan
from tests.builders import DAY, BuiltTrip, feed, trip
from tests.planner_adaptor import compiled

PARIS = ZoneInfo("Europe/Paris")
LONG = DAYS_MAX + 60
SIX_HOURS = Limits(duration_s_max=6 * 3600)


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def network(trips: list[BuiltTrip], services: dict[str, list[date]]) -> LiveNetwork:
    timetable = compiled(feed(trips, services=services))
    return LiveNetwork(timetable, timetable.hash)


def missed(service: str) -> list[BuiltTrip]:
    """A to B, and B to C an hour before one is there: by the days alone it might do, by the hours it never does."""
    return [
        trip(f"a-{service}", "A 9:40 B 10:00", route="AB", service=service),
        trip(f"b-{service}", "B 9:00 C 9:30", route="BC", service=service),
    ]


def unlike_days(good: int | None) -> LiveNetwork:
    """Every day of `LONG` has services of its own, all missed; those of the day `good` are not."""
    trips, services = [], {}
    for n in range(LONG):
        services[f"s{n}"] = [after(n)]
        trips += missed(f"s{n}")
        if n == good:
            trips.append(trip("good", "B 10:30 C 11:00", route="BC", service=f"s{n}"))
    return network(trips, services)


def asked(live: LiveNetwork, monkeypatch: pytest.MonkeyPatch) -> tuple[Answer, int]:
    """The answer to A → C on the first day, in the evening, and how many days were searched for it."""
    searched: list[int] = []
    leaving = Searcher.leaving

    def counted(self: Searcher, *arguments: object, **named: object) -> object:
        searched.append(1)
        return leaving(self, *arguments, **named)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(Searcher, "leaving", counted)
    rows = list(live.timetable.stop_id)
    ends = [Endpoint(name, stops=(rows.index(name),)) for name in ("A", "C")]
    at = datetime(DAY.year, DAY.month, DAY.day, 20, tzinfo=PARIS)
    return plan(live, Query(*ends, at, limits=SIX_HOURS)), len(searched)


@pytest.mark.parametrize(
    ("good", "searches", "code", "told"),
    [
        (1, 1, "planner.no_service_that_day", {"next_day": after(1)}),
        (SEARCHES_MAX, SEARCHES_MAX, "planner.no_service_that_day", {"next_day": after(SEARCHES_MAX)}),
        (SEARCHES_MAX + 1, SEARCHES_MAX, "planner.no_journey_until", {"last_day": after(SEARCHES_MAX)}),
        (None, SEARCHES_MAX, "planner.no_journey_until", {"last_day": after(SEARCHES_MAX)}),
    ],
)
def test_of_unlike_days_only_so_many_are_searched_and_the_last_one_is_said(
    monkeypatch: pytest.MonkeyPatch, good: int | None, searches: int, code: str, told: dict[str, date]
) -> None:
    answer, searched = asked(unlike_days(good), monkeypatch)
    assert searched == searches
    (remark,) = answer.remarks
    assert remark.code == code
    assert {name: remark.params[name] for name in told} == told


@pytest.mark.parametrize(
    ("runs_on", "next_day", "searches"),
    [(1, after(1), 1), (2, after(2), 2), (DAYS_MAX, after(DAYS_MAX), 2), (DAYS_MAX + 1, None, 1)],
)
def test_a_rare_coach_costs_two_searches_at_most_however_far_within_the_days_looked_at(
    monkeypatch: pytest.MonkeyPatch, runs_on: int, next_day: date | None, searches: int
) -> None:
    """The days on which it cannot be are known without searching them; its own is searched, and the one before, from
    whose evening it might have been taken."""
    live = network(
        [trip("rare", "A 7:00 C 8:00", service="once"), *missed("first")],
        {"once": [after(runs_on), after(LONG)], "first": [DAY]},
    )
    answer, searched = asked(live, monkeypatch)
    (remark,) = answer.remarks
    assert (remark.params.get("next_day"), searched) == (next_day, searches)
    if next_day is None:
        assert remark.params["last_day"] == after(DAYS_MAX)


def test_months_of_one_timetable_cost_a_few_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same every day: what is searched again are the days whose hours differ, those about a change of the clock and
    about the edges of the calendar."""
    answer, searched = asked(network(missed("daily"), {"daily": [after(n) for n in range(LONG)]}), monkeypatch)
    assert answer.remarks[0].params["last_day"] == after(DAYS_MAX)
    assert 1 <= searched <= 8
