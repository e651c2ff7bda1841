"""The product's search, asked the way the oracles are: a `Question` on the feed of a `Case`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.model.timetable import NEVER_S, Timetable
from mobigo.planner.engine import raptor
from mobigo.planner.engine.views import View, build_view
from tests.builders import tables
from tests.oracles.brute_force import Ask, Front
from tests.strategies import Question

ZONE = "Europe/Paris"


def compiled(files: Mapping[str, str], name: str = "feed") -> Timetable:
    """The timetable of one feed."""
    return compile_feeds([CompileInput(name, tables(files))], ZONE, "hash")


def ask_of(question: Question) -> Ask:
    """The question as the brute force takes it."""
    return Ask(
        question.access,
        question.egress,
        question.vehicles_max,
        question.extra_change_s,
        wheelchair=question.wheelchair,
    )


def view_of(timetable: Timetable, question: Question, at: int, *, backward: bool) -> View:
    """The view of the days around `at`."""
    day = datetime.fromtimestamp(at, ZoneInfo(timetable.zone)).date()
    run_ok = node_ok = None
    if question.wheelchair:
        run_ok = np.array(
            [
                all(timetable.trip_wheelchair[t] == 1 for t in timetable.run_trip[a:b])
                for a, b in zip(timetable.run_trip_start[:-1], timetable.run_trip_start[1:], strict=True)
            ],
            np.bool_,
        )
        node_ok = timetable.stop_wheelchair[timetable.node_stop] == 1
    back, ahead = (1, timetable.back_days + 2) if backward else (timetable.back_days + 1, 2)
    if backward:
        back, ahead = timetable.back_days + 3, 2
    return build_view(
        timetable,
        day - timedelta(days=back),
        day + timedelta(days=ahead),
        day,
        backward,
        run_ok,
        node_ok,
        question.extra_change_s,
    )


def nodes_of(timetable: Timetable, ends: Mapping[str, int]) -> tuple[Any, Any]:
    """(nodes, seconds) of stops by id, the copies of a stop included."""
    ids = [str(stop_id) for stop_id in timetable.stop_id]
    found = [
        (node, seconds)
        for stop_id, seconds in ends.items()
        if stop_id in ids
        for node in np.flatnonzero(timetable.node_stop == ids.index(stop_id)).tolist()
    ]
    return np.array([node for node, _ in found], np.int32), np.array([seconds for _, seconds in found], np.int32)


def front(timetable: Timetable, question: Question, *, arrive_by: bool = False) -> Front:
    """The front (arrival, vehicles) leaving at `question.at`, or (departure, vehicles) there by `question.by`; rides only."""
    at = question.by if arrive_by else question.at
    view = view_of(timetable, question, at, backward=arrive_by)
    sources, ends = (question.egress, question.access) if arrive_by else (question.access, question.egress)
    source, access_s = nodes_of(timetable, sources)
    target, egress_of = nodes_of(timetable, ends)
    g = view.graph
    node_count = len(timetable.node_stop)
    labels = raptor.make_labels(node_count, len(g.pattern_start) - 1, question.vehicles_max)
    egress_s = np.full(node_count, NEVER_S, np.int32)
    egress_s[target] = egress_of
    start = at - view.origin_epoch_s
    start = -start if arrive_by else start
    raptor.lower_bounds(g.lb_to_s, g.lb_from_s, target, egress_of, source, labels.bound)
    done = raptor.search(
        g, labels, source, (start + access_s).astype(np.int32), egress_s, question.vehicles_max, start + 24 * 3600
    )
    out: Front = []
    for k in range(1, done + 1):
        if labels.target_node[k] >= 0:
            reached = int(labels.target_s[k])
            out.append((view.origin_epoch_s + (-reached if arrive_by else reached), k))
    return out


def rides_only(points: Front, *, arrive_by: bool = False) -> Front:
    """The front without journeys of no vehicle."""
    return [point for point in points if point[1] > 0]


__all__ = ["ask_of", "compiled", "front", "nodes_of", "replace", "rides_only", "view_of"]
