"""What a feed of one agency may leave unsaid, said: whose a line is, which record a translation is of, what is
attributed to whom."""

from collections import Counter

import polars as pl

from mobigo.network.export.merged.frames import Frames, blank, rows_of, set_rows, text, with_column
from mobigo.network.rules.schema import TABLES

# The columns that name a record, where translations.txt speaks of it by two (GTFS reference, translations.record_id).
_TWICE = {"stop_times": ("trip_id", "stop_sequence")}


def name_agencies(frames: Frames, feed: str, left_out: Counter[str]) -> None:
    """Give a lone agency without an id that of the feed, and name it where a blank meant it."""
    if "agency" not in frames:
        return
    agency = with_column(frames["agency"], "agency_id")
    if agency.height == 1:
        only = agency["agency_id"][0] or feed
        frames["agency"] = agency.with_columns(pl.lit(only).alias("agency_id"))
        for table in ("routes", "fare_attributes"):
            if table in frames:
                frame = with_column(frames[table], "agency_id")
                given = pl.when(pl.col("agency_id") == "").then(pl.lit(only)).otherwise(pl.col("agency_id"))
                frames[table] = frame.with_columns(given.alias("agency_id"))
    elif "fare_attributes" in frames:
        _only_owned_fares(frames, left_out)


def _only_owned_fares(frames: Frames, left_out: Counter[str]) -> None:
    """A fare of nobody in particular would be one of every feed: it is left out."""
    fares = with_column(frames["fare_attributes"], "agency_id")
    nobody = fares.filter(pl.col("agency_id") == "")
    if not nobody.height:
        return
    left_out["fares_of_nobody"] += nobody.height
    frames["fare_attributes"] = fares.filter(pl.col("agency_id") != "")
    if "fare_rules" in frames and "fare_id" in nobody.columns:
        gone = nobody["fare_id"].implode()
        frames["fare_rules"] = frames["fare_rules"].filter(~pl.col("fare_id").is_in(gone))


def name_records(frames: Frames, left_out: Counter[str]) -> None:
    """Translations of a value become translations of the feed's records that hold it, unless a record has its own: in
    the whole, the value alone would also be that of other feeds."""
    if "translations" not in frames:
        return
    columns = ("table_name", "field_name", "language", "translation", "record_id", "record_sub_id", "field_value")
    rows = rows_of(frames, "translations", columns)
    of_records = [row for row in rows if not row["field_value"] and row["table_name"] != "feed_info"]
    known = {_key(row, row["record_id"], row["record_sub_id"]) for row in of_records}
    added = []
    for row in rows:
        if row["table_name"] == "feed_info":
            left_out["translations"] += 1
        elif row["field_value"]:
            found = _records(frames, row["table_name"], row["field_name"], row["field_value"])
            if found is None:
                left_out["translations"] += 1
            for record, part in found or ():
                if _key(row, record, part) not in known:
                    known.add(_key(row, record, part))
                    added.append({**row, "record_id": record, "record_sub_id": part, "field_value": ""})
    kept = [{name: value for name, value in row.items() if name != "field_value"} for row in of_records + added]
    set_rows(frames, "translations", kept)


def _key(row: dict[str, str], record: str, part: str) -> tuple[str, ...]:
    return row["table_name"], row["field_name"], row["language"], record, part


def _records(frames: Frames, table: str, column: str, value: str) -> list[tuple[str, str]] | None:
    """The ids of the records with this value, in order; None where no id tells one record from another."""
    if table not in frames or table not in TABLES:
        return None
    frame, names = frames[table], _TWICE.get(table, TABLES[table].key)
    if not 1 <= len(names) <= 2 or column not in frame.columns or not set(names) <= set(frame.columns):
        return None
    if len(names) == 2 and table not in _TWICE:
        return None
    held = frame.filter(pl.col(column) == value).select(names).unique().sort(names)
    return [(row[0], row[1] if len(row) > 1 else "") for row in held.iter_rows()]


def name_attributed(frames: Frames) -> None:
    """What is attributed for the whole feed is so for each of its agencies: the whole is larger now."""
    if "attributions" not in frames:
        return
    frame = frames["attributions"]
    everything = blank(frame, "agency_id") & blank(frame, "route_id") & blank(frame, "trip_id")
    whole = frame.filter(everything)
    agencies = sorted(set(text(frames, "agency", "agency_id")))
    if not whole.height or not agencies:
        return
    told = []
    for row in with_column(with_column(whole, "agency_id"), "attribution_id").to_dicts():
        for agency in agencies:
            own = row["attribution_id"]
            if own and len(agencies) > 1:
                own = f"{own}-{agency}"
            told.append({**row, "agency_id": agency, "attribution_id": own})
    rest = frame.filter(~everything)
    spread = pl.DataFrame(told, schema=dict.fromkeys(told[0], pl.String))
    frames["attributions"] = pl.concat([rest, spread], how="diagonal").with_columns(pl.all().fill_null(""))
