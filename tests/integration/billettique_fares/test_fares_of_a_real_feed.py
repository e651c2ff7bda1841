"""GTFS-Fares v2 of a real feed, C-TRAN (Washington), November 2025: a single of 1.25 $ good for 150 minutes."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from billettique.engine.cheapest import cheapest_price, compile_tariff
from billettique.export.fares import fare_files
from billettique.gateway.gtfs_fares import read_fares, tables_from
from billettique.model.fares import FareTables, Leg
from billettique.model.tariffs import Ask, Rider, Tariff
from billettique.service import quoting
from mobigo.base.errors import Refused
from mobigo.network.gateway.gtfs import read_feed
from mobigo.network.model.feed import FeedTables
from tests.unit.billettique_fares.test_fares_export import as_feed

pytestmark = pytest.mark.realdata
NAME = "gtfs/ctran-flex-faresv2-2025-11.zip"
EIGHT = datetime(2025, 11, 12, 8, tzinfo=ZoneInfo("US/Pacific"))


@pytest.fixture(scope="module")
def file() -> Path:
    folder = os.environ.get("MOBIGO_REALDATA")
    if not folder or not (Path(folder) / NAME).exists():
        pytest.skip("MOBIGO_REALDATA is not set, or has no such feed")
    return Path(folder) / NAME


@pytest.fixture(scope="module")
def tables(file: Path) -> FareTables:
    return read_fares(file)


def ride(*minutes: int, network: str = "LOCAL") -> tuple[Leg, ...]:
    """Legs of ten minutes that begin so many minutes after eight."""
    return tuple(
        Leg(network, "a", "b", at, at + timedelta(minutes=10)) for n in minutes for at in [EIGHT + timedelta(minutes=n)]
    )


@pytest.mark.parametrize(
    ("legs", "rider", "cents"),
    [
        (ride(0), "ADULT", 125),
        (ride(0), "HONORED_CITIZEN", 60),
        (ride(0), "YOUTH", 0),
        (ride(0), "DOG", None),
        (ride(0, 30), "ADULT", 125),
        (ride(0, 30, 60, 90, 120, 150), "ADULT", 125),  # 9,000 s from departure to departure: 150 minutes, included
        (ride(0, 30, 151), "ADULT", 250),
        (ride(0, network="EXPRESS"), "ADULT", None),
    ],
)
def test_prices_of_the_feed(tables: FareTables, legs: tuple[Leg, ...], rider: str, cents: int | None) -> None:
    found = cheapest_price(compile_tariff(Tariff(tables)), Ask((legs,), (Rider(rider),)))
    assert (None if found is None else found.cents) == cents


def test_the_feed_goes_round(file: Path, tables: FareTables) -> None:
    feed = read_feed(file)
    ours = as_feed(fare_files(tables)).tables
    kept = {name: feed[name] for name in ("stops", "agency", "routes")}
    assert tables_from(FeedTables({**kept, **ours})) == tables


def test_a_feed_in_another_currency_is_not_quoted_in_euros(file: Path) -> None:
    with pytest.raises(Refused, match=r"billettique\.other_currency.*USD"):
        quoting.quote_by_feed(Ask((ride(0),), (Rider("ADULT"),)), file)
