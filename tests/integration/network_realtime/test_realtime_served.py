"""Realtime as processes serve it: kept once, the same everywhere, whole or not at all, believed only while fresh."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from google.transit import gtfs_realtime_pb2 as pb
from sqlalchemy import Engine

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.engine.compile import compile_feeds
from mobigo.network.engine.feedpart import CompileInput
from mobigo.network.engine.realtime.today import Said, today_of
from mobigo.network.gateway import gtfs, gtfs_realtime
from mobigo.network.model.live import LiveNetwork
from mobigo.network.service import realtime
from mobigo.network.store import hearing
from mobigo.network.store import realtime as store
from mobigo.network.store.networks import NetworkHolder
from tests.builders import DAY, feed, trip, write_zip

NOW = datetime(2025, 3, 18, 6, 50, tzinfo=UTC)  # 7 h 50 in France
FEED = feed([trip("early", "A 07:55 B 08:05 C 08:20"), trip("late", "A 08:55 B 09:05 C 09:20")])


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def monotonic_s(self) -> float:
        return self.now.timestamp()


def message(at: datetime, **delays: int) -> bytes:
    """Trips late from their first call on; -1: cancelled."""
    out = pb.FeedMessage()
    out.header.gtfs_realtime_version = "2.0"
    out.header.timestamp = int(at.timestamp())
    for name, delay_s in delays.items():
        update = out.entity.add(id=name).trip_update
        update.trip.trip_id, update.trip.start_date = name, f"{DAY:%Y%m%d}"
        if delay_s < 0:
            update.trip.schedule_relationship = 3
        else:
            update.stop_time_update.add(stop_sequence=0).departure.delay = delay_s
    data: bytes = out.SerializeToString()
    return data


@pytest.fixture
def tools(database_config: Config, engine: Engine, tmp_path: Path) -> Services:
    services = Services(database_config)
    services.__dict__["engine"] = engine
    service.import_feed(services, write_zip(FEED, tmp_path / "region.zip"), "region", now=NOW)
    service.build_network(services, now=NOW)
    return services


@contextmanager
def served(tools: Services, clock: Clock) -> Iterator[LiveNetwork]:
    """The network as another process that starts now serves it."""
    with NetworkHolder(tools.engine, tools.config.home, clock.monotonic_s, clock).today() as live:
        yield live


def leaves(live: LiveNetwork) -> list[str]:
    """When trips leave their first stop on the day, expected times."""
    t = live.timetable
    rows = [row for row in range(len(t.trip_id)) if t.runs_on(int(t.trip_days[row]), DAY)]
    first = [int(t.visit_depart_s[int(t.trip_visit_start[row])]) for row in rows]
    return sorted(f"{t.trip_id[row]} {s // 3600}:{s // 60 % 60:02d}" for row, s in zip(rows, first, strict=True))


def applied(tools: Services, tmp_path: Path, data: bytes, now: datetime = NOW) -> store.RealtimeSource:
    path = tmp_path / "said.pb"
    path.write_bytes(data)
    return realtime.apply_file(tools, path, "region", now=now)


def test_every_process_serves_the_same_day_while_it_is_fresh(tools: Services, tmp_path: Path) -> None:
    clock = Clock(NOW)
    holder = NetworkHolder(tools.engine, tools.config.home, clock.monotonic_s, clock)
    with holder.today() as live:
        assert live.today is None
        assert leaves(live) == ["early 7:55", "late 8:55"]
    applied(tools, tmp_path, message(NOW, early=300, late=-1))
    clock.now += timedelta(seconds=2)
    with holder.today() as live, served(tools, clock) as other:
        assert leaves(live) == leaves(other) == ["early 8:00"]
        assert live.planned is not None
        assert leaves(live.planned) == ["early 7:55", "late 8:55"]
    with holder.current() as planned:  # who sells or publishes reads what is planned
        assert leaves(planned) == ["early 7:55", "late 8:55"]
    clock.now += timedelta(seconds=599)
    with holder.today() as live:  # 601 s old: it is said, and no longer used
        assert live.today is not None
        assert [each.is_stale for each in live.today.heard] == [True]
        assert leaves(live) == ["early 7:55", "late 8:55"]


def test_who_asks_for_what_is_planned_does_not_wait_for_the_day(
    tools: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(tools, tmp_path, message(NOW, early=300))
    heard: list[object] = []
    listen = hearing.listen

    def listened(engine: Engine, now: datetime) -> hearing.Heard:
        heard.append(now)
        return listen(engine, now)

    monkeypatch.setattr(hearing, "listen", listened)
    clock = Clock(NOW)
    holder = NetworkHolder(tools.engine, tools.config.home, clock.monotonic_s, clock)
    with holder.current() as planned:
        assert leaves(planned) == ["early 7:55", "late 8:55"]
    clock.now += timedelta(seconds=2)
    with holder.current():
        assert heard == []
    with holder.today() as live:  # within the second of the look before: it is read all the same
        assert leaves(live) == ["early 8:00", "late 8:55"]
    clock.now += timedelta(seconds=2)
    with holder.current():  # from then on the day is followed whoever asks
        assert len(heard) == 2


def test_the_same_file_twice_is_the_same_state_and_an_older_one_changes_nothing(
    tools: Services, tmp_path: Path
) -> None:
    first = applied(tools, tmp_path, message(NOW, early=300))
    again = applied(tools, tmp_path, message(NOW, early=300))
    older = applied(tools, tmp_path, message(NOW - timedelta(seconds=30), early=0))
    assert first.sha256 == again.sha256 == older.sha256
    with reading(tools.engine) as session:
        assert len(store.list_sources(session)) == 1


def test_a_crash_in_the_middle_leaves_the_message_of_before(tools: Services, tmp_path: Path) -> None:
    source = applied(tools, tmp_path, message(NOW, early=300))

    def stopped() -> None:
        later = NOW + timedelta(seconds=30)
        with transaction(tools.engine) as session:
            assert store.keep_message(session, source.id, message(later, early=900), later, later)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    with served(tools, Clock(NOW + timedelta(seconds=40))) as live:
        assert leaves(live) == ["early 8:00", "late 8:55"]


def test_a_query_keeps_the_day_it_began_with(tools: Services, tmp_path: Path) -> None:
    clock = Clock(NOW)
    holder = NetworkHolder(tools.engine, tools.config.home, clock.monotonic_s, clock)
    applied(tools, tmp_path, message(NOW, early=300))
    with holder.today() as before:
        applied(tools, tmp_path, message(NOW + timedelta(seconds=5), early=600))
        clock.now += timedelta(seconds=6)
        with holder.today() as after:
            assert leaves(before)[0] == "early 8:00"
            assert leaves(after)[0] == "early 8:05"


def test_what_is_no_message_is_refused_and_changes_nothing(tools: Services, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="unreadable"):
        applied(tools, tmp_path, b"no protobuf at all")
    changes_alone = pb.FeedMessage()
    changes_alone.header.gtfs_realtime_version = "2.0"
    changes_alone.header.incrementality = pb.FeedHeader.DIFFERENTIAL
    with pytest.raises(InvalidInput, match="differential"):
        applied(tools, tmp_path, changes_alone.SerializeToString())
    with pytest.raises(NotFound, match="unknown_feed"):
        realtime.add_realtime_source(tools, "https://a.example/rt.pb", "elsewhere", now=NOW)


def test_an_address_that_fails_is_looked_at_less_and_less(tools: Services) -> None:
    realtime.add_realtime_source(tools, "http://127.0.0.1:9/rt.pb", "region", every_s=30, now=NOW)
    now, waits = NOW, []
    for _ in range(9):  # the address is private: refused, and never fetched
        assert realtime.poll_realtime(tools, now=now) == 0
        with reading(tools.engine) as session:
            [source] = store.list_sources(session)
        assert source.error is not None
        assert source.error.code == "network.fetch_private"
        assert source.next_at is not None
        waits.append(int((source.next_at - now).total_seconds()))
        now = source.next_at
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


@pytest.mark.realdata
def test_bart_of_an_afternoon_of_2019(realdata: Path) -> None:
    """91 trips: 18 are not in the timetable, 8 are added without a line; of the 65 others one names its stops out of
    order."""
    folder = realdata / "gtfs-rt"
    table = compile_feeds(
        [CompileInput("bart", gtfs.read(folder / "bart-2019-static.zip").tables)], "America/Los_Angeles", "bart"
    )
    said = gtfs_realtime.read((folder / "bart-2019-08-07-trip-updates.pb").read_bytes())
    alerts = gtfs_realtime.read((folder / "bart-alerts.pb").read_bytes())
    today = today_of(
        table, [Said("updates", "bart", said.at, False, said), Said("alerts", "bart", alerts.at, False, alerts)]
    )
    heard = next(each for each in today.heard if each.source == "updates")
    reasons = [each.params["reason"].code for each in heard.told]  # type: ignore[attr-defined]  # a Decision
    assert (heard.trip_count, heard.used_count) == (91, 64)
    assert {code: reasons.count(code) for code in sorted(set(reasons))} == {
        "realtime.calls_disordered": 1,
        "realtime.route_unknown": 8,
        "realtime.trip_unknown": 18,
    }
    assert today.overlay is not None
    assert len(today.overlay.planned_trip) == 64
    assert {date.fromordinal(d) for d in {int(s) // 86_400 + 719_163 for s in today.overlay.day_start_s}} == {
        date(2019, 8, 7)
    }
    [notice] = today.notices
    assert notice.alert.effect == "SIGNIFICANT_DELAYS"
    assert notice.routes == frozenset(range(len(table.route_id)))


def test_a_newer_day_is_warmed_before_it_serves_and_a_failure_loses_nothing(tools: Services, tmp_path: Path) -> None:
    clock = Clock(NOW)
    warmed: list[str] = []
    served_meanwhile: list[str] = []
    applied(tools, tmp_path, message(NOW, early=60))

    def warm(live: LiveNetwork) -> None:
        warmed.append(leaves(live)[0])
        with holder.today() as there:  # what others are given until this ends
            served_meanwhile.append(leaves(there)[0])
        if len(warmed) == 2:
            raise RuntimeError("a defect of the first query")

    holder = NetworkHolder(tools.engine, tools.config.home, clock.monotonic_s, clock, warm=warm)
    with holder.today() as live:
        assert leaves(live)[0] == "early 7:56"
    assert not warmed  # at the start nobody is served meanwhile: the first query pays for itself
    for minutes in (5, 10):
        clock.now += timedelta(seconds=2)
        applied(tools, tmp_path, message(clock.now, early=60 * minutes), clock.now)
        holder.refresh()
        with holder.today() as live:
            assert leaves(live)[0] == ("early 8:00" if minutes == 5 else "early 8:05")
    assert warmed == ["early 8:00", "early 8:05"]
    assert served_meanwhile == ["early 7:56", "early 8:00"]


def test_who_asks_while_a_newer_day_is_warmed_waits_for_nothing(tools: Services, tmp_path: Path) -> None:
    clock, go_on, begun = Clock(NOW), Event(), Event()

    def warm(_live: LiveNetwork) -> None:
        begun.set()
        assert go_on.wait(60)

    holder = NetworkHolder(tools.engine, tools.config.home, clock.monotonic_s, clock, warm=warm, beside=True)
    applied(tools, tmp_path, message(NOW, early=60))
    with holder.today() as live:
        assert leaves(live)[0] == "early 7:56"
    clock.now += timedelta(seconds=2)
    applied(tools, tmp_path, message(clock.now, early=300), clock.now)
    for _ in range(3):
        with holder.today() as live:  # answered, though the warming cannot end before we say so
            assert leaves(live)[0] == "early 7:56"
        assert begun.wait(60)
        clock.now += timedelta(seconds=2)
    go_on.set()
    holder.refresh()
    with holder.today() as live:
        assert leaves(live)[0] == "early 8:00"


def test_siri_lite_is_served_as_gtfs_realtime_is(tools: Services, tmp_path: Path) -> None:
    framed = {"DataFrameRef": {"value": DAY.isoformat()}, "DatedVehicleJourneyRef": "FR:ServiceJourney:early:LOC"}
    call = {"StopPointRef": {"value": "FR:Quay:A:LOC"}, "ExpectedDepartureTime": "2025-03-18T08:00:00+01:00"}
    journeys = [
        {"FramedVehicleJourneyRef": framed, "EstimatedCalls": {"EstimatedCall": [call]}},
        {"FramedVehicleJourneyRef": {**framed, "DatedVehicleJourneyRef": "late"}, "Cancellation": True},
    ]
    frame = {"EstimatedJourneyVersionFrame": [{"EstimatedVehicleJourney": journeys}]}
    told = {"ResponseTimestamp": NOW.isoformat(), "EstimatedTimetableDelivery": [frame]}
    source = applied(tools, tmp_path, json.dumps({"Siri": {"ServiceDelivery": told}}).encode())
    assert source.message_at == NOW
    with served(tools, Clock(NOW)) as live:
        assert leaves(live) == ["early 8:00"]
        assert live.today is not None
        assert [(each.trip_count, each.used_count, each.told) for each in live.today.heard] == [(2, 2, ())]
    with pytest.raises(InvalidInput, match=r"realtime\.siri_unreadable"):
        applied(tools, tmp_path, b'{"Siri": {}}')
