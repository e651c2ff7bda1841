"""What one puts first comes first, and nothing is hidden; what is unknown comes last, and that is said."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mobigo.base.money import Money
from mobigo.planner.model import Answer, Emission, Endpoint, Journey, Preset, Price, Query, Ride, Visit, Walk
from mobigo.planner.rules.choice import WALK_M_LESS, explained, with_worthwhile
from mobigo.planner.rules.presets import arranged

SEVEN = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)


def journey(minutes: int, vehicles: int = 1, walk_m: int = 0, leaves: int = 0) -> Journey:
    at = SEVEN + timedelta(minutes=leaves)
    until = at + timedelta(minutes=minutes)
    ride = Ride(((0, 0),), date(2026, 11, 26), (Visit(0, at, at), Visit(1, until, until)))
    walks = (Walk(None, 0, at, at, walk_m),) if walk_m else ()
    return Journey((*walks, *(ride,) * vehicles), at, until)


def emits(grams: int | None) -> Emission:
    return Emission(grams, (), None, "essai", date(2021, 1, 1))


QUICK, DIRECT, CHEAP = journey(30, 2, 300), journey(50, 1, 400), journey(70, 3, 100)
ANSWER = Answer(
    Query(Endpoint("a"), Endpoint("b"), SEVEN),
    (QUICK, DIRECT, CHEAP),
    prices=(Price(Money(900)), Price(None), Price(Money(400))),
    emissions=(emits(500), emits(200), emits(None)),
)


@pytest.mark.parametrize(
    ("preset", "order", "remarks"),
    [
        (Preset.USUAL, [QUICK, DIRECT, CHEAP], []),
        (Preset.STEP_FREE, [QUICK, DIRECT, CHEAP], []),
        (Preset.FASTEST, [QUICK, DIRECT, CHEAP], []),
        (Preset.CHEAPEST, [CHEAP, QUICK, DIRECT], ["planner.preset_some_unknown_price"]),
        (Preset.FEWEST_CHANGES, [DIRECT, QUICK, CHEAP], []),
        (Preset.LEAST_WALKING, [CHEAP, QUICK, DIRECT], []),
        (Preset.LOWEST_CO2, [DIRECT, QUICK, CHEAP], ["planner.preset_some_unknown_co2"]),
    ],
)
def test_each_preset_puts_first_what_it_says(preset: Preset, order: list[Journey], remarks: list[str]) -> None:
    found = arranged(replace(ANSWER, query=replace(ANSWER.query, preset=preset)))
    assert list(found.journeys) == order
    assert [each.code for each in found.remarks] == remarks
    by_journey = dict(zip(map(id, ANSWER.journeys), zip(ANSWER.prices, ANSWER.emissions, strict=True), strict=True))
    for each, price, emission in zip(found.journeys, found.prices, found.emissions, strict=True):
        assert (price, emission) == by_journey[id(each)]  # they moved together


def test_when_nothing_is_known_the_order_stays_and_that_is_said() -> None:
    unknown = replace(
        ANSWER, query=replace(ANSWER.query, preset=Preset.CHEAPEST), prices=(Price(None), Price(None), Price(None))
    )
    found = arranged(unknown)
    assert found.journeys == ANSWER.journeys
    assert [each.code for each in found.remarks] == ["planner.preset_all_unknown_price"]


# --- what is worth showing beside the front by departure, arrival and vehicles


def kept(*beside: tuple[Journey, Price | None]) -> list[Journey]:
    first = journey(60, 1, 500)
    journeys, prices, _ = with_worthwhile(
        [first], [each for each, _ in beside], [Price(Money(1000)), *(price for _, price in beside)], False
    )
    assert len(journeys) == len(prices)
    assert first in journeys
    return [each for each in journeys if each is not first]


LATER = journey(72, 1, 500)


@pytest.mark.parametrize(
    ("price", "is_kept"),
    [
        (Price(Money(999)), True),
        (Price(Money(1000)), False),
        (Price(None), False),  # unknown is no zero: nothing says that it is cheaper
        (Price(Money(0)), True),  # and zero is a price
    ],
)
def test_a_later_one_is_shown_when_it_costs_less(price: Price, is_kept: bool) -> None:
    assert kept((LATER, price)) == ([LATER] if is_kept else [])


@pytest.mark.parametrize(("less_m", "is_kept"), [(WALK_M_LESS, True), (WALK_M_LESS - 1, False)])
def test_a_later_one_is_shown_when_it_walks_much_less(less_m: int, is_kept: bool) -> None:
    shorter = journey(72, 1, 500 - less_m)
    assert kept((shorter, Price(Money(1000)))) == ([shorter] if is_kept else [])


def test_of_two_cheaper_ones_the_one_that_is_worse_in_all_is_not_shown() -> None:
    worse = journey(80, 2, 500)
    assert kept((worse, Price(Money(800))), (LATER, Price(Money(700)))) == [LATER]


def test_the_sentence_says_what_is_spared_and_for_how_long() -> None:
    first = journey(60, 1, 500)
    quick, cheap = explained([first, LATER], [Price(Money(1000)), Price(Money(760))])
    assert quick.why
    said = cheap.why[0]
    assert (said.code, said.params["spared"], said.params["minutes"]) == (
        "planner.why_cheaper_but_longer", Money(240), 12,
    )  # fmt: skip


def test_every_journey_shown_says_why() -> None:
    several = [journey(60, 1, 100, leaves) for leaves in (0, 30, 60, 90)]
    assert all(each.why for each in explained(several))
