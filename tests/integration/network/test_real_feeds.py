"""Real feeds, as they are: all of gtfs/ and bench/ import, the broken ones say why, published figures come out."""

import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mobigo.base.errors import InvalidInput, MobigoError
from mobigo.infra.config import Config
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.export import gtfs as export
from mobigo.network.gateway import gtfs
from mobigo.network.model.feed import FeedTables
from mobigo.network.model.report import Report, merged
from mobigo.network.rules.days import services
from mobigo.network.rules.validation import validate
from mobigo.network.rules.view import View

pytestmark = pytest.mark.realdata
TUESDAY = date(2025, 3, 18)

# What each feed is known to have wrong (README of the real data, or seen by eye), in the zone it runs in.
FEEDS: dict[str, tuple[str, set[str]]] = {
    "gtfs/cairns-2014.zip": ("Australia/Brisbane", {"mobigo_blank_times", "mobigo_expired_feed"}),
    "gtfs/cdmx-2018-frequencies.zip": ("America/Mexico_City", {"unknown_file", "leading_or_trailing_whitespaces"}),
    "gtfs/ctran-flex-faresv2-2025-11.zip": ("America/Los_Angeles", {"unknown_column", "service_never_active"}),
    "gtfs/porto-alegre-eptc-2019.zip": ("America/Sao_Paulo", {"mobigo_blank_times", "invalid_color"}),
    "gtfs/porto-alegre-trensurb-2019.zip": ("America/Sao_Paulo", {"leading_or_trailing_whitespaces"}),
    "gtfs/sncf-intercites-2013-12.zip": ("Europe/Paris", {"mobigo_long_dwell", "non_ascii_or_non_printable_char"}),
    "gtfs/sncf-ter-2025-01.zip": ("Europe/Paris", {"mobigo_calendar_dates_only", "duplicate_route_name"}),
    "gtfs/tallis-lons-le-saunier-2024-07.zip": (
        "Europe/Paris",
        {"stop_time_with_arrival_before_previous_departure_time", "decreasing_or_equal_stop_time_distance"},
    ),
    "gtfs/tam-montpellier-2026-01.zip": ("Europe/Paris", {"missing_recommended_file", "route_short_name_too_long"}),
    "gtfs/trimet-2routes-2021-blocks.zip": ("America/Los_Angeles", {"service_has_no_active_day_of_the_week"}),
    "gtfs/wmata-rail-2026-04-pathways.zip": (
        "America/New_York",
        {"mobigo_stray_after_quote", "bidirectional_exit_gate", "mobigo_calendar_dates_only"},
    ),
    "bench/merged-fr.zip": ("Europe/Paris", {"missing_required_agency_id", "leading_or_trailing_whitespaces"}),
    "malformed/bart-errors.zip": ("America/Los_Angeles", {"number_out_of_range"}),  # −200 is no latitude, near no pole
}


def test_every_feed_of_the_real_data_is_in_the_table(realdata: Path) -> None:
    present = {f"{folder}/{path.name}" for folder in ("gtfs", "bench") for path in (realdata / folder).glob("*.zip")}
    assert present == {name for name in FEEDS if not name.startswith("malformed/")}


@pytest.mark.parametrize("name", FEEDS)
def test_each_real_feed_imports_and_tells_its_faults(realdata: Path, config: Config, name: str) -> None:
    from mobigo.app import schema

    zone, codes = FEEDS[name]
    tools = Services(replace(config, zone=zone))
    schema.create(tools.engine)
    version = service.import_feed(tools, realdata / name, "feed", now=datetime(2026, 3, 16, tzinfo=UTC))
    assert not version.report.blocking
    assert codes <= version.report.codes
    assert version.rows["trips"] > 0
    tools.engine.dispose()


@pytest.mark.parametrize("name", [name for name in FEEDS if not name.startswith("bench/")])
def test_each_real_feed_written_back_has_every_cell(realdata: Path, tmp_path: Path, name: str) -> None:
    read = gtfs.read(realdata / name)
    (again := tmp_path / "again.zip").write_bytes(export.exact(read.tables, read.headers))
    other = gtfs.read(again)
    assert other.headers == read.headers
    for table, frame in read.tables.tables.items():
        assert other.tables[table].drop("_line").equals(frame.drop("_line")), table


def test_a_feed_of_another_zone_is_refused_by_a_french_network(realdata: Path) -> None:
    report = validate(gtfs.read_feed(realdata / "gtfs/cairns-2014.zip"), TUESDAY, "Europe/Paris")
    assert {finding.code for finding in report.blocking} == {"mobigo_wrong_timezone"}


# --- figures of the real data's README


def trips_on(tables: FeedTables, day: date) -> set[str]:
    known = services(View(tables))
    assert known is not None
    offset = (day - known.first_day).days
    active = {name for name, place in known.index.items() if known.active[place, offset]}
    trips = tables["trips"]
    return {trip for trip, of in zip(trips["trip_id"], trips["service_id"], strict=True) if of in active}


def calling_at(tables: FeedTables, trips: set[str], name: str) -> int:
    stops = tables["stops"]
    here = {stop for stop, named in zip(stops["stop_id"], stops["stop_name"], strict=True) if named == name}
    times = tables["stop_times"]
    return len({trip for trip, stop in zip(times["trip_id"], times["stop_id"], strict=True) if stop in here} & trips)


def test_figures_of_the_ter_feed_on_a_tuesday(realdata: Path) -> None:
    tables = gtfs.read_feed(realdata / "gtfs/sncf-ter-2025-01.zip")
    running = trips_on(tables, TUESDAY)
    assert len(running) == 11_281
    assert calling_at(tables, running, "Dijon") == 210
    assert calling_at(tables, running, "Besançon Viotte") == 173


def test_figures_of_the_merged_feed(realdata: Path) -> None:
    tables = gtfs.read_feed(realdata / "bench/merged-fr.zip")
    assert {name: tables[name].height for name in ("stops", "trips", "stop_times")} == {
        "stops": 15_304,
        "trips": 79_299,
        "stop_times": 1_310_615,
    }


def test_a_feed_that_names_the_24_hour_dwell(realdata: Path) -> None:
    found = validate(gtfs.read_feed(realdata / "gtfs/sncf-intercites-2013-12.zip"), TUESDAY).find("mobigo_long_dwell")
    assert found is not None
    [dwell] = found.examples
    assert (dwell.params["arrival_time"], dwell.value) == ("12:36:00", "36:32:00")


# --- broken on purpose

MALFORMED = {
    "accessibility": {"mobigo_empty_table", "mobigo_nothing_joins"},
    "agency": {"inconsistent_agency_timezone", "invalid_timezone", "invalid_url"},
    "agency_multiple": {"missing_required_field", "duplicate_key"},
    "check_id": {"missing_required_agency_id", "non_ascii_or_non_printable_char"},
    "check_name": {"missing_stop_name", "route_both_short_and_long_name_missing"},
    "duplicate_stop_sequence": {"duplicate_key"},
    "duplicates": {"duplicate_key", "overlapping_frequency", "number_out_of_range"},
    "duration_distance": {
        "fast_travel_between_consecutive_stops",
        "point_near_origin",
        "stop_time_with_arrival_before_previous_departure_time",
    },
    "empty_calendar": {"mobigo_empty_calendar", "mobigo_nothing_joins"},
    "feed_info": {"more_than_one_entity", "invalid_url"},
    "interpolated_stop_times": {"mobigo_blank_times", "missing_trip_edge"},
    "invalid_references": {"foreign_key_violation", "unused_trip"},
    "invalid_stop_file": {"invalid_float"},
    "missing_agency_id": {"missing_required_agency_id"},
    "missing_mandatory_files": {"missing_required_file"},
    "route_type_invalid": {"unexpected_enum_value"},
    "route_type_missing": {"missing_required_field"},
    "shapes": {"number_out_of_range", "unused_shape"},
    "stop_times_increase": {"start_and_end_range_out_of_order"},
    "stop_times_location_type": {"location_with_unexpected_stop_time", "station_with_parent_station"},
    "stops": {"invalid_row_length", "location_without_parent_station", "number_out_of_range", "point_near_origin"},
    "sub_folder": {"invalid_input_files_in_subfolder"},
    "unusable_trip": {"duplicate_key", "missing_calendar_and_calendar_date_files"},
    "unused_stop": {"stop_without_stop_time"},
}


@pytest.fixture(scope="module")
def malformed(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("malformed")
    with zipfile.ZipFile(realdata / "malformed/transport-validator-test_data.zip") as archive:
        archive.extractall(folder)
    return folder / "test_data"


def report_of(folder: Path) -> Report:
    read = gtfs.read(folder)
    return merged([read.report, validate(read.tables, TUESDAY)])


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_broken_on_purpose_is_found(malformed: Path, case: str) -> None:
    assert MALFORMED[case] <= report_of(malformed / case).codes


def test_every_malformed_case_is_read_or_refused_with_a_reason(malformed: Path) -> None:
    refused = {}
    for folder in sorted(malformed.iterdir()):
        try:
            report_of(folder)
        except MobigoError as error:
            refused[folder.name] = error.decision.code
    assert refused == {"custom_rules": "network.no_tables"}


def test_an_archive_of_many_feeds_is_not_guessed_at(realdata: Path) -> None:
    with pytest.raises(InvalidInput, match="several_feeds"):
        gtfs.read(realdata / "malformed/transport-validator-test_data.zip")


# --- a second opinion

# Codes on which our scope is another, each for its reason.
DIFFERENT = {
    "non_ascii_or_non_printable_char",  # told where an id is defined, not at each reference
    "leading_or_trailing_whitespaces",  # the other strips cells before it looks
    "missing_recommended_column",
    "missing_recommended_field",  # recommended columns: those of feed_info alone
}
# Rules we do not have: advice on style.
NOT_OURS = {
    "big_gap_in_service", "feed_valid_beyond_total_service_window", "mixed_case_recommended_field", "future_calendar",
    "missing_pickup_drop_off_booking_rule_id", "service_extends_far_in_the_future",
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "sncf-ter-2025-01", "sncf-intercites-2013-12", "tallis-lons-le-saunier-2024-07", "trimet-2routes-2021-blocks",
        "cairns-2014", "porto-alegre-trensurb-2019", "ctran-flex-faresv2-2025-11",
    ],
)  # fmt: skip
def test_an_independent_validator_counts_the_same_faults(realdata: Path, name: str) -> None:
    gtfs_guru = pytest.importorskip("gtfs_guru")
    path = realdata / f"gtfs/{name}.zip"
    theirs = Counter(notice.code for notice in gtfs_guru.validate(str(path), date=TUESDAY.isoformat()).notices)
    ours = {finding.code: finding.total for finding in report_of(path).findings}
    codes = {code for code in {*theirs, *ours} if not code.startswith("mobigo_")} - DIFFERENT - NOT_OURS
    assert {code: ours.get(code, 0) for code in codes} == {code: theirs[code] for code in codes}
