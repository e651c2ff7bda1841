"""Extracts imported, served with the network, and walked by journeys."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import osmium
import pytest
from osmium.osm.mutable import Node, Way
from sqlalchemy import Engine

from mobigo.app.factory import create_app
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.gateway.osm import read_streets
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.streets import WHEELCHAIR
from mobigo.network.store.networks import NetworkHolder
from mobigo.network.store.streets import list_extracts
from mobigo.planner.model import Answer, Endpoint, Limits, Query, Walk
from mobigo.planner.service import plan
from mobigo.planner.service.moving import access_of
from tests.builders import feed, trip, write_zip
from tests.streets_drawn import Corner, DrawnWay, at, write_pbf

STREET = {"highway": "residential", "name": "rue du Lavoir"}
PARIS = ZoneInfo("Europe/Paris")
MORNING = datetime(2025, 3, 18, 7, 0, tzinfo=PARIS)
# From the door at (0, 0): the stop A at (3, 0) is behind a wall, 300 m as the crow flies and 700 m by the streets.
TOWN: list[DrawnWay] = [
    ([(0, 0), (0, 2), (3, 2), (3, 0)], STREET),
    ([(3, 0), (30, 0), (60, 0)], {"highway": "unclassified"}),
    ([(0, 0), (0, -3)], {"highway": "steps"}),
]


@pytest.fixture
def tools(database_config: Config, engine: Engine) -> Services:
    made = Services(database_config)
    made.__dict__["engine"] = engine
    return made


@pytest.fixture
def bus(tools: Services, tmp_path: Path) -> None:
    """A bus from A to B, and to C behind steps, at 8."""
    stops = {"A": at((3, 0)), "B": at((60, 0)), "C": at((0, -3))}
    tables = feed(
        [trip("bus", "A 08:00 B 08:10"), trip("other", "C 08:00 B 08:20")],
        stops=[{"stop_id": name, "stop_lat": f"{p.lat:.6f}", "stop_lon": f"{p.lon:.6f}"} for name, p in stops.items()],
    )
    service.import_feed(tools, write_zip(tables, tmp_path / "bus.zip"))


def network(tools: Services) -> LiveNetwork:
    service.build_network(tools)
    with NetworkHolder(tools.engine, tools.config.home).current() as served:
        return served


def asked(tools: Services, start: Corner, end: Corner, **limits: int | bool) -> Answer:
    query = Query(_door(start), _door(end), MORNING, window_s=2 * 3600, limits=Limits(**limits))  # type: ignore[arg-type]
    return plan(network(tools), query)


def _door(corner: Corner) -> Endpoint:
    return Endpoint("door", point=at(corner))


def first_walk(answer: Answer) -> Walk:
    ridden = [journey for journey in answer.journeys if journey.rides]
    assert ridden
    walk = ridden[0].legs[0]
    assert isinstance(walk, Walk)
    return walk


def test_journeys_walk_along_the_streets(tools: Services, bus: None, tmp_path: Path) -> None:
    flown = first_walk(asked(tools, (0, 0.1), (60, 0)))
    assert (flown.path, flown.distance_m) == ((), pytest.approx(300 * 1.3, abs=6))
    service.import_streets(tools, write_pbf(tmp_path / "ville.osm.pbf", TOWN))
    walked = first_walk(asked(tools, (0, 0.1), (60, 0)))
    assert walked.distance_m == pytest.approx(690, abs=3)
    assert (walked.arrive_at - walked.depart_at).total_seconds() == pytest.approx(690 / 1.2, abs=3)
    assert walked.path[0] == at((0, 0.1))
    assert any(abs(point.lat - at((0, 2)).lat) < 1e-6 for point in walked.path)  # round by the street
    last = asked(tools, (0, 0.1), (58, 0)).journeys[0].legs[-1]
    assert isinstance(last, Walk)
    assert (last.distance_m, last.path[-1]) == (pytest.approx(200, abs=2), at((58, 0)))
    service.forget_streets(tools, "ville")
    assert first_walk(asked(tools, (0, 0.1), (60, 0))).path == ()


def test_the_page_and_the_api_tell_the_way_and_whose_streets_they_are(
    database_config: Config, tools: Services, bus: None, tmp_path: Path
) -> None:
    service.import_streets(tools, write_pbf(tmp_path / "ville.osm.pbf", TOWN))
    service.build_network(tools)
    app = create_app(replace(database_config, base_url="http://localhost"))
    door, end = at((0, 0.1)), at((60, 0))
    ends = {"from": f"{door.lat:.6f},{door.lon:.6f}", "to": f"{end.lat:.6f},{end.lon:.6f}"}
    page = app.test_client().get(
        "/trajets", query_string={**ends, "when": "leave", "date": "2025-03-18", "time": "07:30"}
    )
    assert page.status_code == 200
    assert "rue du Lavoir" in page.text
    assert "© les contributeurs d’OpenStreetMap" in page.text
    answer = app.test_client().get("/api/v1/journeys", query_string={**ends, "at": "2025-03-18T07:30"})
    walks = [leg for journey in answer.get_json()["journeys"] for leg in journey["legs"] if leg["type"] == "walk"]
    assert walks[0]["directions"][0]["text"].endswith("rue du Lavoir")
    app.extensions["mobigo"].engine.dispose()


def test_a_wheelchair_takes_no_steps(tools: Services, bus: None, tmp_path: Path) -> None:
    service.import_streets(tools, write_pbf(tmp_path / "ville.osm.pbf", TOWN))
    served = network(tools)
    stops = served.timetable.stop_lat
    on_foot = access_of(served).reach(served.timetable, at((0, -0.1)), 2_000, True)
    rolling = access_of(served, WHEELCHAIR).reach(served.timetable, at((0, 0.1)), 2_000, True)
    steps = int(abs(stops - at((0, -3)).lat).argmin())
    assert steps in on_foot.node.tolist()
    # C stands 300 m down the steps; by wheels its nearest street is the one at the top of them
    assert steps not in rolling.node.tolist() or rolling.walk_m[rolling.node.tolist().index(steps)] > 300


def test_the_walk_that_is_too_long_by_the_streets_is_not_proposed(tools: Services, bus: None, tmp_path: Path) -> None:
    service.import_streets(tools, write_pbf(tmp_path / "ville.osm.pbf", TOWN))
    assert first_walk(asked(tools, (0, 0.1), (60, 0), walk_m_max=700))
    short = asked(tools, (0, 0.1), (60, 0), walk_m_max=600)
    assert [journey.legs[1].visits[0].stop for journey in short.journeys if journey.rides] != []  # C, down the steps
    assert all(walk.distance_m <= 600 for journey in short.journeys for walk in journey.legs if isinstance(walk, Walk))


def test_the_whole_way_on_foot_follows_the_streets(tools: Services, bus: None, tmp_path: Path) -> None:
    service.import_streets(tools, write_pbf(tmp_path / "ville.osm.pbf", TOWN))
    walks = [journey for journey in asked(tools, (0, 0), (3, 0)).journeys if not journey.rides]
    assert [walk.walk_m for walk in walks] == [pytest.approx(700, abs=3)]


def test_a_change_walks_round_the_wall_too(tools: Services, tmp_path: Path) -> None:
    """Two stops 60 m apart with a wall between them, 2 × 200 + 60 m by the streets; two more with no way at all."""
    stops = {"A": (0, 5), "B": (0, 0), "C": (0.6, 0), "D": (0.6, 5), "E": (3, 0), "F": (3, 5), "G": (3, 0.8)}
    rows = [
        {"stop_id": name, "stop_lat": f"{at(corner).lat:.7f}", "stop_lon": f"{at(corner).lon:.7f}"}
        for name, corner in stops.items()
    ]
    tables = feed([trip("one", "A 08:00 B 08:10"), trip("two", "C 08:30 D 08:40"), trip("three", "E 08:30 F 08:40"),
                   trip("four", "A 08:00 G 08:10", route="Q")], stops=rows)  # fmt: skip
    service.import_feed(tools, write_zip(tables, tmp_path / "bus.zip"))
    flown = _links(network(tools))
    assert flown["B", "C"] == pytest.approx(60 * 1.3, abs=1.5)
    assert flown["G", "E"] == pytest.approx(80 * 1.3, abs=1.5)
    river: list[DrawnWay] = [([(0, -9), (0, 2), (0.6, 2), (0.6, -2)], STREET), ([(3, 0.8), (9, 0.8)], STREET),
                             ([(3, 0), (9, 0)], STREET)]  # fmt: skip
    service.import_streets(tools, write_pbf(tmp_path / "ville.osm.pbf", river))
    walked = _links(network(tools))
    assert walked["B", "C"] == walked["C", "B"] == pytest.approx(460, abs=2)
    assert ("G", "E") not in walked


def _links(served: LiveNetwork) -> dict[tuple[str, str], int]:
    """Metres of the walks between stops, by their names."""
    table = served.timetable
    return {
        (table.stop_name[stop], table.stop_name[int(table.foot_node[row])]): int(table.foot_m[row])
        for stop in range(len(table.stop_lat))
        for row in range(int(table.foot_start[stop]), int(table.foot_start[stop + 1]))
    }


def test_importing_again_replaces_and_two_names_are_joined(tools: Services, bus: None, tmp_path: Path) -> None:
    west, east = TOWN[:1], TOWN[1:2]
    service.import_streets(tools, write_pbf(tmp_path / "ouest.osm.pbf", west))
    only_west = network(tools)
    service.import_streets(tools, write_pbf(tmp_path / "est.osm.pbf", [TOWN[0], *east]))
    joined = network(tools)
    assert only_west.streets is not None
    assert joined.streets is not None
    assert (len(only_west.streets.stretch_cm), joined.hash != only_west.hash) == (1, True)
    assert len(joined.streets.stretch_cm) == 2
    service.import_streets(tools, write_pbf(tmp_path / "encore.osm.pbf", TOWN), "ouest")
    with reading(tools.engine) as session:
        assert [(each.name, each.way_count) for each in list_extracts(session)] == [("est", 2), ("ouest", 3)]
    assert network(tools).hash == network(tools).hash


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 not a map", b"\x00\x00\x00\x0d\x0a\x09OSMHeader" + b"\xff" * 200, b"\xff" * 5_000],
    ids=["empty", "zip", "cut", "noise"],
)
def test_what_is_no_extract_is_refused_and_changes_nothing(tools: Services, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "carte.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        service.import_streets(tools, path)
    assert refused.value.decision.code in ("streets.unreadable", "streets.no_streets")
    with reading(tools.engine) as session:
        assert list_extracts(session) == []


def test_a_cut_file_is_refused(tools: Services, tmp_path: Path) -> None:
    whole = write_pbf(tmp_path / "ville.osm.pbf", TOWN).read_bytes()
    for length in range(1, len(whole) - 1, 37):
        path = tmp_path / "coupe.osm.pbf"
        path.write_bytes(whole[:length])
        with pytest.raises(InvalidInput):
            service.import_streets(tools, path)


def test_a_map_without_a_street_is_refused(tools: Services, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.import_streets(tools, write_pbf(tmp_path / "lac.osm.pbf", [([(0, 0), (1, 0)], {"waterway": "river"})]))
    assert refused.value.decision.code == "streets.no_streets"


@pytest.mark.parametrize("name", ["", "x" * 101, "a\nb"])
def test_a_name_that_cannot_be_shown_is_refused(tools: Services, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.import_streets(tools, write_pbf(tmp_path / "ville.osm.pbf", TOWN), name)
    assert refused.value.decision.code == "streets.bad_name"


def test_an_unknown_extract_cannot_be_forgotten(tools: Services) -> None:
    with pytest.raises(NotFound):
        service.forget_streets(tools, "nulle-part")


def test_points_whose_place_the_file_does_not_hold_cut_the_way(tmp_path: Path) -> None:
    path = tmp_path / "trou.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for number in (1, 2, 4, 5):
            writer.add_node(Node(id=number, location=(4 + number / 1000, 47.0)))
        writer.add_way(Way(id=1, nodes=[1, 2, 3, 4, 5], tags=dict(STREET)))
        writer.add_way(Way(id=2, nodes=[1, 3, 2], tags=dict(STREET)))
    raw = read_streets(path)
    assert (raw.way_id.tolist(), raw.node_id.tolist(), raw.missing_nodes) == ([1, 1], [1, 2, 4, 5], 2)


def test_the_commands(database_config: Config, tmp_path: Path) -> None:
    """`mobigo street import`, `list` and `forget`, in processes of their own."""
    home = tmp_path / "home"
    environ = {"MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo", "PATH": "/usr/bin:/bin"}

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "mobigo.app.cli", "street", *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    done = run("import", str(write_pbf(tmp_path / "ville.osm.pbf", TOWN)), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["way_count"] == 3
    assert [each["name"] for each in json.loads(run("list", "--json").stdout)] == ["ville"]
    assert run("forget", "ville").returncode == 0
    assert run("forget", "ville").returncode == 2
    broken = tmp_path / "carte.pbf"
    broken.write_bytes(b"rien")
    refused = run("import", str(broken))
    assert (refused.returncode, "carte.pbf" in refused.stderr) == (2, True)
