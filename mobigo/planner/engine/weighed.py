"""Journeys by arrival, vehicles, walking and price: queries in, itineraries with their prices out.

Beside `engine.search`, whose front by arrival and vehicles bounds what is worth weighing here.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mobigo.network.model.timetable import I32
from mobigo.planner.engine import criteria, raptor, tariffs
from mobigo.planner.engine.criteria import Ridden, Room, Slack
from mobigo.planner.engine.found import Itinerary
from mobigo.planner.engine.labels import NO_PRICE
from mobigo.planner.engine.latest import NEVER, latest
from mobigo.planner.engine.raptor import INF
from mobigo.planner.engine.search import EVERYTHING, Accepts, Searcher
from mobigo.planner.engine.views import View
from mobigo.planner.engine.watch import Watch
from mobigo.planner.model import Reach
from mobigo.planner.rules.fare_table import MIXED, FareTable
from mobigo.planner.rules.trace import Effort

ROOM = 1 << 14  # labels at first; more is made where a question needs it

_rooms = threading.local()


@dataclass(frozen=True, slots=True)
class Weighed:
    """An itinerary, its metres on foot, and the least and the most it costs; None where that is unknown."""

    itinerary: Itinerary
    walk_m: int
    least_cents: int | None
    most_cents: int | None


def usual_slack(front: Sequence[tuple[int, int]], at_s: int) -> Slack:
    """Half of what the quickest of the front (arrival, vehicles) takes: an hour at most, a quarter at least."""
    lasts_s = min(arrival for arrival, _ in front) - at_s
    return Slack(arrive_s=min(3600, max(900, lasts_s // 2)))


def unbeaten(reached: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of pairs (arrival, vehicles), those that none beats in both."""
    front: list[tuple[int, int]] = []
    for arrival, vehicles in sorted(reached, key=lambda one: (one[1], one[0])):
        if not front or arrival < front[-1][0]:
            front.append((arrival, vehicles))
    return front


def deadlines(front: Sequence[tuple[int, int]], slack: Slack, rounds: int, latest_s: int) -> dict[int, int]:
    """The latest arrival with each number of vehicles, from the front (arrival, vehicles). Never later with more
    vehicles."""
    least, most = (pick(vehicles for _, vehicles in front) for pick in (min, max))
    earliest_s = min(arrival for arrival, _ in front)
    out: dict[int, int] = {}
    for k in range(1, min(rounds, most + slack.rides) + 1):
        best_s = min(arrival for arrival, vehicles in front if vehicles <= max(k, least))
        out[k] = min(best_s + slack.arrive_s, earliest_s + slack.late_s, latest_s)
    return out


def weighed(
    searcher: Searcher, table: FareTable, origin: Reach, destination: Reach, at_s: int, rounds: int = 8,
    duration_s_max: int = 86_400, accepts: Accepts = EVERYTHING, slack: Slack | None = None,
    arrive_s_max: int | None = None, front: Sequence[tuple[int, int]] | None = None, watch: Watch | None = None,
) -> list[Weighed]:  # fmt: skip
    """The restricted Pareto set (`engine.criteria`) of journeys that leave the door at `at_s`, in order of arrival,
    vehicles, price. Without `slack`, `usual_slack`; `front` is that of the two-criteria search when it is known
    already. By way of a place: not offered (ValueError)."""
    if accepts.via is not None:
        raise ValueError("by way of a place, journeys are not weighed")
    if front is None:
        found = searcher.one(origin, destination, at_s, False, rounds, duration_s_max, accepts, watch)
        front = [(each.arrive_s, len(each.rides)) for each in found]
    if not front:
        return []
    view = searcher.view(at_s, at_s + duration_s_max, False, accepts)
    start_s, base = np.int32(at_s - view.origin_epoch_s), view.origin_epoch_s
    last_s = at_s + duration_s_max if arrive_s_max is None else min(at_s + duration_s_max, arrive_s_max)
    slack = slack or usual_slack(front, at_s)
    by = deadlines(front, slack, rounds, last_s)
    deadline_s = np.full(len(by) + 1, NEVER, np.int32)
    for k, instant in by.items():
        deadline_s[k] = instant - base
    bound = _bounded(searcher, view, origin, destination, deadline_s, start_s)
    egress_s, egress_m = _at_door(view, destination)
    ridden = _ridden(searcher, view, table)
    room: Room = getattr(_rooms, "room", None) or criteria.make_room(ROOM)
    while True:
        count = criteria.search(
            view.graph, table, ridden, room, origin.node, origin.time_s + start_s, origin.walk_m, egress_s, egress_m,
            *bound, slack.waits,
        )  # fmt: skip
        if count >= 0:
            break
        room = criteria.make_room(2 * len(room.pool))
    _rooms.room = room
    if watch is not None:
        watch.efforts.append(Effort("price", 1, len(deadline_s) - 1, int(room.used[0]), count))
    out = []
    for label, reach, walk_m, least, most, k in room.ends[:count].tolist():
        rows = np.empty((k, raptor.RIDE_COLUMNS), np.int32)
        criteria.trace(view.graph, room, label, rows)
        itinerary = searcher.itinerary(view, int(start_s), reach, rows)
        out.append(Weighed(itinerary, walk_m, *(None if cents >= NO_PRICE else cents for cents in (least, most))))
    return sorted(
        out, key=lambda w: (w.itinerary.arrive_s, len(w.itinerary.rides), w.most_cents is None, w.most_cents or 0)
    )


def _bounded(
    searcher: Searcher, view: View, origin: Reach, destination: Reach, deadline_s: I32, start_s: np.int32
) -> tuple[I32, I32, I32]:
    """How late one may be off a vehicle and ready for the next at every node, and the least way to the target."""
    g = view.graph
    nodes = len(g.change_s)
    since_s, ahead_s = searcher.least_s(view, origin, leaving=True), searcher.least_s(view, destination)
    by_off, by_on = (np.empty((len(deadline_s), nodes), np.int32) for _ in range(2))
    latest(g, destination.node, destination.time_s, deadline_s, start_s, since_s, by_off, by_on)
    return by_off, by_on, ahead_s


def _at_door(view: View, destination: Reach) -> tuple[I32, I32]:
    nodes = len(view.graph.change_s)
    egress_s, egress_m = np.full(nodes, INF, np.int32), np.zeros(nodes, np.int32)
    egress_s[destination.node], egress_m[destination.node] = destination.time_s, destination.walk_m
    return egress_s, egress_m


def _ridden(searcher: Searcher, view: View, table: FareTable) -> Ridden:
    """What a view says of fares under a table, made once for both."""
    known = view.derived.get("fares")
    if known is not None and known[0] is table:
        ridden: Ridden = known[1]
        return ridden
    timetable, graph = searcher.timetable, view.graph
    network = table.run_network[view.occurrence_run].astype(np.int32)
    start = graph.occurrence_start[:-1]
    least, most = np.minimum.reduceat(network, start), np.maximum.reduceat(network, start)
    has_transfers = np.append(table.group >= 0, [True, False])  # the last two: MIXED and UNKNOWN, from the end
    grouped = np.logical_or.reduceat(has_transfers[network], start)
    part, parts = tariffs.parts_of(graph, grouped)
    made = Ridden(
        network, (least == most) & (least != MIXED), view.occurrence_run,
        (timetable.pattern_node_start[view.pattern] + view.first_position).astype(np.int32),
        view.first_position.astype(np.int32), timetable.run_trip_start, timetable.run_trip_first, timetable.foot_m,
        timetable.node_stop, part, np.array([parts], np.int32),
    )  # fmt: skip
    made = Ridden(*(_frozen(column) for column in made))
    view.derived["fares"] = (table, made)
    return made


def _frozen(column: np.ndarray) -> np.ndarray:
    out = np.ascontiguousarray(column).view()
    out.flags.writeable = False
    return out
