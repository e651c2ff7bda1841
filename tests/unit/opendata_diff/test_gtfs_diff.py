"""Differences between two feeds: what the specification wants, the way back, and what people are told."""

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobigo.app import cli
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra.i18n import sentence, use_language
from mobigo.network.model.feed import LINE, FeedTables
from opendata.engine.gtfs_diff import COLUMNS, applied, differences
from opendata.engine.gtfs_story import noted, renamed, story
from opendata.export.gtfs_diff import diff_bytes
from opendata.gateway.gtfs_diff import read_diff
from opendata.service.comparing import apply, compare

Rows = list[dict[str, str]]
STOPS: Rows = [
    {"stop_id": "A", "stop_name": "Mairie", "stop_lat": "47.0000", "stop_lon": "6.0000"},
    {"stop_id": "B", "stop_name": "Gare", "stop_lat": "47.1000", "stop_lon": "6.1000"},
    {"stop_id": "C", "stop_name": "Lycée « Cournot », porte 2", "stop_lat": "47.2000", "stop_lon": "6.2000"},
]
TRIPS: Rows = [{"route_id": "L1", "service_id": "S", "trip_id": f"T{number}"} for number in range(3)]
TIMES: Rows = [
    {"trip_id": f"T{trip}", "arrival_time": f"0{7 + trip}:1{at}:00", "stop_id": stop, "stop_sequence": str(at)}
    for trip in range(3)
    for at, stop in enumerate("ABC")
]
ROUTES: Rows = [{"route_id": "L1", "route_short_name": "12", "route_color": "FFFFFF", "route_type": "3"}]
# The first journey left out, the second at another hour.
LATER = [
    {**row, "arrival_time": "09:00:00"} if row["trip_id"] == "T1" else row for row in TIMES if row["trip_id"] != "T0"
]
FEED = {"stops": STOPS, "trips": TRIPS, "stop_times": TIMES, "routes": ROUTES}


def feed(tables: Mapping[str, Rows]) -> FeedTables:
    frames = {}
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        filled = [{column: row.get(column, "") for column in columns} for row in rows]
        frame = pl.DataFrame(filled, schema=dict.fromkeys(columns, pl.String))
        frames[name] = frame.with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(LINE))
    return FeedTables(frames)


def contents(tables: FeedTables) -> dict[str, tuple[frozenset[str], Counter[frozenset[tuple[str, str]]]]]:
    """Each table as its columns and its rows, in no order."""
    return {
        name: (
            frozenset(frame.columns) - {LINE},
            Counter(frozenset(row.items()) for row in frame.drop(LINE, strict=False).iter_rows(named=True)),
        )
        for name, frame in tables.tables.items()
    }


def told(old: Mapping[str, Rows], new: Mapping[str, Rows]) -> list[Decision]:
    before, after = feed(old), feed(new)
    return story(differences(before, after), before, after)


def with_stop(stop: str, **values: str) -> dict[str, Rows]:
    return {**FEED, "stops": [{**row, **values} if row["stop_id"] == stop else row for row in STOPS]}


def test_shuffled_rows_and_columns_are_no_difference() -> None:
    shuffled = {name: [dict(reversed(row.items())) for row in reversed(rows)] for name, rows in FEED.items()}
    assert differences(feed(FEED), feed(shuffled)).height == 0
    assert told(FEED, shuffled) == [Decision("opendata.diff.nothing")]


def test_each_difference_is_written_as_the_specification_says() -> None:
    new = {
        "stops": [{**STOPS[0], "wheelchair_boarding": "1"}, {**STOPS[2], "stop_name": 'Lycée "C"'}],
        "trips": TRIPS, "stop_times": TIMES, "routes": ROUTES,
        "levels": [{"level_id": "0"}],
    }  # fmt: skip
    diff = differences(feed(FEED), feed(new))
    assert diff.columns == list(COLUMNS)
    rows = list(csv.reader(io.StringIO(diff_bytes(diff).decode())))
    assert rows[0] == list(COLUMNS)
    assert [row[1:] for row in rows[1:]] == [
        ["levels.txt", "add", "file", '{"filename":"levels.txt"}', "", "", ""],
        ["levels.txt", "add", "column", '{"column":"level_id"}', "", "", ""],
        ["stops.txt", "add", "column", '{"column":"wheelchair_boarding"}', "", "", ""],
        ["levels.txt", "add", "row", '{"level_id":"0"}', "", '{"level_id":"0"}', ""],
        ["stops.txt", "delete", "row", '{"stop_id":"B"}', "", "", ""],
        [
            "stops.txt", "update", "row", '{"stop_id":"A"}', '{"wheelchair_boarding":""}',
            '{"wheelchair_boarding":"1"}', "",
        ],
        [
            "stops.txt", "update", "row", '{"stop_id":"C"}', '{"stop_name":"Lycée « Cournot », porte 2"}',
            '{"stop_name":"Lycée \\"C\\""}', "",
        ],
    ]  # fmt: skip
    assert [row[0] for row in rows[1:]] == [str(number) for number in range(1, 8)]


def test_files_that_are_no_tables_are_told_too() -> None:
    diff = differences(feed(FEED), feed(FEED), ({"a.pdf": "1", "locations.geojson": "2"}, {"locations.geojson": "3"}))
    assert list(diff.select("file", "action", "target").iter_rows()) == [
        ("a.pdf", "delete", "file"), ("locations.geojson", "delete", "file"), ("locations.geojson", "add", "file"),
    ]  # fmt: skip
    assert contents(applied(diff, feed(FEED))) == contents(feed(FEED))


@pytest.mark.parametrize(
    ("new", "french"),
    [
        (with_stop("A", stop_lat="47.00036"), "L’arrêt Mairie a été déplacé de 40 m."),
        (with_stop("B", stop_name="Gare SNCF"), "L’arrêt Gare s’appelle désormais Gare SNCF."),
        (with_stop("A", stop_id="A2"), "L’arrêt Mairie change d’identifiant : A devient A2."),
        (with_stop("B", wheelchair_boarding="1"), "L’arrêt Gare est désormais accessible en fauteuil roulant."),
        ({**FEED, "stops": STOPS[1:]}, "L’arrêt Mairie n’y est plus."),
        ({**FEED, "routes": [{**ROUTES[0], "route_color": "AA0000"}]}, "La ligne 12 change de couleur."),
        ({**FEED, "routes": [{**ROUTES[0], "route_id": "X"}]}, "La ligne 12 change d’identifiant : L1 devient X."),
        (
            {**FEED, "trips": TRIPS[1:], "stop_times": LATER},
            "Ligne 12 : courses ajoutées : 0 ; supprimées : 1 ; modifiées : 1.",
        ),
    ],
)  # fmt: skip
def test_people_are_told_what_changed(new: dict[str, Rows], french: str) -> None:
    with use_language("fr"):
        assert french in [sentence(each).replace("\u202f", " ").replace("\xa0", " ") for each in told(FEED, new)]


def test_a_stop_moved_by_less_than_a_metre_is_not_said_to_move() -> None:
    assert not [each for each in told(FEED, with_stop("A", stop_lat="47.000008")) if "moved" in each.code]  # 0.9 m


def test_a_changed_identifier_is_noted_on_both_rows() -> None:
    before, after = feed(FEED), feed(with_stop("A", stop_id="A2"))
    diff = noted(differences(before, after), before, after)
    assert renamed(diff, before, after) == {("stops.txt", "A"): "A2"}
    assert diff.filter(pl.col("note") != "").select("action", "note").rows() == [
        ("delete", "A → A2"), ("add", "A → A2"),
    ]  # fmt: skip


def test_two_stops_of_one_name_side_by_side_are_not_taken_for_one_another() -> None:
    twins = [{**STOPS[0], "stop_id": name} for name in ("A1", "A2")]
    new = [{**STOPS[0], "stop_id": name} for name in ("X1", "X2")]
    codes = Counter(each.code for each in told({"stops": twins}, {"stops": new}))
    assert codes == {"opendata.diff.stop_added": 2, "opendata.diff.stop_deleted": 2}


# ---------------------------------------------------------------- the way back

VALUES = st.sampled_from(["", "1", "2", "é « à »", '"', "a,b", "\\", "x\ny", "{", "null"])
NAMES = ("stops", "trips", "frequencies", "feed_info", "transfers", "unknown_table")
KEYS = {
    "stops": ["stop_id"],
    "trips": ["trip_id"],
    "frequencies": ["trip_id", "start_time"],
    "transfers": ["from_stop_id"],
}


@st.composite
def feeds(draw: st.DrawFn) -> FeedTables:
    tables = {}
    for name in draw(st.sets(st.sampled_from(NAMES), min_size=1)):
        columns = [*KEYS.get(name, []), *draw(st.sets(st.sampled_from(["c1", "c2", "c3"]), min_size=1))]
        rows = draw(st.lists(st.tuples(*([VALUES] * len(columns))), max_size=6))
        tables[name] = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    return FeedTables({name: frame.with_columns(pl.lit(1, pl.Int64).alias(LINE)) for name, frame in tables.items()})


@settings(max_examples=60)
@given(feeds(), feeds())
def test_the_old_feed_with_its_differences_is_the_new_one(old: FeedTables, new: FeedTables) -> None:
    assert contents(applied(differences(old, new), old)) == contents(new)


def edited(tables: dict[str, Rows], chance: random.Random) -> dict[str, Rows]:
    """A feed as a publisher changes it: a row goes, comes, or changes in one field; a column comes or goes."""
    name = chance.choice(sorted(tables))
    rows = [dict(row) for row in tables[name]]
    kind = chance.choice(["delete", "add", "update", "update", "update", "column", "shuffle"])
    if kind == "delete":
        rows.pop(chance.randrange(len(rows)))
    elif kind == "add":
        rows.append({column: f"new{chance.randrange(10_000)}" for column in rows[0]})
    elif kind == "update":
        chance.choice(rows)[chance.choice(sorted(rows[0]))] = f"v{chance.randrange(10_000)}"
    elif kind == "column":
        for row in rows:
            if row.pop("extra", None) is None:
                row["extra"] = chance.choice(["", "1"])
    else:
        chance.shuffle(rows)
    return {**tables, name: rows} if len(rows) > 1 or kind != "delete" else tables


def test_two_hundred_edits_of_a_feed_are_applied_exactly(tmp_path: Path) -> None:
    chance = random.Random(5)
    tables: dict[str, Rows] = {name: [dict(row) for row in rows] for name, rows in FEED.items()}
    for number in range(200):
        after = edited(tables, chance)
        diff = differences(feed(tables), feed(after))
        if number % 20 == 0:  # through its file too
            (tmp_path / "d.csv").write_bytes(diff_bytes(diff))
            diff = read_diff(tmp_path / "d.csv")
        assert contents(applied(diff, feed(tables))) == contents(feed(after))
        tables = after


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"identifier": '{"stop_id":"Z"}'}, "stops.txt"),
        ({"identifier": "not json"}, "stops.txt"),
        ({"identifier": "[]"}, "stops.txt"),
        ({"identifier": '{"unknown":"Z"}'}, "stops.txt"),
        ({"initial_value": '{"stop_name":"Hôtel de ville"}'}, "stops.txt"),  # changed otherwise meanwhile
        ({"file": "nothing.txt"}, "nothing.txt"),
    ],
)
def test_a_difference_that_finds_nothing_to_change_is_said(change: dict[str, str], says: str) -> None:
    diff = differences(feed(FEED), feed(with_stop("A", stop_name="Place")))
    wrong = diff.with_columns(pl.lit(value).alias(column) for column, value in change.items())
    with pytest.raises(InvalidInput) as refused:
        applied(wrong, feed(FEED))
    assert refused.value.decision.code == "opendata.diff_does_not_fit"
    assert refused.value.decision.params["file"] == says


def zipped(path: Path, tables: Mapping[str, Rows]) -> Path:
    with ZipFile(path, "w") as archive:
        for name, rows in tables.items():
            text = io.StringIO()
            out = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
            out.writeheader()
            out.writerows(rows)
            archive.writestr(f"{name}.txt", text.getvalue())
    return path


def test_two_archives_are_compared_and_one_brought_up_to_date(tmp_path: Path) -> None:
    old, new = zipped(tmp_path / "old.zip", FEED), zipped(tmp_path / "new.zip", with_stop("A", stop_lat="47.00036"))
    found = compare(old, new)
    assert [json.loads(row["new_value"]) for row in found.diff.iter_rows(named=True)] == [{"stop_lat": "47.00036"}]
    (tmp_path / "d.csv").write_bytes(found.csv)
    (tmp_path / "patched.zip").write_bytes(apply(tmp_path / "d.csv", old))
    assert compare(tmp_path / "patched.zip", new).diff.height == 0


def test_the_commands_say_what_changes_and_bring_a_feed_up_to_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = zipped(tmp_path / "old.zip", FEED), zipped(tmp_path / "new.zip", with_stop("B", stop_name="Gare SNCF"))
    out, patched = str(tmp_path / "d.csv"), str(tmp_path / "p.zip")
    assert cli.run(["opendata", "diff", str(old), str(new), "--out", out, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["differences"] == 1
    assert document["told"][0]["decision"] == {
        "code": "opendata.diff.stop_renamed", "params": {"old": "Gare", "name": "Gare SNCF"},
    }  # fmt: skip
    assert cli.run(["opendata", "patch", out, str(old), "--out", patched]) == 0
    assert cli.run(["opendata", "diff", patched, str(new)]) == 0
    assert "Aucune différence" in capsys.readouterr().out
    assert cli.run(["opendata", "patch", out, str(new), "--out", patched]) == 0  # it is up to date already
    assert cli.run(["opendata", "diff", str(tmp_path / "none.zip"), str(new)]) == 2


def test_a_file_that_is_no_diff_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_diff(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput) as refused:
        read_diff(tmp_path / "other.csv")
    assert refused.value.decision.code == "opendata.not_a_diff"


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["tallis-lons-le-saunier-2024-07.zip", "ctran-flex-faresv2-2025-11.zip"])
def test_a_real_feed_cut_and_edited_is_given_back(realdata: Path, name: str) -> None:
    from mobigo.network.gateway.gtfs import read_feed

    old = read_feed(realdata / "gtfs" / name)
    cut = {
        table: frame.filter(pl.int_range(pl.len()) % 7 != 3).with_columns(
            pl.when(pl.int_range(pl.len()) % 5 == 1)
            .then(pl.lit("x"))
            .otherwise(pl.col(frame.columns[-2]))
            .alias(frame.columns[-2])
        )
        for table, frame in old.tables.items()
    }
    new = FeedTables({table: frame.sample(fraction=1.0, shuffle=True, seed=1) for table, frame in cut.items()})
    assert contents(applied(differences(old, new), old)) == contents(new)
