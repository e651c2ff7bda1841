"""The stops of a timetable, and communes, as places: what bears one name, where it is, what serves it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import cos, radians

import numpy as np
from numpy.typing import NDArray

from mobigo.network.engine.placenames import words
from mobigo.network.engine.places import DEGREE_M, PlaceIndex
from mobigo.network.model.places import Commune, Kind, Mode, Place, mode_of
from mobigo.network.model.timetable import NONE, Timetable

SAME_NAME_M = 450.0  # stops of one name closer than this are one place
COMMUNE_M = 6_000.0  # a stop is told by the nearest commune centre, up to this distance


def build_index(timetable: Timetable, communes: Iterable[Commune] = ()) -> PlaceIndex:
    """The index of a timetable's stops and of `communes` (whose `population` stands for departures in their order)."""
    communes = sorted(communes, key=lambda c: c.insee)
    groups = _groups(timetable)
    stop_count = len(timetable.stop_id)
    served = (
        np.bincount(timetable.visit_stop, minlength=stop_count)[:stop_count] if stop_count else np.zeros(0, np.int64)
    )
    modes = _modes(timetable)
    centres = _Centres(communes)
    places: list[Place] = []
    aliases: dict[str, int] = {}
    place_row = np.full(stop_count, NONE, np.int32)
    for group in groups:
        main = min(group, key=lambda s: (-int(timetable.stop_type[s]), -int(served[s]), _stop_key(timetable, s)))
        lat, lon = float(timetable.stop_lat[main]), float(timetable.stop_lon[main])
        row = len(places)
        name = timetable.stop_name[main] or timetable.stop_id[main]
        places.append(
            Place(
                id=timetable.stop_place[main] or _stop_key(timetable, main),
                kind=Kind.STATION if timetable.stop_type[main] == 1 else Kind.STOP,
                name=name,
                context=centres.nearest(lat, lon),
                lat=lat,
                lon=lon,
                stops=tuple(sorted(group)),
                departures=int(served[list(group)].sum()),
                modes=int(np.bitwise_or.reduce(modes[list(group)])),
            )
        )
        for stop in group:
            place_row[stop] = row
            aliases.setdefault(_stop_key(timetable, stop), row)
            if timetable.stop_place[stop]:
                aliases.setdefault(timetable.stop_place[stop], row)
    for commune in communes:
        aliases[f"commune:{commune.insee}"] = len(places)
        places.append(
            Place(
                f"commune:{commune.insee}", Kind.COMMUNE, commune.name, commune.department, commune.lat, commune.lon,
                departures=commune.population,
            )
        )  # fmt: skip
    return PlaceIndex(places, place_row, aliases)


def _stop_key(timetable: Timetable, stop: int) -> str:
    return f"{timetable.feed_name[int(timetable.stop_feed[stop])]}:{timetable.stop_id[stop]}"


def _modes(timetable: Timetable) -> NDArray[np.int32]:
    """Bits of `Mode` seen at each stop."""
    out = np.zeros(len(timetable.stop_id), np.int32)
    if not len(timetable.visit_stop):
        return out
    of_route = np.array([mode_of(int(kind)) for kind in timetable.route_type], np.int32)
    per_trip = np.diff(timetable.trip_visit_start)
    for mode in Mode:
        trips = of_route[timetable.trip_route] == mode
        out[timetable.visit_stop[np.repeat(trips, per_trip)]] |= int(mode)
    return out


def _groups(timetable: Timetable) -> list[list[int]]:
    """The stops of each place: a station with its platforms, and the namesakes within `SAME_NAME_M` of one another."""
    count = len(timetable.stop_id)
    root = [int(timetable.stop_parent[s]) if timetable.stop_parent[s] >= 0 else s for s in range(count)]
    by_name: dict[str, list[int]] = defaultdict(list)
    for stop in range(count):
        if root[stop] == stop:
            by_name[" ".join(words(timetable.stop_name[stop]))].append(stop)
    joined = list(range(count))

    def find(stop: int) -> int:
        while joined[stop] != stop:
            joined[stop] = joined[joined[stop]]
            stop = joined[stop]
        return stop

    for name, stops in by_name.items():
        if not name:
            continue
        stops.sort(key=lambda s: (float(timetable.stop_lat[s]), s))
        for i, a in enumerate(stops):
            here = (float(timetable.stop_lat[a]), float(timetable.stop_lon[a]))
            for b in stops[i + 1 :]:
                north = (float(timetable.stop_lat[b]) - here[0]) * DEGREE_M
                if north > SAME_NAME_M:
                    break
                east = (float(timetable.stop_lon[b]) - here[1]) * DEGREE_M * cos(radians(here[0]))
                if north * north + east * east <= SAME_NAME_M * SAME_NAME_M:
                    joined[find(b)] = find(a)
    groups: dict[int, list[int]] = defaultdict(list)
    for stop in range(count):
        groups[find(root[stop])].append(stop)
    return [groups[key] for key in sorted(groups, key=lambda key: min(groups[key]))]


class _Centres:
    """The nearest commune of a position, by bands of latitude."""

    def __init__(self, communes: Sequence[Commune]) -> None:
        self._sorted = sorted(communes, key=lambda c: (c.lat, c.insee))
        self._lat = np.array([c.lat for c in self._sorted], np.float64)
        self._lon = np.array([c.lon for c in self._sorted], np.float64)

    def nearest(self, lat: float, lon: float) -> str:
        """Its name; empty when no centre is within `COMMUNE_M`."""
        reach = COMMUNE_M / DEGREE_M
        low, high = np.searchsorted(self._lat, [lat - reach, lat + reach])
        if low >= high:
            return ""
        north = (self._lat[low:high] - lat) * DEGREE_M
        east = (self._lon[low:high] - lon) * DEGREE_M * cos(radians(lat))
        apart = np.hypot(north, east)
        best = int(np.argmin(apart))
        return self._sorted[low + best].name if apart[best] <= COMMUNE_M else ""
