"""What a car park costs is counted, and one that is closed when one would be there is not proposed. The street of
`test_planner_parks`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money
from mobigo.network.gateway.parks import packed, unpacked
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.parks import CarPark
from mobigo.planner.model import ANYBODY, Answer, By, FareKinds, Journey, Own, Payer, Price, PriceLine, Query, Walk
from mobigo.planner.rules.parks import open_words, with_parking
from mobigo.planner.service import plan
from tests.unit.planner_own.test_planner_parks import NEAR, NEXT, OUT, door, known, left_at, network, told

__all__ = ["network"]  # the fixture
PARIS = ZoneInfo("Europe/Paris")
TUESDAY = datetime(2025, 3, 18, 7, 30, tzinfo=PARIS)
RIDE = PriceLine(Money(500), Decision("billettique.step", name="x"))


class Fares:
    """Every ride costs five euros."""

    def prices(
        self, network: LiveNetwork, journeys: Sequence[Journey], payer: Payer = ANYBODY
    ) -> Sequence[Price | None]:
        return [Price(Money(500), (RIDE,)) if each.rides else None for each in journeys]

    def bought(self, network: LiveNetwork, journey: Journey, payer: Payer) -> str:
        return ""

    def kinds(self, day: date) -> FareKinds:
        return FareKinds()


def parked_at(answer: Answer) -> datetime:
    [journey] = [each for each in answer.journeys if each.rides]
    return next(leg.arrive_at for leg in journey.legs if isinstance(leg, Walk) and leg.by is By.CAR).astimezone(PARIS)


def codes(answer: Answer) -> list[str]:
    return [each.code for each in answer.remarks]


def test_one_that_closes_before_one_is_there_is_not_proposed_and_the_next_one_is(network: LiveNetwork) -> None:
    at = parked_at(plan(network, OUT, parking=known(told(NEAR))))
    for until, used in ((at, "Stade"), (at + timedelta(minutes=1), "Gare")):
        near = replace(NEAR, hours=f"Tu 00:00-{until:%H:%M}")
        answer = plan(network, OUT, parking=known(told(near, NEXT)))
        assert left_at(answer.journeys) == {used}
        said = [each.params["parks"] for each in answer.remarks if each.code == "planner.parks_shut_then"]
        assert said == ([] if used == "Gare" else ["Gare"])


def test_where_all_are_closed_that_is_said(network: LiveNetwork) -> None:
    answer = plan(network, OUT, parking=known(told(replace(NEAR, hours="Tu off; Mo 08:00-18:00"))))
    assert not left_at(answer.journeys)
    assert "planner.parks_shut_then" in codes(answer)


@pytest.mark.parametrize("hours", ["", "sunrise-sunset", "Tu 06:00-09:00 || off"])
def test_hours_that_are_not_known_close_nothing(network: LiveNetwork, hours: str) -> None:
    assert left_at(plan(network, OUT, parking=known(told(replace(NEAR, hours=hours)))).journeys) == {"Gare"}


@pytest.mark.parametrize(("until", "is_possible"), [("17:20", False), ("18:00", True)])
def test_on_the_way_back_it_must_be_open_when_the_car_is_fetched(
    network: LiveNetwork, until: str, is_possible: bool
) -> None:
    stop = next(row for row in range(len(network.timetable.stop_id)) if network.timetable.stop_id[row] == "A")
    back = Query(
        door((120, 0)), door((0, 0)), datetime(2025, 3, 18, 16, 30, tzinfo=PARIS), window_s=7200,
        own=Own(By.CAR, (stop,), "d/n"),
    )  # fmt: skip
    near = replace(NEAR, hours=f"Mo-Fr 06:00-{until}")
    answer = plan(network, back, parking=known(told(near), kept="d/n"), fares=Fares())
    ridden = [each for each in answer.journeys if each.rides]
    assert bool(ridden) is is_possible
    assert ("planner.parks_shut_then" in codes(answer)) is not is_possible
    if is_possible:  # parking was paid on the way out
        assert [each.total for each in answer.prices if each is not None] == [Money(500)]


@pytest.mark.parametrize(
    ("park", "total", "line", "why"),
    [
        (NEAR, 500, (ZERO, "planner.park_line_free"), ()),
        (NEXT, 750, (Money(250), "planner.park_line"), ()),
        (replace(NEXT, day_cents=0), 500, (ZERO, "planner.park_line_free"), ()),  # zero is a price
        (replace(NEXT, day_cents=None), None, None, ("planner.park_price_missing_beside",)),
        (replace(NEAR, is_free=None), None, None, ("planner.park_price_missing_beside",)),
    ],
)
def test_leaving_the_car_is_counted_in_the_price_of_the_journey(
    network: LiveNetwork, park: CarPark, total: int | None, line: tuple[Money, str] | None, why: tuple[str, ...]
) -> None:
    answer = plan(network, OUT, parking=known(told(park)), fares=Fares())
    price = next(
        each for each, journey in zip(answer.prices, answer.journeys, strict=True) if journey.rides and each is not None
    )
    assert price.total == (None if total is None else Money(total))
    assert [(each.amount, each.reason.code) for each in price.lines[1:]] == ([] if line is None else [line])
    assert tuple(each.code for each in price.why_unknown) == why
    if price.total is not None:
        assert sum(each.amount.cents for each in price.lines) == price.total.cents
    else:
        assert price.why_unknown[0].params["rest"] == Money(500)


def test_between_two_prices_parking_moves_both(network: LiveNetwork) -> None:
    journey = next(each for each in plan(network, OUT, parking=known(told(NEXT))).journeys if each.rides)
    unsure = Price(None, between=(Money(100), Money(200)))
    found = with_parking(journey, unsure)
    assert found is not None
    assert (found.total, found.between) == (None, (Money(350), Money(450)))
    assert with_parking(journey, None) is None


@pytest.mark.parametrize(
    ("hours", "stay_min", "said"),
    [
        ("", None, []),
        ("24/7", None, ["planner.park_open_always"]),
        ("Mo-Fr 06:00-20:00", 240, ["planner.park_closes", "planner.park_stay"]),
        ("Mo-Fr 08:00-20:00; PH off", 90, ["planner.park_opens", "planner.park_holidays", "planner.park_stay"]),
        ("dawn-dusk", None, ["planner.park_hours_unknown"]),
    ],
)
def test_what_is_said_of_hours_and_stays(hours: str, stay_min: int | None, said: list[str]) -> None:
    park = replace(NEAR, hours=hours, stay_min=stay_min)
    found = open_words(park, TUESDAY)
    assert [each.code for each in found] == said
    if "planner.park_closes" in said:
        assert found[0].params["at"] == datetime(2025, 3, 18, 20, 0, tzinfo=PARIS)
        assert found[1].params["minutes"] == 240
    assert unpacked(packed((park,))) == (park,)
