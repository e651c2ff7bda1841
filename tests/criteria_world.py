"""Random tariffs over the tiny networks of `tests.strategies`, as the oracle and as the product read them."""

import random
from collections.abc import Mapping

import numpy as np

from mobigo.network.model.timetable import Timetable
from mobigo.planner.rules.fare_table import (
    NO_LIMIT,
    NO_PAIR,
    UNKNOWN,
    FareTable,
    by_distance_m,
    networks_of_runs,
    stations_of,
)
from tests.oracles.brute_criteria import Tariff, Transfer
from tests.oracles.spec import World, crow_m

NETWORKS = ("train", "coach", "bus")


def random_tariff(seed: int, world: World) -> Tariff:
    """Trains by distance or by pair, joined; coaches flat; buses with transfers; some routes of no network."""
    chance = random.Random(seed)
    routes = sorted({trip.route_id for trip in world.trips.values()})
    network = {route: chance.choice((*NETWORKS, *NETWORKS, None)) for route in routes}
    stations = sorted({station_of(world, stop) for stop in world.stops})
    pairs = {}
    for _ in range(chance.choice((0, 0, 3, 8))):
        a, b = chance.choice(stations), chance.choice(stations)
        cents = chance.choice((None, 100, 300, 450))
        pairs[a, b] = pairs[b, a] = cents
    edges = sorted(chance.sample((200, 500, 2_000, 20_000, 40_000, 80_000), 3))
    limit = chance.choice((None, 600, 1800, 5400))
    rule = Transfer(
        chance.choice((0, 50)), chance.choice((None, 1, 2)), limit, chance.random() < 0.5, chance.random() < 0.5
    )
    across = Transfer(chance.choice((0, 80)), None, chance.choice((None, 1200)), chance.random() < 0.5)
    outside = chance.choice((0, 0, 1))
    return Tariff(
        outside=frozenset((chance.choice(NETWORKS), stop) for stop in chance.sample(sorted(world.stops), outside)),
        network={route: name for route, name in network.items() if name is not None},
        flat={"coach": chance.choice((100, 200)), "bus": chance.choice((0, 150))},
        bands={"train": [(edge, 150 * (n + 1)) for n, edge in enumerate(edges)]},
        winding={"train": chance.choice((1.0, 1.35, 2.0))},
        joins=frozenset(chance.choice(((), ("train",), ("train", "coach")))),
        pairs=pairs,
        pair_network=chance.choice(("train", "train", "coach")),
        cap=chance.choice((None, (frozenset({"coach", "bus"}), 250), (frozenset({"train", "bus"}), 500))),
        groups=chance.choice(({}, {"bus": "b"}, {"bus": "b", "coach": "c"})),
        transfers=chance.choice(
            ({}, {("b", "b"): rule}, {("b", "b"): rule, ("c", "b"): across}, {("b", "c"): across, ("c", "c"): rule})
        ),
    )


def station_of(world: World, stop: str) -> str:
    return world.stops[stop].get("parent_station") or stop


def table_of(tariff: Tariff, timetable: Timetable) -> FareTable:
    """A tariff as the product reads it."""
    number = {name: at for at, name in enumerate(NETWORKS)}
    route_network = np.array(
        [number.get(tariff.network.get(str(route), ""), UNKNOWN) for route in timetable.route_id], np.int32
    )
    run_network, trip_network = networks_of_runs(timetable, route_network)
    joins = np.array([name in tariff.joins for name in NETWORKS])
    groups = sorted(set(tariff.groups.values()))
    rows = {name: at for at, name in enumerate(groups)}
    # a leg of a network that joins has no transfer in these tables
    grouped = [
        UNKNOWN if joins[at] else rows.get(tariff.groups.get(name, ""), UNKNOWN) for at, name in enumerate(NETWORKS)
    ]
    shape = (max(1, len(groups)), max(1, len(groups)))
    cents, count, limit = (np.full(shape, NO_LIMIT, np.int32) for _ in range(3))
    from_arrival, to_arrival = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    for (a, b), rule in tariff.transfers.items():
        if a in rows and b in rows:
            at = rows[a], rows[b]
            cents[at] = rule.cents
            count[at] = NO_LIMIT if rule.count is None else rule.count
            limit[at] = NO_LIMIT if rule.limit_s is None else rule.limit_s
            from_arrival[at], to_arrival[at] = rule.from_arrival, rule.to_arrival
    names = sorted({name for pair in tariff.pairs for name in pair})
    paired = {name: at for at, name in enumerate(names)}
    station = stations_of(timetable)
    pair_cents = np.full((max(1, len(names)),) * 2, NO_PAIR, np.int32)
    for (one, other), value in tariff.pairs.items():
        pair_cents[paired[one], paired[other]] = UNKNOWN if value is None else value
    bands = [tariff.bands.get(name, ()) for name in NETWORKS]
    stops = [str(timetable.stop_id[stop]) for stop in timetable.node_stop]
    return FareTable(
        run_network, trip_network, station, by_distance_m(timetable, _hops(timetable)),
        np.array([tariff.flat.get(name, UNKNOWN) for name in NETWORKS], np.int32),
        np.cumsum([0, *map(len, bands)]).astype(np.int32),
        np.array([until for each in bands for until, _ in each], np.int32),
        np.array([value for each in bands for _, value in each], np.int32),
        np.array([tariff.winding.get(name, 1.0) for name in NETWORKS]),
        joins,
        np.array([tariff.cap is not None and name in tariff.cap[0] for name in NETWORKS]),
        np.array([NO_LIMIT if tariff.cap is None else tariff.cap[1]], np.int32),
        np.array(grouped, np.int32), cents, count, limit, from_arrival, to_arrival,
        np.array([paired.get(str(timetable.stop_id[row]), UNKNOWN) for row in station], np.int32),
        np.array([NETWORKS.index(tariff.pair_network)], np.int32), pair_cents,
        np.array([[(name, stop) in tariff.outside for stop in stops] for name in NETWORKS]),
    )  # fmt: skip


def _hops(timetable: Timetable) -> np.ndarray:
    """Whole metres from the cell before."""
    out = np.zeros(len(timetable.pattern_node))
    stops = timetable.node_stop[timetable.pattern_node]
    at: Mapping[int, tuple[float, float]] = {
        int(stop): (float(timetable.stop_lat[stop]), float(timetable.stop_lon[stop])) for stop in stops
    }
    for a, b in zip(timetable.pattern_node_start[:-1], timetable.pattern_node_start[1:], strict=True):
        for cell in range(a + 1, b):
            out[cell] = round(crow_m(at[int(stops[cell - 1])], at[int(stops[cell])]))
    return out
