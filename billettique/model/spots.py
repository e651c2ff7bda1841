"""A stop of the network as those who draw up a tariff's places need it: a value, nothing looked up here."""

from dataclasses import dataclass

from mobigo.base.geo import Point


@dataclass(frozen=True, slots=True)
class Spot:
    """Where fares are counted from: a station, or a stop of none. `place`: its stable place, which journeys and tickets
    bear. `ids`: (feed, stop_id) of itself; `networks`: those of the tariff that serve it, its platforms' included."""

    place: str
    name: str
    point: Point
    ids: tuple[tuple[str, str], ...]
    uic: str = ""  # seven figures
    networks: tuple[str, ...] = ()
