"""Our dated tariffs: TOML files in `billettique/data/fares`, those that an authority adds in `MOBIGO_HOME/fares`, then
the versions approved in the database (`billettique.store.tariffs`).

A file of `MOBIGO_HOME/fares` is a version of a tariff (like the shipped ones), or an act that approves one:

    [act]
    version = "ter-2026"        # its code
    hash = "…64 hexadecimal…"   # of the version's content: an act approves a text, not a name
    number = "26CP.204"
    date = 2026-06-26
"""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from billettique.model.fares import (
    Area,
    DurationKind,
    FareProduct,
    FareTables,
    JoinRule,
    LegRule,
    Network,
    RiderCategory,
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
    PairTable,
    Place,
    Span,
    Tariff,
    Terms,
    Version,
)
from billettique.rules import fares as rules
from billettique.rules import tariffs
from billettique.store import tariffs as store
from mobigo.base.canonical import content_hash
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.periods import Period
from mobigo.base.publicholidays import public_holidays

DATA: Final = Path(__file__).parents[1] / "data"
FOLDER_AT_HOME: Final = "fares"
T = TypeVar("T")


# ---- our dated tariffs


def tariff_on(day: date, home: Path | None = None, *, unconfirmed: bool = False) -> Tariff:
    """Everything in force on a day, as one tariff. `home` is MOBIGO_HOME; None: what is shipped, alone.

    Raises InvalidInput("billettique.bad_fare_file"), Conflict (two contents of one code, an act of another text).
    """
    return _tariff_on(day, home, unconfirmed, _stamp(home))


@lru_cache(maxsize=128)
def _tariff_on(day: date, home: Path | None, unconfirmed: bool, stamp: object) -> Tariff:
    known, approved = versions(home), approved_hashes(home)
    now = tariffs.in_force(known, day, approved, unconfirmed=unconfirmed)
    pending = () if unconfirmed else tariffs.waiting(known, day, approved)
    return tariffs.merged(now, day_kinds(), pending)


def _stamp(home: Path | None) -> object:
    """What changes when a version or an act is added: files by name, time and size; versions approved."""
    if home is None:
        return None
    folder = home / FOLDER_AT_HOME
    files = sorted((each.name, each.stat().st_mtime_ns, each.stat().st_size) for each in folder.glob("*.toml"))
    return tuple(files), store.stamp(home)


def versions(home: Path | None = None) -> tuple[Version, ...]:
    """Every version known, by first day then code; what a folder of one's own and the database add included."""
    found = {version.code: version for version in _shipped()}
    for path, document in _own_documents(home):
        if "act" not in document:
            _add(found, _read(path.name, document, version_from), path.name)
    for version in _approved(home):
        _add(found, version, version.code)
    return tuple(sorted(found.values(), key=lambda each: (each.period.first_day, each.code)))


def _add(found: dict[str, Version], version: Version, file: str) -> None:
    if found.setdefault(version.code, version).hash != version.hash:
        raise Conflict("billettique.version_twice", version=version.code, file=file)


def _approved(home: Path | None) -> Iterator[Version]:
    for row in () if home is None else store.approved(home):
        yield version_of_text(row.document, row.code)


def version_of_text(text: str, name: str) -> Version:
    """A version from its TOML text. Raises InvalidInput("billettique.bad_fare_file") that says what is wrong."""
    return _read(name, document_of_text(text, name), version_from)


def document_of_text(text: str, name: str) -> dict[str, Any]:
    """The document of a TOML text. Raises InvalidInput("billettique.bad_fare_file")."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as unreadable:  # also a number of 5,000 digits, a list in a list in a list…
        raise InvalidInput("billettique.bad_fare_file", file=name, reason=str(unreadable)) from unreadable


def approved_hashes(home: Path | None = None) -> frozenset[str]:
    """The contents that an act approves, by a file or in the database.

    Raises Conflict for an act whose hash is not that of the version it names.
    """
    found = set()
    known = {version.code: version.hash for version in versions(home)}
    for path, document in _own_documents(home):
        if "act" not in document:
            continue
        act = document["act"]
        code, hash_ = _read(path.name, act, lambda each: (each["version"], each["hash"]))
        if known.get(code) != hash_:
            raise Conflict("billettique.act_of_another_fare", version=code, file=path.name)
        found.add(hash_)
    return frozenset(found) | ({row.hash for row in store.approved(home)} if home is not None else set())


def document_of(version: Version, home: Path | None = None) -> str:
    """The text of a version as it stands in its file or in the database.

    Raises NotFound("billettique.no_such_version").
    """
    folders = [DATA / "fares"] + ([] if home is None else [home / FOLDER_AT_HOME])
    for folder in folders:
        for path, document in _documents(folder):
            if document.get("code") == version.code:
                return path.read_text(encoding="utf-8")
    for row in () if home is None else store.approved(home):
        if row.code == version.code:
            return row.document
    raise NotFound("billettique.no_such_version", version=version.code[:80])


@cache
def _shipped() -> tuple[Version, ...]:
    return tuple(_read(path.name, document, version_from) for path, document in _documents(DATA / "fares"))


@cache
def day_kinds() -> DayKinds:
    """The days off known: public holidays of metropolitan France, school holidays of zone A."""
    known, off = [], set()
    for path, document in _documents(DATA / "calendar"):
        period = _read(path.name, document, lambda each: Period(each["known_first_day"], each["known_last_day"]))
        known.append(period)
        for each in document["school_holiday"]:
            off |= set(_read(path.name, each, lambda row: Period(row["first_day"], row["last_day"])).days())
        last = period.first_day if period.last_day is None else period.last_day
        off |= public_holidays(range(period.first_day.year, last.year + 1))
    return DayKinds(tuple(known), frozenset(off))


def _own_documents(home: Path | None) -> Iterator[tuple[Path, dict[str, Any]]]:
    if home is not None and (home / FOLDER_AT_HOME).is_dir():
        yield from _documents(home / FOLDER_AT_HOME)


def _documents(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.glob("*.toml")):
        try:
            yield path, tomllib.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as unreadable:
            raise InvalidInput("billettique.bad_fare_file", file=path.name, reason=str(unreadable)) from unreadable


def _read(name: str, document: Mapping[str, Any], reader: Callable[[Mapping[str, Any]], T]) -> T:
    """The document as a value; whatever it lacks or has wrong becomes InvalidInput with the file's name."""
    try:
        return reader(document)
    except KeyError as missing:
        raise InvalidInput("billettique.bad_fare_file", file=name, reason=f"{missing.args[0]} ?") from missing
    except (ValueError, TypeError) as wrong:
        raise InvalidInput("billettique.bad_fare_file", file=name, reason=str(wrong)) from wrong


def version_from(document: Mapping[str, Any]) -> Version:
    """A version from the content of its file. Raises KeyError, ValueError or TypeError for what is missing or wrong."""
    source = document["source"]
    parts = {"network", "area", "rider", "product", "leg", "band", "join", "transfer", "discount", "cover", "carnet"}
    parts |= {"place", "pairs"}
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
        places=tuple(_place(each) for each in document.get("place", ())),
        pairs=tuple(_pairs(each, source) for each in document.get("pairs", ())),
    )
    wrong = [f"{file}: {what}" for file, what in rules.faults(tables)]
    wrong += [
        f"band: {band.product}" for band in content.bands if band.product not in {each["id"] for each in products}
    ]
    ids = {each["id"] for each in products}
    wrong += [f"pairs: {name}" for table in content.pairs for name in sorted(set(table.products.values()) - ids)]
    wrong += [f"place: {name} × {n}" for name, n in Counter(each.id for each in content.places).items() if n > 1]
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


def _place(each: Mapping[str, Any]) -> Place:
    """A place; each of its stops as "STABLE_PLACE the name it had"."""
    _only(each, {"id", "name", "stops"})
    stops = tuple((text.partition(" ")[0], text.partition(" ")[2]) for text in each.get("stops", ()))
    if not each["id"] or len(dict(stops)) != len(stops):
        raise ValueError(f"place: {each['id']!r} ?")
    return Place(each["id"], each["name"], stops)


def _pairs(each: Mapping[str, Any], source: str) -> PairTable:
    """A table of pairs; each row as "FROM TO 36", in kilometres (kind "km"), or "FROM TO PRODUCT" (kind "product")."""
    _only(each, {"network", "kind", "source", "rows"})
    kind, rows = each["kind"], dict[tuple[str, str], str]()
    if kind not in ("km", "product"):
        raise ValueError(f"pairs: kind {kind!r} ?")
    for text in each["rows"]:
        origin, destination, said = text.split()
        if rows.setdefault((origin, destination), said) != said:
            raise ValueError(f"pairs: {origin} {destination}: {rows[origin, destination]}, {said}")
    source = each.get("source", source)
    if kind == "product":
        return PairTable(each["network"], source, products=rows)
    return PairTable(each["network"], source, metres={ends: _metres(said) for ends, said in rows.items()})


def _metres(text: str) -> int:
    try:
        metres = Decimal(text) * 1000
    except InvalidOperation:
        raise ValueError(f"{text} km ?") from None
    if not metres.is_finite() or metres != int(metres) or metres < 0:
        raise ValueError(f"{text} km ?")
    return int(metres)


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
