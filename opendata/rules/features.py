"""What a GTFS has beyond what every one must have: for whom it will be of more use, and what it still lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

    from mobigo.network.model.feed import FeedTables


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing a feed may have: `share` of the stops or trips that have it (0 to 1), None where it is all or
    nothing."""

    code: str
    present: bool
    share: float | None = None


_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "shapes": ("shapes",),
    "fares": ("fare_attributes", "fare_products"),
    "on_demand": ("booking_rules", "location_groups"),
    "transfers": ("transfers",),
    "pathways": ("pathways",),
    "frequencies": ("frequencies",),
    "translations": ("translations",),
}


def features(tables: "FeedTables") -> tuple[Feature, ...]:
    """What the feed has and has not, always the same features in the same order."""
    shares = (
        _share("stops_wheelchair", tables, "stops", "wheelchair_boarding", ("1", "2")),
        _share("trips_wheelchair", tables, "trips", "wheelchair_accessible", ("1", "2")),
        _share("trips_bikes", tables, "trips", "bikes_allowed", ("1", "2")),
    )
    found = tuple(
        Feature(code, any(name in tables and tables[name].height > 0 for name in names))
        for code, names in _TABLES.items()
    )
    return shares + found


def _share(code: str, tables: "FeedTables", table: str, column: str, known: tuple[str, ...]) -> Feature:
    if not tables.has(table, column) or not tables[table].height:
        return Feature(code, False, 0.0)
    values: pl.Series = tables[table][column].str.strip_chars()
    share = float(values.is_in(list(known)).sum()) / len(values)
    return Feature(code, share > 0, share)
