"""Rules on the tables of fares: timeframes, transfers between legs, who a product is for, networks of routes."""

import numpy as np

from mobigo.base.servicetime import DAY_S
from mobigo.network.rules.view import BLANK_TIME, NO_NUMBER, View


def check(view: View) -> None:
    """Every rule of this file."""
    if view.height("timeframes"):
        _timeframes(view)
    if view.height("fare_transfer_rules"):
        _transfers(view)
    if view.height("fare_products") and view.height("rider_categories"):
        _riders(view)
    if view.has("routes", "network_id"):
        for table in ("networks", "route_networks"):
            if table in view.tables:
                view.found.add("route_networks_specified_in_more_than_one_file", f"{table}.txt", other="routes.txt")


def _timeframes(view: View) -> None:
    table, with_ = "timeframes", ("timeframe_group_id",)
    start, end = (view.column(table, name) for name in ("start_time", "end_time"))
    half = start.is_blank != end.is_blank
    only = "timeframe_only_start_or_end_time_specified"
    view.tell(only, table, np.flatnonzero(half & start.is_blank), "start_time", with_=with_)
    view.tell(only, table, np.flatnonzero(half & end.is_blank), "end_time", with_=with_)
    for name, column in (("start_time", start), ("end_time", end)):
        late = np.flatnonzero(column.seconds > DAY_S)
        view.tell("timeframe_start_or_end_time_greater_than_twenty_four_hours", table, late, name, with_=with_)
    begins = np.where(start.is_blank, 0, start.seconds)
    ends = np.where(end.is_blank, DAY_S, end.seconds)
    group, service = view.column(table, "timeframe_group_id").codes, view.column(table, "service_id").codes
    order = np.lexsort((ends, begins, service, group))
    good = (begins != BLANK_TIME) & (ends != BLANK_TIME)
    one, other = order[:-1], order[1:]
    same = (group[one] == group[other]) & (service[one] == service[other]) & good[one] & good[other]
    overlap = other[same & (begins[other] < ends[one])]
    view.tell("timeframe_overlap", table, np.sort(overlap), "start_time", with_=(*with_, "service_id"))


def _transfers(view: View) -> None:
    table, with_ = "fare_transfer_rules", ("from_leg_group_id", "to_leg_group_id")
    before, after = (view.column(table, name) for name in with_)
    rows = range(view.height(table))
    same = np.array([before.texts[before.codes[row]] == after.texts[after.codes[row]] for row in rows], np.bool_)
    same &= ~before.is_blank
    count = view.column(table, "transfer_count")
    limit, kind = view.column(table, "duration_limit"), view.column(table, "duration_limit_type")
    wrong = (count.whole != NO_NUMBER) & ((count.whole == 0) | (count.whole < -1))
    for code, bad, column in (
        ("fare_transfer_rule_without_transfer_count", same & count.is_blank, "transfer_count"),
        ("fare_transfer_rule_invalid_transfer_count", same & wrong, "transfer_count"),
        ("fare_transfer_rule_with_forbidden_transfer_count", ~same & ~count.is_blank, "transfer_count"),
        (
            "fare_transfer_rule_duration_limit_type_without_duration_limit",
            limit.is_blank & ~kind.is_blank,
            "duration_limit_type",
        ),
        ("fare_transfer_rule_duration_limit_without_type", ~limit.is_blank & kind.is_blank, "duration_limit"),
    ):
        view.tell(code, table, np.flatnonzero(bad), column, with_=with_)


def _riders(view: View) -> None:
    """A product may be for one default category of riders, no more."""
    category = view.match("fare_products", "rider_category_id", "rider_categories", "rider_category_id")
    default = view.column("rider_categories", "is_default_fare_category").whole == 1
    product = view.column("fare_products", "fare_product_id").codes
    first: dict[int, int] = {}
    rows = [
        row
        for row in np.flatnonzero((category >= 0) & default[np.maximum(category, 0)]).tolist()
        if first.setdefault(int(product[row]), int(category[row])) != category[row]
    ]
    view.tell(
        "fare_product_with_multiple_default_rider_categories",
        "fare_products",
        np.array(rows, np.int64),
        "rider_category_id",
        with_=("fare_product_id",),
    )
