"""Streets: what is near on foot, driving matrices, answers from door to door, and what importing an extract costs.

    python -m tests.benchmarks.streets [--data FILE.osm.pbf] [--count N] [--seed N]
                                       [--only around|drive|areas|http|import]

By default Porto Alegre (a street network and two feeds). The peer is scipy's Dijkstra on the same edges, told the same
limit; it gives costs alone, ours the ways to all stops as well. CPU clock, compilation and preparation left out on both
sides. `import` copies the extract side by side until it holds a million points, and reads that.
"""

import argparse
import http.client
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from mobigo.base.geo import Point
from mobigo.network.engine.compile import compile_feeds
from mobigo.network.engine.feedpart import CompileInput
from mobigo.network.engine.streets.build import build
from mobigo.network.engine.streets.drive import Driving
from mobigo.network.engine.streets.routes import Streets
from mobigo.network.gateway.gtfs import read_feed
from mobigo.network.gateway.osm import read_streets
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.streets import CAR, WALKER, Mover
from mobigo.planner.model import Endpoint
from mobigo.planner.service.reached import areas as reached_areas
from tests.benchmarks.measures import Measure, line, percentile
from tests.live import Site, site

WALK_S = 20 * 60.0
MATRIX = 100
CLIENTS = 4
PARTS = ("around", "drive", "areas", "http", "import")


def around(streets: Streets, count: int, seed: int) -> Iterator[Measure]:
    """From a door to every junction's neighbourhood within 20 minutes on foot."""
    points = _points(streets, count, seed)
    everywhere = streets.snap(WALKER, streets.graph.junction_lat, streets.graph.junction_lon)
    stops = type(everywhere)(*(column[::10] for column in everywhere))  # a tenth of the junctions stand for stops
    streets.times(WALKER, points[0], stops, time_s_max=WALK_S)
    ours = []
    for point in points:
        began = time.thread_time()
        streets.times(WALKER, point, stops, time_s_max=WALK_S)
        ours.append(time.thread_time() - began)
    matrix, starts = _scipy(streets, WALKER), _nearest(streets, points)
    theirs = []
    for start in starts:
        began = time.thread_time()
        dijkstra(matrix, indices=start, limit=WALK_S * 1000)
        theirs.append(time.thread_time() - began)
    for name, share, goal in (("p50", 0.5, None), ("p99", 0.99, 3.0)):
        yield Measure(
            f"streets/walking one-to-many 20 min, {name}", percentile(ours, share) * 1e3, "CPU ms", goal,
            note=f"{len(points)} doors, {len(stops.stretch)} targets; scipy {percentile(theirs, share) * 1e3:.2f} ms",
        )  # fmt: skip
    yield Measure(
        "streets/walking one-to-many beside scipy", sum(ours) / len(ours) * 1e3, "CPU ms mean", None,
        peer=sum(theirs) / len(theirs) * 1e3, peer_name="scipy dijkstra, costs alone",
    )  # fmt: skip


def drive(streets: Streets, seed: int) -> Iterator[Measure]:
    """A driving matrix of a hundred doors."""
    points = _points(streets, MATRIX, seed)
    driving = Driving(streets)
    driving.matrix(points, points)
    ours = []
    for _ in range(5):
        began = time.thread_time()
        driving.matrix(points, points)
        ours.append(time.thread_time() - began)
    matrix, starts = _scipy(streets, CAR), _nearest(streets, points)
    began = time.thread_time()
    dijkstra(matrix, indices=starts)
    theirs = time.thread_time() - began
    yield Measure(f"streets/driving matrix {MATRIX} x {MATRIX}", min(ours) * 1e3, "CPU ms", 100.0)
    yield Measure(
        "streets/driving matrix beside scipy", min(ours) * 1e3, "CPU ms", None, peer=theirs * 1e3,
        peer_name="scipy dijkstra from each",
    )  # fmt: skip


def areas(streets: Streets, folder: Path, count: int, seed: int) -> Iterator[Measure]:
    """What is reached within 60 minutes of a door, over two feeds and the streets: the polygon."""
    feeds = [CompileInput(path.stem, read_feed(path)) for path in sorted((folder / "gtfs").glob("porto-alegre-*.zip"))]
    network = LiveNetwork(compile_feeds(feeds, "America/Sao_Paulo", "areas"), "areas", streets.graph)
    at = datetime(2019, 5, 15, 8, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))
    doors = [Endpoint("door", point) for point in _points(streets, count, seed)]
    reached_areas(network, doors[0], at, [3600])
    spent = []
    for door in doors:
        began = time.thread_time()
        reached_areas(network, door, at, [3600])
        spent.append(time.thread_time() - began)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        yield Measure(
            f"streets/area within 60 minutes, {name}", percentile(spent, share) * 1e3, "CPU ms", 60.0,
            note=f"{len(doors)} doors; search, streets and polygon",
        )  # fmt: skip


def over_http(folder: Path, count: int, seed: int) -> Iterator[Measure]:
    """Door to door over HTTP: two feeds and the streets of Porto Alegre, asked one question after the other, then by
    four clients at once."""
    with tempfile.TemporaryDirectory() as home:
        settings = {"MOBIGO_ZONE": "America/Sao_Paulo"}
        environ = {**os.environ, **settings, "MOBIGO_HOME": home, "MOBIGO_ENV": "demo"}
        feeds = [str(path) for path in sorted((folder / "gtfs").glob("porto-alegre-*.zip"))]
        for command in (["gtfs", "import", *feeds], ["street", "import", str(folder / "osm" / "poa_osm.pbf")],
                        ["network", "build"]):  # fmt: skip
            subprocess.run(
                [sys.executable, "-m", "mobigo.app.cli", *command], env=environ, check=True, stdout=subprocess.DEVNULL
            )
        paths = _questions(folder, count, seed)
        with site(Path(home), settings) as serving:
            for path in paths[:40]:
                _ask(serving, path)
            answered = {}
            for clients in (1, CLIENTS):
                with ThreadPoolExecutor(clients) as asking:
                    answered[clients] = list(asking.map(lambda path: _ask(serving, path), paths))
    for clients, answers in answered.items():
        spent = [seconds for seconds, _ in answers]
        found = sum(1 for _, journeys in answers if journeys)
        who = "" if clients == 1 else f"-{clients}-clients"
        note = f"{len(spent)} questions between doors, {found} with journeys, legs and instructions, {clients} at once"
        yield Measure(f"streets/http{who}-p50", percentile(spent, 0.5) * 1e3, "wall ms", 50.0, note=note)
        yield Measure(
            f"streets/http{who}-p99", percentile(spent, 0.99) * 1e3, "wall ms", 200.0, note="the same answers"
        )


def importing(path: Path) -> Iterator[Measure]:
    """A million points of streets, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "million.osm.pbf"
        _tile(path, large)
        script = "import sys; from tests.benchmarks.streets import read_and_build; read_and_build(sys.argv[1])"
        told = subprocess.run(
            [sys.executable, "-c", script, str(large)], capture_output=True, text=True, check=True
        ).stdout
        read_s, build_s, points, mb = json.loads(told)
    note = f"{points} points in {path.name} copied side by side; reading {read_s:.1f} s, graph {build_s:.1f} s"
    yield Measure("streets/import of a million points", (read_s + build_s) / points * 1e6, "CPU s", None, note=note)
    yield Measure("streets/memory of that", mb, "MB at most", None)


def read_and_build(path: str) -> None:
    """Prints what reading and building cost: CPU seconds of each, points, peak megabytes."""
    began = time.process_time()
    raw = read_streets(Path(path))
    read = time.process_time()
    build(raw)
    built = time.process_time()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([read - began, built - read, len(raw.node_id), peak_mb]))


def _tile(path: Path, large: Path) -> None:
    import osmium
    from osmium.osm.mutable import Node, Way

    raw = read_streets(path)
    copies = -(-1_000_000 // len(raw.node_id))
    ids, first = np.unique(raw.node_id, return_index=True)
    rank = {node: number for number, node in enumerate(ids.tolist())}
    with osmium.SimpleWriter(str(large)) as writer:
        for copy in range(copies):
            for number, at in enumerate(first.tolist()):
                lon, lat = raw.node_lon[at] / 1e7 + copy % 5, raw.node_lat[at] / 1e7 + copy // 5
                writer.add_node(Node(id=copy * len(ids) + number + 1, location=(lon, lat)))
        for copy in range(copies):
            for way in range(len(raw.way_id)):
                nodes = raw.node_id[int(raw.way_start[way]) : int(raw.way_start[way + 1])].tolist()
                writer.add_way(
                    Way(
                        id=copy * len(raw.way_id) + way + 1,
                        nodes=[copy * len(ids) + rank[node] + 1 for node in nodes],
                        tags={"highway": "residential"},
                    )
                )


def _scipy(streets: Streets, mover: Mover) -> csr_matrix:
    graph, costs = streets.graph, streets.costs(mover)
    leaves = np.repeat(np.arange(graph.junction_count), np.diff(graph.edge_start))
    effort = costs.effort_ms[graph.edge_id]
    kept = (effort > 0) & ~costs.barred[leaves]
    return csr_matrix(
        (effort[kept].astype(float), (leaves[kept], graph.edge_to[kept])), shape=(graph.junction_count,) * 2
    )


def _points(streets: Streets, count: int, seed: int) -> list[Point]:
    graph, chance = streets.graph, np.random.default_rng(seed)
    at = chance.integers(0, graph.junction_count, count)
    lat, lon = (column[at] + chance.normal(0, 0.0003, count) for column in (graph.junction_lat, graph.junction_lon))
    return [Point(float(y), float(x)) for y, x in zip(lat, lon, strict=True)]


def _nearest(streets: Streets, points: list[Point]) -> list[int]:
    snaps = streets.snap(WALKER, np.array([p.lat for p in points]), np.array([p.lon for p in points]))
    return [int(streets.graph.stretch_from[max(0, int(stretch))]) for stretch in snaps.stretch]


def _questions(folder: Path, count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    streets = Streets(build(read_streets(folder / "osm" / "poa_osm.pbf")))
    points = _points(streets, 2 * count, seed)
    out = []
    for a, b in zip(points[::2], points[1::2], strict=True):
        at = f"2019-05-15T{chance.randint(6, 18):02}:{chance.randint(0, 59):02}"
        out.append(
            "/api/v1/journeys?"
            + urlencode({"from": f"{a.lat:.6f},{a.lon:.6f}", "to": f"{b.lat:.6f},{b.lon:.6f}", "at": at})
        )
    return out


def _ask(serving: Site, path: str) -> tuple[float, int]:
    host = serving.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=600)
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    spent = time.perf_counter() - began
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
    return spent, len(json.loads(body)["journeys"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="an extract (.osm.pbf); by default that of Porto Alegre")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--cap-s", type=float, help="not used: every case is asked the same number of times")
    asked = parser.parse_args()
    folder = Path(os.environ.get("MOBIGO_REALDATA", ""))
    path = asked.data or folder / "osm" / "poa_osm.pbf"
    own = [part for part in PARTS if part not in ("http", "areas") or asked.data is None]
    wanted = [asked.only] if asked.only else own
    streets = Streets(build(read_streets(path)))
    runs = {
        "around": lambda: around(streets, asked.count, asked.seed),
        "drive": lambda: drive(streets, asked.seed),
        "areas": lambda: areas(streets, folder, asked.count, asked.seed),
        "http": lambda: over_http(folder, asked.count, asked.seed),
        "import": lambda: importing(path),
    }
    for part in wanted:
        for measure in runs[part]():
            print(line(measure), flush=True)


if __name__ == "__main__":
    main()
