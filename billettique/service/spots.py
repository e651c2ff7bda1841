"""The stops of the network being served where fares are counted from, and the lines of a feed by tariff network."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from billettique.gateway.networks import network_tables
from billettique.model.spots import Spot
from billettique.rules.networks import RAIL, NetworkLines, mode_of, network_of, table_on
from billettique.service.served_lines import uic_of
from mobigo.base.errors import NotFound
from mobigo.base.geo import Point
from mobigo.network.model.timetable import Timetable


def spots_of(networks: Any, day: date, home: Path | None) -> dict[str, Spot]:
    """Every station, and every stop of none, that some trip serves, by its stable place; none where no network was
    built yet."""
    table = table_on(network_tables(home), day)
    lines = () if table is None else table.networks
    since = date.min if table is None else table.first_day
    try:
        with networks.current() as live:
            found: dict[str, Spot] = live.derived(f"billettique.spots.{since}", lambda each: derive_spots(each, lines))
            return found
    except NotFound:
        return {}


def derive_spots(timetable: Timetable, lines: tuple[NetworkLines, ...]) -> dict[str, Spot]:
    """The spots of a compiled timetable."""
    routes = np.repeat(timetable.trip_route, np.diff(timetable.trip_visit_start)).astype(np.int64)
    count = max(1, len(timetable.route_id))
    served = np.unique(timetable.visit_stop[: len(routes)].astype(np.int64) * count + routes)
    networks = network_of_routes(timetable, lines)
    of: dict[str, dict[str, Any]] = {}
    for stop, route in ((pair // count, pair % count) for pair in served.tolist()):
        parent = int(timetable.stop_parent[stop])
        row = parent if parent >= 0 else stop
        place = str(timetable.stop_place[row] or timetable.stop_name[row])
        known = of.setdefault(place, {"row": row, "ids": {}, "networks": set(), "uic": ""})
        known["ids"][timetable.feed_name[timetable.stop_feed[row]], timetable.stop_id[row]] = None
        known["uic"] = known["uic"] or _uic(timetable, (row, stop), route)
        network = networks[route]
        if network is not None:
            known["networks"].add(network)
    return {
        place: Spot(
            place, timetable.stop_name[known["row"]],
            Point(float(timetable.stop_lat[known["row"]]), float(timetable.stop_lon[known["row"]])),
            tuple(known["ids"]), known["uic"], tuple(sorted(known["networks"])),
        )
        for place, known in sorted(of.items(), key=lambda each: (timetable.stop_name[each[1]["row"]], each[0]))
    }  # fmt: skip


def _uic(timetable: Timetable, rows: tuple[int, int], route: int) -> str:
    rail = mode_of(int(timetable.route_type[route])) == RAIL
    return next((code for row in rows if (code := uic_of(timetable, row, rail))), "")


def network_of_routes(timetable: Timetable, lines: tuple[NetworkLines, ...]) -> tuple[str | None, ...]:
    """The network of the tariff of each route."""
    agencies = [int(agency) for agency in timetable.route_agency]
    found = (
        network_of(timetable.agency_name[agency] if agency >= 0 else "", int(kind), lines)
        for agency, kind in zip(agencies, timetable.route_type, strict=True)
    )
    return tuple(None if each is None else each.id for each in found)


def feeds_of(networks: Any) -> tuple[str, ...]:
    """The names of the feeds being served; none where no network was built yet."""
    try:
        with networks.current() as live:
            return tuple(live.timetable.feed_name)
    except NotFound:
        return ()


def routes_of_feed(networks: Any, feed: str, day: date, home: Path | None) -> Mapping[str, str]:
    """The network of the tariff of each route of a feed, by the feed's own route_id. Raises
    NotFound("billettique.no_such_feed")."""
    table = table_on(network_tables(home), day)
    with networks.current() as live:
        timetable = live.timetable
        if feed not in timetable.feed_name:
            raise NotFound("billettique.no_such_feed", feed=feed[:80])
        named = network_of_routes(timetable, () if table is None else table.networks)
        return {
            timetable.route_id[route]: network
            for route, network in enumerate(named)
            if network is not None and timetable.feed_name[timetable.route_feed[route]] == feed
        }
