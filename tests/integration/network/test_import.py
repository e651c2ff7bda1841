"""Importing, activating and building: lossless, once a content, atomic, no worse than before when something breaks."""

import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.export import gtfs as export
from mobigo.network.service import building, importing
from mobigo.network.store import feeds, lossless, networks, places
from mobigo.network.store.feeds import ActivationRow, FeedVersionRow, NoticeCountRow
from mobigo.network.store.folders import sweep
from tests.builders import feed, trip, write_folder, write_zip

NOW = datetime(2025, 3, 18, 8, tzinfo=UTC)
MORNING = feed([trip("early", "A 07:55 B 08:05 C 08:20")])
EVENING = feed([trip("late", "A 19:55 B 20:05 C 20:20")])


@pytest.fixture
def tools(database_config: Config, engine: Engine) -> Services:
    made = Services(database_config)
    made.__dict__["engine"] = engine
    return made


def summary(tools: Services, name: str) -> feeds.FeedSummary:
    with reading(tools.engine) as session:
        return feeds.get_feed(session, name)


def count(tools: Services, table: Any) -> int:
    with reading(tools.engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_zip_is_kept_whole_and_put_in_use(tools: Services, tmp_path: Path) -> None:
    path = write_zip({**MORNING, "extra.txt": "a,b\n 1 ,\n"}, tmp_path / "Offre 2025.zip")
    version = service.import_feed(tools, path, now=NOW)
    assert (version.feed, version.number, version.refused, version.unchanged) == ("offre-2025", 1, False, False)
    assert version.rows["stop_times"] == 3
    assert tools.blobs.read(version.archive_sha256) == path.read_bytes()
    tables = service.read_tables_of(tools, version)
    assert tables["extra"].row(0) == (" 1 ", "", 2)
    in_use = summary(tools, "offre-2025").version
    assert in_use is not None
    assert in_use.id == version.id


def test_the_same_content_is_the_same_version(tools: Services, tmp_path: Path) -> None:
    first = service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    same_archive = service.import_feed(tools, tmp_path / "a.zip", "ter", now=NOW + timedelta(days=1))
    same_content = service.import_feed(tools, write_folder(MORNING, tmp_path / "b"), "ter", now=NOW)
    assert same_archive.id == same_content.id == first.id
    assert same_archive.unchanged
    assert same_content.unchanged
    assert count(tools, FeedVersionRow) == count(tools, ActivationRow) == 1


def test_a_new_content_replaces_and_an_old_one_may_come_back(tools: Services, tmp_path: Path) -> None:
    first = service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    second = service.import_feed(tools, write_zip(EVENING, tmp_path / "b.zip"), "ter", now=NOW)
    assert second.number == 2
    again = service.import_feed(tools, tmp_path / "a.zip", "ter", now=NOW)
    assert (again.id, again.unchanged) == (first.id, False)
    in_use = summary(tools, "ter").version
    assert in_use is not None
    assert in_use.id == first.id
    assert count(tools, ActivationRow) == 3


def test_a_folder_is_kept_as_a_reproducible_zip(tools: Services, tmp_path: Path) -> None:
    version = service.import_feed(tools, write_folder(MORNING, tmp_path / "feed"), "ter", now=NOW)
    with tools.blobs.open(version.archive_sha256) as stream, zipfile.ZipFile(stream) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == MORNING


def test_tables_that_were_lost_are_made_again_from_the_archive(tools: Services, tmp_path: Path) -> None:
    import shutil

    version = service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    before = export.exact(service.read_tables_of(tools, version))
    shutil.rmtree(lossless.folder_of(tools.config.home, version.content_hash))
    assert export.exact(service.read_tables_of(tools, version)) == before
    assert lossless.is_written(tools.config.home, version.content_hash)


def test_what_is_exported_is_what_was_imported(tools: Services, tmp_path: Path) -> None:
    version = service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    headers = lossless.headers(tools.config.home, version.content_hash)
    (again := tmp_path / "again.zip").write_bytes(export.exact(service.read_tables_of(tools, version), headers))
    other = service.import_feed(tools, again, "copy", now=NOW)
    for name, frame in service.read_tables_of(tools, version).tables.items():
        assert frame.equals(service.read_tables_of(tools, other)[name])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"stops.txt": "stop_name\nA\n"}, "missing_required_column"),
        ({"agency.txt": MORNING["agency.txt"].replace("Europe/Paris", "America/New_York")}, "mobigo_wrong_timezone"),
        ({"stop_times.txt": MORNING["stop_times.txt"].replace("early", "ghost")}, "mobigo_nothing_joins"),
    ],
)
def test_a_faulty_feed_is_refused_with_its_report_and_the_old_one_serves(
    tools: Services, tmp_path: Path, change: dict[str, str], code: str
) -> None:
    good = service.import_feed(tools, write_zip(MORNING, tmp_path / "good.zip"), "ter", now=NOW)
    bad = write_zip({**MORNING, **change}, tmp_path / "bad.zip")
    for _ in range(2):  # the second time it is known, and refused all the same
        with pytest.raises(Refused) as refused:
            service.import_feed(tools, bad, "ter", now=NOW)
        assert refused.value.decision.code == "network.feed_refused"
    in_use = summary(tools, "ter").version
    assert in_use is not None
    assert in_use.id == good.id
    with reading(tools.engine) as session:
        newest = feeds.list_versions(session, "ter")[0]
    assert newest.refused
    assert code in {finding.code for finding in newest.report.blocking}


def test_totals_are_rows_that_can_be_counted(tools: Services, tmp_path: Path) -> None:
    version = service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    with reading(tools.engine) as session:
        rows = {row.code: row.total for row in session.scalars(select(NoticeCountRow))}
    assert rows == {finding.code: finding.total for finding in version.report.findings}


@pytest.mark.parametrize("name", ["", "Dijon", "a b", "é", "-a", "a" * 65, "a:b"])
def test_a_name_that_cannot_name_a_feed_is_refused(tools: Services, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="bad_feed_name"):
        service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), name, now=NOW)


def test_an_archive_that_cannot_be_read_leaves_no_trace(tools: Services, tmp_path: Path) -> None:
    (path := tmp_path / "a.zip").write_bytes(b"nothing")
    with pytest.raises(InvalidInput):
        service.import_feed(tools, path, "ter", now=NOW)
    assert count(tools, FeedVersionRow) == 0
    with pytest.raises(NotFound):
        summary(tools, "ter")


# --- places


def ids(tools: Services, name: str) -> dict[str, str]:
    with reading(tools.engine) as session:
        return places.place_ids(session, name)


def renamed(files: dict[str, str], old: str, new: str) -> dict[str, str]:
    """The same feed with another id for one stop; its name stays."""
    stops = [line.split(",") for line in files["stops.txt"].splitlines()]
    at = stops[0].index("stop_id")
    for row in stops[1:]:
        row[at] = new if row[at] == old else row[at]
    times = files["stop_times.txt"].replace(f",{old},", f",{new},")
    return {**files, "stops.txt": "\n".join(",".join(row) for row in stops) + "\n", "stop_times.txt": times}


def test_a_place_outlives_the_ids_of_its_stop(tools: Services, tmp_path: Path) -> None:
    service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    first = ids(tools, "ter")
    assert set(first) == {"A", "B", "C"}
    service.import_feed(tools, write_zip(renamed(MORNING, "B", "B2"), tmp_path / "b.zip"), "ter", now=NOW)
    second = ids(tools, "ter")
    assert second == {"A": first["A"], "B2": first["B"], "C": first["C"]}
    service.import_feed(tools, tmp_path / "a.zip", "ter", now=NOW)
    assert ids(tools, "ter") == first
    with reading(tools.engine) as session:
        assert places.stops_of_place(session, first["B"]) == [("ter", "B")]


def test_ids_of_two_feeds_never_mix(tools: Services, tmp_path: Path) -> None:
    path = write_zip(MORNING, tmp_path / "a.zip")
    service.import_feed(tools, path, "one", now=NOW)
    service.import_feed(tools, path, "two", now=NOW)
    assert set(ids(tools, "one").values()).isdisjoint(ids(tools, "two").values())
    service.build_network(tools, now=NOW)
    with networks.NetworkHolder(tools.engine, tools.config.home).current() as network:
        assert len(network.timetable.stop_id) == 6
        assert sorted(network.timetable.feed_name) == ["one", "two"]
        assert sorted(network.timetable.stop_place) == sorted(
            [*ids(tools, "one").values(), *ids(tools, "two").values()]
        )


def test_a_stop_that_comes_back_after_an_absence_is_its_old_place(tools: Services, tmp_path: Path) -> None:
    with_d = feed([trip("early", "A 07:55 B 08:05 C 08:20"), trip("other", "D 07:00 A 07:30")])
    service.import_feed(tools, write_zip(with_d, tmp_path / "a.zip"), "ter", now=NOW)
    place = ids(tools, "ter")["D"]
    service.import_feed(tools, write_zip(MORNING, tmp_path / "b.zip"), "ter", now=NOW)
    assert "D" not in ids(tools, "ter")
    service.import_feed(tools, tmp_path / "a.zip", "ter", now=NOW)
    assert ids(tools, "ter")["D"] == place


# --- when something breaks


@contextmanager
def breaking(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> Iterator[None]:
    """The power fails when `owner.name` has just done its work."""
    real = getattr(owner, name)

    def done_then_gone(*args: Any, **named: Any) -> Any:
        real(*args, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, done_then_gone)
        with pytest.raises(KeyboardInterrupt):
            yield


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (lossless, "write"),
        (feeds, "lock_feed"),
        (feeds, "add_version"),
        (feeds, "activate"),
        (places, "follow"),
        (feeds, "note_places"),
    ],
)
def test_a_crash_in_an_import_leaves_the_old_version_serving_and_the_next_try_succeeds(
    tools: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    old = service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    before = ids(tools, "ter")
    new = write_zip(EVENING, tmp_path / "b.zip")
    with breaking(monkeypatch, owner, name):
        service.import_feed(tools, new, "ter", now=NOW)
    in_use = summary(tools, "ter").version
    assert in_use is not None
    assert in_use.id == old.id
    assert ids(tools, "ter") == before
    after = service.import_feed(tools, new, "ter", now=NOW)
    in_use = summary(tools, "ter").version
    assert in_use is not None
    assert (in_use.id, after.number) == (after.id, 2)


@pytest.mark.parametrize(("owner", "name"), [(building, "_compile"), (networks, "lock_pointer")])
def test_a_crash_in_a_build_leaves_the_old_network_serving(
    tools: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    old = service.build_network(tools, now=NOW)
    holder = networks.NetworkHolder(tools.engine, tools.config.home)
    service.import_feed(tools, write_zip(EVENING, tmp_path / "b.zip"), "ter", now=NOW)
    with breaking(monkeypatch, owner, name):
        service.build_network(tools, now=NOW)
    holder.refresh()
    with holder.current() as network:
        assert network.hash == old
    new = service.build_network(tools, now=NOW)
    holder.refresh()
    with holder.current() as network:
        assert network.hash == new != old


def test_two_imports_of_the_same_feed_at_once_make_one_version(tools: Services, tmp_path: Path) -> None:
    path = write_zip(MORNING, tmp_path / "a.zip")
    got: list[feeds.FeedVersion] = []
    failed: list[BaseException] = []

    def go() -> None:
        try:
            got.append(service.import_feed(tools, path, "ter", now=NOW))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len({version.id for version in got}) == 1
    assert count(tools, FeedVersionRow) == count(tools, ActivationRow) == 1


def test_a_feed_that_changes_while_we_build_is_in_what_is_built(
    tools: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    real, late = building._compile, write_zip(EVENING, tmp_path / "b.zip")
    times = []

    def slow(*args: Any, **named: Any) -> None:
        real(*args, **named)
        if not times:
            service.import_feed(tools, late, "ter", now=NOW)
        times.append(1)

    monkeypatch.setattr(building, "_compile", slow)
    service.build_network(tools, now=NOW)
    assert len(times) == 2
    with networks.NetworkHolder(tools.engine, tools.config.home).current() as network:
        assert list(network.timetable.trip_id) == ["late"]


# --- the network in use


def test_nothing_built_is_said_so(tools: Services) -> None:
    with pytest.raises(NotFound, match="no_active_feed"):
        service.build_network(tools, now=NOW)
    holder = networks.NetworkHolder(tools.engine, tools.config.home)
    with pytest.raises(NotFound, match="none_built"), holder.current():
        pass


def test_a_build_of_the_same_feeds_is_the_same_network(tools: Services, tmp_path: Path) -> None:
    service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    assert service.build_network(tools, now=NOW) == service.build_network(tools, now=NOW, force=True)


def test_a_query_keeps_its_network_while_another_is_put_in_use(tools: Services, tmp_path: Path) -> None:
    service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    first = service.build_network(tools, now=NOW)
    clock_s = [0.0]
    holder = networks.NetworkHolder(tools.engine, tools.config.home, lambda: clock_s[0])
    with holder.current() as pinned:
        assert pinned.hash == first
        service.import_feed(tools, write_zip(EVENING, tmp_path / "b.zip"), "ter", now=NOW)
        second = service.build_network(tools, now=NOW)
        clock_s[0] = 0.9
        with holder.current() as same:  # the pointer is looked at once a second
            assert same.hash == first
        clock_s[0] = 1.0
        with holder.current() as other:
            assert other.hash == second
        assert list(pinned.timetable.trip_id) == ["early"]
        assert holder.retired == 1
    assert holder.retired == 0


def test_what_is_derived_is_made_once_a_network(tools: Services, tmp_path: Path) -> None:
    service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    service.build_network(tools, now=NOW)
    made = []
    with networks.NetworkHolder(tools.engine, tools.config.home).current() as network:
        for _ in range(2):
            assert network.derived("stops", lambda timetable: made.append(1) or len(timetable.stop_id)) == 3
    assert made == [1]


def test_a_feed_taken_out_leaves_the_network(tools: Services, tmp_path: Path) -> None:
    from mobigo.infra.db import transaction

    service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "one", now=NOW)
    service.import_feed(tools, write_zip(EVENING, tmp_path / "b.zip"), "two", now=NOW)
    with transaction(tools.engine) as session:
        feeds.set_active(session, "one", False)
    service.build_network(tools, now=NOW)
    with networks.NetworkHolder(tools.engine, tools.config.home).current() as network:
        assert list(network.timetable.feed_name) == ["two"]


def test_old_networks_are_removed_after_a_while(tools: Services, tmp_path: Path) -> None:
    root = networks.root_of(tools.config.home)
    service.import_feed(tools, write_zip(MORNING, tmp_path / "a.zip"), "ter", now=NOW)
    old = service.build_network(tools, now=NOW)
    service.import_feed(tools, write_zip(EVENING, tmp_path / "b.zip"), "ter", now=NOW)
    new = service.build_network(tools, now=NOW)
    assert (root / old).is_dir()
    assert sweep(root, new, datetime.now(UTC) + timedelta(hours=2)) == 1
    assert [folder.name for folder in root.iterdir()] == [new]


@pytest.mark.parametrize(
    ("file", "name"),
    [("TER BFC (2025).zip", "ter-bfc-2025"), ("é.zip", "gtfs"), ("a.ZIP", "a"), ("dossier", "dossier")],
)
def test_a_feed_is_named_after_its_file(file: str, name: str) -> None:
    assert importing.feed_name(Path(file)) == name
