"""GTFS-Fares v2 out and in again: the same values, hence the same price on every leg."""

import csv
import io
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from billettique.engine.cheapest import cheapest, compile_tariff
from billettique.export.fares import fare_files
from billettique.export.gtfs_document import document_from
from billettique.export.tariff_text import tariff_text
from billettique.gateway.fares import version_of_text
from billettique.gateway.gtfs_fares import tables_from
from billettique.model.fares import (
    Area,
    FareMedium,
    FareProduct,
    FareTables,
    Leg,
    MediumKind,
    Network,
    RiderCategory,
    Stop,
    Timeframe,
)
from billettique.model.tariffs import Ask, Rider, Tariff
from mobigo.base.errors import InvalidInput, Refused
from mobigo.network.model.feed import LINE, FeedTables
from tests.fares_world import BEGINNINGS, NETWORKS, RIDERS, STOPS, a_tariff


def as_feed(files: Mapping[str, bytes]) -> FeedTables:
    """The files as read tables: every cell a string, and the line of each record."""
    tables = {}
    for name, data in files.items():
        header, *rows = list(csv.reader(io.StringIO(data.decode())))
        columns: dict[str, list[str] | list[int]] = {
            column: [row[at] for row in rows] for at, column in enumerate(header)
        }
        tables[name.removesuffix(".txt")] = pl.DataFrame({**columns, LINE: list(range(2, len(rows) + 2))})
    return FeedTables(tables)


def surroundings(tables: FareTables) -> dict[str, bytes]:
    """What a feed has besides: stops, services, its agency, routes."""
    stops = "".join(f"{each.id},{each.parent or ''},{each.zone or ''}\n" for each in tables.stops.values())
    days = "".join(f"{s},{day:%Y%m%d},1\n" for s, days in tables.services.items() for day in sorted(days))
    return {
        "stops.txt": f"stop_id,parent_station,stop_timezone\n{stops}".encode(),
        "calendar_dates.txt": f"service_id,date,exception_type\n{days}".encode(),
        "agency.txt": f"agency_id,agency_timezone\n1,{tables.zone}\n".encode(),
    }


def again(tables: FareTables) -> FareTables:
    return tables_from(as_feed({**surroundings(tables), **fare_files(tables)}))


@pytest.mark.parametrize("seed", range(40))
def test_written_and_read_again_every_leg_has_the_same_price(seed: int) -> None:
    tables = a_tariff(random.Random(seed)).tables
    read = again(tables)
    assert read == tables
    ours, theirs = compile_tariff(Tariff(tables)), compile_tariff(Tariff(read))
    at = BEGINNINGS[seed % len(BEGINNINGS)]
    for origin in STOPS:
        for there in STOPS:
            for network in NETWORKS:
                for rider in RIDERS:
                    ride = Leg(network, origin, there, at, at + timedelta(minutes=20))
                    ask = Ask(((ride,),), (Rider(rider),))
                    assert cheapest(ours, ask).total == cheapest(theirs, ask).total


def test_every_table_of_fares_goes_round() -> None:
    tables = replace(
        a_tariff(random.Random(1)).tables,
        areas=(Area("A1", "Centre, gare"), Area("B1")),
        networks=(Network("car", "Cars « Mobigo »"),),
        route_networks={"r1": "car"},
        riders=(
            RiderCategory("adulte", "Adulte", True),
            RiderCategory("jeune", eligibility_url="https://example.org/"),
        ),
        media=(FareMedium("m", MediumKind.BANK_CARD, "Carte"), FareMedium("n", MediumKind.NONE)),
    )
    assert again(tables) == tables


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(150, "EUR", "1.50"), (5, "EUR", "0.05"), (0, "EUR", "0.00"), (150, "JPY", "150"), (1500, "TND", "1.500")],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: int, currency: str, text: str) -> None:
    tables = FareTables(products=(FareProduct("p", amount, currency),))
    assert f",{text},{currency}" in fare_files(tables)["fare_products.txt"].decode()
    assert again(tables) == tables


def test_what_gtfs_cannot_say_is_not_exported() -> None:
    tariff = next(each for each in map(a_tariff, map(random.Random, range(100))) if each.bands and each.covers)
    assert set(fare_files(tariff.tables)) <= {
        "fare_products.txt", "fare_leg_rules.txt", "fare_leg_join_rules.txt", "fare_transfer_rules.txt",
        "stop_areas.txt", "timeframes.txt",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "column", "value"),
    [
        ("fare_products", "amount", "1.505"),
        ("fare_products", "amount", "dear"),
        ("fare_products", "currency", ""),
        ("fare_leg_rules", "rule_priority", "high"),
        ("fare_transfer_rules", "fare_transfer_type", "3"),
        ("fare_transfer_rules", "fare_transfer_type", ""),
        ("timeframes", "end_time", "25:00:00"),
    ],
)
def test_a_faulty_cell_is_named_with_its_line_and_column(file: str, column: str, value: str) -> None:
    found = next(
        each
        for each in (a_tariff(random.Random(seed)).tables for seed in range(100))
        if each.has_priority and each.transfer_rules
    )
    feed = as_feed({**surroundings(found), **fare_files(found)})
    frame = feed[file]
    cells = [value, *frame[column].to_list()[1:]]
    faulty = FeedTables({**feed.tables, file: frame.with_columns(pl.Series(column, cells))})
    with pytest.raises(InvalidInput, match=r"billettique\.bad_fare_cell") as refused:
        tables_from(faulty)
    said = refused.value.decision.params
    assert (said["file"], said["line"], said["column"], said["value"]) == (f"{file}.txt", 2, column, value)


@pytest.mark.parametrize("seed", range(60))
def test_the_fares_of_a_feed_taken_as_a_version_keep_every_price_or_are_refused(seed: int) -> None:
    """On every pair of stops and kind of rider; what a version cannot hold is refused by name."""
    tables = a_tariff(random.Random(seed)).tables
    tables = replace(
        tables,
        products=tuple(replace(row, medium=None) for row in tables.products),
        leg_rules=tuple(replace(rule, from_timeframe=None, to_timeframe=None) for rule in tables.leg_rules),
        timeframes=(),
        services={},
        stop_areas=tuple(pair for pair in tables.stop_areas if pair[1] in ("A", "B", "c1")),
        stops={name: replace(stop, zone=None) for name, stop in tables.stops.items()},
    )
    mixed = not tables.has_priority and any(
        {getattr(rule, name) is None for rule in tables.leg_rules} == {True, False}
        for name in ("network", "from_area", "to_area")
    )
    told: dict[str, Any] = {"tariff": "t", "code": "t", "title": "t", "first_day": date(2026, 1, 1), "source": "s"}
    if mixed:
        with pytest.raises(Refused, match="gtfs_not_expressible"):
            document_from(tables, **told)
        return
    version = version_of_text(tariff_text(document_from(tables, **told)), "t")
    assert version.content is not None
    tariff = replace(version.content, tables=replace(version.content.tables, stops=tables.stops))
    ours, theirs = compile_tariff(Tariff(tables)), compile_tariff(tariff)
    at = BEGINNINGS[seed % len(BEGINNINGS)]
    for origin in STOPS:
        for there in STOPS:
            for network in NETWORKS:
                for rider in RIDERS:
                    first = Leg(network, origin, there, at, at + timedelta(minutes=20))
                    then = replace(first, departs_at=first.arrives_at, arrives_at=at + timedelta(minutes=50))
                    ask = Ask(((first, then),), (Rider(rider),))
                    assert cheapest(ours, ask).total == cheapest(theirs, ask).total


@pytest.mark.parametrize(
    ("tables", "what"),
    [
        (FareTables(products=(FareProduct("p", 100, "CHF"),)), "currency CHF"),
        (FareTables(products=(FareProduct("p", 100, medium="m"),)), "fare_media_id m"),
        (FareTables(timeframes=(Timeframe("soir", "s"),)), "timeframes"),
        (
            FareTables(stop_areas=(("a", "quai"),), stops={"quai": Stop("quai", "gare"), "gare": Stop("gare")}),
            "stop_areas: a, quai",
        ),
    ],
)
def test_what_a_version_cannot_hold_is_refused_by_name(tables: FareTables, what: str) -> None:
    with pytest.raises(Refused) as refused:
        document_from(tables, tariff="t", code="t", title="t", first_day=date(2026, 1, 1), source="s")
    assert what in str(refused.value.decision.params["what"])
