"""GTFS out: the same tables give the same bytes; exactly what was read, or one tidy form of it."""

import io
import zipfile
from pathlib import Path

from mobigo.network.export.archive import zip_bytes
from mobigo.network.export.gtfs import exact, normalised
from mobigo.network.gateway import gtfs
from tests.builders import feed, trip, write_folder

FILES = feed([trip("b", "A 07:55 B 08:05"), trip("a", "A 09:55 B 10:05 C 10:20")])


def opened(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def written(tmp_path: Path, data: bytes, name: str) -> Path:
    (path := tmp_path / name).write_bytes(data)
    return path


def test_the_same_files_are_the_same_bytes_in_any_order() -> None:
    one = zip_bytes({"b.txt": b"2", "a.txt": b"1"})
    assert one == zip_bytes({"a.txt": b"1", "b.txt": b"2"})
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert archive.namelist() == ["a.txt", "b.txt"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_exact_gives_back_every_cell_and_every_name(tmp_path: Path) -> None:
    odd = {**FILES, "odd.txt": 'a,a,"b,c", d\n1,"2\n3",, 4 \n"""",5,6,7\n', "one.txt": 'x\n""\ny\n'}
    read = gtfs.read(write_folder(odd, tmp_path / "feed"))
    data = exact(read.tables, read.headers)
    assert data == exact(read.tables, read.headers)
    again = gtfs.read(written(tmp_path, data, "again.zip"))
    assert again.headers["odd"] == ("a", "a", "b,c", " d")
    for name, frame in read.tables.tables.items():
        assert again.tables[name].drop("_line").equals(frame.drop("_line"))


def test_normalised_does_not_depend_on_the_order_of_rows_or_columns(tmp_path: Path) -> None:
    lines = FILES["stop_times.txt"].splitlines()
    columns = [line.split(",")[::-1] for line in [lines[0], *lines[:0:-1]]]
    mixed = {**FILES, "stop_times.txt": "\n".join(",".join(row) for row in columns) + "\n"}
    one = normalised(gtfs.read_feed(write_folder(FILES, tmp_path / "one")))
    other = normalised(gtfs.read_feed(write_folder(mixed, tmp_path / "other")))
    assert one == other


def test_normalised_is_its_own_normal_form(tmp_path: Path) -> None:
    once = normalised(gtfs.read_feed(write_folder(FILES, tmp_path / "feed")))
    assert normalised(gtfs.read_feed(written(tmp_path, once, "once.zip"))) == once


def test_normalised_strips_blanks_and_leaves_out_what_is_empty(tmp_path: Path) -> None:
    padded = {**FILES, "levels.txt": "level_name,level_id,level_index\n,  L1 ,0\n", "areas.txt": "area_id,area_name\n"}
    files = opened(normalised(gtfs.read_feed(write_folder(padded, tmp_path / "feed"))))
    assert files["levels.txt"] == "level_id,level_index\r\nL1,0\r\n"
    assert "areas.txt" not in files


def test_sequences_sort_as_numbers(tmp_path: Path) -> None:
    many = feed([trip("a", " ".join(f"S{n} 08:{n:02d}" for n in range(12)))])
    files = opened(normalised(gtfs.read_feed(write_folder(many, tmp_path / "feed"))))
    rows = [line.split(",") for line in files["stop_times.txt"].split("\r\n")[1:-1]]
    at = files["stop_times.txt"].split("\r\n")[0].split(",").index("stop_sequence")
    assert [int(row[at]) for row in rows] == list(range(12))
