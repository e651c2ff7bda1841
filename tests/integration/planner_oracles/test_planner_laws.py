"""Laws that need no oracle, on random tiny networks: the order of rows, feeds and names changes nothing, and more never
gives less."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest

from mobigo.network.model.timetable import Strings, Timetable
from mobigo.planner.engine.found import Itinerary
from tests.builders import BuiltTrip, Spec
from tests.planner_adaptor import Asked, arrivals, compiled, compiled_together, departures, profile_points, reach_of
from tests.strategies import Case, Question, random_case

SEEDS = range(20_000, 20_060)


def fronts(asked: Asked, question: Question) -> tuple[object, ...]:
    """All three fronts of a question."""
    return (
        arrivals(asked.leaving(question)),
        departures(asked.arriving(question)),
        profile_points(asked.profile(question)),
    )


def columns(timetable: Timetable) -> Iterator[tuple[str, bytes]]:
    """Every column as bytes."""
    for name, column in timetable.arrays():
        parts = (column.data, column.starts) if isinstance(column, Strings) else (column,)
        yield name, b"|".join(np.ascontiguousarray(part).tobytes() for part in parts)


def shuffled(files: Mapping[str, str], seed: int) -> dict[str, str]:
    """The same rows in another order, in files of another order."""
    chance = random.Random(seed)
    out = {}
    for name in chance.sample(sorted(files), len(files)):
        header, *rows = files[name].splitlines()
        out[name] = "\n".join([header, *chance.sample(rows, len(rows))]) + "\n"
    return out


@pytest.mark.parametrize("seed", SEEDS)
def test_shuffling_the_rows_of_a_feed_compiles_to_the_same_bytes(seed: int) -> None:
    files = random_case(seed).spec.files()
    assert dict(columns(compiled(files))) == dict(columns(compiled(shuffled(files, seed))))


def renamed(spec: Spec, names: Mapping[str, str]) -> Spec:
    """The feed with other stop ids."""
    keys = ("stop_id", "parent_station", "from_stop_id", "to_stop_id")

    def row_of(row: Mapping[str, object]) -> dict[str, object]:
        return {key: names.get(str(value), value) if key in keys else value for key, value in row.items()}

    trips = [
        BuiltTrip(built.row, tuple({k: str(v) for k, v in row_of(call).items()} for call in built.calls))
        for built in spec.trips
    ]
    return replace(
        spec,
        trips=trips,
        stops=[row_of(row) for row in spec.stops],
        transfers=[row_of(row) for row in spec.transfers],
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_renaming_stops_leaves_the_fronts_as_they_are(seed: int) -> None:
    case = random_case(seed)
    ids = [str(row["stop_id"]) for row in case.spec.stops]
    names = dict(zip(ids, random.Random(seed).sample([f"z{n}" for n in range(90)], len(ids)), strict=True))
    before, after = Asked(compiled(case.spec.files())), Asked(compiled(renamed(case.spec, names).files()))
    for question in case.questions:
        access = {names[stop]: seconds for stop, seconds in question.access.items()}
        egress = {names[stop]: seconds for stop, seconds in question.egress.items()}
        assert fronts(before, question) == fronts(after, replace(question, access=access, egress=egress))


def far_away(spec: Spec) -> Spec:
    """The feed three hundred kilometres north."""
    return replace(spec, stops=[{**row, "stop_lat": f"{float(str(row['stop_lat'])) + 3:.6f}"} for row in spec.stops])


@pytest.mark.parametrize("seed", SEEDS[::3])
def test_feeds_with_the_same_ids_never_mix_and_their_order_changes_nothing(seed: int) -> None:
    """MOTIS #423: merging feeds fails on clashing ids."""
    case, other = random_case(seed), random_case(seed + 1)
    one, two = case.spec.files(), far_away(other.spec).files()
    alone = Asked(compiled(one, "a"))
    merged = compiled_together({"a": one, "b": two})
    turned = compiled_together({"b": two, "a": one})
    assert dict(columns(merged)) == dict(columns(turned))
    asked = Asked(merged)
    for question in case.questions:
        assert fronts(alone, question) == _fronts_of_feed(asked, question, "a")


def _fronts_of_feed(asked: Asked, question: Question, feed: str) -> tuple[object, ...]:
    """The fronts between stops of one feed of several: ids clash, so rows are looked up by feed."""
    timetable = asked.timetable
    number = [str(name) for name in timetable.feed_name].index(feed)
    ids = [
        str(stop_id) if row_feed == number else f"elsewhere {row}"
        for row, (stop_id, row_feed) in enumerate(zip(timetable.stop_id, timetable.stop_feed.tolist(), strict=True))
    ]
    return fronts(Asked(replace(timetable, stop_id=Strings.of(ids))), question)


def no_worse(more: list[Itinerary], fewer: list[Itinerary]) -> bool:
    """Whether for every journey of `fewer` one of `more` arrives no later with no more vehicles."""
    return all(
        any(one.arrive_s <= other.arrive_s and len(one.rides) <= len(other.rides) for one in more) for other in fewer
    )


def unjoined(case: Case) -> Spec:
    """The feed without blocks and in-seat transfers, where another trip may well part two that were one."""
    return replace(
        case.spec,
        trips=[replace(built, row=built.row | {"block_id": ""}) for built in case.spec.trips],
        transfers=[row for row in case.spec.transfers if row["transfer_type"] not in (4, 5)],
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_one_trip_more_never_worsens_the_front(seed: int) -> None:
    case = random_case(seed)
    spec = unjoined(case)
    without = replace(spec, trips=spec.trips[:-1])
    fewer, more = Asked(compiled(without.files())), Asked(compiled(spec.files()))
    for question in case.questions:
        assert no_worse(more.leaving(question), fewer.leaving(question))


@pytest.mark.parametrize("seed", SEEDS)
def test_raising_a_limit_never_worsens_the_front(seed: int) -> None:
    case = random_case(seed)
    asked = Asked(compiled(case.spec.files()))
    for question in case.questions:
        found = asked.leaving(question)
        for looser in (
            replace(question, vehicles_max=min(8, question.vehicles_max + 1)),
            replace(question, extra_change_s=0),
            replace(question, wheelchair=False),
            replace(question, access=dict.fromkeys(question.access, 0)),
        ):
            assert no_worse(asked.leaving(looser), found)


@pytest.mark.parametrize("seed", SEEDS)
def test_asking_later_never_arrives_earlier(seed: int) -> None:
    case = random_case(seed)
    asked = Asked(compiled(case.spec.files()))
    for question in case.questions:
        later = replace(question, at=question.at + 900)
        horizon_s = question.at + 86_400
        found = [one for one in asked.leaving(later) if one.arrive_s <= horizon_s]
        assert no_worse(asked.leaving(question), found)


@pytest.mark.parametrize("seed", SEEDS[::3])
def test_the_same_question_gives_the_same_itineraries(seed: int) -> None:
    case = random_case(seed)
    asked, again = Asked(compiled(case.spec.files())), Asked(compiled(case.spec.files()))
    for question in case.questions:
        assert asked.leaving(question) == asked.leaving(question) == again.leaving(question)
        assert asked.profile(question) == again.profile(question)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_to_all_reaches_each_stop_when_the_search_to_it_does(seed: int) -> None:
    case = random_case(seed)
    asked = Asked(compiled(case.spec.files()))
    timetable = asked.timetable
    for question in case.questions:
        plain = replace(question, wheelchair=False, extra_change_s=0, vehicles_max=8)
        origin = reach_of(timetable, plain.access)
        arrive_s, _ = asked.searcher.all_from(origin, plain.at)
        for row, stop in enumerate(timetable.stop_id):
            if str(stop) in plain.access:
                continue
            found = asked.searcher.one(origin, reach_of(timetable, {str(stop): 0}), plain.at)
            if found:
                there = arrive_s[timetable.node_stop == row]
                assert there[there >= 0].min() <= min(one.arrive_s for one in found)
