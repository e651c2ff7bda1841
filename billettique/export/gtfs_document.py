"""The fares of a GTFS feed as the document of a tariff version, for a draft; what a version cannot hold is refused by
name, never approximated."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from billettique.model.fares import FareTables, LegRule
from mobigo.base.errors import Refused


def document_from(
    tables: FareTables, *, tariff: str, code: str, title: str, first_day: date, source: str
) -> dict[str, Any]:
    """The document. Raises Refused("billettique.gtfs_not_expressible") naming the first thing that a version cannot
    hold: another currency, prices by medium or timeframe, empty fields that stand for "the others"."""
    for what in _beyond(tables):
        raise Refused("billettique.gtfs_not_expressible", what=what)
    parts: dict[str, list[dict[str, Any]]] = {
        "network": [{"id": each.id, "name": each.name or each.id} for each in tables.networks],
        "area": [
            {
                "id": area,
                "name": next((each.name for each in tables.areas if each.id == area and each.name), area),
                "stops": [stop for other, stop in tables.stop_areas if other == area],
            }
            for area in dict.fromkeys([*(each.id for each in tables.areas), *(area for area, _ in tables.stop_areas)])
        ],
        "rider": [
            {"id": each.id, "name": each.name or each.id, **({"default": True} if each.is_default else {})}
            for each in tables.riders
        ],
        "product": [
            _but_none(id=each.id, name=each.name or each.id, cents=each.amount, rider=each.rider)
            for each in tables.products
        ],
        "leg": [
            _but_none(
                product=each.product, group=each.group, network=each.network, from_area=each.from_area,
                to_area=each.to_area, priority=each.priority or None,
            )
            for each in tables.leg_rules
        ],
        "join": [
            _but_none(
                from_network=each.from_network, to_network=each.to_network, from_stop=each.from_stop,
                to_stop=each.to_stop,
            )
            for each in tables.join_rules
        ],
        "transfer": [
            _but_none(
                kind=each.kind.name.lower(), from_group=each.from_group, to_group=each.to_group, count=each.count,
                limit_s=each.duration_s,
                limit_kind=None if each.duration_kind is None else each.duration_kind.name.lower(),
                product=each.product,
            )
            for each in tables.transfer_rules
        ],
    }  # fmt: skip
    head = {"tariff": tariff, "code": code, "title": title, "first_day": first_day, "source": source}
    return head | {name: rows for name, rows in parts.items() if rows}


def _beyond(tables: FareTables) -> Iterator[str]:
    for product in tables.products:
        if product.currency != "EUR":
            yield f"fare_products: currency {product.currency}"
        if product.medium is not None:
            yield f"fare_products: fare_media_id {product.medium}"
    if tables.timeframes:
        yield "timeframes"
    if not tables.has_priority:
        for name in ("network", "from_area", "to_area"):
            if {getattr(rule, name) is None for rule in tables.leg_rules} == {True, False}:
                yield f"fare_leg_rules: {_column(name)}"
    platforms = {stop.id for stop in tables.stops.values() if stop.parent is not None}
    for area, stop in tables.stop_areas:
        if stop in platforms:
            yield f"stop_areas: {area}, {stop}"


def _column(name: str) -> str:
    return f"{name}_id" if name in LegRule.__slots__ else name


def _but_none(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
