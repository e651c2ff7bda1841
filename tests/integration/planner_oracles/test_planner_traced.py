"""How a search went: what is found is shown or left out, and every reason given is true by the figures told beside it.
Random tiny networks with random tariffs; the check reads the document of the API alone."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from typing import Any

import pytest

from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import Timetable
from mobigo.planner import service
from mobigo.planner.engine import criteria, raptor, search, watch, weighed
from mobigo.planner.engine import range as ranges
from mobigo.planner.engine.watch import Watch
from mobigo.planner.export.traced import trace_json
from mobigo.planner.model import ANYBODY, Endpoint, FareKinds, Journey, Limits, Payer, Price, Query, Reach, WalkedWay
from mobigo.planner.rules.fare_table import FareTable
from mobigo.planner.rules.ways import sifted
from mobigo.planner.service import asked as ready
from mobigo.planner.service.traced import traced
from tests.counts import count
from tests.criteria_world import random_tariff, table_of
from tests.oracles.spec import World
from tests.planner_adaptor import compiled, reach_of
from tests.strategies import Question, random_case

A, B = Point(47.0, 4.0), Point(47.1, 4.1)
CASES = count(60, 20)
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Doors:
    """`AccessEgress` by the seconds of a question, a metre each; sometimes one may walk all the way."""

    question: Question

    def reach(self, timetable: Timetable, point: Point, walk_m_max: int, leaving: bool) -> Reach:
        found = reach_of(timetable, self.question.access if point == A else self.question.egress)
        return replace(found, walk_m=found.time_s.copy())

    def direct(self, a: Point, b: Point, walk_m_max: int) -> tuple[int, int] | None:
        return (1500, 1800) if self.question.at % 3 == 0 else None

    def ways(self, point: Point, others: Sequence[Point], walk_m_max: int, leaving: bool) -> list[WalkedWay]:
        return [WalkedWay()] * len(others)


class Prices:
    """Prices that have nothing to do with the table searched, so that each rule about them is met; some unknown."""

    asked = 0

    def prices(self, network: LiveNetwork, journeys: Sequence[Journey], payer: Payer = ANYBODY) -> list[Price | None]:
        self.asked += 1
        return [self.price(each) for each in journeys]

    def price(self, journey: Journey) -> Price | None:
        if not journey.rides:
            return None
        sum_ = sum(ride.trips[0][0] * 37 + len(ride.visits) * 11 for ride in journey.rides) % 7
        return Price(None if sum_ == 6 else Money(100 * sum_))

    def bought(self, network: LiveNetwork, journey: Journey, payer: Payer) -> str:
        return ""

    def kinds(self, day: Any) -> FareKinds:
        return FareKinds()


@dataclass(frozen=True)
class Tables:
    made: FareTable

    def table(self, network: LiveNetwork, day: Any, payer: Payer = ANYBODY) -> FareTable | None:
        return self.made


def queries(question: Question) -> list[Query]:
    at, by = (datetime.fromtimestamp(each, UTC) for each in (question.at, question.by))
    limits = Limits(vehicles_max=min(4, question.vehicles_max), change_s_extra=question.extra_change_s)
    asked = Query(Endpoint("a", A), Endpoint("b", B), at, window_s=question.window_s, limits=limits)
    return [asked, replace(asked, window_s=0), replace(asked, at=by, arrive_by=True),
            replace(asked, at=by, arrive_by=True, window_s=0)]  # fmt: skip


def cents(one: Json) -> float:
    return inf if one["price_cents"] is None else one["price_cents"]


def searched(one: Json) -> float:
    return inf if one["searched_cents"][1] is None else one["searched_cents"][1]


def as_soon(a: Json, b: Json) -> bool:
    return bool(a["departure"] >= b["departure"] and a["arrival"] <= b["arrival"] and a["vehicles"] <= b["vehicles"])


def hours(one: Json) -> tuple[Any, ...]:
    return one["departure"], one["arrival"], one["vehicles"]


def outside(query: Query, one: Json) -> bool:
    window = timedelta(seconds=query.window_s)
    if query.arrive_by:
        return not query.at - window <= one["arrival"] <= query.at
    return not query.at <= one["departure"] <= query.at + window


def no_better(of: Callable[[Json], float], one: Json, others: Sequence[Json]) -> bool:
    """It costs no less than the cheapest of the others, and does not walk 200 m less than any of them."""
    return of(one) >= min(map(of, others)) and one["walk_m"] > min(each["walk_m"] for each in others) - 200


def proves(rule: str, one: Json, by: Sequence[Json], query: Query) -> bool:
    """Whether a rule, as the guide says it, does leave one out because of the others."""
    other = by[0] if by else one
    held: dict[str, Callable[[], bool]] = {
        "outside": lambda: not by and outside(query, one),
        "beaten": lambda: as_soon(other, one) and hours(other) != hours(one),
        "twin": lambda: hours(other) == hours(one) and other["walk_m"] <= one["walk_m"],
        "too_long": lambda: other["vehicles"] <= one["vehicles"] and one["duration_s"] > 2 * other["duration_s"] + 7200,
        "known": lambda: bool(by) and as_soon(other, one),
        "no_gain": lambda: bool(by) and no_better(searched, one, by),
        "not_worth": lambda: bool(by) and no_better(cents, one, by),
        "same_later": lambda: (
            other is not one
            and other["departure"] >= one["departure"]
            and all(other[name] == one[name] for name in ("arrival", "vehicles", "walk_m", "searched_cents"))
        ),
        "enough": lambda: (
            sum(searched(each) <= searched(one) for each in by) >= 3
            and sum(each["walk_m"] <= one["walk_m"] for each in by) >= 3
        ),
        "as_good": lambda: (
            other is not one and as_soon(other, one) and other["walk_m"] <= one["walk_m"] and cents(other) <= cents(one)
        ),
    }
    return held[rule]()


def _worlds(seed: int) -> tuple[LiveNetwork, Tables, list[tuple[Doors, Query]]]:
    case = random_case(seed)
    files = case.spec.files()
    timetable = compiled(files)
    tables = Tables(table_of(random_tariff(seed, World(files)), timetable))
    asked = [(Doors(question), query) for question in case.questions for query in queries(question)]
    return LiveNetwork(timetable, "hash"), tables, asked


def judged(seed: int) -> Counter[str]:
    """The rules that left something out of the answers of one world; each is proved."""
    seen: Counter[str] = Counter()
    network, tables, asked = _worlds(seed)
    for doors, query in asked:
        fares, looking = Prices(), Watch(iter(range(10_000)).__next__)
        planned = service.planned(network, query, doors, fares=fares, tables=tables, watch=looking)
        trace = traced(network, planned, sifted(planned.answer), looking, fares)
        told = trace_json(network, trace)
        for one in told["candidates"]:  # an hour that comes twice compares badly by the clock on the wall
            one |= {name: one[name].astimezone(UTC) for name in ("departure", "arrival")}
        said = f"seed {seed}, {doors.question.text()}, {query}"
        assert told["kept"] + told["dropped"] == told["found"] == len(told["candidates"]), said
        assert [each["number"] for each in told["candidates"]] == list(range(1, told["found"] + 1)), said
        assert told["kept"] == len(planned.answer.journeys)
        shown = [(each["departure"], each["arrival"]) for each in told["candidates"] if each["rule"] is None]
        assert shown == [(each.depart_at, each.arrive_at) for each in planned.answer.journeys], said
        for one in told["candidates"]:
            if one["rule"] is None:
                assert not one["by"]
                assert one["reason"] is None
                continue
            by = [told["candidates"][number - 1] for number in one["by"]]
            assert proves(one["rule"], one, by, query), f"{said}: {one} {by}"
            assert one["reason"]["text"] != one["reason"]["code"]
            seen[one["rule"]] += 1
    return seen


@pytest.mark.parametrize("chunk", range(CASES // 10))
def test_what_is_found_is_shown_or_left_out_for_a_reason_that_is_true(chunk: int) -> None:
    for seed in range(chunk * 10, chunk * 10 + 10):
        judged(seed)


def test_the_worlds_meet_every_rule_that_matters() -> None:
    """Else the proofs above would show nothing."""
    wanted, met = {"outside", "known", "no_gain", "not_worth", "too_long"}, set[str]()
    for seed in range(60):
        met |= judged(seed).keys()
        if met >= wanted:
            return
    raise AssertionError(wanted - met)


def test_without_a_trace_the_answer_is_the_same_and_nothing_more_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    done: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        done[name] += 1
        return function(*args, **named)

    for owner, name in (
        (raptor, "search"), (ranges, "search_range"), (criteria, "search"),
        (ready, "journey_of"), (ready, "settled"),
    ):  # fmt: skip
        kernel = getattr(owner, name)
        monkeypatch.setattr(owner, name, partial(counted, f"{owner.__name__}.{name}", kernel))
    for seed in range(20):
        network, tables, asked = _worlds(seed)
        for doors, query in asked:
            fares = Prices()
            done.clear()
            with monkeypatch.context() as patch:
                for name in ("Effort", "_effort"):
                    patch.setattr(search, name, None)  # whoever calls it fails
                patch.setattr(weighed, "Effort", None)
                patch.setattr(watch.Watch, "lap", None)
                plain = service.plan(network, query, doors, fares=fares, tables=tables)
            alone = Counter(done)
            assert fares.asked == 1
            done.clear()
            planned = service.planned(
                network, query, doors, fares=fares, tables=tables, watch=Watch(iter(range(10_000)).__next__)
            )
            assert planned.answer == plain
            assert done == alone
