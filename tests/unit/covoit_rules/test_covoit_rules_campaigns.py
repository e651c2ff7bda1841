"""Campaigns: the table of examples of every file shipped, their texts, zones, and the scales in the same language."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from covoit.gateway.campaigns import campaign_from, campaigns, load_campaign
from covoit.gateway.scales import load_scale, scales
from covoit.model.campaign import Campaign, Circle, Range, Zone
from covoit.model.journeys import LineLeg, VehicleTrip
from covoit.model.pricing import PricedTrip
from covoit.rules import campaign as rules
from covoit.rules import caps, subsidy
from covoit.rules.zones import contains
from covoit.service.citizen_text import FIGURE, citizen_text
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.geo import Point
from mobigo.base.money import Money
from tests import typography
from tests.covoit_world import ONE, generate_trips, journey, trip

ALL = campaigns()


def example_trips(example: Mapping[str, Any]) -> list[VehicleTrip]:
    """The trip of an example, `times` over, an hour apart."""
    given = example["trip"]
    out = []
    for time in range(example.get("times", 1)):
        start = given["at"] + timedelta(hours=time)
        journeys = []
        for number, each in enumerate(given["journeys"]):
            leg = LineLeg("line", 0, each["from_m"], each["to_m"]) if "from_m" in each else None
            revenue = each.get("revenue_cents")
            journeys.append(
                replace(
                    ONE,
                    id=f"{time}-{number}",
                    operator=given.get("operator", "mobigo"),
                    operator_trip_id=f"t{time}",
                    passenger=f"p{number}",
                    seats=each.get("seats", 1),
                    started_at=start,
                    ended_at=start + timedelta(minutes=20),
                    distance_m=each.get("distance_m", 0) if leg is None else leg.to_m - leg.from_m,
                    leg=leg,
                    start_insee=each.get("start_insee"),
                    end_insee=each.get("end_insee"),
                    start=Point(*each["start"]) if "start" in each else None,
                    end=Point(*each["end"]) if "end" in each else None,
                    driver_revenue=None if revenue is None else Money(revenue),
                    incentives=Money(each.get("incentives_cents", 0)),
                )
            )
        out.append(VehicleTrip(given.get("operator", "mobigo"), f"t{time}", "driver", tuple(journeys)))
    return out


def priced_example(campaign: Campaign, example: Mapping[str, Any]) -> list[PricedTrip]:
    first = example.get("rank_of_day", 1)
    units = [
        unit
        for number, each in enumerate(example_trips(example))
        for unit in rules.price(each, campaign, rank_of_day=first + number)
    ]
    return caps.apply(units, campaign, caps.Usage())


@pytest.mark.parametrize(
    ("campaign", "example"),
    [pytest.param(c, e, id=f"{c.code}: {e['says']}") for c in ALL for e in c.examples],
)
def test_the_examples_of_the_file(campaign: Campaign, example: Mapping[str, Any]) -> None:
    priced = priced_example(campaign, example)
    assert [each.amount.cents for each in priced] == example["cents"]
    said = {step.reason.code for each in priced for step in each.steps}
    said |= {reason.code for each in priced for reason in each.refused.values()}
    assert set(example.get("reasons", ())) <= said
    for each in priced:
        assert sum(share.cents for share in each.shares.values()) == each.amount.cents
        assert each.steps
        assert each.steps[-1].after == each.amount


@pytest.mark.parametrize("campaign", ALL, ids=lambda each: each.code)
def test_every_campaign_has_examples_on_both_sides(campaign: Campaign) -> None:
    assert len(campaign.examples) >= 3
    assert any(sum(each["cents"]) > 0 for each in campaign.examples)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("rules_", [*ALL, *scales()], ids=lambda each: each.code)
def test_no_figure_of_a_text_is_written_in_it(rules_: Any, language: str) -> None:
    around = FIGURE.sub("", rules_.text[language])
    assert not re.search(r"\d", around)
    assert not re.search(r"\d", rules_.title[language])
    shown = citizen_text(rules_.document, language)
    assert "{" not in shown
    assert language == "en" or typography.faults(shown) == []


def test_a_text_says_the_figures_of_its_file() -> None:
    document = {**load_campaign("trajet-offert").document}
    assert "4,00\u00a0€ au plus" in citizen_text(document, "fr")
    assert "de 3\u00a0km à 50\u00a0km" in citizen_text(document, "fr")
    assert "30 juin 2026" in citizen_text(document, "fr").replace("\u00a0", " ")
    document["amount_cents_max"] = 410
    assert "€4.10 at most" in citizen_text(document, "en")
    document["text"] = {"fr": "{euros:nowhere.at.all}"}
    with pytest.raises(NotFound):
        citizen_text(document, "fr")


# ---- the scales, in the same language


@pytest.mark.parametrize(
    ("code", "scale_code"), [("lignes-first", "BFC-from-first"), ("lignes-second", "BFC-2020-from-second")]
)
@pytest.mark.parametrize("shape", ["bfc", "national"])
def test_a_scale_is_a_campaign_of_vehicle_trips(code: str, scale_code: str, shape: str) -> None:
    campaign, scale = load_campaign(code), load_scale(scale_code)
    trips = list(generate_trips(1_000, 5, shape=shape))
    for each, rank in zip(trips, subsidy.ranks_of_day(trips, scale), strict=True):
        (ours,) = rules.price(each, campaign, rank_of_day=rank)
        theirs = subsidy.price(each, scale, rank_of_day=rank)
        assert (ours.amount, ours.fare, ours.counted, ours.distance_m, ours.passengers, ours.flags) == (
            theirs.amount,
            theirs.fare,
            theirs.counted,
            theirs.distance_m,
            theirs.passengers,
            theirs.flags,
        )
        assert set(ours.refused) == set(theirs.refused)


@pytest.mark.parametrize("campaign", ALL, ids=lambda each: each.code)
def test_an_amount_is_computed_again_from_its_own_inputs(campaign: Campaign) -> None:
    for example in campaign.examples:
        for each in example_trips(example):
            priced = rules.price(each, campaign, rank_of_day=2)
            again = rules.recompute(priced[0].inputs, campaign)
            assert [subsidy.canonical_bytes(one) for one in again] == [subsidy.canonical_bytes(one) for one in priced]
            assert "lat" not in str(priced[0].inputs)


def test_only_trips_that_count_take_a_rank() -> None:
    """Two short trips of a day may exceed their costs; one before them that does not count takes nobody's place."""
    campaign = load_campaign("lignes-first")
    at = journey().started_at
    several = [
        trip(journey(0, 1_000, started_at=at - timedelta(hours=1)), trip_id="t0"),
        *(trip(journey(0, 2_000, started_at=at + timedelta(hours=h)), trip_id=f"t{h + 1}") for h in range(3)),
    ]
    assert [each.amount.cents for each in rules.price_all(several, campaign)] == [0, 120, 120, 105]
    assert [each.amount.cents for each in rules.price_all(several[::-1], campaign)] == [105, 120, 120, 0]


# ---- ends, zones, files


@pytest.mark.parametrize(
    ("lengths", "inside", "outside"),
    [
        (Range(2_000, 5_000), (2_000, 4_999), (1_999, 5_000)),
        (Range(2_000, 5_000, from_included=False), (2_001, 4_999), (2_000, 5_000)),
        (Range(2_000, 5_000, to_included=True), (2_000, 5_000), (1_999, 5_001)),
        (Range(2_000), (2_000, 10**6), (1_999,)),
    ],
)
def test_the_ends_of_a_range_are_in_or_out_as_stated(
    lengths: Range, inside: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    assert [each for each in (*inside, *outside) if each in lengths] == list(inside)


SQUARE = (Point(47.0, 5.0), Point(47.0, 6.0), Point(48.0, 6.0), Point(48.0, 5.0))


@pytest.mark.parametrize(
    ("zone", "point", "insee", "expected"),
    [
        (Zone(communes=frozenset({"21231"})), None, "21231", True),
        (Zone(communes=frozenset({"21231"})), None, "21232", False),
        (Zone(departements=frozenset({"2A"})), None, "2A004", True),
        (Zone(departements=frozenset({"974"})), None, "97411", True),
        (Zone(departements=frozenset({"97"})), None, "97411", False),
        (Zone(departements=frozenset({"21"})), None, None, False),
        (Zone(polygons=(SQUARE,)), Point(47.5, 5.5), None, True),
        (Zone(polygons=(SQUARE,)), Point(47.5, 6.5), None, False),
        (Zone(polygons=(SQUARE,)), Point(48.5, 5.5), "21231", False),
        (Zone(circles=(Circle(Point(47.0, 5.0), 1_000),)), Point(47.0089, 5.0), None, True),  # 990 m
        (Zone(circles=(Circle(Point(47.0, 5.0), 1_000),)), Point(47.0091, 5.0), None, False),  # 1,012 m
        (Zone(), Point(47.0, 5.0), "21231", False),
    ],
)
def test_what_is_in_a_zone(zone: Zone, point: Point | None, insee: str | None, expected: bool) -> None:
    assert contains(zone, date(2026, 11, 23), point, insee) is expected


def test_a_factor_is_exact_and_rounded_once() -> None:
    """23,920 m at 10 cents, times 1.5: 358.8, so 359. Rounding at each stage would say 239, then 358.5."""
    campaign = load_campaign("vers-la-gare")
    part = replace(campaign.parts[0], cents=10)
    plain = replace(campaign, parts=(part,), where=(), amount_cents_max=None)
    assert plain.boosters[0].factor == Fraction(3, 2)
    day = campaign.boosters[0].days
    at = journey(None, 23_920).started_at.replace(year=2026, month=6, day=min(day).day)
    (priced,) = rules.price(trip(journey(None, 23_920, started_at=at)), plain, rank_of_day=1)
    assert priced.amount == Money(359)


@pytest.mark.parametrize(
    "wrong",
    [
        {"surprise": 1},
        {"unit": "car"},
        {"parts": [{"id": "x", "kind": "flat", "cents": 1.5}]},
        {"parts": [{"id": "x", "kind": "flat", "cent": 1}]},
        {"where": [{"zone": "nowhere", "ends": "both"}]},
        {"zones": {"z": {"polygons": [[[47.0, 5.0], [48.0, 5.0]]]}}},
        {"boosters": [{"id": "b", "factor": "3/0"}]},
        {"caps": [{"of": "driver", "per": "day", "measure": "trips", "limit": 1}] * 2},
        {"lengths": {"from": 2}},
    ],
)
def test_a_campaign_with_a_word_nobody_knows_is_not_read(wrong: dict[str, Any], tmp_path: Any) -> None:
    document = {**load_campaign("petites-communes").document, **wrong}
    with pytest.raises((KeyError, ValueError, TypeError, ZeroDivisionError)):
        campaign_from(document)
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "campaigns" / "bad.toml").write_text('code = "x"\n')
    with pytest.raises(InvalidInput) as caught:
        campaigns(tmp_path)
    assert caught.value.decision.params["file"] == "bad.toml"
