"""What changed between two feeds, as decisions that the catalogues put into sentences: "the stop X was moved by 40 m".

What the national access point explains (stops renamed, moved, accessible; lines renamed, recoloured; agencies), and
besides: identifiers that changed while the thing did not, timetables by line, prices.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point, distance_m
from mobigo.network.model.feed import FeedTables

SHOWN_MAX: Final = 30  # sentences of one kind; the rest is counted
SAME_STOP_M: Final = 30.0  # a stop of the same name this near is the same stop under another identifier
MOVED_M_MIN: Final = 1.0
_BY_LINE: Final = ("trips.txt", "stop_times.txt")
_NOTICED: Final = (
    "arrival_time", "departure_time", "stop_id", "stop_headsign", "pickup_type", "drop_off_type", "route_id",
    "service_id", "trip_headsign", "trip_short_name", "wheelchair_accessible", "bikes_allowed",
)  # fmt: skip
_TOLD: Final = ("agency.txt", "stops.txt", "routes.txt", *_BY_LINE, "fare_products.txt", "fare_attributes.txt")

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Change:
    """A row of a small table: how it was, how it is; None where it was not, or is no more."""

    id: str
    old: Row | None
    new: Row | None


def story(diff: pl.DataFrame, old: FeedTables, new: FeedTables) -> list[Decision]:
    """The differences in the order in which they matter to people; "nothing" is said too."""
    if not diff.height:
        return [Decision("opendata.diff.nothing")]
    told: list[Decision] = []
    for kind in (
        _agencies(diff, old, new), _lines(diff, old, new), _timetables(diff, old, new), _stops(diff, old, new),
        _prices(diff, new), _layout(diff), _rest(diff),
    ):  # fmt: skip
        several = list(kind)
        told += several[:SHOWN_MAX]
        if len(several) > SHOWN_MAX:
            told.append(Decision("opendata.diff.more", count=len(several) - SHOWN_MAX))
    return told


def renamed(diff: pl.DataFrame, old: FeedTables, new: FeedTables) -> dict[tuple[str, str], str]:
    """Identifiers that changed while what they name did not: (file, old identifier) → new identifier."""
    found = {}
    for file, id_column in (("stops.txt", "stop_id"), ("routes.txt", "route_id")):
        for change in _paired(file, id_column, _changes(diff, old, new, file, id_column)):
            if change.old is not None and change.new is not None and change.old[id_column] != change.new[id_column]:
                found[file, change.old[id_column]] = change.new[id_column]
    return found


def noted(diff: pl.DataFrame, old: FeedTables, new: FeedTables) -> pl.DataFrame:
    """The differences with a note (old → new) on rows whose identifier alone changed."""
    names = renamed(diff, old, new)
    if not names:
        return diff
    ids = {"stops.txt": "stop_id", "routes.txt": "route_id"}
    notes = {}
    for (file, before), after in names.items():
        for action, value in (("delete", before), ("add", after)):
            said = json.dumps({ids[file]: value}, ensure_ascii=False, separators=(",", ":"))
            notes[file, action, said] = f"{before} → {after}"
    keys = zip(diff["file"], diff["action"], diff["identifier"], strict=True)
    return diff.with_columns(pl.Series("note", [notes.get(key, "") for key in keys], dtype=pl.String))


def _stops(diff: pl.DataFrame, old: FeedTables, new: FeedTables) -> Iterator[Decision]:
    changes = _changes(diff, old, new, "stops.txt", "stop_id")
    for change in _paired("stops.txt", "stop_id", changes):
        was, now = change.old, change.new
        if was is None or now is None:
            there = now or was or {}
            yield Decision(
                "opendata.diff.stop_added" if was is None else "opendata.diff.stop_deleted", name=_stop_name(there)
            )
            continue
        name = _stop_name(now)
        if was["stop_id"] != now["stop_id"]:
            yield Decision("opendata.diff.stop_new_id", name=name, old=was["stop_id"], new=now["stop_id"])
        if _differ(was, now, "stop_name"):
            yield Decision("opendata.diff.stop_renamed", old=_stop_name(was), name=name)
        here, there_ = _point(was), _point(now)
        if here is not None and there_ is not None and (metres := distance_m(here, there_)) >= MOVED_M_MIN:
            yield Decision("opendata.diff.stop_moved", name=name, metres=round(metres))
        if _differ(was, now, "wheelchair_boarding"):
            answer = {"1": "yes", "2": "no"}.get(now.get("wheelchair_boarding", ""), "unknown")
            yield _access(answer, name)


def _access(answer: str, name: str) -> Decision:
    if answer == "yes":
        return Decision("opendata.diff.stop_accessible", name=name)
    if answer == "no":
        return Decision("opendata.diff.stop_not_accessible", name=name)
    return Decision("opendata.diff.stop_access_unknown", name=name)


def _lines(diff: pl.DataFrame, old: FeedTables, new: FeedTables) -> Iterator[Decision]:
    changes = _changes(diff, old, new, "routes.txt", "route_id")
    for change in _paired("routes.txt", "route_id", changes):
        was, now = change.old, change.new
        if was is None or now is None:
            yield Decision(
                "opendata.diff.line_added" if was is None else "opendata.diff.line_deleted",
                line=_line_name(now or was or {}),
            )
            continue
        line = _line_name(now)
        if was["route_id"] != now["route_id"]:
            yield Decision("opendata.diff.line_new_id", line=line, old=was["route_id"], new=now["route_id"])
        if _differ(was, now, "route_short_name") or _differ(was, now, "route_long_name"):
            yield Decision("opendata.diff.line_renamed", old=_line_name(was), line=line)
        if _differ(was, now, "route_color") or _differ(was, now, "route_text_color"):
            yield Decision("opendata.diff.line_colour", line=line)
        if _differ(was, now, "route_type"):
            yield Decision("opendata.diff.line_mode", line=line)


def _agencies(diff: pl.DataFrame, old: FeedTables, new: FeedTables) -> Iterator[Decision]:
    for change in _changes(diff, old, new, "agency.txt", "agency_id"):
        name = (change.new or change.old or {}).get("agency_name", change.id)
        if change.old is None:
            yield Decision("opendata.diff.agency_added", name=name)
        elif change.new is None:
            yield Decision("opendata.diff.agency_deleted", name=name)
        else:
            fields = [field for field in change.new if _differ(change.old, change.new, field)]
            yield Decision("opendata.diff.agency_changed", name=name, fields=fields)


def _prices(diff: pl.DataFrame, new: FeedTables) -> Iterator[Decision]:
    for file, id_column, amount, currency in (
        ("fare_products.txt", "fare_product_id", "amount", "currency"),
        ("fare_attributes.txt", "fare_id", "price", "currency_type"),
    ):
        for row in diff.filter(pl.col("file") == file, pl.col("target") == "row").iter_rows(named=True):
            was, now = _json(row["initial_value"]), _json(row["new_value"])
            named = {**_json(row["identifier"]), **now}
            product = named.get(id_column, "")
            if row["action"] == "update" and amount in now:
                unit = now.get(currency, "") or _value(new, file, id_column, product, currency)
                yield Decision("opendata.diff.price", product=product, old=was[amount], new=now[amount], unit=unit)
            elif row["action"] == "update":
                yield Decision("opendata.diff.product_changed", product=product, fields=sorted(now))
            elif row["action"] == "add":
                yield Decision("opendata.diff.product_added", product=product)
            else:
                yield Decision("opendata.diff.product_deleted", product=product)


def _timetables(diff: pl.DataFrame, old: FeedTables, new: FeedTables) -> Iterator[Decision]:
    """By line: journeys that are new, gone, or run otherwise."""
    touched = diff.filter(_runs_otherwise()).select(
        "file", "action", pl.col("identifier").str.json_path_match("$.trip_id").alias("trip_id")
    )
    if not touched.height or not (old.has("trips", "trip_id") and new.has("trips", "trip_id")):
        return
    lines: dict[str, str] = {}
    trips: dict[str, str] = {}
    for feed in (old, new):
        trips |= dict(zip(feed["trips"]["trip_id"], feed["trips"]["route_id"], strict=True))
        if feed.has("routes", "route_id"):
            lines |= {row["route_id"]: _line_name(row) for row in feed["routes"].iter_rows(named=True)}
    known = [set(feed["trips"]["trip_id"]) for feed in (old, new)]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for trip in touched["trip_id"].drop_nulls().unique(maintain_order=True):
        state = "added" if trip not in known[0] else "deleted" if trip not in known[1] else "changed"
        counts[trips.get(trip, "")][state] += 1
    for route, several in sorted(counts.items(), key=lambda item: (-item[1].total(), item[0])):
        yield Decision(
            "opendata.diff.timetable", line=lines.get(route, route), added=several["added"],
            deleted=several["deleted"], changed=several["changed"],
        )  # fmt: skip


def _runs_otherwise() -> pl.Expr:
    """Rows that a traveller of the line would notice: a journey, a call, or an update of one of these fields."""
    noticed = '"(' + "|".join(_NOTICED) + ')":'
    row = pl.col("file").is_in(_BY_LINE) & (pl.col("target") == "row")
    return row & ((pl.col("action") != "update") | pl.col("new_value").str.contains(noticed))


def _layout(diff: pl.DataFrame) -> Iterator[Decision]:
    for row in diff.filter(pl.col("target") != "row").iter_rows(named=True):
        added = row["action"] == "add"
        if row["target"] == "file":
            yield Decision("opendata.diff.file_added" if added else "opendata.diff.file_deleted", file=row["file"])
        else:
            yield Decision(
                "opendata.diff.column_added" if added else "opendata.diff.column_deleted",
                file=row["file"], column=_json(row["identifier"])["column"],
            )  # fmt: skip


def _rest(diff: pl.DataFrame) -> Iterator[Decision]:
    """Files whose rows have no sentences of their own: how many changed."""
    told = pl.col("file").is_in(_TOLD) & (~pl.col("file").is_in(_BY_LINE) | _runs_otherwise())
    rows = diff.filter(pl.col("target") == "row", ~told)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for file, action, count in rows.group_by("file", "action").len().iter_rows():
        counts[file][action] = count
    for file, several in sorted(counts.items()):
        yield Decision(
            "opendata.diff.rows", file=file, added=several["add"], deleted=several["delete"], changed=several["update"]
        )


# ---------------------------------------------------------------- what is compared


def _changes(diff: pl.DataFrame, old: FeedTables, new: FeedTables, file: str, id_column: str) -> list[_Change]:
    """Every changed row of a table of things, whole, as it was and is."""
    rows = diff.filter(pl.col("file") == file, pl.col("target") == "row")
    ids: dict[str, None] = {}
    for identifier, value in zip(rows["identifier"], rows["new_value"], strict=True):
        ids[str(_json(identifier).get(id_column, _json(value).get(id_column, "")))] = None
    stem = file.removesuffix(".txt")
    before, after = (_rows(feed, stem, id_column, ids) for feed in (old, new))
    return [_Change(each, before.get(each), after.get(each)) for each in ids if each in before or each in after]


def _rows(feed: FeedTables, name: str, id_column: str, ids: Iterable[str]) -> dict[str, Row]:
    if name not in feed:
        return {}
    table = feed[name]
    if id_column not in table.columns:
        table = table.with_columns(pl.lit("").alias(id_column))
    wanted = table.filter(pl.col(id_column).is_in(list(ids)))
    return {row[id_column]: row for row in wanted.iter_rows(named=True)}


def _paired(file: str, id_column: str, changes: Sequence[_Change]) -> list[_Change]:
    """The changes with a thing that left and one that came made one, when they are the same but for the identifier
    (stops: the same name within 30 m), and no other could be meant."""
    gone = [change for change in changes if change.new is None]
    come = [change for change in changes if change.old is None]
    by_look: dict[object, list[_Change]] = defaultdict(list)
    for change in come:
        by_look[_look(file, change.new or {}, id_column)].append(change)
    paired: dict[int, _Change] = {}
    taken: set[int] = set()
    rivals = Counter(_look(file, change.old or {}, id_column) for change in gone)
    for change in gone:
        look = _look(file, change.old or {}, id_column)
        near = [other for other in by_look[look] if _near(file, change.old or {}, other.new or {})]
        if len(near) == 1 and rivals[look] == 1:
            paired[id(change)] = _Change(change.id, change.old, near[0].new)
            taken.add(id(near[0]))
    return [paired.get(id(change), change) for change in changes if id(change) not in taken]


def _look(file: str, row: Row, id_column: str) -> object:
    if file == "stops.txt":
        return row.get("stop_name", ""), row.get("location_type", "") or "0", row.get("platform_code", "")
    return tuple(sorted((name, str(value)) for name, value in row.items() if name not in (id_column, "_line")))


def _near(file: str, one: Row, other: Row) -> bool:
    if file != "stops.txt":
        return True
    here, there = _point(one), _point(other)
    return here is not None and there is not None and distance_m(here, there) <= SAME_STOP_M


def _point(row: Row) -> Point | None:
    try:
        return Point(float(row.get("stop_lat", "")), float(row.get("stop_lon", "")))
    except ValueError:
        return None


def _differ(one: Row, other: Row, field: str) -> bool:
    return field != "_line" and one.get(field, "") != other.get(field, "")


def _stop_name(row: Row) -> str:
    return row.get("stop_name", "") or row.get("stop_id", "")


def _line_name(row: Row) -> str:
    return row.get("route_short_name", "") or row.get("route_long_name", "") or row.get("route_id", "")


def _value(feed: FeedTables, file: str, id_column: str, wanted: str, column: str) -> str:
    row = _rows(feed, file.removesuffix(".txt"), id_column, [wanted]).get(wanted, {})
    return row.get(column, "")


def _json(text: str) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}
