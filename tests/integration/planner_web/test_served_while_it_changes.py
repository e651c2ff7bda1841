"""Two clients search while the timetable is replaced and realtime comes, again and again: every answer is whole, of one
timetable and of one state of the day, none is an error, and what was replaced is let go.

A short form for every day; ten minutes of it among the slow tests, where the memory of the process is looked at too.
"""

import faulthandler
import gc
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from google.transit import gtfs_realtime_pb2 as pb

from mobigo.app import schema
from mobigo.app.factory import create_app
from mobigo.infra import clock
from mobigo.infra.config import load_config
from mobigo.network import service
from mobigo.network.model.live import LiveNetwork
from mobigo.network.service import realtime
from tests.builders import feed, trip, write_zip

DAY = date(2025, 3, 18)
VERSIONS = ("A", "B")
TRIPS = 40
SLOWEST_S = 120.0  # far beyond what a busy machine needs to bring every change
GROWN_MB_MAX = 60.0
"""Over ten minutes, after the first two: what a leak of one timetable a reload would pass at once."""


def files_of(version: str) -> dict[str, str]:
    """Two lines that meet, in two versions whose names and minutes differ: an answer that mixed them would show it."""
    minute = {"A": 0, "B": 30}[version]
    trips = []
    for n in range(TRIPS):
        at = 5 * 60 + minute + n * 25
        calls = [f"{(at + more) // 60}:{(at + more) % 60:02d}" for more in (0, 20, 25, 45)]
        trips.append(trip(f"x{n}", f"SAU {calls[0]} MON {calls[1]}", route=f"X{version}"))
        trips.append(trip(f"y{n}", f"MON {calls[2]} CHA {calls[3]}", route=f"Y{version}"))
    stops = [
        {"stop_id": name, "stop_name": words, "stop_lat": lat, "stop_lon": "4.3"}
        for name, words, lat in (
            ("SAU", "Saulieu", "47.28"),
            ("MON", "Montbard", "47.62"),
            ("CHA", "Châtillon", "47.86"),
        )
    ]
    return feed(trips, stops=stops, services={"daily": [DAY]})


def said(late_min: int, stamp: int) -> bytes:
    """Every trip is that many minutes late."""
    out = pb.FeedMessage()
    out.header.gtfs_realtime_version, out.header.timestamp = "2.0", stamp
    for name in [f"{line}{n}" for line in "xy" for n in range(TRIPS)]:
        update = out.entity.add(id=name).trip_update
        update.trip.trip_id, update.trip.start_date, update.delay = name, f"{DAY:%Y%m%d}", late_min * 60
    data: bytes = out.SerializeToString()
    return data


@dataclass
class Told:
    """What the clients saw: how many answers, of which timetables and delays, and what was wrong."""

    answers: int = 0
    seen: set[tuple[str, int]] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def enough(self) -> bool:
        """Both timetables and three delays were answered: the changes came through while somebody searched."""
        with self.lock:
            return {version for version, _ in self.seen} == set(VERSIONS) and len({late for _, late in self.seen}) >= 3

    def judge(self, status: int, body: dict[str, Any]) -> None:
        with self.lock:
            self.answers += 1
            if status != 200 or not body["journeys"]:
                self.wrong.append(f"{status}: {json.dumps(body)[:300]}")
                return
            for journey in body["journeys"]:
                rides = [leg for leg in journey["legs"] if leg["type"] == "ride"]
                versions = {leg["line"]["name"][1] for leg in rides}
                late = {minutes(leg, end) for leg in rides for end in ("departure", "arrival")}
                if len(versions) != 1 or len(late) != 1:
                    self.wrong.append(f"mixed: {versions} {late}: {json.dumps(journey)[:300]}")
                self.seen |= {(version, late_min) for version in versions for late_min in late}


def minutes(leg: dict[str, Any], end: str) -> int:
    """How late a leg is said to be; 0 where nothing is said."""
    planned = leg[f"planned_{end}"]
    if planned is None:
        return 0
    return int((datetime.fromisoformat(leg[end]) - datetime.fromisoformat(planned)).total_seconds()) // 60


def memory_mb() -> float:
    """What this process holds."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no such figure")


def networks_alive() -> int:
    gc.collect()
    return sum(isinstance(each, LiveNetwork) and each.planned is None for each in gc.get_objects())


@pytest.mark.parametrize("lasts_s", [6.0, pytest.param(600.0, marks=pytest.mark.slow)])
def test_two_clients_search_while_all_is_replaced(tmp_path: Path, lasts_s: float) -> None:
    faulthandler.cancel_dump_traceback_later()  # which ends what lasts ten minutes
    config = load_config({"MOBIGO_HOME": str(tmp_path / "home"), "MOBIGO_ENV": "demo"})
    app = create_app(config)
    services = app.extensions["mobigo"]
    schema.migrate(services.engine)
    zips = [write_zip(files_of(version), tmp_path / f"{version}.zip") for version in VERSIONS]
    before = networks_alive()
    service.import_feed(services, zips[0], "demo")
    service.build_network(services)
    told, over = Told(), threading.Event()
    asked = "/api/v1/journeys?from=demo:SAU&to=demo:CHA&at=2025-03-18T08:00:00&window=120"

    def client() -> None:
        visiting = app.test_client()
        while not over.is_set():
            answer = visiting.get(asked)
            told.judge(answer.status_code, answer.json or {})

    def replace_timetable() -> None:
        number = 0
        while not over.is_set():
            number += 1
            service.import_feed(services, zips[number % 2], "demo")
            service.build_network(services)
            services.networks.refresh()

    def tell_realtime() -> None:
        number = 0
        while not over.wait(0.3):
            number += 1
            path = tmp_path / "said.pb"
            path.write_bytes(said(number % 7, int(clock.now().timestamp())))
            realtime.apply_file(services, path, "demo", stale_s=86_400)
            services.networks.refresh()

    with app.test_client() as first:
        assert first.get(asked).status_code == 200  # kernels are compiled
    threads = [
        threading.Thread(target=each, daemon=True) for each in (client, client, replace_timetable, tell_realtime)
    ]
    failed: list[threading.ExceptHookArgs] = []
    threading.excepthook, hook = failed.append, threading.excepthook
    try:
        for each in threads:
            each.start()
        grown_mb = _watch(lasts_s, over)
        limit = time.monotonic() + SLOWEST_S
        while not (told.enough() or told.wrong or failed) and time.monotonic() < limit:
            over.wait(0.1)
    finally:
        over.set()
        for each in threads:
            each.join(60)
        threading.excepthook = hook
    print(f"{told.answers} answers, {len(told.seen)} states, {grown_mb:+.1f} MB")
    assert failed == []
    assert told.wrong == []
    assert told.enough(), told.seen
    services.networks.refresh()
    assert services.networks.retired == 0
    assert networks_alive() - before <= 1
    if lasts_s > 60:
        assert grown_mb < GROWN_MB_MAX
    services.engine.dispose()


def _watch(lasts_s: float, over: threading.Event) -> float:
    """Wait; how much the process grew after its first fifth, in MB."""
    over.wait(lasts_s / 5)
    gc.collect()
    early_mb = memory_mb()
    over.wait(lasts_s * 4 / 5)
    gc.collect()
    return memory_mb() - early_mb
