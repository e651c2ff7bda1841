"""GTFS-Fares v2 in a feed, as values: every table; what contradicts the reference is refused with file, line,
column."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, TypeVar

from billettique.model.fares import (
    DAY_S,
    Area,
    DurationKind,
    FareMedium,
    FareProduct,
    FareTables,
    JoinRule,
    LegRule,
    MediumKind,
    Network,
    RiderCategory,
    Stop,
    Timeframe,
    TransferKind,
    TransferRule,
)
from billettique.rules import fares as rules
from mobigo.base.errors import InvalidInput
from mobigo.base.servicetime import parse_service_time
from mobigo.network.model.feed import LINE, FeedTables

# Currencies whose smallest unit is not a hundredth (ISO 4217).
DECIMALS: Final = {
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
}

T = TypeVar("T")


def read_fares(path: Path) -> FareTables:
    """The tariff of the feed at `path`, a zip or a folder. Raises as `tables_from` and as the reader of feeds."""
    from mobigo.network.gateway.gtfs import read_feed

    return tables_from(read_feed(path))


def tables_from(feed: FeedTables) -> FareTables:
    """The tariff in a feed's tables. Raises InvalidInput("billettique.bad_fare_cell") naming file, line and column,
    InvalidInput("billettique.bad_fare_file") for rules that contradict the reference."""
    timeframes = tuple(_each(feed, "timeframes", _timeframe))
    networks = tuple(_each(feed, "networks", lambda row: Network(row.text("network_id"), row.maybe("network_name"))))
    routes = dict(_each(feed, "route_networks", lambda row: (row.text("route_id"), row.text("network_id"))))
    if feed.has("routes", "network_id"):
        pairs = _each(feed, "routes", lambda row: (row.text("route_id"), row.maybe("network_id")))
        routes |= {route: network for route, network in pairs if network is not None}
    agencies = [row.maybe("agency_timezone") for row in _rows(feed, "agency")]
    tables = FareTables(
        products=tuple(_each(feed, "fare_products", _product)),
        leg_rules=tuple(_each(feed, "fare_leg_rules", _gtfs_leg_rule)),
        has_priority=feed.has("fare_leg_rules", "rule_priority"),
        join_rules=tuple(_each(feed, "fare_leg_join_rules", _join_rule)),
        transfer_rules=tuple(_each(feed, "fare_transfer_rules", _gtfs_transfer_rule)),
        areas=tuple(_each(feed, "areas", lambda row: Area(row.text("area_id"), row.maybe("area_name")))),
        stop_areas=tuple(_each(feed, "stop_areas", lambda row: (row.text("area_id"), row.text("stop_id")))),
        networks=networks,
        route_networks=routes,
        timeframes=timeframes,
        riders=tuple(_each(feed, "rider_categories", _rider)),
        media=tuple(_each(feed, "fare_media", _medium)),
        stops={stop.id: stop for stop in _each(feed, "stops", _stop)},
        services=_services(feed, {each.service for each in timeframes}),
        zone=next((zone for zone in agencies if zone is not None), "Europe/Paris"),
    )
    wrong = [f"{file}: {what}" for file, what in rules.faults(tables)]
    if wrong:
        raise InvalidInput("billettique.bad_fare_file", file=wrong[0].partition(":")[0], reason="; ".join(wrong))
    return tables


class _Row:
    """A record of a table: its cells, and where it stands in its file."""

    def __init__(self, file: str, cells: Mapping[str, Any]) -> None:
        self.file, self.cells = file, cells

    def maybe(self, name: str) -> str | None:
        return (self.cells.get(name) or "").strip() or None

    def text(self, name: str) -> str:
        value = self.maybe(name)
        if value is None:
            raise self.bad(name)
        return value

    def whole(self, name: str) -> int | None:
        value = self.maybe(name)
        try:
            return None if value is None else int(value)
        except ValueError:
            raise self.bad(name) from None

    def among(self, name: str, kind: Callable[[int], T]) -> T:
        value = self.whole(name)
        try:
            return kind(-1 if value is None else value)
        except ValueError:
            raise self.bad(name) from None

    def bad(self, name: str) -> InvalidInput:
        return InvalidInput(
            "billettique.bad_fare_cell", file=f"{self.file}.txt", line=self.cells.get(LINE, 0), column=name,
            value=self.cells.get(name) or "",
        )  # fmt: skip


def _rows(feed: FeedTables, name: str) -> Iterator[_Row]:
    if name in feed:
        for cells in feed[name].iter_rows(named=True):
            yield _Row(name, cells)


def _each(feed: FeedTables, name: str, reader: Callable[[_Row], T]) -> Iterator[T]:
    return (reader(row) for row in _rows(feed, name))


def _product(row: _Row) -> FareProduct:
    currency = row.text("currency")
    try:
        amount = Decimal(row.text("amount")).scaleb(DECIMALS.get(currency, 2))
    except InvalidOperation:
        raise row.bad("amount") from None
    if not amount.is_finite() or amount != int(amount):
        raise row.bad("amount")
    return FareProduct(
        row.text("fare_product_id"), int(amount), currency, row.maybe("fare_product_name"),
        row.maybe("rider_category_id"), row.maybe("fare_media_id"),
    )  # fmt: skip


def _gtfs_leg_rule(row: _Row) -> LegRule:
    return LegRule(
        row.text("fare_product_id"), row.maybe("leg_group_id"), row.maybe("network_id"), row.maybe("from_area_id"),
        row.maybe("to_area_id"), row.maybe("from_timeframe_group_id"), row.maybe("to_timeframe_group_id"),
        row.whole("rule_priority") or 0,
    )  # fmt: skip


def _join_rule(row: _Row) -> JoinRule:
    return JoinRule(
        row.text("from_network_id"), row.text("to_network_id"), row.maybe("from_stop_id"), row.maybe("to_stop_id")
    )


def _gtfs_transfer_rule(row: _Row) -> TransferRule:
    limited = row.maybe("duration_limit_type") is not None
    return TransferRule(
        row.among("fare_transfer_type", TransferKind), row.maybe("from_leg_group_id"), row.maybe("to_leg_group_id"),
        row.whole("transfer_count"), row.whole("duration_limit"),
        row.among("duration_limit_type", DurationKind) if limited else None, row.maybe("fare_product_id"),
    )  # fmt: skip


def _rider(row: _Row) -> RiderCategory:
    return RiderCategory(
        row.text("rider_category_id"), row.maybe("rider_category_name"), row.maybe("is_default_fare_category") == "1",
        row.maybe("eligibility_url"),
    )  # fmt: skip


def _medium(row: _Row) -> FareMedium:
    return FareMedium(row.text("fare_media_id"), row.among("fare_media_type", MediumKind), row.maybe("fare_media_name"))


def _stop(row: _Row) -> Stop:
    return Stop(row.text("stop_id"), row.maybe("parent_station"), row.maybe("stop_timezone"))


def _timeframe(row: _Row) -> Timeframe:
    times = []
    for name, empty in (("start_time", 0), ("end_time", DAY_S)):
        text = row.maybe(name)
        time_s = empty if text is None else parse_service_time(text)
        if time_s is None or time_s > DAY_S:
            raise row.bad(name)
        times.append(time_s)
    return Timeframe(row.text("timeframe_group_id"), row.text("service_id"), *times)


def _services(feed: FeedTables, wanted: set[str]) -> dict[str, frozenset[date]]:
    """The days of the services that timeframes name."""
    days: dict[str, set[date]] = {service: set() for service in wanted}
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for row in _rows(feed, "calendar") if wanted else ():
        service = row.text("service_id")
        if service in days:
            first, last = _day(row, "start_date"), _day(row, "end_date")
            runs = [row.maybe(name) == "1" for name in weekdays]
            every = (first + timedelta(days=n) for n in range((last - first).days + 1))
            days[service] |= {day for day in every if runs[day.weekday()]}
    for row in _rows(feed, "calendar_dates") if wanted else ():
        service = row.text("service_id")
        if service in days:
            change = days[service].add if row.maybe("exception_type") == "1" else days[service].discard
            change(_day(row, "date"))
    return {service: frozenset(found) for service, found in days.items()}


def _day(row: _Row, name: str) -> date:
    text = row.text(name)
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        raise row.bad(name) from None


def exponent(currency: str) -> int:
    """How many decimals a currency's amounts have."""
    return DECIMALS.get(currency, 2)
