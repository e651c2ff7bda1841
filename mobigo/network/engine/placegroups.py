"""The stops of a timetable, and communes, as places: what bears one name, where it is, what serves it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import cos, radians

import numpy as np
from numpy.typing import NDArray

from mobigo.network.engine.addressing import AddressBook
from mobigo.network.engine.placenames import words
from mobigo.network.engine.places import DEGREE_M, PlaceIndex
from mobigo.network.model.places import Commune, Kind, Mode, Place, mode_of
from mobigo.network.model.timetable import NONE, Timetable

SAME_NAME_M = 450.0  # stops of one name closer than this are one place
COMMUNE_M = 6_000.0  # a stop is told by the nearest commune centre, up to this distance


def build_index(timetable: Timetable, communes: Iterable[Commune] = (), book: AddressBook | None = None) -> PlaceIndex:
    """The index of a timetable's stops and of `communes` (whose `population` stands for departures in their order);
    `book`: the addresses searched beside them."""
    communes = sorted(communes, key=lambda c: c.insee)
    names, stop_ids, stable_ids = list(timetable.stop_name), list(timetable.stop_id), list(timetable.stop_place)
    feeds = list(timetable.feed_name)
    keys = [f"{feeds[feed]}:{stop}" for feed, stop in zip(timetable.stop_feed.tolist(), stop_ids, strict=True)]
    groups = _groups(timetable, names)
    stop_count = len(stop_ids)
    served = (
        np.bincount(timetable.visit_stop, minlength=stop_count)[:stop_count] if stop_count else np.zeros(0, np.int64)
    )
    modes = _modes(timetable)
    centres = _Centres(communes)
    places: list[Place] = []
    aliases: dict[str, int] = {}
    place_row = np.full(stop_count, NONE, np.int32)
    for group in groups:
        main = min(group, key=lambda s: (-int(timetable.stop_type[s]), -int(served[s]), keys[s]))
        lat, lon = float(timetable.stop_lat[main]), float(timetable.stop_lon[main])
        row = len(places)
        name = names[main] or stop_ids[main]
        places.append(
            Place(
                id=stable_ids[main] or keys[main],
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
            aliases.setdefault(keys[stop], row)
            if stable_ids[stop]:
                aliases.setdefault(stable_ids[stop], row)
    for commune in communes:
        aliases[f"commune:{commune.insee}"] = len(places)
        places.append(
            Place(
                f"commune:{commune.insee}", Kind.COMMUNE, commune.name, commune.department, commune.lat, commune.lon,
                departures=commune.population,
            )
        )  # fmt: skip
    return PlaceIndex(places, place_row, aliases, book)


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


def _groups(timetable: Timetable, names: Sequence[str]) -> list[list[int]]:
    """The stops of each place: a station with its platforms, and the namesakes within `SAME_NAME_M` of one another."""
    count = len(names)
    root = [parent if parent >= 0 else stop for stop, parent in enumerate(timetable.stop_parent.tolist())]
    lat, lon = timetable.stop_lat.tolist(), timetable.stop_lon.tolist()
    by_name: dict[str, list[int]] = defaultdict(list)
    for stop in range(count):
        if root[stop] == stop:
            by_name[" ".join(words(names[stop]))].append(stop)
    joined = list(range(count))

    def find(stop: int) -> int:
        while joined[stop] != stop:
            joined[stop] = joined[joined[stop]]
            stop = joined[stop]
        return stop

    for name, stops in by_name.items():
        if not name:
            continue
        stops.sort(key=lambda s: (lat[s], s))
        for i, a in enumerate(stops):
            here = (lat[a], lon[a])
            for b in stops[i + 1 :]:
                north = (lat[b] - here[0]) * DEGREE_M
                if north > SAME_NAME_M:
                    break
                east = (lon[b] - here[1]) * DEGREE_M * cos(radians(here[0]))
                if north * north + east * east <= SAME_NAME_M * SAME_NAME_M:
                    joined[find(b)] = find(a)
    groups: dict[int, list[int]] = defaultdict(list)
    for stop in range(count):
        groups[find(root[stop])].append(stop)  # in order: the first of a group is its least
    return sorted(groups.values(), key=lambda group: group[0])


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
