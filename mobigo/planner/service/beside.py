"""The carpool lines of an answer: along one alone, and before or after the timetable."""

from collections.abc import Sequence
from dataclasses import replace

from mobigo.base.decisions import Decision
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.engine.doors import position_of
from mobigo.planner.model import CarpoolLines, CarpoolWay, Fares, Payer, Query
from mobigo.planner.service.joined import Timetabled, joined_ways


def carpool_ways(
    network: LiveNetwork, query: Query, lines: CarpoolLines | None, table: Timetabled, fares: Fares | None, payer: Payer
) -> tuple[tuple[CarpoolWay, ...], Decision | None]:
    """The ways along a carpool line, or why there is none. Nothing is said where a chosen mode, a place on the way or a
    wheelchair rules them out: what is not known to be accessible is not."""
    limits = query.limits
    a, b = position_of(network.timetable, query.origin), position_of(network.timetable, query.destination)
    chosen = limits.route_types is not None or limits.only_agencies is not None or query.via is not None
    if lines is None or chosen or limits.wheelchair or a is None or b is None:
        return (), None
    walk_m_max = limits.walk_m_max
    ways = list(lines.ways(a, b, query.at, arrive_by=query.arrive_by, window_s=query.window_s, walk_m_max=walk_m_max))
    ways += priced(network, joined_ways(query, lines, table, a, b, walk_m_max), fares, payer)
    if query.arrive_by:
        ways.sort(key=lambda way: (-way.leave_at.timestamp(), way.line))
    else:
        ways.sort(key=lambda way: (way.arrive_at, way.line))
    return tuple(ways), None if ways else lines.why_none(a, b, query.at, walk_m_max=walk_m_max)


def priced(network: LiveNetwork, ways: Sequence[CarpoolWay], fares: Fares | None, payer: Payer) -> list[CarpoolWay]:
    """The ways with the price of the journey before or after them."""
    journeys = [way.joined for way in ways]
    if fares is None or any(each is None for each in journeys):
        return list(ways)
    prices = fares.prices(network, [each for each in journeys if each is not None], payer)
    return [replace(way, rest=price) for way, price in zip(ways, prices, strict=True)]
