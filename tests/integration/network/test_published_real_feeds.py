"""Real feeds as reusers get them: nothing lost, the second pass changes nothing; NeTEx says what GTFS says."""

import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from billettique.export.netex_fares import fares_document
from billettique.gateway.fares import tariff_on
from billettique.model.tariffs import Carnet
from mobigo.base.errors import MobigoError
from mobigo.network.export import datasets, parquet
from mobigo.network.export.archive import write_zip
from mobigo.network.export.geojson import Drawing, lines_geojson, stops_geojson
from mobigo.network.export.gtfs import published
from mobigo.network.export.netex import write_netex
from mobigo.network.gateway import gtfs
from mobigo.network.gateway.archive import open_feed
from mobigo.network.gateway.gtfs import FeedRead, other_files
from mobigo.network.gateway.netex import read_netex
from mobigo.network.model.feed import FeedTables
from opendata.gateway.judges import NetexLinks, NetexSchema
from opendata.model.checks import Verdict
from tests.builders import feed as built
from tests.builders import frequency, trip
from tests.builders import write_zip as zipped
from tests.netex_world import assert_alike
from tests.prices_world import PRICES

pytestmark = pytest.mark.realdata

NOW = datetime(2026, 3, 16, tzinfo=UTC)
ODD = built(
    [
        trip("t", "A 23:50 B 24:10 C! 49:00", trip_headsign="A <&> Z", direction_id="1", wheelchair_accessible="2"),
        trip("f", "A 10:00 B 10:10", route="TAD"),
    ],
    stops=[
        {"stop_id": "S", "location_type": "1", "wheelchair_boarding": "1"},
        {"stop_id": "A", "parent_station": "S"},
        {"stop_id": "E:1", "location_type": "2", "parent_station": "S", "wheelchair_boarding": "2"},
    ],
    routes=[{"route_id": "TAD", "route_type": "715", "route_color": "7B1E3B", "route_url": "https://x.example/a b"}],
    frequencies=[frequency("f", "10:00", "11:01", 1200)],
)
FEEDS = (
    "cairns-2014", "cdmx-2018-frequencies", "ctran-flex-faresv2-2025-11", "porto-alegre-eptc-2019",
    "porto-alegre-trensurb-2019", "sncf-intercites-2013-12", "sncf-ter-2025-01", "tallis-lons-le-saunier-2024-07",
    "tam-montpellier-2026-01", "trimet-2routes-2021-blocks", "wmata-rail-2026-04-pathways",
)  # fmt: skip


def rewritten(path: Path, read: FeedRead, out: Path) -> Path:
    write_zip(out, published(read.tables, read.headers, other_files(open_feed(path))))
    return out


def rows_of(tables: FeedTables, name: str, columns: list[str]) -> Counter[tuple[str, ...]]:
    frame = tables[name]
    return Counter(zip(*(frame[column].str.strip_chars().to_list() for column in columns), strict=True))


@pytest.mark.parametrize("name", FEEDS)
def test_nothing_of_a_real_feed_is_lost_and_the_second_pass_changes_nothing(
    realdata: Path, tmp_path: Path, name: str
) -> None:
    path = realdata / f"gtfs/{name}.zip"
    read = gtfs.read(path)
    once = rewritten(path, read, tmp_path / "once.zip")
    again = gtfs.read(once)
    assert set(again.sizes) == set(read.sizes)
    for table, frame in read.tables.tables.items():
        columns = [column for column in frame.columns if column in again.tables[table].columns]
        lost = set(frame.columns) - set(columns)
        assert all((frame[column] == "").all() and column.startswith("_column_") for column in lost)
        columns.remove("_line")
        if frame.height < 100_000:
            assert rows_of(read.tables, table, columns) == rows_of(again.tables, table, columns), table
        else:  # the same by sums of hashes: counting a million rows takes long
            one, other = (
                each[table].select(pl.col(column).str.strip_chars() for column in columns)
                for each in (read.tables, again.tables)
            )
            assert one.height == other.height
            assert one.hash_rows(7).sort().equals(other.hash_rows(7).sort()), table
    kept = other_files(open_feed(path))
    assert {file: make() for file, make in other_files(open_feed(once)).items()} == {
        file: make() for file, make in kept.items()
    }
    twice = rewritten(once, again, tmp_path / "twice.zip")
    assert twice.read_bytes() == once.read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "tallis-lons-le-saunier-2024-07",
        "porto-alegre-trensurb-2019",
        "sncf-intercites-2013-12",
        pytest.param("tam-montpellier-2026-01", marks=pytest.mark.slow),
        pytest.param("sncf-ter-2025-01", marks=pytest.mark.slow),
        pytest.param("cdmx-2018-frequencies", marks=pytest.mark.slow),
    ],
)
def test_netex_of_a_real_feed_says_what_its_gtfs_says(realdata: Path, tmp_path: Path, name: str) -> None:
    read = gtfs.read(realdata / f"gtfs/{name}.zip")
    found = write_netex(read.tables, tmp_path / "n.zip", feed="essai", participant="Région", published_at=NOW)
    assert not {"no_route", "no_service", "zone", "no_stop", "one_stop", "no_times"} & set(found.left_out)
    assert_alike(read.tables, read_netex(tmp_path / "n.zip"))


@pytest.fixture(scope="module")
def xsd(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> NetexSchema:
    """The schema, compiled once (ten seconds)."""
    folder = tmp_path_factory.mktemp("xsd")
    with zipfile.ZipFile(realdata / "netex/netex-2.0-xsd-4f42794.zip") as archive:
        archive.extractall(folder)
    return NetexSchema(folder / "xsd")


def test_netex_of_the_demonstration_and_of_a_real_feed_is_valid_and_says_what_gtfs_says(
    realdata: Path, tmp_path: Path, xsd: NetexSchema
) -> None:
    from mobigo.app.demo.territory import build

    feeds = build("s", date(2026, 10, 26)) | {"odd": zipped(ODD, tmp_path / "odd.zip").read_bytes()}
    feeds["tallis"] = (realdata / "gtfs/tallis-lons-le-saunier-2024-07.zip").read_bytes()
    for feed, data in feeds.items():
        (path := tmp_path / f"{feed}.zip").write_bytes(data)
        tables = gtfs.read_feed(path)
        write_netex(tables, tmp_path / "n.zip", feed=feed, participant="Région", published_at=NOW)
        for judge in (xsd, NetexLinks()):
            check = judge.check(tmp_path / "n.zip", "netex-fr.zip", NOW.date())
            assert (check.verdict, check.findings) == (Verdict.PASSED, ()), feed
        assert_alike(tables, read_netex(tmp_path / "n.zip"))


def test_netex_of_fares_is_valid(tmp_path: Path, xsd: NetexSchema) -> None:
    book = Carnet("dix", "Dix voyages", PRICES.tables.products[0].id, 10, 1_250)
    with_book = replace(PRICES, carnets=(book,))
    for name, tariff in (("essai", with_book), ("public", tariff_on(date(2026, 11, 26)))):
        (tmp_path / f"{name}.xml").write_bytes(fares_document(tariff, "region")[0])
        for judge in (xsd, NetexLinks()):
            check = judge.check(tmp_path / f"{name}.xml", f"{name}.xml", NOW.date())
            assert (check.verdict, check.findings) == (Verdict.PASSED, ()), name


def test_a_feed_of_the_national_access_point_that_is_not_valid_is_told(realdata: Path, xsd: NetexSchema) -> None:
    check = xsd.check(realdata / "netex/netex-fr-pabmar-2024.zip", "netex.zip", NOW.date())
    assert check.verdict is Verdict.FAILED
    assert {finding.code: finding.total for finding in check.findings} == {
        "xsd_cvc_datatype_valid_1_2_1": 3023,  # order="0"
        "xsd_cvc_enumeration_valid": 7,  # feryPort
    }


def test_feeds_broken_on_purpose_are_written_all_the_same(realdata: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(realdata / "malformed/transport-validator-test_data.zip") as archive:
        archive.extractall(tmp_path)
    written = 0
    for folder in sorted((tmp_path / "test_data").iterdir()):
        try:
            read = gtfs.read(folder)
        except MobigoError:
            continue
        write_zip(tmp_path / "g.zip", published(read.tables, read.headers))
        drawing = Drawing(read.tables)
        assert all((parquet.stop_times(read.tables), stops_geojson(drawing), lines_geojson(drawing)))
        for offered in (datasets.accessibility(drawing), datasets.lines(drawing)):
            assert {len(row) for row in offered.rows()} <= {len(offered.columns)}
        write_netex(read.tables, tmp_path / "n.zip", feed="x", participant="Région", published_at=NOW)
        assert NetexLinks().check(tmp_path / "n.zip", "n.zip", NOW.date()).findings == (), folder.name
        read_netex(tmp_path / "n.zip")
        written += 1
    assert written >= 30
