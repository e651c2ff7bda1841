"""Several feeds as one: every table of the reference, each feed's ids behind its name (`cars:127`), so that an id is
the same from one week to the next as long as its feed keeps it.

What a blank means in a feed ("all lines", "every record of that value") is written out for that feed alone: in the
whole it would speak of the others' lines too. What cannot be said of one feed without saying it of another is left out,
and counted. Files that are no table of the reference stay in each feed's own archive.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from mobigo.network.export.merged import fares, whose
from mobigo.network.export.merged.frames import Frames
from mobigo.network.model.feed import LINE, FeedTables
from mobigo.network.rules.schema import TABLES, Kind

BETWEEN = ":"  # of the feed's name and its own id
LOCATIONS = "locations.geojson"


@dataclass(frozen=True, slots=True)
class Part:
    """A feed on its way into the whole: its name, its tables, its `locations.geojson` when it has one."""

    name: str
    tables: FeedTables = field(repr=False)
    locations: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Merged:
    """The whole, without feed_info. `left_out` counts what is not in it, by reason (see `LEFT_OUT` of each module)."""

    tables: FeedTables = field(repr=False)
    locations: bytes | None = field(repr=False)
    left_out: Mapping[str, int]


def merge(parts: Sequence[Part]) -> Merged:
    """The feeds as one, whatever order they or their rows come in. Their names differ."""
    ordered = sorted(parts, key=lambda part: part.name)
    left_out: Counter[str] = Counter()
    kept = [_tidy(part, left_out) for part in ordered]
    for part, frames in zip(ordered, kept, strict=True):
        whose.name_agencies(frames, part.name, left_out)
        whose.name_records(frames, left_out)
        whose.name_attributed(frames)
        fares.name_networks(frames)
    fares.keep_apart(kept, left_out)
    for part, frames in zip(ordered, kept, strict=True):
        fares.bind(frames, left_out)
        for name, frame in frames.items():
            frames[name] = _prefixed(name, frame, part.name)
    tables = {name: _stacked([frames[name] for frames in kept if name in frames]) for name in TABLES}
    return Merged(
        FeedTables({name: frame for name, frame in tables.items() if frame is not None}),
        _locations(ordered, left_out),
        dict(left_out),
    )


def _tidy(part: Part, left_out: Counter[str]) -> Frames:
    """The feed's tables of the reference: no blanks around values, no column without a name; feed_info is the whole's
    own."""
    frames: Frames = {}
    for name, frame in part.tables.tables.items():
        if name in TABLES and name != "feed_info":
            named = [column for column in frame.columns if column != LINE and not column.startswith("_column_")]
            frames[name] = frame.select(pl.col(named).str.strip_chars())
        elif name not in TABLES:
            left_out["other_files"] += 1
    return frames


def _prefixed(name: str, frame: pl.DataFrame, feed: str) -> pl.DataFrame:
    ids = [column for column, said in TABLES[name].columns.items() if said.kind is Kind.ID and column in frame.columns]
    own = pl.lit(f"{feed}{BETWEEN}")
    return frame.with_columns(
        pl.when(pl.col(column) == "").then(pl.lit("")).otherwise(own + pl.col(column)).alias(column) for column in ids
    )


def _stacked(frames: Sequence[pl.DataFrame]) -> pl.DataFrame | None:
    held = [frame for frame in frames if frame.height]
    if not held:
        return None
    whole = pl.concat(held, how="diagonal").with_columns(pl.all().fill_null(""))
    return whole.with_row_index(LINE, offset=2).with_columns(pl.col(LINE).cast(pl.Int64))


def _locations(parts: Sequence[Part], left_out: Counter[str]) -> bytes | None:
    """The zones of all feeds in one collection, by id."""
    found = []
    for part in parts:
        if part.locations is None:
            continue
        try:
            given = json.loads(part.locations)["features"]
            found += [{**feature, "id": f"{part.name}{BETWEEN}{feature['id']}"} for feature in given]
        except (ValueError, KeyError, TypeError):
            left_out["locations"] += 1
    if not found:
        return None
    found.sort(key=lambda feature: str(feature["id"]))
    whole = {"type": "FeatureCollection", "features": found}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
