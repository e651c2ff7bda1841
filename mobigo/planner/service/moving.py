"""How one moves in a network: who searches it, along which streets and through which entrances."""

from dataclasses import replace

from mobigo.base.errors import InvalidInput
from mobigo.network.engine.streets.routes import Streets
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.pathways import MOVERS
from mobigo.network.model.streets import WALKER, WHEELCHAIR, Mover
from mobigo.network.model.timetable import Timetable
from mobigo.planner.engine.doors import with_platforms
from mobigo.planner.engine.indoors import ByEntrances, Indoors
from mobigo.planner.engine.onfoot import OnStreets, StreetStops
from mobigo.planner.engine.paced import paced
from mobigo.planner.engine.reach import CrowFlight, crow_speed_m_s
from mobigo.planner.engine.search import Searcher
from mobigo.planner.engine.streetdoors import street_doors
from mobigo.planner.model import AccessEgress, Endpoint, Limits, Pace, Reach
from mobigo.planner.rules import own as owns

USUAL = Limits()
VEHICLES_MAX = 8


def searcher_of(network: LiveNetwork, limits: Limits = USUAL) -> Searcher:
    """The searcher of a network for who walks so, made at its first query and dropped with it. Where no station is
    described, a wheelchair changes as everybody does."""
    mover, inside = owns.walker(limits), len(network.timetable.within_from) > 0
    if limits.pace is Pace.USUAL and not (limits.wheelchair and inside):
        return network.derived("planner.searcher", Searcher)
    speed_m_s = owns.walker(replace(limits, wheelchair=False)).speed_m_s
    name = f"planner.searcher.{limits.pace}.{mover.name}" if inside else f"planner.searcher.{limits.pace}"
    return network.derived(name, lambda timetable: Searcher(paced(timetable, speed_m_s, mover if inside else None)))


def access_of(
    network: LiveNetwork, mover: Mover = WALKER, walker: Mover | None = None
) -> CrowFlight | OnStreets | ByEntrances:
    """How one moves in a network: along its streets, as the crow flies where it has none; and by `walker` (None: the
    mover) through the stations that are described."""
    stops = street_stops_of(network)
    outside: CrowFlight | OnStreets
    if stops is None:
        outside = CrowFlight(crow_speed_m_s(WALKER if mover is WHEELCHAIR else mover))
    else:
        outside = OnStreets(stops, mover)
    indoors = indoors_of(network, walker or mover)
    return outside if indoors is None else ByEntrances(outside, indoors)


def indoors_of(network: LiveNetwork, walker: Mover) -> Indoors | None:
    """The stations whose entrances are known, by their pathways or by the map; None where there are none."""
    graph, known = network.streets, walker if walker in MOVERS else WALKER
    on_map = graph is not None and len(graph.entrance_lat) > 0
    if not on_map and not len(network.timetable.pathway_from):
        return None

    def made(timetable: Timetable) -> Indoors:
        if graph is None:
            return Indoors(timetable, known)
        return Indoors(timetable, known, lambda enclosed: street_doors(timetable, graph, known, enclosed))

    return network.derived(f"planner.indoors.{known.name}", made, lasting=True)


def street_stops_of(network: LiveNetwork) -> StreetStops | None:
    """Where the stops are on the streets; None where no street is known."""
    graph = network.streets
    if graph is None:
        return None
    return network.derived(
        "planner.street_stops", lambda timetable: StreetStops(Streets(graph), timetable), lasting=True
    )


def reach_of(searcher: Searcher, place: Endpoint, walk_m_max: int, access: AccessEgress, leaving: bool) -> Reach:
    """The nodes of an endpoint: its stops and what is linked to them, or the stops around its position."""
    timetable = searcher.timetable
    if place.stops:
        return searcher.linked(sorted(with_platforms(timetable, place.stops)), leaving)
    if place.point is None:
        raise InvalidInput("planner.place_without_position", name=place.name)
    return access.reach(timetable, place.point, walk_m_max, leaving)
