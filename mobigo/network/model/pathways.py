"""Stations from the inside, as pathways.txt and levels.txt tell them: flat arrays, part of the compiled timetable.

Words (docs/glossary.md). An *inside place* is what a pathway begins or ends at: a platform or a part of one (boarding
area), an entrance, or a point on the way. A station is *described* when a pathway touches it: then its pathways are all
the ways there are in it (GTFS Schedule reference, pathways.txt: exhaustive). A platform is *enclosed* when one gets to
it by the entrances of its station alone.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from mobigo.network.model.streets import SLOW_WALKER, STROLLER, WALKER, WHEELCHAIR, Mover

if TYPE_CHECKING:
    from mobigo.network.model.timetable import F64, I8, I32, Strings, Timetable

PLATFORM, ENTRANCE, AREA = 0, 2, 4  # of GTFS location_type
BARRED = 2  # of GTFS wheelchair_boarding: no way for a wheelchair
MOVERS: Final[tuple[Mover, ...]] = (WALKER, SLOW_WALKER, STROLLER, WHEELCHAIR)  # rows of `within_s`


class PathwayMode(IntEnum):
    """GTFS pathway_mode."""

    WALKWAY = 1
    STAIRS = 2
    MOVING_SIDEWALK = 3
    ESCALATOR = 4
    LIFT = 5
    FARE_GATE = 6
    EXIT_GATE = 7


@dataclass(frozen=True, slots=True)
class Stations:
    """The columns of the timetable that tell the inside of stations, by their names there (`model.timetable`)."""

    inside_id: "Strings"
    inside_name: "Strings"
    inside_type: "I8"
    inside_stop: "I32"
    inside_station: "I32"
    inside_lat: "F64"
    inside_lon: "F64"
    inside_wheelchair: "I8"
    inside_level: "I32"
    level_index: "F64"
    level_name: "Strings"
    pathway_from: "I32"
    pathway_to: "I32"
    pathway_mode: "I8"
    pathway_both: "I8"
    pathway_s: "I32"
    pathway_m: "F64"
    pathway_steps: "I32"
    pathway_slope: "F64"
    pathway_width_m: "F64"
    pathway_sign: "Strings"
    pathway_back_sign: "Strings"
    enclosed_stop: "I32"

    @classmethod
    def of(cls, timetable: "Timetable") -> "Stations":
        """The insides of a timetable."""
        return cls(**{column.name: getattr(timetable, column.name) for column in fields(cls)})

    def columns(self) -> dict[str, Any]:
        """Each column by its name."""
        return {column.name: getattr(self, column.name) for column in fields(self)}

    def __bool__(self) -> bool:
        return len(self.pathway_from) > 0
