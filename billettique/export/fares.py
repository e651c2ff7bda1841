"""A tariff as the files of GTFS-Fares v2, and nothing more: what GTFS cannot say is left out, never approximated.

Read again (`billettique.gateway.gtfs_fares.tables_from`), the files give the same values: the same prices on every leg.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from billettique.gateway.gtfs_fares import exponent
from billettique.model.fares import FareProduct, FareTables
from mobigo.base.servicetime import format_service_time

Cells = Sequence[object | None]


def fare_files(tables: FareTables) -> Mapping[str, bytes]:
    """The files by name, each only when it has rows. Stops, calendars and routes are the feed's own."""
    files: list[tuple[str, str, Iterable[Cells]]] = [
        ("areas", "area_id,area_name", ((each.id, each.name) for each in tables.areas)),
        ("stop_areas", "area_id,stop_id", tables.stop_areas),
        ("networks", "network_id,network_name", ((each.id, each.name) for each in tables.networks)),
        ("route_networks", "network_id,route_id", ((n, route) for route, n in tables.route_networks.items())),
        (
            "timeframes",
            "timeframe_group_id,start_time,end_time,service_id",
            (
                (each.group, format_service_time(each.start_s), format_service_time(each.end_s), each.service)
                for each in tables.timeframes
            ),
        ),
        (
            "rider_categories",
            "rider_category_id,rider_category_name,is_default_fare_category,eligibility_url",
            ((each.id, each.name, int(each.is_default), each.eligibility_url) for each in tables.riders),
        ),
        (
            "fare_media",
            "fare_media_id,fare_media_name,fare_media_type",
            ((each.id, each.name, int(each.kind)) for each in tables.media),
        ),
        (
            "fare_products",
            "fare_product_id,fare_product_name,rider_category_id,fare_media_id,amount,currency",
            (
                (each.id, each.name, each.rider, each.medium, amount_text(each), each.currency)
                for each in tables.products
            ),
        ),
        _leg_rules(tables),
        (
            "fare_leg_join_rules",
            "from_network_id,to_network_id,from_stop_id,to_stop_id",
            ((each.from_network, each.to_network, each.from_stop, each.to_stop) for each in tables.join_rules),
        ),
        (
            "fare_transfer_rules",
            "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type,"
            "fare_product_id",
            (
                (
                    each.from_group, each.to_group, each.count, each.duration_s,
                    None if each.duration_kind is None else int(each.duration_kind), int(each.kind), each.product,
                )
                for each in tables.transfer_rules
            ),
        ),
    ]  # fmt: skip
    found = {}
    for name, header, rows in files:
        lines = list(rows)
        if lines:
            found[f"{name}.txt"] = _csv(header, lines)
    return found


def _leg_rules(tables: FareTables) -> tuple[str, str, Iterable[Cells]]:
    """With the priority column only where the tariff has it: its presence changes what an empty field means."""
    header = (
        "leg_group_id,network_id,from_area_id,to_area_id,from_timeframe_group_id,to_timeframe_group_id,fare_product_id"
    )
    rows: list[Cells] = [
        (
            each.group, each.network, each.from_area, each.to_area, each.from_timeframe, each.to_timeframe,
            each.product,
            *((each.priority,) if tables.has_priority else ()),
        )
        for each in tables.leg_rules
    ]  # fmt: skip
    return "fare_leg_rules", header + (",rule_priority" if tables.has_priority else ""), rows


def amount_text(product: FareProduct) -> str:
    """The amount with the decimals of its currency: 150 cents of euro are 1.50."""
    decimals = exponent(product.currency)
    if decimals == 0:
        return str(product.amount)
    sign, digits = "-" if product.amount < 0 else "", str(abs(product.amount)).zfill(decimals + 1)
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def _csv(header: str, rows: Iterable[Cells]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return out.getvalue().encode()
