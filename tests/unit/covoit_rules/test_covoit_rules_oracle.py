"""Not a cent between the rule, its columns and a second implementation with fractions that shares no code with them."""

import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from covoit.engine.recompute import Amounts, Trips, recompute
from covoit.gateway.scales import DATA, scale_from
from covoit.model.journeys import JourneyState, VehicleTrip, in_order
from covoit.model.pricing import PricedTrip
from covoit.model.scale import Scale
from covoit.rules import caps, subsidy
from tests.covoit_world import generate_trips
from tests.oracles import naive_subsidy


def document(name: str) -> dict[str, Any]:
    (path,) = Path(DATA).glob(f"*/*{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


CEILING = document("plafond")
FIRST, SECOND = document("BFC-from-first"), document("BFC-2020-from-second")
TIGHT = {
    "caps": [
        {"of": "campaign", "per": "campaign", "measure": "amount", "limit": 500_000},
        {"of": "driver", "per": "month", "measure": "amount", "limit": 4_000},
        {"of": "driver", "per": "day", "measure": "trips", "limit": 1},
        {"of": "driver", "per": "day", "measure": "amount", "limit": 700},
    ]
}
DRIVEN = {"distance_basis": "driven_on_line", "rate_cents": 105, "rate_unit_m": 10_000, "passengers_max": 2}
WORLDS = [
    pytest.param("bfc", FIRST, id="lines, first passenger"),
    pytest.param("bfc", SECOND | TIGHT, id="lines, second passenger, caps"),
    pytest.param("national", FIRST | DRIVEN | TIGHT, id="national, driven, caps"),
    pytest.param("national", SECOND | {"leg_m_min": 0, "proof_class_min": "A"}, id="national, everything counts"),
]


def priced(trips: Sequence[VehicleTrip], scale: Scale) -> list[PricedTrip]:
    return caps.apply(subsidy.price_all(trips, scale), scale, caps.Usage())


def as_numbers(each: PricedTrip) -> naive_subsidy.Naive:
    return naive_subsidy.Naive(
        each.amount.cents,
        each.before_caps.cents,
        each.fare.cents,
        each.passengers,
        each.distance_m,
        {name: share.cents for name, share in each.shares.items()},
        each.inputs["rank_of_day"],
    )


def faults(trips: Sequence[VehicleTrip], scale: dict[str, Any]) -> Iterator[Any]:
    """Where the rule, its columns and the second implementation differ."""
    read = scale_from(scale)
    expected = naive_subsidy.price_everything(trips, scale, CEILING, 150)
    columns = recompute(Trips.of(trips), read)
    for row, each in enumerate(priced(trips, read)):
        ours, theirs = as_numbers(each), expected[each.key]
        if ours != theirs:
            yield each.key, ours, theirs
        if of_columns(columns, row) != (ours[0], ours[1], ours[2], ours[3], ours[4], ours[6]):
            yield each.key, "columns", of_columns(columns, row), ours


def of_columns(columns: Amounts, row: int) -> tuple[int, ...]:
    wanted = (
        columns.amount, columns.before_caps, columns.fare, columns.passengers, columns.distance_m, columns.rank_of_day,
    )  # fmt: skip
    return tuple(int(column[row]) for column in wanted)


@pytest.mark.parametrize(("shape", "scale"), WORLDS)
def test_not_a_cent_on_twenty_thousand_trips(shape: str, scale: dict[str, Any]) -> None:
    trips = list(generate_trips(5_000, 11, shape=shape, faults=0.2))
    assert list(islice(faults(trips, scale), 3)) == []


def test_the_world_drawn_has_every_case() -> None:
    """A comparison on trips where nothing happens would prove nothing."""
    trips = list(generate_trips(4_000, 11, shape="bfc", faults=0.2))
    trips += list(generate_trips(2_000, 12, shape="national", faults=0.2))
    found = priced(trips, scale_from(FIRST | TIGHT))
    reasons = {reason.code for each in found for reason in each.refused.values()}
    assert reasons == {
        "covoit.journey_not_ok",
        "covoit.weak_proof",
        "covoit.leg_too_short",
        "covoit.driver_is_passenger",
        "covoit.same_person_twice",
    }
    assert {flag for each in found for flag in each.flags} == {
        subsidy.LONGEST_LEG,
        subsidy.BROUGHT_BACK,
        subsidy.SAME_PASSENGER,
    }
    assert {step.code for each in found for step in each.steps} == {
        "km", "passengers", "legal_cap", "no_passenger", "driver_day_trips", "driver_day_amount",
        "driver_month_amount", "campaign_campaign_amount",
    }  # fmt: skip
    assert len({each.day for each in found}) >= 30


def test_neither_the_order_of_arrival_nor_batches_change_a_cent() -> None:
    """Shuffled, then one by one in order with what was posted before: the same amounts."""
    scale = scale_from(FIRST | TIGHT)
    trips = list(generate_trips(1_000, 7))
    expected = {each.key: subsidy.canonical_bytes(each) for each in priced(trips, scale)}
    shuffled = trips.copy()
    random.Random(3).shuffle(shuffled)
    assert {each.key: subsidy.canonical_bytes(each) for each in priced(shuffled, scale)} == expected
    used = caps.Usage()
    taken: dict[Any, int] = {}
    for trip in in_order(shuffled):
        (alone,) = subsidy.price_all([trip], scale, already=taken)
        if alone.counted:
            taken[(trip.driver, trip.day)] = alone.inputs["rank_of_day"]
        (after,) = caps.apply([alone], scale, used)
        used = used.with_posted([after], scale)
        assert subsidy.canonical_bytes(after) == expected[after.key]


def test_trips_that_do_not_count_change_no_other_trip() -> None:
    """Neither a rank of the day, nor a cap, nor a share."""
    scale = scale_from(FIRST | TIGHT)
    trips = list(generate_trips(600, 9, days=5))
    expected = {each.key: subsidy.canonical_bytes(each) for each in priced(trips, scale)}
    ineligible = [
        replace(
            each,
            operator_trip_id=f"no-{each.operator_trip_id}",
            journeys=tuple(replace(one, state=JourneyState.CANCELLED) for one in each.journeys),
        )
        for each in trips[::4]
    ]
    mixed = [*trips, *ineligible]
    random.Random(1).shuffle(mixed)
    found = {each.key: subsidy.canonical_bytes(each) for each in priced(mixed, scale) if each.key in expected}
    assert found == expected


DRIVER_DAYS = [
    {"of": "driver", "per": "day", "measure": "trips", "limit": 2},
    {"of": "driver", "per": "day", "measure": "amount", "limit": 600},
]
BY_DRIVER = [*DRIVER_DAYS, {"of": "driver", "per": "month", "measure": "amount", "limit": 2_500}]
CAPS_OF_EVERY_KIND = [
    BY_DRIVER,
    [*BY_DRIVER, {"of": "driver", "per": "year", "measure": "amount", "limit": 2_600}],
    [*DRIVER_DAYS, {"of": "campaign", "per": "day", "measure": "amount", "limit": 9_000}],
    [*BY_DRIVER, {"of": "campaign", "per": "day", "measure": "amount", "limit": 9_000}],  # neither holds the other
    [*BY_DRIVER, {"of": "campaign", "per": "campaign", "measure": "trips", "limit": 400}],
    [{"of": "driver", "per": "day", "measure": "passengers", "limit": 2}],
    [{"of": "driver", "per": "month", "measure": "amount", "limit": 0}],
    [
        {"of": "vehicle_trip", "per": "trip", "measure": "amount", "limit": 350},
        {"of": "campaign", "per": "month", "measure": "amount", "limit": 200_000},
    ],
]


@pytest.mark.parametrize("kind", range(len(CAPS_OF_EVERY_KIND)))
def test_columns_cap_as_the_rule_does(kind: int) -> None:
    scale = scale_from(FIRST | {"caps": CAPS_OF_EVERY_KIND[kind]})
    trips = list(generate_trips(1_500, 21 + kind, days=20))
    expected = [each.amount.cents for each in priced(trips, scale)]
    assert recompute(Trips.of(trips), scale).amount.tolist() == expected
    plain = [each.before_caps.cents for each in priced(trips, scale)]
    assert expected != plain


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "scale"), WORLDS)
@pytest.mark.parametrize("month", range(10))
def test_not_a_cent_on_a_million_trips(shape: str, scale: dict[str, Any], month: int) -> None:
    """A million trips in all, in forty closed worlds; as they were drawn, then shuffled."""
    trips = list(generate_trips(25_000, 100 + month, shape=shape))
    assert list(islice(faults(trips, scale), 3)) == []
    random.Random(month).shuffle(trips)
    assert list(islice(faults(trips, scale), 3)) == []
