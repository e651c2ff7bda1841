"""Each rule of GTFS-Fares v2 that we apply, with cases that match and cases that do not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from billettique.engine.cheapest import cheapest, compile_tariff
from billettique.model.fares import (
    DurationKind,
    FareLeg,
    FareProduct,
    FareTables,
    JoinRule,
    Leg,
    LegRule,
    Stop,
    Timeframe,
    TransferKind,
    TransferRule,
)
from billettique.model.tariffs import Ask, Rider, Tariff
from billettique.rules import fares as rules

# Two stations of two platforms each, two lone stops; areas North, South, and Centre (which lists one platform alone).
TABLES = FareTables(
    products=(FareProduct("P", 200),),
    stops={
        "N": Stop("N"), "n1": Stop("n1", "N"), "n2": Stop("n2", "N"), "S": Stop("S"), "s1": Stop("s1", "S"),
        "s2": Stop("s2", "S"), "far": Stop("far"), "lisbon": Stop("lisbon", zone="Europe/Lisbon"),
    },
    stop_areas=(("north", "N"), ("south", "S"), ("centre", "s2")),
)  # fmt: skip
EIGHT = datetime(2026, 11, 26, 7, tzinfo=UTC)  # 08:00 in France, a Thursday


def leg(
    network: str | None = "bus", origin: str = "n1", there: str = "s1", at: datetime = EIGHT, min_: int = 30
) -> Leg:
    return Leg(network, origin, there, at, at + timedelta(minutes=min_))


def matches(rule_rows: tuple[LegRule, ...], ride: Leg, tables: FareTables = TABLES, *, priority: bool) -> list[str]:
    tables = replace(tables, leg_rules=rule_rows, has_priority=priority)
    return [rule.product for rule in matching(rules.joined([ride], 0, 0), tables)]


def matching(found: FareLeg, tables: FareTables) -> tuple[LegRule, ...]:
    ends = (rules.areas_of(stop, tables) for stop in (found.from_stop, found.to_stop))
    return rules.leg_rules_between(found, *ends, tables)


# ---- areas of a stop


@pytest.mark.parametrize(
    ("stop", "areas"),
    [("N", {"north"}), ("n1", {"north"}), ("s1", {"south"}), ("s2", {"centre"}), ("far", set()), ("unknown", set())],
)
def test_a_platform_is_in_the_areas_of_its_station_unless_listed_by_itself(stop: str, areas: set[str]) -> None:
    assert rules.areas_of(stop, TABLES) == areas


# ---- leg rules without rule_priority: empty means what the column does not list

BUS, TRAM, ANY = LegRule("bus", network="bus"), LegRule("tram", network="tram"), LegRule("any")


@pytest.mark.parametrize(
    ("rows", "ride", "found"),
    [
        ((BUS, ANY), leg("bus"), ["bus"]),
        ((BUS, ANY), leg("train"), ["any"]),
        ((BUS, ANY), leg(None), ["any"]),
        ((ANY,), leg("bus"), ["any"]),
        ((BUS,), leg("train"), []),
        ((BUS, TRAM), leg("train"), []),
        ((BUS,), leg(None), []),
        ((BUS, TRAM, ANY), leg("tram"), ["tram"]),
    ],
)
def test_without_priority_an_empty_network_is_all_that_are_not_listed(
    rows: tuple[LegRule, ...], ride: Leg, found: list[str]
) -> None:
    assert matches(rows, ride, priority=False) == found


FROM_NORTH, TO_SOUTH = LegRule("from-north", from_area="north"), LegRule("to-south", to_area="south")


@pytest.mark.parametrize(
    ("rows", "ride", "found"),
    [
        ((FROM_NORTH,), leg(origin="n1"), ["from-north"]),
        ((FROM_NORTH,), leg(origin="s1"), []),
        ((FROM_NORTH,), leg(origin="far"), []),
        ((FROM_NORTH, ANY), leg(origin="n2"), ["from-north"]),
        ((FROM_NORTH, ANY), leg(origin="far"), ["any"]),
        ((FROM_NORTH, ANY), leg(origin="s2"), ["any"]),
        ((TO_SOUTH,), leg(there="s1"), ["to-south"]),
        ((TO_SOUTH,), leg(there="s2"), []),  # that platform is in the centre alone
        ((TO_SOUTH,), leg(there="n1"), []),
        ((TO_SOUTH, ANY), leg(there="s1"), ["to-south"]),
        ((LegRule("od", from_area="north", to_area="south"),), leg("x", "s1", "n1"), []),  # directional
    ],
)
def test_without_priority_an_empty_area_is_all_that_are_not_listed(
    rows: tuple[LegRule, ...], ride: Leg, found: list[str]
) -> None:
    assert matches(rows, ride, priority=False) == found


# ---- leg rules with rule_priority: empty does not matter, the highest wins


@pytest.mark.parametrize(
    ("rows", "ride", "found"),
    [
        ((BUS, ANY), leg("bus"), ["bus", "any"]),  # both at zero
        ((replace(BUS, priority=1), ANY), leg("bus"), ["bus"]),
        ((replace(BUS, priority=1), ANY), leg("train"), ["any"]),
        ((BUS, replace(ANY, priority=2)), leg("bus"), ["any"]),
        ((replace(BUS, priority=3), replace(FROM_NORTH, priority=3)), leg("bus"), ["bus", "from-north"]),
        ((BUS,), leg("train"), []),
        ((replace(BUS, priority=9),), leg(None), []),
        ((replace(FROM_NORTH, priority=9),), leg(origin="s1"), []),
    ],
)
def test_with_priority_empty_does_not_matter_and_the_highest_wins(
    rows: tuple[LegRule, ...], ride: Leg, found: list[str]
) -> None:
    assert matches(rows, ride, priority=True) == found


# ---- timeframes

EVENING = Timeframe("evening", "thursdays", 18 * 3600, 20 * 3600)
TIMED = replace(TABLES, timeframes=(EVENING,), services={"thursdays": frozenset({date(2026, 11, 26)})})


@pytest.mark.parametrize(
    ("local_time", "day", "stop", "inside"),
    [
        ("18:00:00", 26, "n1", True),
        ("19:00:00", 26, "n1", True),
        ("19:59:59", 26, "n1", True),
        ("20:00:00", 26, "n1", False),  # half open
        ("17:59:59", 26, "n1", False),
        ("19:00:00", 27, "n1", False),  # not a day of the service
        ("20:30:00", 26, "lisbon", True),  # 19:30 there
        ("18:30:00", 26, "lisbon", False),  # 17:30 there
    ],
)
def test_a_timeframe_is_half_open_in_the_zone_of_the_stop(local_time: str, day: int, stop: str, inside: bool) -> None:
    at = datetime.fromisoformat(f"2026-11-{day} {local_time}+01:00")
    assert rules.is_in_timeframe("evening", at, stop, TIMED) is inside


@pytest.mark.parametrize(
    ("rule", "departs", "arrives", "found"),
    [
        (LegRule("p", from_timeframe="evening"), "18:00", "20:30", ["p"]),
        (LegRule("p", from_timeframe="evening"), "17:30", "18:30", []),
        (LegRule("p", to_timeframe="evening"), "17:30", "18:30", ["p"]),
        (LegRule("p", to_timeframe="evening"), "19:30", "20:00", []),
        (LegRule("p", "g", None, None, None, "evening", "evening"), "18:10", "18:30", ["p"]),
        (LegRule("p", "g", None, None, None, "evening", "evening"), "17:50", "18:30", []),
    ],
)
@pytest.mark.parametrize("priority", [False, True])
def test_the_departure_or_the_arrival_is_what_counts(
    rule: LegRule, departs: str, arrives: str, found: list[str], priority: bool
) -> None:
    ride = Leg(
        "bus", "n1", "s1", datetime.fromisoformat(f"2026-11-26 {departs}+01:00"),
        datetime.fromisoformat(f"2026-11-26 {arrives}+01:00"),
    )  # fmt: skip
    assert matches((rule,), ride, TIMED, priority=priority) == found


# ---- joins

SAME = JoinRule("rail", "rail")
OVER = JoinRule("rail", "rail", "s1", "far")


@pytest.mark.parametrize(
    ("rule", "first", "then", "joined"),
    [
        (SAME, ("rail", "n1", "s1"), ("rail", "s1", "far"), True),
        (SAME, ("rail", "n1", "s1"), ("rail", "s2", "far"), True),  # two platforms of one station
        (SAME, ("rail", "n1", "far"), ("rail", "far", "s1"), True),  # a stop without a station
        (SAME, ("rail", "n1", "s1"), ("rail", "n2", "far"), False),  # another station
        (SAME, ("rail", "n1", "s1"), ("bus", "s1", "far"), False),
        (SAME, (None, "n1", "s1"), ("rail", "s1", "far"), False),
        (OVER, ("rail", "n1", "s1"), ("rail", "far", "n1"), True),  # both stops given: elsewhere is allowed
        (OVER, ("rail", "n1", "s2"), ("rail", "far", "n1"), False),
        (OVER, ("rail", "n1", "s1"), ("rail", "s1", "n1"), False),
        (JoinRule("rail", "rail", "S", "N"), ("rail", "far", "s2"), ("rail", "n1", "far"), True),  # by station
        (JoinRule("rail", "bus"), ("bus", "n1", "s1"), ("rail", "s1", "far"), False),  # directional
        (JoinRule("rail", "bus"), ("rail", "n1", "s1"), ("bus", "s1", "far"), True),
    ],
)
def test_two_legs_are_joined_in_one_station_or_between_two_named_stops(
    rule: JoinRule, first: tuple[str | None, str, str], then: tuple[str | None, str, str], joined: bool
) -> None:
    found = rules.joining_rule(leg(*first), leg(*then), replace(TABLES, join_rules=(rule,)))
    assert (found is not None) is joined


@pytest.mark.parametrize(
    ("networks", "parts"),
    [
        (["rail", "rail", "rail"], [(0, 2)]),  # chains merge
        (["rail", "rail", "bus"], [(0, 1), (2, 2)]),
        (["bus", "rail", "rail"], [(0, 0), (1, 2)]),
        (["rail", "bus", "rail"], [(0, 0), (1, 1), (2, 2)]),
    ],
)
def test_joins_make_chains(networks: list[str], parts: list[tuple[int, int]]) -> None:
    legs = [leg(network, "s1", "s2") for network in networks]
    found = rules.fare_legs(legs, replace(TABLES, join_rules=(SAME,)))
    assert [(each.first, each.last) for each in found] == parts


def test_an_effective_leg_goes_from_its_first_stop_to_its_last_over_the_whole_distance() -> None:
    legs = [replace(leg("rail", "n1", "s1"), distance_m=20_000), replace(leg("rail", "s2", "far"), distance_m=15_999)]
    (found,) = rules.fare_legs(legs, replace(TABLES, join_rules=(SAME,)))
    assert (found.from_stop, found.to_stop, found.distance_m) == ("n1", "far", 35_999)


def test_an_effective_leg_of_two_networks_is_of_neither() -> None:
    legs = [leg("rail", "n1", "s1"), leg("bus", "s1", "far")]
    tables = replace(
        TABLES, join_rules=(JoinRule("rail", "bus"),), leg_rules=(LegRule("rail", network="rail"),), has_priority=True
    )
    (found,) = rules.fare_legs(legs, tables)
    assert matching(found, tables) == ()


# ---- transfers

PRICES = {"a": 200, "b": 300, "c": 400, "ab": 50, "ac": 20}


def a_tariff(*transfers: TransferRule) -> Tariff:
    return Tariff(
        FareTables(
            products=tuple(FareProduct(name, cents) for name, cents in PRICES.items()),
            leg_rules=tuple(LegRule(name, name.upper(), name) for name in "abc"),
            has_priority=True,
            transfer_rules=transfers,
        )
    )


def ride(networks: str, *, every_min: int = 40, ride_min: int = 30) -> tuple[Leg, ...]:
    return tuple(
        leg(network, f"x{n}", f"x{n + 1}", EIGHT + timedelta(minutes=every_min * n), ride_min)
        for n, network in enumerate(networks)
    )


def price(networks: str, *transfers: TransferRule, every_min: int = 40) -> int:
    found = cheapest(compile_tariff(a_tariff(*transfers)), Ask((ride(networks, every_min=every_min),), (Rider(),)))
    assert found.total is not None
    return found.total.cents


A_AB, A_AB_B, AB = TransferKind
ab = TransferRule(A_AB, "A", "B", product="ab")


@pytest.mark.parametrize(
    ("networks", "transfers", "cents"),
    [
        ("ab", (ab,), 200 + 50),
        ("ab", (replace(ab, kind=AB),), 50),
        ("ab", (replace(ab, product=None),), 200),
        ("ab", (replace(ab, kind=AB, product=None),), 0),
        ("ab", (replace(ab, kind=A_AB_B),), 500),  # dearer than two tickets: nobody is made to take it
        ("abc", (ab, TransferRule(A_AB, "B", "C", product="ac")), 200 + 50 + 20),  # S + BC
        ("abc", (replace(ab, kind=AB), TransferRule(AB, "B", "C", product="ac")), 50 + 20),  # AB, then S + BC
        ("abc", (ab, TransferRule(A_AB_B, "B", "C", product=None)), 200 + 50 + 400),  # S + BC + C
        (
            "abc",
            (ab, TransferRule(AB, "B", "C", product="ac")),
            200 + 20,
        ),  # A by itself, then BC for both: less than S + BC
        ("ba", (ab,), 500),  # directional
        ("ab", (), 500),  # no rule: separate legs
        ("abb", (ab,), 200 + 50 + 300),  # nothing from B to B
    ],
)
def test_what_a_transfer_costs_by_its_kind(networks: str, transfers: tuple[TransferRule, ...], cents: int) -> None:
    assert price(networks, *transfers) == cents


def same(count: int, product: str | None = None) -> TransferRule:
    return TransferRule(A_AB, "A", "A", count, product=product)


@pytest.mark.parametrize(
    ("networks", "transfers", "cents"),
    [
        ("aa", (same(1),), 200),
        ("aaa", (same(1),), 400),  # one transfer, then a new ticket
        ("aaaa", (same(1),), 400),  # two pairs
        ("aaa", (same(2),), 200),
        ("aaaa", (same(2),), 400),
        ("aaaaa", (same(-1),), 200),
        ("aaa", (same(1), same(-1, "ab")), 200 + 50),  # the smallest count that allows it: free, then 50
        ("aa", (same(1, "ab"), same(-1)), 200 + 50),  # the unlimited one is not for the first transfer
        ("aaa", (same(1, "ab"), same(2)), 200 + 50),  # 50 for the first, free for the second
        ("aaba", (same(1),), 200 + 300 + 200),
    ],
)
def test_how_often_a_transfer_may_be_made(networks: str, transfers: tuple[TransferRule, ...], cents: int) -> None:
    assert price(networks, *transfers) == cents


# Legs of 30 minutes every 40: departures 0, 40, 80; arrivals 30, 70, 110.
@pytest.mark.parametrize(
    ("kind", "limit_min", "within"),
    [
        (DurationKind.DEPARTURE_TO_ARRIVAL, 70, True),
        (DurationKind.DEPARTURE_TO_ARRIVAL, 69, False),
        (DurationKind.DEPARTURE_TO_DEPARTURE, 40, True),
        (DurationKind.DEPARTURE_TO_DEPARTURE, 39, False),
        (DurationKind.ARRIVAL_TO_DEPARTURE, 10, True),
        (DurationKind.ARRIVAL_TO_DEPARTURE, 9, False),
        (DurationKind.ARRIVAL_TO_ARRIVAL, 40, True),
        (DurationKind.ARRIVAL_TO_ARRIVAL, 39, False),
    ],
)
def test_a_limit_of_time_is_measured_by_its_kind_and_is_itself_within(
    kind: DurationKind, limit_min: int, within: bool
) -> None:
    rule = replace(ab, duration_s=limit_min * 60, duration_kind=kind)
    assert price("ab", rule) == (250 if within else 500)


@pytest.mark.parametrize(
    ("limit_min", "cents"),
    [
        (80, 200),  # three legs: 80 minutes from the first departure to the third
        (79, 400),  # the second within, the third a new ticket
        (40, 400),
        (39, 600),
    ],
)
def test_a_limit_is_measured_from_the_first_leg_of_the_run(limit_min: int, cents: int) -> None:
    rule = replace(same(-1), duration_s=limit_min * 60, duration_kind=DurationKind.DEPARTURE_TO_DEPARTURE)
    assert price("aaa", rule) == cents


@pytest.mark.parametrize(
    ("rows", "before", "after", "found"),
    [
        ((TransferRule(A_AB, "A", "B"),), "A", "B", 1),
        ((TransferRule(A_AB, "A", None),), "A", "C", 1),
        ((TransferRule(A_AB, None, "B"),), "C", "B", 1),
        ((TransferRule(A_AB, None, None),), "A", "B", 1),
        (
            (TransferRule(A_AB, "A", "B"), TransferRule(A_AB, "A", None)),
            "A",
            "B",
            1,
        ),  # B is listed: the exact one alone
        ((TransferRule(A_AB, "A", "B"), TransferRule(A_AB, "A", None)), "A", "C", 1),
        ((TransferRule(A_AB, "A", "B"),), "B", "A", 0),
        ((TransferRule(A_AB, "A", "B"), TransferRule(A_AB, None, "C")), "A", "C", 0),  # A is listed: empty is not A
        ((TransferRule(A_AB, None, "B"),), "A", "C", 0),
        ((TransferRule(A_AB, None, None),), None, "B", 0),  # a leg of no group
        ((TransferRule(A_AB, None, None),), "A", None, 0),
    ],
)
def test_which_transfer_rules_are_between_two_groups(
    rows: tuple[TransferRule, ...], before: str | None, after: str | None, found: int
) -> None:
    assert len(rules.transfer_rules_between(before, after, FareTables(transfer_rules=rows))) == found


# ---- riders, media, and what is unknown


@pytest.mark.parametrize(
    ("rider", "media", "cents"),
    [
        ("adult", None, 200),
        ("child", None, 100),
        ("child", frozenset({"app"}), 100),
        ("adult", frozenset({"app"}), 180),
        ("adult", frozenset({"cash"}), 200),
        (None, frozenset({"cash"}), 200),
        ("dog", frozenset({"app"}), None),
        (None, frozenset({"app"}), None),
    ],
)
def test_a_product_has_the_cheapest_price_open_to_the_rider_and_the_medium(
    rider: str | None, media: frozenset[str] | None, cents: int | None
) -> None:
    products = (
        FareProduct("p", 200, medium="cash"), FareProduct("p", 180, rider="adult", medium="app"),
        FareProduct("p", 100, rider="child"), FareProduct("q", 1, rider="nobody"),
    )  # fmt: skip
    expected = {"adult": 180}.get(rider or "", cents) if media is None else cents
    assert rules.prices_of(products, rider, media).get("p") == expected


@pytest.mark.parametrize("networks", ["z", "az", "zab"])
def test_a_leg_that_nothing_matches_makes_the_price_unknown_never_zero(networks: str) -> None:
    found = cheapest(compile_tariff(a_tariff(ab)), Ask((ride(networks),), (Rider(),)))
    assert found.total is None
    assert [each.code for each in found.unknown] == ["billettique.unknown_fare"]


@pytest.mark.parametrize(
    ("tables", "file"),
    [
        (FareTables(leg_rules=(LegRule("none"),)), "fare_leg_rules"),
        (FareTables(transfer_rules=(TransferRule(A_AB, "A", "B", product="none"),)), "fare_transfer_rules"),
        (FareTables(transfer_rules=(TransferRule(A_AB, "A", "A"),)), "fare_transfer_rules"),  # count required
        (FareTables(transfer_rules=(TransferRule(A_AB, "A", "B", 1),)), "fare_transfer_rules"),  # count forbidden
        (FareTables(transfer_rules=(TransferRule(A_AB, "A", "A", 0),)), "fare_transfer_rules"),
        (FareTables(transfer_rules=(TransferRule(A_AB, "A", "B", duration_s=60),)), "fare_transfer_rules"),
        (FareTables(join_rules=(JoinRule("a", "a", "s"),)), "fare_leg_join_rules"),
    ],
)
def test_tables_that_contradict_the_reference_are_found_faulty(tables: FareTables, file: str) -> None:
    assert [each for each, _ in rules.faults(tables)] == [file]


def test_good_tables_have_no_fault() -> None:
    assert not list(rules.faults(a_tariff(ab, same(1), same(-1)).tables))
