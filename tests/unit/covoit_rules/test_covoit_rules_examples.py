"""The 25 worked examples of the rule, in both columns: bonus from the second passenger on (A), from the first (B).

Amounts in cents. Examples 16, 17, 19 and 25 run on a test scale that has caps; the shipped scales have none.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from covoit.gateway.scales import load_scale
from covoit.model.journeys import JourneyState, VehicleTrip
from covoit.model.scale import Cap, CapMeasure, CapOf, CapPer, Scale, scale_on
from covoit.rules import caps, subsidy
from mobigo.base.money import ZERO, Money
from mobigo.base.periods import Period
from tests.covoit_world import AT, journey, trip

A = load_scale("BFC-2020-from-second")
B = load_scale("BFC-from-first")
FOUR_A_DAY = Cap(CapOf.DRIVER, CapPer.DAY, CapMeasure.TRIPS, 4)
MONTHLY = Cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT, 15_000)
BUDGET = Cap(CapOf.CAMPAIGN, CapPer.CAMPAIGN, CapMeasure.AMOUNT, 1_000_000)

one = trip(journey())
sens_auxerre = [journey(0, 53_000, line="sens-auxerre")] * 3
ancy_dijon = [journey(0, 110_000, line="ancy-dijon")] * 4
karim_and_stephanie = trip(journey(0, 32_000), journey(21_000, 32_000, started_at=AT + timedelta(minutes=20)))

PER_TRIP = [
    # example, trip, rank of the day, A, B
    ("1 Baume–Avoudrey, 1 passenger", one, 1, 330, 430),
    ("2 Karim whole, Stéphanie the last 11 km", karim_and_stephanie, 1, 420, 520),
    ("3 Sens–Auxerre, 3 passengers", trip(*sens_auxerre), 1, 730, 830),
    ("4 Ancy–Dijon, 4 passengers (3 counted)", trip(*ancy_dijon), 1, 1300, 1400),
    ("5 one booking of 2 seats", trip(journey(0, 30_000, seats=2)), 1, 400, 500),
    ("6 12,349 m: 123.49 down", trip(journey(0, 12_349)), 1, 123, 223),
    ("7 2,050 m: 20.5 up", trip(journey(0, 2_050)), 1, 21, 121),
    ("8 1,999 m: too short", trip(journey(0, 1_999)), 1, 0, 0),
    ("9 2,000 m, 1st of the day", trip(journey(0, 2_000)), 1, 20, 120),
    ("9 2,000 m, 3rd of the day (ceiling 105.8)", trip(journey(0, 2_000)), 3, 20, 105),
    ("10 two passengers in sequence", trip(journey(0, 20_000), journey(20_000, 40_000)), 1, 500, 600),
    ("11 an empty stretch between", trip(journey(0, 15_000), journey(25_000, 40_000)), 1, 400, 500),
    ("12 rounded once, not per leg", trip(journey(0, 10_050), journey(10_050, 20_100)), 1, 301, 401),
    ("13 3,000 m, 3 passengers, 1st", trip(*[journey(0, 3_000)] * 3), 1, 230, 330),
    ("13 3,000 m, 3 passengers, 2nd", trip(*[journey(0, 3_000)] * 3), 2, 230, 330),
    ("13 3,000 m, 3 passengers, 3rd (ceiling 158.7)", trip(*[journey(0, 3_000)] * 3), 3, 158, 158),
    ("14 4,662 m, 3 passengers, 3rd (ceiling 246)", trip(*[journey(0, 4_662)] * 3), 3, 246, 246),
    ("15 15,000 m, 3 passengers, 1st (ceiling 793)", trip(*[journey(0, 15_000)] * 3), 1, 350, 450),
    ("18 driver and passenger are one", trip(journey(passenger="driver")), 1, 0, 0),
    ("24 expired under the registry's terms", trip(journey(state=JourneyState.TERMS_VIOLATION)), 1, 0, 0),
]


@pytest.mark.parametrize(("trip_", "rank", "a", "b"), [row[1:] for row in PER_TRIP], ids=[row[0] for row in PER_TRIP])
def test_a_trip_alone(trip_: VehicleTrip, rank: int, a: int, b: int) -> None:
    for scale, cents in ((A, a), (B, b)):
        priced = subsidy.price(trip_, scale, rank_of_day=rank)
        assert priced.amount == priced.before_caps == Money(cents)
        assert sum((share.cents for share in priced.shares.values()), 0) == cents
        assert priced.steps[-1].after == priced.amount


def with_caps(scale: Scale, *, month: int = 15_000, budget: int = 1_000_000) -> Scale:
    """The test scale: the same rule with caps, which neither source of the shipped ones has."""
    return replace(
        scale, caps=(FOUR_A_DAY, replace(MONTHLY, limit=month), replace(BUDGET, limit=budget)), code="with-caps"
    )


def nth(number: int, *, start: datetime = AT) -> VehicleTrip:
    """Case 1 again, an hour later each time."""
    return trip(journey(started_at=start + timedelta(hours=number)), trip_id=f"t{number}")


def amounts(trips: list[VehicleTrip], scale: Scale, used: caps.Usage | None = None) -> list[int]:
    priced = subsidy.price_all(trips, scale)
    return [each.amount.cents for each in caps.apply(priced, scale, used or caps.Usage())]


def posted(scale: Scale, cents: int, start: datetime = AT) -> caps.Usage:
    """`cents` already paid to the driver earlier in the month, on another day."""
    earlier = replace(subsidy.price(nth(0, start=start - timedelta(days=2)), scale, rank_of_day=1), amount=Money(cents))
    return caps.Usage().with_posted([earlier], scale)


@pytest.mark.parametrize("scale", [A, B], ids=["A", "B"])
def test_16_what_remains_of_the_month_then_nothing(scale: Scale) -> None:
    capped = with_caps(scale)
    assert amounts([nth(1), nth(2)], capped, posted(capped, 14_900)) == [100, 0]


@pytest.mark.parametrize("scale", [A, B], ids=["A", "B"])
def test_17_what_remains_of_the_budget_then_nothing(scale: Scale) -> None:
    capped = with_caps(scale, budget=250)
    assert amounts([nth(1), nth(2)], capped) == [250, 0]


@pytest.mark.parametrize(("scale", "cents"), [(A, 420), (B, 520)], ids=["A", "B"])
def test_19_a_reversal_gives_the_room_back(scale: Scale, cents: int) -> None:
    capped = with_caps(scale, month=cents)
    first = caps.apply(subsidy.price_all([karim_and_stephanie], capped), capped, caps.Usage())
    assert first[0].amount == Money(cents)
    used = caps.Usage().with_posted(first, capped)
    assert amounts([nth(3)], capped, used) == [0]
    back = used.with_reversed(first, capped)
    assert back == caps.Usage()
    assert amounts([nth(3)], capped, back) == [330 if scale is A else 430]


@pytest.mark.parametrize(("scale", "expected"), [(A, (288, 132)), (B, (338, 182))], ids=["A", "B"])
def test_20_shares_of_each_journey(scale: Scale, expected: tuple[int, int]) -> None:
    shares = subsidy.price(karim_and_stephanie, scale, rank_of_day=1).shares
    assert (shares["t1-0"], shares["t1-1"]) == (Money(expected[0]), Money(expected[1]))


@pytest.mark.parametrize(("scale", "cents"), [(A, 330), (B, 430)], ids=["A", "B"])
def test_21_half_past_midnight_in_france_is_of_the_next_month(scale: Scale, cents: int) -> None:
    start = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)
    capped = with_caps(scale, month=cents)
    september = posted(capped, cents, start - timedelta(hours=1))
    october = subsidy.price(trip(journey(started_at=start)), capped, rank_of_day=1)
    assert october.day == date(2026, 10, 1)
    assert caps.period_of(october, CapPer.MONTH) == "2026-10"
    assert caps.apply([october], capped, september)[0].amount == Money(cents)


def test_22_the_scale_of_the_start_prices_the_whole_trip() -> None:
    last_of_a = replace(A, period=Period(date(2020, 9, 1), date(2026, 9, 30)), applies=True)
    from_october = replace(B, period=Period(date(2026, 10, 1)))
    over_midnight = trip(
        journey(
            started_at=datetime(2026, 9, 30, 21, 50, tzinfo=UTC), ended_at=datetime(2026, 9, 30, 22, 25, tzinfo=UTC)
        )
    )
    scale = scale_on([last_of_a, from_october], over_midnight.day)
    assert subsidy.price(over_midnight, scale, rank_of_day=1).amount == Money(330)
    ten_minutes_later = trip(journey(started_at=datetime(2026, 9, 30, 22, 0, tzinfo=UTC)))
    scale = scale_on([last_of_a, from_october], ten_minutes_later.day)
    assert subsidy.price(ten_minutes_later, scale, rank_of_day=1).amount == Money(430)


@pytest.mark.parametrize(("scale", "cents"), [(A, 330), (B, 430)], ids=["A", "B"])
def test_23_the_hour_that_comes_twice(scale: Scale, cents: int) -> None:
    twice = [
        trip(journey(started_at=datetime(2026, 10, 25, hour, 30, tzinfo=UTC)), trip_id=f"t{hour}") for hour in (0, 1)
    ]
    priced = subsidy.price_all(twice, scale)
    assert [each.day for each in priced] == [date(2026, 10, 25)] * 2
    assert [each.amount for each in priced] == [Money(cents)] * 2
    assert [each.inputs["rank_of_day"] for each in priced] == [1, 2]


@pytest.mark.parametrize(("scale", "cents"), [(A, 330), (B, 430)], ids=["A", "B"])
def test_25_the_fifth_trip_of_the_day(scale: Scale, cents: int) -> None:
    assert amounts([nth(number) for number in range(5)], with_caps(scale)) == [cents] * 4 + [0]
    # The shipped scales have no such cap.
    assert amounts([nth(number) for number in range(5)], scale) == [cents] * 5


def test_net_cost_is_the_subsidy_less_the_fares() -> None:
    priced = subsidy.price(karim_and_stephanie, A, rank_of_day=1)
    assert (priced.fare, priced.net_cost) == (Money(300), Money(120))
    ten_km = subsidy.price(trip(journey(0, 10_000)), A, rank_of_day=1)
    assert (ten_km.amount, ten_km.net_cost) == (Money(100), Money(-50))
    nobody = subsidy.price(trip(journey(0, 1_999)), A, rank_of_day=1)
    assert (nobody.fare, nobody.net_cost) == (ZERO, ZERO)
