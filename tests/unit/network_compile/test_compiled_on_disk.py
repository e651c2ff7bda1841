"""A compiled timetable written and read again; bounds that never exceed the truth."""

import json
from dataclasses import replace

import networkx
import numpy as np
import pytest

from mobigo.base.errors import NotFound
from mobigo.network.engine.bounds import landmarks
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.model.timetable import NEVER_S, Strings, Timetable
from mobigo.network.store.compiled import load, save
from tests.builders import feed, frequency, tables, trip


@pytest.fixture(scope="module")
def timetable() -> Timetable:
    files = feed(
        [trip("é", "Dôle 8:00 B 9:00", block="x"), trip("b", "B 9:05 C 10:00", block="x"), trip("c", "C 1:00 A 2:00")],
        frequencies=[frequency("c", "6:00", "7:00", 600)],
    )
    return compile_feeds([CompileInput("feed", tables(files))], "Europe/Paris", "0123abcd")


def same(one: np.ndarray | Strings, other: np.ndarray | Strings) -> bool:
    if isinstance(one, Strings):
        return list(one) == list(other)
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_what_is_read_is_what_was_written(timetable, tmp_path):
    again = load(save(timetable, tmp_path))
    assert all(same(a, b) for (_, a), (_, b) in zip(timetable.arrays(), again.arrays(), strict=True))
    assert (again.hash, again.zone, again.first_day, again.back_days) == (
        timetable.hash, timetable.zone, timetable.first_day, timetable.back_days,
    )  # fmt: skip


def test_what_is_read_cannot_be_changed(timetable, tmp_path):
    again = load(save(timetable, tmp_path))
    with pytest.raises(ValueError, match="read-only"):
        again.run_start_s[0] = 0


def test_writing_twice_keeps_the_first_and_leaves_nothing_behind(timetable, tmp_path):
    first = save(timetable, tmp_path)
    stamp = (first / "timetable.json").stat().st_mtime_ns
    assert save(timetable, tmp_path) == first
    assert (first / "timetable.json").stat().st_mtime_ns == stamp
    assert [path.name for path in tmp_path.iterdir()] == ["0123abcd"]


@pytest.mark.parametrize("damage", ["no folder", "no summary", "not JSON", "another format"])
def test_a_folder_that_holds_no_timetable_is_not_found(timetable, tmp_path, damage):
    folder = save(timetable, tmp_path)
    summary = folder / "timetable.json"
    if damage == "no folder":
        folder = tmp_path / "absent"
    elif damage == "no summary":
        summary.unlink()
    elif damage == "not JSON":
        summary.write_text("{")
    else:
        summary.write_text(json.dumps({**json.loads(summary.read_text()), "format": -1}))
    with pytest.raises(NotFound):
        load(folder)


def test_a_crash_while_writing_leaves_no_folder(timetable, tmp_path, monkeypatch):
    def fails(*args: object, **kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "save", fails)
    with pytest.raises(OSError, match="disk full"):
        save(replace(timetable, hash="broken"), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", range(5))
def test_landmarks_hold_shortest_ways(seed):
    chance = np.random.default_rng(seed)
    a, b = chance.integers(0, 40, 90).astype(np.int32), chance.integers(0, 40, 90).astype(np.int32)
    seconds = chance.integers(0, 1000, 90).astype(np.int32)
    to_s, from_s = landmarks(a, b, seconds, 40, 4)
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(range(40))
    graph.add_weighted_edges_from(zip(a.tolist(), b.tolist(), seconds.tolist(), strict=True))
    ways = dict(networkx.all_pairs_dijkstra_path_length(graph))
    for to_row, from_row in zip(to_s, from_s, strict=True):
        mark = int(np.flatnonzero((to_row == 0) & (from_row == 0))[0])
        zero = [n for n in range(40) if to_row[n] == 0 and from_row[n] == 0]
        matching = [
            n
            for n in zero
            if all(from_row[m] == ways[n].get(m, NEVER_S) and to_row[m] == ways[m].get(n, NEVER_S) for m in range(40))
        ]
        assert matching, f"no node has the distances of landmark {mark}"


def test_strings_of_nothing_and_beyond_the_end():
    words = Strings.of(["", "é", "🚆"])
    assert (list(words), words[0:2], len(words)) == (["", "é", "🚆"], ["", "é"], 3)
    for row in (-1, 3):
        with pytest.raises(IndexError):
            words[row]
