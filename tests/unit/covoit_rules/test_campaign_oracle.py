"""Not a cent between campaigns and a second implementation with fractions that shares no code with them."""

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from covoit.gateway.campaigns import campaign_from
from covoit.gateway.scales import DATA
from covoit.model.campaign import Campaign
from covoit.model.journeys import VehicleTrip
from covoit.rules import awards as award_rules
from covoit.rules import campaign as rules
from covoit.rules import campaign_awards, caps, subsidy
from mobigo.base.money import ZERO, Money
from tests.campaign_documents import ALL, BUDGETS, CAR, FREE, SLICES
from tests.covoit_world import generate_trips
from tests.oracles import naive_campaign

(_CEILING,) = Path(DATA).glob("legal/*plafond.toml")
CEILING = tomllib.loads(_CEILING.read_text(encoding="utf-8"))


def world(n: int, seed: int, shape: str = "bfc", days: int = 30) -> list[VehicleTrip]:
    """Trips with what campaigns look at besides: ages, revenues, what others give."""
    drawn = random.Random(seed)
    first = datetime(2026, 11, 9 if days < 20 else 1, tzinfo=UTC)

    def more(trip: VehicleTrip) -> VehicleTrip:
        journeys = [
            replace(
                each,
                passenger_over_18=drawn.choice([True, True, False, None]),
                driver_revenue=drawn.choice([None, Money(drawn.randrange(0, 700))]),
                incentives=drawn.choice([ZERO, Money(drawn.randrange(0, 300))]),
            )
            for each in trip.journeys
        ]
        return replace(trip, journeys=tuple(journeys))

    return [more(each) for each in generate_trips(n, seed, shape=shape, first_day=first, days=days, faults=0.2)]


def ours(trips: Sequence[VehicleTrip], campaign: Campaign, budget: int) -> dict[tuple[str, str], dict[str, int]]:
    """What the rules give, in a closed world without a scale: both passes and the budget, trip by trip as one award."""
    units = caps.apply(rules.price_all(trips, campaign), campaign, caps.Usage())
    left, found = Money(budget), {}
    by_trip: dict[tuple[str, str], list[Any]] = {}
    for unit in sorted(units, key=lambda u: (u.started_at, u.operator, u.operator_trip_id, u.counted)):
        paid = award_rules.within_budget(unit, Money(budget), Money(budget) - left)
        left -= paid.amount
        by_trip.setdefault(unit.key, []).append(paid)
    for key, some in by_trip.items():
        award = campaign_awards.merged(some)
        if not award.counted:
            continue
        again = campaign_awards.recomputed(award.inputs, campaign)
        assert subsidy.canonical_bytes(again) == subsidy.canonical_bytes(award)
        assert sum(share.cents for share in award.shares.values()) == award.amount.cents
        assert award.steps[-1].after == award.amount
        uses = campaign_awards.uses_of(some, campaign)
        assert campaign_awards.used_of(subsidy.priced_json(award) | _plain(award), campaign.unit) == {
            who: sums[0] for who, sums in uses.items()
        }
        found[key] = {who: sums[0] for who, sums in uses.items()}
    return found


def _plain(award: Any) -> dict[str, Any]:
    return {"amount_cents": award.amount.cents, "shares_cents": {k: v.cents for k, v in award.shares.items()}}


def faults(trips: Sequence[VehicleTrip], document: Mapping[str, Any], budget: int) -> Iterator[Any]:
    """Where the rules and the second implementation differ."""
    code = document["code"]
    expected = naive_campaign.campaigns_of_world(trips, [document], {code: budget}, CEILING, scale=None)[code]
    found = ours(trips, campaign_from(document), budget)
    for key in sorted({*expected, *found}):
        theirs = {who: cents for who, cents in expected.get(key, {}).items() if cents}
        if key not in expected or key not in found or theirs != found[key]:
            yield key, found.get(key), expected.get(key)


@pytest.mark.parametrize("shape", ["bfc", "national"])
@pytest.mark.parametrize("document", ALL, ids=lambda each: each["code"])
def test_not_a_cent_between_campaigns_and_their_oracle(document: Mapping[str, Any], shape: str) -> None:
    trips = world(700, 31, shape)
    assert list(islice(faults(trips, document, BUDGETS[document["code"]]), 3)) == []
    random.Random(5).shuffle(trips)
    assert list(islice(faults(trips, document, 9_999), 3)) == []


def test_the_world_drawn_has_every_case() -> None:
    """A comparison on trips where nothing happens would prove nothing."""
    trips = world(1_500, 31) + world(1_500, 31, "national")
    steps, reasons = set(), set()
    for document in ALL:
        campaign = campaign_from(document)
        units = caps.apply(rules.price_all(trips, campaign), campaign, caps.Usage())
        steps |= {step.code for each in units for step in each.steps}
        reasons |= {reason.code for each in units for reason in each.refused.values()}
    kinds = [part["id"] for each in (SLICES, FREE, CAR) for part in each["parts"]]
    capped = [cap.code for each in ALL for cap in campaign_from(each).caps]
    assert steps >= {*kinds, *capped, "week", "day", "amount_max", "legal_cap"}
    assert reasons >= {
        "covoit.leg_too_long", "covoit.leg_too_short", "covoit.operator_outside", "covoit.day_outside",
        "covoit.zone_outside", "covoit.revenue_unknown", "covoit.not_adult", "covoit.outside_scale",
        "covoit.weak_proof", "covoit.same_person_twice", "covoit.driver_is_passenger", "covoit.journey_not_ok",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("document", ALL, ids=lambda each: each["code"])
@pytest.mark.parametrize("month", range(10))
def test_not_a_cent_on_three_hundred_thousand_trips(document: Mapping[str, Any], month: int) -> None:
    trips = world(10_000, 300 + month, "national" if month % 2 else "bfc")
    assert list(islice(faults(trips, document, 200_000), 3)) == []
