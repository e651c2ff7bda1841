"""stop_times.txt as Parquet: typed columns for those who compute, sorted as the published feed."""

from io import BytesIO

import polars as pl

from mobigo.base.datasets import Column
from mobigo.network.engine.columns import BLANK_S, table_of, times
from mobigo.network.export.gtfs import in_order
from mobigo.network.model.feed import LINE, FeedTables
from mobigo.network.rules.schema import TABLES, Kind

_TYPES = {
    Kind.ENUM: pl.Int8, Kind.INTEGER: pl.Int32, Kind.INTEGER_NOT_NEGATIVE: pl.Int32, Kind.INTEGER_POSITIVE: pl.Int32,
    Kind.FLOAT: pl.Float64, Kind.FLOAT_NOT_NEGATIVE: pl.Float64,
}  # fmt: skip


COLUMNS = (
    Column("trip_id", "string", "Identifiant de la course"),
    Column("stop_id", "string", "Identifiant de l’arrêt", required=False),
    Column("stop_sequence", "integer", "Rang du passage dans la course"),
    Column("arrival_time", "string", "Heure d’arrivée, HH:MM:SS, au-delà de 24 h après minuit", required=False),
    Column("departure_time", "string", "Heure de départ, de même", required=False),
    Column("arrival_s", "integer", "Arrivée, en secondes depuis midi moins douze heures", required=False),
    Column("departure_s", "integer", "Départ, de même", required=False),
)  # those it always has, blank or not; the others are the feed's own, typed as the reference says


def stop_times(tables: FeedTables) -> bytes:
    """The table with the columns of the feed: ids and times as text, numbers as numbers, null where blank or
    unreadable; then `arrival_s` and `departure_s`, seconds after noon minus 12 h of the service day.

    Compressed by Zstandard, about 5 bytes a row.
    """
    known = TABLES["stop_times"].columns
    table = table_of(tables, "stop_times", *(name for name in (each.name for each in COLUMNS) if name in known))
    frame = in_order("stop_times", table.drop(LINE, strict=False).with_columns(pl.all().str.strip_chars()))
    given = []
    for name in frame.columns:
        value = pl.when(pl.col(name) != "").then(pl.col(name))
        kind = _TYPES.get(known[name].kind) if name in known else None
        given.append((value if kind is None else value.cast(kind, strict=False)).alias(name))
    typed = frame.select(given)
    for column, name in (("arrival_time", "arrival_s"), ("departure_time", "departure_s")):
        typed = typed.with_columns(pl.Series(name, times(frame, column)))
        typed = typed.with_columns(pl.when(pl.col(name) != BLANK_S).then(pl.col(name)).alias(name))
    out = BytesIO()
    typed.write_parquet(out, compression="zstd", statistics=True)
    return out.getvalue()
