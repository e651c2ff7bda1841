"""Fares v2 of several feeds in one: what a blank network, leg group or timeframe means is written out for its own feed.

GTFS reference, fare_leg_rules and fare_transfer_rules: a blank is "all but those listed" or, where `rule_priority` is a
column, "whichever"; both speak of the whole file. Networks are told in networks.txt and route_networks.txt, never in
routes.txt: not both may be.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import product

from mobigo.network.export.merged.frames import Frames, rows_of, set_rows, text

OTHERS = "autres"  # the lines of a feed that it puts in no network; the legs it puts in no group
PRIORITY = "rule_priority"
TABLES = (
    "timeframes", "rider_categories", "fare_media", "fare_products", "fare_leg_rules", "fare_leg_join_rules",
    "fare_transfer_rules",
)  # fmt: skip
_TIMES = ("from_timeframe_group_id", "to_timeframe_group_id")


def name_networks(frames: Frames) -> None:
    """Say the network of each line in networks.txt and route_networks.txt."""
    if "routes" not in frames or "network_id" not in frames["routes"].columns:
        return
    pairs = zip(text(frames, "routes", "route_id"), text(frames, "routes", "network_id"), strict=True)
    frames["routes"] = frames["routes"].drop("network_id")
    told = [{"network_id": network, "route_id": route} for route, network in pairs if network]
    set_rows(frames, "route_networks", [*rows_of(frames, "route_networks"), *told])
    named = set(text(frames, "networks", "network_id"))
    new = sorted({row["network_id"] for row in told} - named)
    rows = rows_of(frames, "networks", ("network_id", "network_name"))
    set_rows(frames, "networks", [*rows, *({"network_id": each, "network_name": ""} for each in new)])


def keep_apart(feeds: Sequence[Frames], left_out: Counter[str]) -> None:
    """Leave out the fares that would change the meaning of others': those without `rule_priority` where some have it
    (the column changes what a blank means for all), and those by timeframes where a blank is "at no other time"."""
    priced = [frames for frames in feeds if "fare_leg_rules" in frames]
    if len(priced) < 2:
        return
    plain = [frames for frames in priced if PRIORITY not in frames["fare_leg_rules"].columns]
    if len(plain) == len(priced):
        out = [frames for frames in plain if any(any(text(frames, "fare_leg_rules", each)) for each in _TIMES)]
    else:
        out = plain
    for frames in out:
        left_out["fares_v2"] += frames["fare_products"].height if "fare_products" in frames else 1
        for name in TABLES:
            frames.pop(name, None)


def bind(frames: Frames, left_out: Counter[str]) -> None:
    """Name in each rule the networks and leg groups that a blank stood for."""
    if "fare_leg_rules" in frames:
        _bind_legs(frames)
        _bind_transfers(frames, left_out)


def _bind_legs(frames: Frames) -> None:
    rows = rows_of(frames, "fare_leg_rules", ("network_id", "leg_group_id"))
    if all(row["network_id"] for row in rows):
        return
    assigned = set(text(frames, "route_networks", "route_id"))
    alone = sorted(set(text(frames, "routes", "route_id")) - assigned)
    networks = set(text(frames, "networks", "network_id")) | set(text(frames, "route_networks", "network_id"))
    meant = networks if PRIORITY in rows[0] else networks - {row["network_id"] for row in rows}
    if alone:
        own = _free(OTHERS, networks)
        meant = meant | {own}
        told = [{"network_id": own, "route_id": route} for route in alone]
        set_rows(frames, "route_networks", [*rows_of(frames, "route_networks"), *told])
        named = rows_of(frames, "networks", ("network_id", "network_name"))
        set_rows(frames, "networks", [*named, {"network_id": own, "network_name": ""}])
    bound = [row for row in rows if row["network_id"]]
    bound += [{**row, "network_id": each} for row in rows if not row["network_id"] for each in sorted(meant)]
    set_rows(frames, "fare_leg_rules", bound)


def _bind_transfers(frames: Frames, left_out: Counter[str]) -> None:
    rows = rows_of(frames, "fare_transfer_rules", ("from_leg_group_id", "to_leg_group_id", "transfer_count"))
    if all(row["from_leg_group_id"] and row["to_leg_group_id"] for row in rows):
        return
    groups = _group_all(frames)
    listed = {side: {row[side] for row in rows} - {""} for side in ("from_leg_group_id", "to_leg_group_id")}
    bound = []
    for row in rows:
        from_, to = (
            [row[side]] if row[side] else sorted(groups - listed[side])
            for side in ("from_leg_group_id", "to_leg_group_id")
        )
        pairs = [(a, b) for a, b in product(from_, to) if a != b]
        if pairs and row["transfer_count"] not in ("", "-1"):
            left_out["fare_transfers"] += 1  # a count over several groups cannot be said of each pair
            continue
        for a, b in product(from_, to):
            count = "" if a != b else row["transfer_count"] or "-1"
            bound.append({**row, "from_leg_group_id": a, "to_leg_group_id": b, "transfer_count": count})
    set_rows(frames, "fare_transfer_rules", bound)


def _group_all(frames: Frames) -> set[str]:
    """Put the legs of no group in one of their own; all groups."""
    rows = rows_of(frames, "fare_leg_rules", ("leg_group_id",))
    known = {row["leg_group_id"] for row in rows} - {""}
    if any(not row["leg_group_id"] for row in rows):
        own = _free(OTHERS, known)
        set_rows(frames, "fare_leg_rules", [{**row, "leg_group_id": row["leg_group_id"] or own} for row in rows])
        known = known | {own}
    return known


def _free(wanted: str, taken: set[str]) -> str:
    name = wanted
    while name in taken:
        name += "-"
    return name
