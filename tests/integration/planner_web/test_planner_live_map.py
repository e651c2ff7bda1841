"""What moves on the map: vehicles with the age of their position, and shared bicycles; nothing too old."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from google.transit import gtfs_realtime_pb2 as pb

from mobigo.base.geo import Point
from mobigo.network.engine.realtime.today import Said, today_of
from mobigo.network.gateway.gtfs_realtime import read
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.shared import SharedSystem, Station, Told
from mobigo.network.model.today import Today
from mobigo.planner.web import here, maps

NOW = datetime.fromisoformat("2025-03-18T07:05:00+01:00")


def positions(ages_s: dict[str, int | None]) -> bytes:
    """Vehicles on trip t1, by their id, and how old each position is; None: without its own instant. `lost` is on a
    trip of nobody's, `added` on one that only names its line."""
    out = pb.FeedMessage()
    out.header.gtfs_realtime_version = "2.0"
    out.header.timestamp = int(NOW.timestamp()) - 30
    for name, age_s in ages_s.items():
        vehicle = out.entity.add(id=name).vehicle
        vehicle.trip.trip_id = {"lost": "nobody", "added": "more"}.get(name, "t1")
        if name == "added":
            vehicle.trip.route_id = "LR125"
        vehicle.position.latitude, vehicle.position.longitude = 47.5, 4.33
        if age_s is not None:
            vehicle.timestamp = int(NOW.timestamp()) - age_s
    data: bytes = out.SerializeToString()
    return data


def day(planned: LiveNetwork, data: bytes) -> Today:
    return today_of(planned.timetable, [Said("regional", "demo", int(NOW.timestamp()), False, read(data))])


class Days:
    def __init__(self, planned: LiveNetwork, today: Today) -> None:
        self.live = LiveNetwork(planned.timetable, planned.hash, None, today, planned)

    @contextmanager
    def today(self) -> Iterator[LiveNetwork]:
        yield self.live


def drawn(
    client: FlaskClient, site: APIFlask, patch: pytest.MonkeyPatch, planned: LiveNetwork, data: bytes
) -> list[tuple[str, str]]:
    patch.setattr(here, "now", lambda: NOW)
    patch.setitem(vars(site.extensions["mobigo"]), "networks", Days(planned, day(planned, data)))
    found = client.get("/carte/vehicules.geojson").get_json(force=True)["features"]
    return [(each["properties"]["name"], each["properties"]["text"]) for each in found]


@pytest.mark.parametrize(
    ("ages_s", "names"),
    [
        ({"a": 0}, ["LR119"]), ({"a": 300}, ["LR119"]), ({"a": 301}, []), ({"a": -60}, ["LR119"]), ({"a": -61}, []),
        ({"a": None}, ["LR119"]),  # as old as its message
        ({"lost": 0}, []), ({"added": 0}, ["LR125"]),
    ],
)  # fmt: skip
def test_a_vehicle_is_drawn_where_it_was_five_minutes_ago_at_most(
    client: FlaskClient, known_site: APIFlask, known_network: LiveNetwork, monkeypatch: pytest.MonkeyPatch,
    ages_s: dict[str, int | None], names: list[str],
) -> None:  # fmt: skip
    found = drawn(client, known_site, monkeypatch, known_network, positions(ages_s))
    assert [name for name, _ in found] == names


def test_its_age_is_said(
    client: FlaskClient, known_site: APIFlask, known_network: LiveNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(_, words)] = drawn(client, known_site, monkeypatch, known_network, positions({"a": 40}))
    assert words == "Ligne LR119, position relevée il y a 40\N{NO-BREAK SPACE}s."


def test_a_vehicle_of_nobody_is_told(known_network: LiveNetwork) -> None:
    [heard] = day(known_network, positions({"lost": 0, "a": 0})).heard
    assert [(each.code, each.params["vehicle"]) for each in heard.told] == [("realtime.vehicle_unmatched", "lost")]


@pytest.mark.parametrize(("age", "count"), [(timedelta(0), 1), (timedelta(seconds=601), 0)])
def test_stations_are_drawn_with_what_is_there(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, age: timedelta, count: int
) -> None:
    station = Station("a", "Gare", Point(47.3, 5.0), 10, 3, 7, True, False)
    system = SharedSystem("Vélos", NOW.astimezone(UTC) - age, 60, stations=(station,))
    told = [Told("v", "", system, system.is_stale(NOW, 600)), Told("w", "", None, True)]
    monkeypatch.setattr(maps, "shared_systems", lambda at: told)
    found = client.get("/carte/velos.geojson").get_json(force=True)["features"]
    words = "Gare\N{NARROW NO-BREAK SPACE}: 3 vélos, 0 place libre"  # it takes none back now
    assert [each["properties"] for each in found] == [
        {"kind": "station", "name": "Gare", "system": "Vélos", "bikes": 3, "docks": 0, "text": words}
    ] * count
