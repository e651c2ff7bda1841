"""Which stations of shared bicycles a journey may count on. How many bicycles there are is known of now alone: for an
hour soon to come a station must have one, later on every station that works will do, and that is said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.network.model.shared import Station, Told
from mobigo.planner.model import Spot

SOON: Final = timedelta(minutes=30)  # the product's own choice: how long a count is worth something
UNLOCK_S, LOCK_S = 60, 30


@dataclass(frozen=True, slots=True)
class Stands:
    """Where a shared bicycle can be taken, and where it can be left, each with the system it is of; and what must be
    said of it."""

    take: tuple[tuple[str, Spot], ...]
    leave: tuple[tuple[str, Spot], ...]
    said: tuple[Decision, ...]
    anywhere: tuple[tuple[str, str], ...] = ()  # systems whose bicycles may be left anywhere, with their names


def stands(told: Sequence[Told], at: datetime, now: datetime) -> Stands:
    """The stations to count on for a journey around `at`, as they are known at `now`. A state that is too old is not
    believed: that is told, and nothing is taken there."""
    take: list[tuple[str, Spot]] = []
    leave: list[tuple[str, Spot]] = []
    anywhere: list[tuple[str, str]] = []
    said: list[Decision] = [] if told else [Decision("planner.shared_none")]
    is_soon = abs(at - now) <= SOON
    for each in told:
        system = each.system
        if system is None or each.is_stale:
            said.append(Decision("planner.shared_stale", system=each.code if system is None else system.name))
            continue
        for station in system.stations:
            if station.rents and (not is_soon or station.bikes):
                take.append((each.code, _spot("planner.shared_take", station, station.bikes if is_soon else None)))
            if station.takes_back and (not is_soon or station.docks):
                leave.append((each.code, _spot("planner.shared_leave", station, station.docks if is_soon else None)))
        if is_soon:
            here = Decision("planner.shared_take_loose", system=system.name)
            take += [(each.code, Spot(system.name, bike.point, here)) for bike in system.loose]
        if system.left_anywhere:
            anywhere.append((each.code, system.name))
        as_of = int(system.at.astimezone(UTC).timestamp())
        code = "planner.shared_as_of" if is_soon else "planner.shared_later"
        said.append(Decision(code, system=system.name, minutes=max(0, int(now.timestamp()) - as_of) // 60))
        if system.licence:
            said.append(Decision("planner.shared_licence", system=system.name, licence=system.licence))
    return Stands(tuple(take), tuple(leave), tuple(said), tuple(anywhere))


def left_at(name: str, point: Point) -> Spot:
    """Where a bicycle of that system is left outside stations."""
    return Spot(name, point, Decision("planner.shared_leave_loose", system=name))


def _spot(code: str, station: Station, count: int | None) -> Spot:
    if count is None:
        return Spot(station.name, station.point, Decision(f"{code}_later", station=station.name))
    return Spot(station.name, station.point, Decision(code, station=station.name, count=count))
