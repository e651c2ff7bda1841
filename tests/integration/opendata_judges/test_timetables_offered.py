"""The Region's timetables on their way out: all files of a feed, now and for its coming period; what is not ours stays;
the same facts are the same version."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mobigo.app import create_app, schema
from mobigo.app.open_data import judges, offers
from mobigo.app.open_region import shared_licence
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.gateway import gtfs
from mobigo.network.store import feeds
from opendata.model.datasets import LICENCE_MOBILITES, LICENCE_OUVERTE, ODBL, REGIONAL, Licence, Slot
from opendata.model.editions import Edition
from opendata.service import changes, showing
from opendata.service.publishing import publish_all
from tests.builders import feed, trip, write_zip

NOW = datetime(2025, 3, 18, 3, tzinfo=UTC)


def days(first: date, last: date) -> list[str | date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


WINTER, SUMMER = days(date(2025, 3, 1), date(2025, 4, 30)), days(date(2025, 5, 2), date(2025, 9, 30))
FILES = {
    **feed(
        [
            trip("w", "A 07:55 B 08:05 C 08:20", service="winter"),
            trip("s", "A 07:50 B 08:05 C 08:15", service="summer"),
        ],
        services={"winter": WINTER, "summer": SUMMER},
        routes=[{"route_id": "R", "route_short_name": "12"}],
    ),
    "feed_info.txt": "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version,"
    "feed_contact_email\nRégion,https://agency.example.org,fr,20250301,20250930,1,a@example.org\n",
    "note.txt": "un mot\nà part\n",
}
NAMES = ["accessibility.csv", "gtfs.zip", "lines.csv", "lines.geojson", "netex-fr.zip", "stop_times.parquet",
         "stops.geojson"]  # fmt: skip


@pytest.fixture
def services(config: Config, tmp_path: Path) -> Iterator[Services]:
    opened = Services(config)
    schema.create(opened.engine)
    service.import_feed(opened, write_zip(FILES, tmp_path / "cars.zip"), "cars", now=NOW)
    yield opened
    opened.engine.dispose()


def editions(services: Services, folder: Path, now: datetime = NOW) -> dict[Slot, Edition]:
    [offer] = [each for each in offers(services, now) if each.declared.code == "horaires-cars"]
    made = list(offer.produce(now, folder))
    declared = sorted(spec.name for spec in offer.declared.files)
    for edition in made:
        assert sorted(file.name for file in edition.files) == declared == NAMES
    return {edition.slot: edition for edition in made}


def test_a_feed_leaves_with_all_its_files_now_and_for_the_coming_period(services: Services, tmp_path: Path) -> None:
    made = editions(services, tmp_path / "made")
    assert (made[Slot.LATEST].first_day, made[Slot.NEXT].first_day) == (date(2025, 3, 1), date(2025, 5, 2))
    paths = {slot: {file.name: file.content for file in edition.files} for slot, edition in made.items()}
    now, then = (gtfs.read(Path(str(paths[slot]["gtfs.zip"]))) for slot in (Slot.LATEST, Slot.NEXT))
    assert now.tables["trips"]["trip_id"].to_list() == ["s", "w"]
    assert then.tables["trips"]["trip_id"].to_list() == ["s"]
    assert "note.txt" in now.sizes


@pytest.mark.parametrize(
    ("instant", "slots"),
    [
        (datetime(2025, 2, 1, tzinfo=UTC), {Slot.NEXT}),  # nothing of it runs yet
        (datetime(2025, 3, 18, tzinfo=UTC), {Slot.LATEST, Slot.NEXT}),
        (datetime(2025, 6, 1, tzinfo=UTC), {Slot.LATEST}),
    ],
)
def test_what_is_to_come_has_its_own_address(
    services: Services, tmp_path: Path, instant: datetime, slots: set[Slot]
) -> None:
    assert set(editions(services, tmp_path / "made", instant)) == slots


def test_published_past_every_judge_and_not_again_while_nothing_changes(services: Services) -> None:
    wanted = [each for each in offers(services, NOW) if each.declared.code == "horaires-cars"]
    first = publish_all(services, wanted, NOW, judges=judges(services))
    assert [(each.slot, each.result) for each in first] == [(Slot.LATEST, "published"), (Slot.NEXT, "published")]
    again = publish_all(services, wanted, NOW + timedelta(days=1), judges=judges(services))
    assert [(each.slot, each.result) for each in again] == [(Slot.LATEST, "unchanged"), (Slot.NEXT, "unchanged")]


def test_a_feed_that_is_somebody_else_s_or_taken_out_is_not_ours_to_publish(services: Services) -> None:
    with transaction(services.engine) as session:
        feeds.set_active(session, "cars", False)
    assert not [each for each in offers(services, NOW) if each.declared.code == "horaires-cars"]


def test_every_dataset_of_the_product_speaks_english_too(services: Services) -> None:
    for offer in offers(services, NOW):
        said, declared = offer.declared.said("en"), offer.declared
        assert declared.english is not None, declared.code
        assert all((said.title, said.description, said.serves, said.keywords)), declared.code
        assert said.title != declared.title


# ---------------------------------------------------------------- all networks as one


def region(services: Services, now: datetime = NOW, folder: Path = Path()) -> dict[Slot, dict[str, bytes]]:
    """The files within the regional archive, by slot."""
    [offer] = [each for each in offers(services, now) if each.declared.code == REGIONAL]
    found = {}
    for edition in offer.produce(now, folder):
        [file] = edition.files
        assert isinstance(file.content, Path)
        with zipfile.ZipFile(file.content) as archive:
            found[edition.slot] = {name: archive.read(name) for name in archive.namelist()}
    return found


def told(files: dict[str, bytes], table: str, column: str) -> list[str]:
    return [row[column] for row in csv.DictReader(io.StringIO(files[f"{table}.txt"].decode()))]


@pytest.fixture
def two(services: Services, tmp_path: Path) -> Services:
    """A second network, which does not change."""
    files = feed([trip("w", "A 07:00 D 07:30", service="all")], services={"all": [*WINTER, *SUMMER]})
    service.import_feed(services, write_zip(files, tmp_path / "bus.zip"), "bus", now=NOW)
    return services


def test_all_networks_leave_as_one_now_and_from_the_first_change_on(two: Services, tmp_path: Path) -> None:
    found = region(two, folder=tmp_path)
    assert told(found[Slot.LATEST], "trips", "trip_id") == ["bus:w", "cars:s", "cars:w"]
    assert told(found[Slot.NEXT], "trips", "trip_id") == ["bus:w", "cars:s"]
    assert told(found[Slot.NEXT], "feed_info", "feed_start_date") == ["20250502"]
    assert min(told(found[Slot.NEXT], "calendar_dates", "date")) == "20250502"
    assert "note.txt" not in found[Slot.LATEST]  # it is in the GTFS of its network
    (label,) = told(found[Slot.LATEST], "feed_info", "feed_version")
    assert len(label) == 12


def test_the_region_s_file_is_published_past_every_judge_under_short_addresses(two: Services) -> None:
    wanted = [each for each in offers(two, NOW) if each.declared.code == REGIONAL]
    fast = [each for each in judges(two) if each.required]  # the slow one looks at such a file in the unit tests
    first = publish_all(two, wanted, NOW, judges=fast)
    assert [(each.slot, each.result) for each in first] == [(Slot.LATEST, "published"), (Slot.NEXT, "published")]
    client = create_app(two.config).test_client()
    for short, slot in (("/gtfs.zip", "latest"), ("/gtfs-next.zip", "next")):
        answer = client.get(short)
        assert (answer.status_code, answer.location) == (302, f"/d/{REGIONAL}/{slot}/gtfs.zip")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert client.get(answer.location).status_code == 200


def test_an_import_in_another_order_changes_nothing_and_a_renamed_id_is_told(two: Services, tmp_path: Path) -> None:
    def publish(now: datetime) -> list[str]:
        wanted = [each for each in offers(two, now) if each.declared.code == REGIONAL]
        return [each.result for each in publish_all(two, wanted, now)]

    assert publish(NOW) == ["published", "published"]
    backwards = {name: _backwards(text) if name.endswith(".txt") else text for name, text in FILES.items()}
    week = timedelta(days=7)
    service.import_feed(two, write_zip(backwards, tmp_path / "again.zip"), "cars", now=NOW + week)
    assert publish(NOW + week) == ["unchanged", "unchanged"]
    renamed = {**FILES, "stops.txt": FILES["stops.txt"].replace("\nB,B,", "\nB2,B,"),
               "stop_times.txt": FILES["stop_times.txt"].replace(",B,", ",B2,")}  # fmt: skip
    service.import_feed(two, write_zip(renamed, tmp_path / "renamed.zip"), "cars", now=NOW + 2 * week)
    assert publish(NOW + 2 * week) == ["published", "published"]
    with reading(two.engine) as session:
        shown = showing.dataset(session, REGIONAL, NOW)
        pairs = [changes.pair_of(session, each) for each in (shown.version, shown.coming) if each is not None]
    assert changes.compare_due(two) == 3  # the last two, and what was to come a week ago
    for pair, before in zip(pairs, (1, 3), strict=True):  # what is to come is compared with what is in force
        assert pair is not None
        assert pair.before.number == before
        made = changes.find(two.config.home, pair)
        assert made is not None
        assert "cars:B → cars:B2" in made.csv.read_text() or before == 3
    stops = set(told(region(two, NOW + 2 * week, tmp_path / "x")[Slot.LATEST], "stops", "stop_id"))
    assert stops == {"bus:A", "bus:D", "cars:A", "cars:B2", "cars:C"}


def _backwards(text: str) -> str:
    head, *lines = text.splitlines()
    return "\n".join([head, *reversed(lines)]) + "\n"


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({"a": LICENCE_OUVERTE, "b": LICENCE_OUVERTE}, (LICENCE_OUVERTE, ["a", "b"])),
        ({"a": LICENCE_OUVERTE, "b": ODBL}, (ODBL, ["a", "b"])),
        ({"a": LICENCE_OUVERTE, "b": LICENCE_MOBILITES}, (LICENCE_OUVERTE, ["a"])),
        ({"a": LICENCE_MOBILITES}, (LICENCE_MOBILITES, ["a"])),
        ({}, (LICENCE_MOBILITES, [])),
    ],
    ids=["open", "share alike", "apart", "alone", "none"],
)
def test_feeds_are_put_together_under_a_licence_that_all_allow(
    held: dict[str, Licence], expected: tuple[Licence, list[str]]
) -> None:
    assert shared_licence(held) == expected


def test_fares_leave_as_a_table_and_as_the_fare_tables_of_a_gtfs(services: Services, tmp_path: Path) -> None:
    now = datetime(2026, 11, 26, 3, tzinfo=UTC)
    [offer] = [each for each in offers(services, now) if each.declared.code == "billettique-tarifs"]
    first, again = (next(iter(offer.produce(now, tmp_path))) for _ in range(2))
    assert [file.name for file in first.files] == ["tarifs.csv", "gtfs-fares-v2.zip", "netex-tarifs.zip"]
    assert [file.content_sha256 for file in first.files] == [file.content_sha256 for file in again.files]
    content = first.files[1].content
    assert isinstance(content, bytes)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        products = list(csv.DictReader(io.StringIO(archive.read("fare_products.txt").decode())))
        assert {"fare_products.txt", "fare_leg_rules.txt"} <= set(archive.namelist())
    assert isinstance(first.files[0].content, bytes)
    table = list(csv.DictReader(io.StringIO(first.files[0].content.decode())))
    assert sorted((row["fare_product_id"], float(row["amount"])) for row in products) == sorted(
        (row["produit"], float(row["prix_eur"])) for row in table
    )
