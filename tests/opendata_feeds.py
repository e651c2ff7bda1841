"""A small timetable to publish, whose first stop a test moves."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mobigo.network.export.archive import zip_bytes
from opendata.model.datasets import FileSpec, Gate, Theme
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer
from tests.opendata_world import PLACES

ZIP = "application/zip"
TIMES = replace(
    PLACES, code="horaires-essai", title="Horaires d’essai", theme=Theme.TIMETABLES, gate=Gate.NETWORK,
    files=(FileSpec("gtfs.zip", ZIP, "L’offre", "GTFS Schedule"),),
)  # fmt: skip


@dataclass
class Timetable:
    """A feed of two stops."""

    lat: str = "47.0000"

    @property
    def offer(self) -> Offer:
        """What is handed to publication."""
        return Offer(TIMES, self._editions)

    def _editions(self, now: datetime, folder: Path) -> Iterable[Edition]:
        stops = f"stop_id,stop_name,stop_lat,stop_lon\r\nA,Mairie,{self.lat},6.0\r\nB,Gare,47.1,6.1\r\n"
        yield Edition(files=(Produced("gtfs.zip", ZIP, zip_bytes({"stops.txt": stops.encode()})),))
