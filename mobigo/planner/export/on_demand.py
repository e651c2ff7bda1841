"""Ways by an on-demand service as the API gives them, and until when one books them, in words."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.infra import formats
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.planner.model import Endpoint, Journey, OnDemandFound, OnDemandWay, Price, Query

Json = dict[str, Any]


def on_demand_json(
    found: OnDemandFound, query: Query, zone: ZoneInfo, journey_json: Callable[[Journey, Endpoint, Endpoint], Json],
    price_json: Callable[[Price], Json], decision_json: Callable[[Decision], Json],
) -> list[Json]:  # fmt: skip
    """Each way. `journey_json`: how a journey of the timetable between two ends is written; a price and a reason
    likewise."""

    def way_json(way: OnDemandWay) -> Json:
        here, there = Endpoint(way.board, way.board_point), Endpoint(way.alight, way.alight_point)
        end = query.destination if way.then is None else Endpoint(way.then.board, way.then.board_point)
        return {
            **_service_json(way, found.asked_at, zone),
            "before": None if way.before is None else journey_json(way.before, query.origin, here),
            "after": None if way.after is None else journey_json(way.after, there, end),
            "then": None if way.then is None else way_json(way.then),
            "total_cents": None if way.total is None else way.total.cents,
            "rest_price": None if way.rest is None else price_json(way.rest),
            "why": [decision_json(each) for each in way.why],
        }

    return [way_json(way) for way in found.ways]


def _service_json(way: OnDemandWay, asked_at: datetime | None, zone: ZoneInfo) -> Json:
    return {
        "service": way.service,
        "operator": way.operator,
        "promised": way.is_ours,
        "message": way.message,
        "booking_page": way.href,
        "phone": way.phone,
        "book_by": None if way.book_by is None else way.book_by.astimezone(zone),
        "booking": book_by_words(way, zone, asked_at),
        "departure": way.leave_at.astimezone(zone),
        "arrival": way.arrive_at.astimezone(zone),
        "pickup_since": way.since.astimezone(zone),
        "pickup_until": way.until.astimezone(zone),
        "set_down_by": way.set_down_by.astimezone(zone),
        "board": _stop(way.board, way.board_point),
        "alight": _stop(way.alight, way.alight_point),
        "walk_m": way.walk_to_m + way.walk_from_m,
        "price_cents": None if way.price is None else way.price.cents,
        "buffer_s": way.buffer_s,
    }


def _stop(name: str, point: Point) -> Json:
    return {"name": name, "lat": round(point.lat, 6), "lon": round(point.lon, 6)}


def book_by_words(way: OnDemandWay, zone: ZoneInfo, asked_at: datetime | None) -> str:
    """Until when one books, said as people say it at the instant they ask."""
    return f"{_when(way, zone, asked_at)}, {_how(way)}"


def _when(way: OnDemandWay, zone: ZoneInfo, asked_at: datetime | None) -> str:
    language = current_language()
    if way.book_by is None:
        return _("À réserver")
    last = way.book_by.astimezone(zone)
    facts = {"hour": formats.hour(last, language, short=True), "day": formats.day(last, language)}
    if asked_at is not None and last.date() == asked_at.astimezone(zone).date():
        return _("À réserver avant %(hour)s aujourd’hui") % facts
    return _("À réserver avant le %(day)s à %(hour)s") % facts


def _how(way: OnDemandWay) -> str:
    facts = {"phone": way.phone}
    if way.is_ours:
        return _("par téléphone au %(phone)s ou ici") % facts
    if way.phone and way.href:
        return _("par téléphone au %(phone)s ou sur le site du transporteur") % facts
    if way.phone:
        return _("par téléphone au %(phone)s") % facts
    return _("sur le site du transporteur") if way.href else _("auprès du transporteur")
