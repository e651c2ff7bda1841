"""Several feeds as one: ids behind their feed's name and steady, blanks written out for their own feed, nothing shared
by accident."""

import csv
import io
import json
import random
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from mobigo.network.export.archive import zip_bytes
from mobigo.network.export.gtfs import published
from mobigo.network.export.merged import LOCATIONS, Merged, Part, merge
from mobigo.network.gateway import gtfs
from opendata.gateway.judges import Canonical, Guru
from opendata.model.checks import Verdict
from tests.builders import DAY, feed, frequency, trip, write_zip

ZONE = {
    "type": "FeatureCollection",
    "features": [{
        "type": "Feature", "id": "vallon", "properties": {"stop_name": "Le vallon"},
        "geometry": {"type": "Polygon", "coordinates": [[[4, 46], [4.1, 46], [4.1, 46.1], [4, 46]]]},
    }],
}  # fmt: skip
INFO = "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version\n"
CARS = {
    **feed(
        [
            trip("1", "A 07:55 B 08:05 C 08:20", block="b", shape_id="s"),
            trip("2", "A 09:55 B 10:05", route="N"),
        ],
        stops=[
            {"stop_id": "G", "location_type": "1", "stop_name": "Gare"},
            {"stop_id": "A", "parent_station": "G", "level_id": "0", "stop_name": "Gare", "zone_id": "z"},
            {"stop_id": "B", "stop_name": "Mairie"},
            {"stop_id": "E", "location_type": "2", "parent_station": "G", "stop_name": "Gare"},
        ],
        routes=[
            {"route_id": "R", "network_id": "plus", "agency_id": ""},
            {"route_id": "N", "network_id": "", "agency_id": ""},
        ],
        transfers=[{"from_stop_id": "A", "to_stop_id": "B", "transfer_type": "2", "min_transfer_time": "300"}],
        frequencies=[frequency("2", "10:00", "11:00", 1200)],
    ),
    "agency.txt": "agency_name,agency_url,agency_timezone\nCars,https://cars.example.org,Europe/Paris\n",
    "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,46,4,0\ns,46.2,4,1\n",
    "levels.txt": "level_id,level_index\n0,0\n",
    "pathways.txt": "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional\np,E,A,1,1\n",
    "translations.txt": "table_name,field_name,language,translation,record_id,record_sub_id,field_value\n"
    "stops,stop_name,en,Station,,,Gare\nstops,stop_name,en,Main station,G,,\nfeed_info,feed_publisher_name,en,X,,,\n",
    "attributions.txt": "attribution_id,organization_name,is_producer\n1,Région,1\n",
    "fare_products.txt": "fare_product_id,fare_product_name,amount,currency\nu,Unité,1.50,EUR\nd,Double,3.00,EUR\n",
    "fare_leg_rules.txt": "leg_group_id,network_id,fare_product_id\n,plus,d\n,,u\n",
    "fare_transfer_rules.txt": "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,"
    "fare_transfer_type\n,,-1,3600,0,0\n",
    "feed_info.txt": INFO + "Cars,https://cars.example.org,fr,20250301,20250930,7\n",
    "note.txt": "un mot\nà part\n",
}
TAD = {
    **feed([trip("1", "A 06:00 B 06:30", block="b")]),
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nx,Rural,https://x.example.org,Europe/Paris\n"
    "y,Vallon,https://y.example.org,Europe/Paris\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nR,x,1,3\nF,y,F,3\n",
    "booking_rules.txt": "booking_rule_id,booking_type,prior_notice_duration_min\nr,1,60\n",
    LOCATIONS: json.dumps(ZONE),
    "attributions.txt": "organization_name,is_operator\nAutocars du Val,1\n",
    "fare_products.txt": "fare_product_id,fare_product_name,amount,currency\nu,Unité,2.00,EUR\n",
    "fare_leg_rules.txt": "network_id,fare_product_id\n,u\n",
}
TAD["trips.txt"] += "F,daily,f,\n"
TAD["stop_times.txt"] = (
    "trip_id,arrival_time,departure_time,stop_id,stop_sequence,location_id,start_pickup_drop_off_window,"
    "end_pickup_drop_off_window,pickup_type,drop_off_type,pickup_booking_rule_id,drop_off_booking_rule_id\n"
    "1,06:00:00,06:00:00,A,0,,,,,,,\n1,06:30:00,06:30:00,B,1,,,,,,,\n"
    "f,,,,0,vallon,08:00:00,12:00:00,2,1,r,\nf,,,,1,vallon,08:00:00,12:00:00,1,2,,r\n"
)
TABLES = {
    "agency", "stops", "routes", "trips", "stop_times", "calendar_dates", "shapes", "levels", "pathways", "transfers",
    "frequencies", "translations", "attributions", "fare_products", "fare_leg_rules", "fare_transfer_rules", "networks",
    "route_networks", "booking_rules",
}  # fmt: skip
Files = Mapping[str, str]


def part(name: str, files: Files, folder: Path) -> Part:
    read = gtfs.read(write_zip(files, folder / f"{name}.zip"))
    zones = files.get(LOCATIONS)
    return Part(name, read.tables, None if zones is None else zones.encode())


def whole(folder: Path, cars: Files = CARS, tad: Files = TAD) -> Merged:
    return merge([part("tad", tad, folder), part("cars", cars, folder)])


def rows(merged: Merged, table: str, *columns: str) -> list[tuple[str, ...]]:
    return sorted(merged.tables[table].select(columns).iter_rows())


def packed(merged: Merged) -> bytes:
    files = {name: make() for name, make in published(merged.tables).items()}
    files["feed_info.txt"] = CARS["feed_info.txt"].encode()  # the whole's own is written with it (`service.regional`)
    if merged.locations is not None:
        files[LOCATIONS] = merged.locations
    return zip_bytes(files)


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Merged:
    return whole(tmp_path_factory.mktemp("merged"))


def test_every_table_is_there_and_every_id_is_behind_its_feed(merged: Merged) -> None:
    assert set(merged.tables.tables) == TABLES
    assert rows(merged, "trips", "trip_id", "route_id", "block_id") == [
        ("cars:1", "cars:R", "cars:b"), ("cars:2", "cars:N", ""), ("tad:1", "tad:R", "tad:b"), ("tad:f", "tad:F", ""),
    ]  # fmt: skip
    assert [row for row in rows(merged, "stops", "stop_id", "parent_station", "level_id", "zone_id") if row[1]] == [
        ("cars:A", "cars:G", "cars:0", "cars:z"), ("cars:E", "cars:G", "", ""),
    ]  # fmt: skip
    assert merged.locations is not None
    assert [each["id"] for each in json.loads(merged.locations)["features"]] == ["tad:vallon"]
    assert [row for row in rows(merged, "stop_times", "location_id", "pickup_booking_rule_id") if row[0]] == [
        ("tad:vallon", ""), ("tad:vallon", "tad:r"),
    ]  # fmt: skip
    assert merged.left_out == {"other_files": 1, "translations": 1}  # note.txt; the translation of feed_info


def test_what_one_feed_leaves_unsaid_is_said_of_it_alone(merged: Merged) -> None:
    assert rows(merged, "routes", "route_id", "agency_id") == [
        ("cars:N", "cars:cars"), ("cars:R", "cars:cars"), ("tad:F", "tad:y"), ("tad:R", "tad:x"),
    ]  # fmt: skip
    assert rows(merged, "translations", "record_id", "translation") == [
        ("cars:A", "Station"), ("cars:E", "Station"), ("cars:G", "Main station"),  # its own word comes first
    ]  # fmt: skip
    assert rows(merged, "attributions", "agency_id", "organization_name", "attribution_id") == [
        ("cars:cars", "Région", "cars:1"), ("tad:x", "Autocars du Val", ""), ("tad:y", "Autocars du Val", ""),
    ]  # fmt: skip


def test_a_fare_for_all_lines_is_one_for_all_lines_of_its_feed(merged: Merged) -> None:
    assert rows(merged, "route_networks", "route_id", "network_id") == [
        ("cars:N", "cars:autres"), ("cars:R", "cars:plus"), ("tad:F", "tad:autres"), ("tad:R", "tad:autres"),
    ]  # fmt: skip
    assert rows(merged, "fare_leg_rules", "network_id", "fare_product_id") == [
        ("cars:autres", "cars:u"), ("cars:plus", "cars:d"), ("tad:autres", "tad:u"),
    ]  # fmt: skip
    assert rows(merged, "fare_transfer_rules", "from_leg_group_id", "to_leg_group_id", "transfer_count") == [
        ("cars:autres", "cars:autres", "-1"),
    ]  # fmt: skip
    assert "network_id" not in merged.tables["routes"].columns  # said in one place only


@pytest.mark.parametrize(
    ("cars", "tad", "kept", "left_out"),
    [
        ("leg_group_id,network_id,fare_product_id,rule_priority\n,,u,1\n", None, ["cars:u"], 1),  # tad has no priority
        (None, "network_id,fare_product_id,rule_priority\n,u,\n", ["tad:u"], 2),
        ("leg_group_id,network_id,fare_product_id,from_timeframe_group_id\n,,u,h\n", None, ["tad:u"], 2),
    ],
    ids=["priority in one", "priority in the other", "timeframes"],
)
def test_fares_that_would_change_those_of_another_feed_are_left_out_and_counted(
    tmp_path: Path, cars: str | None, tad: str | None, kept: list[str], left_out: int
) -> None:
    ours = CARS if cars is None else {**CARS, "fare_leg_rules.txt": cars}
    theirs = TAD if tad is None else {**TAD, "fare_leg_rules.txt": tad}
    found = whole(tmp_path, ours, theirs)
    assert sorted(found.tables["fare_leg_rules"]["fare_product_id"].unique()) == kept
    assert found.left_out["fares_v2"] == left_out


@pytest.mark.parametrize(
    ("rules", "groups", "expected"),
    [
        (",,-1", "g,h", [("g", "g", "-1"), ("g", "h", ""), ("h", "g", ""), ("h", "h", "-1")]),
        ("g,,", "g,h", [("g", "g", "-1"), ("g", "h", "")]),
        (",,2", "g,g", [("g", "g", "2")]),
        (",,2", "g,h", []),  # twice in all: cannot be said pair by pair
    ],
)
def test_transfers_between_all_legs_are_told_pair_by_pair(
    tmp_path: Path, rules: str, groups: str, expected: list[tuple[str, str, str]]
) -> None:
    one, two = groups.split(",")
    files = {
        **CARS,
        "fare_leg_rules.txt": f"leg_group_id,network_id,fare_product_id\n{one},plus,d\n{two},,u\n",
        "fare_transfer_rules.txt": f"from_leg_group_id,to_leg_group_id,transfer_count,fare_transfer_type\n{rules},0\n",
    }
    found = merge([part("cars", files, tmp_path)])
    wanted = [(f"cars:{a}", f"cars:{b}", count) for a, b, count in expected]
    columns = "from_leg_group_id", "to_leg_group_id", "transfer_count"
    assert (rows(found, "fare_transfer_rules", *columns) if expected else []) == wanted
    assert found.left_out.get("fare_transfers", 0) == (0 if expected else 1)


def shuffled(files: Files, seed: int) -> Files:
    dice, out = random.Random(seed), {}
    for name, text in files.items():
        head, *lines = text.splitlines()
        dice.shuffle(lines)
        out[name] = "\n".join([head, *lines]) + "\n" if name.endswith(".txt") else text
    return out


def test_the_same_feeds_in_another_order_are_the_same_bytes(tmp_path: Path, merged: Merged) -> None:
    other = merge([part("cars", shuffled(CARS, 1), tmp_path), part("tad", shuffled(TAD, 2), tmp_path)])
    assert packed(other) == packed(merged)


def ids(merged: Merged) -> dict[str, set[str]]:
    named = {"stops": "stop_id", "routes": "route_id", "trips": "trip_id", "agency": "agency_id", "shapes": "shape_id"}
    return {table: set(merged.tables[table][column]) for table, column in named.items()}


def test_next_week_every_id_is_what_it_was_but_those_a_feed_changed(tmp_path: Path, merged: Merged) -> None:
    later = dict(shuffled(CARS, 3))
    later["stops.txt"] = later["stops.txt"].replace("Mairie", "Place de la mairie")
    later["stop_times.txt"] = "".join(
        line for line in later["stop_times.txt"].splitlines(keepends=True) if not line.startswith("2,")
    )
    later["trips.txt"] = "".join(
        line for line in later["trips.txt"].splitlines(keepends=True) if not line.startswith("N,")
    )
    before, after = ids(merged), ids(whole(tmp_path, later))
    assert before["trips"] - after["trips"] == {"cars:2"}
    for table in before:
        assert after[table] <= before[table], table  # nothing is called otherwise
        assert table == "trips" or after[table] == before[table]


@pytest.mark.parametrize("judge", [Guru(), Canonical()], ids=["guru", "canonical"])
def test_the_whole_has_no_error_by_either_judge(tmp_path: Path, merged: Merged, judge: Guru | Canonical) -> None:
    (tmp_path / "g.zip").write_bytes(packed(merged))
    check = judge.check(tmp_path / "g.zip", "gtfs.zip", DAY)
    assert check.verdict is Verdict.PASSED, check
    assert {finding.code for finding in check.errors} == set()


def test_any_tool_reads_the_whole(merged: Merged) -> None:
    with zipfile.ZipFile(io.BytesIO(packed(merged))) as archive:
        text = archive.read("stop_times.txt").decode()
    found: Sequence[dict[str, str]] = list(csv.DictReader(io.StringIO(text)))
    assert {row["trip_id"].split(":")[0] for row in found} == {"cars", "tad"}
    assert all(None not in row.values() for row in found)
