"""Shared bicycles as an operator tells them (GBFS): stations, bicycles left anywhere, and as of when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point


@dataclass(frozen=True, slots=True)
class Station:
    """Where bicycles are taken and brought back. `bikes` and `docks` are None where nothing is said of them: they are
    then not counted on."""

    id: str
    name: str
    point: Point
    capacity: int | None = None
    bikes: int | None = None
    docks: int | None = None
    rents: bool = False  # one can be taken now
    takes_back: bool = False


@dataclass(frozen=True, slots=True)
class LooseBike:
    """A bicycle that stands at no station."""

    id: str
    point: Point


@dataclass(frozen=True, slots=True)
class SharedSystem:
    """A service of shared bicycles. `at`: as of when its state is. `left_anywhere`: a bicycle may be left outside
    stations, and no zone is said where it may not."""

    name: str
    at: datetime
    ttl_s: int
    operator: str = ""
    url: str = ""
    phone: str = ""
    licence: str = ""
    licence_url: str = ""
    stations: tuple[Station, ...] = ()
    loose: tuple[LooseBike, ...] = ()
    left_anywhere: bool = False

    def is_stale(self, now: datetime, stale_s: int) -> bool:
        """Whether its state is too old to be believed, or dated later than now can be."""
        bound = timedelta(seconds=max(stale_s, self.ttl_s))
        return not -bound <= now - self.at <= bound


@dataclass(frozen=True, slots=True)
class Told:
    """A system as it is known now. `system` is None where it was never read; `is_stale`: too old to be believed."""

    code: str
    url: str
    system: SharedSystem | None
    is_stale: bool
    error: Decision | None = None
