"""Journeys, and everything within reach of a place."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from flask.typing import ResponseReturnValue

from mobigo.base.decisions import Decision
from mobigo.infra.auth import public
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.api import bp
from mobigo.planner.api.answers import end_of, ended, json_response
from mobigo.planner.api.asked import AreasAsked, JourneysAsked, ReachableAsked, Wrong, asking, instant
from mobigo.planner.export import names
from mobigo.planner.export.journeys import answer_json, decision_json
from mobigo.planner.export.offered import operator_rows
from mobigo.planner.export.traced import trace_json
from mobigo.planner.model import By, Limits, Own, Pace, Payer, Preset, Query
from mobigo.planner.rules.own import refusal
from mobigo.planner.web.asked import MODES
from mobigo.planner.web.here import Here, pinned_today


@bp.get("/journeys")
@public
@asking(JourneysAsked)
def journeys(asked: JourneysAsked) -> ResponseReturnValue:
    """Ways of going from one place to another.

    Every journey of the window that is useful: none leaves later, arrives sooner and changes less. Without any, the
    answer says why and when the next one is.
    """
    with pinned_today() as here:
        origin, other_origins = end_of(here, asked.origin)
        destination, other_destinations = end_of(here, asked.destination)
        via = end_of(here, asked.via)[0] if asked.via is not None else None
        at = instant(asked.at, here.now, here.zone)
        ends = {"from": ended(here, origin, other_origins), "to": ended(here, destination, other_destinations)}
        without_routes, only_agencies = _narrowed(asked, here.live)
        if at is None:
            return json_response(_unanswered(asked, ends, here, _outside(asked, here.live)))
        limits = Limits(
            vehicles_max=8 if asked.changes is None else asked.changes + 1,
            walk_m_max=asked.walk,
            change_s_extra=asked.change_s,
            wheelchair=asked.wheelchair or asked.prefer == "step_free",
            pace=Pace(asked.pace),
            route_types=None
            if asked.modes is None
            else frozenset().union(*(MODES[mode] for mode in asked.modes.split(","))),
            without_routes=without_routes,
            only_agencies=only_agencies,
        )
        own = _own(here, asked)
        refused = refusal(own, limits) if isinstance(own, Own) else own
        if refused is not None:
            return json_response(_unanswered(asked, ends, here, refused))
        takes = own if isinstance(own, Own) else None
        query = Query(
            origin, destination, at, asked.arrive_by, asked.window * 60, via, asked.stay * 60, limits, takes,
            Preset(asked.prefer),
        )  # fmt: skip
        payer = Payer(asked.rider or "", asked.hold)
        answer, trace = here.explained(query, payer) if asked.explain else (here.plan(query, payer), None)
        told = {**answer_json(here.live, answer, geometry=asked.geometry, stops=asked.stops), **ends}
        return json_response({**told, "trace": None if trace is None else trace_json(here.live, trace)})


def _own(here: Here, asked: JourneysAsked) -> Own | Decision | None:
    """The vehicle of one's own; or why there is none where it is said to stand."""
    left_at = () if asked.left_at is None else end_of(here, asked.left_at)[0].stops
    if asked.left_at is not None and (asked.own is None or not left_at):
        return Decision("planner.own_left_nowhere", place=asked.left_at[:80])
    park = asked.park if asked.park is not None and left_at and asked.own == "car" else ""
    return None if asked.own is None else Own(By(asked.own), left_at, park)


def _narrowed(asked: JourneysAsked, live: LiveNetwork) -> tuple[frozenset[str], frozenset[str] | None]:
    """(lines not to take, operators to keep to). Raises Wrong with each id that is nobody's."""
    faults = [
        {"in": "query", "name": name, "detail": f"no {what} has the id {id_[:100]!r}"}
        for name, what, ids, known in (
            ("without_line", "line", asked.without_line, names.line_rows(live)),
            ("only_operator", "operator", asked.only_operator, operator_rows(live)),
        )
        for id_ in ids
        if id_ not in known
    ]
    if faults:
        raise Wrong(faults)
    return frozenset(asked.without_line), frozenset(asked.only_operator) or None


def _outside(asked: JourneysAsked, live: LiveNetwork) -> Decision:
    """That no timetable could hold the instant asked."""
    day, table = asked.at.date() if asked.at is not None else None, live.timetable
    return Decision("planner.outside_validity", day=day, first_day=table.first_day, last_day=table.last_day)


def _unanswered(asked: JourneysAsked, ends: dict[str, Any], here: Here, reason: Decision) -> dict[str, Any]:
    """The answer to a question that cannot be searched for, and why."""
    return {
        **ends,
        "at": asked.at or here.now.astimezone(here.zone),
        "arrive_by": asked.arrive_by,
        "network": here.live.hash,
        "journeys": [],
        "carpool": [],
        "no_carpool": None,
        "on_demand": [],
        "on_demand_missed": [],
        "beaten": [],
        "order": [],
        "cancelled": [],
        "realtime": None,
        "remarks": [decision_json(reason)],
        "earlier_at": None,
        "later_at": None,
        "next_at": None,
        "trace": None,
    }


@bp.get("/reachable/areas")
@public
@asking(AreasAsked)
def reachable_areas(asked: AreasAsked) -> ResponseReturnValue:
    """The area one can be in within a time, as polygons, and the communes in it."""
    from mobigo.planner.engine.doors import position_of
    from mobigo.planner.export.areas import areas_json

    with pinned_today() as here:
        origin, others = end_of(here, asked.origin)
        at = instant(asked.at, here.now, here.zone)
        if at is None or position_of(here.live.timetable, origin) is None:
            nowhere = {"type": "FeatureCollection", "along_streets": False, "cell_m": 1, "features": [], "communes": []}
            return json_response({**nowhere, "from": ended(here, origin, others), "at": asked.at or here.now})
        found, communes = here.areas(origin, at, asked.bounds, asked.walk)
        return json_response(
            {
                **areas_json(found, asked.bounds, communes),
                "from": ended(here, origin, others),
                "at": at.astimezone(here.zone),
            }
        )


@bp.get("/reachable")
@public
@asking(ReachableAsked)
def reachable(asked: ReachableAsked) -> ResponseReturnValue:
    """Every stop one can be at within a time, and when."""
    with pinned_today() as here:
        origin, others = end_of(here, asked.origin)
        at = instant(asked.at, here.now, here.zone)
        found = here.reachable(origin, at, asked.duration * 60, asked.walk) if at is not None else None
        table = here.live.timetable
        stops = []
        total = 0
        if at is not None and found is not None:
            start = int(at.timestamp())
            reached = np.flatnonzero(found.arrive_epoch_s >= 0)
            total = len(reached)
            order = reached[np.lexsort((reached, found.arrive_epoch_s[reached]))][: asked.limit]
            for stop in order.tolist():
                arrival = int(found.arrive_epoch_s[stop])
                stops.append(
                    {
                        "id": names.stop_id(table, stop),
                        "name": table.stop_name[stop],
                        "lat": round(float(table.stop_lat[stop]), 6),
                        "lon": round(float(table.stop_lon[stop]), 6),
                        "arrival": datetime.fromtimestamp(arrival, UTC).astimezone(here.zone),
                        "duration_s": max(0, arrival - start),
                        "vehicles": int(found.vehicles[stop]),
                    }
                )
        return json_response(
            {
                "from": ended(here, origin, others),
                "at": at.astimezone(here.zone) if at is not None else asked.at,
                "duration_s": asked.duration * 60,
                "total": total,
                "stops": stops,
            }
        )
