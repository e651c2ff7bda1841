"""Which places of a school circuit may be named: its schools, and the stops that enough of its pupils share."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from mobigo.base.datasets import Dataset


@dataclass(frozen=True, slots=True)
class Named:
    """A place that may be named: of which circuit, its rank there, what it is ("stop:a1", "school:0210001A"), where."""

    circuit: str
    rank: int
    place: str
    lat: float
    lon: float


def named_places(places: Dataset, circuits: Collection[str], k: int, *, public: bool = False) -> list[Named]:
    """The places that may be named, in order. A stop is, where `k` persons of a circuit that is itself shown
    (`circuits`) share it: naming one on a circuit that is hidden would say that the circuit has so many.

    `public`: of services open to everybody; their schools and the stops of the public network are known to all who can
    read a timetable, and are named too. Otherwise nothing of a hidden circuit is named, not even its schools.

    Raises ValueError for a table that does not say who is behind its rows.
    """
    if places.behind is None:
        raise ValueError(f"{places.code}: who is behind the rows must be said")
    found = []
    for row, people in zip(places.rows(), places.behind(), strict=True):
        told = dict(zip(places.names, row, strict=True))
        circuit, school = str(told["circuit"]), told["genre"] == "school"
        shown = circuit in circuits and (school or len(set(people)) >= k)
        if shown or (public and (school or told["arret_public"] is True)):
            at = float(told["latitude"] or 0), float(told["longitude"] or 0)
            found.append(Named(circuit, int(told["rang"] or 0), f"{told['genre']}:{told['lieu']}", *at))
    return sorted(found, key=lambda each: (each.circuit, each.rank))


def named_otherwise(calls: Iterable[Mapping[str, str]], allowed: Iterable[Named]) -> list[str]:
    """What the rows of a feed's stop_times tell and should not: places that may not be named, seconds that would count
    pupils. Read from what was written, whoever wrote it."""
    known = {(each.circuit, each.place) for each in allowed}
    return [
        f"{row['trip_id']} {row['stop_id']}"
        for row in calls
        if (row["trip_id"], row["stop_id"]) not in known
        or row["arrival_time"] != row["departure_time"]
        or not row["arrival_time"].endswith(":00")
    ]
