"""Dated files of this package: the parameters of planning (longest rides, doors, roads), the law of a driver's day."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

from mobigo.base.errors import NotFound
from scolaire.model.demand import MINUTE_MS, DriverDay, Roads
from scolaire.model.problem import Handling

FOLDER: Final = Path(__file__).parents[1] / "data" / "planning"
DRIVING: Final = FOLDER.parent / "driving"


@dataclass(frozen=True)
class Planning:
    """`ride_max_min` by stage; `before_bell_min`, `after_bell_min`: between a bus and a bell, at least."""

    code: str
    first_day: date
    source: str
    ride_max_min: dict[str, int]
    roads: Roads
    handling: Handling
    before_bell_min: int
    after_bell_min: int
    amplitude_min: int
    weeks: int


def planning_on(day: date) -> Planning:
    """The parameters in force on a day. Raises NotFound("scolaire.no_planning", day)."""
    found = [each for each in _all() if each.first_day <= day]
    if not found:
        raise NotFound("scolaire.no_planning", day=day)
    return max(found, key=lambda each: each.first_day)


def driver_day_on(day: date) -> DriverDay:
    """What the law says of a driver's day. Raises NotFound("scolaire.no_planning", day)."""
    return _law_on(day)[1]


def driver_law_on(day: date) -> str:
    """Where the law says it. Raises NotFound("scolaire.no_planning", day)."""
    return _law_on(day)[2]


def _law_on(day: date) -> tuple[date, DriverDay, str]:
    found = [each for each in _driver_days() if each[0] <= day]
    if not found:
        raise NotFound("scolaire.no_planning", day=day)
    return max(found, key=lambda each: each[0])


@lru_cache(maxsize=1)
def _driver_days() -> tuple[tuple[date, DriverDay, str], ...]:
    read = []
    for path in sorted(DRIVING.glob("*.toml")):
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        day = told["day"]
        rule = DriverDay(day["amplitude_max_min"] * MINUTE_MS, day["rest_min_min"] * MINUTE_MS)
        read.append((told["first_day"], rule, told["source"]))
    return tuple(read)


@lru_cache(maxsize=1)
def _all() -> tuple[Planning, ...]:
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.toml")))


def _read(path: Path) -> Planning:
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    doors = {name: round(seconds * 1000) for name, seconds in told["doors_s"].items()}
    return Planning(
        told["code"], told["first_day"], told["source"], dict(told["ride_max_min"]),
        Roads(told["roads"]["detour"], told["roads"]["km_h"]),
        Handling(doors["stop"], doors["stop_pupil"], doors["school"], doors["school_pupil"]),
        told["windows_min"]["before_bell_least"], told["windows_min"]["after_bell_least"],
        told["driver"]["amplitude_half_day_min"], told["year"]["weeks"],
    )  # fmt: skip
