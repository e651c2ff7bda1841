"""Tariffs from files: GTFS-Fares v2 in a feed; our dated tariffs, as TOML, in `billettique/data/fares`, then those that
an authority adds in `MOBIGO_HOME/fares`.

A file of `MOBIGO_HOME/fares` is a version of a tariff (like the shipped ones), or an act that approves one:

    [act]
    version = "ter-2026"        # its code
    hash = "…64 hexadecimal…"   # of the version's content: an act approves a text, not a name
    number = "26CP.204"
    date = 2026-06-26
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
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
from billettique.model.tariffs import (
    Band,
    Border,
    Carnet,
    Cover,
    CoverKind,
    DayKinds,
    Days,
    Discount,
    Span,
    Tariff,
    Terms,
    Version,
    content_hash,
)
from billettique.rules import fares as rules
from billettique.rules import tariffs
from mobigo.base.errors import Conflict, InvalidInput
from mobigo.base.periods import Period
from mobigo.base.servicetime import parse_service_time
from mobigo.network.model.feed import LINE, FeedTables

DATA: Final = Path(__file__).parents[1] / "data"
FOLDER_AT_HOME: Final = "fares"
# Currencies whose smallest unit is not a hundredth (ISO 4217).
DECIMALS: Final = {
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
}

T = TypeVar("T")


# ---- our dated tariffs


def tariff_on(day: date, home: Path | None = None, *, unconfirmed: bool = False) -> Tariff:
    """Everything in force on a day, as one tariff. `home` is MOBIGO_HOME; None: what is shipped, alone.

    Raises InvalidInput("billettique.bad_fare_file"), Conflict (two contents of one code, an act of another text).
    """
    known, approved = versions(home), approved_hashes(home)
    now = tariffs.in_force(known, day, approved, unconfirmed=unconfirmed)
    pending = () if unconfirmed else tariffs.waiting(known, day, approved)
    return tariffs.merged(now, day_kinds(), pending)


def versions(home: Path | None = None) -> tuple[Version, ...]:
    """Every version known, by first day then code; what a folder of one's own adds included."""
    found = {version.code: version for version in _shipped()}
    for path, document in _own_documents(home):
        if "act" in document:
            continue
        version = _read(path, document, version_from)
        if found.setdefault(version.code, version).hash != version.hash:
            raise Conflict("billettique.version_twice", version=version.code, file=path.name)
    return tuple(sorted(found.values(), key=lambda each: (each.period.first_day, each.code)))


def approved_hashes(home: Path | None = None) -> frozenset[str]:
    """The contents that an act approves. Raises Conflict for an act whose hash is not that of the version it names."""
    found = set()
    known = {version.code: version.hash for version in versions(home)}
    for path, document in _own_documents(home):
        if "act" not in document:
            continue
        act = document["act"]
        code, hash_ = _read(path, act, lambda each: (each["version"], each["hash"]))
        if known.get(code) != hash_:
            raise Conflict("billettique.act_of_another_fare", version=code, file=path.name)
        found.add(hash_)
    return frozenset(found)


@cache
def _shipped() -> tuple[Version, ...]:
    return tuple(_read(path, document, version_from) for path, document in _documents(DATA / "fares"))


@cache
def day_kinds() -> DayKinds:
    """The days off known: public holidays of metropolitan France, school holidays of zone A."""
    import holidays

    known, off = [], set()
    for path, document in _documents(DATA / "calendar"):
        period = _read(path, document, lambda each: Period(each["known_first_day"], each["known_last_day"]))
        known.append(period)
        for each in document["school_holiday"]:
            off |= set(_read(path, each, lambda row: Period(row["first_day"], row["last_day"])).days())
        last = period.first_day if period.last_day is None else period.last_day
        off |= set(holidays.country_holidays("FR", years=range(period.first_day.year, last.year + 1)))
    return DayKinds(tuple(known), frozenset(off))


def _own_documents(home: Path | None) -> Iterator[tuple[Path, dict[str, Any]]]:
    if home is not None and (home / FOLDER_AT_HOME).is_dir():
        yield from _documents(home / FOLDER_AT_HOME)


def _documents(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.glob("*.toml")):
        try:
            yield path, tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as unreadable:
            raise InvalidInput("billettique.bad_fare_file", file=path.name, reason=str(unreadable)) from unreadable


def _read(path: Path, document: Mapping[str, Any], reader: Callable[[Mapping[str, Any]], T]) -> T:
    """The document as a value; whatever it lacks or has wrong becomes InvalidInput with the file's name."""
    try:
        return reader(document)
    except KeyError as missing:
        raise InvalidInput("billettique.bad_fare_file", file=path.name, reason=f"{missing.args[0]} ?") from missing
    except (ValueError, TypeError) as wrong:
        raise InvalidInput("billettique.bad_fare_file", file=path.name, reason=str(wrong)) from wrong


def version_from(document: Mapping[str, Any]) -> Version:
    """A version from the content of its file. Raises KeyError, ValueError or TypeError for what is missing or wrong."""
    source = document["source"]
    parts = {"network", "area", "rider", "product", "leg", "band", "join", "transfer", "discount", "cover", "carnet"}
    _only(document, parts | {"border", "tariff", "code", "title", "first_day", "last_day", "to_confirm", "source"})
    products = list(document.get("product", ()))
    tables = FareTables(
        products=tuple(
            FareProduct(each["id"], _whole(each, "cents"), name=each["name"], rider=each.get("rider"))
            for each in products
        ),
        leg_rules=tuple(_leg_rule(each) for each in document.get("leg", ())),
        has_priority=True,
        join_rules=tuple(JoinRule(**each) for each in document.get("join", ())),
        transfer_rules=tuple(_transfer_rule(each) for each in document.get("transfer", ())),
        areas=tuple(Area(each["id"], each["name"]) for each in document.get("area", ())),
        stop_areas=tuple((each["id"], stop) for each in document.get("area", ()) for stop in each["stops"]),
        networks=tuple(Network(each["id"], each["name"]) for each in document.get("network", ())),
        riders=tuple(
            RiderCategory(each["id"], each["name"], each.get("default", False)) for each in document.get("rider", ())
        ),
    )
    content = Tariff(
        tables,
        bands=tuple(_band(each) for each in document.get("band", ())),
        discounts=tuple(
            Discount(
                **(_sets(each, "networks", "riders") | {"days": Days(each.get("days", "all"))} | _source(each, source))
            )
            for each in document.get("discount", ())
        ),
        covers=tuple(_cover(each, source) for each in document.get("cover", ())),
        carnets=tuple(
            Carnet(**(_sets(each, "riders", "channels") | _source(each, source))) for each in document.get("carnet", ())
        ),
        borders=tuple(Border(each["stop"], each["beyond"]) for each in document.get("border", ())),
        terms=tuple(
            Terms(each["id"], _set(each, "channels"), each.get("proof"), each.get("source", source))
            for each in products
        ),
    )
    wrong = [f"{file}: {what}" for file, what in rules.faults(tables)]
    wrong += [
        f"band: {band.product}" for band in content.bands if band.product not in {each["id"] for each in products}
    ]
    if wrong:
        raise ValueError("; ".join(wrong))
    return Version(
        tariff=document["tariff"],
        code=document["code"],
        hash=content_hash(document),
        period=Period(document["first_day"], document.get("last_day")),
        source=source,
        title=document["title"],
        to_confirm=bool(document.get("to_confirm", False)),
        content=content,
    )


def _leg_rule(each: Mapping[str, Any]) -> LegRule:
    _only(each, {"product", "group", "network", "from_area", "to_area", "priority"})
    return LegRule(**each)


def _transfer_rule(each: Mapping[str, Any]) -> TransferRule:
    _only(each, {"kind", "from_group", "to_group", "count", "limit_s", "limit_kind", "product"})
    kind = each.get("limit_kind")
    return TransferRule(
        TransferKind[each["kind"].upper()],
        each.get("from_group"),
        each.get("to_group"),
        each.get("count"),
        each.get("limit_s"),
        None if kind is None else DurationKind[kind.upper()],
        each.get("product"),
    )


def _band(each: Mapping[str, Any]) -> Band:
    _only(each, {"network", "product", "from_km", "until_km", "group"})
    until = None if "until_km" not in each else _whole(each, "until_km") * 1000
    return Band(each["network"], each["product"], _whole(each, "from_km") * 1000, until, each.get("group"))


def _cover(each: Mapping[str, Any], source: str) -> Cover:
    values = _sets(each, "networks", "areas", "riders", "companions", "channels") | _source(each, source)
    return Cover(
        **(values | {"kind": CoverKind(each["kind"]), "span": Span(each["span"]), "cents": _whole(each, "cents")})
    )


def _source(each: Mapping[str, Any], source: str) -> dict[str, Any]:
    return {"source": each.get("source", source)}


def _sets(each: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return dict(each) | {name: frozenset(each[name]) for name in names if name in each}


def _set(each: Mapping[str, Any], name: str) -> frozenset[str] | None:
    return frozenset(each[name]) if name in each else None


def _only(each: Mapping[str, Any], known: set[str]) -> None:
    unknown = set(each) - known
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} ?")


def _whole(document: Mapping[str, Any], name: str) -> int:
    value = document[name]
    if type(value) is not int or value < 0:
        raise TypeError(f"{name}: {value!r} ?")
    return value


# ---- GTFS-Fares v2


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


__all__: Sequence[str] = ("day_kinds", "exponent", "read_fares", "tables_from", "tariff_on", "versions")
