"""The feed that reusers get: nothing lost, the same bytes for the same facts, an archive any tool opens."""

import io
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.network.export.archive import write_zip
from mobigo.network.export.gtfs import published
from mobigo.network.gateway import gtfs
from tests.builders import feed, frequency, tables, trip, write_folder

FILES = feed(
    [trip("b", "A 07:55 B 08:05"), trip("a", "A 09:55 B 10:05 C 10:20")],
    frequencies=[frequency("a", "09:00", "11:00", 600)],
)
LINE_STOP = "stop_id,stop_name\nS10,Dix\nS9,Neuf\n"


def made(files: Mapping[str, str], others: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """The published files of a feed given as text."""
    kept: dict[str, Callable[[], bytes]] = {name: lambda data=data: data for name, data in (others or {}).items()}
    return {name: make() for name, make in published(tables(files), others=kept).items()}


def test_columns_stand_in_the_order_of_the_reference_then_the_others_by_name() -> None:
    files = made({"stops.txt": "zebra,stop_name,note,stop_id\n1,Gare,x,A\n"})
    assert files["stops.txt"] == b"stop_id,stop_name,note,zebra\r\nA,Gare,x,1\r\n"


def test_a_column_without_any_value_survives_and_a_comma_too_many_does_not() -> None:
    read = tables({"stops.txt": "stop_id,stop_desc,_column_3\nA,,\n"})
    files = published(read, {"stops": ("stop_id", "stop_desc", "")})
    assert files["stops.txt"]() == b"stop_id,stop_desc\r\nA,\r\n"


def test_a_nameless_column_with_a_value_survives() -> None:
    read = tables({"stops.txt": "stop_id,_column_2\nA,seul\n"})
    assert published(read, {"stops": ("stop_id", "")})["stops.txt"]() == b"stop_id,\r\nA,seul\r\n"


def test_an_empty_table_survives() -> None:
    assert made({"areas.txt": "area_id,area_name\n"})["areas.txt"] == b"area_id,area_name\r\n"


def test_blanks_around_values_go_and_blanks_within_stay() -> None:
    assert made({"stops.txt": "stop_id,stop_name\n A , Gare  de B \n"})["stops.txt"].endswith(b"A,Gare  de B\r\n")


def test_sequences_sort_as_numbers_and_ids_as_text() -> None:
    files = made({"stop_times.txt": "trip_id,stop_id,stop_sequence\nt,A,10\nt,B,9\ns,C,1\n", "stops.txt": LINE_STOP})
    assert files["stop_times.txt"].split(b"\r\n")[1:4] == [b"s,C,1", b"t,B,9", b"t,A,10"]
    assert files["stops.txt"].split(b"\r\n")[1:3] == [b"S10,Dix", b"S9,Neuf"]


def test_rows_of_one_key_are_all_kept_in_one_order() -> None:
    rows = ["A,Un", "A,Deux", "A,Un"]
    seen = {made({"stops.txt": "stop_id,stop_name\n" + "\n".join(order)})["stops.txt"] for order in (rows, rows[::-1])}
    assert seen == {b"stop_id,stop_name\r\nA,Deux\r\nA,Un\r\nA,Un\r\n"}


def test_what_is_no_table_of_the_reference_comes_out_as_it_came() -> None:
    note = "Bonjour,\n\nà vous\n".encode("latin-1")
    files = made({**FILES, "lisez-moi.txt": "Bonjour\n"}, {"lisez-moi.txt": note, "locations.geojson": b"{ }"})
    assert (files["lisez-moi.txt"], files["locations.geojson"]) == (note, b"{ }")


def test_shuffled_rows_and_columns_are_the_same_bytes() -> None:
    shuffled = {}
    for name, text in FILES.items():
        header, *rows = [line.split(",") for line in text.splitlines()]
        place = random.Random(name).sample(range(len(header)), len(header))
        random.Random(name).shuffle(rows)
        shuffled[name] = "\n".join(",".join(row[at] for at in place) for row in [header, *rows]) + "\n"
    assert made(shuffled) == made(FILES)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=4)


@given(
    columns=st.lists(st.sampled_from(["stop_id", "stop_name", "stop_lat", "extra", "Autre"]), unique=True, min_size=1),
    data=st.data(),
)
def test_every_value_survives_and_a_second_pass_changes_nothing(columns: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*[CELL] * len(columns)), max_size=4))
    if len(columns) == 1:  # a lone blank value that is no record: the reader cannot give it
        rows = [row for row in rows if row[0].strip()]
    import csv

    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([columns, *rows])
    once = made({"stops.txt": text.getvalue()})["stops.txt"]
    found = list(csv.reader(io.StringIO(once.decode(), newline="")))
    assert sorted(found[0]) == sorted(columns)
    place = [found[0].index(column) for column in columns]
    wanted = sorted(tuple(strip(cell) for cell in row) for row in rows)
    assert sorted(tuple(row[at] for at in place) for row in found[1:]) == wanted
    again = io.StringIO()
    csv.writer(again, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(found)
    assert made({"stops.txt": again.getvalue()})["stops.txt"] == once


def strip(text: str) -> str:
    """Without the blanks around it, as polars sees them: Unicode White_Space, which the separators U+001C to U+001F,
    blanks for Python, are not."""
    start, end = 0, len(text)
    blank = [letter.isspace() and letter not in "\x1c\x1d\x1e\x1f" for letter in text]
    while start < end and blank[start]:
        start += 1
    while end > start and blank[end - 1]:
        end -= 1
    return text[start:end]


def test_a_whole_feed_goes_through_the_archive_and_back(tmp_path: Path) -> None:
    read = gtfs.read(write_folder(FILES, tmp_path / "feed"))
    packed = write_zip(tmp_path / "gtfs.zip", published(read.tables, read.headers))
    again = gtfs.read(tmp_path / "gtfs.zip")
    assert again.content_hash == packed.content_hash
    assert packed.size == (tmp_path / "gtfs.zip").stat().st_size
    assert not again.report.findings
    other = write_zip(tmp_path / "other.zip", published(again.tables, again.headers))
    assert other == packed
    assert (tmp_path / "other.zip").read_bytes() == (tmp_path / "gtfs.zip").read_bytes()


# --- the archive


def test_any_tool_opens_the_archive(tmp_path: Path) -> None:
    content = {"b.txt": b"2" * 10_000, "a/é.txt": b"", "a.txt": random.Random(1).randbytes(999)}
    write_zip(tmp_path / "x.zip", {name: lambda data=data: data for name, data in content.items()})
    with zipfile.ZipFile(tmp_path / "x.zip") as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == content
        assert opened.namelist() == sorted(content)
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert opened.getinfo("b.txt").compress_size < 200


def test_files_are_made_one_at_a_time_in_order(tmp_path: Path) -> None:
    asked: list[str] = []

    def make(name: str) -> Callable[[], bytes]:
        return lambda: asked.append(name) or b"x"  # type: ignore[func-returns-value]

    write_zip(tmp_path / "x.zip", {name: make(name) for name in ("c", "a", "b")})
    assert asked == ["a", "b", "c"]


def test_an_archive_that_fails_half_way_leaves_the_old_one_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"old")

    def full() -> bytes:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_zip(tmp_path / "x.zip", {"a": lambda: b"1", "b": full})
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x.zip", b"old")]
