"""Statistics of a feed by gtfs-kit: the one place that knows it. Slow at size and silent about what it drops, so used
for figures somebody asks for, never on the way into the network. Imported when first used: pandas comes with it."""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from mobigo.network.export.gtfs import normalised
from mobigo.network.model.feed import FeedTables

DAYS = 7


@dataclass(frozen=True, slots=True)
class DayStatistics:
    """What runs on a service day: counts, the most vehicles at once, kilometres (None where shapes and positions do
    not tell them) and hours on the road."""

    day: date
    routes: int
    stops: int
    trips: int
    vehicles_at_once: int
    distance_km: float | None
    duration_h: float


def week_statistics(tables: FeedTables, first_day: date) -> tuple[DayStatistics, ...]:
    """The service days with any trip among the seven from `first_day` on."""
    import gtfs_kit

    with TemporaryDirectory() as folder:
        path = Path(folder) / "feed.zip"
        path.write_bytes(normalised(tables))
        feed = gtfs_kit.read_feed(path, dist_units="km")
        days = [f"{first_day + timedelta(days=n):%Y%m%d}" for n in range(DAYS)]
        found = feed.compute_network_stats([day for day in days if day in set(feed.get_dates())])
    return tuple(
        DayStatistics(
            day=datetime.strptime(row["date"], "%Y%m%d").date(),  # noqa: DTZ007  # a day, of no zone
            routes=int(row["num_routes"]),
            stops=int(row["num_stops"]),
            trips=int(row["num_trips"]),
            vehicles_at_once=int(row["peak_num_trips"]),
            distance_km=None if math.isnan(row["service_distance"]) else round(float(row["service_distance"]), 1),
            duration_h=round(float(row["service_duration"]), 2),
        )
        for row in found.to_dict("records")
    )
