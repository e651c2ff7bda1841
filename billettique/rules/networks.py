"""Which network of the tariff a line of a timetable is of: by its mode and the name of who runs it, as dated data
say."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

RAIL, COACH = "rail", "coach"
WINDING = 1.35  # rails between two stations are never longer than that, beside the straight lines stop to stop


@dataclass(frozen=True, slots=True)
class NetworkLines:
    """The lines of a network. Its tariff holds at the stops of the box `inside` (least latitude, least longitude,
    greatest latitude, greatest longitude; None: everywhere), but not at those called as in `outside` (plain names)."""

    id: str
    modes: frozenset[str]
    agencies: frozenset[str]
    outside: frozenset[str] = frozenset()
    inside: tuple[float, float, float, float] | None = None
    by_distance: bool = False  # whether its tariff counts kilometres

    def holds_at(self, name: str, lat: float, lon: float) -> bool:
        """Whether the tariff of the network holds at a stop."""
        if plain(name) in self.outside:
            return False
        if self.inside is None:
            return True
        south, west, north, east = self.inside
        return south <= lat <= north and west <= lon <= east


@dataclass(frozen=True, slots=True)
class NetworkTable:
    """The networks known from a day on."""

    first_day: date
    source: str
    networks: tuple[NetworkLines, ...]


def plain(name: str) -> str:
    """A name without accents, capitals, hyphens and what stands in brackets: "Mâcon-Ville (démo)" is "macon ville"."""
    bare = unicodedata.normalize("NFKD", name.partition("(")[0]).encode("ascii", "ignore").decode().casefold()
    return " ".join("".join(letter if letter.isalnum() else " " for letter in bare).split())


def mode_of(route_type: int) -> str | None:
    """The mode of a GTFS route type, extended ones too, as far as tariffs tell them apart."""
    if route_type == 2 or 100 <= route_type < 200:
        return RAIL
    if route_type == 3 or 200 <= route_type < 300 or 700 <= route_type < 800:
        return COACH
    return None


def table_on(tables: Iterable[NetworkTable], day: date) -> NetworkTable | None:
    """The last table that began."""
    begun = [each for each in tables if each.first_day <= day]
    return max(begun, key=lambda each: each.first_day, default=None)


def network_of(agency: str, route_type: int, networks: Sequence[NetworkLines]) -> NetworkLines | None:
    """The network of a line; None where nothing names it."""
    mode, name = mode_of(route_type), plain(agency)
    return next((each for each in networks if mode in each.modes and name in each.agencies), None)
