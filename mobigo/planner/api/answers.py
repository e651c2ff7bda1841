"""What the operations share: the ends of a journey from a text, places as dictionaries, bytes from dictionaries."""

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Response, request

from mobigo.base.errors import NotFound
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Kind, Match, Mode, Place
from mobigo.planner.api import asked as parameters
from mobigo.planner.export import names
from mobigo.planner.export.journeys import endpoint_json
from mobigo.planner.model import Endpoint
from mobigo.planner.web.asked import endpoint_of, full_label, label, point_name
from mobigo.planner.web.here import Here

Json = dict[str, Any]


def json_response(body: Any) -> Response:
    """The body as JSON, with the links of a list (RFC 8288) when it has a `next`."""
    response = Response(orjson.dumps(body), content_type="application/json")
    following = body.get("next") if isinstance(body, dict) else None
    if following is not None:
        arguments = {**request.args.to_dict(), "cursor": str(following)}
        query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in arguments.items())
        response.headers["Link"] = f'<{_quoted(request.path, "/")}?{query}>; rel="next"'
    return response


def _quoted(text: str, safe: str = "") -> str:
    from urllib.parse import quote

    return quote(text, safe=safe)


def end_of(here: Here, text: str) -> tuple[Endpoint, Sequence[Match]]:
    """(the place a text names, the others it could be). Of several, the best. Raises NotFound when it names none."""
    point = parameters.point(text)
    if point is not None:
        return Endpoint(point_name(here.places, point), point), ()
    exact = stop_endpoint(here.live, text)
    if exact is not None:
        return exact, ()
    place, others = here.places.resolve(text)
    if place is None and others:
        place, others = others[0].place, others[1:]
    if place is None:
        raise NotFound("planner.no_such_place", text=text[:80])
    return endpoint_of(place, here.places), others


def stop_endpoint(live: LiveNetwork, text: str) -> Endpoint | None:
    """The very stop of `feed:stop_id` (with its platforms, for a station); None for any other text."""
    stop = live.derived("planner.stop_rows", lambda table: _stop_rows(live), lasting=True).get(text)
    if stop is None:
        return None
    return Endpoint(live.timetable.stop_name[stop], None, (stop,))


def _stop_rows(live: LiveNetwork) -> dict[str, int]:
    return {names.feed_stop_id(live.timetable, stop): stop for stop in range(len(live.timetable.stop_id))}


def ended(here: Here, endpoint: Endpoint, others: Sequence[Match]) -> Json:
    """An end of the journey with the other places it could have been."""
    return {
        **endpoint_json(here.live, endpoint),
        "alternatives": [
            {"id": match.place.id, "name": match.place.name, "context": match.place.context} for match in others[:5]
        ],
    }


def place_json(place: Place, distance_m: int | None = None) -> Json:
    """A found place."""
    return {
        "id": place.id,
        "name": place.name,
        "context": place.context,
        "label": full_label(place) if place.kind is Kind.COMMUNE else label(place),
        "kind": place.kind.name.lower(),
        "lat": round(place.lat, 6),
        "lon": round(place.lon, 6),
        "modes": [mode.name.lower() for mode in Mode if place.modes & mode],
        "distance_m": distance_m,
    }
