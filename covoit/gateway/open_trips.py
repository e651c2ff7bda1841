"""The national registry's monthly open data (CSV, 27 columns) as vehicle trips in columns, to simulate on.

`trip_id` groups the journeys of a car. Nobody is named there: drivers are unknown, and `covoit.engine.recompute` says
what that leaves out. Journeys there are all valid; what stands for a line is the département of the start.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from covoit.engine.recompute import UNKNOWN, Trips
from mobigo.base.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    import polars

COLUMNS: Final = (
    "journey_id", "trip_id", "journey_start_datetime", "journey_start_department", "passenger_seats", "operator_class",
    "journey_distance", "journey_duration",
)  # fmt: skip
OPERATOR: Final = "open-data"
# Coordinates and times there are rounded, distances are not.
_MICROSECONDS: Final = 1_000_000


def read_open_trips(paths: Sequence[Path]) -> Trips:
    """The trips of monthly files, in columns.

    Raises NotFound("covoit.no_such_file"); InvalidInput("covoit.bad_open_data") naming the file and what is wrong:
    columns missing, or the first value that cannot be read.
    """
    import polars as pl

    tables = [_table(path) for path in paths]
    if not tables:
        raise InvalidInput("covoit.bad_open_data", file="", reason="0")
    rows = pl.concat(tables).with_columns(
        pl.col("start").dt.convert_time_zone("Europe/Paris").dt.date().alias("day"),
        pl.col("start").dt.convert_time_zone("UTC").dt.epoch("us").alias("from_us"),
    )
    rows = rows.sort("trip_id", "from_us", "journey_id")
    trips = rows.group_by("trip_id", maintain_order=True).agg(
        pl.col("from_us").first(), pl.col("day").first(), pl.col("department").first(), pl.len().alias("journeys")
    )
    labels = sorted(set(trips["department"].to_list()))
    places = {name: number for number, name in enumerate(labels)}
    n, m = len(trips), len(rows)
    # numpy counts days from 1970, Python from year 1.
    days = trips["day"].cast(pl.Int32).to_numpy().astype(np.int64) + _ordinal_of_1970()
    trip = np.repeat(np.arange(n, dtype=np.int64), trips["journeys"].to_numpy().astype(np.int64))
    none = np.full(n, UNKNOWN, dtype=np.int64)
    zeros = np.zeros(m, dtype=np.int64)
    start_us = _whole(rows["from_us"])
    return Trips(
        operators=[OPERATOR] * n,
        trip_ids=trips["trip_id"].to_list(),
        started_us=_whole(trips["from_us"]),
        day=days,
        driver=none,
        label=np.array([places[name] for name in trips["department"].to_list()], dtype=np.int64),
        driven_track=none,
        driven_from_m=np.zeros(n, dtype=np.int64),
        driven_to_m=np.zeros(n, dtype=np.int64),
        trip=trip,
        ok=np.ones(m, dtype=bool),
        proof=_whole(rows["proof"]),
        seats=_whole(rows["passenger_seats"]),
        declared_m=_whole(rows["journey_distance"]),
        track=np.full(m, UNKNOWN, dtype=np.int64),
        from_m=zeros,
        to_m=zeros,
        passenger=np.arange(m, dtype=np.int64),  # each a person of their own: nobody is known
        is_driver=np.zeros(m, dtype=bool),
        from_us=start_us,
        to_us=start_us + _whole(rows["journey_duration"]) * 60 * _MICROSECONDS,
        labels=labels,
    )


def _table(path: Path) -> "polars.DataFrame":
    import polars as pl

    if not path.is_file():
        raise NotFound("covoit.no_such_file", file=str(path))
    try:
        with path.open(encoding="utf-8") as stream:
            header = stream.readline()
        separator = ";" if header.count(";") > header.count(",") else ","
        raw = pl.read_csv(path, separator=separator, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError) as unreadable:
        raise InvalidInput("covoit.bad_open_data", file=path.name, reason=str(unreadable)[:200]) from unreadable
    missing = [name for name in COLUMNS if name not in raw.columns]
    if missing:
        raise InvalidInput("covoit.bad_open_data", file=path.name, reason=", ".join(missing) + " ?")
    read = raw.select(
        "journey_id",
        "trip_id",
        pl.col("journey_start_department").fill_null("").alias("department"),
        pl.col("journey_start_datetime").str.to_datetime(time_zone="UTC", strict=False).alias("start"),
        pl.col("operator_class").replace_strict({"A": 0, "B": 1, "C": 2}, default=None).alias("proof"),
        *(
            pl.col(name).cast(pl.Int64, strict=False)
            for name in ("passenger_seats", "journey_distance", "journey_duration")
        ),
    )
    _refuse_unread(path, raw, read)
    return read


def _refuse_unread(path: Path, raw: "polars.DataFrame", read: "polars.DataFrame") -> None:
    """The first value that could not be read, with its line."""
    named = {"start": "journey_start_datetime", "proof": "operator_class"}
    for name in ("journey_id", "trip_id", "start", "proof", "passenger_seats", "journey_distance", "journey_duration"):
        column = read[name]
        if column.null_count():
            row = int(column.is_null().arg_max() or 0)
            source = named.get(name, name)
            reason = f"{row + 2}: {source} = {raw[source][row]!r}"
            raise InvalidInput("covoit.bad_open_data", file=path.name, reason=reason)
    for name, least in (("passenger_seats", 1), ("journey_distance", 0), ("journey_duration", 0)):
        low = read[name] < least
        if low.any():
            row = int(low.arg_max() or 0)
            raise InvalidInput("covoit.bad_open_data", file=path.name, reason=f"{row + 2}: {name} = {raw[name][row]!r}")


def _whole(column: "polars.Series") -> Any:
    return column.to_numpy().astype(np.int64)


def _ordinal_of_1970() -> int:
    from datetime import date

    return date(1970, 1, 1).toordinal()
