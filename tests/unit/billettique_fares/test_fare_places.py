"""Where a tariff's towns and stations are in the network, and its tables of pairs: what they settle, and what not."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from billettique.engine.cheapest import cheapest, compile_tariff
from billettique.export.fares import fare_files
from billettique.gateway.fares import version_of_text, versions
from billettique.gateway.gtfs_fares import tables_from
from billettique.model.fares import Area, FareProduct, FareTables, JoinRule, Leg, LegRule
from billettique.model.tariffs import Ask, Band, Border, Held, PairTable, Place, Quote, Rider, Tariff
from billettique.rules.changes import changes
from billettique.rules.places import Pairs, as_named, for_feed, placed, stops_of
from billettique.rules.tariffs import merged
from mobigo.base.errors import Conflict, InvalidInput
from mobigo.base.instants import PARIS
from mobigo.base.money import Money
from mobigo.base.periods import Period
from tests.unit.billettique_fares.test_fares_export import as_feed

EIGHT = datetime(2026, 11, 26, 8, tzinfo=PARIS)  # a Thursday
PLACES = (
    Place("belfort", "Belfort", (("P1", "Belfort"), ("P2", "Belfort, Madrid"))),
    Place("montbeliard", "Montbéliard", (("P3", "Montbéliard"),)),
    Place("macon", "Mâcon", (("P4", "Mâcon-Ville"),)),
    Place("lyon", "Lyon", (("P5", "Lyon Part-Dieu"),)),
)


def leg(network: str, from_stop: str, to_stop: str, at: int = 0, distance_m: int | None = None) -> Leg:
    departs_at = EIGHT + timedelta(minutes=40 * at)
    return Leg(network, from_stop, to_stop, departs_at, departs_at + timedelta(minutes=30), distance_m)


def quoted(tariff: Tariff, *legs: Leg, rider: Rider | None = None) -> Quote:
    return cheapest(compile_tariff(placed(tariff)), Ask((legs,), (rider or Rider("adulte"),)))


def zoned(*places: Place) -> Tariff:
    """Bus by zones: within one, 1 €; from one to the other, 3 €."""
    rows = (("un", "a", "a"), ("un", "b", "b"), ("deux", "a", "b"), ("deux", "b", "a"))
    tables = FareTables(
        products=(FareProduct("un", 100, name="Une zone"), FareProduct("deux", 300, name="Deux zones")),
        leg_rules=tuple(LegRule(product, network="bus", from_area=a, to_area=b) for product, a, b in rows),
        has_priority=True,
        areas=(Area("a", "Zone A"), Area("b", "Zone B")),
        stop_areas=(("a", "belfort"), ("b", "montbeliard")),
    )
    return Tariff(tables, places=places)


@pytest.mark.parametrize(
    ("from_stop", "to_stop", "cents", "why"),
    [
        ("P1", "P2", 100, None),
        ("P1", "P3", 300, None),
        ("P3", "P2", 300, None),
        ("P1", "P9", None, "billettique.unknown_fare_zone"),
        ("P9", "P1", None, "billettique.unknown_fare_zone"),
        ("P4", "P1", None, "billettique.unknown_fare_zone"),  # a place, and of no zone
    ],
)
def test_a_fare_by_zone_is_known_where_both_stops_are_in_a_table(
    from_stop: str, to_stop: str, cents: int | None, why: str | None
) -> None:
    found = quoted(zoned(*PLACES), leg("bus", from_stop, to_stop))
    assert found.total == (None if cents is None else Money(cents))
    assert [each.code for each in found.unknown] == ([] if why is None else [why])
    if why is not None:
        assert found.unknown[0].params["stop"] in {"P4", "P9"}


def test_without_the_table_every_fare_by_zone_is_unknown() -> None:
    assert quoted(zoned(), leg("bus", "P1", "P2")).total is None
    assert quoted(zoned(), leg("bus", "belfort", "montbeliard")).total == Money(300), "the tariff's own names are kept"


def test_several_tables_say_together_where_a_place_is() -> None:
    two = (Place("x", "X", (("P1", ""),)), Place("x", "X", (("P1", ""), ("P2", ""))), Place("y", "Y"))
    assert stops_of(two) == {"x": ("P1", "P2"), "y": ()}


def test_borders_and_joins_of_two_stations_are_found_by_their_stops() -> None:
    rail = Tariff(
        FareTables(
            products=(FareProduct("t", 500),),
            leg_rules=(LegRule("t", network="ter"),),
            has_priority=True,
            join_rules=(JoinRule("ter", "ter", "belfort", "montbeliard"),),
            stop_areas=(("au-dela", "lyon"),),
        ),
        borders=(Border("macon", "au-dela"),),
        places=PLACES,
    )
    beyond = quoted(rail, leg("ter", "P4", "P5"))
    assert beyond.total is None
    assert beyond.unknown[0].code == "billettique.border_other_tariff"
    assert beyond.unknown[0].params["border"] == "P4"
    assert quoted(rail, leg("ter", "P1", "P4")).total == Money(500)
    assert quoted(rail, leg("ter", "P9", "P2"), leg("ter", "P3", "P8", at=1)).total == Money(500), "one leg"
    assert quoted(rail, leg("ter", "P9", "P3"), leg("ter", "P2", "P8", at=1)).total == Money(1000), "the other way, two"


def test_the_tables_are_given_back_as_their_versions_wrote_them() -> None:
    raw = zoned(*PLACES)
    assert as_named(placed(raw)) == raw.tables


def test_the_tables_in_the_words_of_a_feed_price_its_stops_alike() -> None:
    """Both stops of Belfort are in the feed, Montbéliard is not: its zone is left without a stop."""
    ours = placed(zoned(*PLACES))
    theirs = for_feed(ours, {"P1": "StopArea:1", "P2": "StopPoint:2", "P9": "StopPoint:9"}, {"L1": "bus"})
    assert theirs.stop_areas == (("a", "StopArea:1"), ("a", "StopPoint:2"))
    stops = b"stop_id\nStopArea:1\nStopPoint:2\nStopPoint:9\n"
    read = tables_from(as_feed({"stops.txt": stops, **fare_files(theirs)}))
    assert read.route_networks == {"L1": "bus"}
    for a, b, x, y in (("P1", "P2", "StopArea:1", "StopPoint:2"), ("P1", "P9", "StopArea:1", "StopPoint:9")):
        found = cheapest(compile_tariff(Tariff(read)), Ask(((leg("bus", x, y),),), (Rider("adulte"),)))
        assert found.total == quoted(zoned(*PLACES), leg("bus", a, b)).total


# ---- the shipped tariffs, with a table of places

TABLE = """
tariff = "lieux"
code = "lieux-essai"
title = "Lieux"
first_day = 2026-01-01
source = "Essai"
[[place]]
id = "belfort"
name = "Belfort"
stops = ["P1 Belfort", "P2 Belfort, Madrid"]
[[place]]
id = "montbeliard"
name = "Montbéliard"
stops = ["P3 Montbéliard"]
"""


def whole(*, with_table: bool) -> Tariff:
    asked = {"pass-ok-2020", "nord-franche-comte-2021", "ter-2017", "ter-reductions-2017"}
    found = [each for each in versions() if each.code in asked]
    return merged([*found, *([version_of_text(TABLE, "")] if with_table else [])], Tariff().day_kinds)


@pytest.mark.parametrize(
    ("ride", "with_table", "cents"),
    [
        (leg("ter", "P1", "P3", distance_m=18_000), True, 0),
        (leg("optymo", "P2", "P1"), True, 0),
        (leg("ter", "P1", "P9", distance_m=18_000), True, 500),  # out of the triangle: a ticket
        (leg("ter", "P1", "P3", distance_m=18_000), False, 500),
        (leg("optymo", "P2", "P9"), True, 200),  # a stop nobody put in Belfort: the single of Nord Franche-Comté
    ],
)
def test_the_pass_of_the_triangle_covers_what_its_table_says(ride: Leg, with_table: bool, cents: int) -> None:
    november = Period(date(2026, 11, 1), date(2026, 11, 30))
    held = Rider("adulte", held=(Held("pass-ok", november),))
    found = quoted(whole(with_table=with_table), ride, rider=held)
    assert found.total == Money(cents)
    assert (found.steps[0].kind == "covered") is (cents == 0)


def test_a_month_within_the_triangle_is_cheapest_by_its_pass() -> None:
    days = tuple((leg("ter", "P1", "P3", at=36 * n, distance_m=18_000),) for n in range(-12, 0))  # 12 mornings at 5 €
    found = cheapest(compile_tariff(whole(with_table=True)), Ask(days, (Rider("adulte"),)))
    assert found.total == Money(4800)
    assert [each.id for each in found.items] == ["pass-ok"]


def test_one_single_serves_the_three_networks() -> None:
    found = quoted(whole(with_table=True), leg("optymo", "P2", "P1"), leg("evolity", "P1", "P3", at=1))
    assert found.total == Money(200)


# ---- tables of pairs

BANDS = (Band("ter", "court", 0, 36_000), Band("ter", "long", 36_000, None))
RAIL = Tariff(
    FareTables(
        products=(FareProduct("court", 600), FareProduct("long", 1300), FareProduct("autre", 777)),
        has_priority=True,
        join_rules=(JoinRule("ter", "ter"),),
    ),
    bands=BANDS,
    places=PLACES,
)


def tabled(metres: dict[tuple[str, str], int] | None = None, products: dict[tuple[str, str], str] | None = None,
           *more: PairTable) -> Tariff:  # fmt: skip
    return replace(RAIL, pairs=(PairTable("ter", "", metres or {}, products or {}), *more))


@pytest.mark.parametrize(
    ("tariff", "cents"),
    [
        (RAIL, 600),  # 20 km as they were asked
        (tabled({("belfort", "montbeliard"): 35_999}), 600),
        (tabled({("belfort", "montbeliard"): 36_000}), 1300),
        (tabled({("montbeliard", "belfort"): 36_000}), 1300),  # both ways
        (tabled({("montbeliard", "belfort"): 36_000, ("belfort", "montbeliard"): 30_000}), 600),  # its own way first
        (tabled({("belfort", "macon"): 36_000}), 600),  # another pair
        (tabled(None, {("belfort", "montbeliard"): "autre"}), 777),
        (tabled({("belfort", "montbeliard"): 36_000}, {("P1", "montbeliard"): "autre"}), 777),  # the product first
        (tabled(None, {("belfort", "montbeliard"): "autre"}, PairTable("bus", "", {}, {("P1", "P3"): "court"})), 777),
        (tabled({("belfort", "montbeliard"): 36_000}, None, PairTable("ter", "", {("P1", "P3"): 20_000})), 600),
    ],
)  # fmt: skip
def test_a_pair_is_priced_by_its_row(tariff: Tariff, cents: int) -> None:
    """Last: two tables that differ say nothing, and the metres asked with stay."""
    assert quoted(tariff, leg("ter", "P1", "P3", distance_m=20_000)).total == Money(cents)


def test_two_trains_are_one_pair_from_the_first_station_to_the_last() -> None:
    tariff = tabled(
        {("belfort", "montbeliard"): 18_000, ("montbeliard", "macon"): 30_000, ("belfort", "macon"): 35_000}
    )
    ways = (leg("ter", "P1", "P3", distance_m=17_000), leg("ter", "P3", "P4", at=1, distance_m=29_000))
    assert quoted(tariff, *ways).total == Money(600), "35 km by the table, not 48 by its parts"
    assert quoted(RAIL, *ways).total == Money(1300), "without a table, 46 km as asked"


def test_a_table_gives_a_distance_where_none_was_asked_with() -> None:
    assert quoted(RAIL, leg("ter", "P1", "P3")).unknown[0].code == "billettique.unknown_fare_distance"
    assert quoted(tabled({("belfort", "montbeliard"): 0}), leg("ter", "P1", "P3")).total == Money(600)
    pairs = Pairs(tabled({("belfort", "montbeliard"): 0}))
    assert ("ter" in pairs, "bus" in pairs, pairs.metres("ter", "P3", "P2")) == (True, False, 0)


def test_prices_by_pair_never_lose_the_transfers_of_a_band() -> None:
    ter = next(each for each in versions() if each.code == "ter-2017")
    assert ter.content is not None
    grouped = replace(ter.content, bands=tuple(replace(band, group="ter") for band in ter.content.bands))
    product = {("belfort", "macon"): "ter-7"}
    for pairs, refused in ((PairTable("ter", "", {}, product), True), (PairTable("ter", "", {("a", "b"): 1}), False)):
        version = replace(ter, content=replace(grouped, pairs=(pairs,)))
        if refused:
            with pytest.raises(Conflict):
                merged([version], Tariff().day_kinds)
        else:
            assert merged([version], Tariff().day_kinds).pairs == (pairs,)


# ---- as text

PAIRS = """
[[product]]
id = "court"
name = "Court"
cents = 600
[[pairs]]
network = "ter"
kind = "km"
source = "Recueil des prix, 2026"
rows = ["belfort montbeliard 17.5", "belfort macon 240"]
[[pairs]]
network = "ter"
kind = "product"
rows = ["belfort macon court"]
"""


def test_a_version_holds_places_and_tables() -> None:
    version = version_of_text(TABLE + PAIRS, "")
    assert version.content is not None
    assert version.content.places[0].stops == (("P1", "Belfort"), ("P2", "Belfort, Madrid"))
    measured, named = version.content.pairs
    assert (measured.metres["belfort", "montbeliard"], measured.source) == (17_500, "Recueil des prix, 2026")
    assert (named.products["belfort", "macon"], named.source) == ("court", "Essai")
    said = {
        each.code: each.params for each in changes(version_of_text(TABLE.replace("P2 Belfort", "P7 Gare"), ""), version)
    }
    assert said["billettique.change_place_more"]["stops"] == "Belfort, Madrid"
    assert said["billettique.change_place_fewer"]["stops"] == "Gare, Madrid"
    assert said["billettique.change_pairs"] == {"before": 0, "after": 2, "differing": 2}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("belfort macon court", "belfort macon long"),  # a product of no price
        ("belfort macon 240", "belfort montbeliard 18"),  # two lengths for one pair
        ("belfort macon 240", "belfort macon -1"),
        ("belfort macon 240", "belfort macon 17,5"),
        ("belfort macon 240", "belfort macon 0.0001"),
        ("belfort macon 240", "belfort macon"),
        ('kind = "km"', 'kind = "prix"'),
        ('id = "montbeliard"', 'id = "belfort"'),
        ('"P1 Belfort"', '"P2 Belfort"'),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(before: str, after: str) -> None:
    text = TABLE + PAIRS
    assert before in text
    with pytest.raises(InvalidInput):
        version_of_text(text.replace(before, after, 1), "essai.toml")
